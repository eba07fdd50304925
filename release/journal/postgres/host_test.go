package postgres_test

import (
	"context"
	"net/url"
	osexec "os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/pgtest"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/postgres"
)

// TestRoleWithoutRights: a role that may only read can do that, and is told about the rest
// what has not happened.
func TestRoleWithoutRights(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	add(t, open(t, dsn), "s", 0, "1")
	role := "reader_of_" + ask[string](t, dsn, "SELECT current_database()")
	exec(t, dsn, "CREATE ROLE "+role+" LOGIN", "GRANT USAGE ON SCHEMA sallyport TO "+role, "GRANT SELECT ON ALL TABLES IN SCHEMA sallyport TO "+role)
	defer exec(t, dsn, "DROP OWNED BY "+role, "DROP ROLE "+role)
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.User = url.User(role)
	j, err := postgres.Open(t.Context(), u.String(), nil)
	require.NoError(t, err)
	defer j.Close()
	require.NoError(t, everything(t, j))
	_, err = j.Append(t.Context(), journal.Append{Stream: "s", Expect: 1, Entries: make2("2")})
	require.ErrorContains(t, err, "42501")
	require.NotErrorIs(t, err, journal.ErrUnknown)
	_, err = j.Claim(t.Context(), journal.Claim{TTL: time.Second, Max: 1})
	require.ErrorContains(t, err, "42501")
	require.ErrorContains(t, j.Compact(t.Context(), journal.Head{Stream: "s", Seq: 1}), "42501")
	_, err = postgres.Open(t.Context(), u.String(), &postgres.Options{Schema: "other"})
	require.ErrorContains(t, err, "42501")
	exec(t, dsn, "REVOKE USAGE ON SCHEMA sallyport FROM "+role)
	_, err = postgres.Open(t.Context(), u.String(), nil)
	require.ErrorContains(t, err, "42501")
}

// TestSessionsReset: a session loses what was prepared in it between any two statements.
func TestSessionsReset(t *testing.T) {
	t.Parallel()
	config, err := pgxpool.ParseConfig(pgtest.DSN(t))
	require.NoError(t, err)
	config.MaxConns = 1
	config.AfterRelease = func(conn *pgx.Conn) bool {
		_, err := conn.Exec(context.Background(), "DISCARD ALL", pgx.QueryExecModeSimpleProtocol)
		return err == nil
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	defer pool.Close()
	j, err := postgres.New(t.Context(), pool, nil)
	require.NoError(t, err)
	for n := range uint64(5) {
		add(t, j, "s", n, "x")
		require.NoError(t, everything(t, j))
	}
}

// TestDump: a journal that was dumped and restored is the same, for cursors too, and goes
// on.
func TestDump(t *testing.T) {
	t.Parallel()
	program, err := osexec.LookPath("pg_dump")
	if err != nil {
		t.Skip("no pg_dump on this machine")
	}
	dsn, copied := pgtest.DSN(t), pgtest.DSN(t)
	j := open(t, dsn)
	add(t, j, "s", 0, "1", "2", "3")
	add(t, j, "\x00\xff'\\", 0, "\x00\xff'\\")
	require.NoError(t, j.Compact(t.Context(), head(t, j, "s", 2)))
	cursor := last(t, j)
	dump, err := osexec.CommandContext(t.Context(), program, "--inserts", "--dbname", dsn).Output()
	require.NoError(t, err)
	var sql strings.Builder
	for line := range strings.Lines(string(dump)) {
		if !strings.HasPrefix(line, `\`) { // for psql
			sql.WriteString(line)
		}
	}
	conn, err := pgx.Connect(t.Context(), copied)
	require.NoError(t, err)
	_, err = conn.PgConn().Exec(t.Context(), sql.String()).ReadAll()
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))
	j = open(t, copied)
	require.NoError(t, everything(t, j))
	require.Equal(t, cursor, last(t, j))
	add(t, j, "s", 3, "4")
	n := 0
	for r, err := range j.Feed(t.Context(), cursor) {
		require.NoError(t, err)
		require.Equal(t, "4", string(r.Data))
		n++
	}
	require.Equal(t, 1, n)
}
