package health

import (
	"fmt"
	"math"
)

// stakes notes what the evidence is worth before a call's samples are taken in: bets
// may depend on everything before a window, and on nothing in it that another metric
// or edge has seen, because these depend on each other.
func (m *Monitor) stakes() {
	m.others = 0
	for i := range m.track {
		t := &m.track[i]
		part := m.tests[i].share / float64(len(t.logE))
		for j, v := range t.logE {
			t.stake[j] = float64(math.Exp(min(v, 600)) * part)
			m.others += t.stake[j]
		}
	}
}

// goal is the evidence that process j of metric i would need to find a regression by
// itself, with what the others had.
func (m *Monitor) goal(i, j int) float64 {
	t := &m.track[i]
	missing := 1/m.policy.Alpha - (m.others - t.stake[j])
	return max(1, missing*float64(len(t.logE))/m.tests[i].share)
}

// need is the evidence at which something is found.
func (m *Monitor) need() float64 { return round(-math.Log(m.policy.Alpha)) }

// look notes a regression, or a broken measurement, when the evidence has reached
// its bound.
func (m *Monitor) look() {
	logE, top := m.evidence()
	if logE >= m.need() {
		if m.found.Metric == 0 {
			m.found.Metric, m.found.Guilty, m.found.Asymptotic = top+1, m.guilty(), m.asymptotic()
		}
		m.found.Peak = max(m.found.Peak, logE)
	}
	if m.broken == "" && m.doubted {
		m.doubted = false
		if doubt, i := m.doubt(); doubt >= m.need() {
			_, what := m.track[i].Checks.evidence()
			m.broken = fmt.Sprintf("%s: %s (evidence %.2f reached %.2f, alpha %v)", m.policy.Metrics[i].Name, what, doubt, m.need(), m.policy.Alpha)
		}
	}
}

// asymptotic reports whether metrics of means are needed for the bound: the others'
// evidence reaches it alone otherwise, and is as good without them.
func (m *Monitor) asymptotic() bool {
	sum := math.Inf(-1)
	for i := range m.track {
		if m.track[i].Means == nil {
			sum = logAdd(sum, m.metricE(i)+m.tests[i].logShare)
		}
	}
	return round(sum) < m.need()
}

// metricE is the evidence of one metric: the average over its processes.
func (m *Monitor) metricE(i int) float64 {
	t := &m.track[i]
	if len(t.logE) == 1 {
		return t.logE[0]
	}
	return logSum(t.logE) - math.Log(float64(len(t.logE)))
}

// evidence is the weighted average over the metrics, rounded, and the metric that
// brings the most.
func (m *Monitor) evidence() (logE float64, top int) {
	most := math.Inf(-1)
	for i := range m.track {
		m.track[i].term = m.metricE(i) + m.tests[i].logShare
		if m.track[i].term > most {
			most, top = m.track[i].term, i
		}
	}
	sum := 0.0
	for i := range m.track {
		sum += math.Exp(m.track[i].term - most)
	}
	return round(most + math.Log(sum)), top
}

// doubt is the average evidence that the measurement is broken, and the metric that
// brings the most.
func (m *Monitor) doubt() (logE float64, top int) {
	sum := math.Inf(-1)
	for i := range m.track {
		if m.track[i].doubt > m.track[top].doubt {
			top = i
		}
		sum = logAdd(sum, m.track[i].doubt)
	}
	return round(sum - math.Log(float64(len(m.track)))), top
}
