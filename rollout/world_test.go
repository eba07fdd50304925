package rollout_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

var (
	production = rollout.Target{Service: "api", Environment: "production"}
	ada        = rollout.By{Actor: release.Actor{Kind: release.ActorHuman, ID: "github:ada"}, Reason: "because"}
	nine       = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
)

// plan3 has three stages: gate "first" from the first, "last" before the last.
func plan3() rollout.Plan {
	return rollout.Plan{Target: production, Release: version("2"), Previous: version("1"), Stages: []rollout.Stage{
		{Name: "canary", Slices: []rollout.Slice{{Percent: 5}}, Gates: []string{"first"}, MinBake: time.Hour},
		{Name: "half", Slices: []rollout.Slice{{Percent: 50}}, MinBake: time.Hour},
		{Name: "all", Slices: []rollout.Slice{{Percent: 100}}, Gates: []string{"last"}, MinBake: time.Hour, Health: rollout.HealthWatched},
	}}
}

// world is everything around an engine, made to be turned.
type world struct {
	t       testing.TB
	clock   time.Time
	journal journal.Journal
	real    *deploytest.Simulated
	deploy  rollout.Deployer
	verdict map[string]release.Verdict
	gateErr map[string]error
	retry   map[string]time.Time
	asked   []string // gates, as "gate stage"
	health  health.Verdict
	hErr    error
	sick    map[string]bool // slices, as text, that regressed
	onAsk   func()          // called before health answers
	plan    rollout.Plan
}

func newWorld(t testing.TB) *world {
	real := new(deploytest.Simulated)
	real.Serve(production, version("1"))
	return &world{t: t, clock: nine, journal: new(journal.Memory), real: real, deploy: real, plan: plan3(),
		verdict: map[string]release.Verdict{"first": release.VerdictAllow, "last": release.VerdictAllow},
		gateErr: map[string]error{}, health: health.Verdict{Kind: health.KindHealthy, Why: "fine"}}
}

func (w *world) engine() *rollout.Engine {
	gates := map[string]rollout.Gate{}
	for _, name := range []string{"first", "last", "back"} {
		gates[name] = rollout.GateFunc(func(_ context.Context, q rollout.GateQuery) (rollout.GateResult, error) {
			w.asked = append(w.asked, q.Gate+" "+q.Stage.Name)
			return rollout.GateResult{Verdict: w.verdict[name], Reason: release.Reason{Text: "gate says so"}, Retry: w.retry[name]}, w.gateErr[name]
		})
	}
	e, err := rollout.New(rollout.Options{Journal: w.journal, Deployer: w.deploy, Gates: gates, Now: func() time.Time { return w.clock },
		Health: rollout.HealthFunc(func(_ context.Context, q rollout.HealthQuery) (health.Verdict, error) {
			if q.Slice != nil && w.sick[q.Slice.String()] {
				return health.Verdict{Kind: health.KindRegressed, Metric: "errors", Why: "errors are twice the control's"}, nil
			}
			if w.onAsk != nil {
				w.onAsk()
			}
			return w.health, w.hErr
		})})
	require.NoError(w.t, err)
	return e
}

func (w *world) start() rollout.State {
	s, err := w.engine().Start(w.t.Context(), w.plan, ada)
	require.NoError(w.t, err)
	return s
}

func (w *world) step() rollout.State {
	s, wake, err := w.engine().Step(w.t.Context(), w.plan.Target)
	require.NoError(w.t, err)
	if s.Running() {
		require.True(w.t, wake.After(w.clock), "the next step is in the future: %v, now %v", wake, w.clock)
	} else {
		require.True(w.t, wake.IsZero())
	}
	return s
}

// later steps after d.
func (w *world) later(d time.Duration) rollout.State {
	w.clock = w.clock.Add(d)
	return w.step()
}

func (w *world) abort() {
	_, err := w.engine().Abort(w.t.Context(), w.plan.Target, ada)
	require.NoError(w.t, err)
}

func (w *world) records() []journal.Record {
	var recs []journal.Record
	for r, err := range w.journal.Load(w.t.Context(), w.plan.Target.Stream(), 0) {
		require.NoError(w.t, err)
		recs = append(recs, r)
	}
	return recs
}

// serves is the percent of everything that the new release has.
func (w *world) serves() float64 {
	o, err := w.real.Observe(w.t.Context(), w.plan.Target)
	require.NoError(w.t, err)
	for _, s := range o.Shares {
		if s.Release == w.plan.Release.Digest {
			return s.Slice.Percent
		}
	}
	return 0
}

// audit replays the stream and returns the kinds of its events.
func (w *world) audit() []release.EventKind {
	recs := w.records()
	s, err := rollout.Replay(w.plan.Target, recs)
	require.NoError(w.t, err)
	events, err := rollout.Events(w.plan.Target, recs)
	require.NoError(w.t, err)
	var kinds []release.EventKind
	ids, ends := map[string]bool{}, 0
	for _, e := range events {
		kinds = append(kinds, e.Kind)
		require.False(w.t, ids[e.ID], "every event has an ID of its own")
		ids[e.ID] = true
		require.NotEmpty(w.t, e.Actor.ID)
		if e.Kind.Ends() {
			ends++
			require.False(w.t, e.Started.IsZero())
		}
	}
	starts := 0
	for _, k := range kinds {
		if k == release.EventStarted {
			starts++
		}
	}
	if s.Running() {
		starts--
	}
	require.Equal(w.t, starts, ends, "every rollout that ended has one ending event: %v", kinds)
	return kinds
}

var errBoom = errors.New("boom")
