package journaltest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// call is one of a journal's methods with arguments that are right.
type call struct {
	name string
	do   func(ctx context.Context, j journal.Journal) error
}

// calls are all methods of a journal but Append and Close, on stream s with 3 records
// and this lease.
func calls(t testing.TB, l journal.Lease, base journal.Head, after journal.Cursor) []call {
	return []call{
		{"Load", func(ctx context.Context, j journal.Journal) error { return only(t, "Load", j.Load(ctx, "s", 0)) }},
		{"Streams", func(ctx context.Context, j journal.Journal) error { return only(t, "Streams", j.Streams(ctx)) }},
		{"Feed", func(ctx context.Context, j journal.Journal) error { return only(t, "Feed", j.Feed(ctx, "")) }},
		{"Feed after a cursor", func(ctx context.Context, j journal.Journal) error { return only(t, "Feed", j.Feed(ctx, after)) }},
		{"Compact", func(ctx context.Context, j journal.Journal) error { return j.Compact(ctx, base) }},
		{"Renew", func(ctx context.Context, j journal.Journal) error { return j.Renew(ctx, l, time.Second) }},
		{"Release", func(ctx context.Context, j journal.Journal) error { return j.Release(ctx, l, 0) }},
		{"Claim", func(ctx context.Context, j journal.Journal) error {
			leases, err := j.Claim(ctx, journal.Claim{TTL: time.Hour, Max: 1})
			if err != nil && len(leases) > 0 {
				t.Fatalf("Claim: %q came back with the error %v", names(leases), err)
			}
			return err
		}},
	}
}

// only is the error of a sequence that yields nothing but an error.
func only[T any](t testing.TB, what string, seq iter.Seq2[T, error]) (err error) {
	t.Helper()
	n := 0
	for _, e := range seq {
		n++
		err = e
	}
	if err == nil || n != 1 {
		t.Fatalf("%s yields %d values and the error %v, want one error", what, n, err)
	}
	return err
}

// started is a journal with two streams that are due, one of which is held.
func (s *suite) started(t testing.TB) (journal.Journal, []journal.Record, []call, journal.Lease) {
	t.Helper()
	j := s.start(t)
	records := add(t, j, "s", 0, entries("1", "2", "3")...)
	held := give(t, j, "s")
	add(t, j, "t", 0, entry("1"))
	return j, records, calls(t, held, records[1].Head(), feed(t, j, "")[0].Cursor), held
}

func testCancelled(t testing.TB, s *suite) {
	j, records, calls, held := s.started(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got, err := j.Append(ctx, journal.Append{Stream: "s", Expect: 3, Entries: entries("4")})
	refused(t, "append with a cancelled context", got, err, context.Canceled)
	if errors.Is(err, journal.ErrUnknown) {
		t.Fatalf("append with a context that had ended before: the error is %q, and it is known that nothing was appended", err)
	}
	for _, c := range calls {
		wants(t, c.name+" with a cancelled context", c.do(ctx, j), context.Canceled)
	}
	// Nothing happened.
	same(t, "the stream", records, verify(t, j, "s"))
	none(t, "held", j, "s")
	give(t, j, "t")
	ok(t, "renew", j.Renew(t.Context(), held, time.Hour))
	// One that ends while a loop runs ends the loop, at the latest with what the store
	// has read ahead.
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err := range j.Feed(ctx, "") {
		cancel()
		if n++; err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("the feed ends with %v, want %v", err, context.Canceled)
			}
			break
		}
	}
	if n > 5 {
		t.Fatalf("the feed has %d records, want 4", n)
	}
	complete(t, "the feed", j)
}

