package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	moderncsqlite "modernc.org/sqlite"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/sqlite"
)

func openAnyway(t testing.TB, path string) (*sqlite.Journal, error) {
	t.Helper()
	j, err := sqlite.Open(t.Context(), path, nil)
	if err == nil {
		t.Cleanup(func() { j.Close() })
	}
	return j, err
}

func TestSchemaVersions(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j.db")
	add(t, open(t, path), "s", 0, 3)
	require.NoError(t, open(t, path).Close())
	db := raw(t, path)
	version := func() (v int) {
		require.NoError(t, db.QueryRow("SELECT version FROM sallyport_journal").Scan(&v))
		return v
	}
	require.Equal(t, sqlite.SchemaVersion, version())
	require.NoError(t, sqlite.Migrate(t.Context(), db), "again")

	// A version that is yet to come, brought about by many at once.
	step := "ALTER TABLE main.sallyport_journal_streams ADD COLUMN colour TEXT; UPDATE main.sallyport_journal_streams SET colour = coalesce(colour, '') || 'x'"
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := sqlite.Migrate(context.WithoutCancel(t.Context()), raw(t, path+"?_pragma=busy_timeout(5000)"), step); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, sqlite.SchemaVersion+1, version())
	var colour string
	require.NoError(t, db.QueryRow("SELECT colour FROM sallyport_journal_streams").Scan(&colour))
	require.Equal(t, "x", colour, "once")

	// Which this library refuses, and leaves as it is.
	_, err := openAnyway(t, path)
	require.ErrorContains(t, err, fmt.Sprintf("version %d; this library knows up to %d", sqlite.SchemaVersion+1, sqlite.SchemaVersion))
	require.Equal(t, sqlite.SchemaVersion+1, version())

	// A step that fails changes nothing.
	require.ErrorContains(t, sqlite.Migrate(t.Context(), db, step, "CREATE TABLE main.sallyport_journal_new (a); SELECT nonsense"), "to version 3")
	require.Equal(t, sqlite.SchemaVersion+1, version())
	var n int
	require.NoError(t, db.QueryRow("SELECT count(*) FROM sqlite_schema WHERE name = 'sallyport_journal_new'").Scan(&n))
	require.Zero(t, n)

	for _, query := range []string{
		"UPDATE sallyport_journal SET version = -1",
		"DELETE FROM sallyport_journal",
		"DROP TABLE sallyport_journal; CREATE TABLE sallyport_journal (mine TEXT)",
	} {
		exec1(t, db, query)
		_, err := openAnyway(t, path)
		require.ErrorContains(t, err, "does not say which version")
	}
}

// Many open one path that is not there yet.
func TestManyOpenersAtOnce(t *testing.T) {
	t.Parallel()
	for range 5 {
		path := filepath.Join(t.TempDir(), "j.db")
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				j, err := sqlite.Open(t.Context(), path, nil)
				if err != nil {
					t.Error(err)
					return
				}
				defer j.Close()
				if _, err := j.Append(t.Context(), journal.Append{Stream: fmt.Sprint(i), Entries: entries("x", 1)}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.Len(t, feed(t, open(t, path), ""), 6)
	}
}

// A host's pool, of another driver, with tables and transactions of its own beside the
// journal's.
func TestHostPool(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "host.db")
	exec1(t, raw(t, path), "PRAGMA journal_mode=WAL")
	db := sql.OpenDB(connector{new(moderncsqlite.Driver), "file:" + path + "?_pragma=busy_timeout(5000)&_txlock=immediate", func(_ string, run func() error) error { return run() }})
	t.Cleanup(func() { db.Close() })
	exec1(t, db, "CREATE TABLE orders (id INTEGER PRIMARY KEY, what TEXT); CREATE TABLE streams (x); INSERT INTO streams VALUES (1); PRAGMA application_id=7; PRAGMA user_version=9")
	j, err := sqlite.New(t.Context(), db, nil)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 25 {
				tx, err := db.BeginTx(t.Context(), nil)
				if err == nil {
					_, err = tx.Exec("INSERT INTO orders (what) VALUES (?)", fmt.Sprint(w, i))
				}
				if err == nil && i%2 == 0 {
					err = tx.Commit()
				} else if err == nil {
					err = tx.Rollback()
				}
				if err != nil {
					t.Errorf("the host's: %v", err)
					return
				}
				if _, err := j.Append(t.Context(), journal.Append{Stream: fmt.Sprint(w), Expect: uint64(i), Entries: entries("x", 1)}); err != nil {
					t.Errorf("the journal's: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	// A transaction that the host leaves open for reading stops nobody.
	tx, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer tx.Close()
	_, err = tx.ExecContext(t.Context(), "BEGIN")
	require.NoError(t, err)
	var orders, application, user, mine int
	require.NoError(t, tx.QueryRowContext(t.Context(), "SELECT (SELECT count(*) FROM orders), (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM streams)").Scan(&orders, &application, &user, &mine))
	require.Equal(t, []int{52, 7, 9, 1}, []int{orders, application, user, mine})
	add(t, j, "0", 25, 200)
	require.Len(t, feed(t, j, ""), 300)
	_, err = tx.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	require.NoError(t, j.Close())
	require.NoError(t, j.Close())
	require.NoError(t, db.PingContext(t.Context()), "the pool stays the host's")
	rows, err := db.Query("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sallyport_journal%' AND name NOT LIKE 'sqlite_%' ORDER BY name")
	require.NoError(t, err)
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.Equal(t, []string{"orders", "streams"}, names)
}
