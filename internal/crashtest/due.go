package crashtest

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// use appends to a stream of the checker's own and reads it back.
func (c *Checker) use(ctx context.Context, j journal.Journal) error {
	s := c.stream("checker")
	c.tested++
	made := work{ID: fmt.Sprint("checker.", c.tested), Parts: 2, Wake: journal.Never}
	records, err := j.Append(ctx, journal.Append{Stream: s.name, Expect: s.head.Seq, Wake: made.Wake, Entries: made.entries(10)})
	if err != nil {
		return fmt.Errorf("append after the crash: %w", err)
	}
	for _, r := range records {
		s.acked[r.Seq] = r.Hash
	}
	if len(records) != made.Parts {
		return fmt.Errorf("append after the crash: %d records of %d", len(records), made.Parts)
	}
	return c.readStream(ctx, j, s)
}

// due claims everything, until each stream that is due was given: those whose last
// record says so. Tokens are higher than all that were ever given.
func (c *Checker) due(ctx context.Context, j journal.Journal) error {
	want := map[string]bool{}
	for name, s := range c.streams {
		if s.head.Seq > 0 && s.last.Wake >= 0 && s.last.Wake < time.Minute {
			want[name] = true
		}
	}
	deadline := time.Now().Add(cmp.Or(c.Patience, 20*time.Second))
	for given := map[string]bool{}; ; pause() {
		leases, err := j.Claim(ctx, journal.Claim{Worker: "checker", TTL: time.Millisecond, Max: journal.MaxClaim})
		if err != nil {
			return fmt.Errorf("claim after the crash: %w", err)
		}
		for _, l := range leases {
			s := c.streams[l.Stream]
			switch {
			case s == nil || !want[l.Stream]:
				return fmt.Errorf("%q was given and is not due: its last append said %v", l.Stream, c.stream(l.Stream).last.Wake)
			case l.Token <= s.given:
				return fmt.Errorf("%q was given with token %d, and token %d was given before", l.Stream, l.Token, s.given)
			case l.Seq != s.head.Seq:
				return fmt.Errorf("%q was given at %d and is at %d", l.Stream, l.Seq, s.head.Seq)
			}
			s.tokens[l.Token], s.given = true, l.Token
			given[l.Stream] = true
		}
		if len(given) == len(want) {
			return nil
		}
		if time.Now().After(deadline) {
			for name := range want {
				if !given[name] {
					return fmt.Errorf("%q is due and was never given: its wake is lost", name)
				}
			}
		}
	}
}
