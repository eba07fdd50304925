package sqlite_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/syncack"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// How much a traced writer appends: enough for the log to be moved into the database
// several times.
const (
	ackAppends = 150
	ackBytes   = 80_000
)

// sqliteRules: the index of the write-ahead log is made anew after a crash, and its
// mapping is what SQLite's documentation calls shared memory.
func sqliteRules() syncack.Rules {
	return syncack.Rules{Kind: func(name string) syncack.Kind {
		if strings.HasSuffix(name, "-shm") {
			return syncack.Scratch
		}
		return syncack.Data
	}}
}

// TestAckWriter is not a test but the process that TestSyncAck traces: it appends,
// claims, and compacts.
func TestAckWriter(t *testing.T) {
	j := open(t, filepath.Join(syncack.Place(t), "journal.db"))
	var before journal.Head
	for n := range uint64(ackAppends) {
		e := journal.Entry{At: time.Unix(9, 9), Kind: "k", Data: make([]byte, n*n*31%ackBytes)}
		records, err := j.Append(t.Context(), journal.Append{Stream: "s", Expect: n, Entries: []journal.Entry{e}})
		require.NoError(t, err)
		syncack.Ack()
		if n%50 == 49 {
			require.NoError(t, j.Compact(t.Context(), before))
			syncack.Ack()
		}
		before = records[0].Head()
		if n%3 == 0 { // it leaves something unflushed
			_, leases := claim(t, j, journal.Claim{})
			require.NoError(t, j.Release(t.Context(), leases[0], 0))
		}
	}
	require.NoError(t, j.Close())
}

// Whatever the journal acknowledges is flushed: the log, the database when the log is
// moved there, and the names of both.
func TestSyncAck(t *testing.T) {
	t.Parallel()
	report := syncack.Run(t, "TestAckWriter", sqliteRules())
	require.Equal(t, ackAppends+ackAppends/50, report.Acks)
	require.Empty(t, report.Unflushed)
	require.Empty(t, report.Idle)
	t.Logf("%d acknowledgements, %d flushes", report.Acks, report.Flushes)
}

// insertRows is how many rows insert writes.
const insertRows = 60

// insert writes rows by itself, with SQLite set as nobody should.
func insert(t *testing.T, mode, synchronous string) {
	path := filepath.Join(syncack.Place(t), "journal.db")
	db, err := sql.Open("sqlite", fmt.Sprintf("file:%s?_pragma=journal_mode(%s)&_pragma=synchronous(%s)", path, mode, synchronous))
	require.NoError(t, err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	_, err = db.Exec("CREATE TABLE t (n INTEGER PRIMARY KEY, data BLOB)")
	require.NoError(t, err)
	for n := range insertRows {
		_, err := db.Exec("INSERT INTO t VALUES (?, ?)", n, make([]byte, 400))
		require.NoError(t, err)
		syncack.Ack()
	}
}

// What TestSyncAckCatches traces.
func TestAckFull(t *testing.T)   { insert(t, "WAL", "FULL") }
func TestAckNormal(t *testing.T) { insert(t, "WAL", "NORMAL") }
func TestAckOff(t *testing.T)    { insert(t, "WAL", "OFF") }
func TestAckDelete(t *testing.T) { insert(t, "DELETE", "FULL") }
func TestAckExtra(t *testing.T)  { insert(t, "DELETE", "EXTRA") }

// SQLite itself, set to flush less, is caught. Without a write-ahead log it commits by
// removing a file, and FULL does not flush that.
func TestSyncAckCatches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		test            string
		unflushed, idle int // at least
		file            string
	}{
		{"TestAckFull", 0, 0, ""},
		{"TestAckExtra", 0, 0, ""},
		{"TestAckDelete", insertRows, 0, "the names in "},
		{"TestAckNormal", insertRows * 9 / 10, insertRows * 9 / 10, "journal.db-wal since line"},
		{"TestAckOff", insertRows - 1, insertRows - 1, "journal.db-wal since line"},
	} {
		t.Run(c.test, func(t *testing.T) {
			t.Parallel()
			report := syncack.Run(t, c.test, sqliteRules())
			require.Equal(t, insertRows, report.Acks)
			t.Logf("%d of %d acknowledgements came before the flush", len(report.Unflushed), report.Acks)
			if c.unflushed == 0 {
				require.Empty(t, report.Unflushed)
				require.Empty(t, report.Idle)
				return
			}
			require.GreaterOrEqual(t, len(report.Unflushed), c.unflushed)
			require.GreaterOrEqual(t, len(report.Idle), c.idle)
			require.Contains(t, report.Unflushed[insertRows/2].String(), c.file)
		})
	}
}
