package health_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// BenchmarkForecast compares the bound of excess failures with what simulated Monitors let
// through: covered-% is the share of runs, 5,000 of each case and 200 with -short, in
// which they were not more. Its last case is what a forecast costs.
func BenchmarkForecast(b *testing.B) {
	n := 5000
	if testing.Short() {
		n = 200
	}
	const lag, abort, windows = 1, 1, 60
	for _, c := range []struct {
		name string
		run  forecastRun
	}{
		{"100v900-1pct-x2", forecastRun{canary: 100, control: 900, rate: .01, ratio: 2}},
		{"100v900-1pct-x3", forecastRun{canary: 100, control: 900, rate: .01, ratio: 3}},
		{"100v900-1pct-x10", forecastRun{canary: 100, control: 900, rate: .01, ratio: 10}},
		{"100v900-0.1pct-x5", forecastRun{canary: 100, control: 900, rate: .001, ratio: 5}},
		{"100v9900-0.1pct-x2", forecastRun{canary: 100, control: 9900, rate: .001, ratio: 2}},
		{"100v9900-0.1pct-x10", forecastRun{canary: 100, control: 9900, rate: .001, ratio: 10}},
		{"100v9900-0.1pct-x50", forecastRun{canary: 100, control: 9900, rate: .001, ratio: 50}},
		{"100v9900-0.1pct-x500", forecastRun{canary: 100, control: 9900, rate: .001, ratio: 500}},
		{"1000v9000-1pct-x1.5", forecastRun{canary: 1000, control: 9000, rate: .01, ratio: 1.5}},
		{"1000v9000-1pct-x2", forecastRun{canary: 1000, control: 9000, rate: .01, ratio: 2}},
		{"1000v9000-1pct-x5", forecastRun{canary: 1000, control: 9000, rate: .01, ratio: 5}},
		{"1000v1000-1pct-x2", forecastRun{canary: 1000, control: 1000, rate: .01, ratio: 2}},
		{"10000v90000-0.1pct-x2", forecastRun{canary: 10_000, control: 90_000, rate: .001, ratio: 2}},
	} {
		b.Run(c.name, func(b *testing.B) {
			c.run.policy = forecastErrors(.01, 1.2, 3)
			f, err := health.ForecastOf(c.run.policy, health.Bake{Windows: windows, Lag: lag, Abort: abort}, c.run.traffic(c.run.ratio))
			require.NoError(b, err)
			r := f.Metrics[0].Regressions[1]
			covered, mean := 0, 0.0
			for b.Loop() {
				covered, mean = 0, 0
				_, excess := c.run.run(b, n, windows, lag+abort, health.KindRegressed)
				for _, e := range excess {
					covered += one(e <= r.MostExcess)
					mean += e / float64(n)
				}
			}
			in := stats.ClopperPearson(covered, n, .99)
			b.Logf("simulated, %d runs: %.2f %% (99 %%: %.2f to %.2f) at most %.1f; mean %.1f, forecast %.1f",
				n, 100*float64(covered)/float64(n), 100*in.Lo, 100*in.Hi, r.MostExcess, mean, r.Excess)
			b.ReportMetric(100*float64(covered)/float64(n), "covered-%")
			b.ReportMetric(mean, "excess")
			b.ReportMetric(r.Excess, "forecast-excess")
		})
	}
	b.Run("cost", func(b *testing.B) {
		b.ReportAllocs()
		policy, bake := forecastErrors(.01, 1.2, 3), health.Bake{Windows: 60, Length: time.Minute}
		for b.Loop() {
			if _, err := health.ForecastOf(policy, bake, health.Traffic{Metric: "errors", Canary: 1000, Control: 9000, Rate: .01}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("cost-with-remedies", func(b *testing.B) {
		b.ReportAllocs()
		policy, bake := forecastErrors(.01, 1.2, 3), health.Bake{Windows: 60, Length: time.Minute}
		for b.Loop() {
			if _, err := health.ForecastOf(policy, bake, health.Traffic{Metric: "errors", Canary: 100, Control: 900, Rate: .005}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
