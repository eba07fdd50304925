package health_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// dispersionNoise draws the bad events of one window of requests that fail with
// rate p, or with what minute noise or bursts make of it.
type dispersionNoise struct {
	name string
	draw func(rng *rand.Rand, n int, p float64) uint64
}

func dispersionIndependent(rng *rand.Rand, n int, p float64) uint64 {
	return traffic{rng: rng}.bad(n, min(p, 1))
}

func dispersionLognormal(cv float64) dispersionNoise {
	s2 := math.Log1p(cv * cv)
	return dispersionNoise{fmt.Sprintf("lognormal cv %v", cv), func(rng *rand.Rand, n int, p float64) uint64 {
		return dispersionIndependent(rng, n, p*math.Exp(math.Sqrt(s2)*rng.NormFloat64()-s2/2))
	}}
}

func dispersionGamma(cv float64) dispersionNoise {
	k := 1 / (cv * cv) // an integer here: the sum of k exponentials
	return dispersionNoise{fmt.Sprintf("gamma cv %v", cv), func(rng *rand.Rand, n int, p float64) uint64 {
		sum := 0.0
		for range int(math.Round(k)) {
			sum += rng.ExpFloat64()
		}
		return dispersionIndependent(rng, n, p*sum/k)
	}}
}

// dispersionBursts has incidents, each of which gives a geometric number of
// errors. Their factor is 2 mean - 1.
func dispersionBursts(mean float64) dispersionNoise {
	return dispersionNoise{fmt.Sprintf("bursts of %v", mean), func(rng *rand.Rand, n int, p float64) uint64 {
		sum := uint64(0)
		for range dispersionIndependent(rng, n, p/mean) {
			sum += 1 + uint64(math.Log(1-rng.Float64())/math.Log1p(-1/mean))
		}
		return min(sum, uint64(n))
	}}
}

func dispersionHistory(rng *rand.Rand, noise dispersionNoise, windows, n int, p float64) []health.Count {
	out := make([]health.Count, windows)
	for i := range out {
		out[i] = count(noise.draw(rng, n, p), uint64(n))
	}
	return out
}

// The factor of noise whose factor is known is found, from below hardly ever, and
// neither drift nor the time of day nor changing traffic is taken for noise.
func TestDispersionOf(t *testing.T) {
	t.Parallel()
	iid := dispersionNoise{"independent", dispersionIndependent}
	for _, c := range []struct {
		name   string
		noise  dispersionNoise
		rate   func(i int) float64
		size   func(i int) int
		factor float64 // the true one
	}{
		{"independent", iid, func(int) float64 { return .01 }, func(int) int { return 1000 }, 1},
		{"independent, few", iid, func(int) float64 { return .01 }, func(int) int { return 100 }, 1},
		{"independent, common", iid, func(int) float64 { return .5 }, func(int) int { return 200 }, 1},
		{"drift", iid, func(i int) float64 { return .01 + .0005*float64(i) }, func(int) int { return 2000 }, 1},
		{"a day in two hours", iid, func(i int) float64 { return .02 + .018*math.Sin(float64(i)*math.Pi/60) }, func(int) int { return 2000 }, 1},
		{"traffic that changes", iid, func(int) float64 { return .02 }, func(i int) int { return []int{200, 2000, 700, 0, 5000}[i%5] }, 1},
		{"bursts of 3", dispersionBursts(3), func(int) float64 { return .01 }, func(int) int { return 1000 }, 5},
		{"bursts of 3, traffic that changes", dispersionBursts(3), func(int) float64 { return .01 }, func(i int) int { return []int{500, 2000, 1000}[i%3] }, 5},
		{"bursts of 10", dispersionBursts(10), func(int) float64 { return .01 }, func(int) int { return 1000 }, 19},
		{"jitter", dispersionLognormal(.5), func(int) float64 { return .01 }, func(int) int { return 1000 }, 1 + .25*10},
		{"jitter, more events", dispersionGamma(.5), func(int) float64 { return .01 }, func(int) int { return 10_000 }, 1 + .25*100},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			const n = 100
			below, mean := 0, 0.0
			for run := range n {
				rng := rand.New(rand.NewPCG(31, uint64(run)))
				history := make([]health.Count, 120)
				for i := range history {
					history[i] = count(c.noise.draw(rng, c.size(i), c.rate(i)), uint64(c.size(i)))
				}
				d, err := health.DispersionOf(history)
				require.NoError(t, err)
				require.NoError(t, d.Validate())
				below += one(d.Factor < .95*c.factor)
				mean += d.Factor / n
			}
			t.Logf("factor %.3v: mean of the upper estimate %.3v, below %.1f %%", c.factor, mean, 100*float64(below)/n)
			require.Less(t, float64(below)/n, .30)
			require.Greater(t, mean, c.factor)
			require.Less(t, mean, 2*c.factor)
		})
	}
}

