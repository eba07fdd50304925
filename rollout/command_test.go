package rollout_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/calendar"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

var (
	grace = rollout.By{Actor: release.Actor{Kind: release.ActorHuman, ID: "github:grace"}, Reason: "read it"}
	linus = rollout.By{Actor: release.Actor{Kind: release.ActorHuman, ID: "github:linus"}, Reason: "read it too"}
)

// regions is a plan whose second stage has three regions side by side.
func regions() rollout.Plan {
	region := func(name string, percent float64) rollout.Slice { return rollout.Slice{Region: name, Percent: percent} }
	return rollout.Plan{Target: production, Release: version("2"), Previous: version("1"), Stages: []rollout.Stage{
		{Name: "one", Slices: []rollout.Slice{region("eu", 10)}, Percent: 3, MinBake: time.Hour},
		{Name: "wave", Slices: []rollout.Slice{region("eu", 100), region("us", 100), region("ap", 100)}, Percent: 80, MinBake: time.Hour,
			PerSlice: true, MaxWithdrawn: 1},
		{Name: "all", Slices: []rollout.Slice{region("eu", 100), region("us", 100), region("ap", 100), region("af", 100)}, Percent: 100, MinBake: time.Hour,
			Health: rollout.HealthWatched},
	}}
}

func TestPartialRollback(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan = regions()
	w.start()
	w.step()
	require.Equal(t, 1, w.later(time.Hour).Rollout.Stage)
	w.sick = map[string]bool{"100 % of region us": true}
	s := w.later(time.Minute)
	require.Equal(t, rollout.PhaseBaking, s.Rollout.Phase)
	require.Len(t, s.Rollout.Withdrawn, 1)
	require.Equal(t, "us", s.Rollout.Withdrawn[0].Slice.Region)
	o, err := w.real.Observe(t.Context(), production)
	require.NoError(t, err)
	require.Contains(t, o.Shares, rollout.Share{Release: version("2").Digest, Slice: rollout.Slice{Region: "eu", Percent: 100}})
	require.NotContains(t, o.Shares, rollout.Share{Release: version("2").Digest, Slice: rollout.Slice{Region: "us", Percent: 100}})
	s = w.later(2 * time.Hour)
	require.Equal(t, 1, s.Rollout.Stage, "it waits for somebody: %v", s)
	require.Equal(t, "rollout/waiting-resume", s.Rollout.Waiting().Code)
	w.sick = nil
	_, err = w.engine().Resume(t.Context(), production, ada)
	require.NoError(t, err)
	s = w.step()
	require.Equal(t, rollout.PhaseBaking, s.Rollout.Phase)
	require.Empty(t, s.Rollout.Withdrawn, "%v", s)
	s = w.later(time.Hour)
	require.Equal(t, 2, s.Rollout.Stage, "%v", s)
	s = w.later(time.Hour)
	require.Equal(t, rollout.PhaseDeployed, s.Rollout.Phase, "%v", s)
	require.Equal(t, version("2"), s.LastKnownGood)
	require.Contains(t, w.audit(), release.EventWithdrawn)
}

func TestOneSliceTooManyTakesAllBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan = regions()
	w.start()
	w.step()
	w.later(time.Hour)
	w.sick = map[string]bool{"100 % of region us": true}
	w.later(time.Minute)
	w.sick["100 % of region ap"] = true
	s := w.later(time.Minute)
	require.Equal(t, rollout.PhaseRolledBack, s.Rollout.Phase, "%v", s)
	w.audit()
}

