// Package sqlite keeps a journal in a SQLite database: the engine for several
// processes on one machine. [Open] needs just a path; [New] takes the caller's pool
// and puts the journal beside the caller's tables.
//
// # What it relies on
//
// An append returns when its transaction is in the write-ahead log and the log was
// synced (journal_mode=WAL, synchronous=FULL). All writes of one Journal go through
// one connection and one transaction at a time, begun with BEGIN IMMEDIATE; whoever
// comes meanwhile shares the next one, and with it the sync. Reading takes other
// connections and a few short statements, so it neither stops a writer nor keeps the
// log from being moved into the database.
//
// Claims and what else is only about leases are in the log, for all processes to see,
// when they return, and on the disk with the next append or soon after: leases save
// work, and nothing rests on them. The writer is set to synchronous=NORMAL for such a
// transaction, and to FULL, which is read back, before any other.
//
// Open and New read back what is in force and refuse, with an error that says so:
// SQLite before 3.51.3, which can lose a commit when another connection resets the
// log; a database that is in memory, in another journal mode than WAL, read-only, in
// a shared cache, in exclusive locking mode, or, where that can be told (Linux), on a
// network file system or under several names; connections that do not take
// synchronous=FULL; tables of the journal that a newer version made. If such a version,
// or an older copy, takes the place of the tables while a journal is open, it writes
// nothing more.
//
// Three things cannot be seen from here. A container must be given the folder of the
// database, and not just the file, which would have another log there. Programs must not open the database file by
// themselves (to copy or hash it) while this process has the journal open: closing it
// drops the locks that SQLite holds, as POSIX has it. And modernc.org/libc must be the
// version that modernc.org/sqlite asks for; a newer one elsewhere in the module graph
// replaces it silently.
//
// # The clock
//
// The store's clock is SQLite's: the wall clock of the machine, in milliseconds. What
// is due in a fraction of one is due when the millisecond is over.
//
// # The log
//
// The writer moves the log into the database when it has about 4 MB
// (wal_autocheckpoint=1000), and shortens the file to 64 MiB when it was longer
// (journal_size_limit). A transaction that the host leaves open for reading keeps the
// log from being reused: it then grows, and opening after a crash takes longer.
//
// # Compaction
//
// [Journal.Compact] forgets in one small transaction; the space is given back in
// others, of some 500 records each at most, so that appends go on in between. A crash
// leaves the rest to the next compaction of the same stream. The file does not shrink;
// its free pages are used again.
package sqlite
