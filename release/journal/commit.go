package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/internal/groupcommit"
)

// commit is an append, a claim or a compaction on its way to the disk. Who leads a
// batch decides them one after the other, writes what they need as one frame, syncs
// once, and only then are they seen and answered.
type commit struct {
	// An append. places are relative to the frame until it is written.
	stream  string
	expect  uint64
	token   uint64
	wake    time.Duration
	entries []Entry
	bodies  [][]byte
	size    int
	records []Record
	places  []place

	claim  *Claim
	leases []Lease

	forget   *Head
	position uint64 // of the last record to forget

	err error
}

// Append implements [Journal]. An append whose context ends while it waits for
// others was not written; one whose context ends while it is being written
// returns ErrUnknown at once.
func (f *File) Append(ctx context.Context, a Append) ([]Record, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	if err := f.writable(); err != nil {
		return nil, err
	}
	c := newCommit(a)
	err := f.group.Do(ctx, c, c.size)
	switch {
	case err == nil:
		return c.records, c.err
	case errors.Is(err, groupcommit.ErrWithdrawn):
		return nil, fmt.Errorf("journal: nothing was appended: %w", ctx.Err())
	case errors.Is(err, groupcommit.ErrUnderWay):
		return nil, fmt.Errorf("%w: stream %q: %w", ErrUnknown, a.Stream, err)
	}
	return nil, stopped(err)
}

// stopped is the error of a group that refuses to go on.
func stopped(err error) error {
	if errors.Is(err, ErrClosed) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrClosed, err)
}

// newCommit encodes an append, so that the leader has less to do and the caller
// may change the data as soon as Append returns, however it returns.
func newCommit(a Append) *commit {
	c := &commit{
		stream: a.Stream, expect: a.Expect, token: a.Token, wake: a.Wake,
		entries: slices.Clone(a.Entries), bodies: make([][]byte, len(a.Entries)),
		size: itemHeaderSize + wakeSize,
	}
	for i, e := range a.Entries {
		b := appendBody(nil, a.Stream, a.Expect+uint64(i)+1, e)
		c.bodies[i] = b
		c.entries[i].Data = b[len(b)-len(e.Data) : len(b) : len(b)]
		c.size += itemHeaderSize + hashSize + len(b)
	}
	return c
}

// batch is what is being committed at once.
type batch struct {
	now   time.Time
	frame []byte
	heads map[string]Head // where the streams that it appends to then stand
}

// commit is what the group calls: one goroutine at a time.
func (f *File) commit(commits []*commit) {
	s := f.seg // only who leads, or is alone, puts another in its place
	b := batch{now: f.o.Now(), frame: beginFrame(s.buf)}
	if len(commits) > 1 {
		b.heads = make(map[string]Head, len(commits))
	}
	for _, c := range commits {
		switch {
		case c.claim != nil:
			f.decideClaim(&b, c)
		case c.forget != nil:
			b.frame = appendForget(b.frame, *c.forget, c.position)
		default:
			f.decideAppend(&b, c)
		}
	}
	if len(b.frame) == frameHeaderSize {
		return // nothing to write
	}
	n, begun, err := s.write(b.frame, frameRecords)

	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		f.fail(err)
		for _, c := range commits {
			refused := c.err != nil
			c.records, c.leases, c.err = nil, nil, f.refusal()
			if begun && !refused && c.stream != "" {
				c.err = fmt.Errorf("%w: stream %q: %w", ErrUnknown, c.stream, err)
			}
		}
		return
	}
	s.frameAt(s.end)
	for _, c := range commits {
		s.publish(c)
	}
	s.advance(n, frameRecords)
}

// publish makes what was written at the end visible. File.mu is held.
func (s *segment) publish(c *commit) {
	switch {
	case c.err != nil || c.claim != nil:
	case c.forget != nil:
		s.forget(*c.forget, c.position)
	default:
		for i, p := range c.places {
			s.add(c.records[i].Head(), place{off: s.end + p.off, n: p.n})
		}
	}
}

// decideAppend refuses an append, or adds it to the batch. Should the batch then fail,
// the journal goes no further, so what is due and who holds it may be changed here.
func (f *File) decideAppend(b *batch, c *commit) {
	if c.token != 0 {
		f.mu.Lock()
		c.err = f.schedule.fenced(c.stream, c.token)
		f.mu.Unlock()
		if c.err != nil {
			return
		}
	}
	head, ok := b.heads[c.stream]
	if !ok {
		head = f.head(c.stream)
	}
	if c.err = conflict(head, c.expect); c.err != nil {
		return
	}
	c.records = make([]Record, len(c.entries))
	c.places = make([]place, len(c.entries))
	for i, e := range c.entries {
		c.records[i], b.frame = appendRecord(b.frame, head, e, c.bodies[i])
		n := hashSize + len(c.bodies[i])
		c.places[i] = place{off: int64(len(b.frame) - n), n: uint32(n)}
		head = c.records[i].Head()
	}
	b.frame = appendWake(b.frame, c.wake, b.now)
	if b.heads != nil {
		b.heads[c.stream] = head
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.schedule.appended(c.stream, head.Seq, c.wake, b.now)
}

// appendRecord seals an entry whose body is encoded already.
func appendRecord(frame []byte, head Head, e Entry, body []byte) (Record, []byte) {
	r := unsealed(head, e)
	r.Hash = chainHash(head.Hash, body)
	return r, appendItem(frame, r.Hash, body)
}

// head is where a stream stands. Only leaders change it, so a leader may read it
// without the lock.
func (f *File) head(name string) Head {
	if t := f.seg.streams[name]; t != nil {
		return t.head
	}
	return Head{Stream: name}
}
