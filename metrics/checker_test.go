package metrics_test

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/metrics"
)

// tally is what a result should be by its explanation alone.
type tally struct {
	counted, numerator, alone          int
	negative, open, watched, unplanned int // unplanned: nobody said whether they were
	edges                              int
	values                             []float64 // seconds, sorted
	durations                          []stats.Duration
}

// check computes a result again from its explanation alone, and says how the two
// differ: value, interval, quantiles, counts and status.
func check(e metrics.Explanation) error {
	t, err := tallyOf(e.Contributions)
	if err != nil {
		return err
	}
	r := e.Result
	want := metrics.Result{Value: math.NaN(), Lo: math.NaN(), Hi: math.NaN(), RestrictedMean: math.NaN(), Horizon: math.NaN(),
		N: t.counted, Negative: t.negative, Level: r.Level, Status: metrics.StatusOK}
	switch r.Metric {
	case metrics.Frequency:
		t.frequency(&want, e.Weeks)
	case metrics.FailRate, metrics.ReworkRate:
		t.rate(&want, r)
	case metrics.LeadTime, metrics.RecoveryTime:
		t.time(&want, r)
	default:
		return fmt.Errorf("there is no metric %s", r.Metric)
	}
	for name, pair := range map[string][2]int{"n": {r.N, want.N}, "negative": {r.Negative, want.Negative},
		"censored": {r.Censored, want.Censored}, "assumed": {r.Assumed, want.Assumed}, "quantiles": {len(r.Quantiles), len(want.Quantiles)}} {
		if pair[0] != pair[1] {
			return fmt.Errorf("%s is %d, not %d", name, pair[0], pair[1])
		}
	}
	got, expected := numbers(r), numbers(want)
	for k := range got {
		if math.Float64bits(got[k]) != math.Float64bits(expected[k]) && !(math.IsNaN(got[k]) && math.IsNaN(expected[k])) {
			return fmt.Errorf("value, lo, hi, mean, horizon and quantiles are %v, not %v", got, expected)
		}
	}
	if (t.alone > 0) != (r.Metric == metrics.FailRate && r.Method == metrics.MethodIncidents && t.alone > 0) {
		return fmt.Errorf("%d facts count alone by the method %q", t.alone, r.Method)
	}
	if math.IsInf(r.Lo, -1) && math.IsInf(r.Hi, 1) && strings.Contains(r.String(), "∞") {
		return fmt.Errorf("an interval without bounds is printed: %s", r)
	}
	return checkStatus(r, want)
}

func numbers(r metrics.Result) []float64 {
	out := []float64{r.Value, r.Lo, r.Hi, r.RestrictedMean, r.Horizon}
	for _, q := range r.Quantiles {
		out = append(out, q.P, q.Value, q.Lo, q.Hi)
	}
	return out
}

// checkStatus demands the status that follows. An explanation does not say whether a
// metric without a case was observed, nor how many the definition asks for.
func checkStatus(r, want metrics.Result) error {
	few := r.Status == metrics.StatusTooFew && strings.Contains(r.Reason, "fewer than the definition")
	switch {
	case (r.Status == metrics.StatusOK) != (r.Reason == ""):
		return fmt.Errorf("status %s for the reason %q", r.Status, r.Reason)
	case want.Status == metrics.StatusOK && few && r.Metric != metrics.Frequency:
	case want.Status == metrics.StatusUnknown && (r.Status == metrics.StatusNoData || r.Status == metrics.StatusUndefined):
	case want.Status != r.Status || r.Status == metrics.StatusUnknown:
		return fmt.Errorf("status is %s (%s), not %s", r.Status, r.Reason, want.Status)
	}
	return nil
}

func tallyOf(cs []metrics.Contribution) (t tally, err error) {
	for _, c := range cs {
		switch c.Use {
		case metrics.UseCounted, metrics.UseNumerator:
			t.counted++
			switch {
			case c.Use == metrics.UseNumerator:
				t.numerator++
			case strings.Contains(c.Reason, "still watched"):
				t.watched++
			case strings.Contains(c.Reason, "taken as planned"):
				t.unplanned++
			}
		case metrics.UseAlone:
			t.alone++
		case metrics.UseValue, metrics.UseCensored:
			if c.Value < 0 {
				t.negative++
			}
			if c.Use == metrics.UseCensored {
				t.open++
			}
			t.values = append(t.values, c.Value)
			t.durations = append(t.durations, stats.Duration{Time: c.Value, Censored: c.Use == metrics.UseCensored})
		case metrics.UseExcluded, metrics.UseEvidence:
			if c.Reason == "" {
				return t, fmt.Errorf("%s %s is %s without a reason", c.Kind, c.Ref, c.Use)
			}
			if strings.HasPrefix(c.Reason, "the observed time ") {
				t.edges++
			}
		default:
			return t, fmt.Errorf("%s %s has no use", c.Kind, c.Ref)
		}
		// What shows that a deployment failed is linked; what counts by itself need not be.
		if c.Kind == metrics.KindIncident && (c.Link == nil || c.Link.Reason == "" || c.Use == metrics.UseEvidence && c.Link.Confidence == metrics.ConfidenceUnknown) {
			return t, fmt.Errorf("incident %s stands here without a link", c.Ref)
		}
	}
	slices.Sort(t.values)
	return t, nil
}

