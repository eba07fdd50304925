package journal

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
)

// Group commit without a goroutine of its own: the first append to find nobody
// leading leads. It writes what has queued up as one frame, syncs once, hands out
// the results, and makes the first of those who came meanwhile the next leader.

// commit is one append on its way to the disk. state, records and err change
// under File.mu.
type commit struct {
	stream  string
	expect  uint64
	entries []Entry
	bodies  [][]byte
	state   commitState
	signal  chan struct{} // one value: lead, or it is done
	records []Record
	err     error
	size    int
	// places are relative to the frame until it is written.
	places []place
}

type commitState uint8

const (
	commitQueued  commitState = iota + 1
	commitLeads               // it is to lead the next commit
	commitWritten             // it is being written
	commitDone
)

// Append implements [Journal]. An append whose context ends while it waits for
// others was not written; one whose context ends while it is being written
// returns ErrUnknown at once.
func (f *File) Append(ctx context.Context, a Append) ([]Record, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	if f.readOnly {
		return nil, fmt.Errorf("journal: %q was opened for reading only", f.path)
	}
	c := newCommit(a)
	f.mu.Lock()
	if err := f.refusal(); err != nil {
		f.mu.Unlock()
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		f.mu.Unlock()
		return nil, fmt.Errorf("journal: nothing was appended: %w", err)
	}
	if f.busy {
		c.state = commitQueued
		f.queue = append(f.queue, c)
		f.mu.Unlock()
		return f.wait(ctx, c)
	}
	f.busy = true
	f.mu.Unlock()
	f.lead(c)
	return c.records, c.err
}

// newCommit encodes an append, so that the leader has less to do and the caller
// may change the data as soon as Append returns, however it returns.
func newCommit(a Append) *commit {
	c := &commit{
		stream: a.Stream, expect: a.Expect,
		entries: slices.Clone(a.Entries), bodies: make([][]byte, len(a.Entries)),
		signal: make(chan struct{}, 1),
	}
	for i, e := range a.Entries {
		b := appendBody(nil, a.Stream, a.Expect+uint64(i)+1, e)
		c.bodies[i] = b
		c.entries[i].Data = b[len(b)-len(e.Data) : len(b) : len(b)]
		c.size += itemHeaderSize + hashSize + len(b)
	}
	return c
}

// wait returns the outcome of a queued append, and leads if it is its turn.
func (f *File) wait(ctx context.Context, c *commit) ([]Record, error) {
	select {
	case <-c.signal:
	case <-ctx.Done():
		if done, err := f.giveUp(c, ctx.Err()); done {
			return nil, err
		}
	}
	f.mu.Lock()
	leads := c.state == commitLeads
	f.mu.Unlock()
	if leads {
		f.lead(c)
	}
	return c.records, c.err
}

// giveUp takes an append whose context ended out of the queue. It reports false
// if the append is to lead, as others wait for it, or is done.
func (f *File) giveUp(c *commit, cause error) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch c.state {
	case commitQueued:
		f.queue = slices.DeleteFunc(f.queue, func(q *commit) bool { return q == c })
		return true, fmt.Errorf("journal: nothing was appended: %w", cause)
	case commitWritten:
		return true, fmt.Errorf("%w: stream %q: %w", ErrUnknown, c.stream, cause)
	}
	return false, nil
}

// lead commits c and what is queued. f.busy is the caller's; lead passes it on.
func (f *File) lead(c *commit) {
	batch := f.take(c)
	frame, heads, conflicts := f.assemble(batch)
	begun, err := false, error(nil)
	start := f.end
	if len(heads) > 0 {
		begun, err = f.write(frame, frameRecords)
	}

	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		for _, c := range batch {
			f.publish(c, start)
		}
	} else {
		f.failed = err
		for i, c := range batch {
			c.records, c.err = nil, f.refusal()
			if begun && conflicts[i] == nil {
				c.err = fmt.Errorf("%w: stream %q: %w", ErrUnknown, c.stream, err)
			}
		}
		f.refuseQueue()
	}
	c.state = commitDone
	for _, c := range batch[1:] { // the leader itself waits for no signal
		c.state = commitDone
		c.signal <- struct{}{}
	}
	f.passOn()
}

// take makes the batch that c leads.
func (f *File) take(c *commit) []*commit {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, size := 0, c.size
	for n < len(f.queue) && n < batchAppends-1 && size+f.queue[n].size <= batchBytes {
		size += f.queue[n].size
		n++
	}
	batch := append([]*commit{c}, f.queue[:n]...)
	f.queue = slices.Delete(f.queue, 0, n)
	for _, c := range batch {
		c.state = commitWritten
	}
	return batch
}

