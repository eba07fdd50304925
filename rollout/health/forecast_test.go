package health_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// forecastDraw draws counts by their cumulative distribution.
type forecastDraw struct{ cumulative []float64 }

// forecastCounts is binomial, or negative binomial with a factor times the binomial's
// variance.
func forecastCounts(requests int, rate, factor float64) forecastDraw {
	var d forecastDraw
	n := float64(requests)
	logGamma := func(x float64) float64 { v, _ := math.Lgamma(x); return v }
	mean := n * rate
	sum := 0.0
	for k := 0.0; k <= n; k++ {
		var p float64
		if factor <= 1 {
			p = logGamma(n+1) - logGamma(k+1) - logGamma(n-k+1) + k*math.Log(rate)
			if k < n {
				p += (n - k) * math.Log1p(-rate)
			}
		} else {
			size := mean / (factor - 1)
			p = logGamma(k+size) - logGamma(size) - logGamma(k+1) - size*math.Log(factor) + k*math.Log1p(-1/factor)
		}
		sum += math.Exp(p)
		d.cumulative = append(d.cumulative, sum)
		if sum > 1-1e-12 && k > mean {
			break
		}
	}
	return d
}

func (d forecastDraw) draw(rng *rand.Rand) uint64 {
	u := rng.Float64() * d.cumulative[len(d.cumulative)-1]
	return uint64(sort.SearchFloat64s(d.cumulative, u))
}

// forecastRun is a rollout of a real Monitor.
type forecastRun struct {
	policy          health.Policy
	canary, control int
	rate, ratio     float64
	factor          float64
}

// run is the number of windows until a kind, and the canary's bad events by then and for
// some windows after it; at most so many windows.
func (r forecastRun) run(t testing.TB, n, windows, after int, kind health.Kind) (waits []int, excess []float64) {
	factor := max(1, r.factor)
	x, y := forecastCounts(r.canary, r.rate*r.ratio, factor), forecastCounts(r.control, r.rate, factor)
	for run := range n {
		rng := rand.New(rand.NewPCG(81, uint64(run)))
		m, err := health.New(r.policy)
		require.NoError(t, err)
		bad, k := 0.0, 0
		for k < windows && m.Kind() != kind {
			k++
			got := x.draw(rng)
			bad += float64(got)
			require.NoError(t, m.Add(health.Sample{ID: strconv.Itoa(k), Metric: "errors",
				Canary: count(got, uint64(r.canary)), Control: count(y.draw(rng), uint64(r.control))}))
		}
		waits = append(waits, k)
		if m.Kind() != kind {
			waits[run] = windows + 1
		}
		for range after {
			bad += float64(x.draw(rng))
		}
		excess = append(excess, bad-float64(k+after)*r.rate*float64(r.canary))
	}
	return waits, excess
}

func (r forecastRun) traffic(ratios ...float64) health.Traffic {
	return health.Traffic{Metric: "errors", Canary: float64(r.canary), Control: float64(r.control), Rate: r.rate, Ratios: ratios}
}

// forecastErrors is a policy of one metric.
func forecastErrors(alpha, tolerance float64, warmUp int) health.Policy {
	return health.Policy{Alpha: alpha, WarmUp: warmUp, Metrics: []health.Metric{{Name: "errors", Tolerance: tolerance}}}
}

// No method can do with fewer requests than the limit: figures of the literature's
// bound, computed elsewhere.
func TestForecastLimit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rate, ratio, requests float64 }{
		{.01, 1.5, 4746}, {.01, 2, 1345}, {.01, 3, 409}, {.01, 10, 41},
		{.001, 2, 13611}, {.001, 10, 424}, {.001, 500, 4}, {.01, 50, 4},
	} {
		traffic := health.Traffic{Metric: "errors", Canary: 100, Control: 900, Rate: c.rate, Ratios: []float64{c.ratio}}
		f, err := health.ForecastOf(forecastErrors(.01, 1, -1), health.Bake{Windows: 60}, traffic)
		require.NoError(t, err)
		limit := f.Metrics[0].Regressions[1].Limit
		require.InDelta(t, c.requests, limit.Requests, .5+.0002*c.requests, "%v of %v", c.ratio, c.rate)
		require.InDelta(t, limit.Requests/100, limit.Windows, 1e-6)
	}
}

