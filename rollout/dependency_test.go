package rollout_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// town is several services that one change crosses. Each goes from its release 1 to 2.
type town struct {
	t       require.TestingT
	clock   time.Time
	journal journal.Journal
	real    *deploytest.Simulated
	plans   map[string]*rollout.Plan
	sick    map[string]bool
	gates   map[string]release.Verdict
	log     []string // the effects, in the order of all services: "web expose half", "web rollback"
}

func newTown(t require.TestingT) *town {
	return &town{t: t, clock: nine, journal: new(journal.Memory), real: new(deploytest.Simulated),
		plans: map[string]*rollout.Plan{}, sick: map[string]bool{}, gates: map[string]release.Verdict{}}
}

func in(service string) rollout.Target {
	return rollout.Target{Service: service, Environment: "production"}
}

func half(service string) rollout.Dependency {
	return rollout.Dependency{Target: in(service), Release: refOf(service, "2"), Stage: "half"}
}

// service adds one whose plan comes after others, which have it in their dependents.
func (w *town) service(name string, after ...rollout.Dependency) *rollout.Plan {
	w.plans[name] = &rollout.Plan{Target: in(name), Release: refOf(name, "2"), Previous: refOf(name, "1"), After: after, Poll: 15 * time.Second, Stages: []rollout.Stage{
		{Name: "half", Slices: []rollout.Slice{{Percent: 50}}, MinBake: time.Hour},
		{Name: "all", Slices: []rollout.Slice{{Percent: 100}}, MinBake: 24 * time.Hour, Health: rollout.HealthWatched},
	}}
	for _, d := range after {
		if p := w.plans[d.Target.Service]; p != nil {
			p.Dependents = append(p.Dependents, in(name))
		}
	}
	w.real.Serve(in(name), refOf(name, "1"))
	return w.plans[name]
}

func (w *town) Apply(ctx context.Context, a rollout.Action) error {
	err := w.real.Apply(ctx, a)
	if err == nil {
		text := a.Target.Service + " " + a.Kind.String()
		if a.Stage != "" {
			text += " " + a.Stage
		}
		w.log = append(w.log, text)
	}
	return err
}

func (w *town) Observe(ctx context.Context, t rollout.Target) (rollout.Observed, error) {
	return w.real.Observe(ctx, t)
}

// shows reports whether the service serves any of its release.
func (w *town) shows(service, v string) bool {
	o, err := w.real.Observe(context.Background(), in(service))
	require.NoError(w.t, err)
	return slices.ContainsFunc(o.Shares, func(s rollout.Share) bool { return s.Release == refOf(service, v).Digest })
}

func (w *town) engine() *rollout.Engine { return w.engineOn(w.journal, w, 0) }

func (w *town) engineOn(j journal.Journal, d rollout.Deployer, states int) *rollout.Engine {
	e, err := rollout.New(rollout.Options{Journal: j, Deployer: d, States: states, Now: func() time.Time { return w.clock },
		Gates: map[string]rollout.Gate{"back": rollout.GateFunc(func(_ context.Context, q rollout.GateQuery) (rollout.GateResult, error) {
			return rollout.GateResult{Verdict: w.gates[q.Target.Service]}, nil
		})},
		Health: rollout.HealthFunc(func(_ context.Context, q rollout.HealthQuery) (health.Verdict, error) {
			if w.sick[q.Target.Service] {
				return health.Verdict{Kind: health.KindRegressed, Metric: "errors", Why: "worse"}, nil
			}
			return health.Verdict{Kind: health.KindHealthy}, nil
		})})
	require.NoError(w.t, err)
	return e
}

func (w *town) start(services ...string) {
	for _, name := range services {
		_, err := w.engine().Start(context.Background(), *w.plans[name], ada)
		require.NoError(w.t, err)
	}
}

func (w *town) step(service string) *rollout.Rollout {
	s, wake, err := w.engine().Step(context.Background(), in(service))
	require.NoError(w.t, err)
	require.True(w.t, !s.Running() || wake.After(w.clock), "it wakes in the past: %v", s)
	return s.Rollout
}

// pass lets time go by, all of the services stepping now and then, in this order.
func (w *town) pass(d time.Duration, services ...string) {
	const poll = 15 * time.Second
	every := (d / 40).Truncate(poll) + poll
	for end := w.clock.Add(d); w.clock.Before(end); w.clock = w.clock.Add(every) {
		for _, name := range services {
			w.step(name)
		}
	}
}

