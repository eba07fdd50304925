package health_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// benchKL is the relative entropy of one request that fails with probability p to
// one that fails with probability q, in nats.
func benchKL(p, q float64) float64 {
	term := func(a, b float64) float64 {
		if a == 0 {
			return 0
		}
		return a * math.Log(a/b)
	}
	return term(p, q) + term(1-p, 1-q)
}

// benchKLInf is how much a block of n canary and m control requests, failing with
// p1 and p0, can say in the mean against "both fail alike", whoever listens: the
// least relative entropy to such a pair. It is at the pooled rate, since the
// derivative n(p-p1) + m(p-p0) is 0 there.
func benchKLInf(n, m int, p1, p0 float64) float64 {
	f, g := float64(n), float64(m)
	p := (f*p1 + g*p0) / (f + g)
	return f*benchKL(p1, p) + g*benchKL(p0, p)
}

// benchLimit is the physical limit: no test whose false alarms stay at or below
// alpha over all looks finds the regression with fewer canary requests in the
// mean. A. Wald, Annals of Mathematical Statistics 16 (1945), 117-186, inequality
// 4.80, with the null that is nearest: E tau >= log(1/alpha) / KL_inf.
func benchLimit(n, m int, p1, p0, alpha float64) float64 {
	return float64(n) * math.Log(1/alpha) / benchKLInf(n, m, p1, p0)
}

func TestBenchLimit(t *testing.T) {
	t.Parallel()
	// Computed elsewhere, for a control of 9:1.
	for _, c := range []struct{ p1, p0, want float64 }{
		{.015, .01, 4746}, {.02, .01, 1345}, {.03, .01, 409}, {.1, .01, 41}, {.002, .001, 13611}, {.01, .001, 424},
	} {
		require.InDelta(t, c.want, benchLimit(10, 90, c.p1, c.p0, .01), .51, "%v", c)
	}
	require.InDelta(t, 1737, benchLimit(100, 100, .02, .01, .05), .51)
	require.InDelta(t, 875, benchLimit(100, 900, .02, .01, .05), .51)
	// The pooled rate is the nearest null: every other is further.
	nearest := benchKLInf(10, 90, .02, .01)
	for p := .001; p < .1; p += .0001 {
		require.GreaterOrEqual(t, 10*benchKL(.02, p)+90*benchKL(.01, p), nearest-1e-15)
	}
}

// BenchmarkDetection measures how fast a regression is found: x-limit is the mean
// number of canary requests until the rollback, over the physical limit. Nothing is
// censored, and there is neither tolerance nor warm-up. There is a look after each 10
// canary requests, or after each hundredth of the limit where that is less, since
// waiting for the end of a window is no property of the evidence; x-limit-10 is with
// 10 throughout. The bars are 1.25, and 1.5 for ratios of 10. The benchmarks of
// missed-% count the doublings that are not found within an hour.
func BenchmarkDetection(b *testing.B) {
	const p0 = .01
	for _, split := range []struct {
		name            string
		canary, control int
	}{{"1to1", 1, 1}, {"1to9", 1, 9}} {
		for _, ratio := range []float64{1.5, 2, 3, 5, 10} {
			for _, alpha := range []float64{.05, .01, .001} {
				b.Run(fmt.Sprintf("x%v/%s/alpha%v", ratio, split.name, alpha), func(b *testing.B) {
					n := benchRuns(5_000)
					if ratio > 2 {
						n *= 4 // they cost less
					}
					limit := benchLimit(split.canary, split.control, ratio*p0, p0, alpha)
					delay := func(requests int) (mean, half float64) {
						delays := make([]float64, n)
						policy := health.Policy{Alpha: alpha, WarmUp: -1, Metrics: []health.Metric{{Name: "errors", Tolerance: 1}}}
						benchEach(n, func(run int) {
							draw := trafficIID(requests*split.canary, requests*split.control, ratio*p0, p0)(trafficSeed(80, uint64(run)))
							out := benchSimulate(benchOpen(policy), []string{"errors"}, []trafficWindow{draw}, math.MaxInt, benchRegressed, nil)
							delays[run] = float64(out.regressed * requests)
						})
						return benchMean(delays)
					}
					requests := max(1, min(10, int(limit/100)))
					var mean, half, mean10 float64
					for b.Loop() {
						mean, half = delay(requests)
						if mean10 = mean; requests < 10 {
							mean10, _ = delay(10)
						}
					}
					bar := 1.25
					if ratio == 10 {
						bar = 1.5
					}
					b.Logf("%.1f canary requests in the mean (99 %%: ±%.1f), limit %.1f: x-limit %.3f (99 %%: %.3f to %.3f), a look after each %d; %.3f with one after each 10",
						mean, half, limit, mean/limit, (mean-half)/limit, (mean+half)/limit, requests, mean10/limit)
					b.ReportMetric(mean/limit, "x-limit")
					b.ReportMetric(mean10/limit, "x-limit-10")
					benchAtMost(b, "x-limit", mean/limit, half/limit, bar)
				})
			}
		}
	}
	for _, c := range []struct {
		name      string
		level     benchLevel
		tolerance float64
		bar       float64
	}{
		{"missed/100v900", benchLow, 1, .5},
		{"missed/100v900/tolerance1.2", benchLow, 1.2, 12},
		{"missed/100v100", benchLevel{100, 100}, 1, 8},
	} {
		b.Run(c.name, func(b *testing.B) {
			n := benchRuns(20_000)
			missed := benchShare{n: n}
			var minutes []float64
			for b.Loop() {
				minutes = make([]float64, n)
				policy := health.Policy{WarmUp: -1, Metrics: []health.Metric{{Name: "errors", Tolerance: c.tolerance}}}
				benchEach(n, func(run int) {
					draw := trafficIID(c.level.canary, c.level.control, 2*p0, p0)(trafficSeed(81, uint64(run)))
					out := benchSimulate(benchOpen(policy), []string{"errors"}, []trafficWindow{draw}, 60, benchRegressed, nil)
					minutes[run] = benchAt(out.regressed)
				})
			}
			for _, m := range minutes {
				missed.k += one(math.IsInf(m, 1))
			}
			median, lo, hi := benchMedian(minutes)
			b.Logf("%v, a doubling of 1 %%, alpha .01: missed within 60 min %v; found after %v min in the median (99 %%: %v to %v)", c.level, missed, median, lo, hi)
			b.ReportMetric(median, "median-min")
			missed.report(b, "missed-%", c.bar)
		})
	}
}

