package journaltest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// kept is where what is kept of a stream begins.
func kept(t testing.TB, j journal.Journal, stream string) journal.Head {
	t.Helper()
	base, err := journal.Base(t.Context(), j, stream)
	if err != nil {
		t.Fatalf("the base of %q: %v", stream, err)
	}
	return base
}

// compact forgets and must succeed.
func compact(t testing.TB, j journal.Journal, base journal.Head) {
	t.Helper()
	if err := j.Compact(t.Context(), base); err != nil {
		t.Fatalf("compact %q up to %d: %v", base.Stream, base.Seq, err)
	}
}

// forgotten requires that a stream consists of these records, which are all that were
// ever appended, but for those up to base.
func forgotten(t testing.TB, what string, j journal.Journal, all []journal.Record, base uint64) {
	t.Helper()
	name := all[0].Stream
	head := journal.Head{Stream: name}
	if base > 0 {
		head = all[base-1].Head()
	}
	for after := range uint64(len(all)) + 2 {
		if after >= base {
			same(t, fmt.Sprintf("%s: after %d", what, after), all[min(after, uint64(len(all))):], load(t, j, name, after))
			continue
		}
		n := 0
		for r, err := range j.Load(t.Context(), name, after) {
			n++
			var compacted *journal.CompactedError
			if !errors.As(err, &compacted) || !errors.Is(err, journal.ErrCompacted) {
				t.Fatalf("%s: %q after %d yields record %d and the error %v, want a CompactedError", what, name, after, r.Seq, err)
			}
			if compacted.Base != head {
				t.Fatalf("%s: the base of %q is %+v, want %+v", what, name, compacted.Base, head)
			}
		}
		if n != 1 {
			t.Fatalf("%s: %q after %d yields %d values, want one error", what, name, after, n)
		}
	}
	if got := kept(t, j, name); got != head {
		t.Fatalf("%s: the base of %q is %+v, want %+v", what, name, got, head)
	}
	end, err := journal.Verify(head, j.Load(t.Context(), name, head.Seq))
	if want := all[len(all)-1].Head(); err != nil || end != want {
		t.Fatalf("%s: %q does not verify from its base: it ends at %+v, want %+v; the error is %v", what, name, end, want, err)
	}
}

func testCompact(t testing.TB, s *suite) {
	j := s.start(t)
	both := pair(j)
	a := add(t, j, "a", 0, entries("1", "2", "3", "4")...)
	b := add(t, j, "b", 0, entries("1", "2", "3")...)
	a = append(a, add(t, j, "a", 4, entries("5", "6", "7")...)...)
	never := add(t, j, "never", 0, entry("1"))
	forgotten(t, "nothing was forgotten", j, a, 0)
	base := uint64(0)
	for _, seq := range []uint64{1, 3, 4, 6} {
		compact(t, both[seq%2], a[seq-1].Head())
		base = seq
		forgotten(t, fmt.Sprint("up to ", seq), j, a, base)
		forgotten(t, "another stream", both[0], b, 0)
		forgotten(t, "another stream", both[1], never, 0)
		equal(t, "streams", []string{"a", "b", "never"}, collect(t, "streams", j.Streams(t.Context())))
		complete(t, "the feed", j)
	}
	compact(t, j, b[1].Head())
	forgotten(t, "the second stream", both[1], b, 2)
	forgotten(t, "the first stream", both[1], a, 6)
	complete(t, "the feed", j)
}

