package health

import "math"

// Interval is where the ratio of the canary's rate of bad events to the control's
// is, as far as is known: a confidence sequence. It holds at all looks together,
// for a ratio that stays the same: with a chance of at most 1-Level the true one
// is ever outside.
type Interval struct {
	// Low is the least ratio; 0 if there is no lower bound.
	Low float64 `json:"low"`
	// High is the greatest ratio. If zero, there is no upper bound.
	High float64 `json:"high,omitempty"`
	// Level is the confidence, 1-Beta of the policy.
	Level float64 `json:"level"`
}

// Ratios that an interval may end at. Beyond them there is no bound.
const (
	leastRatio = 0.1
	mostRatio  = 60
)

// nodes are where the likelihood is known: Chebyshev's points of the logarithm of
// the ratio. Between them it is interpolated. The function's nearest singularity is pi
// away from the line, so the error falls as 2.4 to the power of -nodes; with 16, the
// ends of intervals are within some millionths of what a direct sum gives, for up to
// a billion bad events. Each node costs a logarithm for each window.
const nodes = 16

var chebyshev = func() (c struct{ u, ratio, weight [nodes]float64 }) {
	a, b := math.Log(leastRatio), math.Log(mostRatio)
	for j := range nodes {
		angle := math.Pi * (float64(j) + 0.5) / nodes
		c.u[j] = (a+b)/2 + float64((b-a)/2*math.Cos(angle))
		c.ratio[j] = math.Exp(c.u[j])
		c.weight[j] = math.Sin(angle)
		if j%2 == 1 {
			c.weight[j] = -c.weight[j]
		}
	}
	return c
}()

// likelihood is the logarithm of the likelihood of a ratio r of rates given each
// window's bad events,
//
//	sum x log r - s log(1+t(r-1))
//
// Evidence for r against r0 is the difference at the two, and its mean is at most
// 1 where r0 is the true ratio, for r on either side: see the proof in the package
// comment. A uniform prior over log r makes of it a test of each r0, and those that
// it does not reject are the interval (Robbins' mixture; Lindon and Malek, NeurIPS
// 2022).
type likelihood struct {
	Bad   float64        `json:"bad"`
	Other [nodes]float64 `json:"other"` // the second sum, at each node
}

func (l *likelihood) add(w bout) {
	l.Bad += w.x / w.phi
	s := w.s / w.phi
	rest := 1 - w.share
	for j := range l.Other {
		l.Other[j] += float64(s * math.Log(rest+float64(w.share*chebyshev.ratio[j])))
	}
}

// at is the likelihood's logarithm at log r = u, by the barycentric formula.
func (l *likelihood) at(u float64) float64 {
	over, under := 0.0, 0.0
	for j, v := range l.Other {
		d := u - chebyshev.u[j]
		if d == 0 {
			return float64(l.Bad*u) - v
		}
		w := chebyshev.weight[j] / d
		over += float64(w * v)
		under += w
	}
	return float64(l.Bad*u) - over/under
}

// interval is the confidence sequence at a level; false if nothing is known.
func (l *likelihood) interval(level float64) (Interval, bool) {
	if l.Other[0] == 0 {
		return Interval{}, false // no bad event
	}
	a, b := math.Log(leastRatio), math.Log(mostRatio)
	top := climb(l.at, a, b)
	best := l.at(top)
	// The mixture's logarithm, by Simpson's rule where the likelihood is within 30 of
	// its best.
	from, to := cross(l.at, a, top, best-30), cross(l.at, b, top, best-30)
	const steps = 256
	sum := 0.0
	for i := range steps + 1 {
		w := 2.0
		switch {
		case i == 0 || i == steps:
			w = 1
		case i%2 == 1:
			w = 4
		}
		u := from + float64((to-from)*float64(i)/steps)
		sum += float64(w * math.Exp(l.at(u)-best))
	}
	mixed := best + math.Log(sum*(to-from)/(3*steps)/(b-a))
	need := mixed + math.Log(1-level)
	out := Interval{Level: level}
	if l.at(a) <= need {
		out.Low = round(math.Exp(cross(l.at, a, top, need)))
	}
	if l.at(b) <= need {
		out.High = round(math.Exp(cross(l.at, b, top, need)))
	}
	return out, true
}

// climb is where a concave function is highest between a and b.
func climb(f func(float64) float64, a, b float64) float64 {
	for range 100 {
		c, d := a+(b-a)/3, b-(b-a)/3
		if f(c) < f(d) {
			a = c
		} else {
			b = d
		}
	}
	return (a + b) / 2
}

// cross is where f comes up to level between outside, where it is lower, and inside.
// It is outside if it is not lower there.
func cross(f func(float64) float64, outside, inside, level float64) float64 {
	if f(outside) >= level {
		return outside
	}
	for range 60 {
		mid := (outside + inside) / 2
		if f(mid) < level {
			outside = mid
		} else {
			inside = mid
		}
	}
	return outside
}
