package journal

import (
	"context"
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/internal/groupcommit"
)

// Compact implements [Journal]. It notes in the file what is forgotten, which costs as
// much as an append. Only once at least half of the file has been forgotten, and at
// least as much as is preallocated, does it also write the file anew, as [File.Rewrite]
// does: over its life, a journal copies no more bytes than it forgets. If that fails, so
// does Compact, but what it was to forget is forgotten; asked again, it tries again.
func (f *File) Compact(ctx context.Context, base Head) error {
	if err := f.writable(); err != nil {
		return err
	}
	if err := f.note(ctx, base); err != nil {
		return err
	}
	if !f.wasteful() {
		return nil
	}
	select {
	case f.rewriting <- struct{}{}:
	default:
		return nil // somebody else is at it
	}
	defer func() { <-f.rewriting }()
	if err := f.rewrite(ctx); err != nil {
		return fmt.Errorf("journal: what was asked is forgotten, but the file was not written anew: %w", err)
	}
	return nil
}

// Rewrite writes what is kept of the journal into a new file and puts that in the old
// one's place, so that what was forgotten takes no space any more. Appends and readers
// go on meanwhile; only for the last part of it do appends wait. A loop that was begun
// before goes on in the old file, which takes its space until the loop ends.
//
// The new file is made beside the old, under its name with ".compacting" behind it,
// with its owner and rights. An error leaves the journal as it was and working, unless
// it is ErrClosed: whether the new file has the name for good is not known then. It is
// an error if the file has several names, and on systems that cannot replace an open
// file; forgotten records then stay in the file and are not shown.
func (f *File) Rewrite(ctx context.Context) error {
	if err := f.writable(); err != nil {
		return err
	}
	select {
	case f.rewriting <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("journal: nothing was written anew: %w", ctx.Err())
	}
	defer func() { <-f.rewriting }()
	return f.rewrite(ctx)
}

// wasteful reports whether so much is forgotten that the file should be written anew.
func (f *File) wasteful() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seg.dead >= f.o.Preallocate && f.seg.dead >= f.seg.end/2
}

// note makes it durable that a stream is forgotten up to base.
func (f *File) note(ctx context.Context, base Head) error {
	s, err := f.use()
	if err != nil {
		return err
	}
	defer f.leave(s)
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("journal: nothing was compacted: %w", err)
	}
	t, ok := f.stream(s, base.Stream)
	if !ok {
		t = stream{base: Head{Stream: base.Stream}, head: Head{Stream: base.Stream}}
	}
	if more, err := CheckCompact(base, t.base, t.head.Seq); !more {
		return err
	}
	there, err := s.headAt(t, base.Seq)
	if err != nil {
		return f.located(err)
	}
	if err := CheckBase(base, there.Hash); err != nil {
		return err
	}
	position, err := f.position(s, t.place(base.Seq))
	if err != nil {
		return f.located(err)
	}
	c := &commit{forget: &base, position: position}
	err = f.group.Do(ctx, c, itemHeaderSize+16+hashSize+len(base.Stream))
	switch {
	case err == nil:
		return c.err
	case errors.Is(err, groupcommit.ErrWithdrawn):
		return fmt.Errorf("journal: nothing was compacted: %w", ctx.Err())
	case errors.Is(err, groupcommit.ErrUnderWay):
		return fmt.Errorf("journal: compact stream %q: %w", base.Stream, err)
	}
	return stopped(err)
}

// position is that of the record at p in the feed.
func (f *File) position(s *segment, p place) (uint64, error) {
	f.mu.Lock()
	from, end := s.beforeByte(p.off), s.end
	f.mu.Unlock()
	for it, err := range s.items(from, end) {
		if err != nil {
			return 0, err
		}
		if it.off == p.off {
			return it.position, nil
		}
	}
	return 0, fmt.Errorf("%w: no record is at byte %d", ErrCorrupt, p.off)
}
