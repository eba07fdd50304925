package health

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Kind is the kind of the verdict on everything so far, without what explains it.
func (m *Monitor) Kind() Kind {
	kind, _, _ := m.judge(new(Verdict))
	return kind
}

// Verdict is the verdict on everything so far.
func (m *Monitor) Verdict() Verdict {
	if len(m.track) == 0 {
		return Verdict{NoData: true, Why: "the monitor has no policy"}
	}
	var v Verdict
	kind, about, silent := m.judge(&v)
	v.Kind = kind
	m.about(&v, about)
	switch needC := round(-math.Log(m.policy.Beta)); {
	case v.Kind == KindRegressed:
		for _, i := range m.found.Guilty {
			v.Guilty = append(v.Guilty, m.policy.Metrics[i].Name)
		}
		v.Why = fmt.Sprintf("%s is worse at the canary: %s; evidence %.2f reached %.2f (alpha %v)%s",
			v.Metric, m.counts(&v), v.LogE, m.need(), m.policy.Alpha, others(v))
	case silent:
		v.Why = fmt.Sprintf("%s: the canary has had no request while the control had %d", v.Metric, m.track[about].Silent)
	case v.Kind == KindInvalid:
		v.Why = "the measurement is broken: " + m.broken
	case v.NoData:
		v.Why = m.dry(about, &v)
	case v.Kind == KindHealthy:
		v.Why = fmt.Sprintf("every metric%s is below its mde; the weakest, %s, below %v times the control's: %s; certificate %.2f reached %.2f (beta %v)",
			m.certified(), v.Metric, m.policy.Metrics[about].MDE, m.counts(&v), v.LogCertificate, needC, m.policy.Beta)
	case !m.certifies():
		v.Why = fmt.Sprintf("not enough evidence of a regression: %s: %s; regression %.2f of %.2f; no metric has a certificate, so nothing says healthy",
			v.Metric, m.counts(&v), v.LogE, m.need())
	default:
		v.Why = fmt.Sprintf("not enough evidence yet: %s: %s; regression %.2f of %.2f, certificate %.2f of %.2f%s",
			v.Metric, m.counts(&v), v.LogE, m.need(), v.LogCertificate, needC, m.needs(about, v.LogCertificate, needC))
	}
	return v
}

// judge says which kind the verdict is of, which metric it is about, and whether
// that is because the canary is silent. It sets what v says of evidence and data.
func (m *Monitor) judge(v *Verdict) (kind Kind, about int, silent bool) {
	if len(m.track) == 0 {
		v.NoData = true
		return KindUndecided, 0, false
	}
	v.LogE, _ = m.evidence()
	weakest, mute, dry := m.weakest(v), -1, -1
	for i := range m.track {
		t := &m.track[i]
		if mute < 0 && t.Silent >= m.policy.Silence {
			mute = i
		}
		if dry < 0 && (t.Compared == 0 || m.windows-t.Compared >= uint64(m.policy.Stale)) {
			dry = i
		}
	}
	v.NoData = dry >= 0
	// The worst first: what was found stays found, whatever broke afterwards.
	switch {
	case m.found.Metric > 0:
		v.LogE = m.found.Peak
		return KindRegressed, m.found.Metric - 1, false
	case m.broken != "":
		return KindInvalid, weakest, false
	case mute >= 0:
		return KindInvalid, mute, true
	case v.NoData:
		return KindUndecided, dry, false
	case v.LogCertificate >= round(-math.Log(m.policy.Beta)) && m.certifies():
		return KindHealthy, weakest, false
	}
	return KindUndecided, weakest, false
}

// weakest is the metric whose certificate is least, and sets LogCertificate to it.
// Where none certifies, it is the one with most evidence of a regression.
func (m *Monitor) weakest(v *Verdict) int {
	at := -1
	for i := range m.track {
		if m.tests[i].certAt < 0 {
			continue
		}
		if c := m.certificate(i); at < 0 || c < v.LogCertificate {
			v.LogCertificate, at = c, i
		}
	}
	if at < 0 {
		_, at = m.evidence()
	}
	return at
}

// certificate is the certificate of a metric that has one.
func (m *Monitor) certificate(i int) float64 {
	t := &m.track[i]
	if t.StageMeans != nil {
		c := t.StageMeans.logE(m.policy.Metrics[i].MDE, -1, m.tests[i].certRho)
		return round(min(c, m.most))
	}
	return round(t.Processes[m.tests[i].certAt].Certificate.evidence())
}

