package deploytest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
)

// drifts has somebody else make r serve all of a's target, and waits until that is
// observed.
func (s *subject) drifts(ctx context.Context, a rollout.Action, r release.Ref) (err error) {
	if s.done {
		return nil
	}
	defer s.note(&err)
	// A copy of the action that comes late may well make up for the drift.
	if err := errors.Join(s.calms(ctx), wait(ctx, s.opts.Linger)); err != nil {
		return err
	}
	if err := s.opts.Drift(s.both[0], a.Target, r); err != nil {
		return fmt.Errorf("deploytest: Options.Drift: %w", err)
	}
	all := rollout.Action{Release: r, Slices: []rollout.Slice{share(100)}}
	for end := time.Now().Add(max(s.opts.Settle, s.late)); ; {
		o, err := s.observe(ctx, a.Target)
		if err == nil {
			all.Fence = o.Fence
			if err = shows(all, o, s.late); err == nil {
				break
			}
		}
		if time.Now().After(end) {
			return fmt.Errorf("release %v serves, behind the deployer's back, but: %w", r, err)
		}
		if err := wait(ctx, s.opts.Settle/100+1); err != nil {
			return err
		}
	}
	return nil
}

func drifted(ctx context.Context, s *subject) error {
	canary, full, back := s.canary(2), s.full(4), s.back(6)
	return errors.Join(s.do(ctx, canary), s.drifts(ctx, canary, s.release(1)), s.do(ctx, full), s.drifts(ctx, full, s.release(3)),
		s.do(ctx, back), s.drifts(ctx, back, s.release(2)))
}

func repaired(ctx context.Context, s *subject) error {
	canary, back := s.canary(2), s.back(4)
	return errors.Join(s.do(ctx, canary), s.drifts(ctx, canary, s.release(3)), s.do(ctx, canary),
		s.do(ctx, back), s.drifts(ctx, back, s.release(2)), s.do(ctx, back))
}

func blinded(ctx context.Context, s *subject) error {
	canary, full, back := s.canary(2), s.full(2), s.back(4)
	full.Target, back.Target = s.target(1), s.target(2)
	for _, a := range []rollout.Action{canary, full, back} {
		if err := s.do(ctx, a); err != nil {
			return err
		}
		if err := s.opts.Blind(s.both[0], a.Target); err != nil {
			return fmt.Errorf("deploytest: Options.Blind: %w", err)
		}
		if o, err := s.observe(ctx, a.Target); err == nil && shows(a, o, s.late) == nil {
			return fmt.Errorf("a part of the target cannot be seen, but fence %d is observed as done", a.Fence)
		}
	}
	return nil
}

func partial(ctx context.Context, s *subject) error {
	for _, a := range []rollout.Action{s.canary(3), s.half(6), s.back(9)} {
		if err := s.calms(ctx); err != nil {
			return err
		}
		if err := s.opts.Break(s.both[0], a.Target); err != nil {
			return fmt.Errorf("deploytest: Options.Break: %w", err)
		}
		if err := s.attempt(ctx, a); err != nil {
			return err
		}
		if o, err := s.observe(ctx, a.Target); err == nil && shows(a, o, s.late) == nil {
			return fmt.Errorf("fence %d was done only in part, but is observed as done", a.Fence)
		}
		if s.late == 0 && a.Kind != rollout.ActionRollback {
			if err := s.noLower(ctx, a); err != nil {
				return err
			}
		}
		if err := errors.Join(s.do(ctx, a), s.remains(ctx, a)); err != nil {
			return err
		}
	}
	return nil
}
