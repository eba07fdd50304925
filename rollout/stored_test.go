package rollout_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
)

// bear reads records in every way that there is, as far as they can be read: whatever
// is stored, nothing panics.
func bear(target rollout.Target, s rollout.State, recs []journal.Record) (replayed bool) {
	_ = s.String()
	_ = rollout.Ask(s, s.At)
	_, _ = rollout.Decide(s, rollout.Facts{Now: s.At, Actor: "service:sallyport"})
	if s.Rollout != nil {
		_ = rollout.Diagram(s.Rollout.Plan, &s) + rollout.DiagramDOT(s.Rollout.Plan, &s)
		_, _ = s.Rollout.Waiting(), s.Rollout.Exposed(s.At)
	}
	_, _ = rollout.Events(target, recs)
	_, err := rollout.Replay(target, recs)
	return err == nil
}

// Each member and each element of each record of the golden streams is left out, and
// each element is there twice; an eighth of that, and all with -long.
func TestStoredRecordsThatLackSomething(t *testing.T) {
	t.Parallel()
	tried, read, replayed := 0, 0, 0
	for n, file := range goldenStreams(t) {
		target, recs := readStream(t, file)
		s := rollout.NewState(target)
		for i, rec := range recs {
			for v, want := range map[string]string{"0": "it has no version", "-1": "has version -1", "2": "has version 2"} {
				e := rec.Entry
				e.Data = bytes.Replace(rec.Data, []byte(`{"v":1`), []byte(`{"v":`+v), 1)
				_, err := rollout.Reduce(s, journal.Seal(s.Head, e))
				require.ErrorContains(t, err, want)
			}
			for k, data := range lacking(t, rec.Data) {
				if (n+i+k)%8 != 0 && !*long {
					continue // in each stream others
				}
				tried++
				e := rec.Entry
				e.Data = data
				edited := journal.Seal(s.Head, e)
				after, err := rollout.Reduce(s, edited)
				if err != nil {
					require.Equal(t, s, after)
					continue
				}
				read++
				if bear(target, after, append(recs[:i:i], edited)) {
					replayed++
				}
			}
			var err error
			s, err = rollout.Reduce(s, rec)
			require.NoError(t, err)
		}
	}
	t.Logf("%d edits, %d of them could be read, %d replayed", tried, read, replayed)
	require.NotZero(t, read)
	require.Greater(t, tried, 2*read, "most are no records")
}

// lacking are texts of a JSON object that lack a member or an element, at any depth, or
// have an element twice.
func lacking(t *testing.T, text []byte) [][]byte {
	var out [][]byte
	cut := func(first, end int, again bool) {
		switch {
		case again:
			out = append(out, append(append(append(bytes.Clone(text[:end]), ','), text[first:end]...), text[end:]...))
			fallthrough
		default:
			switch {
			case text[end] == ',':
				end++
			case text[first-1] == ',':
				first--
			}
			out = append(out, append(bytes.Clone(text[:first]), text[end:]...))
		}
	}
	var value func(i int) int
	value = func(i int) int {
		d := json.NewDecoder(bytes.NewReader(text[i:]))
		tok, err := d.Token()
		require.NoError(t, err)
		if tok != json.Delim('{') && tok != json.Delim('[') {
			return i + int(d.InputOffset())
		}
		object := tok == json.Delim('{')
		for i++; text[i] != '}' && text[i] != ']'; {
			first := i
			if object {
				i = value(i) + 1 // the name and its colon
			}
			i = value(i)
			cut(first, i, !object)
			if text[i] == ',' {
				i++
			}
		}
		return i + 1
	}
	require.Equal(t, len(text), value(0))
	return out
}

// Any data in any record after any part of a golden stream is refused or can be read in
// every way.
func FuzzStored(f *testing.F) {
	type place struct {
		target rollout.Target
		before rollout.State
		recs   []journal.Record
	}
	var places []place
	for _, file := range goldenStreams(f) {
		target, recs := readStream(f, file)
		s := rollout.NewState(target)
		for i, rec := range recs {
			f.Add(uint16(len(places)), rec.Kind, rec.Data)
			places = append(places, place{target, s, recs[: i+1 : i+1]})
			var err error
			s, err = rollout.Reduce(s, rec)
			require.NoError(f, err)
		}
	}
	f.Fuzz(func(t *testing.T, at uint16, kind string, data []byte) {
		p := places[int(at)%len(places)]
		last := len(p.recs) - 1
		e := p.recs[last].Entry
		e.Kind, e.Data = kind, data
		rec := journal.Seal(p.before.Head, e)
		after, err := rollout.Reduce(p.before, rec)
		if err != nil {
			require.Equal(t, p.before, after, "an error leaves the state")
			return
		}
		require.Equal(t, rec.Head(), after.Head)
		bear(p.target, after, append(p.recs[:last:last], rec))
	})
}
