package journal_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// feed is what the feed yields after a cursor, and how it ends.
func feed(j journal.Reader, after journal.Cursor) (out []journal.FeedRecord, err error) {
	for r, err := range j.Feed(context.Background(), after) {
		if err != nil {
			return out, err
		}
		out = append(out, r)
	}
	return out, nil
}

// heads are where the records stand, which is all that there is to a verified record.
func heads[R interface{ Head() journal.Head }](records []R) []journal.Head {
	out := []journal.Head{}
	for _, r := range records {
		out = append(out, r.Head())
	}
	return out
}

// The feed of a Memory is a list from which records are taken, whatever happens in
// between: to cursors of long ago, and to loops that go on while records are appended
// and forgotten.
func TestMemoryFeedIsAList(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := new(journal.Memory)
		var all []journal.FeedRecord // that ever were
		var gone []bool              // those that were forgotten
		at := map[string]journal.Head{}
		base := map[string]uint64{}
		kept := func(from int) (out []journal.Head) {
			out = []journal.Head{}
			for i := from; i < len(all); i++ {
				if !gone[i] {
					out = append(out, all[i].Head())
				}
			}
			return out
		}
		dropped := func() int { // the number of records up to the last that was forgotten
			for i := len(gone); i > 0; i-- {
				if gone[i-1] {
					return i
				}
			}
			return 0
		}
		var loops []*feedLoop
		defer func() {
			for _, l := range loops {
				l.stop()
			}
		}()
		stream := rapid.SampledFrom([]string{"a", "b", "c"})
		actions := map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				s, n := stream.Draw(t, "stream"), rapid.SampledFrom([]int{1, 1, 2, 30, 700}).Draw(t, "n")
				if n == 700 && len(all) > 2500 { // it is slow, and there are some pages
					n = 3
				}
				records, err := m.Append(context.Background(), journal.Append{Stream: s, Expect: at[s].Seq, Entries: kinds(n)})
				require.NoError(t, err)
				at[s] = records[n-1].Head()
				got, err := feed(m, lastCursor(all))
				require.NoError(t, err)
				require.Equal(t, heads(records), heads(got), "what came since")
				all, gone = append(all, got...), append(gone, make([]bool, n)...)
			},
			"compact": func(t *rapid.T) {
				s := stream.Draw(t, "stream")
				seq := rapid.Uint64Range(0, at[s].Seq+1).Draw(t, "seq")
				hash := release.Digest{}
				for _, r := range all {
					if r.Stream == s && r.Seq == seq {
						hash = r.Hash
					}
				}
				err := m.Compact(context.Background(), journal.Head{Stream: s, Seq: seq, Hash: hash})
				if seq > base[s] && seq >= at[s].Seq {
					require.ErrorIs(t, err, journal.ErrConflict)
					return
				}
				require.NoError(t, err)
				base[s] = max(base[s], seq)
				for i, r := range all {
					gone[i] = gone[i] || r.Stream == s && r.Seq <= seq
				}
			},
			"read": func(t *rapid.T) {
				i := rapid.IntRange(0, len(all)).Draw(t, "from")
				got, err := feed(m, lastCursor(all[:i]))
				if i > 0 && i < dropped() {
					require.ErrorIs(t, err, journal.ErrCompacted)
					require.Empty(t, got)
					return
				}
				require.NoError(t, err)
				require.Equal(t, kept(i), heads(got))
			},
			"begin a loop": func(t *rapid.T) {
				l := &feedLoop{want: kept(0)}
				l.next, l.stop = iter.Pull2(m.Feed(context.Background(), ""))
				loops = append(loops, l)
				l.step(t) // a loop begins with its first step
			},
			"go on": func(t *rapid.T) {
				if len(loops) == 0 {
					t.Skip("no loop")
				}
				l := rapid.SampledFrom(loops).Draw(t, "loop")
				for range rapid.IntRange(1, 200).Draw(t, "steps") {
					l.step(t)
				}
			},
			"verify": func(t *rapid.T) {
				s := stream.Draw(t, "stream")
				got, err := journal.Verify(baseOf(t, m, s), m.Load(context.Background(), s, base[s]))
				require.NoError(t, err)
				require.Equal(t, at[s].Seq, got.Seq)
				require.Equal(t, at[s].Hash, got.Hash)
			},
		}
		t.Repeat(actions)
	})
}

// feedLoop is a loop over a feed, and what it has yet to yield.
type feedLoop struct {
	next func() (journal.FeedRecord, error, bool)
	stop func()
	want []journal.Head
}

func (l *feedLoop) step(t require.TestingT) {
	r, err, ok := l.next()
	require.NoError(t, err)
	require.Equal(t, len(l.want) > 0, ok)
	if ok {
		require.Equal(t, l.want[0], r.Head())
		l.want = l.want[1:]
	}
}

