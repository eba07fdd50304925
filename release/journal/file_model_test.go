package journal_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/faulty"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// twins are a Memory and a File that are asked the same. Whatever the order of appends,
// claims, compactions, rewritings and re-openings, they answer the same.
type twins struct {
	clock  time.Time
	disk   *faulty.Disk
	memory *journal.Memory
	file   *journal.File
	// leases are pairs: of the memory, and of the file.
	leases  [][2]journal.Lease
	highest map[string]uint64 // token of the file, per stream
	// released are the streams whose wake a release gave, which a File forgets.
	released map[string]bool
	cursors  []journal.Cursor
}

func (w *twins) now() time.Time { return w.clock }

func (w *twins) open(t require.TestingT) {
	var err error
	w.file, err = openDisk(w.disk, journal.Options{Preallocate: 4096, Now: w.now})
	require.NoError(t, err)
}

// same compares two errors by what a caller branches on.
func same(t require.TestingT, want, got error) {
	for _, target := range []error{journal.ErrConflict, journal.ErrFenced, journal.ErrCursor, journal.ErrCompacted} {
		require.Equal(t, errors.Is(want, target), errors.Is(got, target), "%v, %v", want, got)
	}
	require.Equal(t, want == nil, got == nil, "%v, %v", want, got)
}

func (w *twins) append(t require.TestingT, stream string, expect uint64, tokens [2]uint64, wake time.Duration, n int) {
	a := journal.Append{Stream: stream, Expect: expect, Token: tokens[0], Wake: wake}
	for i := range n {
		a.Entries = append(a.Entries, journal.Entry{At: w.clock, Kind: "k", Data: make([]byte, 40*i+int(expect%300))})
	}
	want, wantErr := w.memory.Append(context.Background(), a)
	a.Token = tokens[1]
	got, err := w.file.Append(context.Background(), a)
	same(t, wantErr, err)
	require.Equal(t, want, got)
	if err == nil {
		delete(w.released, stream)
	}
}

func loaded(r journal.Reader, stream string, after uint64) (out []journal.Record, err error) {
	for rec, err := range r.Load(context.Background(), stream, after) {
		if err != nil {
			return nil, err
		}
		out = append(out, rec)
	}
	return out, nil
}

func fed(r journal.Reader, after journal.Cursor) (out []journal.FeedRecord, err error) {
	for rec, err := range r.Feed(context.Background(), after) {
		if err != nil {
			return nil, err
		}
		out = append(out, rec)
	}
	return out, nil
}

// compare reads everything from both.
func (w *twins) compare(t require.TestingT) {
	var names []string
	for s, err := range w.file.Streams(context.Background()) {
		require.NoError(t, err)
		names = append(names, s)
	}
	var want []string
	for s := range w.memory.Streams(context.Background()) {
		want = append(want, s)
	}
	require.Equal(t, want, names)
	for _, s := range append(names, "none") {
		for _, after := range []uint64{0, 1, 2, 3, 5, 8, 13, 40} {
			a, aerr := loaded(w.memory, s, after)
			b, berr := loaded(w.file, s, after)
			same(t, aerr, berr)
			require.Equal(t, a, b)
			var x, y *journal.CompactedError
			if errors.As(aerr, &x) {
				require.ErrorAs(t, berr, &y)
				require.Equal(t, x.Base, y.Base)
			}
		}
	}
	a, err := fed(w.memory, "")
	require.NoError(t, err)
	b, err := fed(w.file, "")
	require.NoError(t, err)
	require.Equal(t, a, b)
	for _, r := range a {
		if !slices.Contains(w.cursors, r.Cursor) {
			w.cursors = append(w.cursors, r.Cursor)
		}
	}
	for _, c := range w.cursors {
		a, aerr := fed(w.memory, c)
		b, berr := fed(w.file, c)
		same(t, aerr, berr)
		require.Equal(t, a, b)
	}
}

