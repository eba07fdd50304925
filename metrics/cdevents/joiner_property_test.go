package cdevents_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/metrics"
)

// slow makes the facts of a set of events anew from what the documentation says, looking
// at all events for each.
type slow struct{ events []ev }

func (v ev) name() metrics.Ref { return metrics.Ref{Source: or(v.source, "/ci"), ID: v.id} }
func (v ev) about() metrics.Ref {
	return metrics.Ref{Source: or(v.from, or(v.source, "/ci")), ID: v.subject}
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

func (v ev) before(o ev) bool {
	return v.minute < o.minute || v.minute == o.minute && v.name().Compare(o.name()) < 0
}

func (v ev) brings() bool { return v.deploys() || v.kind == "service.rolledback" }
func (v ev) deploys() bool {
	return v.kind == "service.deployed" || v.kind == "service.upgraded"
}
func (v ev) fails() bool {
	return v.kind == "pipelinerun.finished" && v.pipeline == "deploy-api" && (v.outcome == "failure" || v.outcome == "error")
}

func (s slow) all(is func(ev) bool) []ev {
	var out []ev
	for _, v := range s.events {
		if is(v) {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b ev) int {
		if a.before(b) {
			return -1
		}
		return 1
	})
	return out
}

func (s slow) linked(a, b ev) bool {
	only := func(id string) bool { return len(s.all(func(v ev) bool { return v.id == id })) == 1 }
	return a.name() != b.name() && (slices.Contains(a.links, b.id) && only(b.id) || slices.Contains(b.links, a.id) && only(a.id))
}

func chained(a, b ev) bool { return a.chain != "" && a.chain == b.chain }

// changeOf is the change that a package or the merging of a change is about.
func (s slow) changeOf(v ev) []metrics.Ref {
	if v.kind == "change.merged" {
		return []metrics.Ref{v.about()}
	}
	if v.kind != "artifact.packaged" {
		return nil
	}
	id, source, there := strings.Cut(v.change, "@")
	if there {
		return []metrics.Ref{{Source: source, ID: id}}
	}
	var refs []metrics.Ref
	for _, m := range s.all(func(m ev) bool { return m.kind == "change.merged" && m.subject == id }) {
		refs = append(refs, m.about())
	}
	slices.SortFunc(refs, metrics.Ref.Compare)
	if refs = slices.Compact(refs); len(refs) != 1 {
		return nil
	}
	return refs
}

func (s slow) deployment(v ev) metrics.Deployment {
	environment, _, _ := strings.Cut(v.environment, "@")
	d := metrics.Deployment{Meta: metrics.Meta{Source: v.name().Source, ID: v.id, At: on(v.minute), Service: v.subject, Environment: environment},
		Outcome: metrics.DeploymentSucceeded, Artifact: v.artifact, Version: v.artifact[strings.Index(v.artifact, "@")+1:]}
	if !v.deploys() {
		same := func(o ev) bool {
			return o.brings() && o.subject == v.subject && o.environment == v.environment && o.before(v)
		}
		linked := s.all(func(o ev) bool { return same(o) && s.linked(v, o) })
		var runs []ev // what ran, and what ran before, the last at the end
		for _, o := range s.all(same) {
			if o.deploys() {
				runs = append(runs, o)
				continue
			}
			i := len(runs) - 1
			for i >= 0 && runs[i].artifact != o.artifact {
				i--
			}
			if i >= 0 {
				runs = runs[:i+1]
			} else {
				runs = append(runs[:max(len(runs)-1, 0)], o)
			}
		}
		switch {
		case len(linked) > 0:
			d.RollbackOf = linked[len(linked)-1].name()
		case len(runs) > 0 && runs[len(runs)-1].artifact != v.artifact:
			d.RollbackOf = runs[len(runs)-1].name()
		}
		return d
	}
	for _, run := range s.all(func(r ev) bool {
		return r.fails() && v.subject == "api" && environment == "production" && r.minute >= v.minute
	}) {
		last := len(s.all(func(o ev) bool {
			return o.deploys() && o.subject == "api" && strings.HasPrefix(o.environment, "production") && chained(o, run) && o.minute <= run.minute && v.before(o)
		})) == 0
		if d.Detected.IsZero() && (s.linked(run, v) || chained(run, v) && last) {
			d.Outcome, d.Started, d.At, d.Detected = metrics.DeploymentFailed, on(v.minute), on(run.minute), on(run.minute)
		}
	}
	of := func(is func(ev) bool) {
		for _, o := range s.all(is) {
			d.Changes = append(d.Changes, s.changeOf(o)...)
		}
	}
	of(func(o ev) bool { return o.kind == "artifact.packaged" && o.subject == v.artifact })
	of(func(o ev) bool { return s.linked(v, o) })
	if len(d.Changes) == 0 {
		of(func(o ev) bool { return chained(v, o) && o.minute <= v.minute })
	}
	return d
}

func (s slow) facts() []metrics.Fact {
	var out []metrics.Fact
	done := map[string]bool{}
	for _, v := range s.events {
		switch {
		case v.brings():
			out = append(out, s.deployment(v))
		case v.fails():
			if len(s.all(func(o ev) bool {
				return o.deploys() && o.subject == "api" && strings.HasPrefix(o.environment, "production") && o.minute <= v.minute && (s.linked(v, o) || chained(v, o))
			})) == 0 {
				out = append(out, metrics.Deployment{Meta: metrics.Meta{Source: v.name().Source, ID: v.id, At: on(v.minute), Service: "api", Environment: "production"},
					Outcome: metrics.DeploymentFailed, Detected: on(v.minute)})
			}
		case v.kind == "change.merged" && !done[v.kind+v.about().String()]:
			done[v.kind+v.about().String()] = true
			first := func(kind string) []ev {
				return s.all(func(o ev) bool { return o.kind == kind && o.about() == v.about() })
			}
			merged := on(first("change.merged")[0].minute)
			c := metrics.Change{Meta: metrics.Meta{Source: v.about().Source, ID: v.subject, At: merged}, Merged: merged}
			if f := first("change.created"); len(f) > 0 {
				c.Opened = on(f[0].minute)
			}
			if f := first("change.reviewed"); len(f) > 0 {
				c.FirstReview = on(f[0].minute)
			}
			out = append(out, c)
		case strings.HasPrefix(v.kind, "incident.") && !done["incident"+v.about().String()]:
			done["incident"+v.about().String()] = true
			of := func(kinds ...string) []ev {
				return s.all(func(o ev) bool { return slices.Contains(kinds, o.kind) && o.about() == v.about() })
			}
			begun, resolved, detected := of("incident.detected", "incident.reported"), of("incident.resolved"), of("incident.detected")
			if len(begun) == 0 {
				continue
			}
			n := metrics.Incident{Meta: metrics.Meta{Source: v.about().Source, ID: v.subject, At: on(begun[0].minute)}}
			slices.SortStableFunc(begun, func(a, b ev) int { // at one time a detection comes before a report
				if a.minute != b.minute {
					return a.minute - b.minute
				}
				return strings.Compare(a.kind, b.kind)
			})
			causes := map[metrics.Ref]bool{}
			for _, b := range begun {
				environment, _, _ := strings.Cut(b.environment, "@")
				n.Service, n.Environment, n.Artifact = or(n.Service, b.service), or(n.Environment, environment), or(n.Artifact, b.artifact)
				for _, d := range s.all(func(o ev) bool {
					return o.brings() && slices.Contains(b.links, o.id) && len(s.all(func(x ev) bool { return x.id == o.id })) == 1
				}) {
					causes[d.name()] = true
					n.CausedBy = d.name()
				}
			}
			if len(causes) > 1 {
				n.CausedBy = metrics.Ref{}
			}
			n.Version = n.Artifact[strings.Index(n.Artifact, "@")+1:]
			if len(resolved) > 0 {
				last := resolved[len(resolved)-1].minute
				if len(detected) == 0 || detected[len(detected)-1].minute <= last {
					if n.Resolved = on(last); n.Resolved.Before(n.At) {
						continue
					}
				}
			}
			out = append(out, n)
		}
	}
	return out
}

func drawEvent(t *rapid.T, i int) ev {
	one := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(t, name) }
	v := ev{id: fmt.Sprint(i), minute: rapid.IntRange(0, 8).Draw(t, "minute"), chain: one("chain", "", "", "c", "d")}
	if rapid.IntRange(0, 7).Draw(t, "again") == 0 { // a context id that another source has too
		v.id, v.source = fmt.Sprint(i/2), fmt.Sprint("/other", i)
	}
	for range rapid.IntRange(0, 2).Draw(t, "links") {
		v.links = append(v.links, fmt.Sprint(rapid.IntRange(0, 12).Draw(t, "link")))
	}
	v.kind = one("kind", "service.deployed", "service.deployed", "service.upgraded", "service.rolledback", "change.created", "change.reviewed", "change.merged",
		"artifact.packaged", "incident.detected", "incident.reported", "incident.resolved", "pipelinerun.finished")
	switch kind, _, _ := strings.Cut(v.kind, "."); kind {
	case "service":
		v.subject, v.environment, v.artifact = one("service", "api", "api", "web"), one("environment", "production", "production", "staging", "production@/eu"), one("artifact", a1, a2, a3)
	case "change":
		v.subject, v.from = one("change", "41", "42"), one("from", "", "/git")
	case "artifact":
		v.subject, v.change = one("artifact", a1, a2, a3), one("change", "41", "42", "41@/git", "42@/ci", "43@/svn")
	case "incident":
		v.subject, v.from, v.environment = one("incident", "i", "j"), "/pager", one("environment", "production", "staging@/eu")
		v.service, v.artifact = one("service", "", "api"), one("artifact", "", a1, a2)
	case "pipelinerun":
		v.subject, v.pipeline, v.outcome = "run", one("pipeline", "deploy-api", "deploy-api", "tests"), one("outcome", "success", "failure", "error", "cancel")
	}
	return v
}

