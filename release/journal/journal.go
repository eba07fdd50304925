package journal

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

var (
	// ErrConflict says that the stream was not at the expected version. Nothing
	// was appended. Read the stream again and decide again.
	ErrConflict = errors.New("journal: the stream is at another version")
	// ErrUnknown says that an append may or may not have happened. Read the
	// stream to find out; never append again blindly.
	ErrUnknown = errors.New("journal: it is not known whether the append happened")
	// ErrCorrupt says that what is stored is not what was appended.
	ErrCorrupt = errors.New("journal: corrupt")
	// ErrClosed says that the journal was closed or has refused to go on after a
	// failed write. Open it again to go on.
	ErrClosed = errors.New("journal: closed")
)

// Entry is what a caller appends. Its text may hold any bytes, UTF-8 or not, and
// comes back as it was; its JSON does not promise that.
type Entry struct {
	// At is the caller's time. It is recorded, never compared. It comes back in
	// UTC, to the nanosecond.
	At time.Time `json:"at"`
	// Actor is who caused it, by [release.Actor.ID] or a name of the host's.
	Actor string `json:"actor,omitempty"`
	// Kind says what Data is; it must not be empty.
	Kind string `json:"kind"`
	// Reason is a sentence for the audit.
	Reason string `json:"reason,omitempty"`
	// Data is the caller's, at most [MaxData] bytes. Empty data comes back as nil.
	Data []byte `json:"data,omitempty"`
}

// Record is an entry in its place in a stream.
type Record struct {
	// Stream is the name of the stream.
	Stream string
	// Seq is 1 for the first record of a stream, and one more for each after it.
	Seq uint64
	Entry
	// Prev is the hash of the record before, zero for the first; Hash is this one's.
	Prev, Hash release.Digest
}

// Append is one append. All of its entries are appended, or none. [Append.Check]
// says how large it may be.
type Append struct {
	// Stream is the stream's name, 1 to [MaxStream] bytes.
	Stream string
	// Expect is the version that the decision was made on: the Seq of the last
	// record, 0 for a stream without records.
	Expect uint64
	// Entries are 1 to [MaxEntries]. They are copied.
	Entries []Entry
}

// Journal keeps streams. All methods may be called at once from many goroutines.
type Journal interface {
	// Append appends and returns the new records. When it returns no error, the
	// records are durable, as far as the store is durable at all. An error that is
	// not ErrUnknown means that nothing was appended. A context that ends before
	// the append began is such an error; one that ends later gives ErrUnknown, if
	// the store does not wait for the outcome.
	Append(ctx context.Context, a Append) ([]Record, error)
	// Load yields the records of a stream after version after, in order. A stream
	// without records yields nothing. An error ends it. It yields what was there
	// when the loop began; the caller owns the records.
	Load(ctx context.Context, stream string, after uint64) iter.Seq2[Record, error]
	// Streams yields the names of all streams that have records, sorted by their
	// bytes.
	Streams(ctx context.Context) iter.Seq2[string, error]
	// Close releases what the journal holds. It may be called twice. Afterwards
	// the other methods say ErrClosed.
	Close() error
}
