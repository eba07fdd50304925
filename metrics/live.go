package metrics

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Live is a log with the results of one definition and one query at hand: what
// [Live.Read] says is, bit for bit, what [Compute] says of a snapshot of all facts
// that were added. All methods may be called at once from many goroutines.
//
// A fact makes stale what it can reach, and no more; what is stale is computed anew
// when it is read next, and kept. Facts of one service reach that service: its
// deployments and incidents, and the changes that its deployments list. Services
// of which a fact of one names a deployment of another ([Deployment.RollbackOf],
// [Incident.CausedBy]) are computed together.
//
// So a read that finds its service as it was costs a look into a table, and one after
// an update of the service costs computing that service, from all of its facts: see
// BenchmarkLive. All services are
// computed where the results of one rest on all: where [Query.By] does not hold
// [DimService], or holds more than that and [DimEnvironment]; with [LinkLast]; once an
// incident names an artifact and no service; and as long as no incident is known
// and [Query.FailuresObserved] does not vouch that there would be one.
//
// Results are as of a moment. Where that is another one than in the last read, or where
// the observed time ends when a source was last heard of and [Query.ObservedTo] does
// not say when, what was kept is stale as well: read as of a moment that moves in
// steps, and vouch for the observed time. What is read as of a moment before a fact
// was seen is computed from all facts, and not kept.
type Live struct {
	mu    sync.RWMutex
	def   Definition
	q     Query // with its defaults
	all   bool  // all services are one, by definition and query
	win   []Window
	of    int // where in Query.By the service stands
	log   Log
	index liveIndex
	whole *liveReport // of all services
}

// NewLive is an empty Live for a definition and a query, or what is wrong with them.
func NewLive(d Definition, q Query) (*Live, error) {
	if _, err := d.Digest(); err != nil {
		return nil, err
	}
	q, err := q.withDefaults()
	if err != nil {
		return nil, err
	}
	d.Environments, d.Links = slices.Clone(d.Environments), slices.Clone(d.Links)
	l := &Live{def: d, q: q, of: slices.Index(q.By, DimService)}
	if l.win, err = q.windows(); err != nil {
		return nil, err
	}
	further := slices.ContainsFunc(q.By, func(name string) bool { return name != DimService && name != DimEnvironment })
	l.all = l.of < 0 || further || slices.Contains(d.Links, LinkLast)
	l.index.init()
	return l, nil
}

// Add takes facts in, as [Log.Add] does.
func (l *Live) Add(facts ...Fact) (Tally, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var t Tally
	var errs []error
	for i, f := range facts {
		if err := l.add(f, &t); err != nil {
			t.Refused++
			errs = append(errs, fmt.Errorf("metrics: fact %d of %d: %w", i+1, len(facts), err))
		}
	}
	return t, errors.Join(errs...)
}

func (l *Live) add(f Fact, t *Tally) error {
	v, err := byValue(f)
	if err != nil {
		return err
	}
	s, x := &l.log.s, &l.index
	old := x.look(s, v.kind(), v.meta())
	size, dead, packed := s.size, s.dead, s.packed
	err = l.log.add(f, t)
	switch {
	case s.packed != packed:
		x.rebuild(s)
	case s.size != size || s.dead != dead:
		x.note(s, v, &old, s.dead != dead)
	default:
		return err
	}
	l.whole = nil
	return err
}

// Windows are those of the query, by time. The caller owns the slice.
func (l *Live) Windows() []Window { return slices.Clone(l.win) }

// Snapshot is what was known at asOf: for [Compute] by other definitions, and for what
// explains a result.
func (l *Live) Snapshot(asOf time.Time) *Snapshot {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.log.Snapshot(asOf)
}

// Len is how many facts the log holds, each revision and tombstone counted.
func (l *Live) Len() int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.log.Len()
}

// Read is the results of one group in the window that begins at from, as of a moment:
// one for each of [Metrics], in that order. Key holds the values of [Query.By] in its
// order, by default the service and the environment. Of a group that Compute does
// not report there are none. It is an error if no window of the query begins at from.
// The caller owns the slice.
func (l *Live) Read(asOf, from time.Time, key ...string) ([]Result, error) {
	if len(key) != len(l.q.By) {
		return nil, fmt.Errorf("metrics: a key of %d values for the dimensions %q", len(key), l.q.By)
	}
	w, found := slices.BinarySearchFunc(l.win, from, func(w Window, t time.Time) int { return w.From.Compare(t) })
	if !found {
		return nil, fmt.Errorf("metrics: no window begins at %s", from)
	}
	asOf = asOf.UTC().Round(0)
	l.mu.RLock()
	r, _ := l.kept(asOf, key)
	l.mu.RUnlock()
	if r == nil {
		var err error
		if r, err = l.compute(asOf, key); err != nil {
			return nil, err
		}
	}
	return r.read(w, key), nil
}

// kept is the report that holds the group and is not stale, or else the part whose
// report it would be: none where it would be that of all services.
func (l *Live) kept(asOf time.Time, key []string) (*liveReport, *livePart) {
	if l.together(asOf) {
		if l.whole.fresh(l, asOf) {
			return l.whole, nil
		}
		return nil, nil
	}
	part := l.index.parts[key[l.of]]
	if part == nil { // no deployment of that service was ever told
		return &liveReport{}, nil
	}
	if part.root.report.fresh(l, asOf) {
		return part.root.report, nil
	}
	return nil, part.root
}

// together reports whether the results of one service rest on all.
func (l *Live) together(asOf time.Time) bool {
	x := &l.index
	return l.all || x.everywhere || x.latest.After(asOf) || x.incidents == 0 && !l.q.FailuresObserved
}

func (l *Live) compute(asOf time.Time, key []string) (*liveReport, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, part := l.kept(asOf, key) // somebody else may have computed it meanwhile
	if r != nil {
		return r, nil
	}
	x, q := &l.index, l.q
	x.hear(&l.log.s)
	var s *Snapshot
	if part == nil {
		s = l.log.Snapshot(asOf)
	} else {
		s = x.snapshot(&l.log.s, part, asOf)
		q.FailuresObserved = true // an incident is known, maybe of another service
	}
	report, err := Compute(s, l.def, q)
	if err != nil {
		return nil, err
	}
	r = newLiveReport(report, len(l.win))
	if q.ObservedTo.IsZero() {
		r.heard = l.heardBy(s)
	}
	switch {
	case part != nil:
		part.report = r
	case !x.latest.After(asOf):
		l.whole = r
	}
	return r, nil
}
