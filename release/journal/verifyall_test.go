package journal_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/faulty"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// tampered is a journal after somebody has had access to its store.
type tampered struct {
	journal.Reader
	load    func(stream string, r []journal.Record) []journal.Record
	feed    func(r []journal.FeedRecord) []journal.FeedRecord
	streams func(names []string) []string
	base    func(b journal.Head) journal.Head
}

func (r tampered) Load(ctx context.Context, stream string, after uint64) iter.Seq2[journal.Record, error] {
	return func(yield func(journal.Record, error) bool) {
		base, err := journal.Base(ctx, r.Reader, stream)
		if err != nil {
			yield(journal.Record{}, err)
			return
		}
		from := base.Seq
		if r.base != nil {
			base = r.base(base)
		}
		if after < base.Seq {
			yield(journal.Record{}, &journal.CompactedError{Base: base})
			return
		}
		var records []journal.Record
		for rec, err := range r.Reader.Load(ctx, stream, from) {
			if err != nil {
				yield(journal.Record{}, err)
				return
			}
			records = append(records, rec)
		}
		if r.load != nil {
			records = r.load(stream, records)
		}
		for _, rec := range records {
			if rec.Seq > after && !yield(rec, nil) {
				return
			}
		}
	}
}

func (r tampered) Feed(ctx context.Context, after journal.Cursor) iter.Seq2[journal.FeedRecord, error] {
	return change(r.Reader.Feed(ctx, after), r.feed)
}

func (r tampered) Streams(ctx context.Context) iter.Seq2[string, error] {
	return change(r.Reader.Streams(ctx), r.streams)
}

