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

// onlyBack is a deployer that can do some actions, and notes which it was asked for.
type onlyBack struct {
	rollout.Deployer
	can   func(rollout.ActionKind) bool
	asked []rollout.Action
}

func (d *onlyBack) Apply(ctx context.Context, a rollout.Action) error {
	d.asked = append(d.asked, a)
	if !d.can(a.Kind) {
		return errBoom
	}
	return d.Deployer.Apply(ctx, a)
}

// An abort gets a rollout out of every phase that is no end, although no gate answers,
// health cannot be had, and nothing of the new release can be deployed any more: it
// needs the old one alone.
func TestAbortInEveryPhase(t *testing.T) {
	t.Parallel()
	none := func(rollout.ActionKind) bool { return false }
	only := func(k rollout.ActionKind) func(rollout.ActionKind) bool {
		return func(other rollout.ActionKind) bool { return other == k }
	}
	worse := health.Verdict{Kind: health.KindRegressed, Metric: "errors", Why: "worse"}
	seen := map[rollout.Phase]bool{}
	for name, c := range map[string]struct {
		phase rollout.Phase
		into  func(w *world, d *onlyBack)
		end   rollout.Phase
	}{
		"waiting for a gate": {rollout.PhaseStarting, func(w *world, d *onlyBack) {
			w.verdict["first"] = release.VerdictHold
			w.start()
		}, rollout.PhaseStopped},
		"an exposure that fails": {rollout.PhaseExposing, func(w *world, d *onlyBack) {
			d.can = none
			w.start()
		}, rollout.PhaseRolledBack},
		"baking": {rollout.PhaseBaking, func(w *world, d *onlyBack) { w.start() }, rollout.PhaseRolledBack},
		"baking and paused": {rollout.PhaseBaking, func(w *world, d *onlyBack) {
			w.start()
			w.step()
			_, err := w.engine().Pause(t.Context(), production, ada)
			require.NoError(t, err)
		}, rollout.PhaseRolledBack},
		"the watch": {rollout.PhaseBaking, func(w *world, d *onlyBack) {
			w.start()
			for range 3 {
				w.later(time.Hour)
			}
		}, rollout.PhaseRolledBack},
		"a slice that does not go": {rollout.PhaseWithdrawing, func(w *world, d *onlyBack) {
			w.plan = regions()
			w.start()
			w.later(time.Hour)
			w.later(time.Hour)
			d.can = none
			w.sick = map[string]bool{"100 % of region us": true}
		}, rollout.PhaseRolledBack},
		"slices that wait for somebody": {rollout.PhaseBaking, func(w *world, d *onlyBack) {
			w.plan = regions()
			w.start()
			w.later(time.Hour)
			w.later(time.Hour)
			w.sick = map[string]bool{"100 % of region us": true}
			require.Len(t, w.later(time.Minute).Rollout.Withdrawn, 1)
		}, rollout.PhaseRolledBack},
		"held on the way back": {rollout.PhaseRetreating, func(w *world, d *onlyBack) {
			w.plan.RollbackGates = []string{"back"}
			w.verdict["back"] = release.VerdictDeny
			w.start()
			w.step()
			w.health = worse
		}, rollout.PhaseRolledBack},
		"a rollback that fails": {rollout.PhaseRollingBack, func(w *world, d *onlyBack) {
			w.start()
			w.step()
			w.health, d.can = worse, none
		}, rollout.PhaseRolledBack},
		"giving way": {rollout.PhaseRollingBack, func(w *world, d *onlyBack) {
			w.plan.Superseding = rollout.SupersedingTakeBack
			w.start()
			w.step()
			next := w.plan
			next.Release = version("3")
			_, err := w.engine().Supersede(t.Context(), next, ada)
			require.NoError(t, err)
			d.can = none
		}, rollout.PhaseRolledBack},
		"what cannot be taken back": {rollout.PhaseBaking, func(w *world, d *onlyBack) {
			w.plan.Stages[0].Irreversible = true
			w.start()
			w.step()
			w.health = worse
		}, rollout.PhaseHalted},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d := &onlyBack{Deployer: w.real, can: func(rollout.ActionKind) bool { return true }}
			w.deploy = d
			c.into(w, d)
			s := w.later(time.Minute)
			require.Equal(t, c.phase, s.Rollout.Phase, "%v", s)
			seen[c.phase] = true

			// Nobody answers, and only the old release can be deployed.
			w.gateErr = map[string]error{"first": errBoom, "last": errBoom, "back": errBoom}
			w.hErr, w.sick = errBoom, nil
			d.can, d.asked = only(rollout.ActionRollback), nil
			s, err := w.engine().Abort(t.Context(), production, grace)
			require.NoError(t, err)
			require.NotNil(t, s.Rollout.Abort)
			for range 3 { // a deployer that failed is left alone for a while
				if s = w.step(); !s.Running() {
					break
				}
				w.clock = w.clock.Add(time.Minute)
			}
			require.Equal(t, c.end, s.Rollout.Phase, "%v", s)
			require.Equal(t, version("2"), s.Rollout.Plan.Release, "nothing takes its place")
			for _, a := range d.asked {
				require.Equal(t, rollout.ActionRollback, a.Kind)
				require.Empty(t, a.Slices)
				require.Equal(t, version("1"), a.Previous)
			}
			if c.end == rollout.PhaseRolledBack {
				require.NotEmpty(t, d.asked)
				require.Zero(t, w.serves())
				require.Equal(t, version("1"), s.Current)
			}
			w.audit()
		})
	}
	for p := rollout.PhaseStarting; p <= rollout.PhaseReplaced; p++ {
		require.Equal(t, !p.Ended(), seen[p], "%v", p)
	}
}
