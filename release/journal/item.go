package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// A records frame holds items, each a kind, a length and a content.
const (
	itemRecord     = 1
	itemHeaderSize = 5
	hashSize       = len(release.Digest{})
)

var errCutOff = errors.New("it is cut off")

// appendItem appends a record's item to a frame.
func appendItem(b []byte, hash release.Digest, body []byte) []byte {
	b = append(b, itemRecord)
	b = binary.BigEndian.AppendUint32(b, uint32(hashSize+len(body)))
	b = append(b, hash[:]...)
	return append(b, body...)
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
