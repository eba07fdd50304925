package health_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// benchLevel is a level of traffic, in requests a minute.
type benchLevel struct{ canary, control int }

func (l benchLevel) String() string { return fmt.Sprintf("%d v %d/min", l.canary, l.control) }

var benchLow, benchHigh = benchLevel{100, 900}, benchLevel{1_000, 9_000}

// benchNull is a healthy release in adverse circumstances.
type benchNull struct {
	name    string // of what differs from the other nulls of the benchmark
	level   benchLevel
	traffic trafficKind
	history func(r trafficRand) []health.Count // what the policy's dispersion comes from; nil is none
	metrics int                                // 0 is 1
	windows int                                // 0 is 60
	runs    int                                // 0 is 10,000
	aside   bool                               // measured and printed, and not held against the bar
}

// BenchmarkFalseRollback measures how often a release that is as good as the one
// beside it is rolled back, by the default policy with a look after each window of
// a minute. The bar is the policy's alpha, 1 %, for each of them. With it go tests
// that promise 5 % when looked at once, looked at as often: peeked-z-% and
// peeked-mw-%.
func BenchmarkFalseRollback(b *testing.B) {
	levels := []benchLevel{benchLow, benchHigh}
	noise := func(cv float64) (out []benchNull) {
		for _, l := range levels {
			for _, kind := range []struct {
				name string
				draw func(trafficRand) float64
			}{
				{"gamma", func(r trafficRand) float64 { return r.gamma(cv) }},
				{"lognormal", func(r trafficRand) float64 { return r.lognormal(cv) }},
			} {
				for _, scale := range []struct {
					name string
					n    int
				}{{"canary's", l.canary}, {"service's", l.canary + l.control}} {
					out = append(out, benchNull{
						name: kind.name + ", history at the " + scale.name + " scale", level: l,
						traffic: trafficNoise(l.canary, l.control, .01, kind.draw),
						history: func(r trafficRand) []health.Count {
							return benchHistory(func() health.Count { return r.count(scale.n, .01*kind.draw(r)) })
						},
					})
				}
			}
		}
		return out
	}
	each := func(kind func(l benchLevel) trafficKind) (out []benchNull) {
		for _, l := range levels {
			out = append(out, benchNull{level: l, traffic: kind(l)})
		}
		return out
	}
	iid := func(l benchLevel) trafficKind { return trafficIID(l.canary, l.control, .01, .01) }

	bench := func(name string, nulls ...benchNull) {
		b.Run(name, func(b *testing.B) { benchFalse(b, nulls) })
	}
	bench("iid-100", benchNull{level: benchLow, traffic: iid(benchLow)})
	bench("iid-1000", benchNull{level: benchHigh, traffic: iid(benchHigh)})
	// Ten times as many failures on both sides for ten minutes.
	bench("incident", each(func(l benchLevel) trafficKind {
		return trafficShared(l.canary, l.control, .01, func(w int) float64 {
			if w >= 20 && w < 30 {
				return 10
			}
			return 1
		}, nil)
	})...)
	// Twice as many failures on both sides at the end of the hour.
	bench("drift", each(func(l benchLevel) trafficKind {
		return trafficShared(l.canary, l.control, .01, func(w int) float64 { return 1 + float64(w)/60 }, nil)
	})...)
	// A day's swing of traffic and failures, squeezed into the hour, out of phase.
	bench("diurnal", each(func(l benchLevel) trafficKind {
		return trafficShared(l.canary, l.control, .01,
			func(w int) float64 { return 1 - .5*math.Cos(2*math.Pi*float64(w)/60+1) },
			func(w int) float64 { return 1 + .6*math.Cos(2*math.Pi*float64(w)/60) })
	})...)
	bench("noise-cv20", noise(.2)...)
	bench("noise-cv50", noise(.5)...)
	// The canary's instances are luckier or unluckier than the control's for as long
	// as they live. With one instance, nothing can tell its bad luck from a fault.
	pods := []benchNull{}
	for _, l := range levels {
		for _, n := range []int{1, 2, 4, 10} {
			pods = append(pods, benchNull{
				name: fmt.Sprintf("pods %d v %d", n, 9*n), level: l,
				traffic: trafficPods(l.canary, l.control, .01, n, 9*n, .2), aside: n < 4,
			})
		}
	}
	bench("pods", pods...)
	// The canary's rate is three times the control's for the first three minutes.
	bench("coldstart", each(func(l benchLevel) trafficKind {
		return func(r trafficRand) trafficWindow {
			return func(w int) (health.Count, health.Count) {
				p := .01
				if w < 3 {
					p = .03
				}
				return r.count(l.canary, p), r.count(l.control, .01)
			}
		}
	})...)
	// Failures come in clusters of 5 in the mean.
	burst := []benchNull{}
	for _, l := range levels {
		for _, scale := range []struct {
			name string
			n    int
		}{{"canary's", l.canary}, {"service's", l.canary + l.control}} {
			burst = append(burst, benchNull{
				name: "history at the " + scale.name + " scale", level: l, traffic: trafficBurst(l.canary, l.control, .01, 5),
				history: func(r trafficRand) []health.Count {
					return benchHistory(func() health.Count { return r.clustered(scale.n, .01, 5) })
				},
			})
		}
	}
	bench("burst", burst...)
	ten := each(iid)
	for i := range ten {
		ten[i].metrics = 10
	}
	bench("ten-metrics", ten...)
	day := each(iid)
	for i := range day {
		day[i].windows, day[i].runs = 24*60, 5_000
	}
	bench("bake-24h", day...)
}

