package rollout

import (
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// Bounds of a plan. A duration must fit canonical JSON, which holds integers to
// 2^53 nanoseconds, 104 days.
const (
	maxStages   = 100
	maxSlices   = 1000
	maxGates    = 100 // of the whole plan: their answers must fit one record
	maxDuration = 100 * 24 * time.Hour
)

// Validate reports every mistake of the plan at once, or nil.
func (p Plan) Validate() error {
	errs := []error{p.Target.Validate(), p.validateReleases()}
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("rollout: "+format, args...)) }
	if p.Poll < 0 || p.Poll > maxDuration {
		bad("poll %v is not within 0 and %v", p.Poll, maxDuration)
	}
	if len(p.Stages) == 0 {
		bad("no stages")
		return errors.Join(errs...)
	}
	if len(p.Stages) > maxStages {
		bad("%d stages are more than %d", len(p.Stages), maxStages)
		return errors.Join(errs...)
	}
	if n := len(p.gates(len(p.Stages) - 1)); n > maxGates {
		bad("%d gates are more than %d", n, maxGates)
	}
	names := map[string]bool{}
	for i, s := range p.Stages {
		if names[s.Name] {
			bad("stage %.120q stands twice", s.Name)
		}
		names[s.Name] = true
		errs = append(errs, s.validate()...)
		if i > 0 {
			errs = append(errs, widens(p.Stages[i-1], s)...)
			if s.Internal && !p.Stages[i-1].Internal {
				bad("stage %.120q cannot be internal: it contains stage %.120q, which is not", s.Name, p.Stages[i-1].Name)
			}
		}
	}
	last := p.Stages[len(p.Stages)-1]
	if len(last.Slices) != 1 || !last.Slices[0].Everything() || last.Slices[0].Percent != 100 || last.Share() != 100 {
		bad("the last stage, %.120q, must be one slice of 100 percent of everything", last.Name)
	}
	return errors.Join(errs...)
}

func (p Plan) validateReleases() error {
	errs := []error{checkRef("release", p.Release, p.Target.Service)}
	switch {
	case p.First && !p.Previous.IsZero():
		errs = append(errs, errors.New("rollout: a first deployment has no previous release"))
	case !p.First && p.Previous.IsZero():
		errs = append(errs, errors.New("rollout: no previous release: a rollback would have nothing to restore (set First if nothing serves yet)"))
	case !p.First:
		errs = append(errs, checkRef("previous release", p.Previous, p.Target.Service))
		if p.Previous.Digest == p.Release.Digest {
			errs = append(errs, fmt.Errorf("rollout: release and previous release have the same digest %s", p.Release.Digest))
		}
	}
	return errors.Join(errs...)
}

func checkRef(what string, r release.Ref, service string) error {
	errs := []error{checkName(what+"'s version", r.Version)}
	if r.Digest.IsZero() {
		errs = append(errs, fmt.Errorf("rollout: %s is not pinned by a digest", what))
	}
	if r.Service != service {
		errs = append(errs, fmt.Errorf("rollout: %s is of service %q, the target of %q", what, r.Service, service))
	}
	return errors.Join(errs...)
}

