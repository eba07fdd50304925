package rollout_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

func TestVerdictOfAGateAnswer(t *testing.T) {
	t.Parallel()
	for given, want := range map[release.Verdict]release.Verdict{
		release.VerdictAllow: release.VerdictAllow, release.VerdictDeny: release.VerdictDeny,
		release.VerdictHold: release.VerdictHold, release.VerdictUnknown: release.VerdictHold, 9: release.VerdictHold,
	} {
		require.Equal(t, want, rollout.GateAnswer{Result: rollout.GateResult{Verdict: given}}.Verdict())
		require.Equal(t, release.VerdictHold, rollout.GateAnswer{Result: rollout.GateResult{Verdict: given}, Error: "boom"}.Verdict())
	}
}

func TestHealthAnswerIsText(t *testing.T) {
	t.Parallel()
	var none *rollout.HealthAnswer
	require.Equal(t, "health was not asked", none.String())
	require.Equal(t, "health gave no verdict: boom", (&rollout.HealthAnswer{Error: "boom", Verdict: health.Verdict{NoData: true}}).String())
	require.Equal(t, "health has no data: nobody came", (&rollout.HealthAnswer{Verdict: health.Verdict{NoData: true, Why: "nobody came"}}).String())
	require.Equal(t, "health is healthy: fine", (&rollout.HealthAnswer{Verdict: health.Verdict{Kind: health.KindHealthy, Why: "fine"}}).String())
}

// The sentence beside the facts is what people read.
func TestFactsInWords(t *testing.T) {
	t.Parallel()
	var words []string
	w := newWorld(t)
	w.start()
	w.deploy = &hurdle{Deployer: w.real, before: errBoom, blind: true}
	w.step()
	w.deploy = w.real
	w.later(time.Hour)
	w.abort()
	w.step()
	for _, r := range w.records() {
		if r.Kind == rollout.RecordFacts {
			words = append(words, r.Reason)
		}
	}
	require.Equal(t, []string{
		"gate first: allow; observed fence 0",
		"applied fence 3 with error: boom; observe: boom",
		"gate first: allow; health is healthy: fine; observe: boom",
		"applied fence 3; observed fence 3",
		"health is healthy: fine",
		"nothing had to be asked",
		"applied fence 10; observed fence 10",
	}, words)
}

// An attempt at another action than the pending one, which a slow driver may
// report, says nothing, and neither does what was seen after it.
func TestAnAttemptAtAnotherActionSaysNothing(t *testing.T) {
	t.Parallel()
	_, s := at(t, 0)
	f := answers(s)
	f.Applied = &rollout.Applied{Fence: s.Rollout.Done.Fence}
	d, err := rollout.Decide(s, f)
	require.NoError(t, err)
	require.Nil(t, d.Apply)

	s = pending(t, s, 1)
	f = rollout.Facts{Now: s.At, Applied: &rollout.Applied{Fence: s.Rollout.Pending.Action.Fence - 1, Error: "boom"}, Observed: &rollout.Observation{
		Observed: rollout.Observed{Settled: true, Fence: s.Rollout.Pending.Action.Fence, Shares: []rollout.Share{
			{Release: version("2").Digest, Slice: rollout.Slice{Percent: 50}}, {Release: version("1").Digest, Slice: rollout.Slice{Percent: 50}}}}}}
	d, err = rollout.Decide(s, f)
	require.NoError(t, err)
	require.Empty(t, d.Entries, "neither a failure nor done")
	f.Applied.Fence++
	d, err = rollout.Decide(s, f)
	require.NoError(t, err)
	require.Len(t, d.Entries, 1)
}

