package deploytest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sallyport-dev/sallyport/rollout"
)

// lookedAt is a context that ends when it has been looked at often enough: wherever a
// deployer looks, it can be made to find that its time is over.
type lookedAt struct {
	context.Context
	left *atomic.Int64
	end  context.CancelFunc
}

// endAt is a context that ends at its k-th look, and a function that reports whether
// that came.
func endAt(ctx context.Context, k int) (context.Context, func() bool) {
	inner, cancel := context.WithCancel(ctx)
	c := lookedAt{inner, new(atomic.Int64), cancel}
	c.left.Store(int64(k))
	return c, func() bool {
		cancel() // what is still waiting for it shall not
		return c.left.Load() <= 0
	}
}

func (c lookedAt) look() {
	if c.left.Add(-1) == 0 {
		c.end()
	}
}

func (c lookedAt) Done() <-chan struct{} {
	c.look()
	return c.Context.Done()
}

func (c lookedAt) Err() error {
	c.look()
	return c.Context.Err()
}

// attemptLook attempts a with a context that ends when it is looked at for the k-th time,
// and reports whether it was.
func (s *subject) attemptLook(ctx context.Context, k int, a rollout.Action) (reached bool, err error) {
	if err := s.pace(ctx, a); err != nil {
		return false, err
	}
	s.started(a)
	a.Slices = slices.Clone(a.Slices)
	d := s.next()
	reached, err = bounded(ctx, s, func(ctx context.Context) (bool, error) {
		until, ended := endAt(ctx, k)
		err := d.Apply(until, a)
		return ended(), err
	})
	if errors.Is(err, errStuck) {
		return false, err
	}
	return reached, nil
}

// looks is how many looks are tried: fewer where each takes the time that an unfenced
// deployer asks for.
func (s *subject) looks() int {
	if s.late > 0 {
		return 8
	}
	return 40
}

func cancelled(ctx context.Context, s *subject) error {
	over, cancel := context.WithCancel(ctx)
	cancel()
	canary, back := s.canary(2), s.back(4)
	return errors.Join(s.attempt(over, canary), s.do(ctx, canary), s.calms(ctx), s.attempt(over, back), s.do(ctx, back), s.remains(ctx, back))
}

// interrupted has attempts of a canary and of its rollback interrupted, and repeats
// them. Nothing of what was interrupted comes late.
func (s *subject) interrupted(ctx context.Context, fence uint64, interrupt func(rollout.Action) error) error {
	canary, back := s.canary(fence), s.back(fence+2)
	if err := errors.Join(interrupt(canary), s.do(ctx, canary)); err != nil {
		return err
	}
	if err := errors.Join(interrupt(back), s.do(ctx, back)); err != nil {
		return err
	}
	// A canary of which nobody ever hears, and its rollback.
	lost, back := s.canary(fence+4), s.back(fence+6)
	if err := errors.Join(interrupt(lost), s.do(ctx, back)); err != nil {
		return err
	}
	return s.remains(ctx, back)
}

// atEachLook has attempts interrupted at every look at the context, and does then after
// each.
func (s *subject) atEachLook(ctx context.Context, what string, then func() error) error {
	for k := range s.looks() {
		reached := false
		err := s.interrupted(ctx, uint64(10*k+1), func(a rollout.Action) error {
			ended, err := s.attemptLook(ctx, k+1, a)
			reached = reached || ended
			return errors.Join(err, then())
		})
		if err != nil {
			return fmt.Errorf("%s at look %d at the context: %w", what, k+1, err)
		}
		if !reached {
			break
		}
	}
	return nil
}

func timeout(ctx context.Context, s *subject) error {
	return s.atEachLook(ctx, "the time is over", func() error { return nil })
}

// slow has the context end a bit later each time, up to the time that a call takes.
func slow(ctx context.Context, s *subject) error {
	begin := time.Now()
	if err := s.attempt(ctx, s.canary(1)); err != nil {
		return err
	}
	took := time.Since(begin)
	const parts = 4
	for i := range parts {
		err := s.interrupted(ctx, uint64(10*(i+1)), func(a rollout.Action) error {
			if err := s.pace(ctx, a); err != nil {
				return err
			}
			until, cancel := context.WithTimeout(ctx, took*time.Duration(2*i+1)/(2*parts))
			defer cancel()
			return s.attempt(until, a)
		})
		if err != nil {
			return fmt.Errorf("the context ends at %d/%d of the %v that a call took: %w", 2*i+1, 2*parts, took, err)
		}
	}
	return nil
}

func ends(ctx context.Context, s *subject) error {
	over, cancel := context.WithCancel(ctx)
	cancel()
	canary := s.canary(2)
	if err := s.attempt(over, canary); err != nil {
		return err
	}
	if _, err := s.observe(over, canary.Target); errors.Is(err, errStuck) {
		return err
	}
	return s.do(ctx, canary)
}
