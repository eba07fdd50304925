package health_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// watchDraw draws the bad events of one window.
type watchDraw struct {
	logPMF, cumulative []float64
	total              uint64
}

// watchBinomial are n requests that fail with probability p each.
func watchBinomial(n int, p float64) watchDraw {
	return watchTable(n, func(k float64) float64 {
		return watchChoose(float64(n), k) + k*math.Log(p) + (float64(n)-k)*math.Log1p(-p)
	})
}

// watchNoisy are bad events of a mean and a rate that jitters from window to window
// with a coefficient of variation: a gamma mixture of Poisson counts.
func watchNoisy(n int, p, cv float64) watchDraw {
	size := 1 / (cv * cv)
	q := size / (size + float64(n)*p)
	return watchTable(n, func(k float64) float64 {
		a, _ := math.Lgamma(k + size)
		b, _ := math.Lgamma(size)
		c, _ := math.Lgamma(k + 1)
		return a - b - c + size*math.Log(q) + k*math.Log1p(-q)
	})
}

func watchChoose(n, k float64) float64 {
	a, _ := math.Lgamma(n + 1)
	b, _ := math.Lgamma(k + 1)
	c, _ := math.Lgamma(n - k + 1)
	return a - b - c
}

func watchTable(n int, logP func(float64) float64) watchDraw {
	out := watchDraw{total: uint64(n)}
	sum := 0.0
	for k := range n + 1 {
		p := logP(float64(k))
		sum += math.Exp(p)
		out.logPMF = append(out.logPMF, p)
		out.cumulative = append(out.cumulative, sum)
	}
	return out
}

func (d watchDraw) count(rng *rand.Rand) health.Count {
	k, _ := slices.BinarySearch(d.cumulative, rng.Float64())
	return health.Count{Bad: uint64(min(k, int(d.total))), Total: d.total}
}

// watchRuns is how many releases to simulate.
func watchRuns() int {
	if testing.Short() {
		return 500
	}
	return 5000
}

// watchRun watches one release, a minute at a time, until an alarm or for so many
// windows; every metric has traffic of its own. It gives the window of the alarm,
// from 1; 0 is none.
func watchRun(tb testing.TB, p health.WatchPolicy, seed, run uint64, windows int, draw func(window int) watchDraw) int {
	w, err := health.NewWatch(p)
	if err != nil {
		tb.Error(err)
		return 0
	}
	rng := rand.New(rand.NewPCG(seed, run))
	window := health.WindowAt(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Minute)
	samples := make([]health.WatchSample, len(p.Metrics))
	for i := range windows {
		for j, b := range p.Metrics {
			samples[j] = health.WatchSample{Metric: b.Name, Window: window, Count: draw(i).count(rng)}
		}
		if err := w.Add(samples...); err != nil {
			tb.Error(err)
			return 0
		}
		if len(w.Alarms()) > 0 {
			return i + 1
		}
		window = window.Next()
	}
	return 0
}

// watchEach calls each for runs 0 to n-1 on all processors, and gives what they gave
// in order.
func watchEach(n int, each func(run uint64) int) []int {
	out := make([]int, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for {
				run := int(next.Add(1)) - 1
				if run >= n {
					return
				}
				out[run] = each(uint64(run))
			}
		})
	}
	wg.Wait()
	return out
}

// watchMean is the mean of v and its 99 % interval by the central limit theorem.
func watchMean(v []int) (mean, half float64) {
	for _, x := range v {
		mean += float64(x)
	}
	mean /= float64(len(v))
	sum := 0.0
	for _, x := range v {
		sum += (float64(x) - mean) * (float64(x) - mean)
	}
	return mean, stats.NormalQuantile(.995) * math.Sqrt(sum/float64(len(v)-1)/float64(len(v)))
}

func watchKL(p, q float64) float64 {
	return p*math.Log(p/q) + (1-p)*math.Log((1-p)/(1-q))
}

