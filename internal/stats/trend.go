package stats

import "math"

// CochranArmitage is the test statistic of a trend of proportions: k[i] of n[i], at the
// scores 0, 1, 2 and so on. It is positive where the proportion rises. Given the
// totals and no trend it has mean 0 and variance 1 exactly, and is about normal: W. Cochran,
// Biometrics 10 (1954), 417-451; P. Armitage, Biometrics 11 (1955), 375-386; the variance
// is the conditional one, N/(N-1) times Armitage's. It is NaN where the counts are none, or
// where the totals leave nothing to vary.
func CochranArmitage(k, n []int) float64 {
	all, marked, ok := totals(k, n)
	if !ok {
		return math.NaN()
	}
	// N times the sums around the mean are whole numbers, so nothing cancels.
	sk, sn, snn := 0, 0, 0
	for i := range n {
		sk += i * k[i]
		sn += i * n[i]
		snn += i * i * n[i]
	}
	N, K := float64(all), float64(marked)
	top := float64(all*sk - marked*sn) // N times the statistic less its mean
	vary := float64(all*snn - sn*sn)   // N times the sum of squares
	v := K * (N - K) * vary / (N - 1)  // N^2 times the variance
	if !(v > 0) {
		return math.NaN()
	}
	return top / math.Sqrt(v)
}

// totals are the sums of n and k; the answer is false where they are no counts.
func totals(k, n []int) (all, marked int, ok bool) {
	if len(k) != len(n) {
		return 0, 0, false
	}
	for i := range n {
		if k[i] < 0 || k[i] > n[i] || n[i] > math.MaxInt32 {
			return 0, 0, false
		}
		all += n[i]
		marked += k[i]
	}
	return all, marked, true
}

// TrendExact are the tails of the same statistic given the totals, by counting all
// tables: Lower is the p value against a trend that falls, Upper against one that
// rises. The time grows with the third power of the lesser of the marked and the
// others. They are NaN where the counts are none.
func TrendExact(k, n []int) Tails {
	all, marked, ok := totals(k, n)
	if !ok {
		return Tails{math.NaN(), math.NaN()}
	}
	if marked > all-marked { // count the others, which turns the tails round
		other := make([]int, len(n))
		for i := range n {
			other[i] = n[i] - k[i]
		}
		t := TrendExact(other, n)
		return Tails{t.Upper, t.Lower}
	}
	top := marked * max(0, len(n)-1)
	// p[m*(top+1)+s] is the chance that m marked ones are left for the groups that come
	// and those before have the score s.
	p, next := make([]float64, (marked+1)*(top+1)), make([]float64, (marked+1)*(top+1))
	p[marked*(top+1)] = 1
	left := all
	for i := range n {
		clear(next)
		for m := range marked + 1 {
			row := p[m*(top+1) : (m+1)*(top+1)]
			for x := max(0, m-(left-n[i])); x <= min(m, n[i]); x++ {
				w := math.Exp(logTerm(n[i], x, left, m))
				to := next[(m-x)*(top+1) : (m-x+1)*(top+1)]
				for s, v := range row {
					if v > 0 {
						to[s+i*x] += float64(v * w)
					}
				}
			}
		}
		p, next = next, p
		left -= n[i]
	}
	seen := 0
	for i := range k {
		seen += i * k[i]
	}
	var t Tails
	for s := 0; s <= seen; s++ {
		t.Lower += p[s]
	}
	for s := top; s >= seen; s-- {
		t.Upper += p[s]
	}
	return Tails{min(1, t.Lower), min(1, t.Upper)}
}
