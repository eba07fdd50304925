package deploytest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/rollout"
)

// begin calls Apply, and returns what waits for its answer.
func (s *subject) begin(ctx context.Context, a rollout.Action) (answer func() error) {
	done := make(chan error, 1)
	go func() { done <- s.apply(ctx, a) }()
	return sync.OnceValue(func() error { return <-done })
}

// lateBy are moments in the course of a call that takes as long as one of a.
func (s *subject) lateBy(ctx context.Context, a rollout.Action) ([]time.Duration, error) {
	start := time.Now()
	if err := s.apply(ctx, a); err != nil {
		return nil, fmt.Errorf("apply of fence %d: %w", a.Fence, err)
	}
	took := time.Since(start)
	if s.late == 0 {
		if err := s.await(ctx, a); err != nil {
			return nil, err
		}
	}
	return []time.Duration{0, took / 8, took / 4, took / 2, took * 3 / 4}, nil
}

// concurrent sends many at once, and then many so close to each other that each has
// begun before the one before it has ended.
func concurrent(ctx context.Context, s *subject) error {
	for round, apart := range []time.Duration{0, time.Microsecond, 0, time.Microsecond} {
		if err := s.crowd(ctx, 100*uint64(round), apart); err != nil {
			return err
		}
	}
	return nil
}

func (s *subject) crowd(ctx context.Context, base uint64, apart time.Duration) error {
	const n = 17 // the last is unlike the first
	of := func(i int) rollout.Action {
		fence := base + uint64(i)
		switch i % 3 {
		case 0:
			return s.back(fence)
		case 1:
			return s.canary(fence)
		}
		return s.half(fence)
	}
	var answers []func() error
	var err error
	for i := range 2 * n { // each of them twice
		answers = append(answers, s.begin(ctx, of(1+i/2)))
		if apart > 0 && err == nil {
			err = wait(ctx, apart)
		}
	}
	for i, answer := range answers {
		switch answered := answer(); {
		case err != nil || answered == nil:
		case !errors.Is(answered, rollout.ErrFenced):
			err = answered
		case i/2+1 == n:
			err = fmt.Errorf("apply of fence %d, the highest, returned %w", n, answered)
		}
	}
	last := of(n)
	return errors.Join(err, s.await(ctx, last), s.remains(ctx, last), s.do(ctx, last), s.refuse(ctx, of(n-1), last))
}

func concurrentDuplicate(ctx context.Context, s *subject) error {
	for _, a := range []rollout.Action{s.canary(2), s.half(4), s.back(6)} {
		if err := s.calms(ctx); err != nil {
			return err
		}
		var answers []func() error
		for range 8 {
			answers = append(answers, s.begin(ctx, a))
		}
		for _, answer := range answers {
			if err := answer(); errors.Is(err, rollout.ErrFenced) || errors.Is(err, errStuck) {
				return fmt.Errorf("apply of fence %d, which nothing overtook, returned %w", a.Fence, err)
			}
		}
		if err := errors.Join(s.do(ctx, a), s.remains(ctx, a)); err != nil {
			return err
		}
	}
	return nil
}

func underWay(ctx context.Context, s *subject) error {
	delays, err := s.lateBy(ctx, s.canary(1))
	if err != nil {
		return err
	}
	for i, d := range delays {
		low, back := s.half(uint64(10*i+12)), s.back(uint64(10*i+14))
		answer := s.begin(ctx, low)
		err := wait(ctx, d)
		if err == nil {
			err = s.do(ctx, back)
		}
		if low := answer(); errors.Is(low, errStuck) {
			err = errors.Join(err, low)
		}
		if err := errors.Join(err, s.remains(ctx, back)); err != nil {
			return fmt.Errorf("fence %d came %v after fence %d had begun: %w", back.Fence, d, low.Fence, err)
		}
	}
	return nil
}

// seen sends a lower fence at the first moment at which the higher one is observed.
func seen(ctx context.Context, s *subject) error {
	for i := range 4 {
		low, high := s.half(uint64(10*i+12)), s.canary(uint64(10*i+14))
		answer := s.begin(ctx, high)
		err := s.untilSeen(ctx, high)
		if err == nil {
			if err = s.apply(ctx, low); !errors.Is(err, rollout.ErrFenced) {
				err = fmt.Errorf("fence %d was observed, and then apply of fence %d returned %v, not ErrFenced", high.Fence, low.Fence, err)
			} else {
				err = nil
			}
		}
		if first := answer(); first != nil {
			err = errors.Join(err, fmt.Errorf("apply of fence %d: %w", high.Fence, first))
		}
		if err := errors.Join(err, s.await(ctx, high), s.remains(ctx, high), s.do(ctx, s.back(uint64(10*i+16)))); err != nil {
			return err
		}
	}
	return nil
}

// untilSeen waits until a's fence is observed, settled or not.
func (s *subject) untilSeen(ctx context.Context, a rollout.Action) error {
	for end := time.Now().Add(s.opts.Settle); ; {
		o, err := s.observe(ctx, a.Target)
		if err == nil && o.Fence >= a.Fence {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("fence %d is never observed, but fence %d: %w", a.Fence, o.Fence, err)
		}
		if err := wait(ctx, time.Millisecond); err != nil {
			return err
		}
	}
}

// watched looks without a pause while actions are done.
func watched(ctx context.Context, s *subject) error {
	actions := []rollout.Action{s.canary(2), s.half(4), s.back(6), s.full(8), s.back(10), s.canary(12)}
	known := map[uint64]rollout.Action{}
	for _, a := range actions {
		known[a.Fence] = a
	}
	stop := make(chan struct{})
	result := make(chan error, 1)
	go func() { result <- s.watch(ctx, stop, known) }()
	err := s.all(ctx, actions...)
	close(stop)
	return errors.Join(err, <-result)
}

// watch reports what is observed that cannot be, until stop is closed.
func (s *subject) watch(ctx context.Context, stop <-chan struct{}, known map[uint64]rollout.Action) error {
	highest := uint64(0)
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		o, err := s.observe(ctx, s.target(0))
		if err == nil && o.Fence > 0 {
			a, ok := known[o.Fence]
			switch {
			case o.Fence < highest:
				return fmt.Errorf("fence %d was observed after %d", o.Fence, highest)
			case !ok:
				return fmt.Errorf("fence %d was observed, which nobody gave", o.Fence)
			}
			if highest = o.Fence; o.Settled {
				if err := shows(a, o, s.late); err != nil {
					return fmt.Errorf("fence %d was observed as settled, but: %w", o.Fence, err)
				}
			}
		}
		if err := wait(ctx, time.Millisecond); err != nil {
			return err
		}
	}
}

// processes has two deployers take note of what the other has done.
func processes(ctx context.Context, s *subject) error {
	one, two := s.both[0], s.both[1]
	with := func(d rollout.Deployer) *subject {
		return &subject{opts: s.opts, both: [2]rollout.Deployer{d, d}}
	}
	canary, half, back := s.canary(2), s.half(4), s.back(8)
	return errors.Join(
		with(one).do(ctx, canary), with(two).inForce(ctx, canary), with(two).do(ctx, canary),
		with(two).do(ctx, half), with(one).inForce(ctx, half), with(one).refuse(ctx, s.full(3), half), with(one).refuse(ctx, canary, half), with(one).do(ctx, half),
		with(one).do(ctx, back), with(two).refuse(ctx, s.full(6), back), with(two).refuse(ctx, half, back), with(two).do(ctx, back))
}