// The factor against its formulas, written down over a list of pairs; gaps, and windows
// of any traffic.
func TestDispersionAsItsFormulas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var history []health.Count
		for range rapid.IntRange(60, 90).Draw(t, "windows") {
			total := rapid.SampledFrom([]uint64{0, 20, 100, 100, 400, 1000}).Draw(t, "total")
			history = append(history, count(rapid.Uint64Range(0, min(total, 15)).Draw(t, "bad"), total))
		}
		type pair struct {
			at                             int
			square, expected, rate, events float64
		}
		var pairs []pair
		var square, expected, rate, events, weighted float64
		for i := 1; i < len(history); i++ {
			a, b := history[i-1], history[i]
			if a.Total == 0 || b.Total == 0 {
				continue
			}
			n, m, x, y := float64(a.Total), float64(b.Total), float64(a.Bad), float64(b.Bad)
			p := pair{i, math.Pow(x/n-y/m, 2) * n * m / (n + m), (x + y) / (n + m) * (1 - (x+y)/(n+m)), (x + y) / (n + m), 0}
			p.events = p.rate * 2 * n * m / (n + m)
			pairs = append(pairs, p)
			square, expected, rate, events, weighted = square+p.square, expected+p.expected, rate+p.rate, events+p.events, weighted+p.rate*p.events
		}
		d, err := health.DispersionOf(history)
		if err != nil {
			t.Skip("too few")
		}
		count := float64(len(pairs))
		factor, mean := square/expected, min(events/count, weighted/rate)
		var own, lag float64
		for i, p := range pairs {
			residual := p.square - factor*p.expected
			own += residual * residual
			if i > 0 && pairs[i-1].at == p.at-1 {
				lag += residual * (pairs[i-1].square - factor*pairs[i-1].expected)
			}
		}
		over := max(1, factor)
		model := over * math.Sqrt((3+6*(over-1)/mean+1/(over*mean))/count)
		measured := math.Sqrt(max(own, own+2*lag)) / expected
		require.InEpsilon(t, max(1, factor+max(model, measured)), d.Factor, 1e-8)
		require.InEpsilon(t, mean, d.Events, 1e-8)
	})
}

func TestDispersionRefuses(t *testing.T) {
	t.Parallel()
	repeat := func(n int, c ...health.Count) (out []health.Count) {
		for i := range n {
			out = append(out, c[i%len(c)])
		}
		return out
	}
	for _, c := range []struct {
		name    string
		history []health.Count
		want    string
	}{
		{"nothing", nil, "0 windows have 0 pairs"},
		{"too few windows", repeat(30, count(5, 100)), "30 windows have 29 pairs of neighbours with requests, fewer than 30: two hours"},
		{"no traffic", repeat(120, count(0, 0)), "0 pairs"},
		{"every other window empty", repeat(120, count(5, 100), count(0, 0)), "0 pairs"},
		{"no failures", repeat(120, count(0, 100)), "0 bad events in the pairs of 120 windows are fewer than 30"},
		{"too few failures", append(repeat(29, count(1, 100)), repeat(90, count(0, 100))...), "29 bad events in the pairs of 119 windows"},
		{"failures in no pair", append(repeat(40, count(0, 100)), count(0, 0), count(50, 100), count(0, 0)), "0 bad events in the pairs of 43"},
		{"nothing but failures", repeat(120, count(100, 100)), "every event of 120 windows was bad"},
		{"more bad than all", append(repeat(120, count(5, 100)), count(101, 100)), "window 120 counts 101 bad of 100"},
		{"more than can be counted", append(repeat(3, count(5, 100)), count(1, math.MaxUint64)), "window 3 counts"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := health.DispersionOf(c.history)
			require.ErrorContains(t, err, "health: dispersion: ")
			require.ErrorContains(t, err, c.want)
			require.Zero(t, d)
		})
	}
	_, err := health.DispersionOf(repeat(31, count(1, 100)))
	require.NoError(t, err, "just enough")
}

