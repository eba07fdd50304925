package deploytest

import (
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/internal/enum"
	"github.com/sallyport-dev/sallyport/rollout"
)

// Feature is something that not every deployer can do.
type Feature uint8

// The features. A deployer that lacks one refuses an action that needs it, with an
// error and without an effect: that is tested instead.
const (
	FeatureUnknown     Feature = iota
	FeaturePercent             // some of the traffic; without it, all of a scope or nothing
	FeatureFraction            // shares that are no whole percents
	FeatureSlices              // several slices at once
	FeatureEnvironment         // slices of an environment
	FeatureRegion              // slices of a region
	FeatureCell                // slices of a cell
	FeatureCohort              // slices of a cohort
	FeatureFirst               // targets with no previous release
	FeatureNames               // names of any kind; without it, only those of Options
)

// What hosts do not name, because it follows from their methods and hooks.
const (
	fences Feature = FeatureNames + 1 + iota
	restart
	drift
	blind
	breaks
	beside
)

var features = enum.Table[Feature]{Type: "deploytest.Feature", Names: []string{"unknown", "percent", "fraction", "slices",
	"environment", "region", "cell", "cohort", "first", "names",
	"fences", "restart", "drift", "blind", "break", "beside"}}

// String is the feature's name.
func (f Feature) String() string { return features.Text(f) }

// ErrNotProven is what [Case.Run] returns for a demand that it could not try: the
// deployer lacks what it needs, or the options have no hook for it. It is no fault of
// the deployer, and it is no proof either.
var ErrNotProven = errors.New("deploytest: not proven")

// why says what keeps a demand that needs f from being tried, or nil.
func (s *subject) why(f Feature) error {
	missing := ""
	switch {
	case f == fences && s.late > 0:
		return fmt.Errorf("%w, and NOT GIVEN: the deployer cannot compare fences", ErrNotProven)
	case f == restart && s.opts.Restart == nil:
		missing = "Restart"
	case f == drift && s.opts.Drift == nil:
		missing = "Drift"
	case f == blind && s.opts.Blind == nil:
		missing = "Blind"
	case f == breaks && s.opts.Break == nil:
		missing = "Break"
	case f == beside && s.opts.Beside == nil:
		missing = "Beside"
	case s.lacks(f):
		return fmt.Errorf("%w: the options say that the deployer lacks the feature %q", ErrNotProven, f)
	}
	if missing != "" {
		return fmt.Errorf("%w: the options have no %s", ErrNotProven, missing)
	}
	return nil
}

// lacking is an action of the wrong kind for a deployer that lacks f.
func (s *subject) lacking(fence uint64, f Feature) (rollout.Action, bool) {
	switch f {
	case FeaturePercent:
		return s.act(fence, share(10)), true
	case FeatureFraction:
		return s.act(fence, share(12.5)), !s.lacks(FeaturePercent)
	case FeatureEnvironment, FeatureRegion, FeatureCell, FeatureCohort:
		return s.act(fence, s.of(f, 0, s.part(10))), true
	case FeatureSlices:
		several := s.several()
		return s.act(fence, several...), len(several) > 1
	}
	return rollout.Action{}, false
}