func change[T any](seq iter.Seq2[T, error], f func([]T) []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var all []T
		for v, err := range seq {
			if err != nil {
				yield(v, err)
				return
			}
			all = append(all, v)
		}
		if f != nil {
			all = f(all)
		}
		for _, v := range all {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// kinds are n entries.
func kinds(n int) []journal.Entry {
	entries := make([]journal.Entry, n)
	for i := range entries {
		entries[i].Kind = "k"
	}
	return entries
}

// verifiable is a journal with three streams of six records, of which b is compacted up
// to its second; and all heads that there ever were.
func verifiable(t testing.TB) (*journal.Memory, map[string][]journal.Head) {
	m := new(journal.Memory)
	all := map[string][]journal.Head{}
	for round := range 3 {
		for _, s := range []string{"a", "b", "c"} {
			records, err := m.Append(t.Context(), journal.Append{Stream: s, Expect: uint64(2 * round), Entries: kinds(2)})
			require.NoError(t, err)
			all[s] = append(all[s], heads(records)...)
		}
	}
	require.NoError(t, m.Compact(t.Context(), all["b"][1]))
	return m, all
}

// renewed is a chain made anew from a record on, with other data.
func renewed(r []journal.Record, from int) []journal.Record {
	r = slices.Clone(r)
	for i := from; i < len(r); i++ {
		head := journal.Head{Stream: r[i].Stream}
		if i > 0 {
			head = r[i-1].Head()
		}
		e := r[i].Entry
		e.Reason = "forged"
		r[i] = journal.Seal(head, e)
	}
	return r
}

// refeed is a feed that holds these records in the places of a stream's.
func refeed(feed []journal.FeedRecord, stream string, records []journal.Record) (out []journal.FeedRecord) {
	i := 0
	for _, r := range feed {
		if r.Stream == stream {
			if i == len(records) {
				continue
			}
			position, _ := r.Cursor.Position()
			r = journal.FeedRecord{Record: records[i], Cursor: journal.NewCursor(position, records[i].Hash)}
			i++
		}
		out = append(out, r)
	}
	return out
}

func recordsOf(feed []journal.FeedRecord, stream string) (out []journal.Record) {
	for _, r := range feed {
		if r.Stream == stream {
			out = append(out, r.Record)
		}
	}
	return out
}

func TestVerifyAll(t *testing.T) {
	t.Parallel()
	m, all := verifiable(t)
	var kept []journal.Head
	for _, s := range []string{"a", "b", "c"} {
		kept = append(kept, journal.Head{Stream: s})
		kept = append(kept, all[s]...)
	}
	kept = append(kept, journal.Head{Stream: "a stream that never was"}, all["a"][2])
	for _, r := range []journal.Reader{m, tampered{Reader: m}} {
		got, err := journal.VerifyAll(t.Context(), r, kept...)
		require.NoError(t, err)
		require.Equal(t, journal.Verified{
			Heads:     []journal.Head{all["a"][5], all["b"][5], all["c"][5]},
			Records:   16,
			Compacted: []journal.Head{all["b"][0]},
		}, got)
	}
	got, err := journal.VerifyAll(t.Context(), new(journal.Memory))
	require.NoError(t, err)
	require.Zero(t, got)
}

func TestVerifyAllFindsTampering(t *testing.T) {
	t.Parallel()
	type records = []journal.Record
	type fed = []journal.FeedRecord
	only := func(stream string, f func(r records) records) func(string, records) records {
		return func(s string, r records) records {
			if s == stream {
				return f(slices.Clone(r))
			}
			return r
		}
	}
	alter := func(i int) func(records) records {
		return func(r records) records { r[i].Reason = "forged"; return r }
	}
	drop := func(i int) func(records) records {
		return func(r records) records { return slices.Delete(r, i, i+1) }
	}
	at := func(f fed, stream string, seq uint64) int {
		return slices.IndexFunc(f, func(r journal.FeedRecord) bool { return r.Stream == stream && r.Seq == seq })
	}
	_, heads := verifiable(t)
	for _, c := range []struct {
		name   string
		r      tampered
		kept   []journal.Head
		stream string
		seq    uint64
		want   string
	}{
		{name: "a record altered", r: tampered{load: only("a", alter(2))}, stream: "a", seq: 3, want: "its content has the hash"},
		{name: "a record altered in the feed", r: tampered{feed: func(f fed) fed {
			f[at(f, "c", 4)].Actor = "somebody else"
			return f
		}}, stream: "c", seq: 4, want: "in the feed: its content has the hash"},
		{name: "a record altered after a compaction", r: tampered{load: only("b", alter(0))}, stream: "b", seq: 3, want: "its content has the hash"},
		{name: "a record left out", r: tampered{load: only("c", drop(3))}, stream: "c", seq: 4, want: "it says that it is record 5"},
		{name: "the first record left out", r: tampered{load: only("c", drop(0))}, stream: "c", seq: 1, want: "it says that it is record 2"},
		{name: "the last record left out", r: tampered{load: only("c", drop(5))}, stream: "c", seq: 6, want: "up to record 6, the stream does not hold the records of the feed"},
		{name: "a record twice", r: tampered{load: only("a", func(r records) records { return slices.Insert(r, 3, r[2]) })}, stream: "a", seq: 4, want: "it says that it is record 3"},
		{name: "two records exchanged", r: tampered{load: only("a", func(r records) records { r[1], r[2] = r[2], r[1]; return r })}, stream: "a", seq: 2, want: "it says that it is record 3"},
		{name: "a record of another stream", r: tampered{load: only("a", func(r records) records {
			r[3].Stream = "c"
			return r
		})}, stream: "a", seq: 4, want: `it belongs to stream "c"`},
		{name: "a stream made anew, not in the feed", r: tampered{load: only("a", func(r records) records { return renewed(r, 3) })}, stream: "a", seq: 6, want: "the feed does not hold the records of the stream"},
		{name: "a feed made anew", r: tampered{feed: func(f fed) fed { return refeed(f, "a", renewed(recordsOf(f, "a"), 3)) }}, stream: "a", seq: 6, want: "the feed does not hold the records of the stream"},
		{
			name: "a stream made anew, everywhere", r: tampered{
				load: only("a", func(r records) records { return renewed(r, 3) }),
				feed: func(f fed) fed { return refeed(f, "a", renewed(recordsOf(f, "a"), 3)) },
			}, kept: []journal.Head{heads["a"][0], heads["a"][2], heads["a"][4]}, stream: "a", seq: 5, want: "a head that was kept says",
		},
		{
			name: "an end cut off, everywhere", r: tampered{
				load: only("a", func(r records) records { return r[:3] }),
				feed: func(f fed) fed { return refeed(f, "a", recordsOf(f, "a")[:3]) },
			}, kept: []journal.Head{heads["b"][0], heads["a"][2], heads["a"][3]}, stream: "a", seq: 4, want: "the stream ends with record 3",
		},
		{
			name: "a stream removed, everywhere", r: tampered{
				streams: func([]string) []string { return []string{"b", "c"} },
				feed:    func(f fed) fed { return refeed(f, "a", nil) },
			}, kept: []journal.Head{heads["a"][3]}, stream: "a", seq: 4, want: "the stream is gone",
		},
		{name: "a stream left out of the list", r: tampered{streams: func([]string) []string { return []string{"b", "c"} }}, stream: "a", seq: 1, want: "the list of streams does not have the stream"},
		{name: "a compacted stream left out of the list", r: tampered{streams: func([]string) []string { return []string{"a", "c"} }}, stream: "b", seq: 3, want: "the list of streams does not have the stream"},
		{name: "a stream listed that is not there", r: tampered{streams: func(n []string) []string { return append(n, "d") }}, stream: "d", seq: 1, want: "this record is not there"},
		{name: "a stream listed twice", r: tampered{streams: func(n []string) []string { return []string{"a", "a", "b", "c"} }}, stream: "a", seq: 1, want: `has it after stream "a"`},
		{name: "streams out of order", r: tampered{streams: func(n []string) []string { return []string{"b", "a", "c"} }}, stream: "a", seq: 1, want: `has it after stream "b"`},
		{name: "a stream emptied", r: tampered{load: only("c", func(records) records { return nil })}, stream: "c", seq: 1, want: "this record is not there"},
		{name: "a record that the feed does not have", r: tampered{feed: func(f fed) fed { i := at(f, "a", 3); return slices.Delete(f, i, i+1) }}, stream: "a", seq: 3, want: "in the feed: it says that it is record 4"},
		{name: "a last record that the feed does not have", r: tampered{feed: func(f fed) fed { i := at(f, "c", 6); return slices.Delete(f, i, i+1) }}, stream: "c", seq: 6, want: "the stream holds it, and the feed does not"},
		{name: "a stream that the feed does not have", r: tampered{feed: func(f fed) fed { return refeed(f, "c", nil) }}, stream: "c", seq: 1, want: "the stream holds it, and the feed does not"},
		{name: "a record twice in the feed", r: tampered{feed: func(f fed) fed {
			again := f[at(f, "a", 4)]
			again.Cursor = journal.NewCursor(100, again.Hash)
			return append(f, again)
		}}, stream: "a", seq: 7, want: "in the feed: it says that it is record 4"},
		{name: "records exchanged in the feed", r: tampered{feed: func(f fed) fed {
			r := recordsOf(f, "a")
			r[1], r[2] = r[2], r[1]
			return refeed(f, "a", r)
		}}, stream: "a", seq: 2, want: "in the feed: it says that it is record 3"},
		{name: "a record in the feed that no stream has", r: tampered{feed: func(f fed) fed {
			r := journal.Seal(heads["c"][5], journal.Entry{Kind: "forged"})
			return append(f, journal.FeedRecord{Record: r, Cursor: journal.NewCursor(100, r.Hash)})
		}}, stream: "c", seq: 7, want: "up to record 7, the stream does not hold the records of the feed"},
		{name: "a stream in the feed that is not there", r: tampered{feed: func(f fed) fed {
			r := journal.Seal(journal.Head{Stream: "d"}, journal.Entry{Kind: "forged"})
			return append(f, journal.FeedRecord{Record: r, Cursor: journal.NewCursor(100, r.Hash)})
		}}, stream: "d", seq: 1, want: "the stream does not hold the records of the feed"},
		{name: "a forgotten record in the feed", r: tampered{feed: func(f fed) fed {
			r := journal.Seal(heads["b"][0], journal.Entry{Kind: "k"})
			return slices.Insert(f, 0, journal.FeedRecord{Record: r, Cursor: journal.NewCursor(1, r.Hash)})
		}}, stream: "b", seq: 3, want: "in the feed: it says that it is record 2"},
		{name: "a place twice in the feed", r: tampered{feed: func(f fed) fed {
			f[3].Cursor = journal.NewCursor(1, f[3].Hash)
			return f
		}}, stream: "c", seq: 2, want: "the feed holds it with the cursor"},
		{name: "a cursor of another record", r: tampered{feed: func(f fed) fed { f[4].Cursor = journal.NewCursor(11, f[3].Hash); return f }}, stream: "a", seq: 3, want: "the feed holds it with the cursor"},
		{name: "a cursor that is none", r: tampered{feed: func(f fed) fed { f[4].Cursor = "end"; return f }}, stream: "a", seq: 3, want: "the feed holds it with the cursor"},
		{name: "a base with another hash", r: tampered{base: func(b journal.Head) journal.Head {
			if b.Stream == "b" {
				b.Hash[0] ^= 1
			}
			return b
		}}, stream: "b", seq: 3, want: "it follows a record with the hash"},
		{name: "a base of another stream", r: tampered{base: func(b journal.Head) journal.Head {
			if b.Stream == "b" {
				b.Stream = "c"
			}
			return b
		}}, stream: "b", seq: 2, want: `after a record of stream "c"`},
		{name: "records hidden as if they were compacted", r: tampered{base: func(b journal.Head) journal.Head {
			if b.Stream == "a" {
				return heads["a"][3]
			}
			return b
		}}, stream: "a", seq: 5, want: "in the feed: it says that it is record 1"},
		{
			name: "made anew behind a compaction that never was", r: tampered{
				base: func(b journal.Head) journal.Head {
					if b.Stream == "a" {
						return journal.Head{Stream: "a", Seq: 4, Hash: release.Digest{1}}
					}
					return b
				},
				load: only("a", func(records) records {
					return records{journal.Seal(journal.Head{Stream: "a", Seq: 4, Hash: release.Digest{1}}, journal.Entry{Kind: "forged"})}
				}),
				feed: func(f fed) fed {
					return refeed(f, "a", records{journal.Seal(journal.Head{Stream: "a", Seq: 4, Hash: release.Digest{1}}, journal.Entry{Kind: "forged"})})
				},
			}, kept: []journal.Head{heads["a"][1], heads["a"][3]}, stream: "a", seq: 4, want: "a head that was kept says",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m, _ := verifiable(t)
			c.r.Reader = m
			got, err := journal.VerifyAll(t.Context(), c.r, c.kept...)
			require.ErrorIs(t, err, journal.ErrCorrupt)
			require.Zero(t, got)
			var corrupt *journal.CorruptError
			require.ErrorAs(t, err, &corrupt)
			require.Equal(t, journal.Head{Stream: c.stream, Seq: c.seq}, journal.Head{Stream: corrupt.Stream, Seq: corrupt.Seq}, err)
			require.Contains(t, corrupt.Problem, c.want)
			require.ErrorContains(t, err, fmt.Sprintf("%q", c.stream))
			require.ErrorContains(t, err, fmt.Sprint("record ", c.seq))
		})
	}
}

// What no chain can show, and only a kept head would: these pass.
func TestVerifyAllCannotSeeWithoutAHead(t *testing.T) {
	t.Parallel()
	m, heads := verifiable(t)
	got, err := journal.VerifyAll(t.Context(), tampered{
		Reader: m,
		load: func(s string, r []journal.Record) []journal.Record {
			if s == "a" {
				return r[:3]
			}
			return r
		},
		feed: func(f []journal.FeedRecord) []journal.FeedRecord { return refeed(f, "a", recordsOf(f, "a")[:3]) },
	}, heads["a"][2], heads["b"][0])
	require.NoError(t, err)
	require.Equal(t, heads["a"][2], got.Heads[0])
	require.Equal(t, []journal.Head{heads["b"][0]}, got.Compacted, "and it is said which head was of no use")
}

func TestVerifyAllRefusesAHeadThatCannotBe(t *testing.T) {
	t.Parallel()
	m, _ := verifiable(t)
	_, err := journal.VerifyAll(t.Context(), m, journal.Head{Stream: "a", Hash: release.Digest{1}})
	require.ErrorContains(t, err, `stream "a" has a hash before its first record`)
	require.NotErrorIs(t, err, journal.ErrCorrupt)
}

// Every call to the journal fails in turn: the error is that one, and never says that
// the journal is corrupt.
func TestVerifyAllPassesErrorsOn(t *testing.T) {
	t.Parallel()
	m, heads := verifiable(t)
	for _, mode := range []faulty.Mode{faulty.ModeBefore, faulty.ModeAfter} {
		for k := 1; ; k++ {
			j := faulty.Journal(m, k, mode)
			got, err := journal.VerifyAll(t.Context(), j, heads["a"]...)
			if j.Calls() < k {
				require.NoError(t, err)
				require.Greater(t, k, 7)
				break
			}
			if err == nil { // a loop that had ended before the error came
				require.Equal(t, faulty.ModeAfter, mode)
				require.Len(t, got.Heads, 3)
				continue
			}
			require.ErrorIs(t, err, faulty.ErrInjected)
			require.NotErrorIs(t, err, journal.ErrCorrupt)
			require.Zero(t, got)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := journal.VerifyAll(ctx, m)
	require.ErrorIs(t, err, context.Canceled)
}

// While streams are begun, appended to and compacted, a sound journal is never called
// corrupt.
func TestVerifyAllBesideAppends(t *testing.T) {
	t.Parallel()
	m := new(journal.Memory)
	ctx, stop := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer stop()
	var wg sync.WaitGroup
	for w := range 3 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 0))
			at := map[string]journal.Head{}
			for n := 0; ctx.Err() == nil; n++ {
				name := fmt.Sprint(random.IntN(20+n/50), " of ", w)
				records, err := m.Append(context.Background(), journal.Append{Stream: name, Expect: at[name].Seq, Entries: kinds(1 + random.IntN(3))})
				if err != nil {
					t.Error(err)
					return
				}
				if w == 0 && random.IntN(10) == 0 && at[name].Seq > 0 {
					if err := m.Compact(context.Background(), at[name]); err != nil {
						t.Error(err)
					}
				}
				at[name] = records[len(records)-1].Head()
				time.Sleep(time.Duration(random.IntN(200)) * time.Microsecond)
			}
		})
	}
	var kept []journal.Head
	verified, compacted := 0, 0
	for ctx.Err() == nil {
		got, err := journal.VerifyAll(context.Background(), m, kept...)
		if err != nil {
			require.ErrorIs(t, err, journal.ErrCompacted)
			require.NotErrorIs(t, err, journal.ErrCorrupt)
			compacted++
			continue
		}
		verified++
		kept = got.Heads
	}
	wg.Wait()
	t.Logf("%d times verified, %d times compacted meanwhile", verified, compacted)
	require.Positive(t, verified)
	_, err := journal.VerifyAll(t.Context(), m, kept...)
	require.NoError(t, err)
}