// The bound is met by no chance of the means: every mean of a simulated wait is above it.
func TestForecastLimitIsBelow(t *testing.T) {
	t.Parallel()
	for _, c := range []forecastRun{
		{canary: 100, control: 900, rate: .01, ratio: 2, policy: forecastErrors(.01, 1, -1)},
		{canary: 100, control: 900, rate: .01, ratio: 3, policy: forecastErrors(.01, 1.2, -1)},
		{canary: 50, control: 50, rate: .1, ratio: 2, policy: forecastErrors(.05, 1.2, -1)},
	} {
		f, err := health.ForecastOf(c.policy, health.Bake{Windows: 1000}, c.traffic(c.ratio))
		require.NoError(t, err)
		waits, _ := c.run(t, runs(400), 1000, 0, health.KindRegressed)
		sum := 0
		for _, w := range waits {
			sum += w
		}
		require.Greater(t, float64(sum)/float64(len(waits)), f.Metrics[0].Regressions[1].Limit.Windows)
	}
}

// forecastGrid is traffic from a bad event in ten windows to a thousand in each.
func forecastGrid() (out []forecastRun) {
	for _, n := range [][2]int{{10, 90}, {100, 900}, {100, 100}, {1000, 9000}, {1000, 1000}, {10_000, 90_000}} {
		for _, rate := range []float64{.001, .01, .1} {
			for _, ratio := range []float64{1, 1.5, 2, 3, 5, 7, 10, 15, 50} {
				if rate*ratio <= 1 {
					out = append(out, forecastRun{canary: n[0], control: n[1], rate: rate, ratio: ratio})
				}
			}
		}
	}
	return out
}

// The forecast's median and 95 % quantile are those of simulated Monitors, to a window
// or a tenth. Ratio 1 is the certificate's.
func TestForecastAgainstMonitor(t *testing.T) {
	t.Parallel()
	most := 12 // a rollout that takes longer is left to -long
	if *long {
		most = 2000
	}
	compared := 0
	for _, policy := range []health.Policy{
		forecastErrors(.01, 1.2, 3), forecastErrors(.05, 1, -1), forecastErrors(.001, 1.2, -1),
	} {
		for _, c := range forecastGrid() {
			if c.policy = policy; c.control > 10_000 && !*long {
				continue
			}
			var ratios []float64
			if c.ratio > 1 {
				ratios = []float64{c.ratio}
			}
			// A bake that is long needs no remedies, which take longest.
			f, err := health.ForecastOf(policy, health.Bake{Windows: 100_000}, c.traffic(ratios...))
			require.NoError(t, err)
			kind, wait := health.KindHealthy, f.Certify
			if c.ratio > 1 {
				kind, wait = health.KindRegressed, f.Metrics[0].Regressions[1].Found
			}
			if wait.Most == 0 || wait.Most > most {
				continue
			}
			compared++
			n := runs(160)
			waits, _ := c.run(t, n, 3*wait.Most, 0, kind)
			slices.Sort(waits)
			// The quantile of so many runs is known to its order statistics; beyond them a
			// window or a tenth is allowed.
			for _, q := range []struct {
				p    float64
				want int
			}{{.5, wait.Median}, {.95, wait.Most}} {
				l, u, ok := stats.OrderRanks(n, q.p, .999)
				if !ok {
					continue // with -short the tail is not known
				}
				slack := max(1, .1*float64(q.want))
				require.LessOrEqual(t, float64(waits[l-1])-slack, float64(q.want), "%+v, quantile %v", c, q.p)
				require.GreaterOrEqual(t, float64(waits[u-1])+slack, float64(q.want), "%+v, quantile %v", c, q.p)
			}
		}
	}
	t.Logf("%d compared", compared)
	require.Greater(t, compared, 100)
}

