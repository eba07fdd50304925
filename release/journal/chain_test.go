package journal_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// seq is records as Load yields them.
func seq(records []journal.Record) func(func(journal.Record, error) bool) {
	return func(yield func(journal.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func chain(stream string, data ...string) []journal.Record {
	var out []journal.Record
	head := journal.Head{Stream: stream}
	for _, d := range data {
		out = append(out, journal.Seal(head, journal.Entry{At: time.Unix(1, 2), Actor: "a", Kind: "k", Reason: "r", Data: []byte(d)}))
		head = out[len(out)-1].Head()
	}
	return out
}

// The hashes of a journal must be the same in every version, or no old journal
// verifies. The values were computed with Python's hashlib from the description
// in doc.go.
func TestSealGolden(t *testing.T) {
	t.Parallel()
	r := journal.Seal(journal.Head{Stream: "shop/production"}, journal.Entry{
		At:    time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.FixedZone("", 3600)),
		Actor: "email:ada@example.com", Kind: "rollout.started", Reason: "ship 1.4", Data: []byte{0, 1, 0xff},
	})
	require.Equal(t, "0a4350922429b4cecdd7136e949d5543d58db3ff00f43e2f1e7f3d737a966768", r.Hash.Hex())
	require.Equal(t, time.Date(2026, 3, 1, 11, 0, 0, 123456789, time.UTC), r.At)
	next := journal.Seal(r.Head(), journal.Entry{Kind: "k"})
	require.Equal(t, "eda8b54526a47919489feb5dc6e1ef29062b696745bf93cc1b3175fc2eea29b9", next.Hash.Hex())
	require.Equal(t, r.Hash, next.Prev)
	require.Equal(t, uint64(2), next.Seq)
}

// Every field counts, and moving a byte from one text to its neighbour too.
func TestHashesDiffer(t *testing.T) {
	t.Parallel()
	base := journal.Entry{At: time.Unix(5, 6), Actor: "a", Kind: "k", Reason: "r", Data: []byte("d")}
	seen := map[release.Digest]string{}
	add := func(name string, head journal.Head, change func(*journal.Entry)) {
		e := base
		change(&e)
		h := journal.Seal(head, e).Hash
		require.Empty(t, seen[h], name)
		seen[h] = name
	}
	head := journal.Head{Stream: "s"}
	add("base", head, func(*journal.Entry) {})
	add("stream", journal.Head{Stream: "sa"}, func(e *journal.Entry) { e.Actor = "" })
	add("seq", journal.Head{Stream: "s", Seq: 1}, func(*journal.Entry) {})
	add("prev", journal.Head{Stream: "s", Hash: release.Digest{1}}, func(*journal.Entry) {})
	add("seconds", head, func(e *journal.Entry) { e.At = time.Unix(6, 6) })
	add("nanoseconds", head, func(e *journal.Entry) { e.At = time.Unix(5, 7) })
	add("actor to kind", head, func(e *journal.Entry) { e.Actor, e.Kind = "", "ak" })
	add("kind to reason", head, func(e *journal.Entry) { e.Kind, e.Reason = "", "kr" })
	add("reason to data", head, func(e *journal.Entry) { e.Reason, e.Data = "", []byte("rd") })
	add("data", head, func(e *journal.Entry) { e.Data = []byte("d\x00") })
}

func TestVerify(t *testing.T) {
	t.Parallel()
	good := chain("s", "1", "2", "3", "4")
	head, err := journal.Verify(journal.Head{Stream: "s"}, seq(good))
	require.NoError(t, err)
	require.Equal(t, good[3].Head(), head)
	head, err = journal.Verify(good[1].Head(), seq(good[2:]))
	require.NoError(t, err)
	require.Equal(t, good[3].Head(), head)
	head, err = journal.Verify(journal.Head{Stream: "s"}, seq(nil))
	require.NoError(t, err)
	require.Equal(t, journal.Head{Stream: "s"}, head)

	for _, c := range []struct {
		name   string
		from   journal.Head
		change func([]journal.Record) []journal.Record
		seq    uint64
		want   string
	}{
		{"altered data", journal.Head{Stream: "s"}, func(r []journal.Record) []journal.Record { r[1].Data = []byte("x"); return r }, 2, "its content has the hash"},
		{"altered time", journal.Head{Stream: "s"}, func(r []journal.Record) []journal.Record { r[0].At = r[0].At.Add(1); return r }, 1, "its content has the hash"},
		{"altered hash", journal.Head{Stream: "s"}, func(r []journal.Record) []journal.Record { r[3].Hash[0] ^= 1; return r }, 4, "its content has the hash"},
		{"altered prev", journal.Head{Stream: "s"}, func(r []journal.Record) []journal.Record { r[2].Prev[0] ^= 1; return r }, 3, "it follows a record"},
		{"altered seq", journal.Head{Stream: "s"}, func(r []journal.Record) []journal.Record { r[2].Seq = 7; return r }, 3, "it says that it is record 7"},
		{"left out", journal.Head{Stream: "s"}, func(r []journal.Record) []journal.Record { return slices.Delete(r, 1, 2) }, 2, "it says that it is record 3"},
		{"left out and renumbered", journal.Head{Stream: "s"}, func(r []journal.Record) []journal.Record {
			r = slices.Delete(r, 1, 2)
			r[1].Seq = 2
			return r
		}, 2, "it follows a record"},
		{"the first left out", journal.Head{Stream: "s"}, func(r []journal.Record) []journal.Record { return r[1:] }, 1, "it says that it is record 2"},
		{"swapped", journal.Head{Stream: "s"}, func(r []journal.Record) []journal.Record { r[1], r[2] = r[2], r[1]; return r }, 2, "it says that it is record 3"},
		{"twice", journal.Head{Stream: "s"}, func(r []journal.Record) []journal.Record { return slices.Insert(r, 1, r[0]) }, 2, "it says that it is record 1"},
		{"of another stream", journal.Head{Stream: "t"}, func(r []journal.Record) []journal.Record { return r }, 1, `it belongs to stream "s"`},
		{"made anew from the second on", good[1].Head(), func([]journal.Record) []journal.Record { return chain("s", "1", "x", "3")[2:] }, 3, "it follows a record"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			head, err := journal.Verify(c.from, seq(c.change(slices.Clone(good))))
			require.ErrorIs(t, err, journal.ErrCorrupt)
			var corrupt *journal.CorruptError
			require.ErrorAs(t, err, &corrupt)
			require.Equal(t, c.from.Stream, corrupt.Stream)
			require.Equal(t, c.seq, corrupt.Seq)
			require.Contains(t, corrupt.Problem, c.want)
			require.Zero(t, head)
		})
	}
}

func TestVerifyPassesErrorsOn(t *testing.T) {
	t.Parallel()
	m := new(journal.Memory)
	require.NoError(t, m.Close())
	head, err := journal.Verify(journal.Head{Stream: "s"}, m.Load(t.Context(), "s", 0))
	require.ErrorIs(t, err, journal.ErrClosed)
	require.NotErrorIs(t, err, journal.ErrCorrupt)
	require.Zero(t, head)
}

// What a chain cannot show, and how a kept head shows it.
func TestCutOffTailNeedsTheHead(t *testing.T) {
	t.Parallel()
	good := chain("s", "1", "2", "3")
	head, err := journal.Verify(journal.Head{Stream: "s"}, seq(good[:2]))
	require.NoError(t, err)
	require.NotEqual(t, good[2].Head(), head)
}
