package postgres_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/pgtest"
	"github.com/sallyport-dev/sallyport/internal/syncack"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/postgres"
)

const ackAppends = 100

// walRules judge a server by its write-ahead log, from which it makes everything else
// again. All that it sends counts as an acknowledgement.
func walRules(data string) syncack.Rules {
	return syncack.Rules{Dir: data, Work: data,
		Ack: func(call, _ string) bool { return call == "sendto" },
		Kind: func(name string) syncack.Kind {
			switch file, wal := strings.CutPrefix(name, "pg_wal/"); {
			case !wal || strings.HasPrefix(file, "archive_status"):
				return syncack.Scratch
			case strings.HasPrefix(file, "xlogtemp."):
				return syncack.Beside
			}
			return syncack.Data
		}}
}

// TestSyncAck shows that the write-ahead log is flushed when the server says that an
// append is committed, and was flushed for each append. The same rows written by hand
// show the same with synchronous_commit on, and are caught with it off.
func TestSyncAck(t *testing.T) {
	t.Parallel()
	syncack.Strace(t)
	// A server that does nothing of its own accord.
	server := pgtest.NewServer(t, "autovacuum=off", "checkpoint_timeout=1h", "wal_writer_delay=10s", "bgwriter_lru_maxpages=0")
	for _, c := range []struct {
		name    string
		flushed [2]int // how many replies come after a flush: at least, at most
		write   func(t *testing.T)
	}{
		{"journal", [2]int{ackAppends, ackAppends + 50}, func(t *testing.T) {
			j, err := postgres.Open(t.Context(), server.DSN(), nil)
			require.NoError(t, err)
			for n := range uint64(ackAppends) {
				e := journal.Entry{At: time.Unix(9, 9), Kind: "k", Data: make([]byte, n*n*31%5000)}
				_, err := j.Append(t.Context(), journal.Append{Stream: "s", Expect: n, Entries: []journal.Entry{e}})
				require.NoError(t, err)
			}
			require.NoError(t, j.Close())
		}},
		{"on", [2]int{ackAppends, ackAppends + 10}, func(t *testing.T) { insert(t, server.DSN(), "on") }},
		{"off", [2]int{0, ackAppends / 10}, func(t *testing.T) { insert(t, server.DSN(), "off") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			data, err := filepath.EvalSymlinks(filepath.Join(server.Dir(), "data"))
			require.NoError(t, err)
			rules := walRules(data)
			wal, err := filepath.Glob(filepath.Join(data, "pg_wal", "*"))
			require.NoError(t, err)
			for _, file := range wal {
				rules.Exists = append(rules.Exists, "pg_wal/"+filepath.Base(file))
			}
			end := syncack.Attach(t, server.Pid())
			c.write(t)
			report := syncack.ReadFile(t, end(), rules)
			flushed := report.Acks - len(report.Idle)
			t.Logf("%d replies, %d of them after a flush", report.Acks, flushed)
			if c.flushed[0] > 0 {
				require.Empty(t, report.Unflushed)
			}
			require.GreaterOrEqual(t, report.Acks, ackAppends)
			require.GreaterOrEqual(t, flushed, c.flushed[0])
			require.LessOrEqual(t, flushed, c.flushed[1])
		})
	}
}

// insert writes rows by itself.
func insert(t *testing.T, dsn, commit string) {
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	for _, sql := range []string{"SET synchronous_commit = " + commit, "DROP TABLE IF EXISTS t", "CREATE TABLE t (n bigint PRIMARY KEY)"} {
		_, err := conn.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	for n := range ackAppends {
		_, err := conn.Exec(t.Context(), "INSERT INTO t VALUES ($1)", pgx.QueryExecModeExec, n)
		require.NoError(t, err)
	}
}