func TestIrreversibleHoldsAndHalts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.Stages[1].Irreversible, w.plan.Stages[1].Approvals = true, 1
	w.plan.Overridable = []string{rollout.GateHealth}
	w.start()
	w.step()
	require.Equal(t, 0, w.later(time.Hour).Rollout.Stage)
	_, err := w.engine().Approve(t.Context(), production, "half", ada)
	require.ErrorIs(t, err, rollout.ErrNotApprover)
	_, err = w.engine().Approve(t.Context(), production, "half", grace)
	require.NoError(t, err)
	require.Equal(t, 1, w.step().Rollout.Stage)
	w.health = health.Verdict{Kind: health.KindRegressed, Metric: "errors", Why: "worse"}
	s := w.later(time.Minute)
	require.NotNil(t, s.Rollout.Held)
	require.Equal(t, rollout.PhaseBaking, s.Rollout.Phase)
	require.InDelta(t, 50, w.serves(), 0)
	_, err = w.engine().Supersede(t.Context(), w.plan, ada)
	require.Error(t, err)
	w.abort()
	s = w.step()
	require.Equal(t, rollout.PhaseHalted, s.Rollout.Phase)
	require.False(t, s.Known)
	_, bad := s.PoisonOf(version("2").Digest)
	require.True(t, bad)
	// The way out of it.
	next := w.plan
	next.Release = version("3")
	_, err = w.engine().RollForward(t.Context(), next, ada)
	require.ErrorContains(t, err, "must cover")
	next.Stages = next.Stages[1:]
	next.Stages[0].Gates = []string{"first"}
	w.health = health.Verdict{Kind: health.KindHealthy}
	_, err = w.engine().RollForward(t.Context(), next, ada)
	require.NoError(t, err)
	w.plan = next
	s = w.step()
	require.Equal(t, rollout.PhaseStarting, s.Rollout.Phase)
	_, err = w.engine().Approve(t.Context(), production, "", grace)
	require.NoError(t, err)
	s = w.step()
	require.Equal(t, rollout.PhaseBaking, s.Rollout.Phase, "%v", s)
	w.later(time.Hour)
	s = w.later(time.Hour)
	require.Equal(t, rollout.PhaseDeployed, s.Rollout.Phase, "%v", s)
	require.Equal(t, version("3"), s.Current)
	require.Contains(t, w.audit(), release.EventHalted)
}

func TestRollForwardWhileItRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.step()
	next := w.plan
	next.Release = version("3")
	_, err := w.engine().RollForward(t.Context(), next, ada)
	require.NoError(t, err)
	w.plan = next
	s := w.step()
	require.Equal(t, rollout.PhaseBaking, s.Rollout.Phase, "%v", s)
	require.Equal(t, version("3"), s.Rollout.Plan.Release)
	require.InDelta(t, 5, w.serves(), 0)
	require.Contains(t, w.audit(), release.EventReplaced)
	_, bad := s.PoisonOf(version("2").Digest)
	require.True(t, bad)
}

func TestSupersede(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.Superseding = rollout.SupersedingTakeBack
	w.start()
	w.step()
	next := w.plan
	next.Release = version("3")
	_, err := w.engine().Start(t.Context(), next, ada)
	require.ErrorIs(t, err, rollout.ErrBusy)
	_, err = w.engine().Supersede(t.Context(), next, ada)
	require.NoError(t, err)
	w.plan = next
	s := w.step()
	require.Equal(t, rollout.PhaseBaking, s.Rollout.Phase, "%v", s)
	require.Equal(t, version("3"), s.Rollout.Plan.Release)
	require.Empty(t, s.Poisoned)
	require.Equal(t, []release.EventKind{release.EventStarted, release.EventExposed, release.EventRolledBack, release.EventStarted, release.EventExposed}, w.audit())
}

func TestRollbackGate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.RollbackGates, w.plan.Overridable = []string{"back"}, []string{"back"}
	w.verdict["back"] = release.VerdictDeny
	w.start()
	w.step()
	w.health = health.Verdict{Kind: health.KindRegressed, Metric: "errors", Why: "worse"}
	s := w.later(time.Minute)
	require.Equal(t, rollout.PhaseRetreating, s.Rollout.Phase)
	require.NotNil(t, s.Rollout.Held)
	require.InDelta(t, 5, w.serves(), 0)
	_, err := w.engine().Resume(t.Context(), production, ada)
	require.Error(t, err)
	_, err = w.engine().Override(t.Context(), production, "back", ada)
	require.NoError(t, err)
	s = w.step()
	require.Equal(t, rollout.PhaseRolledBack, s.Rollout.Phase)
	require.Equal(t, []release.EventKind{release.EventStarted, release.EventExposed, release.EventRegressed, release.EventRolledBack}, w.audit())
}

