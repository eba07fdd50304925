package health

import "math"

// kl is the divergence of Bernoulli(p) from Bernoulli(q), p above 0: p log(p/q) +
// (1-p) log((1-p)/(1-q)), as a sum of parts that are not negative.
func kl(p, q float64) float64 {
	excess := func(x float64) float64 {
		if math.Abs(x) < 1e-4 {
			return x * x * (0.5 - x*(1/3.0-x/4))
		}
		return x - math.Log1p(x)
	}
	out := p * excess((q-p)/p)
	if p < 1 {
		out += (1 - p) * excess((p-q)/(1-p))
	}
	return out
}

// longest is the number of windows beyond which a limit is not told.
const longest = 1e15

// information is what a window tells at best of two rates against every pair in which
// the canary's is a multiple of the control's: the least of
//
//	n kl(p1, r q) + m kl(p0, q)
//
// over q, the divergence from the nearest such pair (the null's reverse information
// projection). No test with error alpha, whatever it computes, takes fewer than
// log(1/alpha) of it on average (Wald, Annals of Mathematical Statistics 16, 1945).
func (c *course) information(canaryRate, against float64) float64 {
	at := func(q float64) float64 {
		return c.canary*kl(canaryRate, min(1, against*q)) + c.control*kl(c.rate, q)
	}
	// Convex in q. The nearest pair lies between those that keep one of the two rates.
	one := canaryRate / against
	lo, hi := min(one, c.rate), min(max(one, c.rate), 1/against)
	for range 200 {
		a, b := lo+(hi-lo)/3, hi-(hi-lo)/3
		if at(a) < at(b) {
			hi = b
		} else {
			lo = a
		}
	}
	return at((lo + hi) / 2)
}
