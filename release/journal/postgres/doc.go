// Package postgres keeps a journal in PostgreSQL: the engine for many machines.
//
// [New] takes the caller's pool, [Open] makes one. Any number of processes may have the
// same journal open; there is no leader among them. Everything is ordinary SQL in
// single statements: no advisory locks, no notifications, no state of a session, so
// that it works behind a pooler that gives each transaction another connection. Such a
// pooler may need [pgx.QueryExecModeExec] as the pool's mode; a pool that keeps prepared
// statements is given up for it by itself when the server says that there is no such
// statement; [pgx.QueryExecModeDescribeExec] is never used, since behind a pooler it may
// run somebody else's statement. A role whose transactions are isolated more strictly than
// read committed is fine, and makes processes that append at once repeat themselves.
//
// # Durability
//
// Opening reads the server's settings back and refuses with [ErrWeak] those under which
// a crash loses what was committed, and each append looks again. A session's
// synchronous_commit=off is overruled for the appends and the claims.
//
// What no setting of one server can promise is a failover: with asynchronous replication
// (synchronous_standby_names is empty) the replica that takes over may lack the last
// commits. Then acknowledged records are gone, and a token can be given twice;
// [Journal.Feed] notices by its cursors. [Durability] has the setting, for hosts that
// insist. With synchronous replication an administrator who cancels a commit that waits
// for the replica makes the server say yes all the same.
//
// # The feed
//
// Records have a position from one counter, which the statement that appends them
// locks before anything else and holds until it is committed. So positions are the order
// of the commits, and a reader skips nothing. The price is that commits come one after
// the other, over all processes; each takes along all that came to its process
// meanwhile. A statement is sent whole and does its work without its client, so a client
// that is stopped does not stop the others, except when exactly the last bytes of a
// message are still on their way.
//
// A transaction that is left open elsewhere in the database, a dump for example, keeps
// the server from clearing old versions of the counter away, and appends get slower
// while it lasts.
//
// # The tables
//
// They are journal_meta, journal_stream and journal_record in the schema of
// [Options.Schema]. Opening makes them, and brings older ones up to date; it refuses those
// of a newer version. Records are stored as [journal.Record.AppendBinary] makes them.
package postgres
