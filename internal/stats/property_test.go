package stats_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// exactRank is the greatest l with P(B < l) <= tail for B binomial (n, 1/2), in
// whole numbers.
func exactRank(n int, tail *big.Rat) int {
	sum, all := new(big.Int), new(big.Int).Lsh(big.NewInt(1), uint(n))
	for l := 1; ; l++ {
		sum.Add(sum, new(big.Int).Binomial(int64(n), int64(l-1)))
		if new(big.Rat).SetFrac(sum, all).Cmp(tail) > 0 {
			return l - 1
		}
	}
}

// TestOrderRanks compares with whole numbers for each n to 300.
func TestOrderRanks(t *testing.T) {
	t.Parallel()
	for _, level := range []float64{0.9, 0.95, 0.99} {
		tail := new(big.Rat).SetFloat64((1 - level) / 2)
		for n := 1; n <= 300; n++ {
			want := exactRank(n, tail)
			l, u, ok := stats.OrderRanks(n, 0.5, level)
			require.Equal(t, want >= 1, ok, "n=%d", n)
			require.Equal(t, want, l, "n=%d", n)
			require.Equal(t, n+1-want, u, "n=%d: the median's ranks are symmetric", n)
		}
	}
	_, _, ok := stats.OrderRanks(5, 0.5, 0.95)
	require.False(t, ok)
	l, u, ok := stats.OrderRanks(6, 0.5, 0.95)
	require.True(t, ok)
	require.Equal(t, [2]int{1, 6}, [2]int{l, u}, "1 - 2/2^6 = 96.9 %")
	l, u, ok = stats.OrderRanks(100, 0.9, 0.95)
	require.True(t, ok)
	require.Equal(t, [2]int{84, 96}, [2]int{l, u})
	_, _, ok = stats.OrderRanks(10, 0.9, 0.95)
	require.False(t, ok, "even the greatest of 10 is too often below the 90 % quantile")
}

// slowSurvival is the product-limit estimate in fractions, time by time.
func slowSurvival(ds []stats.Duration, at float64) *big.Rat {
	s := big.NewRat(1, 1)
	var times []float64
	for _, d := range ds {
		if !d.Censored && d.Time <= at && !slices.Contains(times, d.Time) {
			times = append(times, d.Time)
		}
	}
	for _, t := range times {
		var n, e int64
		for _, d := range ds {
			if d.Time >= t {
				n++
			}
			if d.Time == t && !d.Censored {
				e++
			}
		}
		s.Mul(s, big.NewRat(n-e, n))
	}
	return s
}

func TestKaplanMeierAgainstFractions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ds := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) stats.Duration {
			return stats.Duration{Time: float64(rapid.IntRange(-2, 12).Draw(t, "time")), Censored: rapid.Bool().Draw(t, "censored")}
		}), 0, 30).Draw(t, "durations")
		before := slices.Clone(ds)
		steps := stats.KaplanMeier(ds)
		if !slices.Equal(before, ds) {
			t.Fatal("the argument was changed")
		}
		// The median in fractions: R's rule, the middle of a step at exactly one half.
		median := math.NaN()
		for i, s := range steps {
			exact, _ := slowSurvival(ds, s.Time).Float64()
			if math.Abs(exact-s.Survival) > 1e-14 {
				t.Fatalf("at %v: %v, not %v", s.Time, s.Survival, exact)
			}
			if c := slowSurvival(ds, s.Time).Cmp(big.NewRat(1, 2)); c <= 0 {
				median = s.Time
				if c == 0 && i+1 < len(steps) {
					median = (s.Time + steps[i+1].Time) / 2
				}
				break
			}
		}
		if got := stats.Median(steps); got != median && !(math.IsNaN(got) && math.IsNaN(median)) {
			t.Fatalf("median %v, not %v", got, median)
		}
		if !slices.ContainsFunc(ds, func(d stats.Duration) bool { return d.Censored }) && len(ds) > 0 {
			values := make([]float64, len(ds))
			sum := 0.0
			for i, d := range ds {
				values[i] = d.Time
				sum += d.Time
			}
			slices.Sort(values)
			if stats.Quantile(values, 0.5) != median {
				t.Fatalf("without censoring the median is %v, not %v", stats.Quantile(values, 0.5), median)
			}
			if values[0] >= 0 && math.Abs(stats.RestrictedMean(steps, 100)-sum/float64(len(ds))) > 1e-9 {
				t.Fatal("without censoring the restricted mean is the mean")
			}
		}
	})
}

