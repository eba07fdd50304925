// Package journal keeps append-only streams of records with compare-and-append:
// what was acknowledged is there.
//
// A stream is named by text and holds records 1, 2, 3, …. Who appends has read the
// stream, decided, and says which version the decision was made on:
//
//	records, err := j.Append(ctx, journal.Append{
//		Stream: "shop/production", Expect: 2, Entries: []journal.Entry{widened},
//	})
//
// If the stream has grown since, nothing is appended and the error is [ErrConflict]. That
// one rule gives a rollout its lock, its order and its fences: whoever appends first has
// decided, and the others read again.
//
// There are four stores, and package journaltest has their contract as a test, for
// stores of one's own:
//
//	Memory             for tests, and for what may be forgotten
//	Open               a file, for one process
//	journal/sqlite     a database file, for the processes of one machine
//	journal/postgres   a database, for many machines
//
// # After an error
//
// An append that returns [ErrConflict] did not happen: read the stream and decide again.
// One that returns [ErrUnknown] may have happened, or may yet: read the stream, from a
// journal that was opened again if this one says [ErrClosed], and decide again; of two
// appends that expect the same version only one happens. After any other error it did not
// happen.
//
// [ErrFenced] says that somebody else works on the stream: stop. [ErrCorrupt] says that
// what is stored is not what was appended: nobody but a person should go on. A reader
// meets [ErrCompacted] when it asks for what was forgotten, and [ErrCursor] when its
// cursor is not of this journal.
//
// # Leases and wakes
//
// Each append says when its stream is due again: at once, in a while, or never. Workers
// claim what is due; a claim leases streams for a time, so that others leave them alone
// ([Leases]). The lease has a token that grows with each claim of the stream. An append
// that carries the token is refused once somebody else has claimed the stream, so a
// worker that was paused cannot append behind its successor's back. Leases save work;
// without them everything is as safe, because each append expects a version.
//
// So what waits costs a row, not a goroutine: a rollout that bakes for a day is a stream
// that is due tomorrow. All times are by the store's clock, and callers give durations.
// Releasing a lease says when the stream is due, unless records came meanwhile that the
// holder does not know: then it is due when they say, and no command is slept over.
//
// [Work] is the loop that does this: it claims, renews, releases, and tries again. Every
// append replaces the wake, and one that says nothing of it makes the stream due at once:
// in a stream that nobody works on, append with [Never].
//
// # The feed
//
// [Reader.Feed] yields the records of all streams in one order, for readers who collect
// (metrics, evidence): each stream's records in order, and none ever appears before one
// that a reader has passed. A reader keeps the [Cursor] of the last record that it has
// dealt with, and goes on from there. If it keeps the cursor together with what it made
// of the records, it deals with each once; else, after a crash, with some twice.
// A reader that is told [ErrCompacted] begins again with the empty cursor, at what is
// kept, and leaves out what it knows from before by the stream and the number; numbers
// that are missing were forgotten unread. No store waits for its readers.
//
// # Snapshots and compaction
//
// A snapshot is a record like any other, of a kind of the host's, whose data holds the
// state that the records before it led to. Once it is appended, [Journal.Compact] forgets
// everything before it, given the [Head] of the last record that may go. What is kept
// begins at that head, the [Base]: Load from there, and [Verify] from there. Loading from
// before it is a [*CompactedError] that says where the base is.
//
// The base carries the hash of what was forgotten, so the chain still ends in the same
// head as before, and a copy of the old records that is kept elsewhere still proves itself
// against it. Readers of the feed who had not passed what was forgotten are told.
//
// # The chain
//
// Records are chained by hash: each carries the hash of the one before, so a
// stream that was altered does not verify. [Seal] makes a record, [Verify] checks
// a stream. The hash of a record is the SHA-256 of these bytes, one after the
// other; numbers are big-endian, and text is a uint32 with its length in bytes and
// then the bytes:
//
//	28 bytes  "sallyport.journal.record.v1" and a zero byte
//	32 bytes  the hash of the record before; zeros for the first
//	text      the name of the stream
//	 8 bytes  Seq
//	 8 bytes  At: seconds since 1970-01-01T00:00:00Z, as a two's complement int64
//	 4 bytes  At: nanoseconds within the second, 0 to 999999999
//	text      Actor
//	text      Kind
//	text      Reason
//	text      Data
//
// This never changes: other encodings would get another first line.
//
// A chain cannot show that its end was cut off, nor that somebody who can write the
// store made all of it anew. Whoever must know that keeps the [Head] elsewhere, and gives
// it to [VerifyAll], which walks all streams and the feed.
package journal
