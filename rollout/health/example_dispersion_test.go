package health_test

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// Forty minutes in which failures come in sixes: no request fails alone.
func ExampleDispersionOf() {
	var history []health.Count
	for minute := range 40 {
		bursts := uint64(minute * 7 % 5 / 2) // 0, 1, 2, 0, 1, ...
		history = append(history, health.Count{Bad: 6 * bursts, Total: 1000})
	}
	d, err := health.DispersionOf(history)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.1f times the variance, seen at %.1f bad events a minute\n", d.Factor, d.Events)

	_, err = health.DispersionOf(history[:12])
	fmt.Println(err)
	// Output:
	// 9.0 times the variance, seen at 4.8 bad events a minute
	// health: dispersion: 12 windows have 11 pairs of neighbours with requests, fewer than 30: two hours of minutes with some hundred bad events are a good history
}
