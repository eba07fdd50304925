// Package syncack shows from the log of strace(1) that a store flushes what it
// acknowledges: at the moment of each acknowledgement no file of the store may have
// been written to and not flushed since.
//
// Killing a process proves nothing of the kind, because the operating system keeps
// what it was handed; only a power cut takes it. [Run] traces a test of the same
// binary that appends with one goroutine and calls [Ack] after each append, and
// [Read] judges the log.
//
// The reader is strict: a system call on a file of the store that it does not know
// fails it, and so do a shared mapping and asynchronous calls, whose writes no trace
// shows. What counts as flushed: fsync and fdatasync of the file, by whatever descriptor,
// that began after the write had ended; sync and syncfs; writes through O_SYNC or
// O_DSYNC, or with RWF_SYNC or RWF_DSYNC. sync_file_range and msync flush nothing here:
// the first leaves the drive's cache and the file's length alone, and the second is about
// mappings. A flush that fails may have thrown away what it did not write, so what it was
// asked for stays unflushed whatever is flushed later. Where a name of data is made,
// changed or taken away, its directory needs to be flushed afterwards: some stores commit
// by removing a file.
//
// It cannot see what is written outside of the store's folder, nor by processes that are
// not traced and were handed a descriptor.
package syncack
