package rollout_test

import (
	"context"
	"fmt"
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

// A cause that nobody could have given, chained by somebody who can write the
// store, must not bring down who reads the stream.
func TestEventsOfAForgedCauseDoNotPanic(t *testing.T) {
	t.Parallel()
	recs := story(t)
	for i := range recs {
		recs[i].Data = []byte(strings.ReplaceAll(string(recs[i].Data), "rollout/regressed", "rollout/aborted"))
	}
	require.NotPanics(t, func() { _, _ = rollout.Events(production, reseal(recs)) })
}

// A clock that stands at the zero time must not make an exposure look as if it
// had never been.
func TestAZeroClockDoesNotHideAnExposure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock = time.Time{}
	w.start()
	w.step()
	require.Equal(t, 5., w.serves())
	w.abort()
	s := w.step()
	require.Equal(t, rollout.PhaseRolledBack, s.Rollout.Phase)
	require.Zero(t, w.serves())
}

// While a stage is ordered and not yet observed, its share may be in production:
// the regression's event says so.
func TestARegressionTellsTheMostThatMayBeExposed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.step()
	w.deploy = &hurdle{Deployer: w.real, blind: true}
	w.later(time.Hour)
	require.Equal(t, 50., w.serves())
	w.health = health.Verdict{Kind: health.KindRegressed}
	w.later(time.Minute)
	w.deploy = w.real
	w.later(time.Hour)
	events, err := rollout.Events(production, w.records())
	require.NoError(t, err)
	var got []string
	for _, e := range events {
		got = append(got, fmt.Sprintf("%s %s %g", e.Kind, e.Stage, e.Percent))
	}
	require.Equal(t, []string{"started  0", "exposed canary 5", "regressed half 50", "rolled-back  0"}, got)
}

// Evidence beyond all bounds is still evidence: a regression rolls back, and the
// same number beside any other verdict never promotes.
func TestARegressionWithoutAFiniteNumberRollsBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.step()
	w.health = health.Verdict{Kind: health.KindRegressed, LogE: math.Inf(1), Why: "all requests fail"}
	require.Equal(t, rollout.PhaseRolledBack, w.later(time.Minute).Rollout.Phase)
	w.audit()
}

// A time that a gate names must not keep a rollback from being recorded.
func TestARetryAtTheEndOfTimeDoesNotStopARollback(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.step()
	e, err := rollout.New(rollout.Options{Journal: w.journal, Deployer: w.real, Now: func() time.Time { return w.clock },
		Gates: map[string]rollout.Gate{"first": rollout.GateFunc(func(context.Context, rollout.GateQuery) (rollout.GateResult, error) {
			return rollout.GateResult{Verdict: release.VerdictHold,
				Retry: time.Date(9999, 12, 31, 23, 59, 0, 0, time.FixedZone("west", -5*3600))}, nil
		})},
		Health: rollout.HealthFunc(func(context.Context, rollout.HealthQuery) (health.Verdict, error) {
			return health.Verdict{Kind: health.KindRegressed}, nil
		})})
	require.NoError(t, err)
	w.clock = w.clock.Add(time.Hour)
	s, _, err := e.Step(t.Context(), production)
	require.NoError(t, err)
	require.Equal(t, rollout.PhaseRolledBack, s.Rollout.Phase)
}

// A deny that took long is still a deny.
func TestALateDenyIsADeny(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.step()
	e, err := rollout.New(rollout.Options{Journal: w.journal, Deployer: w.real, Now: func() time.Time { return w.clock },
		Gates: map[string]rollout.Gate{"first": rollout.GateFunc(func(context.Context, rollout.GateQuery) (rollout.GateResult, error) {
			w.clock = w.clock.Add(6 * time.Minute)
			return rollout.GateResult{Verdict: release.VerdictDeny}, nil
		})}})
	require.NoError(t, err)
	w.clock = w.clock.Add(time.Hour)
	s, _, err := e.Step(t.Context(), production)
	require.NoError(t, err)
	require.Equal(t, rollout.PhaseRolledBack, s.Rollout.Phase)
}

// A deny takes the release back while paused too, and from an exposure that is
// not yet observed.
func TestADenyWhilePausedRollsBack(t *testing.T) {
	t.Parallel()
	for _, blind := range []bool{false, true} {
		w := newWorld(t)
		if blind {
			w.deploy = &hurdle{Deployer: w.real, blind: true}
		}
		w.start()
		w.step()
		_, err := w.engine().Pause(t.Context(), production, ada)
		require.NoError(t, err)
		w.deploy = w.real
		if blind {
			w.deploy = &hurdle{Deployer: w.real, drift: &rollout.Action{Release: version("2"), Slices: []rollout.Slice{{Percent: 4}}}}
		}
		w.verdict["first"] = release.VerdictDeny
		w.later(time.Hour)
		w.deploy = w.real
		require.Equal(t, rollout.PhaseRolledBack, w.later(time.Hour).Rollout.Phase, "blind=%v", blind)
		w.audit()
	}
}

