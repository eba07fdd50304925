package postgres_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/pgtest"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/postgres"
)

// TestManyOpeners: whoever opens a new journal first makes it, and the others find it.
func TestManyOpeners(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	for round := range 3 {
		opts := &postgres.Options{Schema: fmt.Sprint("round ", round)}
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() {
				j, err := postgres.Open(t.Context(), dsn, opts)
				if err == nil {
					_, err = j.Append(t.Context(), journal.Append{Stream: fmt.Sprint(i), Entries: make2("x")})
					j.Close()
				}
				errs[i] = err
			})
		}
		wg.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		j, err := postgres.Open(t.Context(), dsn, opts)
		require.NoError(t, err)
		n := 0
		for _, err := range j.Feed(t.Context(), "") {
			require.NoError(t, err)
			n++
		}
		require.Equal(t, len(errs), n)
		require.NoError(t, j.Close())
	}
}

// TestMigrate: a later version's step is done once, also by several at once, keeps what
// there is, and shuts this version out.
func TestMigrate(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	j := open(t, dsn)
	add(t, j, "s", 0, "kept")
	step := []string{"CREATE TABLE sallyport.journal_later (v int)", "INSERT INTO sallyport.journal_later VALUES (1)"}
	var wg sync.WaitGroup
	errs := make([]error, 4)
	others := make([]*postgres.Journal, len(errs))
	for i := range others {
		others[i] = open(t, dsn)
	}
	for i := range errs {
		wg.Go(func() { errs[i] = others[i].Migrate(t.Context(), step) })
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Equal(t, 1, ask[int](t, dsn, "SELECT count(*) FROM sallyport.journal_later"))
	require.NoError(t, j.Migrate(t.Context(), step))
	require.Equal(t, []string{"kept"}, mustRead(t, j, "s"))
	_, err := postgres.Open(t.Context(), dsn, nil)
	require.ErrorIs(t, err, postgres.ErrNewer)
	require.Equal(t, []string{"kept"}, mustRead(t, j, "s"))
}

// TestBrokenStep: a step that fails leaves nothing behind.
func TestBrokenStep(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	j := open(t, dsn)
	require.ErrorContains(t, j.Migrate(t.Context(), []string{"CREATE TABLE sallyport.half (v int)", "SELECT nonsense"}), "nonsense")
	require.Zero(t, ask[int](t, dsn, "SELECT count(*) FROM pg_tables WHERE tablename = 'half'"))
	add(t, open(t, dsn), "s", 0, "x")
}

// TestRefusedTables: tables that are not whole are not worked with, nor made whole.
func TestRefusedTables(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	for name, sql := range map[string]string{
		"no row in meta":      "DELETE FROM %s.journal_meta",
		"no table of records": "DROP TABLE %s.journal_record",
		"no table of streams": "DROP TABLE %s.journal_stream",
		"no meta":             "DROP TABLE %s.journal_meta",
	} {
		opts := &postgres.Options{Schema: strings.ToLower(rand.Text())}
		j, err := postgres.Open(t.Context(), dsn, opts)
		require.NoError(t, err)
		defer j.Close()
		add(t, j, "s", 0, "x")
		exec(t, dsn, fmt.Sprintf(sql, `"`+opts.Schema+`"`))
		_, err = postgres.Open(t.Context(), dsn, opts)
		require.Error(t, err, name)
		_, err = j.Append(t.Context(), journal.Append{Stream: "s", Expect: 1, Entries: make2("y")})
		require.Error(t, err, name)
		require.NotErrorIs(t, err, journal.ErrUnknown)
	}
}

// TestOptions: what is wrong is said, all at once.
func TestOptions(t *testing.T) {
	t.Parallel()
	for _, o := range []postgres.Options{{Schema: strings.Repeat("s", 64)}, {Schema: "a\x00b"}, {Timeout: -1}} {
		_, err := postgres.Open(t.Context(), "postgres://localhost:1/x", &o)
		require.ErrorContains(t, err, "postgres: the ")
		require.NotContains(t, err.Error(), "connect")
	}
	_, err := postgres.Open(t.Context(), "postgres://localhost:1/x", &postgres.Options{Schema: "a\x00b", Timeout: -1})
	require.ErrorContains(t, err, "schema")
	require.ErrorContains(t, err, "timeout")
	_, err = postgres.Open(t.Context(), "postgres://127.0.0.1:1/x?connect_timeout=1", &postgres.Options{Timeout: time.Second})
	require.Error(t, err)
	_, err = postgres.Open(t.Context(), "no such form", nil)
	require.Error(t, err)
	pool, err := pgxpool.New(t.Context(), "postgres://127.0.0.1:1/x")
	require.NoError(t, err)
	defer pool.Close()
	_, err = postgres.New(t.Context(), pool, nil)
	require.Error(t, err)
}
