package health_test

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// Times are counted above edges, as the buckets of a histogram have them. Two requests
// in a hundred have become a second slower, which no average shows.
func ExampleMetric_edges() {
	m, err := health.New(health.Policy{WarmUp: -1, Metrics: []health.Metric{
		{Name: "seconds", Edges: []float64{0.1, 0.5, 1}, CertifyAt: 0.1},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for minute := range 2 {
		err := m.Add(health.Sample{
			ID: fmt.Sprint("12:0", minute), Metric: "seconds",
			Canary: health.Count{Total: 1000}, CanarySlow: []uint64{120, 30, 21},
			Control: health.Count{Total: 9000}, ControlSlow: []uint64{900, 90, 9},
		})
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	v := m.Verdict()
	fmt.Println(v.Kind)
	fmt.Println(v.Why)
	// Output:
	// regressed
	// seconds is worse at the canary: canary 42 of 2000, control 18 of 18000 above 1, ratio 8.81 to 55.99; evidence 49.70 reached 4.61 (alpha 0.01)
}

// Memory is not counted but measured: each window has a mean for each side.
func ExampleMetric_mean() {
	m, err := health.New(health.Policy{Metrics: []health.Metric{{Name: "errors"}, {Name: "memory", Mean: true, Tolerance: 1.1, MDE: 1.5}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for minute := range 60 {
		id := fmt.Sprint(minute)
		noise := float64(minute * 7 % 11)
		err := m.Add(
			health.Sample{ID: id, Metric: "errors", Canary: health.Count{Bad: 5, Total: 500}, Control: health.Count{Bad: 45, Total: 4500}},
			health.Sample{ID: id, Metric: "memory", Canary: health.Count{Total: 500}, Control: health.Count{Total: 4500},
				CanaryMean: 150 + noise, ControlMean: 100 + noise},
		)
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	v := m.Verdict()
	fmt.Println(v.Kind, v.Metric, v.Asymptotic)
	// Output:
	// regressed memory true
}

// Bots fail more often than people, and the canary gets more of the bots: compared
// within each kind of traffic, nothing is wrong with it.
func ExampleSample_strata() {
	bots, people := health.Count{Bad: 45, Total: 900}, health.Count{Bad: 1, Total: 500}
	controlBots, controlPeople := health.Count{Bad: 50, Total: 1000}, health.Count{Bad: 16, Total: 8000}
	for _, strata := range []bool{false, true} {
		m, err := health.New(health.Policy{WarmUp: -1, Metrics: []health.Metric{{Name: "errors"}}})
		if err != nil {
			fmt.Println(err)
			return
		}
		for minute := range 10 {
			id := fmt.Sprint("12:0", minute)
			samples := []health.Sample{{ID: id, Metric: "errors",
				Canary:  health.Count{Bad: bots.Bad + people.Bad, Total: bots.Total + people.Total},
				Control: health.Count{Bad: controlBots.Bad + controlPeople.Bad, Total: controlBots.Total + controlPeople.Total}}}
			if strata {
				samples = []health.Sample{
					{ID: id, Metric: "errors", Stratum: "bots", Canary: bots, Control: controlBots},
					{ID: id, Metric: "errors", Stratum: "people", Canary: people, Control: controlPeople},
				}
			}
			if err := m.Add(samples...); err != nil {
				fmt.Println(err)
				return
			}
		}
		fmt.Println(m.Verdict().Kind)
	}
	// Output:
	// regressed
	// healthy
}
