package counter_test

import (
	"context"
	"errors"
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
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/rollout/health"
	"github.com/sallyport-dev/sallyport/rollout/health/counter"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

func span(start, end int) health.Window { return health.Window{Start: at(start), End: at(end)} }

func options() counter.Options {
	return counter.Options{Start: noon, Metrics: []counter.Metric{{Name: "errors"}, {Name: "latency", Edges: []float64{0.1, 0.5, 1}}}}
}

func made(t testing.TB, o counter.Options) *counter.Counters {
	c, err := counter.New(o)
	require.NoError(t, err)
	return c
}

// TestCounts: what is observed is in the window that the next rotation closes.
func TestCounts(t *testing.T) {
	t.Parallel()
	o := options()
	o.Strata = []string{"eu", "us"}
	c := made(t, o)
	eu, err := c.Events("errors", "eu")
	require.NoError(t, err)
	us, err := c.Durations("latency", "us")
	require.NoError(t, err)
	for i := range 100 {
		eu.Canary.Observe(i < 3)
		eu.Twin.Observe(i < 4)
	}
	for i := range 900 {
		eu.Control.Observe(i < 7)
	}
	for _, d := range []time.Duration{-time.Second, 0, 100 * time.Millisecond, 100*time.Millisecond + 1, 500 * time.Millisecond, time.Second, time.Second + 1, math.MaxInt64} {
		us.Canary.Observe(d)
	}
	us.Control.Observe(600 * time.Millisecond)
	require.NoError(t, c.Rotate(at(60)))
	eu.Canary.Observe(true)
	require.NoError(t, c.Rotate(at(120)))

	sample := func(w health.Window, metric, stratum string) health.Sample {
		s := health.Sample{ID: w.ID(), Metric: metric, Stratum: stratum}
		if metric == "latency" {
			s.CanarySlow, s.ControlSlow = []uint64{0, 0, 0}, []uint64{0, 0, 0}
		}
		return s
	}
	first, second := span(0, 60), span(60, 120)
	want := []health.Sample{sample(first, "errors", "eu"), sample(first, "errors", "us"), sample(first, "latency", "eu"), sample(first, "latency", "us")}
	want[0].Canary, want[0].Control, want[0].Twin = health.Count{Bad: 3, Total: 100}, health.Count{Bad: 7, Total: 900}, health.Count{Bad: 4, Total: 100}
	want[3].Canary, want[3].CanarySlow = health.Count{Total: 8}, []uint64{5, 3, 2}
	want[3].Control, want[3].ControlSlow = health.Count{Total: 1}, []uint64{1, 1, 0}
	for range 2 { // it may be read again
		got, err := c.Read(t.Context(), first)
		require.NoError(t, err)
		require.Equal(t, want, got)
		got[3].CanarySlow[0] = 99 // the caller's own
	}
	got, err := c.Read(t.Context(), second)
	require.NoError(t, err)
	require.Equal(t, health.Count{Bad: 1, Total: 1}, got[0].Canary)
	got, err = c.Read(t.Context(), span(0, 120))
	require.NoError(t, err)
	require.Equal(t, health.Count{Bad: 4, Total: 101}, got[0].Canary)
	require.Equal(t, "2026-03-01T12:00:00Z/2m0s", got[0].ID)

	// The Monitor takes what comes out.
	m, err := health.New(health.Policy{Metrics: []health.Metric{{Name: "errors"}, {Name: "latency", Edges: []float64{0.1, 0.5, 1}, CertifyAt: 0.1}}})
	require.NoError(t, err)
	require.NoError(t, m.Add(got...))
}

// TestWindows: only what is whole and closed is given.
func TestWindows(t *testing.T) {
	t.Parallel()
	o := options()
	o.Start, o.Keep = at(17), 2 // it starts in the midst of a minute
	c := made(t, o)
	read := func(w health.Window) error {
		samples, err := c.Read(t.Context(), w)
		require.True(t, (err == nil) == (len(samples) == 2))
		return err
	}
	open := func(w health.Window) {
		t.Helper()
		e, ok := errors.AsType[*health.OpenError](read(w))
		require.True(t, ok)
		require.Equal(t, health.OpenError{Window: w}, *e)
	}
	partial := func(w health.Window, since int) {
		t.Helper()
		e, ok := errors.AsType[*counter.PartialError](read(w))
		require.True(t, ok)
		require.Equal(t, counter.PartialError{Window: w, Since: at(since)}, *e)
	}
	partial(span(0, 60), 17)
	open(span(17, 60))
	require.NoError(t, c.Rotate(at(60)))
	partial(span(0, 60), 17) // it did not see the first seconds
	require.EqualError(t, read(span(0, 60)), "counter: of window 2026-03-01T12:00:00Z/1m0s only a part is known: windows are whole from 2026-03-01T12:00:17Z on")
	require.NoError(t, read(span(17, 60)))
	open(span(60, 120))
	open(span(17, 61))
	require.NoError(t, c.Rotate(at(120)))
	require.NoError(t, read(span(60, 120)))
	require.NoError(t, read(span(17, 120)))
	require.ErrorContains(t, read(span(61, 120)), "does not begin and end with a rotation")
	require.ErrorContains(t, read(span(60, 119)), "does not begin and end with a rotation")
	require.NoError(t, c.Rotate(at(180)))
	partial(span(17, 60), 60) // it is not kept
	require.NoError(t, read(span(60, 180)))

	for _, now := range []time.Time{at(180), at(179), {}, time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)} {
		require.Error(t, c.Rotate(now))
		require.NoError(t, read(span(120, 180)))
	}
	require.Error(t, read(health.Window{}))
	require.Error(t, read(span(180, 120)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Read(ctx, span(60, 120))
	require.ErrorIs(t, err, context.Canceled)
}

// TestConcurrently: however requests and rotations meet, each request is in one
// window, once, and the bad ones with their own.
func TestConcurrently(t *testing.T) {
	t.Parallel()
	for _, shards := range []int{1, 8} {
		t.Run(fmt.Sprint(shards, " shards"), func(t *testing.T) {
			t.Parallel()
			concurrently(t, shards)
		})
	}
}

func concurrently(t *testing.T, shards int) {
	const workers, each = 8, 5000
	c, err := counter.NewSharded(options(), shards)
	require.NoError(t, err)
	events, err := c.Events("errors", "")
	require.NoError(t, err)
	durations, err := c.Durations("latency", "")
	require.NoError(t, err)
	var wg sync.WaitGroup
	var running atomic.Int64
	for w := range workers {
		running.Add(1)
		wg.Go(func() {
			defer running.Add(-1)
			r := rand.New(rand.NewPCG(uint64(w), 1))
			for i := range each {
				events.Canary.Observe(i%10 == 0)
				durations.Control.Observe(time.Duration(r.IntN(2000)) * time.Millisecond)
			}
		})
	}
	var canary, control health.Count
	slow := make([]uint64, 3)
	add := func(n int) {
		require.NoError(t, c.Rotate(at(n+1)))
		samples, err := c.Read(t.Context(), span(n, n+1))
		require.NoError(t, err)
		s := samples[0]
		require.LessOrEqual(t, s.Canary.Bad, s.Canary.Total)
		canary.Bad, canary.Total = canary.Bad+s.Canary.Bad, canary.Total+s.Canary.Total
		last := samples[1].Control.Total
		control.Total += last
		for i, v := range samples[1].ControlSlow {
			require.LessOrEqual(t, v, last)
			slow[i], last = slow[i]+v, v
		}
	}
	n := 0
	for ; running.Load() > 0; n++ {
		add(n)
	}
	wg.Wait()
	add(n)
	require.Equal(t, health.Count{Bad: workers * each / 10, Total: workers * each}, canary)
	require.Equal(t, health.Count{Total: workers * each}, control)
	want := make([]uint64, 3)
	for w := range workers {
		r := rand.New(rand.NewPCG(uint64(w), 1))
		for range each {
			d := r.IntN(2000)
			for i, e := range []int{100, 500, 1000} {
				if d > e {
					want[i]++
				}
			}
		}
	}
	require.Equal(t, want, slow)
}

// TestAgainstList: the counters agree with a list of all that happened.
func TestAgainstList(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		edges := []float64{0.001, 0.25, 0.5}[:rapid.IntRange(1, 3).Draw(rt, "edges")]
		keep := rapid.IntRange(1, 4).Draw(rt, "keep")
		o := counter.Options{Start: noon, Keep: keep, Metrics: []counter.Metric{{Name: "l", Edges: edges}, {Name: "e"}}}
		c, err := counter.NewSharded(o, rapid.SampledFrom([]int{1, 4}).Draw(rt, "shards"))
		require.NoError(rt, err)
		l, err := c.Durations("l", "")
		require.NoError(rt, err)
		e, err := c.Events("e", "")
		require.NoError(rt, err)
		windows := rapid.IntRange(1, 6).Draw(rt, "windows")
		took := make([][]time.Duration, windows)
		bad := make([][]bool, windows)
		for i := range windows {
			took[i] = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) time.Duration {
				return time.Duration(rapid.SampledFrom([]int{0, 999_999, 1_000_000, 1_000_001, 250_000_000, 250_000_001, 500_000_000, 500_000_001}).Draw(t, "ns"))
			}), 0, 20).Draw(rt, "took")
			bad[i] = rapid.SliceOfN(rapid.Bool(), 0, 20).Draw(rt, "bad")
			for _, d := range took[i] {
				l.Canary.Observe(d)
			}
			for _, b := range bad[i] {
				e.Control.Observe(b)
			}
			require.NoError(rt, c.Rotate(at(i+1)))
		}
		from := rapid.IntRange(0, windows-1).Draw(rt, "from")
		to := rapid.IntRange(from+1, windows).Draw(rt, "to")
		samples, err := c.Read(t.Context(), span(from, to))
		if from < windows-keep {
			require.ErrorAs(rt, err, new(*counter.PartialError))
			return
		}
		require.NoError(rt, err)
		want := []health.Sample{
			{ID: span(from, to).ID(), Metric: "l", CanarySlow: make([]uint64, len(edges)), ControlSlow: make([]uint64, len(edges))},
			{ID: span(from, to).ID(), Metric: "e"},
		}
		for _, d := range slices.Concat(took[from:to]...) {
			want[0].Canary.Total++
			for i, edge := range edges {
				if d.Seconds() > edge {
					want[0].CanarySlow[i]++
				}
			}
		}
		for _, b := range slices.Concat(bad[from:to]...) {
			want[1].Control.Total++
			if b {
				want[1].Control.Bad++
			}
		}
		require.Equal(rt, want, samples)
	})
}

