package rollout

import (
	"errors"
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// command takes in what somebody ordered.
func (s *State) command(rec journal.Record) error {
	var d commandData
	if err := decode(rec, &d); err != nil {
		return err
	}
	if err := errors.Join(d.By.check(true), d.By.signs(rec, d.By.Reason)); err != nil {
		return err
	}
	forStage := rec.Kind == RecordApproved || rec.Kind == RecordRevoked
	if d.Stage != "" && !forStage || d.Gate != "" && rec.Kind != RecordOverridden {
		return impossible(rec, "it names a stage or a gate")
	}
	r := s.Rollout
	if d.Stage != "" && r.Plan.index(d.Stage) < 0 {
		return fmt.Errorf("rollout: the plan has no stage %q", d.Stage)
	}
	switch rec.Kind {
	case RecordAborted:
		if r.Abort == nil && s.Running() {
			r.Abort = &d.By
		}
		s.Next = nil
		return nil
	case RecordPaused:
		if r.Paused != nil {
			return errors.New("rollout: pause: it is paused already")
		}
		r.Paused = &d.By
		return nil
	case RecordResumed:
		return r.resume()
	case RecordApproved:
		if err := r.mayApprove(d.Stage, d.By.Actor); err != nil {
			return err
		}
		r.Approvals = append(slices.Clip(r.Approvals), Approval{Stage: d.Stage, By: d.By, At: rec.At})
		return nil
	case RecordRevoked:
		left := slices.DeleteFunc(slices.Clone(r.Approvals), func(a Approval) bool {
			return a.By.Actor.Same(d.By.Actor) && (d.Stage == "" || a.Stage == d.Stage)
		})
		if len(left) == len(r.Approvals) {
			return fmt.Errorf("rollout: revoke: %v has not approved that", d.By.Actor)
		}
		r.Approvals = left
		return nil
	case RecordSkipped:
		if r.Phase != PhaseBaking || r.Skipped != nil {
			return fmt.Errorf("rollout: skip: nothing bakes that was not skipped before: it is %v", r)
		}
		r.Skipped = &d.By
		return nil
	}
	return r.override(Override{Gate: d.Gate, By: d.By})
}

// resume lifts a pause, what the engine holds, and a partial rollback. Where the
// release is being taken back, only the pause.
func (r *Rollout) resume() error {
	goes := r.Phase == PhaseRetreating || r.Phase == PhaseRollingBack
	withdrawn := len(r.Withdrawn) > 0 && !r.Restore
	if r.Paused == nil && (goes || r.Held == nil && !withdrawn) {
		return errors.New("rollout: resume: it is not paused")
	}
	r.Paused = nil
	if !goes {
		r.Held, r.Restore = nil, len(r.Withdrawn) > 0
	}
	return nil
}

// override lifts a gate for the stage that comes next, health for the one that is
// watched, and a gate on the way back for that.
func (r *Rollout) override(o Override) error {
	back := slices.Contains(r.Plan.backGates(), o.Gate)
	switch {
	case !slices.Contains(r.Plan.Overridable, o.Gate):
		return fmt.Errorf("rollout: override: the plan does not let anybody override %q", o.Gate)
	case back && r.Phase == PhaseRetreating:
		o.Stage = -1
	case r.Phase == PhaseRetreating || r.Phase == PhaseRollingBack:
		return fmt.Errorf("rollout: override: it is %v", r.Phase)
	case o.Gate == GateHealth && r.watched() < 0:
		return errors.New("rollout: override: nothing is exposed whose health could be overridden")
	case o.Gate == GateHealth || r.Phase == PhaseExposing:
		o.Stage = r.watched()
	default:
		o.Stage = r.next()
	}
	if o.Stage >= 0 && o.Gate != GateHealth && !r.Plan.asks(o.Gate, o.Stage) {
		return fmt.Errorf("rollout: override: nothing that comes next asks %q", o.Gate)
	}
	if r.lifted(o.Gate, o.Stage) {
		return fmt.Errorf("rollout: override: %q is overridden already", o.Gate)
	}
	r.Overrides = append(slices.Clip(r.Overrides), o)
	return nil
}

// superseded takes in that another release is to take the place of this one.
func (s *State) superseded(rec journal.Record) error {
	var d supersededData
	if err := decode(rec, &d); err != nil {
		return err
	}
	if err := checkPlan(rec, &d.Plan, d.Digest); err != nil {
		return err
	}
	if err := errors.Join(d.By.check(true), d.By.signs(rec, d.By.Reason)); err != nil {
		return err
	}
	const longer = 32 // bytes: the number of this record, which the one that begins the plan has
	if len(rec.Data) > journal.MaxData-longer {
		return impossible(rec, "its plan would not fit the record that begins it")
	}
	r := s.Rollout
	// What is halted stands until a host's word says what serves instead.
	if !s.Running() && (r == nil || r.Phase != PhaseHalted || s.Known || !d.Forward) {
		return fmt.Errorf("%w: record %d of %q, %s", ErrNotRunning, rec.Seq, rec.Stream, rec.Kind)
	}
	if s.Running() && d.Plan.Release.Digest == r.Plan.Release.Digest {
		return fmt.Errorf("rollout: %v cannot take its own place", d.Plan.Release)
	}
	if d.Plan.Previous.Digest != r.Plan.Previous.Digest {
		return fmt.Errorf("%w: %v is what %s goes back to, the plan says %v", ErrPrevious, r.Plan.Previous, r.ID, d.Plan.Previous)
	}
	// Nothing could stop what is ordered and cannot begin.
	if err := s.clean(d.Plan.Release); err != nil {
		return err
	}
	if err := r.yields(d); err != nil {
		return err
	}
	if !d.Forward {
		r.Superseded = &d.By
	}
	s.Next = &Next{Plan: d.Plan, Digest: d.Digest, By: d.By, Seq: rec.Seq, Forward: d.Forward}
	return nil
}

// yields reports why the rollout does not make room in this way.
func (r *Rollout) yields(d supersededData) error {
	switch {
	case !d.Forward && r.Plan.Superseding != SupersedingTakeBack:
		return fmt.Errorf("%w: %s; its plan does not let another release take its place", ErrBusy, r.ID)
	case !d.Forward && r.irreversible():
		return fmt.Errorf("%w: %s cannot be taken back; roll forward", ErrBusy, r.ID)
	case !d.Forward:
		return nil
	case r.Phase == PhaseRollingBack:
		return fmt.Errorf("%w: %s is being taken back", ErrBusy, r.ID)
	case !r.out():
		return nil
	}
	base := r.base()
	most := scopes(d.Plan.Stages[0].Slices)
	for _, l := range base.Slices {
		if !covered(l, most) {
			return fmt.Errorf("rollout: roll forward: the first stage, %q, must cover slice %v, which %v has", d.Plan.Stages[0].Name, l, base.Release)
		}
	}
	return nil
}
