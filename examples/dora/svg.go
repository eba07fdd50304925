package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/chart"
)

// draw writes a chart of each metric by month, all services together. A month
// without data is a gap.
func (s *story) draw(dir string, stdout io.Writer, p *progress) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, m := range metrics.Metrics() {
		known := false
		for r := range s.months.All() {
			known = known || r.Metric == m && r.Status == metrics.StatusOK
		}
		if !known {
			fmt.Fprintf(stdout, "%s: no chart, there is no month with a value and an interval\n", m)
			continue
		}
		path := filepath.Join(dir, m.String()+".svg")
		if err := s.drawOne(path, m); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		fmt.Fprintf(stdout, "%s: %s\n", m, path)
	}
	p.say("charts written")
	return nil
}

func (s *story) drawOne(path string, m metrics.Metric) error {
	series, err := chart.FromResults(s.months.All(), m, []string{})
	if err != nil {
		return err
	}
	series.Title = fmt.Sprintf("%s, all services, by month", m)
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := chart.Trend(f, series, chart.Options{}); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
