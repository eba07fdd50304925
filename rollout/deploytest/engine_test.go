package deploytest_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

var ada = rollout.By{Actor: release.Actor{Kind: release.ActorHuman, ID: "github:ada"}, Reason: "because"}

// start begins to roll version 2 out over d. In the second stage it regresses, if it shall.
func start(t *testing.T, j journal.Journal, d rollout.Deployer, regress bool) *rollout.Engine {
	engine, err := rollout.New(rollout.Options{Journal: j, Deployer: d, Now: time.Now,
		Health: rollout.HealthFunc(func(_ context.Context, q rollout.HealthQuery) (health.Verdict, error) {
			if regress && q.Stage.Name == "half" {
				return health.Verdict{Kind: health.KindRegressed, Why: "worse"}, nil
			}
			return health.Verdict{Kind: health.KindHealthy, Why: "fine"}, nil
		})})
	require.NoError(t, err)
	_, err = engine.Start(t.Context(), rollout.Plan{Target: production, Release: version("2"), Previous: version("1"), Poll: 20 * time.Minute, Stages: []rollout.Stage{
		{Name: "canary", Slices: []rollout.Slice{{Percent: 5}}, MinBake: time.Hour},
		{Name: "half", Slices: []rollout.Slice{{Percent: 50}}, MinBake: time.Hour},
		{Name: "all", Slices: []rollout.Slice{{Percent: 100}}, MinBake: time.Hour, Health: rollout.HealthWatched},
	}}, ada)
	require.NoError(t, err)
	return engine
}

// drive has an engine do all of the rollout, in time that passes at once, and returns
// where it ended and what was ordered on the way.
func drive(t *testing.T, d rollout.Deployer, regress bool) (rollout.State, []rollout.Action) {
	j := new(journal.Memory)
	end, err := start(t, j, d, regress).Run(t.Context(), production, func(_ context.Context, _ rollout.State, until time.Time) error {
		time.Sleep(time.Until(until))
		return nil
	})
	require.NoError(t, err)
	time.Sleep(time.Hour) // for what comes late

	var ordered []rollout.Action
	s := rollout.NewState(production)
	for rec, err := range j.Load(t.Context(), production.Stream(), 0) {
		require.NoError(t, err)
		s, err = rollout.Reduce(s, rec)
		require.NoError(t, err)
		if p := s.Rollout.Pending; p != nil && (len(ordered) == 0 || ordered[len(ordered)-1].Key != p.Action.Key) {
			ordered = append(ordered, p.Action)
		}
	}
	return end, ordered
}

// serving is the percent of everything that version 2 has.
func serving(t *testing.T, d rollout.Deployer) float64 {
	o, err := d.Observe(t.Context(), production)
	require.NoError(t, err)
	require.True(t, o.Settled)
	for _, s := range o.Shares {
		if s.Release == version("2").Digest {
			return s.Slice.Percent
		}
	}
	return 0
}

// fates are ways for one call to go wrong.
var fates = map[string]deploytest.Fate{
	"its request is lost":             {Lost: true, Err: errBoom},
	"its answer is lost":              {Err: errBoom},
	"it is slow":                      {Delay: time.Minute},
	"it comes after the caller's end": {Delay: 3 * time.Hour, Err: errBoom},
	"it comes again, much later":      {Again: []time.Duration{30 * time.Minute, 90 * time.Minute, 3 * time.Hour}},
	"it settles late":                 {Settle: 10 * time.Minute},
}

// Whatever becomes of one call of the deployer, whichever it is, every effect comes once
// and in order.
func TestEngineOverEveryFateOfEveryCall(t *testing.T) {
	t.Parallel()
	for name, fate := range fates {
		for _, regress := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/regress=%v", name, regress), func(t *testing.T) {
				t.Parallel()
				for k, calls := 1, 1; k <= calls; k++ {
					synctest.Test(t, func(t *testing.T) {
						d := &deploytest.Simulated{Fate: func(c deploytest.Call) deploytest.Fate {
							if c.N == k {
								return fate
							}
							return deploytest.Fate{}
						}}
						d.Serve(production, version("1"))
						end, ordered := drive(t, d, regress)
						calls, d.Fate = d.Tally().Calls, nil
						if regress {
							require.Equal(t, rollout.PhaseRolledBack, end.Rollout.Phase, "call %d", k)
							require.Zero(t, serving(t, d), "call %d", k)
						} else {
							require.Equal(t, rollout.PhaseDeployed, end.Rollout.Phase, "call %d", k)
							require.Equal(t, 100., serving(t, d), "call %d", k)
						}
						require.NoError(t, deploytest.EachOnce(ordered, d.Effects(production)), "call %d", k)
					})
				}
			})
		}
	}
}

