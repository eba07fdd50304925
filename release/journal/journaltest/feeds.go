package journaltest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// feed reads the feed after a cursor and must succeed.
func feed(t testing.TB, j journal.Journal, after journal.Cursor) []journal.FeedRecord {
	t.Helper()
	return collect(t, fmt.Sprintf("the feed after %q", after), j.Feed(t.Context(), after))
}

// inOrder requires that records are of streams from their first record on (or from
// where base says), each in order, and returns them by stream.
func inOrder(t testing.TB, what string, got []journal.FeedRecord, base map[string]uint64) map[string][]journal.Record {
	t.Helper()
	out := map[string][]journal.Record{}
	cursors := map[journal.Cursor]bool{}
	for _, f := range got {
		if want := base[f.Stream] + uint64(len(out[f.Stream])) + 1; f.Seq != want {
			t.Fatalf("%s: record %d of %q, where record %d is next", what, f.Seq, f.Stream, want)
		}
		if f.Cursor == "" || cursors[f.Cursor] {
			t.Fatalf("%s: record %d of %q has the cursor %q, which is no place of its own", what, f.Seq, f.Stream, f.Cursor)
		}
		cursors[f.Cursor] = true
		out[f.Stream] = append(out[f.Stream], f.Record)
	}
	return out
}

// complete requires that the feed from the beginning is what the streams hold.
func complete(t testing.TB, what string, j journal.Journal) []journal.FeedRecord {
	t.Helper()
	all := feed(t, j, "")
	base := map[string]uint64{}
	streams := collect(t, "streams", j.Streams(t.Context()))
	for _, name := range streams {
		base[name] = kept(t, j, name).Seq
	}
	by := inOrder(t, what, all, base)
	for _, name := range streams {
		same(t, what+": stream "+name, load(t, j, name, base[name]), by[name])
		delete(by, name)
	}
	for name := range by {
		t.Fatalf("%s: it has stream %q, which is not listed", what, name)
	}
	return all
}

// sameFeed requires the same records at the same places.
func sameFeed(t testing.TB, what string, want, got []journal.FeedRecord) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("%s: %d records, want %d", what, len(got), len(want))
	}
	for i := range want {
		same(t, what, []journal.Record{want[i].Record}, []journal.Record{got[i].Record})
		if want[i].Cursor != got[i].Cursor {
			t.Fatalf("%s: record %d of %q has the cursor %q, and had %q before", what, got[i].Seq, got[i].Stream, got[i].Cursor, want[i].Cursor)
		}
	}
}

// some appends to three streams, batches and single records.
func some(t testing.TB, j journal.Journal) {
	t.Helper()
	versions := map[string]uint64{}
	for i := range 12 {
		name := []string{"b", "a", "\xff\x00"}[i%3]
		var es []journal.Entry
		for part := range 1 + i%4 {
			es = append(es, entry(fmt.Sprint(i, "#", part)))
		}
		add(t, j, name, versions[name], es...)
		versions[name] += uint64(len(es))
	}
}

func testFeed(t testing.TB, s *suite) {
	j := s.start(t)
	both := pair(j)
	if got := feed(t, j, ""); len(got) > 0 {
		t.Fatalf("the feed of an empty journal has %d records", len(got))
	}
	var after journal.Cursor
	var seen []journal.FeedRecord
	versions := map[string]uint64{}
	for i := range 12 {
		name := []string{"b", "a", "\xff\x00"}[i%3]
		var es []journal.Entry
		for part := range 1 + i%4 {
			es = append(es, entry(fmt.Sprint(i, "#", part)))
		}
		added := add(t, j, name, versions[name], es...)
		versions[name] += uint64(len(es))
		got := feed(t, both[i%2], after)
		var records []journal.Record
		for _, f := range got {
			records = append(records, f.Record)
			after = f.Cursor
			if f.At.Location() != time.UTC {
				t.Fatalf("the feed has a time in %v, want UTC", f.At.Location())
			}
		}
		same(t, "what the feed has after an append", added, records)
		seen = append(seen, got...)
	}
	sameFeed(t, "read at once", seen, complete(t, "the feed", j))
	if got := feed(t, j, after); len(got) > 0 {
		t.Fatalf("behind the last record there are %d", len(got))
	}
	// What the caller does to its records is its own affair.
	for _, f := range seen {
		for i := range f.Data {
			f.Data[i] = 'X'
		}
	}
	for _, f := range complete(t, "after a reader changed its bytes", j) {
		if strings.Contains(string(f.Data), "X") {
			t.Fatalf("a reader changed what the journal keeps: %q", f.Data)
		}
	}
}

