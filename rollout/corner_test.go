package rollout_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// While one slice is on its way back, another one may go too, and the rest stays.
func TestASecondSliceWhileTheFirstIsOnItsWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan = regions()
	w.plan.Stages[1].MaxWithdrawn = 2
	w.start()
	w.step()
	require.Equal(t, 1, w.later(time.Hour).Rollout.Stage)
	w.deploy = &hurdle{Deployer: w.real, before: errBoom}
	w.sick = map[string]bool{"100 % of region us": true}
	s := w.later(time.Minute)
	require.Equal(t, rollout.PhaseWithdrawing, s.Rollout.Phase)
	_, err := w.engine().Resume(t.Context(), production, ada) // of the first, not of the second
	require.NoError(t, err)
	w.sick["100 % of region ap"] = true
	s = w.later(time.Minute)
	require.False(t, s.Rollout.Restore)
	require.Equal(t, rollout.PhaseWithdrawing, s.Rollout.Phase, "%v", s)
	require.Len(t, s.Rollout.Withdrawn, 2)
	w.deploy = w.real
	s = w.later(time.Minute)
	require.Equal(t, rollout.PhaseBaking, s.Rollout.Phase, "%v", s)
	require.Len(t, s.Rollout.Withdrawn, 2)
	o, err := w.real.Observe(t.Context(), production)
	require.NoError(t, err)
	require.Contains(t, o.Shares, rollout.Share{Release: version("2").Digest, Slice: rollout.Slice{Region: "eu", Percent: 100}})
	w.sick["100 % of region eu"] = true
	s = w.later(time.Minute)
	require.Equal(t, rollout.PhaseRolledBack, s.Rollout.Phase, "one more takes everything back: %v", s)
	w.audit()
}

// A budget that is overridden for a stage does not take that stage back.
func TestAnOverriddenBudgetLetsTheStageBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.Stages[0].Health, w.plan.Stages[1].Health = rollout.HealthWatched, rollout.HealthWatched
	w.plan.Budget = rollout.Budget{PercentHours: 60, OnSpent: rollout.UndecidedRollback}
	w.plan.Overridable = []string{rollout.GateBudget}
	w.verdict["first"] = release.VerdictAllow
	w.start()
	w.step()
	w.clock = w.clock.Add(2 * time.Hour)
	_, err := w.engine().Override(t.Context(), production, rollout.GateBudget, ada)
	require.NoError(t, err)
	require.Equal(t, 1, w.step().Rollout.Stage)
	s := w.later(90 * time.Minute) // 10 + 75 percent-hours
	require.Equal(t, rollout.PhaseBaking, s.Rollout.Phase, "%v", s)
	require.Equal(t, 1, s.Rollout.Stage, "the next one needs a word of its own: %v", s)
	_, err = w.engine().Override(t.Context(), production, rollout.GateBudget, ada)
	require.NoError(t, err)
	require.Equal(t, 2, w.step().Rollout.Stage)
	w.audit()
}

// A host whose clock was ahead leaves a time in the stream that is still to come. Those
// whose clocks are right look on, at each poll and not at each moment.
func TestAClockThatWasAheadDoesNotBlindTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.step()
	w.clock = nine.Add(48 * time.Hour)
	w.health = health.Verdict{Kind: health.KindUndecided}
	w.step()
	w.clock = nine.Add(time.Minute)
	s, wake, err := w.engine().Step(t.Context(), production)
	require.NoError(t, err)
	require.Equal(t, nine.Add(48*time.Hour), s.At)
	require.Equal(t, w.clock.Add(15*time.Second), wake)
	w.clock = wake
	w.health = health.Verdict{Kind: health.KindRegressed}
	require.Equal(t, rollout.PhaseRolledBack, w.step().Rollout.Phase)
	w.audit()
}

