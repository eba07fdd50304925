package health_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// benchWeights are the stages of the rollout that the Monitor gates.
var benchWeights = []int{1, 5, 25, 50}

// benchGated is a rollout by stages that goes on when the Monitor certifies the
// stage, and back when it finds a regression. Windows are one tick long. A stage's
// certificate rests on windows that began in the stage.
func benchGated(m *health.Monitor) anchorRule {
	stage, next := 0, 0
	starts := []int{0} // tick at which each stage began
	certifying := 0    // the stage that the windows added so far belong to
	return func(tick int, seen anchorSeen) anchorStep {
		step := anchorStep{weight: benchWeights[stage]}
		for ; next < len(seen.canary); next++ {
			if certifying < stage && next >= starts[stage] {
				certifying = stage
				m.Recertify()
			}
			err := m.Add(health.Sample{ID: benchID(next), Metric: "errors", Canary: seen.canary[next], Control: seen.control[next]})
			if err != nil {
				panic(err)
			}
			switch benchKind(m, benchOutcome{}) {
			case health.KindRegressed, health.KindInvalid:
				step.abort = true
				return step
			case health.KindHealthy:
				if certifying < stage {
					continue // by the stage before
				}
				if stage == len(benchWeights)-1 {
					step.promote = true
					return step
				}
				stage++
				starts = append(starts, tick)
				step.weight = benchWeights[stage]
			}
		}
		return step
	}
}

// benchBlast plays a rule many times.
func benchBlast(s anchorService, n int, rule func() anchorRule) []anchorResult {
	const day = 24 * 60 * anchorMinute
	out := make([]anchorResult, n)
	benchEach(n, func(run int) { out[run] = s.run(run, day, rule()) })
	return out
}

// benchExcess summarises results: mean and median of the excess failures, and the
// share that was promoted.
func benchExcess(results []anchorResult) (mean, half, median, lo, hi float64, promoted benchShare) {
	excess := make([]float64, len(results))
	promoted.n = len(results)
	for i, r := range results {
		excess[i] = r.excess
		promoted.k += one(r.promoted)
	}
	mean, half = benchMean(excess)
	median, lo, hi = benchMedian(excess)
	return
}

