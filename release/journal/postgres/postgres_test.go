package postgres_test

import (
	"context"
	"crypto/rand"
	"flag"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/pgtest"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/journaltest"
	"github.com/sallyport-dev/sallyport/release/journal/postgres"
)

var long = flag.Bool("long", false, "run the long tests: more faults, and at every byte")

// open opens the journal that is the whole of a database.
func open(t testing.TB, dsn string) *postgres.Journal {
	t.Helper()
	j, err := postgres.Open(t.Context(), dsn, nil)
	require.NoError(t, err)
	t.Cleanup(func() { j.Close() })
	return j
}

// TestConformance runs the suite on a server, with every other journal behind a pooler if
// there is one.
func TestConformance(t *testing.T) {
	t.Parallel()
	dsns := []string{pgtest.DSN(t)}
	if program := findPooler(); program != "" {
		dsns = append(dsns, pooler(t, program, dsns[0]))
	}
	conform(t, dsns, 4)
}

// conform runs the suite with two journals on the same tables, as two machines
// would open them, each in its way, one after the other, and in the modes in which a pool
// may be: with prepared statements, without, and with the texts only. Each journal has a
// schema of its own, which costs less than a database.
func conform(t *testing.T, dsns []string, rounds int) {
	modes := []string{"cache_statement", "exec", "simple_protocol"}
	var mu sync.Mutex
	opened, schemas := 0, map[journal.Journal]string{}
	start := func(t testing.TB, schema string) journal.Journal {
		mu.Lock()
		n := opened
		opened++
		mu.Unlock()
		if schema == "" {
			schema = rand.Text()
		}
		j, err := postgres.Open(t.Context(), dsns[n%len(dsns)]+"&default_query_exec_mode="+modes[n%len(modes)], &postgres.Options{Schema: schema})
		require.NoError(t, err)
		t.Cleanup(func() { j.Close() })
		mu.Lock()
		defer mu.Unlock()
		schemas[j] = schema
		return j
	}
	again := func(t testing.TB, j journal.Journal) journal.Journal {
		mu.Lock()
		schema := schemas[j]
		mu.Unlock()
		return start(t, schema)
	}
	journaltest.Run(t, func(t testing.TB) journal.Journal { return start(t, "") },
		&journaltest.Options{
			Rounds: rounds,
			Beside: again,
			Reopen: func(t testing.TB, j journal.Journal) journal.Journal {
				require.NoError(t, j.Close())
				return again(t, j)
			},
		})
}

// TestCallersPool: a pool stays the caller's, and one connection is enough, also when the
// body of a loop appends.
func TestCallersPool(t *testing.T) {
	t.Parallel()
	config, err := pgxpool.ParseConfig(pgtest.DSN(t))
	require.NoError(t, err)
	config.MaxConns = 1
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	defer pool.Close()
	j, err := postgres.New(t.Context(), pool, &postgres.Options{Schema: `odd "name"`})
	require.NoError(t, err)
	_, err = j.Append(t.Context(), journal.Append{Stream: "s", Entries: make2("a", "b")})
	require.NoError(t, err)
	n := uint64(2)
	for r, err := range j.Feed(t.Context(), "") {
		require.NoError(t, err)
		_, err = j.Append(t.Context(), journal.Append{Stream: "s", Expect: n, Entries: make2(string(r.Data) + "!")})
		require.NoError(t, err)
		n++
	}
	require.EqualValues(t, 4, n)
	require.NoError(t, j.Close())
	require.NoError(t, pool.Ping(t.Context()))
}

// make2 is entries with these data.
func make2(data ...string) []journal.Entry {
	var out []journal.Entry
	for _, d := range data {
		out = append(out, journal.Entry{Kind: "test", Data: []byte(d)})
	}
	return out
}

// add appends and must succeed.
func add(t testing.TB, j journal.Journal, stream string, expect uint64, data ...string) []journal.Record {
	t.Helper()
	r, err := j.Append(t.Context(), journal.Append{Stream: stream, Expect: expect, Wake: journal.Never, Entries: make2(data...)})
	require.NoError(t, err)
	return r
}

// read is a stream, verified.
func read(ctx context.Context, j journal.Reader, stream string) ([]string, error) {
	var out []string
	head := journal.Head{Stream: stream}
	for r, err := range j.Load(ctx, stream, 0) {
		if err != nil {
			return nil, err
		}
		if err := head.Check(r); err != nil {
			return nil, err
		}
		head = r.Head()
		out = append(out, string(r.Data))
	}
	return out, nil
}
