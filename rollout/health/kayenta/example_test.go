package kayenta_test

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/rollout/health/kayenta"
)

// Two metrics of a release: its latency has risen, its errors have not, or not enough
// that ten minutes would show it.
func ExampleJudge_Judge() {
	judge := kayenta.Judge{
		Metrics: []kayenta.Metric{
			{Name: "errors", Groups: []string{"reliability"}, Direction: kayenta.DirectionIncrease, ReplaceNaN: true},
			{Name: "latency", Groups: []string{"speed"}, Direction: kayenta.DirectionIncrease, AllowedIncrease: 1.1},
		},
		GroupWeights: map[string]float64{"reliability": 80, "speed": 20},
		Pass:         95,
		Marginal:     75,
	}
	report, err := judge.Judge(
		kayenta.Series{
			Metric:  "errors",
			Canary:  []float64{0, 2, 0, 1, 3, 0, 0, 2, 0, 0},
			Control: []float64{0, 0, 1, 0, 0, 0, 0, 1, 0, 0},
		},
		kayenta.Series{
			Metric:  "latency",
			Canary:  []float64{131, 128, 135, 140, 129, 133, 138, 127, 136, 134},
			Control: []float64{101, 99, 104, 100, 97, 103, 98, 105, 102, 96},
		},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report)
	for _, r := range report.Results {
		fmt.Printf("%s: %v, %.3g times the control\n", r.Metric, r.Class, r.Ratio)
	}
	// Output:
	// Marginal: score 80 of 100, no error control
	// errors: Pass, 4 times the control
	// latency: High, 1.32 times the control
}

func ExampleShiftOf() {
	shift, err := kayenta.ShiftOf([]float64{10, 20, 30, 40}, []float64{1, 2, 3, 4}, 0.95)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("higher by %.1f, between %.1f and %.1f\n", shift.Estimate, shift.Low, shift.High)
	// Output: higher by 22.5, between 6.0 and 39.0
}