func TestDispersionValidate(t *testing.T) {
	t.Parallel()
	for _, d := range []health.Dispersion{{}, {Factor: 1}, {Events: 3}, {Factor: 1, Events: 3}, {Factor: 2, Events: .01}, {Factor: 1e12, Events: 1e-9}} {
		require.NoError(t, d.Validate(), d)
	}
	for _, d := range []health.Dispersion{
		{Factor: 2}, {Factor: .99, Events: 1}, {Factor: -1}, {Factor: math.NaN(), Events: 1}, {Factor: math.Inf(1), Events: 1}, {Factor: 2e12, Events: 1},
		{Factor: 2, Events: -1}, {Factor: 2, Events: math.NaN()}, {Factor: 2, Events: math.Inf(1)}, {Factor: 2, Events: 1e-10}, {Events: math.NaN()}, {Factor: 1, Events: -1},
	} {
		require.ErrorContains(t, d.Validate(), "health: dispersion: ", "%v", d)
	}
}

// phi is the variance of the log ratio over what independent requests give it, for
// bursts on sides that are smaller than history and for jitter on larger ones, and
// never too small for the other model or a mixture of the two.
func TestDispersionPhi(t *testing.T) {
	t.Parallel()
	require.Equal(t, 1.0, health.Dispersion{}.Phi(100, .1))
	require.Equal(t, 1.0, health.Dispersion{Factor: 1, Events: 4}.Phi(100, .1))
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.Float64Range(.01, 1e4).Draw(t, "history's events")
		model := rapid.SampledFrom([]string{"bursts", "jitter", "both"}).Draw(t, "model")
		bursts, square := rapid.Float64Range(.1, 30).Draw(t, "bursts"), rapid.Float64Range(.01, 1).Draw(t, "jitter, squared")
		switch model {
		case "bursts":
			square = 0
		case "jitter":
			bursts = 0
		}
		s := rapid.Float64Range(.01, 1e5).Draw(t, "s")
		share := rapid.Float64Range(.001, .999).Draw(t, "share")
		factor := func(e float64) float64 { return 1 + bursts + square*e }
		x, y := s*share, s*(1-share)
		truth := (factor(x)/x + factor(y)/y) / (1/x + 1/y)
		phi := health.Dispersion{Factor: factor(events), Events: events}.Phi(s, share)
		require.GreaterOrEqual(t, phi, truth*(1-1e-9))
		require.GreaterOrEqual(t, phi, 1.0)
		switch {
		case model == "bursts" && max(x, y) <= events, model == "jitter" && min(x, y) >= events:
			require.InEpsilon(t, truth, phi, 1e-9)
		}
	})
	rapid.Check(t, func(t *rapid.T) { // and every dispersion that is valid gives a finite one
		d := health.Dispersion{Factor: rapid.Float64Range(1, 1e12).Draw(t, "factor"), Events: rapid.Float64Range(1e-9, 1<<53).Draw(t, "events")}
		require.NoError(t, d.Validate())
		phi := d.Phi(rapid.Float64Range(0, 1<<54).Draw(t, "s"), rapid.Float64Range(0, 1).Draw(t, "share"))
		require.False(t, math.IsInf(phi, 0) || !(phi >= 1), "phi %v", phi)
	})
}
