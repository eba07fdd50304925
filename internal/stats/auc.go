package stats

import (
	"math"
	"slices"
)

// NormalCDF is the distribution function of the standard normal distribution.
func NormalCDF(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

// Ranked says how well a score tells two groups apart.
type Ranked struct {
	// AUC is the chance that one of the upper group scores above one of the lower,
	// ties counted by half. Variance is DeLong's estimate of its variance, and 0 where
	// all pairs that are compared look the same: it says nothing then.
	AUC, Variance float64
	// Upper and Lower are how many there are of each.
	Upper, Lower int
}

// DeLong is the area under the ROC curve, the Mann-Whitney statistic, with the
// variance by placement values: E. DeLong, D. DeLong and D. Clarke-Pearson, Biometrics 44
// (1988), 837-845, equations 2 to 6; by sorting, as X. Sun and W. Xu, IEEE Signal Processing
// Letters 21 (2014), 1389-1393. The AUC is NaN where a group is empty or a score is NaN,
// the variance also where a group has only one. The arguments are not changed.
func DeLong(upper, lower []float64) Ranked {
	m, n := len(upper), len(lower)
	out := Ranked{math.NaN(), math.NaN(), m, n}
	nan := func(v float64) bool { return math.IsNaN(v) }
	if m == 0 || n == 0 || slices.ContainsFunc(upper, nan) || slices.ContainsFunc(lower, nan) {
		return out
	}
	upper, lower = slices.Sorted(slices.Values(upper)), slices.Sorted(slices.Values(lower))
	// Placements are counted twice, so that they are whole numbers.
	won := placements(upper, lower)
	lost := placements(lower, upper)
	total := 0
	for _, k := range won {
		total += k
	}
	pairs := 2 * float64(m) * float64(n)
	out.AUC = float64(total) / pairs
	if m > 1 && n > 1 {
		out.Variance = spread(won, 2*float64(n))/float64(m) + spread(lost, 2*float64(m))/float64(n)
	}
	return out
}

// placements are, for each of a, twice the number of b below it plus the number of b
// that are equal. Both are sorted.
func placements(a, b []float64) []int {
	out := make([]int, len(a))
	below, upTo := 0, 0
	for i, x := range a {
		for below < len(b) && b[below] < x {
			below++
		}
		for upTo < len(b) && b[upTo] <= x {
			upTo++
		}
		out[i] = below + upTo
	}
	return out
}

// spread is the sample variance of whole numbers divided by scale.
func spread(k []int, scale float64) float64 {
	mean, sum := 0.0, 0.0
	for _, v := range k {
		mean += float64(v)
	}
	mean /= float64(len(k))
	for _, v := range k {
		d := (float64(v) - mean) / scale
		sum += float64(d * d)
	}
	return sum / float64(len(k)-1)
}

// Interval is the interval of the AUC, normal on the logit scale: M. Pepe, The Statistical
// Evaluation of Medical Tests (2003), section 5.2.4. Where the variance is 0 or the
// AUC is 0 or 1, it is method 5 of R. Newcombe: see [Ranked.Against].
func (r Ranked) Interval(level float64) Interval {
	if !valid(level) || math.IsNaN(r.AUC) {
		return none
	}
	z := NormalQuantile(0.5 + level/2)
	if r.Variance > 0 && r.AUC > 0 && r.AUC < 1 {
		odds := math.Log(r.AUC / (1 - r.AUC))
		half := z * math.Sqrt(r.Variance) / (r.AUC * (1 - r.AUC))
		logistic := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
		return Interval{logistic(odds - half), logistic(odds + half)}
	}
	return Interval{r.end(-z), r.end(z)}
}

// end is where the score test of Against reaches z.
func (r Ranked) end(z float64) float64 {
	in, out := r.AUC, 0.0
	if z > 0 {
		out = 1
	}
	if in == out {
		return out
	}
	for range 80 {
		mid := in + (out-in)/2
		if math.Abs(mid-r.AUC) > math.Abs(z)*r.deviation(mid) {
			out = mid
		} else {
			in = mid
		}
	}
	return in
}

// deviation is the standard deviation of the statistic if the true AUC is x.
func (r Ranked) deviation(x float64) float64 {
	m, n := float64(r.Upper), float64(r.Lower)
	more := (m+n)/2 - 1
	v := float64(x*(1-x)) * (1 + float64(more*(1-x)/(2-x)) + float64(more*x/(1+x)))
	return math.Sqrt(max(0, v) / (m * n))
}

// Against are the tails of the statistic if the true AUC is x, 0 < x < 1: Lower is the p
// value of the hypothesis that it is at least x, Upper of the one that it is at most
// x. The deviation is the one that holds at x and not the estimate, so that few data
// do not pretend to be sure: R. Newcombe, Statistics in Medicine 25 (2006), 559-573,
// method 5.
func (r Ranked) Against(x float64) Tails {
	if !(x > 0 && x < 1) || math.IsNaN(r.AUC) {
		return Tails{math.NaN(), math.NaN()}
	}
	z := (r.AUC - x) / r.deviation(x)
	return Tails{NormalCDF(z), NormalCDF(-z)}
}
