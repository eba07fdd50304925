package rollout

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/release"
)

// stand draws where s is, if it is of the plan.
func (d *drawing) stand(p *Plan, s *State) {
	digest, err := p.Digest()
	switch {
	case err != nil:
		return
	case s.Next != nil && s.Next.Digest == digest:
		n := d.find("start")
		n.mark = markHere
		n.add("begins when the rollout before it has ended")
		return
	case s.Rollout == nil || s.Rollout.PlanDigest != digest:
		return
	}
	r := s.Rollout
	if s.Next != nil {
		d.node("next", shapeEnd, s.Next.Plan.Release.Version+" waits to take its place")
		if !s.Next.Forward {
			d.edge("rolledback", "next", strokeOn)
		}
	}
	d.passed(r)
	at := d.find(d.place(r))
	at.mark = markHere
	d.pending(r, at.id)
	d.commands(r, at)
	d.trouble(r, at)
	if s.Next != nil && s.Next.Forward {
		d.edge(at.id, "next", strokeOn)
	}
	if r.Phase.Ended() && r.Cause.Text != "" {
		at.add("because " + r.Cause.Text)
	}
}

// reached is the node of stage i of a rollout, or that of the beginning.
func (d *drawing) reached(i int) string {
	if id := stageNode(i); d.find(id).id != "" {
		return id
	}
	return "start"
}

// place is the node at which the rollout stands.
func (d *drawing) place(r *Rollout) string {
	switch r.Phase {
	case PhaseDeployed:
		return "deployed"
	case PhaseRolledBack:
		return "rolledback"
	case PhaseStopped:
		return "stopped"
	case PhaseHalted:
		if d.find("halted").id == "" { // by another release's irreversible stage
			d.node("halted", shapeEnd, "halted where it stands")
		}
		d.out(d.reached(r.Widest), "halted")
		return "halted"
	case PhaseReplaced:
		d.node("replaced", shapeEnd, "replaced where it stood")
		d.out(d.reached(r.Widest), "replaced")
		return "replaced"
	case PhaseRollingBack, PhaseRetreating:
		return d.reached(r.Widest)
	}
	return d.reached(r.Stage)
}

// passed marks what the rollout has been through.
func (d *drawing) passed(r *Rollout) {
	seen := markPassed
	if r.Phase == PhaseRolledBack {
		seen = markGone
	}
	if r.Base != nil {
		d.find("start").add("takes over from " + r.Base.Release.Version)
	}
	d.find("start").mark = markPassed
	for i := range r.Plan.Stages {
		if i <= r.Stage || i <= r.Widest && seen == markGone {
			d.find(stageNode(i)).mark = seen
		}
	}
}

// pending draws what is ordered and not yet observed, or asked about before.
func (d *drawing) pending(r *Rollout, at string) {
	to := ""
	switch {
	case r.Phase == PhaseRetreating:
		to = "rolledback"
		d.find(to).add("gates and dependents are asked first")
	case r.Pending == nil:
		return
	case r.Pending.Action.Kind == ActionRollback:
		to = "rolledback"
	case r.Pending.Action.Kind == ActionWithdraw:
		to = at
	default:
		to = d.reached(r.Pending.Stage)
	}
	d.now(at, to)
	n := d.find(to)
	if p := r.Pending; p != nil {
		n.add("ordered, not yet observed")
		if p.Failures > 0 {
			n.add(count(p.Failures, "attempt")+" failed", p.Error)
		}
	}
	if to == "rolledback" {
		n.add("because " + r.Cause.Text)
	}
}

// commands writes what people have ordered, and what is approved so far.
func (d *drawing) commands(r *Rollout, at *drawnNode) {
	if r.Phase.Ended() {
		return
	}
	for _, c := range [...]struct {
		what string
		by   *By
	}{{"paused", r.Paused}, {"aborted", r.Abort}, {"superseded", r.Superseded}, {"rest of the bake skipped", r.Skipped}} {
		if c.by != nil {
			at.add(fmt.Sprintf("%s by %s, %s", c.what, c.by.Actor.ID, c.by.Reason))
		}
	}
	if r.Paused != nil {
		at.mark = markHeld
	}
	i := r.next()
	if i < 0 || i >= len(r.Plan.Stages) || r.Phase == PhaseRollingBack || r.Phase == PhaseRetreating {
		return
	}
	e := d.on(stageNode(i))
	if s := r.Plan.Stages[i]; s.Approvals > 0 {
		e.add(fmt.Sprintf("approved by %d", len(r.approvers(s.Name))))
	}
	for _, o := range r.Overrides {
		if o.Stage == i {
			e.add(fmt.Sprintf("%s overridden by %s", o.Gate, o.By.Actor.ID))
		}
	}
	for _, g := range r.Gates {
		if v := g.Verdict(); v != release.VerdictAllow && r.Pending == nil {
			e.add(fmt.Sprintf("%s says %v", g.Gate, v))
		}
	}
}

// trouble writes what keeps the rollout from going on, or back.
func (d *drawing) trouble(r *Rollout, at *drawnNode) {
	if r.Phase.Ended() {
		return
	}
	if len(r.Withdrawn) > 0 {
		gone := make([]Slice, len(r.Withdrawn))
		for i, w := range r.Withdrawn {
			gone[i] = w.Slice
		}
		at.mark = markHeld
		at.add("taken back alone")
		at.add(few("slice", sliceNames(gone))...)
		at.add(r.Withdrawn[0].Cause.Text)
		if r.Restore {
			at.add("to be exposed again")
		}
	}
	if r.Held != nil {
		at.mark = markHeld
		at.add("held, "+r.Held.Why.Text, "because "+r.Held.Cause.Text)
	}
	if r.Drift != "" {
		at.mark = markHeld
		at.add("production differs, " + r.Drift)
	}
}
