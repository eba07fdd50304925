package metrics

import (
	"encoding/json"
	"math"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// The methods of the intervals, with their sources.
const (
	MethodOrder       = "type-7 median, interpolated order-statistic interval (Hettmansperger and Sheather 1986)"
	MethodGarwood     = "exact Poisson interval (Garwood 1936)"
	MethodWilson      = "score interval (Wilson 1927)"
	MethodKaplanMeier = "Kaplan-Meier median, log-log Greenwood band (Brookmeyer and Crowley 1982)"
)

// Result is one metric of one group in one window.
type Result struct {
	// Metric is what was measured; [Metric.Unit] is its unit.
	Metric Metric `json:"metric"`
	// Key is the group: the values of [Report.By]. It must not be changed.
	Key []string `json:"key"`
	// Window is the calendar window that is measured.
	Window Window `json:"window"`
	// Partial says that the window was observed in part only: the range of the query
	// cuts it, it is not over, or the log does not cover it.
	Partial bool `json:"partial,omitempty"`
	// Status says what Value is worth. Look at it first.
	Status Status `json:"status"`
	// Reason says in words why the status is not ok.
	Reason string `json:"reason,omitempty"`
	// Value is in the metric's unit, from Lo to Hi at the confidence Level, 0 to 1.
	// What is not there is NaN, an interval without a bound ends at an infinity; in
	// JSON all of these are null.
	Value float64 `json:"value"`
	Lo    float64 `json:"lo"`
	Hi    float64 `json:"hi"`
	Level float64 `json:"level"`
	// Quantiles are those of [Query.Quantiles], of the lead time and the recovery time
	// where N is not 0; none elsewhere. They must not be changed.
	Quantiles []QuantileValue `json:"quantiles,omitempty"`
	// Method is how the interval is computed: one of the Method constants.
	Method string `json:"method"`
	// N is how many the value rests on: deployments for frequency and rates, values
	// for the lead time, failed deployments for the recovery time. A frequency does
	// not rest on deployments with which an inferred observed time begins or ends:
	// see [Query.ObservedFrom].
	N int `json:"n"`
	// Censored are those of N that may still change: failures that are not over,
	// and for the fail rate deployments that did not fail and are watched for less
	// than [Definition.LinkWithin] yet.
	Censored int `json:"censored,omitempty"`
	// Negative are those of N whose time is below zero, because clocks disagree or
	// a change was dated later. They are kept.
	Negative int `json:"negative,omitempty"`
	// Assumed are those of N of which something was not known: for the rework rate
	// deployments of which nobody said whether they were planned, taken as planned.
	Assumed int `json:"assumed,omitempty"`
	// RestrictedMean stands in where the median recovery time is not reached: the
	// mean of the lesser of the recovery time and Horizon, both in seconds, Horizon
	// being the longest time seen. It has no interval. NaN everywhere else.
	RestrictedMean float64 `json:"restrictedMean"`
	Horizon        float64 `json:"horizon"`
	// Definition is the digest of what was measured.
	Definition release.Digest `json:"definition"`
}

// MarshalJSON writes numbers that are not finite as null.
func (r Result) MarshalJSON() ([]byte, error) {
	type plain Result
	finite := func(v float64) *float64 {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return &v
	}
	return json.Marshal(struct {
		plain
		Value          *float64 `json:"value"`
		Lo             *float64 `json:"lo"`
		Hi             *float64 `json:"hi"`
		RestrictedMean *float64 `json:"restrictedMean"`
		Horizon        *float64 `json:"horizon"`
	}{plain(r), finite(r.Value), finite(r.Lo), finite(r.Hi), finite(r.RestrictedMean), finite(r.Horizon)})
}

// String is the result in one line, without its key and window:
// "change-fail-rate 12 % (4.2 % to 30 %, n=25)".
func (r Result) String() string {
	var b strings.Builder
	b.WriteString(r.Metric.String() + " ")
	if math.IsNaN(r.Value) {
		b.WriteString(r.Status.String())
	} else {
		b.WriteString(r.Metric.Format(r.Value))
	}
	b.WriteString(" (")
	if !math.IsNaN(r.Value) && r.Status != StatusOK {
		b.WriteString(r.Status.String() + ", ")
	}
	b.WriteString(r.detail())
	b.WriteString(")")
	return b.String()
}