// BenchmarkWatch measures a Watch on simulated traffic of 1,000 requests a minute
// with a known rate of 1 %. ns/op is the time that all simulated releases of one
// take.
//
//   - arl: the mean windows until a false alarm, at an ARL of 1,000 windows and a true
//     rate that is just tolerated; at least 1,000 is promised.
//   - false-3d/*: the share of healthy releases with an alarm within three days, at the
//     default ARL; 4320/43200 = 10 % is promised. The noisy ones have rates that
//     jitter as their dispersion says, which the same bound covers.
//   - delay/*: the mean minutes from a change until the alarm, after six hours of
//     health, and at once; x-limit is the latter over log(ARL)/KL, for a detector that
//     knew the change.
//   - burn/*: the minutes from a change to a share eps of bad events until a rule fires,
//     after three days without one, beside the formula's.
func BenchmarkWatch(b *testing.B) {
	exact := health.Baseline{Name: "errors", Rate: .01, Tolerance: 1}
	policy := func(m ...health.Baseline) health.WatchPolicy { return health.WatchPolicy{Metrics: m, WarmUp: -1} }
	always := func(d watchDraw) func(int) watchDraw { return func(int) watchDraw { return d } }

	b.Run("arl", func(b *testing.B) {
		p := policy(exact)
		p.ARL = 1000
		for b.Loop() {
			n := watchRuns()
			draw := always(watchBinomial(1000, .01))
			got := watchEach(n, func(run uint64) int { return watchRun(b, p, 11, run, 1_000_000, draw) })
			for _, v := range got {
				require.Positive(b, v, "a run that is cut is no mean")
			}
			mean, half := watchMean(got)
			b.ReportMetric(mean, "arl-windows")
			fmt.Printf("Watch/arl: %d releases at the edge of what is tolerated, ARL 1000: %.0f windows [%.0f, %.0f]\n", n, mean, mean-half, mean+half)
			require.Greater(b, mean+half, 1000.)
		}
	})

	ten := make([]health.Baseline, 10)
	for i := range ten {
		ten[i] = health.Baseline{Name: fmt.Sprintf("m%d", i), Rate: .01, Tolerance: 1}
	}
	noisy := func(cv, tolerance float64) health.Baseline {
		// 10 bad events a window: variance 10 + (10 cv)^2
		return health.Baseline{Name: "errors", Rate: .01, Tolerance: tolerance, Dispersion: health.Dispersion{Factor: 1 + 10*cv*cv, Events: 10}}
	}
	for _, c := range []struct {
		name   string
		policy health.WatchPolicy
		draw   watchDraw
	}{
		{"edge", policy(exact), watchBinomial(1000, .01)},
		{"edge-100", policy(exact), watchBinomial(100, .01)},
		{"ten-metrics", policy(ten...), watchBinomial(1000, .01)},
		{"default", policy(health.Baseline{Name: "errors", Rate: .01}), watchBinomial(1000, .01)},
		{"noise-cv20", policy(noisy(.2, 1)), watchNoisy(1000, .01, .2)},
		{"noise-cv50", policy(noisy(.5, 1)), watchNoisy(1000, .01, .5)},
		{"noise-cv50-default", policy(noisy(.5, 1.2)), watchNoisy(1000, .01, .5)},
		// Bursts with a factor of 3, seen in a history of windows ten times as large.
		{"bursts", policy(health.Baseline{Name: "errors", Rate: .01, Tolerance: 1, Dispersion: health.Dispersion{Factor: 3, Events: 100}}), watchNoisy(1000, .01, math.Sqrt(2./10))},
	} {
		b.Run("false-3d/"+c.name, func(b *testing.B) {
			const windows = 3 * 24 * 60
			for b.Loop() {
				n := watchRuns()
				if len(c.policy.Metrics) > 1 && testing.Short() {
					n /= 5
				}
				alarms, watched := 0, 0
				for _, at := range watchEach(n, func(run uint64) int { return watchRun(b, c.policy, 12, run, windows, always(c.draw)) }) {
					if at > 0 {
						alarms++
						watched += at
					} else {
						watched += windows
					}
				}
				share := 100 * float64(alarms) / float64(n)
				ci := stats.ClopperPearson(alarms, n, .99)
				arl := stats.Garwood(alarms, .99)
				b.ReportMetric(share, "false-%")
				fmt.Printf("Watch/false-3d/%s: %d releases: %.2f %% [%.2f, %.2f] with a false alarm in 3 days (bound 10 %%), one in %.0f windows [%.0f, %.0f]\n",
					c.name, n, share, 100*ci.Lo, 100*ci.Hi, float64(watched)/float64(alarms), float64(watched)/arl.Hi, float64(watched)/arl.Lo)
				require.LessOrEqual(b, share, 10.)
			}
		})
	}

	for _, c := range []struct {
		name      string
		baseline  health.Baseline
		ratio     float64
		want      float64 // minutes, measured elsewhere by a detector that knew the ratio; 0 is none
		tolerance float64
		noise     float64
	}{
		{"1.5", exact, 1.5, 10.4, 1, 0},
		{"2", exact, 2, 3.75, 1, 0},
		{"10", exact, 10, 0, 1, 0},
		{"2-default", health.Baseline{Name: "errors", Rate: .01}, 2, 0, 1.2, 0},
		{"2-noise-cv20", noisy(.2, 1), 2, 0, 1, .2},
		{"2-noise-cv50", noisy(.5, 1), 2, 0, 1, .5},
		{"2-noise-cv50-default", noisy(.5, 1.2), 2, 0, 1.2, .5},
		{"5-noise-cv50-default", noisy(.5, 1.2), 5, 0, 1.2, .5},
	} {
		b.Run("delay/"+c.name, func(b *testing.B) {
			for b.Loop() {
				n := watchRuns()
				p := policy(c.baseline)
				good, bad := watchBinomial(1000, .01), watchBinomial(1000, .01*c.ratio)
				if c.noise > 0 {
					good, bad = watchNoisy(1000, .01, c.noise), watchNoisy(1000, .01*c.ratio, c.noise)
				}
				delay := func(seed uint64, onset int) (mean, half float64, late []int) {
					for _, at := range watchEach(n, func(run uint64) int {
						return watchRun(b, p, seed, run, onset+10_000, func(w int) watchDraw {
							if w < onset {
								return good
							}
							return bad
						})
					}) {
						require.Positive(b, at, "a run that is cut is no mean")
						if at > onset { // a false alarm before is counted under false-3d
							late = append(late, at-onset)
						}
					}
					mean, half = watchMean(late)
					return mean, half, late
				}
				now, half, _ := delay(13, 0)
				late, lateHalf, kept := delay(14, 360)
				limit := math.Log(health.DefaultARL) / (1000 * watchKL(.01*c.ratio, .01*c.tolerance))
				b.ReportMetric(now, "minutes")
				b.ReportMetric(late, "late-minutes")
				if c.noise > 0 {
					fmt.Printf("Watch/delay/%s: %d releases: %.2f min [%.2f, %.2f] from the beginning, %.2f [%.2f, %.2f] after 6 h of health (%d had no false alarm)\n",
						c.name, n, now, now-half, now+half, late, late-lateHalf, late+lateHalf, len(kept))
					continue
				}
				b.ReportMetric(now/limit, "x-limit")
				fmt.Printf("Watch/delay/%s: %d releases: %.2f min [%.2f, %.2f] from the beginning, %.2f [%.2f, %.2f] after 6 h of health (%d had no false alarm); log(ARL)/KL %.2f, x %.2f; known ratio %.2f\n",
					c.name, n, now, now-half, now+half, late, late-lateHalf, late+lateHalf, len(kept), limit, now/limit, c.want)
			}
		})
	}

	for _, c := range []struct {
		name string
		eps  float64
	}{{"1", .01}, {"5", .05}, {"50", .5}} {
		b.Run("burn/"+c.name, func(b *testing.B) {
			for b.Loop() {
				fired := watchFire(b, c.eps, 3*24*60)
				cold := watchFire(b, c.eps, 0)
				for i, r := range health.DefaultBurnRules() {
					formula := r.Burn * .001 * r.Long.Minutes() / c.eps
					if c.eps <= r.Burn*.001 {
						formula = math.Inf(1)
					}
					fmt.Printf("Watch/burn/%s: %v x: %.4g min by the formula, %d measured after 3 good days, %d from a cold start (0 is never)\n", c.name, r.Burn, formula, fired[i], cold[i])
					b.ReportMetric(float64(fired[i]), fmt.Sprintf("minutes-%vx", r.Burn))
				}
			}
		})
	}
}

