package journal

import (
	"fmt"
	"slices"
	"sort"

	"github.com/sallyport-dev/sallyport/release"
)

// index is what is known of the frames of a file.
type index struct {
	streams map[string]*stream
	end     int64   // behind the last frame
	last    uint64  // position in the feed of the last record
	points  []point // where in the file positions are
	dropped uint64  // highest position of a record that was forgotten
	tokens  uint64  // highest token that may have been given
	dead    int64   // bytes of what was forgotten
	// dues are the streams that are due at another time than at once. It is kept only
	// while the file is read.
	dues map[string]due
}

// stream is the index of one stream. Its places only ever grow, so a reader may
// keep the slice.
type stream struct {
	first  Head // before the first record in the file
	base   Head // before the first record that is kept
	head   Head
	noted  int64   // the frame that moved base
	places []place // of the records after first
}

// place is where a record's hash and body are in the file.
type place struct {
	off int64
	n   uint32
}

// point says that the record before the frame at off has position last.
type point struct {
	last uint64
	off  int64
}

// pointEvery is how many bytes of the file lie between two points, so that the feed's
// index takes 16 bytes for each 64 KiB of the file.
const pointEvery = 64 << 10

// place is where record seq is, which must be in the file.
func (t stream) place(seq uint64) place { return t.places[seq-t.first.Seq-1] }

// frameAt notes where the frame at off stands in the feed.
func (x *index) frameAt(off int64) {
	if n := len(x.points); n == 0 || off-x.points[n-1].off >= pointEvery {
		x.points = append(x.points, point{x.last, off})
	}
}

// before is a point before the record at this position.
func (x *index) before(position uint64) point {
	i := sort.Search(len(x.points), func(i int) bool { return x.points[i].last >= position })
	return x.pointAt(i)
}

// beforeByte is a point before this place in the file.
func (x *index) beforeByte(off int64) point {
	i := sort.Search(len(x.points), func(i int) bool { return x.points[i].off > off })
	return x.pointAt(i)
}

func (x *index) pointAt(i int) point {
	if i == 0 {
		return point{0, headerSize}
	}
	return x.points[i-1]
}

// add takes in a record at the end of its stream.
func (x *index) add(h Head, p place) {
	t := x.streams[h.Stream]
	if t == nil {
		none := Head{Stream: h.Stream}
		t = &stream{first: none, base: none}
		x.streams[h.Stream] = t
	}
	t.places = append(t.places, p)
	t.head = h
	x.last++
}

// forget moves the base of a stream forward; position is that of the last record
// before it.
func (x *index) forget(base Head, position uint64) {
	x.dropped = max(x.dropped, position)
	x.dead += int64(itemHeaderSize + 16 + hashSize + len(base.Stream))
	t := x.streams[base.Stream]
	if base.Seq <= t.base.Seq {
		return
	}
	for _, p := range t.places[t.base.Seq-t.first.Seq : base.Seq-t.first.Seq] {
		x.dead += int64(itemHeaderSize) + int64(p.n)
	}
	t.base, t.noted = base, x.end
}

// apply takes a frame at the end into the index.
func (s *segment) apply(typ frameType, payload []byte) error {
	switch typ {
	case frameRecords:
		s.mark = false
		return s.applyItems(payload)
	case frameMark:
		if len(payload) != markSize || payload[0] < markOpened || payload[0] > markRewritten {
			return fmt.Errorf("a mark of %d bytes that this version does not know", len(payload))
		}
		s.mark = true
		s.whole = s.whole || payload[0] == markRewritten
		return nil
	}
	return fmt.Errorf("frames of type %d are of a newer version", typ)
}

func (s *segment) applyItems(payload []byte) error {
	s.frameAt(s.end)
	base := s.end + frameHeaderSize
	before := "" // the stream of the record before, "" if there is none
	for rest := payload; len(rest) > 0; {
		kind, content, next, err := nextItem(rest)
		if err != nil {
			return fmt.Errorf("%w: an item: %w", ErrCorrupt, err)
		}
		if kind == itemRecord {
			off := base + int64(len(payload)-len(rest)+itemHeaderSize)
			before, err = s.applyRecord(content, place{off: off, n: uint32(len(content))})
		} else {
			err = s.applyNote(kind, content, before)
		}
		if err != nil {
			return err
		}
		rest = next
	}
	return nil
}