// assemble decides each append of the batch in order and makes the frame of those
// that fit. It returns where their streams then stand, and for each append why it
// was refused.
func (f *File) assemble(batch []*commit) (frame []byte, heads map[string]Head, conflicts []error) {
	frame = beginFrame(f.buf)
	heads = map[string]Head{}
	conflicts = make([]error, len(batch))
	for i, c := range batch {
		head, ok := heads[c.stream]
		if !ok {
			head = f.head(c.stream)
		}
		if c.err = conflict(head, c.expect); c.err != nil {
			conflicts[i] = c.err
			continue
		}
		c.records = make([]Record, len(c.entries))
		c.places = make([]place, len(c.entries))
		for j, e := range c.entries {
			c.records[j], frame = appendRecord(frame, head, e, c.bodies[j])
			n := hashSize + len(c.bodies[j])
			c.places[j] = place{off: int64(len(frame) - n), n: uint32(n)}
			head = c.records[j].Head()
		}
		heads[c.stream] = head
	}
	return frame, heads, conflicts
}

// appendRecord seals an entry whose body is encoded already.
func appendRecord(frame []byte, head Head, e Entry, body []byte) (Record, []byte) {
	r := Record{Stream: head.Stream, Seq: head.Seq + 1, Entry: e, Prev: head.Hash}
	r.At = storedTime(e.At)
	if len(e.Data) == 0 {
		r.Data = nil
	}
	r.Hash = chainHash(head.Hash, body)
	return r, appendItem(frame, r.Hash, body)
}

// head is where a stream stands. Only leaders change it, so a leader may read it
// without the lock.
func (f *File) head(name string) Head {
	if s := f.streams[name]; s != nil {
		return s.head
	}
	return Head{Stream: name}
}

// publish makes a written append visible. f.mu is held.
func (f *File) publish(c *commit, frame int64) {
	if c.err != nil {
		return
	}
	s := f.streams[c.stream]
	if s == nil {
		s = &stream{}
		f.streams[c.stream] = s
	}
	for _, p := range c.places {
		s.places = append(s.places, place{off: frame + p.off, n: p.n})
	}
	s.head = c.records[len(c.records)-1].Head()
}

// passOn makes the first in the queue the leader, or leaves the journal idle.
// f.mu is held.
func (f *File) passOn() {
	if len(f.queue) == 0 {
		f.busy = false
		f.idle.Broadcast()
		return
	}
	next := f.queue[0]
	f.queue = slices.Delete(f.queue, 0, 1)
	next.state = commitLeads
	next.signal <- struct{}{}
}

// refuseQueue ends the appends that nobody has begun to write. f.mu is held.
func (f *File) refuseQueue() {
	for _, c := range f.queue {
		c.state, c.err = commitDone, f.refusal()
		c.signal <- struct{}{}
	}
	f.queue = nil
}

// write completes a frame, writes it at the end, and returns when it is durable.
// begun says whether, on an error, some of it may have been written.
func (f *File) write(frame []byte, typ frameType) (begun bool, err error) {
	frame = endFrame(frame, typ, f.id, f.end)
	f.buf = frame
	if cap(f.buf) > 2*batchBytes {
		f.buf = nil // one huge append is no reason to keep its memory
	}
	end := f.end + int64(len(frame))
	if typ != frameMark {
		end += markFrameSize // on a full disk too, there is room to seal what is there
	}
	if err := f.reserve(end); err != nil {
		return false, err
	}
	if _, err := f.disk.WriteAt(frame, f.end); err != nil {
		return true, err
	}
	if err := f.disk.Sync(); err != nil {
		return true, err
	}
	f.end += int64(len(frame))
	f.mark = typ == frameMark
	return true, nil
}

// reserve makes the file reach beyond end with zeros that are on the disk. A frame
// is only ever written over such zeros: that is how an unfinished one is known.
func (f *File) reserve(end int64) error {
	if end <= f.size {
		return nil
	}
	size := (end/f.prealloc + 1) * f.prealloc
	zeros := make([]byte, min(size-f.size, 1<<20))
	for at := f.size; at < size; at += int64(len(zeros)) {
		if _, err := f.disk.WriteAt(zeros[:min(int64(len(zeros)), size-at)], at); err != nil {
			return err
		}
	}
	if err := f.disk.Sync(); err != nil {
		return err
	}
	f.size = size
	return nil
}

// What a mark says.
const (
	markOpened = 1 // the journal was opened and had not been closed in order
	markClosed = 2 // the journal was closed in order
	markSize   = 9

	markFrameSize = frameHeaderSize + markSize + frameTailSize
)

// writeMark appends a mark. Whatever stands before a mark was durable before it,
// so damage there is never taken for an unfinished write.
func (f *File) writeMark(what byte, cut int64) error {
	b := append(beginFrame(f.buf), what)
	_, err := f.write(binary.BigEndian.AppendUint64(b, uint64(cut)), frameMark)
	return err
}