func testCompactRefused(t testing.TB, s *suite) {
	j := s.start(t)
	all := add(t, j, "s", 0, entries("1", "2", "3", "4", "5")...)
	other := add(t, j, "t", 0, entries("1", "2", "3", "4", "5")...)
	feeds := complete(t, "the feed", j)
	for _, base := range []uint64{0, 2} {
		if base > 0 {
			compact(t, j, all[base-1].Head())
			feeds = complete(t, "the feed", j)
		}
		wrong := func(r journal.Record) journal.Head { h := r.Head(); h.Hash[31] ^= 1; return h }
		refuse := []journal.Head{
			wrong(all[2]), wrong(all[3]),
			{Stream: "s", Seq: 3}, // no hash at all
			{Stream: "s", Seq: 3, Hash: other[2].Hash},
			{Stream: "s", Seq: 3, Hash: all[3].Hash},
			{Stream: "s", Seq: 4, Hash: all[2].Hash},
			all[4].Head(), // nothing follows
			wrong(all[4]),
			{Stream: "s", Seq: 6, Hash: all[4].Hash},
			{Stream: "s", Seq: 1 << 40, Hash: all[4].Hash},
			{Stream: "s", Seq: 1 << 63, Hash: all[4].Hash},
			{Stream: "s", Seq: ^uint64(0), Hash: all[4].Hash},
			{Stream: "none", Seq: 1, Hash: all[0].Hash},
			{Stream: "none", Hash: all[0].Hash}, // the base that is kept has no hash
			{Stream: "t", Seq: 3, Hash: all[2].Hash},
		}
		if base > 0 {
			refuse = append(refuse, wrong(all[base-1]), journal.Head{Stream: "s", Seq: base})
		} else {
			refuse = append(refuse, journal.Head{Stream: "s", Hash: all[0].Hash})
		}
		for _, h := range refuse {
			what := fmt.Sprintf("compact %q up to %d with hash %.15s", h.Stream, h.Seq, h.Hash)
			wants(t, what, j.Compact(t.Context(), h), journal.ErrConflict)
			forgotten(t, what, j, all, base)
		}
		forgotten(t, "the other stream", j, other, 0)
		sameFeed(t, "after what was refused", feeds, complete(t, "the feed", j))
		equal(t, "streams", []string{"s", "t"}, collect(t, "streams", j.Streams(t.Context())))
	}
}

func testCompactAgain(t testing.TB, s *suite) {
	j := s.start(t)
	compact(t, j, journal.Head{Stream: "none"})
	all := add(t, j, "s", 0, entries("1", "2", "3", "4", "5")...)
	compact(t, j, journal.Head{Stream: "s"})
	forgotten(t, "up to nothing", j, all, 0)
	compact(t, j, all[2].Head())
	feeds := complete(t, "the feed", j)
	for _, h := range []journal.Head{
		all[2].Head(), all[1].Head(), all[0].Head(), {Stream: "s"},
		{Stream: "s", Seq: 1, Hash: all[3].Hash}, {Stream: "s", Hash: all[3].Hash}, // nobody knows any more
		all[2].Head(),
	} {
		compact(t, j, h)
		forgotten(t, fmt.Sprintf("again, up to %d", h.Seq), j, all, 3)
		sameFeed(t, "again", feeds, complete(t, "the feed", j))
	}
	compact(t, j, all[3].Head())
	forgotten(t, "and on", j, all, 4)
	equal(t, "streams", []string{"s"}, collect(t, "streams", j.Streams(t.Context())))
}

func testCompactedGoesOn(t testing.TB, s *suite) {
	j := s.start(t)
	put(t, j, "never", 0, 0, 0)
	put(t, j, "never", 1, 0, journal.Never)
	put(t, j, "due", 0, 0, journal.Never)
	put(t, j, "due", 1, 0, 0)
	put(t, j, "held", 0, 0, 0)
	put(t, j, "held", 1, 0, 0)
	held := give(t, j, "held")
	for _, name := range []string{"never", "due", "held"} {
		compact(t, j, load(t, j, name, 0)[0].Head())
	}
	// Wakes and leases are as they were.
	none(t, "never due", j, "never")
	none(t, "held", j, "held")
	if l := give(t, j, "due"); l.Seq != 2 {
		t.Fatalf("a lease of a compacted stream at 2 is at %d", l.Seq)
	}
	ok(t, "renew", j.Renew(t.Context(), held, time.Hour))
	put(t, j, "held", 2, held.Token, 0)
	ok(t, "release", j.Release(t.Context(), held, 0))
	next := give(t, j, "held")
	if next.Token <= held.Token || next.Seq != 3 {
		t.Fatalf("after compaction the lease is %+v, and before it was %+v", next, held)
	}
	// Versions too.
	for _, expect := range []uint64{0, 1, 2, 4} {
		got, err := j.Append(t.Context(), journal.Append{Stream: "held", Expect: expect, Entries: entries("x")})
		refused(t, fmt.Sprintf("expecting %d at 3", expect), got, err, journal.ErrConflict)
	}
	before := load(t, j, "held", 1)
	added := add(t, j, "held", 3, entries("4", "5", "6")...)
	if added[0].Seq != 4 || added[0].Prev != before[1].Hash {
		t.Fatalf("after record 3 with hash %.15s comes record %d after %.15s", before[1].Hash, added[0].Seq, added[0].Prev)
	}
	whole := append([]journal.Record{{Stream: "held", Seq: 1, Hash: before[0].Prev}}, append(before, added...)...)
	forgotten(t, "appended to", j, whole, 1)
	compact(t, j, added[1].Head())
	forgotten(t, "compacted to its last record", j, whole, 5)
	whole = append(whole, add(t, j, "held", 6, entry("7"))...)
	forgotten(t, "and on", j, whole, 5)
	complete(t, "the feed", j)
}

