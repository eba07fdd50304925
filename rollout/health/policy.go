package health

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

// The values that stand for zero fields.
const (
	DefaultAlpha     = 0.01 // one false rollback in a hundred healthy releases, at most
	DefaultBeta      = 0.05 // one missed regression of size MDE in twenty, at most
	DefaultTolerance = 1.2  // instances differ by about this much without any fault
	DefaultMDE       = 2    // a doubling matters
	DefaultSilence   = 10_000
	DefaultStale     = 10 // windows
	DefaultWarmUp    = 3  // windows
)

// Policy says what counts as worse and how sure one must be.
type Policy struct {
	// Alpha bounds the chance of calling a tolerable release regressed, over all
	// looks, all metrics and the whole rollout. From 1e-12 to below 0.5; 0 means
	// [DefaultAlpha].
	Alpha float64 `json:"alpha"`
	// Beta bounds the chance of calling a release healthy that is worse by MDE.
	// From 1e-12 to below 0.5; 0 means [DefaultBeta].
	Beta float64 `json:"beta"`
	// Metrics are what is judged; at least one.
	Metrics []Metric `json:"metrics"`
	// Silence is the number of requests that the control may see in a row, of one
	// metric and in all strata, while the canary sees none. From then on the verdict is invalid: a
	// canary that crashes before it counts looks perfect. 0 means [DefaultSilence].
	Silence uint64 `json:"silence"`
	// Stale is the number of windows in a row in which canary and control have not both
	// had requests of a metric, in any one stratum, after which it counts as without
	// data: what was certified once is not for ever. Windows count in which other metrics
	// have samples and this one has none. 0 means [DefaultStale].
	Stale int `json:"stale,omitempty"`
	// WarmUp is the number of windows in which instances are still filling caches and
	// opening connections: those from the canary's first request on, and from its first
	// one after each [Monitor.Recertify]. They are bet on ratios of ten or more only,
	// against one of three: that gains nothing where the canary fails up to about five
	// times as often, and finds what fails ten times as often. Half of the certificate
	// begins only afterwards, so they cannot hurt it for long. The canary's share of the
	// requests is not checked there, and means do not count. 0 means [DefaultWarmUp], and
	// a negative number none.
	WarmUp int `json:"warmUp,omitempty"`
}

// Metric is one kind of bad event.
type Metric struct {
	// Name identifies the metric within the policy.
	Name string `json:"name"`
	// Tolerance is the ratio of the canary's rate of bad events to the control's up
	// to which nothing is wrong. At least 1; 0 means [DefaultTolerance].
	Tolerance float64 `json:"tolerance"`
	// MDE is the smallest ratio that matters: evidence is gathered fastest there, and
	// a certificate rules it out. Above Tolerance, at most 1000; 0 means [DefaultMDE].
	MDE float64 `json:"mde"`
	// Weight is the metric's share of Alpha, relative to the others'. From 1e-6 to
	// 1e6; 0 means 1.
	Weight float64 `json:"weight"`
	// Edges makes it a metric of times, or of any other quantity of which more is worse:
	// samples count the events above each of these edges, which must be increasing. Each
	// edge is a kind of bad event of its own; their evidence is averaged. Edges far out
	// find what happens to a few requests, those near the middle what happens to all.
	Edges []float64 `json:"edges,omitempty"`
	// CertifyAt is the one of Edges whose certificate health needs: one that some
	// requests in a hundred exceed. It is needed with Edges unless RegressionOnly.
	CertifyAt float64 `json:"certifyAt,omitempty"`
	// Mean makes it a metric of the windows' means, such as of memory or cost, of which
	// more is worse. Its evidence is asymptotic: it begins with the 30th window, and
	// says so, [Verdict].Asymptotic.
	Mean bool `json:"mean,omitempty"`
	// RegressionOnly frees the metric from the certificate: it must have data, and can
	// only tell against the release. For events so rare that no certificate is ever
	// reached.
	RegressionOnly bool `json:"regressionOnly,omitempty"`
	// Dispersion is how much more the bad events vary from window to window than
	// independent requests explain, from the service's own history. The zero value is
	// not at all.
	Dispersion Dispersion `json:"dispersion,omitzero"`
}

// processes is the number of processes that the metric has.
func (m *Metric) processes() int {
	switch {
	case m.Mean:
		return 0
	case len(m.Edges) > 0:
		return len(m.Edges)
	}
	return 1
}

// maxMetrics bounds a policy, maxEdges a metric: evidence is shared among them, and
// with more it finds nothing.
const (
	maxMetrics = 1000
	maxEdges   = 1000
)