// Evidence that is tempered, by noise that is as the dispersion says.
func TestForecastOfNoise(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		run  forecastRun
	}{
		{"bursts of three", forecastRun{canary: 1000, control: 9000, rate: .01, ratio: 3, factor: 3}},
		{"bursts of ten", forecastRun{canary: 1000, control: 1000, rate: .02, ratio: 5, factor: 10}},
		{"few events", forecastRun{canary: 100, control: 900, rate: .01, ratio: 10, factor: 2}},
		{"certified", forecastRun{canary: 1000, control: 9000, rate: .01, ratio: 1, factor: 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.run.policy = health.Policy{WarmUp: -1, Metrics: []health.Metric{{Name: "errors",
				Dispersion: health.Dispersion{Factor: c.run.factor, Events: float64(c.run.canary+c.run.control) * c.run.rate * max(1, c.run.ratio)}}}}
			var ratios []float64
			if c.run.ratio > 1 {
				ratios = []float64{c.run.ratio}
			}
			f, err := health.ForecastOf(c.run.policy, health.Bake{Windows: 60}, c.run.traffic(ratios...))
			require.NoError(t, err)
			kind, wait := health.KindHealthy, f.Certify
			if c.run.ratio > 1 {
				kind, wait = health.KindRegressed, f.Metrics[0].Regressions[1].Found
			}
			n := runs(500)
			waits, _ := c.run.run(t, n, 3*wait.Most, 0, kind)
			slices.Sort(waits)
			t.Logf("forecast %d and %d, simulated %d and %d", wait.Median, wait.Most, waits[n/2], waits[n*95/100])
			require.InDelta(t, waits[n/2], wait.Median, max(1, .2*float64(wait.Median)))
			require.InDelta(t, waits[n*95/100], wait.Most, max(2, .25*float64(wait.Most)))
		})
	}
}

// What a metric shares with others costs what it says, and all certificates are needed.
func TestForecastOfSeveralMetrics(t *testing.T) {
	t.Parallel()
	policy := health.Policy{WarmUp: -1, Metrics: []health.Metric{
		{Name: "errors"}, {Name: "timeouts"}, {Name: "latency", Edges: []float64{.1, .5, 1}, CertifyAt: .5},
	}}
	part := func(metric string, edge, rate float64) health.Traffic {
		return health.Traffic{Metric: metric, Edge: edge, Canary: 500, Control: 4500, Rate: rate}
	}
	f, err := health.ForecastOf(policy, health.Bake{Windows: 60}, part("errors", 0, .01), part("timeouts", 0, .01),
		part("latency", .1, .2), part("latency", .5, .02), part("latency", 1, .005))
	require.NoError(t, err)
	one, err := health.ForecastOf(forecastErrors(.01, 1.2, -1), health.Bake{Windows: 60}, health.Traffic{Metric: "errors", Canary: 500, Control: 4500, Rate: .01})
	require.NoError(t, err)
	require.Greater(t, f.Metrics[0].Regressions[0].Found.Median, one.Detect.Median)
	require.Equal(t, one.Certify, f.Metrics[0].Certify, "a certificate shares nothing")
	require.Equal(t, f.Metrics[4].Regressions[0].Found, f.Detect, "the edge with the fewest events is the slowest")
	require.Zero(t, f.Metrics[2].Certify)
	require.NotZero(t, f.Metrics[3].Certify)
	require.GreaterOrEqual(t, f.Certify.Median, f.Metrics[0].Certify.Median)
	require.LessOrEqual(t, f.Certify.Chance, f.Metrics[0].Certify.Chance)

	// Against the Monitor: errors double, the rest is as it was; and a release that is good.
	n := runs(200)
	rates := []float64{.01, .01, .2, .02, .005}
	for _, ratio := range []float64{2, 1} {
		var waits []int
		for run := range n {
			rng := rand.New(rand.NewPCG(82, uint64(run)))
			m, err := health.New(policy)
			require.NoError(t, err)
			kind := health.KindHealthy
			if ratio > 1 {
				kind = health.KindRegressed
			}
			k := 0
			for k < 500 && m.Kind() != kind {
				k++
				bad := func(i, requests int, ratio float64) uint64 {
					return traffic{rng: rng}.bad(requests, rates[i]*ratio)
				}
				slow := func(requests int) []uint64 {
					a := bad(2, requests, 1)
					b := traffic{rng: rng}.bad(int(a), .1)
					return []uint64{a, b, traffic{rng: rng}.bad(int(b), .25)}
				}
				id := strconv.Itoa(k)
				require.NoError(t, m.Add(
					health.Sample{ID: id, Metric: "errors", Canary: count(bad(0, 500, ratio), 500), Control: count(bad(0, 4500, 1), 4500)},
					health.Sample{ID: id, Metric: "timeouts", Canary: count(bad(1, 500, 1), 500), Control: count(bad(1, 4500, 1), 4500)},
					health.Sample{ID: id, Metric: "latency", Canary: count(0, 500), Control: count(0, 4500), CanarySlow: slow(500), ControlSlow: slow(4500)},
				))
			}
			waits = append(waits, k)
		}
		slices.Sort(waits)
		want := f.Certify
		if ratio > 1 {
			want = f.Metrics[0].Regressions[0].Found
		}
		l, u, ok := stats.OrderRanks(n, .5, .999)
		require.True(t, ok)
		t.Logf("ratio %v: forecast %d, simulated %d to %d", ratio, want.Median, waits[l-1], waits[u-1])
		require.GreaterOrEqual(t, float64(want.Median), .9*float64(waits[l-1])-1)
		require.LessOrEqual(t, float64(want.Median), 1.1*float64(waits[u-1])+1)
	}
}