// benchAt is the number of a look as a time; never is +Inf.
func benchAt(look int) float64 {
	if look == 0 {
		return math.Inf(1)
	}
	return float64(look)
}

// BenchmarkCertificate measures how often a release that is worse by the policy's
// MDE is certified to be better than that, at any look, and how soon a healthy one
// is.
func BenchmarkCertificate(b *testing.B) {
	for _, c := range []struct {
		name  string
		level benchLevel
		p0    float64
	}{
		{"false/100v900", benchLow, .01},
		{"false/1000v9000", benchHigh, .01},
		{"false/100v100", benchLevel{100, 100}, .01},
		{"false/common", benchLevel{20, 180}, .4},
	} {
		b.Run(c.name, func(b *testing.B) {
			n := benchRuns(20_000)
			share := benchShare{n: n}
			for b.Loop() {
				share.k = 0
				found := make([]bool, n)
				// An alpha so small that no regression ends the rollout before its certificate.
				policy := health.Policy{Alpha: 1e-9, Metrics: []health.Metric{{Name: "errors"}}}
				benchEach(n, func(run int) {
					draw := trafficIID(c.level.canary, c.level.control, 2*c.p0, c.p0)(trafficSeed(82, uint64(run)))
					out := benchSimulate(benchOpen(policy), []string{"errors"}, []trafficWindow{draw}, 60, benchHealthy, nil)
					found[run] = out.healthy > 0
				})
				for _, f := range found {
					share.k += one(f)
				}
			}
			b.Logf("%v, twice %v %%, beta .05: certified %v", c.level, 100*c.p0, share)
			share.report(b, "false-%", 100*health.DefaultBeta)
		})
	}
	for _, c := range []struct {
		name  string
		level benchLevel
		bar   float64 // minutes; 0 is none
	}{
		{"healthy/1000v9000", benchHigh, 3},
		{"healthy/100v900", benchLow, 0},
	} {
		b.Run(c.name, func(b *testing.B) {
			n := benchRuns(5_000)
			minutes := make([]float64, n)
			for b.Loop() {
				policy := health.Policy{Metrics: []health.Metric{{Name: "errors"}}}
				benchEach(n, func(run int) {
					draw := trafficIID(c.level.canary, c.level.control, .01, .01)(trafficSeed(83, uint64(run)))
					out := benchSimulate(benchOpen(policy), []string{"errors"}, []trafficWindow{draw}, 24*60, benchHealthy, nil)
					minutes[run] = benchAt(out.healthy)
				})
			}
			median, lo, hi := benchMedian(minutes)
			b.Logf("%v, 1 %%: healthy after %v min in the median (99 %%: %v to %v)", c.level, median, lo, hi)
			b.ReportMetric(median, "median-min")
			if c.bar > 0 {
				benchAtMost(b, "median-min", median, hi-median, c.bar)
			}
		})
	}
}

// benchHealthy ends a simulation when the release was certified.
func benchHealthy(k health.Kind) bool { return k == health.KindHealthy }