// All of it at once, and a crash of the deployer every now and then.
func TestEngineOverARoughNetwork(t *testing.T) {
	t.Parallel()
	for _, regress := range []bool{false, true} {
		for seed := range uint64(10) {
			synctest.Test(t, func(t *testing.T) {
				d := &deploytest.Simulated{}
				fate := rough(seed)
				d.Fate = func(c deploytest.Call) deploytest.Fate {
					f := fate(c)
					switch c.N % 11 {
					case 3:
						f.Err = errBoom
					case 5:
						f.Lost, f.Err = true, errBoom
					case 7:
						d.Crash()
					case 9:
						d.Break(production)
					}
					return f
				}
				d.Serve(production, version("1"))
				end, ordered := drive(t, d, regress)
				d.Fate = nil
				if regress {
					require.Equal(t, rollout.PhaseRolledBack, end.Rollout.Phase, "seed %d", seed)
					require.Zero(t, serving(t, d), "seed %d", seed)
				} else {
					require.Equal(t, rollout.PhaseDeployed, end.Rollout.Phase, "seed %d", seed)
					require.Equal(t, 100., serving(t, d), "seed %d", seed)
				}
				require.NoError(t, deploytest.EachOnce(ordered, d.Effects(production)), "seed %d", seed)
			})
		}
	}
}

// Without fences, copies that come in the time that the deployer declares bring a canary
// back, and the engine, which waits for that time, takes it away again.
func TestEngineWithoutFences(t *testing.T) {
	t.Parallel()
	back := 0
	for k := 1; k <= 59; k += 2 {
		synctest.Test(t, func(t *testing.T) {
			d := &deploytest.Unfenced{Latency: 10 * time.Minute}
			d.Fate = func(c deploytest.Call) deploytest.Fate {
				if c.Action != nil && c.Action.Kind == rollout.ActionExpose {
					return deploytest.Fate{Again: []time.Duration{time.Duration(k) * 10 * time.Second}}
				}
				return deploytest.Fate{}
			}
			d.Serve(production, version("1"))
			end, _ := drive(t, d, true)
			require.Equal(t, rollout.PhaseRolledBack, end.Rollout.Phase)
			require.Zero(t, serving(t, d), "copies come %d seconds late", 10*k)
			effects := d.Effects(production)
			for i, e := range effects[1:] {
				if e.Kind == rollout.ActionExpose && effects[i].Kind == rollout.ActionRollback {
					back++
				}
			}
		})
	}
	require.NotZero(t, back, "no canary ever came back: this test tests nothing")
}

// A copy of the canary that comes while a wider stage bakes makes production narrower than
// it should be. The engine does not repeat what it has seen done: it holds, and an abort
// takes everything back.
func TestEngineWithoutFencesHoldsWhenItIsNarrower(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &deploytest.Unfenced{Latency: 2 * time.Hour}
		d.Fate = func(c deploytest.Call) deploytest.Fate {
			if c.Action != nil && c.Action.Stage == "canary" {
				return deploytest.Fate{Again: []time.Duration{90 * time.Minute}}
			}
			return deploytest.Fate{}
		}
		d.Serve(production, version("1"))
		engine := start(t, new(journal.Memory), d, false)
		var s rollout.State
		for range 200 {
			var until time.Time
			var err error
			s, until, err = engine.Step(t.Context(), production)
			require.NoError(t, err)
			require.False(t, until.IsZero(), "it ended: %v", s)
			time.Sleep(time.Until(until))
		}
		require.Equal(t, 5., serving(t, d))
		require.Contains(t, s.String(), "production is not what the stage says")
		_, err := engine.Abort(t.Context(), production, ada)
		require.NoError(t, err)
		s, err = engine.Run(t.Context(), production, func(_ context.Context, _ rollout.State, until time.Time) error {
			time.Sleep(time.Until(until))
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, rollout.PhaseRolledBack, s.Rollout.Phase)
		require.Zero(t, serving(t, d))
	})
}
