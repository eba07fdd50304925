package analysis_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/analysis"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

var (
	production = rollout.Target{Service: "api", Environment: "production"}
	ada        = rollout.By{Actor: release.Actor{Kind: release.ActorHuman, ID: "github:ada"}, Reason: "because"}
	nine       = time.Date(2026, 11, 23, 9, 0, 30, 0, time.UTC) // in the middle of a window
	regions    = []string{"eu", "us"}
)

// service is a simulated service: no requests are served, its counters are drawn, by
// minute, region and release, from seeds of their own. Exposure is what the simulated
// deployer has had.
type service struct {
	t      testing.TB
	clock  time.Time
	deploy *deploytest.Simulated
	store  *journal.Memory
	plan   rollout.Plan
	opts   analysis.Options

	perMinute float64 // requests of each region
	rate      func(at time.Time, region string, canary bool) float64
	down      func(now time.Time) bool             // the metrics store fails
	mute      func(at time.Time, canary bool) bool // nothing is counted
	stuck     func(now time.Time) bool             // the deployer fails
	shown     []shown                              // what was exposed, since when
	reads     map[string]int                       // successful reads, by slice and window
	asked     []asked
}

type shown struct {
	at      time.Time
	percent map[string]float64
}

type asked struct {
	q rollout.HealthQuery
	v health.Verdict
	e error
}

func newService(t testing.TB) *service {
	s := &service{t: t, clock: nine, deploy: new(deploytest.Simulated), store: new(journal.Memory), perMinute: 3000, reads: map[string]int{}}
	s.deploy.Now = func() time.Time { return s.clock }
	s.deploy.Serve(production, version("1"))
	s.rate = func(time.Time, string, bool) float64 { return 0.01 }
	s.plan = rollout.Plan{Target: production, Release: version("2"), Previous: version("1"), Poll: time.Minute,
		Health: &health.Policy{Metrics: []health.Metric{{Name: "errors"}}},
		Stages: []rollout.Stage{
			{Name: "canary", Slices: []rollout.Slice{{Percent: 10}}, MinBake: 20 * time.Minute},
			{Name: "half", Slices: []rollout.Slice{{Percent: 50}}, MinBake: 15 * time.Minute},
			{Name: "all", Slices: []rollout.Slice{{Percent: 100}}, MinBake: 40 * time.Minute, Health: rollout.HealthWatched},
		}}
	s.opts = analysis.Options{Readers: s.reader, Store: s.store}
	return s
}

// Apply hands an action to the simulated deployer, and notes what it exposes.
func (s *service) Apply(ctx context.Context, a rollout.Action) error {
	if s.stuck != nil && s.stuck(s.clock) {
		return fmt.Errorf("the deployer does not answer")
	}
	err := s.deploy.Apply(ctx, a)
	if err == nil {
		now := shown{s.clock, map[string]float64{}}
		for _, l := range a.Slices {
			for _, r := range regions {
				if l.Region == "" || l.Region == r {
					now.percent[r] = max(now.percent[r], l.Percent)
				}
			}
		}
		s.shown = append(s.shown, now)
	}
	return err
}

func (s *service) Observe(ctx context.Context, t rollout.Target) (rollout.Observed, error) {
	return s.deploy.Observe(ctx, t)
}

// counted is what a region counted of a release in a minute: the same whenever it is read.
func (s *service) counted(w health.Window, region string, canary bool) health.Count {
	percent := 0.0
	for _, e := range s.shown {
		if !e.at.After(w.Start) {
			percent = e.percent[region]
		}
	}
	if !canary {
		percent = 100 - percent
	}
	if percent <= 0 || s.mute != nil && s.mute(w.Start, canary) {
		return health.Count{}
	}
	seed := uint64(w.Start.Unix()) * 4
	if canary {
		seed++
	}
	if region == "us" {
		seed += 2
	}
	r := rand.New(rand.NewPCG(8, seed))
	total := s.perMinute * percent / 100
	bad := total * s.rate(w.Start, region, canary)
	drawn := math.Round(bad + float64(math.Sqrt(bad)*r.NormFloat64()))
	return health.Count{Bad: uint64(min(max(drawn, 0), total)), Total: uint64(total)}
}

