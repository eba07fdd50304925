package analysis_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/analysis"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

func TestHealthyReleaseIsDeployed(t *testing.T) {
	t.Parallel()
	for _, stored := range []bool{true, false} {
		s := newService(t)
		if !stored {
			s.opts.Store = nil
		}
		st := s.run(s.source(), 3*time.Hour)
		require.Equal(t, rollout.PhaseDeployed, st.Rollout.Phase, "%v", st)
		require.Equal(t, version("2"), st.LastKnownGood)
		require.Equal(t, 75*time.Minute, st.Rollout.Ended.Sub(nine), "nothing but the bake times")
		for at, n := range s.reads {
			require.Equal(t, 1, n, at)
		}
		if stored {
			s.audit(st)
		}
	}
}

// worse makes the canary fail so many times as often from a time on.
func worse(ratio float64, after time.Duration) func(time.Time, string, bool) float64 {
	return func(at time.Time, _ string, canary bool) float64 {
		if canary && !at.Before(nine.Add(after)) {
			return 0.01 * ratio
		}
		return 0.01
	}
}

func TestRegressionIsRolledBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		rate  func(time.Time, string, bool) float64
		stage int
		most  time.Duration
	}{
		{"five times from the start", worse(5, 0), 0, 6 * time.Minute},
		{"three times, late in the canary stage", worse(3, 10*time.Minute), 0, 20 * time.Minute},
		{"three times, in the second stage", worse(3, 25*time.Minute), 1, 30 * time.Minute},
		{"twice, only when everybody has it", worse(2, 45*time.Minute), 2, 55 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			s.rate = c.rate
			st := s.run(s.source(), 3*time.Hour)
			require.Equal(t, rollout.PhaseRolledBack, st.Rollout.Phase, "%v", st)
			require.Equal(t, "rollout/regressed", st.Rollout.Cause.Code)
			require.Equal(t, c.stage, st.Rollout.Stage)
			require.LessOrEqual(t, st.Rollout.Ended.Sub(nine), c.most)
			_, poisoned := st.PoisonOf(version("2").Digest)
			require.True(t, poisoned)
			s.audit(st)
		})
	}
}

// What hits everybody alike is no regression while there is a control.
func TestIncidentOfAllIsNoRegression(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.rate = func(at time.Time, _ string, _ bool) float64 {
		if m := at.Sub(nine); m > 5*time.Minute && m < 12*time.Minute {
			return 0.2
		}
		return 0.01
	}
	s.opts.Watch = &health.WatchPolicy{Metrics: []health.Baseline{{Name: "errors", Rate: 0.01}}}
	require.Equal(t, rollout.PhaseDeployed, s.run(s.source(), 3*time.Hour).Rollout.Phase)
}

func TestNoDataHolds(t *testing.T) {
	t.Parallel()
	for name, mute := range map[string]func(time.Time, bool) bool{
		"nothing is counted":             func(time.Time, bool) bool { return true },
		"the canary counts nothing":      func(_ time.Time, canary bool) bool { return canary },
		"nothing is counted of the rest": func(_ time.Time, canary bool) bool { return !canary },
	} {
		s := newService(t)
		s.mute = mute
		st := s.run(s.source(), 10*time.Hour)
		require.Equal(t, rollout.PhaseBaking, st.Rollout.Phase, name)
		require.Equal(t, 0, st.Rollout.Stage, name)
		require.NotEqual(t, health.KindHealthy, st.Rollout.Health.Verdict.Kind, name)
		require.Len(t, s.deploy.Effects(production), 1, name)
	}
	// Once everybody has it, too.
	s := newService(t)
	s.mute = func(at time.Time, _ bool) bool { return at.Sub(nine) > 45*time.Minute }
	st := s.run(s.source(), 10*time.Hour)
	require.Equal(t, rollout.PhaseBaking, st.Rollout.Phase)
	require.Equal(t, 2, st.Rollout.Stage)
	require.True(t, st.Rollout.Health.Verdict.NoData)
	s.audit(st)
}

func TestReaderErrorsHold(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.down = func(time.Time) bool { return true }
	st := s.run(s.source(), 5*time.Hour)
	require.Equal(t, rollout.PhaseBaking, st.Rollout.Phase)
	require.Equal(t, 0, st.Rollout.Stage)
	require.Contains(t, st.Rollout.Health.Error, "the metrics store does not answer")
}

