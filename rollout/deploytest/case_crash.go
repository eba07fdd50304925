package deploytest

import (
	"context"
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/rollout"
)

func restarted(ctx context.Context, s *subject) error {
	canary, back, other := s.canary(4), s.back(6), s.full(6)
	other.Key = key(6, "another history")
	return errors.Join(s.do(ctx, canary), s.crash(), s.await(ctx, canary), s.refuse(ctx, s.full(2), canary), s.do(ctx, canary),
		s.crash(), s.do(ctx, canary), s.do(ctx, back),
		s.crash(), s.refuse(ctx, s.half(5), back), s.refuse(ctx, canary, back),
		s.crash(), s.refuse(ctx, other, back), s.do(ctx, back))
}

// serves reports whether anything is seen to be served by the action's release.
func serves(a rollout.Action, o rollout.Observed) bool {
	for _, share := range o.Shares {
		if share.Release == a.Release.Digest && share.Slice.Percent > 0 {
			return true
		}
	}
	return false
}

// noLower sends a lower fence than a's, and demands that it is refused, if a was seen
// to be done at least in part.
func (s *subject) noLower(ctx context.Context, a rollout.Action) error {
	o, err := s.observe(ctx, a.Target)
	if err != nil || o.Fence < a.Fence && !serves(a, o) {
		return nil // nothing is seen
	}
	if err := s.apply(ctx, s.full(a.Fence-1)); !errors.Is(err, rollout.ErrFenced) {
		return fmt.Errorf("fence %d has an effect, but apply of fence %d returned %v, not ErrFenced", a.Fence, a.Fence-1, err)
	}
	return nil
}

// crashed ends the process at every look at the context, and at several moments in
// the course of a call.
func crashed(ctx context.Context, s *subject) error {
	fence := uint64(10)
	after := func(a rollout.Action) error {
		fence += 10
		return errors.Join(s.noLower(ctx, a), s.do(ctx, a), s.remains(ctx, a), s.do(ctx, s.back(a.Fence+2)))
	}
	for k := range s.looks() {
		a := s.canary(fence)
		reached, err := s.attemptLook(ctx, k+1, a)
		if err := errors.Join(err, s.crash(), after(a)); err != nil {
			return fmt.Errorf("the process ends at look %d at the context: %w", k+1, err)
		}
		if !reached {
			break
		}
	}
	delays, err := s.lateBy(ctx, s.canary(fence))
	if err != nil {
		return err
	}
	if err := s.do(ctx, s.back(fence+1)); err != nil {
		return err
	}
	fence += 10
	for _, d := range delays {
		a := s.canary(fence)
		until, cancel := context.WithCancel(ctx)
		answer := s.begin(until, a)
		err := errors.Join(wait(ctx, d), s.crash())
		cancel()
		if call := answer(); errors.Is(call, errStuck) {
			err = errors.Join(err, call)
		}
		if err := errors.Join(err, after(a)); err != nil {
			return fmt.Errorf("the process ends %v after the call began: %w", d, err)
		}
	}
	return nil
}

func crashRepeat(ctx context.Context, s *subject) error {
	return s.atEachLook(ctx, "the process ends", s.crash)
}
