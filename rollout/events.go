package rollout

import (
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// Events are what the records of a target tell to others, in their order. The
// same records give the same events with the same IDs, so an event that is told
// twice can be known again. Each rollout that ended has exactly one ending event.
// records must begin with the stream's first.
func Events(t Target, records []journal.Record) ([]release.Event, error) {
	var events []release.Event
	s := NewState(t)
	for _, rec := range records {
		after, err := Reduce(s, rec)
		if err != nil {
			return nil, err
		}
		if kind, ok := eventOf(s.Rollout, after.Rollout, rec); ok {
			events = append(events, event(kind, after, rec))
		}
		s = after
	}
	return events, nil
}

// eventOf says which event the record is that led from a to b. None is two.
func eventOf(a, b *Rollout, rec journal.Record) (release.EventKind, bool) {
	switch {
	case rec.Kind == RecordStarted:
		return release.EventStarted, true
	case rec.Kind == RecordFacts && a.Phase == PhaseExposing && b.Phase == PhaseBaking:
		return release.EventExposed, true
	case rec.Kind == RecordFacts && a.Phase == PhaseWithdrawing && b.Phase == PhaseBaking:
		return release.EventWithdrawn, true
	case (rec.Kind == RecordAction || rec.Kind == RecordRetreating) && a.Phase != PhaseRetreating &&
		(b.Phase == PhaseRollingBack || b.Phase == PhaseRetreating) && b.Cause.Code == codeRegressed,
		rec.Kind == RecordHeld && a.Phase != PhaseRetreating && b.Held.Cause.Code == codeRegressed:
		return release.EventRegressed, true
	case rec.Kind != RecordEnded:
		return "", false
	case b.Phase == PhaseDeployed:
		return release.EventDeployed, true
	case b.Phase == PhaseRolledBack:
		return release.EventRolledBack, true
	case b.Phase == PhaseHalted:
		return release.EventHalted, true
	case b.Phase == PhaseReplaced:
		return release.EventReplaced, true
	}
	return release.EventStopped, true
}

func event(kind release.EventKind, s State, rec journal.Record) release.Event {
	r := s.Rollout
	e := release.Event{ID: "rollout:" + rec.Hash.Hex(), Kind: kind, At: rec.At, Release: r.Plan.Release, Previous: r.Plan.Previous,
		Environment: s.Target.Environment, Rollout: r.ID, Percent: r.share(), Reason: r.Cause,
		Actor: release.Actor{Kind: release.ActorService, ID: rec.Actor}}
	switch {
	case kind == release.EventStarted:
		e.Actor = r.By.Actor
		if r.By.Reason != "" {
			e.Reason = release.Reason{Code: "rollout/started", Text: r.By.Reason}
		}
	case r.Cause.Code == codeAborted && r.Abort != nil:
		e.Actor = r.Abort.Actor
	case r.Cause.Code == codeSuperseded && r.Superseded != nil:
		e.Actor = r.Superseded.Actor
	case kind.Ends() && s.Next != nil && s.Next.Forward:
		e.Actor = s.Next.By.Actor
	case rec.Kind == RecordHeld:
		e.Reason = r.Held.Cause
	case kind == release.EventWithdrawn:
		e.Reason = r.Withdrawn[len(r.Withdrawn)-1].Cause
	}
	if kind == release.EventExposed || kind == release.EventRegressed || kind == release.EventWithdrawn {
		e.Stage = r.Plan.Stages[r.Widest].Name
	}
	if kind.Ends() {
		e.Started = r.Started
	}
	return e
}
