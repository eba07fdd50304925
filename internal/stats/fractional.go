package stats

import "math"

// FractionalOrder is the interval of the p quantile of the population behind sorted
// values, between fractional order statistics: A. Hutson, Journal of Applied
// Statistics 26 (1999), 343-353. Its ends lie between the ranks of [OrderRanks], which
// can only hold more than the level, by as much as 4.6 points for few values; this
// one holds the level itself, nearly. It is distribution-free up to the linear
// interpolation. The answer is false where n is too small for the level.
func FractionalOrder(sorted []float64, p, level float64) (Interval, bool) {
	n := len(sorted)
	if n == 0 || !(p > 0) || !(p < 1) || !valid(level) {
		return none, false
	}
	tail := (1 - level) / 2
	lo, below := fractionalRank(n, p, tail)
	hi, above := fractionalRank(n, 1-p, tail)
	if !below || !above {
		return none, false
	}
	return Interval{at(sorted, lo), at(sorted, float64(n+1)-hi)}, true
}

// fractionalRank is the rank r, from 1 to n, at which the r-th value, whose level is
// distributed as Beta(r, n+1-r), is above p with the probability tail.
func fractionalRank(n int, p, tail float64) (float64, bool) {
	above := func(r float64) float64 { return BetaI(1-p, float64(n+1)-r, r) }
	if !(above(1) <= tail) { // even the first is above too often
		return 0, false
	}
	lo, hi := 1.0, float64(n)
	for range 60 {
		m := lo + (hi-lo)/2
		if above(m) <= tail {
			lo = m
		} else {
			hi = m
		}
	}
	return lo, true
}

// at is the value at a rank from 1 to n, linear between two.
func at(sorted []float64, rank float64) float64 {
	whole := math.Floor(rank)
	i := int(whole) - 1
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	a, b := sorted[i], sorted[i+1]
	return a + float64((rank-whole)*(b-a))
}