func (w *town) replay(services ...string) {
	for _, name := range services {
		var recs []journal.Record
		for r, err := range w.journal.Load(context.Background(), in(name).Stream(), 0) {
			require.NoError(w.t, err)
			recs = append(recs, r)
		}
		_, err := rollout.Replay(in(name), recs)
		require.NoError(w.t, err)
	}
}

// A change through several services goes back in reverse order, whatever the order in
// which they are driven: no service ever shows its release while one that it rests on
// does not.
func TestDependenciesGoBackInReverse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		after map[string][]string
		sick  string
		want  []string
	}{
		{"a chain of four", map[string][]string{"b": {"a"}, "c": {"b"}, "d": {"c"}}, "a", []string{"d rollback", "c rollback", "b rollback", "a rollback"}},
		{"from the middle of it", map[string][]string{"b": {"a"}, "c": {"b"}, "d": {"c"}}, "b", []string{"d rollback", "c rollback", "b rollback"}},
		{"a diamond", map[string][]string{"b": {"a"}, "c": {"a"}, "d": {"b", "c"}}, "a", []string{"d rollback", "b rollback", "c rollback", "a rollback"}},
		{"one side of it", map[string][]string{"b": {"a"}, "c": {"a"}, "d": {"b", "c"}}, "c", []string{"d rollback", "c rollback"}},
		{"the last", map[string][]string{"b": {"a"}, "c": {"a"}, "d": {"b", "c"}}, "d", []string{"d rollback"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			var plans []rollout.Plan
			for i, name := range []string{"a", "b", "c", "d"} {
				var after []rollout.Dependency
				for _, on := range c.after[name] {
					after = append(after, half(on))
				}
				w.service(name, after...).DependentsWait = time.Duration(40-10*i) * time.Minute
			}
			for _, name := range []string{"d", "c", "b", "a"} {
				plans = append(plans, *w.plans[name])
			}
			sorted, err := rollout.Order(plans...)
			require.NoError(t, err)
			for _, p := range sorted {
				w.start(p.Target.Service)
			}
			w.pass(2*time.Minute, "a", "b", "c", "d")
			require.Equal(t, []string{"a expose half", "b expose half", "c expose half", "d expose half"}, w.log)
			w.log, w.sick[c.sick] = nil, true
			w.pass(5*time.Minute, "a", "b", "c", "d")
			require.Equal(t, c.want, w.log)
			w.replay("a", "b", "c", "d")
		})
	}
}

func TestDependenciesOfAnyShape(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newTown(rt)
		n := rapid.IntRange(2, 4).Draw(rt, "services")
		names := []string{"a", "b", "c", "d"}[:n]
		rests := map[string][]string{}
		for i, name := range names {
			var after []rollout.Dependency
			for _, on := range names[:i] {
				if rapid.Bool().Draw(rt, name+" after "+on) {
					after = append(after, half(on))
					rests[name] = append(rests[name], on)
				}
			}
			w.service(name, after...).DependentsWait = time.Duration(n-i) * time.Hour
		}
		w.start(names...)
		round := func(atLeast int) {
			for _, name := range rapid.Permutation(names).Draw(rt, "order")[:rapid.IntRange(atLeast, n).Draw(rt, "awake")] {
				w.step(name)
				for c, all := range rests { // at each moment, not only in the end
					for _, p := range all {
						require.True(rt, !w.shows(c, "2") || w.shows(p, "2"), "%s shows what rests on %s, which is gone: %v", c, p, w.log)
					}
				}
			}
			w.clock = w.clock.Add(15 * time.Second)
		}
		for range rapid.IntRange(0, 4).Draw(rt, "rounds") {
			round(0)
		}
		bad := rapid.SampledFrom(names).Draw(rt, "sick")
		w.sick[bad] = true
		for range 2 {
			round(0)
		}
		for range 2 * n { // the news goes through all of them, and the way back comes back
			round(n)
		}
		gone := map[string]bool{bad: true}
		for _, name := range names { // those that rest on it, by the order of the names
			if slices.ContainsFunc(rests[name], func(p string) bool { return gone[p] }) {
				gone[name] = true
			}
		}
		for _, name := range names {
			s, err := w.engine().State(context.Background(), in(name))
			require.NoError(rt, err)
			require.Equal(rt, !gone[name], w.shows(name, "2"), "%v", s)
		}
	})
}

