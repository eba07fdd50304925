package rollout_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// weights is a simulated load balancer: it knows no fences, and what it was told takes
// effect some time later, in any order.
type weights struct {
	now     func() time.Time
	most    time.Duration
	late    func(a rollout.Action) (effect time.Duration, err error) // below 0: no effect at all
	keys    bool                                                     // what has a key that was in effect before does nothing
	had     map[release.Digest]bool
	due     []change
	serves  release.Digest
	force   *rollout.Action
	applied []rollout.Action
}

type change struct {
	at     time.Time
	action rollout.Action
}

func (r *weights) MaxLatency() time.Duration { return r.most }

func (r *weights) Apply(_ context.Context, a rollout.Action) error {
	r.settle()
	r.applied = append(r.applied, a)
	late, err := time.Duration(0), error(nil)
	if r.late != nil {
		late, err = r.late(a)
	}
	if late >= 0 {
		r.due = append(r.due, change{r.now().Add(late), a})
	}
	return err
}

// settle lets what is due have its effect, in the order of time.
func (r *weights) settle() {
	slices.SortStableFunc(r.due, func(a, b change) int { return a.at.Compare(b.at) })
	for len(r.due) > 0 && !r.due[0].at.After(r.now()) {
		if a := r.due[0].action; !r.keys || !r.had[a.Key] {
			r.force = &a
			if r.had == nil {
				r.had = map[release.Digest]bool{}
			}
			r.had[a.Key] = true
		}
		r.due = r.due[1:]
	}
}

func (r *weights) Observe(context.Context, rollout.Target) (rollout.Observed, error) {
	r.settle()
	o := rollout.Observed{Settled: true, Fence: 12345} // a fence that means nothing
	rest := rollout.Share{Release: r.serves, Slice: rollout.Slice{Percent: 100}}
	if r.force != nil {
		rest.Release = r.force.Previous.Digest
		for _, s := range r.force.Slices {
			o.Shares = append(o.Shares, rollout.Share{Release: r.force.Release.Digest, Slice: s})
			rest.Slice.Percent -= s.Percent
		}
	}
	if rest.Slice.Percent > 0 {
		o.Shares = append(o.Shares, rest)
	}
	return o, nil
}

// canary is the release's percent of everything.
func (r *weights) canary() float64 {
	if r.settle(); r.force == nil || len(r.force.Slices) == 0 {
		return 0
	}
	return r.force.Slices[0].Percent
}

const lateness = 10 * time.Minute

// unfenced is a rollout over such a balancer.
type unfenced struct {
	*weights
	t       require.TestingT
	journal journal.Memory
	engine  *rollout.Engine
	sick    bool
}

func newUnfenced(t require.TestingT, now func() time.Time) *unfenced {
	u := &unfenced{t: t, weights: &weights{now: now, most: lateness, serves: version("1").Digest}}
	u.journal.Now = now
	var err error
	u.engine, err = rollout.New(rollout.Options{Journal: &u.journal, Deployer: u.weights, Now: now,
		Health: rollout.HealthFunc(func(context.Context, rollout.HealthQuery) (health.Verdict, error) {
			if u.sick {
				return health.Verdict{Kind: health.KindRegressed, Metric: "errors", Why: "worse"}, nil
			}
			return health.Verdict{Kind: health.KindHealthy}, nil
		})})
	require.NoError(t, err)
	_, err = u.engine.Start(context.Background(), u.plan(), ada)
	require.NoError(t, err)
	return u
}

func (u *unfenced) plan() rollout.Plan {
	p := plan3()
	for i := range p.Stages {
		p.Stages[i].Gates = nil
	}
	return p
}

func (u *unfenced) step() rollout.State {
	s, _, err := u.engine.Step(context.Background(), production)
	require.NoError(u.t, err)
	return s
}