func testCursors(t testing.TB, s *suite) {
	j := s.start(t)
	some(t, j)
	all := complete(t, "the feed", j)
	for i, f := range all {
		// A cursor may be kept as text, in other hands.
		text := strings.Clone(string(f.Cursor))
		sameFeed(t, fmt.Sprintf("after cursor %d of %d, %q", i+1, len(all), text), all[i+1:], feed(t, j, journal.Cursor(text)))
	}
	sameFeed(t, "read again", all, feed(t, j, ""))
	add(t, j, "new", 0, entry("new"))
	for i, f := range all {
		if got := feed(t, j, f.Cursor); len(got) != len(all)-i || got[len(got)-1].Stream != "new" {
			t.Fatalf("after cursor %d of %d and another append, the feed has %d records", i+1, len(all), len(got))
		}
	}
}

func testFeedLoop(t testing.TB, s *suite) {
	j := s.start(t)
	add(t, j, "a", 0, entries("1", "2", "3")...)
	first := feed(t, j, "")[0].Cursor
	for range 3 {
		for f, err := range j.Feed(t.Context(), "") {
			ok(t, "the feed", err)
			if f.Cursor != first {
				t.Fatalf("the first record has the cursor %q, and had %q", f.Cursor, first)
			}
			break
		}
	}
	// An append inside the loop is neither seen by it nor blocked by it.
	n := uint64(3)
	for _, err := range j.Feed(t.Context(), "") {
		ok(t, "the feed", err)
		if n > 20 {
			t.Fatal("the loop sees what is appended in it")
		}
		add(t, j, "a", n, entry("more"))
		n++
	}
	if n != 6 {
		t.Fatalf("the loop saw %d records, want the 3 that were there when it began", n-3)
	}
	// An iterator may be kept and used again; each loop reads anew.
	records := j.Feed(t.Context(), first)
	for n := uint64(6); n < 9; n++ {
		add(t, j, "a", n, entry("more"))
		if got := uint64(len(collect(t, "the feed again", records))); got != n {
			t.Fatalf("a loop over an iterator made earlier saw %d records, want the %d that were there when it began", got, n)
		}
	}
	// Two loops at once do not disturb each other.
	count := 0
	for _, err := range j.Feed(t.Context(), "") {
		ok(t, "the outer loop", err)
		count += len(feed(t, j, first))
	}
	if count != 9*8 {
		t.Fatalf("loops within a loop saw %d records, want %d", count, 9*8)
	}
}

// testInLoops makes all calls inside all loops: none may wait for the loop to end.
func testInLoops(t testing.TB, s *suite) {
	j := s.start(t)
	add(t, j, "a", 0, entries("1", "2", "3")...)
	n := uint64(3)
	do := func() {
		put(t, j, "a", n, 0, 0)
		n++
		l := give(t, j, "a")
		ok(t, "renew", j.Renew(t.Context(), l, time.Hour))
		ok(t, "release", j.Release(t.Context(), l, 0))
		records := load(t, j, "a", n-2)
		collect(t, "streams", j.Streams(t.Context()))
		all := feed(t, j, "")
		feed(t, j, all[len(all)-1].Cursor)
		add(t, j, fmt.Sprint("b", n), 0, entries("1", "2")...)
		compact(t, j, load(t, j, fmt.Sprint("b", n), 0)[0].Head())
		if len(records) != 2 {
			t.Fatalf("%d records follow version %d of %d", len(records), n-2, n)
		}
	}
	for _, err := range j.Load(t.Context(), "a", 0) {
		ok(t, "load", err)
		do()
	}
	for _, err := range j.Streams(t.Context()) {
		ok(t, "streams", err)
		do()
	}
	seen := 0
	for _, err := range j.Feed(t.Context(), "") {
		if seen++; errors.Is(err, journal.ErrCompacted) {
			break // what it was to read next was forgotten meanwhile
		}
		ok(t, "the feed", err)
		if do(); seen > 100 {
			t.Fatal("the loop sees what is appended in it")
		}
	}
	complete(t, "the feed", j)
	verify(t, j, "a")
}