// A remedy is enough, and much less of it is not.
func TestForecastRemedies(t *testing.T) {
	t.Parallel()
	policy := health.Policy{Metrics: []health.Metric{{Name: "errors"}, {Name: "timeouts"}}}
	bake := health.Bake{Windows: 45, Length: time.Minute}
	errors := health.Traffic{Metric: "errors", Canary: 100, Control: 900, Rate: .01}
	timeouts := health.Traffic{Metric: "timeouts", Canary: 1e5, Control: 9e5, Rate: .01}
	f, err := health.ForecastOf(policy, bake, errors, timeouts)
	require.NoError(t, err)
	require.False(t, f.Enough)
	require.Zero(t, f.Metrics[1].Remedies)
	require.Contains(t, f.Why[1], "does not show")
	r := f.Metrics[0].Remedies
	t.Logf("%+v", r)
	require.NotZero(t, r.Share)
	require.NotZero(t, r.Windows)
	require.NotZero(t, r.MDE)
	require.NotZero(t, r.Traffic)
	for _, c := range []struct {
		name  string
		apply func(part float64, p *health.Policy, b *health.Bake, t *health.Traffic)
		value float64
	}{
		{"share", func(part float64, _ *health.Policy, _ *health.Bake, t *health.Traffic) {
			t.Canary, t.Control = 100+part*(1000*r.Share-100), 900-part*(1000*r.Share-100)
		}, r.Share},
		{"windows", func(part float64, _ *health.Policy, b *health.Bake, _ *health.Traffic) {
			b.Windows += int(math.Ceil(part * float64(r.Windows-b.Windows)))
		}, float64(r.Windows)},
		{"mde", func(part float64, p *health.Policy, _ *health.Bake, _ *health.Traffic) {
			p.Metrics[0].MDE = 2 + part*(r.MDE-2)
		}, r.MDE},
		{"metrics", func(part float64, p *health.Policy, _ *health.Bake, _ *health.Traffic) {
			p.Metrics[0].Weight = 1 + part*(1/float64(r.Metrics)-.5)*1e5
		}, float64(r.Metrics)},
		{"alpha", func(part float64, p *health.Policy, _ *health.Bake, _ *health.Traffic) {
			p.Alpha = .01 + part*(r.Alpha-.01)
		}, r.Alpha},
		{"tolerance", func(part float64, p *health.Policy, _ *health.Bake, _ *health.Traffic) {
			p.Metrics[0].Tolerance = 1.2 + part*(r.Tolerance-1.2)
		}, r.Tolerance},
		{"traffic", func(part float64, _ *health.Policy, _ *health.Bake, t *health.Traffic) {
			t.Canary *= 1 + part*(r.Traffic-1)
			t.Control *= 1 + part*(r.Traffic-1)
		}, r.Traffic},
	} {
		if c.value == 0 {
			continue
		}
		for _, part := range []float64{1, .7} {
			p, b, e := policy.Defaults(), bake, errors
			c.apply(part, &p, &b, &e)
			f, err := health.ForecastOf(p, b, e, timeouts)
			require.NoError(t, err, c.name)
			require.Equal(t, part == 1, f.Enough, "%s: %v of %v", c.name, part, c.value)
		}
	}
}

