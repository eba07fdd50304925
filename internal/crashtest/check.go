package crashtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// Checker compares what a journal holds with what writers were told, crash after
// crash. Each check reads only what is new, so that five hundred of them are not slow;
// [Checker.Whole] reads everything. It is for one goroutine. Its zero value is ready.
type Checker struct {
	// Patience is how long what is due may take to be given; 20 seconds if zero. It must
	// be longer than the leases that the dead have left.
	Patience time.Duration

	streams map[string]*stream
	ids     map[string]bool // of all records, with their part
	cursor  journal.Cursor  // of the reader that lives through all crashes
	appends int             // how many were acknowledged
	tested  uint64          // how often the checker itself has appended
}

// stream is what is known of one stream.
type stream struct {
	name   string
	base   journal.Head              // the last record that was forgotten
	head   journal.Head              // of what was read
	hashes map[uint64]release.Digest // of the records that were read
	acked  map[uint64]release.Digest // that are to be looked for at the next check
	limit  uint64                    // the last record that may be forgotten, as writers said
	lost   uint64                    // the last record that was seen to be forgotten
	fed    uint64                    // the last record that the feed gave
	ahead  map[uint64]release.Digest // that the feed gave before they were read
	last   work                      // of the last record
	tokens map[uint64]bool           // that writers were given
	given  uint64                    // the highest token that is known
	wrote  uint64                    // the highest token that a record was appended under
}

func (c *Checker) stream(name string) *stream {
	if c.streams == nil {
		c.streams, c.ids = map[string]*stream{}, map[string]bool{}
	}
	s := c.streams[name]
	if s == nil {
		head := journal.Head{Stream: name}
		s = &stream{name: name, base: head, head: head, hashes: map[uint64]release.Digest{},
			acked: map[uint64]release.Digest{}, ahead: map[uint64]release.Digest{}, tokens: map[uint64]bool{}}
		c.streams[name] = s
	}
	return s
}

// Note takes what a writer said.
func (c *Checker) Note(n Notice) error {
	switch n.Kind {
	case Acked:
		c.appends++
		s := c.stream(n.Head.Stream)
		s.acked[n.Head.Seq], s.given = n.Head.Hash, max(s.given, n.Token)
	case Claimed:
		s := c.stream(n.Head.Stream)
		if n.Token == 0 || s.tokens[n.Token] {
			return fmt.Errorf("token %d of %q was given twice", n.Token, n.Head.Stream)
		}
		s.tokens[n.Token], s.given = true, max(s.given, n.Token)
	case Compacting:
		s := c.stream(n.Head.Stream)
		s.limit = max(s.limit, n.Head.Seq)
	case Fenced:
	case Broken:
		return fmt.Errorf("a writer says: %s", n.Text)
	default:
		return fmt.Errorf("a writer said %q", n.Kind)
	}
	return nil
}

// Appends is how many acknowledged appends were noted.
func (c *Checker) Appends() int { return c.appends }

// Check reads what is new in a journal after a crash. When no writer lives, quiet is
// true, and the feed must be complete and what is due must be given.
func (c *Checker) Check(ctx context.Context, j journal.Journal, quiet bool) error {
	if err := c.read(ctx, j); err != nil {
		return err
	}
	if err := c.follow(ctx, j, quiet); err != nil {
		return err
	}
	if quiet {
		if err := c.asked(); err != nil {
			return err
		}
		if err := c.due(ctx, j); err != nil {
			return err
		}
	}
	return c.use(ctx, j)
}

// Whole is Check of everything that the journal holds, from the beginning, and of
// whether it is what the checks before have read.
func (c *Checker) Whole(ctx context.Context, j journal.Journal) error {
	fresh := new(Checker)
	for name, s := range c.streams {
		f := fresh.stream(name)
		f.limit, f.lost, f.given = s.limit, s.lost, s.given
	}
	if err := fresh.read(ctx, j); err != nil {
		return err
	}
	if err := fresh.follow(ctx, j, true); err != nil {
		return err
	}
	if err := fresh.asked(); err != nil {
		return err
	}
	for name, s := range c.streams {
		f := fresh.streams[name]
		if f.head.Seq < s.head.Seq {
			return fmt.Errorf("%q ends at %d, and has ended at %d before", name, f.head.Seq, s.head.Seq)
		}
		for seq, hash := range s.hashes {
			if seq > f.base.Seq && f.hashes[seq] != hash {
				return fmt.Errorf("record %d of %q is not the one that was read before", seq, name)
			}
		}
	}
	return nil
}

