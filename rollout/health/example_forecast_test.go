package health_test

import (
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

func ExampleForecastOf() {
	policy := health.Policy{Metrics: []health.Metric{{Name: "errors"}}}
	bake := health.Bake{Windows: 60, Lag: 1, Abort: 1, Length: time.Minute}

	f, err := health.ForecastOf(policy, bake, health.Traffic{Metric: "errors", Canary: 1_000, Control: 9_000, Rate: .01})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("found by minute %d in half of the runs, certified by minute %d, enough %v\n", f.Detect.Median, f.Certify.Median, f.Enough)

	// A tenth of the traffic, and a service that fails less.
	f, err = health.ForecastOf(policy, bake, health.Traffic{Metric: "errors", Canary: 100, Control: 900, Rate: .005})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Enough)
	for _, why := range f.Why {
		fmt.Println(why)
	}
	// Output:
	// found by minute 7 in half of the runs, certified by minute 2, enough true
	// false
	// errors: a regression to 2 times is found within 1h in half of the runs and 2h6m in 95 of 100, after 26 bad events that the control's rate does not explain (at most 36 in 95 of 100 runs); a good release is certified within 21m in half of the runs and 1h in 95 of 100
	// errors: this traffic does not show 2 times within 1h for sure: the chance is 50.9 %
	// errors: enough would be, each alone: a canary of 30 % of the requests instead of 10 %; a bake of 2h6m instead of 1h; an mde of 2.5 instead of 2; 2.2 times the requests, by judging strata or slices together
}
