package journaltest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
)

func testValues(t testing.TB, s *suite) {
	j := s.start(t)
	megabyte := make([]byte, 1<<20)
	for i := range megabyte {
		megabyte[i] = byte(i * 7 / 3)
	}
	for i, e := range []journal.Entry{
		{Kind: "least"},
		{At: at, Kind: "empty", Data: []byte{}},
		{At: at, Kind: "a megabyte", Data: megabyte},
		{At: at, Kind: "zeros", Data: make([]byte, 5000)},
		{At: at, Actor: "Åsa Øberg", Kind: "приём", Reason: "因为 🙂", Data: []byte("żółć")},
		{At: at, Actor: "\xff\x00\xfe", Kind: "\x80", Reason: "\xc3\x28\n", Data: []byte{0xff, 0, 0xfe}},
		{At: time.Now(), Kind: "with a monotonic clock"},
		{At: at.In(time.FixedZone("east", 5*3600)), Kind: "in a zone"},
		{At: time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), Kind: "early"},
		{At: time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), Kind: "late"},
		{At: time.Date(1969, 7, 20, 20, 17, 40, 500, time.UTC), Kind: "before 1970"},
	} {
		for _, stream := range []string{"shop/production", "\xff\x00 ключ\n", "shop/production\x00"} {
			want := add(t, j, stream, uint64(i), e)
			sealed := journal.Seal(journal.Head{Stream: stream, Seq: uint64(i), Hash: want[0].Prev}, e)
			same(t, fmt.Sprintf("%q returned", e.Kind), []journal.Record{sealed}, want)
			got := load(t, j, stream, uint64(i))
			same(t, fmt.Sprintf("%q in %q", e.Kind, stream), want, got)
			if got[0].At.Location() != time.UTC {
				t.Fatalf("%q: the time came back in %v, want UTC", e.Kind, got[0].At.Location())
			}
			if len(e.Data) == 0 && got[0].Data != nil {
				t.Fatalf("%q: empty data came back as %v, want nil", e.Kind, got[0].Data)
			}
		}
	}
}

func testReturned(t testing.TB, s *suite) {
	j := s.start(t)
	var want []journal.Record
	for n := 1; n <= 5; n++ {
		var es []journal.Entry
		for i := range n {
			es = append(es, entry(fmt.Sprint(n, i)))
		}
		want = append(want, add(t, j, "s", uint64(len(want)), es...)...)
	}
	same(t, "load", want, load(t, j, "s", 0))
	head := journal.Head{Stream: "s"}
	for _, r := range want {
		same(t, "a sealed record", []journal.Record{journal.Seal(head, r.Entry)}, []journal.Record{r})
		head = r.Head()
	}
}

func testChain(t testing.TB, s *suite) {
	j := s.start(t)
	for i := range uint64(10) {
		add(t, j, "a", i, entry("same"))
		add(t, j, "b", 2*i, entry("same"), entry("same"))
	}
	a, b := verify(t, j, "a"), verify(t, j, "b")
	if len(a) != 10 || len(b) != 20 {
		t.Fatalf("%d and %d records, want 10 and 20", len(a), len(b))
	}
	if a[0].Hash == b[0].Hash {
		t.Fatalf("the same entry has the same hash in two streams")
	}
}

func testLoadAfter(t testing.TB, s *suite) {
	j := s.start(t)
	equal(t, "a stream without records", nil, texts(load(t, j, "s", 0)))
	all := add(t, j, "s", 0, entries("1", "2", "3", "4")...)
	for after := range uint64(5) {
		same(t, fmt.Sprintf("after %d", after), all[after:], load(t, j, "s", after))
	}
	for _, after := range []uint64{5, 1 << 31, 1 << 63, ^uint64(0)} {
		same(t, fmt.Sprintf("after %d", after), nil, load(t, j, "s", after))
	}
	for _, name := range []string{"S", "", "s\x00", strings.Repeat("s", journal.MaxStream+1), strings.Repeat("\xff", 1<<16)} {
		same(t, fmt.Sprintf("another stream, %.10q", name), nil, load(t, j, name, 0))
	}
}