// What can be forecast of nothing is an error that says what is missing.
func TestForecastRefused(t *testing.T) {
	t.Parallel()
	good := health.Traffic{Metric: "errors", Canary: 100, Control: 900, Rate: .01}
	with := func(change func(*health.Traffic)) []health.Traffic {
		v := good
		change(&v)
		return []health.Traffic{v}
	}
	edges := health.Policy{Metrics: []health.Metric{{Name: "errors", Edges: []float64{1, 2}, CertifyAt: 2}}}
	for _, c := range []struct {
		name    string
		policy  health.Policy
		bake    health.Bake
		traffic []health.Traffic
		want    string
	}{
		{name: "no traffic", want: `metric "errors" has no traffic`},
		{name: "no requests", traffic: with(func(v *health.Traffic) { v.Canary, v.Control = 0, 0 }), want: "no traffic is never a number"},
		{name: "no canary", traffic: with(func(v *health.Traffic) { v.Canary = 0 }), want: "the canary has no requests"},
		{name: "no control", traffic: with(func(v *health.Traffic) { v.Control = 0 }), want: "the canary has no control"},
		{name: "next to no requests", traffic: with(func(v *health.Traffic) { v.Control = 1e-9 }), want: "count in longer windows"},
		{name: "requests below 0", traffic: with(func(v *health.Traffic) { v.Canary = -1 }), want: "not between 0"},
		{name: "requests beyond count", traffic: with(func(v *health.Traffic) { v.Canary = math.Inf(1) }), want: "not between 0"},
		{name: "requests are no number", traffic: with(func(v *health.Traffic) { v.Control = math.NaN() }), want: "not between 0"},
		{name: "rate 0", traffic: with(func(v *health.Traffic) { v.Rate = 0 }), want: "can never be certified"},
		{name: "rate next to 0", traffic: with(func(v *health.Traffic) { v.Rate = 1e-300 }), want: "is less than"},
		{name: "rate of no number", traffic: with(func(v *health.Traffic) { v.Rate = math.NaN() }), want: "not between 0 and 1"},
		{name: "rate above 1", traffic: with(func(v *health.Traffic) { v.Rate = 1.5 }), want: "not between 0 and 1"},
		{name: "nothing can double", traffic: with(func(v *health.Traffic) { v.Rate = .6 }), want: "cannot become mde 2 times"},
		{name: "a ratio that is tolerated", traffic: with(func(v *health.Traffic) { v.Ratios = []float64{1.2} }), want: "not above the tolerance"},
		{name: "a ratio of no number", traffic: with(func(v *health.Traffic) { v.Ratios = []float64{math.NaN()} }), want: "not above the tolerance"},
		{name: "more than all fail", traffic: with(func(v *health.Traffic) { v.Ratios = []float64{101} }), want: "more than all"},
		{name: "ratios without end", traffic: with(func(v *health.Traffic) { v.Ratios = make([]float64, 101) }), want: "101 ratios"},
		{name: "another metric", traffic: append(with(func(v *health.Traffic) { v.Metric = "x" }), good), want: `metric "x" is not in the policy`},
		{name: "twice", traffic: []health.Traffic{good, good}, want: "twice"},
		{name: "an edge of none", traffic: with(func(v *health.Traffic) { v.Edge = 1 }), want: "none of its edges"},
		{name: "no edge of some", policy: edges, traffic: []health.Traffic{good}, want: "none of its edges"},
		{name: "not the edge that certifies", policy: edges, traffic: with(func(v *health.Traffic) { v.Edge = 1 }), want: "whose certificate is needed"},
		{name: "means", policy: health.Policy{Metrics: []health.Metric{{Name: "errors", Mean: true}}}, traffic: []health.Traffic{good}, want: "of means"},
		{name: "only means", policy: health.Policy{Metrics: []health.Metric{{Name: "errors", Mean: true}}}, want: "no traffic"},
		{name: "no policy", policy: health.Policy{Alpha: .01}, traffic: []health.Traffic{good}, want: "no metrics"},
		{name: "no bake", bake: health.Bake{Windows: -1}, traffic: []health.Traffic{good}, want: "bake of -1"},
		{name: "bake without end", bake: health.Bake{Windows: 1 << 40}, traffic: []health.Traffic{good}, want: "bake of"},
		{name: "lag below 0", bake: health.Bake{Windows: 1, Lag: -1}, traffic: []health.Traffic{good}, want: "lag or abort"},
		{name: "abort without end", bake: health.Bake{Windows: 1, Abort: math.Inf(1)}, traffic: []health.Traffic{good}, want: "lag or abort"},
		{name: "windows backward", bake: health.Bake{Windows: 1, Length: -1}, traffic: []health.Traffic{good}, want: "windows of"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.policy.Metrics == nil && c.policy.Alpha == 0 {
				c.policy = forecastErrors(.01, 1.2, 3)
			}
			if c.bake == (health.Bake{}) {
				c.bake.Windows = 60
			}
			f, err := health.ForecastOf(c.policy, c.bake, c.traffic...)
			require.ErrorContains(t, err, c.want)
			require.Zero(t, f)
		})
	}
}