// TestDependentThatStays: what cannot go back, or is not about to, holds what it rests on.
func TestDependentThatStays(t *testing.T) {
	t.Parallel()
	type step = func(t *testing.T, w *town)
	deployed := func(t *testing.T, w *town) {
		w.plans["web"].Stages = []rollout.Stage{{Name: "all", Slices: []rollout.Slice{{Percent: 100}}, Health: rollout.HealthIgnored}}
		w.start("api", "web")
		w.step("api")
		require.Equal(t, rollout.PhaseDeployed, w.step("web").Phase)
	}
	another := func(t *testing.T, w *town, after ...rollout.Dependency) {
		w.plans["web"].Release, w.plans["web"].Previous, w.plans["web"].After = refOf("web", "3"), refOf("web", "2"), after
		w.plans["web"].Stages = []rollout.Stage{{Name: "half", Slices: []rollout.Slice{{Percent: 50}}, MinBake: 9 * time.Hour}, {Name: "all", Slices: []rollout.Slice{{Percent: 100}}}}
		w.start("web")
		require.Equal(t, rollout.PhaseBaking, w.step("web").Phase)
	}
	forward := func(t *testing.T, w *town, after ...rollout.Dependency) {
		w.start("api", "web")
		w.step("api")
		w.step("web")
		p := *w.plans["web"]
		p.Release, p.After = refOf("web", "3"), after
		p.Stages = slices.Clone(p.Stages)
		p.Stages[0].Gates = []string{"nobody knows"}
		_, err := w.engine().RollForward(t.Context(), p, ada)
		require.NoError(t, err)
		w.step("web")
	}
	for _, c := range []struct {
		name string
		set  step
		held bool
		back bool // without anybody's help
	}{
		{"it is deployed", deployed, true, false},
		{"it is deployed, and another takes its place step by step", func(t *testing.T, w *town) { deployed(t, w); another(t, w) }, true, false},
		{"it is deployed, and another that rests on it too went back to it", func(t *testing.T, w *town) {
			deployed(t, w)
			another(t, w, half("api"))
			w.sick["web"] = true
			w.clock = w.clock.Add(time.Minute)
			require.Equal(t, rollout.PhaseRolledBack, w.step("web").Phase)
		}, true, false},
		{"it was deployed, and another took its place", func(t *testing.T, w *town) {
			deployed(t, w)
			another(t, w)
			w.clock = w.clock.Add(9 * time.Hour)
			w.step("web")
			w.clock = w.clock.Add(time.Minute)
			require.Equal(t, rollout.PhaseDeployed, w.step("web").Phase)
		}, false, true},
		{"it was deployed, and the host adopted another", func(t *testing.T, w *town) {
			deployed(t, w)
			w.real.Serve(in("web"), refOf("web", "2"))
			_, err := w.engine().Adopt(t.Context(), in("web"), refOf("web", "2"), ada)
			require.NoError(t, err)
		}, false, true},
		{"it is irreversible", func(t *testing.T, w *town) {
			w.plans["web"].Stages[0].Irreversible, w.plans["web"].Stages[0].Approvals = true, 1
			w.start("api", "web")
			w.step("api")
			_, err := w.engine().Approve(t.Context(), in("web"), "", grace)
			require.NoError(t, err)
			require.Equal(t, rollout.PhaseBaking, w.step("web").Phase)
		}, true, false},
		{"it was halted", func(t *testing.T, w *town) {
			w.plans["web"].Stages[0].Irreversible, w.plans["web"].Stages[0].Approvals = true, 1
			w.start("api", "web")
			w.step("api")
			_, err := w.engine().Approve(t.Context(), in("web"), "", grace)
			require.NoError(t, err)
			w.step("web")
			_, err = w.engine().Abort(t.Context(), in("web"), ada)
			require.NoError(t, err)
			require.Equal(t, rollout.PhaseHalted, w.step("web").Phase)
		}, true, false},
		{"its own way back is barred", func(t *testing.T, w *town) {
			w.plans["web"].RollbackGates, w.gates["web"] = []string{"back"}, release.VerdictDeny
			w.start("api", "web")
			w.step("api")
			w.step("web")
			w.sick["web"] = true
			w.clock = w.clock.Add(time.Minute)
			require.Equal(t, rollout.PhaseRetreating, w.step("web").Phase)
		}, true, false},
		{"another takes its place without going back, and has not yet", func(t *testing.T, w *town) { forward(t, w) }, true, false},
		{"another that rests on it too takes its place, and has not yet", func(t *testing.T, w *town) { forward(t, w, half("api")) }, false, true},
		{"it is on its way", func(t *testing.T, w *town) { w.start("api", "web"); w.step("api"); w.step("web") }, false, true},
		{"nothing of it is shown", func(t *testing.T, w *town) { w.start("api", "web"); w.step("api") }, false, true},
		{"it was stopped", func(t *testing.T, w *town) {
			w.start("api", "web")
			w.step("api")
			_, err := w.engine().Abort(t.Context(), in("web"), ada)
			require.NoError(t, err)
			require.Equal(t, rollout.PhaseStopped, w.step("web").Phase)
		}, false, true},
		{"it rests on an earlier release", func(t *testing.T, w *town) {
			w.plans["web"].After[0].Release, w.plans["web"].After[0].Stage = refOf("api", "1"), ""
			_, err := w.engine().Adopt(t.Context(), in("api"), refOf("api", "1"), ada)
			require.NoError(t, err)
			w.start("web")
			require.Equal(t, rollout.PhaseBaking, w.step("web").Phase)
			w.start("api")
			w.step("api")
		}, false, true},
	} {
		for _, abort := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, aborted %v", c.name, abort), func(t *testing.T) {
				t.Parallel()
				w := newTown(t)
				w.service("api")
				w.service("web", half("api"))
				c.set(t, w)
				w.clock = w.clock.Add(time.Minute)
				w.sick["api"] = true
				r := w.step("api")
				if c.held {
					require.Equal(t, rollout.PhaseRetreating, r.Phase, "%v", r)
					require.NotNil(t, r.Held, "%v", r)
					require.Equal(t, rollout.GateDependents, r.Held.Why.Subject)
				} else {
					require.Nil(t, r.Held, "%v", r)
				}
				w.pass(3*time.Hour, "api")
				w.step("web")
				r = w.step("api")
				if abort && r.Phase == rollout.PhaseRetreating {
					_, err := w.engine().Abort(t.Context(), in("api"), ada)
					require.NoError(t, err)
					r = w.step("api")
				}
				require.Equal(t, c.back || abort, r.Phase == rollout.PhaseRolledBack, "%v", r)
				w.replay("api", "web")
			})
		}
	}
}