// growing is a journal to which two records are appended before its feed is read, of which
// the first is altered where the stream is read.
type growing struct{ *journal.Memory }

func (g growing) Feed(ctx context.Context, after journal.Cursor) iter.Seq2[journal.FeedRecord, error] {
	_, err := g.Append(ctx, journal.Append{Stream: "s", Expect: 2, Entries: kinds(2)})
	if err != nil {
		panic(err)
	}
	return g.Memory.Feed(ctx, after)
}

func (g growing) Load(ctx context.Context, stream string, after uint64) iter.Seq2[journal.Record, error] {
	return func(yield func(journal.Record, error) bool) {
		for r, err := range g.Memory.Load(ctx, stream, after) {
			if r.Seq == 3 {
				r.Reason = "altered"
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// What comes while everything is verified is verified too.
func TestVerifyAllFindsTamperingWithWhatCameMeanwhile(t *testing.T) {
	t.Parallel()
	m := new(journal.Memory)
	_, err := m.Append(t.Context(), journal.Append{Stream: "s", Entries: kinds(2)})
	require.NoError(t, err)
	_, err = journal.VerifyAll(t.Context(), growing{m})
	bad, ok := errors.AsType[*journal.CorruptError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, uint64(3), bad.Seq)
}

// A stream that is begun after the streams were listed, and compacted while the feed is
// read, is no damage: the loop over the feed is older than its base.
func TestVerifyAllOfAStreamThatIsNewAndCompacted(t *testing.T) {
	t.Parallel()
	m := new(journal.Memory)
	appendTo := func(stream string, expect uint64) []journal.Record {
		records, err := m.Append(t.Context(), journal.Append{Stream: stream, Expect: expect, Entries: kinds(3)})
		require.NoError(t, err)
		return records
	}
	appendTo("a", 0)
	_, err := journal.VerifyAll(t.Context(), &newAndCompacted{m, appendTo})
	require.ErrorIs(t, err, journal.ErrCompacted)
	require.NotErrorIs(t, err, journal.ErrCorrupt)
	_, err = journal.VerifyAll(t.Context(), m)
	require.NoError(t, err)
}

// newAndCompacted begins a stream as the feed is opened, and compacts it at its first record.
type newAndCompacted struct {
	*journal.Memory
	append func(stream string, expect uint64) []journal.Record
}

func (n *newAndCompacted) Feed(ctx context.Context, after journal.Cursor) iter.Seq2[journal.FeedRecord, error] {
	records := n.append("b", 0)
	return func(yield func(journal.FeedRecord, error) bool) {
		compacted := false
		for r, err := range n.Memory.Feed(ctx, after) {
			if !compacted {
				compacted = true
				if err := n.Compact(ctx, records[1].Head()); err != nil {
					yield(journal.FeedRecord{}, err)
					return
				}
			}
			if !yield(r, err) {
				return
			}
		}
	}
}
