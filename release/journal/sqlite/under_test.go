package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	moderncsqlite "modernc.org/sqlite"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/sqlite"
)

// The tables are brought to a later version, or the database is put back to an older
// copy, under an open journal: nothing more is written, and no token is given again.
func TestDatabaseIsChangedUnderneath(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, want string
		do         func(t *testing.T, db *sql.DB)
	}{
		{"a newer version", "version 2 now", func(t *testing.T, db *sql.DB) {
			require.NoError(t, sqlite.Migrate(t.Context(), db, "SELECT 1"))
		}},
		{"an older copy", "older copy", func(t *testing.T, db *sql.DB) {
			exec1(t, db, "UPDATE sallyport_journal SET opened = opened - 1")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "j.db")
			j := open(t, path)
			add(t, j, "s", 0, 1)
			c.do(t, raw(t, path))
			_, err := j.Claim(t.Context(), journal.Claim{TTL: time.Hour, Max: 1})
			require.ErrorContains(t, err, c.want)
			require.NotErrorIs(t, err, journal.ErrUnknown)
			_, err = j.Append(t.Context(), journal.Append{Stream: "s", Expect: 1, Entries: entries("x", 1)})
			require.ErrorIs(t, err, journal.ErrClosed)
			require.ErrorContains(t, err, c.want)
			require.NoError(t, j.Close())
			var n int
			require.NoError(t, raw(t, path).QueryRow("SELECT count(*) FROM sallyport_journal_records").Scan(&n))
			require.Equal(t, 1, n)
		})
	}
}

// A database that is vacuumed or checked meanwhile is the same.
func TestVacuumMeanwhile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j.db")
	j := open(t, path)
	for i := range 5 {
		add(t, j, "s", 70*i, 70)
		exec1(t, raw(t, path), []string{"VACUUM", "REINDEX", "ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA optimize"}[i])
	}
	_, err := journal.VerifyAll(t.Context(), j)
	require.NoError(t, err)
	require.Len(t, feed(t, j, ""), 350)
}

// A stream that is gone in the middle of a loop ends the loop.
func TestStreamIsGoneInTheLoop(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j.db")
	j := open(t, path)
	add(t, j, "s", 0, 600)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	n, last := 0, error(nil)
	for _, err := range j.Load(ctx, "s", 0) {
		if last = err; err != nil {
			break
		}
		if n++; n == 10 {
			exec1(t, raw(t, path), "DELETE FROM sallyport_journal_streams; DELETE FROM sallyport_journal_records")
		}
	}
	require.ErrorIs(t, last, journal.ErrCorrupt)
}

// A pool that has no second connection is refused after a while, and the database can
// be written all the time.
func TestPoolThatIsTooSmall(t *testing.T) {
	t.Parallel()
	db := pool(t, filepath.Join(t.TempDir(), "j.db"), "")
	db.SetMaxOpenConns(2)
	j, err := sqlite.New(t.Context(), db, nil)
	require.NoError(t, err)
	refused := make(chan error)
	go func() {
		_, err := sqlite.New(context.WithoutCancel(t.Context()), db, &sqlite.Options{BusyTimeout: 300 * time.Millisecond})
		refused <- err
	}()
	for n := 0; ; n++ {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		_, err := j.Append(ctx, journal.Append{Stream: "s", Expect: uint64(n), Entries: entries("x", 1)})
		cancel()
		require.NoError(t, err)
		select {
		case err := <-refused:
			require.ErrorContains(t, err, "second connection")
			require.EqualValues(t, n+1, length(t, j, "s"), "its connection was given back")
			return
		default:
		}
	}
}

// A driver that panics in a commit leaves no lock behind and nobody waiting.
func TestDriverPanics(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"BEGIN IMMEDIATE", "COMMIT", "PRAGMA main.data_version"} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprint(at, ", after its work: ", after), func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "j.db")
				var broken atomic.Bool
				db := sql.OpenDB(connector{new(moderncsqlite.Driver), path, func(query string, run func() error) error {
					if query != at || !broken.CompareAndSwap(true, false) {
						return run()
					}
					if after {
						_ = run()
					}
					panic("broken")
				}})
				t.Cleanup(func() { db.Close() })
				exec1(t, db, "PRAGMA journal_mode=WAL")
				j, err := sqlite.New(t.Context(), db, nil)
				require.NoError(t, err)
				add(t, j, "s", 0, 1)
				broken.Store(true)
				require.PanicsWithValue(t, "broken", func() {
					_, _ = j.Append(t.Context(), journal.Append{Stream: "s", Expect: 1, Entries: entries("x", 1)})
				})
				_, err = j.Append(t.Context(), journal.Append{Stream: "s", Expect: 1, Entries: entries("x", 1)})
				require.ErrorIs(t, err, journal.ErrClosed)
				other := open(t, path)
				add(t, other, "s", int(length(t, other, "s")), 1)
				require.ErrorContains(t, j.Close(), "panicked")
			})
		}
	}
}

// A database that has several names has several logs, and each name its own records.
func TestSeveralNamesAreRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "j.db")
	require.NoError(t, open(t, path).Close())
	require.NoError(t, os.Symlink(path, filepath.Join(dir, "symbolic.db")))
	require.NoError(t, open(t, filepath.Join(dir, "symbolic.db")).Close(), "another kind of name")
	if err := os.Link(path, filepath.Join(dir, "hard.db")); err != nil {
		t.Skip(err)
	}
	for _, name := range []string{"j.db", "hard.db"} {
		_, err := openAnyway(t, filepath.Join(dir, name))
		if !sqlite.CountsLinks {
			t.Skip("it cannot be told here")
		}
		require.ErrorContains(t, err, "2 names")
	}
	require.NoError(t, os.Remove(filepath.Join(dir, "hard.db")))
	require.NoError(t, open(t, path).Close())
}

// Whoever waits for another writer asks often, so that it meets a gap between the
// commits of a busy one.
func TestAsksOftenWhileItWaits(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j.db")
	var asked atomic.Int32
	db := sql.OpenDB(connector{new(moderncsqlite.Driver), path, func(query string, run func() error) error {
		if query == "BEGIN IMMEDIATE" {
			asked.Add(1)
		}
		return run()
	}})
	t.Cleanup(func() { db.Close() })
	exec1(t, db, "PRAGMA journal_mode=WAL")
	j, err := sqlite.New(t.Context(), db, &sqlite.Options{BusyTimeout: 500 * time.Millisecond})
	require.NoError(t, err)
	other, err := raw(t, path).Conn(t.Context())
	require.NoError(t, err)
	_, err = other.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)
	asked.Store(0)
	_, err = j.Append(t.Context(), journal.Append{Stream: "s", Entries: entries("x", 1)})
	require.ErrorContains(t, err, "locked")
	require.Greater(t, asked.Load(), int32(50), "once in 10 ms at least, on a busy machine")
	require.Less(t, asked.Load(), int32(1000), "and not all the time")
	require.NoError(t, other.Close())
}