// Sentences say what no method can do.
func TestForecastSays(t *testing.T) {
	t.Parallel()
	f, err := health.ForecastOf(forecastErrors(.01, 1.2, 3), health.Bake{Windows: 60, Length: time.Minute},
		health.Traffic{Metric: "errors", Canary: 10, Control: 90, Rate: .001})
	require.NoError(t, err)
	require.False(t, f.Enough)
	again, err := health.ForecastOf(forecastErrors(.01, 1.2, 3), health.Bake{Windows: 60, Length: time.Minute},
		health.Traffic{Metric: "errors", Canary: 10, Control: 90, Rate: .001})
	require.NoError(t, err)
	require.Equal(t, f, again)
	require.Contains(t, f.Why[1], "this traffic cannot show 2 times within 1h: no method can in less than ")
	require.Contains(t, f.Why[3], "enough would be, each alone: a bake of ")
	require.NotContains(t, f.Why[3], "a canary of ", "a larger share is not enough")
	require.NotContains(t, f.Why[3], "alpha")

	f, err = health.ForecastOf(health.Policy{Metrics: []health.Metric{{Name: "panics", RegressionOnly: true}}},
		health.Bake{Windows: 60}, health.Traffic{Metric: "panics", Canary: 1e6, Control: 1e6, Rate: .001})
	require.NoError(t, err)
	require.False(t, f.Enough)
	require.Zero(t, f.Certify)
	require.Equal(t, "no metric has a certificate: no release is ever called healthy", f.Why[len(f.Why)-1])
}

// forecastSound is what holds of every forecast.
func forecastSound(t require.TestingT, f health.Forecast) {
	wait := func(w health.Wait) {
		require.True(t, w.Chance >= 0 && w.Chance <= 1, "%+v", w)
		require.True(t, w.Most == 0 || w.Median > 0 && w.Median <= w.Most, "%+v", w)
	}
	wait(f.Detect)
	wait(f.Certify)
	require.NotEmpty(t, f.Why)
	for _, m := range f.Metrics {
		wait(m.Certify)
		for _, r := range m.Regressions {
			wait(r.Found)
			require.GreaterOrEqual(t, r.Limit.Windows, 0.0)
			require.GreaterOrEqual(t, r.Excess, 0.0)
			require.GreaterOrEqual(t, r.MostExcess, 0.0)
		}
	}
	_, err := json.Marshal(f)
	require.NoError(t, err, "numbers only")
}

