package health

import "math"

// harmless is the share of runs that the bound of the excess is computed for. It promises
// 0.95; the rest is for what is approximate, which is less than half of one in a hundred.
const harmless = 0.96

// harm is the mean of the excess, and what it stays below in 95 of 100 runs: of the mixture
// of normal distributions whose parts were noted.
func (f *found) harm() (mean, most float64) {
	total, lo, hi := 0.0, math.Inf(1), math.Inf(-1)
	for _, e := range f.excess {
		total += e.p
		mean += e.p * e.mean
		sd := math.Sqrt(e.variance)
		lo, hi = min(lo, e.mean-8*sd), max(hi, e.mean+8*sd)
	}
	if !(total > 0) {
		return 0, 0
	}
	for range 100 {
		mid := (lo + hi) / 2
		below := 0.0
		for _, e := range f.excess {
			below += e.p * math.Erfc((e.mean-mid)/math.Sqrt(2*max(1e-12, e.variance))) / 2
		}
		if below < harmless*total {
			lo = mid
		} else {
			hi = mid
		}
	}
	// Counts are whole: half of one is the correction for it.
	return max(0, mean/total), max(0, hi+0.5)
}
