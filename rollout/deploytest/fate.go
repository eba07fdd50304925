package deploytest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/rollout"
)

// Call is a call of a simulated deployer.
type Call struct {
	// N counts the calls of Apply and Observe, from 1.
	N int
	// Target is what is changed or observed.
	Target rollout.Target
	// Action is what is to be done, or nil if it is Observe that is called. It must not
	// be changed.
	Action *rollout.Action
}

// Fate is what becomes of a call of a simulated deployer, which is a message that is
// sent, arrives, and is answered. The zero Fate has all of it happen at once.
type Fate struct {
	// Lost says that it never arrives. Without Err, the caller waits for its context's end.
	Lost bool
	// Delay is how long it is on its way. The caller waits for it, unless it gets Err or
	// its context ends: then it arrives nonetheless.
	Delay time.Duration
	// Again are copies, each so long on its way. Of calls with different delays, the later
	// may arrive first.
	Again []time.Duration
	// Settle is how long after its arrival an effect is complete. Until then, what was
	// before is observed to serve, and that it has not settled.
	Settle time.Duration
	// Err is what the caller gets, at once, instead of an answer. With Lost, nothing was
	// done; without, the effect comes, and it is the answer that was lost.
	Err error
	// Then is called when the caller would get its answer: a test that kills its callers
	// panics here. It may be nil.
	Then func()
}

// message is an action on its way.
type message struct {
	action  rollout.Action
	due     time.Time
	settle  time.Duration
	keyed   bool // fences are not compared
	arrived bool
	err     error
}

// fate is what becomes of the next call.
func (s *Simulated) fate(c Call) Fate {
	s.mu.Lock()
	s.tally.Calls++
	c.N = s.tally.Calls
	s.mu.Unlock()
	if s.Fate == nil {
		return Fate{}
	}
	return s.Fate(c)
}

// send has a on its way, and waits for the answer. If within is not zero, fences are
// not compared, and what would come later than that is lost.
func (s *Simulated) send(ctx context.Context, a rollout.Action, within time.Duration) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case a.Fence == 0 || a.Key.IsZero():
		return errors.New("deploytest: an action needs a fence and a key")
	}
	a.Slices = slices.Clone(a.Slices)
	f := s.fate(Call{Target: a.Target, Action: &a})
	sent := s.now()
	fly := func(delay time.Duration) *message {
		m := &message{action: a, due: sent.Add(delay), settle: f.Settle, keyed: within != 0}
		if within == 0 || delay+f.Settle <= within {
			s.flying = append(s.flying, m)
		}
		return m
	}
	s.mu.Lock()
	m := &message{}
	if !f.Lost {
		m = fly(f.Delay)
	}
	for _, delay := range f.Again {
		fly(delay)
	}
	slices.SortStableFunc(s.flying, func(a, b *message) int { return a.due.Compare(b.due) })
	s.mu.Unlock()
	return s.answer(ctx, f, m)
}

// answer is what the caller of a call with this fate gets.
func (s *Simulated) answer(ctx context.Context, f Fate, m *message) error {
	if f.Then != nil {
		defer f.Then()
	}
	var err error
	switch {
	case f.Err != nil:
	case f.Lost && ctx.Done() == nil:
		err = errors.New("deploytest: the call is lost, and its context never ends")
	case f.Lost:
		<-ctx.Done()
		err = ctx.Err()
	case f.Delay > 0:
		err = s.sleep(ctx, f.Delay)
	}
	now := s.now()
	if f.Delay == 0 && now.Before(m.due) {
		now = m.due // a clock that was turned back keeps nothing from arriving
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrive(now)
	switch {
	case f.Err != nil:
		return f.Err
	case err != nil:
		return err
	case m.err == nil && !m.arrived:
		return errors.New("deploytest: there is no answer")
	}
	return m.err
}

// look is a call of Observe up to its arrival.
func (s *Simulated) look(ctx context.Context, t rollout.Target) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f := s.fate(Call{Target: t})
	return s.answer(ctx, f, &message{arrived: true})
}

func (s *Simulated) sleep(ctx context.Context, d time.Duration) error {
	if s.Sleep != nil {
		return s.Sleep(ctx, d)
	}
	return wait(ctx, d)
}

// arrive delivers what has arrived by now, in order.
func (s *Simulated) arrive(now time.Time) {
	for len(s.flying) > 0 && !s.flying[0].due.After(now) {
		m := s.flying[0]
		s.flying = s.flying[1:]
		m.arrived, m.err = true, s.accept(m)
	}
}

// accept does what m says, unless it was done before or overtaken.
func (s *Simulated) accept(m *message) error {
	w, a := s.target(m.action.Target), m.action
	settled := time.Time{}
	if m.settle > 0 {
		settled = m.due.Add(m.settle)
	}
	if n := len(w.Actions); n > 0 {
		switch last := &w.Actions[n-1]; {
		case !m.keyed && (a.Fence < last.Fence || a.Fence == last.Fence && a.Key != last.Key):
			s.tally.Refused++
			return fmt.Errorf("deploytest: fence %d after %d: %w", a.Fence, last.Fence, rollout.ErrFenced)
		case a.Key == last.Key:
			s.tally.Repeats++
			if w.Drifted = nil; last.Half {
				last.Half, last.Settled = false, settled
			}
			return nil
		}
	}
	s.tally.Effects++
	half := w.Broken
	w.Actions, w.Drifted, w.Broken = append(w.Actions, effect{Action: a, Settled: settled, Half: half}), nil, false
	if half {
		return errors.New("deploytest: the change ended half-way")
	}
	return nil
}
