package rollout

import (
	"slices"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// handed is s for a caller, who may do with it what he likes: what is kept is not his.
func (e *Engine) handed(s State) State {
	if e.states == nil {
		return s // nobody else has it
	}
	return s.clone()
}

// clone is s without anything that others could change.
func (s State) clone() State {
	s.Poisoned = each(s.Poisoned, func(p *Poison) { p.Cause = cloneReason(p.Cause) })
	if s.Next = copied(s.Next); s.Next != nil {
		s.Next.Plan = s.Next.Plan.clone()
	}
	if s.Rollout != nil {
		s.Rollout = s.Rollout.clone()
	}
	return s
}

func (r *Rollout) clone() *Rollout {
	r = copied(r)
	r.Plan = r.Plan.clone()
	if r.Base = copied(r.Base); r.Base != nil {
		r.Base.Slices = slices.Clone(r.Base.Slices)
	}
	if r.Pending = copied(r.Pending); r.Pending != nil {
		r.Pending.Action.Slices = slices.Clone(r.Pending.Action.Slices)
	}
	if r.Done = copied(r.Done); r.Done != nil {
		r.Done.Slices = slices.Clone(r.Done.Slices)
	}
	r.Withdrawn = each(r.Withdrawn, func(w *Withdrawn) { w.Cause = cloneReason(w.Cause) })
	if r.Held = copied(r.Held); r.Held != nil {
		r.Held.Cause, r.Held.Why = cloneReason(r.Held.Cause), cloneReason(r.Held.Why)
	}
	r.Paused, r.Abort, r.Superseded, r.Skipped = copied(r.Paused), copied(r.Abort), copied(r.Superseded), copied(r.Skipped)
	r.Approvals, r.Overrides = slices.Clone(r.Approvals), slices.Clone(r.Overrides)
	r.Cause = cloneReason(r.Cause)
	f := &r.Facts
	f.Gates, f.Health, f.Slices, f.Applied = cloneGates(f.Gates), cloneHealth(f.Health), cloneHealths(f.Slices), copied(f.Applied)
	if f.Observed = copied(f.Observed); f.Observed != nil {
		f.Observed.Shares, f.Observed.Served = slices.Clone(f.Observed.Shares), copied(f.Observed.Served)
	}
	r.Health, r.SliceHealth, r.Gates = cloneHealth(r.Health), cloneHealths(r.SliceHealth), cloneGates(r.Gates)
	return r
}

func (p Plan) clone() Plan {
	p.Stages = each(p.Stages, func(s *Stage) { *s = s.copy() })
	p.Authors, p.After, p.Dependents = slices.Clone(p.Authors), slices.Clone(p.After), slices.Clone(p.Dependents)
	p.RollbackGates, p.Overridable = slices.Clone(p.RollbackGates), slices.Clone(p.Overridable)
	p.Health = clonePolicy(p.Health)
	if p.Calendar = copied(p.Calendar); p.Calendar != nil {
		p.Calendar.Open, p.Calendar.Freezes = slices.Clone(p.Calendar.Open), slices.Clone(p.Calendar.Freezes)
	}
	return p
}

func clonePolicy(p *health.Policy) *health.Policy {
	if p = copied(p); p != nil {
		p.Metrics = each(p.Metrics, func(m *health.Metric) { m.Edges = slices.Clone(m.Edges) })
	}
	return p
}

func cloneGates(list []GateAnswer) []GateAnswer {
	return each(list, func(a *GateAnswer) { a.Result.Reason = cloneReason(a.Result.Reason) })
}

func cloneHealth(a *HealthAnswer) *HealthAnswer {
	if a = copied(a); a != nil {
		a.unshare()
	}
	return a
}

// unshare makes what the answer points to its own.
func (a *HealthAnswer) unshare() {
	a.Slice = copied(a.Slice)
	a.Verdict.Interval, a.Verdict.Guilty = copied(a.Verdict.Interval), slices.Clone(a.Verdict.Guilty)
}

func cloneHealths(list []HealthAnswer) []HealthAnswer {
	return each(list, (*HealthAnswer).unshare)
}

func cloneReason(r release.Reason) release.Reason {
	r.Refs = slices.Clone(r.Refs)
	return r
}

// each is a copy of list of which each element was done.
func each[T any](list []T, do func(*T)) []T {
	list = slices.Clone(list)
	for i := range list {
		do(&list[i])
	}
	return list
}

// copied points to a copy, or is nil.
func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