// Texts of others are cut to a line, wherever they come from.
func TestTextsOfOthersAreCut(t *testing.T) {
	t.Parallel()
	huge := "\x1b[2J" + strings.Repeat("\n<", 1<<14)
	cut := func(texts ...string) {
		for _, text := range texts {
			require.NotEmpty(t, text)
			require.LessOrEqual(t, len(text), 2000)
			require.NotContains(t, text, "\x1b")
		}
	}
	_, s := at(t, 0)
	reduced := func(s rollout.State, f rollout.Facts) *rollout.Rollout {
		f.Now = s.At
		d, err := rollout.Decide(s, f)
		require.NoError(t, err)
		require.NotEmpty(t, d.Entries)
		s, err = rollout.Reduce(s, journal.Seal(s.Head, d.Entries[0]))
		require.NoError(t, err)
		return s.Rollout
	}
	r := reduced(s, rollout.Facts{Health: &rollout.HealthAnswer{Verdict: health.Verdict{Kind: health.KindInvalid, Why: huge, Metric: huge}},
		Gates: []rollout.GateAnswer{{Gate: "first", Result: rollout.GateResult{Verdict: release.VerdictDeny,
			Reason: release.Reason{Code: huge, Subject: huge, Text: huge, Refs: make([]release.Digest, 1000)}}}}})
	why := r.Gates[0].Result.Reason
	cut(why.Code, why.Subject, why.Text, r.Health.Verdict.Why, r.Health.Verdict.Metric)
	require.Equal(t, health.KindInvalid, r.Health.Verdict.Kind)
	require.Len(t, why.Refs, 100)
	r = reduced(s, rollout.Facts{Health: &rollout.HealthAnswer{Error: huge, Verdict: health.Verdict{Kind: health.KindHealthy}},
		Gates:    []rollout.GateAnswer{{Gate: "first", Error: huge, Result: rollout.GateResult{Verdict: release.VerdictAllow}}},
		Observed: &rollout.Observation{Error: huge}})
	cut(r.Gates[0].Error, r.Health.Error, r.Facts.Observed.Error, r.Drift)
	require.Zero(t, r.Gates[0].Result, "it means nothing beside an error")
	require.Zero(t, r.Health.Verdict)
	s = pending(t, s, 1)
	r = reduced(s, rollout.Facts{Applied: &rollout.Applied{Fence: s.Rollout.Pending.Action.Fence, Error: huge}})
	cut(r.Facts.Applied.Error, r.Pending.Error)
}

// Numbers and times that have no encoding hold, and never keep a regression from
// being recorded.
func TestWhatHasNoEncodingHolds(t *testing.T) {
	t.Parallel()
	_, s := at(t, 0)
	s.At = s.At.Add(time.Hour)
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for _, v := range []health.Verdict{{LogE: bad}, {LogCertificate: bad}} {
			f := answers(s)
			v.Kind = health.KindHealthy
			f.Health = &rollout.HealthAnswer{Verdict: v}
			d, err := rollout.Decide(s, f)
			require.NoError(t, err)
			require.Nil(t, d.Apply, "%v", v)
			v.Kind = health.KindRegressed
			f.Health = &rollout.HealthAnswer{Verdict: v}
			d, err = rollout.Decide(s, f)
			require.NoError(t, err)
			require.Equal(t, rollout.ActionRollback, d.Apply.Kind, "%v", v)
		}
	}
	f := answers(s)
	f.Health.Verdict = health.Verdict{Kind: health.KindRegressed, LogE: 7.5, LogCertificate: -2.5}
	d, err := rollout.Decide(s, f)
	require.NoError(t, err)
	after, err := rollout.Reduce(s, journal.Seal(s.Head, d.Entries[0]))
	require.NoError(t, err)
	require.Equal(t, f.Health.Verdict, after.Rollout.Health.Verdict, "numbers that have an encoding are kept")
	for _, year := range []int{-5, 0, 10_000, 300_000} {
		f := answers(s)
		f.Health.Verdict.Kind = health.KindRegressed
		f.Gates[0].Result.Retry = time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)
		d, err := rollout.Decide(s, f)
		require.NoError(t, err, "year %d", year)
		require.Equal(t, rollout.ActionRollback, d.Apply.Kind)
	}
	for _, year := range []int{1, 9999} {
		f := answers(s)
		f.Gates[0].Result = rollout.GateResult{Verdict: release.VerdictDeny, Retry: time.Date(year, 6, 1, 2, 0, 0, 0, time.FixedZone("east", 3600))}
		d, err := rollout.Decide(s, f)
		require.NoError(t, err)
		require.Contains(t, string(d.Entries[0].Data), `-06-01T01:00:00Z"`, "times are recorded in one zone")
	}
}

