package kayenta

import (
	"fmt"
	"math"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// Shift says by how much one sample lies above another.
type Shift struct {
	// Low and High are the ends of the confidence interval, Estimate is the shift at
	// which the test finds no difference: near the median of all differences of a
	// value of the one and a value of the other. In the unit of the values.
	Low, High, Estimate float64
}

// ShiftOf is the confidence interval for how far x lies above y, by the
// Mann-Whitney test: those shifts that the test does not reject (Hodges and Lehmann,
// Annals of Mathematical Statistics 34 (1963), 598-611). It works as R's
// wilcox.test(x, y, conf.int = TRUE, exact = FALSE) does, with the normal
// approximation and both corrections of [Deviate], and finds each end by Brent's
// method to an absolute 1e-4: ends and estimate of values that are themselves
// smaller than that mean nothing. Unlike R of today, and like the judge, it keeps
// the continuity correction for the estimate.
//
// The confidence is above 0 and below 1. It is an error when a sample is empty or has
// a value that is not finite, and when all values are tied at an end of the range,
// as when both samples are of one value each.
func ShiftOf(x, y []float64, confidence float64) (Shift, error) {
	if !(confidence > 0 && confidence < 1) {
		return Shift{}, fmt.Errorf("kayenta: confidence %v is not between 0 and 1", confidence)
	}
	if len(x) == 0 || len(y) == 0 {
		return Shift{}, fmt.Errorf("kayenta: %d and %d values: one sample is empty", len(x), len(y))
	}
	p := pairOf(x, y)
	// No shift outside of [least, most] can be right: beyond, one sample lies wholly
	// above the other.
	least, most := p.x[0]-p.y[len(p.y)-1], p.x[len(p.x)-1]-p.y[0]
	if !finite(least) || !finite(most) || !finite(most-least) {
		return Shift{}, fmt.Errorf("kayenta: the values reach from %v to %v: they are not finite, or too far apart", least, most)
	}
	atLeast, atMost := p.deviate(least), p.deviate(most)
	tied, found := math.IsNaN(atLeast) || math.IsNaN(atMost), true
	crosses := func(z float64) float64 {
		root, ok := brent(func(shift float64) float64 {
			d := p.deviate(shift)
			tied = tied || math.IsNaN(d) // by rounding: the shift swallows the differences
			return d - z
		}, least, most, atLeast-z, atMost-z)
		found = found && ok
		return root
	}
	end := func(z float64) float64 {
		switch {
		case atLeast-z <= 0:
			return least
		case atMost-z >= 0:
			return most
		}
		return crosses(z)
	}
	z := stats.NormalQuantile((1 - confidence) / 2)
	s := Shift{Low: end(-z), High: end(z), Estimate: crosses(0)}
	if tied {
		return Shift{}, fmt.Errorf("kayenta: all values are tied, so that there is no interval")
	}
	if !found {
		return Shift{}, fmt.Errorf("kayenta: the values reach so far, from %v to %v, that no root is found", least, most)
	}
	return s, nil
}

// Deviate is the standard normal deviate of the Mann-Whitney statistic, for x
// against y with the shift taken off x: positive when x lies above y. It is
// corrected for ties and for continuity, by half a rank towards 0. H. Mann and D.
// Whitney, Annals of Mathematical Statistics 18 (1947), 50-60; the ties as in E.
// Lehmann, Nonparametrics (1975), 1.4. It is NaN when a sample is empty, when a
// value is NaN, and when all values are tied.
//
// Look at it once: |Deviate| > 1.96 is a test at 5 % only for who looks once.
func Deviate(x, y []float64, shift float64) float64 {
	if slices.ContainsFunc(x, math.IsNaN) || slices.ContainsFunc(y, math.IsNaN) || math.IsNaN(shift) {
		return math.NaN()
	}
	return pairOf(x, y).deviate(shift)
}

// pair are two samples, sorted.
type pair struct{ x, y []float64 }

func pairOf(x, y []float64) pair {
	p := pair{x: slices.Clone(x), y: slices.Clone(y)}
	slices.Sort(p.x)
	slices.Sort(p.y)
	return p
}

// ranks are the sum of the ranks of x, the shift taken off, among all values, ties
// having the mean of theirs; and the sum of t³-t over the ties of t values. Both
// samples are walked once. Sums are exact: twice a rank is a whole number.
func (p pair) ranks(shift float64) (sum, ties float64) {
	before := 0.0 // values below the present one
	for i, j := 0, 0; i < len(p.x) || j < len(p.y); {
		v := math.Inf(1)
		if i < len(p.x) {
			v = p.x[i] - shift
		}
		if j < len(p.y) {
			v = min(v, p.y[j])
		}
		fromX, both := 0.0, 0.0
		for ; i < len(p.x) && p.x[i]-shift == v; i++ {
			fromX++
			both++
		}
		for ; j < len(p.y) && p.y[j] == v; j++ {
			both++
		}
		if both == 0 {
			return math.NaN(), math.NaN() // a difference of infinities
		}
		sum += float64(fromX * (before + (both+1)/2))
		ties += float64(both*both*both) - both
		before += both
	}
	return sum, ties
}

// deviate is [Deviate] of the pair.
func (p pair) deviate(shift float64) float64 {
	nx, ny := float64(len(p.x)), float64(len(p.y))
	n := nx + ny
	sum, ties := p.ranks(shift)
	d := sum - nx*(nx+1)/2 - nx*ny/2
	variance := float64(nx*ny/12) * (n + 1 - ties/float64(n*(n-1)))
	// All tied: the variance is 0 but for rounding.
	if !(variance > 0) || ties == float64(n*n*n)-n {
		return math.NaN()
	}
	switch {
	case d > 0:
		d -= 0.5
	case d < 0:
		d += 0.5
	}
	return d / math.Sqrt(variance)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
