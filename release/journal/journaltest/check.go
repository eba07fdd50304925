package journaltest

import (
	"bytes"
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// at is the time of entries whose time does not matter.
var at = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

// entry is an entry whose data says which one it is.
func entry(data string) journal.Entry {
	return journal.Entry{At: at, Actor: "email:ada@example.com", Kind: "test", Reason: "to see", Data: []byte(data)}
}

func entries(data ...string) []journal.Entry {
	var out []journal.Entry
	for _, d := range data {
		out = append(out, entry(d))
	}
	return out
}

// add appends and must succeed.
func add(t testing.TB, j journal.Journal, stream string, expect uint64, es ...journal.Entry) []journal.Record {
	t.Helper()
	got, err := j.Append(t.Context(), journal.Append{Stream: stream, Expect: expect, Entries: es})
	if err != nil {
		t.Fatalf("append %d entries to %q at %d: %v", len(es), stream, expect, err)
	}
	if len(got) != len(es) {
		t.Fatalf("append %d entries to %q at %d: %d records came back", len(es), stream, expect, len(got))
	}
	return got
}

// load reads a stream after a version and must succeed.
func load(t testing.TB, j journal.Journal, stream string, after uint64) []journal.Record {
	t.Helper()
	return collect(t, "load "+stream, j.Load(t.Context(), stream, after))
}

func collect[T any](t testing.TB, what string, seq iter.Seq2[T, error]) []T {
	t.Helper()
	var out []T
	for v, err := range seq {
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		out = append(out, v)
	}
	return out
}

// verify loads a whole stream and requires an unbroken chain.
func verify(t testing.TB, j journal.Journal, stream string) []journal.Record {
	t.Helper()
	var out []journal.Record
	keep := func(yield func(journal.Record, error) bool) {
		for r, err := range j.Load(t.Context(), stream, 0) {
			out = append(out, r)
			if !yield(r, err) {
				return
			}
		}
	}
	head, err := journal.Verify(journal.Head{Stream: stream}, keep)
	if err != nil {
		t.Fatalf("verify %q: %v", stream, err)
	}
	if head.Seq != uint64(len(out)) {
		t.Fatalf("verify %q: it ends at %d after %d records", stream, head.Seq, len(out))
	}
	return out
}

// same requires equal records: the same bytes and the same instants.
func same(t testing.TB, what string, want, got []journal.Record) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("%s: %d records, want %d", what, len(got), len(want))
	}
	for i := range want {
		w, g := want[i], got[i]
		if !w.At.Equal(g.At) || !bytes.Equal(w.Data, g.Data) || w.Actor != g.Actor || w.Kind != g.Kind || w.Reason != g.Reason {
			t.Fatalf("%s: record %d has another content than was appended:\n got %.200v\nwant %.200v", what, i+1, g.Entry, w.Entry)
		}
		if w.Head() != g.Head() || w.Prev != g.Prev {
			t.Fatalf("%s: record %d is %v after %v, want %v after %v", what, i+1, g.Head(), g.Prev, w.Head(), w.Prev)
		}
	}
}

// refused requires an append to fail with want and to have returned nothing.
func refused(t testing.TB, what string, got []journal.Record, err, want error) {
	t.Helper()
	if err == nil {
		t.Fatalf("%s: the append succeeded", what)
	}
	if want != nil && !errors.Is(err, want) {
		t.Fatalf("%s: the error is %q, want %q", what, err, want)
	}
	if want == nil && (errors.Is(err, journal.ErrConflict) || errors.Is(err, journal.ErrUnknown)) {
		t.Fatalf("%s: the error is %q, which does not say that the append itself is at fault", what, err)
	}
	if got != nil {
		t.Fatalf("%s: %d records came back with the error", what, len(got))
	}
}

// texts is the data of records, as text.
func texts(records []journal.Record) []string {
	out := []string{}
	for _, r := range records {
		out = append(out, string(r.Data))
	}
	return out
}

func equal(t testing.TB, what string, want, got []string) {
	t.Helper()
	if !slices.Equal(want, got) {
		t.Fatalf("%s: %.300q, want %.300q", what, got, want)
	}
}
