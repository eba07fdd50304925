package rollout_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// A host may ask more than Ask says, and earlier: no answer shortens the bake.
func TestTheBestAnswersDoNotShortenTheBake(t *testing.T) {
	t.Parallel()
	w, s := at(t, 0)
	for early, want := range map[time.Duration]int{time.Hour: 0, time.Nanosecond: 0, 0: 2} {
		f := answers(s)
		f.Now = w.clock.Add(-early)
		d, err := rollout.Decide(s, f)
		require.NoError(t, err)
		if want == 0 {
			require.Nil(t, d.Apply, "%v early", early)
			for _, e := range d.Entries {
				require.Equal(t, rollout.RecordFacts, e.Kind)
			}
			continue
		}
		require.Len(t, d.Entries, want)
		require.Equal(t, "expose stage half", d.Entries[1].Reason)
		require.Equal(t, "half", d.Apply.Stage)
		require.Equal(t, f.Now, d.WakeAt, "what was applied is looked at at once")
	}
}

// Each answer alone, if it is not the best, keeps the stage from being left: the
// last one too, which opens nothing and yet says that the release is deployed.
func TestEveryAnswerMustBeTheBest(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*rollout.Facts){
		"production was not looked at": func(f *rollout.Facts) { f.Observed = nil },
		"production was not seen":      func(f *rollout.Facts) { f.Observed.Error = "boom" },
		"production is not settled":    func(f *rollout.Facts) { f.Observed.Settled = false },
		"production has another fence": func(f *rollout.Facts) { f.Observed.Fence += 2 },
		"production serves another": func(f *rollout.Facts) {
			f.Observed.Shares = []rollout.Share{{Release: version("9").Digest, Slice: rollout.Slice{Percent: 100}}}
		},
		"health was not asked": func(f *rollout.Facts) { f.Health = nil },
		"health failed":        func(f *rollout.Facts) { f.Health.Error = "boom" },
		"health has no data":   func(f *rollout.Facts) { f.Health.Verdict.NoData = true },
		"health is invalid":    func(f *rollout.Facts) { f.Health.Verdict.Kind = health.KindInvalid },
	} {
		for stage := -1; stage < 3; stage++ {
			if stage < 0 && strings.HasPrefix(name, "health") {
				continue // nothing is exposed that could be healthy
			}
			_, s := at(t, stage)
			s.At = s.At.Add(time.Hour)
			f := answers(s)
			edit(&f)
			d, err := rollout.Decide(s, f)
			require.NoError(t, err)
			require.Nil(t, d.Apply, "%s, stage %d", name, stage)
			require.LessOrEqual(t, len(d.Entries), 1, "%s, stage %d", name, stage)
		}
	}
}

// The same moment gives the same bytes, in whatever zone and of whatever clock.
func TestTheSameMomentGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	w, s := at(t, 0)
	f := answers(s)
	f.Now = w.clock
	want, err := rollout.Decide(s, f)
	require.NoError(t, err)
	f.Now = w.clock.In(time.FixedZone("east", 3600))
	got, err := rollout.Decide(s, f)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// An attempt of which nothing is known but that it returned is neither a failure
// nor done.
func TestAppliedAndNotLookedAt(t *testing.T) {
	t.Parallel()
	_, s := at(t, 0)
	s = pending(t, s, 1)
	d, err := rollout.Decide(s, rollout.Facts{Now: s.At, Actor: "service:x", Applied: &rollout.Applied{Fence: s.Rollout.Pending.Action.Fence}})
	require.NoError(t, err)
	require.Empty(t, d.Entries)
	require.Nil(t, d.Apply)
	require.Equal(t, s.At.Add(15*time.Second), d.WakeAt)
}

// What is applied and cannot be seen counts as a failure: it is tried again, ever
// more slowly.
func TestWhatCannotBeSeenIsAFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deploy = &hurdle{Deployer: w.real, blind: true}
	w.start()
	s := w.step()
	require.Equal(t, 1, s.Rollout.Pending.Failures)
	require.Equal(t, "boom", s.Rollout.Pending.Error)
	require.Equal(t, nine.Add(time.Second), s.Rollout.Pending.NotBefore)
}

