package metrics

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// The methods of differences, with their sources.
const (
	MethodNewcombe       = "difference of score intervals (Newcombe 1998, method 10); exact conditional test (Fisher 1935), central"
	MethodRateDifference = "difference of Garwood intervals (Zou and Donner 2008); exact conditional test (Przyborowski and Wilenski 1940), central"
	MethodMedians        = "difference of order-statistic intervals (Zou and Donner 2008, Nyblom 1992); exact median test (Mood 1950), central"
	MethodMeans          = "difference of intervals by the t distribution (Zou and Donner 2008), p where the interval reaches 0"
	MethodSurvival       = "difference of Kaplan-Meier medians' intervals (Zou and Donner 2008), p where the interval reaches 0"
)

// Difference is how much one result differs from another: b minus a.
type Difference struct {
	// Metric is what was measured.
	Metric Metric `json:"metric"`
	// A and B are the results that are compared, as the report has them.
	A Result `json:"a"`
	B Result `json:"b"`
	// Status says what Effect is worth, Reason why it is not ok. Where one of the
	// results has no value there is no difference either.
	Status Status `json:"status"`
	Reason string `json:"reason,omitempty"`
	// Effect is the value of b minus that of a in the metric's unit, from Lo to Hi at the
	// confidence Level. What is not there is NaN, an interval without a bound ends at
	// an infinity; in JSON all of these are null.
	Effect float64 `json:"effect"`
	Lo     float64 `json:"lo"`
	Hi     float64 `json:"hi"`
	Level  float64 `json:"level"`
	// P is the two-sided p value that the two are the same. NaN where there is none.
	P float64 `json:"p"`
	// Q is P after [Family]; NaN before. Of the differences with Q at most q, a share
	// of at most q is false, in expectation.
	Q float64 `json:"q"`
	// Method is how interval and p value are computed: one of the Method constants.
	Method string `json:"method"`
}

// MarshalJSON writes numbers that are not finite as null.
func (d Difference) MarshalJSON() ([]byte, error) {
	type plain Difference
	return json.Marshal(struct {
		plain
		Effect *float64 `json:"effect"`
		Lo     *float64 `json:"lo"`
		Hi     *float64 `json:"hi"`
		P      *float64 `json:"p"`
		Q      *float64 `json:"q"`
	}{plain(d), finiteOrNil(d.Effect), finiteOrNil(d.Lo), finiteOrNil(d.Hi), finiteOrNil(d.P), finiteOrNil(d.Q)})
}

