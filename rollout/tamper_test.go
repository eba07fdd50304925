package rollout_test

import (
	"context"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// forged is a journal that says what it was told to.
type forged struct {
	journal.Memory
	records []journal.Record
}

func (f *forged) Load(_ context.Context, _ string, after uint64) iter.Seq2[journal.Record, error] {
	return func(yield func(journal.Record, error) bool) {
		for _, r := range f.records {
			if r.Seq > after && !yield(r, nil) {
				return
			}
		}
	}
}

// reseal chains records anew, as somebody who can write the whole store would.
func reseal(records []journal.Record) []journal.Record {
	head := journal.Head{Stream: production.Stream()}
	var out []journal.Record
	for _, r := range records {
		r = journal.Seal(head, r.Entry)
		out = append(out, r)
		head = r.Head()
	}
	return out
}

// story is the records of a rollout that regressed in its second stage.
func story(t *testing.T) []journal.Record {
	w := newWorld(t)
	w.start()
	w.step()
	w.later(time.Hour)
	w.health = health.Verdict{Kind: health.KindRegressed, Why: "worse"}
	w.later(time.Minute)
	recs := w.records()
	require.Equal(t, rollout.RecordEnded, recs[len(recs)-1].Kind)
	return recs
}

func TestAlteredStreamsStopTheEngine(t *testing.T) {
	t.Parallel()
	recs := story(t)
	for i := range recs {
		for name, edit := range map[string]func([]journal.Record) []journal.Record{
			"data":    func(r []journal.Record) []journal.Record { r[i].Data = append([]byte(" "), r[i].Data...); return r },
			"reason":  func(r []journal.Record) []journal.Record { r[i].Reason += "."; return r },
			"actor":   func(r []journal.Record) []journal.Record { r[i].Actor = "mallory"; return r },
			"time":    func(r []journal.Record) []journal.Record { r[i].At = r[i].At.Add(1); return r },
			"kind":    func(r []journal.Record) []journal.Record { r[i].Kind = rollout.RecordAborted; return r },
			"omitted": func(r []journal.Record) []journal.Record { return append(r[:i:i], r[i+1:]...) },
			"twice":   func(r []journal.Record) []journal.Record { return append(r[:i+1:i+1], r[i:]...) },
		} {
			if name == "omitted" && i == len(recs)-1 {
				continue // a cut end is what only a head kept elsewhere shows
			}
			w := newWorld(t)
			w.deploy = nil2{} // must not be called
			w.journal = &forged{records: edit(append([]journal.Record(nil), recs...))}
			_, _, err := w.engine().Step(t.Context(), production)
			require.ErrorIs(t, err, journal.ErrCorrupt, "record %d, %s", i+1, name)
			_, err = rollout.Replay(production, w.journal.(*forged).records)
			require.Error(t, err)
		}
	}
}

// nil2 is a deployer that must not be called.
type nil2 struct{}

func (nil2) Apply(context.Context, rollout.Action) error { panic("applied") }
func (nil2) Observe(context.Context, rollout.Target) (rollout.Observed, error) {
	panic("observed")
}

// Whoever can write the whole store can chain it anew. The decisions then still
// have to follow from the facts beside them.
func TestReplayFindsWhatTheChainCannot(t *testing.T) {
	t.Parallel()
	recs := story(t)
	_, err := rollout.Replay(production, reseal(recs))
	require.NoError(t, err)
	find := func(kind string, n int) int {
		for i, r := range recs {
			if r.Kind == kind {
				if n--; n == 0 {
					return i
				}
			}
		}
		t.Fatalf("no %s", kind)
		return 0
	}
	replace := func(i int, old, new string) func([]journal.Record) []journal.Record {
		require.Contains(t, string(recs[i].Data), old)
		return func(r []journal.Record) []journal.Record {
			r[i].Data = []byte(strings.Replace(string(r[i].Data), old, new, 1))
			return r
		}
	}
	last := len(recs) - 1
	for name, edit := range map[string]func([]journal.Record) []journal.Record{
		"a gate that held, widened":       replace(find(rollout.RecordFacts, 1), `"allow"`, `"hold"`),
		"a gate that denied, widened":     replace(find(rollout.RecordFacts, 1), `"allow"`, `"deny"`),
		"another gate":                    replace(find(rollout.RecordFacts, 1), `"first"`, `"other"`),
		"healthy, rolled back":            replace(last-3, `"regressed"`, `"healthy"`),
		"another cause":                   replace(last-2, `worse`, `fine`),
		"another cause at the end":        replace(last, `worse`, `fine`),
		"another fence":                   replace(find(rollout.RecordAction, 1), `"fence":3`, `"fence":4`),
		"another release":                 replace(find(rollout.RecordAction, 1), `"version":"2"`, `"version":"9"`),
		"more than the plan":              replace(find(rollout.RecordAction, 1), `"percent":5`, `"percent":50`),
		"another plan":                    replace(0, `"percent":5`, `"percent":4`),
		"deployed instead of rolled back": replace(last, `"rolled back"`, `"deployed"`),
		"stopped instead of rolled back":  replace(last, `"rolled back"`, `"stopped"`),
		"no rollback":                     func(r []journal.Record) []journal.Record { return r[:last-2] },
		"the end left out":                func(r []journal.Record) []journal.Record { return r[:last] },
		"facts left out": func(r []journal.Record) []journal.Record {
			return append(r[:1:1], r[2:]...)
		},
		"not observed": func(r []journal.Record) []journal.Record {
			i := find(rollout.RecordFacts, 2)
			return append(r[:i:i], r[i+1:]...)
		},
		"too early": func(r []journal.Record) []journal.Record {
			for i := find(rollout.RecordFacts, 3); i < len(r); i++ {
				r[i].At = r[i].At.Add(-30 * time.Minute)
			}
			return r
		},
		"back in time": func(r []journal.Record) []journal.Record { r[last].At = nine.Add(-1); return r },
		"an unknown member": func(r []journal.Record) []journal.Record {
			r[last].Data = append(r[last].Data[:len(r[last].Data)-1:len(r[last].Data)-1], `,"x":1}`...)
			return r
		},
		"two values": func(r []journal.Record) []journal.Record {
			r[last].Data = append(r[last].Data[:len(r[last].Data):len(r[last].Data)], `{}`...)
			return r
		},
		"no data":      func(r []journal.Record) []journal.Record { r[last].Data = nil; return r },
		"no version":   replace(last, `"v":1`, `"v":0`),
		"other target": replace(0, `"environment":"production"`, `"environment":"staging"`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := rollout.Replay(production, reseal(edit(append([]journal.Record(nil), recs...))))
			require.Error(t, err)
			t.Log(err)
		})
	}
}

