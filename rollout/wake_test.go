package rollout_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// Nobody looks again before the time that Step names: a wake that is too late is a
// regression that serves on, or a deadline that passes.
func TestWhenToWakeAgain(t *testing.T) {
	t.Parallel()
	const poll = 15 * time.Second
	hold := func(w *world, gates ...string) {
		for _, g := range gates {
			w.verdict[g] = release.VerdictHold
		}
	}
	both := func(w *world, first, last time.Duration) {
		w.plan.Stages[0].Gates = []string{"first", "last"}
		hold(w, "first", "last")
		w.retry = map[string]time.Time{"first": nine.Add(first), "last": nine.Add(last)}
		w.start()
	}
	// baked is at nine plus an hour: the first stage has baked, and its gate holds.
	baked := func(w *world, rule rollout.HealthRule, retry time.Duration) {
		w.plan.Stages[0].Health = rule
		w.start()
		w.step()
		w.clock = nine.Add(time.Hour)
		hold(w, "first")
		w.retry = map[string]time.Time{"first": nine.Add(retry)}
	}
	bound := func(w *world, most time.Duration) {
		w.plan.Stages[0].MaxBake, w.plan.Stages[0].OnUndecided = most, rollout.UndecidedRollback
	}
	for _, c := range []struct {
		name string
		run  func(w *world)
		want time.Duration // after nine
	}{
		{"a gate that names no time", func(w *world) { hold(w, "first"); w.start() }, poll},
		{"the plan's poll", func(w *world) { w.plan.Poll = time.Minute; hold(w, "first"); w.start() }, time.Minute},
		{"a gate that names a time", func(w *world) {
			hold(w, "first")
			w.retry = map[string]time.Time{"first": nine.Add(3 * time.Hour)}
			w.start()
		}, 3 * time.Hour},
		{"two gates, the first is sooner", func(w *world) { both(w, time.Hour, 3*time.Hour) }, time.Hour},
		{"two gates, the second is sooner", func(w *world) { both(w, 3*time.Hour, time.Hour) }, time.Hour},
		{"a time that is over", func(w *world) { both(w, -time.Hour, -time.Minute) }, poll},
		{"now is over", func(w *world) { both(w, 0, 0) }, poll},
		{"the time of a gate that allows says nothing", func(w *world) {
			both(w, 3*time.Hour, 0)
			w.verdict["first"] = release.VerdictAllow
		}, poll},
		{"health is watched while a gate waits", func(w *world) { baked(w, rollout.HealthWatched, 5*time.Hour) }, time.Hour + poll},
		{"a gate is sooner than the poll", func(w *world) { baked(w, rollout.HealthWatched, time.Hour+time.Second) }, time.Hour + time.Second},
		{"nobody watches while a gate waits", func(w *world) { baked(w, rollout.HealthIgnored, 5*time.Hour) }, 5 * time.Hour},
		{"the deadline is sooner than the gate", func(w *world) { bound(w, 2*time.Hour); baked(w, rollout.HealthIgnored, 5*time.Hour) }, 2 * time.Hour},
		{"the gate is sooner than the deadline", func(w *world) { bound(w, 6*time.Hour); baked(w, rollout.HealthIgnored, 5*time.Hour) }, 5 * time.Hour},
		{"the deadline is over", func(w *world) {
			bound(w, 2*time.Hour)
			baked(w, rollout.HealthIgnored, 5*time.Hour)
			w.clock = nine.Add(4 * time.Hour)
		}, 5 * time.Hour},
		{"baking, and watched", func(w *world) { w.start() }, poll},
		{"baking, and nobody watches", func(w *world) { w.plan.Stages[0].Health = rollout.HealthIgnored; w.start() }, time.Hour},
		{"the bake ends before the poll", func(w *world) { w.start(); w.step(); w.clock = nine.Add(time.Hour - time.Second) }, time.Hour},
		{"baked, and undecided", func(w *world) { w.start(); w.step(); w.health = health.Verdict{}; w.clock = nine.Add(time.Hour) }, time.Hour + poll},
		{"undecided, and the deadline is near", func(w *world) {
			bound(w, 2*time.Hour)
			w.start()
			w.step()
			w.health, w.clock = health.Verdict{}, nine.Add(2*time.Hour-time.Second)
		}, 2 * time.Hour},
		{"paused", func(w *world) {
			w.start()
			_, err := w.engine().Pause(w.t.Context(), production, ada)
			require.NoError(w.t, err)
		}, poll},
		{"production is not as it should be", func(w *world) { w.real.Serve(production, version("0")); w.start() }, poll},
		{"an exposure failed", func(w *world) { w.deploy = &hurdle{Deployer: w.real, before: errBoom}; w.start() }, time.Second},
		{"an exposure is not settled", func(w *world) { w.deploy = unsettled{w.real}; w.start() }, poll},
		{"an exposure is not settled, and the deadline is near", func(w *world) {
			w.plan.Stages[0].MinBake = 0
			bound(w, 10*time.Second)
			w.deploy = unsettled{w.real}
			w.start()
		}, 10 * time.Second},
		{"a rollback is not settled", func(w *world) {
			bound(w, time.Hour+10*time.Second)
			w.start()
			w.step()
			w.abort()
			w.deploy, w.clock = unsettled{w.real}, nine.Add(time.Hour)
		}, time.Hour + poll},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.run(w)
			s, wake, err := w.engine().Step(t.Context(), production)
			require.NoError(t, err)
			require.Equal(t, nine.Add(c.want), wake, s.String())
			_, wake, err = w.engine().Step(t.Context(), production)
			require.NoError(t, err)
			require.Equal(t, nine.Add(c.want), wake, "asked again at the same moment")
		})
	}
}

// unsettled never comes to rest once something was applied.
type unsettled struct{ rollout.Deployer }

func (u unsettled) Observe(ctx context.Context, t rollout.Target) (rollout.Observed, error) {
	o, err := u.Deployer.Observe(ctx, t)
	o.Settled = o.Fence == 0
	return o, err
}

// The longer a deployer fails, the longer it is left alone: an exposure up to five
// minutes, a rollback, while people see the release, up to 15 seconds.
func TestBackoffGrowsToABound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rollback bool
		want     []time.Duration
	}{
		"exposure": {false, []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300}},
		"rollback": {true, []time.Duration{1, 2, 4, 8, 15, 15, 15, 15, 15, 15, 15, 15}},
	} {
		w := newWorld(t)
		w.start()
		if c.rollback {
			w.step()
			w.abort()
		}
		w.deploy = &hurdle{Deployer: w.real, before: errBoom}
		for i, want := range c.want {
			s, wake, err := w.engine().Step(t.Context(), production)
			require.NoError(t, err)
			require.Equal(t, i+1, s.Rollout.Pending.Failures, name)
			require.Equal(t, want*time.Second, wake.Sub(w.clock), "%s, failure %d", name, i+1)
			w.clock = wake.Add(-1)
			s, _, err = w.engine().Step(t.Context(), production)
			require.NoError(t, err)
			require.Equal(t, i+1, s.Rollout.Pending.Failures, "%s: not before its time", name)
			w.clock = wake
		}
		// However often it fails: a shift that overflows would be a wait of no time.
		for i := range 30 {
			s, wake, err := w.engine().Step(t.Context(), production)
			require.NoError(t, err)
			require.Equal(t, len(c.want)+i+1, s.Rollout.Pending.Failures, "%s: one attempt at a time", name)
			require.Equal(t, c.want[len(c.want)-1]*time.Second, wake.Sub(w.clock), name)
			w.clock = wake
		}
		w.audit()
	}
}
