package stats_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// slowDiscoveries are what Benjamini and Hochberg's paper finds at the share q: all up
// to the last k-th smallest p value that is at most q·k/m.
func slowDiscoveries(p []float64, q float64) map[int]bool {
	out, m := map[int]bool{}, 0
	for _, v := range p {
		if v >= 0 && v <= 1 {
			m++
		}
	}
	for _, bar := range p {
		k := 0
		for _, v := range p {
			if v <= bar {
				k++
			}
		}
		if !(bar >= 0 && bar <= 1 && max(bar, bar*float64(m)/float64(k)) <= q) {
			continue
		}
		for i, v := range p {
			if v >= 0 && v <= bar {
				out[i] = true
			}
		}
	}
	return out
}

func TestBenjaminiHochbergIsThePapersRule(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(0, 1), rapid.Float64Range(0, 0.05), rapid.Just(math.NaN()),
			rapid.Just(0.02), rapid.Just(1.5), rapid.Just(0.0)), 0, 25).Draw(t, "p")
		q := rapid.Float64Range(0.001, 0.5).Draw(t, "q")
		adjusted, careful := stats.BenjaminiHochberg(p), stats.BenjaminiYekutieli(p)
		want := slowDiscoveries(p, q)
		for i, v := range adjusted {
			require.Equal(t, want[i], v <= q, "%v of %v at %v", v, p, q)
			if !(p[i] >= 0 && p[i] <= 1) {
				require.True(t, math.IsNaN(v) && math.IsNaN(careful[i]), "%v is no p value", p[i])
				continue
			}
			require.True(t, v >= p[i] && v <= 1 && careful[i] >= v && careful[i] <= 1)
			for j := range p {
				require.False(t, p[i] < p[j] && v > adjusted[j], "the order is kept")
			}
		}
		// Neither the order nor what was no test changes anything.
		order := rand.New(rand.NewPCG(1, uint64(len(p)))).Perm(len(p))
		shuffled := make([]float64, len(p), len(p)+1)
		for i, j := range order {
			shuffled[i] = p[j]
		}
		for i, v := range stats.BenjaminiHochberg(append(shuffled, math.NaN()))[:len(p)] {
			require.Equal(t, math.Float64bits(adjusted[order[i]]), math.Float64bits(v))
		}
	})
}

// TestFalseDiscoveryRate simulates families of 50 with 10 true effects: of the discoveries
// at q a share of at most q·40/50 is false.
func TestFalseDiscoveryRate(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1995, 57))
	const runs, q = 2000, 0.1
	share, power := 0.0, 0
	for range runs {
		p := make([]float64, 50)
		for i := range p {
			z := r.NormFloat64()
			if i < 10 {
				z += 3.5
			}
			p[i] = math.Erfc(z/math.Sqrt2) / 2
		}
		found, wrong := 0, 0
		for i, v := range stats.BenjaminiHochberg(p) {
			if v <= q {
				found++
				if i >= 10 {
					wrong++
				}
			}
		}
		share += float64(wrong) / float64(max(1, found))
		power += found - wrong
	}
	t.Logf("false share %.4f, power %.3f", share/runs, float64(power)/runs/10)
	require.InDelta(t, 0.08, share/runs, 0.01)
	require.Greater(t, float64(power)/runs/10, 0.8)
}

// slowTails sums the hypergeometric distribution in fractions.
func slowTails(ka, na, kb, nb int) (lower, upper float64) {
	lo, hi := new(big.Rat), new(big.Rat)
	choose := func(n, k int) *big.Int {
		if k < 0 || k > n {
			return new(big.Int)
		}
		return new(big.Int).Binomial(int64(n), int64(k))
	}
	all := choose(na+nb, ka+kb)
	for x := 0; x <= na; x++ {
		p := new(big.Rat).SetFrac(new(big.Int).Mul(choose(na, x), choose(nb, ka+kb-x)), all)
		if x <= ka {
			lo.Add(lo, p)
		}
		if x >= ka {
			hi.Add(hi, p)
		}
	}
	lower, _ = lo.Float64()
	upper, _ = hi.Float64()
	return lower, upper
}

