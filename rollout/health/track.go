package health

import "math"

// take counts a sample.
func (m *Monitor) take(s *Sample) {
	i := m.index[s.Metric]
	metric, t, tr := &m.policy.Metrics[i], &m.tests[i], &m.track[i]
	if fault := s.fault(metric); fault != "" {
		if m.broken == "" {
			m.broken = fault
		}
		return
	}
	m.turn(s.ID)
	tr.turn(s.ID, m.warmUp())
	tr.hear(s)
	if s.Canary.Total > 0 && s.Control.Total > 0 {
		tr.Compared = m.windows
	}
	warming := tr.Stage <= m.warmUp()
	if s.Share > 0 || s.Twin.Total > 0 {
		tr.Checks.catchUp(tr.Windows)
		tr.Checks.add(&t.bets, metric.Dispersion, s, warming)
		tr.doubt, _ = tr.Checks.evidence()
		m.doubted = true
	}
	if metric.Mean {
		m.takeMeans(i, s)
		return
	}
	l := limit{bets: &t.bets, mde: metric.MDE, logMDE: t.logMDE, dispersion: metric.Dispersion,
		most: m.most, warming: warming}
	for j := range tr.Processes {
		p := &tr.Processes[j]
		canary, control := s.Canary, s.Control
		if len(metric.Edges) > 0 {
			canary.Bad, control.Bad = s.CanarySlow[j], s.ControlSlow[j]
		}
		l.goal = math.Inf(1)
		if !l.warming && metric.Dispersion.Factor <= 1 && p.rare(canary, control) {
			l.goal = m.goal(i, j)
		}
		p.add(&l, canary, control)
		tr.logE[j] = p.Worse.evidence()
	}
}

// takeMeans takes in a window of a metric of means, once instances are warm.
func (m *Monitor) takeMeans(i int, s *Sample) {
	tr := &m.track[i]
	if s.Canary.Total == 0 || s.Control.Total == 0 || tr.Stage <= m.warmUp() {
		return
	}
	tr.Means.add(s.CanaryMean, s.ControlMean)
	tr.StageMeans.add(s.CanaryMean, s.ControlMean)
	tr.logE[0] = m.worseMeans(i, tr.Means)
}

// worseMeans is the evidence of means that the canary is worse than tolerated.
func (m *Monitor) worseMeans(i int, p *means) float64 {
	return p.logE(m.policy.Metrics[i].Tolerance, 1, m.tests[i].worseRho)
}

func (m *Monitor) warmUp() uint64 { return uint64(max(0, m.policy.WarmUp)) }

// turn begins a window, if the ID is not that of the last one.
func (m *Monitor) turn(id string) {
	if m.windows == 0 || id != m.window {
		m.window = id
		m.windows++
	}
}

// turn begins a window of the metric, if the ID is not that of its last one.
func (t *track) turn(id string, warmUp uint64) {
	if t.Windows > 0 && id == t.Window {
		return
	}
	t.Window = id
	t.Windows++
	t.Heard = false
	if t.Stage > 0 {
		t.Stage++
	}
	if t.Windows%startEvery == 0 {
		for i := range t.Processes {
			t.Processes[i].Worse.start()
			t.logE[i] = t.Processes[i].Worse.evidence()
		}
	}
	if t.Stage == warmUp+1 {
		for i := range t.Processes {
			t.Processes[i].Certificate.begin()
		}
	}
}

// hear counts the requests. The first of the canary's in a stage begin its warm-up.
func (t *track) hear(s *Sample) {
	t.Canary, t.Control = t.Canary.plus(s.Canary), t.Control.plus(s.Control)
	switch {
	case s.Canary.Total > 0:
		t.Silent, t.Heard = 0, true
		t.Stage = max(t.Stage, 1)
	case !t.Heard: // no stratum of this window had any
		t.Silent = Count{Total: t.Silent}.plus(s.Control).Total
	}
}
