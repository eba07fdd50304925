package stats

import "math"

// Tails are P(X <= x) and P(X >= x) of a statistic at what was observed.
type Tails struct {
	// Lower is P(X <= x) and Upper P(X >= x); both have the probability of x itself.
	Lower, Upper float64
}

// Central is the two-sided p value: twice the smaller tail, at most 1. It agrees
// with intervals that have half of the error in each tail (M. Fay, The R Journal
// 2 (2010), 53-58).
func (t Tails) Central() float64 { return min(1, 2*min(t.Lower, t.Upper)) }

// Hypergeometric are the tails of the number of marked ones among the first na of
// na + nb, of which ka + kb are marked in all, at ka: Fisher's exact test that two
// proportions are the same. They are NaN outside 0 <= k <= n.
func Hypergeometric(ka, na, kb, nb int) Tails {
	if ka < 0 || kb < 0 || ka > na || kb > nb {
		return Tails{math.NaN(), math.NaN()}
	}
	marked, all := ka+kb, na+nb
	from, to := max(0, marked-nb), min(marked, na)
	term := math.Exp(logTerm(na, ka, all, marked))
	// Each term follows from its neighbour, so only the first takes logarithms.
	ratio := func(x int) float64 { // P(x+1) / P(x)
		return float64(na-x) * float64(marked-x) / (float64(x+1) * float64(nb-marked+x+1))
	}
	lower, upper := term, term
	for x, v := ka, term; x > from && v > 0; x-- {
		v /= ratio(x - 1)
		lower += v
		if v < lower*epsilon/16 {
			break
		}
	}
	for x, v := ka, term; x < to && v > 0; x++ {
		v *= ratio(x)
		upper += v
		if v < upper*epsilon/16 {
			break
		}
	}
	return Tails{min(1, lower), min(1, upper)}
}

// logTerm is ln P(X = k) of the hypergeometric distribution, in Loader's form
// (2000, section 4): three binomial terms at the rate marked/all, which do not
// cancel as logarithms of factorials do.
func logTerm(n, k, all, marked int) float64 {
	if marked == 0 || marked == all || n == 0 || n == all {
		return 0
	}
	p := float64(marked) / float64(all)
	return logBinomial(k, n, p) + logBinomial(marked-k, all-n, p) - logBinomial(marked, all, p)
}

// logBinomial is ln P(B = k) of a binomial (n, p), 0 < p < 1.
func logBinomial(k, n int, p float64) float64 {
	K, N := float64(k), float64(n)
	switch k {
	case 0:
		return N * math.Log1p(-p)
	case n:
		return N * math.Log(p)
	}
	return stirlingError(N) - stirlingError(K) - stirlingError(N-K) - deviance(K, N*p) - deviance(N-K, N*(1-p)) +
		float64(0.5*math.Log(N/(2*math.Pi*K*(N-K))))
}

// Binomial are the tails of k successes of n at the probability p.
func Binomial(k, n int, p float64) Tails {
	if k < 0 || k > n || !(p >= 0) || !(p <= 1) {
		return Tails{math.NaN(), math.NaN()}
	}
	out := Tails{1, 1}
	if k < n {
		out.Lower = BetaI(1-p, float64(n-k), float64(k+1))
	}
	if k > 0 {
		out.Upper = BetaI(p, float64(k), float64(n-k+1))
	}
	return out
}

// Mood is the p value of Mood's median test that two samples are of populations
// with the same median: A. Mood, Introduction to the Theory of Statistics (1950),
// section 16.5, by the exact distribution. Values at the median of both together
// count as not above it. The samples need not be sorted; pooled is both, sorted.
func Mood(a, b, pooled []float64) float64 {
	if len(a) == 0 || len(b) == 0 || len(pooled) != len(a)+len(b) {
		return math.NaN()
	}
	m := Quantile(pooled, 0.5)
	above := func(v []float64) (n int) {
		for _, x := range v {
			if x > m {
				n++
			}
		}
		return n
	}
	return Hypergeometric(above(a), len(a), above(b), len(b)).Central()
}
