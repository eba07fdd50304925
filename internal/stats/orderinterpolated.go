package stats

// Rank is a place between two neighbours of sorted values x: x[K]*(1-W) + x[K+1]*W,
// counted from 0. K+1 is always an index of them, and 0 <= W <= 1.
type Rank struct {
	// K is the index of the lower neighbour, W the weight of the upper one.
	K int
	W float64
}

// At is the value at the rank. It is exactly that of a neighbour where the weight is 0 or
// 1 or both are the same, so that it never leaves them.
func (r Rank) At(sorted []float64) float64 {
	a, b := sorted[r.K], sorted[r.K+1]
	switch {
	case r.W == 0 || a == b:
		return a
	case r.W == 1:
		return b
	}
	return min(max(a+float64(r.W*(b-a)), a), b)
}

// InterpolatedOrder gives the ends of an interval of the p quantile of the population
// behind n sorted values: J. Nyblom, Statistics & Probability Letters 14 (1992),
// 129-131, which for the median is T. Hettmansperger and S. Sheather, the same journal
// 4 (1986), 75-79. Whole ranks hold only certain levels, up to 5 points above the
// wanted one for few values ([OrderRanks]); between the two of them that are nearest to
// it, one end is taken such that it holds the level itself. That is exact only for some
// populations; for normal to lognormal ones (sigma 1.5) it misses 95 % by at most 1.2
// points, of 7 values, and by .2 from 20 values on: TestInterpolatedCoverage. The ends lie between those of [OrderRanks] and the next
// ranks inwards. The answer is false where n is too small, as for [OrderRanks].
func InterpolatedOrder(n int, p, level float64) (lo, hi Rank, ok bool) {
	if _, _, ok := OrderRanks(n, p, level); !ok {
		return Rank{}, Rank{}, false
	}
	tail := (1 - level) / 2
	l, w := interpolatedRank(n, p, tail)
	u, v := interpolatedRank(n, 1-p, tail) // from above: the mirror
	return Rank{K: l - 1, W: w}, Rank{K: n - 1 - u, W: 1 - v}, true
}

// interpolatedRank is the rank r, counted from 1, and the weight of the next one at which a
// value is above the p quantile with the probability tail: equation 4 of Nyblom.
// There must be such a rank, below n.
func interpolatedRank(n int, p, tail float64) (r int, weight float64) {
	r = lowerRank(n, p, tail)
	below, above := binomialCDF(r-1, n, p), binomialCDF(r, n, p)
	a := float64(n-r) * p * (tail - below)
	b := float64(r) * (1 - p) * (above - tail)
	return r, min(max(a/(a+b), 0), 1)
}
