package cdevents

import (
	"cmp"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/internal/payload"
)

// change is a change that was merged.
func (j *Joiner) change(r *reading) metrics.Fact {
	c := metrics.Change{Meta: metrics.Meta{Source: r.fact.name.Source, ID: r.fact.name.ID}}
	all := j.changes[r.fact.name]
	latest := all[0].at
	for _, h := range all {
		r.see(h)
		at := &c.Merged
		switch h.kind {
		case ChangeCreated:
			at = &c.Opened
		case ChangeReviewed:
			at = &c.FirstReview
		}
		if at.IsZero() || h.at.Before(*at) {
			*at = h.at
		}
		if h.at.After(latest) {
			latest = h.at
		}
	}
	if c.Merged.IsZero() {
		return nil
	}
	c.At, c.Seen, c.Rev = c.Merged, r.seen, payload.Rev(latest, len(all))
	return c
}

// incident is an incident that was detected or reported: its events in the order of
// time. To detect it again after it was resolved opens it again; to report it does not,
// since a ticket may be written afterwards.
func (j *Joiner) incident(r *reading) metrics.Fact {
	all := slices.Clone(j.incidents[r.fact.name])
	slices.SortFunc(all, func(a, b *held) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.kind, b.kind), a.name.Compare(b.name))
	})
	n := metrics.Incident{Meta: metrics.Meta{Source: r.fact.name.Source, ID: r.fact.name.ID}}
	causes := map[metrics.Ref]bool{}
	for _, h := range all {
		r.see(h)
		for _, l := range h.linked() {
			if d := r.one(l); d != nil && h.kind != IncidentResolved && d.kind.brings() {
				causes[d.name] = true
			}
		}
		if h.kind == IncidentResolved {
			n.Resolved = h.at
			continue
		}
		if h.kind == IncidentDetected {
			n.Resolved = time.Time{}
		}
		if n.At.IsZero() {
			n.At = h.at
		}
		n.Service, n.Environment, n.Artifact = cmp.Or(n.Service, h.service), cmp.Or(n.Environment, h.environment.ID), cmp.Or(n.Artifact, h.artifact)
	}
	n.Seen, n.Rev = r.seen, payload.Rev(all[len(all)-1].at, len(all)<<12|min(r.first, 1<<12-1))
	if n.At.IsZero() || !n.Resolved.IsZero() && n.Resolved.Before(n.At) {
		return r.gone(n.Rev)
	}
	if n.Artifact != "" {
		n.Version = artifactVersion(n.Artifact)
	}
	if r.causes = len(causes); r.causes == 1 {
		for n.CausedBy = range causes {
		}
	}
	return n
}

// gone is a tombstone of the fact.
func (r *reading) gone(rev uint64) metrics.Fact {
	m := metrics.Meta{Source: r.fact.name.Source, ID: r.fact.name.ID, Rev: rev, Seen: r.seen, Deleted: true}
	if r.fact.kind == metrics.KindIncident {
		return metrics.Incident{Meta: m}
	}
	return metrics.Deployment{Meta: m}
}

// near are the events that an event links to, and those that link to it.
func (j *Joiner) near(r *reading, h *held) []*held {
	var near []*held
	for _, l := range h.linked() {
		if o := r.one(l); o != nil && o != h {
			near = append(near, o)
		}
	}
	linking := r.read(key{byLink, h.name.ID})
	if r.one(h.name.ID) == h {
		near = append(near, linking...)
	}
	return near
}

func (j *Joiner) chained(r *reading, h *held) []*held {
	if h.chain == "" {
		return nil
	}
	return r.read(key{byChain, h.chain})
}

// sameWork reports whether a run of a pipeline may be the one that brought a deployment.
func sameWork(run, d *held) bool {
	return run.kind == PipelineRunFinished && d.kind.deploys() && run.service == d.service && run.environment.ID == d.environment.ID
}

