package rollout_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/faulty"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// drive runs w to its end. When a call fails or the driver is killed, it goes on
// with a new engine, as a new process would. It returns how often that was.
func drive(w *world) (faults int) {
	ctx := w.t.Context()
	survive := func(call func() error) bool { return w.survives(call, &faults) }
	for range 100 {
		var s rollout.State
		if !survive(func() (err error) { s, err = w.engine().State(ctx, w.plan.Target); return err }) {
			continue
		}
		if s.Rollout == nil {
			survive(func() error { _, err := w.engine().Start(ctx, w.plan, ada); return err })
			continue
		}
		var until time.Time
		if !survive(func() (err error) { s, until, err = w.engine().Step(ctx, w.plan.Target); return err }) {
			continue
		}
		if !s.Running() {
			return faults
		}
		w.clock = until
		if s.Rollout.Stage >= 0 && s.Rollout.Phase == rollout.PhaseBaking {
			w.clock = s.Rollout.StageAt.Add(time.Hour)
		}
	}
	w.t.Fatal("the rollout does not end")
	return 0
}

// survives reports whether a call succeeded. It may fail, and the driver may be killed in
// it: that is counted.
func (w *world) survives(call func() error, faults *int) (ok bool) {
	defer func() {
		if p := recover(); p != nil {
			require.Equal(w.t, faulty.Killed, p)
			ok = false
		}
		if !ok {
			*faults++
		}
	}()
	err := call()
	require.NotErrorIs(w.t, err, journal.ErrUnknown, "the engine finds out by itself")
	return err == nil
}

// effects are what happened to production. Fences only have to rise: a driver that
// asks again records more.
func effects(w *world) []string {
	var out []string
	fence := uint64(0)
	for _, a := range w.real.Effects(w.plan.Target) {
		out = append(out, fmt.Sprintf("%v %s %v", a.Kind, a.Stage, a.Slices))
		require.Greater(w.t, a.Fence, fence)
		fence = a.Fence
	}
	return out
}

// scenario is a rollout to the end, or one that regresses in the second stage.
func scenario(w *world, regress bool) {
	if regress {
		// The verdict depends on the clock alone, so that it is the same after a crash.
		base := w.clock
		w.health = health.Verdict{Kind: health.KindHealthy}
		w.onAsk = func() {
			if w.clock.Sub(base) >= 2*time.Hour {
				w.health = health.Verdict{Kind: health.KindRegressed}
			}
		}
	}
}

// stride is 1, and 4 where time is short.
func stride() int {
	if testing.Short() {
		return 4
	}
	return 1
}

// Fail every call of the journal in turn, in every way. Production sees the same
// effects in the same order, each once.
func TestEveryCallOfTheJournalFails(t *testing.T) {
	t.Parallel()
	for _, regress := range []bool{false, true} {
		clean := newWorld(t)
		scenario(clean, regress)
		counted := faulty.Journal(clean.journal, 0, faulty.ModeNone)
		clean.journal = counted
		require.Zero(t, drive(clean))
		want := effects(clean)
		events := clean.audit()
		require.NotEmpty(t, want)
		for _, mode := range faulty.Modes() {
			t.Run(fmt.Sprintf("regress=%v/%v", regress, mode), func(t *testing.T) {
				for k := 1; k <= counted.Calls(); k += stride() {
					w := newWorld(t)
					scenario(w, regress)
					under := w.journal
					w.journal = faulty.Journal(under, k, mode)
					drive(w)
					w.journal = under
					require.Equal(t, want, effects(w), "call %d", k)
					require.Equal(t, events, w.audit(), "call %d", k)
				}
			})
		}
	}
}

// weak is a deployer whose k-th call fails.
type weak struct {
	rollout.Deployer
	k, calls int
	how      string
}

func (d *weak) fails() string {
	if d.calls++; d.calls == d.k {
		return d.how
	}
	return ""
}

