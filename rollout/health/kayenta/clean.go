package kayenta

import (
	"math"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// clean are the values that are judged. The argument is not changed.
func (m Metric) clean(values []float64) []float64 {
	out := slices.Clone(values)
	if m.ReplaceNaN {
		for i, v := range out {
			if math.IsNaN(v) {
				out[i] = 0
			}
		}
	} else {
		out = slices.DeleteFunc(out, math.IsNaN)
	}
	slices.Sort(out)
	if !m.RemoveOutliers || len(out) == 0 {
		return out
	}
	low, high := fences(out, m.OutlierFactor)
	return slices.DeleteFunc(out, func(v float64) bool { return v < low || v > high })
}

// fences are the bounds beyond which a value is an outlier: J. Tukey, Exploratory Data
// Analysis (1977), 2D, widened to the percentiles 1 and 99.
func fences(sorted []float64, factor float64) (low, high float64) {
	q := func(p float64) float64 { return stats.Quantile(sorted, p) }
	reach := float64(factor * (q(0.75) - q(0.25)))
	return min(q(0.01), q(0.25)-reach), max(q(0.99), q(0.75)+reach)
}

// mean is the arithmetic mean, the second pass taking off what the first rounded.
func mean(values []float64) float64 {
	n, sum, rest := float64(len(values)), 0.0, 0.0
	for _, v := range values {
		sum += v
	}
	for _, v := range values {
		rest += v - sum/n
	}
	return sum/n + rest/n
}

// meanRatio is the canary's mean over the control's; 0 where there is none.
func meanRatio(canary, control []float64) float64 {
	a, b := mean(canary), mean(control)
	if a == 0 || b == 0 {
		return 0
	}
	return a / b
}

// cles is the share of pairs in which the canary's value is the higher.
func cles(p pair) float64 {
	n, m := float64(len(p.x)), float64(len(p.y))
	sum, _ := p.ranks(0)
	return (sum - n*(n+1)/2) / (n * m)
}
