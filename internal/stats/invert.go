package stats

import "math"

// bracket is where a root of a rising function is looked for, 0 <= lo < hi.
type bracket struct{ x, lo, hi float64 }

// invert finds the root of a rising function by Newton's steps, kept inside the
// bracket: a step that would leave it, or that shrinks it too slowly, becomes a
// bisection. excess must be negative below the root.
func invert(b bracket, f func(x float64) (excess, density float64)) float64 {
	x := b.x
	if !(x > b.lo) || !(x < b.hi) {
		x = mid(b)
	}
	for range 500 {
		e, d := f(x)
		switch {
		case e == 0:
			return x
		case e > 0:
			b.hi = x
		default:
			b.lo = x
		}
		next := x - e/d
		if !(next > b.lo) || !(next < b.hi) {
			next = mid(b)
		}
		if math.Abs(next-x) <= 2*epsilon*math.Abs(x) {
			return next
		}
		x = next
	}
	return x
}

// mid is the geometric middle of a wide bracket, so that a root close to zero
// is reached in few steps, and the plain middle of a narrow one.
func mid(b bracket) float64 {
	if b.hi > 4*b.lo {
		return math.Sqrt(max(b.lo, b.hi*1e-9) * b.hi)
	}
	return b.lo + (b.hi-b.lo)/2
}
