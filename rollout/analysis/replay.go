package analysis

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// Judgement is the verdict on a part of the traffic after a record.
type Judgement struct {
	// Seq is the record's number in its stream, At its time.
	Seq uint64
	At  time.Time
	// Slice is the slice that the verdict is about; nil for the whole stage. Watch is set
	// once no control is left.
	Slice *rollout.Slice
	Watch bool
	// Window is the window that was counted; zero if the record began the part.
	Window health.Window
	// Verdict is what all windows up to then say.
	Verdict health.Verdict
}

// Replay gives every verdict of a stream again, one after each record that can change
// it: of the part whose window it is, or that begins, or of each part whose certificate
// begins anew. The same records give the same verdicts. A record that is altered, unknown
// or impossible ends it with an error.
func Replay(ctx context.Context, store Store, stream string) iter.Seq2[Judgement, error] {
	return func(yield func(Judgement, error) bool) {
		st := newState(stream)
		for rec, err := range store.Load(ctx, stream, 0) {
			if err != nil {
				yield(Judgement{}, fmt.Errorf("analysis: load %q: %w", stream, err))
				return
			}
			if err := st.reduce(rec); err != nil {
				yield(Judgement{}, err)
				return
			}
			for _, j := range st.judged(rec) {
				if !yield(j, nil) {
					return
				}
			}
		}
	}
}

// judged are the verdicts that the last record may have changed. It was reduced, so that
// it can be read.
func (s *state) judged(rec journal.Record) (out []Judgement) {
	add := func(p *part, slice *rollout.Slice, w health.Window) {
		out = append(out, Judgement{Seq: rec.Seq, At: rec.At, Slice: slice, Watch: p.id.watch, Window: w, Verdict: p.verdict()})
	}
	switch rec.Kind {
	case RecordStage:
		for _, p := range s.parts {
			if s.stage.has(p.id) {
				add(p, s.stage.slice(p.id), health.Window{})
			}
		}
	case RecordPart:
		var d partData
		if decode(rec, &d) == nil {
			add(s.find(idOf(d.Slice, d.Watch != nil)), d.Slice, health.Window{})
		}
	case RecordWindow:
		var d windowData
		if decode(rec, &d) == nil {
			add(s.find(idOf(d.Slice, d.Watch)), d.Slice, d.Window)
		}
	}
	return out
}
