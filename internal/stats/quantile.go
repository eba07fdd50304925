package stats

import "math"

// Quantile is the p quantile of sorted values by type 7 of R. Hyndman and
// Y. Fan, "Sample Quantiles in Statistical Packages", The American Statistician
// 50 (1996), 361-365: linear between order statistics, at (n-1)p. It is NaN of
// no values.
func Quantile(sorted []float64, p float64) float64 {
	if len(sorted) == 0 || !(p >= 0) || !(p <= 1) {
		return math.NaN()
	}
	h := float64(len(sorted)-1) * p
	i := int(h)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	a, b := sorted[i], sorted[i+1]
	return a + float64((h-float64(i))*(b-a))
}

// OrderRanks gives the ranks l < u, counted from 1, for which the l-th and the
// u-th of n sorted values enclose the p quantile of the population with at least
// the wanted confidence, whatever its distribution: at most half of the error is
// in each tail. See H. David and H. Nagaraja, Order Statistics, 3rd edition
// (2003), 7.1. The answer is false where n is too small for that.
func OrderRanks(n int, p, level float64) (l, u int, ok bool) {
	if n <= 0 || !(p > 0) || !(p < 1) || !valid(level) {
		return 0, 0, false
	}
	tail := (1 - level) / 2
	l = lowerRank(n, p, tail)
	// The u-th from below is the mirror of the (n+1-u)-th from above.
	u = n + 1 - lowerRank(n, 1-p, tail)
	return l, u, l >= 1 && u <= n && l < u
}

// lowerRank is the greatest l with P(B < l) <= tail for B binomial (n, p): the
// probability that the l-th value is above the quantile. It is 0 if there is none.
func lowerRank(n int, p, tail float64) int {
	fits := func(l int) bool {
		if l > n {
			return false
		}
		return l < 1 || binomialCDF(l-1, n, p) <= tail
	}
	N := float64(n)
	l := int(N*p + float64(NormalQuantile(tail)*math.Sqrt(N*p*(1-p))))
	l = min(max(l, 0), n)
	for l > 0 && !fits(l) {
		l--
	}
	for fits(l + 1) {
		l++
	}
	return l
}

// binomialCDF is P(B <= k) for 0 <= k < n.
func binomialCDF(k, n int, p float64) float64 {
	if k >= n {
		return 1
	}
	return BetaI(1-p, float64(n-k), float64(k+1))
}
