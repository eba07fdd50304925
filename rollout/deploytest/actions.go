package deploytest

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
)

// target is the i-th of three targets.
func (s *subject) target(i int) rollout.Target {
	if len(s.opts.Targets) > 0 {
		return s.opts.Targets[i]
	}
	return rollout.Target{Service: "deploytest", Environment: []string{"one", "two", "three"}[i]}
}

// release is the i-th of three releases, from 1.
func (s *subject) release(i int) release.Ref {
	if len(s.opts.Releases) > 0 {
		return s.opts.Releases[i-1]
	}
	version := fmt.Sprint(i)
	return release.Ref{Service: "deploytest", Version: version, Digest: release.DigestOf([]byte("deploytest " + version))}
}

// name is the i-th of the host's names, or one that is made up.
func name(names []string, i int, made string) string {
	if len(names) > 0 {
		return names[i]
	}
	return fmt.Sprint(made, i+1)
}

func (s *subject) environment(i int) string {
	return name(s.opts.Environments, i, "environment-")
}
func (s *subject) region(i int) string { return name(s.opts.Regions, i, "region-") }
func (s *subject) cell(i int) string   { return name(s.opts.Cells, i, "cell-") }
func (s *subject) cohort(i int) string { return name(s.opts.Cohorts, i, "cohort-") }

// act is an action on the first target: release 2 takes the place of release 1. Without
// slices it is a rollback.
func (s *subject) act(fence uint64, parts ...rollout.Slice) rollout.Action {
	a := rollout.Action{Target: s.target(0), Kind: rollout.ActionExpose,
		Release: s.release(2), Previous: s.release(1), Slices: parts, Stage: "stage", Key: key(fence, "key"), Fence: fence}
	if len(parts) == 0 {
		a.Kind, a.Stage = rollout.ActionRollback, ""
	}
	return a
}

// key is a key of the fence; what differs, has another.
func key(fence uint64, what string) release.Digest {
	return release.DigestOf(fmt.Appendf(nil, "deploytest %s %d", what, fence))
}

func share(percent float64) rollout.Slice { return rollout.Slice{Percent: percent} }

// canary, half, full and back are what most rollouts are made of, as far as the
// deployer can do it.
func (s *subject) canary(fence uint64) rollout.Action { return s.act(fence, s.narrow()) }

func (s *subject) half(fence uint64) rollout.Action {
	return s.act(fence, share(s.part(50)))
}

func (s *subject) full(fence uint64) rollout.Action { return s.act(fence, share(100)) }
func (s *subject) back(fence uint64) rollout.Action { return s.act(fence) }

// scoped are slices of the i-th name of each scope that the deployer knows.
func (s *subject) scoped(i int, percent float64) []rollout.Slice {
	var out []rollout.Slice
	for _, f := range []Feature{FeatureEnvironment, FeatureRegion, FeatureCell, FeatureCohort} {
		if !s.lacks(f) {
			out = append(out, s.of(f, i, percent))
		}
	}
	return out
}

// of is a slice of the i-th name of one scope.
func (s *subject) of(scope Feature, i int, percent float64) rollout.Slice {
	l := rollout.Slice{Percent: percent}
	switch scope {
	case FeatureEnvironment:
		l.Environment = s.environment(i)
	case FeatureRegion:
		l.Region = s.region(i)
	case FeatureCell:
		l.Cell = s.cell(i)
	case FeatureCohort:
		l.Cohort = s.cohort(i)
	}
	return l
}

// part is the percent, or all if the deployer cannot do part of a scope.
func (s *subject) part(percent float64) float64 {
	if s.lacks(FeaturePercent) {
		return 100
	}
	return percent
}

// narrow is the least that the deployer can expose.
func (s *subject) narrow() rollout.Slice {
	if parts := s.scoped(0, 100); s.lacks(FeaturePercent) && len(parts) > 0 {
		return parts[0]
	}
	return share(s.part(10))
}

// several are slices of all scopes that the deployer knows: at least two, if it knows
// any.
func (s *subject) several() []rollout.Slice {
	return append(s.scoped(0, s.part(25)), s.scoped(1, s.part(25))...)
}