// A verdict about no slice, in a record that somebody forged.
func TestAVerdictAboutNoSliceIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan = regions()
	w.start()
	w.step()
	w.later(time.Hour)
	recs := w.records()
	s, err := rollout.Replay(production, recs)
	require.NoError(t, err)
	bad := forgedFacts{V: 1, Facts: rollout.Facts{Slices: []rollout.HealthAnswer{{Verdict: health.Verdict{Kind: health.KindRegressed}}}}}
	require.NotPanics(t, func() {
		_, err = forge(t, s, rollout.RecordFacts, bad)
		require.Error(t, err)
		_, err = rollout.Decide(s, rollout.Facts{Now: w.clock, Slices: bad.Slices})
	})
	require.Error(t, err)
}

// An override that has no effect is refused: whoever gave it would count on it.
func TestAnOverrideOfNothingIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.Overridable = []string{"last", rollout.GateCalendar, rollout.GateDependents, rollout.GateApprovals, rollout.GateBudget}
	w.start()
	w.step()
	refused := func(gate string) {
		_, err := w.engine().Override(t.Context(), production, gate, ada)
		require.Error(t, err, gate)
	}
	refused("last") // it is asked before the stage after the next
	refused(rollout.GateDependents)
	for _, gate := range []string{rollout.GateCalendar, rollout.GateApprovals, rollout.GateBudget} {
		refused(gate) // the plan has none
	}
	w.later(time.Hour)
	_, err := w.engine().Override(t.Context(), production, "last", ada)
	require.NoError(t, err)
	require.Equal(t, 2, w.later(time.Hour).Rollout.Stage)
	refused("last") // no stage comes next
}

// Whom an overridden gate or a skipped bake does not keep is not slept on.
func TestWakeTimesOfWhatWasLifted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.Stages[0].Approvals, w.plan.Overridable = 1, []string{"first"}
	w.verdict["first"], w.retry = release.VerdictHold, map[string]time.Time{"first": nine.Add(60 * time.Hour)}
	w.start()
	_, err := w.engine().Override(t.Context(), production, "first", ada)
	require.NoError(t, err)
	_, wake, err := w.engine().Step(t.Context(), production)
	require.NoError(t, err)
	require.Equal(t, nine.Add(15*time.Second), wake)

	w = newWorld(t)
	w.plan.Stages[0].Health = rollout.HealthIgnored
	w.start()
	w.step()
	w.deploy = unsettled{w.real}
	_, err = w.engine().Skip(t.Context(), production, ada)
	require.NoError(t, err)
	_, wake, err = w.engine().Step(t.Context(), production)
	require.NoError(t, err)
	require.Equal(t, nine.Add(15*time.Second), wake)
}

// A dependent that stays is decided on by people, also where another gate on the way back
// had denied first: no time that goes by goes through it.
func TestADependentThatStaysIsHeldAfterAnotherGate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.Dependents, w.plan.RollbackGates = []rollout.Target{web}, []string{"back"}
	w.verdict["back"] = release.VerdictDeny
	w.start()
	w.step()
	w.health = health.Verdict{Kind: health.KindRegressed, Why: "worse"}
	s := w.later(time.Minute)
	require.Equal(t, "back", s.Rollout.Held.Why.Subject)
	answer := func(after time.Duration, dependents release.Verdict) {
		f := rollout.Facts{Now: nine.Add(after), Actor: ada.Actor.ID}
		for name, v := range map[string]release.Verdict{rollout.GateDependents: dependents, "back": release.VerdictAllow} {
			f.Gates = append(f.Gates, rollout.GateAnswer{Gate: name, Result: rollout.GateResult{Verdict: v, Reason: release.Reason{Text: "so"}}})
		}
		if f.Gates[0].Gate == "back" {
			f.Gates[0], f.Gates[1] = f.Gates[1], f.Gates[0]
		}
		d, err := rollout.Decide(s, f)
		require.NoError(t, err)
		for _, e := range d.Entries {
			s, err = rollout.Reduce(s, journal.Seal(s.Head, e))
			require.NoError(t, err)
		}
	}
	answer(2*time.Minute, release.VerdictDeny)
	require.Equal(t, rollout.GateDependents, s.Rollout.Held.Why.Subject)
	_, err := forge(t, s, rollout.RecordHeld, struct {
		V int `json:"v"`
		rollout.Held
	}{1, rollout.Held{Cause: s.Rollout.Cause, Why: release.Reason{Code: "rollout/gate-deny", Subject: "back"}}})
	require.ErrorContains(t, err, "is not held")
	seq := s.Head.Seq
	answer(3*time.Minute, release.VerdictDeny)
	require.Equal(t, seq, s.Head.Seq, "held once")
	answer(5*time.Hour, release.VerdictHold)
	require.Equal(t, rollout.PhaseRetreating, s.Rollout.Phase)
	answer(6*time.Hour, release.VerdictAllow)
	require.Equal(t, rollout.PhaseRollingBack, s.Rollout.Phase)
}

