package rollout_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
)

// everyState is the stream of the script of [everything], and the states before each
// of its records.
func everyState(t testing.TB) (records []journal.Record, before []rollout.State) {
	w := newWorld(t)
	require.Zero(t, perform(w, allScenes(w)))
	records = w.records()
	s := rollout.NewState(production)
	for _, rec := range records {
		before = append(before, s)
		var err error
		s, err = rollout.Reduce(s, rec)
		require.NoError(t, err)
	}
	return records, before
}

// In each state of a long story, a record that is not byte for byte what this version
// writes is refused, whatever it says: a member that is not known may change what the
// rest means, and one that stands twice is read differently by others.
func TestARecordIsReadStrictly(t *testing.T) {
	t.Parallel()
	records, before := everyState(t)
	refused := 0
	for i, rec := range records {
		data := string(rec.Data)
		if data == `{"v":1}` {
			continue // facts of a moment at which nothing had to be asked
		}
		require.True(t, strings.HasPrefix(data, `{"v":1,`))
		nested := strings.Index(data[1:], "{") + 2 // inside the first object, if there is one
		for name, bad := range map[string]string{
			"an unknown member":         data[:len(data)-1] + `,"x":1}`,
			"an unknown member inside":  data[:nested] + `"x":1,` + data[nested:],
			"a member twice":            `{"v":1,` + data[1:],
			"a member in capitals":      strings.Replace(data, `"v"`, `"V"`, 1),
			"a space":                   data[:1] + " " + data[1:],
			"a space behind":            data + " ",
			"a second value":            data + data,
			"no version":                `{` + data[len(`{"v":1,`):],
			"version zero":              strings.Replace(data, `"v":1`, `"v":0`, 1),
			"a version that is text":    strings.Replace(data, `"v":1`, `"v":"1"`, 1),
			"a version that is no more": strings.Replace(data, `"v":1`, `"v":1.0`, 1),
			"a version below zero":      strings.Replace(data, `"v":1`, `"v":-1`, 1),
			"the next version":          strings.Replace(data, `"v":1`, `"v":2`, 1),
			"nothing":                   "",
			"null":                      "null",
			"a list":                    "[" + data + "]",
			"half of it":                data[:len(data)/2],
			"a byte that is no text":    strings.Replace(data, `":"`, "\":\"\xff", 1),
			"members in another order":  reordered(data),
		} {
			if bad == data || name == "an unknown member inside" && nested < 2 {
				continue
			}
			e := rec.Entry
			e.Data = []byte(bad)
			after, err := rollout.Reduce(before[i], journal.Seal(before[i].Head, e))
			require.Error(t, err, "record %d, %s, %s: %s", i+1, rec.Kind, name, bad)
			require.Equal(t, before[i], after)
			if name == "the next version" {
				require.ErrorIs(t, err, rollout.ErrUnknownRecord)
			}
			refused++
		}
	}
	t.Logf("%d records refused", refused)
}

// reordered is an object with its first member, the version, at the end.
func reordered(data string) string {
	return "{" + strings.TrimSuffix(data[len(`{"v":1,`):], "}") + `,"v":1}`
}

// Each record of a long story in each other state of it: what is refused changes
// nothing, and what is accepted never widens but by an order that follows answers.
func TestEveryRecordInEveryState(t *testing.T) {
	t.Parallel()
	records, before := everyState(t)
	accepted, refused := 0, 0
	for _, s := range before {
		for _, rec := range records {
			if reduceAny(t, s, rec.Kind, rec.Entry) {
				accepted++
			} else {
				refused++
			}
		}
	}
	require.Greater(t, accepted, len(records))
	require.Greater(t, refused, accepted)
	t.Logf("%d states, %d records: %d accepted, %d refused", len(before), len(records), accepted, refused)
}

// reduceAny seals an entry at s and says whether Reduce takes it.
func reduceAny(t *testing.T, s rollout.State, kind string, e journal.Entry) bool {
	e.Kind = kind
	if e.At.Before(s.At) {
		e.At = s.At
	}
	rec := journal.Seal(s.Head, e)
	after, err := rollout.Reduce(s, rec)
	if err != nil {
		require.Equal(t, s, after, "an error leaves the state")
		return false
	}
	require.Equal(t, rec.Head(), after.Head)
	var compact bytes.Buffer
	require.NoError(t, json.Compact(&compact, e.Data))
	require.Equal(t, compact.String(), string(e.Data), "what is read is what is written")
	spaced := e
	spaced.Data = append(slices.Clone(e.Data), ' ')
	_, err = rollout.Reduce(s, journal.Seal(s.Head, spaced))
	require.Error(t, err, "nothing but the one encoding is read")
	r, was := after.Rollout, s.Rollout
	if was == nil || r == nil || r.ID != was.ID {
		return true
	}
	if r.Widest != was.Widest || r.Pending != nil && (was.Pending == nil || was.Pending.Action.Key != r.Pending.Action.Key) {
		require.Equal(t, rollout.RecordAction, kind)
		require.Nil(t, was.Pending, "one action at a time", kind)
		require.Equal(t, s.Head.Seq+1, r.Pending.Action.Fence)
		if r.Pending.Action.Kind == rollout.ActionExpose {
			require.Equal(t, s.Head.Seq, was.FactsSeq, "an order follows answers")
			require.True(t, was.Paused == nil && was.Abort == nil && was.Superseded == nil && was.Held == nil)
			require.LessOrEqual(t, r.Widest, was.Widest+1)
		}
	}
	if r.Stage != was.Stage {
		require.Equal(t, rollout.RecordFacts, kind, "only an observation makes a stage exposed")
		require.Equal(t, was.Stage+1, r.Stage)
	}
	if after.Current != s.Current {
		require.Contains(t, []string{rollout.RecordEnded, rollout.RecordAdopted}, kind)
	}
	return true
}