// TestBounded: rotations do not need more memory for ever, and observing needs none.
func TestBounded(t *testing.T) {
	o := options()
	o.Keep = 3
	c := made(t, o)
	now := 0
	rotate := func() {
		now++
		require.NoError(t, c.Rotate(at(now)))
	}
	for range 10 {
		rotate()
	}
	require.LessOrEqual(t, testing.AllocsPerRun(100, rotate), 3.0) // those of slot.sides
	e, err := c.Events("errors", "")
	require.NoError(t, err)
	d, err := c.Durations("latency", "")
	require.NoError(t, err)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		e.Canary.Observe(true)
		d.Control.Observe(time.Second)
	}))
}

// TestOptions: every mistake is named.
func TestOptions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*counter.Options)
		want   string
	}{
		{"no start", func(o *counter.Options) { o.Start = time.Time{} }, "Start"},
		{"no metrics", func(o *counter.Options) { o.Metrics = nil }, "0 metrics"},
		{"no strata", func(o *counter.Options) { o.Strata = []string{} }, "0 strata"},
		{"a stratum twice", func(o *counter.Options) { o.Strata = []string{"a", "a"} }, "twice"},
		{"a metric twice", func(o *counter.Options) { o.Metrics[1].Name = "errors" }, "twice"},
		{"a metric without a name", func(o *counter.Options) { o.Metrics[1].Name = "" }, "no name"},
		{"an edge of 0", func(o *counter.Options) { o.Metrics[1].Edges[0] = 0 }, "above 0"},
		{"an edge below a nanosecond", func(o *counter.Options) { o.Metrics[1].Edges[0] = 1e-10 }, "above 0"},
		{"no number", func(o *counter.Options) { o.Metrics[1].Edges[0] = math.NaN() }, "finite"},
		{"infinity", func(o *counter.Options) { o.Metrics[1].Edges[2] = math.Inf(1) }, "finite"},
		{"centuries", func(o *counter.Options) { o.Metrics[1].Edges[2] = 1e10 }, "finite"},
		{"descending edges", func(o *counter.Options) { o.Metrics[1].Edges = []float64{1, 0.5} }, "ascending"},
		{"two edges in a nanosecond", func(o *counter.Options) { o.Metrics[1].Edges = []float64{1e-9, 1.1e-9} }, "ascending"},
		{"keeps none", func(o *counter.Options) { o.Keep = -1 }, "Keep"},
		{"keeps all", func(o *counter.Options) { o.Keep = 1 << 30 }, "Keep"},
		{"too much", func(o *counter.Options) {
			o.Keep = 100_000
			for i := range 100 {
				o.Strata = append(o.Strata, fmt.Sprint(i))
			}
		}, "more than"},
	} {
		o := options()
		c.change(&o)
		got, err := counter.New(o)
		require.Nil(t, got, c.name)
		require.ErrorContains(t, err, c.want, c.name)
	}
	_, err := counter.New(counter.Options{Keep: -1})
	require.Len(t, err.(interface{ Unwrap() []error }).Unwrap(), 3)

	c := made(t, options())
	for _, ask := range []func() error{
		func() error { _, err := c.Events("latency", ""); return err },
		func() error { _, err := c.Durations("errors", ""); return err },
		func() error { _, err := c.Events("other", ""); return err },
		func() error { _, err := c.Events("errors", "eu"); return err },
	} {
		require.Error(t, ask())
	}
}

