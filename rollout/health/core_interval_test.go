package health_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// intervalWindow is a window's bad events of the canary and of both, and the canary's share.
type intervalWindow struct{ x, s, share float64 }

// intervalDirect is the confidence sequence by its definition: the likelihood summed
// over all windows at each ratio, its mean over a uniform prior of the logarithm from
// .1 to 60 by a fine grid around its maximum, and the ratios whose likelihood it does
// not exceed 1/beta times.
func intervalDirect(windows []intervalWindow, beta float64) (low, high float64) {
	at := func(u float64) float64 {
		r, sum := math.Exp(u), 0.0
		for _, w := range windows {
			sum += w.x*u - w.s*math.Log(1+w.share*(r-1))
		}
		return sum
	}
	a, b := math.Log(.1), math.Log(60)
	const grid = 40_000
	best, top := math.Inf(-1), a
	for i := range grid + 1 {
		if u := a + (b-a)*float64(i)/grid; at(u) > best {
			best, top = at(u), u
		}
	}
	// A second, finer grid where the mass is.
	info := 0.0
	for _, w := range windows {
		q := w.share * math.Exp(top) / (1 + w.share*(math.Exp(top)-1))
		info += w.s * q * (1 - q)
	}
	from, to := max(a, top-12/math.Sqrt(info)), min(b, top+12/math.Sqrt(info))
	sum := 0.0
	for i := range grid {
		sum += math.Exp(at(from+(to-from)*(float64(i)+.5)/grid) - best)
	}
	need := best + math.Log(sum*(to-from)/grid/(b-a)) + math.Log(beta)
	end := func(out float64) float64 {
		if at(out) > need {
			return 0
		}
		return math.Exp(oracleSolve(func(v float64) bool { return at(v) <= need }, out, top))
	}
	return end(a), end(b)
}

// What is interpolated is what a direct sum over all windows gives: with few events and
// with millions, with a share near 0 and near 1, and with ratios at the ends.
func TestIntervalIsTheDirectSum(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n, m    uint64
		p1, p0  float64
		windows int
	}{
		{100, 900, .01, .01, 10}, {100, 900, .5, .01, 3}, {10, 10, .3, .3, 1}, {1000, 9000, .02, .01, 60},
		{10_000, 90_000_000, .02, .01, 5}, {90_000_000, 10_000, .01, .01, 5}, {1_000_000, 9_000_000, .5, .5, 5},
		{5_000_000, 5_000_000, .9, .9, 4}, {100, 100_000, 1, .01, 2}, {1000, 1000, 0, .01, 3}, {1000, 9000, .59, .01, 2},
		{1_000_000_000, 9_000_000_000, .11, .1, 3},
	} {
		t.Run(fmt.Sprintf("%d of %v, %d of %v, %d times", c.n, c.p1, c.m, c.p0, c.windows), func(t *testing.T) {
			t.Parallel()
			m := errorsLike(t, health.Policy{Alpha: 1e-12, WarmUp: -1, Metrics: []health.Metric{{Name: "errors"}}})
			var windows []intervalWindow
			for i := range c.windows {
				n := c.n / uint64(i+1) // a split that changes
				x, y := math.Round(float64(n)*c.p1), math.Round(float64(c.m)*c.p0)
				windows = append(windows, intervalWindow{x, x + y, float64(n) / float64(n+c.m)})
				require.NoError(t, m.Add(health.Sample{ID: fmt.Sprint(i), Metric: "errors", Canary: count(uint64(x), n), Control: count(uint64(y), c.m)}))
			}
			v := m.Verdict()
			require.NotNil(t, v.Interval)
			low, high := intervalDirect(windows, .05)
			t.Logf("%.6f to %.6f, directly %.6f to %.6f", v.Interval.Low, v.Interval.High, low, high)
			require.InEpsilon(t, 1+low, 1+v.Interval.Low, 1e-5)
			require.InEpsilon(t, 1+high, 1+v.Interval.High, 1e-5)
			require.InDelta(t, .95, v.Interval.Level, 1e-12)
		})
	}
}

// The true ratio is outside the interval at any of sixty looks with a chance of at most
// beta, for rare failures and for common ones. Simulated.
func TestIntervalCoversAtAllLooks(t *testing.T) {
	t.Parallel()
	for _, c := range []traffic{
		{canary: 200, control: 1800, p0: .001, p1: .001}, {canary: 200, control: 1800, p0: .01, p1: .03},
		{canary: 50, control: 50, p0: .1, p1: .05}, {canary: 20, control: 180, p0: .5, p1: .5}, {canary: 30, control: 30, p0: .9, p1: .9},
		{canary: 50, control: 50, p0: .3, p1: .9},
	} {
		t.Run(fmt.Sprintf("%v against %v", c.p1, c.p0), func(t *testing.T) {
			t.Parallel()
			n, outside := runs(100), 0
			for run := range n {
				c.rng = rand.New(rand.NewPCG(81, uint64(run)))
				m := errorsLike(t, health.Policy{Beta: .1, WarmUp: -1, Metrics: []health.Metric{{Name: "errors"}}})
				for i := range 60 {
					canary, control := c.window()
					v := add(t, m, health.Sample{ID: fmt.Sprint(i), Metric: "errors", Canary: canary, Control: control})
					if in := v.Interval; in != nil && (c.p1/c.p0 < in.Low-1e-9 || in.High > 0 && c.p1/c.p0 > in.High+1e-9) {
						outside++
						break
					}
				}
			}
			t.Logf("%d rollouts: outside in %.2f %%", n, 100*float64(outside)/float64(n))
			require.LessOrEqual(t, float64(outside), .1*float64(n))
		})
	}
}

func BenchmarkVerdict(b *testing.B) {
	m := errorsOnly(b)
	for i := range 100 {
		require.NoError(b, m.Add(health.Sample{ID: fmt.Sprint(i), Metric: "errors", Canary: count(1, 100), Control: count(9, 900)}))
	}
	b.ReportAllocs()
	for b.Loop() {
		if m.Verdict().Interval == nil {
			b.Fatal("no interval")
		}
	}
}
