package metrics_test

import (
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
)

// Three deployments, of which the second caused an incident and the third ended it.
func Example() {
	day := func(d, hour int) time.Time { return time.Date(2026, time.June, d, hour, 0, 0, 0, time.UTC) }
	meta := func(source, id string, at time.Time) metrics.Meta {
		return metrics.Meta{Source: source, ID: id, Rev: 1, At: at, Seen: at, Service: "shop", Environment: "production"}
	}
	change := func(id string) []metrics.Ref { return []metrics.Ref{{Source: "git", ID: id}} }

	var log metrics.Log
	_, err := log.Add(
		metrics.Change{Meta: meta("git", "c1", day(1, 9))},
		metrics.Change{Meta: meta("git", "c2", day(2, 9))},
		metrics.Change{Meta: meta("git", "c3", day(3, 13))},
		metrics.Deployment{Meta: meta("ci", "1", day(1, 15)), Outcome: metrics.DeploymentSucceeded, Version: "1.1",
			Follows: "1.0", Changes: change("c1"), Planned: metrics.PlannedYes},
		metrics.Deployment{Meta: meta("ci", "2", day(3, 9)), Outcome: metrics.DeploymentSucceeded, Version: "1.2",
			Changes: change("c2"), Planned: metrics.PlannedYes},
		metrics.Incident{Meta: meta("pager", "77", day(3, 11)), Resolved: day(3, 15)},
		metrics.Deployment{Meta: meta("ci", "3", day(3, 15)), Outcome: metrics.DeploymentSucceeded, Version: "1.3",
			Changes: change("c3"), Planned: metrics.PlannedNo},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := metrics.Compute(log.Snapshot(day(8, 0)), metrics.DORA(), metrics.Query{
		From: day(1, 0), To: day(8, 0), Window: metrics.WindowWeek,
		ObservedFrom: day(1, 0), ObservedTo: day(8, 0), // every deployment of the week is in the log
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for result := range report.All() {
		fmt.Println(result.Window, result.Key, result)
	}
	// Output:
	// 2026-W23 [shop production] change-lead-time 6 h (too-few, n=3; too few values for an interval)
	// 2026-W23 [shop production] deployment-frequency 3/week (0.6/week to 8.8/week, n=3)
	// 2026-W23 [shop production] failed-deployment-recovery-time 6 h (too-few, n=1; too few recoveries for an interval)
	// 2026-W23 [shop production] change-fail-rate 33 % (6.1 % to 79 %, n=3)
	// 2026-W23 [shop production] deployment-rework-rate 33 % (6.1 % to 79 %, n=3)
}
