package journal_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/faulty"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// Appenders, compacters, rewriters, and readers of all kinds work at once, also ones
// that open the file for reading only while it is being replaced. Each feed reader that
// goes on from its last cursor meets every record once or is told that some are gone;
// and whatever anybody reads verifies.
func TestEverythingBesideRewriting(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), name)
	j, err := journal.Open(path, &journal.Options{Preallocate: 4096})
	require.NoError(t, err)
	ctx := context.Background()
	stop := make(chan struct{})
	var readers, writers sync.WaitGroup
	var rewritten, compacted, read, opened atomic.Int64
	fail := func(what string, err error) {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	until := func(f func() error, what string) {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := f(); err != nil {
					fail(what, err)
					return
				}
			}
		})
	}
	const streams, appends = 6, 20
	for w := range streams {
		writers.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 5))
			s := fmt.Sprint("s", w)
			for i := range uint64(appends) {
				added, err := j.Append(ctx, journal.Append{Stream: s, Expect: 2 * i, Wake: time.Duration(r.IntN(2)) * time.Hour, Entries: []journal.Entry{
					{Kind: "k", Data: []byte(strings.Repeat("x", r.IntN(800)))}, {Kind: "k", Data: []byte(fmt.Sprint(i))},
				}})
				if err != nil {
					fail("append", err)
					return
				}
				if w < 4 && r.IntN(4) == 0 { // two streams are kept whole
					fail("compact", j.Compact(ctx, added[0].Head()))
					compacted.Add(1)
				}
			}
		})
	}
	until(func() error { rewritten.Add(1); return j.Rewrite(ctx) }, "rewrite")
	until(func() error {
		_, err := contents(j)
		if errors.Is(err, journal.ErrCompacted) {
			err = nil // it was compacted after its base was asked for
		}
		return err
	}, "load")
	until(func() error {
		r, err := journal.Open(path, &journal.Options{ReadOnly: true})
		if err != nil {
			return err
		}
		opened.Add(1)
		if _, err := contents(r); err != nil {
			return err
		}
		_, err = fed(r, "")
		return errors.Join(err, r.Close())
	}, "read only")
	until(func() error {
		_, err := j.Claim(ctx, journal.Claim{TTL: time.Millisecond, Max: 3})
		return err
	}, "claim")
	for range 2 {
		after, seen := journal.Cursor(""), map[string]uint64{}
		until(func() error {
			for r, err := range j.Feed(ctx, after) {
				if errors.Is(err, journal.ErrCompacted) {
					after, seen = "", map[string]uint64{}
					return nil
				}
				if err != nil {
					return err
				}
				if last, ok := seen[r.Stream]; ok && r.Seq != last+1 || !ok && r.Stream >= "s4" && r.Seq != 1 {
					return fmt.Errorf("record %d of %q comes after %d", r.Seq, r.Stream, last)
				}
				seen[r.Stream], after = r.Seq, r.Cursor
				read.Add(1)
			}
			return nil
		}, "feed")
	}
	writers.Wait()
	close(stop)
	readers.Wait()
	require.Zero(t, j.Retired(), "old files are closed once nobody reads them")
	want, err := contents(j)
	require.NoError(t, err)
	feed, err := fed(j, "")
	require.NoError(t, err)
	require.NoError(t, j.Close())
	t.Logf("%d rewritten, %d compacted, %d read from feeds, %d opened", rewritten.Load(), compacted.Load(), read.Load(), opened.Load())
	require.Greater(t, rewritten.Load(), int64(5))

	j, err = journal.Open(path, nil)
	require.NoError(t, err)
	got, err := contents(j)
	require.NoError(t, err)
	require.Equal(t, want, got)
	for s := range streams {
		all, n := got[fmt.Sprint("s", s)], 2*appends
		require.Equal(t, fmt.Sprint(appends-1), all[len(all)-1])
		if s >= 4 {
			require.Len(t, all, n)
		}
	}
	again, err := fed(j, "")
	require.NoError(t, err)
	require.Equal(t, feed, again)
	require.NoError(t, j.Close())
}