func TestAbortGoesThroughARollbackGate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.RollbackGates = []string{"back"}
	w.verdict["back"] = release.VerdictDeny
	w.start()
	w.step()
	w.abort()
	require.Equal(t, rollout.PhaseRolledBack, w.step().Rollout.Phase)
	w.audit()
}

func TestSkipAndOverride(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.Overridable = []string{"last", rollout.GateHealth}
	w.verdict["last"] = release.VerdictHold
	w.health = health.Verdict{Kind: health.KindUndecided}
	w.start()
	w.step()
	_, err := w.engine().Skip(t.Context(), production, ada)
	require.NoError(t, err)
	require.Equal(t, 1, w.step().Rollout.Stage)
	require.Equal(t, 1, w.later(2*time.Hour).Rollout.Stage)
	_, err = w.engine().Override(t.Context(), production, rollout.GateHealth, ada)
	require.NoError(t, err)
	require.Equal(t, 1, w.step().Rollout.Stage, "the gate holds")
	_, err = w.engine().Override(t.Context(), production, "first", ada)
	require.Error(t, err)
	_, err = w.engine().Override(t.Context(), production, "last", ada)
	require.NoError(t, err)
	require.Equal(t, 2, w.step().Rollout.Stage)
	_, err = w.engine().Skip(t.Context(), production, ada)
	require.NoError(t, err)
	s := w.step()
	require.Equal(t, rollout.PhaseDeployed, s.Rollout.Phase, "%v", s)
	require.True(t, s.LastKnownGood.IsZero())
	w.audit()
}

func TestCalendarAndBudget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.Calendar = &calendar.Calendar{Zone: "UTC", Freezes: []calendar.Freeze{{Name: "fair", From: "2026-11-23T09:30", To: "2026-11-23T12:00"}}}
	w.plan.Budget = rollout.Budget{PercentHours: 66, OnSpent: rollout.UndecidedRollback}
	w.start()
	require.Equal(t, 0, w.step().Rollout.Stage)
	s := w.later(time.Hour)
	require.Equal(t, 0, s.Rollout.Stage)
	require.Contains(t, s.String(), "fair")
	require.InDelta(t, 5, s.Rollout.Exposed(w.clock), 1e-9)
	s = w.later(2 * time.Hour)
	require.Equal(t, 1, s.Rollout.Stage, "%v", s)
	w.health = health.Verdict{Kind: health.KindUndecided}
	w.later(time.Hour)
	s = w.later(2 * time.Minute)
	require.Equal(t, rollout.PhaseRolledBack, s.Rollout.Phase, "%v", s)
	require.Equal(t, "rollout/budget-spent", s.Rollout.Cause.Code)
	w.audit()
}

func TestDependency(t *testing.T) {
	t.Parallel()
	web := rollout.Target{Service: "web", Environment: "production"}
	webRef := func(v string) release.Ref {
		return release.Ref{Service: "web", Version: v, Digest: release.DigestOf([]byte("web " + v))}
	}
	w := newWorld(t)
	w.plan.Dependents = []rollout.Target{web}
	w.real.Serve(web, webRef("1"))
	consumer := rollout.Plan{Target: web, Release: webRef("2"), Previous: webRef("1"), After: []rollout.Dependency{{Target: production, Release: version("2"), Stage: "half"}},
		Stages: []rollout.Stage{{Name: "all", Slices: []rollout.Slice{{Percent: 100}}, MinBake: 10 * time.Hour, Health: rollout.HealthIgnored}}}
	_, err := w.engine().Start(t.Context(), consumer, ada)
	require.NoError(t, err)
	stepWeb := func() rollout.State {
		s, _, err := w.engine().Step(t.Context(), web)
		require.NoError(t, err)
		return s
	}
	require.Equal(t, rollout.PhaseStarting, stepWeb().Rollout.Phase)
	w.start()
	w.step()
	require.Equal(t, rollout.PhaseStarting, stepWeb().Rollout.Phase, "half is not exposed")
	w.later(time.Hour)
	require.Equal(t, rollout.PhaseBaking, stepWeb().Rollout.Phase)
	w.health = health.Verdict{Kind: health.KindRegressed, Metric: "errors", Why: "worse"}
	s := w.later(time.Minute)
	require.Equal(t, rollout.PhaseRetreating, s.Rollout.Phase)
	require.InDelta(t, 50, w.serves(), 0)
	require.Equal(t, rollout.PhaseRolledBack, stepWeb().Rollout.Phase)
	s = w.step()
	require.Equal(t, rollout.PhaseRolledBack, s.Rollout.Phase)
	w.audit()
}

