package health

import "math"

// logSum is log(sum(exp(terms))), in the order given.
func logSum(terms []float64) float64 {
	top := math.Inf(-1)
	for _, t := range terms {
		top = max(top, t)
	}
	if math.IsInf(top, -1) {
		return top
	}
	sum := 0.0
	for _, t := range terms {
		sum += math.Exp(t - top)
	}
	return top + math.Log(sum)
}

// logAdd is log(exp(a) + exp(b)).
func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(a, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}

// round keeps nine decimals: what machines may differ in is far below.
func round(v float64) float64 {
	const scale = 1e9
	if math.Abs(v) > 1e6 {
		return v // a float64 of that size has no tenth decimal to lose
	}
	if v = math.Round(float64(v*scale)) / scale; v == 0 {
		return 0 // never -0
	}
	return v
}