func (s Stage) validate() []error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("rollout: stage %.120q: "+format, append([]any{s.Name}, args...)...))
	}
	if err := checkName("name", s.Name); err != nil {
		bad("%w", err)
	}
	if len(s.Slices) == 0 || len(s.Slices) > maxSlices {
		bad("%d slices; there must be 1 to %d", len(s.Slices), maxSlices)
	}
	if len(s.Slices) > maxSlices {
		return errs // what else is wrong with so many is not worth the work
	}
	scopes := map[Slice]bool{}
	for _, l := range s.Slices {
		if s.Internal && l.Everything() {
			bad("it cannot be internal: slice %v is of everything", l)
		}
		if scopes[l.scope()] {
			bad("slice %v stands twice", l)
		}
		scopes[l.scope()] = true
		for _, f := range []struct{ what, name string }{{"region", l.Region}, {"cell", l.Cell}, {"cohort", l.Cohort}} {
			if f.name == "" {
				continue
			}
			if err := checkName(f.what, f.name); err != nil {
				bad("%w", err)
			}
		}
		if !percent(l.Percent) {
			bad("slice %v: %v percent is not in (0, 100]", l, l.Percent)
		}
	}
	errs = append(errs, s.validateShare()...)
	gates := map[string]bool{}
	for _, g := range s.Gates {
		if err := checkName("gate", g); err != nil {
			bad("%w", err)
		}
		if gates[g] {
			bad("gate %q stands twice", g)
		}
		gates[g] = true
	}
	switch {
	case s.MinBake < 0 || s.MinBake > maxDuration || s.MaxBake < 0 || s.MaxBake > maxDuration:
		bad("bake times %v and %v must be within 0 and %v", s.MinBake, s.MaxBake, maxDuration)
	case s.MaxBake != 0 && s.MaxBake <= s.MinBake:
		bad("the most bake time %v is not above the least %v", s.MaxBake, s.MinBake)
	case s.MaxBake == 0 && s.OnUndecided == UndecidedRollback:
		bad("it rolls back when undecided, but never: there is no most bake time")
	}
	if s.Health > HealthIgnored {
		bad("health rule %v is unknown", s.Health)
	}
	if s.OnUndecided > UndecidedRollback {
		bad("on-undecided %v is unknown", s.OnUndecided)
	}
	return errs
}

func (s Stage) validateShare() []error {
	switch whole := len(s.Slices) == 1 && s.Slices[0].Everything(); {
	case !percent(s.Share()):
		return []error{fmt.Errorf("rollout: stage %.120q: its share of all traffic, %v percent, is not in (0, 100]; where slices have scopes, the plan must say it", s.Name, s.Share())}
	case whole && s.Share() != s.Slices[0].Percent || s.ofEverything() > s.Share():
		return []error{fmt.Errorf("rollout: stage %.120q: its share of all traffic is %v percent, but its slice of everything has %v", s.Name, s.Share(), s.ofEverything())}
	}
	return nil
}

// ofEverything is the percent of the slice without a scope, 0 if there is none.
func (s Stage) ofEverything() float64 {
	most := 0.0
	for _, l := range s.Slices {
		if l.Everything() {
			most = max(most, l.Percent)
		}
	}
	return most
}

// percent refuses NaN too.
func percent(p float64) bool { return p > 0 && p <= 100 }

// widens reports why b does not expose all of a and more.
func widens(a, b Stage) []error {
	var errs []error
	if !(b.Share() > a.Share()) {
		errs = append(errs, fmt.Errorf("rollout: stage %.120q has %v percent of all traffic, not more than stage %.120q with %v", b.Name, b.Share(), a.Name, a.Share()))
	}
	if len(a.Slices) > maxSlices || len(b.Slices) > maxSlices {
		return errs
	}
	most := map[Slice]float64{} // percent by scope
	for _, m := range b.Slices {
		most[m.scope()] = max(most[m.scope()], m.Percent)
	}
	for _, l := range a.Slices {
		if !covered(l, most) {
			errs = append(errs, fmt.Errorf("rollout: stage %.120q takes back slice %v of stage %.120q: a later stage must cover it", b.Name, l, a.Name))
		}
	}
	return errs
}

// covered reports whether all of l is in one of the scopes: in its own, or in one
// that leaves out some of its parts.
func covered(l Slice, most map[Slice]float64) bool {
	for _, region := range []string{l.Region, ""} {
		for _, cell := range []string{l.Cell, ""} {
			for _, cohort := range []string{l.Cohort, ""} {
				if most[Slice{Region: region, Cell: cell, Cohort: cohort}] >= l.Percent {
					return true
				}
			}
		}
	}
	return false
}

// String is "5 % of region eu, cohort staff".
func (s Slice) String() string {
	text := fmt.Sprintf("%g %%", s.Percent)
	sep := " of "
	for _, f := range []struct{ what, name string }{{"region", s.Region}, {"cell", s.Cell}, {"cohort", s.Cohort}} {
		if f.name != "" {
			text += sep + f.what + " " + f.name
			sep = ", "
		}
	}
	return text
}
