package journal_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// BenchmarkJournal appends 400-byte records, each with its expected version, to 1
// and to 64 streams at once. x-fsync is appends/s divided by how often per second
// the same disk makes one preallocated 4 KiB block durable, measured just before:
// alone, more than about 1 would mean that an append is not durable.
func BenchmarkJournal(b *testing.B) {
	for _, store := range []struct {
		name string
		open func(b *testing.B) journal.Journal
	}{
		{"memory", func(*testing.B) journal.Journal { return new(journal.Memory) }},
		{"file", func(b *testing.B) journal.Journal {
			f, err := journal.Open(filepath.Join(b.TempDir(), "j"), nil)
			require.NoError(b, err)
			return f
		}},
	} {
		for _, streams := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/%d", store.name, streams), func(b *testing.B) {
				base := fsyncRate(b, 300*time.Millisecond)
				j := store.open(b)
				defer j.Close()
				b.ReportAllocs()
				b.ResetTimer()
				var wg sync.WaitGroup
				for s := range streams {
					n := b.N / streams
					if s < b.N%streams {
						n++
					}
					wg.Go(func() {
						name := fmt.Sprintf("stream-%d", s)
						data := make([]byte, 400)
						for i := range n {
							a := journal.Append{Stream: name, Expect: uint64(i), Entries: []journal.Entry{{Kind: "k", Data: data}}}
							if _, err := j.Append(b.Context(), a); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				rate := float64(b.N) / b.Elapsed().Seconds()
				b.ReportMetric(rate, "appends/s")
				b.ReportMetric(rate/base, "x-fsync")
			})
		}
	}
}

// fsyncRate is how many 4 KiB overwrites of preallocated space a second become
// durable.
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
		require.NoError(b, journal.Datasync(f))
		n++
	}
	return float64(n) / time.Since(start).Seconds()
}

// BenchmarkOpen says how fast a journal of 100,000 records opens.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "j")
	f, err := journal.Open(path, nil)
	require.NoError(b, err)
	const records = 100_000
	for i := 0; i < records; i += 100 {
		entries := make([]journal.Entry, 100)
		for k := range entries {
			entries[k] = journal.Entry{Kind: "k", Data: make([]byte, 400)}
		}
		_, err := f.Append(b.Context(), journal.Append{Stream: "s", Expect: uint64(i), Entries: entries})
		require.NoError(b, err)
	}
	require.NoError(b, f.Close())
	for b.Loop() {
		f, err := journal.Open(path, nil)
		require.NoError(b, err)
		require.NoError(b, f.Close())
	}
	b.ReportMetric(records*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
