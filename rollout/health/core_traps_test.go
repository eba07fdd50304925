package health_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// Metrics depend on each other: here the second fails at the canary exactly when the
// first fails at the control. What the second stakes in a window may therefore not
// follow from what the first did in it. All paths of windows with one failure each are
// counted, at rates that are equal: the mean of the evidence is 1 at most, and it is
// not far below, so the test could fail.
func TestMeansAreAtMostOneWhateverMetricsDoToEachOther(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		opposite bool
		metrics  []health.Metric
	}{
		{"opposite metrics", true, []health.Metric{{Name: "a", Tolerance: 1}, {Name: "b", Tolerance: 1}}},
		{"alike metrics", false, []health.Metric{{Name: "a", Tolerance: 1}, {Name: "b", Tolerance: 1}}},
		{"unequal weights", true, []health.Metric{{Name: "a", Tolerance: 1, Weight: 9}, {Name: "b", Tolerance: 1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			const windows = 9
			sum := 0.0
			for path := range 1 << windows {
				m, err := health.New(health.Policy{Alpha: .05, WarmUp: -1, Metrics: c.metrics})
				require.NoError(t, err)
				for i := range 2 * windows {
					id := fmt.Sprint(i)
					a := health.Sample{ID: id, Metric: "a", Canary: count(0, 50), Control: count(0, 50)}
					b := health.Sample{ID: id, Metric: "b", Canary: count(0, 50), Control: count(0, 50)}
					if i%2 == 1 { // every other window is without a failure, so failures are rare
						hit := uint64(path >> (i / 2) & 1)
						a.Canary.Bad, a.Control.Bad = hit, 1-hit
						b.Canary.Bad, b.Control.Bad = hit, 1-hit
						if c.opposite {
							b.Canary.Bad, b.Control.Bad = 1-hit, hit
						}
					}
					require.NoError(t, m.Add(a, b))
					if m.Kind() == health.KindRegressed {
						break // what counts is the evidence when it is acted upon
					}
				}
				sum += math.Exp(m.Verdict().LogE)
			}
			mean := sum / (1 << windows)
			t.Logf("mean %.9f", mean)
			require.LessOrEqual(t, mean, 1+1e-7)
			require.Greater(t, mean, .98)
		})
	}
}

// trapFine is a window of a healthy release with much traffic.
func trapFine(id, metric string) health.Sample {
	return health.Sample{ID: id, Metric: metric, Canary: count(100, 10_000), Control: count(900, 90_000)}
}

// A certificate does not stand for ever on data that no longer comes: not where the
// canary has no requests, not where the control has none, and not where a metric is
// no longer there at all while another one is.
func TestHealthGoesStale(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		then func(id string) []health.Sample
	}{
		{"no canary", func(id string) []health.Sample {
			return []health.Sample{{ID: id, Metric: "a", Control: count(0, 10)}, trapFine(id, "b")}
		}},
		{"no control", func(id string) []health.Sample {
			return []health.Sample{{ID: id, Metric: "a", Canary: count(10, 10)}, trapFine(id, "b")}
		}},
		{"in no stratum both", func(id string) []health.Sample {
			return []health.Sample{{ID: id, Metric: "a", Stratum: "eu", Canary: count(10, 10)},
				{ID: id, Metric: "a", Stratum: "us", Control: count(0, 10)}, trapFine(id, "b")}
		}},
		{"no sample of one metric", func(id string) []health.Sample { return []health.Sample{trapFine(id, "b")} }},
		{"nothing counted", func(id string) []health.Sample { return []health.Sample{{ID: id, Metric: "a"}, {ID: id, Metric: "b"}} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := errorsLike(t, health.Policy{Stale: 5, Metrics: []health.Metric{{Name: "a"}, {Name: "b"}}})
			for i := range 6 {
				require.NoError(t, m.Add(trapFine(fmt.Sprint(i), "a"), trapFine(fmt.Sprint(i), "b")))
			}
			require.Equal(t, health.KindHealthy, m.Kind())
			for i := range 5 {
				require.Equal(t, health.KindHealthy, m.Kind(), "window %d", i)
				require.NoError(t, m.Add(c.then(fmt.Sprint("then", i))...))
			}
			v := m.Verdict()
			require.Equal(t, health.KindUndecided, v.Kind)
			require.True(t, v.NoData)
			require.Equal(t, "a", v.Metric)
			require.Contains(t, v.Why, "no data: a")
			require.Contains(t, v.Why, "5 windows")
			require.NoError(t, m.Add(trapFine("again", "a"), trapFine("again", "b")))
			require.Equal(t, health.KindHealthy, m.Kind(), "data is back")
		})
	}
}

// However long a rollout lasts, and however much speaks against a regression, a
// verdict is a number that JSON can hold.
func TestVerdictOfALongRollout(t *testing.T) {
	t.Parallel()
	m := errorsLike(t, health.Policy{Metrics: []health.Metric{{Name: "a"}, {Name: "b", Edges: []float64{1, 2}, CertifyAt: 1}}})
	for i := range 12_000 {
		id := fmt.Sprint(i)
		require.NoError(t, m.Add(
			health.Sample{ID: id, Metric: "a", Canary: count(100, 10_000), Control: count(1000, 90_000)},
			health.Sample{ID: id, Metric: "b", Canary: count(0, 10_000), Control: count(0, 90_000), CanarySlow: []uint64{100, 10}, ControlSlow: []uint64{1000, 100}}))
	}
	v := m.Verdict()
	require.Equal(t, health.KindHealthy, v.Kind)
	require.False(t, math.IsInf(v.LogE, 0) || math.IsNaN(v.LogE), "%v", v.LogE)
	_, err := json.Marshal(v)
	require.NoError(t, err)
	state, err := m.MarshalBinary()
	require.NoError(t, err)
	var back health.Monitor
	require.NoError(t, back.UnmarshalBinary(state))
	require.Equal(t, v, back.Verdict())
}

