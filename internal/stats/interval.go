package stats

import "math"

// Interval is a closed interval. An infinite end is unbounded, a NaN end is not
// known.
type Interval struct {
	Lo, Hi float64 // the ends, Lo <= Hi where both are known
}

var none = Interval{math.NaN(), math.NaN()}

func valid(level float64) bool { return level > 0 && level < 1 }

// Wilson is the score interval of a proportion, k successes of n, 0 <= k <= n, n > 0:
// E. B. Wilson, JASA 22 (1927), 209-212; without continuity correction.
func Wilson(k, n int, level float64) Interval {
	if n <= 0 || k < 0 || k > n || !valid(level) {
		return none
	}
	z := NormalQuantile(0.5 + level/2)
	N, p, zz := float64(n), float64(k)/float64(n), z*z
	centre := (p + zz/(2*N)) / (1 + zz/N)
	half := z / (1 + zz/N) * math.Sqrt(float64(p*(1-p))/N+zz/(4*N*N))
	out := Interval{max(0, centre-half), min(1, centre+half)}
	// At the ends the formula gives exactly 0 and 1; rounding must not miss them.
	if k == 0 {
		out.Lo = 0
	}
	if k == n {
		out.Hi = 1
	}
	return out
}

// ClopperPearson is the exact interval of a proportion, k successes of n:
// C. Clopper and E. Pearson, Biometrika 26 (1934), 404-413, by beta quantiles.
func ClopperPearson(k, n int, level float64) Interval {
	if n <= 0 || k < 0 || k > n || !valid(level) {
		return none
	}
	tail := (1 - level) / 2
	out := Interval{0, 1}
	if k > 0 {
		out.Lo = BetaQuantile(tail, float64(k), float64(n-k+1))
	}
	if k < n {
		out.Hi = BetaQuantile(1-tail, float64(k+1), float64(n-k))
	}
	return out
}

// Garwood is the exact interval of the mean of a Poisson count, k >= 0:
// F. Garwood, Biometrika 28 (1936), 437-442, by chi-square quantiles.
func Garwood(k int, level float64) Interval {
	if k < 0 || !valid(level) {
		return none
	}
	tail := (1 - level) / 2
	out := Interval{Lo: 0, Hi: GammaQuantile(1-tail, float64(k)+1)}
	if k > 0 {
		out.Lo = GammaQuantile(tail, float64(k))
	}
	return out
}
