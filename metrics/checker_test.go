package metrics_test

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/metrics"
)

// check computes a result again from its explanation alone, and says how the
// two differ.
func check(e metrics.Explanation) error {
	var values []float64
	var durations []stats.Duration
	counted, numerator, alone, negative, open := 0, 0, 0, 0, 0
	for _, c := range e.Contributions {
		switch c.Use {
		case metrics.UseCounted:
			counted++
		case metrics.UseNumerator:
			counted++
			numerator++
		case metrics.UseAlone:
			alone++
		case metrics.UseValue, metrics.UseCensored:
			if c.Value < 0 {
				negative++
			}
			if c.Use == metrics.UseCensored {
				open++
			}
			values = append(values, c.Value)
			durations = append(durations, stats.Duration{Time: c.Value, Censored: c.Use == metrics.UseCensored})
		case metrics.UseExcluded, metrics.UseEvidence:
			if c.Reason == "" {
				return fmt.Errorf("%s %s is %s without a reason", c.Kind, c.Ref, c.Use)
			}
		default:
			return fmt.Errorf("%s %s has no use", c.Kind, c.Ref)
		}
		// What shows that a deployment failed is linked; what counts by itself need not be.
		if c.Kind == metrics.KindIncident && (c.Link == nil || c.Link.Reason == "" || c.Use == metrics.UseEvidence && c.Link.Confidence == metrics.ConfidenceUnknown) {
			return fmt.Errorf("incident %s stands here without a link", c.Ref)
		}
	}
	r := e.Result
	mean, horizon := math.NaN(), math.NaN()
	n, value, in := counted, math.NaN(), stats.Interval{Lo: math.NaN(), Hi: math.NaN()}
	switch r.Metric {
	case metrics.Frequency:
		if e.Weeks > 0 {
			g := stats.Garwood(n, r.Level)
			value, in = float64(n)/e.Weeks, stats.Interval{Lo: g.Lo / e.Weeks, Hi: g.Hi / e.Weeks}
		}
	case metrics.FailRate, metrics.ReworkRate:
		switch {
		case n == 0:
		case r.Method == metrics.MethodIncidents:
			g := stats.Garwood(alone, r.Level)
			value, in = float64(alone)/float64(n), stats.Interval{Lo: g.Lo / float64(n), Hi: g.Hi / float64(n)}
		default:
			value, in = float64(numerator)/float64(n), stats.Wilson(numerator, n, r.Level)
		}
	case metrics.LeadTime, metrics.RecoveryTime:
		n = len(values)
		slices.Sort(values)
		switch {
		case n == 0:
		case r.Method == metrics.MethodOrder || r.Method == metrics.MethodOrderLower || r.Method == metrics.MethodMean:
			value, in = checkComplete(values, r.Method, r.Level)
		case r.Method == metrics.MethodRestrictedMean:
			value = stats.RestrictedMean(stats.KaplanMeier(durations), values[n-1])
			if !math.IsNaN(value) {
				in = stats.Interval{Lo: math.Inf(-1), Hi: math.Inf(1)}
			}
		default:
			steps := stats.KaplanMeier(durations)
			value, in = stats.Median(steps), stats.MedianInterval(steps, r.Level)
			if math.IsNaN(in.Lo) {
				in.Lo = math.Inf(-1)
			}
			if math.IsNaN(value) {
				horizon = slices.Max(values)
				mean = stats.RestrictedMean(steps, horizon)
			}
		}
	}
	if r.N != n {
		return fmt.Errorf("n is %d, not %d", r.N, n)
	}
	if r.Status == metrics.StatusNoData || r.Metric == metrics.Frequency && r.Status == metrics.StatusTooFew { // the value is withheld, although there may be cases
		value, in = math.NaN(), stats.Interval{Lo: math.NaN(), Hi: math.NaN()}
	}
	for name, pair := range map[string][2]float64{"value": {r.Value, value}, "lo": {r.Lo, in.Lo}, "hi": {r.Hi, in.Hi},
		"restricted mean": {r.RestrictedMean, mean}, "horizon": {r.Horizon, horizon}} {
		if math.Float64bits(pair[0]) != math.Float64bits(pair[1]) && !(math.IsNaN(pair[0]) && math.IsNaN(pair[1])) {
			return fmt.Errorf("%s is %v, not %v", name, pair[0], pair[1])
		}
	}
	if (alone > 0) != (r.Metric == metrics.FailRate && r.Method == metrics.MethodIncidents && alone > 0) {
		return fmt.Errorf("%d facts count alone by the method %q", alone, r.Method)
	}
	if r.Negative != negative || r.Metric == metrics.RecoveryTime && r.Censored != open {
		return fmt.Errorf("%d negative, %d censored, not %d and %d", r.Negative, r.Censored, negative, open)
	}
	if math.IsInf(r.Lo, -1) && math.IsInf(r.Hi, 1) && strings.Contains(r.String(), "∞") {
		return fmt.Errorf("an interval without bounds is printed: %s", r)
	}
	if (r.Status == metrics.StatusOK) != (!math.IsNaN(r.Value) && r.Reason == "") {
		return fmt.Errorf("status %s with value %v and reason %q", r.Status, r.Value, r.Reason)
	}
	return nil
}

// checkComplete is the summary of sorted values by a method that needs all of them
// to be over, with its interval.
func checkComplete(values []float64, method string, level float64) (float64, stats.Interval) {
	n, in := len(values), stats.Interval{Lo: math.Inf(-1), Hi: math.Inf(1)}
	if method == metrics.MethodMean {
		var sum, square float64
		for _, v := range values {
			sum += v
		}
		mean := sum / float64(n)
		for _, v := range values {
			square += float64((v - mean) * (v - mean))
		}
		if n > 1 {
			x := stats.BetaQuantile(1-level, float64(n-1)/2, 0.5)
			half := float64(math.Sqrt(float64(n-1)*(1-x)/x) * math.Sqrt(square/float64(n-1)/float64(n)))
			in = stats.Interval{Lo: mean - half, Hi: mean + half}
		}
		return mean, in
	}
	if lo, hi, ok := stats.InterpolatedOrder(n, 0.5, level); ok {
		in = stats.Interval{Lo: lo.At(values), Hi: hi.At(values)}
	}
	if method == metrics.MethodOrderLower {
		return values[(n-1)/2], in
	}
	return stats.Quantile(values, 0.5), in
}
