package health_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// meanSeries draws window means: noise of mean 0 and standard deviation 1, which
// lasts as an autoregressive one does.
type meanSeries struct {
	draw  func(*rand.Rand) float64
	lasts float64
	last  float64
}

func (s *meanSeries) next(rng *rand.Rand) float64 {
	s.last = s.lasts*s.last + math.Sqrt(1-s.lasts*s.lasts)*s.draw(rng)
	return s.last
}

func meanNormal(rng *rand.Rand) float64      { return rng.NormFloat64() }
func meanExponential(rng *rand.Rand) float64 { return rng.ExpFloat64() - 1 }
func meanLognormal(rng *rand.Rand) float64 {
	return (math.Exp(rng.NormFloat64()) - math.Exp(.5)) / math.Sqrt(math.Exp(1)*(math.Exp(1)-1))
}

// With a look every minute for a day, false alarms stay below alpha, whichever side
// the noise is on, however skewed, and when it lasts; and a shift by one standard
// deviation of a window's difference is found. Simulated.
func TestMeans(t *testing.T) {
	t.Parallel()
	const alpha = health.DefaultAlpha
	for _, c := range []struct {
		name   string
		series meanSeries
		within float64 // mean windows until a shift is found, at most
	}{
		{"normal", meanSeries{draw: meanNormal}, 45},
		{"exponential", meanSeries{draw: meanExponential}, 100},
		{"lognormal", meanSeries{draw: meanLognormal}, 150},
		{"lasting .3", meanSeries{draw: meanNormal, lasts: .3}, 80},
		{"lasting .5", meanSeries{draw: meanNormal, lasts: .5}, 150},
		{"lasting .8", meanSeries{draw: meanNormal, lasts: .8}, 400},
		{"exponential, lasting .5", meanSeries{draw: meanExponential, lasts: .5}, 250},
	} {
		for _, side := range []string{"both", "canary", "control"} {
			t.Run(c.name+", "+side, func(t *testing.T) {
				t.Parallel()
				n, windows := runs(40), 1440
				bad, found, sum := 0, 0, 0
				for run := range n {
					rng := rand.New(rand.NewPCG(51, uint64(run)))
					a, b := c.series, c.series
					var same, worse health.Means
					fired, seen := false, false
					for w := range windows {
						x, y, sd := 50.0, 50.0, 1.0
						if side != "control" {
							x += a.next(rng)
						}
						if side != "canary" {
							y += b.next(rng)
						}
						if side == "both" {
							sd = math.Sqrt2
						}
						if !fired {
							same.Add(x, y)
							fired = same.LogE(1, 1, alpha) >= -math.Log(alpha)
							bad += one(fired)
						}
						if !seen && run < n/4 {
							worse.Add(x+sd, y)
							if seen = worse.LogE(1, 1, alpha) >= -math.Log(alpha); seen {
								found++
								sum += w + 1
							}
						}
					}
				}
				mean := float64(sum) / float64(max(found, 1))
				t.Logf("%d series: false %.2f %%; shift by 1 sd found in %d of %d, after %.0f windows on average", n, 100*float64(bad)/float64(n), found, n/4, mean)
				require.LessOrEqual(t, stats.ClopperPearson(bad, n, .998).Lo, alpha)
				require.Equal(t, n/4, found)
				require.LessOrEqual(t, mean, c.within)
			})
		}
	}
}

// The sums that are kept say what all windows say.
func TestMeansAsAllWindows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(30, 80).Draw(t, "windows")
		x := rapid.SliceOfN(rapid.Float64Range(1, 20), n, n).Draw(t, "canary")
		y := rapid.SliceOfN(rapid.Float64Range(5, 9), n, n).Draw(t, "control")
		r := rapid.Float64Range(.1, 3).Draw(t, "r")
		var p health.Means
		d := make([]float64, n)
		average := 0.0
		for i := range n {
			p.Add(x[i], y[i])
			d[i] = x[i] - r*y[i]
			average += d[i] / float64(n)
		}
		var m2, m3, steps float64
		for i, v := range d {
			m2 += (v - average) * (v - average)
			m3 += (v - average) * (v - average) * (v - average)
			if i > 0 {
				steps += (v - d[i-1]) * (v - d[i-1])
			}
		}
		if m2 < .01 {
			t.Skip("hardly varies")
		}
		N := float64(n)
		a := 1 - steps/2/m2
		if a > 0 {
			a = min(1, a+(1+4*a)/N+math.Sqrt((1-a*a)/N))
		}
		stat, skewness, worth := p.Against(r)
		require.InDelta(t, average/math.Sqrt(m2/(N-1)/N), stat, 1e-6*math.Max(1, math.Abs(stat)))
		require.InDelta(t, m3/N/math.Pow(m2/N, 1.5), skewness, 1e-6)
		require.InDelta(t, N*(1-max(0, a))/(1+max(0, a)), worth, 1e-6*N)
		require.NoError(t, p.Check())

		var again health.Means
		b, err := json.Marshal(p)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(b, &again))
		require.Equal(t, p, again)

		low, high := p.Interval(.05)
		require.LessOrEqual(t, low, p.Canary/p.Control)
		require.GreaterOrEqual(t, high, p.Canary/p.Control)
		if low > 0 { // just outside is ruled out, just inside is not
			require.GreaterOrEqual(t, p.LogE(low, 1, .025), math.Log(40)-1e-6)
			require.Less(t, p.LogE(low+1e-6, 1, .025), math.Log(40)+1e-6)
		}
		if !math.IsInf(high, 1) {
			require.GreaterOrEqual(t, p.LogE(high, -1, .025), math.Log(40)-1e-6)
			require.Less(t, p.LogE(high*(1-1e-6), -1, .025), math.Log(40)+1e-6)
		}
	})
}

