package metrics_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/metrics"
)

// logOracle is the log as a map of plain facts: slow, and obviously right.
type logOracle map[string][]metrics.Fact

func logMeta(f metrics.Fact) metrics.Meta {
	switch v := f.(type) {
	case metrics.Deployment:
		return v.Meta
	case metrics.Change:
		return v.Meta
	}
	return f.(metrics.Incident).Meta
}

func logSeen(f metrics.Fact, at time.Time) metrics.Fact {
	switch v := f.(type) {
	case metrics.Deployment:
		v.Seen = at
		return v
	case metrics.Change:
		v.Seen = at
		return v
	case metrics.Incident:
		v.Seen = at
		return v
	}
	return f
}

func (o logOracle) add(f metrics.Fact) (t metrics.Tally) {
	m := logMeta(f)
	key := fmt.Sprintf("%T\x00%s\x00%s", f, m.Source, m.ID)
	revs := o[key]
	i := slices.IndexFunc(revs, func(g metrics.Fact) bool { return logMeta(g).Rev >= m.Rev })
	switch {
	case i >= 0 && logMeta(revs[i]).Rev == m.Rev:
		old := revs[i]
		same := reflect.DeepEqual(logSeen(old, time.Time{}), logSeen(f, time.Time{}))
		first := m.Seen.Before(logMeta(old).Seen)
		if !same && m.Seen.Equal(logMeta(old).Seen) {
			a, _ := json.Marshal(f)
			b, _ := json.Marshal(old)
			first = bytes.Compare(a, b) < 0
		}
		if first {
			revs[i] = f
		}
		if same {
			t.Duplicate = 1
		} else {
			t.Refused = 1
		}
	case len(revs) == 0:
		o[key], t.Added = []metrics.Fact{f}, 1
	case i < 0:
		o[key], t.Corrected = append(revs, f), 1
	default:
		o[key], t.Superseded = slices.Insert(revs, i, f), 1
	}
	return t
}

func (o logOracle) snapshot(asOf time.Time) []metrics.Fact {
	out := []metrics.Fact{}
	for _, revs := range o {
		var last metrics.Fact
		for _, f := range revs {
			if !logMeta(f).Seen.After(asOf) {
				last = f
			}
		}
		if last != nil && !logMeta(last).Deleted {
			out = append(out, last)
		}
	}
	kind := func(f metrics.Fact) int {
		switch f.(type) {
		case metrics.Deployment:
			return 0
		case metrics.Change:
			return 1
		}
		return 2
	}
	slices.SortFunc(out, func(a, b metrics.Fact) int {
		m, n := logMeta(a), logMeta(b)
		if c := kind(a) - kind(b); c != 0 {
			return c
		}
		if c := m.At.Compare(n.At); c != 0 {
			return c
		}
		return m.Ref().Compare(n.Ref())
	})
	return out
}

// logPlain is the fact in normal form, by another way than the log's.
func logPlain(t require.TestingT, f metrics.Fact) metrics.Fact {
	b, err := metrics.AppendFact(nil, f)
	require.NoError(t, err)
	out, err := logViaStandard(b)
	require.NoError(t, err)
	return out
}

// TestLogIsTheMap: whatever comes, in whatever order, the packed log says and holds
// what a map of plain facts does. Names collide often, and revisions too.
func TestLogIsTheMap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := rapid.SliceOfN(logFact(), 0, 30).Draw(t, "facts")
		for i := range facts { // half of them say again, nearly or just so, what another one said
			if i > 0 && rapid.Bool().Draw(t, "again") {
				f := facts[rapid.IntRange(0, i-1).Draw(t, "which")]
				switch m := logMeta(f); rapid.IntRange(0, 3).Draw(t, "how") {
				case 0:
				case 1:
					f = logSeen(f, m.Seen.Add(time.Duration(rapid.Int64Range(-2, 2).Draw(t, "moved"))))
				case 2:
					f = logChanged(f, func(m *metrics.Meta) { m.Rev += uint64(rapid.IntRange(0, 3).Draw(t, "rev")) })
				case 3:
					f = logChanged(f, func(m *metrics.Meta) { m.Service += "x" })
				}
				facts[i] = f
			}
		}
		var log metrics.Log
		oracle := logOracle{}
		size := 0
		for _, f := range facts {
			plain := logPlain(t, f)
			if rapid.Bool().Draw(t, "pointer") {
				f = logPointer(f)
			}
			got, err := log.Add(f)
			want := oracle.add(plain)
			require.Equal(t, want, got)
			if want.Refused == 1 {
				require.ErrorIs(t, err, metrics.ErrContradiction)
			} else {
				require.NoError(t, err)
			}
			size += want.Added + want.Corrected + want.Superseded
			require.Equal(t, size, log.Len())
		}
		asOf := logTime().Draw(t, "as of")
		for _, at := range []time.Time{asOf, hours(1e6), hours(0)} {
			require.Equal(t, oracle.snapshot(at), logAll(log.Snapshot(at)))
		}
	})
}

func logChanged(f metrics.Fact, change func(*metrics.Meta)) metrics.Fact {
	switch v := f.(type) {
	case metrics.Deployment:
		change(&v.Meta)
		return v
	case metrics.Change:
		change(&v.Meta)
		return v
	case metrics.Incident:
		change(&v.Meta)
		return v
	}
	return f
}

func logPointer(f metrics.Fact) metrics.Fact {
	switch v := f.(type) {
	case metrics.Deployment:
		return &v
	case metrics.Change:
		return &v
	case metrics.Incident:
		return &v
	}
	return f
}