func (w *twins) claim(t require.TestingT, c journal.Claim) {
	a, aerr := w.memory.Claim(context.Background(), c)
	b, berr := w.file.Claim(context.Background(), c)
	same(t, aerr, berr)
	// The order among equals is the store's, and after it was opened again a File takes
	// all that are due at once for equals.
	order := func(a, b journal.Lease) int { return slices.Compare([]byte(a.Stream), []byte(b.Stream)) }
	slices.SortFunc(a, order)
	slices.SortFunc(b, order)
	require.Len(t, b, len(a))
	for i := range a {
		require.Equal(t, a[i].Stream, b[i].Stream)
		require.Equal(t, a[i].Seq, b[i].Seq)
		require.Greater(t, b[i].Token, w.highest[b[i].Stream])
		w.highest[b[i].Stream] = b[i].Token
		w.leases = append(w.leases, [2]journal.Lease{a[i], b[i]})
	}
}

// reopen closes the file, in order or not. All leases end.
func (w *twins) reopen(t *rapid.T, crash bool) {
	if crash {
		w.disk.PowerCut(newRand(rapid.Uint64().Draw(t, "seed")))
	} else {
		require.NoError(t, w.file.Close())
	}
	w.clock = w.clock.Add(48 * time.Hour) // all leases of the memory are over too
	w.open(t)
	for _, l := range w.leases {
		require.ErrorIs(t, w.file.Renew(context.Background(), l[1], time.Hour), journal.ErrFenced)
		_, err := w.file.Append(context.Background(), journal.Append{
			Stream: l[1].Stream, Token: l[1].Token, Entries: []journal.Entry{{Kind: "k"}},
		})
		require.ErrorIs(t, err, journal.ErrFenced)
	}
	w.leases = nil
	for s := range w.released {
		head := journal.Head{}
		all, err := loaded(w.memory, s, mustBase(t, w.memory, s).Seq)
		require.NoError(t, err)
		head = all[len(all)-1].Head()
		w.append(t, s, head.Seq, [2]uint64{}, 0, 1)
	}
}

func mustBase(t require.TestingT, r journal.Reader, s string) journal.Head {
	b, err := journal.Base(context.Background(), r, s)
	require.NoError(t, err)
	return b
}

