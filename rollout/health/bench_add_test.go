package health_test

import (
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// benchNaive is the least that one can do: an e-process with one ratio, without
// tolerance, restarts, identities of windows, or anything to check.
type benchNaive struct{ logE float64 }

func (p *benchNaive) add(canary, control health.Count) {
	n, m := float64(canary.Total), float64(control.Total)
	s := float64(canary.Bad + control.Bad)
	p.logE += float64(canary.Bad)*math.Ln2 - s*math.Log1p(n/(n+m))
}

// BenchmarkAdd measures what it costs to add a window: ns/metric is per window and
// metric, naive-x the same over an e-process with one ratio, measured in the same
// run, and allocs/metric are allocations. Verdicts are not made. A Monitor lives for
// a day of windows of a minute.
func BenchmarkAdd(b *testing.B) {
	const windows = 24 * 60
	for _, metrics := range []int{1, 10} {
		b.Run(fmt.Sprintf("metrics-%d", metrics), func(b *testing.B) {
			var policy health.Policy
			r := trafficSeed(85, 0)
			day := make([][]health.Sample, windows)
			for i := range metrics {
				policy.Metrics = append(policy.Metrics, health.Metric{Name: fmt.Sprint("metric-", i)})
			}
			start := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
			for w := range day {
				id := start.Add(time.Duration(w)*time.Minute).Format(time.RFC3339) + "/1m0s"
				for _, m := range policy.Metrics {
					day[w] = append(day[w], health.Sample{ID: id, Metric: m.Name, Canary: r.count(100, .01), Control: r.count(900, .01)})
				}
			}
			naive := benchNaive{}
			began, added := time.Now(), 0
			for time.Since(began) < 100*time.Millisecond {
				for w := range day {
					naive.add(day[w][0].Canary, day[w][0].Control)
				}
				added += windows
			}
			base := float64(time.Since(began).Nanoseconds()) / float64(added)
			if math.IsNaN(naive.logE) {
				b.Fatal("no evidence")
			}

			var before, after runtime.MemStats
			var m *health.Monitor
			mallocs, w, n := uint64(0), windows, 0
			for b.Loop() {
				if w == windows {
					b.StopTimer()
					if m != nil {
						runtime.ReadMemStats(&after)
						mallocs += after.Mallocs - before.Mallocs
					}
					var err error
					if m, err = health.New(policy); err != nil {
						b.Fatal(err)
					}
					w = 0
					runtime.ReadMemStats(&before)
					b.StartTimer()
				}
				if err := m.Add(day[w]...); err != nil {
					b.Fatal(err)
				}
				w++
				n++
			}
			runtime.ReadMemStats(&after)
			mallocs += after.Mallocs - before.Mallocs
			per := float64(b.Elapsed().Nanoseconds()) / float64(n*metrics)
			b.ReportMetric(per, "ns/metric")
			b.ReportMetric(per/base, "naive-x")
			b.ReportMetric(float64(mallocs)/float64(n*metrics), "allocs/metric")
			b.Logf("%.0f ns for a window of a metric, %.1f times the %.1f ns of a naive e-process; %.4f allocations", per, per/base, base, float64(mallocs)/float64(n*metrics))
		})
	}
}