// benchHistory are two hours of a service's own windows.
func benchHistory(draw func() health.Count) []health.Count {
	out := make([]health.Count, 120)
	for i := range out {
		out[i] = draw()
	}
	return out
}

// benchFalse measures each of the nulls and reports the worst.
func benchFalse(b *testing.B, nulls []benchNull) {
	var worst, worstZ, worstMW benchShare
	for b.Loop() {
		for _, null := range nulls {
			if null.metrics == 0 {
				null.metrics = 1
			}
			if null.windows == 0 {
				null.windows = 60
			}
			if null.runs == 0 {
				null.runs = 10_000
			}
			got, z, mw := benchFalseShare(null)
			aside := ""
			if null.name != "" {
				null.name = ", " + null.name
			}
			if null.aside {
				aside = " (not held against the bar)"
			}
			b.Logf("%v%s: false rollbacks %v%s; peeked z %.1f %%, Mann-Whitney %.1f %% (nominal 5 %%)", null.level, null.name, got, aside, z.percent(), mw.percent())
			if null.aside {
				continue
			}
			if worst.n == 0 || got.percent() > worst.percent() {
				worst = got
			}
			if worstZ.n == 0 || z.percent() > worstZ.percent() {
				worstZ = z
			}
			if worstMW.n == 0 || mw.percent() > worstMW.percent() {
				worstMW = mw
			}
		}
	}
	worst.report(b, "false-%", 100*health.DefaultAlpha)
	b.ReportMetric(worstZ.percent(), "peeked-z-%")
	b.ReportMetric(worstMW.percent(), "peeked-mw-%")
}

func benchFalseShare(null benchNull) (ours, z, mw benchShare) {
	n := benchRuns(null.runs)
	metrics := make([]string, null.metrics)
	policy := health.Policy{}
	for i := range metrics {
		metrics[i] = fmt.Sprint("errors", i)
		policy.Metrics = append(policy.Metrics, health.Metric{Name: metrics[i]})
	}
	hits := make([][3]bool, n)
	peeked := min(n, 1_000) // these cost more, and their errors show in fewer
	if null.windows > 60 {
		peeked = 100
	}
	benchEach(n, func(run int) {
		r := trafficSeed(8, uint64(run))
		p := policy
		if null.history != nil {
			p.Metrics = []health.Metric{{Name: metrics[0], Dispersion: benchDispersion(null.history(r))}}
		}
		draw := make([]trafficWindow, null.metrics)
		for i := range draw {
			draw[i] = null.traffic(r)
		}
		var canary, control []health.Count
		keep := func(a, b health.Count) { canary, control = append(canary, a), append(control, b) }
		if run >= peeked {
			keep = nil
		}
		out := benchSimulate(benchOpen(p), metrics, draw, null.windows, benchNever, keep)
		hits[run] = [3]bool{out.regressed > 0, peekedZ(canary, control), peekedMannWhitney(canary, control)}
	})
	ours.n, z.n, mw.n = n, peeked, peeked
	for _, h := range hits {
		ours.k += one(h[0])
		z.k += one(h[1])
		mw.k += one(h[2])
	}
	return ours, z, mw
}

func benchNever(health.Kind) bool { return false }

// benchDispersion is what a history says of noise.
func benchDispersion(history []health.Count) health.Dispersion {
	d, err := health.DispersionOf(history)
	if err != nil {
		panic(err)
	}
	return d
}
