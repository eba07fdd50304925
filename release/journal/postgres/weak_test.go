package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/pgtest"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/postgres"
)

// exec runs statements on a connection of their own.
func exec(t testing.TB, dsn string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	for _, sql := range statements {
		_, err := conn.Exec(t.Context(), sql)
		require.NoError(t, err, sql)
	}
}

// ask is one value from a connection of its own.
func ask[T any](t testing.TB, dsn, sql string, args ...any) (v T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	require.NoError(t, conn.QueryRow(t.Context(), sql, args...).Scan(&v), sql)
	return v
}

var strong = map[string]string{
	"server_version_num": "150018", "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on",
	"data_sync_retry": "off", "default_transaction_read_only": "off", "transaction_read_only": "off",
	"schemas": "pg_catalog,public",
}

// TestWeak: each setting alone is enough to be refused, and so is its absence, except
// where the server is one that has none of them.
func TestWeak(t *testing.T) {
	t.Parallel()
	require.NoError(t, postgres.Weak(strong, false))
	for name, value := range map[string]string{
		"server_version_num": "110022", "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off",
		"data_sync_retry": "on", "default_transaction_read_only": "on", "transaction_read_only": "on",
		"schemas": "public,pg_catalog",
	} {
		set := maps.Clone(strong)
		set[name] = value
		require.ErrorIs(t, postgres.Weak(set, false), postgres.ErrWeak, name)
		require.ErrorContains(t, postgres.Weak(set, false), name)
		if name != "server_version_num" { // CockroachDB counts otherwise
			require.ErrorIs(t, postgres.Weak(set, true), postgres.ErrWeak, name)
		}
		delete(set, name)
		require.ErrorContains(t, postgres.Weak(set, false), name)
	}
	for _, value := range []string{"on", "remote_apply", "remote_write", "local"} {
		set := maps.Clone(strong)
		set["synchronous_commit"] = value
		require.NoError(t, postgres.Weak(set, false))
	}
	require.NoError(t, postgres.Weak(map[string]string{"server_version_num": "130000"}, true))
	require.ErrorIs(t, postgres.Weak(map[string]string{}, true), postgres.ErrWeak)
	all := postgres.Weak(map[string]string{"fsync": "off", "full_page_writes": "off"}, false)
	require.ErrorContains(t, all, "fsync")
	require.ErrorContains(t, all, "full_page_writes")
}

// TestWeakServer: a real server is refused, whichever way the setting got there, and the
// error says which.
func TestWeakServer(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	database := ask[string](t, dsn, "SELECT current_database()")
	exec(t, dsn, "ALTER DATABASE "+database+" SET synchronous_commit = off")
	_, err := postgres.Open(t.Context(), dsn, nil)
	require.ErrorIs(t, err, postgres.ErrWeak)
	exec(t, dsn, "ALTER DATABASE "+database+" RESET synchronous_commit")
	_, err = postgres.Open(t.Context(), dsn+"&options=-csynchronous_commit%3Doff", nil)
	require.ErrorIs(t, err, postgres.ErrWeak)
	_, err = postgres.Open(t.Context(), dsn+"&options=-cdefault_transaction_read_only%3Don", nil)
	require.ErrorIs(t, err, postgres.ErrWeak)
	require.Zero(t, ask[int](t, dsn, "SELECT count(*) FROM pg_namespace WHERE nspname = 'sallyport'"), "a refused server is left as it was")

	j := open(t, dsn)
	d, err := j.Durability(t.Context())
	require.NoError(t, err)
	require.Contains(t, d.Server, "PostgreSQL")
	require.Equal(t, postgres.Durability{Server: d.Server, SynchronousCommit: "on"}, d)
	for _, table := range []string{"record", "stream", "meta"} {
		exec(t, dsn, "ALTER TABLE sallyport.journal_"+table+" SET UNLOGGED")
		_, err := postgres.Open(t.Context(), dsn, nil)
		require.ErrorIs(t, err, postgres.ErrWeak)
		exec(t, dsn, "ALTER TABLE sallyport.journal_"+table+" SET LOGGED")
	}
	open(t, dsn)
}

// TestWeakLater: a server that is set to keep nothing after the journal was opened gets
// no appends any more.
func TestWeakLater(t *testing.T) {
	t.Parallel()
	s := pgtest.NewServer(t)
	j := open(t, s.DSN())
	add(t, j, "s", 0, "a")
	for _, name := range []string{"fsync", "full_page_writes"} {
		reload := func(statement string) {
			exec(t, s.DSN(), statement, "SELECT pg_reload_conf()")
			want := "off"
			if strings.Contains(statement, "RESET") {
				want = "on"
			}
			require.Eventually(t, func() bool { return ask[string](t, s.DSN(), "SHOW "+name) == want }, 5*time.Second, 10*time.Millisecond)
		}
		reload("ALTER SYSTEM SET " + name + " = off")
		_, err := postgres.Open(t.Context(), s.DSN(), nil)
		require.ErrorIs(t, err, postgres.ErrWeak)
		require.ErrorContains(t, err, name)
		n := uint64(len(mustRead(t, j, "s")))
		for _, a := range []journal.Append{{Stream: "s", Expect: n, Entries: make2("b")}, {Stream: "new", Entries: make2("b")}} {
			require.Eventually(t, func() bool {
				_, err := j.Append(t.Context(), a)
				require.NotErrorIs(t, err, journal.ErrUnknown)
				return errors.Is(err, postgres.ErrWeak)
			}, 5*time.Second, 10*time.Millisecond, "appends go on with %s off", name)
		}
		reload("ALTER SYSTEM RESET " + name)
		require.Eventually(t, func() bool {
			_, err := j.Append(t.Context(), journal.Append{Stream: "s", Expect: n, Entries: make2("c")})
			return err == nil
		}, 5*time.Second, 10*time.Millisecond)
	}
	require.NoError(t, s.Kill())
	require.NoError(t, s.Start("data_sync_retry=on"))
	_, err := postgres.Open(t.Context(), s.DSN(), nil)
	require.ErrorIs(t, err, postgres.ErrWeak)
	require.ErrorContains(t, err, "data_sync_retry")
}

