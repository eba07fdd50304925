// Package linear shows that a journal does one thing at a time, or seems to: many
// callers append, read, claim, renew and release at once, what each asked for and was
// told is kept, and there must be one order of all the calls on a stream, each between
// its beginning and its end, in which a single caller would have been told the same. It
// is for tests only, and leaves the search for that order to porcupine.
//
// An append whose outcome is unknown may be anywhere after its beginning, if the stream
// has its records in the end, and must be nowhere if it has not. Claims that give nothing
// say nothing: a store may pass over a stream that another claim is looking at.
package linear

import (
	"context"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// Options says how a history comes about. Nil is the zero Options.
type Options struct {
	// Workers is how many goroutines call. If zero, 16.
	Workers int
	// Streams is how many streams they share. If zero, 4.
	Streams int
	// Calls is how many calls each of them makes. If zero, 40.
	Calls int
	// Patience bounds how long half of the appends may take, at random, so that some are
	// given up. If zero, none is.
	Patience time.Duration
	// Seed is that of the random choices.
	Seed uint64
}

func (o *Options) orDefault() Options {
	out := Options{}
	if o != nil {
		out = *o
	}
	for _, f := range []struct {
		field *int
		value int
	}{{&out.Workers, 16}, {&out.Streams, 4}, {&out.Calls, 40}} {
		if *f.field == 0 {
			*f.field = f.value
		}
	}
	return out
}

// Test records a history of journals that are open on the same store, which must hold
// no records yet, and fails t if it is not that of one thing at a time, or if too little
// happened in it to show anything.
func Test(t testing.TB, opts *Options, journals ...journal.Journal) {
	t.Helper()
	h, err := Record(t.Context(), opts, journals...)
	if err == nil {
		err = h.Check()
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kinds {
		if h.count(k.does) == 0 {
			t.Fatalf("linear: there is no call %s among %d", k.name, len(h.Calls))
		}
	}
	t.Logf("linear: %d calls, %d appends with an unknown outcome, %d given up before they began", len(h.Calls), h.Unknown, h.GivenUp)
}

// kinds are the calls without which a history shows little.
var kinds = []struct {
	name string
	does func(Call) bool
}{
	{"that appends", func(c Call) bool { return c.Do == Append && c.Told == OK }},
	{"that is refused for its version", func(c Call) bool { return c.Told == Conflict }},
	{"that reads", func(c Call) bool { return c.Do == Read }},
	{"that claims", func(c Call) bool { return c.Do == Claim }},
	{"that appends under a token", func(c Call) bool { return c.Do == Append && c.Lease.Token > 0 && c.Told == OK }},
	{"that is refused for its token", func(c Call) bool { return c.Told == Fenced }},
}

// Record makes the calls and returns what became of them, with a last look at each
// stream after all of them.
func Record(ctx context.Context, opts *Options, journals ...journal.Journal) (*History, error) {
	r := recorder{Options: opts.orDefault(), journals: journals}
	return r.run(ctx)
}
