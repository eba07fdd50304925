package metrics_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
)

// BenchmarkCompute measures 100,000 facts of 100 services over two years: five
// metrics by ISO week, with intervals.
func BenchmarkCompute(b *testing.B) {
	const events = 100_000
	r := rand.New(rand.NewPCG(1, 2))
	var log metrics.Log
	for i := range events {
		at := epoch.Add(time.Duration(r.Int64N(int64(728 * 24 * time.Hour))))
		m := metrics.Meta{Source: "s", ID: fmt.Sprint(i), At: at, Seen: at, Service: fmt.Sprint(r.IntN(100)), Environment: "production"}
		var f metrics.Fact
		switch k := i % 50; {
		case k == 0:
			f = metrics.Incident{Meta: m, Resolved: at.Add(time.Hour)}
		case k < 34:
			f = metrics.Change{Meta: m}
		default:
			f = metrics.Deployment{Meta: m, Outcome: metrics.DeploymentSucceeded, Version: fmt.Sprint(i), Planned: metrics.PlannedYes,
				Changes: []metrics.Ref{{Source: "s", ID: fmt.Sprint(i - 16)}, {Source: "s", ID: fmt.Sprint(i - 32)}}}
		}
		_, err := log.Add(f)
		require.NoError(b, err)
	}
	to := epoch.Add(728 * 24 * time.Hour)
	s := log.Snapshot(to)
	q := metrics.Query{From: epoch, To: to, Window: metrics.WindowWeek}
	b.ReportAllocs()
	for b.Loop() {
		report, err := metrics.Compute(s, metrics.DORA(), q)
		require.NoError(b, err)
		require.Equal(b, 5*100*104, report.Len())
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/events, "ns/event")
}