// watchFire gives the minutes from a change to a share eps of bad events until each
// of the default rules fires for an SLO of 0.999; 0 is never within 10 days.
func watchFire(tb testing.TB, eps float64, good int) (out [3]int) {
	w, err := health.NewWatch(health.WatchPolicy{Objectives: []health.Objective{{Metric: "errors", SLO: .999}}})
	require.NoError(tb, err)
	window := health.WindowAt(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Minute)
	for i := range good + 10*24*60 {
		c := health.Count{Total: 1000}
		if i >= good {
			c.Bad = uint64(math.Round(eps * 1000))
		}
		require.NoError(tb, w.Add(health.WatchSample{Metric: "errors", Window: window, Count: c}))
		for _, a := range w.Alarms() {
			for j, r := range health.DefaultBurnRules() {
				if *a.Rule == r && out[j] == 0 {
					out[j] = i + 1 - good
				}
			}
		}
		window = window.Next()
	}
	return out
}

// A day of seconds in one call: in order, and the same again; and two hours of them in
// the reverse order, each of which moves all that are later.
func BenchmarkWatchAddMany(b *testing.B) {
	const n = 86_400
	forward, backward := make([]health.WatchSample, n), make([]health.WatchSample, n)
	window := health.WindowAt(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Second)
	for i := range n {
		forward[i] = health.WatchSample{Metric: "errors", Window: window, Count: health.Count{Bad: 1, Total: 100}}
		backward[n-1-i] = forward[i]
		window = window.Next()
	}
	for _, c := range []struct {
		name         string
		there, given []health.WatchSample
	}{{"in-order", nil, forward}, {"again", forward, forward}, {"backward", nil, backward[n-n/12:]}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				w, err := health.NewWatch(watchErrors())
				require.NoError(b, err)
				require.NoError(b, w.Add(c.there...))
				require.NoError(b, w.Add(c.given...))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(c.given)), "ns/window")
		})
	}
}

func BenchmarkWatchAdd(b *testing.B) {
	w, err := health.NewWatch(health.WatchPolicy{
		Metrics:    []health.Baseline{{Name: "errors", Rate: .01, Dispersion: health.Dispersion{Factor: 2, Events: 10}}},
		Objectives: []health.Objective{{Metric: "errors", SLO: .99, Rules: []health.BurnRule{{Burn: 14.4, Long: time.Hour, Short: 5 * time.Minute, Severity: health.SeverityPage}}}},
	})
	require.NoError(b, err)
	s := health.WatchSample{Metric: "errors", Window: health.WindowAt(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Minute), Count: health.Count{Bad: 9, Total: 1000}}
	for range 20_000 { // as much as is kept, and room that no longer grows
		require.NoError(b, w.Add(s))
		s.Window = s.Window.Next()
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Add(s); err != nil {
			b.Fatal(err)
		}
		s.Window = s.Window.Next()
	}
	require.Empty(b, w.Alarms())
}
