package journaltest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
)

func testClaim(t testing.TB, s *suite) {
	j := s.start(t)
	both := pair(j)
	for i := range uint64(7) {
		put(t, j, fmt.Sprint("s", i), 0, 0, 0)
	}
	put(t, j, "s never", 0, 0, journal.Never)
	_, err := j.Append(t.Context(), journal.Append{Stream: "s none", Expect: 1, Entries: entries("x")})
	wants(t, "append to nothing", err, journal.ErrConflict)
	seen := map[string]uint64{}
	for n, max := range []int{1, 2, 1, journal.MaxClaim, 1, 5} {
		leases := claim(t, both[n%2], journal.Claim{Max: max, Worker: "one and the same"})
		if want := min(max, 7-len(seen)); len(leases) != want {
			t.Fatalf("a claim of at most %d gives %q, with %d that are due and free", max, names(leases), 7-len(seen))
		}
		for _, l := range leases {
			if _, twice := seen[l.Stream]; twice || l.Seq != 1 {
				t.Fatalf("a claim gives %+v after %v were given", l, seen)
			}
			seen[l.Stream] = l.Token
		}
	}
	// Appends do not give away what is held, whoever they are by.
	put(t, j, "s1", 1, 0, 0)
	put(t, j, "s1", 2, seen["s1"], 0)
	put(t, j, "s2", 1, seen["s2"], journal.Never)
	none(t, "held, and appended to", j, "")
	ok(t, "release", j.Release(t.Context(), journal.Lease{Stream: "s1", Token: seen["s1"], Seq: 3}, 0))
	if l := give(t, j, "s1"); l.Seq != 3 {
		t.Fatalf("a lease of a stream at 3 is at %d", l.Seq)
	}
	none(t, "all are held", j, "")
}

