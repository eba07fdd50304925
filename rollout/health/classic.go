package health

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// CumulativeBucket is a bucket of a classic Prometheus histogram: one series of
// name_bucket.
type CumulativeBucket struct {
	// LE is the label le, the largest value that is counted; +Inf for the last bucket.
	LE float64
	// Count is how many events had at most that value: a whole number, up to 2^53.
	Count float64
}

// ClassicHistogram makes a histogram of the cumulative buckets of a classic
// Prometheus histogram, in any order. The counts are raw, or differences of raw
// ones; what increase and rate give is extrapolated and no count. The bucket +Inf
// is needed, and one more. Counts that fall as le rises are refused: the buckets
// were read at different moments, or one of them started over.
func ClassicHistogram(buckets []CumulativeBucket) (Histogram, error) {
	sorted := slices.Clone(buckets)
	slices.SortStableFunc(sorted, func(a, b CumulativeBucket) int { return cmp.Compare(a.LE, b.LE) })
	var bounds []float64
	var parts []bucket
	below := uint64(0)
	for i, b := range sorted {
		if math.IsNaN(b.LE) || math.IsInf(b.LE, -1) {
			return Histogram{}, fmt.Errorf("health: classic histogram: le=%v is no bound", b.LE)
		}
		if i > 0 && sorted[i-1].LE == b.LE {
			return Histogram{}, fmt.Errorf("health: classic histogram: le=%v stands twice", b.LE)
		}
		count, err := countOf(b.Count)
		if err != nil {
			return Histogram{}, fmt.Errorf("health: classic histogram: le=%v: %w", b.LE, err)
		}
		if count < below {
			return Histogram{}, fmt.Errorf("health: classic histogram: le=%v counts %d, fewer than the %d of le=%v", b.LE, count, below, sorted[i-1].LE)
		}
		parts = append(parts, bucket{b.LE, count - below})
		below = count
		if !math.IsInf(b.LE, 1) {
			bounds = append(bounds, b.LE)
		}
	}
	switch {
	case len(bounds) == len(sorted):
		return Histogram{}, errors.New("health: classic histogram: no bucket le=+Inf: how many events there were is not known")
	case len(bounds) == 0:
		return Histogram{}, errors.New("health: classic histogram: no bucket but le=+Inf")
	}
	return histogramOf(explicit(bounds), parts)
}

// explicit are bounds that somebody wrote down: finite, ascending, at least one.
type explicit []float64

func (l explicit) up(v float64) float64 {
	if i, _ := slices.BinarySearch(l, v); i < len(l) {
		return l[i]
	}
	return math.Inf(1)
}

func (l explicit) with(other layout) (layout, error) {
	o, ok := other.(explicit)
	if !ok {
		return nil, errors.New("their buckets are of different kinds")
	}
	var both explicit
	for _, bound := range l {
		if _, ok := slices.BinarySearch(o, bound); ok {
			both = append(both, bound)
		}
	}
	if len(both) == 0 {
		return nil, errors.New("their buckets have no bound in common")
	}
	return both, nil
}

func (l explicit) follows(other layout) bool {
	o, ok := other.(explicit)
	return ok && slices.Equal(l, o)
}
