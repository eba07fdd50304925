package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// Step drives a target's rollout as far as it goes at this moment, and returns
// where it stands and when to call Step again: zero if the rollout has ended or
// there is none. Calling earlier, later, twice, or from several processes at once
// does no harm.
//
// Answers of gates, health and deployer that say no, or are errors, are recorded,
// with the errors' texts, and are no error of Step. An error means that the journal could not be read or
// written, or that the context ended; what was recorded before stays.
func (e *Engine) Step(ctx context.Context, t Target) (State, time.Time, error) {
	s, err := e.State(ctx, t)
	if err != nil {
		return State{}, time.Time{}, err
	}
	var applied *Facts // what became of the action that was just applied
	for range maxTries {
		if err := ctx.Err(); err != nil {
			return State{}, time.Time{}, fmt.Errorf("rollout: step %v: %w", t, err)
		}
		facts := applied
		if applied = nil; facts == nil {
			asked := e.gather(ctx, s)
			facts = &asked
		}
		d, err := Decide(s, *facts)
		if err != nil {
			return State{}, time.Time{}, err
		}
		if len(d.Entries) > 0 {
			after, err := e.append(ctx, s, d.Entries...)
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
		if len(d.Entries) == 0 || !s.Running() {
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

// gather asks the questions of s, the gates last: theirs are the answers that
// must not be old.
func (e *Engine) gather(ctx context.Context, s State) Facts {
	f := Facts{Now: e.opts.Now(), Actor: e.opts.Actor}
	q := Ask(s, f.Now)
	if q.Observe {
		f.Observed = e.observe(ctx, s.Target)
	}
	if q.Health != nil {
		f.Health = e.health(ctx, *q.Health)
	}
	for _, g := range q.Gates {
		f.Gates = append(f.Gates, e.gate(ctx, g))
	}
	if age := e.opts.Now().Sub(f.Now); age > e.opts.MaxAnswerAge {
		late := fmt.Sprintf("the answer came too late: asking took %v", age)
		for i := range f.Gates {
			if f.Gates[i].Verdict() != release.VerdictDeny {
				f.Gates[i] = GateAnswer{Gate: f.Gates[i].Gate, Error: late}
			}
		}
		// An old look at production still shows that a pending action was done.
		if f.Observed != nil && s.Running() && s.Rollout.Pending == nil {
			f.Observed = &Observation{Error: late}
		}
		if f.Health != nil && !f.Health.regressed() {
			f.Health = &HealthAnswer{Error: late}
		}
	}
	return f
}

func (e *Engine) observe(ctx context.Context, t Target) *Observation {
	o, err := e.opts.Deployer.Observe(ctx, t)
	if err != nil {
		return &Observation{Error: describe(err)}
	}
	return &Observation{Observed: o}
}

func (e *Engine) health(ctx context.Context, q HealthQuery) *HealthAnswer {
	if e.opts.Health == nil {
		return &HealthAnswer{Error: "the engine has no health source"}
	}
	v, err := e.opts.Health.Health(ctx, q)
	if err != nil {
		return &HealthAnswer{Error: describe(err)}
	}
	return &HealthAnswer{Verdict: v}
}

func (e *Engine) gate(ctx context.Context, q GateQuery) GateAnswer {
	g := e.opts.Gates[q.Gate]
	if g == nil {
		return GateAnswer{Gate: q.Gate, Result: GateResult{Verdict: release.VerdictHold, Reason: release.Reason{
			Code: "rollout/gate-unknown", Subject: q.Gate, Text: "the engine has no gate of this name"}}}
	}
	result, err := g.Check(ctx, q)
	if err != nil {
		return GateAnswer{Gate: q.Gate, Error: describe(err)}
	}
	return GateAnswer{Gate: q.Gate, Result: result}
}

// describe is an error's text, never empty: an empty text would say that there
// was no error.
func describe(err error) string {
	if text := err.Error(); text != "" {
		return text
	}
	return "an error without a text"
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
