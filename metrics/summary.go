package metrics

import (
	"math"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// Further methods of values and intervals: see [Result.Method].
const (
	MethodOrderLower     = "lower median, interpolated order-statistic interval (Hettmansperger and Sheather 1986)"
	MethodMean           = "arithmetic mean, interval by the t distribution (Student 1908)"
	MethodRestrictedMean = "mean of the Kaplan-Meier curve up to the longest time seen, no interval"
	MethodIncidents      = "incidents by deployments, exact Poisson interval (Garwood 1936)"
	MethodNone           = "not measured by the definition"
)

// summarise fills in the one number that stands for complete times by the
// result's method, and its interval. It sorts values, of which there must be one.
func (r *Result) summarise(values []float64, t QuantileType) {
	slices.Sort(values)
	r.Status = StatusOK
	if r.Method == MethodMean {
		var half float64
		r.Value, half = meanInterval(values, r.Level)
		r.Lo, r.Hi = r.Value-half, r.Value+half
	} else {
		r.Value = t.of(values, 0.5)
		r.Lo, r.Hi, _ = orderInterval(values, 0.5, r.Level)
	}
	if math.IsInf(r.Lo, -1) {
		r.Status, r.Reason = StatusTooFew, "too few values for an interval"
	}
}

// meanInterval is the mean of sorted values and half the length of its interval,
// infinite for a single value: the sums go in the order of the values.
func meanInterval(sorted []float64, level float64) (mean, half float64) {
	n := float64(len(sorted))
	for _, v := range sorted {
		mean += v
	}
	mean /= n
	if n < 2 {
		return mean, math.Inf(1)
	}
	var square float64
	for _, v := range sorted {
		square += float64((v - mean) * (v - mean))
	}
	x := stats.BetaQuantile(1-level, (n-1)/2, 0.5) // t² = (n-1)(1-x)/x has this distribution function
	t := math.Sqrt((n - 1) * (1 - x) / x)
	return mean, float64(t * math.Sqrt(square/(n-1)/n))
}

// round rounds one time, in whole minutes where the rule says so.
func (r Rounding) round(d time.Duration) time.Duration {
	down := d.Truncate(time.Minute)
	if r == RoundingMinutesUp && d > down { // Truncate goes towards zero: up, below it
		return down + time.Minute
	}
	if r == RoundingMinutesUp || r == RoundingMinutesDown {
		return down
	}
	return d
}

func (d *Definition) leadMethod() string {
	switch {
	case d.LeadSummary == SummaryMean:
		return MethodMean
	case d.Quantile == QuantileLower:
		return MethodOrderLower
	}
	return MethodOrder
}

func (d *Definition) recoveryMethod() string {
	switch {
	case d.Open == OpenCensored && d.RecoverySummary == SummaryMean:
		return MethodRestrictedMean
	case d.Open == OpenCensored:
		return MethodKaplanMeier
	case d.RecoverySummary == SummaryMean:
		return MethodMean
	case d.Quantile == QuantileLower:
		return MethodOrderLower
	}
	return MethodOrder
}