// Evidence against both directions at once there is none, and what cannot be judged
// says nothing.
func TestMeansSayNothing(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(52, 0))
	for _, c := range []struct {
		name    string
		windows int
		next    func(i int) (canary, control float64)
		quiet   bool
	}{
		{"too few", 29, func(int) (float64, float64) { return 90 + rng.Float64(), 10 + rng.Float64() }, true},
		{"just enough", 30, func(i int) (float64, float64) { return 90 + float64(i*7%5), 10 + float64(i*3%7) }, false},
		{"nothing", 0, nil, true},
		{"constant", 500, func(int) (float64, float64) { return 90, 10 }, true},
		{"zero", 500, func(int) (float64, float64) { return 0, 0 }, true},
		{"rounding", 500, func(i int) (float64, float64) { return .1 + 1e-17*float64(i%2), .05 * (1 + 1e-16*float64(i%3)) }, true},
		{"tiny", 500, func(int) (float64, float64) { return 1e-120 * rng.Float64(), 1e-121 * rng.Float64() }, true},
		{"huge", 500, func(int) (float64, float64) { return 1e90 * rng.Float64(), 1e88 * rng.Float64() }, false},
		{"windows that are alike", 60, func(i int) (float64, float64) { return 90 + math.Abs(float64(i%40)-20), 10 + float64(i*3%7) }, true},
		{"a ramp", 500, func(i int) (float64, float64) { return float64(i), 1 }, true},
		{"impossible", 500, func(i int) (float64, float64) {
			return []float64{math.NaN(), math.Inf(1), -1, 1e91, 5}[i%5], []float64{1, 2, 3, 4, math.Inf(-1)}[i%5]
		}, true},
		{"one spike", 500, func(i int) (float64, float64) {
			return 10 + 1e6*float64(one(i == 400)) + rng.Float64(), 10 + rng.Float64()
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p health.Means
			for i := range c.windows {
				p.Add(c.next(i))
				require.NoError(t, p.Check())
			}
			_, err := json.Marshal(p)
			require.NoError(t, err, "all sums are finite")
			for _, r := range []float64{1, 1.2, 2, 1000} {
				for _, sign := range []float64{1, -1} {
					e := p.LogE(r, sign, .01)
					require.False(t, math.IsNaN(e) || math.IsInf(e, 0))
				}
			}
			low, high := p.Interval(.01)
			require.False(t, math.IsNaN(low) || math.IsNaN(high) || low > high)
			if c.quiet {
				require.Less(t, p.LogE(1.2, 1, .01), 2.0)
			} else {
				require.Greater(t, p.LogE(1.2, 1, .01), 10.0)
				require.Greater(t, low, 1.2)
			}
		})
	}
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1e-9, 1.1e90} {
		require.Contains(t, health.MeanFault(v, 1), "canary has the mean")
		require.Contains(t, health.MeanFault(1, v), "control has the mean")
	}
	require.Empty(t, health.MeanFault(0, 1e90))
	for _, bad := range []health.Means{{Canary: 1}, {Windows: 1, Canary: math.NaN()}, {Windows: 2, Spread: [3]float64{-1}}, {Windows: 2, Steps: [3]float64{2: -1}},
		{Windows: 1, Control: -1}, {Windows: 1, Last: [2]float64{1e91, 0}}, {Windows: 1, Skew: [4]float64{3: math.Inf(1)}}} {
		require.ErrorContains(t, bad.Check(), "means: ")
	}
}

func TestMeansDoNotAllocate(t *testing.T) {
	var p health.Means
	i := 0
	require.Zero(t, testing.AllocsPerRun(200, func() {
		i++
		p.Add(5+float64(i%7), 5+float64(i%5))
		p.LogE(1.2, 1, .01)
	}))
}

func BenchmarkMeans(b *testing.B) {
	var p health.Means
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		p.Add(5+float64(i%7), 5+float64(i%5))
		p.LogE(1.2, 1, .01)
	}
}