// records are checked, and what they say of each observation: that it is of a deployer
// that cannot fence, and how late it may be.
func (u *unfenced) records() (s rollout.State, backSeen time.Time) {
	var recs []journal.Record
	s = rollout.NewState(production)
	for r, err := range u.journal.Load(context.Background(), production.Stream(), 0) {
		require.NoError(u.t, err)
		recs = append(recs, r)
		s, err = rollout.Reduce(s, r)
		require.NoError(u.t, err)
		if r.Kind != rollout.RecordFacts {
			continue
		}
		if o := s.Rollout.Facts.Observed; o != nil && o.Error == "" {
			require.Equal(u.t, lateness, o.Unfenced, "the weaker guarantee stands beside what rests on it")
		}
		if p := s.Rollout.Pending; p != nil && p.Action.Kind == rollout.ActionRollback {
			backSeen = p.Seen
		}
	}
	_, err := rollout.Replay(production, recs)
	require.NoError(u.t, err)
	return s, backSeen
}

func TestUnfencedRollbackMustLast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUnfenced(t, time.Now)
		u.late = func(a rollout.Action) (time.Duration, error) {
			if a.Kind == rollout.ActionRollback {
				return time.Minute, nil
			}
			return 0, nil
		}
		require.Equal(t, rollout.PhaseBaking, u.step().Rollout.Phase, "what shows the release is done when it is seen")
		u.sick = true
		ordered := time.Now()
		s, err := u.engine.Run(t.Context(), production, nil)
		require.NoError(t, err)
		require.Equal(t, rollout.PhaseRolledBack, s.Rollout.Phase)
		s, seen := u.records()
		require.Equal(t, ordered.Add(time.Minute).UTC(), seen.UTC())
		require.False(t, s.Rollout.Ended.Before(seen.Add(lateness)), "seen %v, ended %v", seen, s.Rollout.Ended)
		require.True(t, s.Rollout.Ended.Before(seen.Add(lateness+time.Minute)), "and not much longer")
	})
}

func TestUnfencedZombie(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		late  time.Duration
		stays float64 // the canary's percent in the end
	}{
		{"at once", 0, 0},
		{"within the latency", lateness - time.Minute, 0},
		{"at the last moment", lateness, 0},
		// The weaker guarantee: nothing refuses what comes later than was declared.
		{"later than declared", 2 * lateness, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				u := newUnfenced(t, time.Now)
				tries := 0
				u.late = func(a rollout.Action) (time.Duration, error) {
					if tries++; tries == 1 { // the first exposure: sent, and nobody knows whether it came
						return c.late, errors.New("timeout")
					}
					return 0, nil
				}
				u.step()
				_, err := u.engine.Abort(t.Context(), production, ada)
				require.NoError(t, err)
				s, err := u.engine.Run(t.Context(), production, nil)
				require.NoError(t, err)
				require.Equal(t, rollout.PhaseRolledBack, s.Rollout.Phase)
				require.Zero(t, u.canary())
				time.Sleep(2 * lateness)
				require.InDelta(t, c.stays, u.canary(), 0)
				u.records()
				if c.stays == 0 {
					return
				}
				// Nobody builds on it: the next rollout sees that production is not what it replaces.
				next := u.plan()
				next.Release = version("3")
				_, err = u.engine.Start(t.Context(), next, ada)
				require.NoError(t, err)
				r := u.step().Rollout
				require.Equal(t, rollout.PhaseStarting, r.Phase)
				require.Contains(t, r.Waiting().Text, "production is not what the plan says it replaces")
			})
		})
	}
}

// TestUnfencedLooksBeforeItActs: an exposure that is tried again does not overwrite
// what somebody else has done since. What takes the release away does.
func TestUnfencedLooksBeforeItActs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUnfenced(t, time.Now)
		u.late = func(rollout.Action) (time.Duration, error) { return -1, errors.New("no route") }
		u.step()
		require.Len(t, u.applied, 1)
		hotfix := version("hotfix").Digest
		u.serves = hotfix
		u.late = nil
		for range 100 {
			time.Sleep(time.Minute)
			require.Equal(t, rollout.PhaseExposing, u.step().Rollout.Phase)
		}
		require.Len(t, u.applied, 1, "nothing is put over the other's change")
		u.serves = version("1").Digest
		time.Sleep(time.Minute)
		require.Equal(t, rollout.PhaseBaking, u.step().Rollout.Phase, "it goes on when that is gone")
		require.Len(t, u.applied, 2)
		u.records()
	})
}

