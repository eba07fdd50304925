package rollout_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

const (
	started    = release.EventStarted
	exposed    = release.EventExposed
	regressed  = release.EventRegressed
	deployed   = release.EventDeployed
	rolledBack = release.EventRolledBack
	stopped    = release.EventStopped
)

func TestEngine(t *testing.T) {
	t.Parallel()
	hour := time.Hour
	for _, c := range []struct {
		name   string
		run    func(w *world)
		phase  rollout.Phase
		serves float64
		events []release.EventKind
	}{
		{"to the end", func(w *world) { w.start(); w.step(); w.later(hour); w.later(hour); w.later(hour) },
			rollout.PhaseDeployed, 100, []release.EventKind{started, exposed, exposed, exposed, deployed}},
		{"stepping more often changes nothing", func(w *world) {
			w.start()
			for range 190 {
				w.step()
				w.later(time.Minute)
			}
		}, rollout.PhaseDeployed, 100, []release.EventKind{started, exposed, exposed, exposed, deployed}},
		{"bakes a minute too little", func(w *world) { w.start(); w.step(); w.later(hour - time.Nanosecond) },
			rollout.PhaseBaking, 5, []release.EventKind{started, exposed}},
		{"a clock that goes back does not shorten the bake", func(w *world) { w.start(); w.step(); w.clock = nine.Add(-10 * hour); w.later(10*hour + 59*time.Minute) },
			rollout.PhaseBaking, 5, []release.EventKind{started, exposed}},
		{"a gate holds at first", func(w *world) { w.verdict["first"] = release.VerdictHold; w.start(); w.step(); w.later(99 * hour) },
			rollout.PhaseStarting, 0, []release.EventKind{started}},
		{"a gate without a verdict holds", func(w *world) { w.verdict["first"] = release.VerdictUnknown; w.start(); w.step(); w.later(99 * hour) },
			rollout.PhaseStarting, 0, []release.EventKind{started}},
		{"a verdict outside the scale holds", func(w *world) { w.verdict["first"] = 9; w.start(); w.step(); w.later(99 * hour) },
			rollout.PhaseStarting, 0, []release.EventKind{started}},
		{"a gate that fails holds, whatever it returns beside", func(w *world) { w.gateErr["first"] = errBoom; w.start(); w.step(); w.later(99 * hour) },
			rollout.PhaseStarting, 0, []release.EventKind{started}},
		{"a gate that nobody knows holds", func(w *world) { w.plan.Stages[0].Gates = []string{"typo"}; w.start(); w.step(); w.later(99 * hour) },
			rollout.PhaseStarting, 0, []release.EventKind{started}},
		{"a gate denies before anything is exposed", func(w *world) { w.verdict["first"] = release.VerdictDeny; w.start(); w.step() },
			rollout.PhaseStopped, 0, []release.EventKind{started, stopped}},
		{"a gate is revoked to hold between stages", func(w *world) {
			w.start()
			w.step()
			w.verdict["first"] = release.VerdictHold
			w.later(99 * hour)
		}, rollout.PhaseBaking, 5, []release.EventKind{started, exposed}},
		{"a gate is revoked to deny between stages", func(w *world) { w.start(); w.step(); w.verdict["first"] = release.VerdictDeny; w.later(hour) },
			rollout.PhaseRolledBack, 0, []release.EventKind{started, exposed, rolledBack}},
		{"the last gate holds the last stage", func(w *world) {
			w.verdict["last"] = release.VerdictHold
			w.start()
			w.step()
			w.later(hour)
			w.later(hour)
			w.later(99 * hour)
		}, rollout.PhaseBaking, 50, []release.EventKind{started, exposed, exposed}},
		{"undecided never promotes", func(w *world) { w.health = health.Verdict{}; w.start(); w.step(); w.later(999 * hour) },
			rollout.PhaseBaking, 5, []release.EventKind{started, exposed}},
		{"healthy without data never promotes", func(w *world) { w.health.NoData = true; w.start(); w.step(); w.later(999 * hour) },
			rollout.PhaseBaking, 5, []release.EventKind{started, exposed}},
		{"invalid never promotes", func(w *world) { w.health.Kind = health.KindInvalid; w.start(); w.step(); w.later(999 * hour) },
			rollout.PhaseBaking, 5, []release.EventKind{started, exposed}},
		{"an error of the source never promotes", func(w *world) { w.hErr = errBoom; w.start(); w.step(); w.later(999 * hour) },
			rollout.PhaseBaking, 5, []release.EventKind{started, exposed}},
		{"a verdict that is no number never promotes", func(w *world) { w.health.LogE = math.NaN(); w.start(); w.step(); w.later(999 * hour) },
			rollout.PhaseBaking, 5, []release.EventKind{started, exposed}},
		{"a verdict of no kind never promotes", func(w *world) { w.health.Kind = 77; w.start(); w.step(); w.later(999 * hour) },
			rollout.PhaseBaking, 5, []release.EventKind{started, exposed}},
		{"watched: undecided with data promotes by time", func(w *world) {
			w.plan.Stages[0].Health, w.health = rollout.HealthWatched, health.Verdict{}
			w.start()
			w.step()
			w.later(hour)
		}, rollout.PhaseBaking, 50, []release.EventKind{started, exposed, exposed}},
		{"watched: no data holds", func(w *world) {
			w.plan.Stages[0].Health, w.health = rollout.HealthWatched, health.Verdict{NoData: true}
			w.start()
			w.step()
			w.later(999 * hour)
		}, rollout.PhaseBaking, 5, []release.EventKind{started, exposed}},
		{"watched: invalid holds", func(w *world) {
			w.plan.Stages[0].Health, w.health = rollout.HealthWatched, health.Verdict{Kind: health.KindInvalid}
			w.start()
			w.step()
			w.later(999 * hour)
		}, rollout.PhaseBaking, 5, []release.EventKind{started, exposed}},
		{"ignored: health is not asked", func(w *world) {
			w.plan.Stages[0].Health, w.health = rollout.HealthIgnored, health.Verdict{Kind: health.KindRegressed}
			w.start()
			w.step()
			w.health.Kind = health.KindHealthy
			w.later(hour)
		}, rollout.PhaseBaking, 50, []release.EventKind{started, exposed, exposed}},
		{"regressed while baking", func(w *world) {
			w.start()
			w.step()
			w.health = health.Verdict{Kind: health.KindRegressed}
			w.later(time.Second)
		}, rollout.PhaseRolledBack, 0, []release.EventKind{started, exposed, regressed, rolledBack}},
		{"regressed in the last stage", func(w *world) {
			w.start()
			w.step()
			w.later(hour)
			w.later(hour)
			w.health = health.Verdict{Kind: health.KindRegressed}
			w.later(time.Second)
		}, rollout.PhaseRolledBack, 0, []release.EventKind{started, exposed, exposed, exposed, regressed, rolledBack}},
		{"regressed while paused", func(w *world) {
			w.start()
			w.step()
			_, err := w.engine().Pause(w.t.Context(), production, ada)
			require.NoError(w.t, err)
			w.health = health.Verdict{Kind: health.KindRegressed}
			w.later(time.Second)
		}, rollout.PhaseRolledBack, 0, []release.EventKind{started, exposed, regressed, rolledBack}},
		{"paused stays", func(w *world) {
			w.start()
			w.step()
			_, err := w.engine().Pause(w.t.Context(), production, ada)
			require.NoError(w.t, err)
			w.later(99 * hour)
		}, rollout.PhaseBaking, 5, []release.EventKind{started, exposed}},
		{"paused stays, without any gate", func(w *world) {
			for i := range w.plan.Stages {
				w.plan.Stages[i].Gates, w.plan.Stages[i].Health = nil, rollout.HealthIgnored
			}
			w.start()
			w.step()
			_, err := w.engine().Pause(w.t.Context(), production, ada)
			require.NoError(w.t, err)
			w.later(99 * hour)
		}, rollout.PhaseBaking, 5, []release.EventKind{started, exposed}},
		{"paused before anything, without any gate", func(w *world) {
			w.plan.Stages[0].Gates = nil
			w.start()
			_, err := w.engine().Pause(w.t.Context(), production, ada)
			require.NoError(w.t, err)
			w.later(99 * hour)
		}, rollout.PhaseStarting, 0, []release.EventKind{started}},
		{"paused, and undecided for too long", func(w *world) {
			w.plan.Stages[0].MaxBake, w.plan.Stages[0].OnUndecided, w.health = 2*hour, rollout.UndecidedRollback, health.Verdict{}
			w.start()
			w.step()
			_, err := w.engine().Pause(w.t.Context(), production, ada)
			require.NoError(w.t, err)
			w.later(99 * hour)
		}, rollout.PhaseBaking, 5, []release.EventKind{started, exposed}},
		{"paused and resumed", func(w *world) {
			_, err := w.engine().Pause(w.t.Context(), production, ada)
			require.ErrorIs(w.t, err, rollout.ErrNotRunning)
			w.start()
			_, err = w.engine().Resume(w.t.Context(), production, ada)
			require.Error(w.t, err, "it is not paused")
			_, err = w.engine().Pause(w.t.Context(), production, ada)
			require.NoError(w.t, err)
			w.step()
			require.Zero(w.t, w.serves())
			_, err = w.engine().Resume(w.t.Context(), production, ada)
			require.NoError(w.t, err)
			w.step()
		}, rollout.PhaseBaking, 5, []release.EventKind{started, exposed}},
		{"undecided at the most bake time: holds by default", func(w *world) {
			w.plan.Stages[0].MaxBake, w.health = 2*hour, health.Verdict{}
			w.start()
			w.step()
			w.later(3 * hour)
		}, rollout.PhaseBaking, 5, []release.EventKind{started, exposed}},
		{"undecided at the most bake time: rolls back if so planned", func(w *world) {
			w.plan.Stages[0].MaxBake, w.plan.Stages[0].OnUndecided, w.health = 2*hour, rollout.UndecidedRollback, health.Verdict{NoData: true}
			w.start()
			w.step()
			w.later(2*hour - 1)
			require.Equal(w.t, 5., w.serves())
			w.later(1)
		}, rollout.PhaseRolledBack, 0, []release.EventKind{started, exposed, rolledBack}},
		{"a closed gate is no indecision", func(w *world) {
			w.plan.Stages[0].MaxBake, w.plan.Stages[0].OnUndecided = 2*hour, rollout.UndecidedRollback
			w.start()
			w.step()
			w.verdict["first"] = release.VerdictHold
			w.later(9 * hour)
		}, rollout.PhaseBaking, 5, []release.EventKind{started, exposed}},
		{"aborted before anything", func(w *world) { w.start(); w.abort(); w.step() },
			rollout.PhaseStopped, 0, []release.EventKind{started, stopped}},
		{"aborted while baking", func(w *world) { w.start(); w.step(); w.abort(); w.step() },
			rollout.PhaseRolledBack, 0, []release.EventKind{started, exposed, rolledBack}},
		{"aborted twice, paused, in the last stage", func(w *world) {
			w.start()
			w.step()
			w.later(hour)
			w.later(hour)
			_, err := w.engine().Pause(w.t.Context(), production, ada)
			require.NoError(w.t, err)
			w.abort()
			w.abort()
			w.step()
		}, rollout.PhaseRolledBack, 0, []release.EventKind{started, exposed, exposed, exposed, rolledBack}},
		{"aborted while an exposure fails", func(w *world) {
			w.deploy = &hurdle{Deployer: w.real, before: errBoom}
			w.start()
			require.Equal(w.t, rollout.PhaseExposing, w.step().Rollout.Phase)
			w.abort()
			w.deploy = w.real
			w.step()
		}, rollout.PhaseRolledBack, 0, []release.EventKind{started, rolledBack}},
		{"aborted while the rollback fails", func(w *world) {
			w.start()
			w.step()
			w.abort()
			w.deploy = &hurdle{Deployer: w.real, before: errBoom}
			require.Equal(w.t, rollout.PhaseRollingBack, w.step().Rollout.Phase)
			w.abort()
			w.later(hour)
			require.Equal(w.t, 5., w.serves(), "it is not called rolled back before it is")
			w.deploy = w.real
			w.later(hour)
		}, rollout.PhaseRolledBack, 0, []release.EventKind{started, exposed, rolledBack}},
		{"regressed while an exposure is not observed", func(w *world) {
			w.deploy = &hurdle{Deployer: w.real, blind: true}
			w.start()
			require.Equal(w.t, rollout.PhaseExposing, w.step().Rollout.Phase)
			require.Equal(w.t, 5., w.serves())
			w.health = health.Verdict{Kind: health.KindRegressed}
			w.later(time.Minute) // the rollback cannot be observed either
			w.deploy = w.real
			w.later(hour)
		}, rollout.PhaseRolledBack, 0, []release.EventKind{started, regressed, rolledBack}},
		{"an exposure that is never observed is undecided", func(w *world) {
			w.plan.Stages[0].MaxBake, w.plan.Stages[0].OnUndecided = 2*hour, rollout.UndecidedRollback
			w.deploy = &hurdle{Deployer: w.real, before: errBoom}
			w.start()
			w.step()
			w.deploy = w.real
			w.verdict["first"] = release.VerdictHold
			w.later(2 * hour)
		}, rollout.PhaseRolledBack, 0, []release.EventKind{started, rolledBack}},
		{"timeout after success", func(w *world) {
			w.deploy = &hurdle{Deployer: w.real, after: errBoom}
			w.start()
			w.step()
		}, rollout.PhaseBaking, 5, []release.EventKind{started, exposed}},
		{"a failed exposure is not repeated when its gate has closed", func(w *world) {
			w.deploy = &hurdle{Deployer: w.real, before: errBoom}
			w.start()
			w.step()
			w.deploy = w.real
			w.verdict["first"] = release.VerdictHold
			w.later(hour)
		}, rollout.PhaseExposing, 0, []release.EventKind{started}},
		{"a failed exposure is not repeated while paused", func(w *world) {
			w.deploy = &hurdle{Deployer: w.real, before: errBoom}
			w.start()
			w.step()
			w.deploy = w.real
			_, err := w.engine().Pause(w.t.Context(), production, ada)
			require.NoError(w.t, err)
			w.later(hour)
		}, rollout.PhaseExposing, 0, []release.EventKind{started}},
		{"a failed exposure is not repeated when health is no longer sure", func(w *world) {
			w.plan.Stages[1].Health = rollout.HealthIgnored
			w.start()
			w.step()
			w.deploy = &hurdle{Deployer: w.real, before: errBoom}
			w.later(hour)
			w.deploy, w.hErr = w.real, errBoom
			w.later(hour)
		}, rollout.PhaseExposing, 5, []release.EventKind{started, exposed}},
		{"a failed exposure is rolled back when its gate denies", func(w *world) {
			w.deploy = &hurdle{Deployer: w.real, before: errBoom}
			w.start()
			w.step()
			w.deploy = w.real
			w.verdict["first"] = release.VerdictDeny
			w.later(hour)
		}, rollout.PhaseRolledBack, 0, []release.EventKind{started, rolledBack}},
		{"production that was changed by hand holds", func(w *world) {
			w.start()
			s := w.step()
			by := *s.Rollout.Done
			by.Slices, by.Fence, by.Key = []rollout.Slice{{Percent: 40}}, 3, release.DigestOf([]byte("by hand"))
			w.deploy = &hurdle{Deployer: w.real, drift: &by}
			w.later(hour)
			w.later(hour)
		}, rollout.PhaseBaking, 5, []release.EventKind{started, exposed}},
		{"first deployment, aborted, leaves nothing", func(w *world) {
			w.plan.First, w.plan.Previous = true, release.Ref{}
			w.real.Serve(production, release.Ref{})
			w.start()
			w.step()
			w.abort()
			w.step()
			o, err := w.real.Observe(w.t.Context(), production)
			require.NoError(w.t, err)
			require.Empty(w.t, o.Shares)
		}, rollout.PhaseRolledBack, 0, []release.EventKind{started, exposed, rolledBack}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.run(w)
			s, err := w.engine().State(t.Context(), production)
			require.NoError(t, err)
			require.Equal(t, c.phase, s.Rollout.Phase, s.String())
			require.Equal(t, c.serves, w.serves())
			require.Equal(t, c.events, w.audit())
			require.NotEmpty(t, s.String())
			require.Contains(t, rollout.Diagram(w.plan, &s), "class ")
		})
	}
}

