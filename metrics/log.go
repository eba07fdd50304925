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

// Log is an append-only log of facts. Facts may come in any order and any
// number of times; what [Log.Snapshot] returns depends only on which facts came.
// The zero Log is empty and ready. All methods may be called at once from many
// goroutines.
type Log struct {
	mu    sync.RWMutex
	facts map[factKey][]Fact // ascending by Rev, each Rev once, in normal form
	size  int
}

type factKey struct {
	kind FactKind
	ref  Ref
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
// It wraps [ErrContradiction] if there was one.
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
	f, err := byValue(f)
	if err != nil {
		return err
	}
	if err := errors.Join(f.validate()...); err != nil {
		return fmt.Errorf("%s %q: %w", f.kind(), f.meta().Ref(), err)
	}
	f = f.normal()
	m := f.meta()
	l.mu.Lock()
	defer l.mu.Unlock()
	key := factKey{f.kind(), m.Ref()}
	revs := l.facts[key]
	i, found := slices.BinarySearchFunc(revs, m.Rev, func(g Fact, rev uint64) int { return cmp.Compare(g.meta().Rev, rev) })
	switch {
	case found && !sameFact(revs[i], f):
		if before(f, revs[i]) {
			l.facts[key] = replaced(revs, i, f)
		}
		return fmt.Errorf("%s %q, revision %d: %w", key.kind, key.ref, m.Rev, ErrContradiction)
	case found:
		t.Duplicate++
		if m.Seen.Before(revs[i].meta().Seen) {
			l.facts[key] = replaced(revs, i, f)
		}
		return nil
	case len(revs) == 0:
		t.Added++
	case i == len(revs):
		t.Corrected++
	default:
		t.Superseded++
	}
	if l.facts == nil {
		l.facts = map[factKey][]Fact{}
	}
	l.facts[key] = slices.Insert(slices.Clone(revs), i, f)
	l.size++
	return nil
}

// replaced is a new slice: whoever reads the old one goes on reading it.
func replaced(revs []Fact, i int, f Fact) []Fact {
	revs = slices.Clone(revs)
	revs[i] = f
	return revs
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
	return l.size
}