// TestUnfencedByKeysOnly: a deployer that takes an action for done because it has seen
// its key cannot take back a canary that came late. deploytest finds such a deployer. The
// rollback is then not said to have happened until somebody has taken the canary away.
func TestUnfencedByKeysOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUnfenced(t, time.Now)
		u.keys = true
		u.late = func(a rollout.Action) (time.Duration, error) {
			if a.Kind == rollout.ActionExpose {
				return time.Minute, errors.New("timeout")
			}
			return 0, nil
		}
		u.step()
		_, err := u.engine.Abort(t.Context(), production, ada)
		require.NoError(t, err)
		for range 200 {
			u.step()
			time.Sleep(time.Minute)
		}
		s, _ := u.records()
		require.Equal(t, rollout.PhaseRollingBack, s.Rollout.Phase)
		require.Contains(t, s.Rollout.Waiting().Text, "not yet observed")
		require.InDelta(t, 5, u.canary(), 0)
		u.force = nil // by hand
		_, err = u.engine.Run(t.Context(), production, nil)
		require.NoError(t, err)
		s, seen := u.records()
		require.Equal(t, rollout.PhaseRolledBack, s.Rollout.Phase)
		require.False(t, s.Rollout.Ended.Before(seen.Add(lateness)))
	})
}

// TestUnfencedNeverShorter: whatever the delays, if none is longer than declared, a
// rollout that is said to be rolled back is, and stays so.
func TestUnfencedNeverShorter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		clock := nine
		u := newUnfenced(rt, func() time.Time { return clock })
		u.late = func(rollout.Action) (time.Duration, error) {
			late := time.Duration(rapid.Int64Range(-1, int64(lateness/time.Second)).Draw(rt, "late")) * time.Second
			if late < 0 || rapid.Bool().Draw(rt, "fails") {
				return late, errors.New("timeout")
			}
			return late, nil
		}
		aborts := rapid.IntRange(0, 12).Draw(rt, "aborts")
		var s rollout.State
		for i := range 60 {
			if i == aborts {
				_, err := u.engine.Abort(context.Background(), production, ada)
				require.NoError(rt, err)
			}
			if s = u.step(); !s.Running() {
				break
			}
			sleep := rapid.SampledFrom([]time.Duration{time.Second, 15 * time.Second, time.Minute, lateness}).Draw(rt, "sleep")
			clock = clock.Add(sleep)
		}
		if s.Running() { // a rollback whose calls fail long enough is open, and says so
			require.Equal(rt, rollout.PhaseRollingBack, s.Rollout.Phase, "%v", s)
			return
		}
		for range 12 {
			require.Zero(rt, u.canary(), "%v", s)
			clock = clock.Add(lateness / 10)
		}
		u.records()
	})
}

// TestUnfencedLateExposure: an earlier stage's exposure that comes after a later one
// narrows production. The engine does not know who did it: it holds, and an abort still
// takes everything back.
func TestUnfencedLateExposure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUnfenced(t, time.Now)
		u.step()
		canary := u.applied[0]
		time.Sleep(time.Hour)
		require.Equal(t, 1, u.step().Rollout.Stage)
		require.InDelta(t, 50, u.canary(), 0)
		u.due = append(u.due, change{time.Now().Add(time.Minute), canary})
		for range 5 {
			time.Sleep(time.Hour)
			r := u.step().Rollout
			require.Equal(t, 1, r.Stage)
			require.Contains(t, r.Drift, "serves")
			require.Contains(t, r.Waiting().Text, "; put that right, or abort it", "whoever looks is told what ends it")
		}
		require.InDelta(t, 5, u.canary(), 0)
		u.due = append(u.due, change{time.Now(), u.applied[1]}) // by hand
		require.Equal(t, 2, u.step().Rollout.Stage, "it goes on when that is put right")
		_, err := u.engine.Abort(t.Context(), production, ada)
		require.NoError(t, err)
		s, err := u.engine.Run(t.Context(), production, nil)
		require.NoError(t, err)
		require.Equal(t, rollout.PhaseRolledBack, s.Rollout.Phase)
		require.Zero(t, u.canary())
		u.records()
	})
}