// refusedCursor requires that the feed yields nothing but an error.
func refusedCursor(t testing.TB, what string, j journal.Journal, after journal.Cursor, want error) {
	t.Helper()
	n := 0
	for f, err := range j.Feed(t.Context(), after) {
		n++
		if !errors.Is(err, want) {
			t.Fatalf("%s: with the cursor %.80q the feed yields record %d of %q and the error %v, want %q", what, after, f.Seq, f.Stream, err, want)
		}
	}
	if n != 1 {
		t.Fatalf("%s: with the cursor %.80q the feed yields %d values, want one error", what, after, n)
	}
}

func testForeignCursor(t testing.TB, s *suite) {
	j, other := s.start(t), s.start(t)
	some(t, j)
	some(t, other)
	add(t, other, "longer", 0, entries("1", "2", "3")...)
	last := feed(t, j, "")
	lasts := string(last[len(last)-1].Cursor)
	// The other journal has other records at the same places, but for those before.
	add(t, j, "here", 0, entries("1", "2", "3")...)
	mine := map[journal.Cursor]bool{}
	for _, f := range feed(t, j, "") {
		mine[f.Cursor] = true
	}
	foreign := 0
	for _, f := range feed(t, other, "") {
		if !mine[f.Cursor] {
			foreign++
			refusedCursor(t, "a cursor of another journal", j, f.Cursor, journal.ErrCursor)
		}
	}
	if foreign == 0 {
		t.Fatal("two journals with other records have the same cursors")
	}
	_, hash, _ := strings.Cut(lasts, "-")
	number, _ := journal.Cursor(lasts).Position()
	for _, text := range []string{
		" ", "x", "0", "1", "-", "1-", "-1", "0-0000000000000000", "1-zz", lasts + "0", lasts + " ", " " + lasts, "0" + lasts, "+" + lasts,
		lasts[:len(lasts)-1], strings.ToUpper(lasts) + "A", "-" + hash, hash, "0-" + hash, "99999999999999999999999999-" + hash,
		fmt.Sprintf("%d", number), fmt.Sprintf("%d_%s", number, hash), "\x00", "'; --", strings.Repeat("9", 100000),
	} {
		refusedCursor(t, "what is no cursor", j, journal.Cursor(text), journal.ErrCursor)
	}
	for _, beyond := range []uint64{number + 1<<20, 1 << 53, 1<<63 - 1, 1 << 63, ^uint64(0)} {
		refusedCursor(t, "beyond the end", j, journal.NewCursor(beyond, last[0].Hash), journal.ErrCursor)
	}
	for _, f := range last {
		altered := f.Hash
		altered[0] ^= 1
		position, err := f.Cursor.Position()
		ok(t, "the position of a cursor", err)
		refusedCursor(t, "with another hash", j, journal.NewCursor(position, altered), journal.ErrCursor)
	}
	complete(t, "after all that", j)
	// A journal that is empty has given no cursor at all.
	refusedCursor(t, "of an empty journal", s.start(t), last[0].Cursor, journal.ErrCursor)
}

func testFeedLarge(t testing.TB, s *suite) {
	j := s.start(t)
	large := make([]byte, 3<<20)
	for i := range large {
		large[i] = byte(i * 11 / 7)
	}
	name := strings.Repeat("\xfe", journal.MaxStream)
	text := strings.Repeat("\x00", journal.MaxText)
	add(t, j, name, 0, entry("small"), journal.Entry{At: at, Actor: text, Kind: text, Reason: text, Data: large}, entry("small"))
	add(t, j, "s", 0, journal.Entry{Kind: "\xff", Reason: "\xc3\x28", Data: []byte{}})
	add(t, j, name, 3, journal.Entry{Kind: "k", Data: large})
	all := complete(t, "with large values", j)
	for i, f := range all {
		sameFeed(t, "from each cursor", all[i+1:], feed(t, j, f.Cursor))
	}
}

