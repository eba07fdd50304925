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
	// ErrFenced says that the lease is not current any more: somebody has claimed
	// the stream since. Nothing was done. Stop working on the stream at once.
	ErrFenced = errors.New("journal: the lease is not current any more")
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
	// Token, if not zero, is that of the lease under which this is appended. It must be
	// the last one that was given for the stream, or the append is refused with
	// ErrFenced: somebody else has claimed the stream since, or nobody ever has. A lease
	// whose time is over, or that was released, still lets its holder append until
	// somebody claims the stream.
	Token uint64
	// Wake says in how long, by the store's clock, the stream is due, so that
	// [Leases.Claim] gives it to somebody: at once if it is zero, never if it is
	// [Never]. It replaces what was said before, by appends or by [Leases.Release], and
	// leaves leases as they are. But a stream that is due already and that nobody holds
	// has been due since then, also when it is to be due at once again: who appends to it
	// does not put it behind the others.
	Wake time.Duration
	// Entries are 1 to [MaxEntries]. They are copied.
	Entries []Entry
}

// Reader is how streams are read.
type Reader interface {
	// Load yields the records of a stream after version after, in order. A stream
	// without records yields nothing. It yields what was there when the loop began;
	// the caller owns the records. An error ends it: a [*CompactedError] says that
	// records after that version were forgotten.
	Load(ctx context.Context, stream string, after uint64) iter.Seq2[Record, error]
	// Streams yields the names of all streams that have records, sorted by their
	// bytes.
	Streams(ctx context.Context) iter.Seq2[string, error]
	// Feed yields the records of all streams that were committed after a cursor, in
	// an order in which each stream's are in order, up to those that were there when
	// the loop began. A reader that goes on from the last cursor it saw meets each
	// record once, whatever the order in which appends were committed; behind the last
	// record there is nothing, and no error. From the beginning it yields what has not
	// been forgotten. With a cursor behind which records were forgotten, of whatever
	// stream, it says [ErrCompacted]. With one that this journal did not give, or that
	// is beyond its end, it says [ErrCursor].
	Feed(ctx context.Context, after Cursor) iter.Seq2[FeedRecord, error]
}

// Journal keeps streams. All methods may be called at once from many goroutines.
// After Close they say ErrClosed. What is wrong with the arguments themselves is said
// first (the Check methods of [Append], [Claim] and [Lease] say what), then ErrClosed,
// then the context's error, then ErrFenced, then ErrConflict.
type Journal interface {
	Reader
	Leases
	// Append appends and returns the new records. When it returns no error, the
	// records are durable, as far as the store is durable at all. An error that is
	// not ErrUnknown means that nothing was appended. A context that ends before
	// the append began is such an error; one that ends later gives ErrUnknown, if
	// the store does not wait for the outcome.
	Append(ctx context.Context, a Append) ([]Record, error)
	// Compact forgets the records of base.Stream up to base.Seq: see the package
	// comment. At least one record stays, so that the stream stays known: Compact is
	// ErrConflict, and nothing is forgotten, if no record follows base.Seq, or if record
	// base.Seq has another hash than base.Hash. What was forgotten before is no error:
	// with base.Seq below the base that is kept ([Base]) nothing happens; with base.Seq
	// equal to it nothing happens either, but the hash must be the base's. So the zero
	// head of a stream is no error, whether the stream has records or not. Versions,
	// wakes and leases stay as they are.
	Compact(ctx context.Context, base Head) error
	// Close releases what the journal holds. It may be called twice.
	Close() error
}