func testCompactFeed(t testing.TB, s *suite) {
	j := s.start(t)
	a := add(t, j, "a", 0, entries("1", "2")...)
	b := add(t, j, "b", 0, entries("1", "2", "3")...)
	a = append(a, add(t, j, "a", 2, entries("3", "4", "5")...)...)
	all := complete(t, "the feed", j)
	at := func(r journal.Record) int {
		return slices.IndexFunc(all, func(f journal.FeedRecord) bool { return f.Hash == r.Hash })
	}
	for _, c := range []struct {
		base journal.Record
		gone []journal.Record
	}{
		{a[2], a[:3]},                       // the last that is gone is behind all of b
		{b[1], slices.Concat(a[:3], b[:2])}, // in the middle of what is gone
		{a[3], slices.Concat(a[:4], b[:2])}, // the newest but one
		{a[3], slices.Concat(a[:4], b[:2])}, // again
		{a[1], slices.Concat(a[:4], b[:2])}, // older
		{b[1], slices.Concat(a[:4], b[:2])}, // again
	} {
		compact(t, j, c.base.Head())
		last := 0
		isGone := map[release.Digest]bool{}
		for _, r := range c.gone {
			isGone[r.Hash] = true
			last = max(last, at(r))
		}
		rest := func(from int) (out []journal.FeedRecord) {
			for _, f := range all[from:] {
				if !isGone[f.Hash] {
					out = append(out, f)
				}
			}
			return out
		}
		sameFeed(t, "from the beginning, what is kept", rest(0), complete(t, "the feed", j))
		for i, f := range all {
			if i < last {
				refusedCursor(t, "before what was forgotten", j, f.Cursor, journal.ErrCompacted)
			} else {
				sameFeed(t, "behind what was forgotten", rest(i+1), feed(t, j, f.Cursor))
			}
		}
	}
	refusedCursor(t, "beyond the end", j, journal.NewCursor(1<<50, a[0].Hash), journal.ErrCursor)
	add(t, j, "b", 3, entry("4"))
	if got := feed(t, j, all[len(all)-1].Cursor); len(got) != 1 || got[0].Seq != 4 {
		t.Fatalf("after compaction and an append, the feed has %d records behind what was its last", len(got))
	}
}

