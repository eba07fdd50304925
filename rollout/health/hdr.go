package health

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
)

// HDR is the layout of a HdrHistogram: whole values, in buckets of equal width up
// to a power of two and then of double the width at each doubling, so that every
// value keeps a number of significant decimal figures.
type HDR struct {
	// Lowest is the lowest discernible value, at least 1. Values closer than the
	// power of two that is next below it are one.
	Lowest uint64
	// Digits are the significant decimal figures, 0 to 5.
	Digits int
}

// HDRBucket is what a HdrHistogram recorded.
type HDRBucket struct {
	// Value is any value of the bucket, at most 2^53.
	Value uint64
	// Count is how many events it has.
	Count uint64
}

// HDRHistogram makes a histogram of what a HdrHistogram recorded, such as its
// iterator over recorded values gives it, in any order. Edges are in the unit of its
// values.
func HDRHistogram(l HDR, buckets []HDRBucket) (Histogram, error) {
	if l.Lowest < 1 || l.Lowest > maxCount {
		return Histogram{}, fmt.Errorf("health: hdr histogram: lowest value %d is not between 1 and 2^53", l.Lowest)
	}
	if l.Digits < 0 || l.Digits > 5 {
		return Histogram{}, fmt.Errorf("health: hdr histogram: %d significant figures are not between 0 and 5", l.Digits)
	}
	resolution := uint64(2) // values to be told apart at the lowest resolution of each doubling
	for range l.Digits {
		resolution *= 10
	}
	parts := make([]bucket, len(buckets))
	for i, b := range buckets {
		if b.Value > maxCount {
			return Histogram{}, fmt.Errorf("health: hdr histogram: bucket %d has the value %d, above 2^53", i, b.Value)
		}
		parts[i] = bucket{float64(b.Value), b.Count}
	}
	return histogramOf(logLinear{unit: bits.Len64(l.Lowest) - 1, figures: bits.Len64(resolution - 1)}, parts)
}

// logLinear has buckets 2^unit wide, or as wide as it takes for a value to have no
// more than so many binary figures. Each bound is the largest whole value of its
// bucket.
type logLinear struct{ unit, figures int }

func (l logLinear) up(v float64) float64 {
	if v > maxCount {
		return math.Inf(1)
	}
	at := uint64(math.Ceil(max(v, 0)))
	width := max(l.unit, bits.Len64(at)-l.figures)
	bound := float64(at | (1<<width - 1))
	if bound > maxCount {
		return math.Inf(1)
	}
	return bound
}

func (l logLinear) with(other layout) (layout, error) {
	o, ok := other.(logLinear)
	if !ok {
		return nil, errors.New("their buckets are of different kinds")
	}
	return logLinear{unit: max(l.unit, o.unit), figures: min(l.figures, o.figures)}, nil
}

func (l logLinear) follows(other layout) bool { return l == other }
