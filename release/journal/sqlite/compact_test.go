package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// A loop over the feed that records are compacted away from under goes on if it has seen
// them, and says so if it has not.
func TestCompactionBesideLoops(t *testing.T) {
	t.Parallel()
	j := open(t, filepath.Join(t.TempDir(), "j.db"))
	add(t, j, "before", 0, 10)
	all := add(t, j, "s", 0, 600)
	add(t, j, "after", 0, 300)
	seen, last := 0, error(nil)
	for r, err := range j.Load(t.Context(), "s", 0) {
		if last = err; err != nil {
			break
		}
		if seen++; r.Seq == 100 {
			require.NoError(t, j.Compact(t.Context(), all[149].Head())) // within what was read already
		}
	}
	require.NoError(t, last)
	require.Equal(t, 600, seen)
	seen = 0
	for r, err := range j.Load(t.Context(), "s", 150) {
		if last = err; err != nil {
			break
		}
		if seen++; r.Seq == 200 {
			require.NoError(t, j.Compact(t.Context(), all[549].Head()))
		}
	}
	var compacted *journal.CompactedError
	require.ErrorAs(t, last, &compacted)
	require.Equal(t, all[549].Head(), compacted.Base)
	require.Equal(t, 256, seen)

	require.Len(t, feed(t, j, ""), 10+50+300)
	seen = 0
	for r, err := range j.Feed(t.Context(), "") {
		if last = err; err != nil {
			break
		}
		if seen++; r.Stream == "after" && r.Seq == 1 {
			add(t, j, "after", 300, 1)
			for r, err := range j.Load(t.Context(), "after", 299) {
				require.NoError(t, err)
				if r.Seq == 300 { // the end of the feed, as the loop knows it
					require.NoError(t, j.Compact(t.Context(), r.Head()))
				}
			}
		}
	}
	require.ErrorIs(t, last, journal.ErrCompacted)
	require.Equal(t, 256, seen)

	// Refused, and nothing is forgotten.
	kept := feed(t, j, "")
	wrong := all[559].Head()
	wrong.Hash[0]++
	for _, base := range []journal.Head{wrong, {Stream: "s", Seq: 600, Hash: all[599].Hash}, {Stream: "s", Seq: 700}, {Stream: "s", Seq: 1 << 63}, {Stream: "none", Seq: 1}} {
		require.ErrorIs(t, j.Compact(t.Context(), base), journal.ErrConflict)
	}
	require.NoError(t, j.Compact(t.Context(), all[0].Head()), "what was forgotten before")
	require.Equal(t, kept, feed(t, j, ""))
}

// What the feed was to end with is gone when the loop comes to it.
func TestFeedEndsTooEarly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j.db")
	j := open(t, path)
	add(t, j, "a", 0, 256) // a page
	add(t, j, "b", 0, 10)
	n, last := 0, error(nil)
	for _, err := range j.Feed(t.Context(), "") {
		if last = err; err != nil {
			break
		}
		if n++; n == 1 {
			exec1(t, raw(t, path), "DELETE FROM sallyport_journal_records WHERE position > 256")
		}
	}
	require.Equal(t, 256, n)
	require.ErrorIs(t, last, journal.ErrCorrupt)
}

// Space is given back in small pieces. If that ends in the middle, what is kept is whole,
// and the next compaction goes on.
func TestCompactionInPieces(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j.db")
	count := raw(t, path)
	var left []int
	ctx, cancel := context.WithCancel(t.Context())
	j, on := armed(t, path, func(query string, run func() error) error {
		err := run()
		if query == "COMMIT" {
			var n int
			if err := count.QueryRow("SELECT count(*) FROM sallyport_journal_records").Scan(&n); err != nil {
				t.Error(err)
			}
			if left = append(left, n); len(left) == 3 {
				cancel()
			}
		}
		return err
	})
	add(t, j, "s", 1, 999)
	base := add(t, j, "s", 1000, 1000)[998].Head()
	add(t, j, "other", 0, 100)
	on.Store(true)
	require.ErrorIs(t, j.Compact(ctx, base), context.Canceled)
	require.EqualValues(t, 2000, length(t, j, "s"))
	require.Len(t, feed(t, j, ""), 101)
	_, err := journal.VerifyAll(t.Context(), j)
	require.NoError(t, err)
	require.NoError(t, j.Compact(t.Context(), base))
	require.Equal(t, 2100, left[0], "it is forgotten first")
	for i, n := range left[1:] {
		require.Greater(t, n, left[i]-564)
		require.Less(t, n, left[i])
	}
	require.Equal(t, 101, left[len(left)-1])
	require.Len(t, feed(t, j, ""), 101)
}
