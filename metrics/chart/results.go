package chart

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/metrics"
)

// FromResults is the series of one metric of one group of a report, for [Trend].
// Windows without a value become gaps with the result's reason, partial windows
// stay partial, and a value that has no interval is drawn without one. The error
// says that there is no such result.
func FromResults(results iter.Seq[metrics.Result], m metrics.Metric, key []string) (Series, error) {
	s := Series{Y: strings.ReplaceAll(m.String(), "-", " ")}
	switch m.Unit() {
	case "s":
		s.Unit, s.Y = UnitSeconds, "median "+s.Y
	case "1/week":
		s.Unit = UnitPerWeek
	case "1":
		s.Unit = UnitShare
	}
	s.Title = s.Y
	if len(key) > 0 {
		s.Title += ": " + strings.Join(key, ", ")
	}
	for r := range results {
		if r.Metric != m || !slices.Equal(r.Key, key) {
			continue
		}
		p := Point{Label: r.Window.String(), From: r.Window.From, To: r.Window.To, Value: r.Value, Lo: r.Lo, Hi: r.Hi,
			OK: r.Status == metrics.StatusOK || r.Status == metrics.StatusTooFew, Partial: r.Partial}
		p.Note = fmt.Sprintf("n=%d", r.N)
		if r.Reason != "" {
			p.Note += ", " + r.Reason
		}
		if math.IsInf(p.Lo, -1) && math.IsInf(p.Hi, 1) { // says nothing
			p.Lo, p.Hi = math.NaN(), math.NaN()
		}
		kind := "window"
		switch r.Window.Kind {
		case metrics.WindowWeek:
			kind = "ISO week"
		case metrics.WindowMonth:
			kind = "month"
		}
		s.Level, s.X = r.Level, kind+" ("+r.Window.From.Location().String()+")"
		s.Points = append(s.Points, p)
	}
	if len(s.Points) == 0 {
		return Series{}, fmt.Errorf("chart: there is no result %s of %q", m, key)
	}
	return s, nil
}
