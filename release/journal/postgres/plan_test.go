package postgres_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/pgtest"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// TestGrown: sessions whose statements were planned when the tables were all but empty do
// not go on to read whole tables when they have grown.
func TestGrown(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	j := open(t, dsn+"&pool_max_conns=1")
	for _, table := range []string{"meta", "stream", "record"} {
		exec(t, dsn, "ALTER TABLE sallyport.journal_"+table+" SET (autovacuum_enabled = off)", "VACUUM ANALYZE sallyport.journal_"+table)
	}
	n := uint64(0)
	use := func(times int) {
		for range times {
			add(t, j, "s", n, "x")
			add(t, j, "s", n+1, "x", "y")
			n += 3
			_, err := j.Append(t.Context(), journal.Append{Stream: "s", Expect: 1 << 40, Entries: make2("x")})
			require.ErrorIs(t, err, journal.ErrConflict)
			for _, err := range j.Load(t.Context(), "s", n-1) {
				require.NoError(t, err)
			}
			var last journal.Cursor
			for r, err := range j.Feed(t.Context(), "") {
				require.NoError(t, err)
				last = r.Cursor
				break
			}
			for _, err := range j.Feed(t.Context(), last) {
				require.NoError(t, err)
				break
			}
			leases, err := j.Claim(t.Context(), journal.Claim{TTL: time.Hour, Max: 1})
			require.NoError(t, err)
			for _, l := range leases {
				require.NoError(t, j.Renew(t.Context(), l, time.Hour))
				require.NoError(t, j.Release(t.Context(), l, journal.Never))
			}
		}
	}
	use(7) // a plan is kept from the sixth time on
	const streams = 2048
	var wg sync.WaitGroup
	for w := range 64 {
		wg.Go(func() {
			for i := w; i < streams; i += 64 {
				_, err := j.Append(t.Context(), journal.Append{Stream: fmt.Sprint("stream ", i), Entries: make2("x")})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	use(7)
	require.NoError(t, j.Close()) // a session counts what it read when it ends at the latest
	quiet(t, dsn)
	read := ask[int](t, dsn, "SELECT sum(seq_tup_read)::int FROM pg_stat_user_tables WHERE relname IN ('journal_stream', 'journal_record')")
	t.Log(read, "rows were read by reading a whole table")
	require.Less(t, read, 32*streams, "and more than a thousand times as many if plans stay")
}
