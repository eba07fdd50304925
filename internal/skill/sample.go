package skill

import (
	"cmp"
	"math"
	"slices"
)

// Sample is scores and what came of them, sorted once. It does not change and may be
// used by many goroutines. Make one with [Of].
type Sample struct {
	// groups are the distinct scores, from low to high.
	groups []group
	// cells is, for each pair in the order given, twice its group, plus 1 if it failed.
	cells     []int32
	n, failed int
}

// group is what has one score: n of them, failed among these.
type group struct {
	score     float64
	n, failed int
}

// Of pairs scores with what came of them: p[i] is the score of the i-th and failed[i]
// whether it failed. Scores may be anything that has an order; those functions that
// need probabilities say so. The answer is false where the lengths differ, there are
// none, or a score is NaN. The arguments are not kept and not changed.
func Of(p []float64, failed []bool) (*Sample, bool) {
	if len(p) != len(failed) || len(p) == 0 || len(p) > math.MaxInt32/2 {
		return nil, false
	}
	order := make([]int32, len(p))
	for i := range order {
		if math.IsNaN(p[i]) {
			return nil, false
		}
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(p[a], p[b]) })
	s := &Sample{cells: make([]int32, len(p)), n: len(p)}
	for _, i := range order {
		last := len(s.groups) - 1
		if last < 0 || s.groups[last].score != p[i] {
			s.groups = append(s.groups, group{score: p[i]})
			last++
		}
		g := &s.groups[last]
		g.n++
		s.cells[i] = int32(2 * last)
		if failed[i] {
			s.cells[i]++
			g.failed++
			s.failed++
		}
	}
	return s, true
}

// N is the number of outcomes.
func (s *Sample) N() int { return s.n }

// Failed is the number of failures among them.
func (s *Sample) Failed() int { return s.failed }

// BaseRate is the share of failures: what one would say who knows nothing else.
func (s *Sample) BaseRate() float64 { return float64(s.failed) / float64(s.n) }

// probabilities reports whether all scores are in [0, 1].
func (s *Sample) probabilities() bool {
	return s.groups[0].score >= 0 && s.groups[len(s.groups)-1].score <= 1
}
