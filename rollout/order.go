package rollout

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Order checks a change that crosses services as a whole, and puts its plans into the
// order in which they are to be started: each after those that it comes after, and
// otherwise as they were given. They go back in the reverse order. It is pure, and the
// error has every mistake of every plan and between them.
//
// It is a mistake between plans
//
//   - when two are for one target, or some wait for each other in a circle;
//   - when a plan comes after one that does not have it in Dependents, or has in
//     Dependents one that does not come after it: the one would not wait for the other
//     when it goes back;
//   - when a plan comes after another release than the one that is rolled out there, or
//     after a stage that there is not;
//   - when nobody looks how the release fares that it comes after, so that it can never
//     be found unwell: [HealthIgnored] in the stage that is waited for or a later one;
//   - when slices of that release may be taken back by themselves, from under what rests
//     on it;
//   - when an irreversible plan comes after a stage, and not after the whole: what it
//     rests on could not go back any more;
//   - when a plan waits no longer for its dependents than one of these does for its own:
//     it could go back before them.
//
// What a plan says of targets that no plan here is for cannot be checked.
func Order(plans ...Plan) ([]Plan, error) {
	var errs []error
	for i, p := range plans {
		for _, err := range unjoined(p.Validate()) {
			errs = append(errs, fmt.Errorf("rollout: plan of %v: %s", p.Target, bare(err)))
		}
		if slices.ContainsFunc(plans[:i], func(q Plan) bool { return q.Target == p.Target }) {
			errs = append(errs, fmt.Errorf("rollout: two plans are for %v", p.Target))
		}
	}
	for _, p := range plans {
		for _, d := range p.After {
			if q := planFor(plans, d.Target); q != nil {
				errs = append(errs, p.restsOn(q, d)...)
			}
		}
		for _, t := range p.Dependents {
			if q := planFor(plans, t); q != nil && !q.comesAfter(p.Target) {
				errs = append(errs, fmt.Errorf("rollout: %v has %v in its dependents, which does not come after it", p.Target, t))
			}
		}
	}
	sorted, circles := sortPlans(plans)
	for _, c := range circles {
		errs = append(errs, fmt.Errorf("rollout: they wait for each other: %s", c))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return sorted, nil
}

func planFor(plans []Plan, t Target) *Plan {
	for i := range plans {
		if plans[i].Target == t {
			return &plans[i]
		}
	}
	return nil
}

func (p *Plan) comesAfter(t Target) bool {
	return slices.ContainsFunc(p.After, func(d Dependency) bool { return d.Target == t })
}

// restsOn reports what is wrong with p coming after q by d.
func (p *Plan) restsOn(q *Plan, d Dependency) []error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("rollout: %v comes after %v: "+format, append([]any{p.Target, q.Target}, args...)...))
	}
	if !slices.Contains(q.Dependents, p.Target) {
		bad("that one does not have it in its dependents")
	}
	if d.Release.Digest != q.Release.Digest {
		bad("it waits for %v, and %v is rolled out there", d.Release, q.Release)
	}
	from := max(q.last(), 0)
	if d.Stage != "" {
		if from = q.index(d.Stage); from < 0 {
			bad("there is no stage %.120q", d.Stage)
			from = len(q.Stages)
		}
		if len(p.Stages) > 0 && p.irreversible(p.last()) {
			bad("it cannot go back once it is out, so it must wait for the whole and not for stage %.120q", d.Stage)
		}
	}
	for _, s := range q.Stages[min(from, len(q.Stages)):] {
		if s.Health == HealthIgnored {
			bad("nobody looks how stage %.120q fares", s.Name)
		}
		if s.MaxWithdrawn > 0 {
			bad("slices of stage %.120q may be taken back by themselves", s.Name)
		}
	}
	if len(p.Dependents) > 0 && p.dependentsWait() >= q.dependentsWait() {
		bad("that one waits %v for its dependents, which must be more than the %v that this one waits for its own", q.dependentsWait(), p.dependentsWait())
	}
	return errs
}

func (p *Plan) dependentsWait() time.Duration {
	if p.DependentsWait == 0 {
		return defaultDependentsWait
	}
	return p.DependentsWait
}

// sortPlans takes, again and again, the first plan that waits for none of those that
// are left. If there is none, those that are left hold a circle, which is taken out.
func sortPlans(plans []Plan) (sorted []Plan, circles []string) {
	left := slices.Clone(plans)
	for len(left) > 0 {
		if i := slices.IndexFunc(left, func(p Plan) bool { return p.waitsFor(left) == nil }); i >= 0 {
			sorted = append(sorted, left[i])
			left = slices.Delete(left, i, i+1)
			continue
		}
		circle := circleIn(left)
		left = slices.DeleteFunc(left, func(p Plan) bool { return slices.Contains(circle, p.Target) })
		names := make([]string, len(circle))
		for i, t := range circle {
			names[i] = t.String()
		}
		circles = append(circles, strings.Join(names, ", then "))
	}
	return sorted, circles
}

// waitsFor is the first of the plans that p comes after, or nil.
func (p *Plan) waitsFor(plans []Plan) *Plan {
	for _, d := range p.After {
		if q := planFor(plans, d.Target); q != nil {
			return q
		}
	}
	return nil
}

// circleIn follows what waits for what until it has come round. Each of the plans
// waits for one of them.
func circleIn(plans []Plan) []Target {
	var path []Target
	for p := &plans[0]; ; p = p.waitsFor(plans) {
		if i := slices.Index(path, p.Target); i >= 0 {
			return append(path[i:], p.Target)
		}
		path = append(path, p.Target)
	}
}