func TestHypergeometricAgainstFractions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		na, nb := rapid.IntRange(0, 60).Draw(t, "na"), rapid.IntRange(0, 60).Draw(t, "nb")
		ka, kb := rapid.IntRange(0, na).Draw(t, "ka"), rapid.IntRange(0, nb).Draw(t, "kb")
		got := stats.Hypergeometric(ka, na, kb, nb)
		lower, upper := slowTails(ka, na, kb, nb)
		require.InDelta(t, lower, got.Lower, 1e-12*lower)
		require.InDelta(t, upper, got.Upper, 1e-12*upper)
	})
}

// TestRateRatioAgrees: the interval leaves out 1 if and only if the p value is below its error.
func TestRateRatioAgrees(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := stats.Count{Events: rapid.IntRange(0, 60).Draw(t, "a"), Exposure: rapid.Float64Range(0.1, 50).Draw(t, "over")}
		b := stats.Count{Events: rapid.IntRange(0, 60).Draw(t, "b"), Exposure: rapid.Float64Range(0.1, 50).Draw(t, "over b")}
		level := rapid.SampledFrom([]float64{0.8, 0.95, 0.99}).Draw(t, "level")
		in, p := stats.RateRatio(a, b, level)
		require.True(t, in.Lo <= in.Hi && p >= 0 && p <= 1)
		if math.Abs(p-(1-level)) > 1e-9 {
			require.Equal(t, p < 1-level, in.Lo > 1 || in.Hi < 1, "%v and %v: %v, p %v", a, b, in, p)
		}
		back, q := stats.RateRatio(b, a, level)
		require.InDelta(t, p, q, 1e-9)
		if in.Lo > 0 {
			require.InDelta(t, 1, in.Lo*back.Hi, 1e-9)
		}
		d, e := stats.RateDifference(a, b, level), stats.RateDifference(b, a, level)
		require.InDelta(t, d.Lo, -e.Hi, 1e-9)
		require.InDelta(t, d.Hi, -e.Lo, 1e-9)
		require.True(t, d.Lo <= float64(b.Events)/b.Exposure-float64(a.Events)/a.Exposure)
	})
}

func TestMoverP(t *testing.T) {
	t.Parallel()
	normal := func(d float64) func(level float64) stats.Interval {
		return func(level float64) stats.Interval {
			z := stats.NormalQuantile(0.5 + level/2)
			return stats.Interval{Lo: d - z, Hi: d + z}
		}
	}
	for _, d := range []float64{0.3, -1, 2, -3.5, 6} {
		want := math.Erfc(math.Abs(d) / math.Sqrt2)
		require.InDelta(t, want, stats.MoverP(normal(d)), 1e-6*want, "%v", d)
	}
	require.Equal(t, 1.0, stats.MoverP(normal(0)))
	require.True(t, math.IsNaN(stats.MoverP(func(float64) stats.Interval { return stats.Wilson(1, 0, 0.9) })))
}

