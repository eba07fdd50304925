package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	moderncsqlite "modernc.org/sqlite"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/sqlite"
)

// armed is a journal whose statements go through a hook once it is armed.
func armed(t *testing.T, path string, h hook) (*sqlite.Journal, *atomic.Bool) {
	t.Helper()
	on := new(atomic.Bool)
	db := sql.OpenDB(connector{new(moderncsqlite.Driver), path, func(query string, run func() error) error {
		if on.Load() {
			return h(query, run)
		}
		return run()
	}})
	t.Cleanup(func() { db.Close() })
	exec1(t, db, "PRAGMA journal_mode=WAL")
	j, err := sqlite.New(t.Context(), db, nil)
	require.NoError(t, err)
	t.Cleanup(func() { j.Close() })
	add(t, j, "s", 0, 1)
	return j, on
}

// An engine that goes on waiting for no disk after a claim is found out before the next
// append.
func TestSynchronousIsReadBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j.db")
	j, on := armed(t, path, func(query string, run func() error) error {
		if query == "PRAGMA main.synchronous=FULL" {
			return errDeaf
		}
		return run()
	})
	on.Store(true)
	add(t, j, "s", 1, 1)
	claim(t, j, journal.Claim{})
	_, err := j.Append(t.Context(), journal.Append{Stream: "s", Expect: 2, Entries: entries("x", 1)})
	require.ErrorContains(t, err, "nothing was appended")
	require.ErrorContains(t, err, "synchronous is 1 and not 2")
	require.NotErrorIs(t, err, journal.ErrUnknown)
	_, err = j.Claim(t.Context(), journal.Claim{TTL: time.Second, Max: 1})
	require.ErrorIs(t, err, journal.ErrClosed)
	require.EqualValues(t, 2, length(t, open(t, path), "s"))
}

// busyError is what the engine says when another connection is in the way.
type busyError struct{}

func (busyError) Error() string { return "busy" }
func (busyError) Code() int     { return 5 }

// A COMMIT that was too busy did not happen if it can be taken back; otherwise nobody
// knows.
func TestBusyCommit(t *testing.T) {
	t.Parallel()
	for _, done := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "j.db")
		j, on := armed(t, path, func(query string, run func() error) error {
			if query != "COMMIT" {
				return run()
			}
			if done {
				_ = run()
			}
			return busyError{}
		})
		on.Store(true)
		_, err := j.Append(t.Context(), journal.Append{Stream: "s", Expect: 1, Entries: entries("x", 1)})
		require.ErrorAs(t, err, new(busyError))
		on.Store(false)
		if done {
			require.ErrorIs(t, err, journal.ErrUnknown)
			_, err = j.Append(t.Context(), journal.Append{Stream: "s", Expect: 2, Entries: entries("x", 1)})
			require.ErrorIs(t, err, journal.ErrClosed)
			continue
		}
		require.NotErrorIs(t, err, journal.ErrUnknown)
		require.ErrorContains(t, err, "nothing was appended")
		require.EqualValues(t, 1, length(t, j, "s"))
		add(t, j, "s", 1, 1)
		require.EqualValues(t, 2, length(t, j, "s"))
	}
}
