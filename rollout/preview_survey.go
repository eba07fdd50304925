package rollout

import (
	"context"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// survey asks how things are now: the host's gates, the other targets, production.
func (e *Engine) survey(ctx context.Context, v *Preview, p *Plan, s State) error {
	r := *s.Rollout
	r.ID = "" // there is none yet
	asking := s
	asking.Rollout = &r
	seen := map[string]bool{}
	note := func(a GateAnswer, before string) {
		why := a.reason()
		id := fmt.Sprintf("%q %q %q", why.Code, why.Subject, why.Text)
		if seen[id] || a.Verdict().Allowed() || a.holdsUntil(v.At) {
			return // seen: the same about an earlier stage
		}
		seen[id] = true
		why.Text = clip(before + why.Text)
		if a.Verdict() == release.VerdictDeny {
			v.Stops = append(v.Stops, why)
		} else {
			v.Holds = append(v.Holds, why)
		}
	}
	for i := range p.Stages {
		for _, q := range r.gateQueries(p.hostGates(i), i, false, v.At) {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("rollout: preview %v: %w", p.Target, err)
			}
			a := e.gate(ctx, asking, q).clean()
			v.Stages[i].Gates = append(v.Stages[i].Gates, a)
			note(a, fmt.Sprintf("before stage %s: ", p.Stages[i].Name))
		}
		if n := p.Stages[i].Approvals; n > 0 {
			v.Holds = append(v.Holds, release.Reason{Code: "rollout/gate-hold", Subject: GateApprovals,
				Text: fmt.Sprintf("before stage %s: it needs %s", p.Stages[i].Name, count(n, "approval"))})
		}
	}
	for _, d := range p.After {
		a := GateAnswer{Gate: GateAfter}
		if other, err := e.read(ctx, d.Target); err != nil {
			a.Error = describe(err)
		} else {
			a.Result = d.ready(other)
		}
		a = a.clean()
		v.After = append(v.After, DependencyPreview{Dependency: d, Answer: a})
		note(a, "")
	}
	for _, q := range r.gateQueries(p.RollbackGates, p.last(), true, v.At) {
		v.Back = append(v.Back, e.gate(ctx, asking, q).clean())
	}
	if e.opts.Health == nil {
		for i, stage := range p.Stages {
			if stage.Health != HealthIgnored {
				v.Holds = append(v.Holds, release.Reason{Code: "rollout/waiting-health", Subject: p.Stages[i].Name,
					Text: fmt.Sprintf("stage %s must be watched, and the engine has no health source", stage.Name)})
			}
		}
	}
	if err := r.asLeft(e.observe(ctx, p.Target)); err != nil {
		v.Holds = append(v.Holds, release.Reason{Code: "rollout/waiting-observation", Subject: p.Target.String(),
			Text: clip("production is not what the plan says it replaces: " + err.Error())})
	}
	return ctx.Err()
}

// holdsUntil reports whether the gate says when it is to be asked again, after now.
func (a GateAnswer) holdsUntil(now time.Time) bool {
	return a.Verdict() == release.VerdictHold && a.Result.Retry.After(now)
}
