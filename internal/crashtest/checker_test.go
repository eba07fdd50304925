package crashtest_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/crashtest"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// data is what a writer writes into a record.
func data(id string, part, parts int, token uint64, wake time.Duration) []byte {
	return fmt.Appendf(nil, "%s %d %d %d %d ###", id, part, parts, token, wake)
}

// history is what a journal was told, append by append, so that a test can tell it
// with something missing.
type history []journal.Append

func entry(d []byte) journal.Entry {
	return journal.Entry{At: time.Unix(9, 9), Kind: "crash", Data: d}
}

func one(stream string, expect uint64, wake time.Duration, id string) journal.Append {
	return journal.Append{Stream: stream, Expect: expect, Wake: wake, Entries: []journal.Entry{entry(data(id, 1, 1, 0, wake))}}
}

// told makes a journal with this history, and what writers would have said of it.
func (h history) told(t *testing.T) (*journal.Memory, []crashtest.Notice) {
	m := new(journal.Memory)
	var notices []crashtest.Notice
	for _, a := range h {
		records, err := m.Append(t.Context(), a)
		require.NoError(t, err)
		notices = append(notices, crashtest.Notice{Kind: crashtest.Acked, Head: records[len(records)-1].Head()})
	}
	return m, notices
}

func whole() history {
	return history{
		one("a", 0, 0, "p1.1"),
		{Stream: "a", Expect: 1, Wake: journal.Never, Entries: []journal.Entry{
			entry(data("p1.2", 1, 2, 0, journal.Never)), entry(data("p1.2", 2, 2, 0, journal.Never))}},
		one("b", 0, 0, "p1.3"),
		{Stream: "c", Wake: time.Hour, Entries: []journal.Entry{entry(data("p1.4", 1, 1, 7, time.Hour))}},
	}
}

// A journal that has all of it passes, again and again, and with more in it.
func TestCheckerPasses(t *testing.T) {
	t.Parallel()
	m, notices := whole().told(t)
	c := new(crashtest.Checker)
	for _, n := range notices {
		require.NoError(t, c.Note(n))
	}
	require.Equal(t, 4, c.Appends())
	require.NoError(t, c.Check(t.Context(), m, true))
	require.NoError(t, c.Check(t.Context(), m, true))
	_, err := m.Append(t.Context(), one("b", 1, journal.Never, "p1.5")) // that nobody was told of
	require.NoError(t, err)
	require.NoError(t, c.Check(t.Context(), m, true))
	require.NoError(t, c.Whole(t.Context(), m))
}

// What was forgotten on request is not missed.
func TestCheckerCompacted(t *testing.T) {
	t.Parallel()
	m, notices := whole().told(t)
	c := new(crashtest.Checker)
	for _, n := range notices {
		require.NoError(t, c.Note(n))
	}
	base := journal.Head{}
	for r, err := range m.Load(t.Context(), "a", 1) {
		require.NoError(t, err)
		base = r.Head()
		break
	}
	require.NoError(t, m.Compact(t.Context(), base))
	require.ErrorContains(t, new(crashtest.Checker).Check(t.Context(), m, true), "nobody asked")
	require.NoError(t, c.Note(crashtest.Notice{Kind: crashtest.Compacting, Head: base}))
	require.NoError(t, c.Check(t.Context(), m, true))
	require.NoError(t, c.Whole(t.Context(), m))
}

