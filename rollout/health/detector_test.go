package health_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// detectorMeans are the exact means of a window's e-values, for a count of a
// distribution, given by its logarithms: far out, e is as large as a chance is small.
func detectorMeans(b health.Baseline, logPMF []float64) (ratios []float64, certificate float64) {
	for x, p := range logPMF {
		es, cert := health.WatchEvidence(b, health.Count{Bad: uint64(x), Total: uint64(len(logPMF) - 1)})
		if ratios == nil {
			ratios = make([]float64, len(es))
		}
		for i, e := range es {
			ratios[i] += math.Exp(p+e) - math.Exp(p)
		}
		certificate += math.Exp(p + cert)
	}
	return ratios, certificate
}

// detectorBernoullis is the distribution of the failures of requests that fail with
// chances of their own.
func detectorBernoullis(chances []float64) []float64 {
	pmf := []float64{1}
	for _, p := range chances {
		next := make([]float64, len(pmf)+1)
		for k, v := range pmf {
			next[k] += v * (1 - p)
			next[k+1] += v * p
		}
		pmf = next
	}
	for k, v := range pmf {
		pmf[k] = math.Log(v)
	}
	return pmf
}

func detectorBaseline(t *rapid.T) health.Baseline {
	b := health.Baseline{Name: "m", Tolerance: rapid.Float64Range(1, 1.5).Draw(t, "tolerance")}
	b.MDE = b.Tolerance * rapid.Float64Range(1.05, 5).Draw(t, "mde")
	b.Rate = rapid.Float64Range(.0005, .99/b.Tolerance).Draw(t, "rate")
	if rapid.Bool().Draw(t, "dispersed") {
		b.Dispersion = health.Dispersion{Factor: rapid.Float64Range(1, 5).Draw(t, "factor"), Events: rapid.Float64Range(.1, 20).Draw(t, "events")}
	}
	return b
}

// Claims 1 and 2 of the detector, worked out exactly: no tolerable rates make
// evidence in the mean, whether requests are alike or not, nor do rates of the mde or
// more make a certificate.
func TestDetectorMeans(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := detectorBaseline(t)
		n := rapid.IntRange(1, 40).Draw(t, "n")
		chances := make([]float64, n)
		sum := 0.0
		for i := range chances {
			chances[i] = rapid.Float64Range(0, 1).Draw(t, "chance")
			sum += chances[i]
		}
		// Shrunk until the mean is at the edge of what is tolerated, or below.
		scale := rapid.SampledFrom([]float64{1, 1, .9}).Draw(t, "scale") * math.Min(b.Rate*b.Tolerance*float64(n)/math.Max(sum, 1e-9), 1)
		for i := range chances {
			chances[i] *= scale
		}
		ratios, _ := detectorMeans(b, detectorBernoullis(chances))
		for i, mean := range ratios {
			require.LessOrEqual(t, mean, 1+1e-9, "ratio %d", i)
		}
		if worst := b.Rate * b.MDE; worst < 1 {
			p := rapid.Float64Range(worst, 1).Draw(t, "worse")
			for i := range chances {
				chances[i] = p
			}
			_, certificate := detectorMeans(b, detectorBernoullis(chances))
			require.LessOrEqual(t, certificate, 1+1e-9)
		}
	})
}