// testCompactBeside compacts while others append and read: nobody sees a stream that
// does not verify, and nothing is missing behind the base.
func testCompactBeside(t testing.TB, s *suite) {
	j := s.start(t)
	both := pair(j)
	last := uint64(5 * s.rounds)
	add(t, j, "still", 0, entries("1", "2")...)
	var mu sync.Mutex
	version := uint64(0)
	now := func() uint64 { mu.Lock(); defer mu.Unlock(); return version }
	err := together(func(w int) error {
		j := both[w%2]
		switch {
		case w == 0: // writes
			for n := uint64(0); n < last; n++ {
				if _, err := j.Append(t.Context(), journal.Append{Stream: "s", Expect: n, Entries: entries(fmt.Sprint(n + 1))}); err != nil {
					mu.Lock()
					version = last
					mu.Unlock()
					return err
				}
				mu.Lock()
				version = n + 1
				mu.Unlock()
			}
			return nil
		case w < 4: // compact, also to where another has compacted
			for done := false; !done; time.Sleep(time.Millisecond) {
				done = now() == last
				head, n := journal.Head{}, 0
				base, err := journal.Base(t.Context(), j, "s")
				if err != nil {
					return err
				}
				for r, err := range j.Load(t.Context(), "s", base.Seq) {
					if errors.Is(err, journal.ErrCompacted) {
						break
					}
					if err != nil {
						return err
					}
					if n++; n%4 == w {
						head = r.Head()
					}
				}
				if head.Seq == 0 || head.Seq >= now() {
					continue
				}
				if err := j.Compact(t.Context(), head); err != nil {
					return fmt.Errorf("compact up to %d: %w", head.Seq, err)
				}
			}
			return nil
		case w < 10: // read streams
			for done := false; !done; time.Sleep(time.Millisecond) {
				done = now() == last
				least := now()
				base, err := journal.Base(t.Context(), j, "s")
				if err != nil {
					return err
				}
				if base.Seq == 0 {
					base.Stream = "s"
				}
				end, err := journal.Verify(base, j.Load(t.Context(), "s", base.Seq))
				if errors.Is(err, journal.ErrCompacted) {
					continue // somebody was faster
				}
				if err != nil {
					return err
				}
				if end.Seq < least {
					return fmt.Errorf("a reader saw %d records after %d were acknowledged", end.Seq, least)
				}
			}
			return nil
		default: // read the feed
			after, next := journal.Cursor(""), uint64(0)
			for done := false; !done; time.Sleep(time.Duration(w-9) * time.Millisecond) {
				done = now() == last
				for f, err := range j.Feed(t.Context(), after) {
					if errors.Is(err, journal.ErrCompacted) {
						after, next = "", 0
						break
					}
					if err != nil {
						return err
					}
					if f.Stream == "s" {
						if next > 0 && f.Seq != next {
							return fmt.Errorf("the feed has record %d, where %d is next", f.Seq, next)
						}
						next = f.Seq + 1
					}
					after = f.Cursor
				}
			}
			return nil
		}
	})
	ok(t, "compact, append and read", err)
	base := kept(t, j, "s")
	if base.Seq == 0 || base.Seq >= last {
		t.Fatalf("compacted up to %d of %d", base.Seq, last)
	}
	complete(t, "the feed", j)
	if got := load(t, j, "s", base.Seq); got[len(got)-1].Seq != last {
		t.Fatalf("the last record is %d, want %d", got[len(got)-1].Seq, last)
	}
}

func testReopenCompact(t testing.TB, s *suite) {
	j := s.start(t)
	all := add(t, j, "s", 0, entries("1", "2", "3", "4", "5", "6")...)
	other := add(t, j, "t", 0, entries("1", "2")...)
	feeds := complete(t, "the feed", j)
	for _, base := range []uint64{1, 3, 5} {
		compact(t, j, all[base-1].Head())
		j = s.again(t, j)
		forgotten(t, "opened again", j, all, base)
		forgotten(t, "opened again, another stream", j, other, 0)
		sameFeed(t, "opened again", feeds[base:], complete(t, "the feed", j))
		for i, f := range feeds {
			if uint64(i) < base-1 {
				refusedCursor(t, "opened again", j, f.Cursor, journal.ErrCompacted)
			} else {
				sameFeed(t, "opened again", feeds[max(i+1, int(base)):], feed(t, j, f.Cursor))
			}
		}
		compact(t, j, all[base-1].Head())
		got, err := j.Append(t.Context(), journal.Append{Stream: "s", Expect: 6 - base, Entries: entries("x")})
		refused(t, "at the number of records that are kept", got, err, journal.ErrConflict)
	}
	all = append(all, add(t, j, "s", 6, entry("7"))...)
	j = s.again(t, j)
	forgotten(t, "opened again after an append", j, all, 5)
	complete(t, "the feed", j)
}