// hurdle is a deployer with something in the way.
type hurdle struct {
	rollout.Deployer
	before, after error
	blind         bool // from the first Apply on
	applied       bool
	drift         *rollout.Action
}

func (h *hurdle) Apply(ctx context.Context, a rollout.Action) error {
	h.applied = true
	if h.before != nil {
		return h.before
	}
	if err := h.Deployer.Apply(ctx, a); err != nil {
		return err
	}
	return h.after
}

func (h *hurdle) Observe(ctx context.Context, t rollout.Target) (rollout.Observed, error) {
	o, err := h.Deployer.Observe(ctx, t)
	if h.drift != nil {
		o.Shares = []rollout.Share{{Release: h.drift.Release.Digest, Slice: h.drift.Slices[0]}}
	}
	if h.blind && h.applied {
		return rollout.Observed{}, errBoom
	}
	return o, err
}

func TestGatesAreAskedBeforeEveryWidening(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.step()
	w.later(time.Hour)
	w.later(time.Hour)
	require.Equal(t, rollout.PhaseDeployed, w.later(time.Hour).Rollout.Phase)
	require.Equal(t, []string{"first canary", "first half", "first all", "last all"}, w.asked)
}

// With no bake time and a gate set that never changes, an answer about one stage
// must still not open the next.
func TestAnAnswerOpensOneStageOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range w.plan.Stages {
		w.plan.Stages[i].MinBake = 0
		w.plan.Stages[i].Gates = nil
	}
	w.plan.Stages[0].Gates = []string{"first"}
	w.deploy = &hurdle{Deployer: w.real, blind: true} // exposed, and not observed
	w.start()
	w.step()
	w.deploy = w.real
	w.asked = nil
	w.later(time.Hour)
	require.Equal(t, rollout.PhaseDeployed, w.step().Rollout.Phase)
	require.Equal(t, []string{"first canary", "first half", "first all"}, w.asked)
	w.audit()
}

func TestAnswersThatTookTooLongAreThrownAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	slow := rollout.GateFunc(func(context.Context, rollout.GateQuery) (rollout.GateResult, error) {
		w.clock = w.clock.Add(6 * time.Minute)
		return rollout.GateResult{Verdict: release.VerdictAllow}, nil
	})
	e, err := rollout.New(rollout.Options{Journal: w.journal, Deployer: w.deploy, Now: func() time.Time { return w.clock },
		Gates: map[string]rollout.Gate{"first": slow}})
	require.NoError(t, err)
	w.start()
	s, _, err := e.Step(t.Context(), production)
	require.NoError(t, err)
	require.Equal(t, rollout.PhaseStarting, s.Rollout.Phase)
	require.Contains(t, s.String(), "too late")
}

// What a gate or a deployer says can be of any size and must not keep a rollback
// from being recorded, nor steer a terminal.
func TestHugeAnswersDoNotStopARollback(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.step()
	huge := rollout.GateFunc(func(context.Context, rollout.GateQuery) (rollout.GateResult, error) {
		return rollout.GateResult{Verdict: release.VerdictHold, Reason: release.Reason{Code: strings.Repeat("<", 2<<20),
			Text: "\x1b[2J" + strings.Repeat("\n", 2<<20), Refs: make([]release.Digest, 200_000)}}, nil
	})
	e, err := rollout.New(rollout.Options{Journal: w.journal, Deployer: many{w.real}, Now: func() time.Time { return w.clock },
		Gates: map[string]rollout.Gate{"first": huge},
		Health: rollout.HealthFunc(func(context.Context, rollout.HealthQuery) (health.Verdict, error) {
			return health.Verdict{Kind: health.KindRegressed, Why: "\x1b[2J" + strings.Repeat("&", 2<<20)}, nil
		})})
	require.NoError(t, err)
	w.clock = w.clock.Add(time.Hour)
	s, _, err := e.Step(t.Context(), production)
	require.NoError(t, err)
	require.Equal(t, rollout.PhaseRollingBack, s.Rollout.Phase)
	require.Zero(t, w.serves())
	require.NotContains(t, s.String(), "\x1b")
	require.Equal(t, rollout.PhaseRolledBack, w.later(time.Hour).Rollout.Phase)
	w.audit()
}

