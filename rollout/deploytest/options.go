package deploytest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
)

// Options say what a host's deployer can be asked, and how a test gets at the world
// behind it. Nil is the zero Options. What an absent hook or a lacking feature leaves
// unproven is logged by [Run], and is [ErrNotProven] of [Case.Run].
type Options struct {
	// Targets are three that a fresh deployer has never seen. If nil, three of service
	// "deploytest".
	Targets []rollout.Target
	// Releases are three that can be deployed there. The first serves before, where
	// anything does. If nil, versions 1 to 3 of service "deploytest".
	Releases []release.Ref
	// Environments, Regions, Cells and Cohorts are two names of each that slices may have
	// at the deployer. If nil, names that are made up.
	Environments, Regions, Cells, Cohorts []string
	// Lacks are the features that the deployer does not have.
	Lacks []Feature

	// Restart ends d as a crash of its process would, perhaps in the middle of a call,
	// and starts it anew on what it had kept. d is not used afterwards.
	Restart func(d rollout.Deployer) (rollout.Deployer, error)
	// Beside starts another deployer on the same production, as another process would.
	// All cases then use the two in turns. If nil, one stands for both: that fences are
	// kept where all processes see them is not proven.
	Beside func(d rollout.Deployer) (rollout.Deployer, error)
	// Drift makes r serve all of t behind d's back, as a repair by hand would.
	Drift func(d rollout.Deployer, t rollout.Target, r release.Ref) error
	// Blind takes from d, for good, the sight of a part of what serves t.
	Blind func(d rollout.Deployer, t rollout.Target) error
	// Break has the next call of Apply on t end half-way, whatever it does about it: some
	// of what there is to do is done, the rest fails. The call after it can do all.
	Break func(d rollout.Deployer, t rollout.Target) error

	// Settle bounds how long a call may take and how long an accepted action may take
	// to be observed. If zero, 30 seconds. For a [rollout.Unfenced] deployer, which
	// says itself how late it may be, it only bounds a call.
	Settle time.Duration
	// Linger is how long each refused, repeated or finished action is given to show an
	// effect after all. If zero, 20 milliseconds.
	Linger time.Duration
}

// check reports everything that is wrong with the options.
func (o *Options) check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("deploytest: "+format, args...)) }
	if n := len(o.Targets); n != 0 && n != 3 {
		bad("%d targets; there must be 3, or none for those of the suite", n)
	}
	for i, t := range o.Targets {
		errs = append(errs, t.Validate())
		if slices.Contains(o.Targets[:i], t) {
			bad("target %v stands twice", t)
		}
	}
	if n := len(o.Releases); n != 0 && n != 3 {
		bad("%d releases; there must be 3, or none for those of the suite", n)
	}
	for i, r := range o.Releases {
		if r.Digest.IsZero() || slices.ContainsFunc(o.Releases[:i], func(b release.Ref) bool { return r.Digest == b.Digest }) {
			bad("release %v has no digest, or that of another", r)
		}
	}
	for _, n := range []struct {
		what  string
		names []string
	}{{"environments", o.Environments}, {"regions", o.Regions}, {"cells", o.Cells}, {"cohorts", o.Cohorts}} {
		if len(n.names) != 0 && (len(n.names) != 2 || n.names[0] == n.names[1] || slices.Contains(n.names, "")) {
			bad("%s %q; there must be 2, or none for those of the suite", n.what, n.names)
		}
	}
	for _, f := range o.Lacks {
		if f == FeatureUnknown || f >= fences {
			bad("%v is no feature that a deployer can lack", f)
		}
	}
	if o.Settle < 0 || o.Linger < 0 {
		bad("settle %v or linger %v is negative", o.Settle, o.Linger)
	}
	return errors.Join(errs...)
}