// At the edge the evidence is fair: the bound is not slack where nothing jitters, nor
// where the rate jitters as stated.
func TestDetectorIsFairAtTheEdge(t *testing.T) {
	t.Parallel()
	for _, b := range []health.Baseline{
		{Name: "m", Rate: .01}, {Name: "m", Rate: .01, Tolerance: 1}, {Name: "m", Rate: .3, Tolerance: 1.2, MDE: 2}, {Name: "m", Rate: .8, Tolerance: 1.1, MDE: 4},
	} {
		tolerance := b.Tolerance
		if tolerance == 0 {
			tolerance = 1.2
		}
		chances := make([]float64, 60)
		for i := range chances {
			chances[i] = b.Rate * tolerance
		}
		ratios, _ := detectorMeans(b, detectorBernoullis(chances))
		for _, mean := range ratios {
			require.InDelta(t, 1, mean, 1e-9, "%v", b)
		}
	}
	// Negative binomial counts of mean 6, jitter .5: cut where nothing is left.
	b := health.Baseline{Name: "m", Rate: .001, Tolerance: 1.2, Dispersion: health.Dispersion{Factor: 2.25, Events: 5}}
	pmf := watchNoisy(5000, .0012, .5).logPMF
	ratios, _ := detectorMeans(b, pmf)
	for _, mean := range ratios {
		require.InDelta(t, 1, mean, 1e-6)
	}
	// More jitter than stated is more evidence than fair: the property can fail.
	b.Dispersion.Factor = 1.5
	ratios, _ = detectorMeans(b, pmf)
	require.Greater(t, ratios[1], 1.01)
}

// One more bad event is more evidence, one more good one less.
func TestDetectorIsMonotone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := detectorBaseline(t)
		total := rapid.Uint64Range(1, 300).Draw(t, "total")
		bad := rapid.Uint64Range(0, total-1).Draw(t, "bad")
		fewer, _ := health.WatchEvidence(b, health.Count{Bad: bad, Total: total})
		more, _ := health.WatchEvidence(b, health.Count{Bad: bad + 1, Total: total})
		good, _ := health.WatchEvidence(b, health.Count{Bad: bad, Total: total + 1})
		for i := range fewer {
			require.GreaterOrEqual(t, more[i], fewer[i])
			require.GreaterOrEqual(t, fewer[i], good[i])
			require.False(t, math.IsNaN(more[i]))
		}
	})
}

func TestDetectorWeights(t *testing.T) {
	t.Parallel()
	sum := 0.0
	for _, w := range health.WatchWeights() {
		require.Positive(t, w)
		sum += w
	}
	require.InDelta(t, 1, sum, 1e-12)
}

// Claim 3, simulated: metrics that fail together do not shorten the time to a false
// alarm below what is stated; without the tolerance that it was made for, it is
// shortened.
func TestDetectorRunLength(t *testing.T) {
	t.Parallel()
	const arl = 60
	metrics := []health.Baseline{{Name: "a", Rate: .02, Tolerance: 1.1}, {Name: "b", Rate: .02, Tolerance: 1.1, Weight: 3}, {Name: "c", Rate: .02, Tolerance: 1.1}}
	for _, c := range []struct {
		name string
		rate float64
		long bool
	}{{"just tolerable", .022, true}, {"as known", .02, true}, {"worse", .03, false}} {
		t.Run(c.name, func(t *testing.T) {
			draw := watchBinomial(500, c.rate)
			var lengths []int
			for run := range runs(200) {
				lengths = append(lengths, watchTogether(t, health.WatchPolicy{ARL: arl, Metrics: metrics, WarmUp: -1}, draw, rand.New(rand.NewPCG(31, uint64(run)))))
			}
			mean, half := watchMean(lengths)
			t.Logf("%d releases: %.0f windows, 99 %% interval +- %.0f", len(lengths), mean, half)
			require.Equal(t, c.long, mean+half > arl)
		})
	}
}

// watchTogether is the number of windows until an alarm, where all metrics count the
// same events.
func watchTogether(t *testing.T, p health.WatchPolicy, draw watchDraw, rng *rand.Rand) int {
	w, err := health.NewWatch(p)
	require.NoError(t, err)
	window := watchMinute(0)
	samples := make([]health.WatchSample, len(p.Metrics))
	for i := 1; ; i++ {
		c := draw.count(rng)
		for j, b := range p.Metrics {
			samples[j] = health.WatchSample{Metric: b.Name, Window: window, Count: c}
		}
		require.NoError(t, w.Add(samples...))
		if len(w.Alarms()) > 0 {
			return i
		}
		window = window.Next()
	}
}
