package rollout

import (
	"errors"
	"fmt"
	"slices"
	"time"

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
	next := s.own()
	if err := next.reduce(rec); err != nil {
		return s, err
	}
	return next, nil
}

// own is s with a rollout that nobody else has.
func (s State) own() State {
	if s.Rollout != nil {
		r := *s.Rollout
		s.Rollout = &r
	}
	return s
}

// reduce makes s, which the caller must own, the state after one more record. After an
// error s is of no use.
func (s *State) reduce(rec journal.Record) error {
	if err := s.Head.Check(rec); err != nil {
		return fmt.Errorf("rollout: %w", err)
	}
	if rec.At.Before(s.At) {
		return impossible(rec, "its time %v is before the last record's %v", rec.At, s.At)
	}
	var err error
	switch rec.Kind {
	case RecordStarted:
		err = s.started(rec)
	case RecordAdopted:
		err = s.adopted(rec)
	case RecordSuperseded:
		err = s.superseded(rec)
	case RecordFacts, RecordAction, RecordRetreating, RecordHeld, RecordEnded, RecordPaused, RecordResumed, RecordAborted,
		RecordApproved, RecordRevoked, RecordSkipped, RecordOverridden:
		if calledOff := rec.Kind == RecordAborted && s.Next != nil && s.Rollout.Phase != PhaseReplaced; !s.Running() && !calledOff {
			return fmt.Errorf("%w: record %d of %q, %s", ErrNotRunning, rec.Seq, rec.Stream, rec.Kind)
		}
		err = s.during(rec)
	default:
		return fmt.Errorf("%w: record %d of %q, kind %q", ErrUnknownRecord, rec.Seq, rec.Stream, rec.Kind)
	}
	s.Head, s.At = rec.Head(), rec.At
	return err
}

func (s *State) during(rec journal.Record) error {
	switch rec.Kind {
	case RecordFacts:
		return s.facts(rec)
	case RecordAction:
		return s.action(rec)
	case RecordRetreating:
		return s.retreating(rec)
	case RecordHeld:
		return s.held(rec)
	case RecordEnded:
		return s.ended(rec)
	}
	return s.command(rec)
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
	switch n := s.Next; {
	case n == nil && d.Ordered != 0:
		return impossible(rec, "no record %d orders it", d.Ordered)
	case n != nil && d.Ordered == 0:
		return fmt.Errorf("%w: the one that record %d orders begins first", ErrBusy, n.Seq)
	case n != nil && (d.Ordered != n.Seq || d.Digest != n.Digest || d.By != n.By || d.Override):
		return impossible(rec, "it is not what record %d orders", n.Seq)
	}
	if err := checkPlan(rec, &d.Plan, d.Digest); err != nil {
		return err
	}
	if err := errors.Join(d.By.check(d.Override), d.By.signs(rec, d.sentence())); err != nil {
		return err
	}
	if s.Known && s.Current.Digest != d.Plan.Previous.Digest {
		return fmt.Errorf("%w: %v serves, the plan says %v", ErrPrevious, s.Current, d.Plan.Previous)
	}
	refs := []release.Ref{d.Plan.Release, d.Plan.Previous}
	if d.Ordered != 0 {
		refs = refs[:1] // the previous one was accepted with the rollout that it takes the place of
	}
	if err := s.clean(refs...); err != nil && !d.Override {
		return err
	}
	var base *Base
	if s.Next != nil && s.Next.Forward {
		base = s.Rollout.base()
	}
	s.Target, s.Next = d.Plan.Target, nil
	s.Rollout = &Rollout{ID: rolloutID(rec.Stream, rec.Seq), Plan: d.Plan, PlanDigest: d.Digest, Started: rec.At, StartSeq: rec.Seq,
		By: d.By, Override: d.Override, Base: base, Phase: PhaseStarting, Stage: -1, Widest: -1}
	return nil
}

// clean reports which of the releases was rolled back before.
func (s *State) clean(refs ...release.Ref) error {
	for _, ref := range refs {
		if p, bad := s.PoisonOf(ref.Digest); bad {
			return fmt.Errorf("%w: %v, by %s: %s", ErrPoisoned, ref, p.Rollout, p.Cause.Text)
		}
	}
	return nil
}

// checkPlan reports why a record cannot hold the plan.
func checkPlan(rec journal.Record, p *Plan, d release.Digest) error {
	if err := p.Validate(); err != nil {
		return err
	}
	if p.Target.Stream() != rec.Stream {
		return impossible(rec, "its plan is for %v", p.Target)
	}
	if digest, err := p.Digest(); err != nil || digest != d {
		return impossible(rec, "its plan has the digest %v, not %v (%v)", digest, d, err)
	}
	return nil
}