// Production that someone else changed is recorded, and so is that it is right
// again, though neither decides anything.
func TestDriftIsRecordedAndForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.step()
	w.health = health.Verdict{Kind: health.KindUndecided}
	s := w.later(time.Minute)
	require.Nil(t, s.Rollout.Facts.Observed)
	require.Empty(t, s.Rollout.Drift, "where nobody looked, nothing was seen")
	w.clock, w.health, w.verdict["first"] = nine.Add(time.Hour), health.Verdict{Kind: health.KindHealthy}, release.VerdictHold
	w.step()
	before := len(w.records())
	w.deploy = &hurdle{Deployer: w.real, drift: &rollout.Action{Release: version("2"), Slices: []rollout.Slice{{Percent: 40}}}}
	s = w.later(time.Minute)
	require.Contains(t, s.Rollout.Drift, "serves nothing")
	require.Len(t, w.records(), before+1)
	w.later(time.Minute)
	require.Len(t, w.records(), before+1, "the same drift is no news")
	w.deploy = w.real
	s = w.later(time.Minute)
	require.Empty(t, s.Rollout.Drift)
	require.Len(t, w.records(), before+2)

	w.deploy = &hurdle{Deployer: w.real, drift: &rollout.Action{Release: version("2"), Slices: []rollout.Slice{{Percent: 40}}}}
	w.later(time.Minute)
	w.health = health.Verdict{Kind: health.KindRegressed}
	s = w.later(time.Minute)
	require.NotEmpty(t, s.Rollout.Drift)
	w.deploy = w.real
	s = w.later(time.Minute)
	require.Equal(t, rollout.PhaseRolledBack, s.Rollout.Phase)
	require.Empty(t, s.Rollout.Drift, "the rollback was observed")
	w.audit()
}

// What the records say in words, and what the state says at the end.
func TestTheStoryInWords(t *testing.T) {
	t.Parallel()
	w, _ := at(t, 2)
	s := w.step()
	require.Equal(t, rollout.PhaseDeployed, s.Rollout.Phase)
	require.Equal(t, w.clock, s.Rollout.Ended)
	require.True(t, s.Known)
	var words []string
	for _, r := range w.records() {
		if r.Kind == rollout.RecordAction || r.Kind == rollout.RecordEnded {
			words = append(words, r.Reason)
		}
	}
	require.Equal(t, []string{"expose stage canary", "expose stage half", "expose stage all", "deployed"}, words)

	w, _ = at(t, 0)
	w.health = health.Verdict{Kind: health.KindRegressed, Metric: "errors", Why: "worse"}
	s = w.step()
	want := release.Reason{Code: "rollout/regressed", Subject: "errors", Text: "worse"}
	require.Equal(t, want, s.Rollout.Cause)
	require.Equal(t, w.clock, s.Rollout.Ended)
	require.Equal(t, []rollout.Poison{{Release: version("2"), Rollout: s.Rollout.ID, At: w.clock, Cause: want}}, s.Poisoned)

	w = newWorld(t)
	w.verdict["first"] = release.VerdictDeny
	w.start()
	s = w.step()
	require.Equal(t, release.Reason{Code: "rollout/gate-deny", Subject: "first", Text: "gate says so"}, s.Rollout.Cause)
	require.Empty(t, s.Poisoned, "nobody saw it")
	require.False(t, s.Known)

	w = newWorld(t)
	w.plan.Stages[0].MaxBake, w.plan.Stages[0].OnUndecided = 2*time.Hour, rollout.UndecidedRollback
	w.deploy = &hurdle{Deployer: w.real, before: errBoom}
	w.start()
	w.step()
	w.deploy, w.verdict["first"] = w.real, release.VerdictHold
	s = w.later(2 * time.Hour)
	require.Equal(t, release.Reason{Code: "rollout/undecided", Subject: "canary", Text: "still not observed after 2h0m0s"}, s.Rollout.Cause)
}

// What was deployed or adopted is what the next rollout must replace.
func TestTheNextRolloutReplacesWhatServes(t *testing.T) {
	t.Parallel()
	w, _ := at(t, 2)
	w.step()
	next := w.plan
	next.Release = version("3")
	_, err := w.engine().Start(t.Context(), next, ada)
	require.ErrorIs(t, err, rollout.ErrPrevious)
	next.Previous = version("2")
	_, err = w.engine().Start(t.Context(), next, ada)
	require.NoError(t, err)
	_, err = w.engine().Adopt(t.Context(), production, version("2"), ada)
	require.ErrorIs(t, err, rollout.ErrBusy)

	w = newWorld(t)
	_, err = w.engine().Adopt(t.Context(), production, version("1"), ada)
	require.NoError(t, err)
	next.Previous = version("2")
	_, err = w.engine().Start(t.Context(), next, ada)
	require.ErrorIs(t, err, rollout.ErrPrevious)
	w.start()
}

