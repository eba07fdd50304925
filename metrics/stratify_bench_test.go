package metrics_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/release"
)

// shares are how many of 100 deployments each tier has, from low to critical.
var shares = [4]int{50, 25, 15, 10}

// simulate is 500 deployments whose tiers, from low to critical, fail with these chances.
func simulate(r *rand.Rand, rates [4]float64) []metrics.Prediction {
	out := make([]metrics.Prediction, 500)
	for i := range out {
		x, t := r.IntN(100), 0
		for x >= shares[t] {
			x -= shares[t]
			t++
		}
		out[i] = metrics.Prediction{Tier: release.Tier(t + 1), Outcome: release.OutcomeFine}
		if r.Float64() < rates[t] {
			out[i].Outcome = release.OutcomeFailed
		}
	}
	return out
}

// odds are rates in a proportion of which the mean over the tiers is base.
func odds(base float64, times [4]float64) [4]float64 {
	mean := 0.0
	for t, share := range shares {
		mean += times[t] * float64(share) / 100
	}
	for t := range times {
		times[t] *= base / mean
	}
	return times
}

// trueAUC is the AUC of these rates over the tiers' shares.
func trueAUC(rates [4]float64) float64 {
	wins, failed, fine := 0.0, 0.0, 0.0
	for t, share := range shares {
		f, g := float64(share)*rates[t], float64(share)*(1-rates[t])
		wins += f * (fine + g/2)
		failed, fine = failed+f, fine+g
	}
	return wins / (failed * fine)
}

// classifiers are those of the simulation, by how the chance to fail goes with the tier.
var classifiers = []struct {
	name  string
	times [4]float64
	want  metrics.TierVerdict
}{
	{"shuffled", [4]float64{1, 1, 1, 1}, metrics.TierUseless},
	{"inverted", [4]float64{9, 5, 2, 1}, metrics.TierInverted},
	{"working", [4]float64{1, 3, 8, 12}, metrics.TierWorks},
}

// detected simulates n histories and counts those with the verdict, at p < .01 each.
func detected(b testing.TB, seed uint64, n int, rates [4]float64, want metrics.TierVerdict) int {
	found := 0
	for k := range n {
		report, err := metrics.Stratify(simulate(rand.New(rand.NewPCG(seed, uint64(k))), rates), metrics.StratifyOptions{})
		require.NoError(b, err)
		if report.Verdict == want {
			require.Less(b, report.P, 0.01)
			found++
		}
	}
	return found
}

// BenchmarkClassifierDetected says how often a verdict on 500 deployments is the right
// one, at p < .01: in 2,000 simulated histories for each classifier and each share
// of failures, always the same ones. Half of the deployments are low, a quarter
// moderate, 15 % high and 10 % critical.
//
//	detected-%   histories with the right verdict: shuffled useless, inverted inverted, working works
//	lo-%, hi-%   its exact interval at 99 %
//	auc          the true AUC of the classifier
//
// It fails below 95 %. The classifiers at the limit have an AUC of 0.70 exactly, where
// "useless" is an error: it fails where more than 1 % of them are called so, by the
// interval.
func BenchmarkClassifierDetected(b *testing.B) {
	const n = 2000
	for _, base := range []struct {
		name string
		rate float64
	}{{"10%", 0.10}, {"20%", 0.20}} {
		for _, c := range classifiers {
			b.Run(c.name+"/"+base.name, func(b *testing.B) {
				rates := odds(base.rate, c.times)
				found := 0
				for b.Loop() {
					found = detected(b, 23, n, rates, c.want)
				}
				in := reportShare(b, "detected-%", found, n, trueAUC(rates))
				require.GreaterOrEqual(b, float64(found), 0.95*n, "detected too few: %v", in)
			})
		}
		b.Run("limit/"+base.name, func(b *testing.B) {
			rates := atLimit(base.rate)
			found := 0
			for b.Loop() {
				found = detected(b, 29, n, rates, metrics.TierUseless)
			}
			in := reportShare(b, "false-%", found, n, trueAUC(rates))
			require.LessOrEqual(b, in.Lo, 0.01, "called useless too often")
		})
	}
}

// atLimit are rates of which the AUC is 0.70: from tier to tier they rise by a factor.
func atLimit(base float64) [4]float64 {
	lo, hi := 1.0, 4.0
	at := func(f float64) [4]float64 { return odds(base, [4]float64{1, f, f * f, f * f * f}) }
	for range 100 {
		if mid := (lo + hi) / 2; trueAUC(at(mid)) < 0.7 {
			lo = mid
		} else {
			hi = mid
		}
	}
	return at(lo)
}

func reportShare(b *testing.B, unit string, found, n int, auc float64) stats.Interval {
	in := stats.ClopperPearson(found, n, 0.99)
	b.ReportMetric(100*float64(found)/float64(n), unit)
	b.ReportMetric(100*in.Lo, "lo-%")
	b.ReportMetric(100*in.Hi, "hi-%")
	b.ReportMetric(auc, "auc")
	b.ReportMetric(0, "ns/op")
	return in
}

// TestClassifierDetected is the benchmark with fewer histories, with fixed seeds.
func TestClassifierDetected(t *testing.T) {
	t.Parallel()
	n := 100
	if *long {
		n = 5000
	}
	for _, base := range []float64{0.1, 0.2} {
		for _, c := range classifiers {
			require.GreaterOrEqual(t, float64(detected(t, 31, n, odds(base, c.times), c.want)), 0.95*float64(n), "%s at %v", c.name, base)
		}
	}
}
