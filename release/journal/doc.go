// Package journal keeps append-only streams of records with compare-and-append:
// what was acknowledged is there.
//
// A stream is named by text and holds records 1, 2, 3, …. [Journal.Append] says
// which version of the stream it was decided on; if the stream has grown since,
// it appends nothing and returns [ErrConflict]. That one rule gives a rollout its
// lock, its order and its fences: whoever appends first has decided, and the
// others read again.
//
// [Memory] keeps streams in memory, [Open] keeps them in a file. Package
// journaltest has the contract as a test, for stores of one's own.
//
// # After an error
//
// An append that returns [ErrConflict] did not happen: read the stream and decide
// again. One that returns [ErrUnknown] may have happened, or may yet: read the
// stream, from a journal that was opened again if this one says [ErrClosed], and
// never append again blindly. After any other error it did not happen.
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
// store made all of it anew. Whoever must know that keeps the [Head] elsewhere.
//
// # The file
//
// A journal is one file: a header of 64 bytes, frames, and zeros up to its end,
// which are written ahead. All numbers are big-endian. Sums are CRC-32C.
//
//	header  16 bytes  "sallyportjournal"
//	         4        1, the version of the format
//	        16        random: the identity of the file
//	        23        zeros
//	         4        sum of the bytes before
//	         1        0xA5
//
//	frame    1 byte   0xA7
//	         1        its type: 1 records, 2 a mark
//	         4        n, the length of the payload
//	         4        how many of the sectors of 512 bytes that end in the header or
//	                  the payload are zero in them
//	         4        sum of the file's identity, the frame's offset as 8 bytes, and
//	                  the 10 bytes before
//	         1        0x5A
//	         n        the payload
//	         4        sum of the payload, going on from the sum in the frame's header
//	         1        0xA5
//
// The payload of a records frame is what one commit wrote, of one append or of many:
// items, each with a byte that says its kind, a uint32 length, and a content. Kind 1
// is a record: its hash (32 bytes), and then what is hashed, from the name of the
// stream on. A mark is a byte, 1 for opened after a crash, 2 for closed in order, and
// 8 bytes with how many bytes were cut off when it was opened. A reader refuses types,
// kinds and versions that it does not know.
//
// # Crashes and damage
//
// Only the last frame can be unfinished, because each is made durable before the
// next begins. A frame is written over zeros that are durable, and neither end of
// its header nor its last byte is ever zero; so a frame that a crash cut short shows
// it: the file ends inside it, or its last byte is still zero, or more of its sectors
// are than its header says. [Open] removes such a frame and says so ([File.Recovered]). Anything
// else that is not right is damage, and Open refuses it with [ErrCorrupt] and changes
// nothing: a bad frame with a good one after it, a last frame that was written whole
// and has a bad sum, a record whose hash is wrong.
//
// Damage that turns the end of a last frame, or a sector of it, into zeros looks
// like a crash. To keep that case small, a mark follows the last frame when the
// journal is closed in order, and when it is opened again after a crash: only the last
// commit before a crash has none. A file cut off exactly between two frames looks
// like a shorter journal; the head shows it.
package journal
