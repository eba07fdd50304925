// Package journal keeps append-only streams of records with compare-and-append:
// what was acknowledged is there.
//
// A stream is named by text and holds records 1, 2, 3, …. [Journal.Append] says
// which version of the stream it was decided on; if the stream has grown since,
// it appends nothing and returns [ErrConflict]. That one rule gives a rollout its
// lock, its order and its fences: whoever appends first has decided, and the
// others read again.
//
// Records are chained by hash: each carries the hash of the one before, so a
// stream that was altered does not verify. [Seal] makes a record, [Verify] checks
// a stream.
//
// [Memory] keeps streams in memory, [Open] keeps them in a file. Package
// journaltest has the contract as a test, for stores of one's own.
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
	// failed write.
	ErrClosed = errors.New("journal: closed")
)

// Entry is what a caller appends.
type Entry struct {
	// At is the caller's time. It is recorded, never compared.
	At time.Time `json:"at"`
	// Actor is who caused it, by [release.Actor.ID] or a name of the host's.
	Actor string `json:"actor,omitempty"`
	// Kind says what Data is; it must not be empty.
	Kind string `json:"kind"`
	// Reason is a sentence for the audit.
	Reason string `json:"reason,omitempty"`
	// Data is the caller's, at most [MaxData] bytes.
	Data []byte `json:"data,omitempty"`
}

// MaxData bounds the data of one entry.
const MaxData = 8 << 20

// Record is an entry in its place in a stream.
type Record struct {
	Stream string
	// Seq is 1 for the first record of a stream, and one more for each after it.
	Seq uint64
	Entry
	// Prev is the hash of the record before, zero for the first; Hash is this one's.
	Prev, Hash release.Digest
}

// Append is one append. All of its entries are appended, or none.
type Append struct {
	Stream string
	// Expect is the version that the decision was made on: the Seq of the last
	// record, 0 for a stream without records.
	Expect  uint64
	Entries []Entry
}

// Journal keeps streams. All methods may be called at once from many goroutines.
type Journal interface {
	// Append appends and returns the new records. When it returns no error, the
	// records are durable, as far as the store is durable at all. An error that is
	// neither ErrConflict nor ErrUnknown means that nothing was appended.
	Append(ctx context.Context, a Append) ([]Record, error)
	// Load yields the records of a stream after version after, in order. A stream
	// without records yields nothing. An error ends it.
	Load(ctx context.Context, stream string, after uint64) iter.Seq2[Record, error]
	// Streams yields the names of all streams that have records, sorted.
	Streams(ctx context.Context) iter.Seq2[string, error]
	// Close releases what the journal holds. It may be called twice.
	Close() error
}
