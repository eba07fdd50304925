package metrics

import (
	"cmp"
	"iter"
	"slices"
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
}

// Snapshot is what was known at asOf: of each fact the highest revision that had
// been seen by then, unless that is a tombstone.
func (l *Log) Snapshot(asOf time.Time) *Snapshot {
	asOf = asOf.UTC().Round(0)
	s := &Snapshot{asOf: asOf, lastSeen: map[string]time.Time{}}
	l.mu.RLock()
	for key, revs := range l.facts {
		var f Fact
		for _, r := range revs {
			m := r.meta()
			if m.Seen.After(asOf) {
				continue
			}
			f = r
			if key.kind == KindDeployment && m.Seen.After(s.lastSeen[m.Source]) {
				s.lastSeen[m.Source] = m.Seen
			}
		}
		if f == nil || f.meta().Deleted {
			continue
		}
		switch v := f.normal().(type) {
		case Deployment:
			s.deployments = append(s.deployments, v)
		case Change:
			s.changes = append(s.changes, v)
		case Incident:
			s.incidents = append(s.incidents, v)
		}
	}
	l.mu.RUnlock()
	slices.SortFunc(s.deployments, func(a, b Deployment) int { return a.Meta.compare(&b.Meta) })
	slices.SortFunc(s.changes, func(a, b Change) int { return a.Meta.compare(&b.Meta) })
	slices.SortFunc(s.incidents, func(a, b Incident) int { return a.Meta.compare(&b.Meta) })
	return s
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
