package analysis_test

import (
	"context"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/analysis"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// counts is a reader of the same counts in each window, which notes what it is asked.
type counts struct {
	mu              sync.Mutex
	canary, control health.Count
	err             error
	windows         []string
	asked           []rollout.HealthQuery
}

func (c *counts) reader(q rollout.HealthQuery) (analysis.Reader, error) {
	return analysis.ReaderFunc(func(_ context.Context, w health.Window) ([]health.Sample, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.err != nil {
			return nil, c.err
		}
		c.windows = append(c.windows, w.Start.Format("15:04"))
		c.asked = append(c.asked, q)
		if c.canary.Total+c.control.Total == 0 {
			return nil, nil
		}
		return []health.Sample{{ID: w.ID(), Metric: "errors", Canary: c.canary, Control: c.control}}, nil
	}), nil
}

func newCounts() *counts {
	return &counts{canary: health.Count{Bad: 10, Total: 1000}, control: health.Count{Bad: 90, Total: 9000}}
}

func (c *counts) source(t testing.TB, change func(*analysis.Options)) *analysis.Source {
	o := analysis.Options{Readers: c.reader, Policy: &health.Policy{Metrics: []health.Metric{{Name: "errors"}}}}
	if change != nil {
		change(&o)
	}
	s, err := analysis.New(o)
	require.NoError(t, err)
	return s
}

// question is about a stage that began some time after nine, some time later still.
func question(stage string, began, after time.Duration) rollout.HealthQuery {
	return rollout.HealthQuery{Rollout: "rollout/api/production#1", Target: production, Release: version("2"), Previous: version("1"),
		Stage: rollout.Stage{Name: stage, Slices: []rollout.Slice{{Percent: 10}}}, Parts: 1,
		Since: nine, StageSince: nine.Add(began), Now: nine.Add(began + after)}
}

const minute = time.Minute

func kind(t testing.TB, s *analysis.Source, q rollout.HealthQuery) health.Kind {
	v, err := s.Health(t.Context(), q)
	require.NoError(t, err)
	return v.Kind
}

// The first window begins after the exposure; a window is read when it and its lag are
// over, once.
func TestWhichWindowsAreRead(t *testing.T) {
	t.Parallel()
	c := newCounts()
	s := c.source(t, nil)
	v, err := s.Health(t.Context(), question("canary", 0, 0))
	require.NoError(t, err)
	require.True(t, v.NoData)
	for _, at := range []time.Duration{30, 60, 90, 104} { // seconds after 9:00:30
		kind(t, s, question("canary", 0, at*time.Second))
		require.Empty(t, c.windows)
	}
	kind(t, s, question("canary", 0, 105*time.Second))
	kind(t, s, question("canary", 0, 4*minute))
	kind(t, s, question("canary", 0, 3*minute)) // a clock that is behind
	require.Equal(t, []string{"09:01", "09:02", "09:03"}, c.windows)

	early := newCounts()
	kind(t, early.source(t, func(o *analysis.Options) { o.Lag = -1 }), question("canary", 0, 90*time.Second))
	require.Equal(t, []string{"09:01"}, early.windows)
}

// No stage is left on the certificate of another, not even before the first of its
// windows is closed; and the window in which it began is of the stage before.
func TestAStageBeginsACertificate(t *testing.T) {
	t.Parallel()
	c := newCounts()
	s := c.source(t, nil)
	require.Equal(t, health.KindHealthy, kind(t, s, question("canary", 0, 20*minute)))
	v, err := s.Health(t.Context(), question("half", 20*minute, 0))
	require.NoError(t, err)
	require.Equal(t, health.KindUndecided, v.Kind)
	require.False(t, v.NoData)
	require.Zero(t, v.LogCertificate)
	require.Contains(t, v.Why, "half has begun")
	require.Equal(t, health.KindUndecided, kind(t, s, question("half", 20*minute, 90*time.Second)), "the window that straddles")
	require.Equal(t, "09:20", c.windows[len(c.windows)-1])
	require.Equal(t, health.KindHealthy, kind(t, s, question("half", 20*minute, 20*minute)))

	_, err = s.Health(t.Context(), question("canary", 0, 45*minute))
	require.ErrorContains(t, err, "is over")
	_, err = s.Health(t.Context(), question("other", 20*minute, 30*minute))
	require.ErrorContains(t, err, "not \"other\"")
}

// While a stage is ordered and not observed, the stage before answers; what is only being
// reached can tell against the release, and not for it.
func TestExposing(t *testing.T) {
	t.Parallel()
	c := newCounts()
	s := c.source(t, nil)
	q := question("canary", 0, 20*minute)
	q.Parts = 3
	require.Equal(t, health.KindHealthy, kind(t, s, q))
	next := question("regions", 20*minute, 5*minute)
	next.Parts, next.Exposing, next.Slice = 3, true, &rollout.Slice{Region: "eu", Percent: 50}
	next.Stage.PerSlice, next.Stage.Slices = true, []rollout.Slice{*next.Slice, {Region: "us", Percent: 50}}
	require.Equal(t, health.KindHealthy, kind(t, s, next), "the whole of the stage before")
	require.Contains(t, c.windows, "09:24")

	c.canary.Bad, c.control.Bad = 100, 90
	next.Now = next.Now.Add(10 * minute)
	require.Equal(t, health.KindRegressed, kind(t, s, next))

	// Of the last stage nobody has a control once it is observed, but before.
	c = newCounts()
	s = c.source(t, nil)
	require.Equal(t, health.KindHealthy, kind(t, s, question("canary", 0, 40*minute)))
	last := question("all", 40*minute, minute)
	last.Last, last.Exposing = true, true
	require.Equal(t, health.KindHealthy, kind(t, s, last))
	last.Exposing = false
	v, err := s.Health(t.Context(), last)
	require.NoError(t, err)
	require.Equal(t, health.KindUndecided, v.Kind)
	require.True(t, v.NoData)
	last.Now = last.Now.Add(minute)
	v, err = s.Health(t.Context(), last)
	require.NoError(t, err)
	require.False(t, v.NoData)
	require.Contains(t, v.Why, "times the known rate")
}

// What a window before the stage shows is seen although the stage has another part now.
func TestWhatTheStageBeforeLeftIsRead(t *testing.T) {
	t.Parallel()
	c := newCounts()
	s := c.source(t, func(o *analysis.Options) {
		o.Watch = &health.WatchPolicy{Metrics: []health.Baseline{{Name: "errors", Rate: 0.5}}}
	})
	require.Equal(t, health.KindHealthy, kind(t, s, question("canary", 0, 10*minute)))
	c.canary.Bad = 200
	last := question("all", 15*minute, 0)
	last.Last = true
	require.Equal(t, health.KindRegressed, kind(t, s, last))
	require.False(t, c.asked[len(c.asked)-1].Last, "the reader is asked about the stage before")
	require.Equal(t, "canary", c.asked[len(c.asked)-1].Stage.Name)
}

func TestWhatWasFoundStays(t *testing.T) {
	t.Parallel()
	c := newCounts()
	c.canary.Bad = 100
	s := c.source(t, nil)
	require.Equal(t, health.KindRegressed, kind(t, s, question("canary", 0, 10*minute)))
	c.err = errBoom
	require.Equal(t, health.KindRegressed, kind(t, s, question("canary", 0, 20*minute)))
	require.Equal(t, health.KindRegressed, kind(t, s, question("half", 20*minute, minute)))
}

func TestWindowsWithoutCountsAreNoData(t *testing.T) {
	t.Parallel()
	c := newCounts()
	s := c.source(t, nil)
	require.Equal(t, health.KindHealthy, kind(t, s, question("canary", 0, 20*minute)))
	c.canary, c.control = health.Count{}, health.Count{}
	v, err := s.Health(t.Context(), question("canary", 0, 35*minute))
	require.NoError(t, err)
	require.Equal(t, health.KindUndecided, v.Kind)
	require.True(t, v.NoData, "%v", v)
}

func TestOneCallReadsSoMuch(t *testing.T) {
	t.Parallel()
	c := newCounts()
	s := c.source(t, func(o *analysis.Options) { o.Windows = 5 })
	q := question("canary", 0, 12*minute)
	for range 2 {
		_, err := s.Health(t.Context(), q)
		require.ErrorContains(t, err, "the next goes on")
	}
	kind(t, s, q)
	require.Len(t, c.windows, 11)
	require.Equal(t, "09:11", c.windows[10])
}

func TestAlphaIsSharedOnce(t *testing.T) {
	t.Parallel()
	c := newCounts()
	s := c.source(t, nil)
	kind(t, s, question("canary", 0, 5*minute))
	q := question("regions", 5*minute, 5*minute)
	q.Slice, q.Stage.PerSlice = &rollout.Slice{Region: "eu", Percent: 50}, true
	q.Stage.Slices = []rollout.Slice{*q.Slice}
	_, err := s.Health(t.Context(), q)
	require.ErrorContains(t, err, "alpha is spent")
}

func TestQuestionsAndAnswersThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		want   string
		change func(*rollout.HealthQuery)
		sample health.Sample
		policy *health.Policy
	}{
		"no rollout":       {want: "names no rollout", change: func(q *rollout.HealthQuery) { q.Rollout = "" }},
		"no beginning":     {want: "first exposure", change: func(q *rollout.HealthQuery) { q.Since = time.Time{} }},
		"before":           {want: "first exposure", change: func(q *rollout.HealthQuery) { q.StageSince = nine.Add(-1) }},
		"no time":          {want: "no time", change: func(q *rollout.HealthQuery) { q.Now = time.Time{} }},
		"parts":            {want: "-1 parts", change: func(q *rollout.HealthQuery) { q.Parts = -1 }},
		"policy":           {want: "no metrics", change: func(q *rollout.HealthQuery) { q.Policy = &health.Policy{} }},
		"a long time ago":  {want: "window", change: func(q *rollout.HealthQuery) { q.Since = time.Date(1600, 1, 1, 0, 0, 0, 0, time.UTC) }},
		"no ID":            {want: "of window", sample: health.Sample{Metric: "errors"}},
		"another metric":   {want: "not in the policy", sample: health.Sample{ID: "2026-11-23T09:01:00Z/1m0s", Metric: "latency"}},
		"no JSON can tell": {want: "encode", sample: health.Sample{ID: "2026-11-23T09:01:00Z/1m0s", Metric: "errors", CanaryMean: math.NaN()}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := analysis.New(analysis.Options{Policy: &health.Policy{Metrics: []health.Metric{{Name: "errors"}}},
				Readers: func(rollout.HealthQuery) (analysis.Reader, error) {
					return analysis.ReaderFunc(func(context.Context, health.Window) ([]health.Sample, error) {
						return []health.Sample{c.sample}, nil
					}), nil
				}})
			require.NoError(t, err)
			q := question("canary", 0, 3*minute)
			if c.change != nil {
				c.change(&q)
			}
			for range 2 { // and once more: nothing was counted
				v, err := s.Health(t.Context(), q)
				require.ErrorContains(t, err, c.want)
				require.Zero(t, v)
			}
		})
	}
	s, err := analysis.New(analysis.Options{Readers: func(rollout.HealthQuery) (analysis.Reader, error) { return nil, nil }})
	require.NoError(t, err)
	q := question("canary", 0, 3*minute)
	_, err = s.Health(t.Context(), q)
	require.ErrorContains(t, err, "neither the plan nor the options have a policy")
	q.Policy = &health.Policy{Metrics: []health.Metric{{Name: "errors"}}}
	_, err = s.Health(t.Context(), q)
	require.ErrorContains(t, err, "no reader")
}

