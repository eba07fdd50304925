package metrics

import (
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// Reviews are the reviews of the releases of the report's range that failed, or of
// each, in the order of [Report.Outcomes]; then those of deployments of the
// range that exposed users, failed, and name no release, by time. Incidents without a deployment are in none:
// see [Report.Unlinked].
func (r *Report) Reviews(opts ReviewOptions) []Review {
	a := r.analysis()
	var out []Review
	add := func(v Review, ids []int) {
		if !opts.All && v.Outcome.Kind != release.OutcomeFailed {
			return
		}
		foretold := -1
		for _, i := range ids {
			if x := &a.deps[i]; x.why == whyAhead || x.why == whyEnvironment {
				continue
			}
			d := a.review(i)
			v.Deployments = append(v.Deployments, d)
			if foretold < 0 || d.Failed && !a.deps[foretold].failed {
				foretold = i
			}
		}
		if foretold >= 0 {
			v.Tier, v.Risk = a.s.deployments[foretold].Tier, a.s.deployments[foretold].Risk
		}
		if opts.Reasons != nil && !v.Release.IsZero() {
			v.Reasons = opts.Reasons(v.Release)
		}
		if opts.Caught != nil {
			v.Caught = opts.Caught(v)
			v.CaughtKnown = true
		}
		out = append(out, v)
	}
	order, ids := a.releases()
	for _, d := range order {
		add(Review{Release: d, Outcome: a.outcome(d, ids[d])}, ids[d])
	}
	for i := range a.deps {
		d := &a.s.deployments[i]
		if d.Release.IsZero() && d.Outcome != DeploymentNotExposed && a.deps[i].failed && a.inRange(i) {
			one := []int{i}
			o := release.Outcome{Kind: release.OutcomeFailed, At: a.s.asOf, Deployed: d.begin()}
			a.cause(i, &o)
			add(Review{Outcome: o}, one)
		}
	}
	return out
}

// review is what happened in deployment i.
func (a *analysis) review(i int) ReviewedDeployment {
	d, x := &a.s.deployments[i], &a.deps[i]
	out := ReviewedDeployment{Deployment: d.Ref(), Service: d.Service, Environment: d.Environment, Version: d.Version,
		Outcome: d.Outcome, Failed: x.failed}
	if x.as != i {
		out.StandsFor, out.As = x.why, a.s.deployments[x.as].Ref()
	}
	exposed := d.Outcome == DeploymentSucceeded || d.Outcome == DeploymentFailed
	if exposed {
		out.Exposed = d.begin()
	}
	if x.takenBackBy >= 0 {
		out.TakenBackBy = a.s.deployments[x.takenBackBy].Ref()
	}
	for _, n := range x.incidents {
		in := &a.s.incidents[n]
		out.Incidents = append(out.Incidents, ReviewedIncident{Incident: in.Ref(), At: in.At, Severity: in.Severity, NoticedBy: in.NoticedBy,
			Mitigated: a.happened(in.Mitigated), Resolved: a.happened(in.Resolved), Link: a.public(n)})
	}
	if !exposed {
		return out
	}
	out.Noticed = a.noticed(i)
	if !x.failed {
		return out
	}
	out.Over = a.feltUntil(i)
	end := out.Over
	if end.IsZero() {
		out.Ongoing, end = true, a.s.asOf
	}
	out.Felt = end.Sub(out.Exposed).Seconds()
	return out
}

// happened is t, or zero where it lies ahead of what is known.
func (a *analysis) happened(t time.Time) time.Time {
	if t.After(a.s.asOf) {
		return time.Time{}
	}
	return t
}

// noticed is the first sign that deployment i failed. Of signs at the same time the
// deployment's own comes first, then an incident.
func (a *analysis) noticed(i int) *Notice {
	d, x := &a.s.deployments[i], &a.deps[i]
	var out *Notice
	sign := func(at time.Time, by, text string) {
		if at = a.happened(at); !at.IsZero() && (out == nil || at.Before(out.At)) {
			out = &Notice{At: at, After: at.Sub(d.begin()).Seconds(), By: by, Sign: text}
		}
	}
	if d.Outcome == DeploymentFailed {
		at := d.Detected
		if at.IsZero() {
			at = d.At
		}
		sign(at, d.Source, fmt.Sprintf("deployment %s failed", d.Ref()))
	}
	for _, n := range x.incidents {
		in := &a.s.incidents[n]
		sign(in.At, in.NoticedBy, fmt.Sprintf("incident %s", in.Ref()))
	}
	if x.takenBackBy >= 0 {
		by := &a.s.deployments[x.takenBackBy]
		sign(by.begin(), by.Source, fmt.Sprintf("taken back by deployment %s", by.Ref()))
	}
	return out
}

// feltUntil is when users no longer felt that deployment i failed, zero where no end is
// known.
func (a *analysis) feltUntil(i int) time.Time {
	if back := a.happened(a.backAt(i)); !back.IsZero() {
		return back
	}
	var last time.Time
	for _, n := range a.deps[i].incidents {
		in := &a.s.incidents[n]
		end := a.happened(in.Mitigated)
		if end.IsZero() {
			end = a.happened(in.Resolved)
		}
		if end.IsZero() {
			return end
		}
		if end.After(last) {
			last = end
		}
	}
	return last
}
