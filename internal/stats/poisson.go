package stats

import "math"

// Count is a number of events over an exposure, such as deployments over weeks.
type Count struct {
	// Events is at least 0, Exposure above 0 in the caller's unit.
	Events   int
	Exposure float64
}

func (c Count) valid() bool { return c.Events >= 0 && c.Exposure > 0 && !math.IsInf(c.Exposure, 1) }

// share is what part of the events would fall to b if the rates were the same.
func share(a, b Count) float64 { return b.Exposure / (a.Exposure + b.Exposure) }

// RateRatio is the interval of the rate of b over the rate of a, and the p value that
// they are the same. Given the sum of the counts, b's is binomial (J. Przyborowski
// and H. Wilenski, Biometrika 31 (1940), 313-323): the interval is Clopper and
// Pearson's of that share, the p value is central, and the two agree.
func RateRatio(a, b Count, level float64) (in Interval, p float64) {
	if !a.valid() || !b.valid() || !valid(level) {
		return none, math.NaN()
	}
	n := a.Events + b.Events
	if n == 0 {
		return Interval{0, math.Inf(1)}, 1
	}
	cp, scale := ClopperPearson(b.Events, n, level), a.Exposure/b.Exposure
	in = Interval{Lo: cp.Lo / (1 - cp.Lo) * scale, Hi: math.Inf(1)}
	if cp.Hi < 1 {
		in.Hi = cp.Hi / (1 - cp.Hi) * scale
	}
	return in, Binomial(b.Events, n, share(a, b)).Central()
}

// RateDifference is the interval of the rate of b minus the rate of a, from their
// Garwood intervals by [Mover]: H. Li, M. Tang, W. Poon and N. Tang, Statistics in
// Medicine 30 (2011), 1700-1713.
func RateDifference(a, b Count, level float64) Interval {
	if !a.valid() || !b.valid() || !valid(level) {
		return none
	}
	return Mover(a.estimate(level), b.estimate(level))
}

func (c Count) estimate(level float64) Estimate {
	in := Garwood(c.Events, level)
	return Estimate{float64(c.Events) / c.Exposure, Interval{in.Lo / c.Exposure, in.Hi / c.Exposure}}
}
