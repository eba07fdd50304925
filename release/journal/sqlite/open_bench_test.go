package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/sqlite"
)

// BenchmarkOpen opens a journal of 100,000 records as a process left it that was killed
// just before it would have moved the log into the database, at the longest that the
// log gets.
func BenchmarkOpen(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		path := filepath.Join(b.TempDir(), "j.db")
		j, err := sqlite.Open(b.Context(), path, nil)
		require.NoError(b, err)
		const records, size = 100_000, 100
		for i := 0; i < records; i += size {
			entries := make([]journal.Entry, size)
			for k := range entries {
				entries[k] = journal.Entry{Kind: "k", Data: make([]byte, 400)}
			}
			_, err := j.Append(b.Context(), journal.Append{Stream: fmt.Sprint("s", i/size%10), Expect: uint64(i / size / 10 * size), Entries: entries})
			require.NoError(b, err)
		}
		var took []time.Duration
		require.NoError(b, j.Close())
		for range max(b.N, 5) {
			child(b, "crash", path)
			log, err := os.Stat(path + "-wal")
			require.NoError(b, err)
			b.ReportMetric(float64(log.Size())/1e6, "log-MB")
			start := time.Now()
			j, err := sqlite.Open(b.Context(), path, nil)
			require.NoError(b, err)
			took = append(took, time.Since(start))
			require.NoError(b, j.Close())
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms")
	})
}

// crashChild appends until the log is nearly as long as it gets, and dies.
func crashChild(args []string) error {
	ctx := context.Background()
	j, err := sqlite.Open(ctx, args[0], nil)
	if err != nil {
		return err
	}
	stream := fmt.Sprint("crash ", os.Getpid())
	for i := uint64(0); ; i++ {
		if _, err := j.Append(ctx, journal.Append{Stream: stream, Expect: i, Entries: []journal.Entry{{Kind: "k", Data: make([]byte, 400)}}}); err != nil {
			return err
		}
		log, err := os.Stat(args[0] + "-wal")
		if err != nil {
			return err
		}
		if log.Size() > (sqlite.CheckpointPages-20)*4120 {
			os.Exit(0)
		}
	}
}
