package rollout_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// timedChange is something that happens once and then stays so.
type timedChange struct {
	at      time.Time
	command bool // somebody calls the engine, and Step at once
	do      func(w *world)
}

// drawChanges are what happens to a rollout in its first hours.
func drawChanges(r *rand.Rand) []timedChange {
	var out []timedChange
	add := func(odds, from, to int, command bool, do func(w *world)) {
		if r.IntN(odds) == 0 {
			out = append(out, timedChange{nine.Add(time.Duration(from+r.IntN(to-from)) * time.Minute), command, do})
		}
	}
	verdict := func(gate string, v release.Verdict) func(*world) {
		return func(w *world) { w.verdict[gate] = v }
	}
	kind := func(k health.Kind, noData bool) func(*world) {
		return func(w *world) { w.health = health.Verdict{Kind: k, NoData: noData, Why: "drawn"} }
	}
	for _, gate := range []string{"first", "last"} {
		add(3, 0, 1, false, verdict(gate, release.VerdictHold))
		add(1, 20, 200, false, verdict(gate, release.VerdictAllow))
		add(6, 201, 500, false, verdict(gate, release.VerdictDeny))
	}
	add(3, 0, 1, false, kind(health.KindUndecided, r.IntN(2) == 0))
	add(1, 40, 220, false, kind(health.KindHealthy, false))
	add(4, 221, 500, false, kind(health.KindRegressed, false))
	add(6, 60, 300, false, func(w *world) { w.sick = map[string]bool{"100 % of region us": true, "100 % of cell ap": true} })
	pause := func(w *world) { _, _ = w.engine().Pause(w.t.Context(), production, ada) }
	resume := func(w *world) { _, _ = w.engine().Resume(w.t.Context(), production, ada) }
	add(3, 5, 90, true, pause)
	add(1, 91, 300, true, resume)
	for _, who := range []rollout.By{grace, linus} {
		add(1, 1, 250, true, func(w *world) { _, _ = w.engine().Approve(w.t.Context(), production, "", who) })
	}
	add(8, 10, 400, true, func(w *world) { _, _ = w.engine().Abort(w.t.Context(), production, ada) })
	return out
}

// timeline is what happens to production when Step is called at each multiple of
// every, or only when it said so and after commands if every is zero.
func timeline(t *testing.T, p rollout.Plan, changes []timedChange, every time.Duration) (phase rollout.Phase, effects []string, times []time.Time, steps int) {
	w := newWorld(t)
	w.plan = p
	w.start()
	over := nine.Add(14 * time.Hour)
	happened := make([]bool, len(changes))
	for at := nine; at.Before(over); {
		w.clock = at
		for i, c := range changes {
			if !happened[i] && !c.at.After(at) {
				happened[i] = true
				c.do(w)
			}
		}
		s, wake, err := w.engine().Step(t.Context(), production)
		require.NoError(t, err)
		steps++
		for _, a := range w.real.Effects(production)[len(effects):] {
			effects, times = append(effects, fmt.Sprintf("%v %s %v", a.Kind, a.Stage, a.Slices)), append(times, at)
		}
		phase = s.Rollout.Phase
		if !s.Running() {
			break
		}
		require.True(t, wake.After(at))
		if at = at.Add(every); every == 0 {
			at = wake
			for i, c := range changes {
				if c.command && !happened[i] && c.at.Before(at) {
					at = c.at
				}
			}
		}
	}
	return phase, effects, times, steps
}

// Calling Step only when it said so, and after commands, does the same to production as
// calling it all the time: nobody has to poll. What is compared is not compared to the
// minute: something that changes may be seen a Poll later, so runs in which that
// decides what happens are left out.
func TestWakeTimesAreEnough(t *testing.T) {
	t.Parallel()
	const slack = 8 * time.Minute
	plans := rapid.Custom(drawPlan)
	runs, compared, woken, polled := 10, 0, 0, 0
	if *long {
		runs = 1000
	}
	for seed := range runs {
		r := rand.New(rand.NewPCG(7, uint64(seed)))
		p := plans.Example(seed)
		p.After, p.Dependents, p.Budget, p.Previous, p.First, p.Overridable, p.RollbackGates = nil, nil, rollout.Budget{}, version("1"), false, nil, nil
		require.NoError(t, p.Validate())
		changes := drawChanges(r)
		want, effects, times, all := timeline(t, p, changes, 20*time.Second)
		points := []time.Time{freezeFrom, freezeTo}
		for _, c := range changes {
			points = append(points, c.at)
		}
		for i, at := range times {
			for _, s := range p.Stages {
				if s.MaxBake > 0 && i+1 < len(times) {
					points = append(points, at.Add(s.MaxBake))
				}
			}
		}
		tie := false
		for _, at := range times {
			for _, c := range points {
				tie = tie || c.After(at) && c.Before(at.Add(slack))
			}
		}
		if tie {
			continue
		}
		compared++
		got, same, when, few := timeline(t, p, changes, 0)
		require.Equal(t, effects, same, "seed %d: %+v", seed, p)
		require.Equal(t, want, got, "seed %d", seed)
		for i := range times {
			require.False(t, when[i].After(times[i].Add(slack)), "seed %d: effect %d: %v, not %v", seed, i, when[i], times[i])
			require.False(t, when[i].Before(times[i].Add(-20*time.Second)), "seed %d: effect %d: %v, not %v", seed, i, when[i], times[i])
		}
		woken, polled = woken+few, polled+all
	}
	require.Greater(t, compared, runs/4)
	t.Logf("%d of %d rollouts compared: %d steps instead of %d", compared, runs, woken, polled)
}