func TestOptionsThatAreRefused(t *testing.T) {
	t.Parallel()
	_, err := analysis.New(analysis.Options{Window: time.Millisecond, Lag: 48 * time.Hour, Windows: -1, Policy: &health.Policy{}, Watch: &health.WatchPolicy{}})
	for _, want := range []string{"no readers", "whole seconds", "more than a day", "-1 windows", "no metrics", "nothing would be watched"} {
		require.ErrorContains(t, err, want)
	}
}

// The policy with which a rollout began stays, whatever a later process is told.
func TestThePolicyStays(t *testing.T) {
	t.Parallel()
	c, store := newCounts(), new(journal.Memory)
	s := c.source(t, func(o *analysis.Options) { o.Store = store })
	kind(t, s, question("canary", 0, 5*minute))
	later := c.source(t, func(o *analysis.Options) {
		o.Store, o.Window = store, 5*minute
		o.Policy = &health.Policy{Beta: 0.4, Alpha: 0.4, Metrics: []health.Metric{{Name: "errors", MDE: 100}}}
	})
	v, err := later.Health(t.Context(), question("canary", 0, 20*minute))
	require.NoError(t, err)
	again, err := s.Health(t.Context(), question("canary", 0, 20*minute))
	require.NoError(t, err)
	require.Equal(t, again, v)
	require.Contains(t, v.Why, "beta 0.05")
	require.Len(t, c.windows, 19, "each once")
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	c := newCounts()
	s := c.source(t, func(o *analysis.Options) { o.Store = new(journal.Memory) })
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for m := range 20 {
				q := question("canary", 0, time.Duration(m)*minute)
				if i%2 == 0 {
					q.Target.Environment, q.Rollout = "test", "rollout/api/test#1"
				}
				_, err := s.Health(context.Background(), q)
				if err != nil {
					panic(err)
				}
			}
		})
	}
	wg.Wait()
	require.Len(t, c.windows, 2*18, "each window of each rollout once")
}

