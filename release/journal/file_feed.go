package journal

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"

	"github.com/sallyport-dev/sallyport/release"
)

// Feed implements [Reader]. It begins to read at most 64 KiB and one commit before the
// cursor, reads the file in its order, and verifies each record against its hash and
// the one before in its stream.
func (f *File) Feed(ctx context.Context, after Cursor) iter.Seq2[FeedRecord, error] {
	return func(yield func(FeedRecord, error) bool) {
		s, err := f.use()
		if err != nil {
			yield(FeedRecord{}, err)
			return
		}
		defer f.leave(s)
		r, err := f.readFeed(s, after)
		if err != nil {
			yield(FeedRecord{}, err)
			return
		}
		for it, err := range s.items(r.from, r.end) {
			if err == nil && ctx.Err() != nil {
				err = fmt.Errorf("journal: read the feed: %w", ctx.Err())
			} else if err != nil {
				err = f.located(err)
			}
			record, ok := Record{}, false
			if err == nil {
				record, ok, err = r.next(it)
			}
			if err != nil {
				yield(FeedRecord{}, err)
				return
			}
			if ok && !yield(FeedRecord{record, NewCursor(it.position, record.Hash)}, nil) {
				return
			}
		}
		if !r.found {
			yield(FeedRecord{}, fmt.Errorf("%w: %s", ErrCursor, after))
		}
	}
}

// feedReader is one loop over the feed.
type feedReader struct {
	f        *File
	seg      *segment
	from     point
	end      int64
	dropped  uint64 // as it was when the loop began: all records behind it are kept
	after    Cursor
	position uint64 // of the cursor
	found    bool   // the record that the cursor is behind was there, or need not be
	// heads are the streams that were met: where the loop stands in them.
	heads map[string]Head
}

func (f *File) readFeed(s *segment, after Cursor) (*feedReader, error) {
	position, err := after.Position()
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if position > 0 && position < s.dropped {
		return nil, fmt.Errorf("%w: they came after the cursor %s", ErrCompacted, after)
	}
	return &feedReader{
		f: f, seg: s, from: s.before(position), end: s.end, dropped: s.dropped,
		after: after, position: position, found: position == 0 || position == s.dropped,
		heads: map[string]Head{},
	}, nil
}

// next is the record in an item, if it is one that the loop yields.
func (r *feedReader) next(it item) (record Record, ok bool, err error) {
	if it.kind != itemRecord || it.position < r.position {
		return Record{}, false, nil
	}
	if it.position == r.position {
		if !r.found && !r.after.Of(release.Digest(it.content)) {
			return Record{}, false, fmt.Errorf("%w: %s", ErrCursor, r.after)
		}
		r.found = true
		return Record{}, false, nil
	}
	if !r.found {
		return Record{}, false, fmt.Errorf("%w: %s", ErrCursor, r.after)
	}
	b, err := parseBody(it.content[hashSize:])
	if err != nil {
		return Record{}, false, fmt.Errorf("%w: a record of the feed: %w", ErrCorrupt, err)
	}
	head, met := r.heads[string(b.stream)]
	if !met {
		if head, err = r.meet(string(b.stream), b.seq, it.position); err != nil {
			return Record{}, false, err
		}
		r.heads[head.Stream] = head
	}
	if b.seq <= head.Seq {
		return Record{}, false, nil // forgotten
	}
	record, err = head.Decode(it.content)
	if err != nil {
		return Record{}, false, err
	}
	r.heads[head.Stream] = record.Head()
	return record, true, nil
}

// meet is where the loop begins in a stream whose record seq it has met: before that
// record, or at the stream's base if that is further on. What was kept when the loop
// began is yielded, also if it has been forgotten since.
func (r *feedReader) meet(name string, seq, position uint64) (Head, error) {
	t, ok := r.f.stream(r.seg, name)
	if !ok || seq <= t.first.Seq || seq > t.head.Seq {
		return Head{}, &CorruptError{Stream: name, Seq: seq, Problem: "it is in the file, and was not when that was opened"}
	}
	if position <= r.dropped && seq <= t.base.Seq {
		return t.base, nil
	}
	head, err := r.seg.headAt(t, seq-1)
	if err != nil {
		return Head{}, r.f.located(err)
	}
	return head, nil
}

// item is an item of a frame, in its place.
type item struct {
	kind    byte
	content []byte // until the next
	off     int64  // of the content
	// position in the feed, of a record; for the others that of the record before.
	position uint64
}

// items reads the items between a point and the end of a frame.
func (s *segment) items(from point, end int64) iter.Seq2[item, error] {
	return func(yield func(item, error) bool) {
		position := from.last
		for fr, err := range s.frames(from.off, end) {
			if err != nil {
				yield(item{}, err)
				return
			}
			if fr.typ != frameRecords {
				continue
			}
			for it, err := range fr.items(position) {
				if !yield(it, err) || err != nil {
					return
				}
				position = it.position
			}
		}
	}
}

// frame is a frame of the file.
type frame struct {
	typ     frameType
	off     int64
	payload []byte // until the next
}

// items are those of a records frame; position is that of the record before it.
func (fr frame) items(position uint64) iter.Seq2[item, error] {
	return func(yield func(item, error) bool) {
		for rest := fr.payload; len(rest) > 0; {
			kind, content, next, err := nextItem(rest)
			it := item{kind: kind, content: content, off: fr.off + frameHeaderSize + int64(len(fr.payload)-len(rest)) + itemHeaderSize}
			switch {
			case err != nil:
			case kind == itemRecord && len(content) < hashSize:
				err = errCutOff
			case kind == itemRecord:
				position++
			case kind == itemPosition:
				position, err = parseNumber(content)
				position--
			}
			if err != nil {
				yield(item{}, fmt.Errorf("%w: frame at byte %d: an item: %w", ErrCorrupt, fr.off, err))
				return
			}
			it.position = position
			if !yield(it, nil) {
				return
			}
			rest = next
		}
	}
}

// frames reads the frames between two places, which have been read or written before:
// what is no whole frame now is damage.
func (s *segment) frames(from, end int64) iter.Seq2[frame, error] {
	return func(yield func(frame, error) bool) {
		r := bufio.NewReaderSize(io.NewSectionReader(s.disk, from, end-from), int(min(end-from, pointEvery))+1)
		header := make([]byte, frameHeaderSize)
		var rest []byte
		for at := from; at < end; {
			n, ok, err := s.frame(r, at, end, header, &rest)
			switch {
			case err != nil:
				err = s.readError(err)
			case !ok:
				err = fmt.Errorf("%w: the frame at byte %d is damaged", ErrCorrupt, at)
			}
			if err != nil {
				yield(frame{}, err)
				return
			}
			if !yield(frame{typ: frameType(header[1]), off: at, payload: rest[:n]}, nil) {
				return
			}
			at += int64(frameHeaderSize + len(rest))
		}
	}
}
