package linear

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// Do is what a call does.
type Do string

// What calls do.
const (
	// Append appends, with or without a token.
	Append Do = "append"
	// Read loads the stream from where the worker knew it on.
	Read Do = "read"
	// Claim claims the stream, and was given it.
	Claim Do = "claim"
	// Renew renews a lease of the stream.
	Renew Do = "renew"
	// Release gives one back.
	Release Do = "release"
)

// Told is what a call was told.
type Told string

// What calls are told. There is no other: a call that ends in another way ends the test.
const (
	// OK is told of what happened.
	OK Told = "ok"
	// Conflict is told of an append at another version.
	Conflict Told = "conflict"
	// Fenced is told of what needs a lease that is current.
	Fenced Told = "fenced"
	// Unknown is told of an append that may have happened.
	Unknown Told = "unknown"
	// GivenUp is told of an append that did not happen.
	GivenUp Told = "given up"
)

// Call is one call on a stream.
type Call struct {
	// Stream is the stream, and Worker is who called.
	Stream string
	Worker int
	// Do is what was asked for, and Told how it ended.
	Do   Do
	Told Told
	// Begin and End are when, on a clock that counts the events of the history.
	Begin, End int64
	// Expect and Entries are what an append was asked for.
	Expect  uint64
	Entries []journal.Entry
	// Lease is what a claim gave; under its token an append was made, if it has one; it
	// was renewed or released.
	Lease journal.Lease
	// Head is where the stream stood: for a read, and after an append.
	Head journal.Head
	// Prev is the head before the first record that an append was told of.
	Prev journal.Head
}

// String says what was asked and told.
func (c Call) String() string {
	s := fmt.Sprintf("worker %d, events %d to %d: %s", c.Worker, c.Begin, c.End, c.Do)
	switch c.Do {
	case Append:
		s += fmt.Sprintf(" %d entries, the first %q, at %d under token %d", len(c.Entries), c.Entries[0].Data, c.Expect, c.Lease.Token)
	case Renew, Release:
		s += fmt.Sprintf(" token %d", c.Lease.Token)
	}
	s += ": " + string(c.Told)
	switch c.Do {
	case Append, Read:
		if c.Told == OK {
			s += fmt.Sprintf(", the stream is at %d with hash %.15s", c.Head.Seq, c.Head.Hash)
		}
	case Claim:
		s += fmt.Sprintf(", token %d at %d", c.Lease.Token, c.Lease.Seq)
	}
	return s
}

// History is what was asked and told.
type History struct {
	// Calls are the calls, in no order.
	Calls []Call
	// Final has the records of each stream at the end.
	Final map[string][]journal.Record
	// Unknown and GivenUp count appends that were told so.
	Unknown, GivenUp int
}

func (h *History) count(does func(Call) bool) (n int) {
	for _, c := range h.Calls {
		if does(c) {
			n++
		}
	}
	return n
}
