package journal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/internal/groupcommit"
)

const (
	// rewriteFrame is about how large a frame of a file is that is written anew.
	rewriteFrame = 1 << 20
	// rewriteTail is how much may be left to copy when appends begin to wait, and
	// rewriteRounds how often it is tried to get there.
	rewriteTail   = 256 << 10
	rewriteRounds = 8
)

// rewrite writes the journal anew. f.rewriting is the caller's.
func (f *File) rewrite(ctx context.Context) error {
	s, err := f.use()
	if err != nil {
		return err
	}
	defer f.leave(s)
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("journal: nothing was written anew: %w", err)
	}
	w, err := f.beginRewriter(ctx, s)
	if err == nil {
		err = f.runRewriter(ctx, w)
	}
	if err != nil {
		return fmt.Errorf("journal: write %q anew: %w", f.path, err)
	}
	return nil
}

// rewriter copies what is kept of a journal into a new file. First it copies, and leaves
// out, record by record; what was appended meanwhile it copies frame by frame.
type rewriter struct {
	f        *File
	ctx      context.Context
	old, new *segment
	copied   int64 // up to here the old file has been copied
	payload  []byte
	position uint64 // of the last record that is in the payload or before
	renamed  bool   // the new file may have the name
}

func (f *File) beginRewriter(ctx context.Context, s *segment) (*rewriter, error) {
	if err := s.disk.Clear(); err != nil { // of an attempt that failed
		return nil, err
	}
	d, err := s.disk.Beside()
	if err != nil {
		return nil, errors.Join(err, s.disk.Clear())
	}
	n := &segment{disk: d, prealloc: s.prealloc}
	n.index = index{streams: map[string]*stream{}, end: headerSize}
	return &rewriter{f: f, ctx: ctx, old: s, new: n, copied: headerSize}, nil
}

// runRewriter copies, and has the new file take the old one's place. If it fails
// before that, it removes the new file.
func (f *File) runRewriter(ctx context.Context, w *rewriter) error {
	err := w.copyMost()
	if err == nil {
		alone := f.group.Alone(ctx, func() { err = w.replace() })
		switch {
		case errors.Is(alone, groupcommit.ErrWithdrawn):
			err = ctx.Err()
		case alone != nil:
			err = stopped(alone)
		}
	}
	if err != nil && !w.renamed {
		err = errors.Join(err, w.new.disk.Close(), w.old.disk.Clear())
	}
	return err
}

// copyMost copies all but a small part of the old file, and makes it durable.
func (w *rewriter) copyMost() error {
	if _, err := rand.Read(w.new.id[:]); err != nil {
		return err
	}
	if _, err := w.new.disk.WriteAt(fileHeader(w.new.id, true), 0); err != nil {
		return err
	}
	end := w.begin()
	if err := w.copyKept(end); err != nil {
		return err
	}
	for range rewriteRounds {
		if end = w.oldEnd(); end-w.copied <= rewriteTail {
			break
		}
		if err := w.copyFrames(end); err != nil {
			return err
		}
	}
	return w.new.disk.Sync()
}

// begin notes what holds for the whole journal, and returns where its file ends now.
func (w *rewriter) begin() (end int64) {
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	if w.old.tokens > 0 {
		w.payload = appendNumber(w.payload, itemTokens, w.old.tokens)
	}
	if w.old.dropped > 0 {
		w.payload = appendNumber(w.payload, itemDropped, w.old.dropped)
	}
	return w.old.end
}

func (w *rewriter) oldEnd() int64 {
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	return w.old.end
}

// copyKept copies what is kept of the old file up to end.
func (w *rewriter) copyKept(end int64) error {
	last := uint64(0)
	streams := map[string]*copied{}
	var before *copied // the stream of the record before, nil if that was not copied
	for fr, err := range w.old.frames(w.copied, end) {
		if err == nil {
			err = w.goOn()
		}
		if err != nil {
			return err
		}
		if fr.typ == frameMark {
			if err := w.copyMark(fr.payload); err != nil {
				return err
			}
			continue
		}
		for it, err := range fr.items(last) {
			if err != nil {
				return err
			}
			last = it.position
			switch it.kind {
			case itemRecord:
				if before, err = w.copyRecord(streams, end, it); err != nil {
					return err
				}
			case itemWake:
				// Only the last that was said of a stream counts; an append that came
				// after this copy began says it anew.
				if before != nil && before.latest {
					w.payload = append(beginItem(w.payload, itemWake, len(it.content)), it.content...)
				}
			}
		}
	}
	// The last record of all is the last of its stream, which is never forgotten, so what
	// comes next is counted from there in both files.
	w.copied = end
	return w.flush()
}

// copied is a stream in a copy.
type copied struct {
	base   Head   // before the first record that is copied
	seq    uint64 // of the last that is copied, or left out
	latest bool   // there is none after it
}