// read reads what is new in each stream.
func (c *Checker) read(ctx context.Context, j journal.Journal) error {
	listed := map[string]bool{}
	for name, err := range j.Streams(ctx) {
		if err != nil {
			return fmt.Errorf("list the streams: %w", err)
		}
		listed[name] = true
		c.stream(name)
	}
	for _, name := range slices.Sorted(maps.Keys(c.streams)) {
		s := c.streams[name]
		if err := c.readStream(ctx, j, s); err != nil {
			return err
		}
		if listed[name] != (s.head.Seq > 0) && !listed[name] {
			return fmt.Errorf("%q has records and is not among the streams", name)
		}
	}
	return nil
}

func (c *Checker) readStream(ctx context.Context, j journal.Journal, s *stream) error {
	for r, err := range j.Load(ctx, s.name, s.head.Seq) {
		var compacted *journal.CompactedError
		if errors.As(err, &compacted) {
			if err := s.forget(compacted.Base); err != nil {
				return err
			}
			return c.readStream(ctx, j, s)
		}
		if err == nil {
			err = s.head.Check(r)
		}
		if err != nil {
			return fmt.Errorf("load %q after %d: %w", s.name, s.head.Seq, err)
		}
		if err := c.keep(s, r); err != nil {
			return err
		}
	}
	if s.head.Seq > 0 && s.last.Part != s.last.Parts {
		return fmt.Errorf("%q ends at %d with part %d of %d of append %s", s.name, s.head.Seq, s.last.Part, s.last.Parts, s.last.ID)
	}
	for seq, hash := range s.acked {
		switch have, ok := s.hashes[seq]; {
		case ok && have != hash:
			return fmt.Errorf("record %d of %q was acknowledged and another is there", seq, s.name)
		case !ok && seq > s.base.Seq:
			return fmt.Errorf("record %d of %q was acknowledged and is not there: the stream ends at %d", seq, s.name, s.head.Seq)
		}
	}
	clear(s.acked)
	return nil
}

// keep takes the record that follows what is known of a stream.
func (c *Checker) keep(s *stream, r journal.Record) error {
	w, err := parseWork(r)
	if err != nil {
		return err
	}
	id := fmt.Sprint(w.ID, "/", w.Part)
	if c.ids[id] {
		return fmt.Errorf("record %d of %q: part %d of append %s is there twice", r.Seq, s.name, w.Part, w.ID)
	}
	c.ids[id] = true
	// What was forgotten may have taken the first parts of an append with it.
	begins := s.last.Part == s.last.Parts
	if known := s.head.Seq > s.base.Seq || s.base.Seq == 0; known {
		if begins && w.Part != 1 || !begins && (w.ID != s.last.ID || w.Part != s.last.Part+1) {
			return fmt.Errorf("record %d of %q: part %d of append %s follows part %d of append %s", r.Seq, s.name, w.Part, w.ID, s.last.Part, s.last.ID)
		}
	}
	if w.Token > 0 && w.Token < s.wrote {
		return fmt.Errorf("record %d of %q was appended under token %d, after one under token %d", r.Seq, s.name, w.Token, s.wrote)
	}
	if hash, ok := s.ahead[r.Seq]; ok && hash != r.Hash {
		return fmt.Errorf("record %d of %q is not the one that the feed gave", r.Seq, s.name)
	}
	delete(s.ahead, r.Seq)
	s.last, s.wrote, s.given = w, max(s.wrote, w.Token), max(s.given, w.Token)
	s.head, s.hashes[r.Seq] = r.Head(), r.Hash
	return nil
}

// forget takes the base of a stream that was compacted while nobody looked.
func (s *stream) forget(base journal.Head) error {
	hash, known := s.hashes[base.Seq]
	switch {
	case base.Stream != s.name || base.Seq <= s.head.Seq:
		return fmt.Errorf("%q after %d says that it was compacted up to %d of %q", s.name, s.head.Seq, base.Seq, base.Stream)
	case known && hash != base.Hash:
		return fmt.Errorf("%q was compacted up to %d with another hash than that record's", s.name, base.Seq)
	}
	if acked, ok := s.acked[base.Seq]; ok && acked != base.Hash {
		return fmt.Errorf("%q was compacted up to %d with another hash than was acknowledged", s.name, base.Seq)
	}
	s.base, s.head, s.last = base, base, work{}
	s.lost = max(s.lost, base.Seq)
	return nil
}

// asked compares what was forgotten with what writers had said before they had it
// forgotten.
func (c *Checker) asked() error {
	for _, s := range c.streams {
		if s.lost > s.limit {
			return fmt.Errorf("%q was compacted up to %d, and nobody asked for more than %d", s.name, s.lost, s.limit)
		}
	}
	return nil
}