// forecastMost bounds the requests of a window that are tried.
func forecastMost() float64 {
	if *long {
		return 1e6
	}
	return 3e3
}

func TestForecastProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		logUniform := func(name string, lo, hi float64) float64 {
			return math.Exp(rapid.Float64Range(math.Log(lo), math.Log(hi)).Draw(t, name))
		}
		tolerance := rapid.Float64Range(1, 1.5).Draw(t, "tolerance")
		mde := tolerance + logUniform("above", .05, 5)
		p := health.Policy{Alpha: logUniform("alpha", 1e-4, .2), WarmUp: rapid.IntRange(-1, 5).Draw(t, "warm-up"),
			Metrics: []health.Metric{{Name: "errors", Tolerance: tolerance, MDE: mde}}}
		if rapid.Bool().Draw(t, "noise") {
			p.Metrics[0].Dispersion = health.Dispersion{Factor: logUniform("factor", 1, 30), Events: logUniform("events", .1, 1000)}
		}
		traffic := health.Traffic{Metric: "errors", Canary: logUniform("canary", .01, forecastMost()), Control: logUniform("control", .01, forecastMost()),
			Rate: min(logUniform("rate", 1e-6, 1), 1/mde)}
		bake := health.Bake{Windows: rapid.SampledFrom([]int{1, 10, 3000}).Draw(t, "bake"), Lag: 1, Abort: .5}
		f, err := health.ForecastOf(p, bake, traffic)
		require.NoError(t, err)
		forecastSound(t, f)
		// Four times the traffic is never later, but for what is approximate.
		traffic.Canary, traffic.Control = 4*traffic.Canary, 4*traffic.Control
		more, err := health.ForecastOf(p, bake, traffic)
		require.NoError(t, err)
		require.LessOrEqual(t, more.Metrics[0].Regressions[0].Limit.Windows, f.Metrics[0].Regressions[0].Limit.Windows)
		// Chances are rough long before the median, for effects that hardly differ from what
		// is tolerated, and where one side has hardly any traffic: those are not compared. The
		// others differ from what is exact by up to a tenth or so.
		share := traffic.Canary / (traffic.Canary + traffic.Control)
		if p.Metrics[0].Dispersion.Factor > 1 || mde < tolerance+.5 || share < .02 || share > .9 {
			return
		}
		if f.Certify.Chance > .5 {
			require.GreaterOrEqual(t, more.Certify.Chance, f.Certify.Chance-.3)
		}
		if f.Detect.Chance > .5 {
			require.GreaterOrEqual(t, more.Detect.Chance, f.Detect.Chance-.3)
		}
	})
}

// No policy and no traffic breaks it: an error, or a forecast that is sound.
func FuzzForecastOf(f *testing.F) {
	f.Add(.01, 1.2, 2.0, 1.0, 1.0, 3, 60, 1.0, 100.0, 900.0, .01, 3.0)
	f.Add(.4, 1.0, 1.001, 1e12, 1e-9, -1, 100_000, 0.0, 1e-3, 9e15, 1e-9, 1e8)
	f.Add(.01, 1.2, 1.2000000000000002, 0.0, 0.0, -1, 60, 1.0, 100.0, 900.0, .01, 1.2000000000000002)
	f.Add(1e-300, 1.0, 1000.0, 5.0, 1e15, 1000, 1, 1e5, 9e15, 9e15, .001, 1000.0)
	f.Fuzz(func(t *testing.T, alpha, tolerance, mde, factor, events float64, warmUp, windows int, lag, canary, control, rate, ratio float64) {
		p := health.Policy{Alpha: alpha, Beta: alpha, WarmUp: warmUp, Metrics: []health.Metric{{Name: "errors", Tolerance: tolerance, MDE: mde,
			Dispersion: health.Dispersion{Factor: factor, Events: events}}}}
		out, err := health.ForecastOf(p, health.Bake{Windows: windows, Lag: lag}, health.Traffic{Metric: "errors",
			Canary: canary, Control: control, Rate: rate, Ratios: []float64{ratio}})
		if err != nil {
			require.Zero(t, out)
			return
		}
		forecastSound(t, out)
	})
}