// Each way in which a journal may break its promise is seen.
func TestCheckerRefuses(t *testing.T) {
	t.Parallel()
	_, notices := whole().told(t)
	for _, c := range []struct {
		name string
		got  func(h history) history // what the journal holds in place of the history
		also []crashtest.Notice
		want string
	}{
		{"the last append of a stream is lost", func(h history) history { return slices.Delete(h, 1, 2) }, nil, `record 3 of "a" was acknowledged and is not there`},
		{"a stream is lost", func(h history) history { return slices.Delete(h, 2, 3) }, nil, `record 1 of "b" was acknowledged and is not there`},
		{"another record stands in its place", func(h history) history {
			h[2] = one("b", 0, 0, "p2.3")
			return h
		}, nil, `record 1 of "b" was acknowledged and another is there`},
		{"half of a batch", func(h history) history {
			return append(h, journal.Append{Stream: "d", Entries: []journal.Entry{entry(data("p1.9", 1, 2, 0, 0))}})
		}, nil, `"d" ends at 1 with part 1 of 2`},
		{"the second half of a batch", func(h history) history {
			return append(h, journal.Append{Stream: "d", Entries: []journal.Entry{entry(data("p1.9", 2, 2, 0, 0))}})
		}, nil, `record 1 of "d": part 2 of append p1.9 follows part 0`},
		{"an append is there twice", func(h history) history { return append(h, one("d", 0, 0, "p1.3")) }, nil, `part 1 of append p1.3 is there twice`},
		{"an old token after a new one", func(h history) history {
			return append(h, journal.Append{Stream: "c", Expect: 1, Entries: []journal.Entry{entry(data("p1.9", 1, 1, 6, 0))}})
		}, nil, `was appended under token 6, after one under token 7`},
		{"a record that no writer made", func(h history) history {
			return append(h, journal.Append{Stream: "c", Expect: 1, Entries: []journal.Entry{entry([]byte("x"))}})
		}, nil, "not a record of a writer"},
		{"a wake is lost", func(h history) history {
			h[2].Wake = time.Second * 30 // the record says: at once
			return h
		}, nil, `"b" is due and was never given`},
		{"a stream wakes that must not", func(h history) history {
			h[3].Wake = 0
			return h
		}, nil, `"c" was given and is not due`},
		{"tokens begin again", nil, []crashtest.Notice{{Kind: crashtest.Claimed, Head: journal.Head{Stream: "b"}, Token: 100}}, `"b" was given with token 1, and token 100 was given before`},
		{"a token is given twice", nil, []crashtest.Notice{
			{Kind: crashtest.Claimed, Head: journal.Head{Stream: "b"}, Token: 1}, {Kind: crashtest.Claimed, Head: journal.Head{Stream: "b"}, Token: 1}}, `token 1 of "b" was given twice`},
		{"a writer complains", nil, []crashtest.Notice{{Kind: crashtest.Broken, Text: "no"}}, "a writer says: no"},
		{"a writer says what is unknown", nil, []crashtest.Notice{{Kind: "happy"}}, `a writer said "happy"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := whole()
			if c.got != nil {
				h = c.got(h)
			}
			m, _ := h.told(t)
			check := func() error {
				k := &crashtest.Checker{Patience: 50 * time.Millisecond}
				for _, n := range append(slices.Clone(notices), c.also...) {
					if err := k.Note(n); err != nil {
						return err
					}
				}
				return k.Check(t.Context(), m, true)
			}
			require.ErrorContains(t, check(), c.want)
		})
	}
}

// wrongFeed is a journal whose feed is not what it should be.
type wrongFeed struct {
	journal.Journal
	feed func([]journal.FeedRecord) []journal.FeedRecord
}

func (w wrongFeed) Feed(ctx context.Context, after journal.Cursor) iter.Seq2[journal.FeedRecord, error] {
	return func(yield func(journal.FeedRecord, error) bool) {
		var all []journal.FeedRecord
		for r, err := range w.Journal.Feed(ctx, after) {
			if err != nil {
				yield(r, err)
				return
			}
			all = append(all, r)
		}
		for _, r := range w.feed(all) {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// A feed that skips, doubles or swaps records is seen, and so is one that goes on after
// what was forgotten without saying so.
func TestCheckerRefusesFeeds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		feed func([]journal.FeedRecord) []journal.FeedRecord
		want string
	}{
		{"the right one", func(r []journal.FeedRecord) []journal.FeedRecord { return r }, ""},
		{"one is skipped", func(r []journal.FeedRecord) []journal.FeedRecord { return slices.Delete(r, 1, 2) }, `record 3 of "a" follows record 1`},
		{"the last is skipped", func(r []journal.FeedRecord) []journal.FeedRecord { return r[:4] }, `the feed ends at record 0 of "c"`},
		{"the first is skipped", func(r []journal.FeedRecord) []journal.FeedRecord { return r[1:] }, "nobody asked"},
		{"one comes twice", func(r []journal.FeedRecord) []journal.FeedRecord { return append(r, r[1]) }, `record 2 of "a" follows record 3`},
		{"two are swapped", func(r []journal.FeedRecord) []journal.FeedRecord { r[0], r[1] = r[1], r[0]; return r }, `record 1 of "a" follows record 2`},
		{"another record", func(r []journal.FeedRecord) []journal.FeedRecord { r[1].Hash = r[0].Hash; return r }, `record 2 of "a" is not the one of the stream`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m, notices := whole().told(t)
			k := new(crashtest.Checker)
			for _, n := range notices {
				require.NoError(t, k.Note(n))
			}
			err := k.Check(t.Context(), wrongFeed{m, c.feed}, true)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
		})
	}
}

// lying is a journal that says something else than it holds.
type lying struct {
	journal.Journal
	claim func(journal.Lease) journal.Lease
	load  func(stream string, after uint64) ([]journal.Record, error, bool)
}

func (l lying) Claim(ctx context.Context, c journal.Claim) ([]journal.Lease, error) {
	leases, err := l.Journal.Claim(ctx, c)
	for i := range leases {
		leases[i] = l.claim(leases[i])
	}
	return leases, err
}

func (l lying) Load(ctx context.Context, stream string, after uint64) iter.Seq2[journal.Record, error] {
	records, failed, lies := l.load(stream, after)
	if !lies {
		return l.Journal.Load(ctx, stream, after)
	}
	return func(yield func(journal.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
		if failed != nil {
			yield(journal.Record{}, failed)
		}
	}
}

// What was forgotten must be what was there, a lease says where its stream is, and a
// stream does not grow shorter.
func TestCheckerRefusesLies(t *testing.T) {
	t.Parallel()
	compacted := func(seq uint64) func(string, uint64) ([]journal.Record, error, bool) {
		return func(stream string, after uint64) ([]journal.Record, error, bool) {
			return nil, &journal.CompactedError{Base: journal.Head{Stream: "a", Seq: seq}}, stream == "a" && after < max(seq, 1)
		}
	}
	for _, c := range []struct {
		name  string
		claim func(journal.Lease) journal.Lease
		load  func(stream string, after uint64) ([]journal.Record, error, bool)
		want  string
	}{
		{"the version of a lease", func(l journal.Lease) journal.Lease { l.Seq += 7; return l }, nil, `"b" was given at 8 and is at 1`},
		{"compacted up to nothing", nil, compacted(0), `"a" after 0 says that it was compacted up to 0`},
		{"compacted with another hash", nil, compacted(3), `"a" was compacted up to 3 with another hash than was acknowledged`},
		{"a stream that is empty the second time", nil, func() func(string, uint64) ([]journal.Record, error, bool) {
			loads := 0
			return func(stream string, after uint64) ([]journal.Record, error, bool) {
				if stream == "b" && after == 0 {
					loads++
				}
				return nil, nil, stream == "b" && loads > 1
			}
		}(), `"b"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m, notices := whole().told(t)
			l := lying{m, c.claim, c.load}
			if l.claim == nil {
				l.claim = func(l journal.Lease) journal.Lease { return l }
			}
			if l.load == nil {
				l.load = func(string, uint64) ([]journal.Record, error, bool) { return nil, nil, false }
			}
			k := new(crashtest.Checker)
			for _, n := range notices {
				require.NoError(t, k.Note(n))
			}
			err := k.Check(t.Context(), l, true)
			if err == nil {
				err = k.Whole(t.Context(), l)
			}
			require.ErrorContains(t, err, c.want)
		})
	}
}
