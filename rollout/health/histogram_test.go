package health_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// The obviously right way: a function that puts raw values into buckets, one by
// one, and one that looks at the raw values.

func histogramClassic(t require.TestingT, bounds, values []float64) health.Histogram {
	var buckets []health.CumulativeBucket
	for _, le := range append(slices.Clone(bounds), math.Inf(1)) {
		n := 0.0
		for _, v := range values {
			if v <= le {
				n++
			}
		}
		buckets = append(buckets, health.CumulativeBucket{LE: le, Count: n})
	}
	h, err := health.ClassicHistogram(buckets)
	require.NoError(t, err)
	return h
}

// histogramNative spells out every bucket between the first and the last, and
// begins a new span every few.
func histogramNative(schema int32, zero float64, values []float64) health.Native {
	n := health.Native{Schema: schema, ZeroThreshold: zero, Count: uint64(len(values))}
	index := func(v float64) int {
		i := int(math.Floor(math.Log2(v)*math.Exp2(float64(schema)))) - 2
		for math.Exp2(float64(i)/math.Exp2(float64(schema))) < v {
			i++
		}
		return i
	}
	side := func(sign float64) (spans []health.NativeSpan, deltas []int64) {
		counts := map[int]int64{}
		lo, hi := math.MaxInt, math.MinInt
		for _, v := range values {
			if v *= sign; v > zero {
				counts[index(v)]++
				lo, hi = min(lo, index(v)), max(hi, index(v))
			}
		}
		last, gap := int64(0), int32(0)
		for i := lo; i <= hi; i++ {
			if counts[i] == 0 {
				gap++
				continue
			}
			switch {
			case len(spans) == 0:
				spans = append(spans, health.NativeSpan{Offset: int32(i), Length: 1})
			case gap > 2 || i%7 == 0:
				spans = append(spans, health.NativeSpan{Offset: gap, Length: 1})
			default:
				for range gap {
					deltas, last = append(deltas, -last), 0
				}
				spans[len(spans)-1].Length += uint32(gap) + 1
			}
			gap = 0
			deltas = append(deltas, counts[i]-last)
			last = counts[i]
		}
		return spans, deltas
	}
	for _, v := range values {
		if math.Abs(v) <= zero {
			n.ZeroCount++
		}
	}
	n.PositiveSpans, n.PositiveDeltas = side(1)
	n.NegativeSpans, n.NegativeDeltas = side(-1)
	return n
}

func histogramHDR(t require.TestingT, l health.HDR, values []float64) health.Histogram {
	var buckets []health.HDRBucket
	for _, v := range values {
		buckets = append(buckets, health.HDRBucket{Value: uint64(v), Count: 1})
	}
	h, err := health.HDRHistogram(l, buckets)
	require.NoError(t, err)
	return h
}

func histogramSlow(values []float64, edge float64) (n uint64) {
	for _, v := range values {
		if v > edge {
			n++
		}
	}
	return n
}

// histogramDrawn is a histogram of some layout of the kind, of those values.
func histogramDrawn(t *rapid.T, kind string, values []float64) health.Histogram {
	switch kind {
	case "classic", "custom":
		bounds := slices.Clone(rapid.SampledFrom([][]float64{
			{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}, {.1, .5, 2.5, 1000}, {-1, 0, .25, 1, 10, 100}, {1},
		}).Draw(t, "bounds"))
		if kind == "classic" {
			return histogramClassic(t, bounds, values)
		}
		n := health.Native{Schema: -53, CustomValues: bounds, Count: uint64(len(values)), PositiveSpans: []health.NativeSpan{{Length: uint32(len(bounds) + 1)}}}
		last := int64(0)
		for i := range len(bounds) + 1 {
			in := int64(0)
			for _, v := range values {
				if (i == 0 || v > bounds[i-1]) && (i == len(bounds) || v <= bounds[i]) {
					in++
				}
			}
			n.PositiveDeltas, last = append(n.PositiveDeltas, in-last), in
		}
		h, err := n.Histogram()
		require.NoError(t, err)
		return h
	case "hdr":
		return histogramHDR(t, health.HDR{Lowest: rapid.Uint64Range(1, 5000).Draw(t, "lowest"), Digits: rapid.IntRange(0, 5).Draw(t, "digits")}, values)
	}
	h, err := histogramNative(rapid.Int32Range(-4, 8).Draw(t, "schema"), rapid.SampledFrom([]float64{0, 0x1p-128, .001, .3, 2}).Draw(t, "zero"), values).Histogram()
	require.NoError(t, err)
	return h
}

