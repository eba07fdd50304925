package metrics

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// maxSeries bounds the results of one series.
const maxSeries = maxWindows

// signalSeries is a series that was checked: results of one metric and one group, by
// time.
type signalSeries struct {
	results []Result
	// out says of each result why it does not count; "" means that it does.
	out []string
}

// checkSeries checks a series and says which of its results do not count: partial windows,
// and those without a value.
func checkSeries(series []Result) (*signalSeries, error) {
	if len(series) == 0 {
		return nil, errors.New("metrics: the series is empty")
	}
	if len(series) > maxSeries {
		return nil, fmt.Errorf("metrics: the series has %d results, more than %d", len(series), maxSeries)
	}
	s := &signalSeries{results: series, out: make([]string, len(series))}
	first := &series[0]
	if first.Metric == MetricUnknown || first.Metric > ReworkRate {
		return nil, fmt.Errorf("metrics: the series is of the metric %s", first.Metric)
	}
	for i := range series {
		r := &series[i]
		switch {
		case r.Metric != first.Metric:
			return nil, fmt.Errorf("metrics: result %d of the series is of %s, the first of %s", i+1, r.Metric, first.Metric)
		case r.Definition != first.Definition:
			return nil, fmt.Errorf("metrics: result %d of the series is of another definition than the first", i+1)
		case !slices.Equal(r.Key, first.Key):
			return nil, fmt.Errorf("metrics: result %d of the series is of %q, the first of %q", i+1, r.Key, first.Key)
		case r.Window.Kind != first.Window.Kind:
			return nil, fmt.Errorf("metrics: result %d of the series is of a %s, the first of a %s", i+1, r.Window.Kind, first.Window.Kind)
		case !r.Window.From.Before(r.Window.To):
			return nil, fmt.Errorf("metrics: result %d of the series has an empty window", i+1)
		case i > 0 && r.Window.From.Before(series[i-1].Window.To):
			return nil, fmt.Errorf("metrics: result %d of the series does not come after the one before it", i+1)
		}
		switch {
		case r.Partial:
			s.out[i] = "the window is partial"
		case math.IsNaN(r.Value) || math.IsInf(r.Value, 0) || r.Status == StatusNoData || r.Status == StatusUndefined || r.Status == StatusUnknown:
			s.out[i] = r.Status.String()
			continue
		}
		if err := checkCount(r); err != nil {
			return nil, fmt.Errorf("metrics: result %d of the series: %w", i+1, err)
		}
	}
	return s, nil
}

// shares refuses rates that are no shares of deployments: see [MethodIncidents].
func (s *signalSeries) shares() error {
	for i := range s.results {
		if s.results[i].Method == MethodIncidents {
			return fmt.Errorf("metrics: result %d of the series is of incidents by deployments, which is no share", i+1)
		}
	}
	return nil
}

// checkCount refuses a result whose value cannot be of as many as it says.
func checkCount(r *Result) error {
	switch r.Metric {
	case FailRate, ReworkRate:
		if !(r.Value >= 0) || !(r.Value <= 1) && r.Method != MethodIncidents || math.IsInf(r.Value, 1) || r.N <= 0 {
			return fmt.Errorf("a rate of %v of %d", r.Value, r.N)
		}
	case Frequency:
		if !(r.Value >= 0) || r.N < 0 || (r.N == 0) != (r.Value == 0) {
			return fmt.Errorf("a frequency of %v of %d", r.Value, r.N)
		}
	default:
		if r.N <= 0 {
			return fmt.Errorf("a median of %d", r.N)
		}
	}
	return nil
}

// isRate reports whether the metric is a share of deployments.
func isRate(m Metric) bool { return m == FailRate || m == ReworkRate }

// numerator is how many of N make up a rate.
func numerator(r *Result) int { return int(math.Round(r.Value * float64(r.N))) }

// countOf is the count behind a frequency, over its observed weeks.
func countOf(r *Result) stats.Count {
	if r.N > 0 {
		return stats.Count{Events: r.N, Exposure: float64(r.N) / r.Value}
	}
	return stats.Count{Exposure: span{r.Window.From, r.Window.To}.weeks(r.Window.From.Location())}
}
