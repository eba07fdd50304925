package rollout

import (
	"context"
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/release"
)

// gather asks the questions of s, the gates last: theirs are the answers that
// must not be old.
func (e *Engine) gather(ctx context.Context, s State) Facts {
	f := Facts{Now: e.opts.Now(), Actor: e.opts.Actor}
	q := Ask(s, f.Now)
	if q.Observe {
		f.Observed = e.observe(ctx, s.Target)
	}
	if q.Health != nil {
		a := e.health(ctx, *q.Health)
		f.Health = &a
	}
	for _, h := range q.Slices {
		f.Slices = append(f.Slices, e.health(ctx, h))
	}
	for _, g := range q.Gates {
		f.Gates = append(f.Gates, e.gate(ctx, s, g))
	}
	if age := e.opts.Now().Sub(f.Now); age > e.opts.MaxAnswerAge {
		f.outdate(fmt.Sprintf("the answer came too late: asking took %v", age), s.Running() && s.Rollout.Pending != nil)
	}
	return f
}

// outdate makes errors of answers that are too old to allow anything. A deny and a
// regression are kept, and while an action is pending what was seen: an old look at
// production still shows that it was done.
func (f *Facts) outdate(why string, pending bool) {
	for i, a := range f.Gates {
		if a.Verdict() != release.VerdictDeny {
			f.Gates[i] = GateAnswer{Gate: a.Gate, Error: why}
		}
	}
	if f.Observed != nil && !pending {
		f.Observed = &Observation{Error: why}
	}
	if f.Health != nil && !f.Health.regressed() {
		f.Health = &HealthAnswer{Error: why}
	}
	for i := range f.Slices {
		if !f.Slices[i].regressed() {
			f.Slices[i] = HealthAnswer{Error: why, Slice: f.Slices[i].Slice}
		}
	}
}

func (e *Engine) observe(ctx context.Context, t Target) *Observation {
	o, err := e.opts.Deployer.Observe(ctx, t)
	if err != nil {
		return &Observation{Error: describe(err)}
	}
	o.Unfenced = 0
	if d, ok := e.opts.Deployer.(Unfenced); ok {
		o.Unfenced = min(max(d.MaxLatency(), 1), maxLatency)
	}
	return &Observation{Observed: o}
}

func (e *Engine) health(ctx context.Context, q HealthQuery) HealthAnswer {
	a := HealthAnswer{Slice: q.Slice}
	if e.opts.Health == nil {
		a.Error = "the engine has no health source"
		return a
	}
	q.Policy = clonePolicy(q.Policy)
	if q.Stage = q.Stage.copy(); q.Slice != nil {
		part := *q.Slice
		q.Slice = &part
	}
	v, err := e.opts.Health.Health(ctx, q)
	if err != nil {
		a.Error = describe(err)
		return a
	}
	a.Verdict = v
	return a
}

// copy is a stage for the host, who may do with it what it likes: the plan is not its own.
func (s Stage) copy() Stage {
	s.Slices, s.Gates = slices.Clone(s.Slices), slices.Clone(s.Gates)
	return s
}

// gate answers what the engine knows itself, and asks the host's gates the rest.
func (e *Engine) gate(ctx context.Context, s State, q GateQuery) GateAnswer {
	a := GateAnswer{Gate: q.Gate}
	var err error
	switch plan := s.Rollout.Plan; q.Gate {
	case GateCalendar:
		a.Result, err = open(plan, q)
	case GateAfter:
		a.Result = e.after(ctx, plan)
	case GateDependents:
		a.Result = e.dependents(ctx, s.Rollout)
	default:
		g := e.opts.Gates[q.Gate]
		if g == nil {
			a.Result = GateResult{Verdict: release.VerdictHold, Reason: release.Reason{
				Code: "rollout/gate-unknown", Subject: q.Gate, Text: "the engine has no gate of this name"}}
			return a
		}
		q.Stage = q.Stage.copy()
		a.Result, err = g.Check(ctx, q)
	}
	if err != nil {
		return GateAnswer{Gate: q.Gate, Error: describe(err)}
	}
	return a
}

// zoneKnown reports that this machine does not know the calendar's zone, where it is to
// be asked: a misspelt one is found when the rollout is ordered.
func (p *Plan) zoneKnown() error {
	if p.Calendar == nil || p.Calendar.Validate() != nil || !slices.ContainsFunc(p.Stages, func(s Stage) bool { return !s.AnyTime }) {
		return nil
	}
	if _, err := p.Calendar.Load(); err != nil {
		return fmt.Errorf("rollout: %w", err)
	}
	return nil
}

// open asks the plan's calendar.
func open(p Plan, q GateQuery) (GateResult, error) {
	now, err := p.Calendar.At(q.Now)
	if err != nil {
		return GateResult{}, err
	}
	if now.Open {
		return GateResult{Verdict: release.VerdictAllow, Reason: release.Reason{Code: "rollout/calendar-open", Text: now.Why}}, nil
	}
	return GateResult{Verdict: release.VerdictHold, Retry: now.Until, Reason: release.Reason{Code: "rollout/calendar-closed", Text: now.Why}}, nil
}

// after asks how the targets are that the plan comes after. One that cannot be read
// does not hide that another denies.
func (e *Engine) after(ctx context.Context, p Plan) GateResult {
	var all []GateResult
	for _, d := range p.After {
		if s, err := e.read(ctx, d.Target); err != nil {
			all = append(all, unread("rollout/after-unread", d.Target, err))
		} else {
			all = append(all, d.ready(s))
		}
	}
	return together(all)
}

// dependents asks whether those that rest on the rollout are back.
func (e *Engine) dependents(ctx context.Context, r *Rollout) GateResult {
	var all []GateResult
	for _, t := range r.Plan.Dependents {
		if s, err := e.read(ctx, t); err != nil {
			all = append(all, unread("rollout/dependents-unread", t, err))
		} else {
			all = append(all, r.clear(t, s))
		}
	}
	waits := func(g GateResult) bool { return g.Verdict == release.VerdictHold }
	if r.Abort != nil && slices.ContainsFunc(all, waits) {
		// An abort goes through those that stay, and still waits for those on their way.
		all = slices.DeleteFunc(all, func(g GateResult) bool { return !waits(g) })
	}
	return together(all)
}

// describe is an error's text, never empty: an empty text would say that there
// was no error.
func describe(err error) string {
	if text := err.Error(); text != "" {
		return text
	}
	return "an error without a text"
}
