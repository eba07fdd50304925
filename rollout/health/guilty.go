package health

import (
	"math"
	"slices"
)

// guilty are the metrics that e-BH names, the one with most evidence first (Wang and
// Ramdas, False discovery rate control with e-values, JRSS-B 84, 2022): of M
// metrics, the k with most evidence, for the largest k with which the k-th has at
// least M/(k Alpha). A metric's weight counts as part of its evidence.
func (m *Monitor) guilty() []int {
	type named struct {
		metric int
		logE   float64
	}
	all := make([]named, len(m.track))
	count := float64(len(m.track))
	for i := range m.track {
		all[i] = named{i, round(m.metricE(i) + math.Log(float64(m.tests[i].share*count)))}
	}
	slices.SortStableFunc(all, func(a, b named) int {
		switch {
		case a.logE > b.logE:
			return -1
		case a.logE < b.logE:
			return 1
		}
		return 0
	})
	var out []int
	for k := len(all); k > 0; k-- {
		if all[k-1].logE >= round(math.Log(count/float64(k))-math.Log(m.policy.Alpha)) {
			for _, n := range all[:k] {
				out = append(out, n.metric)
			}
			break
		}
	}
	return out
}