// TestHeldByDependents: once it was held, no time that goes by lets it back, but that
// the dependent is gone does.
func TestHeldByDependents(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.service("api")
	p := w.service("web", half("api"))
	p.RollbackGates, w.gates["web"] = []string{"back"}, release.VerdictDeny
	p.Dependents = []rollout.Target{in("app")} // which nobody has
	w.start("api", "web")
	w.step("api")
	w.step("web")
	w.clock = w.clock.Add(time.Minute)
	w.sick["api"] = true
	require.Nil(t, w.step("api").Held)
	require.Equal(t, rollout.PhaseRetreating, w.step("web").Phase)
	w.clock = w.clock.Add(15 * time.Second)
	require.NotNil(t, w.step("api").Held)
	w.clock = w.clock.Add(time.Hour)
	// The dependent may go back now, and is about to: it is waited for.
	w.gates["web"] = release.VerdictHold
	w.journal = broken{Journal: w.journal, streams: []string{in("web").Stream()}}
	require.Equal(t, rollout.PhaseRetreating, w.step("api").Phase)
	w.journal = w.journal.(broken).Journal
	require.Equal(t, rollout.PhaseRolledBack, w.step("web").Phase)
	require.Equal(t, rollout.PhaseRolledBack, w.step("api").Phase)
	require.Equal(t, []string{"api expose half", "web expose half", "web rollback", "api rollback"}, w.log)
	w.replay("api", "web")
}

// broken is a journal of which some streams cannot be read.
type broken struct {
	journal.Journal
	streams []string
	alter   func(journal.Record) journal.Record // if nil, an error
}