func TestFileIsLikeMemory(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := &twins{clock: time.Unix(1e9, 0), disk: faulty.NewDisk(), highest: map[string]uint64{}, released: map[string]bool{}}
		w.memory = &journal.Memory{Now: w.now}
		w.open(t)
		streams := rapid.SampledFrom([]string{"a", "b", "b/1", "c\xff"})
		wakes := rapid.SampledFrom([]time.Duration{0, 0, journal.Never, time.Millisecond, time.Hour, journal.MaxWake})
		head := func(s string) (seq uint64) {
			rec, _ := loaded(w.memory, s, mustBase(t, w.memory, s).Seq)
			if len(rec) > 0 {
				seq = rec[len(rec)-1].Seq
			}
			return seq
		}
		lease := func() ([2]journal.Lease, bool) {
			if len(w.leases) == 0 {
				return [2]journal.Lease{}, false
			}
			return w.leases[rapid.IntRange(0, len(w.leases)-1).Draw(t, "lease")], true
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 11).Draw(t, "what") {
			case 0, 1, 2, 3:
				s := streams.Draw(t, "stream")
				expect := head(s)
				if rapid.IntRange(0, 6).Draw(t, "wrong") == 0 {
					expect++
				}
				w.append(t, s, expect, [2]uint64{}, wakes.Draw(t, "wake"), rapid.IntRange(1, 3).Draw(t, "n"))
			case 4:
				if l, ok := lease(); ok {
					w.append(t, l[0].Stream, head(l[0].Stream), [2]uint64{l[0].Token, l[1].Token}, wakes.Draw(t, "wake"), 1)
				}
			case 5:
				w.claim(t, journal.Claim{Worker: "w", Prefix: rapid.SampledFrom([]string{"", "b"}).Draw(t, "prefix"), TTL: rapid.SampledFrom([]time.Duration{time.Second, time.Hour}).Draw(t, "ttl"), Max: 1000})
			case 6:
				if l, ok := lease(); ok {
					ttl := rapid.SampledFrom([]time.Duration{time.Second, time.Hour}).Draw(t, "ttl")
					same(t, w.memory.Renew(context.Background(), l[0], ttl), w.file.Renew(context.Background(), l[1], ttl))
				}
			case 7:
				if l, ok := lease(); ok {
					wake := wakes.Draw(t, "wake")
					err := w.memory.Release(context.Background(), l[0], wake)
					same(t, err, w.file.Release(context.Background(), l[1], wake))
					if err == nil && head(l[0].Stream) == l[0].Seq {
						w.released[l[0].Stream] = true
					}
				}
			case 8:
				w.clock = w.clock.Add(rapid.SampledFrom([]time.Duration{time.Millisecond, time.Second, 2 * time.Hour}).Draw(t, "later"))
			case 9:
				s := streams.Draw(t, "stream")
				base := mustBase(t, w.memory, s)
				all, err := loaded(w.memory, s, base.Seq)
				require.NoError(t, err)
				if len(all) > 0 && rapid.IntRange(0, 5).Draw(t, "old") > 0 {
					base = all[rapid.IntRange(0, len(all)-1).Draw(t, "base")].Head()
				}
				if rapid.IntRange(0, 6).Draw(t, "wrong") == 0 {
					base.Hash[3]++
				}
				same(t, w.memory.Compact(context.Background(), base), w.file.Compact(context.Background(), base))
			case 10:
				require.NoError(t, w.file.Rewrite(context.Background()))
				require.Equal(t, []string{name}, w.disk.Names())
			case 11:
				w.reopen(t, rapid.Bool().Draw(t, "crash"))
			}
			if rapid.IntRange(0, 2).Draw(t, "look") == 0 {
				w.compare(t)
			}
			require.False(t, w.disk.Unsynced(name), "answered and not durable")
		}
		w.reopen(t, rapid.Bool().Draw(t, "crash"))
		w.claim(t, journal.Claim{TTL: time.Hour, Max: 1000})
		w.compare(t)
	})
}

// A cursor of another journal, or of a copy that was newer, is refused.
func TestFeedRefusesCursors(t *testing.T) {
	t.Parallel()
	d := faulty.NewDisk()
	j, err := openDisk(d, small)
	require.NoError(t, err)
	require.NoError(t, appendTo(j, "a", 0, "1", "2"))
	older := d.Bytes(name)
	require.NoError(t, appendTo(j, "a", 2, "3"))
	records, err := fed(j, "")
	require.NoError(t, err)
	require.Len(t, records, 3)
	last := records[2].Cursor
	rest, err := fed(j, last)
	require.NoError(t, err)
	require.Empty(t, rest)
	for _, c := range []journal.Cursor{
		journal.NewCursor(1, records[1].Hash), journal.NewCursor(4, records[2].Hash),
		journal.NewCursor(1<<63, records[2].Hash), journal.NewCursor(1<<64-1, records[2].Hash), "x", "0-00", last + "0",
	} {
		_, err = fed(j, c)
		require.ErrorIs(t, err, journal.ErrCursor, string(c))
	}
	require.NoError(t, j.Close())

	d = faulty.NewDisk()
	d.Put(name, older)
	j, err = openDisk(d, small)
	require.NoError(t, err)
	_, err = fed(j, last)
	require.ErrorIs(t, err, journal.ErrCursor, "restored from an older copy")
	require.NoError(t, appendTo(j, "a", 2, "another three"))
	_, err = fed(j, last)
	require.ErrorIs(t, err, journal.ErrCursor, "another record has its position")
	require.NoError(t, j.Close())
	for _, err := range j.Feed(t.Context(), "") {
		require.ErrorIs(t, err, journal.ErrClosed)
	}
}
