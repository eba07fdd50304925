package rollout

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

var (
	// ErrBusy says that another rollout of the target has not ended.
	ErrBusy = errors.New("rollout: another rollout of the target is under way")
	// ErrNotRunning says that there is no rollout to command.
	ErrNotRunning = errors.New("rollout: no rollout of the target is under way")
	// ErrPoisoned says that the release, or the previous one, was rolled back before.
	ErrPoisoned = errors.New("rollout: the release was rolled back before")
	// ErrPrevious says that the plan's previous release is not what serves.
	ErrPrevious = errors.New("rollout: the previous release is not what serves")
)

// Reduce is the state after one more record. It is pure. A record that does not
// follow the last one by its hash, that cannot have been written in this state,
// or that is of a kind or version it does not know, is an error, and the state is
// the old one: nothing may be decided on such a stream.
func Reduce(s State, rec journal.Record) (State, error) {
	next, err := reduce(s, rec)
	if err != nil {
		return s, err
	}
	return next, nil
}

func reduce(s State, rec journal.Record) (State, error) {
	if err := s.Head.Check(rec); err != nil {
		return s, fmt.Errorf("rollout: %w", err)
	}
	if rec.At.Before(s.At) {
		return s, impossible(rec, "its time %v is before the last record's %v", rec.At, s.At)
	}
	if s.Rollout != nil {
		r := *s.Rollout
		s.Rollout = &r
	}
	var err error
	switch rec.Kind {
	case RecordStarted:
		err = s.started(rec)
	case RecordAdopted:
		err = s.adopted(rec)
	case RecordFacts, RecordAction, RecordEnded, RecordPaused, RecordResumed, RecordAborted:
		if !s.Running() {
			return s, fmt.Errorf("%w: record %d of %q, %s", ErrNotRunning, rec.Seq, rec.Stream, rec.Kind)
		}
		err = s.during(rec)
	default:
		return s, fmt.Errorf("%w: record %d of %q, kind %q", ErrUnknownRecord, rec.Seq, rec.Stream, rec.Kind)
	}
	s.Head, s.At = rec.Head(), rec.At
	return s, err
}

func (s *State) during(rec journal.Record) error {
	switch rec.Kind {
	case RecordFacts:
		return s.facts(rec)
	case RecordAction:
		return s.action(rec)
	case RecordEnded:
		return s.ended(rec)
	}
	var d commandData
	if err := decode(rec, &d); err != nil {
		return err
	}
	if err := errors.Join(d.By.check(true), d.By.signs(rec, d.By.Reason)); err != nil {
		return err
	}
	r := s.Rollout
	switch {
	case rec.Kind == RecordAborted:
		if r.Abort == nil {
			r.Abort = &d.By
		}
	case rec.Kind == RecordResumed:
		if r.Paused == nil {
			return errors.New("rollout: resume: it is not paused")
		}
		r.Paused = nil
	case r.Paused != nil:
		return errors.New("rollout: pause: it is paused already")
	default:
		r.Paused = &d.By
	}
	return nil
}

func impossible(rec journal.Record, format string, args ...any) error {
	return fmt.Errorf("rollout: record %d of %q, %s, is impossible: %s", rec.Seq, rec.Stream, rec.Kind, fmt.Sprintf(format, args...))
}

func (s *State) started(rec journal.Record) error {
	var d startedData
	if err := decode(rec, &d); err != nil {
		return err
	}
	if s.Running() {
		return fmt.Errorf("%w: %s", ErrBusy, s.Rollout.ID)
	}
	if err := d.Plan.Validate(); err != nil {
		return err
	}
	if d.Plan.Target.Stream() != rec.Stream {
		return impossible(rec, "its plan is for %v", d.Plan.Target)
	}
	if digest, err := d.Plan.Digest(); err != nil || digest != d.Digest {
		return impossible(rec, "its plan has the digest %v, not %v (%v)", digest, d.Digest, err)
	}
	if err := errors.Join(d.By.check(d.Override), d.By.signs(rec, d.sentence())); err != nil {
		return err
	}
	if s.Known && s.Current.Digest != d.Plan.Previous.Digest {
		return fmt.Errorf("%w: %v serves, the plan says %v", ErrPrevious, s.Current, d.Plan.Previous)
	}
	for _, ref := range []release.Ref{d.Plan.Release, d.Plan.Previous} {
		if p, bad := s.PoisonOf(ref.Digest); bad && !d.Override {
			return fmt.Errorf("%w: %v, by %s: %s", ErrPoisoned, ref, p.Rollout, p.Cause.Text)
		}
	}
	s.Target = d.Plan.Target
	s.Rollout = &Rollout{ID: rolloutID(rec.Stream, rec.Seq), Plan: d.Plan, PlanDigest: d.Digest, Started: rec.At, StartSeq: rec.Seq,
		By: d.By, Override: d.Override, Phase: PhaseStarting, Stage: -1, Widest: -1}
	return nil
}

