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
		v, err := m.Add(health.Sample{
			ID: fmt.Sprintf("12:%02d", minute), Metric: "errors",
			Canary:  health.Count{Bad: bad, Total: 500},
			Control: health.Count{Bad: 45, Total: 4_500},
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(v.Kind, v.Why)
	}
	// Output:
	// undecided true
	// undecided not enough evidence yet: errors: canary 5 of 500, control 45 of 4500; regression -1.16 of 4.61, certificate 1.30 of 3.00
	// healthy every metric is below 2 times the control's; the weakest is errors: canary 9 of 1000, control 90 of 9000; certificate 3.20 reached 3.00 (beta 0.05)
	// undecided not enough evidence yet: errors: canary 27 of 1500, control 135 of 13500; regression 1.68 of 4.61, certificate -3.27 of 3.00
	// regressed errors is worse at the canary: canary 58 of 2000, control 180 of 18000; evidence 19.56 reached 4.61 (alpha 0.01)
}
