package stats

import "math"

// The constants of charts for individual values, of normal values and ranges of
// two: D. Wheeler, Understanding Variation (1993). 2.66 is 3/1.128, 3.268 the ratio
// of the upper limit of a moving range to its mean.
const (
	xmrScale   = 2.66
	rangeScale = 3.268
	rangeToSD  = 1.128
)

// Limits are a chart's centre and its natural limits.
type Limits struct {
	// Centre is the centre line; Lo and Hi are the natural limits, or NaN.
	Centre, Lo, Hi float64
}

// movingRange is the mean of |x[i]-x[i-1]| over neighbours of which neither is NaN,
// and how many there are.
func movingRange(x []float64) (mean float64, n int) {
	s := 0.0
	for i := 1; i < len(x); i++ {
		if d := math.Abs(x[i] - x[i-1]); !math.IsNaN(d) {
			s += d
			n++
		}
	}
	return s / float64(n), n
}

// XmR are the limits of a chart of individual values and of their moving ranges.
// A NaN is a gap: no range goes across it. Without two neighbours the limits are NaN.
func XmR(x []float64) (values, ranges Limits) {
	mr, n := movingRange(x)
	if n == 0 {
		nan := Limits{math.NaN(), math.NaN(), math.NaN()}
		return nan, nan
	}
	sum, count := 0.0, 0
	for _, v := range x {
		if !math.IsNaN(v) {
			sum += v
			count++
		}
	}
	mean, half := sum/float64(count), float64(xmrScale*mr)
	return Limits{mean, mean - half, mean + half}, Limits{mr, 0, rangeScale * mr}
}

// Laney are the limits of a p' chart, of k[i] of n[i]: D. Laney, Quality Engineering
// 14 (2002), 531-537. The binomial spread is widened or narrowed by how much
// neighbours really differ. n[i] = 0 is a gap.
func Laney(k, n []int) []Limits {
	sumK, sumN := 0, 0
	for i := range k {
		sumK, sumN = sumK+k[i], sumN+n[i]
	}
	p := float64(sumK) / float64(sumN)
	z := make([]float64, len(k))
	for i := range z {
		z[i] = math.NaN()
		if n[i] > 0 && p > 0 && p < 1 {
			z[i] = (float64(k[i])/float64(n[i]) - p) / math.Sqrt(p*(1-p)/float64(n[i]))
		}
	}
	mr, pairs := movingRange(z)
	out := make([]Limits, len(k))
	for i := range out {
		half := 3 * math.Sqrt(p*(1-p)/float64(n[i])) * mr / rangeToSD
		switch {
		case n[i] == 0:
			half = math.NaN()
		case p == 0 || p == 1:
			half = 0
		case pairs == 0:
			half = math.NaN()
		}
		out[i] = Limits{p, max(0, p-half), min(1, p+half)}
	}
	return out
}

// U are the limits of a u chart, of counts over exposures: W. Shewhart's limits for
// a Poisson rate, as in D. Montgomery, Introduction to Statistical Quality Control,
// 6th edition (2009), 7.3. An exposure of 0 is a gap.
func U(counts []Count) []Limits {
	events, exposure := 0, 0.0
	for _, c := range counts {
		events += c.Events
		exposure += c.Exposure
	}
	u := float64(events) / exposure
	out := make([]Limits, len(counts))
	for i, c := range counts {
		half := math.NaN()
		if c.Exposure > 0 {
			half = 3 * math.Sqrt(u/c.Exposure)
		}
		out[i] = Limits{u, max(0, u-half), u + half}
	}
	return out
}

// nelson is the power that makes exponential times nearly normal.
const nelson = 1 / 3.6

// T are the limits of a t chart, of times between rare events, each at least 0: XmR
// on the times to the power 1/3.6 (L. Nelson, Journal of Quality Technology 26
// (1994), 239-240), turned back.
func T(times []float64) Limits {
	y := make([]float64, len(times))
	for i, t := range times {
		y[i] = math.Pow(t, nelson)
	}
	v, _ := XmR(y)
	back := func(v float64) float64 { return math.Pow(v, 3.6) }
	return Limits{back(v.Centre), back(max(0, v.Lo)), back(v.Hi)}
}
