package journal

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// span is a part of the file.
type span struct{ off, n int64 }

// load reads what is there into the index. fresh means that there is no journal yet,
// and last is where the last frame is.
func (s *segment) load() (fresh bool, last span, err error) {
	s.index = index{streams: map[string]*stream{}, dues: map[string]due{}, end: headerSize}
	s.mark, s.whole, s.cut = false, false, 0
	if s.size, err = s.disk.Size(); err != nil {
		return false, span{}, err
	}
	if fresh, err = s.readHeader(); err != nil || fresh {
		return fresh, span{}, err
	}
	if last, err = s.scan(); err != nil {
		return false, span{}, err
	}
	if s.anew && !s.whole {
		return false, span{}, fmt.Errorf("%w: the file was written anew up to a place that is not in it any more", ErrCorrupt)
	}
	if name, ok := s.emptyStream(); ok {
		return false, span{}, fmt.Errorf("%w: stream %q has no records", ErrCorrupt, name)
	}
	return false, last, nil
}

// readHeader reads the file header. fresh means that there is no journal yet: the
// file is empty, or the crash of a first Open left an unfinished header.
func (s *segment) readHeader() (fresh bool, err error) {
	b := make([]byte, min(s.size, headerSize))
	if _, err := s.disk.ReadAt(b, 0); err != nil && err != io.EOF {
		return false, err
	}
	if len(b) < headerSize || b[headerSize-1] == 0 {
		// Zeros and frames follow only once the header is durable, so an unfinished
		// one is alone in its file.
		if s.size <= headerSize && begins(b) && !s.readOnly {
			s.cut = s.size
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
	s.id = [idSize]byte(b[len(magic)+4:])
	rest := b[len(magic)+4+idSize : headerSize-5]
	if rest[0] > 1 || !zero(rest[1:]) {
		return false, errors.New("the header of the file says something that this version does not know")
	}
	s.anew = rest[0] == 1
	return false, nil
}

// begins reports whether b can be a header of which only the first bytes were
// written: the magic as far as it goes, and behind it anything that ends in zero.
func begins(b []byte) bool {
	written := bytes.TrimRight(b, "\x00")
	n := min(len(written), len(magic))
	return string(written[:n]) == magic[:n]
}

// scan reads all frames into the index, and sets s.end behind the last. It
// returns where the last frame is. If an unfinished frame follows, s.cut says how
// many bytes it has.
func (s *segment) scan() (last span, err error) {
	r := bufio.NewReaderSize(nil, int(min(s.size, 256<<10)))
	reset := func() { r.Reset(io.NewSectionReader(s.disk, s.end, s.size-s.end)) }
	reset()
	header := make([]byte, frameHeaderSize)
	var rest []byte
	again, suspect := s.readOnly, false
	for {
		n, ok, err := s.frame(r, s.end, s.size, header, &rest)
		if err != nil {
			return span{}, err
		}
		if ok {
			if err := s.apply(frameType(header[1]), rest[:n]); err != nil {
				return span{}, fmt.Errorf("frame at byte %d: %w", s.end, err)
			}
			last = span{s.end, int64(frameHeaderSize + len(rest))}
			s.end += last.n
			again, suspect = s.readOnly, false
			continue
		}
		if s.size-s.end > maxAhead {
			return span{}, fmt.Errorf("%w: no frame is at byte %d, and %d bytes are behind it", ErrCorrupt, s.end, s.size-s.end)
		}
		end, err := s.written()
		if err != nil || end == s.end {
			return last, err
		}
		if again {
			// A writer may have finished this frame, and written others, since it
			// was read: look once more.
			again = false
			reset()
			continue
		}
		if err := s.unfinished(end); err != nil {
			if s.readOnly && !suspect {
				// Unless a writer finished it after it was read: it is whole by now, if
				// there is one behind it.
				suspect = true
				reset()
				continue
			}
			return span{}, err
		}
		s.cut = end - s.end
		return last, nil
	}
}

// frame reads the frame at off, of a part of the file that ends at limit. n is the
// length of the payload in rest.
func (s *segment) frame(r io.Reader, off, limit int64, header []byte, rest *[]byte) (n int, ok bool, err error) {
	if limit-off < frameHeaderSize {
		return 0, false, nil
	}
	if _, err := io.ReadFull(r, header); err != nil {
		return 0, false, err
	}
	_, n, ok = parseHeader(header, s.id, off)
	if !ok || int64(n)+frameHeaderSize+frameTailSize > limit-off {
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

// written is where the bytes after s.end that are not zero end; s.end if there are none.
func (s *segment) written() (int64, error) {
	b := make([]byte, min(s.size-s.end, 64<<10))
	end := s.end
	for at := s.end; at < s.size; at += int64(len(b)) {
		b = b[:min(int64(cap(b)), s.size-at)]
		n, err := s.disk.ReadAt(b, at)
		if err != nil && err != io.EOF {
			return 0, err
		}
		if !zero(b[:n]) {
			end = at + int64(len(bytes.TrimRight(b[:n], "\x00")))
		}
	}
	return end, nil
}

// unfinished decides on what stands at s.end and is no frame: nil if it can only
// be a write that a crash interrupted, ErrCorrupt if it may have been acknowledged.
// end is where it ends.
func (s *segment) unfinished(end int64) error {
	later, err := s.laterFrame(end)
	if err != nil {
		return err
	}
	if later >= 0 {
		return fmt.Errorf("%w: the frame at byte %d is damaged: another one follows it at byte %d", ErrCorrupt, s.end, later)
	}
	if s.readOnly || s.size-s.end < frameHeaderSize {
		return nil
	}
	header := make([]byte, frameHeaderSize)
	if _, err := s.disk.ReadAt(header, s.end); err != nil {
		return err
	}
	_, n, ok := parseHeader(header, s.id, s.end)
	if !ok {
		// A header has no zero at either end, and is shorter than a sector: if both
		// ends are there, all of it was written.
		if header[0] == 0 || header[frameHeaderSize-1] == 0 {
			return nil
		}
		return fmt.Errorf("%w: the header of the frame at byte %d is damaged", ErrCorrupt, s.end)
	}
	total := int64(frameHeaderSize + n + frameTailSize)
	if s.end+total > s.size {
		return nil // the file was cut off
	}
	if end > s.end+total {
		return fmt.Errorf("%w: something other than a frame follows the damaged one at byte %d", ErrCorrupt, s.end)
	}
	frame := make([]byte, total)
	if _, err := s.disk.ReadAt(frame, s.end); err != nil {
		return err
	}
	if !unwritten(frame, s.end) {
		return fmt.Errorf("%w: the last frame, at byte %d, was written whole and is damaged", ErrCorrupt, s.end)
	}
	return nil
}

// laterFrame looks for the header of a frame between s.end and end; -1 is none.
// Only one frame is ever unfinished, so one that follows proves that what is
// before it was durable.
func (s *segment) laterFrame(end int64) (int64, error) {
	b := make([]byte, min(end-s.end, 64<<10))
	for at := s.end + 1; at+frameHeaderSize <= end; at += int64(len(b) - frameHeaderSize + 1) {
		b = b[:min(int64(cap(b)), end-at)]
		if _, err := s.disk.ReadAt(b, at); err != nil {
			return 0, err
		}
		for i := 0; i+frameHeaderSize <= len(b); i++ {
			next := bytes.IndexByte(b[i:len(b)-frameHeaderSize+1], frameStart)
			if next < 0 {
				break
			}
			i += next
			if _, _, ok := parseHeader(b[i:i+frameHeaderSize], s.id, at+int64(i)); ok {
				return at + int64(i), nil
			}
		}
	}
	return -1, nil
}

// settle makes what was read durable, before anybody acts on it, and seals it
// with a mark, so that from now on damage to it is known for what it is.
//
// What was read may be in the machine's memory only: the process that wrote it may
// have died before it synced, or its sync may have failed, after which the system
// holds a page for clean that never reached the disk. So the last part is written
// once more, and synced.
func (s *segment) settle(fresh bool, last span) error {
	if fresh {
		if _, err := rand.Read(s.id[:]); err != nil {
			return err
		}
	}
	if fresh || s.end == headerSize {
		if fresh && s.size > 0 {
			if err := s.disk.Truncate(0); err != nil {
				return err
			}
			s.size = 0
		}
		if _, err := s.disk.WriteAt(fileHeader(s.id, false), 0); err != nil {
			return err
		}
		s.size = max(s.size, headerSize)
	} else {
		b := make([]byte, last.n)
		if _, err := s.disk.ReadAt(b, last.off); err != nil {
			return err
		}
		if _, err := s.disk.WriteAt(b, last.off); err != nil {
			return err
		}
	}
	if !fresh && s.cut > 0 {
		if err := s.disk.Truncate(s.end); err != nil {
			return err
		}
		s.size = s.end
	}
	if err := s.disk.Sync(); err != nil {
		return err
	}
	if err := s.disk.Clear(); err != nil {
		return err
	}
	if err := s.disk.SyncDir(); err != nil {
		return err
	}
	if s.cut > 0 || s.end > headerSize && !s.mark {
		return s.writeMark(markOpened, s.cut)
	}
	return nil
}
