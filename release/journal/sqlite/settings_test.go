package sqlite_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	moderncsqlite "modernc.org/sqlite"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/sqlite"
)

// pool is a pool as a host opens it, with settings for each connection, of a database
// that is in WAL mode.
func pool(t testing.TB, path, query string) *sql.DB {
	t.Helper()
	db := raw(t, path)
	exec1(t, db, "PRAGMA journal_mode=WAL")
	require.NoError(t, db.Close())
	return raw(t, "file:"+path+"?"+query)
}

func TestWeakSettingsAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		pool func(t *testing.T, path string) *sql.DB
		want string
	}{
		{"synchronous off", func(t *testing.T, path string) *sql.DB { return pool(t, path, "_pragma=synchronous(OFF)") }, "synchronous=OFF"},
		{"synchronous off, but not everywhere", func(t *testing.T, path string) *sql.DB {
			db := pool(t, path, "_pragma=synchronous(OFF)")
			exec1(t, db, "PRAGMA synchronous=FULL") // of the connection that is free
			return db
		}, "synchronous=OFF"},
		{"no WAL", raw0, "journal_mode is delete"},
		{"in memory", func(t *testing.T, _ string) *sql.DB { return raw(t, ":memory:") }, "in memory"},
		{"shared memory", func(t *testing.T, _ string) *sql.DB { return raw(t, "file:weak?mode=memory&cache=shared") }, "in memory"},
		{"temporary file", func(t *testing.T, _ string) *sql.DB { return raw(t, "") }, "in memory"},
		{"shared cache", func(t *testing.T, path string) *sql.DB { return pool(t, path, "cache=shared") }, "cache=shared"},
		{"exclusive", func(t *testing.T, path string) *sql.DB { return pool(t, path, "_pragma=locking_mode(EXCLUSIVE)") }, "locking_mode is exclusive"},
		{"read-only", func(t *testing.T, path string) *sql.DB { return pool(t, path, "mode=ro") }, "readonly"},
		{"immutable", func(t *testing.T, path string) *sql.DB { return pool(t, path, "immutable=1") }, ""},
		{"without locks", func(t *testing.T, path string) *sql.DB { return pool(t, path, "nolock=1") }, ""},
		{"one connection", func(t *testing.T, path string) *sql.DB {
			db := pool(t, path, "")
			db.SetMaxOpenConns(1)
			return db
		}, "allows one connection"},
		{"old engine", func(t *testing.T, path string) *sql.DB { return versioned(t, path, "3.51.2") }, `SQLite "3.51.2" is not 3.51.3 or later`},
		{"very old engine", func(t *testing.T, path string) *sql.DB { return versioned(t, path, "3.9.99") }, "not 3.51.3"},
		{"no version", func(t *testing.T, path string) *sql.DB { return versioned(t, path, "three") }, "not 3.51.3"},
		{"short version", func(t *testing.T, path string) *sql.DB { return versioned(t, path, "3.51") }, "not 3.51.3"},
		{"deaf to synchronous", func(t *testing.T, path string) *sql.DB { return deaf(t, path, "synchronous") }, "synchronous is 1 and not 2"},
		{"deaf to query_only", func(t *testing.T, path string) *sql.DB { return deaf(t, path, "query_only") }, "query_only is 1 and not 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "weak.db")
			db := c.pool(t, path)
			j, err := sqlite.New(t.Context(), db, nil)
			require.ErrorContains(t, err, c.want)
			require.Nil(t, j)
			require.Zero(t, db.Stats().InUse, "connections are given back")
		})
	}
	require.Error(t, func() error { _, err := sqlite.New(t.Context(), nil, nil); return err }())
}

func raw0(t *testing.T, path string) *sql.DB { return raw(t, path) }

// versioned is a pool of an engine that says that it has another version.
func versioned(t *testing.T, path, version string) *sql.DB {
	db := pool(t, path, "")
	require.NoError(t, db.Close())
	d := new(moderncsqlite.Driver)
	require.NoError(t, d.RegisterScalarFunction("sqlite_version", 0, func(*moderncsqlite.FunctionContext, []driver.Value) (driver.Value, error) {
		return version, nil
	}))
	db = sql.OpenDB(connector{d, path, nil})
	t.Cleanup(func() { db.Close() })
	return db
}

// deaf is a pool of an engine on which a setting cannot be changed from 1.
func deaf(t *testing.T, path, setting string) *sql.DB {
	db := pool(t, path, "")
	require.NoError(t, db.Close())
	db = sql.OpenDB(connector{new(moderncsqlite.Driver), "file:" + path + "?_pragma=" + setting + "(1)", func(query string, run func() error) error {
		if strings.HasPrefix(query, "PRAGMA "+setting+"=") {
			return errDeaf
		}
		return run()
	}})
	t.Cleanup(func() { db.Close() })
	return db
}

func TestPathsAndOptionsAreRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, path := range []string{"", ":memory:", "file:" + filepath.Join(dir, "j.db"), "file::memory:?cache=shared", dir, filepath.Join(dir, "none", "j.db")} {
		j, err := sqlite.Open(t.Context(), path, nil)
		require.Error(t, err, path)
		require.Nil(t, j)
	}
	for _, o := range []sqlite.Options{{BusyTimeout: -1}, {BusyTimeout: time.Hour + 1}, {Readers: -1}, {Readers: 1001}} {
		_, err := sqlite.Open(t.Context(), filepath.Join(dir, "j.db"), &o)
		require.ErrorContains(t, err, "Options")
		_, err = sqlite.New(t.Context(), nil, &o)
		require.ErrorContains(t, err, "Options")
	}
	require.NoFileExists(t, filepath.Join(dir, "j.db"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := sqlite.Open(ctx, filepath.Join(dir, "j.db"), nil)
	require.ErrorIs(t, err, context.Canceled)
}

// What would be special in a URI is not special in a path.
func TestOddPaths(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a b.db", "100%.db", "what?mode=memory", "a#b", "ключ", "%2e", "a;b&c=d", "-"} {
		path := filepath.Join(t.TempDir(), name)
		add(t, open(t, path), "s", 0, 1)
		require.FileExists(t, path)
		require.EqualValues(t, 1, length(t, open(t, path), "s"))
	}
}

// The host's connection comes back as it was, and what the writer relies on is in force
// while the journal has it, whatever the host's connections are set to.
func TestHostSettings(t *testing.T) {
	t.Parallel()
	db := pool(t, filepath.Join(t.TempDir(), "host.db"), "_pragma=synchronous(NORMAL)&_pragma=busy_timeout(7)&_pragma=wal_autocheckpoint(77)&_pragma=journal_size_limit(7777)&_pragma=query_only(0)")
	read := func() (out []string) {
		for _, name := range []string{"synchronous", "busy_timeout", "wal_autocheckpoint", "journal_size_limit", "fullfsync", "read_uncommitted"} {
			var v string
			require.NoError(t, db.QueryRow("PRAGMA "+name).Scan(&v))
			out = append(out, v)
		}
		return out
	}
	want := []string{"1", "7", "77", "7777", "0", "0"}
	require.Equal(t, want, read())
	j, err := sqlite.New(t.Context(), db, nil)
	require.NoError(t, err)
	require.Equal(t, "2 0 1000", j.WriterSettings(t.Context()))
	require.Equal(t, 1, db.Stats().InUse)
	add(t, j, "s", 0, 1)
	claim(t, j, journal.Claim{})
	require.Equal(t, "1 0 1000", j.WriterSettings(t.Context()), "a claim waits for no disk")
	claim(t, j, journal.Claim{})
	add(t, j, "s", 1, 1)
	require.Equal(t, "2 0 1000", j.WriterSettings(t.Context()))
	require.NoError(t, j.Close())
	require.Zero(t, db.Stats().InUse)
	db.SetMaxOpenConns(1)
	require.Equal(t, want, read())
	var conns [3]*sql.Conn
	db.SetMaxOpenConns(0)
	for i := range conns {
		conns[i], err = db.Conn(t.Context())
		require.NoError(t, err)
		var v string
		require.NoError(t, conns[i].QueryRowContext(t.Context(), "PRAGMA synchronous").Scan(&v))
		require.Equal(t, "1", v, fmt.Sprint("connection ", i))
	}
	for _, c := range conns {
		require.NoError(t, c.Close())
	}
}

// A connection that was synced comes back synced, also if it was last used for a claim.
func TestHostStaysSynced(t *testing.T) {
	t.Parallel()
	for _, level := range []string{"2", "3"} {
		db := pool(t, filepath.Join(t.TempDir(), "host.db"), "_pragma=synchronous("+level+")")
		j, err := sqlite.New(t.Context(), db, nil)
		require.NoError(t, err)
		add(t, j, "s", 0, 1)
		claim(t, j, journal.Claim{})
		require.Equal(t, "1 0 1000", j.WriterSettings(t.Context()))
		require.NoError(t, j.Close())
		db.SetMaxOpenConns(2)
		for range 2 {
			conn, err := db.Conn(t.Context())
			require.NoError(t, err)
			defer conn.Close()
			var v string
			require.NoError(t, conn.QueryRowContext(t.Context(), "PRAGMA synchronous").Scan(&v))
			require.Equal(t, level, v)
		}
	}
}

// A connection that cannot be made what it was does not come back.
func TestSpoiledConnectionIsThrownAway(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "host.db")
	var broken atomic.Bool
	db := sql.OpenDB(connector{new(moderncsqlite.Driver), "file:" + path + "?_pragma=busy_timeout(77)", func(query string, run func() error) error {
		if broken.Load() && query == "PRAGMA busy_timeout=77" {
			return errInjected
		}
		return run()
	}})
	t.Cleanup(func() { db.Close() })
	exec1(t, db, "PRAGMA journal_mode=WAL")
	db.SetMaxOpenConns(2)
	j, err := sqlite.New(t.Context(), db, nil)
	require.NoError(t, err)
	broken.Store(true)
	require.ErrorIs(t, j.Close(), errInjected)
	for range 2 {
		conn, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		var v string
		require.NoError(t, conn.QueryRowContext(t.Context(), "PRAGMA busy_timeout").Scan(&v))
		require.Equal(t, "77", v)
	}
}
