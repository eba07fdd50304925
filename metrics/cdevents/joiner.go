package cdevents

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
)

// ErrFull says that a [Joiner] holds as many events as it may. What it held stays.
var ErrFull = errors.New("cdevents: as many events as may be held")

// ErrContradiction says that two events have one source and id and say different things.
// The first that came counts.
var ErrContradiction = errors.New("cdevents: an event of the same source and id says something else")

// maxPerThing is how many events a change or an incident may have.
const maxPerThing = 1024

// ErrTooMany says that a change or an incident has more than 1024 events.
var ErrTooMany = errors.New("cdevents: a change or an incident has more than 1024 events")

// Told is what became of one event.
type Told struct {
	// Facts are the facts that it completed or changed, for [metrics.Log.Add], tombstones
	// among them. The caller owns the slice.
	Facts []metrics.Fact
	// Verdict is the event's, or why a Joiner makes nothing of it.
	Verdict Verdict
	// Duplicate says that the event was known already.
	Duplicate bool
}

// Joiner makes facts of events, which may come in any order and any number of times. All
// methods may be called at once from many goroutines.
type Joiner struct {
	options JoinerOptions

	mu        sync.Mutex
	events    map[metrics.Ref]*held
	buckets   map[key]*bucket
	places    map[place][]*held
	changes   map[metrics.Ref][]*held
	incidents map[metrics.Ref][]*held
	counts    [SkippedPipelineRun + 1]int
	again     int
}

// NewJoiner is a joiner that holds nothing yet. The error says everything that is wrong
// with the options.
func NewJoiner(options JoinerOptions) (*Joiner, error) {
	o, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Joiner{options: o, events: map[metrics.Ref]*held{}, buckets: map[key]*bucket{}, places: map[place][]*held{},
		changes: map[metrics.Ref][]*held{}, incidents: map[metrics.Ref][]*held{}}, nil
}

// Count is how many events there were with a verdict, those that came again not counted.
func (j *Joiner) Count(v Verdict) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	if int(v) >= len(j.counts) {
		return 0
	}
	return j.counts[v]
}

// Duplicates is how many events came that were known already.
func (j *Joiner) Duplicates() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.again
}

// Add takes one event of a [Decoder] and when the host was told of it, which becomes
// [metrics.Meta.Seen]. Nothing of the event is kept that a later call of the Decoder
// would change. An error means that nothing was taken: the event is none of a Decoder's,
// no fact may hold its texts, or one of [ErrFull], [ErrTooMany] and [ErrContradiction].
func (j *Joiner) Add(e *Event, seen time.Time) (Told, error) {
	if e == nil || e.Verdict == VerdictUnknown || int(e.Verdict) >= len(j.counts) {
		return Told{}, errors.New("cdevents: the event has no verdict")
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	verdict := e.Verdict
	if e.Kind == PipelineRunFinished && verdict == VerdictFact {
		if _, listed := j.options.Pipelines[string(e.PipelineName)]; !listed {
			verdict = SkippedPipeline
		} else if string(e.Outcome) == "success" {
			verdict = SkippedPipelineRun
		}
	}
	if verdict != VerdictFact {
		j.counts[verdict]++
		return Told{Verdict: verdict}, nil
	}
	if y := seen.UTC().Year(); seen.IsZero() || y < minYear || y > maxYear {
		return Told{}, errors.New("cdevents: no time at which the event was seen")
	}
	p, err := j.piece(e)
	if err != nil {
		return Told{}, err
	}
	if known := j.events[p.name]; known != nil {
		if known.piece != p {
			return Told{}, fmt.Errorf("%w: %q", ErrContradiction, p.name)
		}
		j.again++
		return Told{Verdict: verdict, Duplicate: true}, nil
	}
	if len(j.events) >= j.options.MaxEvents {
		return Told{}, ErrFull
	}
	if len(j.changes[p.subject]) >= maxPerThing && p.kind.ofChange() || len(j.incidents[p.subject]) >= maxPerThing && p.kind.ofIncident() {
		return Told{}, fmt.Errorf("%w: %q", ErrTooMany, p.subject)
	}
	j.counts[verdict]++
	return Told{Facts: j.take(&held{piece: p, seen: seen.UTC().Round(0)}), Verdict: verdict}, nil
}

func (k Kind) ofChange() bool   { return k >= ChangeCreated && k <= ChangeMerged }
func (k Kind) ofIncident() bool { return k >= IncidentDetected && k <= IncidentResolved }

// take holds an event and makes the facts that change by it, in the order of their kinds
// and names.
func (j *Joiner) take(h *held) []metrics.Fact {
	changed := map[fact]bool{}
	j.events[h.name] = h
	j.put(h, changed)
	switch {
	case h.kind.ofChange():
		j.changes[h.subject] = append(j.changes[h.subject], h)
	case h.kind.ofIncident():
		j.incidents[h.subject] = append(j.incidents[h.subject], h)
	case h.kind != ArtifactPackaged && h.kind != PipelineRunFinished:
		j.settle(h, changed)
	}
	if h.kind != ArtifactPackaged {
		changed[h.own()] = true
	}
	var facts []metrics.Fact
	for _, f := range slices.SortedFunc(maps.Keys(changed), func(a, b fact) int { return cmp.Or(cmp.Compare(a.kind, b.kind), a.name.Compare(b.name)) }) {
		r := &reading{j: j, fact: f}
		if made := j.make(r); made != nil {
			facts = append(facts, made)
		}
	}
	return facts
}

// own is the fact that an event tells of by itself; a package tells of none.
func (h *held) own() fact {
	switch {
	case h.kind.ofChange():
		return fact{metrics.KindChange, h.subject}
	case h.kind.ofIncident():
		return fact{metrics.KindIncident, h.subject}
	}
	return fact{metrics.KindDeployment, h.name}
}

// make makes a fact of what is held, nil where too little is known for one.
func (j *Joiner) make(r *reading) metrics.Fact {
	switch r.fact.kind {
	case metrics.KindChange:
		return j.change(r)
	case metrics.KindIncident:
		return j.incident(r)
	}
	h := j.events[r.fact.name]
	r.see(h)
	if h.kind == PipelineRunFinished {
		return j.run(r, h)
	}
	return j.deployment(r, h)
}