// Nothing is exposed unless production is what the plan says it replaces: not what
// somebody believes.
func TestNothingIsExposedOverSomethingElse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		serves release.Ref
		first  bool
		fence  uint64
	}{
		"another previous":                    {serves: version("0")},
		"nothing serves":                      {},
		"first, but something serves":         {serves: version("1"), first: true},
		"a fence that this stream never gave": {serves: version("1"), fence: 50},
	} {
		w := newWorld(t)
		w.real.Serve(production, c.serves)
		if c.first {
			w.plan.First, w.plan.Previous = true, release.Ref{}
		}
		if c.fence > 0 {
			require.NoError(t, w.real.Apply(t.Context(), rollout.Action{Target: production, Kind: rollout.ActionRollback,
				Release: version("9"), Previous: c.serves, Fence: c.fence, Key: release.DigestOf(nil)}))
		}
		before := len(w.real.Effects(production))
		w.start()
		w.step()
		s := w.later(99 * time.Hour)
		require.Equal(t, rollout.PhaseStarting, s.Rollout.Phase, name)
		require.Equal(t, "rollout/waiting-observation", s.Rollout.Waiting().Code, name)
		w.abort()
		require.Equal(t, rollout.PhaseStopped, w.step().Rollout.Phase, name)
		require.Len(t, w.real.Effects(production), before, "%s: nothing was done", name)
		w.audit()
	}
}

// late is a journal whose k-th append happens only after its caller has looked in
// vain for it.
type late struct {
	journal.Journal
	pending *journal.Append
	loads   int
}

func (l *late) Append(ctx context.Context, a journal.Append) ([]journal.Record, error) {
	if l.pending == nil {
		l.pending, l.loads = &a, 0
		return nil, journal.ErrUnknown
	}
	if l.loads >= 0 {
		l.loads = -1
		if _, err := l.Journal.Append(ctx, *l.pending); err != nil {
			return nil, err
		}
	}
	return l.Journal.Append(ctx, a)
}

// A command whose append landed after it was looked for in vain is not refused as
// a second one.
func TestACommandThatLandsLateIsNotRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	under := w.journal
	w.journal = &late{Journal: under}
	_, err := w.engine().Start(t.Context(), w.plan, ada)
	require.NoError(t, err)
	w.journal = &late{Journal: under}
	_, err = w.engine().Pause(t.Context(), production, ada)
	require.NoError(t, err)
	w.journal = under
	require.Len(t, w.records(), 2)
}

// stubborn is a journal on which somebody else always was faster.
type stubborn struct{ journal.Journal }

func (stubborn) Append(context.Context, journal.Append) ([]journal.Record, error) {
	return nil, journal.ErrConflict
}

func TestAJournalThatConflictsForEverEndsInAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.journal = stubborn{w.journal}
	_, _, err := w.engine().Step(t.Context(), production)
	require.Error(t, err)
	_, err = w.engine().Abort(t.Context(), production, ada)
	require.Error(t, err)
	require.Empty(t, w.real.Effects(production))
}

// What is internal cannot be a share of everything: it would hide the first public
// stage from what a tier demands.
func TestInternalIsNotAShareOfEverything(t *testing.T) {
	t.Parallel()
	p := plan3()
	p.Stages[0].Internal, p.Stages[0].Slices[0].Percent = true, 40
	require.ErrorContains(t, p.Validate(), "internal")
	p = plan3()
	p.Stages[0].Slices, p.Stages[0].Percent = []rollout.Slice{{Region: "eu", Percent: 10}}, 3
	p.Stages[1].Slices, p.Stages[1].Percent = []rollout.Slice{{Region: "eu", Percent: 100}}, 30
	require.NoError(t, p.Validate())
	p.Stages[1].Internal = true
	require.ErrorContains(t, p.Validate(), "internal", "it contains what is public")
}

func TestDemandsThatAreNoNumbersAreNotMet(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for _, r := range []release.RolloutRequirement{{MaxFirstPercent: nan}, {MaxFirstPercent: -1}, {MaxStepPercent: nan}, {MaxStepPercent: -1}, {MaxStepPercent: math.Inf(-1)}} {
		require.NotEmpty(t, plan3().Meets(r))
	}
}

