package health_test

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// The benchmarks of this package simulate rollouts; ns/op is the time that all of
// the simulated rollouts of one take, and means nothing else. Each has fixed
// seeds, prints the point and its 99 % interval, and fails when the point misses
// the bar that it states. With -short there are a tenth of the rollouts, and it
// fails when the whole interval misses it.

// benchOpen makes a Monitor.
func benchOpen(p health.Policy) *health.Monitor {
	m, err := health.New(p)
	if err != nil {
		panic(err)
	}
	return m
}

// benchRuns is how many rollouts to simulate.
func benchRuns(full int) int {
	if testing.Short() {
		return full / 10
	}
	return full
}

// benchEach calls each for runs 0 to n-1, on all processors. What a run does may
// depend on nothing but its number.
func benchEach(n int, each func(run int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for {
				from := int(next.Add(16)) - 16
				if from >= n {
					return
				}
				for run := from; run < min(from+16, n); run++ {
					each(run)
				}
			}
		})
	}
	wg.Wait()
}

// benchIDs are names of windows.
var benchIDs = func() []string {
	ids := make([]string, 2880)
	for i := range ids {
		ids[i] = fmt.Sprint(i)
	}
	return ids
}()

func benchID(window int) string {
	if window < len(benchIDs) {
		return benchIDs[window]
	}
	return fmt.Sprint(window)
}

// benchOutcome is what came of one simulated rollout: the number of the look, from
// 1, at which the verdict was first of the kind; 0 is never.
type benchOutcome struct{ regressed, healthy, invalid int }

// see notes the kind of the verdict after a window, counted from 0.
func (o *benchOutcome) see(kind health.Kind, window int) {
	switch {
	case kind == health.KindRegressed && o.regressed == 0:
		o.regressed = window + 1
	case kind == health.KindHealthy && o.healthy == 0:
		o.healthy = window + 1
	case kind == health.KindInvalid && o.invalid == 0:
		o.invalid = window + 1
	}
}

// benchSimulate looks once after each of the windows, until a verdict that until is
// true of. Each metric has traffic of its own. What the first one saw goes to keep.
func benchSimulate(m *health.Monitor, metrics []string, draw []trafficWindow, windows int, until func(health.Kind) bool, keep func(canary, control health.Count)) benchOutcome {
	var out benchOutcome
	samples := make([]health.Sample, len(metrics))
	for w := range windows {
		for i, name := range metrics {
			samples[i] = health.Sample{ID: benchID(w), Metric: name}
			samples[i].Canary, samples[i].Control = draw[i](w)
		}
		if keep != nil {
			keep(samples[0].Canary, samples[0].Control)
		}
		if err := m.Add(samples...); err != nil {
			panic(err)
		}
		kind := benchKind(m, out)
		out.see(kind, w)
		if until(kind) {
			break
		}
	}
	return out
}

// benchKind is the verdict's kind, if it is one that was not seen before: only then
// is the verdict made, which costs more than everything else.
func benchKind(m *health.Monitor, seen benchOutcome) health.Kind {
	regressed, certified, broken := health.Telling(m)
	if regressed && seen.regressed == 0 || broken && seen.invalid == 0 || certified && seen.healthy == 0 && !regressed && !broken {
		return m.Verdict().Kind
	}
	return health.KindUndecided
}

// benchShare is k of n in percent, with its 99 % interval.
type benchShare struct{ k, n int }

func (s benchShare) percent() float64 { return 100 * float64(s.k) / float64(s.n) }

func (s benchShare) interval() (lo, hi float64) {
	i := stats.ClopperPearson(s.k, s.n, .99)
	return 100 * i.Lo, 100 * i.Hi
}

func (s benchShare) String() string {
	lo, hi := s.interval()
	return fmt.Sprintf("%.3f %% (99 %%: %.3f to %.3f; %d of %d)", s.percent(), lo, hi, s.k, s.n)
}

// report adds the share as a metric and holds it against a bar, in percent.
func (s benchShare) report(b *testing.B, name string, most float64) {
	b.Helper()
	b.ReportMetric(s.percent(), name)
	got := s.percent()
	if testing.Short() {
		got, _ = s.interval()
	}
	if got > most {
		b.Errorf("%s: %v is above the bar of %v %%", name, s, most)
	}
}

// benchMean is the mean of values, with its 99 % interval by the central limit
// theorem.
func benchMean(values []float64) (mean, half float64) {
	n := float64(len(values))
	for _, v := range values {
		mean += v
	}
	mean /= n
	squares := 0.0
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return mean, 2.5758293035489 * math.Sqrt(squares/(n-1)/n)
}

// benchMedian is the median of values, with its 99 % interval by order statistics.
// Values of +Inf are runs where it never happened.
func benchMedian(values []float64) (median, lo, hi float64) {
	sorted := slices.Sorted(slices.Values(values))
	median = sorted[(len(sorted)-1)/2]
	l, u, ok := stats.OrderRanks(len(sorted), .5, .99)
	if !ok {
		return median, math.Inf(-1), math.Inf(1)
	}
	return median, sorted[l-1], sorted[u-1]
}

// benchAtMost holds a value against a bar, unless there are too few runs to.
func benchAtMost(b *testing.B, name string, got, half, most float64) {
	b.Helper()
	if testing.Short() {
		got -= half
	}
	if !(got <= most) {
		b.Errorf("%s: %.4g is above the bar of %v", name, got, most)
	}
}

// benchRegressed ends a simulation when the canary was found to be worse.
func benchRegressed(k health.Kind) bool { return k == health.KindRegressed }

// A simulation sees what it would see if it asked for each verdict.
func TestBenchKind(t *testing.T) {
	t.Parallel()
	kinds := map[health.Kind]int{}
	for run := range 40 {
		r, m := trafficSeed(88, uint64(run)), benchOpen(health.Policy{Metrics: []health.Metric{{Name: "errors"}}})
		draw, late := trafficIID(1000, 9000, .01, .01)(r), trafficIID(1000, 9000, .03, .01)(r)
		var fast, slow benchOutcome
		for w := range 20 {
			if run%2 == 1 && w == 10 {
				draw = late
			}
			a, b := draw(w)
			require.NoError(t, m.Add(health.Sample{ID: benchID(w), Metric: "errors", Canary: a, Control: b}))
			fast.see(benchKind(m, fast), w)
			kind := m.Verdict().Kind
			slow.see(kind, w)
			kinds[kind]++
		}
		require.Equal(t, slow, fast)
	}
	require.Len(t, kinds, 3)
}
