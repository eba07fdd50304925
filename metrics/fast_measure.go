package metrics

import (
	"math"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// measure computes the five metrics of one cell, as analysis.measure does.
func (f *fast) measure(g *fastGroup, w int, leads []int64, repairs []fastRepair) {
	nan := math.NaN()
	cell := &f.scratch.cells[w]
	partial := cell.seenFrom != f.from[w] || cell.seenTo != f.to[w]
	at := len(f.out.results)
	for range fastMetrics {
		f.out.results = append(f.out.results, fastResult{value: nan, lo: nan, hi: nan, partial: partial})
	}
	out := f.out.results[at : at+fastMetrics]
	var leadQ, recoveryQ []QuantileValue
	if n := len(f.q.Quantiles); n > 0 {
		q := f.out.quantiles[at/fastMetrics*f.out.perCell:]
		leadQ, recoveryQ = q[:n], q[n:2*n]
	}
	f.leadTime(&out[LeadTime-1], cell, leads, leadQ)
	f.frequency(&out[Frequency-1], cell, w)
	f.recoveryTime(at+int(RecoveryTime)-1, cell, repairs, recoveryQ)
	f.failRate(&out[FailRate-1], cell)
	f.reworkRate(&out[ReworkRate-1], cell)
	for m := LeadTime; m <= ReworkRate; m++ {
		if r := &out[m-1]; r.status == StatusOK && m != Frequency && int(r.n) < f.def.MinSample {
			r.status, r.reason = StatusTooFew, fastMinSample
		}
	}
}

func (r *fastResult) set(s Status, reason fastReason) { r.status, r.reason = s, reason }

func (r *fastResult) nothing(cell *fastCell) {
	if cell.seenFrom >= cell.seenTo {
		r.set(StatusNoData, fastNothing)
		return
	}
	r.set(StatusUndefined, fastNoDeployment)
}

func (f *fast) frequency(r *fastResult, cell *fastCell, w int) {
	r.n = cell.frequency
	weeks := f.memo.weeks(f, cell, w)
	switch {
	case r.n == 0 && cell.edges > 0:
		r.set(StatusTooFew, fastEdges)
	case weeks > 0:
		in := f.memo.garwood(int(r.n), f.q.Level)
		r.status, r.value, r.lo, r.hi = StatusOK, float64(r.n)/weeks, in.Lo/weeks, in.Hi/weeks
	case r.n > 0:
		r.set(StatusTooFew, fastAround)
	default:
		r.set(StatusNoData, fastNothing)
	}
}

func (f *fast) failRate(r *fastResult, cell *fastCell) {
	r.n, r.censored = cell.n, cell.censored
	switch {
	case r.n == 0:
		r.nothing(cell)
	case !f.failuresKnown:
		r.set(StatusNoData, fastNoSource)
	default:
		f.ratio(r, cell.failed)
	}
}

func (f *fast) reworkRate(r *fastResult, cell *fastCell) {
	r.n, r.odd = cell.reworkN, cell.assumed
	switch {
	case r.n == 0:
		r.nothing(cell)
	case cell.known == 0 && cell.rework == 0:
		r.set(StatusNoData, fastNoPlan)
	default:
		f.ratio(r, cell.rework)
	}
}

func (f *fast) ratio(r *fastResult, k int32) {
	in := f.memo.wilson(int(k), int(r.n), f.q.Level)
	r.status, r.value, r.lo, r.hi = StatusOK, float64(int(k))/float64(int(r.n)), in.Lo, in.Hi
}

func (f *fast) leadTime(r *fastResult, cell *fastCell, leads []int64, qs []QuantileValue) {
	r.n = int32(len(leads))
	if r.n == 0 {
		switch {
		case cell.leads:
			r.set(StatusNoData, fastNoLead)
		case cell.n > 0:
			r.set(StatusNoData, fastNoChange)
		default:
			r.nothing(cell)
		}
		return
	}
	for _, v := range leads {
		r.odd += int32(uint64(v) >> 63)
	}
	plan := f.memo.plan(len(leads), f.q)
	selectRanks(leads, plan.ranks)
	for k := range plan.parts {
		p := &plan.parts[k]
		v := QuantileValue{P: p.p, Value: f.seconds(leads[p.at]), Lo: math.Inf(-1), Hi: math.Inf(1)}
		if int(p.at)+1 < len(leads) {
			v.Value += float64(p.part * (f.seconds(leads[p.at+1]) - v.Value))
		}
		if p.bounded {
			v.Lo, v.Hi = f.between(leads, p.lo), f.between(leads, p.hi)
		}
		if k > 0 {
			qs[k-1] = v
			continue
		}
		r.status, r.value, r.lo, r.hi = StatusOK, v.Value, v.Lo, v.Hi
		if !p.bounded {
			r.set(StatusTooFew, fastFewValues)
		}
	}
}

// between is the value at a rank of times of which the two neighbours are in their
// places.
func (f *fast) between(times []int64, r stats.Rank) float64 {
	pair := [2]float64{f.seconds(times[r.K]), f.seconds(times[r.K+1])}
	return stats.Rank{W: r.W}.At(pair[:])
}

func (f *fast) recoveryTime(at int, cell *fastCell, repairs []fastRepair, qs []QuantileValue) {
	r := &f.out.results[at]
	r.n = int32(len(repairs))
	if r.n == 0 {
		switch {
		case cell.n > 0 && !f.failuresKnown:
			r.set(StatusNoData, fastNoSource)
		case cell.n > 0:
			r.set(StatusUndefined, fastNoFailure)
		default:
			r.nothing(cell)
		}
		return
	}
	times := f.memo.times[:0]
	for _, x := range repairs {
		times = append(times, f.seconds(x.ns))
		if x.ns < 0 {
			r.odd++
		}
		if x.open {
			r.censored++
		}
	}
	f.memo.times = times
	if r.censored == 0 && len(times) <= maxCurve {
		slices.Sort(times)
		if distinct(times) {
			f.curve(r, times, qs)
			return
		}
	}
	var ds []stats.Duration
	for _, x := range repairs {
		ds = append(ds, stats.Duration{Time: f.seconds(x.ns), Censored: x.open})
	}
	full := Result{Level: f.q.Level, RestrictedMean: math.NaN(), Horizon: math.NaN()}
	full.survival(ds, SummaryMedian, f.q.Quantiles)
	r.status, r.value, r.lo, r.hi = full.Status, full.Value, full.Lo, full.Hi
	copy(qs, full.Quantiles)
	switch full.Status {
	case StatusTooFew:
		r.reason = fastFewRecoveries
	case StatusUndefined:
		r.reason = fastUnreachedMedian
		if f.out.unreached == nil {
			f.out.unreached = map[int]fastUnreached{}
		}
		f.out.unreached[at] = fastUnreached{full.RestrictedMean, full.Horizon}
	}
}

// curve is survival for recoveries that are all over and all take different
// times: where the curve and its band cross depends only on how many there are.
func (f *fast) curve(r *fastResult, times []float64, qs []QuantileValue) {
	for k, c := range f.memo.curve(len(times), f.q) {
		v := QuantileValue{Value: times[c.at], Lo: math.Inf(-1), Hi: math.Inf(1)}
		if c.middle {
			v.Value += (times[c.at+1] - v.Value) / 2
		}
		if c.lo >= 0 {
			v.Lo = times[c.lo]
		}
		if c.hi >= 0 {
			v.Hi = times[c.hi]
		}
		if k > 0 {
			v.P = f.q.Quantiles[k-1]
			qs[k-1] = v
			continue
		}
		r.status, r.value, r.lo, r.hi = StatusOK, v.Value, v.Lo, v.Hi
		if c.lo < 0 && c.hi < 0 {
			r.set(StatusTooFew, fastFewRecoveries)
		}
	}
}

func distinct(sorted []float64) bool {
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] {
			return false
		}
	}
	return true
}

// span is the observed part of a cell's window.
func (cell *fastCell) span() span {
	if cell.seenFrom >= cell.seenTo {
		return span{}
	}
	return span{time.Unix(0, cell.seenFrom), time.Unix(0, cell.seenTo)}
}
