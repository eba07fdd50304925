package rollout_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// scene is one thing that happens in a script: a call, and how one sees that it
// happened. A call that failed, or whose driver died, is made again by a new engine
// unless it is seen to have happened.
type scene struct {
	name  string
	set   func(w *world)                            // the world before it
	after time.Duration                             // that has passed since the scene before
	call  func(ctx context.Context, w *world) error // nil steps until done
	done  func(s rollout.State) bool                // of the target
	of    func(w *world) rollout.Target             // the target; nil is the plan's
}

// allScenes is a script in which each kind of record is written and each way to end
// is gone. It ends with the sixth version deployed and adopted.
func allScenes(w *world) []scene {
	target := w.plan.Target
	other := rollout.Target{Service: "web", Environment: target.Environment}
	w.real.Serve(target, version("1"))
	w.real.Serve(other, webVersion("1"))
	w.verdict["back"], w.sick = release.VerdictAllow, map[string]bool{}

	first := regions()
	first.Target, first.RollbackGates, first.Dependents, first.DependentsWait = target, []string{"back"}, []rollout.Target{other}, 10*24*time.Hour
	first.Stages[1].Approvals, first.Stages[1].Gates, first.Overridable = 1, []string{"last"}, []string{"last", "back"}
	consumer := rollout.Plan{Target: other, Release: webVersion("2"), Previous: webVersion("1"), After: []rollout.Dependency{{Target: target, Release: version("2"), Stage: "one"}},
		Stages: []rollout.Stage{{Name: "all", Slices: []rollout.Slice{{Percent: 100}}, MinBake: 9 * 24 * time.Hour, Health: rollout.HealthIgnored}}}
	simple := func(v string, irreversible bool) rollout.Plan {
		p := plan3()
		p.Target, p.Release, p.Superseding = target, version(v), rollout.SupersedingTakeBack
		p.Stages[1].Irreversible, p.Stages[1].Gates = irreversible, []string{"first"}
		return p
	}
	over := func(v string) rollout.Plan { // takes over from the second stage on
		p := simple(v, true)
		p.Stages = p.Stages[1:]
		return p
	}

	runs := func(v string) func(rollout.State) bool {
		return func(s rollout.State) bool { return s.Rollout != nil && s.Rollout.Plan.Release.Version == v }
	}
	stage := func(v string, i int) func(rollout.State) bool {
		return func(s rollout.State) bool {
			return runs(v)(s) && s.Rollout.Stage == i && s.Rollout.Phase == rollout.PhaseBaking
		}
	}
	ended := func(v string, p rollout.Phase) func(rollout.State) bool {
		return func(s rollout.State) bool { return runs(v)(s) && s.Rollout.Phase == p }
	}
	step := func(name string, set func(w *world), done func(rollout.State) bool) scene {
		return scene{name: name, set: set, after: time.Hour, done: done}
	}
	stepOther := func(name string, done func(rollout.State) bool) scene {
		return scene{name: name, done: done, of: func(*world) rollout.Target { return other }}
	}
	do := func(name string, call func(ctx context.Context, e *rollout.Engine) (rollout.State, error), done func(rollout.State) bool) scene {
		return scene{name: name, done: done, call: func(ctx context.Context, w *world) error { _, err := call(ctx, w.engine()); return err }}
	}
	start := func(p rollout.Plan) scene {
		a := do("start "+p.Release.Version, func(ctx context.Context, e *rollout.Engine) (rollout.State, error) { return e.Start(ctx, p, ada) }, runs(p.Release.Version))
		a.of = func(*world) rollout.Target { return p.Target }
		return a
	}
	well := func(w *world) { w.health, w.sick = health.Verdict{Kind: health.KindHealthy}, map[string]bool{} }
	worse := func(w *world) { w.health = health.Verdict{Kind: health.KindRegressed, Metric: "errors", Why: "worse"} }
	last := func(v release.Verdict) func(*world) { return func(w *world) { well(w); w.verdict["last"] = v } }

	return []scene{
		start(first), start(consumer),
		step("one", last(release.VerdictHold), stage("2", 0)),
		stepOther("web", stage("2", 0)),
		do("approve", func(ctx context.Context, e *rollout.Engine) (rollout.State, error) {
			return e.Approve(ctx, target, "wave", grace)
		},
			func(s rollout.State) bool { return len(s.Rollout.Approvals) == 1 }),
		do("revoke", func(ctx context.Context, e *rollout.Engine) (rollout.State, error) {
			return e.Revoke(ctx, target, "", grace)
		},
			func(s rollout.State) bool { return len(s.Rollout.Approvals) == 0 }),
		do("approve again", func(ctx context.Context, e *rollout.Engine) (rollout.State, error) {
			return e.Approve(ctx, target, "", linus)
		},
			func(s rollout.State) bool { return len(s.Rollout.Approvals) == 1 }),
		do("override", func(ctx context.Context, e *rollout.Engine) (rollout.State, error) {
			return e.Override(ctx, target, "last", ada)
		},
			func(s rollout.State) bool { return len(s.Rollout.Overrides) == 1 }),
		do("pause", func(ctx context.Context, e *rollout.Engine) (rollout.State, error) { return e.Pause(ctx, target, ada) },
			func(s rollout.State) bool { return s.Rollout.Paused != nil }),
		do("resume", func(ctx context.Context, e *rollout.Engine) (rollout.State, error) { return e.Resume(ctx, target, ada) },
			func(s rollout.State) bool { return s.Rollout.Paused == nil }),
		step("wave", nil, stage("2", 1)),
		step("withdraw", func(w *world) { w.sick["100 % of region us"] = true },
			func(s rollout.State) bool { return stage("2", 1)(s) && len(s.Rollout.Withdrawn) == 1 }),
		do("resume what was withdrawn", func(ctx context.Context, e *rollout.Engine) (rollout.State, error) { return e.Resume(ctx, target, ada) },
			func(s rollout.State) bool { return s.Rollout.Restore }),
		// The override was for the stage: it lets it be restored, too.
		step("restore", well, func(s rollout.State) bool { return stage("2", 1)(s) && len(s.Rollout.Withdrawn) == 0 }),
		step("retreat, held", func(w *world) { worse(w); w.verdict["back"] = release.VerdictDeny },
			func(s rollout.State) bool { return s.Rollout.Phase == rollout.PhaseRetreating && s.Rollout.Held != nil }),
		do("override the way back", func(ctx context.Context, e *rollout.Engine) (rollout.State, error) {
			return e.Override(ctx, target, "back", ada)
		},
			func(s rollout.State) bool { return len(s.Rollout.Overrides) == 2 }),
		step("wait for web", nil, func(s rollout.State) bool { return s.Rollout.Phase == rollout.PhaseRetreating }),
		stepOther("web goes back", ended("2", rollout.PhaseRolledBack)),
		step("back", nil, ended("2", rollout.PhaseRolledBack)),

		start(simple("stillborn", false)),
		do("abort", func(ctx context.Context, e *rollout.Engine) (rollout.State, error) { return e.Abort(ctx, target, ada) },
			func(s rollout.State) bool { return s.Rollout.Abort != nil }),
		step("stopped", well, ended("stillborn", rollout.PhaseStopped)),

		start(simple("3", false)),
		step("canary 3", last(release.VerdictAllow), stage("3", 0)),
		do("supersede", func(ctx context.Context, e *rollout.Engine) (rollout.State, error) {
			return e.Supersede(ctx, simple("4", true), linus)
		}, func(s rollout.State) bool { return s.Next != nil }),
		step("canary 4", nil, stage("4", 0)),
		do("skip", func(ctx context.Context, e *rollout.Engine) (rollout.State, error) { return e.Skip(ctx, target, ada) },
			func(s rollout.State) bool { return s.Rollout.Skipped != nil }),
		step("half 4", nil, stage("4", 1)),
		step("held", worse, func(s rollout.State) bool { return runs("4")(s) && s.Rollout.Held != nil }),
		do("roll forward", func(ctx context.Context, e *rollout.Engine) (rollout.State, error) {
			return e.RollForward(ctx, over("5"), linus)
		},
			func(s rollout.State) bool { return s.Next != nil }),
		step("half 5", well, stage("5", 0)),
		do("abort 5", func(ctx context.Context, e *rollout.Engine) (rollout.State, error) { return e.Abort(ctx, target, ada) },
			func(s rollout.State) bool { return s.Rollout.Abort != nil }),
		step("halted", nil, ended("5", rollout.PhaseHalted)),
		do("roll forward again", func(ctx context.Context, e *rollout.Engine) (rollout.State, error) {
			return e.RollForward(ctx, over("6"), linus)
		},
			func(s rollout.State) bool { return s.Next != nil }),
		step("half 6", nil, stage("6", 0)),
		step("all 6", nil, stage("6", 1)),
		step("deployed", nil, ended("6", rollout.PhaseDeployed)),
		do("adopt", func(ctx context.Context, e *rollout.Engine) (rollout.State, error) {
			return e.Adopt(ctx, target, version("6"), ada)
		}, nil),
	}
}

