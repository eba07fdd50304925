package journaltest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// wants requires an error of this kind, and of no other.
func wants(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: the error is %v, want %q", what, err, want)
	}
	for _, other := range []error{journal.ErrConflict, journal.ErrFenced, journal.ErrUnknown, journal.ErrCorrupt, journal.ErrClosed} {
		if other != want && errors.Is(err, other) {
			t.Fatalf("%s: the error is %q, which is also %q", what, err, other)
		}
	}
}

// ok requires that something worked.
func ok(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// put appends one entry under a token, with a wake.
func put(t testing.TB, j journal.Journal, stream string, expect, token uint64, wake time.Duration) {
	t.Helper()
	a := journal.Append{Stream: stream, Expect: expect, Token: token, Wake: wake, Entries: entries(stream)}
	_, err := j.Append(t.Context(), a)
	if err != nil {
		t.Fatalf("append to %q at %d under token %d: %v", stream, expect, token, err)
	}
}

// fenced requires that a lease is good for nothing.
func fenced(t testing.TB, what string, j journal.Journal, l journal.Lease, version uint64) {
	t.Helper()
	before := texts(load(t, j, l.Stream, 0))
	for _, j := range pair(j) {
		got, err := j.Append(t.Context(), journal.Append{Stream: l.Stream, Expect: version, Token: l.Token, Entries: entries("fenced")})
		refused(t, what+": append", got, err, journal.ErrFenced)
		wants(t, what+": append", err, journal.ErrFenced)
		equal(t, what+": the stream", before, texts(load(t, j, l.Stream, 0)))
		notHeld(t, what, j, l)
	}
}

// notHeld requires that a lease can be neither renewed nor released.
func notHeld(t testing.TB, what string, j journal.Journal, l journal.Lease) {
	t.Helper()
	wants(t, what+": renew", j.Renew(t.Context(), l, time.Hour), journal.ErrFenced)
	wants(t, what+": release", j.Release(t.Context(), l, 0), journal.ErrFenced)
}

func testOldToken(t testing.TB, s *suite) {
	j := s.start(t)
	put(t, j, "s", 0, 0, 0)
	put(t, j, "never claimed", 0, 0, 0)
	old := give(t, j, "s")
	put(t, j, "s", 1, old.Token, 0)
	ok(t, "renew for a moment", j.Renew(t.Context(), old, s.tick()))
	s.pass(j, s.tick())
	held := s.soon(t, j, "s", time.Hour)
	if held.Token <= old.Token || held.Seq != 2 {
		t.Fatalf("the lease is %+v after %+v and a record", held, old)
	}
	fenced(t, "the token before", j, old, 2)
	fenced(t, "a token that nobody was given", j, journal.Lease{Stream: "s", Token: held.Token + 1, Seq: 2}, 2)
	fenced(t, "the largest token", j, journal.Lease{Stream: "s", Token: 1<<63 - 1, Seq: 2}, 2)
	fenced(t, "a token larger than any database's", j, journal.Lease{Stream: "s", Token: ^uint64(0), Seq: 2}, 2)
	fenced(t, "a token of a stream that was never claimed", j, journal.Lease{Stream: "never claimed", Token: held.Token, Seq: 1}, 1)
	fenced(t, "a token of a stream without records", j, journal.Lease{Stream: "none", Token: held.Token}, 0)
	for _, name := range []string{"", "S", strings.Repeat("s", journal.MaxStream+1)} {
		notHeld(t, "a token of a stream that cannot be or is not", j, journal.Lease{Stream: name, Token: held.Token})
	}
	none(t, "while it is held", j, "s")
	// And the holder goes on as if nothing had happened.
	put(t, j, "s", 2, held.Token, 0)
	ok(t, "the holder renews", j.Renew(t.Context(), held, time.Hour))
	none(t, "after its holder renewed it", j, "s")
	ok(t, "the holder releases", j.Release(t.Context(), held, 0))
	// Whichever of two journals gave it, and gave the next.
	both := pair(j)
	version := uint64(3)
	for n := range 8 {
		old := give(t, both[n%2], "s")
		put(t, both[n%2], "s", version, old.Token, 0)
		version++
		ok(t, "release", both[n%2].Release(t.Context(), old, 0))
		held := give(t, both[n/2%2], "s")
		fenced(t, "released, and claimed by somebody else", j, old, version)
		ok(t, "release", both[n/4].Release(t.Context(), held, 0))
	}
}

func testOver(t testing.TB, s *suite) {
	j := s.start(t)
	for _, name := range []string{"renewed", "released", "taken"} {
		put(t, j, name, 0, 0, 0)
		l := claim(t, j, journal.Claim{Prefix: name, TTL: s.tick()})
		if len(l) != 1 {
			t.Fatalf("a claim of %q gives %q", name, names(l))
		}
		s.pass(j, s.tick()+2*tolerance)
		put(t, j, name, 1, l[0].Token, 0)
		switch name {
		case "renewed":
			ok(t, "renew a lease that is over", j.Renew(t.Context(), l[0], time.Hour))
			none(t, "after it was renewed", j, name)
		case "released":
			ok(t, "release a lease that is over", j.Release(t.Context(), l[0], 0))
			notHeld(t, "after it was released", j, l[0])
		}
		if name != "renewed" {
			give(t, j, name)
			fenced(t, "after somebody else claimed it", j, l[0], 2)
		}
	}
}

func testFencedFirst(t testing.TB, s *suite) {
	j := s.start(t)
	put(t, j, "s", 0, 0, 0)
	old := give(t, j, "s")
	put(t, j, "s", 1, 0, 0) // somebody without a token
	for _, expect := range []uint64{0, 1, 3} {
		got, err := j.Append(t.Context(), journal.Append{Stream: "s", Expect: expect, Token: old.Token, Entries: entries("x")})
		refused(t, "the holder, at another version", got, err, journal.ErrConflict)
		wants(t, "the holder, at another version", err, journal.ErrConflict)
	}
	ok(t, "release", j.Release(t.Context(), old, 0))
	put(t, j, "s", 2, 0, 0)
	held := give(t, j, "s")
	for _, expect := range []uint64{0, 1, 2, 3, 4, 1 << 40} {
		got, err := j.Append(t.Context(), journal.Append{Stream: "s", Expect: expect, Token: old.Token, Entries: entries("x")})
		refused(t, "a token before", got, err, journal.ErrFenced)
		wants(t, "a token before", err, journal.ErrFenced)
	}
	put(t, j, "s", 3, held.Token, 0)
}

func testTokensGrow(t testing.TB, s *suite) {
	j := s.start(t)
	put(t, j, "a", 0, 0, 0)
	put(t, j, "b", 0, 0, 0)
	last := map[string]uint64{}
	for n := range uint64(6) {
		for _, name := range []string{"a", "b"} {
			if name == "b" && n%2 == 1 {
				continue
			}
			l := give(t, j, name)
			if l.Token <= last[name] {
				t.Fatalf("%q: token %d after %d", name, l.Token, last[name])
			}
			last[name] = l.Token
			if want := load(t, j, name, 0); l.Seq != uint64(len(want)) {
				t.Fatalf("%q: the lease is at version %d of %d", name, l.Seq, len(want))
			}
			switch n % 3 {
			case 0: // nothing happens
			case 1:
				put(t, j, name, l.Seq, l.Token, 0)
			case 2:
				put(t, j, name, l.Seq, 0, 0)
			}
			ok(t, "release", j.Release(t.Context(), l, 0))
			notHeld(t, "after it was released", j, l)
		}
	}
}

func testLasts(t testing.TB, s *suite) {
	j := s.start(t)
	both := pair(j)
	ttl := 4 * s.tick()
	put(t, j, "hour", 0, 0, 0)
	give(t, j, "hour")
	put(t, j, "s", 0, 0, 0)
	began := s.now()
	if l := claim(t, j, journal.Claim{Prefix: "s", TTL: ttl}); len(l) != 1 {
		t.Fatalf("a claim of what is due gives %q", names(l))
	}
	for n := 0; ; n++ {
		s.pass(j, ttl/8)
		got := claim(t, both[n%2], journal.Claim{Prefix: "s"})
		passed := s.now().Sub(began)
		switch {
		case len(got) == 1 && passed < ttl-tolerance:
			t.Fatalf("%v after a lease for %v somebody else was given it", passed, ttl)
		case len(got) == 0 && s.advance != nil && passed > ttl+ttl/2, passed > s.patience+ttl:
			t.Fatalf("%v after a lease for %v nobody is given it", passed, ttl)
		case len(got) == 1:
			none(t, "held for an hour", j, "")
			return
		}
	}
}

func testRenew(t testing.TB, s *suite) {
	j := s.start(t)
	put(t, j, "s", 0, 0, 0)
	l := claim(t, j, journal.Claim{Prefix: "s", TTL: 2 * s.tick()})
	if len(l) != 1 {
		t.Fatalf("a claim of what is due gives %q", names(l))
	}
	ok(t, "renew", j.Renew(t.Context(), l[0], time.Hour))
	s.pass(j, 3*s.tick())
	none(t, "after it was renewed for an hour", j, "s")
	// It counts from now, and not from when the lease was to end.
	ok(t, "renew", j.Renew(t.Context(), l[0], journal.MaxTTL))
	ok(t, "renew", j.Renew(t.Context(), l[0], 2*s.tick()))
	s.pass(j, 2*s.tick())
	next := s.soon(t, j, "s", time.Hour)
	fenced(t, "the lease that was renewed", j, l[0], 1)
	for _, ttl := range []time.Duration{0, -1, journal.MaxTTL + 1} {
		unfit(t, "renew for a time that is not allowed", j.Renew(t.Context(), next, ttl))
	}
	unfit(t, "renew without a token", j.Renew(t.Context(), journal.Lease{Stream: "s", Seq: 1}, time.Hour))
	none(t, "after bad renewals", j, "s")
}

// unfit requires an error that says that the caller is wrong.
func unfit(t testing.TB, what string, err error) {
	t.Helper()
	if err == nil {
		t.Fatalf("%s: it succeeded", what)
	}
	for _, other := range []error{journal.ErrConflict, journal.ErrFenced, journal.ErrUnknown, journal.ErrCorrupt, journal.ErrClosed} {
		if errors.Is(err, other) {
			t.Fatalf("%s: the error is %q, which does not say that the call itself is at fault", what, err)
		}
	}
}

func testRelease(t testing.TB, s *suite) {
	j := s.start(t)
	for _, c := range []struct {
		name       string
		wake       time.Duration
		now, later bool // whether it is due at once, and after two ticks
	}{
		{"at once", 0, true, true},
		{"soon", 2 * s.tick(), false, true},
		{"in an hour", time.Hour, false, false},
		{"never", journal.Never, false, false},
		{"as late as allowed", journal.MaxWake, false, false},
	} {
		put(t, j, c.name, 0, 0, 0)
		l := give(t, j, c.name)
		began := s.now()
		ok(t, "release", j.Release(t.Context(), l, c.wake))
		notHeld(t, c.name+": released", j, l)
		// Its holder may append until somebody claims it.
		if c.now {
			put(t, j, c.name, 1, l.Token, 0)
			fencedAfter := give(t, j, c.name)
			fenced(t, "after somebody claimed what was released", j, l, 2)
			ok(t, "release", j.Release(t.Context(), fencedAfter, journal.Never))
			continue
		}
		got := claim(t, j, journal.Claim{Prefix: c.name})
		if len(got) == 1 && s.now().Sub(began) < c.wake-tolerance || len(got) == 1 && !c.later {
			t.Fatalf("released to be due %s, it was given after %v", c.name, s.now().Sub(began))
		}
		if len(got) == 1 {
			continue // that took long
		}
		s.pass(j, 2*s.tick())
		if c.later {
			s.soon(t, j, c.name, time.Hour)
		} else {
			none(t, "after two ticks", j, c.name)
			put(t, j, c.name, 1, l.Token, 0)
			give(t, j, c.name)
		}
	}
	put(t, j, "held", 0, 0, 0)
	l := give(t, j, "held")
	for _, wake := range []time.Duration{-2, -time.Hour, journal.MaxWake + 1} {
		unfit(t, "release with a wake that is not allowed", j.Release(t.Context(), l, wake))
	}
	unfit(t, "release without a token", j.Release(t.Context(), journal.Lease{Stream: "held", Seq: 1}, 0))
	none(t, "after bad releases", j, "held")
	ok(t, "renew after bad releases", j.Renew(t.Context(), l, time.Hour))
}

// testReleaseRace is the race that a worker loses who decided before somebody else
// appended: nobody may sleep over what was appended.
func testReleaseRace(t testing.TB, s *suite) {
	j := s.start(t)
	wakes := []struct {
		name string
		wake time.Duration
	}{{"now", 0}, {"hour", time.Hour}, {"never", journal.Never}}
	for _, appended := range wakes {
		for _, released := range wakes {
			name := "release " + released.name + " after append " + appended.name
			put(t, j, name, 0, 0, 0)
			l := give(t, j, name)
			put(t, j, name, 1, 0, appended.wake)
			ok(t, name, j.Release(t.Context(), l, released.wake))
			dueOrNot(t, name, j, name, appended.wake == 0)

			name = "told of it, " + name
			put(t, j, name, 0, 0, 0)
			l = give(t, j, name)
			put(t, j, name, 1, l.Token, appended.wake)
			l.Seq = 2
			ok(t, name, j.Release(t.Context(), l, released.wake))
			dueOrNot(t, name, j, name, released.wake == 0)

			name = "ahead, " + name
			put(t, j, name, 0, 0, 0)
			l = give(t, j, name)
			put(t, j, name, 1, l.Token, appended.wake)
			l.Seq = 3
			ok(t, name, j.Release(t.Context(), l, released.wake))
			dueOrNot(t, name, j, name, appended.wake == 0)
		}
	}
}

func dueOrNot(t testing.TB, what string, j journal.Journal, stream string, due bool) {
	t.Helper()
	if due {
		give(t, j, stream)
	} else {
		none(t, what, j, stream)
	}
}
