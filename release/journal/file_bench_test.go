package journal_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// BenchmarkOpen says how fast a journal opens after a crash: its time grows with the
// records that are kept, so that a journal whose streams are compacted behind a snapshot
// opens in a time that does not depend on how long it has been used.
func BenchmarkOpen(b *testing.B) {
	for _, records := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("all/%d", records), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "j")
			fill(b, path, records, false)
			benchmarkOpen(b, path, records)
		})
		b.Run(fmt.Sprintf("compacted/%d", records), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "j")
			fill(b, path, records, true)
			benchmarkOpen(b, path, 0)
		})
	}
}

// benchmarkOpen opens a file that holds so many records; 0 says that they are too few to
// make a rate.
func benchmarkOpen(b *testing.B, path string, kept int) {
	for b.Loop() {
		f, err := journal.Open(path, nil)
		require.NoError(b, err)
		require.NoError(b, f.Abandon())
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)*1e3, "ms")
	if kept > 0 {
		b.ReportMetric(float64(kept)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
	}
}

// fill appends records to 100 streams, and compacts each of them each time that 100 more
// are in it. It ends as a crash does.
func fill(b *testing.B, path string, records int, compact bool) {
	f, err := journal.Open(path, nil)
	require.NoError(b, err)
	for i := 0; i < records; i += 100 {
		entries := make([]journal.Entry, 100)
		for k := range entries {
			entries[k] = journal.Entry{Kind: "k", Data: make([]byte, 400)}
		}
		added, err := f.Append(b.Context(), journal.Append{
			Stream: fmt.Sprint("s", i/100%100), Expect: uint64(i / 10_000 * 100), Entries: entries,
		})
		require.NoError(b, err)
		if compact {
			require.NoError(b, f.Compact(b.Context(), added[98].Head()))
		}
	}
	require.NoError(b, f.Abandon())
}

// BenchmarkFeed reads the feed from its beginning, and from a cursor near its end.
func BenchmarkFeed(b *testing.B) {
	const records = 100_000
	path := filepath.Join(b.TempDir(), "j")
	fill(b, path, records, false)
	f, err := journal.Open(path, nil)
	require.NoError(b, err)
	defer f.Close()
	b.Run("all", func(b *testing.B) {
		n := 0
		for b.Loop() {
			for _, err := range f.Feed(b.Context(), "") {
				require.NoError(b, err)
				n++
			}
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
	})
	b.Run("tail", func(b *testing.B) {
		var cursors []journal.Cursor
		for r, err := range f.Feed(b.Context(), "") {
			require.NoError(b, err)
			cursors = append(cursors, r.Cursor)
		}
		for b.Loop() {
			for _, err := range f.Feed(b.Context(), cursors[records-10]) {
				require.NoError(b, err)
			}
		}
	})
}