// lastCursor is the cursor behind the last of some records.
func lastCursor(records []journal.FeedRecord) journal.Cursor {
	if len(records) == 0 {
		return ""
	}
	return records[len(records)-1].Cursor
}

func baseOf(t require.TestingT, j journal.Reader, stream string) journal.Head {
	base, err := journal.Base(context.Background(), j, stream)
	require.NoError(t, err)
	return base
}

// A loop that has begun yields what was there, though all of it but the last is
// forgotten before the loop comes to it, and more is appended.
func TestMemoryFeedKeepsWhatALoopBegan(t *testing.T) {
	t.Parallel()
	m := new(journal.Memory)
	var want []journal.Head
	const rounds = 30
	for i := range rounds {
		for _, s := range []string{"a", "b"} {
			records, err := m.Append(t.Context(), journal.Append{Stream: s, Expect: uint64(100 * i), Entries: kinds(100)})
			require.NoError(t, err)
			want = append(want, heads(records)...)
		}
	}
	l := &feedLoop{want: want}
	l.next, l.stop = iter.Pull2(m.Feed(t.Context(), ""))
	defer l.stop()
	upTo := map[int]journal.Head{3: {Stream: "a", Seq: 1500}, 1000: {Stream: "b", Seq: 2999}, 2000: {Stream: "a", Seq: 2999}}
	for i := range want {
		if base, ok := upTo[i]; ok {
			base.Hash = hashOf(want, base.Stream, base.Seq)
			require.NoError(t, m.Compact(t.Context(), base))
			put(t, m, "c", "more", 0)
		}
		l.step(t)
	}
	l.step(t) // the end
	got, err := feed(m, "")
	require.NoError(t, err)
	require.Len(t, got, 5, "the last of each, and what came meanwhile")
}

func hashOf(heads []journal.Head, stream string, seq uint64) release.Digest {
	for _, h := range heads {
		if h.Stream == stream && h.Seq == seq {
			return h.Hash
		}
	}
	return release.Digest{}
}

func TestMemoryCompactCorners(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, c := range []struct {
		name string
		base func(r []journal.Record) journal.Head // r is records 1 to 5; 3 and before are forgotten
		err  error
		kept uint64 // the base afterwards
	}{
		{"further", func(r []journal.Record) journal.Head { return r[3].Head() }, nil, 4},
		{"again", func(r []journal.Record) journal.Head { return r[2].Head() }, nil, 3},
		{"what was forgotten before", func(r []journal.Record) journal.Head { return r[0].Head() }, nil, 3},
		{"nothing", func([]journal.Record) journal.Head { return journal.Head{Stream: "s"} }, nil, 3},
		{"nothing of a stream that is not there", func([]journal.Record) journal.Head { return journal.Head{Stream: "other"} }, nil, 3},
		{"at the base with another hash", func(r []journal.Record) journal.Head {
			return journal.Head{Stream: "s", Seq: 3, Hash: r[1].Hash}
		}, journal.ErrConflict, 3},
		{"with another hash", func(r []journal.Record) journal.Head {
			return journal.Head{Stream: "s", Seq: 4, Hash: r[2].Hash}
		}, journal.ErrConflict, 3},
		{"without a hash", func([]journal.Record) journal.Head { return journal.Head{Stream: "s", Seq: 4} }, journal.ErrConflict, 3},
		{"at the head", func(r []journal.Record) journal.Head { return r[4].Head() }, journal.ErrConflict, 3},
		{"beyond the head", func(r []journal.Record) journal.Head {
			return journal.Head{Stream: "s", Seq: math.MaxUint64, Hash: r[4].Hash}
		}, journal.ErrConflict, 3},
		{"a stream that is not there", func(r []journal.Record) journal.Head {
			return journal.Head{Stream: "other", Seq: 1, Hash: r[0].Hash}
		}, journal.ErrConflict, 3},
		{"a hash before the first record", func(r []journal.Record) journal.Head {
			return journal.Head{Stream: "other", Hash: r[0].Hash}
		}, journal.ErrConflict, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := new(journal.Memory)
			records, err := m.Append(ctx, journal.Append{Stream: "s", Wake: time.Hour, Entries: []journal.Entry{{Kind: "1"}, {Kind: "2"}, {Kind: "3"}, {Kind: "4"}, {Kind: "5"}}})
			require.NoError(t, err)
			require.NoError(t, m.Compact(ctx, records[2].Head()))
			require.ErrorIs(t, m.Compact(ctx, c.base(records)), c.err)
			base := baseOf(t, m, "s")
			require.Equal(t, records[c.kept-1].Head(), base)
			head, err := journal.Verify(base, m.Load(ctx, "s", base.Seq))
			require.NoError(t, err)
			require.Equal(t, records[4].Head(), head)
			for after := range base.Seq {
				for _, err := range m.Load(ctx, "s", after) {
					compacted, ok := errors.AsType[*journal.CompactedError](err)
					require.True(t, ok)
					require.ErrorIs(t, err, journal.ErrCompacted)
					require.Equal(t, base, compacted.Base)
				}
			}
			for name, err := range m.Streams(ctx) {
				require.NoError(t, err)
				require.Equal(t, "s", name)
			}
			leases, err := m.Claim(ctx, journal.Claim{TTL: time.Hour, Max: 1})
			require.NoError(t, err)
			require.Empty(t, leases, "its wake stays")
		})
	}
}

