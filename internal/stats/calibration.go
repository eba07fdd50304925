package stats

import "math"

// Spiegelhalter is the statistic of D. Spiegelhalter, Statistics in Medicine 5
// (1986), 421-433, for whether foretold probabilities are right: standard normal if
// they are. It is NaN where it has no variance (all are 0, 1 or a half) or where
// one is not within 0 and 1. What is foretold too low makes it positive, as long as
// it is below a half.
func Spiegelhalter(p []float64, failed []bool) float64 {
	sum, variance := 0.0, 0.0
	for i, x := range p {
		if !(x >= 0 && x <= 1) {
			return math.NaN()
		}
		o := 0.0
		if failed[i] {
			o = 1
		}
		sum += float64((o - x) * (1 - 2*x))
		variance += float64((1 - 2*x) * (1 - 2*x) * x * (1 - x))
	}
	if !(variance > 0) {
		return math.NaN()
	}
	return sum / math.Sqrt(variance)
}
