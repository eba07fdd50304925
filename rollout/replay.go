package rollout

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// Replay makes every decision of a target's stream again, from the facts recorded
// beside it, and compares. The facts must be answers to what [Ask] asks. It returns
// the state at the end. An error says which record is altered, impossible, or not what
// was to be decided, or that a decision is missing. records must begin with the
// stream's first.
//
// What Replay cannot see is that records were cut off at the end: compare
// State.Head with one that was kept elsewhere.
func Replay(t Target, records []journal.Record) (State, error) {
	s := NewState(t)
	for i, rec := range records {
		if decides(rec) {
			if err := redecide(s, rec); err != nil {
				return State{}, err
			}
		}
		q := Ask(s, rec.At)
		var err error
		if s, err = Reduce(s, rec); err != nil {
			return State{}, err
		}
		if rec.Kind != RecordFacts {
			continue
		}
		if !s.Rollout.Facts.answer(q) {
			return State{}, impossible(rec, "its answers are not what was asked")
		}
		// What people read must be what decided.
		if rec.Reason != clip(s.Rollout.Facts.summary()) {
			return State{}, impossible(rec, "its sentence is not what its facts say")
		}
		if next(s, rec.At).what == stay {
			continue
		}
		if i+1 == len(records) || !decides(records[i+1]) {
			return State{}, fmt.Errorf("rollout: replay: record %d of %q calls for a decision, and none follows", rec.Seq, rec.Stream)
		}
	}
	return s, nil
}

// answer reports whether f are answers to all of q and to nothing else, or what came of
// an attempt to apply.
func (f Facts) answer(q Questions) bool {
	if f.Applied != nil {
		return f.Observed != nil && f.Health == nil && f.Slices == nil && f.Gates == nil
	}
	return (f.Observed != nil) == q.Observe && (f.Health != nil) == (q.Health != nil) &&
		slices.EqualFunc(f.Slices, q.Slices, func(a HealthAnswer, h HealthQuery) bool { return *a.Slice == *h.Slice }) &&
		slices.EqualFunc(f.Gates, q.Gates, func(a GateAnswer, g GateQuery) bool { return a.Gate == g.Gate })
}

// decides reports whether the engine decides on a record of this kind. The others are
// what it was told. A rollout that was ordered to follow is checked by [Reduce].
func decides(rec journal.Record) bool {
	switch rec.Kind {
	case RecordAction, RecordRetreating, RecordHeld, RecordEnded:
		return true
	}
	return false
}

// redecide compares rec with what the state before it calls for.
func redecide(s State, rec journal.Record) error {
	if !s.Running() || s.Rollout.FactsSeq != s.Head.Seq {
		return impossible(rec, "a decision does not follow the facts that it rests on")
	}
	v := next(s, rec.At)
	if rec.Actor != s.Rollout.Facts.Actor {
		return impossible(rec, "%q decides on what %q was answered", rec.Actor, s.Rollout.Facts.Actor)
	}
	if v.what == stay || !rec.At.Equal(s.At) {
		return impossible(rec, "the facts before it do not call for a decision at %v", rec.At)
	}
	want, err := v.entry(s, rec.At, rec.Actor)
	if err != nil {
		return err
	}
	if want.Kind != rec.Kind || want.Reason != rec.Reason || !bytes.Equal(want.Data, rec.Data) {
		return impossible(rec, "the facts before it call for %s: %s", want.Kind, want.Data)
	}
	return nil
}