func (t *tally) frequency(r *metrics.Result, weeks float64) {
	switch {
	case t.counted == 0 && t.edges > 0, weeks == 0 && t.counted > 0:
		r.Status = metrics.StatusTooFew
	case weeks == 0:
		r.Status = metrics.StatusNoData
	default:
		in := stats.Garwood(t.counted, r.Level)
		r.Value, r.Lo, r.Hi = float64(t.counted)/weeks, in.Lo/weeks, in.Hi/weeks
	}
}

// rate is that of a share, or of incidents by deployments. It is withheld where nobody
// would have said that something is in the numerator.
func (t *tally) rate(r *metrics.Result, got metrics.Result) {
	if got.Metric == metrics.FailRate {
		r.Censored = t.watched
	} else {
		r.Assumed = t.unplanned
	}
	n, withheld := float64(t.counted), t.numerator+t.alone == 0 && got.Status == metrics.StatusNoData
	switch {
	case t.counted == 0:
		r.Status = metrics.StatusUnknown
	case withheld && (got.Metric == metrics.FailRate || t.unplanned == t.counted):
		r.Status = metrics.StatusNoData
	case got.Method == metrics.MethodIncidents:
		in := stats.Garwood(t.alone, r.Level)
		r.Value, r.Lo, r.Hi = float64(t.alone)/n, in.Lo/n, in.Hi/n
	default:
		in := stats.Wilson(t.numerator, t.counted, r.Level)
		r.Value, r.Lo, r.Hi = float64(t.numerator)/n, in.Lo, in.Hi
	}
}

// time is the number that stands for times, some of them perhaps not over.
func (t *tally) time(r *metrics.Result, got metrics.Result) {
	r.N, r.Censored = len(t.values), t.open
	if r.N == 0 {
		r.Status = metrics.StatusUnknown
		return
	}
	steps := stats.KaplanMeier(t.durations)
	curve := got.Method == metrics.MethodKaplanMeier || got.Method == metrics.MethodRestrictedMean
	of := func(p float64) metrics.QuantileValue {
		q := metrics.QuantileValue{P: p, Value: stats.SurvivalQuantile(steps, p)}
		if in := stats.SurvivalQuantileInterval(steps, p, r.Level); curve {
			if q.Lo, q.Hi = in.Lo, in.Hi; math.IsNaN(q.Lo) {
				q.Lo = math.Inf(-1)
			}
			return q
		}
		return t.order(q, r.Level, got)
	}
	for _, q := range got.Quantiles {
		r.Quantiles = append(r.Quantiles, of(q.P))
	}
	half := of(0.5)
	r.Value, r.Lo, r.Hi = half.Value, half.Lo, half.Hi
	switch got.Method {
	case metrics.MethodMean:
		r.Value, r.Lo, r.Hi = checkMean(t.values, r.Level)
	case metrics.MethodRestrictedMean:
		r.Value, r.Lo, r.Hi = stats.RestrictedMean(steps, t.values[r.N-1]), math.Inf(-1), math.Inf(1)
		if math.IsNaN(r.Value) {
			r.Status, r.Lo, r.Hi = metrics.StatusUndefined, math.NaN(), math.NaN()
		}
		return
	}
	switch {
	case math.IsNaN(r.Value):
		r.Status, r.Horizon = metrics.StatusUndefined, t.values[r.N-1]
		r.RestrictedMean = stats.RestrictedMean(steps, r.Horizon)
	case math.IsInf(r.Lo, -1) && math.IsInf(r.Hi, 1):
		r.Status = metrics.StatusTooFew
	}
}

// order is the quantile of times that are all over. The lower one is known by the method
// of the median alone: a mean has quantiles of either type.
func (t *tally) order(q metrics.QuantileValue, level float64, got metrics.Result) metrics.QuantileValue {
	n := len(t.values)
	lower := t.values[int(float64(n-1)*q.P)]
	q.Value, q.Lo, q.Hi = stats.Quantile(t.values, q.P), math.Inf(-1), math.Inf(1)
	is := func(x metrics.QuantileValue) bool { return x.P == q.P && x.Value == lower }
	if got.Method == metrics.MethodOrderLower || got.Method == metrics.MethodMean && slices.ContainsFunc(got.Quantiles, is) {
		q.Value = lower
	}
	if lo, hi, ok := stats.InterpolatedOrder(n, q.P, level); ok {
		q.Lo, q.Hi = lo.At(t.values), hi.At(t.values)
	}
	return q
}

func checkMean(values []float64, level float64) (mean, lo, hi float64) {
	n, square := len(values), 0.0
	for _, v := range values {
		mean += v
	}
	mean /= float64(n)
	for _, v := range values {
		square += float64((v - mean) * (v - mean))
	}
	if n < 2 {
		return mean, math.Inf(-1), math.Inf(1)
	}
	x := stats.BetaQuantile(1-level, float64(n-1)/2, 0.5)
	half := float64(math.Sqrt(float64(n-1)*(1-x)/x) * math.Sqrt(square/float64(n-1)/float64(n)))
	return mean, mean - half, mean + half
}