func mustRead(t testing.TB, j journal.Reader, stream string) []string {
	t.Helper()
	out, err := read(t.Context(), j, stream)
	require.NoError(t, err)
	return out
}

// TestSessionSetting: a session that somebody has set to acknowledge early does not:
// when an append or a claim returns, nothing is unflushed.
func TestSessionSetting(t *testing.T) {
	t.Parallel()
	s := pgtest.NewServer(t, "wal_writer_delay=10000", "autovacuum=off", "bgwriter_delay=10000", "checkpoint_timeout=3600")
	config, err := pgxpool.ParseConfig(s.DSN())
	require.NoError(t, err)
	early := false
	config.PrepareConn = func(ctx context.Context, c *pgx.Conn) (bool, error) {
		if !early {
			return true, nil
		}
		_, err := c.Exec(ctx, "SET synchronous_commit = off")
		return true, err
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	defer pool.Close()
	j, err := postgres.New(t.Context(), pool, nil)
	require.NoError(t, err)
	defer j.Close()
	add(t, j, "s", 0, "first")
	early = true
	conn, err := pgx.Connect(t.Context(), s.DSN())
	require.NoError(t, err)
	defer conn.Close(context.Background())
	unflushed := func() (n int64) {
		require.NoError(t, conn.QueryRow(t.Context(), "SELECT (pg_current_wal_insert_lsn() - pg_current_wal_flush_lsn())::bigint").Scan(&n))
		return n
	}
	_, err = pool.Exec(t.Context(), "CREATE TABLE other (v int)")
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), "INSERT INTO other VALUES (1)")
	require.NoError(t, err)
	require.NotZero(t, unflushed(), "the session's own commits are early, or this test shows nothing")
	for n := range uint64(5) {
		_, err := j.Append(t.Context(), journal.Append{Stream: "s", Expect: n + 1, Entries: make2("x")})
		require.NoError(t, err)
		require.Zero(t, unflushed(), "an append")
		add(t, j, fmt.Sprint("new", n), 0, "x", "y")
		require.Zero(t, unflushed(), "a new stream")
		leases, err := j.Claim(t.Context(), journal.Claim{TTL: time.Millisecond, Max: 1})
		require.NoError(t, err)
		require.Len(t, leases, 1)
		require.Zero(t, unflushed(), "a claim")
		require.NoError(t, j.Compact(t.Context(), head(t, j, "s", n+1)))
	}
}

// head is where a stream stood at a version.
func head(t testing.TB, j journal.Reader, stream string, seq uint64) journal.Head {
	t.Helper()
	for r, err := range j.Load(t.Context(), stream, seq-1) {
		require.NoError(t, err)
		return r.Head()
	}
	t.Fatalf("%q has no record %d", stream, seq)
	return journal.Head{}
}

// TestOutcomes: only what certainly changed nothing is called so.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	pg := func(severity, code string) error {
		return &pgconn.PgError{Severity: severity, SeverityUnlocalized: severity, Code: code}
	}
	for _, c := range []struct {
		name          string
		err           error
		undone, again bool
	}{
		{"serialization", pg("ERROR", "40001"), true, true},
		{"deadlock", pg("ERROR", "40P01"), true, true},
		{"not known whether it was completed", pg("ERROR", "40003"), false, false},
		{"cancelled", pg("ERROR", "57014"), true, false},
		{"the disk is full", pg("ERROR", "53100"), true, false},
		{"an I/O error", pg("ERROR", "58030"), true, false},
		{"read only", pg("ERROR", "25006"), true, false},
		{"a unique key", pg("ERROR", "23505"), true, false},
		{"lock timeout", pg("ERROR", "55P03"), true, false},
		{"terminated", pg("FATAL", "57P01"), false, false},
		{"crashed", pg("FATAL", "57P02"), false, false},
		{"panic", pg("PANIC", "58030"), false, false},
		{"a fatal conflict", pg("FATAL", "40001"), false, false},
		{"a pooler that lost the server", pg("ERROR", "08P01"), false, false},
		{"connection failure", pg("ERROR", "08006"), false, false},
		{"internal", pg("ERROR", "XX000"), false, false},
		{"no code", pg("ERROR", ""), false, false},
		{"an unknown class", pg("ERROR", "ZZ123"), false, false},
		{"no severity", pg("", "40001"), false, false},
		{"translated severity", &pgconn.PgError{Severity: "FEHLER", SeverityUnlocalized: "ERROR", Code: "40001"}, true, true},
		{"deadline", context.DeadlineExceeded, false, false},
		{"something else", errors.New("eof"), false, false},
	} {
		require.Equal(t, c.undone, postgres.Undone(c.err), c.name)
		require.Equal(t, c.again, postgres.Again(c.err, 0), c.name)
		require.Equal(t, c.undone, postgres.Undone(fmt.Errorf("wrapped: %w", c.err)), c.name)
	}
}