// What is shown as the reason to wait is the last that was recorded.
func TestWaitingSaysWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	w, s := at(t, 0)
	require.Equal(t, "rollout/waiting-bake", s.Rollout.Waiting().Code)
	w.health = health.Verdict{Kind: health.KindUndecided, Why: "too little"}
	s = w.step()
	require.Equal(t, "rollout/waiting-health", s.Rollout.Waiting().Code)
	require.Contains(t, s.Rollout.Waiting().Text, "too little")
	w.health, w.verdict["first"] = health.Verdict{Kind: health.KindHealthy}, release.VerdictHold
	s = w.later(time.Minute)
	require.Equal(t, release.Reason{Code: "rollout/waiting-gate", Subject: "first", Text: "gate first holds: gate says so"}, s.Rollout.Waiting())

	// The answers about a stage are not those about the next.
	w.verdict["first"] = release.VerdictAllow
	w.later(time.Minute)
	s = rollout.NewState(production)
	for _, rec := range w.records() {
		after, err := rollout.Reduce(s, rec)
		require.NoError(t, err)
		if s.Rollout != nil && after.Rollout.Stage > s.Rollout.Stage {
			require.Nil(t, after.Rollout.Health)
			require.Nil(t, after.Rollout.Gates)
		}
		s = after
	}
	require.Equal(t, 1, s.Rollout.Stage)
}

// The end of the bake is recorded even where nobody is asked: from here on it
// waits for something else.
func TestTheEndOfTheBakeIsRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range w.plan.Stages {
		w.plan.Stages[i].Gates = nil
	}
	w.health = health.Verdict{Kind: health.KindUndecided}
	w.start()
	w.step()
	w.later(time.Minute)
	before := len(w.records())
	w.later(58 * time.Minute)
	require.Len(t, w.records(), before)
	s := w.later(time.Minute)
	require.Len(t, w.records(), before+1)
	require.Equal(t, "rollout/waiting-health", s.Rollout.Waiting().Code)
	w.later(time.Minute)
	require.Len(t, w.records(), before+1)
	w.health.NoData = true
	w.later(time.Minute)
	require.Len(t, w.records(), before+2, "another state of health is news")
}

// Health is asked about the right traffic: counts from the first exposure on, and
// of the stage that may be in production.
func TestWhatHealthIsAskedAbout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var asked []rollout.HealthQuery
	step := func(d time.Duration) {
		w.clock = w.clock.Add(d)
		e, err := rollout.New(rollout.Options{Journal: w.journal, Deployer: w.deploy, Now: func() time.Time { return w.clock },
			Gates: map[string]rollout.Gate{"first": allows, "last": allows},
			Health: rollout.HealthFunc(func(_ context.Context, q rollout.HealthQuery) (health.Verdict, error) {
				asked = append(asked, q)
				return w.health, nil
			})})
		require.NoError(t, err)
		asked = nil
		_, _, err = e.Step(t.Context(), production)
		require.NoError(t, err)
		require.NotEmpty(t, asked)
	}
	w.clock = nine.Add(-time.Minute)
	w.plan.Health = &health.Policy{Alpha: 0.001, Metrics: []health.Metric{{Name: "errors"}}}
	s := w.start()
	step(time.Minute)
	asked[0].Policy.Metrics[0].Name = "the source's own business"
	step(0)
	q := rollout.HealthQuery{Policy: &health.Policy{Alpha: 0.001, Metrics: []health.Metric{{Name: "errors"}}},
		Rollout: s.Rollout.ID, Target: production, Release: version("2"), Previous: version("1"),
		Stage: w.plan.Stages[0], Parts: 1, Since: nine, StageSince: nine, Now: nine}
	require.Equal(t, q, asked[len(asked)-1])
	w.deploy = &hurdle{Deployer: w.real, before: errBoom}
	step(time.Hour)
	step(time.Minute)
	q.Stage, q.StageSince, q.Now, q.Exposing = w.plan.Stages[1], nine.Add(time.Hour), w.clock, true
	require.Equal(t, q, asked[0], "the next stage, while it may be in production")
	q.Exposing = false
	w.deploy = w.real
	step(time.Hour)
	q.StageSince, q.Now = w.clock, w.clock
	require.Equal(t, q, asked[len(asked)-1])
}

var allows = rollout.GateFunc(func(context.Context, rollout.GateQuery) (rollout.GateResult, error) {
	return rollout.GateResult{Verdict: release.VerdictAllow}, nil
})
