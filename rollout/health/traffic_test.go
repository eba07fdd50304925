package health_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// trafficRand draws the traffic of one simulated rollout. The same seed and run
// give the same traffic.
type trafficRand struct{ *rand.Rand }

func trafficSeed(seed, run uint64) trafficRand {
	return trafficRand{rand.New(rand.NewPCG(seed, run))}
}

// binomial is how many of n requests fail when each does with probability p. Its
// cost does not grow with n or with p.
func (r trafficRand) binomial(n int, p float64) int {
	switch {
	case n <= 0 || p <= 0:
		return 0
	case p >= 1:
		return n
	case p > 0.5:
		return n - r.binomial(n, 1-p)
	case float64(n)*p < 10:
		return r.fewOf(n, p)
	}
	return r.manyOf(n, p)
}

// fewOf sums the probabilities of 0, 1, 2, ... until they pass a uniform number.
func (r trafficRand) fewOf(n int, p float64) int {
	odds, u := p/(1-p), r.Float64()
	term := math.Exp(float64(n) * math.Log1p(-p))
	k := 0
	for ; u >= term && k < n; k++ {
		u -= term
		term *= odds * float64(n-k) / float64(k+1)
	}
	return k
}

// manyOf is algorithm BTRS, transformed rejection with a squeeze: W. Hörmann, "The
// generation of binomial random variates", J. Stat. Comput. Simul. 46 (1993),
// 101-110. It needs p <= 0.5 and np >= 10.
func (r trafficRand) manyOf(n int, p float64) int {
	q, f := 1-p, float64(n)
	spq := math.Sqrt(f * p * q)
	b := 1.15 + 2.53*spq
	a := -0.0873 + 0.0248*b + 0.01*p
	c := f*p + 0.5
	vr := 0.92 - 4.2/b
	alpha := (2.83 + 5.1/b) * spq
	odds := math.Log(p / q)
	mode := math.Floor((f + 1) * p)
	top := trafficLogFactorial(mode) + trafficLogFactorial(f-mode)
	for {
		u, v := r.Float64()-0.5, r.Float64()
		us := 0.5 - math.Abs(u)
		k := math.Floor((2*a/us+b)*u + c)
		if us >= 0.07 && v <= vr {
			return int(k)
		}
		if k < 0 || k > f {
			continue
		}
		if math.Log(v*alpha/(a/(us*us)+b)) <= top-trafficLogFactorial(k)-trafficLogFactorial(f-k)+(k-mode)*odds {
			return int(k)
		}
	}
}

// poisson is a count with a mean. Its cost does not grow with the mean.
func (r trafficRand) poisson(mean float64) int {
	switch {
	case mean <= 0:
		return 0
	case mean < 10:
		u, term, k := r.Float64(), math.Exp(-mean), 0
		for ; u >= term && k < 1000; k++ {
			u -= term
			term *= mean / float64(k+1)
		}
		return k
	}
	// Algorithm PTRS: W. Hörmann, "The transformed rejection method for generating
	// Poisson random variables", Insurance: Mathematics and Economics 12 (1993), 39-45.
	root, log := math.Sqrt(mean), math.Log(mean)
	b := 0.931 + 2.53*root
	a := -0.059 + 0.02483*b
	inv := 1.1239 + 1.1328/(b-3.4)
	vr := 0.9277 - 3.6224/(b-2)
	for {
		u, v := r.Float64()-0.5, r.Float64()
		us := 0.5 - math.Abs(u)
		k := math.Floor((2*a/us+b)*u + mean + 0.43)
		if us >= 0.07 && v <= vr {
			return int(k)
		}
		if k < 0 || us < 0.013 && v > us {
			continue
		}
		if math.Log(v*inv/(a/(us*us)+b)) <= -mean+k*log-trafficLogFactorial(k) {
			return int(k)
		}
	}
}

// gamma has mean 1 and the coefficient of variation cv: G. Marsaglia and W. Tsang,
// "A simple method for generating gamma variables", ACM TOMS 26 (2000), 363-372.
// It needs a cv of at most 1.
func (r trafficRand) gamma(cv float64) float64 {
	if cv == 0 {
		return 1
	}
	shape := 1 / (cv * cv)
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := r.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if u := r.Float64(); math.Log(u) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v / shape
		}
	}
}

// lognormal has mean 1 and the coefficient of variation cv.
func (r trafficRand) lognormal(cv float64) float64 {
	sd2 := math.Log1p(cv * cv)
	return math.Exp(math.Sqrt(sd2)*r.NormFloat64() - sd2/2)
}

// geometric is 1, 2, 3, ... with a mean of at least 1.
func (r trafficRand) geometric(mean float64) int {
	if mean <= 1 {
		return 1
	}
	return 1 + int(math.Log(1-r.Float64())/math.Log1p(-1/mean))
}