// perform plays a script. When a call fails or the driver is killed, it goes on with a
// new engine; what a killed driver may have been about to send arrives again and again
// from then on. It returns how often that was.
func perform(w *world, script []scene) (faults int) {
	ctx := w.t.Context()
	var zombies []rollout.Action
	survive := func(call func() error) bool { return w.survives(call, &faults) }
	for _, a := range script {
		if a.set != nil {
			a.set(w)
		}
		w.clock = w.clock.Add(a.after)
		target := w.plan.Target
		if a.of != nil {
			target = a.of(w)
		}
		finished := false
		for range 20 {
			var s rollout.State
			var wake time.Time
			ok := survive(func() (err error) {
				if a.call != nil {
					return a.call(ctx, w)
				}
				s, wake, err = w.engine().Step(ctx, target)
				return err
			})
			for _, z := range zombies {
				_ = w.real.Apply(ctx, z)
			}
			if ok && a.call != nil {
				finished = true
				break
			}
			if !ok {
				for !survive(func() (err error) { s, err = w.engine().State(ctx, target); return err }) {
				}
				if s.Rollout != nil && s.Rollout.Pending != nil {
					zombies = append(zombies, s.Rollout.Pending.Action)
				}
				wake = w.clock
			}
			if a.done != nil && (s.Rollout != nil && a.done(s)) && (ok || a.call != nil) {
				finished = true
				break
			}
			if wake.After(w.clock) && ok {
				w.clock = wake
			}
		}
		if !finished {
			s, err := w.engine().State(ctx, target)
			w.t.Fatalf("%s: it is not done: %v (%v)", a.name, s, err)
		}
	}
	return faults
}

