package health

import (
	"fmt"
	"math"
)

// Monitor gathers the evidence of one rollout. Keep one Monitor across all stages:
// Alpha is spent once. It is not safe for use by several goroutines at once. The
// zero Monitor has no policy and only [Monitor.UnmarshalBinary] makes it useful.
type Monitor struct {
	policy  Policy // with defaults
	index   map[string]int
	bets    []bets // by policy.Metrics, as process
	process []process
	seen    map[key]mark
	// regressed is the index of the guilty metric plus one, peak the evidence at the
	// look that found it. A regression once found stays.
	regressed int
	peak      float64
	// broken says what was impossible about a sample. It stays too.
	broken string
}

// New makes a Monitor that has seen nothing. The error lists every mistake of
// the policy.
func New(p Policy) (*Monitor, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	m := &Monitor{policy: p.Defaults(), index: map[string]int{}, seen: map[key]mark{}}
	m.process = make([]process, len(m.policy.Metrics))
	for i, metric := range m.policy.Metrics {
		m.index[metric.Name] = i
		m.bets = append(m.bets, betsOf(metric))
	}
	return m, nil
}

// Policy is the policy, with its defaults in place. The caller owns it.
func (m *Monitor) Policy() Policy { return m.policy.Defaults() }

// Add takes closed windows in and returns the verdict on everything so far. Give
// all metrics and strata of a window in one call: the verdict is looked at once,
// after the last sample, and the bound over several metrics holds for looks
// between windows, not between metrics.
//
// A sample that was added before counts once. An error means that nothing was
// added: a metric that is not in the policy, a sample without an ID, or an ID that
// came before with other counts. Counts that are impossible are no error; they
// make the verdict invalid, and do not count.
func (m *Monitor) Add(samples ...Sample) (Verdict, error) {
	if len(m.process) == 0 {
		return Verdict{}, fmt.Errorf("health: the monitor has no policy")
	}
	fresh, err := m.fresh(samples)
	if err != nil {
		return Verdict{}, err
	}
	// A certificate may not be so far ahead that an outage leaves it standing. Less
	// evidence is always valid.
	most := 2 * -math.Log(m.policy.Beta)
	window := make([]struct{ canary, control Count }, len(m.process))
	for _, s := range fresh {
		m.seen[s.key()] = s.mark()
		if fault := s.fault(); fault != "" {
			if m.broken == "" {
				m.broken = fault
			}
			continue
		}
		i := m.index[s.Metric]
		m.process[i].add(&m.bets[i], s, most)
		window[i].canary = window[i].canary.plus(s.Canary)
		window[i].control = window[i].control.plus(s.Control)
	}
	for i, w := range window {
		p := &m.process[i]
		if w.canary.Total > 0 {
			p.Silent = 0
		} else {
			p.Silent = Count{Total: p.Silent}.plus(w.control).Total
		}
	}
	m.look()
	return m.Verdict(), nil
}

// fresh are the samples that were not seen before, each once.
func (m *Monitor) fresh(samples []Sample) ([]Sample, error) {
	var out []Sample
	batch := map[key]mark{}
	for i, s := range samples {
		if s.ID == "" {
			return nil, fmt.Errorf("health: sample %d of metric %q has no ID", i, s.Metric)
		}
		if _, ok := m.index[s.Metric]; !ok {
			return nil, fmt.Errorf("health: sample %q: metric %q is not in the policy", s.ID, s.Metric)
		}
		k, p := s.key(), s.mark()
		was, ok := m.seen[k]
		if !ok {
			was, ok = batch[k]
		}
		switch {
		case !ok:
			batch[k] = p
			out = append(out, s)
		case was != p:
			return nil, fmt.Errorf("health: sample %q of metric %q, stratum %q came before with other counts: a window must be closed before it is added", s.ID, s.Metric, s.Stratum)
		}
	}
	return out, nil
}