// What keeps an exposure from being tried again is what it waits for, and not the
// deployer that failed before.
func TestWhatAFailedExposureWaitsFor(t *testing.T) {
	t.Parallel()
	failed := func(set func(w *world)) *world {
		w := newWorld(t)
		set(w)
		w.start()
		w.step()
		w.deploy = &hurdle{Deployer: w.real, before: errBoom}
		s := w.later(time.Hour)
		require.Equal(t, rollout.PhaseExposing, s.Rollout.Phase)
		require.Equal(t, "rollout/waiting-deployer", s.Rollout.Waiting().Code)
		w.deploy = w.real
		return w
	}
	w := failed(func(w *world) { w.plan.Budget.PercentHours = 60 })
	s := w.later(2 * time.Hour)
	require.Equal(t, rollout.PhaseExposing, s.Rollout.Phase)
	require.Equal(t, rollout.GateBudget, s.Rollout.Waiting().Subject, "%v", s)
	w = failed(func(w *world) {})
	w.verdict["first"] = release.VerdictHold
	s = w.later(time.Hour)
	require.Equal(t, "first", s.Rollout.Waiting().Subject, "%v", s)
	w = failed(func(w *world) {})
	_, err := w.engine().Pause(t.Context(), production, ada)
	require.NoError(t, err)
	require.Equal(t, "rollout/waiting-resume", w.later(time.Hour).Rollout.Waiting().Code)
}

// A budget that was overridden before it is spent takes nothing back either.
func TestABudgetOverriddenInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.Stages[0].Health, w.plan.Budget = rollout.HealthWatched, rollout.Budget{PercentHours: 60, OnSpent: rollout.UndecidedRollback}
	w.plan.Overridable = []string{rollout.GateBudget}
	w.start()
	w.step()
	_, err := w.engine().Override(t.Context(), production, rollout.GateBudget, ada)
	require.NoError(t, err)
	w.verdict["first"] = release.VerdictHold
	require.Equal(t, rollout.PhaseBaking, w.later(13*time.Hour).Rollout.Phase)
	w.verdict["first"] = release.VerdictAllow
	require.Equal(t, 1, w.later(time.Minute).Rollout.Stage)
}

// An exposure that was ordered before the engine held the rollout is not tried again
// until somebody resumes.
func TestWhatIsHeldIsNotExposedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.Stages[1].Irreversible, w.plan.Stages[1].Gates = true, []string{"last"}
	w.start()
	w.step()
	w.deploy = &hurdle{Deployer: w.real, before: errBoom}
	require.Equal(t, rollout.PhaseExposing, w.later(time.Hour).Rollout.Phase)
	w.health = health.Verdict{Kind: health.KindRegressed, Why: "worse"}
	require.NotNil(t, w.later(time.Minute).Rollout.Held)
	w.health, w.deploy = health.Verdict{Kind: health.KindHealthy}, w.real
	require.Equal(t, rollout.PhaseExposing, w.later(time.Hour).Rollout.Phase)
	require.InDelta(t, 5, w.serves(), 0)
	_, err := w.engine().Resume(t.Context(), production, ada)
	require.NoError(t, err)
	require.Equal(t, 1, w.step().Rollout.Stage)
	w.audit()
}
