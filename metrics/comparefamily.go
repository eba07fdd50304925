package metrics

import (
	"slices"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// FDR are the q values of a family of p values by Benjamini and Hochberg (1995): if
// those with a q value of at most q are taken for real, a share of at most q of them is
// false, in expectation. A p value that is NaN, or outside of 0 to 1, was no test: its
// q value is NaN, and it does not count. It holds for p values that are independent or
// that rise and fall together, and for those of [Watch] however they depend.
func FDR(p []float64) []float64 { return stats.BenjaminiHochberg(p) }

// Family are the same differences with Q filled in: all that were looked at must be
// among them, not only the striking ones. The argument is not changed.
func Family(ds []Difference) []Difference {
	out, p := slices.Clone(ds), make([]float64, len(ds))
	for i := range ds {
		p[i] = ds[i].P
	}
	for i, q := range FDR(p) {
		out[i].Q = q
	}
	return out
}