func testStreams(t testing.TB, s *suite) {
	j := s.start(t)
	list := func() []string { return collect(t, "streams", j.Streams(t.Context())) }
	equal(t, "no streams", nil, list())
	for _, name := range []string{"b", "a/b", "é", "a", "Z", "a\x00", "\xff", "ab"} {
		add(t, j, name, 0, entry(name))
	}
	_, err := j.Append(t.Context(), journal.Append{Stream: "never", Expect: 3, Entries: entries("x")})
	refused(t, "at a version that is not there", nil, err, journal.ErrConflict)
	load(t, j, "only read", 0)
	equal(t, "streams", []string{"Z", "a", "a\x00", "a/b", "ab", "b", "é", "\xff"}, list())
}

func testEarlyEnd(t testing.TB, s *suite) {
	j := s.start(t)
	add(t, j, "a", 0, entries("1", "2", "3")...)
	add(t, j, "b", 0, entry("1"))
	for range 3 {
		for _, err := range j.Load(t.Context(), "a", 0) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		for _, err := range j.Streams(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	// An append inside the loop is neither seen by it nor blocked by it.
	n := uint64(3)
	for _, err := range j.Load(t.Context(), "a", 0) {
		if err != nil {
			t.Fatal(err)
		}
		add(t, j, "a", n, entry("more"))
		n++
	}
	if n != 6 {
		t.Fatalf("the loop saw %d records, want the 3 that were there when it began", n-3)
	}
	verify(t, j, "a")
	// An iterator may be kept and used again; each loop reads anew.
	records, names := j.Load(t.Context(), "b", 0), j.Streams(t.Context())
	for n := uint64(1); n < 4; n++ {
		add(t, j, "b", n, entry("more"))
		add(t, j, fmt.Sprint("c", n), 0, entry("new"))
		if got := uint64(len(collect(t, "load again", records))); got != n+1 {
			t.Fatalf("a loop over an iterator made earlier saw %d records, want the %d that were there when it began", got, n+1)
		}
		if got := uint64(len(collect(t, "streams again", names))); got != n+2 {
			t.Fatalf("a loop over an iterator made earlier saw %d streams, want the %d that were there when it began", got, n+2)
		}
	}
}

func testOwnership(t testing.TB, s *suite) {
	j := s.start(t)
	e := entry("original")
	es := []journal.Entry{e}
	added := add(t, j, "s", 0, es...)
	copy(e.Data, "CHANGED!")
	es[0] = entry("other")
	copy(added[0].Data, "CHANGED!")
	for range 2 {
		got := load(t, j, "s", 0)
		equal(t, "after the caller changed its bytes", []string{"original"}, texts(got))
		copy(got[0].Data, "CHANGED!")
	}
	verify(t, j, "s")
}

func testConflict(t testing.TB, s *suite) {
	j := s.start(t)
	want := add(t, j, "s", 0, entries("1", "2")...)
	for _, expect := range []uint64{0, 1, 3, 1 << 40, ^uint64(0) - 5} {
		for _, es := range [][]journal.Entry{entries("x"), entries("x", "y", "z")} {
			got, err := j.Append(t.Context(), journal.Append{Stream: "s", Expect: expect, Entries: es})
			refused(t, fmt.Sprintf("expecting %d at 2", expect), got, err, journal.ErrConflict)
			if errors.Is(err, journal.ErrUnknown) {
				t.Fatalf("a conflict is not an unknown outcome: %v", err)
			}
		}
	}
	// Whoever decides the same as another has not decided.
	for expect, es := range [][]journal.Entry{entries("1", "2"), entries("2")} {
		got, err := j.Append(t.Context(), journal.Append{Stream: "s", Expect: uint64(expect), Entries: es})
		refused(t, "the same again", got, err, journal.ErrConflict)
	}
	same(t, "after the conflicts", want, load(t, j, "s", 0))
	got, err := j.Append(t.Context(), journal.Append{Stream: "new", Expect: 1, Entries: entries("x")})
	refused(t, "expecting 1 of a new stream", got, err, journal.ErrConflict)
	add(t, j, "s", 2, entry("3"))
	equal(t, "going on", []string{"1", "2", "3"}, texts(verify(t, j, "s")))
}

func testUnfit(t testing.TB, s *suite) {
	j := s.start(t)
	add(t, j, "s", 0, entry("1"))
	long := strings.Repeat("x", journal.MaxText+1)
	much := journal.Entry{Kind: "k", Data: make([]byte, journal.MaxAppend/3+1)}
	for _, c := range []struct {
		name   string
		stream string
		expect uint64
		es     []journal.Entry
	}{
		{"no entries", "s", 1, nil},
		{"no stream", "", 0, entries("x")},
		{"a long stream name", strings.Repeat("s", journal.MaxStream+1), 0, entries("x")},
		{"no kind in the second entry", "s", 1, []journal.Entry{entry("x"), {At: at}, entry("y")}},
		{"a long actor", "s", 1, []journal.Entry{entry("x"), {Kind: "k", Actor: long}}},
		{"a long kind", "s", 1, []journal.Entry{entry("x"), {Kind: long}}},
		{"a long reason", "s", 1, []journal.Entry{entry("x"), {Kind: "k", Reason: long}}},
		{"much data", "s", 1, []journal.Entry{entry("x"), {Kind: "k", Data: make([]byte, journal.MaxData+1)}}},
		{"many entries", "s", 1, make([]journal.Entry, journal.MaxEntries+1)},
		{"a version without a next", "s", ^uint64(0), entries("x")},
		{"too much in all", "s", 1, []journal.Entry{much, much, much}},
	} {
		got, err := j.Append(t.Context(), journal.Append{Stream: c.stream, Expect: c.expect, Entries: c.es})
		refused(t, c.name, got, err, nil)
		equal(t, "after "+c.name, []string{"1"}, texts(verify(t, j, "s")))
	}
	for _, wake := range []time.Duration{-2, -time.Hour, journal.MaxWake + 1} {
		got, err := j.Append(t.Context(), journal.Append{Stream: "s", Expect: 1, Wake: wake, Entries: entries("x")})
		refused(t, "a wake that is not allowed", got, err, nil)
	}
	equal(t, "after wakes that are not allowed", []string{"1"}, texts(verify(t, j, "s")))
	equal(t, "streams", []string{"s"}, collect(t, "streams", j.Streams(t.Context())))
}

func testLargest(t testing.TB, s *suite) {
	j := s.start(t)
	name := strings.Repeat("n", journal.MaxStream)
	text := strings.Repeat("x", journal.MaxText)
	want := add(t, j, name, 0, journal.Entry{At: at, Actor: text, Kind: text, Reason: text, Data: make([]byte, journal.MaxData)})
	var many []journal.Entry
	for i := range journal.MaxEntries {
		many = append(many, entry(fmt.Sprint(i)))
	}
	want = append(want, add(t, j, name, 1, many...)...)
	same(t, "load", want, verify(t, j, name))
}

// testLong is longer than the pages in which stores may read.
func testLong(t testing.TB, s *suite) {
	j := s.start(t)
	var want []journal.Record
	for _, size := range []int{journal.MaxEntries, 1, journal.MaxEntries, 100} {
		var es []journal.Entry
		for i := range size {
			es = append(es, journal.Entry{Kind: "k", Data: fmt.Append(nil, len(want), i)})
		}
		want = append(want, add(t, j, "s", uint64(len(want)), es...)...)
	}
	same(t, "load", want, verify(t, j, "s"))
	n := 0
	for _, err := range j.Load(t.Context(), "s", 0) {
		ok(t, "load", err)
		if n == 0 {
			add(t, j, "s", uint64(len(want)), entry("more"))
		}
		n++
	}
	if n != len(want) {
		t.Fatalf("the loop saw %d records, want the %d that were there when it began", n, len(want))
	}
	want = verify(t, j, "s")
	for _, after := range []int{1, 499, 500, 1000, 1024, 2047, 2048, len(want) - 1} {
		same(t, fmt.Sprint("after ", after), want[after:], load(t, j, "s", uint64(after)))
	}
}
