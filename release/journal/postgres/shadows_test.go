package postgres_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/pgtest"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/postgres"
)

// TestShadows: functions and operators that somebody has made in a schema on the search
// path, with the names of the server's own and types that fit, are not taken for those.
func TestShadows(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	exec(t, dsn,
		`CREATE FUNCTION public.trap(numeric, integer) RETURNS numeric LANGUAGE plpgsql AS 'BEGIN RAISE ''shadowed''; END'`,
		`CREATE OPERATOR public.* (leftarg = numeric, rightarg = integer, function = public.trap)`,
		`CREATE FUNCTION public.trap(bytea, bytea) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RAISE ''shadowed''; END'`,
		`CREATE OPERATOR public.= (leftarg = bytea, rightarg = bytea, function = public.trap)`,
		`CREATE FUNCTION public.trap(bigint, bigint) RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RAISE ''shadowed''; END'`,
		`CREATE AGGREGATE public.array_agg(bigint) (sfunc = public.trap, stype = bigint, initcond = '0')`,
		`CREATE AGGREGATE public.max(bigint) (sfunc = public.trap, stype = bigint, initcond = '0')`,
		`CREATE FUNCTION public.unnest(bytea[]) RETURNS SETOF bytea LANGUAGE plpgsql AS 'BEGIN RAISE ''shadowed''; END'`,
		`CREATE FUNCTION public.unnest(bigint[]) RETURNS SETOF bigint LANGUAGE plpgsql AS 'BEGIN RAISE ''shadowed''; END'`,
		`CREATE FUNCTION public.unnest(text[]) RETURNS SETOF text LANGUAGE plpgsql AS 'BEGIN RAISE ''shadowed''; END'`,
		`CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS 'BEGIN RAISE ''shadowed''; END'`,
		`CREATE FUNCTION public.current_setting(text, bool) RETURNS text LANGUAGE sql AS 'SELECT ''on''::text'`,
		`CREATE FUNCTION public.octet_length(bytea) RETURNS integer LANGUAGE sql AS 'SELECT 0'`,
	)
	_, err := postgres.Open(t.Context(), dsn+"&options="+url.QueryEscape("-csearch_path=public,pg_catalog"), nil)
	require.ErrorIs(t, err, postgres.ErrWeak)

	j := open(t, dsn+"&options="+url.QueryEscape("-csearch_path=public"))
	before := time.Now().Add(-time.Minute).UnixMicro()
	for n := range uint64(3) {
		_, err := j.Append(t.Context(), journal.Append{Stream: "s", Expect: n, Entries: make2("x")})
		require.NoError(t, err)
	}
	_, err = j.Append(t.Context(), journal.Append{Stream: "new", Entries: make2("x", "y")})
	require.NoError(t, err)
	require.Less(t, before, ask[int64](t, dsn, "SELECT min(wake) FROM sallyport.journal_stream"))
	leases, err := j.Claim(t.Context(), journal.Claim{TTL: time.Minute, Max: 10})
	require.NoError(t, err)
	require.Len(t, leases, 2)
	for _, l := range leases {
		require.NoError(t, j.Renew(t.Context(), l, time.Minute))
		require.NoError(t, j.Release(t.Context(), l, time.Minute))
	}
	require.NoError(t, j.Compact(t.Context(), head(t, j, "s", 2)))
	require.NoError(t, everything(t, j))
}
