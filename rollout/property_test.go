package rollout_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// Whatever happens in whatever order, production widens only when everything that
// must hold holds at that moment, and never stays exposed after a rollback.
func TestProductionWidensOnlyWhenItMay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		w.start()
		percents := []float64{0, 5, 50, 100}
		stage := 0                // how many stages production shows
		var since, high time.Time // when the widest was first seen; the latest clock
		paused, aborted := false, false
		by := ada

		step := func(rt *rapid.T) {
			if w.clock.After(high) {
				high = w.clock
			}
			before, err := w.engine().State(t.Context(), production)
			require.NoError(rt, err)
			s, _, err := w.engine().Step(t.Context(), production)
			require.NoError(rt, err)
			got := w.serves()
			for stage+1 < len(percents) && got >= percents[stage+1] {
				require.True(rt, before.Running())
				require.False(rt, paused || aborted, "widened although paused or aborted")
				require.Equal(rt, release.VerdictAllow, w.verdict["first"])
				if stage+1 == 3 {
					require.Equal(rt, release.VerdictAllow, w.verdict["last"])
				}
				if stage > 0 {
					require.False(rt, high.Before(since.Add(time.Hour)), "baked too little")
					require.Equal(rt, health.KindHealthy, w.health.Kind)
					require.NoError(rt, w.hErr)
				}
				stage++
				since = high
			}
			_, broken := w.deploy.(*hurdle)
			switch {
			case broken || !before.Running():
			case s.Rollout.Pending != nil && s.Rollout.Pending.NotBefore.After(w.clock): // tried again later
			case aborted:
				require.True(rt, s.Rollout.Phase == rollout.PhaseRolledBack || s.Rollout.Phase == rollout.PhaseStopped)
			case stage > 0 && w.health.Kind == health.KindRegressed && w.hErr == nil:
				require.Equal(rt, rollout.PhaseRolledBack, s.Rollout.Phase)
			}
			switch s.Rollout.Phase {
			case rollout.PhaseRolledBack, rollout.PhaseStopped:
				require.Zero(rt, got)
			case rollout.PhaseDeployed:
				require.Equal(rt, 100., got)
			}
		}
		verdict := rapid.SampledFrom([]release.Verdict{release.VerdictAllow, release.VerdictAllow, release.VerdictAllow, release.VerdictHold, release.VerdictUnknown, release.VerdictDeny})
		rt.Repeat(map[string]func(*rapid.T){
			"step":  step,
			"step2": step,
			"later": func(rt *rapid.T) {
				w.clock = w.clock.Add(time.Duration(rapid.IntRange(-10, 90).Draw(rt, "minutes")) * time.Minute)
			},
			"gates": func(rt *rapid.T) {
				w.verdict["first"], w.verdict["last"] = verdict.Draw(rt, "first"), verdict.Draw(rt, "last")
			},
			"health": func(rt *rapid.T) {
				w.health.Kind = rapid.SampledFrom([]health.Kind{health.KindHealthy, health.KindHealthy, health.KindHealthy, health.KindUndecided, health.KindInvalid, health.KindRegressed}).Draw(rt, "kind")
				w.hErr = rapid.SampledFrom([]error{nil, nil, errBoom}).Draw(rt, "error")
			},
			"deployer": func(rt *rapid.T) {
				w.deploy = w.real
				switch rapid.IntRange(0, 4).Draw(rt, "how") {
				case 0:
					w.deploy = &hurdle{Deployer: w.real, before: errBoom}
				case 1:
					w.deploy = &hurdle{Deployer: w.real, blind: true}
				}
			},
			"pause": func(rt *rapid.T) {
				if _, err := w.engine().Pause(t.Context(), production, by); err == nil {
					paused = true
				}
			},
			"resume": func(rt *rapid.T) {
				if _, err := w.engine().Resume(t.Context(), production, by); err == nil {
					paused = false
				}
			},
			"abort": func(rt *rapid.T) {
				if rapid.IntRange(0, 3).Draw(rt, "really") == 0 {
					if _, err := w.engine().Abort(t.Context(), production, by); err == nil {
						aborted = true
					}
				}
			},
		})
		w.audit()
	})
}
