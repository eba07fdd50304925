package metrics

import (
	"math"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// fastMemo remembers what depends on counts alone, of which a query meets few.
type fastMemo struct {
	whole    []float64 // weeks of each window that is observed whole; 0 is not known yet
	garwoods []stats.Interval
	wilsons  []stats.Interval // of k of n, n < maxWilson, at n(n+1)/2 + k; Hi 0 is not known yet
	plans    []*fastPlan
	curves   [][]fastCross
	times    []float64
}

const (
	maxWilson = 256
	maxPlan   = 1 << 16
	maxCurve  = 1 << 12
)

func (m *fastMemo) init(f *fast) {
	m.whole = make([]float64, len(f.windows))
}

func (m *fastMemo) weeks(f *fast, cell *fastCell, w int) float64 {
	if cell.seenFrom != f.from[w] || cell.seenTo != f.to[w] {
		return cell.span().weeks(f.q.Location)
	}
	if m.whole[w] == 0 {
		m.whole[w] = cell.span().weeks(f.q.Location)
	}
	return m.whole[w]
}

func (m *fastMemo) garwood(k int, level float64) stats.Interval {
	if k >= maxPlan {
		return stats.Garwood(k, level)
	}
	m.garwoods = sized(m.garwoods, k)
	if m.garwoods[k].Hi == 0 {
		m.garwoods[k] = stats.Garwood(k, level)
	}
	return m.garwoods[k]
}

func (m *fastMemo) wilson(k, n int, level float64) stats.Interval {
	if n >= maxWilson {
		return stats.Wilson(k, n, level)
	}
	m.wilsons = sized(m.wilsons, n*(n+1)/2+n)
	x := &m.wilsons[n*(n+1)/2+k]
	if x.Hi == 0 {
		*x = stats.Wilson(k, n, level)
	}
	return *x
}

// sized is v with an element k.
func sized[T any](v []T, k int) []T {
	if k < len(v) {
		return v
	}
	return append(v, make([]T, max(k+1-len(v), len(v)))...)
}

// fastPlan says which of n sorted values the quantiles and their intervals are.
type fastPlan struct {
	ranks []int32
	parts []fastPart // of the median, and of each quantile of the query
}

// fastPart is one quantile: between the values at and at+1, counted from 0, in the
// interval from rank lo to rank hi.
type fastPart struct {
	p, part float64
	at      int32
	bounded bool
	lo, hi  stats.Rank
}

func (m *fastMemo) plan(n int, q Query) *fastPlan {
	if n >= maxPlan {
		return newFastPlan(n, q)
	}
	m.plans = sized(m.plans, n)
	if m.plans[n] == nil {
		m.plans[n] = newFastPlan(n, q)
	}
	return m.plans[n]
}

func newFastPlan(n int, q Query) *fastPlan {
	out := &fastPlan{}
	for k := range len(q.Quantiles) + 1 {
		x := fastPart{p: 0.5}
		if k > 0 {
			x.p = q.Quantiles[k-1]
		}
		h := float64(n-1) * x.p
		x.at = int32(min(int(h), n-1))
		x.part = h - float64(x.at)
		out.ranks = append(out.ranks, x.at, min(x.at+1, int32(n-1)))
		if k > 0 && x.p == 0.5 {
			x.lo, x.hi, x.bounded = out.parts[0].lo, out.parts[0].hi, out.parts[0].bounded
		} else if x.lo, x.hi, x.bounded = stats.InterpolatedOrder(n, x.p, q.Level); x.bounded {
			out.ranks = append(out.ranks, int32(x.lo.K), int32(x.lo.K+1), int32(x.hi.K), int32(x.hi.K+1))
		}
		out.parts = append(out.parts, x)
	}
	slices.Sort(out.ranks)
	out.ranks = slices.Compact(out.ranks)
	return out
}

// fastCross is where a curve of n different times, none censored, comes down to a
// quantile and where its band does: indexes of times, -1 where it does not.
type fastCross struct {
	at, lo, hi int32
	middle     bool // it is in the middle of the step at
}

func (m *fastMemo) curve(n int, q Query) []fastCross {
	m.curves = sized(m.curves, n)
	if m.curves[n] != nil {
		return m.curves[n]
	}
	ds := make([]stats.Duration, n)
	for i := range ds {
		ds[i].Time = float64(2 * i)
	}
	steps := stats.KaplanMeier(ds)
	cross := func(at float64, in stats.Interval) fastCross {
		index := func(t float64) int32 {
			if math.IsNaN(t) || math.IsInf(t, 1) {
				return -1
			}
			return int32(t) / 2
		}
		return fastCross{at: index(at), lo: index(in.Lo), hi: index(in.Hi), middle: int32(at)%2 == 1}
	}
	out := []fastCross{cross(stats.Median(steps), stats.MedianInterval(steps, q.Level))}
	for _, p := range q.Quantiles {
		out = append(out, cross(stats.SurvivalQuantile(steps, p), stats.SurvivalQuantileInterval(steps, p, q.Level)))
	}
	m.curves[n] = out
	return out
}