// BenchmarkBlastRadius measures how many requests fail because of a regression until
// it has been taken back: in a service of 10,000 requests a minute of which .1 %
// fail, with metrics that are a minute late and an abort that takes a minute. The
// Monitor has the default policy, and windows of 15 seconds: how long a window is,
// is the host's choice. fewer-x is the best of the other tools' documented defaults
// over ours, in the median and (fewer-mean-x) in the mean.
func BenchmarkBlastRadius(b *testing.B) {
	const p0 = .001
	for _, c := range []struct {
		p1, bar float64 // the bar is how many times fewer; 0 is none
	}{{.002, 0}, {.005, 0}, {.01, 20}, {.05, 20}, {.5, 10}} {
		b.Run(fmt.Sprintf("to-%v%%", 100*c.p1), func(b *testing.B) {
			n := benchRuns(5_000)
			s := anchorService{requests: 2500, p1: c.p1, p0: p0, seed: 86}
			policy := health.Policy{Metrics: []health.Metric{{Name: "errors"}}}
			var fewer, fewerMean float64
			var covered benchShare
			for b.Loop() {
				best, bestMean := math.Inf(1), math.Inf(1)
				line := func(name string, results []anchorResult) (mean, median float64) {
					mean, half, median, lo, hi, promoted := benchExcess(results)
					b.Logf("%-56s excess failures: mean %.1f (99 %%: ±%.1f), median %.1f (99 %%: %.1f to %.1f); promoted %v", name, mean, half, median, lo, hi, promoted)
					return mean, median
				}
				for _, a := range anchorRules {
					name := a.name
					if !a.bar {
						name += " *"
					}
					mean, median := line(name, benchBlast(s, n, a.rule))
					if a.bar {
						best, bestMean = min(best, median), min(bestMean, mean)
					}
				}
				results := benchBlast(s, n, func() anchorRule { return benchGated(benchOpen(policy)) })
				mean, median := line("ours, 1/5/25/50 %, windows of 15 s", results)
				fewer, fewerMean = best/median, bestMean/mean
				minutes := make([]float64, 0, n)
				undecided := 0
				for _, r := range results {
					minutes = append(minutes, float64(r.ticks)/anchorMinute)
					undecided += one(!r.aborted && !r.promoted)
				}
				slices.Sort(minutes)
				// The first stage, of 1 %, is what a forecast is made for.
				f, err := health.ForecastOf(policy, health.Bake{Windows: 24 * 60 * 4, Lag: 4, Abort: 4}, health.Traffic{
					Metric: "errors", Canary: 25, Control: 2475, Rate: p0, Ratios: []float64{c.p1 / p0}})
				if err != nil {
					b.Fatal(err)
				}
				most := f.Metrics[0].Regressions[len(f.Metrics[0].Regressions)-1].MostExcess
				covered = benchShare{n: len(results)}
				for _, r := range results {
					covered.k += one(r.excess <= most)
				}
				b.Logf("the forecast: at most %.1f in 95 of 100 rollouts; so it was in %v", most, covered)
				b.Logf("ours ended after %.1f min in the median; undecided after a day: %d", minutes[len(minutes)/2], undecided)
				b.Logf("fewer than the best of them: %.1f times in the median, %.1f in the mean (* is no documented default)", fewer, fewerMean)
			}
			b.ReportMetric(fewer, "fewer-x")
			b.ReportMetric(fewerMean, "fewer-mean-x")
			b.ReportMetric(100*float64(covered.k)/float64(covered.n), "covered-%")
			if c.bar > 0 && min(fewer, fewerMean) < c.bar {
				b.Errorf("%.1f and %.1f times fewer than the best of the others: the bar is %v", fewer, fewerMean, c.bar)
			}
		})
	}
	b.Run("healthy", func(b *testing.B) {
		n := benchRuns(5_000)
		s := anchorService{requests: 2500, p1: p0, p0: p0, seed: 87}
		policy := health.Policy{Metrics: []health.Metric{{Name: "errors"}}}
		var back benchShare
		minutes := make([]float64, n)
		for b.Loop() {
			back = benchShare{n: n}
			results := benchBlast(s, n, func() anchorRule { return benchGated(benchOpen(policy)) })
			for i, r := range results {
				back.k += one(r.aborted)
				minutes[i] = math.Inf(1)
				if r.promoted {
					minutes[i] = float64(r.ticks) / anchorMinute
				}
			}
		}
		median, lo, hi := benchMedian(minutes)
		b.Logf("rolled back %v; promoted after %.1f min in the median (99 %%: %.1f to %.1f)", back, median, lo, hi)
		b.ReportMetric(median, "median-min")
		back.report(b, "false-%", 100*health.DefaultAlpha)
	})
}

// A stage is certified by its own windows, and what is promoted went through all.
func TestBenchGated(t *testing.T) {
	t.Parallel()
	s := anchorService{requests: 250_000, p1: .001, p0: .001}
	m := benchOpen(health.Policy{Metrics: []health.Metric{{Name: "errors"}}})
	var weights []int
	rule := benchGated(m)
	got := s.run(0, 10_000, func(tick int, seen anchorSeen) anchorStep {
		step := rule(tick, seen)
		if len(weights) == 0 || weights[len(weights)-1] != step.weight {
			weights = append(weights, step.weight)
		}
		return step
	})
	require.True(t, got.promoted)
	require.Equal(t, benchWeights, weights)
	require.GreaterOrEqual(t, got.ticks, len(benchWeights)*(anchorLag+1), "each stage has a window of its own, and it is late")
}
