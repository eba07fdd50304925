package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/pgtest"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/postgres"
)

// either is a pool that leads to whichever of two servers takes writes.
func either(t *testing.T, a, b *pgtest.Server) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig("host=" + a.Dir() + "," + b.Dir() + " port=5432,5432 user=postgres dbname=postgres sslmode=disable target_session_attrs=read-write")
	require.NoError(t, err)
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// over has a standby take over from a server that is no more.
func over(t *testing.T, primary, standby *pgtest.Server) {
	t.Helper()
	require.NoError(t, primary.Kill())
	// It does not wait for the end in SQL: the promotion might wait for its snapshot.
	exec(t, standby.DSN(), "SELECT pg_promote(wait => false)")
	require.Eventually(t, func() bool { return !ask[bool](t, standby.DSN(), "SELECT pg_is_in_recovery()") }, 30*time.Second, 5*time.Millisecond)
}

// caughtUp waits until a standby has all that a server has.
func caughtUp(t *testing.T, primary, standby *pgtest.Server) {
	t.Helper()
	want := ask[string](t, primary.DSN(), "SELECT pg_current_wal_flush_lsn()::text")
	require.Eventually(t, func() bool {
		return ask[bool](t, standby.DSN(), "SELECT pg_last_wal_replay_lsn() >= $1::text::pg_lsn", want)
	}, 20*time.Second, 5*time.Millisecond)
}

// last is the cursor of the last record of the feed.
func last(t *testing.T, j journal.Reader) (c journal.Cursor) {
	t.Helper()
	for r, err := range j.Feed(t.Context(), "") {
		require.NoError(t, err)
		c = r.Cursor
	}
	return c
}

// TestFailover loses what a standby that takes over had not got. A standby itself is no
// place for a journal. Whoever has seen what was lost is told so, and nobody builds on it:
// neither a process that goes on with the same pool, nor one with a lease.
func TestFailover(t *testing.T) {
	t.Parallel()
	primary := pgtest.NewServer(t)
	j, err := postgres.New(t.Context(), either(t, primary, primary), nil)
	require.NoError(t, err)
	standby := primary.NewStandby(t)
	_, err = postgres.Open(t.Context(), standby.DSN(), nil)
	require.ErrorIs(t, err, postgres.ErrWeak)
	require.ErrorContains(t, err, "transaction_read_only")
	require.NoError(t, j.Close())
	j, err = postgres.New(t.Context(), either(t, primary, standby), nil)
	require.NoError(t, err)
	d, err := j.Durability(t.Context())
	require.NoError(t, err)
	require.Empty(t, d.SynchronousStandbys)

	_, err = j.Append(t.Context(), journal.Append{Stream: "leased", Entries: make2("1")})
	require.NoError(t, err)
	add(t, j, "s", 0, "1", "2")
	kept := last(t, j)
	caughtUp(t, primary, standby)
	exec(t, standby.DSN(), "ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()")
	require.Eventually(t, func() bool { return ask[int](t, standby.DSN(), "SELECT count(*) FROM pg_stat_wal_receiver") == 0 }, 10*time.Second, 5*time.Millisecond)
	add(t, j, "s", 2, "lost 3", "lost 4")
	add(t, j, "lost", 0, "1")
	leases, err := j.Claim(t.Context(), journal.Claim{Worker: "lost", TTL: time.Hour, Max: 1})
	require.NoError(t, err)
	require.Len(t, leases, 1)
	lost := last(t, j)

	over(t, primary, standby)
	_, err = j.Append(t.Context(), journal.Append{Stream: "s", Expect: 4, Entries: make2("5")})
	for errors.Is(err, journal.ErrUnknown) { // the old connections have to be found dead
		_, err = j.Append(t.Context(), journal.Append{Stream: "s", Expect: 4, Entries: make2("5")})
	}
	require.ErrorIs(t, err, journal.ErrConflict)
	for _, stream := range []string{"s", "lost"} {
		got, err := read(t.Context(), j, stream)
		require.NoError(t, err)
		require.Len(t, got, map[string]int{"s": 2, "lost": 0}[stream])
	}
	refused := func() {
		t.Helper()
		for _, err := range j.Feed(t.Context(), lost) {
			require.ErrorIs(t, err, journal.ErrCursor)
		}
	}
	refused()
	require.Equal(t, kept, last(t, j))
	_, err = j.Append(t.Context(), journal.Append{Stream: "leased", Expect: 1, Token: leases[0].Token, Entries: make2("2")})
	require.ErrorIs(t, err, journal.ErrFenced)
	require.ErrorIs(t, j.Renew(t.Context(), leases[0], time.Hour), journal.ErrFenced)
	for i := range uint64(6) {
		add(t, j, "s", 2+i, "other")
		refused()
	}
	add(t, j, "lost", 0, "1")
	require.NoError(t, everything(t, j))
}

// TestFailoverSynchronous loses nothing that was acknowledged, while appends go on.
func TestFailoverSynchronous(t *testing.T) {
	t.Parallel()
	primary := pgtest.NewServer(t)
	standby := primary.NewStandby(t)
	exec(t, primary.DSN(), "ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")
	require.Eventually(t, func() bool {
		return ask[int](t, primary.DSN(), "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == 1
	}, 10*time.Second, 5*time.Millisecond)
	j, err := postgres.New(t.Context(), either(t, primary, standby), &postgres.Options{Timeout: 5 * time.Second})
	require.NoError(t, err)
	d, err := j.Durability(t.Context())
	require.NoError(t, err)
	require.Equal(t, "*", d.SynchronousStandbys)

	type outcome struct{ acknowledged, there int }
	done := make(chan outcome)
	stop := make(chan struct{})
	go func() {
		var o outcome
		defer func() { done <- o }()
		n, data := uint64(0), ""
		for after := 0; after < 20; {
			data += "x"
			_, err := j.Append(t.Context(), journal.Append{Stream: "s", Expect: n, Entries: make2(data)})
			switch {
			case err == nil:
				o.acknowledged++
				n++
			case errors.Is(err, journal.ErrConflict): // what was not known is there
				n++
				o.there++
			}
			select {
			case <-stop:
				if err == nil {
					after++
				}
			default:
			}
		}
	}()
	time.Sleep(300 * time.Millisecond)
	over(t, primary, standby)
	exec(t, standby.DSN(), "ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")
	close(stop)
	o := <-done
	got := mustRead(t, j, "s")
	require.Len(t, got, o.acknowledged+o.there)
	require.LessOrEqual(t, o.there, 1)
	for i := range got {
		if i > 0 {
			require.Greater(t, len(got[i]), len(got[i-1]))
		}
	}
	require.NoError(t, everything(t, j))
	t.Logf("%+v", o)
}