// many reports more shares than there can be.
type many struct{ rollout.Deployer }

func (m many) Observe(ctx context.Context, t rollout.Target) (rollout.Observed, error) {
	o, err := m.Deployer.Observe(ctx, t)
	o.Shares = append(o.Shares, make([]rollout.Share, 100_000)...)
	return o, err
}

func TestPoison(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	w.start()
	_, err := w.engine().Start(ctx, w.plan, ada)
	require.ErrorIs(t, err, rollout.ErrBusy)
	w.step()
	w.abort()
	w.step()

	_, err = w.engine().Start(ctx, w.plan, ada)
	require.ErrorIs(t, err, rollout.ErrPoisoned)
	renamed := w.plan
	renamed.Release.Version = "2.0.1" // the same digest by another name
	_, err = w.engine().Start(ctx, renamed, ada)
	require.ErrorIs(t, err, rollout.ErrPoisoned)

	wrong := w.plan
	wrong.Release, wrong.Previous = version("3"), version("2")
	_, err = w.engine().Start(ctx, wrong, ada)
	require.ErrorIs(t, err, rollout.ErrPrevious)
	_, err = w.engine().StartPoisoned(ctx, w.plan, rollout.By{Actor: ada.Actor})
	require.ErrorContains(t, err, "reason")

	s, err := w.engine().StartPoisoned(ctx, w.plan, ada)
	require.NoError(t, err)
	require.True(t, s.Rollout.Override)
	w.step()
	w.later(time.Hour)
	w.later(time.Hour)
	s = w.later(time.Hour)
	require.Equal(t, rollout.PhaseDeployed, s.Rollout.Phase)
	require.Empty(t, s.Poisoned, "what was deployed after all is poisoned no more")
	require.Equal(t, version("2"), s.Current)
	w.audit()
}

