package journaltest

import (
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// The tests of time know two kinds of stores. With Options.Advance they move the
// store's clock, and what must have happened has. Otherwise they wait in small steps,
// and judge only by what the two clocks must agree on however long a call took: an
// event of the store lies between the times at which its call began and returned.

// tolerance is by how much the clock of a store may seem to be wrong: it may keep
// milliseconds only, and run a little faster than ours.
const tolerance = 3 * time.Millisecond

// tick is a short time, long enough to tell one from two of them.
func (s *suite) tick() time.Duration {
	if s.advance != nil {
		return time.Minute
	}
	return 25 * time.Millisecond
}

// now is a time on a clock that goes as the store's does, at most slower by the
// tolerance.
func (s *suite) now() time.Time { return time.Now().Add(s.ahead) }

// pass lets time pass for the store.
func (s *suite) pass(j journal.Journal, d time.Duration) {
	if s.advance == nil {
		time.Sleep(d)
		return
	}
	s.advance(pair(j)[0], d)
	s.ahead += d
}

// claim claims and must succeed. All times of leases that are not to end are an hour.
func claim(t testing.TB, j journal.Journal, c journal.Claim) []journal.Lease {
	t.Helper()
	if c.TTL == 0 {
		c.TTL = time.Hour
	}
	if c.Max == 0 {
		c.Max = journal.MaxClaim
	}
	if c.Worker == "" {
		c.Worker = "tester"
	}
	leases, err := j.Claim(t.Context(), c)
	if err != nil {
		t.Fatalf("claim at most %d of %q for %v: %v", c.Max, c.Prefix, c.TTL, err)
	}
	if len(leases) > c.Max {
		t.Fatalf("claim at most %d of %q: %d leases came back", c.Max, c.Prefix, len(leases))
	}
	for _, l := range leases {
		if l.Token == 0 {
			t.Fatalf("the lease of %q has no token", l.Stream)
		}
	}
	return leases
}

// soon claims until the store gives something, which must be one stream, of this name.
func (s *suite) soon(t testing.TB, j journal.Journal, stream string, ttl time.Duration) journal.Lease {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(s.tick() / 8) {
		leases := claim(t, j, journal.Claim{Prefix: stream, TTL: ttl})
		if len(leases) == 1 && leases[0].Stream == stream {
			return leases[0]
		}
		if len(leases) > 0 {
			t.Fatalf("a claim of %q gave %q", stream, names(leases))
		}
		if s.advance != nil || time.Since(begin) > s.patience {
			t.Fatalf("%q is due and nobody holds it, and a claim does not give it", stream)
		}
	}
}

// give claims one stream that is due and free for an hour.
func give(t testing.TB, j journal.Journal, stream string) journal.Lease {
	t.Helper()
	leases := claim(t, j, journal.Claim{Prefix: stream})
	if len(leases) != 1 || leases[0].Stream != stream {
		t.Fatalf("%q is due and nobody holds it, and a claim gives %q", stream, names(leases))
	}
	return leases[0]
}

// none requires that a claim gives nothing.
func none(t testing.TB, what string, j journal.Journal, prefix string) {
	t.Helper()
	if leases := claim(t, j, journal.Claim{Prefix: prefix}); len(leases) > 0 {
		t.Fatalf("%s: a claim gives %q, want none", what, names(leases))
	}
}

func names(leases []journal.Lease) []string {
	out := []string{}
	for _, l := range leases {
		out = append(out, l.Stream)
	}
	return out
}
