package analysis

import (
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// state is what a stream's records say. It is made of them and of nothing else.
type state struct {
	head  journal.Head
	stage *stageData // the one that was observed last; nil if none was
	parts []*part    // in the order in which they began
}

func newState(stream string) *state { return &state{head: journal.Head{Stream: stream}} }

// reduce takes in one more record. After an error the state is of no use.
func (s *state) reduce(rec journal.Record) error {
	if err := s.head.Check(rec); err != nil {
		return fmt.Errorf("analysis: %w", err)
	}
	var err error
	switch rec.Kind {
	case RecordPart:
		err = s.begin(rec)
	case RecordStage:
		err = s.enter(rec)
	case RecordWindow:
		err = s.count(rec)
	default:
		return fmt.Errorf("%w: record %d of %q, kind %q", ErrUnknownRecord, rec.Seq, rec.Stream, rec.Kind)
	}
	s.head = rec.Head()
	return err
}

func impossible(rec journal.Record, format string, args ...any) error {
	return fmt.Errorf("analysis: record %d of %q, %s, is impossible: %w", rec.Seq, rec.Stream, rec.Kind, fmt.Errorf(format, args...))
}

// find is the part with this ID, or nil.
func (s *state) find(id partID) *part {
	for _, p := range s.parts {
		if p.id == id {
			return p
		}
	}
	return nil
}

// monitors is how many parts share Alpha.
func (s *state) monitors() (n int) {
	for _, p := range s.parts {
		if p.monitor != nil {
			n++
		}
	}
	return n
}

// begin begins a part, or begins it anew.
func (s *state) begin(rec journal.Record) error {
	var d partData
	if err := decode(rec, &d); err != nil {
		return err
	}
	p := &part{id: idOf(d.Slice, d.Watch != nil), from: d.From, length: d.Length, policy: d.Policy}
	first := firstWindow(d.From, d.Length)
	if err := first.Validate(); err != nil {
		return impossible(rec, "%w", err)
	}
	p.next = first.Start
	var err error
	if d.Watch != nil {
		if p.feeds, err = feedsOf(d.Policy, *d.Watch); err == nil {
			p.watch, err = health.NewWatch(*d.Watch)
		}
	} else {
		p.monitor, err = health.New(d.Policy)
		p.history = map[string][]seen{}
	}
	if err != nil {
		return impossible(rec, "%w", err)
	}
	if s.stage != nil && s.stage.has(p.id) {
		p.enter(s.stage)
	}
	i := slices.IndexFunc(s.parts, func(o *part) bool { return o.id == p.id })
	switch {
	case i < 0:
		s.parts = append(s.parts, p)
	case !s.parts[i].stale:
		return impossible(rec, "%v is judged already", p.id)
	default:
		p.history = s.parts[i].history
		s.parts[i] = p
	}
	return nil
}

// enter begins a stage.
func (s *state) enter(rec journal.Record) error {
	d := new(stageData)
	if err := decode(rec, d); err != nil {
		return err
	}
	if s.stage != nil && !d.Since.After(s.stage.Since) {
		return impossible(rec, "stage %q begins at %v, and %q began at %v", d.Stage.Name, d.Since, s.stage.Stage.Name, s.stage.Since)
	}
	again := s.stage != nil && s.stage.Stage.Name == d.Stage.Name
	s.stage = d
	for _, p := range s.parts {
		if d.has(p.id) {
			p.enter(d)
			p.stale = again && p.regressed()
		}
	}
	return nil
}

// count takes in a window.
func (s *state) count(rec journal.Record) error {
	var d windowData
	if err := decode(rec, &d); err != nil {
		return err
	}
	p := s.find(idOf(d.Slice, d.Watch))
	switch {
	case p == nil:
		return impossible(rec, "%v is not judged", idOf(d.Slice, d.Watch))
	case !d.Window.Equal(p.window()):
		return impossible(rec, "the window %s is not %s, the next one", d.Window.ID(), p.window().ID())
	}
	if err := p.check(d.Window, d.Samples); err != nil {
		return impossible(rec, "%w", err)
	}
	if err := p.count(d.Window, d.Samples); err != nil {
		return impossible(rec, "%w", err)
	}
	return nil
}

// has reports whether a part is one of the stage's.
func (d *stageData) has(id partID) bool {
	if id.watch != d.Last || id.whole == d.Stage.PerSlice {
		return false
	}
	return id.whole || d.slice(id) != nil
}

// slice is the stage's slice of a part; nil for the whole.
func (d *stageData) slice(id partID) *rollout.Slice {
	if id.whole {
		return nil
	}
	for _, l := range d.Stage.Slices {
		if scope(l) == id.scope {
			return &l
		}
	}
	return nil
}

// A partID says which part of the traffic a part is, and how it is judged. The percent
// of a slice, which grows from stage to stage, makes no other part.
type partID struct {
	watch bool
	whole bool
	scope rollout.Slice
}

func idOf(slice *rollout.Slice, watch bool) partID {
	if slice == nil {
		return partID{watch: watch, whole: true}
	}
	return partID{watch: watch, scope: scope(*slice)}
}

func scope(l rollout.Slice) rollout.Slice {
	l.Percent = 0
	return l
}

// String is what people read.
func (id partID) String() string {
	switch {
	case id.whole:
		return "the whole stage"
	case id.scope == rollout.Slice{}:
		return "the slice of everything"
	}
	text := ""
	for _, name := range []string{id.scope.Environment, id.scope.Region, id.scope.Cell, id.scope.Cohort} {
		if name != "" {
			text += " " + name
		}
	}
	return "slice" + text
}

// firstWindow is the first window that begins at or after from.
func firstWindow(from time.Time, length time.Duration) health.Window {
	w := health.WindowAt(from, length)
	if w.Validate() != nil {
		return health.Window{}
	}
	if !w.End.Equal(from) {
		w = w.Next()
	}
	return w.Next()
}