// A plan of millions of slices, or of endless names, is refused without work or
// text that grows with its square.
func TestValidateOfAHostilePlanIsCheap(t *testing.T) {
	t.Parallel()
	p := plan3()
	wide := make([]rollout.Slice, 50_000)
	for i := range wide {
		wide[i] = rollout.Slice{Region: fmt.Sprint(i), Percent: 1}
	}
	p.Stages[0].Slices, p.Stages[1].Slices = wide, wide
	p.Stages[0].Percent, p.Stages[1].Percent = 1, 2
	began := time.Now()
	require.Error(t, p.Validate())
	require.Less(t, time.Since(began), 10*time.Second, "its square takes minutes")

	p = plan3()
	p.Stages[0].Name = strings.Repeat("x", 1<<20)
	p.Stages[0].Slices = make([]rollout.Slice, 900)
	require.Less(t, len(p.Validate().Error()), 2<<20)
}

// The envelope of a command says the same as its data.
func TestACommandOfSomebodyElseIsImpossible(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.step()
	w.abort()
	w.step()
	recs := w.records()
	for i, r := range recs {
		if r.Kind != rollout.RecordStarted && r.Kind != rollout.RecordAborted {
			continue
		}
		for _, edit := range []func(*journal.Record){
			func(r *journal.Record) { r.Actor = "github:mallory" },
			func(r *journal.Record) { r.Reason = "another" },
		} {
			forgery := append([]journal.Record(nil), recs...)
			edit(&forgery[i])
			_, err := rollout.Replay(production, reseal(forgery))
			require.ErrorContains(t, err, "impossible")
		}
	}
}

// A member that stands twice, or under another case, is read differently by
// different programs.
func TestDataHasOneReading(t *testing.T) {
	t.Parallel()
	recs := story(t)
	for i, r := range recs {
		for _, more := range []string{`{"v":1,"v":1,`, `{"V":1,"v":1,`, `{"v":2,"v":1,`} {
			forgery := append([]journal.Record(nil), recs...)
			forgery[i].Data = []byte(strings.Replace(string(r.Data), `{"v":1,`, more, 1))
			_, err := rollout.Replay(production, reseal(forgery))
			require.Error(t, err, "record %d: %s", i+1, more)
			w := newWorld(t)
			w.deploy = nil2{}
			w.journal = &forged{records: reseal(forgery)}
			_, err = w.engine().State(t.Context(), production)
			require.Error(t, err, "record %d: %s", i+1, more)
		}
	}
}

// Somebody who repairs by hand at the same moment as a rollout does not record
// what was seen before it.
func TestAdoptObservesAgainAfterAConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	once := &meddler{Journal: w.journal, meddle: func() {
		v := newWorld(t)
		v.journal, v.real, v.deploy = w.journal.(*meddler).Journal, w.real, w.real
		v.start()
		v.step()
		v.later(time.Hour)
		v.later(time.Hour)
		require.Equal(t, rollout.PhaseDeployed, v.later(time.Hour).Rollout.Phase)
	}}
	w.journal = once
	_, err := w.engine().Adopt(t.Context(), production, version("1"), ada)
	require.ErrorContains(t, err, "adopt")
}

// meddler is a journal on which something happens before the first append.
type meddler struct {
	journal.Journal
	meddle func()
}

func (m *meddler) Append(ctx context.Context, a journal.Append) ([]journal.Record, error) {
	if meddle := m.meddle; meddle != nil {
		m.meddle = nil
		meddle()
	}
	return m.Journal.Append(ctx, a)
}

// A deployer may do with an action what it wants.
func TestADeployerMayChangeItsAction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deploy = vandal{w.real}
	w.start()
	require.Equal(t, rollout.PhaseBaking, w.step().Rollout.Phase)
	w.audit()
}

type vandal struct{ rollout.Deployer }

func (v vandal) Apply(ctx context.Context, a rollout.Action) error {
	err := v.Deployer.Apply(ctx, a)
	for i := range a.Slices {
		a.Slices[i].Percent /= 100
	}
	return err
}

