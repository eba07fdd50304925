package skill

import "math"

// MinPerBin is how many outcomes each bin of [Sample.ECE] must have at least. With
// fewer, what is measured is chance: even true probabilities are then far off in most
// bins.
const MinPerBin = 5

// ECE is the expected calibration error over bins of equal mass: the mean over the
// bins of |mean probability - share of failures|, weighted by their sizes (M. Naeini,
// G. Cooper and M. Hauskrecht, AAAI 2015; equal mass as K. Nguyen and B. O'Connor,
// EMNLP 2015). Bin b of k holds the outcomes from b*n/k to (b+1)*n/k, rounded down, by
// probability. Where a bin's edge cuts through equal probabilities, each side gets its
// even share of the failures among them.
//
// The number is biased upwards: the less data, the more. The answer is false where
// scores are no probabilities, bins is below 1 or there are fewer than MinPerBin
// outcomes per bin.
func (s *Sample) ECE(bins int) (float64, bool) {
	if bins < 1 || s.n/MinPerBin < bins || !s.probabilities() {
		return 0, false
	}
	total, g, used, from := 0.0, 0, 0, 0
	for b := range bins {
		to, gap := int(int64(b+1)*int64(s.n)/int64(bins)), 0.0
		for from < to {
			cur := s.groups[g]
			take := min(to-from, cur.n-used)
			if take > 0 {
				rate := float64(cur.failed) / float64(cur.n)
				gap += float64(float64(take) * (cur.score - rate))
			}
			from, used = from+take, used+take
			if used == cur.n {
				g, used = g+1, 0
			}
		}
		total += math.Abs(gap)
	}
	return total / float64(s.n), true
}

// Brier is the mean squared difference between probability and outcome, 0 the best
// and 1 the worst (G. Brier, Monthly Weather Review 78 (1950), 1-3, for two classes
// and counted once). The answer is false where scores are no probabilities.
func (s *Sample) Brier() (float64, bool) {
	if !s.probabilities() {
		return 0, false
	}
	sum := 0.0
	for _, g := range s.groups {
		miss := float64(float64(g.failed) * (1 - g.score) * (1 - g.score))
		sum += miss + float64(float64(g.n-g.failed)*g.score*g.score)
	}
	return sum / float64(s.n), true
}

// BrierSkill is 1 - Brier/reference, where the reference says the probability base
// for everything: 1 is perfect, 0 is no better than the base rate, below is worse
// (A. Murphy, Monthly Weather Review 101 (1973)). [Sample.BaseRate] as base is the
// hardest to beat: it is only known afterwards. The answer is false where scores are
// no probabilities, base is outside [0, 1], or the reference makes no mistake.
func (s *Sample) BrierSkill(base float64) (float64, bool) {
	brier, ok := s.Brier()
	if !ok || !(base >= 0 && base <= 1) {
		return 0, false
	}
	rate := s.BaseRate()
	reference := float64(rate*(1-base)*(1-base)) + float64((1-rate)*base*base)
	if reference == 0 {
		return 0, false
	}
	return 1 - brier/reference, true
}

// ECE is [Sample.ECE] of probabilities and what came of them.
func ECE(p []float64, failed []bool, bins int) (float64, bool) {
	return measure(p, failed, func(s *Sample) (float64, bool) { return s.ECE(bins) })
}

// Brier is [Sample.Brier] of probabilities and what came of them.
func Brier(p []float64, failed []bool) (float64, bool) {
	return measure(p, failed, (*Sample).Brier)
}

// BrierSkill is [Sample.BrierSkill] of probabilities and what came of them, against
// their own base rate.
func BrierSkill(p []float64, failed []bool) (float64, bool) {
	return measure(p, failed, OwnBrierSkill)
}

// OwnBrierSkill is [Sample.BrierSkill] against the sample's own base rate.
func OwnBrierSkill(s *Sample) (float64, bool) { return s.BrierSkill(s.BaseRate()) }