func (s *service) reader(q rollout.HealthQuery) (analysis.Reader, error) {
	return analysis.ReaderFunc(func(_ context.Context, w health.Window) ([]health.Sample, error) {
		if w.End.After(s.clock) {
			return nil, fmt.Errorf("window %s is open at %v", w.ID(), s.clock)
		}
		if s.down != nil && s.down(s.clock) {
			return nil, fmt.Errorf("the metrics store does not answer")
		}
		s.reads[fmt.Sprint(q.Last, q.Slice, w.ID())]++
		var out []health.Sample
		for _, region := range regions {
			if q.Slice != nil && q.Slice.Region != region {
				continue
			}
			sample := health.Sample{ID: w.ID(), Metric: "errors", Stratum: region,
				Canary: s.counted(w, region, true), Control: s.counted(w, region, false)}
			if sample.Canary.Total+sample.Control.Total > 0 {
				out = append(out, sample)
			}
		}
		return out, nil
	}), nil
}

func (s *service) source() *analysis.Source {
	source, err := analysis.New(s.opts)
	require.NoError(s.t, err)
	return source
}

// engine is one that asks h and notes what was answered.
func (s *service) engine(h rollout.HealthSource) *rollout.Engine {
	e, err := rollout.New(rollout.Options{Journal: s.store, Deployer: s, Now: func() time.Time { return s.clock }, States: 1,
		Health: rollout.HealthFunc(func(ctx context.Context, q rollout.HealthQuery) (health.Verdict, error) {
			v, err := h.Health(ctx, q)
			s.asked = append(s.asked, asked{q, v, err})
			return v, err
		})})
	require.NoError(s.t, err)
	return e
}

// run drives the rollout from its start until it ends, or until a time.
func (s *service) run(h rollout.HealthSource, until time.Duration) rollout.State {
	e := s.engine(h)
	st, err := e.State(s.t.Context(), production)
	require.NoError(s.t, err)
	if st.Rollout == nil {
		_, err = e.Start(s.t.Context(), s.plan, ada)
		require.NoError(s.t, err)
	}
	for {
		st, wake, err := e.Step(s.t.Context(), production)
		require.NoError(s.t, err)
		if !st.Running() || wake.After(nine.Add(until)) {
			return st
		}
		s.clock = wake
	}
}

// judgements are what the stream of a rollout says again.
func judgements(t testing.TB, store analysis.Store, id string) (out []analysis.Judgement) {
	for j, err := range analysis.Replay(t.Context(), store, analysis.Stream(id)) {
		require.NoError(t, err)
		out = append(out, j)
	}
	return out
}

// audit checks that the stream has each window once, and that it gives each verdict that
// was answered again.
func (s *service) audit(st rollout.State) {
	var all []health.Verdict
	seen := map[string]bool{}
	for _, j := range judgements(s.t, s.store, st.Rollout.ID) {
		all = append(all, j.Verdict)
		if !j.Window.Start.IsZero() {
			at := fmt.Sprint(j.Watch, j.Slice, j.Window.ID())
			require.False(s.t, seen[at], "%s counted twice", at)
			seen[at] = true
		}
	}
	n := 0
	for _, a := range s.asked {
		if a.e == nil {
			require.Contains(s.t, all, a.v)
			n++
		}
	}
	require.NotZero(s.t, n)
	_, err := rollout.Replay(production, records(s.t, s.store, production.Stream()))
	require.NoError(s.t, err)
}

func records(t testing.TB, store analysis.Store, stream string) (out []journal.Record) {
	for r, err := range store.Load(t.Context(), stream, 0) {
		require.NoError(t, err)
		out = append(out, r)
	}
	return out
}