func testPrefix(t testing.TB, s *suite) {
	j := s.start(t)
	streams := []string{
		"a", "a\xff", "a\xff\xff", "a\xff\xffb", "b", "\xff", "\xff\xff", "\xff\xffx", "A", "AB", "a%", "a%b", "a_", "a*",
		"a?", "a[b]", "aXb", "é", "\xc3", "É", "a\x00", "a\x00b", "a\x01", "a/b/c", `a\`, "a'b", " a",
	}
	for _, name := range streams {
		put(t, j, name, 0, 0, 0)
	}
	prefixes := append([]string{"", "%", "_", "a[", "zz", "a\xfe", "\xfe", "aX", "a\\", "a/b", "aXbc", "*", "\x00", strings.Repeat("\xff", journal.MaxStream)}, streams...)
	for _, prefix := range prefixes {
		want := []string{}
		for _, name := range streams {
			if strings.HasPrefix(name, prefix) {
				want = append(want, name)
			}
		}
		leases := claim(t, j, journal.Claim{Prefix: prefix})
		got := names(leases)
		slices.Sort(want)
		slices.Sort(got)
		equal(t, fmt.Sprintf("the streams that begin with %.20q", prefix), want, got)
		if len(want) > 0 {
			none(t, "held", j, prefix)
			ok(t, "release", j.Release(t.Context(), leases[0], 0))
			if leases = append(claim(t, j, journal.Claim{Prefix: prefix, Max: 1}), leases[1:]...); len(leases) != len(want) {
				t.Fatalf("a claim of one that begins with %.20q gives none", prefix)
			}
		}
		for _, l := range leases {
			ok(t, "release", j.Release(t.Context(), l, 0))
		}
	}
}

// testClaimOrder makes streams due in an order that is not that of their names nor
// that of the appends, and claims a few at a time.
func testClaimOrder(t testing.TB, s *suite) {
	j := s.start(t)
	var all []alarm
	for i, ticks := range []int{4, 1, 5, 2, 0, 3, 6} {
		all = append(all, s.set(t, j, fmt.Sprintf("%c%d", 'a'+(i*5)%7, ticks), 0, time.Duration(ticks)*s.tick()))
	}
	// One that was due first of all, and then is due last, and one the other way round.
	s.set(t, j, "late", 0, 0)
	s.set(t, j, "early", 0, time.Hour)
	all = append(all, s.set(t, j, "early", 1, 0), s.set(t, j, "late", 1, 8*s.tick()))
	s.pass(j, 8*s.tick()+2*tolerance)
	var order []alarm
	for begin := time.Now(); len(order) < len(all); {
		leases := claim(t, j, journal.Claim{Max: 2})
		if len(leases) == 0 {
			if s.advance != nil || time.Since(begin) > s.patience {
				t.Fatalf("%d of %d streams that are due were given", len(order), len(all))
			}
			s.pass(j, tolerance)
		}
		for _, l := range leases {
			order = append(order, all[slices.IndexFunc(all, func(a alarm) bool { return a.stream == l.Stream })])
		}
	}
	for i, a := range order[1:] {
		if order[i].first.After(a.last.Add(tolerance)) {
			t.Fatalf("%q was given before %q, which was due %v before", order[i].stream, a.stream, order[i].first.Sub(a.last))
		}
	}
}

// testKeepsPlace: who appends to a stream that is due does not put it behind the others,
// unless it is to be due later, or somebody holds it.
func testKeepsPlace(t testing.TB, s *suite) {
	j := s.start(t)
	both := pair(j)
	for _, name := range []string{"a", "b", "c", "d"} {
		put(t, j, name, 0, 0, 0)
		s.pass(j, 2*tolerance)
	}
	next := func(want string) journal.Lease {
		t.Helper()
		s.pass(j, 2*tolerance)
		leases := claim(t, j, journal.Claim{Max: 1})
		if len(leases) != 1 || leases[0].Stream != want {
			t.Fatalf("the first is %q, want %q", names(leases), want)
		}
		return leases[0]
	}
	put(t, both[1], "a", 1, 0, 0)
	put(t, j, "a", 2, 0, 0)
	put(t, j, "b", 1, 0, time.Hour)
	put(t, both[1], "b", 2, 0, 0)
	a := next("a")
	put(t, j, "a", 3, a.Token, 0)
	ok(t, "release what has grown", j.Release(t.Context(), a, journal.Never))
	c := next("c") // b was to be due later, and a was held
	ok(t, "release", j.Release(t.Context(), c, 0))
	d := next("d") // a release puts it behind
	put(t, j, "d", 1, 0, 0)
	ok(t, "release what has grown", j.Release(t.Context(), d, journal.Never))
	for _, name := range []string{"b", "a", "c", "d"} {
		next(name)
	}
}

func testUnfitClaim(t testing.TB, s *suite) {
	j := s.start(t)
	put(t, j, "s", 0, 0, 0)
	for _, c := range []struct {
		what  string
		claim journal.Claim
	}{
		{"nothing", journal.Claim{}},
		{"at most none", journal.Claim{TTL: time.Hour}},
		{"less than none", journal.Claim{TTL: time.Hour, Max: -1}},
		{"too many", journal.Claim{TTL: time.Hour, Max: journal.MaxClaim + 1}},
		{"for no time", journal.Claim{Max: 1}},
		{"for less than no time", journal.Claim{TTL: -1, Max: 1}},
		{"for too long", journal.Claim{TTL: journal.MaxTTL + 1, Max: 1}},
		{"by a worker with a long name", journal.Claim{TTL: time.Hour, Max: 1, Worker: strings.Repeat("w", journal.MaxText+1)}},
		{"of a long prefix", journal.Claim{TTL: time.Hour, Max: 1, Prefix: strings.Repeat("s", journal.MaxStream+1)}},
	} {
		leases, err := j.Claim(t.Context(), c.claim)
		unfit(t, "claim "+c.what, err)
		if len(leases) > 0 {
			t.Fatalf("claim %s: %q came back with the error", c.what, names(leases))
		}
	}
	leases := claim(t, j, journal.Claim{TTL: journal.MaxTTL, Worker: "\xff\x00'" + strings.Repeat("w", journal.MaxText-3)})
	equal(t, "the claim after all", []string{"s"}, names(leases))
}

func testMany(t testing.TB, s *suite) {
	j := s.start(t)
	want := make([]string, journal.MaxClaim+1)
	for i := range want {
		want[i] = fmt.Sprintf("s%05d", i)
	}
	err := together(func(w int) error {
		for i := w; i < len(want); i += workers {
			if _, err := j.Append(t.Context(), journal.Append{Stream: want[i], Entries: entries("x")}); err != nil {
				return err
			}
		}
		return nil
	})
	ok(t, "append", err)
	equal(t, "streams", want, collect(t, "streams", j.Streams(t.Context())))
	got := names(claim(t, j, journal.Claim{}))
	if len(got) != journal.MaxClaim {
		t.Fatalf("a claim of at most %d gives %d of %d", journal.MaxClaim, len(got), len(want))
	}
	got = append(got, names(claim(t, j, journal.Claim{}))...)
	slices.Sort(got)
	equal(t, "the streams that are due", want, got)
	none(t, "all are held", j, "")
	complete := map[uint64]int{}
	for _, f := range feed(t, j, "") {
		complete[f.Seq]++
	}
	if complete[1] != len(want) || len(complete) > 1 {
		t.Fatalf("the feed has %v records by version, want %d of version 1", complete, len(want))
	}
}

// testDisjoint lets everybody claim at once, in several rounds: each stream goes to
// one of them.
func testDisjoint(t testing.TB, s *suite) {
	j := s.start(t)
	both := pair(j)
	const streams = 64
	err := together(func(w int) error {
		for i := w; i < streams; i += workers {
			if _, err := both[w%2].Append(t.Context(), journal.Append{Stream: fmt.Sprint("s", i), Entries: entries("x")}); err != nil {
				return err
			}
		}
		return nil
	})
	ok(t, "append", err)
	tokens := map[string]uint64{}
	for round := range max(2, s.rounds/5) {
		var mu sync.Mutex
		held := map[string]journal.Lease{}
		err := together(func(w int) error {
			for {
				c := journal.Claim{Worker: fmt.Sprint("worker ", w%4), TTL: time.Hour, Max: 1 + (w+round)%9}
				leases, err := both[w%2].Claim(t.Context(), c)
				if err != nil || len(leases) == 0 {
					return err
				}
				if len(leases) > c.Max {
					return fmt.Errorf("a claim of at most %d gives %d", c.Max, len(leases))
				}
				mu.Lock()
				for _, l := range leases {
					if other, twice := held[l.Stream]; twice {
						err = fmt.Errorf("%+v was given while %+v was held", l, other)
					} else if l.Token <= tokens[l.Stream] || l.Seq != 1 {
						err = fmt.Errorf("%+v was given after token %d", l, tokens[l.Stream])
					}
					held[l.Stream], tokens[l.Stream] = l, l.Token
				}
				mu.Unlock()
				if err != nil {
					return err
				}
			}
		})
		ok(t, "claim", err)
		// A claim may pass over what another one is just looking at; nobody is now.
		for _, l := range claim(t, j, journal.Claim{}) {
			if other, twice := held[l.Stream]; twice {
				t.Fatalf("%+v was given while %+v was held", l, other)
			}
			held[l.Stream], tokens[l.Stream] = l, l.Token
		}
		if len(held) != streams {
			t.Fatalf("%d of %d streams that are due were given", len(held), streams)
		}
		err = together(func(w int) error {
			for i := w; i < streams; i += workers {
				if err := both[(w+1)%2].Release(t.Context(), held[fmt.Sprint("s", i)], 0); err != nil {
					return err
				}
			}
			return nil
		})
		ok(t, "release", err)
	}
}

// testShared has workers do what there is to do until nothing is left. While they hold
// a stream nobody else appends to it, so no append of theirs is refused.
func testShared(t testing.TB, s *suite) {
	j := s.start(t)
	both := pair(j)
	const streams = 12
	last := uint64(max(2, s.rounds/4))
	for i := range streams {
		put(t, j, fmt.Sprint("s", i), 0, 0, 0)
	}
	var mu sync.Mutex
	done, failed := 0, false
	over := func() bool { mu.Lock(); defer mu.Unlock(); return done == streams || failed }
	begin := time.Now()
	err := together(func(w int) (err error) {
		defer func() { mu.Lock(); failed = failed || err != nil; mu.Unlock() }()
		for !over() {
			if time.Since(begin) > 3*s.patience {
				return errors.New("there is work to do, and claims do not give it")
			}
			leases, err := both[w%2].Claim(t.Context(), journal.Claim{TTL: time.Hour, Max: 1 + w%2})
			if err != nil {
				return err
			}
			if len(leases) == 0 {
				time.Sleep(time.Millisecond)
			}
			for _, l := range leases {
				a := journal.Append{Stream: l.Stream, Expect: l.Seq, Token: l.Token, Entries: entries(fmt.Sprint(l.Token))}
				if l.Seq == last {
					a.Wake = journal.Never
				}
				if _, err := both[(w+1)%2].Append(t.Context(), a); err != nil {
					return fmt.Errorf("the holder of %+v appends: %w", l, err)
				}
				if w%3 == 0 {
					if err := both[w%2].Renew(t.Context(), l, time.Hour); err != nil {
						return fmt.Errorf("the holder of %+v renews: %w", l, err)
					}
				}
				if err := both[w%2].Release(t.Context(), l, time.Hour); err != nil {
					return fmt.Errorf("the holder of %+v releases: %w", l, err)
				}
				if l.Seq == last {
					mu.Lock()
					done++
					mu.Unlock()
				}
			}
		}
		return nil
	})
	ok(t, "work", err)
	for i := range streams {
		records := verify(t, j, fmt.Sprint("s", i))
		if uint64(len(records)) != last+1 {
			t.Fatalf("stream s%d has %d records, want %d", i, len(records), last+1)
		}
		before := uint64(0)
		for _, r := range records[1:] {
			var token uint64
			if _, err := fmt.Sscan(string(r.Data), &token); err != nil || token <= before {
				t.Fatalf("stream s%d: record %d was appended under token %s after %d", i, r.Seq, r.Data, before)
			}
			before = token
		}
	}
	none(t, "all is done", j, "")
}

func testReopenTokens(t testing.TB, s *suite) {
	j := s.start(t)
	put(t, j, "held", 0, 0, 0)
	put(t, j, "free", 0, 0, 0)
	held, free := give(t, j, "held"), give(t, j, "free")
	for range 3 { // so that the token is not the first
		ok(t, "release", j.Release(t.Context(), free, 0))
		free = give(t, j, "free")
	}
	ok(t, "release", j.Release(t.Context(), free, 0))
	version := uint64(1)
	for range 2 {
		j = s.again(t, j)
		notHeld(t, "released before it was opened again", j, free)
		if s.beside == nil {
			fenced(t, "given before the only process ended", j, held, version)
			fenced(t, "given and released before the only process ended", j, free, version)
		} else {
			none(t, "held when its holder's process ended", j, "held")
			put(t, j, "held", version, held.Token, 0)
			put(t, j, "free", version, free.Token, 0)
			version++
			ok(t, "renew when its processes ended", j.Renew(t.Context(), held, time.Hour))
			ok(t, "release when its processes ended", j.Release(t.Context(), held, 0))
		}
		for _, old := range []*journal.Lease{&held, &free} {
			l := give(t, j, old.Stream)
			if l.Token <= old.Token {
				t.Fatalf("opened again, it gives %+v after %+v", l, *old)
			}
			fenced(t, "given before it was opened again", j, *old, version)
			*old = l
		}
		ok(t, "release", j.Release(t.Context(), free, 0))
	}
}
