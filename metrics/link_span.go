package metrics

import (
	"slices"
	"sort"
	"time"
)

// spans are times of deployments, from when each was first exposed to when it was
// taken back or reverted, in the order of their beginnings. latest finds one in
// O(log² n): each level holds the ends sorted in blocks of 2^level.
type spans struct {
	deps   []int
	from   []time.Time
	by     []int // which deployment ended it
	levels [][]int64
}

// add appends a span; they must come by from.
func (s *spans) add(dep, by int, from, to time.Time) {
	if len(s.levels) == 0 {
		s.levels = [][]int64{nil}
	}
	s.deps, s.by, s.from = append(s.deps, dep), append(s.by, by), append(s.from, from)
	s.levels[0] = append(s.levels[0], to.UnixNano())
}

// build sorts the blocks. No span may be added after.
func (s *spans) build() {
	for size := 1; size < len(s.deps); size *= 2 {
		next := slices.Clone(s.levels[len(s.levels)-1])
		for b := 0; b < len(next); b += 2 * size {
			slices.Sort(next[b:min(b+2*size, len(next))])
		}
		s.levels = append(s.levels, next)
	}
}

// latest is the position of the last span that begins at t or before and ends
// within [t, until], or at t or after where until is zero; -1 if there is none.
func (s *spans) latest(t, until time.Time) int {
	if s == nil {
		return -1
	}
	first := sort.Search(len(s.from), func(i int) bool { return s.from[i].After(t) })
	hi := int64(1<<63 - 1)
	if !until.IsZero() {
		hi = until.UnixNano()
	}
	return s.find(len(s.levels)-1, 0, first, t.UnixNano(), hi)
}

// find is the last position below end in a block of a level whose end lies in
// [lo, hi], or -1.
func (s *spans) find(level, block, end int, lo, hi int64) int {
	start := block << level
	if start >= min(end, len(s.deps)) {
		return -1
	}
	ends := s.levels[level][start:min(start+1<<level, len(s.deps))]
	if k, _ := slices.BinarySearch(ends, lo); k == len(ends) || ends[k] > hi {
		return -1
	}
	if level == 0 {
		return start
	}
	if k := s.find(level-1, 2*block+1, end, lo, hi); k >= 0 {
		return k
	}
	return s.find(level-1, 2*block, end, lo, hi)
}