// Error rates and weights that a policy may have: what is computed of them stays far
// from where floating point ends.
const (
	leastErrorRate = 1e-12
	leastWeight    = 1e-6
	mostWeight     = 1e6
)

// Defaults is the policy with every zero field replaced by its default.
func (p Policy) Defaults() Policy {
	or := func(v *float64, d float64) {
		if *v == 0 {
			*v = d
		}
	}
	or(&p.Alpha, DefaultAlpha)
	or(&p.Beta, DefaultBeta)
	if p.Silence == 0 {
		p.Silence = DefaultSilence
	}
	if p.Stale == 0 {
		p.Stale = DefaultStale
	}
	if p.WarmUp == 0 {
		p.WarmUp = DefaultWarmUp
	}
	metrics := slices.Clone(p.Metrics)
	for i := range metrics {
		metrics[i].Edges = slices.Clone(metrics[i].Edges)
		or(&metrics[i].Tolerance, DefaultTolerance)
		or(&metrics[i].MDE, DefaultMDE)
		or(&metrics[i].Weight, 1)
	}
	p.Metrics = metrics
	return p
}

// Validate reports every mistake of the policy, with defaults in place.
func (p Policy) Validate() error {
	p = p.Defaults()
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("health: policy: "+format, args...)) }
	// Written as "not inside" so that NaN is a mistake too.
	if !(p.Alpha >= leastErrorRate && p.Alpha < 0.5) {
		bad("alpha %v is not between %v and 0.5", p.Alpha, leastErrorRate)
	}
	if !(p.Beta >= leastErrorRate && p.Beta < 0.5) {
		bad("beta %v is not between %v and 0.5", p.Beta, leastErrorRate)
	}
	switch {
	case len(p.Metrics) == 0:
		bad("no metrics: nothing would be judged")
	case len(p.Metrics) > maxMetrics:
		bad("%d metrics are more than %d", len(p.Metrics), maxMetrics)
	}
	if p.Stale < 0 {
		bad("stale after %d windows, which is no number of windows", p.Stale)
	}
	seen := map[string]bool{}
	for i, m := range p.Metrics {
		if m.Name == "" {
			bad("metric %d has no name", i)
		} else if !utf8.ValidString(m.Name) {
			bad("metric %d: name %q is not UTF-8, so it would have another one after it was stored", i, m.Name)
		} else if seen[m.Name] {
			bad("metric %q stands twice", m.Name)
		}
		seen[m.Name] = true
		if !(m.Tolerance >= 1 && !math.IsInf(m.Tolerance, 0)) {
			bad("metric %q: tolerance %v is not a ratio of at least 1", m.Name, m.Tolerance)
		}
		if !(m.MDE > m.Tolerance && m.MDE <= 1000) {
			bad("metric %q: mde %v is not above the tolerance %v and at most 1000", m.Name, m.MDE, m.Tolerance)
		}
		if !(m.Weight >= leastWeight && m.Weight <= mostWeight) {
			bad("metric %q: weight %v is not between %v and %v", m.Name, m.Weight, leastWeight, mostWeight)
		}
		if err := m.Dispersion.Validate(); err != nil {
			bad("metric %q: %w", m.Name, err)
		}
		m.validateEdges(func(format string, args ...any) { bad("metric %q: "+format, append([]any{m.Name}, args...)...) })
	}
	return errors.Join(errs...)
}

// validateEdges reports the mistakes of Edges, CertifyAt and Mean.
func (m *Metric) validateEdges(bad func(format string, args ...any)) {
	if m.Mean && len(m.Edges) > 0 {
		bad("a mean has no edges")
	}
	if m.Mean && m.Dispersion != (Dispersion{}) {
		bad("a mean has no dispersion: its windows show how much they vary")
	}
	if len(m.Edges) > maxEdges {
		bad("%d edges are more than %d", len(m.Edges), maxEdges)
		return
	}
	for i, e := range m.Edges {
		if math.IsNaN(e) || math.IsInf(e, 0) || i > 0 && e <= m.Edges[i-1] {
			bad("edge %v is not a number above the one before", e)
		}
	}
	switch {
	case len(m.Edges) == 0 && m.CertifyAt != 0:
		bad("certifyAt %v without edges", m.CertifyAt)
	case len(m.Edges) > 0 && m.RegressionOnly && m.CertifyAt != 0:
		bad("certifyAt %v of a metric that is regressionOnly", m.CertifyAt)
	case len(m.Edges) > 0 && !m.RegressionOnly && !slices.Contains(m.Edges, m.CertifyAt):
		bad("certifyAt %v is none of the edges", m.CertifyAt)
	}
}