func TestAGateThatDeniesWithoutAReason(t *testing.T) {
	t.Parallel()
	_, s := at(t, 0)
	f := answers(s)
	f.Gates[0].Result = rollout.GateResult{Verdict: release.VerdictDeny}
	d, err := rollout.Decide(s, f)
	require.NoError(t, err)
	require.Equal(t, "no reason given", d.Entries[1].Reason)
}

// Nobody is asked what no decision needs: a source that hangs must not keep a
// rollback waiting.
func TestNobodyIsAskedInVain(t *testing.T) {
	t.Parallel()
	require.Zero(t, rollout.Ask(rollout.NewState(production), nine))
	w, s := at(t, 0)
	q := rollout.Ask(s, w.clock)
	require.True(t, q.Observe)
	require.NotNil(t, q.Health)
	require.Len(t, q.Gates, 1)
	require.Equal(t, rollout.GateQuery{Gate: "first", Rollout: s.Rollout.ID, Target: production, Release: version("2"), Previous: version("1"),
		PlanDigest: s.Rollout.PlanDigest, Stage: w.plan.Stages[1], Now: w.clock}, q.Gates[0])
	q = rollout.Ask(s, w.clock.Add(-1))
	require.False(t, q.Observe)
	require.NotNil(t, q.Health)
	require.Empty(t, q.Gates)
	q = rollout.Ask(s, s.At.Add(-time.Hour))
	require.Equal(t, s.At, q.Health.Now, "recorded time does not go back")

	aborted := mustForge(t, s, rollout.RecordAborted, forgedCommand{1, ada})
	require.Zero(t, rollout.Ask(aborted, w.clock))
	back := pending(t, aborted, -1)
	require.Equal(t, rollout.Questions{Observe: true}, rollout.Ask(back, w.clock))
	w.abort()
	s = w.step()
	require.False(t, s.Running())
	require.Zero(t, rollout.Ask(s, w.clock))
	d, err := rollout.Decide(s, rollout.Facts{Now: w.clock})
	require.NoError(t, err)
	require.Zero(t, d)

	w, _ = at(t, 2)
	s = w.step()
	require.Equal(t, rollout.PhaseDeployed, s.Rollout.Phase)
	require.Zero(t, rollout.Ask(s, w.clock))
}

// While the next stage may be in production, a stage that is watched is watched
// on, whatever the next one says.
func TestHealthIsWatchedWhileTheNextStageIsPending(t *testing.T) {
	t.Parallel()
	for _, ignored := range [][]int{{0}, {1}, {0, 1}} {
		w := newWorld(t)
		for _, i := range ignored {
			w.plan.Stages[i].Health = rollout.HealthIgnored
		}
		w.start()
		w.step()
		w.deploy = &hurdle{Deployer: w.real, before: errBoom}
		s := w.later(time.Hour)
		require.Equal(t, rollout.PhaseExposing, s.Rollout.Phase)
		require.Equal(t, len(ignored) == 1, rollout.Ask(s, w.clock).Health != nil, "%v", ignored)
	}
}

// Errors that are huge do not keep the engine from its work either.
func TestAHugeErrorOfTheDeployer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.step()
	w.deploy = &failing{errors.New(strings.Repeat("\x1b<", 1<<19))}
	w.abort()
	s := w.step()
	require.Equal(t, rollout.PhaseRollingBack, s.Rollout.Phase)
	w.deploy = w.real
	require.Equal(t, rollout.PhaseRolledBack, w.later(time.Hour).Rollout.Phase)
}

// failing is a deployer of which every call is this error.
type failing struct{ err error }

func (f failing) Apply(context.Context, rollout.Action) error { return f.err }
func (f failing) Observe(context.Context, rollout.Target) (rollout.Observed, error) {
	return rollout.Observed{}, f.err
}