func (b broken) Load(ctx context.Context, stream string, after uint64) iter.Seq2[journal.Record, error] {
	all := b.Journal.Load(ctx, stream, after)
	if !slices.Contains(b.streams, stream) {
		return all
	}
	return func(yield func(journal.Record, error) bool) {
		if b.alter == nil {
			yield(journal.Record{}, journal.ErrCorrupt)
			return
		}
		for r, err := range all {
			if !yield(b.alter(r), err) {
				return
			}
		}
	}
}

// TestDependencyUnread: a target that cannot be read holds what comes after it; it
// keeps a rollback waiting for its time and no longer, and hides no other's deny.
func TestDependencyUnread(t *testing.T) {
	t.Parallel()
	for name, alter := range map[string]func(journal.Record) journal.Record{
		"corrupt":   nil,
		"altered":   func(r journal.Record) journal.Record { r.Reason += "!"; return r },
		"of a kind": func(r journal.Record) journal.Record { return kindOf(r) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			w.service("api")
			w.service("auth")
			w.service("web", half("api"), half("auth"))
			w.service("app", half("api"))
			w.start("api", "auth", "web", "app")
			w.step("api")
			w.step("auth")
			good := w.journal
			w.journal = broken{good, []string{in("api").Stream()}, alter}
			r := w.step("web")
			require.Equal(t, rollout.PhaseStarting, r.Phase, "it holds")
			require.Contains(t, r.Waiting().Text, "api@production cannot be read")
			w.journal = good
			require.Equal(t, rollout.PhaseBaking, w.step("web").Phase)
			w.journal = broken{good, []string{in("api").Stream()}, alter}
			w.pass(time.Minute, "web")
			require.Equal(t, rollout.PhaseBaking, w.step("web").Phase, "nor does it go back for that")
			w.sick["auth"] = true
			w.step("auth")
			require.Equal(t, rollout.PhaseRolledBack, w.step("web").Phase, "the other one's deny is seen")
			// The other way round: a dependent that cannot be read.
			w.journal = good
			w.step("app")
			w.sick["api"] = true
			w.journal = broken{good, []string{in("app").Stream()}, alter}
			w.step("api")
			w.clock = w.clock.Add(10*time.Minute - time.Second)
			require.Equal(t, rollout.PhaseRetreating, w.step("api").Phase)
			w.clock = w.clock.Add(time.Second)
			require.Equal(t, rollout.PhaseRolledBack, w.step("api").Phase, "it does not wait for ever")
			w.replay("api", "auth", "web")
		})
	}
}

// kindOf is r as a record of a kind that nobody knows.
func kindOf(r journal.Record) journal.Record {
	head := journal.Head{Stream: r.Stream, Seq: r.Seq - 1, Hash: r.Prev}
	e := r.Entry
	e.Kind = "rollout/unheard-of"
	return journal.Seal(head, e)
}

// TestUnreadHidesNoDependentThatStays: one dependent cannot be read, another is deployed.
func TestUnreadHidesNoDependentThatStays(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.service("api")
	w.service("app", half("api"))
	w.service("web", half("api")).Stages = []rollout.Stage{{Name: "all", Slices: []rollout.Slice{{Percent: 100}}, Health: rollout.HealthIgnored}}
	w.start("api", "app", "web")
	w.step("api")
	w.step("app")
	require.Equal(t, rollout.PhaseDeployed, w.step("web").Phase)
	w.sick["api"] = true
	w.clock = w.clock.Add(time.Minute)
	w.journal = broken{Journal: w.journal, streams: []string{in("app").Stream()}}
	w.step("api")
	w.pass(time.Hour, "api")
	r := w.step("api")
	require.NotNil(t, r.Held)
	require.Equal(t, rollout.PhaseRetreating, r.Phase)
	// Aborted, it does not go past what it is waiting for, but only for its time.
	_, err := w.engine().Abort(t.Context(), in("api"), ada)
	require.NoError(t, err)
	require.Equal(t, rollout.PhaseRolledBack, w.step("api").Phase)
}

