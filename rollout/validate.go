package rollout

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/release"
)

// Bounds of a plan. A duration must fit canonical JSON, which holds integers to
// 2^53 nanoseconds, 104 days.
const (
	maxStages   = 100
	maxSlices   = 1000
	maxGates    = 100 // of the whole plan: their answers must fit one record
	maxDuration = 100 * 24 * time.Hour

	maxParts        = 100 // slices that health is asked about one by one: their answers must fit one record
	maxApprovals    = 20
	maxAuthors      = 1000
	maxOthers       = 100
	maxPercentHours = 1e6
	maxServed       = 1 << 53
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
	if n := len(p.hostGates(p.last())); n > maxGates || len(p.RollbackGates) > maxGates {
		bad("%d gates and %d rollback gates; each may be at most %d", n, len(p.RollbackGates), maxGates)
	}
	names := map[string]bool{}
	for i, s := range p.Stages {
		if names[s.Name] {
			bad("stage %.120q stands twice", s.Name)
		}
		names[s.Name] = true
		errs = append(errs, s.validate()...)
		if i > 0 {
			errs = append(errs, widens(p.Stages[i-1], s, i == p.last() && len(s.Slices) > 1)...)
			if s.Internal && !p.Stages[i-1].Internal {
				bad("stage %.120q cannot be internal: it contains stage %.120q, which is not", s.Name, p.Stages[i-1].Name)
			}
		}
	}
	last := p.Stages[p.last()]
	one := len(last.Slices) == 1 && last.Slices[0].Everything() && last.Slices[0].Percent == 100
	parts := len(last.Slices) > 1 && !slices.ContainsFunc(last.Slices, func(l Slice) bool { return l.Everything() || l.Percent != 100 })
	if last.Share() != 100 || !one && !parts {
		bad("the last stage, %.120q, must be one slice of 100 percent of everything, or slices of 100 percent each that come to 100 percent of all traffic", last.Name)
	}
	return errors.Join(append(errs, p.validateRules()...)...)
}

// validateRules reports what is wrong beside the stages.
func (p Plan) validateRules() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("rollout: "+format, args...)) }
	if p.Calendar != nil {
		for _, err := range unjoined(p.Calendar.Validate()) {
			errs = append(errs, fmt.Errorf("rollout: %w", err))
		}
	}
	if p.Health != nil {
		for _, err := range unjoined(p.Health.Validate()) {
			errs = append(errs, fmt.Errorf("rollout: %w", err))
		}
	}
	if p.Superseding > SupersedingTakeBack {
		bad("superseding %v is unknown", p.Superseding)
	}
	errs = append(errs, p.validateBudget()...)
	errs = append(errs, p.validateOthers()...)
	known := append(p.hostGates(p.last()), overridable...)
	for i, g := range p.RollbackGates {
		if err := checkGate("rollback gate", g); err != nil {
			errs = append(errs, err)
		}
		if slices.Contains(p.RollbackGates[:i], g) {
			bad("rollback gate %.120q stands twice", g)
		}
		known = append(known, g)
	}
	for i, g := range p.Overridable {
		if !slices.Contains(known, g) {
			bad("overridable %.120q is no gate of the plan", g)
		}
		if slices.Contains(p.Overridable[:i], g) {
			bad("overridable %.120q stands twice", g)
		}
	}
	if len(p.Authors) > maxAuthors {
		bad("%d authors are more than %d", len(p.Authors), maxAuthors)
	}
	for _, a := range p.Authors {
		if a.ID == "" || len(a.ID) > maxText || len(a.Name) > maxText || !utf8.ValidString(a.ID) {
			bad("author %.120q has no ID that can be compared", a.ID)
		}
	}
	return errs
}

func (p Plan) validateBudget() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("rollout: budget: "+format, args...)) }
	b := p.Budget
	if !(b.PercentHours >= 0 && b.PercentHours <= maxPercentHours) {
		bad("%v percent-hours are not within 0 and %v", b.PercentHours, float64(maxPercentHours))
		return errs
	}
	if b.Served > maxServed {
		bad("%d served are more than %d", b.Served, uint64(maxServed))
	}
	if b.OnSpent > UndecidedRollback {
		bad("on-spent %v is unknown", b.OnSpent)
	}
	if !b.bounded() && b.OnSpent != UndecidedUnset {
		bad("it says what happens when it is spent, but bounds nothing")
	}
	used := 0.0
	for _, s := range p.Stages[:p.last()] {
		used = float64(s.Share()*s.MinBake.Hours()) + used
	}
	if b.exceeded(used) {
		bad("the stages before the last expose %.8g percent-hours even without waiting, the budget is %g", used, b.PercentHours)
	}
	return errs
}

