package journal

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/sallyport-dev/sallyport/release"
)

// span is a part of the file.
type span struct{ off, n int64 }

// readHeader reads the file header. fresh means that there is no journal yet: the
// file is empty, or the crash of a first Open left an unfinished header.
func (f *File) readHeader() (fresh bool, err error) {
	b := make([]byte, min(f.size, headerSize))
	if _, err := f.disk.ReadAt(b, 0); err != nil && err != io.EOF {
		return false, err
	}
	if len(b) < headerSize || b[headerSize-1] == 0 {
		// Zeros and frames follow only once the header is durable, so an unfinished
		// one is alone in its file.
		if f.size <= headerSize && begins(b) && !f.readOnly {
			f.cut = f.size
			return true, nil
		}
		return false, fmt.Errorf("%w: the file is not a journal, or its header is lost", ErrCorrupt)
	}
	sum := binary.BigEndian.Uint32(b[headerSize-5:])
	switch {
	case string(b[:len(magic)]) != magic:
		return false, fmt.Errorf("%w: the file is not a journal", ErrCorrupt)
	case b[headerSize-1] != headerEnd || sum != crc32.Checksum(b[:headerSize-5], castagnoli):
		return false, fmt.Errorf("%w: the header of the file is damaged", ErrCorrupt)
	}
	if v := binary.BigEndian.Uint32(b[len(magic):]); v != formatVersion {
		return false, fmt.Errorf("the file has format %d; this version reads %d", v, formatVersion)
	}
	f.id = [idSize]byte(b[len(magic)+4:])
	return false, nil
}

// begins reports whether b can be a header of which only the first bytes were
// written: the magic as far as it goes, and behind it anything that ends in zero.
func begins(b []byte) bool {
	written := bytes.TrimRight(b, "\x00")
	n := min(len(written), len(magic))
	return string(written[:n]) == magic[:n]
}

// scan reads all frames into the index, and sets f.end behind the last. It
// returns where the last frame is. If an unfinished frame follows, f.cut says how
// many bytes it has.
func (f *File) scan() (last span, err error) {
	r := bufio.NewReaderSize(nil, int(min(f.size, 256<<10)))
	reset := func() { r.Reset(io.NewSectionReader(f.disk, f.end, f.size-f.end)) }
	reset()
	header := make([]byte, frameHeaderSize)
	var rest []byte
	again, suspect := f.readOnly, false
	for {
		n, ok, err := f.frame(r, header, &rest)
		if err != nil {
			return span{}, err
		}
		if ok {
			if err := f.apply(frameType(header[1]), rest[:n]); err != nil {
				return span{}, fmt.Errorf("frame at byte %d: %w", f.end, err)
			}
			last = span{f.end, int64(frameHeaderSize + len(rest))}
			f.end += last.n
			again, suspect = f.readOnly, false
			continue
		}
		if f.size-f.end > maxAhead {
			return span{}, fmt.Errorf("%w: no frame is at byte %d, and %d bytes are behind it", ErrCorrupt, f.end, f.size-f.end)
		}
		end, err := f.written()
		if err != nil || end == f.end {
			return last, err
		}
		if again {
			// A writer may have finished this frame, and written others, since it
			// was read: look once more.
			again = false
			reset()
			continue
		}
		if err := f.unfinished(end); err != nil {
			if f.readOnly && !suspect {
				// Unless a writer finished it after it was read: it is whole by now, if
				// there is one behind it.
				suspect = true
				reset()
				continue
			}
			return span{}, err
		}
		f.cut = end - f.end
		return last, nil
	}
}