// count draws n requests of which each fails with probability p.
func (r trafficRand) count(n int, p float64) health.Count {
	return health.Count{Bad: uint64(r.binomial(n, min(p, 1))), Total: uint64(n)}
}

// clustered draws n requests of which a share p fails, in clusters of a mean size.
func (r trafficRand) clustered(n int, p, size float64) health.Count {
	bad := 0
	for range r.poisson(float64(n) * p / size) {
		bad += r.geometric(size)
	}
	return health.Count{Bad: uint64(min(bad, n)), Total: uint64(n)}
}

// trafficLogFactorial is ln k!: Stirling's series, and a table below it.
func trafficLogFactorial(k float64) float64 {
	if k < 10 {
		return trafficSmall[int(k)]
	}
	x := k + 1
	return (x-0.5)*math.Log(x) - x + 0.91893853320467274178 + 1/(12*x) - 1/(360*x*x*x) + 1/(1260*x*x*x*x*x)
}

// trafficSmall are ln 0! to ln 9!.
var trafficSmall = [10]float64{
	0, 0, 0.69314718055994531, 1.7917594692280550, 3.1780538303479458, 4.7874917427820458,
	6.5792512120101012, 8.5251613610654147, 10.604602902745251, 12.801827480081469,
}

// trafficWindow draws one closed window of one metric.
type trafficWindow func(window int) (canary, control health.Count)

// trafficKind is a kind of traffic: called once for each rollout.
type trafficKind func(r trafficRand) trafficWindow

// trafficIID are requests that fail independently, at the same rate for ever.
func trafficIID(canary, control int, p1, p0 float64) trafficKind {
	return func(r trafficRand) trafficWindow {
		return func(int) (health.Count, health.Count) { return r.count(canary, p1), r.count(control, p0) }
	}
}

// trafficShared is a healthy release whose rate, and whose traffic, change with
// time on both sides alike.
func trafficShared(canary, control int, p float64, rate, volume func(window int) float64) trafficKind {
	return func(r trafficRand) trafficWindow {
		return func(w int) (health.Count, health.Count) {
			v := 1.0
			if volume != nil {
				v = volume(w)
			}
			q := p * rate(w)
			return r.count(int(float64(canary)*v), q), r.count(int(float64(control)*v), q)
		}
	}
}

// trafficNoise is a healthy release where the rate of each side, in each window, is
// multiplied with a number of its own.
func trafficNoise(canary, control int, p float64, noise func(trafficRand) float64) trafficKind {
	return func(r trafficRand) trafficWindow {
		return func(int) (health.Count, health.Count) {
			return r.count(canary, p*noise(r)), r.count(control, p*noise(r))
		}
	}
}

// trafficPods is a healthy release whose instances differ for as long as they live:
// the rate of each is multiplied with a lognormal number, sd on the log scale.
func trafficPods(canary, control int, p float64, canaryPods, controlPods int, sd float64) trafficKind {
	return func(r trafficRand) trafficWindow {
		rate := func(pods int) float64 {
			sum := 0.0
			for range pods {
				sum += math.Exp(sd*r.NormFloat64() - sd*sd/2)
			}
			return p * sum / float64(pods)
		}
		p1, p0 := rate(canaryPods), rate(controlPods)
		return func(int) (health.Count, health.Count) { return r.count(canary, p1), r.count(control, p0) }
	}
}

// trafficBurst is a healthy release whose failures come in clusters.
func trafficBurst(canary, control int, p, size float64) trafficKind {
	return func(r trafficRand) trafficWindow {
		return func(int) (health.Count, health.Count) {
			return r.clustered(canary, p, size), r.clustered(control, p, size)
		}
	}
}