// TestCoverage simulates how often the intervals hold the truth. The bounds are
// what the methods promise, with three standard errors of the simulation.
func TestCoverage(t *testing.T) {
	t.Parallel()
	runs := 10_000
	if testing.Short() {
		runs = 2_000
	}
	margin := 3 * math.Sqrt(0.05*0.95/float64(runs))
	cover := func(draw func(r *rand.Rand) (stats.Interval, float64)) float64 {
		r := rand.New(rand.NewPCG(20260101, 9))
		hits := 0
		for range runs {
			if in, truth := draw(r); in.Lo <= truth && truth <= in.Hi {
				hits++
			}
		}
		return float64(hits) / float64(runs)
	}
	binomial := func(r *rand.Rand, n int, p float64) int {
		k := 0
		for range n {
			if r.Float64() < p {
				k++
			}
		}
		return k
	}
	poisson := func(r *rand.Rand, mean float64) int {
		k, at := -1, 0.0
		for at <= mean {
			at += r.ExpFloat64()
			k++
		}
		return k
	}
	type test struct {
		name   string
		lo, hi float64
		draw   func(r *rand.Rand) (stats.Interval, float64)
	}
	var tests []test
	for _, n := range []int{20, 100} {
		tests = append(tests,
			// Exact intervals promise at least the level; Wilson's is near it on the average.
			test{"clopper-pearson", 0.95, 1, func(r *rand.Rand) (stats.Interval, float64) {
				return stats.ClopperPearson(binomial(r, n, 0.15), n, 0.95), 0.15
			}},
			test{"garwood", 0.95, 1, func(r *rand.Rand) (stats.Interval, float64) {
				return stats.Garwood(poisson(r, float64(n)/4), 0.95), float64(n) / 4
			}},
			test{"wilson", 0.94, 0.96, func(r *rand.Rand) (stats.Interval, float64) {
				p := 0.05 + 0.4*r.Float64()
				return stats.Wilson(binomial(r, n, p), n, 0.95), p
			}},
			test{"median", 0.95, 0.98, func(r *rand.Rand) (stats.Interval, float64) {
				values := make([]float64, n)
				for i := range values {
					values[i] = math.Exp(1.5 * r.NormFloat64())
				}
				slices.Sort(values)
				l, u, _ := stats.OrderRanks(n, 0.5, 0.95)
				return stats.Interval{Lo: values[l-1], Hi: values[u-1]}, 1
			}},
			test{"kaplan-meier", 0.94, 0.97, func(r *rand.Rand) (stats.Interval, float64) {
				ds, _ := censored(r, n)
				return stats.MedianInterval(stats.KaplanMeier(ds), 0.95), 1
			}},
		)
	}
	for _, test := range tests {
		got := cover(test.draw)
		t.Logf("%s: %.2f %%", test.name, 100*got)
		require.GreaterOrEqual(t, got, test.lo-margin, test.name)
		require.LessOrEqual(t, got, test.hi+margin, test.name)
	}
}

// censored draws n recovery times, lognormal with median 1 and sigma 1.5, each
// seen for a random time of up to 4, and the same times to their end.
func censored(r *rand.Rand, n int) (ds []stats.Duration, all []float64) {
	ds, all = make([]stats.Duration, n), make([]float64, n)
	for i := range ds {
		all[i] = math.Exp(1.5 * r.NormFloat64())
		ds[i].Time = all[i]
		if seen := 4 * r.Float64(); seen < ds[i].Time {
			ds[i] = stats.Duration{Time: seen, Censored: true}
		}
	}
	return ds, all
}

// TestCensoringIsNotBiased shows what leaving open failures out would do. The
// mean of a median of few skewed values is above the true one, also where none is
// censored (lognormal: by about exp(π sigma²/4n)); so what is compared is the
// middle of the estimates, and their mean with that of the same values seen to
// their end.
func TestCensoringIsNotBiased(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 7))
	var with, dropped, reached, full float64
	var middle []float64
	const runs = 4000
	for range runs {
		ds, all := censored(r, 40)
		slices.Sort(all)
		full += stats.Quantile(all, 0.5)
		if m := stats.Median(stats.KaplanMeier(ds)); !math.IsNaN(m) { // now and then fewer than half are over
			with += m
			reached++
			middle = append(middle, m)
		} else {
			middle = append(middle, math.Inf(1)) // it is large, however large
		}
		var over []float64
		for _, d := range ds {
			if !d.Censored {
				over = append(over, d.Time)
			}
		}
		slices.Sort(over)
		dropped += stats.Quantile(over, 0.5)
	}
	slices.Sort(middle)
	t.Logf("true median 1: middle of the estimates %.3f, mean %.3f, mean without censoring %.3f, dropping open ones %.3f",
		stats.Quantile(middle, 0.5), with/reached, full/runs, dropped/runs)
	require.Greater(t, reached, 0.98*runs)
	require.InDelta(t, 1, stats.Quantile(middle, 0.5), 0.05)
	require.InDelta(t, 1, with/reached/(full/runs), 0.05)
	require.Less(t, dropped/runs, 0.7)
}

func BenchmarkGarwood(b *testing.B) {
	for b.Loop() {
		stats.Garwood(12, 0.95)
	}
}
