package analysis_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout/analysis"
)

var update = flag.Bool("update", false, "rewrite the golden file")

const golden = "testdata/records.txt"

// The records of a rollout, as they are stored, one a line: what an older program wrote
// must be read by every later one.
func TestRecordsAreGolden(t *testing.T) {
	t.Parallel()
	_, recs := played(t)
	var b bytes.Buffer
	for _, r := range recs {
		fmt.Fprintf(&b, "%d\t%s\t%s\t%s\t%s\n", r.Seq, r.Kind, r.Actor, r.Reason, r.Data)
	}
	if *update {
		require.NoError(t, os.WriteFile(golden, b.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}

// storeOf is a store with these records' entries.
func storeOf(t testing.TB, recs []journal.Record) *journal.Memory {
	m := new(journal.Memory)
	for i, r := range recs {
		_, err := m.Append(t.Context(), journal.Append{Stream: r.Stream, Expect: uint64(i), Wake: journal.Never, Entries: []journal.Entry{r.Entry}})
		require.NoError(t, err)
	}
	return m
}

func TestStoredMistakesAreRefused(t *testing.T) {
	t.Parallel()
	s, recs := played(t)
	at := func(kind string) int {
		for i, r := range recs {
			if r.Kind == kind {
				return i
			}
		}
		t.Fatal(kind)
		return 0
	}
	for _, c := range []struct {
		name, kind, old, new, want string
	}{
		{"a newer version", analysis.RecordWindow, `{"v":1,`, `{"v":2,`, "does not know"},
		{"no version", analysis.RecordStage, `{"v":1,`, `{`, "does not know"},
		{"a member that is not known", analysis.RecordWindow, `{"v":1,`, `{"v":1,"more":true,`, "not what this version writes"},
		{"another case", analysis.RecordStage, `"since"`, `"Since"`, "not what this version writes"},
		{"spaces", analysis.RecordPart, `{"v":1,`, `{"v":1, `, "not what this version writes"},
		{"cut off", analysis.RecordWindow, `}]}`, `}]`, "JSON"},
		{"a sample of another window", analysis.RecordWindow, `"id":"2026-11-23T09:01`, `"id":"2026-11-23T09:02`, "of window"},
		{"another window", analysis.RecordWindow, `"start":"2026-11-23T09:01`, `"start":"2026-11-23T09:00`, "not"},
		{"a metric that is not judged", analysis.RecordWindow, `"metric":"errors"`, `"metric":"latency"`, "not in the policy"},
		{"a part that is not judged", analysis.RecordWindow, `{"v":1,`, `{"v":1,"slice":{"region":"eu","percent":50},`, "not judged"},
		{"a policy with mistakes", analysis.RecordPart, `"beta":0.05`, `"beta":0.75`, "beta"},
		{"windows of no length", analysis.RecordPart, `"length":60000000000`, `"length":0`, "window"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			i := at(c.kind)
			bad := append([]journal.Record(nil), recs...)
			require.Contains(t, string(bad[i].Data), c.old)
			bad[i].Data = []byte(strings.ReplaceAll(string(bad[i].Data), c.old, c.new))
			refused(t, s, bad, c.want)
		})
	}
	t.Run("a kind that is not known", func(t *testing.T) {
		t.Parallel()
		bad := append([]journal.Record(nil), recs...)
		bad[4].Kind = "analysis/later"
		refused(t, s, bad, "does not know")
	})
	for _, i := range []int{0, 2, 6} {
		t.Run(fmt.Sprintf("record %d twice", i), func(t *testing.T) {
			t.Parallel()
			bad := append(append(append([]journal.Record(nil), recs[:i+1]...), recs[i]), recs[i+1:]...)
			refused(t, s, bad, "impossible")
		})
	}
	t.Run("a window left out", func(t *testing.T) {
		t.Parallel()
		i := at(analysis.RecordWindow)
		refused(t, s, append(append([]journal.Record(nil), recs[:i]...), recs[i+1:]...), "the next one")
	})
}

// refused checks that the stream gives no verdict, to a source and to a replay.
func refused(t testing.TB, s *service, recs []journal.Record, want string) {
	opts := s.opts
	opts.Store = storeOf(t, recs)
	source, err := analysis.New(opts)
	require.NoError(t, err)
	v, err := source.Health(t.Context(), s.asked[len(s.asked)-1].q)
	require.ErrorContains(t, err, want)
	require.Zero(t, v)
	var last error
	for _, err := range analysis.Replay(t.Context(), opts.Store, recs[0].Stream) {
		last = err
	}
	require.ErrorContains(t, last, want)
}
