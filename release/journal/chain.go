package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// chainDomain keeps the hash of a record apart from every other SHA-256 in use,
// and names the version of the encoding.
const chainDomain = "sallyport.journal.record.v1\x00"

// Head is where a stream stands: after record Seq, whose hash is Hash. Before
// the first record, Seq is 0 and Hash is zero.
//
// A head that is kept where the journal's owner cannot write (in evidence, in a
// ticket, in another system) is what shows later that the stream was cut off or
// rewritten: see [Verify].
type Head struct {
	// Stream is the stream's name; Seq and Hash say where it stands.
	Stream string         `json:"stream"`
	Seq    uint64         `json:"seq"`
	Hash   release.Digest `json:"hash"`
}

// Head is where the stream stands after r.
func (r Record) Head() Head { return Head{Stream: r.Stream, Seq: r.Seq, Hash: r.Hash} }

// Seal makes the record that follows prev. It is how a store makes every record:
// time in UTC without a monotonic clock, empty data as nil, the two hashes. The
// record shares e's data.
func Seal(prev Head, e Entry) Record {
	r := unsealed(prev, e)
	b := make([]byte, 0, 1024) // room for most records, and not on the heap
	b = append(append(b, chainDomain...), prev.Hash[:]...)
	r.Hash = sha256.Sum256(appendBody(b, r.Stream, r.Seq, r.Entry))
	return r
}

// unsealed is the record that follows prev, without its hash.
func unsealed(prev Head, e Entry) Record {
	r := Record{Stream: prev.Stream, Seq: prev.Seq + 1, Entry: e, Prev: prev.Hash}
	r.At = storedTime(e.At)
	if len(e.Data) == 0 {
		r.Data = nil
	}
	return r
}

// storedTime is t as it comes back from a store.
func storedTime(t time.Time) time.Time { return time.Unix(t.Unix(), int64(t.Nanosecond())).UTC() }

// chainHash is the hash of the record with this body after the record with hash prev.
func chainHash(prev release.Digest, body []byte) release.Digest {
	h := sha256.New()
	h.Write([]byte(chainDomain))
	h.Write(prev[:])
	h.Write(body)
	return release.Digest(h.Sum(nil))
}

// bodySize is how many bytes appendBody appends.
func bodySize(stream string, e Entry) int {
	return 5*4 + 8 + 8 + 4 + len(stream) + len(e.Actor) + len(e.Kind) + len(e.Reason) + len(e.Data)
}

// appendBody appends the encoding of a record that doc.go describes.
func appendBody(b []byte, stream string, seq uint64, e Entry) []byte {
	b = slices.Grow(b, bodySize(stream, e))
	b = appendString(b, stream)
	b = binary.BigEndian.AppendUint64(b, seq)
	b = binary.BigEndian.AppendUint64(b, uint64(e.At.Unix()))
	b = binary.BigEndian.AppendUint32(b, uint32(e.At.Nanosecond()))
	b = appendString(b, e.Actor)
	b = appendString(b, e.Kind)
	b = appendString(b, e.Reason)
	return appendString(b, e.Data)
}

func appendString[T string | []byte](b []byte, s T) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}

// CorruptError says which record of a stream is not what was appended, and how.
// It is an [ErrCorrupt]. Its text may change.
type CorruptError struct {
	// Stream is the stream that was read.
	Stream string
	// Seq is the place in the stream, counted and not read from the record.
	Seq uint64
	// Problem is a sentence for people.
	Problem string
}

// Error names the stream, the place and the problem.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("journal: corrupt: stream %q, record %d: %s", e.Stream, e.Seq, e.Problem)
}

// Unwrap is ErrCorrupt.
func (e *CorruptError) Unwrap() error { return ErrCorrupt }

// Verify follows the chain from head through records, which are usually what
// [Journal.Load] yields for head.Stream after head.Seq, and returns the head that
// they end at. Begin at Head{Stream: name} for the whole stream.
//
// The first record that is not the right one ends it with a [*CorruptError]; so
// does an error among the records, with that error.
//
// A chain shows alteration, insertion, omission and reordering. It cannot show
// that records were cut off at its end, nor that somebody who can write the whole
// store made all of it anew: for both, compare the head that Verify returns with
// one that was kept elsewhere. If the kept head is older, verify up to it, compare,
// and go on from there.
func Verify(head Head, records iter.Seq2[Record, error]) (Head, error) {
	for r, err := range records {
		if err != nil {
			return Head{}, err
		}
		if err := head.Check(r); err != nil {
			return Head{}, err
		}
		head = r.Head()
	}
	return head, nil
}

// Check reports whether r is a record that may follow head: its error is nil or
// a [*CorruptError].
func (h Head) Check(r Record) error {
	want := Seal(h, r.Entry)
	problem := ""
	switch {
	case r.Stream != h.Stream:
		problem = fmt.Sprintf("it belongs to stream %q", r.Stream)
	case r.Seq != want.Seq:
		problem = fmt.Sprintf("it says that it is record %d", r.Seq)
	case r.Prev != h.Hash:
		problem = fmt.Sprintf("it follows a record with the hash %s, not %s", digest(r.Prev), digest(h.Hash))
	case r.Hash != want.Hash:
		problem = fmt.Sprintf("its content has the hash %s, not %s", digest(want.Hash), digest(r.Hash))
	default:
		return nil
	}
	return &CorruptError{Stream: h.Stream, Seq: want.Seq, Problem: problem}
}

// digest names a digest in a message, also when there is none.
func digest(d release.Digest) string {
	if d.IsZero() {
		return "none"
	}
	return d.String()
}
