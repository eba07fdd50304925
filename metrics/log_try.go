package metrics

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Try says what [Log.Add] would do with a fact, and adds nothing: whether the log would
// then hold something else than now, and the error. Both may be there: of two facts
// that contradict each other the log keeps the one that was seen first, and says
// [ErrContradiction] either way. Adding facts for which changes is false never
// changes what a snapshot says, whatever was added in between.
func (l *Log) Try(f Fact) (changes bool, err error) {
	if f, err = byValue(f); err != nil {
		return false, fmt.Errorf("metrics: a fact: %w", err)
	}
	if err := errors.Join(f.validate()...); err != nil {
		return false, fmt.Errorf("metrics: %s %q: %w", f.kind(), f.meta().Ref(), err)
	}
	now := f.normal()
	l.mu.Lock() // looking for a name may note its source
	defer l.mu.Unlock()
	s, m := &l.s, now.meta()
	key := s.key(now.kind(), m)
	anchor, found := s.find(&key)
	if !found {
		return true, nil
	}
	revs := s.revisions(anchor)
	i, known := slices.BinarySearchFunc(revs, m.Rev, func(at uint32, rev uint64) int { return cmp.Compare(s.rev(at), rev) })
	if !known {
		return true, nil
	}
	old := s.read(revs[i])
	if sameFact(old, now) {
		return m.Seen.Before(old.meta().Seen), nil
	}
	return before(now, old), fmt.Errorf("metrics: %s %q, revision %d: %w", now.kind(), m.Ref(), m.Rev, ErrContradiction)
}