// An outage of the metrics store promotes nothing and takes nothing back, in whatever
// stage, and what was counted meanwhile is read afterwards.
func TestOutageOfTheMetricsStore(t *testing.T) {
	t.Parallel()
	for _, from := range []time.Duration{2 * time.Minute, 19 * time.Minute, 30 * time.Minute, 50 * time.Minute} {
		for _, ratio := range []float64{1, 5} {
			s := newService(t)
			s.rate = worse(ratio, from)
			s.down = func(now time.Time) bool {
				return !now.Before(nine.Add(from)) && now.Before(nine.Add(from+30*time.Minute))
			}
			source := s.source()
			before := s.run(source, from)
			during := s.run(source, from+30*time.Minute-time.Second)
			require.Equal(t, before.Rollout.Stage, during.Rollout.Stage)
			require.Equal(t, rollout.PhaseBaking, during.Rollout.Phase)
			after := s.run(source, 5*time.Hour)
			want := rollout.PhaseDeployed
			if ratio > 1 {
				want = rollout.PhaseRolledBack
				require.Less(t, after.Rollout.Ended.Sub(nine), from+33*time.Minute, "found as soon as it can be read")
			}
			require.Equal(t, want, after.Rollout.Phase, "%v %v %v", from, ratio, after)
			s.audit(after)
		}
	}
}

// planOfRegions has a stage in which each region is judged by itself.
func planOfRegions(s *service) {
	s.plan.Stages[0].Slices, s.plan.Stages[0].Percent = []rollout.Slice{{Region: "eu", Percent: 10}, {Region: "us", Percent: 10}}, 10
	s.plan.Stages[1] = rollout.Stage{Name: "half", PerSlice: true, MaxWithdrawn: 1, MinBake: 15 * time.Minute, Percent: 50,
		Slices: []rollout.Slice{{Region: "eu", Percent: 50}, {Region: "us", Percent: 50}}}
}

func TestOneSliceIsTakenBackAndExposedAgain(t *testing.T) {
	t.Parallel()
	for _, again := range []bool{false, true} { // whether it is still bad when it is exposed again
		s := newService(t)
		planOfRegions(s)
		s.rate = func(at time.Time, region string, canary bool) float64 {
			bad := at.After(nine.Add(25*time.Minute)) && (again || at.Before(nine.Add(50*time.Minute)))
			if canary && region == "us" && bad {
				return 0.05
			}
			return 0.01
		}
		source := s.source()
		st := s.run(source, 50*time.Minute)
		require.Equal(t, rollout.PhaseBaking, st.Rollout.Phase, "%v", st)
		require.Equal(t, 1, st.Rollout.Stage)
		require.Len(t, st.Rollout.Withdrawn, 1)
		require.Equal(t, "us", st.Rollout.Withdrawn[0].Slice.Region)
		require.InDelta(t, 0.01/3, policies(t, s, st)[0].Alpha, 1e-12, "one whole and two regions")

		_, err := s.engine(source).Resume(t.Context(), production, ada)
		require.NoError(t, err)
		st = s.run(source, 55*time.Minute+30*time.Second)
		if again {
			require.Len(t, st.Rollout.Withdrawn, 1, "found anew: %v", st)
		} else {
			require.Equal(t, rollout.PhaseDeployed, s.run(source, 5*time.Hour).Rollout.Phase)
		}
		require.Len(t, policies(t, s, st), 4, "one whole, two regions, one anew")
		s.audit(st)
	}
}

// An order that the deployer does not carry out for a while is carried out later: health
// is not asked to certify a stage that nobody has seen.
func TestAnOrderThatFailsIsRepeated(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Duration{0, 20 * time.Minute, 45 * time.Minute} {
		s := newService(t)
		planOfRegions(s)
		s.opts.Watch = &health.WatchPolicy{Metrics: []health.Baseline{{Name: "errors", Rate: 0.01}}}
		s.stuck = func(now time.Time) bool {
			return !now.Before(nine.Add(at)) && now.Before(nine.Add(at+4*time.Minute))
		}
		st := s.run(s.source(), 3*time.Hour)
		require.Equal(t, rollout.PhaseDeployed, st.Rollout.Phase, "%v: %v", at, st)
		require.Less(t, st.Rollout.Ended.Sub(nine), 90*time.Minute)
		s.audit(st)
	}
}

// What nobody knows a rate of cannot be watched, and is not called good.
func TestNoRateToWatchByHolds(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.plan.Stages[0].MinBake = 5 * time.Minute
	st := s.run(s.source(), 5*time.Hour)
	require.Equal(t, rollout.PhaseBaking, st.Rollout.Phase)
	require.Equal(t, 2, st.Rollout.Stage)
	require.Contains(t, st.Rollout.Health.Error, "no rate is known to watch by")
}

// policies are those of the monitors that began.
func policies(t testing.TB, s *service, st rollout.State) (out []health.Policy) {
	for _, r := range records(t, s.store, analysis.Stream(st.Rollout.ID)) {
		if r.Kind == analysis.RecordPart {
			if p, watch := analysis.PartPolicy(r); !watch {
				out = append(out, p)
			}
		}
	}
	return out
}
