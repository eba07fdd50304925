package health_test

import (
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

func ExampleWatch() {
	w, err := health.NewWatch(health.WatchPolicy{
		Metrics:    []health.Baseline{{Name: "errors", Rate: 0.01}},
		Objectives: []health.Objective{{Metric: "errors", SLO: 0.98}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	window := health.WindowAt(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), time.Minute)
	for minute := range 9 {
		bad := uint64(10)
		if minute >= 6 {
			bad = 25 // a doubling that begins late
		}
		err := w.Add(health.WatchSample{Metric: "errors", Window: window, Count: health.Count{Bad: bad, Total: 1000}})
		if err != nil {
			fmt.Println(err)
			return
		}
		if minute == 0 || minute >= 6 {
			fmt.Println(w.Verdict().Kind, w.Verdict().Why)
		}
		window = window.Next()
	}
	if err := w.Advance(window.End.Add(time.Hour)); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(w.Verdict().Kind, w.Verdict().NoData, w.Alarms()[0].Severity)
	// Output:
	// undecided nothing found: errors: 10 bad of 1000, 1.00 times the known rate 0.01; evidence 0.00 of 10.67
	// undecided nothing found: errors: 85 bad of 7000, 1.21 times the known rate 0.01; evidence 4.30 of 10.67
	// undecided nothing found: errors: 110 bad of 8000, 1.38 times the known rate 0.01; evidence 9.03 of 10.67
	// regressed errors is worse than known: 135 bad of 9000, 1.50 times the known rate 0.01 since the watch began; evidence 13.89 reached 10.67 at 2026-03-01T12:08:00Z (one false alarm in 43200 windows)
	// regressed true page
}

func ExampleBaselineOf() {
	history := make([]health.Count, 7*24*60) // a week of minutes
	for i := range history {
		history[i] = health.Count{Bad: uint64(i % 3), Total: 200}
	}
	b, err := health.BaselineOf("errors", history)
	fmt.Printf("%.4f %.2f %v\n", b.Rate, b.Dispersion.Factor, err)
	_, err = health.BaselineOf("errors", make([]health.Count, 10))
	fmt.Println(err)
	// Output:
	// 0.0051 1.03 <nil>
	// health: baseline "errors": 0 windows with requests are too short a history; 30 are the least
}