func TestMemoryLeaseCorners(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	now := time.Unix(0, 0)
	m := &journal.Memory{Now: func() time.Time { return now }}
	for _, s := range []string{"a", "b"} {
		put(t, m, s, "start", 0)
	}
	entry := []journal.Entry{{Kind: "k"}}
	add := func(stream string, token uint64) error {
		_, err := m.Append(ctx, journal.Append{Stream: stream, Expect: version(t, m, stream), Token: token, Wake: journal.Never, Entries: entry})
		return err
	}
	require.ErrorIs(t, add("a", 1), journal.ErrFenced, "nobody has claimed it")
	require.ErrorIs(t, add("new", 1), journal.ErrFenced)
	leases, err := m.Claim(ctx, journal.Claim{TTL: time.Minute, Max: 5})
	require.NoError(t, err)
	require.Len(t, leases, 2)
	a, b := leases[0], leases[1]
	require.Equal(t, []string{"a", "b"}, []string{a.Stream, b.Stream})
	require.NoError(t, add("a", a.Token))
	require.ErrorIs(t, add("a", b.Token), journal.ErrFenced, "of another stream")
	_, err = m.Append(ctx, journal.Append{Stream: "a", Expect: 9, Token: a.Token + 9, Entries: entry})
	require.ErrorIs(t, err, journal.ErrFenced, "before the version is looked at")
	require.NotErrorIs(t, err, journal.ErrConflict)

	require.NoError(t, m.Release(ctx, a, 0), "its wake is Never since the append at another version")
	require.ErrorIs(t, m.Release(ctx, a, 0), journal.ErrFenced, "twice")
	require.ErrorIs(t, m.Renew(ctx, a, time.Minute), journal.ErrFenced, "released")
	require.NoError(t, add("a", a.Token), "nobody has claimed it since")
	require.NoError(t, m.Release(ctx, journal.Lease{Stream: "b", Token: b.Token, Seq: 7}, 0), "a version that is not there: no wake")
	now = now.Add(time.Hour)
	leases, err = m.Claim(ctx, journal.Claim{TTL: time.Minute, Max: 5})
	require.NoError(t, err)
	require.Len(t, leases, 1)
	require.Equal(t, "b", leases[0].Stream, "a is never due; b was due when its append said")
	require.ErrorIs(t, add("b", b.Token), journal.ErrFenced)
	now = now.Add(time.Hour)
	require.NoError(t, add("b", leases[0].Token), "it is over, and nobody has claimed it")
	require.NoError(t, m.Renew(ctx, leases[0], time.Minute))
	require.NoError(t, m.Release(ctx, leases[0], 0))
	require.Error(t, m.Release(ctx, journal.Lease{Stream: "a"}, 0))
	require.ErrorIs(t, m.Renew(ctx, journal.Lease{Stream: "x", Token: 1}, 1), journal.ErrFenced)
}

func TestMemoryCursorCorners(t *testing.T) {
	t.Parallel()
	m := new(journal.Memory)
	records, err := m.Append(t.Context(), journal.Append{Stream: "s", Entries: []journal.Entry{{Kind: "1"}, {Kind: "2"}, {Kind: "3"}}})
	require.NoError(t, err)
	all, err := feed(m, "")
	require.NoError(t, err)
	got, err := feed(m, all[2].Cursor)
	require.NoError(t, err, "behind the last record there is nothing")
	require.Empty(t, got)
	for name, c := range map[string]journal.Cursor{
		"beyond the end":           journal.NewCursor(4, records[2].Hash),
		"far beyond the end":       journal.NewCursor(math.MaxUint64, records[2].Hash),
		"2^32 beyond a record":     journal.NewCursor(1<<32+1, records[0].Hash),
		"of another record":        journal.NewCursor(1, records[1].Hash),
		"no hash":                  "1-",
		"no cursor":                "x",
		"not as it was given":      "0" + all[0].Cursor,
		"in capital letters":       "1-ABCDEF0123456789",
		"not hexadecimal":          "1-zzzzzzzzzzzzzzzz",
		"with something behind it": all[0].Cursor + "0",
	} {
		got, err := feed(m, c)
		require.ErrorIs(t, err, journal.ErrCursor, name)
		require.Empty(t, got, name)
	}
	require.NoError(t, m.Compact(t.Context(), records[1].Head()))
	got, err = feed(m, all[1].Cursor)
	require.NoError(t, err)
	require.Equal(t, heads(all[2:]), heads(got))
	_, err = feed(m, all[0].Cursor)
	require.ErrorIs(t, err, journal.ErrCompacted)
	_, err = feed(m, "2-zzzzzzzzzzzzzzzz")
	require.ErrorIs(t, err, journal.ErrCursor, "also where records were forgotten")
}

