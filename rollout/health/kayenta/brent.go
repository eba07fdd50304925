package kayenta

import "math"

const (
	brentTolerance = 1e-4 // absolute, that of R's uniroot in wilcox.test
	brentSteps     = 1000
)

// brent finds where f changes its sign between a and b, where it has the values fa
// and fb: R. Brent, Algorithms for Minimization without Derivatives (1973), chapter
// 4, in the arrangement of R's zeroin. Where f jumps, as a rank statistic does, the
// answer is some point within the tolerance of the jump, and which one depends on the
// order of steps: it is part of what is to be compatible. False means that there were
// not enough steps, as for values that differ by a factor of 1e300.
func brent(f func(float64) float64, a, b, fa, fb float64) (root float64, ok bool) {
	if fa == 0 {
		return a, true
	}
	if fb == 0 {
		return b, true
	}
	c, fc := a, fa // the root lies between b and c; a is the b before
	for range brentSteps {
		last := b - a
		if math.Abs(fc) < math.Abs(fb) { // b is the better end
			a, b, c = b, c, b
			fa, fb, fc = fb, fc, fb
		}
		tolerance := float64(2*epsilon*math.Abs(b)) + brentTolerance/2
		step := (c - b) / 2 // bisection, unless something better is found
		if math.Abs(step) <= tolerance || fb == 0 {
			return b, true
		}
		if math.Abs(last) >= tolerance && math.Abs(fa) > math.Abs(fb) {
			p, q := interpolate(a, b, c, fa, fb, fc)
			if p < float64(0.75*(c-b)*q)-math.Abs(tolerance*q)/2 && p < math.Abs(last*q/2) {
				step = p / q
			}
		}
		if math.Abs(step) < tolerance {
			if step > 0 {
				step = tolerance
			} else {
				step = -tolerance
			}
		}
		a, fa = b, fb
		b += step
		fb = f(b)
		if fb > 0 && fc > 0 || fb < 0 && fc < 0 {
			c, fc = a, fa
		}
	}
	return b, false
}

// epsilon is the distance from 1 to the next float64.
const epsilon = 0x1p-52

// interpolate gives the step from b as p/q with p >= 0: by the line through two
// points when a is c, by the inverse parabola through three otherwise.
func interpolate(a, b, c, fa, fb, fc float64) (p, q float64) {
	s := fb / fa
	if a == c {
		p, q = float64((c-b)*s), 1-s
	} else {
		u, v := fa/fc, fb/fc
		p = float64(s * (float64((c-b)*u*(u-v)) - float64((b-a)*(v-1))))
		q = float64((u - 1) * (v - 1) * (s - 1))
	}
	if p > 0 {
		return p, -q
	}
	return -p, q
}