func (s *State) adopted(rec journal.Record) error {
	var d adoptedData
	if err := decode(rec, &d); err != nil {
		return err
	}
	if !s.idle() {
		return fmt.Errorf("%w: %s", ErrBusy, s.Rollout.ID)
	}
	if err := errors.Join(d.By.check(true), d.By.signs(rec, d.By.Reason), checkRef("release", d.Release, s.Target.Service)); err != nil {
		return err
	}
	s.Current, s.Known, s.rests = d.Release, true, nil
	return nil
}

// ended takes in an end.
func (s *State) ended(rec journal.Record) error {
	var d endedData
	if err := decode(rec, &d); err != nil {
		return err
	}
	r := s.Rollout
	switch {
	case d.Phase == PhaseDeployed && r.Phase == PhaseBaking && r.Stage == r.Plan.last() && r.Abort == nil && s.Next == nil &&
		r.Held == nil && len(r.Withdrawn) == 0 && s.mayGoOn():
		s.Current, s.Known, s.rests = r.Plan.Release, true, r.Plan.After
		s.takenBack = slices.DeleteFunc(slices.Clone(s.takenBack), func(d release.Digest) bool { return d == r.Plan.Release.Digest })
		s.Poisoned = s.poisonedBut(r.Plan.Release.Digest)
		if r.cameThroughTheWatch() {
			s.LastKnownGood, s.GoodSince = r.Plan.Release, rec.At
		}
	case d.Phase == PhaseRolledBack && r.Phase == PhaseRollingBack && r.Pending == nil:
		s.Current, s.Known = r.Plan.Previous, true
		switch {
		case r.Widest < 0:
		case d.Cause.Code != codeSuperseded:
			s.poison(rec, d.Cause)
		case !slices.Contains(s.takenBack, r.Plan.Release.Digest):
			s.takenBack = append(slices.Clip(s.takenBack), r.Plan.Release.Digest)
		}
	case d.Phase == PhaseStopped && !r.out():
	case d.Phase == PhaseHalted && r.irreversible() && r.Abort != nil, d.Phase == PhaseReplaced && r.out() && s.Next != nil && s.Next.Forward:
		if r.Widest >= 0 {
			s.poison(rec, d.Cause)
		}
		if d.Phase == PhaseHalted {
			s.Current, s.Known = release.Ref{}, false // several serve
			s.rests = slices.Concat(s.rests, r.resting())
		}
	default:
		return impossible(rec, "it cannot be %v after %v", d.Phase, r.Phase)
	}
	r.count(rec.At)
	r.Phase, r.Cause, r.Ended, r.Pending = d.Phase, d.Cause, rec.At, nil
	return nil
}

// cameThroughTheWatch reports whether the last stage was watched, and nothing of
// that left out.
func (r *Rollout) cameThroughTheWatch() bool {
	watch := r.Plan.Stages[r.Plan.last()]
	return watch.MinBake > 0 && watch.Health != HealthIgnored && r.Skipped == nil && !r.lifted(GateHealth, r.Plan.last())
}

// poison notes that the rollout's release failed. It is not known to be good any more.
func (s *State) poison(rec journal.Record, cause release.Reason) {
	r := s.Rollout
	s.Poisoned = append(s.poisonedBut(r.Plan.Release.Digest), Poison{Release: r.Plan.Release, Rollout: r.ID, At: rec.At, Cause: cause})
	if s.LastKnownGood.Digest == r.Plan.Release.Digest {
		s.LastKnownGood, s.GoodSince = release.Ref{}, time.Time{}
	}
}

// poisonedBut are the releases that are poisoned, without the one with digest d.
func (s *State) poisonedBut(d release.Digest) []Poison {
	return slices.DeleteFunc(slices.Clone(s.Poisoned), func(p Poison) bool { return p.Release.Digest == d })
}

// base is what a rollout that ended without going back left for the next one.
func (r *Rollout) base() *Base {
	if r.Widest < 0 {
		return r.Base
	}
	s := r.Plan.Stages[r.Widest]
	b := &Base{Release: r.Plan.Release, Rollout: r.ID, Slices: s.Slices, Share: s.Share(), Irreversible: r.irreversible(), after: r.resting()}
	if r.Base != nil {
		b.before = append(slices.Clip(r.Base.before), r.Base.Release.Digest)
	}
	if r.based() {
		b.unseen = r.Base.unseen + 1
	}
	return b
}