// deployment is a service that got a version.
func (j *Joiner) deployment(r *reading, h *held) metrics.Fact {
	d := metrics.Deployment{Meta: metrics.Meta{Source: h.name.Source, ID: h.name.ID, At: h.at, Service: h.service, Environment: h.environment.ID},
		Outcome: metrics.DeploymentSucceeded, Artifact: h.artifact, Version: artifactVersion(h.artifact)}
	near := j.near(r, h)
	if h.kind == ServiceRolledBack {
		target, n := j.takenBack(h)
		r.first += n
		if linked := lastBefore(near, h); linked != nil {
			target = linked
		}
		if target != nil {
			d.RollbackOf = target.name
		}
		if h.until.After(r.seen) {
			r.seen = h.until
		}
		d.Seen, d.Rev = r.seen, r.rev()
		return d
	}
	chain := j.chained(r, h)
	for _, run := range append(slices.Clone(near), chain...) {
		if !run.failed || !sameWork(run, h) || run.at.Before(h.at) || slices.ContainsFunc(chain, func(o *held) bool {
			return !slices.Contains(near, run) && sameWork(run, o) && order(h, o) < 0 && !o.at.After(run.at)
		}) {
			continue
		}
		if d.Outcome == metrics.DeploymentSucceeded || run.at.Before(d.Detected) {
			d.Outcome, d.Started, d.At, d.Detected = metrics.DeploymentFailed, h.at, run.at, run.at
		}
	}
	d.Changes = j.changesOf(r, h, near, chain)
	d.Seen, d.Rev = r.seen, r.rev()
	return d
}

// lastBefore is the last of the deployments in the place of another one before it.
func lastBefore(all []*held, h *held) (last *held) {
	for _, o := range all {
		if o.kind.brings() && o.place() == h.place() && order(o, h) < 0 && (last == nil || order(last, o) < 0) {
			last = o
		}
	}
	return last
}

// changesOf are the changes that a deployment brought: those that its artifact was
// packaged of, those that it links to itself or through a package, and where there are
// none those of its chain until then.
func (j *Joiner) changesOf(r *reading, h *held, near, chain []*held) []metrics.Ref {
	var refs []metrics.Ref
	add := func(of []*held, until bool) {
		for _, o := range of {
			if until && o.at.After(h.at) {
				continue
			}
			if ref := j.changeOf(r, o); !ref.IsZero() {
				refs = append(refs, ref)
			}
		}
	}
	if k := artifactKey(h.artifact); k != "" {
		add(r.read(key{byArtifact, k}), false)
	}
	add(near, false)
	direct := refs
	add(chain, true)
	if len(direct) > 0 {
		refs = direct
	}
	slices.SortFunc(refs, metrics.Ref.Compare)
	return slices.Compact(refs)
}

// changeOf is the change that an event is about. A package that does not say whose
// change it is means the one of that id, if only one source has merged one.
func (j *Joiner) changeOf(r *reading, h *held) metrics.Ref {
	switch {
	case h.kind == ChangeMerged:
		return h.subject
	case h.kind != ArtifactPackaged || h.change.Source != "":
		return h.change
	}
	first := r.first
	merged := r.read(key{byChange, h.change.ID})
	r.first, r.second = first, r.second+(r.first-first)
	var ref metrics.Ref
	for _, m := range merged {
		if !ref.IsZero() && ref != m.subject {
			return metrics.Ref{}
		}
		ref = m.subject
	}
	return ref
}

// run is the failed run of a pipeline, an attempt of its own unless a deployment is known
// that it made.
func (j *Joiner) run(r *reading, h *held) metrics.Fact {
	near, chain := j.near(r, h), j.chained(r, h)
	made := slices.ContainsFunc(near, func(o *held) bool { return sameWork(h, o) && !h.at.Before(o.at) }) ||
		slices.ContainsFunc(chain, func(o *held) bool { return sameWork(h, o) && !h.at.Before(o.at) })
	switch {
	case !h.failed:
		return nil
	case made:
		return r.gone(r.rev())
	}
	d := metrics.Deployment{Meta: metrics.Meta{Source: h.name.Source, ID: h.name.ID, Rev: r.rev(), At: h.at, Seen: r.seen,
		Service: h.service, Environment: h.environment.ID}, Outcome: j.options.Failure}
	if d.Outcome == metrics.DeploymentFailed {
		d.Detected = h.at
	}
	return d
}
