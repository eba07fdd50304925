package postgres_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/pgtest"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/postgres"
)

// BenchmarkClaim claims one stream among 100,000 and releases it. Only claims are in the
// percentiles: postgres, each stream is due; scarce, one in a thousand is; leased, all are
// due, and those that have been for longest, a tenth, somebody else has.
func BenchmarkClaim(b *testing.B) {
	for _, c := range []struct {
		name   string
		wake   func(i int) time.Duration
		leased int
	}{
		{"postgres", func(int) time.Duration { return 0 }, 0},
		{"postgres/scarce", func(i int) time.Duration { return time.Duration(min(i%1000, 1)) * time.Hour }, 0},
		{"postgres/leased", func(int) time.Duration { return 0 }, 10_000},
	} {
		b.Run(c.name, func(b *testing.B) {
			j := open(b, pgtest.DSN(b))
			fill(b, j, 100_000, c.wake)
			for n := 0; n < c.leased; {
				leases, err := j.Claim(b.Context(), journal.Claim{Worker: "other", TTL: time.Hour, Max: 1000})
				require.NoError(b, err)
				n += len(leases)
			}
			took := make([]time.Duration, 0, 1<<16)
			for b.Loop() {
				start := time.Now()
				leases, err := j.Claim(b.Context(), journal.Claim{Worker: "w", TTL: time.Minute, Max: 1})
				took = append(took, time.Since(start))
				require.NoError(b, err)
				require.Len(b, leases, 1)
				require.NoError(b, j.Release(b.Context(), leases[0], 0))
			}
			slices.Sort(took)
			b.ReportMetric(took[len(took)/2].Seconds()*1e6, "p50-µs")
			b.ReportMetric(took[len(took)*99/100].Seconds()*1e6, "p99-µs")
		})
	}
}

// fill appends one record to each of so many streams.
func fill(b *testing.B, j journal.Journal, streams int, wake func(i int) time.Duration) {
	b.Helper()
	const at = 256
	var wg sync.WaitGroup
	for k := range at {
		wg.Go(func() {
			for i := k; i < streams; i += at {
				a := journal.Append{Stream: fmt.Sprintf("service-%06d/production", i), Wake: wake(i), Entries: make2(string(make([]byte, 400)))}
				if _, err := j.Append(b.Context(), a); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkOpen opens a journal of 100,000 records, with a pool of its own that has yet to
// connect. There is nothing in it that a client would have to recover; recovery-ms is what
// the server took for that after it was killed.
func BenchmarkOpen(b *testing.B) {
	b.Run("postgres", func(b *testing.B) {
		s := pgtest.NewServer(b)
		fill(b, open(b, s.DSN()), 100_000, func(int) time.Duration { return journal.Never })
		require.NoError(b, s.Kill())
		start := time.Now()
		require.NoError(b, s.Start())
		recovery := time.Since(start)
		var took []time.Duration
		for b.Loop() {
			start := time.Now()
			j, err := postgres.Open(b.Context(), s.DSN(), nil)
			require.NoError(b, err)
			took = append(took, time.Since(start))
			require.NoError(b, j.Close())
		}
		slices.Sort(took)
		b.ReportMetric(took[len(took)/2].Seconds()*1e3, "ms")
		b.ReportMetric(recovery.Seconds()*1e3, "recovery-ms")
	})
}
