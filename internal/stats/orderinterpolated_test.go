package stats_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// TestInterpolatedOrderByHand works the formula of Hettmansperger and Sheather out for
// 10 values: P(X(2) > median) = 11/1024, P(X(3) > median) = 56/1024.
func TestInterpolatedOrderByHand(t *testing.T) {
	t.Parallel()
	lo, hi, ok := stats.InterpolatedOrder(10, 0.5, 0.95)
	require.True(t, ok)
	i := (0.025 - 11.0/1024) / (45.0 / 1024)
	want := 8 * i / (2 + 6*i)
	require.Equal(t, 1, lo.K)
	require.InDelta(t, want, lo.W, 1e-13)
	require.Equal(t, 7, hi.K)
	require.InDelta(t, 1-want, hi.W, 1e-13)

	// A level that whole ranks hold exactly needs nothing between: 1 - 2·11/1024.
	lo, hi, ok = stats.InterpolatedOrder(10, 0.5, 1-22.0/1024)
	require.True(t, ok)
	require.InDelta(t, 1, float64(lo.K)+lo.W, 1e-12)
	require.InDelta(t, 8, float64(hi.K)+hi.W, 1e-12)

	_, _, ok = stats.InterpolatedOrder(5, 0.5, 0.95)
	require.False(t, ok, "2/2^5 = 6.3 % of 5 values lie on one side")
	lo, hi, ok = stats.InterpolatedOrder(6, 0.5, 0.95)
	require.True(t, ok)
	require.Equal(t, [2]int{0, 4}, [2]int{lo.K, hi.K})
}

func TestInterpolatedOrderRefused(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for _, c := range []struct {
		name     string
		n        int
		p, level float64
	}{
		{"none", 0, 0.5, 0.95}, {"negative", -3, 0.5, 0.95}, {"p 0", 100, 0, 0.95}, {"p 1", 100, 1, 0.95},
		{"p NaN", 100, nan, 0.95}, {"level 0", 100, 0.5, 0}, {"level 1", 100, 0.5, 1}, {"level NaN", 100, 0.5, nan},
		{"one", 1, 0.5, 0.1}, {"too few for p90", 28, 0.9, 0.95}, {"too few for p10", 28, 0.1, 0.95},
	} {
		lo, hi, ok := stats.InterpolatedOrder(c.n, c.p, c.level)
		require.False(t, ok, c.name)
		require.Zero(t, lo, c.name)
		require.Zero(t, hi, c.name)
	}
	_, _, ok := stats.InterpolatedOrder(36, 0.9, 0.95)
	require.True(t, ok)
}

// TestInterpolatedOrderProperties: the interval lies within the one of whole ranks and
// around the next ranks inwards, mirrors, and grows with the level.
func TestInterpolatedOrderProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 600).Draw(t, "n")
		p := rapid.Float64Range(0.01, 0.99).Draw(t, "p")
		level := rapid.Float64Range(0.05, 0.999).Draw(t, "level")
		lo, hi, ok := stats.InterpolatedOrder(n, p, level)
		l, u, fits := stats.OrderRanks(n, p, level)
		require.Equal(t, fits, ok)
		if !ok {
			return
		}
		for _, r := range []stats.Rank{lo, hi} {
			require.True(t, r.K >= 0 && r.K+1 < n && r.W >= 0 && r.W <= 1, "%+v of %d", r, n)
		}
		a, b := float64(lo.K)+lo.W, float64(hi.K)+hi.W
		require.True(t, a >= float64(l-1) && a <= float64(l), "%v, whole rank %d", a, l)
		require.True(t, b <= float64(u-1) && b >= float64(u-2), "%v, whole rank %d", b, u)
		require.LessOrEqual(t, a, b+1e-9)
		mlo, mhi, ok := stats.InterpolatedOrder(n, 1-p, level)
		if ok { // 1-(1-p) is not always p to the last bit
			require.InDelta(t, float64(n-1)-b, float64(mlo.K)+mlo.W, 1e-6)
			require.InDelta(t, float64(n-1)-a, float64(mhi.K)+mhi.W, 1e-6)
		}
		if wlo, whi, ok := stats.InterpolatedOrder(n, p, level+(1-level)/2); ok {
			require.Less(t, float64(wlo.K)+wlo.W, a)
			require.Greater(t, float64(whi.K)+whi.W, b)
		}
	})
}

func TestRankAt(t *testing.T) {
	t.Parallel()
	x := []float64{1, 3, 3, 11, math.MaxFloat64}
	for _, c := range []struct {
		r    stats.Rank
		want float64
	}{
		{stats.Rank{K: 0, W: 0}, 1}, {stats.Rank{K: 0, W: 0.25}, 1.5}, {stats.Rank{K: 1, W: 0.7}, 3},
		{stats.Rank{K: 2, W: 1}, 11}, {stats.Rank{K: 3, W: 0}, 11}, {stats.Rank{K: 3, W: 1}, math.MaxFloat64},
	} {
		require.Equal(t, c.want, c.r.At(x), "%+v", c.r)
	}
	far := []float64{-math.MaxFloat64, math.MaxFloat64} // their difference is infinite
	require.Equal(t, far[0], stats.Rank{W: 0}.At(far))
	require.Equal(t, far[1], stats.Rank{W: 1}.At(far))
}

// TestInterpolatedCoverage simulates with values of a normal, an exponential and a
// lognormal population. The same draws serve for all three, as the level of a quantile
// does not depend on what is done to the values, only where the interpolation lies.
func TestInterpolatedCoverage(t *testing.T) {
	t.Parallel()
	runs := 20_000
	if testing.Short() {
		runs = 4_000
	}
	margin := 2.6 * math.Sqrt(0.05*0.95/float64(runs))
	shapes := map[string]func(z float64) float64{
		"normal":      func(z float64) float64 { return z },
		"exponential": func(z float64) float64 { return -math.Log(math.Erfc(z/math.Sqrt2) / 2) },
		"lognormal":   func(z float64) float64 { return math.Exp(1.5 * z) },
	}
	for _, c := range []struct {
		n int
		p float64
	}{{6, 0.5}, {7, 0.5}, {10, 0.5}, {20, 0.5}, {50, 0.5}, {101, 0.5}, {40, 0.9}, {100, 0.9}} {
		lo, hi, ok := stats.InterpolatedOrder(c.n, c.p, 0.95)
		require.True(t, ok)
		r := rand.New(rand.NewPCG(1986, uint64(c.n)))
		hits := map[string]int{}
		z, x := make([]float64, c.n), make([]float64, c.n)
		for range runs {
			for i := range z {
				z[i] = r.NormFloat64()
			}
			slices.Sort(z)
			for name, f := range shapes {
				for i := range z {
					x[i] = f(z[i])
				}
				truth := f(stats.NormalQuantile(c.p))
				if lo.At(x) <= truth && truth <= hi.At(x) {
					hits[name]++
				}
			}
		}
		for name := range shapes {
			got := float64(hits[name]) / float64(runs)
			t.Logf("%d values, p %v, %s: %.2f %%", c.n, c.p, name, 100*got)
			bar := 0.012
			if c.n >= 20 {
				bar = 0.002
			}
			require.InDelta(t, 0.95, got, bar+margin, "%d values, p %v, %s", c.n, c.p, name)
		}
	}
}
