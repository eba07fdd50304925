package health_test

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

func Example() {
	m, err := health.New(health.Policy{Metrics: []health.Metric{{Name: "errors"}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Verdict().Kind, m.Verdict().NoData)
	for minute, bad := range []uint64{5, 4, 18, 31} {
		err := m.Add(health.Sample{
			ID: fmt.Sprintf("12:%02d", minute), Metric: "errors",
			Canary:  health.Count{Bad: bad, Total: 500},
			Control: health.Count{Bad: 45, Total: 4_500},
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		v := m.Verdict()
		fmt.Println(v.Kind, v.Why)
	}
	// Output:
	// undecided true
	// undecided not enough evidence yet: errors: canary 5 of 500, control 45 of 4500; regression -0.12 of 4.61, certificate 0.85 of 3.00; instances warm up, window 1 of 3
	// undecided not enough evidence yet: errors: canary 9 of 1000, control 90 of 9000; regression -0.12 of 4.61, certificate 2.54 of 3.00; instances warm up, window 2 of 3
	// undecided not enough evidence yet: errors: canary 27 of 1500, control 135 of 13500; regression -0.12 of 4.61, certificate -0.66 of 3.00; instances warm up, window 3 of 3
	// regressed errors is worse at the canary: canary 58 of 2000, control 180 of 18000, ratio 2.80 to 13.22; evidence 17.87 reached 4.61 (alpha 0.01)
}