// frame reads the frame at f.end. n is the length of the payload in rest.
func (f *File) frame(r io.Reader, header []byte, rest *[]byte) (n int, ok bool, err error) {
	if f.size-f.end < frameHeaderSize {
		return 0, false, nil
	}
	if _, err := io.ReadFull(r, header); err != nil {
		return 0, false, err
	}
	_, n, ok = parseHeader(header, f.id, f.end)
	if !ok || int64(n)+frameHeaderSize+frameTailSize > f.size-f.end {
		return 0, false, nil
	}
	if cap(*rest) < n+frameTailSize {
		*rest = make([]byte, n+frameTailSize)
	}
	*rest = (*rest)[:n+frameTailSize]
	if _, err := io.ReadFull(r, *rest); err != nil {
		return 0, false, err
	}
	return n, intact(header, *rest), nil
}

// written is where the bytes after f.end that are not zero end; f.end if there are none.
func (f *File) written() (int64, error) {
	b := make([]byte, min(f.size-f.end, 64<<10))
	end := f.end
	for at := f.end; at < f.size; at += int64(len(b)) {
		b = b[:min(int64(cap(b)), f.size-at)]
		n, err := f.disk.ReadAt(b, at)
		if err != nil && err != io.EOF {
			return 0, err
		}
		if n := len(bytes.TrimRight(b[:n], "\x00")); n > 0 {
			end = at + int64(n)
		}
	}
	return end, nil
}

// unfinished decides on what stands at f.end and is no frame: nil if it can only
// be a write that a crash interrupted, ErrCorrupt if it may have been acknowledged.
// end is where it ends.
func (f *File) unfinished(end int64) error {
	later, err := f.laterFrame(end)
	if err != nil {
		return err
	}
	if later >= 0 {
		return fmt.Errorf("%w: the frame at byte %d is damaged: another one follows it at byte %d", ErrCorrupt, f.end, later)
	}
	if f.readOnly || f.size-f.end < frameHeaderSize {
		return nil
	}
	header := make([]byte, frameHeaderSize)
	if _, err := f.disk.ReadAt(header, f.end); err != nil {
		return err
	}
	_, n, ok := parseHeader(header, f.id, f.end)
	if !ok {
		// A header has no zero at either end, and is shorter than a sector: if both
		// ends are there, all of it was written.
		if header[0] == 0 || header[frameHeaderSize-1] == 0 {
			return nil
		}
		return fmt.Errorf("%w: the header of the frame at byte %d is damaged", ErrCorrupt, f.end)
	}
	total := int64(frameHeaderSize + n + frameTailSize)
	if f.end+total > f.size {
		return nil // the file was cut off
	}
	if end > f.end+total {
		return fmt.Errorf("%w: something other than a frame follows the damaged one at byte %d", ErrCorrupt, f.end)
	}
	frame := make([]byte, total)
	if _, err := f.disk.ReadAt(frame, f.end); err != nil {
		return err
	}
	if !unwritten(frame, f.end) {
		return fmt.Errorf("%w: the last frame, at byte %d, was written whole and is damaged", ErrCorrupt, f.end)
	}
	return nil
}

// laterFrame looks for the header of a frame between f.end and end; -1 is none.
// Only one frame is ever unfinished, so one that follows proves that what is
// before it was durable.
func (f *File) laterFrame(end int64) (int64, error) {
	b := make([]byte, min(end-f.end, 64<<10))
	for at := f.end + 1; at+frameHeaderSize <= end; at += int64(len(b) - frameHeaderSize + 1) {
		b = b[:min(int64(cap(b)), end-at)]
		if _, err := f.disk.ReadAt(b, at); err != nil {
			return 0, err
		}
		for i := 0; i+frameHeaderSize <= len(b); i++ {
			if b[i] != frameStart || b[i+frameHeaderSize-1] != frameHeaderEnd {
				continue
			}
			if _, _, ok := parseHeader(b[i:i+frameHeaderSize], f.id, at+int64(i)); ok {
				return at + int64(i), nil
			}
		}
	}
	return -1, nil
}

