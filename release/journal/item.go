package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// A records frame holds items, each a kind, a length and a content; the comment of [File]
// says what they are.
const (
	itemRecord   = 1 // a record
	itemWake     = 2 // when the stream of the record before it is due
	itemTokens   = 3 // the highest token that may have been given
	itemForget   = 4 // the head up to which a stream was compacted
	itemBase     = 5 // the head behind which a stream begins in this file
	itemPosition = 6 // the next record's position in the feed
	itemDropped  = 7 // the highest position of a record that is not in this file any more

	itemHeaderSize = 5
	hashSize       = len(release.Digest{})
	wakeSize       = 12
)

// maxCount bounds positions and tokens, so that counting on never wraps around;
// farthestWake bounds wakes, in seconds before and after 1970.
const (
	maxCount     = 1 << 63
	farthestWake = 1 << 40
)

var errCutOff = errors.New("it is cut off")

// appendItem appends a record's item to a frame.
func appendItem(b []byte, hash release.Digest, body []byte) []byte {
	b = beginItem(b, itemRecord, hashSize+len(body))
	b = append(b, hash[:]...)
	return append(b, body...)
}

func beginItem(b []byte, kind byte, n int) []byte {
	return binary.BigEndian.AppendUint32(append(b, kind), uint32(n))
}

// appendNumber appends an item that holds a number.
func appendNumber(b []byte, kind byte, n uint64) []byte {
	return binary.BigEndian.AppendUint64(beginItem(b, kind, 8), n)
}

// appendBase appends where a stream begins.
func appendBase(b []byte, h Head) []byte {
	b = beginItem(b, itemBase, 8+hashSize+len(h.Stream))
	return appendHead(b, h)
}

// appendForget appends up to where a stream is forgotten; position is that of the last
// record that is.
func appendForget(b []byte, h Head, position uint64) []byte {
	b = beginItem(b, itemForget, 16+hashSize+len(h.Stream))
	return appendHead(binary.BigEndian.AppendUint64(b, position), h)
}

func appendHead(b []byte, h Head) []byte {
	b = binary.BigEndian.AppendUint64(b, h.Seq)
	b = append(b, h.Hash[:]...)
	return append(b, h.Stream...)
}

// due is when a stream is due, as the file keeps it. Its zero value is "at once".
type due struct {
	never bool
	at    time.Time
}

// appendWake appends when the stream of the record before is due. At once is no item.
func appendWake(b []byte, wake time.Duration, now time.Time) []byte {
	switch wake {
	case 0:
		return b
	case Never:
		return beginItem(b, itemWake, 0)
	}
	at := now.Add(wake)
	// A clock that is out of its mind must not make a file that nobody reads.
	sec := min(max(at.Unix(), -farthestWake), farthestWake)
	b = beginItem(b, itemWake, wakeSize)
	b = binary.BigEndian.AppendUint64(b, uint64(sec))
	return binary.BigEndian.AppendUint32(b, uint32(at.Nanosecond()))
}

func parseWake(b []byte) (due, error) {
	switch len(b) {
	case 0:
		return due{never: true}, nil
	case wakeSize:
	default:
		return due{}, fmt.Errorf("a wake of %d bytes", len(b))
	}
	sec, nsec := int64(binary.BigEndian.Uint64(b)), binary.BigEndian.Uint32(b[8:])
	if nsec > 999_999_999 || sec < -farthestWake || sec > farthestWake {
		return due{}, fmt.Errorf("a wake at second %d and %d nanoseconds", sec, nsec)
	}
	return due{at: time.Unix(sec, int64(nsec))}, nil
}

func parseNumber(b []byte) (uint64, error) {
	if len(b) != 8 {
		return 0, fmt.Errorf("a number of %d bytes", len(b))
	}
	n := binary.BigEndian.Uint64(b)
	if n == 0 || n >= maxCount {
		return 0, fmt.Errorf("the number %d", n)
	}
	return n, nil
}

func parseHead(b []byte) (Head, error) {
	if len(b) < 8+hashSize {
		return Head{}, errCutOff
	}
	h := Head{Seq: binary.BigEndian.Uint64(b), Hash: release.Digest(b[8:]), Stream: string(b[8+hashSize:])}
	switch {
	case h.Seq == 0 || h.Seq >= maxCount:
		return Head{}, fmt.Errorf("a head after record %d", h.Seq)
	case len(h.Stream) == 0 || len(h.Stream) > MaxStream:
		return Head{}, fmt.Errorf("a head of a stream whose name has %d bytes", len(h.Stream))
	}
	return h, nil
}

func parseForget(b []byte) (h Head, position uint64, err error) {
	if len(b) < 8 {
		return Head{}, 0, errCutOff
	}
	if position, err = parseNumber(b[:8]); err != nil {
		return Head{}, 0, err
	}
	h, err = parseHead(b[8:])
	return h, position, err
}

// nextItem splits the first item off b.
func nextItem(b []byte) (kind byte, content, rest []byte, err error) {
	if len(b) < itemHeaderSize {
		return 0, nil, nil, errCutOff
	}
	n := binary.BigEndian.Uint32(b[1:])
	if uint64(n) > uint64(len(b)-itemHeaderSize) {
		return 0, nil, nil, errCutOff
	}
	end := itemHeaderSize + int(n)
	return b[0], b[itemHeaderSize:end], b[end:], nil
}

// body is a record's encoding, taken apart without copying.
type body struct {
	stream, actor, kind, reason, data []byte
	seq                               uint64
	sec                               int64
	nsec                              uint32
}

// parseBody is strict: exactly what appendBody makes parses.
func parseBody(b []byte) (body, error) {
	var p body
	take := func(n int) []byte {
		if b == nil || n > len(b) {
			b = nil
			return make([]byte, min(n, 12))
		}
		v := b[:n:n]
		b = b[n:]
		return v
	}
	field := func() []byte {
		n := binary.BigEndian.Uint32(take(4))
		if b == nil || uint64(n) > uint64(len(b)) {
			b = nil
			return nil
		}
		return take(int(n))
	}
	p.stream = field()
	p.seq = binary.BigEndian.Uint64(take(8))
	p.sec = int64(binary.BigEndian.Uint64(take(8)))
	p.nsec = binary.BigEndian.Uint32(take(4))
	p.actor, p.kind, p.reason, p.data = field(), field(), field(), field()
	switch {
	case b == nil:
		return body{}, errCutOff
	case len(b) > 0:
		return body{}, fmt.Errorf("%d bytes follow it", len(b))
	case p.nsec > 999_999_999:
		return body{}, fmt.Errorf("it says %d nanoseconds", p.nsec)
	}
	return p, nil
}

// entry copies what it returns.
func (p body) entry() Entry {
	e := Entry{
		At:    time.Unix(p.sec, int64(p.nsec)).UTC(),
		Actor: string(p.actor), Kind: string(p.kind), Reason: string(p.reason),
	}
	if len(p.data) > 0 {
		e.Data = append([]byte(nil), p.data...)
	}
	return e
}