func TestLearn(t *testing.T) {
	t.Parallel()
	p := health.Policy{Metrics: []health.Metric{
		{Name: "errors", Tolerance: 1.5, MDE: 3},
		{Name: "latency", Edges: []float64{0.1, 0.5}, CertifyAt: 0.1},
		{Name: "rare"},
		{Name: "memory", Mean: true},
	}}
	history := map[string][]health.Count{}
	for range 40 {
		history["errors"] = append(history["errors"], health.Count{Bad: 10, Total: 1000})
		history["latency>0.1"] = append(history["latency>0.1"], health.Count{Bad: 50, Total: 1000})
		history["rare"] = append(history["rare"], health.Count{Total: 1000})
	}
	w, err := analysis.Learn(p, history)
	require.NoError(t, err)
	require.NoError(t, w.Validate())
	require.Len(t, w.Metrics, 2)
	require.Equal(t, "errors", w.Metrics[0].Name)
	require.InDelta(t, 0.0112, w.Metrics[0].Rate, 0.0002, "the upper bound of 400 in 40,000")
	require.Equal(t, []float64{1.5, 3}, []float64{w.Metrics[0].Tolerance, w.Metrics[0].MDE})
	require.Equal(t, analysis.Edge("latency", 0.1), w.Metrics[1].Name)
	_, err = analysis.Learn(p, nil)
	require.ErrorContains(t, err, "no rate is known")
	history["errors"][3].Bad = 5000
	w, err = analysis.Learn(p, history)
	require.NoError(t, err)
	require.Len(t, w.Metrics, 1, "what is impossible is no history")
}