func TestAPoisonedReleaseIsNoPrevious(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.step()
	w.abort()
	w.step()
	byHand := new(world)
	*byHand = *w
	_, err := w.engine().Adopt(t.Context(), production, version("2"), ada)
	require.Error(t, err, "version 2 does not serve")
	a := rollout.Action{Target: production, Kind: rollout.ActionExpose, Release: version("2"), Slices: []rollout.Slice{{Percent: 100}}, Fence: 99, Key: release.DigestOf(nil)}
	require.NoError(t, w.real.Apply(t.Context(), a))
	s, err := w.engine().Adopt(t.Context(), production, version("2"), ada)
	require.NoError(t, err)
	require.Equal(t, version("2"), s.Current)
	plan := w.plan
	plan.Release, plan.Previous = version("3"), version("2")
	_, err = w.engine().Start(t.Context(), plan, ada)
	require.ErrorIs(t, err, rollout.ErrPoisoned)
}

// Fences go on from rollout to rollout: they are numbers of records.
func TestFencesRiseAcrossRollouts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := 2; i < 6; i++ {
		w.plan.Release, w.plan.Previous = version(fmt.Sprint(i)), version("1")
		w.start()
		w.step()
		w.abort()
		require.Equal(t, rollout.PhaseRolledBack, w.step().Rollout.Phase)
	}
	effects := w.real.Effects(production)
	require.Len(t, effects, 8)
	for i := 1; i < len(effects); i++ {
		require.Greater(t, effects[i].Fence, effects[i-1].Fence)
		require.NotEqual(t, effects[i].Key, effects[i-1].Key)
	}
	w.audit()
}

func TestCommandsNeedSomebodyAndAReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.engine().Start(t.Context(), w.plan, rollout.By{Reason: "anonymous"})
	require.ErrorContains(t, err, "actor")
	w.start()
	for _, by := range []rollout.By{{}, {Actor: ada.Actor}, {Reason: "x"}, {Actor: ada.Actor, Reason: " "}} {
		_, err := w.engine().Abort(t.Context(), production, by)
		require.Error(t, err)
		_, err = w.engine().Pause(t.Context(), production, by)
		require.Error(t, err)
	}
	require.Len(t, w.records(), 1)
}

func TestHoldsDoNotFillTheJournal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.verdict["first"] = release.VerdictHold
	w.start()
	for range 300 {
		w.later(time.Minute)
	}
	require.Len(t, w.records(), 2, "the start, and the gate's first answer")
}

// A deployer that always fails is tried again, ever more slowly.
func TestBackoff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deploy = &hurdle{Deployer: w.real, before: errBoom}
	w.start()
	for range 3 * 60 / 2 {
		s := w.later(2 * time.Minute)
		require.Contains(t, s.String(), "boom")
	}
	require.Less(t, len(w.records()), 60)
	w.audit()
}

func TestNewReportsEverything(t *testing.T) {
	t.Parallel()
	_, err := rollout.New(rollout.Options{MaxAnswerAge: -1})
	require.ErrorContains(t, err, "journal")
	require.ErrorContains(t, err, "deployer")
	require.ErrorContains(t, err, "clock")
	require.ErrorContains(t, err, "negative")
}

func TestRunStopsWithTheContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := w.engine().Run(ctx, production, func(context.Context, rollout.State, time.Time) error {
		cancel()
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
}

func TestEventsCarryWhoAndHowMuch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.step()
	w.later(time.Hour)
	w.abort()
	w.step()
	events, err := rollout.Events(production, w.records())
	require.NoError(t, err)
	require.Len(t, events, 4)
	require.Equal(t, []float64{0, 5, 50, 0}, []float64{events[0].Percent, events[1].Percent, events[2].Percent, events[3].Percent})
	require.Equal(t, []string{"", "canary", "half", ""}, []string{events[0].Stage, events[1].Stage, events[2].Stage, events[3].Stage})
	require.Equal(t, ada.Actor, events[0].Actor)
	require.Equal(t, "service:sallyport", events[1].Actor.ID)
	require.Equal(t, ada.Actor, events[3].Actor)
	require.Equal(t, "rollout/aborted", events[3].Reason.Code)
	require.Equal(t, nine, events[3].Started)
	require.Equal(t, version("1"), events[3].Previous)
}

var _ journal.Journal = (*journal.Memory)(nil)