// A deployer that says "settled" and means something else is not believed, in
// whatever way it is wrong; neither is one that refuses what nobody has overtaken.
func TestALyingDeployerHolds(t *testing.T) {
	t.Parallel()
	old, new := version("1").Digest, version("2").Digest
	share := func(d release.Digest, percent float64) rollout.Share {
		return rollout.Share{Release: d, Slice: rollout.Slice{Percent: percent}}
	}
	for name, shares := range map[string][]rollout.Share{
		"more than ordered": {share(new, 50), share(old, 50)},
		"twice":             {share(new, 5), share(new, 5), share(old, 90)},
		"no number":         {share(new, math.NaN()), share(old, 95)},
		"infinite":          {share(new, math.Inf(1)), share(old, 95)},
		"negative":          {share(new, -5), share(old, 95)},
		"nothing":           nil,
		"a scope":           {{Release: new, Slice: rollout.Slice{Region: "eu", Percent: 5}}, share(old, 95)},
	} {
		w := newWorld(t)
		w.start()
		w.deploy = liar{w.real, shares}
		s := w.step()
		require.Equal(t, rollout.PhaseExposing, s.Rollout.Phase, name)
		require.Equal(t, rollout.PhaseExposing, w.later(99*time.Hour).Rollout.Phase, name)
		w.abort()
		w.deploy = w.real
		require.Equal(t, rollout.PhaseRolledBack, w.later(time.Hour).Rollout.Phase, name)
		w.audit()
	}
	for name, shares := range map[string][]rollout.Share{
		"another order": {share(old, 95), share(new, 5)},
		"a hair off":    {share(new, 5+1e-9), share(old, 95-1e-9)},
	} {
		w := newWorld(t)
		w.start()
		w.deploy = liar{w.real, shares}
		require.Equal(t, rollout.PhaseBaking, w.step().Rollout.Phase, name)
	}
	w := newWorld(t)
	w.start()
	w.deploy = &hurdle{Deployer: w.real, before: rollout.ErrFenced}
	require.Equal(t, rollout.PhaseExposing, w.step().Rollout.Phase)
	w.abort()
	require.Equal(t, rollout.PhaseRollingBack, w.later(time.Hour).Rollout.Phase)
	w.deploy = w.real
	require.Equal(t, rollout.PhaseRolledBack, w.later(time.Hour).Rollout.Phase)
}

// liar reports shares of its own once something was applied.
type liar struct {
	rollout.Deployer
	shares []rollout.Share
}

func (l liar) Observe(ctx context.Context, t rollout.Target) (rollout.Observed, error) {
	o, err := l.Deployer.Observe(ctx, t)
	if o.Fence > 0 {
		o.Shares = l.shares
	}
	return o, err
}

// Each byte of each record in turn is another one, and the chain is made anew: what
// decided and what was decided cannot be altered apart from each other.
func TestReplayFindsEveryAlteredByte(t *testing.T) {
	t.Parallel()
	recs := story(t)
	tried, accepted := 0, 0
	for i, r := range recs {
		fields := []*[]byte{&r.Data}
		reason, actor := []byte(r.Reason), []byte(r.Actor)
		fields = append(fields, &reason, &actor)
		for f, field := range fields {
			good := *field
			for k := range good {
				if testing.Short() && k%29 != 0 {
					continue
				}
				bad := append([]byte(nil), good...)
				bad[k] ^= 1
				*field = bad
				forgery := append([]journal.Record(nil), recs...)
				forgery[i].Data, forgery[i].Reason, forgery[i].Actor = r.Data, string(reason), string(actor)
				tried++
				if _, err := rollout.Replay(production, reseal(forgery)); err == nil {
					accepted++
					// Only what somebody says may say something else, and everything that
					// follows from it does: facts that decide the same way.
					require.Equal(t, rollout.RecordFacts, r.Kind, "record %d, field %d, byte %d: %q", i+1, f, k, bad)
					require.NotEqual(t, 1, f, "record %d: the sentence follows from the facts", i+1)
				}
				*field = good
			}
		}
	}
	t.Logf("tried=%d accepted=%d", tried, accepted)
}

// longStream is a rollback that the deployer refuses ten thousand times.
func longStream(t testing.TB, n int) []journal.Record {
	w := newWorld(t.(*testing.T))
	w.start()
	w.step()
	w.abort()
	w.deploy = &hurdle{Deployer: w.real, before: errBoom}
	s := w.step()
	recs := w.records()
	for len(recs) < n {
		s.At = s.Rollout.Pending.NotBefore
		d, err := rollout.Decide(s, rollout.Facts{Now: s.At, Actor: "service:sallyport",
			Applied:  &rollout.Applied{Fence: s.Rollout.Pending.Action.Fence, Error: "boom"},
			Observed: &rollout.Observation{Error: "boom"}})
		require.NoError(t, err)
		rec := journal.Seal(s.Head, d.Entries[0])
		s, err = rollout.Reduce(s, rec)
		require.NoError(t, err)
		recs = append(recs, rec)
	}
	return recs
}

func TestResumeOfALongStream(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it measures")
	}
	recs := longStream(t, 10_000)
	w := newWorld(t)
	w.journal = &forged{records: recs}
	best := time.Hour
	for range 5 {
		began := time.Now()
		s, err := w.engine().State(t.Context(), production)
		require.NoError(t, err)
		require.Equal(t, rollout.PhaseRollingBack, s.Rollout.Phase)
		best = min(best, time.Since(began))
	}
	t.Logf("resume of %d records: %v", len(recs), best)
}
