package crashtest

import (
	"context"
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// follow reads the feed from where the last check left it, or from the beginning if
// records were forgotten since: each stream's records come in order, none is skipped
// and none comes twice.
func (c *Checker) follow(ctx context.Context, j journal.Journal, quiet bool) error {
	err := c.followFrom(ctx, j)
	for tries := 0; errors.Is(err, journal.ErrCompacted); tries++ {
		if quiet && (!c.mayForget() || tries > 0) {
			return fmt.Errorf("%w: nobody asked for it", err)
		}
		c.cursor = ""
		for _, s := range c.streams {
			s.fed, s.ahead = 0, map[uint64]release.Digest{}
		}
		if tries == 10 {
			return nil // writers forget faster than this one reads: the next check begins again
		}
		err = c.followFrom(ctx, j)
	}
	if err != nil || !quiet {
		return err
	}
	for _, s := range c.streams {
		if s.fed != s.head.Seq {
			return fmt.Errorf("the feed ends at record %d of %q, which is at %d", s.fed, s.name, s.head.Seq)
		}
	}
	return nil
}

func (c *Checker) mayForget() bool {
	for _, s := range c.streams {
		if s.limit > 0 {
			return true
		}
	}
	return false
}

func (c *Checker) followFrom(ctx context.Context, j journal.Journal) error {
	begun := c.cursor != ""
	for r, err := range j.Feed(ctx, c.cursor) {
		if err != nil {
			return fmt.Errorf("follow the feed from %q: %w", c.cursor, err)
		}
		s := c.stream(r.Stream)
		// From the beginning, the feed may begin in the middle of a stream.
		if s.fed == 0 && !begun && r.Seq > 1 {
			s.lost = max(s.lost, r.Seq-1)
		} else if r.Seq != s.fed+1 {
			return fmt.Errorf("in the feed, record %d of %q follows record %d", r.Seq, r.Stream, s.fed)
		}
		if hash, ok := s.hashes[r.Seq]; ok && hash != r.Hash {
			return fmt.Errorf("in the feed, record %d of %q is not the one of the stream", r.Seq, r.Stream)
		} else if !ok {
			s.ahead[r.Seq] = r.Hash
		}
		s.fed, c.cursor = r.Seq, r.Cursor
	}
	return nil
}
