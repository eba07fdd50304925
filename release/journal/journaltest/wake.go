package journaltest

import (
	"fmt"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// alarm is a stream and when it was made due, as far as that can be said.
type alarm struct {
	stream      string
	first, last time.Time // it becomes due between these
	never       bool
}

// set appends to a stream and says when it is due.
func (s *suite) set(t testing.TB, j journal.Journal, stream string, expect uint64, wake time.Duration) alarm {
	t.Helper()
	first := s.now().Add(max(wake, 0) - tolerance)
	put(t, j, stream, expect, 0, wake)
	return alarm{stream: stream, first: first, last: s.now().Add(max(wake, 0)), never: wake == journal.Never}
}

// expectDue claims all and compares with the alarms; it returns those not given. Those
// that were are never due again.
func (s *suite) expectDue(t testing.TB, what string, j journal.Journal, alarms []alarm) (rest []alarm) {
	t.Helper()
	began := s.now()
	given := map[string]bool{}
	leases := claim(t, j, journal.Claim{})
	ended := s.now()
	for _, l := range leases {
		if given[l.Stream] {
			t.Fatalf("%s: %q was given twice", what, l.Stream)
		}
		given[l.Stream] = true
		ok(t, "release what was given", j.Release(t.Context(), l, journal.Never))
	}
	for _, a := range alarms {
		switch {
		case given[a.stream] && (a.never || ended.Before(a.first)):
			t.Fatalf("%s: %q was given and is not due", what, a.stream)
		case !given[a.stream] && !a.never && began.After(a.last.Add(tolerance)):
			t.Fatalf("%s: %q is due and was not given", what, a.stream)
		case !given[a.stream]:
			rest = append(rest, a)
		}
		delete(given, a.stream)
	}
	for name := range given {
		t.Fatalf("%s: %q was given, which nobody expects", what, name)
	}
	return rest
}

var alarms = []struct {
	name string
	wake func(s *suite) time.Duration
}{
	{"at once", func(*suite) time.Duration { return 0 }},
	{"soon", func(s *suite) time.Duration { return 3 * s.tick() }},
	{"in 30 minutes", func(*suite) time.Duration { return 30 * time.Minute }},
	{"in 2000 hours", func(*suite) time.Duration { return 2000 * time.Hour }},
	{"never", func(*suite) time.Duration { return journal.Never }},
	{"as late as allowed", func(*suite) time.Duration { return journal.MaxWake }},
}

// ring lets time pass and expects of each alarm that it is due when it is.
func (s *suite) ring(t testing.TB, j journal.Journal, rest []alarm) {
	t.Helper()
	rest = s.expectDue(t, "at once", j, rest)
	for n := range 4 {
		s.pass(j, s.tick()+tolerance)
		rest = s.expectDue(t, fmt.Sprintf("after %d ticks", n+1), j, rest)
	}
	if s.advance == nil {
		return
	}
	for _, d := range []time.Duration{25 * time.Minute, 10 * time.Minute, 1998 * time.Hour, 4 * time.Hour, journal.MaxWake - 3000*time.Hour, 4000 * time.Hour} {
		s.pass(j, d)
		rest = s.expectDue(t, fmt.Sprintf("after another %v", d), j, rest)
	}
	for _, a := range rest {
		if !a.never {
			t.Fatalf("%q never became due", a.stream)
		}
	}
}

func testDue(t testing.TB, s *suite) {
	j := s.start(t)
	none(t, "in an empty journal", j, "")
	var all []alarm
	for _, a := range alarms {
		all = append(all, s.set(t, j, a.name, 0, a.wake(s)))
	}
	s.ring(t, j, all)
}

func testLastWake(t testing.TB, s *suite) {
	j := s.start(t)
	var all []alarm
	for _, before := range alarms {
		for _, after := range alarms {
			name := before.name + ", then " + after.name
			s.set(t, j, name, 0, before.wake(s))
			all = append(all, s.set(t, j, name, 1, after.wake(s)))
		}
	}
	s.ring(t, j, all)
}

func testReopenWake(t testing.TB, s *suite) {
	j := s.start(t)
	var all []alarm
	for _, a := range alarms {
		all = append(all, s.set(t, j, a.name, 0, a.wake(s)))
		name := "never, then " + a.name
		s.set(t, j, name, 0, journal.Never)
		all = append(all, s.set(t, j, name, 1, a.wake(s)))
	}
	// What a release said is kept too, unless the store forgets its leases.
	for _, a := range alarms {
		if s.beside == nil {
			break
		}
		name, wake := "released, due "+a.name, a.wake(s)
		put(t, j, name, 0, 0, 0)
		l := give(t, j, name)
		first := s.now().Add(max(wake, 0) - tolerance)
		ok(t, name, j.Release(t.Context(), l, wake))
		all = append(all, alarm{stream: name, first: first, last: s.now().Add(max(wake, 0)), never: wake == journal.Never})
	}
	j = s.again(t, j)
	s.ring(t, j, all)
}

// testRefusedWake has appends refused that would change when a stream is due.
func testRefusedWake(t testing.TB, s *suite) {
	j := s.start(t)
	put(t, j, "claimed", 0, 0, 0)
	old := give(t, j, "claimed")
	ok(t, "release", j.Release(t.Context(), old, 0))
	token := give(t, j, "claimed").Token
	for _, wake := range []time.Duration{0, journal.Never} {
		stream := fmt.Sprint("s", wake)
		put(t, j, stream, 0, 0, wake)
		for _, a := range []journal.Append{
			{Expect: 0}, {Expect: 2}, {Expect: 1, Token: token}, {Expect: 0, Token: token},
		} {
			a.Stream, a.Wake, a.Entries = stream, journal.Never-wake, entries("x")
			got, err := j.Append(t.Context(), a)
			want := journal.ErrConflict
			if a.Token != 0 {
				want = journal.ErrFenced
			}
			refused(t, "append", got, err, want)
		}
		dueOrNot(t, "after appends that were refused", j, stream, wake == 0)
	}
}

// testFine asks for what is to come in less than a second, and at once whether it has.
func testFine(t testing.TB, s *suite) {
	j := s.start(t)
	for _, d := range []time.Duration{100 * time.Millisecond, 300 * time.Millisecond} {
		early := func(what, stream string, began time.Time) {
			got := claim(t, j, journal.Claim{Prefix: stream})
			if passed := s.now().Sub(began); len(got) > 0 && passed < d-tolerance {
				t.Fatalf("%s %v, it was given after %v", what, d, passed)
			}
		}
		due, held := fmt.Sprint("due ", d), fmt.Sprint("held ", d)
		began := s.now()
		put(t, j, due, 0, 0, d)
		early("due in", due, began)
		put(t, j, held, 0, 0, 0)
		began = s.now()
		claim(t, j, journal.Claim{Prefix: held, TTL: d})
		early("held for", held, began)
	}
}