func testFeedLong(t testing.TB, s *suite) {
	j := s.start(t)
	n := uint64(0)
	for _, size := range []int{journal.MaxEntries, 1, journal.MaxEntries, 100} {
		var es []journal.Entry
		for i := range size {
			es = append(es, journal.Entry{Kind: "k", Data: fmt.Append(nil, n, i)})
		}
		add(t, j, "long", n, es...)
		add(t, j, fmt.Sprint("other ", n), 0, entry("x"))
		n += uint64(size)
	}
	all := complete(t, "a long feed", j)
	if len(all) != 2*journal.MaxEntries+101+4 {
		t.Fatalf("it has %d records, want %d", len(all), 2*journal.MaxEntries+101+4)
	}
	seen := 0
	for _, err := range j.Feed(t.Context(), "") {
		ok(t, "a long feed", err)
		if seen == 0 {
			add(t, j, "long", n, entry("more"))
		}
		seen++
	}
	if seen != len(all) {
		t.Fatalf("the loop saw %d records, want the %d that were there when it began", seen, len(all))
	}
	all = complete(t, "a long feed", j)
	for _, i := range []int{0, 498, 499, 500, 999, 1000, 1023, 1024, len(all) - 2} {
		sameFeed(t, fmt.Sprint("after record ", i+1), all[i+1:], feed(t, j, all[i].Cursor))
	}
}

// testFeedBeside reads on from its last cursor while appends of very different sizes
// are committed, in whatever order they end: whoever read up to somewhere has missed
// nothing before it.
func testFeedBeside(t testing.TB, s *suite) {
	j := s.start(t)
	both := pair(j)
	var mu sync.Mutex
	writing := workers - 4
	running := func() bool { mu.Lock(); defer mu.Unlock(); return writing > 0 }
	seen := make([][]journal.FeedRecord, 4)
	err := together(func(w int) error {
		if w >= 4 {
			defer func() { mu.Lock(); writing--; mu.Unlock() }()
			n := uint64(0)
			for round := range s.rounds {
				size := []int{1, 1, 2, 40}[(round+w)%4]
				var es []journal.Entry
				for part := range size {
					es = append(es, journal.Entry{Kind: "k", Data: fmt.Append(nil, round, "#", part, "/", size)})
				}
				if _, err := both[w%2].Append(t.Context(), journal.Append{Stream: fmt.Sprint("stream ", w), Expect: n, Entries: es}); err != nil {
					return err
				}
				n += uint64(size)
			}
			return nil
		}
		for {
			more := running()
			after := journal.Cursor("")
			if n := len(seen[w]); n > 0 {
				after = seen[w][n-1].Cursor
			}
			for f, err := range both[w%2].Feed(t.Context(), after) {
				if err != nil {
					return err
				}
				seen[w] = append(seen[w], f)
			}
			if !more {
				return nil
			}
			time.Sleep(time.Duration(1+3*w) * time.Millisecond / 4)
		}
	})
	ok(t, "read and append", err)
	for w := range seen {
		// Others may hold back what is committed for a moment.
		for begin := time.Now(); len(seen[w]) < len(seen[0]) && time.Since(begin) < s.patience; time.Sleep(time.Millisecond) {
			seen[w] = append(seen[w], feed(t, j, seen[w][len(seen[w])-1].Cursor)...)
		}
		by := inOrder(t, fmt.Sprint("what reader ", w, " saw"), seen[w], nil)
		for name, records := range by {
			same(t, "what a reader saw of "+name, load(t, j, name, 0), records)
		}
		if len(by) != workers-4 {
			t.Fatalf("reader %d saw %d streams, want %d", w, len(by), workers-4)
		}
	}
	sameFeed(t, "read by two", seen[0], seen[1])
	sameFeed(t, "read afterwards", seen[0], complete(t, "the feed", j))
}

func testReopenFeed(t testing.TB, s *suite) {
	j := s.start(t)
	some(t, j)
	all := complete(t, "the feed", j)
	for round := range 3 {
		j = s.again(t, j)
		sameFeed(t, "opened again", all, complete(t, "opened again", j))
		for i, f := range all {
			sameFeed(t, "opened again, from each cursor", all[i+1:], feed(t, j, f.Cursor))
		}
		add(t, j, "more", uint64(round)*2, entries("more", "more")...)
		now := complete(t, "after another append", j)
		if len(now) != len(all)+2 {
			t.Fatalf("the feed has %d records, want %d", len(now), len(all)+2)
		}
		sameFeed(t, "after another append", all, now[:len(all)])
		all = now
	}
}
