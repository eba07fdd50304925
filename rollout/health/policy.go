package health

import (
	"errors"
	"fmt"
	"math"
)

// The values that stand for zero fields.
const (
	DefaultAlpha     = 0.01 // one false rollback in a hundred healthy releases, at most
	DefaultBeta      = 0.05 // one missed regression of size MDE in twenty, at most
	DefaultTolerance = 1.2  // instances differ by about this much without any fault
	DefaultMDE       = 2    // a doubling matters
	DefaultSilence   = 10_000
)

// Policy says what counts as worse and how sure one must be.
type Policy struct {
	// Alpha bounds the chance of calling a tolerable release regressed, over all
	// looks, all metrics and the whole rollout. Between 0 and 0.5; 0 means
	// [DefaultAlpha].
	Alpha float64 `json:"alpha"`
	// Beta bounds the chance of calling a release healthy that is worse by MDE.
	// Between 0 and 0.5; 0 means [DefaultBeta].
	Beta float64 `json:"beta"`
	// Metrics are what is judged; at least one.
	Metrics []Metric `json:"metrics"`
	// Silence is the number of requests that the control may see in a row, of one
	// metric, while the canary sees none. From then on the verdict is invalid: a
	// canary that crashes before it counts looks perfect. 0 means [DefaultSilence].
	Silence uint64 `json:"silence"`
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
	// Weight is the metric's share of Alpha, relative to the others'. Above 0; 0
	// means 1.
	Weight float64 `json:"weight"`
}

// maxMetrics bounds a policy: evidence is shared among its metrics, and a policy
// with more finds nothing.
const maxMetrics = 1000

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
	metrics := make([]Metric, len(p.Metrics))
	copy(metrics, p.Metrics)
	for i := range metrics {
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
	if !(p.Alpha > 0 && p.Alpha < 0.5) {
		bad("alpha %v is not between 0 and 0.5", p.Alpha)
	}
	if !(p.Beta > 0 && p.Beta < 0.5) {
		bad("beta %v is not between 0 and 0.5", p.Beta)
	}
	switch {
	case len(p.Metrics) == 0:
		bad("no metrics: nothing would be judged")
	case len(p.Metrics) > maxMetrics:
		bad("%d metrics are more than %d", len(p.Metrics), maxMetrics)
	}
	seen := map[string]bool{}
	for i, m := range p.Metrics {
		if m.Name == "" {
			bad("metric %d has no name", i)
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
		if !(m.Weight > 0 && m.Weight <= 1e6) {
			bad("metric %q: weight %v is not between 0 and 1e6", m.Name, m.Weight)
		}
	}
	return errors.Join(errs...)
}
