package stats

import "math"

// AUC is the probability that of one thing that failed and one that did not the
// failed one has the higher score, ties counting half: the Mann-Whitney statistic.
// failed[i] and fine[i] count the things with the i-th score, in rising order. The
// variance is the one of E. DeLong, D. DeLong and D. Clarke-Pearson, Biometrics 44
// (1988), 837-845, with the pseudovalues counted by score; it is NaN with fewer
// than two things on either side. With none on a side the area is NaN as well.
func AUC(failed, fine []int) (area, variance float64) {
	m, n := 0, 0
	for i := range failed {
		if failed[i] < 0 || fine[i] < 0 {
			return math.NaN(), math.NaN()
		}
		m += failed[i]
		n += fine[i]
	}
	if m == 0 || n == 0 {
		return math.NaN(), math.NaN()
	}
	// Twice the wins are whole numbers, so that the area has no rounding but one.
	wins, below := 0.0, 0
	for i := range failed {
		wins += float64(failed[i]) * float64(2*below+fine[i])
		below += fine[i]
	}
	area = wins / (2 * float64(m) * float64(n))
	if m < 2 || n < 2 {
		return area, math.NaN()
	}
	// ofFailed is the share of the fine ones that a failed one beats, ofFine the
	// share of the failed ones that beat a fine one.
	below, at := 0, 0
	s10, s01 := 0.0, 0.0
	for i := range failed {
		ofFailed := float64(2*below+fine[i]) / (2 * float64(n))
		ofFine := float64(2*(m-at)-failed[i]) / (2 * float64(m))
		s10 += float64(failed[i]) * float64((ofFailed-area)*(ofFailed-area))
		s01 += float64(fine[i]) * float64((ofFine-area)*(ofFine-area))
		below += fine[i]
		at += failed[i]
	}
	return area, s10/(float64(m-1)*float64(m)) + s01/(float64(n-1)*float64(n))
}

// NormalTail is P(Z >= z) of a standard normal Z.
func NormalTail(z float64) float64 { return math.Erfc(z/math.Sqrt2) / 2 }
