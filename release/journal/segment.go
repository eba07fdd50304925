package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/sallyport-dev/sallyport/release"
)

// segment is one file of frames, and the index of what is in it. A journal has one;
// while it is rewritten there is a second, which then takes the first's place.
type segment struct {
	disk     backing
	id       [idSize]byte
	anew     bool // it was written to take another's place
	whole    bool // the mark behind what was then written has been read
	readOnly bool
	prealloc int64
	cut      int64 // bytes of an unfinished frame that were behind the last

	// These belong to whoever leads: see commit.go.
	size int64  // length of the file, zeros included
	mark bool   // the last frame is a mark
	buf  []byte // of the last frame, for the next

	// File.mu guards these. Only whoever leads changes them, and may read them without it.
	index
	readers int // how many loops read the file
}

// write completes a frame, writes it at the end, and returns when it is durable;
// advance then counts it in. begun says whether, on an error, some of it may have been
// written.
func (s *segment) write(frame []byte, typ frameType) (n int, begun bool, err error) {
	frame = s.complete(frame, typ)
	end := s.end + int64(len(frame))
	if typ != frameMark {
		end += markFrameSize // on a full disk too, there is room to seal what is there
	}
	if err := s.reserve(end); err != nil {
		return 0, false, err
	}
	if _, err := s.disk.WriteAt(frame, s.end); err != nil {
		return 0, true, err
	}
	if err := s.disk.Sync(); err != nil {
		return 0, true, err
	}
	return len(frame), true, nil
}

// complete makes a frame for the end of the file, and keeps its memory for the next.
func (s *segment) complete(frame []byte, typ frameType) []byte {
	frame = endFrame(frame, typ, s.id, s.end)
	s.buf = frame
	if cap(s.buf) > 2*batchBytes {
		s.buf = nil // one huge append is no reason to keep its memory
	}
	return frame
}

// advance counts in a frame of n bytes that was written at the end.
func (s *segment) advance(n int, typ frameType) {
	s.end += int64(n)
	s.mark = typ == frameMark
}

// reserve makes the file reach beyond end with zeros that are on the disk. A frame
// is only ever written over such zeros: that is how an unfinished one is known.
func (s *segment) reserve(end int64) error {
	if end <= s.size {
		return nil
	}
	size := (end/s.prealloc + 1) * s.prealloc
	zeros := make([]byte, min(size-s.size, 1<<20))
	for at := s.size; at < size; at += int64(len(zeros)) {
		if _, err := s.disk.WriteAt(zeros[:min(int64(len(zeros)), size-at)], at); err != nil {
			return err
		}
	}
	if err := s.disk.Sync(); err != nil {
		return err
	}
	s.size = size
	return nil
}

// What a mark says.
const (
	markOpened    = 1 // the journal was opened and had not been closed in order
	markClosed    = 2 // the journal was closed in order
	markRewritten = 3 // all before it was written anew and made durable as a whole
	markSize      = 9

	markFrameSize = frameHeaderSize + markSize + frameTailSize
)

// appendMark appends what a mark holds.
func appendMark(b []byte, what byte, cut int64) []byte {
	return binary.BigEndian.AppendUint64(append(b, what), uint64(cut))
}

// writeMark appends a mark. Whatever stands before a mark was durable before it,
// so damage there is never taken for an unfinished write.
func (s *segment) writeMark(what byte, cut int64) error {
	n, _, err := s.write(appendMark(beginFrame(s.buf), what, cut), frameMark)
	if err == nil {
		s.advance(n, frameMark)
	}
	return err
}

// read fills b from the file.
func (s *segment) read(b []byte, off int64) error {
	_, err := s.disk.ReadAt(b, off)
	return s.readError(err)
}

func (s *segment) readError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrClosed):
		return ErrClosed
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: the file was cut off while it was open", ErrCorrupt)
	}
	return fmt.Errorf("journal: read: %w", err)
}

// hash reads the hash of the record at p.
func (s *segment) hash(p place) (h release.Digest, err error) {
	err = s.read(h[:], p.off)
	return h, err
}

// headAt is where a stream stood after record seq, which is in the file or the last
// before what is in it.
func (s *segment) headAt(t stream, seq uint64) (Head, error) {
	switch seq {
	case t.first.Seq:
		return t.first, nil
	case t.base.Seq:
		return t.base, nil
	case t.head.Seq:
		return t.head, nil
	}
	hash, err := s.hash(t.place(seq))
	return Head{Stream: t.head.Stream, Seq: seq, Hash: hash}, err
}