func ExampleCounters() {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	counters, err := counter.New(counter.Options{Start: start, Metrics: []counter.Metric{{Name: "errors"}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	errs, err := counters.Events("errors", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	for request := range 1000 {
		failed := request%100 == 0
		if request%10 == 0 {
			errs.Canary.Observe(failed)
		} else {
			errs.Control.Observe(failed)
		}
	}
	window := health.Window{Start: start, End: start.Add(time.Minute)}
	_, err = counters.Read(context.Background(), window)
	fmt.Println(err)
	err = counters.Rotate(window.End)
	if err != nil {
		fmt.Println(err)
		return
	}
	samples, err := counters.Read(context.Background(), window)
	fmt.Println(samples[0].Canary, samples[0].Control, err)
	// Output:
	// health: window 2026-03-01T12:00:00Z/1m0s is still open
	// {10 100} {0 900} <nil>
}

// BenchmarkObserve reports what it takes to count an event from all processors at
// once, with one shard and with eight, beside a plain atomic number in the same run:
// x-plain is the ratio.
func BenchmarkObserve(b *testing.B) {
	var plain atomic.Uint64
	base := map[int]float64{} // by the number of processors
	run := func(name string, observe func(i int)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					observe(i)
				}
			})
			ns, procs := float64(b.Elapsed().Nanoseconds())/float64(b.N), runtime.GOMAXPROCS(0)
			if name == "plain" {
				base[procs] = ns
			} else if base[procs] > 0 {
				b.ReportMetric(ns/base[procs], "x-plain")
			}
		})
	}
	run("plain", func(int) { plain.Add(1) })
	for _, shards := range []int{1, 8} {
		c, err := counter.NewSharded(options(), shards)
		require.NoError(b, err)
		events, err := c.Events("errors", "")
		require.NoError(b, err)
		durations, err := c.Durations("latency", "")
		require.NoError(b, err)
		run(fmt.Sprintf("events/shards=%d", shards), func(i int) { events.Canary.Observe(i&63 == 0) })
		run(fmt.Sprintf("durations/shards=%d", shards), func(i int) { durations.Canary.Observe(time.Duration(i&2047) * time.Millisecond) })
	}
}