// A loop that began before the file was replaced goes on in the old one, also when the
// records are forgotten meanwhile; a loop that begins afterwards does not see them.
func TestLoopsGoOnInTheOldFile(t *testing.T) {
	t.Parallel()
	j, err := journal.Open(filepath.Join(t.TempDir(), name), nil)
	require.NoError(t, err)
	require.NoError(t, appendTo(j, "a", 0, "1", "2", "3", "4", "5"))
	all, err := loaded(j, "a", 0)
	require.NoError(t, err)
	n := 0
	for r, err := range j.Load(t.Context(), "a", 0) {
		require.NoError(t, err)
		if n++; n == 1 {
			m := 0
			for r, err := range j.Feed(t.Context(), "") {
				require.NoError(t, err)
				if m++; m == 1 {
					require.NoError(t, j.Compact(t.Context(), all[3].Head()))
					require.NoError(t, j.Rewrite(t.Context()))
					require.Equal(t, 1, j.Retired())
				}
				require.Equal(t, all[m-1], r.Record)
			}
			require.Equal(t, 5, m)
		}
		require.Equal(t, all[n-1], r)
	}
	require.Equal(t, 5, n)
	require.Zero(t, j.Retired())
	got, err := contents(j)
	require.NoError(t, err)
	require.Equal(t, map[string][]string{"a": {"5"}}, got)
	// Closed in the middle, a loop in an old file ends too.
	for _, err := range j.Load(t.Context(), "a", 4) {
		require.NoError(t, err)
		require.NoError(t, appendTo(j, "a", 5, "6"))
		require.NoError(t, j.Rewrite(t.Context()))
		require.NoError(t, j.Close())
	}
	require.ErrorIs(t, j.Rewrite(t.Context()), journal.ErrClosed)
	require.ErrorIs(t, j.Compact(t.Context(), all[4].Head()), journal.ErrClosed)
}

// Compact costs an append, and writes the file anew only when half of it is forgotten: a
// host that compacts 400 streams one after the other copies no more than it forgets.
func TestCompactingManyStreams(t *testing.T) {
	t.Parallel()
	d := faulty.NewDisk()
	j, err := openDisk(d, journal.Options{Preallocate: 16384})
	require.NoError(t, err)
	const streams = 400
	for i := range streams {
		require.NoError(t, appendTo(j, fmt.Sprint("s", i), 0, strings.Repeat("x", 400), strings.Repeat("x", 400), "last"))
	}
	before := len(d.Bytes(name))
	rewritten, size := 0, before
	for i := range streams {
		all, err := loaded(j, fmt.Sprint("s", i), 0)
		require.NoError(t, err)
		require.NoError(t, j.Compact(t.Context(), all[1].Head()))
		if now := len(d.Bytes(name)); now < size {
			rewritten++
			size = now
		}
	}
	require.Less(t, len(d.Bytes(name)), before/3)
	require.Greater(t, rewritten, 0)
	require.Less(t, rewritten, 6)
	require.NoError(t, j.Close())
}

// A file opened for reading only reads and refuses the rest.
func TestReadOnlyRefuses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), name)
	w, err := journal.Open(path, nil)
	require.NoError(t, err)
	defer w.Close()
	require.NoError(t, appendTo(w, "a", 0, "1", "2"))
	r, err := journal.Open(path, &journal.Options{ReadOnly: true})
	require.NoError(t, err)
	defer r.Close()
	_, err = r.Claim(t.Context(), journal.Claim{TTL: time.Second, Max: 1})
	require.ErrorContains(t, err, "reading only")
	l := journal.Lease{Stream: "a", Token: 1}
	require.ErrorContains(t, r.Renew(t.Context(), l, time.Second), "reading only")
	require.ErrorContains(t, r.Release(t.Context(), l, 0), "reading only")
	require.ErrorContains(t, r.Compact(t.Context(), journal.Head{Stream: "a"}), "reading only")
	require.ErrorContains(t, r.Rewrite(t.Context()), "reading only")
	got, err := fed(r, "")
	require.NoError(t, err)
	require.Len(t, got, 2)
}

// Closing beside a rewriting waits for it, and leaves nothing beside the journal.
func TestCloseBesideRewriting(t *testing.T) {
	t.Parallel()
	for i := range 8 {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		j, err := journal.Open(path, nil)
		require.NoError(t, err)
		require.NoError(t, appendTo(j, "a", 0, strings.Repeat("x", 1<<20), "2"))
		done := make(chan error)
		go func() { done <- j.Rewrite(context.Background()) }()
		time.Sleep(time.Duration(i) * time.Millisecond)
		require.NoError(t, j.Close())
		require.NoFileExists(t, journal.Beside(path))
		if err := <-done; err != nil {
			require.ErrorIs(t, err, journal.ErrClosed)
		}
		j, err = journal.Open(path, nil)
		require.NoError(t, err)
		got, err := contents(j)
		require.NoError(t, err)
		require.Len(t, got["a"], 2)
		require.NoError(t, j.Close())
	}
}

// A context that ends ends a rewriting, and the journal goes on.
func TestCancelRewriting(t *testing.T) {
	t.Parallel()
	d := faulty.NewDisk()
	j, err := openDisk(d, small)
	require.NoError(t, err)
	require.NoError(t, appendTo(j, "a", 0, "1", "2"))
	all, err := loaded(j, "a", 0)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, j.Rewrite(ctx), context.Canceled)
	require.ErrorIs(t, j.Compact(ctx, all[0].Head()), context.Canceled)
	require.Equal(t, []string{name}, d.Names())
	require.NoError(t, appendTo(j, "a", 2, "3"))
	got, err := contents(j)
	require.NoError(t, err)
	require.Equal(t, []string{"1", "2", "3"}, got["a"])
	require.NoError(t, j.Close())
}
