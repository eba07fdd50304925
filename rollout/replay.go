package rollout

import (
	"bytes"
	"fmt"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// Replay makes every decision of a target's stream again, from the facts recorded
// beside it, and compares. It returns the state at the end. An error says which
// record is altered, impossible, or not what was to be decided, or that a decision
// is missing. records must begin with the stream's first.
//
// What Replay cannot see is that records were cut off at the end: compare
// State.Head with one that was kept elsewhere.
func Replay(t Target, records []journal.Record) (State, error) {
	s := NewState(t)
	for i, rec := range records {
		if rec.Kind == RecordAction || rec.Kind == RecordEnded {
			if err := redecide(s, rec); err != nil {
				return State{}, err
			}
		}
		var err error
		if s, err = Reduce(s, rec); err != nil {
			return State{}, err
		}
		if rec.Kind != RecordFacts {
			continue
		}
		// What people read must be what decided.
		if rec.Reason != clip(s.Rollout.Facts.summary()) {
			return State{}, impossible(rec, "its sentence is not what its facts say")
		}
		if next(s, rec.At).what == stay {
			continue
		}
		if i+1 == len(records) || records[i+1].Kind != RecordAction && records[i+1].Kind != RecordEnded {
			return State{}, fmt.Errorf("rollout: replay: record %d of %q calls for a decision, and none follows", rec.Seq, rec.Stream)
		}
	}
	return s, nil
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