// applyRecord returns the name of the record's stream.
func (s *segment) applyRecord(content []byte, p place) (string, error) {
	if len(content) < hashSize {
		return "", fmt.Errorf("%w: a record: %w", ErrCorrupt, errCutOff)
	}
	b, err := parseBody(content[hashSize:])
	if err != nil {
		return "", fmt.Errorf("%w: a record: %w", ErrCorrupt, err)
	}
	if len(b.stream) == 0 || len(b.stream) > MaxStream {
		return "", fmt.Errorf("%w: a record of a stream whose name has %d bytes", ErrCorrupt, len(b.stream))
	}
	var head Head
	if t := s.streams[string(b.stream)]; t != nil {
		head = t.head
	} else {
		head.Stream = string(b.stream)
	}
	hash := release.Digest(content)
	problem := checkSizes(len(b.actor), len(b.kind), len(b.reason), len(b.data))
	switch {
	case problem != nil:
		return "", &CorruptError{Stream: head.Stream, Seq: head.Seq + 1, Problem: problem.Error()}
	case b.seq != head.Seq+1:
		return "", &CorruptError{Stream: head.Stream, Seq: head.Seq + 1, Problem: fmt.Sprintf("it says that it is record %d", b.seq)}
	case chainHash(head.Hash, content[hashSize:]) != hash:
		return "", &CorruptError{Stream: head.Stream, Seq: head.Seq + 1, Problem: "its content and its place do not have its hash"}
	}
	head.Seq, head.Hash = b.seq, hash
	s.add(head, p)
	if len(s.dues) > 0 {
		delete(s.dues, head.Stream)
	}
	return head.Stream, nil
}

// applyNote takes in an item that is no record; before is the stream of the record
// that it follows in its frame.
func (s *segment) applyNote(kind byte, content []byte, before string) error {
	var err error
	var n uint64
	switch kind {
	case itemWake:
		var d due
		if d, err = parseWake(content); err == nil && before == "" {
			err = fmt.Errorf("a wake without a record before it")
		}
		if err == nil && s.dues != nil {
			s.dues[before] = d
		}
	case itemTokens:
		if n, err = parseNumber(content); err == nil {
			s.tokens = max(s.tokens, n)
		}
	case itemDropped:
		if n, err = parseNumber(content); err == nil {
			s.dropped = max(s.dropped, n)
		}
	case itemPosition:
		if n, err = parseNumber(content); err == nil && n <= s.last {
			err = fmt.Errorf("position %d in the feed comes after %d", n, s.last)
		}
		if err == nil {
			s.last = n - 1
		}
	case itemBase:
		err = s.applyBase(content)
	case itemForget:
		return s.applyForget(content)
	default:
		return fmt.Errorf("items of kind %d are of a newer version", kind)
	}
	if err != nil {
		return fmt.Errorf("%w: an item of kind %d: %w", ErrCorrupt, kind, err)
	}
	return nil
}

// applyBase begins a stream whose first records are not in the file.
func (s *segment) applyBase(content []byte) error {
	h, err := parseHead(content)
	if err != nil {
		return err
	}
	if s.streams[h.Stream] != nil {
		return fmt.Errorf("stream %q begins twice", h.Stream)
	}
	s.streams[h.Stream] = &stream{first: h, base: h, head: h}
	return nil
}

// applyForget moves a stream's base. What it moves to must be there.
func (s *segment) applyForget(content []byte) error {
	h, position, err := parseForget(content)
	if err != nil {
		return fmt.Errorf("%w: a compaction: %w", ErrCorrupt, err)
	}
	t := s.streams[h.Stream]
	switch {
	case t == nil || h.Seq >= t.head.Seq:
		return fmt.Errorf("%w: a compaction: stream %q has no record after %d", ErrCorrupt, h.Stream, h.Seq)
	case position > s.last:
		return fmt.Errorf("%w: a compaction: position %d is beyond the end of the feed", ErrCorrupt, position)
	case h.Seq >= t.base.Seq:
		there, err := s.headAt(*t, h.Seq)
		if err != nil {
			return err
		}
		if there != h {
			return &CorruptError{Stream: h.Stream, Seq: h.Seq, Problem: "it was compacted under another hash"}
		}
	}
	s.forget(h, position)
	return nil
}

// emptyStream is the first stream, by name, that has no record: a file that was written
// whole has none.
func (x *index) emptyStream() (string, bool) {
	var names []string
	for name, t := range x.streams {
		if len(t.places) == 0 {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "", false
	}
	return slices.Min(names), true
}
