package metrics

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// ErrContradiction says that a source told two different things with the same
// Rev. The one that was seen first is kept, whichever came first, and of two that
// were seen at once the one whose JSON sorts first. The source must send its
// correction with a higher Rev.
var ErrContradiction = errors.New("metrics: the same revision says something else")

// ErrLogFull says that a log has no room for a fact. It has room for 4 GiB of packed
// facts, which are some 300 million.
var ErrLogFull = errors.New("metrics: the log is full")

// Log is an append-only log of facts. Facts may come in any order and any
// number of times; what [Log.Snapshot] returns depends only on which facts came.
// The zero Log is empty and ready. All methods may be called at once from many
// goroutines.
//
// A log keeps its facts packed, some 10 to 20 bytes each where their IDs are numbers,
// and gives back exactly what it was given, times to the nanosecond.
type Log struct {
	mu sync.RWMutex
	s  logStore
}

// Tally counts what [Log.Add] did with each fact.
type Tally struct {
	// Added is how many were new, Corrected how many replaced an earlier revision.
	Added, Corrected int
	// Superseded is how many were kept and do not count, because a later revision
	// had already come.
	Superseded int
	// Duplicate is how many said what was known already; only the time at which it
	// was first seen may have become earlier.
	Duplicate int
	// Refused is how many were malformed or contradicted another one.
	Refused int
}

// Add takes facts into the log, which keeps copies. Each stands alone: one that
// is refused keeps no other out, and the error joins what is wrong with each.
// It wraps [ErrContradiction] if there was one. Pointers to facts may be given, and
// save a copy.
func (l *Log) Add(facts ...Fact) (Tally, error) {
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

func (l *Log) add(f Fact, t *Tally) error {
	switch v := f.(type) {
	case Deployment:
		return l.put(logFact{kind: KindDeployment, d: &v}, t)
	case Change:
		return l.put(logFact{kind: KindChange, c: &v}, t)
	case Incident:
		return l.put(logFact{kind: KindIncident, n: &v}, t)
	case *Deployment:
		if v != nil {
			own := *v
			return l.put(logFact{kind: KindDeployment, d: &own}, t)
		}
	case *Change:
		if v != nil {
			own := *v
			return l.put(logFact{kind: KindChange, c: &own}, t)
		}
	case *Incident:
		if v != nil {
			own := *v
			return l.put(logFact{kind: KindIncident, n: &own}, t)
		}
	}
	return errors.New("it is nil")
}

// put takes one fact, of which it owns the structure and not what that points to.
func (l *Log) put(f logFact, t *Tally) error {
	if !f.plain() {
		if err := errors.Join(f.fact().validate()...); err != nil {
			return fmt.Errorf("%s %q: %w", f.kind, f.meta().Ref(), err)
		}
	}
	f.sortRefs()
	l.mu.Lock()
	defer l.mu.Unlock()
	s, m := &l.s, f.meta()
	key := s.key(f.kind, m)
	anchor, found := s.find(&key)
	if !found {
		at, err := s.write(&f, 0)
		if err != nil {
			return fmt.Errorf("%s %q: %w", f.kind, m.Ref(), err)
		}
		s.insert(&key, at)
		s.size++
		t.Added++
		return nil
	}
	return l.revise(&f, anchor, t)
}

// revise takes a fact that the log has heard of.
func (l *Log) revise(f *logFact, anchor uint32, t *Tally) error {
	s, m := &l.s, f.meta()
	if s.holds(f, anchor) {
		t.Duplicate++
		return nil
	}
	revs := s.revisions(anchor)
	i, known := slices.BinarySearchFunc(revs, m.Rev, func(at uint32, rev uint64) int { return cmp.Compare(s.rev(at), rev) })
	if known {
		if s.holds(f, revs[i]) {
			t.Duplicate++
			return nil
		}
		old, now := s.read(revs[i]), f.fact().normal()
		same := sameFact(old, now)
		sooner := m.Seen.Before(old.meta().Seen)
		if same && sooner || !same && before(now, old) {
			at, err := s.write(f, logAside)
			if err != nil {
				return fmt.Errorf("%s %q: %w", f.kind, m.Ref(), err)
			}
			revs = slices.Clone(revs)
			revs[i] = at
			s.setRevisions(anchor, revs)
			s.dead++
			if err := s.tidy(); err != nil {
				return err
			}
		}
		if !same {
			return fmt.Errorf("%s %q, revision %d: %w", f.kind, m.Ref(), m.Rev, ErrContradiction)
		}
		t.Duplicate++
		return nil
	}
	at, err := s.write(f, logAside)
	if err != nil {
		return fmt.Errorf("%s %q: %w", f.kind, m.Ref(), err)
	}
	if i == len(revs) {
		t.Corrected++
	} else {
		t.Superseded++
	}
	s.setRevisions(anchor, slices.Insert(slices.Clone(revs), i, at))
	s.size++
	return nil
}

// before orders two facts that contradict each other. It is an order on all facts,
// so that the least of several is the same in whatever order they come.
func before(f, g Fact) bool {
	if c := f.meta().Seen.Compare(g.meta().Seen); c != 0 {
		return c < 0
	}
	a, errA := json.Marshal(f)
	b, errB := json.Marshal(g)
	return errA == nil && errB == nil && bytes.Compare(a, b) < 0
}

// byValue turns a pointer to a fact into the fact.
func byValue(f Fact) (Fact, error) {
	switch v := f.(type) {
	case Deployment, Change, Incident:
		return v, nil
	case *Deployment:
		if v != nil {
			return *v, nil
		}
	case *Change:
		if v != nil {
			return *v, nil
		}
	case *Incident:
		if v != nil {
			return *v, nil
		}
	}
	return nil, errors.New("it is nil")
}

// Len is how many facts the log holds, each revision and tombstone counted.
func (l *Log) Len() int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.s.size
}