// copyRecord copies a record unless it is forgotten, and returns its stream if so.
func (w *rewriter) copyRecord(streams map[string]*copied, end int64, it item) (*copied, error) {
	b, err := parseBody(it.content[hashSize:])
	if err != nil {
		return nil, fmt.Errorf("%w: a record: %w", ErrCorrupt, err)
	}
	t, ok := w.f.stream(w.old, string(b.stream))
	if !ok {
		return nil, fmt.Errorf("%w: a record of stream %q, which was not there", ErrCorrupt, b.stream)
	}
	c := streams[t.head.Stream]
	if c == nil {
		// What was forgotten behind end may be of records behind it: that is noted again
		// by what is copied later.
		c = &copied{base: t.base}
		if t.noted >= end {
			c.base = t.first
		}
		c.seq = c.base.Seq
		streams[t.head.Stream] = c
	}
	if b.seq <= c.base.Seq {
		return nil, nil
	}
	if b.seq != c.seq+1 {
		return nil, &CorruptError{Stream: t.head.Stream, Seq: c.seq + 1, Problem: fmt.Sprintf("record %d is in its place", b.seq)}
	}
	if len(w.payload) >= rewriteFrame {
		if err := w.flush(); err != nil {
			return nil, err
		}
	}
	if c.seq == c.base.Seq && c.seq > 0 {
		w.payload = appendBase(w.payload, c.base)
	}
	if it.position != w.position+1 {
		w.payload = appendNumber(w.payload, itemPosition, it.position)
	}
	w.payload = append(beginItem(w.payload, itemRecord, len(it.content)), it.content...)
	w.position = it.position
	c.seq, c.latest = b.seq, b.seq == t.head.Seq
	return c, nil
}

// copyMark keeps what a mark says of bytes that were cut off.
func (w *rewriter) copyMark(payload []byte) error {
	if len(payload) != markSize || string(payload[1:]) == string(make([]byte, markSize-1)) {
		return nil
	}
	if err := w.flush(); err != nil {
		return err
	}
	return w.put(append(beginFrame(w.new.buf), payload...), frameMark)
}

// copyFrames copies all frames up to end.
func (w *rewriter) copyFrames(end int64) error {
	for fr, err := range w.old.frames(w.copied, end) {
		if err == nil {
			err = w.goOn()
		}
		if err != nil {
			return err
		}
		if err := w.put(append(beginFrame(w.new.buf), fr.payload...), fr.typ); err != nil {
			return err
		}
	}
	w.copied = end
	return nil
}

// goOn is why the copying is given up, or nil.
func (w *rewriter) goOn() error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	return w.f.refusal()
}

// flush writes the payload as a frame.
func (w *rewriter) flush() error {
	if len(w.payload) == 0 {
		return nil
	}
	err := w.put(append(beginFrame(w.new.buf), w.payload...), frameRecords)
	w.payload = w.payload[:0]
	return err
}

// put writes a frame, which nothing needs to be durable yet, and reads it as Open would:
// nothing that does not verify gets into the new file.
func (w *rewriter) put(frame []byte, typ frameType) error {
	s := w.new
	frame = s.complete(frame, typ)
	if _, err := s.disk.WriteAt(frame, s.end); err != nil {
		return err
	}
	s.size = s.end + int64(len(frame))
	if err := s.apply(typ, frame[frameHeaderSize:len(frame)-frameTailSize]); err != nil {
		return err
	}
	s.advance(len(frame), typ)
	return nil
}

// replace copies the rest and gives the new file the old one's name. Nothing is being
// appended meanwhile.
func (w *rewriter) replace() error {
	f, s := w.f, w.new
	if err := w.copyFrames(w.old.end); err != nil {
		return err
	}
	if err := w.put(appendMark(beginFrame(s.buf), markRewritten, 0), frameMark); err != nil {
		return err
	}
	if err := w.same(); err != nil {
		return err
	}
	if err := s.reserve(s.end + markFrameSize); err != nil { // it also syncs what was written
		return err
	}
	if err := w.old.disk.Replace(s.disk); err != nil {
		if w.old.disk.Named() == nil {
			return err
		}
		return w.lost(err)
	}
	if err := s.disk.SyncDir(); err != nil {
		return w.lost(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	w.renamed = true
	f.seg = s
	f.retired[w.old] = struct{}{} // it is closed when the last loop leaves it
	return nil
}

// lost ends the journal: which of the two files has the name is not known.
func (w *rewriter) lost(err error) error {
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	w.renamed = true
	w.f.retired[w.new] = struct{}{} // it keeps its lock until Close
	w.f.fail(err)
	return w.f.refusal()
}

// same is an error unless the new file holds what the old one does.
func (w *rewriter) same() error {
	f := w.f
	f.mu.Lock()
	defer f.mu.Unlock()
	a, b := &w.old.index, &w.new.index
	if len(a.streams) != len(b.streams) || a.last != b.last || a.dropped != b.dropped || a.tokens != b.tokens {
		return fmt.Errorf("%w: the copy is not what was copied", ErrCorrupt)
	}
	for name, t := range a.streams {
		if c := b.streams[name]; c == nil || c.base != t.base || c.head != t.head || len(c.places) == 0 {
			return fmt.Errorf("%w: the copy of stream %q is not what was copied", ErrCorrupt, name)
		}
	}
	return nil
}