// certifies reports whether any metric has a certificate: without one, nothing says
// that the release is healthy.
func (m *Monitor) certifies() bool {
	for _, t := range m.tests {
		if t.certAt >= 0 {
			return true
		}
	}
	return false
}

// certified says which metrics a certificate is of, if not all.
func (m *Monitor) certified() string {
	for _, t := range m.tests {
		if t.certAt < 0 {
			return " that needs a certificate"
		}
	}
	return ""
}

// dry says why there is no data.
func (m *Monitor) dry(i int, v *Verdict) string {
	t := &m.track[i]
	if t.Compared == 0 {
		return fmt.Sprintf("no data: %s has %s", v.Metric, m.counts(v))
	}
	return fmt.Sprintf("no data: %s: canary and control have not both had requests for %d windows", v.Metric, m.windows-t.Compared)
}

// needs says how many more windows a certificate takes, at the pace so far.
func (m *Monitor) needs(i int, have, need float64) string {
	t := &m.track[i]
	if t.Stage <= m.warmUp() {
		return fmt.Sprintf("; instances warm up, window %d of %d", t.Stage, m.warmUp())
	}
	if m.tests[i].certAt < 0 || have <= 0 || t.Stage == 0 {
		return ""
	}
	const most = 1000
	if more := math.Ceil((need - have) / (have / float64(t.Stage))); more <= most {
		return fmt.Sprintf("; about %v more windows like these for the certificate", more)
	}
	return fmt.Sprintf("; more than %d more windows like these for the certificate", most)
}

// about fills in which metric the verdict is about.
func (m *Monitor) about(v *Verdict, i int) {
	t := &m.track[i]
	v.Metric, v.Canary, v.Control = m.policy.Metrics[i].Name, t.Canary, t.Control
	v.Asymptotic = m.policy.Metrics[i].Mean
	switch v.Kind {
	case KindRegressed:
		v.Asymptotic = m.found.Asymptotic
	case KindHealthy:
		v.Asymptotic = slices.ContainsFunc(m.policy.Metrics, func(m Metric) bool { return m.Mean && !m.RegressionOnly })
	}
	if t.Means != nil {
		if low, high := t.Means.interval(m.policy.Beta); low > 0 || !math.IsInf(high, 1) {
			v.Interval = &Interval{Low: round(low), Level: 1 - m.policy.Beta}
			if !math.IsInf(high, 1) {
				v.Interval.High = max(round(high), 1e-9) // 0 would be no bound
			}
		}
		return
	}
	p := m.at(i)
	v.Canary, v.Control = t.Processes[p].Canary, t.Processes[p].Control
	if in, ok := t.Processes[p].Seen.interval(1 - m.policy.Beta); ok {
		v.Interval = &in
	}
}

// at is the process of a metric that a verdict tells of: of a regression the one with
// most evidence, otherwise the one that is certified.
func (m *Monitor) at(i int) int {
	if certAt := m.tests[i].certAt; certAt >= 0 && m.found.Metric == 0 {
		return certAt
	}
	top := 0
	for j, v := range m.track[i].logE {
		if v > m.track[i].logE[top] {
			top = j
		}
	}
	return top
}

func (m *Monitor) counts(v *Verdict) string {
	out := fmt.Sprintf("canary %d of %d, control %d of %d", v.Canary.Bad, v.Canary.Total, v.Control.Bad, v.Control.Total)
	i := m.index[v.Metric]
	if t := &m.track[i]; t.Means != nil {
		out = fmt.Sprintf("%d windows, mean %.4g against %.4g (asymptotic)", t.Means.Windows, t.Means.Canary, t.Means.Control)
	}
	if edges := m.policy.Metrics[i].Edges; len(edges) > 0 {
		out += fmt.Sprintf(" above %v", edges[m.at(i)])
	}
	if v.Interval == nil {
		return out
	}
	switch in := v.Interval; {
	case in.Low == 0 && in.High == 0:
		return out
	case in.High == 0:
		return out + fmt.Sprintf(", ratio above %.2f", in.Low)
	case in.Low == 0:
		return out + fmt.Sprintf(", ratio below %.2f", in.High)
	default:
		return out + fmt.Sprintf(", ratio %.2f to %.2f", in.Low, in.High)
	}
}

// others names who else is guilty.
func others(v Verdict) string {
	var names []string
	for _, n := range v.Guilty {
		if n != v.Metric {
			names = append(names, n)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; worse too: " + strings.Join(names, ", ")
}