func finiteOrNil(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// Compare is the difference between two results of this report, of the same metric
// and of different groups or windows: two services, or a service before and after.
// It goes back to the facts, as a difference of medians needs them, and treats the two
// as independent. Who looks at many of these must look at [Family] too.
//
// The interval and the p value are of different methods for rates, frequencies and lead
// times, so that close to the level one may say "none" where the other does not.
func (r *Report) Compare(a, b Result) (Difference, error) {
	nan := math.NaN()
	d := Difference{Metric: a.Metric, Level: r.analysis().q.Level, Effect: nan, Lo: nan, Hi: nan, P: nan, Q: nan}
	if a.Metric != b.Metric {
		return Difference{}, fmt.Errorf("metrics: compare %s with %s: they are not the same metric", a.Metric, b.Metric)
	}
	if slices.Equal(a.Key, b.Key) && a.Window.From.Equal(b.Window.From) {
		return Difference{}, errors.New("metrics: compare a result with itself")
	}
	x, err := r.sample(a)
	if err != nil {
		return Difference{}, err
	}
	y, err := r.sample(b)
	if err != nil {
		return Difference{}, err
	}
	d.A, d.B = x.Result, y.Result
	for _, s := range []*compareSample{x, y} {
		if s.Status != StatusOK && (d.Status == StatusUnknown || math.IsNaN(s.Value)) {
			d.Status, d.Reason = s.Status, fmt.Sprintf("%q in %s: %s", s.Key, s.Window, s.Reason)
		}
	}
	d.between(x, y)
	if d.Status == StatusUnknown {
		d.Status = StatusOK
	}
	return d, nil
}

// compareSample is what a result rests on.
type compareSample struct {
	Result
	weeks     float64
	numerator int // of a rate; incidents, where it is of these
	durations []stats.Duration
	values    []float64 // sorted, of the uncensored durations
}

func (r *Report) sample(res Result) (*compareSample, error) {
	e, err := r.Explain(res)
	if err != nil {
		return nil, err
	}
	s := &compareSample{Result: e.Result, weeks: e.Weeks}
	for _, c := range e.Contributions {
		switch c.Use {
		case UseNumerator, UseAlone:
			s.numerator++
		case UseValue:
			s.durations = append(s.durations, stats.Duration{Time: c.Value})
			s.values = append(s.values, c.Value)
		case UseCensored:
			s.durations = append(s.durations, stats.Duration{Time: c.Value, Censored: true})
		}
	}
	slices.Sort(s.values)
	return s, nil
}

// between fills in the method, and the numbers where both values are there.
func (d *Difference) between(x, y *compareSample) {
	there := !math.IsNaN(x.Value) && !math.IsNaN(y.Value)
	if there {
		d.Effect = y.Value - x.Value
	}
	d.Method = compareMethod(x.Result.Method)
	if !there {
		return
	}
	in := unbounded
	switch d.Method {
	case MethodNewcombe:
		in = stats.Newcombe(x.numerator, x.N, y.numerator, y.N, d.Level)
		d.P = stats.Hypergeometric(x.numerator, x.N, y.numerator, y.N).Central()
	case MethodRateDifference:
		a, b := x.count(), y.count()
		in = stats.RateDifference(a, b, d.Level)
		_, d.P = stats.RateRatio(a, b, d.Level)
	case MethodMedians:
		in = stats.Mover(x.median(d.Level), y.median(d.Level))
		d.P = stats.Mood(x.values, y.values, slices.Sorted(slices.Values(slices.Concat(x.values, y.values))))
	case MethodMeans:
		at := func(level float64) stats.Interval { return stats.Mover(x.mean(level), y.mean(level)) }
		in, d.P = at(d.Level), stats.MoverP(at)
	case MethodSurvival:
		u, v := stats.KaplanMeier(x.durations), stats.KaplanMeier(y.durations)
		at := func(level float64) stats.Interval {
			return stats.Mover(survivalMedian(u, level), survivalMedian(v, level))
		}
		in, d.P = at(d.Level), stats.MoverP(at)
	}
	d.Lo, d.Hi = in.Lo, in.Hi
	if math.IsInf(d.Lo, -1) && math.IsInf(d.Hi, 1) && d.Status == StatusUnknown {
		d.Status, d.Reason = StatusTooFew, "too few values for an interval of the difference"
		if d.Method == MethodNone {
			d.Reason = "a mean of times that are not over has no interval"
		}
	}
}

// compareMethod is how results of a method are compared; [MethodNone] where there is no
// way, as for means of times that are not over.
func compareMethod(of string) string {
	switch of {
	case MethodWilson:
		return MethodNewcombe
	case MethodGarwood, MethodIncidents:
		return MethodRateDifference
	case MethodMean:
		return MethodMeans
	case MethodKaplanMeier:
		return MethodSurvival
	case MethodRestrictedMean, MethodNone:
		return MethodNone
	}
	return MethodMedians
}

// count is the count behind a frequency, or behind incidents by deployments.
func (s *compareSample) count() stats.Count {
	if s.Result.Method == MethodIncidents {
		return stats.Count{Events: s.numerator, Exposure: float64(s.N)}
	}
	return stats.Count{Events: s.N, Exposure: s.weeks}
}

func (s *compareSample) mean(level float64) stats.Estimate {
	v, half := meanInterval(s.values, level)
	return stats.Estimate{Value: v, Interval: stats.Interval{Lo: v - half, Hi: v + half}}
}

// unbounded is the interval that excludes nothing.
var unbounded = stats.Interval{Lo: math.Inf(-1), Hi: math.Inf(1)}

func (s *compareSample) median(level float64) stats.Estimate {
	in := unbounded
	if lo, hi, ok := stats.InterpolatedOrder(len(s.values), 0.5, level); ok {
		// Of heavy ties and the lower median the value can lie at an end.
		in = stats.Interval{Lo: min(lo.At(s.values), s.Value), Hi: max(hi.At(s.values), s.Value)}
	}
	return stats.Estimate{Value: s.Value, Interval: in}
}

func survivalMedian(steps []stats.Step, level float64) stats.Estimate {
	in := stats.MedianInterval(steps, level)
	if math.IsNaN(in.Lo) {
		in.Lo = math.Inf(-1)
	}
	m := stats.Median(steps)
	return stats.Estimate{Value: m, Interval: stats.Interval{Lo: min(in.Lo, m), Hi: max(in.Hi, m)}}
}

// String is the difference in one line: "change-fail-rate +7 % (1 % to 14 %, p=0.02)".
func (d Difference) String() string {
	s := d.Metric.String() + " "
	if math.IsNaN(d.Effect) {
		return s + d.Status.String() + " (" + d.Reason + ")"
	}
	if d.Effect >= 0 {
		s += "+"
	}
	s += fmt.Sprintf("%s (%s to %s, p=%.2g", d.Metric.Format(d.Effect), d.Metric.Format(d.Lo), d.Metric.Format(d.Hi), d.P)
	if !math.IsNaN(d.Q) {
		s += fmt.Sprintf(", q=%.2g", d.Q)
	}
	if d.Status != StatusOK {
		s += ", " + d.Status.String()
	}
	return s + ")"
}
