package health_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// benchEdges are twelve of the edges, in milliseconds, that OpenTelemetry's
// histograms of durations have.
var benchEdges = []float64{5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000}

// benchLatency is the share of requests that take longer than ms.
type benchLatency func(ms float64) float64

// benchBase is a lognormal latency with a median of 100 ms: one request in a hundred
// takes longer than 404 ms.
func benchBase(ms float64) float64 {
	if ms <= 0 {
		return 1
	}
	return .5 * math.Erfc(math.Log(ms/100)/.6/math.Sqrt2)
}

// slow draws n requests: how many take longer than each of the edges.
func (l benchLatency) slow(r trafficRand, n int, out []uint64) {
	left, above := n, 1.0
	for i, edge := range benchEdges {
		p := l(edge)
		if left > 0 && above > 0 {
			left = r.binomial(left, p/above)
		}
		out[i], above = uint64(left), p
	}
}

// BenchmarkLatency measures how soon slower answers are found by counts of requests
// that take longer than the edges of a histogram, by the default policy with a
// window each minute: median-min for a release where 2 % of the requests take a
// second longer, at most 2, and false-% for one that changes nothing, at most alpha.
func BenchmarkLatency(b *testing.B) {
	for _, c := range []struct {
		name   string
		canary benchLatency
		bar    float64 // minutes in the median; 0 is none
	}{
		{"same", benchBase, 0},
		{"2%-plus-1s", func(ms float64) float64 { return .98*benchBase(ms) + .02*benchBase(ms-1000) }, 2},
		{"all-plus-10%", func(ms float64) float64 { return benchBase(ms / 1.1) }, 0},
		{"5%-times-3", func(ms float64) float64 { return .95*benchBase(ms) + .05*benchBase(ms/3) }, 0},
	} {
		for _, level := range []struct {
			name string
			benchLevel
		}{{"1000v1000", benchLevel{1000, 1000}}, {"1000v9000", benchHigh}} {
			b.Run(c.name+"/"+level.name, func(b *testing.B) {
				n := benchRuns(5_000)
				minutes := make([]float64, n)
				policy := health.Policy{Metrics: []health.Metric{{Name: "latency", Edges: benchEdges, CertifyAt: 250}}}
				for b.Loop() {
					benchEach(n, func(run int) {
						r, m := trafficSeed(84, uint64(run)), benchOpen(policy)
						minutes[run] = math.Inf(1)
						for w := range 60 {
							s := health.Sample{
								ID: benchID(w), Metric: "latency",
								Canary: count(0, uint64(level.canary)), Control: count(0, uint64(level.control)),
								CanarySlow: make([]uint64, len(benchEdges)), ControlSlow: make([]uint64, len(benchEdges)),
							}
							c.canary.slow(r, level.canary, s.CanarySlow)
							benchLatency(benchBase).slow(r, level.control, s.ControlSlow)
							if err := m.Add(s); err != nil {
								panic(err)
							}
							if benchKind(m, benchOutcome{healthy: 1}) == health.KindRegressed {
								minutes[run] = float64(w + 1)
								break
							}
						}
					})
				}
				found := benchShare{n: n}
				for _, m := range minutes {
					found.k += one(!math.IsInf(m, 1))
				}
				median, lo, hi := benchMedian(minutes)
				if c.name == "same" {
					b.Logf("%v: regressed within 60 min %v", level, found)
					found.report(b, "false-%", 100*health.DefaultAlpha)
					return
				}
				b.Logf("%v: regressed within 60 min %v, after %v min in the median (99 %%: %v to %v)", level, found, median, lo, hi)
				if !math.IsInf(median, 1) {
					b.ReportMetric(median, "median-min")
				}
				b.ReportMetric(100-found.percent(), "missed-%")
				if c.bar > 0 {
					benchAtMost(b, "median-min", median, hi-median, c.bar)
				}
			})
		}
	}
}

// The latencies that are drawn have the shares that they should.
func TestBenchLatency(t *testing.T) {
	t.Parallel()
	const n, draws = 1000, 20_000
	require.InDelta(t, .5, benchBase(100), 1e-12)
	require.InDelta(t, .01, benchBase(404), 1e-4)
	require.InDelta(t, 1, benchBase(-900), 0)
	r, sum, out := trafficSeed(1, 1), make([]float64, len(benchEdges)), make([]uint64, len(benchEdges))
	for range draws {
		benchLatency(benchBase).slow(r, n, out)
		for i, v := range out {
			sum[i] += float64(v)
			require.True(t, i == 0 || v <= out[i-1], "longer than the next edge is longer than this one")
		}
	}
	for i, edge := range benchEdges {
		p := benchBase(edge)
		require.InDelta(t, p, sum[i]/n/draws, 5*math.Sqrt(p*(1-p)/n/draws)+1e-9, "edge %v", edge)
	}
}
