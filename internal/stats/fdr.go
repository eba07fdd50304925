package stats

import (
	"cmp"
	"math"
	"slices"
)

// BenjaminiHochberg are the adjusted p values, called q values: those at most q are
// discoveries of which at most the share q is false in expectation. Y. Benjamini
// and Y. Hochberg, JRSS B 57 (1995), 289-300; it holds for p values that are
// independent or depend positively, and for the inverses of e-values however
// they depend (R. Wang and A. Ramdas, JRSS B 84 (2022), 822-852). A p value that
// is NaN is no test: it stays NaN and does not count. So does one outside [0, 1].
func BenjaminiHochberg(p []float64) []float64 { return stepUp(p, func(int) float64 { return 1 }) }

// BenjaminiYekutieli are the adjusted p values that hold however the p values
// depend: Y. Benjamini and D. Yekutieli, Annals of Statistics 29 (2001), 1165-1188.
func BenjaminiYekutieli(p []float64) []float64 {
	return stepUp(p, func(m int) float64 {
		h := 0.0
		for i := 1; i <= m; i++ {
			h += 1 / float64(i)
		}
		return h
	})
}

func stepUp(p []float64, penalty func(m int) float64) []float64 {
	out := make([]float64, len(p))
	var order []int
	for i, v := range p {
		out[i] = math.NaN()
		if v >= 0 && v <= 1 {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(p[a], p[b]), cmp.Compare(a, b)) })
	m := len(order)
	scale, least := float64(m)*penalty(m), 1.0
	for k := m - 1; k >= 0; k-- {
		v := p[order[k]] // never less than itself, by rounding either
		least = min(least, max(v, v*scale/float64(k+1)))
		out[order[k]] = least
	}
	return out
}