// The samplers have the distributions that they claim: chi-square against exact
// probabilities, on both sides of every change of method.
func TestTrafficSamplers(t *testing.T) {
	t.Parallel()
	const draws = 200_000
	lg := func(x float64) float64 { v, _ := math.Lgamma(x); return v }
	binomial := func(n int, p float64) func(int) float64 {
		return func(k int) float64 {
			if k > n {
				return 0
			}
			return math.Exp(lg(float64(n)+1) - lg(float64(k)+1) - lg(float64(n-k)+1) + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
		}
	}
	poisson := func(mean float64) func(int) float64 {
		return func(k int) float64 { return math.Exp(-mean + float64(k)*math.Log(mean) - lg(float64(k)+1)) }
	}
	for _, c := range []struct {
		name  string
		draw  func(trafficRand) int
		exact func(int) float64
	}{
		{"binomial, mean 0.25", func(r trafficRand) int { return r.binomial(25, .01) }, binomial(25, .01)},
		{"binomial, mean 9.9", func(r trafficRand) int { return r.binomial(990, .01) }, binomial(990, .01)},
		{"binomial, mean 10", func(r trafficRand) int { return r.binomial(1000, .01) }, binomial(1000, .01)},
		{"binomial, mean 90", func(r trafficRand) int { return r.binomial(9000, .01) }, binomial(9000, .01)},
		{"binomial, half", func(r trafficRand) int { return r.binomial(25, .5) }, binomial(25, .5)},
		{"binomial, most", func(r trafficRand) int { return r.binomial(40, .7) }, binomial(40, .7)},
		{"poisson, mean 0.2", func(r trafficRand) int { return r.poisson(.2) }, poisson(.2)},
		{"poisson, mean 9.9", func(r trafficRand) int { return r.poisson(9.9) }, poisson(9.9)},
		{"poisson, mean 10", func(r trafficRand) int { return r.poisson(10) }, poisson(10)},
		{"poisson, mean 500", func(r trafficRand) int { return r.poisson(500) }, poisson(500)},
		{"geometric, mean 5", func(r trafficRand) int { return r.geometric(5) }, func(k int) float64 {
			if k == 0 {
				return 0
			}
			return .2 * math.Pow(.8, float64(k-1))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := trafficSeed(1, 2)
			seen := map[int]int{}
			for range draws {
				seen[c.draw(r)]++
			}
			p := trafficChiSquare(seen, draws, c.exact)
			t.Logf("p = %.3f", p)
			require.Greater(t, p, 1e-3)
			// The test can fail: one twentieth too much of every other value is seen.
			wrong := func(k int) float64 { return c.exact(k) * (1 + .05*float64(k%2)) }
			require.Less(t, trafficChiSquare(seen, draws, wrong), 1e-3)
		})
	}
}

// trafficChiSquare is Pearson's p-value, values of small expectation merged.
func trafficChiSquare(seen map[int]int, draws int, exact func(int) float64) float64 {
	x2, cells, left, counted := 0.0, 0, 1.0, 0
	want, got := 0.0, 0
	for k := 0; left*float64(draws) > 20; k++ {
		p := exact(k)
		want, got = want+p*float64(draws), got+seen[k]
		left -= p
		if want >= 10 {
			x2 += (float64(got) - want) * (float64(got) - want) / want
			cells++
			counted += got
			want, got = 0, 0
		}
		if k > 100_000 {
			break
		}
	}
	rest := want + left*float64(draws)
	if rest > 1 {
		d := float64(draws-counted) - rest
		x2 += d * d / rest
		cells++
	}
	return stats.GammaQ(float64(cells-1)/2, x2/2)
}

// The multipliers have mean 1 and the spread that is asked for.
func TestTrafficMultipliers(t *testing.T) {
	t.Parallel()
	const draws = 200_000
	for _, c := range []struct {
		name string
		draw func(trafficRand) float64
		cv   float64
	}{
		{"gamma, cv .2", func(r trafficRand) float64 { return r.gamma(.2) }, .2},
		{"gamma, cv .5", func(r trafficRand) float64 { return r.gamma(.5) }, .5},
		{"lognormal, cv .5", func(r trafficRand) float64 { return r.lognormal(.5) }, .5},
	} {
		r, sum, squares := trafficSeed(3, 4), 0.0, 0.0
		for range draws {
			v := c.draw(r)
			sum += v
			squares += v * v
		}
		mean := sum / draws
		require.InDelta(t, 1, mean, 4*c.cv/math.Sqrt(draws), c.name)
		require.InDelta(t, c.cv, math.Sqrt(squares/draws-mean*mean), .01, c.name)
	}
	// A cluster of mean size 5 makes the counts vary 9 times as much as their mean.
	r, sum, squares := trafficSeed(5, 6), 0.0, 0.0
	for range draws {
		v := float64(r.clustered(10_000, .01, 5).Bad)
		sum += v
		squares += v * v
	}
	mean := sum / draws
	require.InDelta(t, 100, mean, .3)
	require.InDelta(t, 9, (squares/draws-mean*mean)/mean, .15)
}

func BenchmarkTraffic(b *testing.B) {
	for _, c := range []struct {
		name string
		n    int
	}{{"mean-1", 100}, {"mean-9", 900}, {"mean-90", 9_000}, {"mean-10000", 1_000_000}} {
		b.Run(c.name, func(b *testing.B) {
			r, sum := trafficSeed(1, 1), 0
			for b.Loop() {
				sum += r.binomial(c.n, .01)
			}
			if sum < 0 {
				b.Fatal(sum)
			}
		})
	}
}