// apply takes a frame into the index.
func (f *File) apply(typ frameType, payload []byte) error {
	switch typ {
	case frameRecords:
		return f.applyRecords(payload)
	case frameMark:
		if len(payload) != markSize || payload[0] != markOpened && payload[0] != markClosed {
			return fmt.Errorf("a mark of %d bytes that this version does not know", len(payload))
		}
		f.mark = true
		return nil
	}
	return fmt.Errorf("frames of type %d are of a newer version", typ)
}

func (f *File) applyRecords(payload []byte) error {
	f.mark = false
	base := f.end + frameHeaderSize
	for rest := payload; len(rest) > 0; {
		kind, content, next, err := nextItem(rest)
		if err != nil {
			return fmt.Errorf("%w: an item: %w", ErrCorrupt, err)
		}
		if kind != itemRecord {
			return fmt.Errorf("items of kind %d are of a newer version", kind)
		}
		off := base + int64(len(payload)-len(rest)+itemHeaderSize)
		if err := f.applyRecord(content, place{off: off, n: uint32(len(content))}); err != nil {
			return err
		}
		rest = next
	}
	return nil
}

func (f *File) applyRecord(content []byte, p place) error {
	if len(content) < hashSize {
		return fmt.Errorf("%w: a record: %w", ErrCorrupt, errCutOff)
	}
	b, err := parseBody(content[hashSize:])
	if err != nil {
		return fmt.Errorf("%w: a record: %w", ErrCorrupt, err)
	}
	if len(b.stream) == 0 || len(b.stream) > MaxStream {
		return fmt.Errorf("%w: a record of a stream whose name has %d bytes", ErrCorrupt, len(b.stream))
	}
	s := f.streams[string(b.stream)]
	if s == nil {
		s = &stream{head: Head{Stream: string(b.stream)}}
	}
	hash := release.Digest(content)
	problem := checkSizes(len(b.actor), len(b.kind), len(b.reason), len(b.data))
	switch {
	case problem != nil:
		return &CorruptError{Stream: s.head.Stream, Seq: s.head.Seq + 1, Problem: problem.Error()}
	case b.seq != s.head.Seq+1:
		return &CorruptError{Stream: s.head.Stream, Seq: s.head.Seq + 1, Problem: fmt.Sprintf("it says that it is record %d", b.seq)}
	case chainHash(s.head.Hash, content[hashSize:]) != hash:
		return &CorruptError{Stream: s.head.Stream, Seq: s.head.Seq + 1, Problem: "its content and its place do not have its hash"}
	}
	s.head.Seq, s.head.Hash = b.seq, hash
	s.places = append(s.places, p)
	f.streams[s.head.Stream] = s
	return nil
}

// settle makes what was read durable, before anybody acts on it, and seals it
// with a mark, so that from now on damage to it is known for what it is.
//
// What was read may be in the machine's memory only: the process that wrote it may
// have died before it synced, or its sync may have failed, after which the system
// holds a page for clean that never reached the disk. So the last part is written
// once more, and synced.
func (f *File) settle(fresh bool, last span) error {
	if fresh || f.end == headerSize {
		if fresh && f.size > 0 {
			if err := f.disk.Truncate(0); err != nil {
				return err
			}
			f.size = 0
		}
		if _, err := f.disk.WriteAt(fileHeader(f.id), 0); err != nil {
			return err
		}
		f.size = max(f.size, headerSize)
	} else {
		b := make([]byte, last.n)
		if _, err := f.disk.ReadAt(b, last.off); err != nil {
			return err
		}
		if _, err := f.disk.WriteAt(b, last.off); err != nil {
			return err
		}
	}
	if !fresh && f.cut > 0 {
		if err := f.disk.Truncate(f.end); err != nil {
			return err
		}
		f.size = f.end
	}
	if err := f.disk.Sync(); err != nil {
		return err
	}
	if err := f.disk.SyncDir(); err != nil {
		return err
	}
	if f.cut > 0 || f.end > headerSize && !f.mark {
		return f.writeMark(markOpened, f.cut)
	}
	return nil
}
