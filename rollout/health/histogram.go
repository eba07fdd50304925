package health

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Histogram counts the events of a window, or since a counter began, by the
// bucket that their value fell in. It comes from [ClassicHistogram], [Native],
// [NativeHistogram] or [HDRHistogram], and does not change; the zero Histogram says
// nothing and is refused everywhere.
//
// A histogram cannot be asked about any value, only about a bound of its buckets:
// how many events were above. So an edge such as 250 ms is first brought to a bound
// that the histograms of canary and control both have, by [AlignEdges], and then
// counted by [Histogram.SlowCounts]. Both sides are then asked the same question,
// even if their releases have different buckets, and the answers are exact.
type Histogram struct {
	layout  layout
	buckets []bucket // those with events, in order
	total   uint64
}

// bucket counts the events above the next lower bound of the layout and at most
// at Upper.
type bucket struct {
	upper float64
	count uint64
}

// layout is where the bounds of a histogram's buckets are.
type layout interface {
	// up is the least bound that is not below v: infinite above the last.
	up(v float64) float64
	// with is the finest layout that has bounds of both only.
	with(layout) (layout, error)
	// follows reports whether a counter of layout l may have the receiver's later on
	// without having started over.
	follows(l layout) bool
}

// ErrReset is what [Histogram.Sub] reports of a counter that started over between
// two snapshots: how many events the window had is not known.
var ErrReset = errors.New("health: histogram: the counter started over")

// slack is by how much an edge may be above a bound that it means: bounds of
// exponential buckets are irrational, and written down by others.
const slack = 1e-12

// histogramOf sorts the buckets by their bounds in the layout and adds up those
// that have the same.
func histogramOf(l layout, buckets []bucket) (Histogram, error) {
	h := Histogram{layout: l}
	all := make([]bucket, 0, len(buckets))
	for _, b := range buckets {
		if b.count > maxCount || h.total+b.count > maxCount {
			return Histogram{}, fmt.Errorf("health: histogram: more than %d events at the bucket up to %v", uint64(maxCount), b.upper)
		}
		h.total += b.count
		if b.count > 0 {
			all = append(all, bucket{l.up(b.upper), b.count})
		}
	}
	slices.SortFunc(all, func(a, b bucket) int { return cmp.Compare(a.upper, b.upper) })
	for _, b := range all {
		if n := len(h.buckets); n > 0 && h.buckets[n-1].upper == b.upper {
			h.buckets[n-1].count += b.count
		} else {
			h.buckets = append(h.buckets, b)
		}
	}
	return h, nil
}

// Total is the number of events.
func (h Histogram) Total() uint64 { return h.total }

// AlignEdges moves each edge up to the next value that is a bound in every one of
// the histograms, or to infinity where there is none. It looks at their bounds
// only, never at their counts: the result is the same however the events fell. Give
// the histograms of both sides of a window, and use the edges for that window.
//
// Edges are in the unit of the histograms' values, above 0 and finite. Two edges may
// move to the same bound. The caller owns the result.
func AlignEdges(edges []float64, histograms ...Histogram) ([]float64, error) {
	if len(histograms) == 0 {
		return nil, errors.New("health: align edges: no histogram to align with")
	}
	for i, h := range histograms {
		if h.layout == nil {
			return nil, fmt.Errorf("health: align edges: histogram %d has no layout", i)
		}
	}
	out := make([]float64, len(edges))
	for i, edge := range edges {
		if !(edge > 0 && !math.IsInf(edge, 0)) {
			return nil, fmt.Errorf("health: align edges: edge %d is %v, not above 0 and finite", i, edge)
		}
		at := edge * (1 - slack)
		for common := false; !common; {
			common = true
			for _, h := range histograms {
				if up := h.layout.up(at); up != at {
					at, common = up, false // only ever up, so this ends
				}
			}
		}
		out[i] = at
	}
	return out, nil
}

// SlowCounts counts, for each edge, the events above it. Edges are bounds of the
// histogram, as [AlignEdges] gives them; any other is an error. Nothing is above
// infinity. The caller owns the result.
func (h Histogram) SlowCounts(edges []float64) ([]uint64, error) {
	if h.layout == nil {
		return nil, errors.New("health: slow counts: the histogram has no layout")
	}
	out := make([]uint64, len(edges))
	for i, edge := range edges {
		if !(edge > 0) || h.layout.up(edge) != edge {
			return nil, fmt.Errorf("health: slow counts: edge %d, %v, is no bound of the histogram: align it first", i, edge)
		}
		for _, b := range h.buckets {
			if b.upper > edge {
				out[i] += b.count
			}
		}
	}
	return out, nil
}

// Add is the histogram of the events of both, such as of two instances. Where their
// buckets differ, the result has the bounds that both have. Histograms of different
// kinds do not add up.
func (h Histogram) Add(g Histogram) (Histogram, error) {
	if h.layout == nil || g.layout == nil {
		return Histogram{}, errors.New("health: add histograms: one has no layout")
	}
	l, err := h.layout.with(g.layout)
	if err != nil {
		return Histogram{}, fmt.Errorf("health: add histograms: %w", err)
	}
	return histogramOf(l, slices.Concat(h.buckets, g.buckets))
}

// Sub is the histogram of the events since an earlier snapshot of the same
// counter. The error is [ErrReset] when the counter started over in between: when a
// bucket has fewer events than before, or buckets that a running counter cannot
// have got. Exponential buckets may have become coarser.
func (h Histogram) Sub(earlier Histogram) (Histogram, error) {
	if h.layout == nil || earlier.layout == nil {
		return Histogram{}, errors.New("health: subtract histograms: one has no layout")
	}
	if !h.layout.follows(earlier.layout) {
		return Histogram{}, fmt.Errorf("%w: its buckets changed", ErrReset)
	}
	before, err := histogramOf(h.layout, earlier.buckets)
	if err != nil {
		return Histogram{}, err
	}
	left := slices.Clone(h.buckets)
	for _, b := range before.buckets {
		i, ok := slices.BinarySearchFunc(left, b.upper, func(a bucket, upper float64) int { return cmp.Compare(a.upper, upper) })
		if !ok || left[i].count < b.count {
			return Histogram{}, fmt.Errorf("%w: the bucket up to %v had %d events before", ErrReset, b.upper, b.count)
		}
		left[i].count -= b.count
	}
	return histogramOf(h.layout, left)
}

// countOf reads a count that came as a floating-point number, as all of
// Prometheus' do.
func countOf(v float64) (uint64, error) {
	if !(v >= 0 && v <= maxCount) || v != math.Trunc(v) {
		return 0, fmt.Errorf("%v is not a number of events: a whole one from 0 to 2^53", v)
	}
	return uint64(v), nil
}