func (d *weak) Apply(ctx context.Context, a rollout.Action) error {
	how := d.fails()
	switch how {
	case "error before":
		return errBoom
	case "killed before":
		panic(faulty.Killed)
	}
	err := d.Deployer.Apply(ctx, a)
	switch how {
	case "error after":
		return errBoom
	case "killed after":
		panic(faulty.Killed)
	}
	return err
}

func (d *weak) Observe(ctx context.Context, t rollout.Target) (rollout.Observed, error) {
	switch how := d.fails(); how {
	case "":
		return d.Deployer.Observe(ctx, t)
	case "error before", "error after":
		return rollout.Observed{}, errBoom
	default:
		panic(faulty.Killed)
	}
}

// The driver dies, or gets an error, at every call of the deployer.
func TestEveryCallOfTheDeployerFails(t *testing.T) {
	t.Parallel()
	for _, regress := range []bool{false, true} {
		clean := newWorld(t)
		scenario(clean, regress)
		counted := &weak{Deployer: clean.real}
		clean.deploy = counted
		drive(clean)
		for _, how := range []string{"error before", "error after", "killed before", "killed after"} {
			t.Run(fmt.Sprintf("regress=%v/%s", regress, how), func(t *testing.T) {
				for k := 1; k <= counted.calls; k += stride() {
					w := newWorld(t)
					scenario(w, regress)
					w.deploy = &weak{Deployer: w.real, k: k, how: how}
					drive(w)
					require.Equal(t, effects(clean), effects(w), "call %d", k)
					require.Equal(t, clean.audit(), w.audit(), "call %d", k)
				}
			})
		}
	}
}

// Each step is taken by a new process, as far as memory goes, over the file journal.
func TestResumeFromTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rollouts.journal")
	w := newWorld(t)
	open := func() *journal.File {
		f, err := journal.Open(path, nil)
		require.NoError(t, err)
		w.journal = f
		return f
	}
	f := open()
	w.start()
	require.NoError(t, f.Close())
	for range 4 {
		f := open()
		w.step()
		require.NoError(t, f.Close())
		w.clock = w.clock.Add(time.Hour)
	}
	f = open()
	defer f.Close()
	s, err := w.engine().State(t.Context(), production)
	require.NoError(t, err)
	require.Equal(t, rollout.PhaseDeployed, s.Rollout.Phase)
	require.Equal(t, 100., w.serves())
	w.audit()
}

// Many engines drive one target at once: every effect once, in order.
func TestManyEnginesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range w.plan.Stages {
		w.plan.Stages[i].MinBake, w.plan.Stages[i].Gates, w.plan.Stages[i].Health = 0, nil, rollout.HealthIgnored
	}
	w.start()
	done := make(chan error)
	const engines = 8
	for range engines {
		e, err := rollout.New(rollout.Options{Journal: w.journal, Deployer: w.deploy, Now: func() time.Time { return nine }})
		require.NoError(t, err)
		go func() {
			_, _, err := e.Step(context.Background(), production)
			done <- err
		}()
	}
	for range engines {
		require.NoError(t, <-done)
	}
	require.Equal(t, rollout.PhaseDeployed, w.step().Rollout.Phase)
	require.Len(t, w.real.Effects(production), 3)
	w.audit()
}

// A command whose append was acknowledged to nobody happens once.
func TestACommandOfUnknownOutcomeHappensOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	under := w.journal
	w.journal = faulty.Journal(under, 2, faulty.ModeAfter) // the load, then the append
	w.start()
	w.journal = faulty.Journal(under, 2, faulty.ModeAfter)
	w.abort()
	w.journal = under
	require.Len(t, w.records(), 2)
	require.Equal(t, rollout.PhaseStopped, w.step().Rollout.Phase)
}

// Somebody aborts while a gate is being asked: the answer is worth nothing then.
func TestAnAbortInTheMiddleOfAStepWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.step()
	w.onAsk = func() {
		w.onAsk = nil
		w.abort()
	}
	require.Equal(t, rollout.PhaseRolledBack, w.later(time.Hour).Rollout.Phase)
	require.Len(t, w.real.Effects(production), 2, "the canary and the rollback")
	w.audit()
}
