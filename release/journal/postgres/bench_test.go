package postgres_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/pgtest"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/postgres"
)

// BenchmarkAppend appends 400-byte records, each with its expected version, to 1 and to 64
// streams at once, over 1 and 4 journals with a pool of their own each, as processes
// have. x-fsync is appends/s divided by how often per second the disk makes one
// preallocated 4 KiB block durable, measured just before.
func BenchmarkAppend(b *testing.B) {
	for _, journals := range []int{1, 4} {
		for _, streams := range []int{1, 64} {
			b.Run(fmt.Sprintf("journals=%d/%d", journals, streams), func(b *testing.B) {
				dsn := pgtest.DSN(b)
				var js []*postgres.Journal
				for range journals {
					js = append(js, open(b, dsn))
				}
				base := fsyncRate(b, 300*time.Millisecond)
				b.ReportAllocs()
				b.ResetTimer()
				var wg sync.WaitGroup
				for s := range streams * journals {
					n := b.N / (streams * journals)
					if s < b.N%(streams*journals) {
						n++
					}
					wg.Go(func() {
						name := fmt.Sprintf("stream-%d", s)
						data := make([]byte, 400)
						for i := range n {
							a := journal.Append{Stream: name, Expect: uint64(i), Entries: []journal.Entry{{Kind: "k", Data: data}}}
							if _, err := js[s%journals].Append(b.Context(), a); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				rate := float64(b.N) / b.Elapsed().Seconds()
				b.ReportMetric(rate, "appends/s")
				b.ReportMetric(base, "fsyncs/s")
				b.ReportMetric(rate/base, "x-fsync")
			})
		}
	}
}

// fsyncRate is how many 4 KiB overwrites of preallocated space a second become durable.
func fsyncRate(b *testing.B, d time.Duration) float64 {
	f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
	require.NoError(b, err)
	defer f.Close()
	const block, blocks = 4096, 256
	_, err = f.Write(make([]byte, block*blocks))
	require.NoError(b, err)
	require.NoError(b, f.Sync())
	buf := make([]byte, block)
	buf[0] = 1
	n, start := 0, time.Now()
	for time.Since(start) < d {
		_, err := f.WriteAt(buf, int64(n%blocks)*block)
		require.NoError(b, err)
		require.NoError(b, datasync(f))
		n++
	}
	return float64(n) / time.Since(start).Seconds()
}