func TestAnOverriddenRegressionStaysAndDoesNotWiden(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.Overridable = []string{rollout.GateHealth}
	w.start()
	w.step()
	_, err := w.engine().Override(t.Context(), production, rollout.GateHealth, ada)
	require.NoError(t, err)
	w.health = health.Verdict{Kind: health.KindRegressed, Metric: "errors", Why: "worse"}
	s := w.later(2 * time.Hour)
	require.Equal(t, 0, s.Rollout.Stage, "%v", s)
	require.Equal(t, rollout.PhaseBaking, s.Rollout.Phase)
	w.health = health.Verdict{Kind: health.KindUndecided}
	require.Equal(t, 1, w.later(time.Minute).Rollout.Stage)
	w.audit()
}

// A calendar is asked before each stage but those that may be exposed at any time.
func TestAnyTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.Calendar = &calendar.Calendar{Zone: "UTC", Freezes: []calendar.Freeze{{Name: "fair", From: "2026-11-23T00:00", To: "2026-11-24T00:00"}}}
	w.plan.Stages[0].AnyTime = true
	w.start()
	require.Equal(t, 0, w.step().Rollout.Stage)
	s := w.later(2 * time.Hour)
	require.Equal(t, 0, s.Rollout.Stage, "the next one may not: %v", s)
	require.Equal(t, rollout.GateCalendar, s.Rollout.Waiting().Subject)
	w.clock = nine.Add(15 * time.Hour)
	require.Equal(t, 1, w.step().Rollout.Stage, "the freeze is over")
	w.audit()
}

// What was good once and was then rolled back is known to be bad.
func TestAPoisonedReleaseIsNotTheLastKnownGoodOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	through := func(v, previous string, skip bool) rollout.State {
		w.plan.Release, w.plan.Previous = version(v), version(previous)
		w.start()
		s := w.step()
		for range 3 {
			if skip && s.Rollout.Stage == 2 {
				_, err := w.engine().Skip(t.Context(), production, ada)
				require.NoError(t, err)
			}
			s = w.later(time.Hour)
		}
		require.Equal(t, rollout.PhaseDeployed, s.Rollout.Phase, "%v", s)
		return s
	}
	require.Equal(t, version("2"), through("2", "1", false).LastKnownGood)
	require.Equal(t, version("2"), through("3", "2", true).LastKnownGood, "nobody watched 3")
	w.plan.Release, w.plan.Previous = version("2"), version("3")
	w.start()
	w.step()
	w.health = health.Verdict{Kind: health.KindRegressed, Metric: "errors", Why: "worse"}
	s := w.later(time.Minute)
	require.Equal(t, rollout.PhaseRolledBack, s.Rollout.Phase)
	require.Zero(t, s.LastKnownGood)
	require.Zero(t, s.GoodSince)
	w.audit()
}

