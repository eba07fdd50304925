package stats

import "math"

// Estimate is a value with its interval.
type Estimate struct {
	// Value is the point estimate, within Interval or at its edge.
	Value float64
	Interval
}

// Mover is the interval of the difference b - a of two independent estimates, from
// the interval of each: the method of variance estimates recovery, G. Zou and A.
// Donner, Statistics in Medicine 27 (2008), 1693-1702, equation 3. It needs no
// symmetry and no normal distribution, holds its level about as well as the
// two intervals do, and is unbounded where they are.
func Mover(a, b Estimate) Interval {
	d := b.Value - a.Value
	lo := d - math.Hypot(b.Value-b.Lo, a.Hi-a.Value)
	hi := d + math.Hypot(b.Hi-b.Value, a.Value-a.Lo)
	if math.IsNaN(lo) || math.IsNaN(hi) {
		return none
	}
	return Interval{Lo: lo, Hi: hi}
}

// Newcombe is the interval of the difference kb/nb - ka/na of two proportions, from
// their Wilson intervals: R. Newcombe, Statistics in Medicine 17 (1998), 873-890,
// method 10.
func Newcombe(ka, na, kb, nb int, level float64) Interval {
	a, b := Wilson(ka, na, level), Wilson(kb, nb, level)
	if math.IsNaN(a.Lo) || math.IsNaN(b.Lo) {
		return none
	}
	return Mover(Estimate{float64(ka) / float64(na), a}, Estimate{float64(kb) / float64(nb), b})
}

// MoverP is the p value that belongs to the intervals of a difference: the error
// level, 1 minus the confidence, at which the interval of at stops to contain 0.
// The intervals must widen as the level grows. It is 1 where even the narrowest
// contains 0, NaN where there is no interval.
func MoverP(at func(level float64) Interval) float64 {
	outside := func(alpha float64) (out, ok bool) {
		in := at(1 - alpha)
		return in.Lo > 0 || in.Hi < 0, !math.IsNaN(in.Lo) && !math.IsNaN(in.Hi)
	}
	lo, hi := -36.0, math.Log(0.999) // ln of the error
	if out, ok := outside(0.999); !ok {
		return math.NaN()
	} else if !out {
		return 1
	}
	for range 60 {
		m := lo + (hi-lo)/2
		if out, _ := outside(math.Exp(m)); out {
			hi = m
		} else {
			lo = m
		}
	}
	return math.Exp(hi)
}