func (s *State) adopted(rec journal.Record) error {
	var d adoptedData
	if err := decode(rec, &d); err != nil {
		return err
	}
	if s.Running() {
		return fmt.Errorf("%w: %s", ErrBusy, s.Rollout.ID)
	}
	if err := errors.Join(d.By.check(true), d.By.signs(rec, d.By.Reason), checkRef("release", d.Release, s.Target.Service)); err != nil {
		return err
	}
	s.Current, s.Known = d.Release, true
	return nil
}

// facts takes in what was answered. Only here does an action become done: by
// being observed.
func (s *State) facts(rec journal.Record) error {
	var d factsData
	if err := decode(rec, &d); err != nil {
		return err
	}
	r := s.Rollout
	r.Facts, r.FactsSeq = d.Facts, rec.Seq
	r.Facts.Now, r.Facts.Actor = rec.At, rec.Actor
	if d.Health != nil {
		r.Health = d.Health
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
				r.Drift = clip(err.Error())
			}
		}
		return nil
	}
	p := *r.Pending
	if d.Applied != nil && d.Applied.Fence != p.Action.Fence {
		return impossible(rec, "fence %d is pending, not %d", p.Action.Fence, d.Applied.Fence)
	}
	if err := d.Observed.check(p.Action); err == nil {
		r.done(p.Action, rec)
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
		r.Pending = &p
	}
	return nil
}

// done notes that the pending action was observed.
func (r *Rollout) done(a Action, rec journal.Record) {
	r.Pending, r.Done, r.Drift = nil, &a, ""
	if a.Kind == ActionExpose {
		r.Stage, r.StageAt, r.StageSeq, r.Phase = r.Stage+1, rec.At, rec.Seq, PhaseBaking
		r.Gates, r.Health = nil, nil
	}
}

func (s *State) action(rec journal.Record) error {
	var d actionData
	if err := decode(rec, &d); err != nil {
		return err
	}
	r := s.Rollout
	switch d.Action.Kind {
	case ActionExpose:
		i := r.Stage + 1
		switch {
		case r.Phase != PhaseStarting && r.Phase != PhaseBaking:
			return impossible(rec, "nothing is exposed while %v", r.Phase)
		case i >= len(r.Plan.Stages):
			return impossible(rec, "there is no stage after the last")
		case r.Abort != nil || r.Paused != nil:
			return impossible(rec, "nothing is exposed while paused or aborted")
		case r.FactsSeq != s.Head.Seq || r.StageSeq == s.Head.Seq || !allow(r.Plan.gates(i), r.Facts.Gates):
			return impossible(rec, "the record before does not say that every gate allowed this stage")
		case r.asLeft(r.Facts.Observed) != nil:
			return impossible(rec, "the record before does not say that production was as it should be")
		case !reflect.DeepEqual(d.Action, r.expose(rec.Stream, i, rec.Seq)):
			return impossible(rec, "it is not what the plan says for stage %q", r.Plan.Stages[i].Name)
		}
		if r.Widest < 0 {
			r.Since = rec.At
		}
		r.Phase, r.Widest = PhaseExposing, i
	case ActionRollback:
		switch {
		case r.Widest < 0:
			return impossible(rec, "nothing was exposed")
		case r.Phase == PhaseRollingBack:
			return impossible(rec, "it is rolling back already")
		case !reflect.DeepEqual(d.Action, r.rollback(rec.Stream, rec.Seq)):
			return impossible(rec, "it is not what the plan says for a rollback")
		}
		r.Phase, r.Cause = PhaseRollingBack, d.Cause
	default:
		return impossible(rec, "the action is %v", d.Action.Kind)
	}
	r.Pending = &Pending{Action: d.Action, Ordered: rec.At}
	return nil
}

func (s *State) ended(rec journal.Record) error {
	var d endedData
	if err := decode(rec, &d); err != nil {
		return err
	}
	r := s.Rollout
	unpoison := func(p Poison) bool { return p.Release.Digest == r.Plan.Release.Digest }
	switch {
	case d.Phase == PhaseDeployed && r.Phase == PhaseBaking && r.Stage == len(r.Plan.Stages)-1 && r.Abort == nil:
		s.Current, s.Known = r.Plan.Release, true
		s.Poisoned = slices.DeleteFunc(slices.Clone(s.Poisoned), unpoison)
	case d.Phase == PhaseRolledBack && r.Phase == PhaseRollingBack && r.Pending == nil:
		s.Current, s.Known = r.Plan.Previous, true
		s.Poisoned = append(slices.DeleteFunc(slices.Clone(s.Poisoned), unpoison),
			Poison{Release: r.Plan.Release, Rollout: r.ID, At: rec.At, Cause: d.Cause})
	case d.Phase == PhaseStopped && r.Widest < 0:
	default:
		return impossible(rec, "it cannot be %v after %v", d.Phase, r.Phase)
	}
	r.Phase, r.Cause, r.Ended = d.Phase, d.Cause, rec.At
	return nil
}
