package rollout_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
)

// whole is p as one stage of everything for release v, watched by nobody.
func whole(p rollout.Plan, v string) rollout.Plan {
	p.Release = version(v)
	p.Stages = []rollout.Stage{{Name: "all", Slices: []rollout.Slice{{Percent: 100}}, Health: rollout.HealthIgnored}}
	return p
}

// halted is a world whose rollout was halted with half of the traffic on release 2.
func halted(t *testing.T) *world {
	w := newWorld(t)
	w.plan.Stages = w.plan.Stages[1:]
	w.plan.Stages[0].Irreversible, w.plan.Stages[0].Gates = true, []string{"first"}
	w.start()
	w.step()
	w.abort()
	require.Equal(t, rollout.PhaseHalted, w.step().Rollout.Phase)
	return w
}

// What is ordered must be able to begin: nothing else could, and nothing could call
// it off.
func TestWhatCannotBeginIsNotOrdered(t *testing.T) {
	t.Parallel()
	t.Run("somebody has said since what serves", func(t *testing.T) {
		t.Parallel()
		for _, serves := range []string{"1", "7"} {
			w := halted(t)
			w.real = new(deploytest.Simulated)
			w.real.Serve(production, version(serves))
			w.deploy = w.real
			_, err := w.engine().Adopt(t.Context(), production, version(serves), ada)
			require.NoError(t, err)
			_, err = w.engine().RollForward(t.Context(), whole(w.plan, "3"), ada)
			require.ErrorIs(t, err, rollout.ErrNotRunning, "nothing stands there any more that it could take over")
			w.plan = whole(w.plan, "3")
			w.plan.Previous = version(serves)
			w.start()
			require.Equal(t, rollout.PhaseDeployed, w.step().Rollout.Phase)
		}
	})
}

// What was ordered and has not begun can be called off: nothing is too early to abort.
func TestAbortBeforeTheNextBegins(t *testing.T) {
	t.Parallel()
	w := halted(t)
	_, err := w.engine().Abort(t.Context(), production, ada)
	require.ErrorIs(t, err, rollout.ErrNotRunning)
	s, err := w.engine().RollForward(t.Context(), whole(w.plan, "3"), ada)
	require.NoError(t, err)
	require.NotNil(t, s.Next)
	for _, order := range []func() error{
		func() error { _, err := w.engine().Pause(t.Context(), production, ada); return err },
		func() error { _, err := w.engine().Start(t.Context(), whole(w.plan, "4"), ada); return err },
	} {
		require.Error(t, order())
	}
	s, err = w.engine().Abort(t.Context(), production, ada)
	require.NoError(t, err)
	require.Nil(t, s.Next)
	s = w.step()
	require.Equal(t, rollout.PhaseHalted, s.Rollout.Phase)
	require.Equal(t, version("2"), s.Rollout.Plan.Release)
	_, err = w.engine().Abort(t.Context(), production, ada)
	require.ErrorIs(t, err, rollout.ErrNotRunning)
	_, err = w.engine().RollForward(t.Context(), whole(w.plan, "3"), ada)
	require.NoError(t, err)
	require.Equal(t, rollout.PhaseDeployed, w.step().Rollout.Phase)
	w.audit()
}

// Several releases one after another take over before the deployer does what it is told:
// what serves is still the first one's, and the last one gets through.
func TestRollForwardOverWhatWasNeverObserved(t *testing.T) {
	t.Parallel()
	w := halted(t)
	w.deploy = &hurdle{Deployer: w.real, before: errBoom}
	for _, v := range []string{"3", "4", "5"} {
		_, err := w.engine().RollForward(t.Context(), whole(w.plan, v), ada)
		require.NoError(t, err)
		s := w.step()
		require.Equal(t, version(v), s.Rollout.Plan.Release)
		require.Equal(t, rollout.PhaseExposing, s.Rollout.Phase, "%v", s)
		require.True(t, s.Rollout.Base.Irreversible)
	}
	w.deploy = w.real
	_, err := w.engine().RollForward(t.Context(), whole(w.plan, "6"), ada)
	require.NoError(t, err)
	s := w.step()
	require.Equal(t, rollout.PhaseDeployed, s.Rollout.Phase, "%v", s)
	require.Equal(t, version("6"), s.Current)
	w.audit()
	// A release that is none of theirs still keeps it from beginning.
	w = halted(t)
	w.real = new(deploytest.Simulated)
	w.real.Serve(production, version("9"))
	w.deploy = w.real
	_, err = w.engine().RollForward(t.Context(), whole(w.plan, "3"), ada)
	require.NoError(t, err)
	require.Contains(t, w.step().Rollout.Drift, "another release")
}

// A release that was aborted before anybody saw it is not to blame, and may be rolled
// forward to once more.
func TestRollForwardToTheSameReleaseAgain(t *testing.T) {
	t.Parallel()
	w := halted(t)
	next := whole(w.plan, "3")
	next.Stages[0].Gates = []string{"last"}
	w.verdict["last"] = release.VerdictHold
	_, err := w.engine().RollForward(t.Context(), next, ada)
	require.NoError(t, err)
	require.Equal(t, rollout.PhaseStarting, w.step().Rollout.Phase)
	_, err = w.engine().RollForward(t.Context(), next, ada)
	require.ErrorContains(t, err, "its own place")
	w.abort()
	s := w.step()
	require.Equal(t, rollout.PhaseHalted, s.Rollout.Phase)
	_, bad := s.PoisonOf(version("3").Digest)
	require.False(t, bad)
	w.verdict["last"] = release.VerdictAllow
	_, err = w.engine().RollForward(t.Context(), next, ada)
	require.NoError(t, err)
	require.Equal(t, rollout.PhaseDeployed, w.step().Rollout.Phase)
	w.audit()
}

// Where a program that wrote the end and the next beginning one by one died in between,
// an abort calls the next one off, but not where it alone can take back what is out.
func TestAbortBetweenTwo(t *testing.T) {
	t.Parallel()
	for _, forward := range []bool{false, true} {
		w := newWorld(t)
		w.plan.Superseding = rollout.SupersedingTakeBack
		w.start()
		w.step()
		order := w.engine().Supersede
		if forward {
			order = w.engine().RollForward
		}
		_, err := order(t.Context(), whole(w.plan, "3"), ada)
		require.NoError(t, err)
		w.step()
		s := rollout.NewState(production)
		for _, r := range w.records() {
			if s, err = rollout.Reduce(s, r); r.Kind == rollout.RecordEnded {
				break
			}
			require.NoError(t, err)
		}
		require.False(t, s.Running())
		require.NotNil(t, s.Next)
		s, err = forge(t, s, rollout.RecordAborted, forgedCommand{V: 1, By: ada})
		if forward {
			require.ErrorIs(t, err, rollout.ErrNotRunning)
			continue
		}
		require.NoError(t, err)
		require.Nil(t, s.Next)
		require.Nil(t, s.Rollout.Abort, "what has ended does not change")
	}
}