// A watch of a metric with edges counts what is slower than the edge.
func TestWatchOfAnEdge(t *testing.T) {
	t.Parallel()
	slow := uint64(50)
	s, err := analysis.New(analysis.Options{
		Policy: &health.Policy{Metrics: []health.Metric{{Name: "latency", Edges: []float64{0.1, 0.5}, CertifyAt: 0.1}}},
		Readers: func(rollout.HealthQuery) (analysis.Reader, error) {
			return analysis.ReaderFunc(func(_ context.Context, w health.Window) ([]health.Sample, error) {
				return []health.Sample{{ID: w.ID(), Metric: "latency", Canary: health.Count{Total: 1000}, Control: health.Count{Total: 9000},
					CanarySlow: []uint64{slow, 0}, ControlSlow: []uint64{450, 9}}}, nil
			}), nil
		}})
	require.NoError(t, err)
	kind(t, s, question("canary", 0, 40*minute))
	last := question("all", 40*minute, 10*minute)
	last.Last = true
	require.Equal(t, health.KindUndecided, kind(t, s, last))
	slow = 150
	last.Now = last.Now.Add(10 * minute)
	v, err := s.Health(t.Context(), last)
	require.NoError(t, err)
	require.Equal(t, health.KindRegressed, v.Kind)
	require.Equal(t, "latency>0.1", v.Metric)

	// A watch of what is not counted gives no verdict.
	c := newCounts()
	other := c.source(t, func(o *analysis.Options) {
		o.Watch = &health.WatchPolicy{Metrics: []health.Baseline{{Name: "latency>0.1", Rate: 0.1}}}
	})
	_, err = other.Health(t.Context(), last)
	require.ErrorContains(t, err, "counts no events")
}