// TestLogOfMany: an index that has grown often, chunks that are full, and facts that
// fill more than a chunk.
func TestLogOfMany(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 7))
	var log metrics.Log
	oracle := logOracle{}
	for i := range 20_000 {
		at := epoch.Add(time.Duration(r.Int64N(1e17)))
		m := metrics.Meta{Source: pick(r, "a", "b", "c"), ID: pick(r, "", "0", "x-", strings.Repeat("ab", 9)) + fmt.Sprint(r.IntN(6000)), Rev: uint64(r.IntN(2)),
			At: at, Seen: at.Add(time.Duration(r.Int64N(1e10))), Service: fmt.Sprint("s", r.IntN(300)), Environment: "production"}
		var f metrics.Fact = metrics.Change{Meta: m}
		switch r.IntN(4) {
		case 0:
			f = metrics.Incident{Meta: m, CausedBy: metrics.Ref{Source: "a", ID: m.ID}}
		case 1:
			d := metrics.Deployment{Meta: m, Outcome: metrics.DeploymentSucceeded, Version: fmt.Sprintf("v1.%d", i)}
			for k := range r.IntN(4) {
				d.Changes = append(d.Changes, metrics.Ref{Source: "a", ID: fmt.Sprint("x-", 2*k+r.IntN(6000))})
			}
			if i%4001 == 0 {
				for k := range 30_000 {
					d.Changes = append(d.Changes, metrics.Ref{Source: "c", ID: fmt.Sprint(k * k)})
				}
			}
			slices.SortFunc(d.Changes, metrics.Ref.Compare)
			d.Changes = slices.Compact(d.Changes)
			f = d
		}
		got, _ := log.Add(f)
		require.Equal(t, oracle.add(f), got)
	}
	for _, at := range []time.Time{epoch.Add(5e16), hours(1e6)} {
		require.True(t, reflect.DeepEqual(oracle.snapshot(at), logAll(log.Snapshot(at))))
	}
}

// TestLogOfEqualHashes: a hash is never trusted; two names with one hash are two facts.
func TestLogOfEqualHashes(t *testing.T) {
	t.Parallel()
	var log metrics.Log
	metrics.LogHashAlike(&log)
	oracle := logOracle{}
	for i := range 600 {
		m := metrics.Meta{Source: []string{"a", "b"}[i%2], ID: fmt.Sprint([]string{"", "0", "x"}[i%3], i/12), At: hours(i), Seen: hours(i), Service: "s", Environment: "e"}
		for _, f := range []metrics.Fact{metrics.Change{Meta: m}, metrics.Incident{Meta: m}, metrics.Deployment{Meta: m}} {
			got, _ := log.Add(f)
			require.Equal(t, oracle.add(f), got)
		}
	}
	require.Equal(t, oracle.snapshot(hours(1e6)), logAll(log.Snapshot(hours(1e6))))
}

// TestLogForgetsWhatIsReplaced: a fact that is told again as seen earlier and earlier
// does not fill the log.
func TestLogForgetsWhatIsReplaced(t *testing.T) {
	t.Parallel()
	var log metrics.Log
	other := deploy("2", 5, "v1")
	tomb := metrics.Deployment{Meta: metrics.Meta{Source: "ci", ID: "3", Rev: 2, Deleted: true, Seen: hours(7)}}
	gone := deploy("3", 6, "v2")
	_, err := log.Add(other, tomb, gone)
	require.NoError(t, err)
	d := deploy("1", 1, "v1")
	for i := range 10_000 {
		d.Seen = hours(10_000 - i)
		_, err := log.Add(d)
		require.NoError(t, err)
	}
	require.Equal(t, 4, log.Len())
	facts, _ := metrics.LogBytes(&log)
	require.Less(t, facts, 64<<10, "the packed facts that were replaced are gone")
	require.Equal(t, []metrics.Fact{d, other}, logAll(log.Snapshot(hours(20_000))))
	require.Equal(t, []metrics.Fact{d, other, gone}, logAll(log.Snapshot(hours(6))))
}

// TestLogPlainIsRight: what the fast way takes for right, the slow one does not refuse.
func TestLogPlainIsRight(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := logFact().Draw(t, "fact")
		bad := func(m *metrics.Meta) {}
		switch rapid.IntRange(0, 8).Draw(t, "how") {
		case 0:
			bad = func(m *metrics.Meta) { m.Source = "" }
		case 1:
			bad = func(m *metrics.Meta) { m.ID = strings.Repeat("x", 4097) }
		case 2:
			bad = func(m *metrics.Meta) { m.Seen = time.Time{} }
		case 3:
			bad = func(m *metrics.Meta) { m.At = time.Date(2191, 1, 1, 0, 0, 0, 0, time.UTC) }
		case 4:
			bad = func(m *metrics.Meta) { m.Seen = time.Date(1899, 12, 31, 23, 59, 59, 0, time.UTC) }
		case 5:
			bad = func(m *metrics.Meta) { m.Service = "a\x7f" }
		case 6:
			bad = func(m *metrics.Meta) { m.Dims = metrics.Dims{"environment": "x"} }
		case 7:
			bad = func(m *metrics.Meta) { m.Dims = metrics.Dims{"a": "\u2028"} }
		case 8:
			require.Empty(t, metrics.LogPlain(f), "a good fact")
			return
		}
		f = logChanged(f, bad)
		require.Empty(t, metrics.LogPlain(f))
		var log metrics.Log
		_, err := log.Add(f)
		require.Error(t, err)
	})
}