// A Joiner makes of events in any order, some of them twice, the same facts to the last
// bit, and those which the slow way makes.
func TestJoinerAgainstTheSlowWay(t *testing.T) {
	t.Parallel()
	rounds := 2
	if *long {
		rounds = 2000
	}
	for range rounds {
		rapid.Check(t, againstTheSlowWay)
	}
}

func againstTheSlowWay(t *rapid.T) {
	var events []ev
	var order []int
	for i := range rapid.IntRange(1, 13).Draw(t, "events") {
		events = append(events, drawEvent(t, i))
		order = append(order, i)
	}
	s, j := joined(t, events, order)
	var log metrics.Log
	held := (slow{events}).all(func(v ev) bool {
		return v.kind != "pipelinerun.finished" || v.pipeline == "deploy-api" && v.outcome != "success"
	})
	for _, f := range (slow{held}).facts() {
		_, err := log.Add(seen(f))
		require.NoError(t, err)
	}
	require.Equal(t, told(log.Snapshot(on(1_000_000))), told(s))
	want := written(t, s)
	for range 3 {
		other := rapid.Permutation(append(slices.Clone(order), order[:len(order)/2]...)).Draw(t, "order")
		s, again := joined(t, events, other)
		require.Equal(t, want, written(t, s))
		require.Equal(t, missing(j), missing(again))
	}
}

// seen is a fact with what a log wants of it.
func seen(f metrics.Fact) metrics.Fact {
	switch f := f.(type) {
	case metrics.Deployment:
		f.Rev, f.Seen = 1, on(0)
		return f
	case metrics.Change:
		f.Rev, f.Seen = 1, on(0)
		return f
	case metrics.Incident:
		f.Rev, f.Seen = 1, on(0)
		return f
	}
	return f
}
