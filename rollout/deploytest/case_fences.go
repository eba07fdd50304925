package deploytest

import (
	"context"
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
)

func replay(ctx context.Context, s *subject) error {
	canary, half := s.canary(2), s.half(4)
	return errors.Join(s.all(ctx, canary, half), s.refuse(ctx, canary, half), s.do(ctx, half))
}

func reorder(ctx context.Context, s *subject) error {
	half := s.half(4)
	// Refused is also what would change nothing.
	return errors.Join(s.do(ctx, half), s.refuse(ctx, s.canary(2), half), s.refuse(ctx, s.half(3), half))
}

func zombie(ctx context.Context, s *subject) error {
	back := s.back(6)
	return errors.Join(s.all(ctx, s.canary(2), back),
		s.refuse(ctx, s.half(4), back), s.refuse(ctx, s.canary(2), back), s.do(ctx, back))
}

func lateFirst(ctx context.Context, s *subject) error {
	back := s.back(4)
	return errors.Join(s.do(ctx, back), s.refuse(ctx, s.canary(2), back))
}

func twoHistories(ctx context.Context, s *subject) error {
	canary, other, back := s.canary(2), s.full(2), s.back(4)
	other.Key = key(2, "another history")
	forth := s.full(4)
	forth.Key = key(4, "another history")
	return errors.Join(s.do(ctx, canary), s.refuse(ctx, other, canary), s.do(ctx, back), s.refuse(ctx, forth, back))
}

// otherBody has an action changed on its way: the key says that it is the one which is
// done, the slices say another.
func otherBody(ctx context.Context, s *subject) error {
	for _, a := range []rollout.Action{s.canary(2), s.back(4)} {
		if err := s.do(ctx, a); err != nil {
			return err
		}
		other := s.full(a.Fence)
		if err := s.apply(ctx, other); errors.Is(err, errStuck) {
			return err
		}
		if err := s.remains(ctx, a); err != nil {
			return err
		}
		if err := s.do(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

func noFence(ctx context.Context, s *subject) error {
	fenceless, keyless, canary := s.full(0), s.full(9), s.canary(2)
	keyless.Key = release.Digest{}
	for _, a := range []rollout.Action{fenceless, keyless} {
		for _, before := range []rollout.Action{canary, s.back(4)} {
			a.Target, before.Target = s.target(int(before.Fence/4)), s.target(int(before.Fence/4))
			if err := s.apply(ctx, a); err == nil || errors.Is(err, errStuck) {
				return fmt.Errorf("apply of fence %d and key %v returned %v", a.Fence, a.Key, err)
			}
			if err := wait(ctx, s.opts.Linger); err != nil {
				return err
			}
			switch o, err := s.observe(ctx, a.Target); {
			case err != nil:
				return fmt.Errorf("observe: %w", err)
			case o.Fence > before.Fence:
				return fmt.Errorf("fence %d was seen", o.Fence)
			}
			if err := s.do(ctx, before); err != nil {
				return err
			}
			if err := s.apply(ctx, a); err == nil || errors.Is(err, errStuck) {
				return fmt.Errorf("apply of fence %d and key %v after fence %d returned %v", a.Fence, a.Key, before.Fence, err)
			}
			if err := s.remains(ctx, before); err != nil {
				return err
			}
		}
	}
	return nil
}

func oldRollout(ctx context.Context, s *subject) error {
	fixed, back := s.following(s.canary(9)), s.following(s.back(12))
	return errors.Join(s.all(ctx, s.canary(2), s.full(4), fixed), s.refuse(ctx, s.back(6), fixed), s.refuse(ctx, s.full(4), fixed),
		s.do(ctx, back), s.refuse(ctx, s.full(4), back))
}

// numbers crosses the places where fences kept as text or in too few bits are wrong.
// A stream holds at most 2^53 records: a fence is a number in their JSON.
func numbers(ctx context.Context, s *subject) error {
	for _, f := range []uint64{9, 99, 1<<8 - 1, 1<<16 - 1, 1<<24 + 1, 1<<31 - 1, 1<<32 - 1, 1<<52 + 1, 1<<53 - 1} {
		low, high := s.canary(f), s.half(f+1)
		if err := errors.Join(s.do(ctx, low), s.do(ctx, high), s.refuse(ctx, low, high)); err != nil {
			return fmt.Errorf("fences %d and %d: %w", f, f+1, err)
		}
	}
	return nil
}
