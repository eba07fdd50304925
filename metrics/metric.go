package metrics

import (
	"math"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/enum"
)

// Metric is one of the five DORA metrics.
type Metric uint8

// The metrics, in the order of reports, with the units of their values.
const (
	MetricUnknown Metric = iota
	LeadTime             // median time from commit to production, in seconds
	Frequency            // deployments per week of seven civil days
	RecoveryTime         // median time from a failed deployment to recovery, in seconds
	FailRate             // share of deployments that failed, 0 to 1
	ReworkRate           // share of deployments that were unplanned repairs, 0 to 1
)

var metricNames = enum.Table[Metric]{Type: "metrics.Metric", Names: []string{"unknown", "change-lead-time", "deployment-frequency", "failed-deployment-recovery-time", "change-fail-rate", "deployment-rework-rate"}}

// String is the value's name.
func (m Metric) String() string { return metricNames.Text(m) }

// ParseMetric reads a value's name.
func ParseMetric(s string) (Metric, error) { return metricNames.Parse(s) }

// MarshalText is the value's name.
func (m Metric) MarshalText() ([]byte, error) { return metricNames.Marshal(m) }

// UnmarshalText reads a value's name.
func (m *Metric) UnmarshalText(b []byte) error { return metricNames.Unmarshal(m, b) }

// Metrics are all five, in the order of reports. The caller owns the slice.
func Metrics() []Metric { return []Metric{LeadTime, Frequency, RecoveryTime, FailRate, ReworkRate} }

// Unit is the unit of the metric's values: "s", "1/week", or "1" for a share.
func (m Metric) Unit() string {
	switch m {
	case LeadTime, RecoveryTime:
		return "s"
	case Frequency:
		return "1/week"
	case FailRate, ReworkRate:
		return "1"
	}
	return ""
}

// Format prints a value of the metric for people: "2.5 d", "3.1/week", "12 %".
// A value that is not there is "-", one without a bound is "∞".
func (m Metric) Format(v float64) string {
	switch {
	case math.IsNaN(v) || m.Unit() == "":
		return "-"
	case math.IsInf(v, 1):
		return "∞"
	case math.IsInf(v, -1):
		return "-∞"
	}
	switch m {
	case LeadTime, RecoveryTime:
		return formatSeconds(v)
	case Frequency:
		return digits(v) + "/week"
	}
	return digits(100*v) + " %"
}

// formatSeconds takes the greatest unit of which there is at least one.
func formatSeconds(v float64) string {
	for _, u := range [...]struct {
		name    string
		seconds float64
	}{{"d", 86400}, {"h", 3600}, {"min", 60}} {
		if math.Abs(v) >= u.seconds {
			return digits(v/u.seconds) + " " + u.name
		}
	}
	return digits(v) + " s"
}

// digits prints one decimal below 10, none from there on; what is not 0 is not
// printed as 0.
func digits(v float64) string {
	a := math.Abs(v)
	switch {
	case a == 0:
		return "0"
	case a < 0.05:
		return strconv.FormatFloat(v, 'g', 1, 64)
	case a < 9.95:
		return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}
