package deploytest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/rollout"
)

// errNoScope is of a deployer of which nothing can be asked that several slices need.
var errNoScope = fmt.Errorf("%w: the options say that the deployer knows no scope", ErrNotProven)

// replaced has the release served in more slices, in fewer, in others.
func replaced(ctx context.Context, s *subject) error {
	parts := s.several()
	if len(parts) < 2 {
		return errNoScope
	}
	return s.all(ctx, s.act(1, parts...), s.act(3, parts[1:]...), s.act(5, parts[0]), s.full(7), s.act(8, parts[:2]...), s.back(9))
}

func sliceOrder(ctx context.Context, s *subject) error {
	parts := s.several()
	if len(parts) < 2 {
		return errNoScope
	}
	turned := slices.Clone(parts)
	slices.Reverse(turned)
	a := s.act(2, parts...)
	again := a
	again.Slices = turned
	b := s.act(4, turned...)
	return errors.Join(s.do(ctx, a), s.do(ctx, again), s.inForce(ctx, a), s.do(ctx, b), s.do(ctx, s.act(6, parts...)))
}

// manySlices are as many as a stage with a slice for each of many cells has.
func manySlices(ctx context.Context, s *subject) error {
	const n = 300
	part := s.narrow().Percent
	var parts []rollout.Slice
	for i := range n {
		switch {
		case !s.lacks(FeatureCell):
			parts = append(parts, rollout.Slice{Cell: fmt.Sprint("cell ", i), Percent: part})
		case !s.lacks(FeatureRegion):
			parts = append(parts, rollout.Slice{Region: fmt.Sprint("region ", i), Percent: part})
		case !s.lacks(FeatureCohort):
			parts = append(parts, rollout.Slice{Cohort: fmt.Sprint("cohort ", i), Percent: part})
		default:
			return errNoScope
		}
	}
	return s.all(ctx, s.act(2, parts...), s.act(4, parts[:n-1]...), s.back(6))
}

func percents(ctx context.Context, s *subject) error {
	return s.all(ctx, s.act(1, share(1)), s.act(2, share(2)), s.act(3, share(49)), s.act(4, share(99)), s.act(5, share(3)))
}

func fractions(ctx context.Context, s *subject) error {
	return s.all(ctx, s.act(1, share(0.5)), s.act(2, share(12.5)), s.act(3, share(33.3)), s.act(4, share(99.9)))
}

// scope tries slices of one scope. A name is not part of another, and the other of the
// two is not served.
func scope(ctx context.Context, s *subject, slice func(i int) rollout.Slice) error {
	one, two := slice(0), slice(1)
	acts := []rollout.Action{s.act(2, one), s.act(4, two)}
	if !s.lacks(FeaturePercent) {
		part := one
		part.Percent = 20
		acts = append(acts, s.act(6, part))
	}
	if !s.lacks(FeatureSlices) {
		acts = append(acts, s.act(8, one, two))
		if !s.lacks(FeaturePercent) {
			part := two
			part.Percent = 30
			acts = append(acts, s.act(10, share(5), one, part))
		}
	}
	return s.all(ctx, append(acts, s.full(12), s.act(14, two), s.back(16))...)
}

// withdraw is a as it is when only some of its slices are left.
func withdraw(a rollout.Action, fence uint64, left ...rollout.Slice) rollout.Action {
	a.Kind, a.Slices, a.Key, a.Fence = rollout.ActionWithdraw, left, key(fence, "key"), fence
	return a
}

func withdrawn(ctx context.Context, s *subject) error {
	parts := s.several()
	if len(parts) < 2 {
		return errNoScope
	}
	stage := s.act(2, parts...)
	return s.all(ctx, stage, withdraw(stage, 4, parts[1:]...), withdraw(stage, 6, parts[len(parts)-1]), s.act(8, parts...),
		withdraw(stage, 10, parts[0]), s.back(12))
}

func lateSlice(ctx context.Context, s *subject) error {
	parts := s.several()
	if len(parts) < 2 {
		return errNoScope
	}
	stage := s.act(2, parts...)
	less := withdraw(stage, 6, parts[1:]...)
	return errors.Join(s.all(ctx, stage, less), s.refuse(ctx, stage, less), s.refuse(ctx, s.full(4), less), s.do(ctx, less))
}

// whole has a last stage of several slices, as a host has that deploys region by region.
func whole(ctx context.Context, s *subject) error {
	scopes := []Feature{FeatureRegion, FeatureCell, FeatureEnvironment, FeatureCohort}
	k := slices.IndexFunc(scopes, func(f Feature) bool { return !s.lacks(f) })
	if k < 0 {
		return errNoScope
	}
	parts := []rollout.Slice{s.of(scopes[k], 0, 100), s.of(scopes[k], 1, 100)}
	all := s.act(4, parts...)
	all.Whole = true
	next := s.following(s.act(9, parts[0]))
	return s.all(ctx, s.act(2, parts[0]), all, all, next, s.following(s.back(12)))
}

func environments(ctx context.Context, s *subject) error {
	return scope(ctx, s, func(i int) rollout.Slice { return s.of(FeatureEnvironment, i, 100) })
}

func regions(ctx context.Context, s *subject) error {
	return scope(ctx, s, func(i int) rollout.Slice { return s.of(FeatureRegion, i, 100) })
}

func cells(ctx context.Context, s *subject) error {
	return scope(ctx, s, func(i int) rollout.Slice {
		l := rollout.Slice{Cell: s.cell(i), Percent: 100}
		if i == 1 && !s.lacks(FeatureRegion) {
			l.Region, l.Cell = s.region(0), s.cell(0) // the cell, in one region
		}
		return l
	})
}

func cohorts(ctx context.Context, s *subject) error {
	return scope(ctx, s, func(i int) rollout.Slice {
		l := rollout.Slice{Cohort: s.cohort(i), Percent: 100}
		if i == 1 && !s.lacks(FeatureRegion) {
			l.Region, l.Cohort = s.region(0), s.cohort(0)
		}
		return l
	})
}

// lacking orders what the options say that the deployer cannot do.
func lacking(ctx context.Context, s *subject) error {
	before := s.full(2)
	if err := s.do(ctx, before); err != nil {
		return err
	}
	for i, f := range s.opts.Lacks {
		a, ok := s.lacking(uint64(4+i), f)
		if !ok {
			continue
		}
		if err := s.calms(ctx); err != nil {
			return err
		}
		if err := s.apply(ctx, a); err == nil || errors.Is(err, rollout.ErrFenced) || errors.Is(err, errStuck) {
			return fmt.Errorf("it lacks %v, but apply of %v returned %v and not an error that says so", f, a.Slices, err)
		}
		if err := wait(ctx, max(s.opts.Linger, s.late)); err != nil {
			return err
		}
		o, err := s.observe(ctx, a.Target)
		if err != nil {
			return fmt.Errorf("observe: %w", err)
		}
		// Whether it has seen the fence is left to it.
		if o.Fence == a.Fence {
			before.Fence = a.Fence
		}
		if err := shows(before, o, s.late); err != nil {
			return fmt.Errorf("it lacks %v, and refused %v, but: %w", f, a.Slices, err)
		}
		before.Fence = 2
	}
	return s.do(ctx, s.back(100))
}