// What is forgotten is given back. Not parallel: it counts what is in use.
func TestMemoryGivesBack(t *testing.T) {
	used := func() int64 {
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return int64(s.HeapAlloc)
	}
	m := new(journal.Memory)
	begin := used()
	const rounds, size = 300, 64 << 10
	var last journal.Record
	for i := range rounds {
		put(t, m, fmt.Sprint("beside ", i), "small", 0)
		records, err := m.Append(t.Context(), journal.Append{Stream: "s", Expect: uint64(i), Entries: []journal.Entry{{Kind: "k", Data: make([]byte, size)}}})
		require.NoError(t, err)
		last = records[0]
	}
	full := used() - begin
	require.Greater(t, full, int64(rounds*size))
	put(t, m, "s", "snapshot", 0)
	require.NoError(t, m.Compact(t.Context(), last.Head()))
	require.Less(t, used()-begin, full/20)
	runtime.KeepAlive(m)
}

// Appends, compactions, readers and claims at once, for the race detector and for
// readers: each sees a verified stream and feed, or is told of a compaction.
func TestMemoryTogether(t *testing.T) {
	t.Parallel()
	m := new(journal.Memory)
	var wg sync.WaitGroup
	const streams, rounds = 4, 300
	for s := range streams {
		wg.Go(func() {
			name := fmt.Sprint(s)
			head := journal.Head{Stream: name}
			for i := range rounds {
				records, err := m.Append(t.Context(), journal.Append{Stream: name, Expect: head.Seq, Entries: []journal.Entry{{Kind: "k"}}})
				if err != nil {
					t.Error(err)
					return
				}
				if i%7 == 6 {
					if err := m.Compact(t.Context(), head); err != nil {
						t.Error(err)
					}
				}
				head = records[0].Head()
			}
		})
		wg.Go(func() {
			for range rounds {
				at := map[string]journal.Head{}
				records, err := feed(m, "")
				if err != nil {
					t.Error(err)
				}
				for _, r := range records {
					if head, ok := at[r.Stream]; ok {
						if err := head.Check(r.Record); err != nil {
							t.Error(err)
						}
					}
					at[r.Stream] = r.Head()
				}
			}
		})
		wg.Go(func() {
			cursor, seen := journal.Cursor(""), map[string]uint64{}
			for range rounds {
				for r, err := range m.Feed(t.Context(), cursor) {
					if errors.Is(err, journal.ErrCompacted) {
						cursor, seen = "", map[string]uint64{}
						break
					}
					if err != nil {
						t.Error(err)
						return
					}
					if r.Seq <= seen[r.Stream] {
						t.Errorf("record %d of %s came after %d", r.Seq, r.Stream, seen[r.Stream])
					}
					cursor, seen[r.Stream] = r.Cursor, r.Seq
				}
				leases, err := m.Claim(t.Context(), journal.Claim{TTL: time.Second, Max: 2})
				if err != nil {
					t.Error(err)
				}
				for _, l := range leases {
					if err := m.Release(t.Context(), l, 0); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkCompact compacts a stream by a snapshot after each ten records, beside few
// and many records of other streams.
func BenchmarkCompact(b *testing.B) {
	for _, others := range []int{100, 10_000, 1_000_000} {
		b.Run(fmt.Sprintf("memory/%d", others), func(b *testing.B) {
			m := new(journal.Memory)
			for i := range others / 100 {
				_, err := m.Append(b.Context(), journal.Append{Stream: fmt.Sprint("beside ", i), Entries: kinds(100)})
				require.NoError(b, err)
			}
			var took time.Duration
			seq := uint64(0)
			for b.Loop() {
				records, err := m.Append(b.Context(), journal.Append{Stream: "s", Expect: seq, Entries: kinds(10)})
				require.NoError(b, err)
				seq += 10
				began := time.Now()
				require.NoError(b, m.Compact(b.Context(), records[8].Head()))
				took += time.Since(began)
			}
			b.ReportMetric(took.Seconds()*1e6/float64(b.N), "µs/compaction")
		})
	}
}