// TestDifferencesRefuse what is out of their domain, with NaN and never a number.
func TestDifferencesRefuse(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	good := stats.Count{Events: 3, Exposure: 2}
	counts := []stats.Count{{Events: -1, Exposure: 1}, {Events: 1}, {Events: 1, Exposure: -2}, {Events: 1, Exposure: nan}, {Events: 1, Exposure: math.Inf(1)}}
	for _, c := range counts {
		for _, pair := range [][2]stats.Count{{c, good}, {good, c}} {
			in, p := stats.RateRatio(pair[0], pair[1], 0.95)
			d := stats.RateDifference(pair[0], pair[1], 0.95)
			require.True(t, math.IsNaN(in.Lo) && math.IsNaN(in.Hi) && math.IsNaN(p) && math.IsNaN(d.Lo) && math.IsNaN(d.Hi), "%v", pair)
		}
	}
	for _, level := range []float64{0, 1, -1, nan} {
		in, p := stats.RateRatio(good, good, level)
		require.True(t, math.IsNaN(in.Lo) && math.IsNaN(p) && math.IsNaN(stats.RateDifference(good, good, level).Hi))
		require.True(t, math.IsNaN(stats.Newcombe(1, 2, 1, 2, level).Lo) && math.IsNaN(stats.Jeffreys(1, 2, level).Lo))
	}
	for _, k := range [][4]int{{3, 2, 1, 2}, {-1, 2, 1, 2}, {1, 2, 3, 2}, {1, 2, -1, 2}} {
		require.True(t, math.IsNaN(stats.Newcombe(k[0], k[1], k[2], k[3], 0.95).Lo), "%v", k)
		require.True(t, math.IsNaN(stats.Hypergeometric(k[0], k[1], k[2], k[3]).Central()), "%v", k)
	}
	require.True(t, math.IsNaN(stats.Newcombe(0, 0, 1, 2, 0.95).Lo), "of nothing")
	require.True(t, math.IsNaN(stats.Jeffreys(0, 0, 0.95).Lo) && math.IsNaN(stats.Jeffreys(3, 2, 0.95).Hi) && math.IsNaN(stats.Jeffreys(-1, 2, 0.95).Hi))
	require.True(t, math.IsNaN(stats.Binomial(3, 2, 0.5).Lower) && math.IsNaN(stats.Binomial(1, 2, 1.5).Upper) && math.IsNaN(stats.Binomial(1, 2, nan).Upper))
	require.True(t, math.IsNaN(stats.Mood(nil, []float64{1}, []float64{1})) && math.IsNaN(stats.Mood([]float64{1}, []float64{1}, []float64{1})))
	in, p := stats.RateRatio(stats.Count{Exposure: 1}, stats.Count{Exposure: 2}, 0.95)
	require.Equal(t, stats.Interval{Lo: 0, Hi: math.Inf(1)}, in)
	require.Equal(t, 1.0, p)
}

// TestChartsHaveGaps: a gap is no zero, nothing goes across it, and one side without
// a pair has no limits.
func TestChartsHaveGaps(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	v, r := stats.XmR([]float64{1, 3, nan, 100, 104})
	require.Equal(t, 3.0, r.Centre, "the ranges are 2 and 4, not 97")
	require.Equal(t, 52.0, v.Centre)
	require.InDelta(t, 52+2.66*3, v.Hi, 1e-12)
	for _, x := range [][]float64{nil, {1}, {1, nan, 2}} {
		v, r := stats.XmR(x)
		require.True(t, math.IsNaN(v.Centre) && math.IsNaN(v.Lo) && math.IsNaN(v.Hi) && math.IsNaN(r.Hi), "%v", x)
	}
	l := stats.Laney([]int{1, 0, 2}, []int{10, 0, 10})
	require.True(t, math.IsNaN(l[1].Lo) && math.IsNaN(l[0].Lo), "no two neighbours")
	l = stats.Laney([]int{0, 0, 0}, []int{10, 20, 5})
	require.Equal(t, stats.Limits{}, l[2], "nothing varies")
	l = stats.Laney([]int{9, 0, 9}, []int{10, 10, 10})
	require.True(t, l[0].Lo == 0 && l[0].Hi == 1, "limits of a share lie within 0 and 1")
	u := stats.U([]stats.Count{{Events: 4, Exposure: 2}, {}, {Events: 2, Exposure: 1}})
	require.InDelta(t, 2+3*math.Sqrt(1), u[0].Hi, 1e-12)
	require.True(t, u[0].Lo == 0 && math.IsNaN(u[1].Lo) && u[2].Hi > u[0].Hi)
}
