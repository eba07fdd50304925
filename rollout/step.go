package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// Step drives a target's rollout as far as it goes at this moment, and returns
// where it stands and when to call Step again: zero if the rollout has ended or
// there is none. Calling earlier, later, twice, or from several processes at once
// does no harm.
//
// Answers of gates, health and deployer that say no, or are errors, are recorded,
// with the errors' texts, and are no error of Step. An error means that the journal
// could not be read or written, or that the context ended; what was recorded before
// stays.
func (e *Engine) Step(ctx context.Context, t Target) (State, time.Time, error) {
	s, wake, err := e.step(ctx, t, 0)
	return e.handed(s), wake, err
}

func (e *Engine) step(ctx context.Context, t Target, token uint64) (State, time.Time, error) {
	s, err := e.read(ctx, t)
	if err != nil {
		return State{}, time.Time{}, err
	}
	return e.stepFrom(ctx, s, token)
}

// stepFrom is step from a state that was read already.
func (e *Engine) stepFrom(ctx context.Context, s State, token uint64) (State, time.Time, error) {
	t := s.Target
	var applied *Facts // what became of the action that was just applied
	for range maxTries {
		if err := ctx.Err(); err != nil {
			return State{}, time.Time{}, fmt.Errorf("rollout: step %v: %w", t, err)
		}
		facts, acted := applied, applied != nil
		if applied = nil; !acted {
			asked := e.gather(ctx, s)
			facts = &asked
		}
		d, err := Decide(s, *facts)
		if err != nil {
			return State{}, time.Time{}, err
		}
		if len(d.Entries) > 0 {
			after, err := e.append(ctx, s, token, d.Entries...)
			if errors.Is(err, journal.ErrConflict) || errors.Is(err, journal.ErrUnknown) {
				if s, err = e.load(ctx, s); err != nil {
					return State{}, time.Time{}, err
				}
				continue
			}
			if err != nil {
				return State{}, time.Time{}, err
			}
			s = after
		}
		if d.Apply != nil {
			applied = e.apply(ctx, *d.Apply)
			continue
		}
		if acted && !s.idle() && !d.WakeAt.After(facts.Now) {
			continue // what came of the action decides nothing, and there is more to ask
		}
		if len(d.Entries) == 0 || s.idle() {
			return s, d.WakeAt, nil
		}
	}
	return State{}, time.Time{}, fmt.Errorf("rollout: step %v: it did not come to rest in %d rounds", t, maxTries)
}

// apply hands a to the deployer and looks what became of it.
func (e *Engine) apply(ctx context.Context, a Action) *Facts {
	f := &Facts{Now: e.opts.Now(), Actor: e.opts.Actor, Applied: &Applied{Fence: a.Fence}}
	a.Slices = slices.Clone(a.Slices) // the deployer may do with them what it likes
	if err := e.opts.Deployer.Apply(ctx, a); err != nil {
		f.Applied.Error = describe(err)
	}
	f.Observed = e.observe(ctx, a.Target)
	f.Now = e.opts.Now()
	return f
}

// Run calls [Engine.Step] until the rollout has ended, and waits in between by
// calling wait with the state and the time to go on. If wait is nil, Run waits by
// the engine's clock and a timer, and at most a minute, because another process
// may have aborted. It returns when there is nothing left to do,
// when wait returns an error, or when Step does.
func (e *Engine) Run(ctx context.Context, t Target, wait func(ctx context.Context, s State, until time.Time) error) (State, error) {
	if wait == nil {
		wait = e.sleep
	}
	for {
		s, until, err := e.Step(ctx, t)
		if err != nil || until.IsZero() {
			return s, err
		}
		if err := wait(ctx, s, until); err != nil {
			return s, err
		}
	}
}

func (e *Engine) sleep(ctx context.Context, _ State, until time.Time) error {
	timer := time.NewTimer(min(until.Sub(e.opts.Now()), time.Minute))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("rollout: run: %w", ctx.Err())
	case <-timer.C:
		return nil
	}
}