func (p Plan) validateOthers() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("rollout: "+format, args...)) }
	if len(p.After) > maxOthers || len(p.Dependents) > maxOthers {
		bad("%d dependencies and %d dependents; each may be at most %d", len(p.After), len(p.Dependents), maxOthers)
		return errs
	}
	if p.DependentsWait < 0 || p.DependentsWait > maxDuration {
		bad("the wait for dependents, %v, is not within 0 and %v", p.DependentsWait, maxDuration)
	}
	for i, d := range p.After {
		errs = append(errs, d.Target.Validate(), checkRef("dependency's release", d.Release, d.Target.Service))
		if d.Stage != "" {
			errs = append(errs, checkName("dependency's stage", d.Stage))
		}
		if d.Target == p.Target {
			bad("it cannot come after itself")
		}
		if slices.ContainsFunc(p.After[:i], func(e Dependency) bool { return e.Target == d.Target }) {
			bad("dependency %v stands twice", d.Target)
		}
		if slices.Contains(p.Dependents, d.Target) {
			bad("%v is a dependency and a dependent", d.Target)
		}
	}
	for i, t := range p.Dependents {
		errs = append(errs, t.Validate())
		if t == p.Target {
			bad("it cannot be its own dependent")
		}
		if slices.Contains(p.Dependents[:i], t) {
			bad("dependent %v stands twice", t)
		}
	}
	return errs
}

// unjoined are the errors that were joined: what is put before them must be put before each.
func unjoined(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, unjoined(e)...)
	}
	return all
}

// bare is an error's text for the middle of a sentence, without the package's name.
func bare(err error) string { return strings.TrimPrefix(err.Error(), "rollout: ") }

// checkGate refuses names that are not the host's to give.
func checkGate(what, name string) error {
	if err := checkName(what, name); err != nil {
		return err
	}
	if !hostGate(name) {
		return fmt.Errorf("rollout: %s %.120q begins with %q, as only built-in gates do", what, name, builtIn)
	}
	return nil
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
		bad("%s", bare(err))
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
		for kind, name := range l.names() {
			if err := checkName(kind, name); err != nil {
				bad("%s", bare(err))
			}
		}
		if !percent(l.Percent) {
			bad("slice %v: %v percent is not in (0, 100]", l, l.Percent)
		}
	}
	errs = append(errs, s.validateShare()...)
	gates := map[string]bool{}
	for _, g := range s.Gates {
		if err := checkGate("gate", g); err != nil {
			bad("%s", bare(err))
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
	if s.OnUndecided > UndecidedRollback || s.OnNoData > UndecidedRollback {
		bad("on-undecided %v or on-no-data %v is unknown", s.OnUndecided, s.OnNoData)
	}
	return append(errs, s.validateParts()...)
}

func (s Stage) validateParts() []error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("rollout: stage %.120q: "+format, append([]any{s.Name}, args...)...))
	}
	if s.Approvals < 0 || s.Approvals > maxApprovals {
		bad("%d approvals are not within 0 and %d", s.Approvals, maxApprovals)
	}
	if s.Irreversible && len(s.Gates) == 0 && s.Approvals == 0 {
		bad("it is irreversible and has no gate or approval of its own")
	}
	if s.MaxBake == 0 && s.OnNoData == UndecidedRollback {
		bad("it rolls back without data, but never: there is no most bake time")
	}
	if s.PerSlice && len(s.Slices) > maxParts {
		bad("health is asked about each of %d slices; there may be at most %d", len(s.Slices), maxParts)
	}
	switch {
	case s.MaxWithdrawn == 0:
		return errs
	case s.MaxWithdrawn < 0 || s.MaxWithdrawn >= len(s.Slices):
		bad("%d of %d slices may be taken back by themselves; there must be one left", s.MaxWithdrawn, len(s.Slices))
	case !s.PerSlice || s.Irreversible || s.Health == HealthIgnored:
		bad("slices can be taken back by themselves only where health is asked about each, and not from an irreversible stage")
	case len(s.Slices) > maxParts:
	default:
		for i, a := range s.Slices {
			for _, b := range s.Slices[:i] {
				if !a.apart(b) {
					bad("slices %v and %v overlap: neither can be taken back by itself", b, a)
				}
			}
		}
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

// widens reports why b does not expose all of a and more. If b's slices are all there
// is, they cover a together.
func widens(a, b Stage, whole bool) []error {
	var errs []error
	if !(b.Share() > a.Share()) {
		errs = append(errs, fmt.Errorf("rollout: stage %.120q has %v percent of all traffic, not more than stage %.120q with %v", b.Name, b.Share(), a.Name, a.Share()))
	}
	if whole || len(a.Slices) > maxSlices || len(b.Slices) > maxSlices {
		return errs
	}
	most := scopes(b.Slices)
	for _, l := range a.Slices {
		if !covered(l, most) {
			errs = append(errs, fmt.Errorf("rollout: stage %.120q takes back slice %v of stage %.120q: a later stage must cover it", b.Name, l, a.Name))
		}
	}
	return errs
}

// scopes are the highest percent of each scope.
func scopes(slices []Slice) map[Slice]float64 {
	most := map[Slice]float64{}
	for _, m := range slices {
		most[m.scope()] = max(most[m.scope()], m.Percent)
	}
	return most
}

// covered reports whether all of l is in one of the scopes: in its own, or in one
// that leaves out some of its parts.
func covered(l Slice, most map[Slice]float64) bool {
	for _, environment := range []string{l.Environment, ""} {
		for _, region := range []string{l.Region, ""} {
			for _, cell := range []string{l.Cell, ""} {
				for _, cohort := range []string{l.Cohort, ""} {
					if most[Slice{Environment: environment, Region: region, Cell: cell, Cohort: cohort}] >= l.Percent {
						return true
					}
				}
			}
		}
	}
	return false
}