func TestAbortWaitsForThoseOnTheirWayBesideOneThatStays(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.service("api")
	w.service("app", half("api"))
	w.service("web", half("api")).Stages = []rollout.Stage{{Name: "all", Slices: []rollout.Slice{{Percent: 100}}, Health: rollout.HealthIgnored}}
	w.start("api", "app", "web")
	w.step("api")
	w.step("app")
	require.Equal(t, rollout.PhaseDeployed, w.step("web").Phase)
	_, err := w.engine().Abort(t.Context(), in("api"), ada)
	require.NoError(t, err)
	require.Equal(t, rollout.PhaseRetreating, w.step("api").Phase)
	require.Equal(t, rollout.PhaseRolledBack, w.step("app").Phase)
	require.Equal(t, rollout.PhaseRolledBack, w.step("api").Phase)
	w.replay("api", "app", "web")
}

// TestAfter: what the state of the other target means to what comes after it.
func TestAfter(t *testing.T) {
	t.Parallel()
	abort := func(w *town, name string) {
		_, err := w.engine().Abort(context.Background(), in(name), ada)
		require.NoError(w.t, err)
	}
	for _, c := range []struct {
		name string
		run  func(w *town)
		out  bool // web is exposed before run
		want rollout.Phase
		text string
	}{
		{"no stream", func(w *town) {}, false, rollout.PhaseStarting, "does not have 2"},
		{"not yet exposed", func(w *town) { w.start("api") }, false, rollout.PhaseStarting, "does not have 2 yet"},
		{"at the stage", func(w *town) { w.start("api"); w.step("api") }, false, rollout.PhaseBaking, ""},
		{"at the stage and regressed", func(w *town) {
			w.start("api")
			w.step("api")
			w.sick["api"] = true
			w.clock = w.clock.Add(time.Minute)
			w.step("api")
		}, false, rollout.PhaseStopped, ""},
		{"stopped before it was exposed", func(w *town) { w.start("api"); abort(w, "api"); w.step("api") }, false, rollout.PhaseStarting, "stopped"},
		{"aborted and not yet stepped", func(w *town) { w.start("api"); w.step("api"); abort(w, "api") }, false, rollout.PhaseStopped, ""},
		{"goes back", func(w *town) { abort(w, "api"); w.step("api") }, true, rollout.PhaseRolledBack, ""},
		{"went back while nobody looked", func(w *town) { abort(w, "api"); w.step("api"); w.pass(11*time.Minute, "api") }, true, rollout.PhaseRolledBack, ""},
		{"went back for another, which runs", func(w *town) {
			p := *w.plans["api"]
			p.Release = refOf("api", "3")
			_, err := w.engine().Supersede(context.Background(), p, ada)
			require.NoError(w.t, err)
			w.pass(12*time.Minute, "api")
			require.True(w.t, w.shows("api", "3"))
		}, true, rollout.PhaseRolledBack, ""},
		{"another takes its place without going back", func(w *town) {
			p := *w.plans["api"]
			p.Release = refOf("api", "3")
			_, err := w.engine().RollForward(context.Background(), p, ada)
			require.NoError(w.t, err)
			w.step("api")
			require.True(w.t, w.shows("api", "3"))
		}, true, rollout.PhaseRolledBack, ""},
		{"deployed", func(w *town) {
			w.pass(26*time.Hour, "api")
			require.Equal(w.t, rollout.PhaseDeployed, w.step("api").Phase)
		}, true, rollout.PhaseBaking, ""},
		{"deployed, and then by hand something else", func(w *town) {
			w.start("api")
			w.pass(26*time.Hour, "api")
			require.Equal(w.t, rollout.PhaseDeployed, w.step("api").Phase)
			other := new(deploytest.Simulated)
			for name := range w.plans {
				other.Serve(in(name), refOf(name, "1"))
			}
			w.real = other
			_, err := w.engine().Adopt(context.Background(), in("api"), refOf("api", "1"), ada)
			require.NoError(w.t, err)
		}, false, rollout.PhaseStarting, "does not have 2"},
		{"deployed, and another begins there", func(w *town) {
			w.start("api")
			w.pass(26*time.Hour, "api")
			w.plans["api"].Release, w.plans["api"].Previous = refOf("api", "3"), refOf("api", "2")
			w.start("api")
			w.step("api")
		}, false, rollout.PhaseStarting, "is replacing 2 with 3"},
		{"another began there, and went back to it", func(w *town) {
			w.start("api")
			w.pass(26*time.Hour, "api")
			w.plans["api"].Release, w.plans["api"].Previous = refOf("api", "3"), refOf("api", "2")
			w.start("api")
			w.step("api")
			abort(w, "api")
			require.Equal(w.t, rollout.PhaseRolledBack, w.step("api").Phase)
		}, false, rollout.PhaseBaking, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			w.service("api").Superseding = rollout.SupersedingTakeBack
			p := w.service("web", half("api"))
			p.Stages[0].MinBake = 99 * time.Hour
			w.start("web")
			if c.out {
				w.start("api")
				w.step("api")
				require.Equal(t, rollout.PhaseBaking, w.step("web").Phase)
			}
			w.clock = w.clock.Add(time.Minute)
			c.run(w)
			r := w.step("web")
			require.Equal(t, c.want, r.Phase, "%v", r)
			require.Contains(t, r.Waiting().Text, c.text)
			w.replay("api", "web")
		})
	}
}

