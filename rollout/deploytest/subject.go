package deploytest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
)

// subject is a deployer under test.
type subject struct {
	opts Options
	late time.Duration // what an unfenced deployer declares, else 0

	mu   sync.Mutex
	both [2]rollout.Deployer // of two processes, or one twice
	turn int                 // of both
	last release.Digest      // the key that was applied last
	calm time.Time           // when no attempt can have an effect any more; of late
	done bool                // something was wrong: nothing else is tried
}

// newSubject puts d to the test.
func newSubject(d rollout.Deployer, o *Options) (*subject, error) {
	s := &subject{}
	if o != nil {
		s.opts = *o
	}
	if err := s.opts.check(); err != nil {
		return nil, err
	}
	if s.opts.Settle == 0 {
		s.opts.Settle = 30 * time.Second
	}
	if s.opts.Linger == 0 {
		s.opts.Linger = 20 * time.Millisecond
	}
	if u, ok := d.(rollout.Unfenced); ok {
		if s.late = u.MaxLatency(); s.late <= 0 || s.late > 24*time.Hour {
			return nil, fmt.Errorf("deploytest: the deployer says that its effects are at most %v late; that must be above zero and at most 24h", s.late)
		}
	}
	return s, s.use(d)
}

// use goes on with d.
func (s *subject) use(d rollout.Deployer) error {
	other := d
	if s.opts.Beside != nil {
		var err error
		if other, err = s.opts.Beside(d); err != nil {
			return fmt.Errorf("deploytest: Options.Beside: %w", err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.both = [2]rollout.Deployer{d, other}
	return nil
}

// crash ends the deployers and starts them anew.
func (s *subject) crash() error {
	s.mu.Lock()
	both := s.both
	s.mu.Unlock()
	for i := range both {
		if i == 1 && s.opts.Beside == nil {
			both[1] = both[0]
			break
		}
		var err error
		if both[i], err = s.opts.Restart(both[i]); err != nil {
			return fmt.Errorf("deploytest: Options.Restart: %w", err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.both = both
	return nil
}

// next is the deployer whose turn it is.
func (s *subject) next() rollout.Deployer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn++
	return s.both[s.turn%2]
}

// errStuck is of a call that does not return.
var errStuck = errors.New("deploytest: the call does not return, although its context has ended")

// bounded calls f with a context that ends, and gives up on it if it does not return.
func bounded[T any](ctx context.Context, s *subject, f func(context.Context) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Settle)
	defer cancel()
	done := make(chan answer, 1)
	go func() {
		value, err := f(ctx)
		done <- answer{value, err}
	}()
	timer := time.NewTimer(2 * s.opts.Settle)
	defer timer.Stop()
	select {
	case a := <-done:
		return a.value, a.err
	case <-timer.C:
		var none T
		return none, errStuck
	}
}

// apply hands a to the deployer whose turn it is.
func (s *subject) apply(ctx context.Context, a rollout.Action) error {
	s.started(a)
	a.Slices = slices.Clone(a.Slices) // the deployer may do with them what it likes
	d := s.next()
	_, err := bounded(ctx, s, func(ctx context.Context) (struct{}, error) { return struct{}{}, d.Apply(ctx, a) })
	return err
}

// attempt applies a and does not mind what is said: it may have happened. The error is
// only of a call that does not return.
func (s *subject) attempt(ctx context.Context, a rollout.Action) error {
	if err := s.apply(ctx, a); errors.Is(err, errStuck) {
		return err
	}
	return nil
}

// observe asks the deployer whose turn it is.
func (s *subject) observe(ctx context.Context, t rollout.Target) (rollout.Observed, error) {
	d := s.next()
	o, err := bounded(ctx, s, func(ctx context.Context) (rollout.Observed, error) { return d.Observe(ctx, t) })
	if err != nil {
		return rollout.Observed{}, err
	}
	return o, nil
}

// started keeps in mind until when an unfenced deployer's attempt may have an effect.
func (s *subject) started(a rollout.Action) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calm, s.last = time.Now().Add(s.late), a.Key
}

// calms waits until no attempt of an unfenced deployer can have an effect any more.
func (s *subject) calms(ctx context.Context) error {
	if s.late == 0 {
		return nil
	}
	s.mu.Lock()
	calm := s.calm
	s.mu.Unlock()
	return wait(ctx, time.Until(calm))
}

// pace waits until only attempts of a can still have an effect.
func (s *subject) pace(ctx context.Context, a rollout.Action) error {
	s.mu.Lock()
	last := s.last
	s.mu.Unlock()
	if last == a.Key {
		return nil
	}
	return s.calms(ctx)
}

// note keeps in mind that something was wrong. The first fault is the one to report, and
// what comes after it would only wait for what never happens.
func (s *subject) note(err *error) { s.done = s.done || *err != nil }

// do applies a and waits until it is observed. An unfenced deployer is given the time
// that it asks for, and before it, what else was attempted is given its time.
func (s *subject) do(ctx context.Context, a rollout.Action) (err error) {
	if s.done {
		return nil
	}
	defer s.note(&err)
	if err := s.pace(ctx, a); err != nil {
		return err
	}
	if err := s.apply(ctx, a); err != nil {
		return fmt.Errorf("apply of fence %d: %w", a.Fence, err)
	}
	if s.late > 0 {
		if err := s.calms(ctx); err != nil {
			return err
		}
		return s.inForce(ctx, a)
	}
	return s.await(ctx, a)
}

// await waits until a is observed.
func (s *subject) await(ctx context.Context, a rollout.Action) (err error) {
	if s.done {
		return nil
	}
	defer s.note(&err)
	end := time.Now().Add(s.opts.Settle)
	for pause := time.Millisecond; ; pause = min(2*pause, s.opts.Settle/100+1) {
		o, err := s.observe(ctx, a.Target)
		if err == nil {
			if err = shows(a, o, s.late); err == nil {
				return nil
			}
		}
		if o.Settled && o.Fence >= a.Fence {
			return fmt.Errorf("fence %d is settled, but: %w", a.Fence, err)
		}
		if time.Now().After(end) {
			return fmt.Errorf("fence %d is never observed: %w", a.Fence, err)
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
	}
}

// inForce looks once whether a is in force.
func (s *subject) inForce(ctx context.Context, a rollout.Action) (err error) {
	if s.done {
		return nil
	}
	defer s.note(&err)
	o, err := s.observe(ctx, a.Target)
	if err != nil {
		return fmt.Errorf("observe: %w", err)
	}
	if err := shows(a, o, s.late); err != nil {
		return fmt.Errorf("fence %d is not in force: %w", a.Fence, err)
	}
	return nil
}

// remains looks for a while whether a stays in force.
func (s *subject) remains(ctx context.Context, a rollout.Action) (err error) {
	if s.done {
		return nil
	}
	defer s.note(&err)
	for end := time.Now().Add(s.opts.Linger); ; {
		if err := s.inForce(ctx, a); err != nil || time.Now().After(end) {
			return err
		}
		if err := wait(ctx, s.opts.Linger/10); err != nil {
			return err
		}
	}
}

// refuse applies a, which must be refused; stays must remain in force.
func (s *subject) refuse(ctx context.Context, a, stays rollout.Action) (err error) {
	if s.done {
		return nil
	}
	defer s.note(&err)
	if err := s.apply(ctx, a); !errors.Is(err, rollout.ErrFenced) {
		return fmt.Errorf("apply of fence %d after %d returned %v, not ErrFenced", a.Fence, stays.Fence, err)
	}
	return s.remains(ctx, stays)
}

// all does the actions in order.
func (s *subject) all(ctx context.Context, actions ...rollout.Action) error {
	for _, a := range actions {
		if err := s.do(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// lacks reports whether the options say that the deployer lacks f.
func (s *subject) lacks(f Feature) bool { return slices.Contains(s.opts.Lacks, f) }

// wait sleeps for d, or until ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("the time for the test is over: %w", ctx.Err())
	case <-timer.C:
		return nil
	}
}
