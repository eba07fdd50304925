package metrics_test

import (
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/release"
)

// Half a year of deployments: critical ones fail far more often than low ones.
func ExampleStratify() {
	var predictions []metrics.Prediction
	for _, tier := range []struct {
		tier         release.Tier
		failed, fine int
	}{{release.TierLow, 4, 296}, {release.TierModerate, 6, 94}, {release.TierHigh, 12, 48}, {release.TierCritical, 14, 26}} {
		for i := range tier.failed + tier.fine {
			p := metrics.Prediction{Tier: tier.tier, Outcome: release.OutcomeFine}
			if i < tier.failed {
				p.Outcome = release.OutcomeFailed
			}
			predictions = append(predictions, p)
		}
	}
	// What a gate blocked is not in the log of deployments.
	predictions = append(predictions, metrics.Prediction{Tier: release.TierCritical, Why: "blocked"})

	report, err := metrics.Stratify(predictions, metrics.StratifyOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, row := range report.Tiers {
		fmt.Printf("%-8s %2d of %3d failed: %4.1f %% (%.1f to %.1f); from here up %3.0f %% of deployments, %3.0f %% of failures\n",
			row.Tier, row.Failed, row.Deployments, 100*row.Rate, 100*row.Lo, 100*row.Hi, 100*row.Share, 100*row.Caught)
	}
	fmt.Println(report.Verdict, report.P < 0.01)
	fmt.Printf("AUC %.2f (%.2f to %.2f)\n", report.AUC.Value, report.AUC.Lo, report.AUC.Hi)
	// Output:
	// low       4 of 300 failed:  1.3 % (0.5 to 3.4); from here up 100 % of deployments, 100 % of failures
	// moderate  6 of 100 failed:  6.0 % (2.8 to 12.5); from here up  40 % of deployments,  89 % of failures
	// high     12 of  60 failed: 20.0 % (11.8 to 31.8); from here up  20 % of deployments,  72 % of failures
	// critical 14 of  40 failed: 35.0 % (22.1 to 50.5); from here up   8 % of deployments,  39 % of failures
	// works true
	// AUC 0.83 (0.75 to 0.89)
}

// A deployment that was held to be harmless, and what there is to learn from it.
func ExampleReport_Reviews() {
	at := func(hour int) time.Time { return time.Date(2026, time.June, 1, hour, 0, 0, 0, time.UTC) }
	meta := func(source, id string, hour int) metrics.Meta {
		return metrics.Meta{Source: source, ID: id, Rev: 1, At: at(hour), Seen: at(hour), Service: "shop", Environment: "production"}
	}
	var log metrics.Log
	_, err := log.Add(
		metrics.Deployment{Meta: meta("ci", "1", 9), Outcome: metrics.DeploymentSucceeded, Version: "1.2",
			Release: release.Digest{1}, Tier: release.TierLow, Risk: 0.02},
		metrics.Incident{Meta: meta("pager", "77", 11), NoticedBy: "a user", Mitigated: at(12), Resolved: at(15)},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := metrics.Compute(log.Snapshot(at(20)), metrics.DORA(), metrics.Query{From: at(0), To: at(20), Window: metrics.WindowWhole})
	if err != nil {
		fmt.Println(err)
		return
	}
	reviews := report.Reviews(metrics.ReviewOptions{Caught: func(v metrics.Review) []metrics.Catch {
		return []metrics.Catch{{By: "rule schema-change", Why: "it now knows this kind of file"}} // what the host finds by replaying
	}})
	for _, v := range reviews {
		d := v.Deployments[0]
		fmt.Printf("foretold: %s, %.0f %%\n", v.Tier, 100*v.Risk)
		fmt.Printf("happened: %s, users felt it for %.0f h\n", v.Outcome.Cause, d.Felt/3600)
		fmt.Printf("noticed: %.0f h after exposure, by %s\n", d.Noticed.After/3600, d.Noticed.By)
		fmt.Printf("caught by: %s (%s)\n", v.Caught[0].By, v.Caught[0].Why)
	}
	// Output:
	// foretold: low, 2 %
	// happened: incident pager/77, users felt it for 3 h
	// noticed: 2 h after exposure, by a user
	// caught by: rule schema-change (it now knows this kind of file)
}
