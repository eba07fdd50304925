package metrics

import (
	"cmp"
	"iter"
	"slices"
	"sync"
	"time"
)

// Snapshot is what the log knew at a moment. It never changes, and the same
// facts give the same snapshot in whatever order they came.
type Snapshot struct {
	asOf        time.Time
	deployments []Deployment
	changes     []Change
	incidents   []Incident
	// lastSeen is, for each source of deployments, when it was last heard of.
	lastSeen map[string]time.Time
	// layout is the same once more, by columns: see [Snapshot.columns].
	layoutOnce sync.Once
	layout     *columns
}

// Snapshot is what was known at asOf: of each fact the highest revision that had
// been seen by then, unless that is a tombstone.
func (l *Log) Snapshot(asOf time.Time) *Snapshot {
	asOf = asOf.UTC().Round(0)
	s := &Snapshot{asOf: asOf, lastSeen: map[string]time.Time{}}
	l.mu.RLock()
	l.s.facts(func(anchor uint32, flags uint64, f *logFact) {
		if flags&logMore == 0 {
			if m := f.meta(); !m.Seen.After(asOf) {
				s.heard(f.kind, m)
				s.take(f)
			}
			return
		}
		var last Fact
		for _, at := range l.s.more[anchor] {
			g := l.s.read(at)
			if m := g.meta(); !m.Seen.After(asOf) {
				s.heard(f.kind, m)
				last = g
			}
		}
		switch v := last.(type) {
		case Deployment:
			s.take(&logFact{kind: KindDeployment, d: &v})
		case Change:
			s.take(&logFact{kind: KindChange, c: &v})
		case Incident:
			s.take(&logFact{kind: KindIncident, n: &v})
		}
	})
	l.mu.RUnlock()
	slices.SortFunc(s.deployments, func(a, b Deployment) int { return a.Meta.compare(&b.Meta) })
	slices.SortFunc(s.changes, func(a, b Change) int { return a.Meta.compare(&b.Meta) })
	slices.SortFunc(s.incidents, func(a, b Incident) int { return a.Meta.compare(&b.Meta) })
	return s
}

// heard notes when a source of deployments was heard of.
func (s *Snapshot) heard(kind FactKind, m *Meta) {
	if kind == KindDeployment && m.Seen.After(s.lastSeen[m.Source]) {
		s.lastSeen[m.Source] = m.Seen
	}
}

// take takes a fact in, unless it is a tombstone.
func (s *Snapshot) take(f *logFact) {
	switch {
	case f.meta().Deleted:
	case f.kind == KindDeployment:
		s.deployments = append(s.deployments, *f.d)
	case f.kind == KindChange:
		s.changes = append(s.changes, *f.c)
	default:
		s.incidents = append(s.incidents, *f.n)
	}
}

// compare is the order in which facts stand everywhere: by time, and at the same
// time by name.
func (m *Meta) compare(o *Meta) int {
	return cmp.Or(m.At.Compare(o.At), cmp.Compare(m.Source, o.Source), cmp.Compare(m.ID, o.ID))
}

// AsOf is the moment of the snapshot, in UTC.
func (s *Snapshot) AsOf() time.Time { return s.asOf }

// Deployments yields copies of the deployments, by time.
func (s *Snapshot) Deployments() iter.Seq[Deployment] {
	return func(yield func(Deployment) bool) {
		for i := range s.deployments {
			if !yield(s.deployments[i].normal().(Deployment)) {
				return
			}
		}
	}
}

// Changes yields copies of the changes, by time.
func (s *Snapshot) Changes() iter.Seq[Change] {
	return func(yield func(Change) bool) {
		for i := range s.changes {
			if !yield(s.changes[i].normal().(Change)) {
				return
			}
		}
	}
}

// Incidents yields copies of the incidents, by time.
func (s *Snapshot) Incidents() iter.Seq[Incident] {
	return func(yield func(Incident) bool) {
		for i := range s.incidents {
			if !yield(s.incidents[i].normal().(Incident)) {
				return
			}
		}
	}
}