// played is what a script came to.
type played struct {
	effects, others []string
	events          []release.EventKind
	poisoned        []string
	end             string
}

func outcome(w *world) played {
	s, err := w.engine().State(w.t.Context(), w.plan.Target)
	require.NoError(w.t, err)
	p := played{effects: effects(w), events: w.audit(), end: s.Rollout.String()}
	for _, bad := range s.Poisoned {
		p.poisoned = append(p.poisoned, bad.Release.Version)
	}
	target := w.plan.Target
	defer func() { w.plan.Target = target }()
	w.plan.Target.Service = "web"
	p.others = effects(w)
	w.audit()
	return p
}

// The script writes every kind of record, or it would prove nothing about the rest.
func TestEverythingIsEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Zero(t, perform(w, allScenes(w)))
	kinds := map[string]int{}
	for _, r := range w.records() {
		kinds[r.Kind]++
	}
	require.ElementsMatch(t, []string{rollout.RecordStarted, rollout.RecordFacts, rollout.RecordAction, rollout.RecordPaused, rollout.RecordResumed,
		rollout.RecordAborted, rollout.RecordEnded, rollout.RecordAdopted, rollout.RecordRetreating, rollout.RecordHeld, rollout.RecordApproved,
		rollout.RecordRevoked, rollout.RecordSkipped, rollout.RecordOverridden, rollout.RecordSuperseded}, slices.Collect(maps.Keys(kinds)))
	got := outcome(w)
	for _, k := range []release.EventKind{release.EventDeployed, release.EventRolledBack, release.EventStopped, release.EventHalted, release.EventReplaced, release.EventWithdrawn} {
		require.Contains(t, got.events, k)
	}
	require.Equal(t, []string{"2", "4", "5"}, got.poisoned)
	t.Log(got.effects, kinds)
}

// Every call of the deployer fails in turn: a timeout before and after the effect, and
// a driver that dies before and after it.
func TestEveryCallOfTheDeployerFailsInEverything(t *testing.T) {
	t.Parallel()
	clean := newWorld(t)
	counted := &weak{Deployer: clean.real}
	clean.deploy = counted
	require.Zero(t, perform(clean, allScenes(clean)))
	want := outcome(clean)
	ways := []string{"error before", "error after", "killed before", "killed after"}
	by := 1
	if !*long {
		by = 3 // and each in one way, the next in the next
	}
	for k := 1; k <= counted.calls; k += by {
		hows := ways
		if !*long {
			hows = ways[k%len(ways) : k%len(ways)+1]
		}
		for _, how := range hows {
			w := newWorld(t)
			w.deploy = &weak{Deployer: w.real, k: k, how: how}
			perform(w, allScenes(w))
			require.Equal(t, want, outcome(w), "call %d: %s", k, how)
		}
	}
	t.Logf("%d calls, each %d. failed", counted.calls, by)
}
