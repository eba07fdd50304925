package risk

import (
	"errors"
	"fmt"
	"slices"
)

// Weight is what one term adds to the log-odds: a straight line through 0, or a curve.
//
// Where a term may not be known (see [Reading]), there must be a curve, which ends:
// beyond its last point it adds no more, and where the term is not known, it adds the
// most that it can.
type Weight struct {
	// Term is one of [TermNames]. It is the logarithm of 1 + a count.
	Term string `json:"term"`
	// Weight is the log-odds that one unit of the term adds: from 0 on or, where there is a
	// curve, beyond its last point. It is finite and not below zero, and zero for terms that
	// may not be known.
	Weight float64 `json:"weight"`
	// Curve, when there is one, says what the term adds up to its last point: straight
	// lines between the points, and before the first as much as there. Its log-odds
	// never fall; of experience they never rise. It has 2 to 64 points.
	Curve []Point `json:"curve,omitempty"`
}

// Point is a point of a curve.
type Point struct {
	// At is the term's value. It is not below zero, and above that of the point before.
	At float64 `json:"at"`
	// LogOdds is what it adds.
	LogOdds float64 `json:"logOdds"`
}

// maxPoints is how many points a curve may have.
const maxPoints = 64

// at is what the weight adds for a term's value. It never falls (of a falling curve, never
// rises) from one float to the next, because no operation in it does.
func (w *Weight) at(t float64) float64 {
	if len(w.Curve) == 0 {
		return float64(w.Weight * t)
	}
	first, last := w.Curve[0], w.Curve[len(w.Curve)-1]
	if t <= first.At {
		return first.LogOdds
	}
	if t >= last.At {
		return last.LogOdds + float64(w.Weight*(t-last.At))
	}
	i, found := slices.BinarySearchFunc(w.Curve, t, func(p Point, t float64) int {
		switch {
		case p.At < t:
			return -1
		case p.At > t:
			return 1
		}
		return 0
	})
	if found {
		return w.Curve[i].LogOdds
	}
	a, b := w.Curve[i-1], w.Curve[i]
	v := a.LogOdds + float64((b.LogOdds-a.LogOdds)*((t-a.At)/(b.At-a.At)))
	return min(max(v, min(a.LogOdds, b.LogOdds)), max(a.LogOdds, b.LogOdds))
}

// most is what the weight adds where the term is not known.
func (w *Weight) most() float64 {
	if len(w.Curve) == 0 {
		return 0 // then the weight is 0: see check
	}
	return max(w.Curve[0].LogOdds, w.Curve[len(w.Curve)-1].LogOdds)
}

// check reports what keeps the weight from being one of the term.
func (w *Weight) check(t *term) error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: "+format, append([]any{w.Term}, args...)...))
	}
	if !finite(w.Weight) || w.Weight < 0 {
		bad("weight %v is not a number from 0 up", w.Weight)
	} else if w.Weight != 0 && t.unsure {
		bad("it may not be known, so it needs a curve that ends, and no weight")
	}
	if n := len(w.Curve); n == 1 || n > maxPoints {
		bad("a curve of %d points, not of 2 to %d", n, maxPoints)
	}
	for i, p := range w.Curve {
		if !finite(p.At) || !finite(p.LogOdds) || p.At < 0 {
			bad("point %d, %v at %v, is no number or before zero", i, p.LogOdds, p.At)
			continue
		}
		if i == 0 {
			continue
		}
		before := w.Curve[i-1]
		if p.At <= before.At {
			bad("point %d, at %v, is not after that at %v", i, p.At, before.At)
		}
		if p.LogOdds != before.LogOdds && (p.LogOdds < before.LogOdds) != t.falling {
			bad("point %d goes from %v to %v, which is the wrong way", i, before.LogOdds, p.LogOdds)
		}
	}
	return errors.Join(errs...)
}