// What is cold at the start is the control's twin as well as the canary, and what is
// routed takes a while to follow: neither makes the measurement invalid. A twin that
// stays worse does.
func TestChecksAllowForAColdStart(t *testing.T) {
	t.Parallel()
	window := func(id string, cold bool) health.Sample {
		s := health.Sample{ID: id, Metric: "errors", Canary: count(10, 1000), Control: count(80, 8000), Twin: count(10, 1000), Share: 1. / 9}
		if cold {
			s.Canary, s.Twin = count(7, 250), count(30, 1000) // fails three times as often, and gets a quarter
		}
		return s
	}
	m := errorsOnly(t)
	for stage := range 3 {
		for i := range 20 {
			v := add(t, m, window(fmt.Sprint(stage, i), i < 3))
			require.NotEqual(t, health.KindInvalid, v.Kind, v.Why)
			require.NotEqual(t, health.KindRegressed, v.Kind, v.Why)
		}
		require.Equal(t, health.KindHealthy, m.Kind())
		m.Recertify()
	}
	for i := range 40 {
		s := window(fmt.Sprint("stays", i), true)
		s.Canary = count(10, 1000)
		add(t, m, s)
	}
	v := m.Verdict()
	require.Equal(t, health.KindInvalid, v.Kind, v.Why)
}

// Requests come in sessions, and the canary's share of the sessions is right: the
// measurement is called invalid with a chance of at most alpha, with little traffic
// and with much. One that is wrong by three times is found. Simulated.
func TestShareAllowsForSessions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name               string
		sessions, requests int
		share, real        float64
		least, most        float64
	}{
		{"10 sessions of 10", 10, 10, .1, .1, 0, .01},
		{"3 sessions of 10", 3, 10, .5, .5, 0, .01},
		{"50 sessions of 10, one in a hundred", 50, 10, .01, .01, 0, .01},
		{"100 sessions of 100", 100, 100, .1, .1, 0, .01},
		{"single requests", 1000, 1, .1, .1, 0, .01},
		{"a share that is off by a little", 1000, 1, .1, .12, 0, .01},
		{"three times too many", 100, 10, .1, .3, .99, 1},
		{"a third of them", 100, 10, .5, .167, .99, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, invalid := runs(200), 0
			for run := range n {
				rng := rand.New(rand.NewPCG(71, uint64(run)))
				m := errorsOnly(t)
				for i := range 120 {
					k := uint64(traffic{rng: rng}.bad(c.sessions, c.real)) * uint64(c.requests)
					require.NoError(t, m.Add(health.Sample{ID: fmt.Sprint(i), Metric: "errors", Share: c.share,
						Canary: count(0, k), Control: count(0, uint64(c.sessions*c.requests)-k)}))
				}
				invalid += one(m.Kind() == health.KindInvalid)
			}
			got := float64(invalid) / float64(n)
			t.Logf("%d rollouts: invalid %.2f %%", n, 100*got)
			require.GreaterOrEqual(t, got, c.least)
			require.LessOrEqual(t, got, c.most)
		})
	}
}

// Instances are cold when their first requests come, however long they took to start.
func TestWarmUpBeginsWithTheFirstRequest(t *testing.T) {
	t.Parallel()
	m := errorsOnly(t)
	for stage := range 2 {
		for i := range 5 {
			add(t, m, health.Sample{ID: fmt.Sprint(stage, "starting", i), Metric: "errors", Control: count(9, 900)})
		}
		for i := range 3 {
			v := add(t, m, health.Sample{ID: fmt.Sprint(stage, "cold", i), Metric: "errors", Canary: count(30, 1000), Control: count(90, 9000)})
			require.NotEqual(t, health.KindRegressed, v.Kind, v.Why)
			require.Contains(t, v.Why, fmt.Sprintf("window %d of 3", i+1))
		}
		for i := range 10 {
			add(t, m, trapFine(fmt.Sprint(stage, "warm", i), "errors"))
		}
		require.Equal(t, health.KindHealthy, m.Kind())
		m.Recertify()
	}
}

// A stage that begins again and again stays warm for ever. That hides no large
// regression, and a small one is not certified.
func TestWarmForEver(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		bad  uint64
		want []health.Kind
	}{
		{"double", 20, []health.Kind{health.KindUndecided}},
		{"fifteen times", 150, []health.Kind{health.KindRegressed}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := errorsOnly(t)
			for i := range 200 {
				v := add(t, m, health.Sample{ID: fmt.Sprint(i), Metric: "errors", Canary: count(c.bad, 1000), Control: count(90, 9000)})
				require.NotEqual(t, health.KindHealthy, v.Kind)
				m.Recertify()
			}
			require.Contains(t, c.want, m.Kind())
		})
	}
}