// look notes a regression when the evidence has reached its bound.
func (m *Monitor) look() {
	logE, guilty := m.evidence()
	if logE < round(-math.Log(m.policy.Alpha)) {
		return
	}
	if m.regressed == 0 {
		m.regressed = guilty + 1
	}
	m.peak = max(m.peak, logE)
}

// evidence is the weighted average over the metrics, rounded, and the metric that
// brings the most.
func (m *Monitor) evidence() (logE float64, guilty int) {
	total := 0.0
	for _, metric := range m.policy.Metrics {
		total += metric.Weight
	}
	terms := make([]float64, len(m.process))
	for i := range m.process {
		terms[i] = m.process[i].evidence() + math.Log(m.policy.Metrics[i].Weight/total)
		if terms[i] > terms[guilty] {
			guilty = i
		}
	}
	return round(logSum(terms)), guilty
}

// Recertify begins a new certificate of health, as a stage does that exposes the
// release to other users: Beta then holds from here on. The evidence of a
// regression goes on.
func (m *Monitor) Recertify() {
	for i := range m.process {
		m.process[i].LogC = 0
	}
}

// Verdict is the verdict on everything so far.
func (m *Monitor) Verdict() Verdict {
	if len(m.process) == 0 {
		return Verdict{NoData: true, Why: "the monitor has no policy"}
	}
	v := Verdict{LogCertificate: math.Inf(1)}
	logE, _ := m.evidence()
	v.LogE = logE
	weakest, silent := 0, -1
	for i := range m.process {
		p := &m.process[i]
		v.NoData = v.NoData || p.noData()
		if c := round(p.LogC); c < v.LogCertificate {
			v.LogCertificate, weakest = c, i
		}
		if silent < 0 && p.Silent >= m.policy.Silence {
			silent = i
		}
	}
	// The worst first: what was found stays found, whatever broke afterwards.
	switch needE, needC := round(-math.Log(m.policy.Alpha)), round(-math.Log(m.policy.Beta)); {
	case m.regressed > 0:
		v.Kind, v.LogE = KindRegressed, m.peak
		m.about(&v, m.regressed-1)
		v.Why = fmt.Sprintf("%s is worse at the canary: %s; evidence %.2f reached %.2f (alpha %v)",
			v.Metric, counts(v), v.LogE, needE, m.policy.Alpha)
	case m.broken != "":
		v.Kind = KindInvalid
		m.about(&v, weakest)
		v.Why = "the measurement is broken: " + m.broken
	case silent >= 0:
		v.Kind = KindInvalid
		m.about(&v, silent)
		v.Why = fmt.Sprintf("%s: the canary has had no request while the control had %d", v.Metric, m.process[silent].Silent)
	case v.NoData:
		m.about(&v, m.firstWithout())
		v.Why = fmt.Sprintf("no data: %s has %s", v.Metric, counts(v))
	case v.LogCertificate >= needC:
		v.Kind = KindHealthy
		m.about(&v, weakest)
		v.Why = fmt.Sprintf("every metric is below %v times the control's; the weakest is %s: %s; certificate %.2f reached %.2f (beta %v)",
			m.policy.Metrics[weakest].MDE, v.Metric, counts(v), v.LogCertificate, needC, m.policy.Beta)
	default:
		m.about(&v, weakest)
		v.Why = fmt.Sprintf("not enough evidence yet: %s: %s; regression %.2f of %.2f, certificate %.2f of %.2f",
			v.Metric, counts(v), v.LogE, needE, v.LogCertificate, needC)
	}
	return v
}

// firstWithout is the first metric that lacks data.
func (m *Monitor) firstWithout() int {
	for i := range m.process {
		if m.process[i].noData() {
			return i
		}
	}
	return 0
}

// about fills in which metric the verdict is about.
func (m *Monitor) about(v *Verdict, i int) {
	v.Metric, v.Canary, v.Control = m.policy.Metrics[i].Name, m.process[i].Canary, m.process[i].Control
}

func counts(v Verdict) string {
	return fmt.Sprintf("canary %d of %d, control %d of %d", v.Canary.Bad, v.Canary.Total, v.Control.Bad, v.Control.Total)
}
