package rollout

import (
	"reflect"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// facts takes in what was answered. Only here does an action become done: by
// being observed.
func (s *State) facts(rec journal.Record) error {
	d, err := decodeFacts(rec)
	if err != nil {
		return err
	}
	if d.Health != nil && d.Health.Slice != nil || slices.ContainsFunc(d.Slices, func(a HealthAnswer) bool { return a.Slice == nil }) {
		return impossible(rec, "an answer of health does not say of which slice it is")
	}
	r := s.Rollout
	r.Facts, r.FactsSeq = d.Facts, rec.Seq
	r.Facts.Now, r.Facts.Actor = rec.At, rec.Actor
	if d.Health != nil {
		r.Health = d.Health
	}
	if d.Slices != nil {
		r.SliceHealth = d.Slices
	}
	if d.Gates != nil {
		r.Gates = d.Gates
	}
	if r.Pending == nil {
		if d.Applied != nil {
			return impossible(rec, "nothing is pending that could have been applied")
		}
		if d.Observed != nil {
			r.Drift = ""
			if err := r.asLeft(d.Observed); err != nil {
				r.Drift = clip(bare(err))
			}
		}
		return nil
	}
	p := *r.Pending
	if d.Applied != nil && d.Applied.Fence != p.Action.Fence {
		return impossible(rec, "fence %d is pending, not %d", p.Action.Fence, d.Applied.Fence)
	}
	if p.settle(d.Observed, rec.At) {
		r.done(p, rec)
		return nil
	}
	problem := ""
	if d.Applied != nil {
		problem = d.Applied.Error
		if problem == "" && d.Observed != nil {
			problem = d.Observed.Error
		}
	}
	if problem != "" {
		p.Failures++
		p.Error, p.NotBefore = problem, rec.At.Add(backoff(p.Action.Kind, p.Failures))
	}
	r.Pending = &p
	return nil
}

// settle takes in an observation, and reports whether the action is done. What takes
// the release away at a deployer without fences must have been seen for as long as an
// older action may still have an effect.
func (p *Pending) settle(o *Observation, at time.Time) bool {
	if o.check(p.Action) != nil {
		if o.seen() == nil {
			p.Seen = time.Time{}
		}
		return false
	}
	if o.Unfenced == 0 || p.Action.Kind == ActionExpose {
		return true
	}
	if p.Seen.IsZero() {
		p.Seen = at
	}
	return !at.Before(p.Seen.Add(o.Unfenced))
}

// done notes that the pending action was observed.
func (r *Rollout) done(p Pending, rec journal.Record) {
	r.Pending, r.Done, r.Drift, r.doneSeq = nil, &p.Action, "", rec.Seq
	switch p.Action.Kind {
	case ActionExpose:
		r.Stage, r.StageAt, r.StageSeq, r.Phase = p.Stage, rec.At, rec.Seq, PhaseBaking
		r.Gates, r.Health, r.SliceHealth, r.Skipped = nil, nil, nil, nil
		r.Withdrawn, r.Restore = nil, false
	case ActionWithdraw:
		r.Phase, r.SliceHealth = PhaseBaking, nil
	}
}

func (s *State) action(rec journal.Record) error {
	var d actionData
	if err := decode(rec, &d); err != nil {
		return err
	}
	switch d.Action.Kind {
	case ActionExpose:
		return s.exposes(rec, d)
	case ActionWithdraw:
		return s.withdraws(rec, d)
	case ActionRollback:
		return s.rollsBack(rec, d)
	}
	return impossible(rec, "the action is %v", d.Action.Kind)
}

func (s *State) exposes(rec journal.Record, d actionData) error {
	r := s.Rollout
	i := r.next()
	switch {
	case r.Phase != PhaseStarting && r.Phase != PhaseBaking:
		return impossible(rec, "nothing is exposed while %v", r.Phase)
	case i >= len(r.Plan.Stages):
		return impossible(rec, "there is no stage after the last")
	case r.kept() || s.Next != nil:
		return impossible(rec, "nothing is exposed while paused, held, superseded or aborted")
	case r.FactsSeq != s.Head.Seq || r.doneSeq == s.Head.Seq || r.closed(i, r.Facts).Code != "":
		return impossible(rec, "the record before does not say that every gate allowed this stage")
	case !s.mayGoOn():
		return impossible(rec, "the record before does not say that the stage before may be left")
	case r.asLeft(r.Facts.Observed) != nil:
		return impossible(rec, "the record before does not say that production was as it should be")
	case !reflect.DeepEqual(d, actionData{V: recordVersion, Action: r.expose(rec.Stream, i, rec.Seq)}):
		return impossible(rec, "it is not what the plan says for stage %q", r.Plan.Stages[i].Name)
	}
	if r.Widest < 0 {
		r.Since = rec.At
	}
	r.count(rec.At)
	r.Phase, r.Widest, r.Pending = PhaseExposing, i, &Pending{Action: d.Action, Stage: i, Ordered: rec.At}
	return nil
}

// mayGoOn reports whether the facts of the record before let the exposed stage be left,
// and nothing in them calls for taking the release back.
func (s *State) mayGoOn() bool {
	r := s.Rollout
	if _, back := r.takeBack(r.Facts); back || r.FactsSeq != s.Head.Seq {
		return false
	}
	return r.Restore || r.Stage < 0 || r.mayLeave(r.Facts)
}

// kept reports whether a command, or what is held, keeps the release from being
// exposed to more.
func (r *Rollout) kept() bool {
	return r.Abort != nil || r.Superseded != nil || r.Paused != nil || r.Held != nil || len(r.Withdrawn) > 0 && !r.Restore
}

func (s *State) withdraws(rec journal.Record, d actionData) error {
	r := s.Rollout
	switch {
	case r.Phase != PhaseBaking && r.Phase != PhaseWithdrawing || r.irreversible():
		return impossible(rec, "no slice is taken back while %v", r.Phase)
	case len(d.Withdrawn) <= len(r.Withdrawn) || len(d.Withdrawn) > r.Plan.Stages[r.Stage].MaxWithdrawn ||
		len(r.Withdrawn) > 0 && !reflect.DeepEqual(r.Withdrawn, d.Withdrawn[:len(r.Withdrawn)]):
		return impossible(rec, "these slices cannot be taken back by themselves")
	case !reflect.DeepEqual(d.Action, r.withdraw(rec.Stream, d.Withdrawn, rec.Seq)) ||
		len(d.Action.Slices) != len(r.Plan.Stages[r.Stage].Slices)-len(d.Withdrawn) || len(d.Action.Slices) == 0:
		return impossible(rec, "it does not leave what the plan says for stage %q", r.Plan.Stages[r.Stage].Name)
	}
	r.Phase, r.Withdrawn, r.Restore = PhaseWithdrawing, d.Withdrawn, false
	r.Pending = &Pending{Action: d.Action, Stage: r.Stage, Ordered: rec.At}
	return nil
}

func (s *State) rollsBack(rec journal.Record, d actionData) error {
	r := s.Rollout
	switch {
	case !r.out():
		return impossible(rec, "nothing was exposed")
	case r.irreversible():
		return impossible(rec, "what was exposed cannot be taken back")
	case r.Phase == PhaseRollingBack:
		return impossible(rec, "it is rolling back already")
	case s.Next != nil && s.Next.Forward:
		return impossible(rec, "another release takes over what it shows")
	case len(r.Plan.backGates()) > 0 && (r.Phase != PhaseRetreating || r.FactsSeq != s.Head.Seq || r.retreat(r.Facts).what != rollback):
		return impossible(rec, "the record before does not say that it may go back")
	case !reflect.DeepEqual(d, actionData{V: recordVersion, Action: r.rollback(rec.Stream, rec.Seq), Cause: d.Cause}):
		return impossible(rec, "it is not what the plan says for a rollback")
	}
	r.Phase, r.Cause, r.Held, r.Restore = PhaseRollingBack, d.Cause, nil, false
	r.Pending = &Pending{Action: d.Action, Stage: -1, Ordered: rec.At}
	return nil
}

func (s *State) retreating(rec journal.Record) error {
	var d retreatData
	if err := decode(rec, &d); err != nil {
		return err
	}
	r := s.Rollout
	if !r.out() || r.irreversible() || r.Phase == PhaseRetreating || r.Phase == PhaseRollingBack || len(r.Plan.backGates()) == 0 {
		return impossible(rec, "it does not go back this way while %v", r.Phase)
	}
	// What was ordered and not observed may still take effect: Widest says how much.
	r.Phase, r.Cause, r.RetreatAt = PhaseRetreating, d.Cause, rec.At
	r.Pending, r.Held, r.Restore, r.Gates = nil, nil, false, nil
	return nil
}

func (s *State) held(rec journal.Record) error {
	var d heldData
	if err := decode(rec, &d); err != nil {
		return err
	}
	r := s.Rollout
	// That a dependent stays weighs more than what another gate on the way back says.
	more := r.Phase == PhaseRetreating && d.Why.Subject == GateDependents && !r.heldByDependents()
	if r.Held != nil && !more || !r.out() || r.Phase == PhaseRollingBack || d.Cause.Code == "" {
		return impossible(rec, "it is not held while %v", r.Phase)
	}
	r.Held = &d.Held
	return nil
}
