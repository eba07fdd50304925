package health

import "math"

// Telling reports, of a Monitor, what a verdict may say, for a fraction of what it
// costs to explain one.
func Telling(m *Monitor) (regressed, certified, broken bool) {
	var v Verdict
	m.weakest(&v)
	return m.found.Metric > 0, m.certifies() && v.LogCertificate >= round(-math.Log(m.policy.Beta)), m.broken != ""
}
