package linear

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// patience bounds the search for an order of the calls on one stream.
const patience = 20 * time.Second

// Check is an error if there is no order in which the calls on some stream can have
// happened. It names a call that has no place.
func (h *History) Check() error {
	streams := map[string][]Call{}
	for _, c := range h.Calls {
		streams[c.Stream] = append(streams[c.Stream], c)
	}
	var errs []error
	for stream, calls := range streams {
		if err := check(calls, h.Final[stream]); err != nil {
			errs = append(errs, fmt.Errorf("linear: %s: %w", stream, err))
		}
	}
	return errors.Join(errs...)
}

func check(calls []Call, final []journal.Record) error {
	var history []porcupine.Operation
	for _, c := range calls {
		if c.Do == Append && (c.Told == Unknown || c.Told == GivenUp) {
			at := slices.IndexFunc(final, func(r journal.Record) bool { return bytes.Equal(r.Data, c.Entries[0].Data) })
			switch {
			case at < 0:
				continue // it did not happen
			case c.Told == GivenUp:
				return fmt.Errorf("it was said that this did not happen, and it is there as record %d: %s", at+1, c)
			case at+len(c.Entries) > len(final):
				return fmt.Errorf("it is there in part: %s", c)
			}
			c.Told, c.End = OK, math.MaxInt64
			c.Prev = journal.Head{Stream: c.Stream, Seq: uint64(at), Hash: final[at].Prev}
			c.Head = final[at+len(c.Entries)-1].Head()
		}
		history = append(history, porcupine.Operation{ClientId: c.Worker, Input: c, Call: c.Begin, Return: c.End})
	}
	result, info := porcupine.CheckOperationsVerbose(model, history, patience)
	switch result {
	case porcupine.Ok:
		return nil
	case porcupine.Unknown:
		return fmt.Errorf("%d calls, and no order of them was found or excluded in %v", len(history), patience)
	}
	return explain(history, info)
}

// explain names the first call that no attempt has found a place for, and what the
// longest attempt ended with.
func explain(history []porcupine.Operation, info porcupine.LinearizationInfo) error {
	var longest []int
	for _, attempt := range info.PartialLinearizations()[0] {
		if len(attempt) > len(longest) {
			longest = attempt
		}
	}
	placed := map[int]bool{}
	s := model.Init()
	for _, id := range longest {
		placed[id] = true
		_, s = model.Step(s, history[id].Input, nil)
	}
	var rest []Call
	for id, op := range history {
		if !placed[id] {
			rest = append(rest, op.Input.(Call))
		}
	}
	slices.SortFunc(rest, func(a, b Call) int { return cmp.Compare(a.End, b.End) })
	at := s.(state)
	return fmt.Errorf("no order of %d calls is possible: after %d of them the stream is at %d with hash %.15s, the last token is %d (held: %v), and then this has no place: %s",
		len(history), len(longest), at.head.Seq, at.head.Hash, at.token, at.held, rest[0])
}

// state is a stream in the model.
type state struct {
	head  journal.Head
	token uint64
	held  bool
}

// model is what the contract says of one stream, one call at a time.
var model = porcupine.Model{
	Init: func() any { return state{} },
	Step: func(s, input, _ any) (bool, any) {
		ok, next := s.(state).step(input.(Call))
		return ok, next
	},
}

// step reports whether the call can have been told what it was told, and where it leaves
// the stream.
func (s state) step(c Call) (bool, state) {
	if s.head.Stream == "" {
		s.head.Stream = c.Stream
	}
	switch c.Do {
	case Read:
		return c.Head == s.head, s
	case Append:
		return s.append(c)
	case Claim:
		can := !s.held && s.head.Seq > 0 && c.Lease.Seq == s.head.Seq && c.Lease.Token > s.token
		return can, state{head: s.head, token: c.Lease.Token, held: true}
	}
	current := s.held && c.Lease.Token == s.token
	if c.Told == OK && c.Do == Release {
		return current, state{head: s.head, token: s.token}
	}
	return current == (c.Told == OK), s
}

func (s state) append(c Call) (bool, state) {
	fenced := c.Lease.Token > 0 && c.Lease.Token != s.token
	switch c.Told {
	case Fenced:
		return fenced, s
	case Conflict:
		return !fenced && c.Expect != s.head.Seq, s
	}
	if fenced || c.Expect != s.head.Seq || c.Prev != s.head {
		return false, s
	}
	for _, e := range c.Entries {
		s.head = journal.Seal(s.head, e).Head()
	}
	return s.head == c.Head, s
}