func TestRecordsOfANewerProgramStopTheEngine(t *testing.T) {
	t.Parallel()
	recs := story(t)[:5]
	for name, e := range map[string]journal.Entry{
		"kind":                {At: recs[4].At, Kind: "rollout/teleported", Data: []byte(`{"v":1}`)},
		"version":             {At: recs[4].At, Kind: rollout.RecordPaused, Data: []byte(`{"v":2,"by":{"actor":{"kind":"human","id":"x"},"reason":"y"}}`)},
		"version and members": {At: recs[4].At, Kind: rollout.RecordPaused, Data: []byte(`{"v":2,"until":"noon"}`)},
	} {
		w := newWorld(t)
		w.deploy = nil2{}
		w.journal = &forged{records: append(recs[:5:5], journal.Seal(recs[4].Head(), e))}
		_, _, err := w.engine().Step(t.Context(), production)
		require.ErrorIs(t, err, rollout.ErrUnknownRecord, name)
		_, err = w.engine().Abort(t.Context(), production, ada)
		require.ErrorIs(t, err, rollout.ErrUnknownRecord, name)
	}
}

// What is read back must be refused or be what could have been written: any bytes
// as the data of any record, in any state of a long story, never panic, never change
// the state that they are refused in, and never widen it.
func FuzzReduce(f *testing.F) {
	records, before := everyState(f)
	for i, rec := range records {
		f.Add(uint16(i), rec.Kind, rec.Data)
	}
	f.Add(uint16(1), rollout.RecordAborted, []byte(`{"v":1}`))
	f.Add(uint16(1), rollout.RecordEnded, []byte(`{"v":1,"phase":"deployed"}`))
	f.Add(uint16(1), rollout.RecordAction, []byte(`{"v":1,"action":{"kind":"rollback","fence":2}}`))
	f.Fuzz(func(t *testing.T, at uint16, kind string, data []byte) {
		s := before[int(at)%len(before)]
		like := records[int(at)%len(records)].Entry // commands are signed: the envelope is one that was written
		like.Data = data
		reduceAny(t, s, kind, like)
	})
}

// The engine itself does not replay, but refuses an order that cannot have been
// given, however well it is chained.
func TestForgedOrdersStopTheEngine(t *testing.T) {
	t.Parallel()
	recs := story(t)[:3] // started, facts, action: the order is pending
	replace := func(i int, old, new string) func([]journal.Record) {
		require.Contains(t, string(recs[i].Data), old)
		return func(r []journal.Record) { r[i].Data = []byte(strings.Replace(string(r[i].Data), old, new, 1)) }
	}
	for name, edit := range map[string]func([]journal.Record){
		"a gate that held": replace(1, `"allow"`, `"hold"`),
		"a gate not asked": replace(1, `"first"`, `"other"`),
		"production moved": replace(1, `"settled":true`, `"settled":false`),
		"another fence":    replace(2, `"fence":3`, `"fence":30`),
		"no key": func(r []journal.Record) {
			i := strings.Index(string(r[2].Data), `"key":"`)
			r[2].Data = []byte(string(r[2].Data[:i]) + `"key":"",` + string(r[2].Data[strings.Index(string(r[2].Data), `"fence"`):]))
		},
		"more than the plan":  replace(2, `"percent":5`, `"percent":50`),
		"another release":     replace(2, `"version":"2"`, `"version":"3"`),
		"another target":      replace(2, `"environment":"production"`, `"environment":"staging"`),
		"a stage that is not": replace(2, `"stage":"canary"`, `"stage":"half"`),
		"an unknown action":   replace(2, `"kind":"expose"`, `"kind":"unknown"`),
		"a rollback of nothing": func(r []journal.Record) {
			r[2].Data = []byte(strings.Replace(string(r[2].Data), `"kind":"expose"`, `"kind":"rollback"`, 1))
		},
		"back in time": func(r []journal.Record) { r[2].At = nine.Add(-1) },
		"no facts":     func(r []journal.Record) { r[1] = journal.Record{Entry: r[2].Entry} },
	} {
		w := newWorld(t)
		w.deploy = nil2{}
		forgery := append([]journal.Record(nil), recs...)
		edit(forgery)
		w.journal = &forged{records: reseal(forgery)}
		_, _, err := w.engine().Step(t.Context(), production)
		require.ErrorContains(t, err, "rollout: ", name)
	}
}
