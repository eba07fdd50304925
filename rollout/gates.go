package rollout

import (
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// The names of what the engine itself asks before a stage is exposed, as they stand
// in answers, in what a rollout waits for, and in [Plan.Overridable].
const (
	GateCalendar   = "rollout/calendar"   // the plan's calendar is open
	GateAfter      = "rollout/after"      // the targets that it comes after are well
	GateApprovals  = "rollout/approvals"  // enough people approved
	GateBudget     = "rollout/budget"     // the exposure stays within the budget
	GateHealth     = "rollout/health"     // overriding it lets a stage go on without health's word
	GateDependents = "rollout/dependents" // before going back: those that depend on it are back
)

const builtIn = "rollout/"

var overridable = []string{GateCalendar, GateAfter, GateApprovals, GateBudget, GateHealth, GateDependents}

// gates are the names to ask before stage i, each once: those that the engine
// answers from elsewhere, its own, and those of all stages before.
func (p *Plan) gates(i int) []string {
	var names []string
	if p.Calendar != nil && !p.Stages[i].AnyTime {
		names = append(names, GateCalendar)
	}
	if len(p.After) > 0 {
		names = append(names, GateAfter)
	}
	return append(names, p.hostGates(i)...)
}

// hostGates are the names of gates of stages up to i, each once.
func (p *Plan) hostGates(i int) []string {
	var names []string
	seen := map[string]bool{}
	for _, s := range p.Stages[:i+1] {
		for _, g := range s.Gates {
			if !seen[g] {
				seen[g] = true
				names = append(names, g)
			}
		}
	}
	return names
}

// asks reports whether the gate may keep stage i from being exposed.
func (p *Plan) asks(gate string, i int) bool {
	switch {
	case i > p.last():
		return false
	case gate == GateApprovals:
		return slices.ContainsFunc(p.Stages[:i+1], func(s Stage) bool { return s.Approvals > 0 })
	case gate == GateBudget:
		return p.Budget.bounded()
	}
	return slices.Contains(p.gates(i), gate)
}

// backGates are the names to ask before going back.
func (p *Plan) backGates() []string {
	if len(p.Dependents) == 0 {
		return p.RollbackGates
	}
	return append([]string{GateDependents}, p.RollbackGates...)
}

// asked reports whether answers are to these names, in their order.
func asked(names []string, answers []GateAnswer) bool {
	return slices.EqualFunc(names, answers, func(name string, a GateAnswer) bool { return a.Gate == name })
}

// lifted reports whether somebody has overridden the gate for stage i.
func (r *Rollout) lifted(gate string, i int) bool {
	return slices.ContainsFunc(r.Overrides, func(o Override) bool { return o.Gate == gate && o.Stage == i })
}

// closed is the first thing that keeps stage i from being exposed by what is recorded
// in f, or the zero Reason.
func (r *Rollout) closed(i int, f Facts) release.Reason {
	if !asked(r.Plan.gates(i), f.Gates) {
		return release.Reason{Code: "rollout/waiting-gate", Text: "the gates were not asked"}
	}
	for _, a := range f.Gates {
		v := a.Verdict()
		if v.Allowed() || v == release.VerdictHold && r.lifted(a.Gate, i) {
			continue
		}
		return a.reason()
	}
	return r.unready(i, f)
}

// unready is what of the engine's own keeps stage i from being exposed: approvals and the
// budget; or the zero Reason.
func (r *Rollout) unready(i int, f Facts) release.Reason {
	if why := r.unapproved(i); why.Code != "" && !r.lifted(GateApprovals, i) {
		return why
	}
	if why := r.overBudget(i, f); why.Code != "" && !r.lifted(GateBudget, i) {
		return why
	}
	return release.Reason{}
}

// hostGate reports whether a gate's name is the host's to give.
func hostGate(name string) bool { return !strings.HasPrefix(name, builtIn) }