func histogramValues(kind string) *rapid.Generator[[]float64] {
	if kind == "hdr" {
		return rapid.SliceOf(rapid.Map(rapid.OneOf(rapid.Uint64Range(0, 300), rapid.Uint64Range(0, 1<<40)), func(v uint64) float64 { return float64(v) }))
	}
	return rapid.SliceOf(rapid.OneOf(rapid.Float64Range(0, 12), rapid.Float64Range(-3, 2000), rapid.SampledFrom([]float64{0, .25, .5, 1, 2, 5, 1024, 1e300})))
}

// Whatever the layout and the edges, what is counted above an aligned edge is what
// the raw values have above it, on both sides, although their layouts differ; and
// the edge moved up, by no more than it must. Sums and differences are exact too.
func TestHistogramsCountAsRawValues(t *testing.T) {
	t.Parallel()
	for _, kinds := range [][2]string{{"classic", "classic"}, {"custom", "classic"}, {"native", "native"}, {"hdr", "hdr"}, {"native", "classic"}} {
		t.Run(kinds[0]+" and "+kinds[1], func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				canary, control := histogramValues(kinds[0]).Draw(t, "canary"), histogramValues(kinds[1]).Draw(t, "control")
				a, b := histogramDrawn(t, kinds[0], canary), histogramDrawn(t, kinds[1], control)
				require.Equal(t, uint64(len(canary)), a.Total())
				wanted := rapid.SliceOf(rapid.OneOf(rapid.Float64Range(.001, 12), rapid.Float64Range(1, 5000), rapid.SampledFrom([]float64{.25, 1, 10}))).Draw(t, "edges")
				edges, err := health.AlignEdges(wanted, a, b)
				require.NoError(t, err)
				require.Len(t, edges, len(wanted))
				for side, c := range map[string]struct {
					h      health.Histogram
					values []float64
				}{"canary": {a, canary}, "control": {b, control}} {
					got, err := c.h.SlowCounts(edges)
					require.NoError(t, err)
					for i, edge := range edges {
						require.Greater(t, edge, wanted[i]*(1-1e-11))
						require.Equal(t, histogramSlow(c.values, edge), got[i], "%s, edge %v for %v", side, edge, wanted[i])
					}
				}
				again, err := health.AlignEdges(edges[:len(edges)-histogramInfinite(edges)], b, a)
				if err == nil { // edges were in no order: only finite ones can be aligned again
					require.Equal(t, edges[:len(again)], again)
				}
				sum, err := a.Add(b)
				if err != nil {
					require.True(t, kinds[0] == "native" && kinds[1] == "classic" || kinds[0] != "native" && kinds[0] != "hdr", err)
					return
				}
				back, err := b.Add(a)
				require.NoError(t, err)
				require.Equal(t, sum, back)
				edges, err = health.AlignEdges(wanted, sum)
				require.NoError(t, err)
				got, err := sum.SlowCounts(edges)
				require.NoError(t, err)
				for i, edge := range edges {
					require.Equal(t, histogramSlow(append(slices.Clone(canary), control...), edge), got[i])
				}
				// What was added and is taken away again leaves what was there.
				if grown, err := sum.Sub(mustAdd(t, a, mustAdd(t, b, b))); len(control) > 0 {
					require.ErrorIs(t, err, health.ErrReset, "%v", grown)
				}
				rest, err := sum.Sub(a)
				if err == nil {
					got, err = rest.SlowCounts(edges)
					require.NoError(t, err)
					for i, edge := range edges {
						require.Equal(t, histogramSlow(control, edge), got[i])
					}
				} else {
					require.ErrorIs(t, err, health.ErrReset)
				}
			})
		})
	}
}

func histogramInfinite(edges []float64) (n int) {
	for _, e := range edges {
		if math.IsInf(e, 1) {
			n++
		}
	}
	return n
}

func mustAdd(t require.TestingT, a, b health.Histogram) health.Histogram {
	h, err := a.Add(b)
	require.NoError(t, err)
	return h
}