// Time promotes nothing: what is undecided, or has no data, at MaxBake and long after is
// held, or goes back where the plan says so.
func TestTimeAlonePromotesNothing(t *testing.T) {
	t.Parallel()
	undecided, silent := health.Verdict{Kind: health.KindUndecided}, health.Verdict{Kind: health.KindUndecided, NoData: true}
	for name, c := range map[string]struct {
		says         health.Verdict
		err          error
		then, noData rollout.OnUndecided
		end          rollout.Phase
	}{
		"undecided, by default":            {says: undecided, end: rollout.PhaseBaking},
		"undecided, hold":                  {says: undecided, then: rollout.UndecidedHold, noData: rollout.UndecidedRollback, end: rollout.PhaseBaking},
		"undecided, rollback":              {says: undecided, then: rollout.UndecidedRollback, noData: rollout.UndecidedHold, end: rollout.PhaseRolledBack},
		"no data, by default":              {says: silent, end: rollout.PhaseBaking},
		"no data, as undecided":            {says: silent, then: rollout.UndecidedRollback, end: rollout.PhaseRolledBack},
		"no data, hold":                    {says: silent, then: rollout.UndecidedRollback, noData: rollout.UndecidedHold, end: rollout.PhaseBaking},
		"no data, rollback":                {says: silent, then: rollout.UndecidedHold, noData: rollout.UndecidedRollback, end: rollout.PhaseRolledBack},
		"an outage of health, by default":  {err: errBoom, end: rollout.PhaseBaking},
		"an outage of health, is no data":  {err: errBoom, noData: rollout.UndecidedRollback, end: rollout.PhaseRolledBack},
		"an outage of health, not decided": {err: errBoom, then: rollout.UndecidedRollback, noData: rollout.UndecidedHold, end: rollout.PhaseBaking},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.plan.Stages[0].MaxBake, w.plan.Stages[0].OnUndecided, w.plan.Stages[0].OnNoData = 2*time.Hour, c.then, c.noData
			w.health, w.hErr = c.says, c.err
			w.start()
			w.step()
			require.Equal(t, rollout.PhaseBaking, w.later(2*time.Hour-time.Second).Rollout.Phase, "not before MaxBake")
			s := w.later(time.Second)
			for range 3 {
				require.Equal(t, c.end, s.Rollout.Phase, "%v", s)
				require.Equal(t, 0, s.Rollout.Widest)
				s = w.later(40 * time.Hour)
			}
			w.audit()
		})
	}
}

// Only a watch that somebody kept makes a release the last known good one.
func TestTheWatchMakesTheLastKnownGood(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		plan  func(last *rollout.Stage)
		watch func(w *world) error // at the beginning of the watch
		good  bool
	}{
		"watched":             {good: true},
		"certified":           {plan: func(last *rollout.Stage) { last.Health = rollout.HealthRequired }, good: true},
		"nobody looked":       {plan: func(last *rollout.Stage) { last.Health = rollout.HealthIgnored }},
		"there was no time":   {plan: func(last *rollout.Stage) { last.MinBake = 0 }},
		"paused and resumed":  {watch: func(w *world) error { return errors.Join(w.pause(), w.resume()) }, good: true},
		"somebody skipped it": {watch: func(w *world) error { _, err := w.engine().Skip(t.Context(), production, ada); return err }},
		"somebody overrode health": {watch: func(w *world) error {
			_, err := w.engine().Override(t.Context(), production, rollout.GateHealth, ada)
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.plan.Overridable = []string{rollout.GateHealth}
			if c.plan != nil {
				c.plan(&w.plan.Stages[2])
			}
			w.start()
			w.step()
			w.later(time.Hour)
			s := w.later(time.Hour)
			if c.watch != nil {
				require.Equal(t, 2, s.Rollout.Stage)
				require.NoError(t, c.watch(w))
			}
			s = w.later(time.Hour)
			require.Equal(t, rollout.PhaseDeployed, s.Rollout.Phase, "%v", s)
			require.Equal(t, c.good, s.LastKnownGood == version("2"), "%v", s.LastKnownGood)
			require.Equal(t, c.good, !s.GoodSince.IsZero())
			w.audit()
		})
	}
}

func (w *world) pause() error {
	_, err := w.engine().Pause(w.t.Context(), w.plan.Target, ada)
	return err
}

func (w *world) resume() error {
	_, err := w.engine().Resume(w.t.Context(), w.plan.Target, ada)
	return err
}

// How health is judged is a part of the plan, and of its digest.
func TestThePlansHealthPolicy(t *testing.T) {
	t.Parallel()
	p := plan3()
	without, err := p.Digest()
	require.NoError(t, err)
	p.Health = &health.Policy{Metrics: []health.Metric{{Name: "errors"}}}
	require.NoError(t, p.Validate())
	with, err := p.Digest()
	require.NoError(t, err)
	require.NotEqual(t, without, with)
	p.Health = &health.Policy{Alpha: 2}
	err = p.Validate()
	require.ErrorContains(t, err, "rollout: health: policy: alpha 2 is not between")
	require.ErrorContains(t, err, "rollout: health: policy: no metrics")
}
