package deploytest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
)

func fresh(ctx context.Context, s *subject) error {
	for i := range 3 {
		o, err := s.observe(ctx, s.target(i))
		if err != nil {
			return fmt.Errorf("observe: %w", err)
		}
		if o.Fence != 0 {
			return fmt.Errorf("fence %d is observed of a target that has seen none", o.Fence)
		}
	}
	return nil
}

func inOrder(ctx context.Context, s *subject) error {
	return s.all(ctx, s.canary(1), s.half(3), s.full(5), s.back(9))
}

func duplicate(ctx context.Context, s *subject) error {
	canary, back := s.canary(2), s.back(4)
	return errors.Join(s.all(ctx, canary, canary, canary), s.remains(ctx, canary), s.all(ctx, back, back), s.remains(ctx, back))
}

func sameSlices(ctx context.Context, s *subject) error {
	return s.all(ctx, s.canary(2), s.back(4), s.canary(6), s.half(8), s.back(10), s.half(12))
}

// undone has the exposure arrive for the first time when the rollback is done already.
// Who compares no fences serves the canary then, and must not take the rollback for done
// because it was done before.
func undone(ctx context.Context, s *subject) error {
	back := s.back(4)
	if err := errors.Join(s.do(ctx, back), s.attempt(ctx, s.canary(2))); err != nil {
		return err
	}
	return errors.Join(s.do(ctx, back), s.remains(ctx, back))
}

// following is a as an action of the rollout that follows.
func (s *subject) following(a rollout.Action) rollout.Action {
	a.Release, a.Previous = s.release(3), s.release(2)
	return a
}

func nextRollout(ctx context.Context, s *subject) error {
	return s.all(ctx, s.full(2), s.following(s.canary(9)), s.following(s.back(12)), s.following(s.full(15)))
}

func firstDeployment(ctx context.Context, s *subject) error {
	first := func(a rollout.Action) rollout.Action {
		a.Previous = release.Ref{}
		return a
	}
	return s.all(ctx, first(s.canary(2)), first(s.full(4)), first(s.back(6)), first(s.full(8)))
}

func targets(ctx context.Context, s *subject) error {
	half, elsewhere, third := s.half(8), s.canary(2), s.canary(5)
	elsewhere.Target, third.Target = s.target(1), s.target(2)
	return errors.Join(s.all(ctx, half, elsewhere, third), s.remains(ctx, half), s.remains(ctx, elsewhere), s.remains(ctx, third))
}

// digests has a version built again: what serves is the other of the two.
func digests(ctx context.Context, s *subject) error {
	again := func(a rollout.Action) rollout.Action {
		a.Previous = a.Release
		a.Release.Digest = release.DigestOf([]byte("deploytest, built again"))
		return a
	}
	return s.all(ctx, s.full(2), again(s.canary(4)), again(s.full(6)), again(s.back(8)))
}

// names are targets that a deployer may take for each other, or cannot name at all.
func names(ctx context.Context, s *subject) error {
	long := strings.Repeat("n", 119)
	var acts []rollout.Action
	for i, t := range []rollout.Target{
		{Service: "a/b", Environment: "c"}, {Service: "a", Environment: "b/c"}, {Service: "a%2Fb", Environment: "c"},
		{Service: "a@b", Environment: "c"}, {Service: "a", Environment: "b@c"},
		{Service: "a b", Environment: "c"}, {Service: "a", Environment: "b c"}, {Service: "a-b", Environment: "c"}, {Service: "a", Environment: "b-c"},
		{Service: "A", Environment: "b-c"}, {Service: "..", Environment: ".."}, {Service: "../a", Environment: "."},
		{Service: "größe", Environment: "本番"}, {Service: `"quoted"`, Environment: "'; --"}, {Service: "?x=1&y#", Environment: "*"},
		{Service: long + "1", Environment: long + "1"}, {Service: long + "2", Environment: long + "1"}, {Service: long + "1", Environment: long + "2"},
	} {
		a := s.canary(uint64(100 - i)) // lower than the one before: nothing is shared
		if i%2 == 1 {
			a = s.half(a.Fence)
		}
		if !s.lacks(FeatureRegion) {
			a.Slices = []rollout.Slice{{Region: t.Service, Percent: a.Slices[0].Percent}}
		}
		a.Target, a.Release.Version, a.Previous.Version = t, strings.Repeat("v", 120), "../"+long[:100]
		acts = append(acts, a)
	}
	if err := s.all(ctx, acts...); err != nil {
		return err
	}
	for _, a := range acts {
		if err := s.inForce(ctx, a); err != nil {
			return fmt.Errorf("target %v: %w", a.Target, err)
		}
	}
	return nil
}