func testClosed(t testing.TB, s *suite) {
	j, _, calls, held := s.started(t)
	feeds, loads := j.Feed(t.Context(), ""), j.Load(t.Context(), "s", 0)
	for range 2 {
		ok(t, "close", j.Close())
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range 2 {
		for _, token := range []uint64{0, held.Token, held.Token + 1} {
			got, err := j.Append(ctx, journal.Append{Stream: "s", Expect: 3, Token: token, Entries: entries("4")})
			refused(t, "append after close", got, err, journal.ErrClosed)
			wants(t, "append after close", err, journal.ErrClosed)
		}
		for _, c := range calls {
			wants(t, c.name+" after close", c.do(ctx, j), journal.ErrClosed)
		}
		wants(t, "a feed from before the close", only(t, "the feed", feeds), journal.ErrClosed)
		wants(t, "a load from before the close", only(t, "load", loads), journal.ErrClosed)
		cancel() // which is not what is said then
	}
}

// testRefusals makes calls with more than one fault: what is wrong with the arguments
// is said first, then that the journal is closed, then what the context says, then that
// the lease is not current, then that the version is another.
func testRefusals(t testing.TB, s *suite) {
	j, _, _, old := s.started(t)
	ok(t, "release", j.Release(t.Context(), old, 0))
	held := give(t, j, "s")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	append := func(ctx context.Context, expect, token uint64, kind string) error {
		_, err := j.Append(ctx, journal.Append{Stream: "s", Expect: expect, Token: token, Entries: []journal.Entry{{Kind: kind}}})
		return err
	}
	claim := func(ctx context.Context, max int) error {
		_, err := j.Claim(ctx, journal.Claim{TTL: time.Hour, Max: max})
		return err
	}
	wants(t, "another version, an old token", append(t.Context(), 7, old.Token, "k"), journal.ErrFenced)
	wants(t, "another version, an old token, a context that ended", append(ended, 7, old.Token, "k"), context.Canceled)
	wants(t, "renew with an old token, a context that ended", j.Renew(ended, old, time.Hour), context.Canceled)
	wants(t, "release with an old token, a context that ended", j.Release(ended, old, 0), context.Canceled)
	wants(t, "compact to nowhere, a context that ended", j.Compact(ended, journal.Head{Stream: "s", Seq: 9}), context.Canceled)
	arguments := func(what string) {
		for i, err := range []error{
			append(ended, 7, old.Token, ""), append(ended, 7, held.Token, ""), append(t.Context(), 7, 0, ""),
			claim(ended, 0), claim(t.Context(), 0),
			j.Renew(ended, old, 0), j.Renew(t.Context(), old, 0), j.Renew(ended, journal.Lease{Stream: "s"}, time.Hour),
			j.Release(ended, old, -2), j.Release(t.Context(), old, -2), j.Release(ended, journal.Lease{Stream: "s"}, 0),
		} {
			what := fmt.Sprintf("bad arguments %d, %s", i, what)
			unfit(t, what, err)
			if errors.Is(err, context.Canceled) {
				t.Fatalf("%s: the error is %v, which does not say that the call itself is at fault", what, err)
			}
		}
	}
	arguments("and more")
	ok(t, "close", j.Close())
	wants(t, "closed, another version, an old token, a context that ended", append(ended, 7, old.Token, "k"), journal.ErrClosed)
	wants(t, "closed, a context that ended", j.Renew(ended, old, time.Hour), journal.ErrClosed)
	wants(t, "closed, a context that ended", j.Release(ended, old, 0), journal.ErrClosed)
	wants(t, "closed, a context that ended", j.Compact(ended, journal.Head{Stream: "s", Seq: 9}), journal.ErrClosed)
	wants(t, "closed, a context that ended", claim(ended, 1), journal.ErrClosed)
	arguments("and closed")
}

func testReopen(t testing.TB, s *suite) {
	j := s.start(t)
	want := map[string][]journal.Record{}
	for round := range 3 {
		for _, name := range []string{"a", "b"} {
			n := uint64(len(want[name]))
			want[name] = append(want[name], add(t, j, name, n, entry(name), entry(fmt.Sprint(round)))...)
		}
		j = s.again(t, j)
		equal(t, "streams", []string{"a", "b"}, collect(t, "streams", j.Streams(t.Context())))
		for name, records := range want {
			same(t, "reopened "+name, records, verify(t, j, name))
			_, err := j.Append(t.Context(), journal.Append{Stream: name, Entries: entries("x")})
			refused(t, "at the old version", nil, err, journal.ErrConflict)
		}
	}
}