// TestAfterTheWhole: without a stage, only what has ended, deployed, is enough; with
// one, health's word there counts.
func TestAfterTheWhole(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.service("api")
	whole := half("api")
	whole.Stage = ""
	w.service("web", whole)
	w.start("api", "web")
	for range 30 {
		w.step("api")
		w.clock = w.clock.Add(time.Hour)
		s, err := w.engine().State(t.Context(), in("api"))
		require.NoError(t, err)
		require.Equal(t, s.Rollout.Phase == rollout.PhaseDeployed, w.step("web").Phase == rollout.PhaseBaking, "%v", s)
	}
	require.Equal(t, rollout.PhaseBaking, w.step("web").Phase)
}

func TestConsumerSuperseded(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.service("api")
	w.service("web", half("api")).Superseding = rollout.SupersedingTakeBack
	w.start("api", "web")
	w.step("api")
	w.step("web")
	p := *w.plans["web"]
	p.Release = refOf("web", "3")
	_, err := w.engine().Supersede(t.Context(), p, ada)
	require.NoError(t, err)
	w.sick["api"] = true
	w.clock = w.clock.Add(time.Minute)
	r := w.step("api")
	require.Equal(t, rollout.PhaseRetreating, r.Phase, "%v", r)
	r = w.step("web")
	require.Equal(t, rollout.PhaseStopped, r.Phase, "the other one begins and ends: %v", r)
	require.Equal(t, rollout.PhaseRolledBack, w.step("api").Phase)
	require.Equal(t, []string{"api expose half", "web expose half", "web rollback", "api rollback"}, w.log)
	w.replay("api", "web")
}

// TestRollForwardTwiceOverWhatOthersRestOn: going back takes away all releases that took
// over from each other.
func TestRollForwardTwiceOverWhatOthersRestOn(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.service("api")
	w.service("web", half("api")).Stages = []rollout.Stage{{Name: "all", Slices: []rollout.Slice{{Percent: 100}}, Health: rollout.HealthIgnored}}
	w.start("api", "web")
	w.step("api")
	require.Equal(t, rollout.PhaseDeployed, w.step("web").Phase)
	for _, v := range []string{"3", "4"} {
		p := *w.plans["api"]
		p.Release = refOf("api", v)
		_, err := w.engine().RollForward(t.Context(), p, ada)
		require.NoError(t, err)
		r := w.step("api")
		require.Equal(t, rollout.PhaseBaking, r.Phase, "%v", r)
		require.True(t, w.shows("api", v))
	}
	w.sick["api"] = true
	w.clock = w.clock.Add(time.Minute)
	r := w.step("api")
	require.NotNil(t, r.Held, "%v", r)
	require.Equal(t, "web@production has 2, which rests on it", r.Held.Why.Text)
	w.replay("api", "web")
}

// TestOverrideOfDependents: people may say that the dependent that stays does not matter.
func TestOverrideOfDependents(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.service("api").Overridable = []string{rollout.GateDependents}
	w.service("web", half("api")).Stages = []rollout.Stage{{Name: "all", Slices: []rollout.Slice{{Percent: 100}}, Health: rollout.HealthIgnored}}
	w.start("api", "web")
	w.step("api")
	w.step("web")
	w.sick["api"] = true
	w.clock = w.clock.Add(time.Minute)
	require.NotNil(t, w.step("api").Held)
	_, err := w.engine().Override(t.Context(), in("api"), rollout.GateDependents, ada)
	require.NoError(t, err)
	require.Equal(t, rollout.PhaseRolledBack, w.step("api").Phase)
	w.replay("api", "web")
}
