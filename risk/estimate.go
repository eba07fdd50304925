package risk

import (
	"fmt"
	"math"
)

// Estimate is what the model says of a release.
type Estimate struct {
	// Level is the step of the policy's cuts; unknown when the model says nothing.
	Level Level `json:"level"`
	// LogOdds is the sum of the contributions, added in their order.
	LogOdds float64 `json:"logOdds"`
	// Contributions are the base and one for each weight; nil when the model says
	// nothing.
	Contributions []Contribution `json:"contributions,omitempty"`
	// P is the probability of failure, and Lo to Hi the 95 % interval (Laplace's
	// approximation) of the share that fails among releases of the same log-odds: it says how
	// sure the calibration is, not how far this release is from others of its score. They
	// are to be shown to people only where Shown is set; otherwise P only ranks, and the
	// interval is 0 to 1.
	P     float64 `json:"p"`
	Lo    float64 `json:"lo"`
	Hi    float64 `json:"hi"`
	Shown bool    `json:"shown"`
	// Why says what the number rests on, or why there is none.
	Why string `json:"why"`
}

// Contribution is one term's part of the log-odds.
type Contribution struct {
	// Term is one of [TermNames], or "base" for what does not depend on the change.
	Term string `json:"term"`
	// Value is the term's value, the logarithm of 1 + its count; 1 for the base.
	Value float64 `json:"value"`
	// Unknown says that the count is not known: it counts as the most dangerous that the
	// model knows, and Value means nothing.
	Unknown bool `json:"unknown,omitempty"`
	// LogOdds is the part.
	LogOdds float64 `json:"logOdds"`
}

// z95 is the 97.5 % quantile of the standard normal distribution.
const z95 = 1.959963984540054

// nothing is the estimate of a model that says nothing: the worst.
func nothing(why string) Estimate { return Estimate{P: 1, Hi: 1, Why: why} }

// Estimate is what m says of f. The level is left to the policy. A model that
// [Model.Validate] refuses, or whose numbers overflow, says nothing; nor does one that
// was fitted on the features of another extractor.
func (m *Model) Estimate(f Features) Estimate {
	if err := m.Validate(); err != nil {
		return nothing("the model is not sound, so its likelihood counts as the worst")
	}
	if !m.speaks(f.Extractor) {
		return nothing("the model was fitted on what another extractor measured, so its likelihood counts as the worst")
	}
	shift, slope := 0.0, 1.0
	if m.Calibration != nil {
		shift, slope = m.Calibration.Shift, m.Calibration.Slope
	}
	e := Estimate{Lo: 0, Hi: 1, Why: m.Outcomes.String(), Contributions: make([]Contribution, 0, 1+len(m.Weights))}
	m.each(&f, func(c Contribution) {
		c.LogOdds = float64(slope * c.LogOdds)
		if c.Term == "base" {
			c.LogOdds += shift
		}
		e.Contributions = append(e.Contributions, c)
		e.LogOdds += c.LogOdds
	})
	if !finite(e.LogOdds) {
		return nothing("the model's numbers overflow, so its likelihood counts as the worst")
	}
	e.P = sigmoid(e.LogOdds)
	if m.Calibration != nil {
		e.interval(m.Calibration, m.score(f))
	}
	return e
}

// interval takes the posterior of shift and slope as normal: the variance of
// shift + slope*s is v00 + 2 s v01 + s^2 v11.
func (e *Estimate) interval(c *Calibration, s float64) {
	v := c.Covariance[0] + float64(2*s*c.Covariance[1]) + float64(float64(s*s)*c.Covariance[2])
	if !finite(v) || v < 0 {
		e.Why += "; no interval can be given, so no percentage either"
		return
	}
	d := float64(z95 * math.Sqrt(v))
	e.Lo, e.Hi, e.Shown = sigmoid(e.LogOdds-d), sigmoid(e.LogOdds+d), true
}

// String is the percentage with its interval where it may be shown, and otherwise
// why there is none.
func (e Estimate) String() string {
	if !e.Shown {
		return e.Why
	}
	return fmt.Sprintf("%.0f %% (95 %% interval %.0f to %.0f %%) from %s", 100*e.P, 100*e.Lo, 100*e.Hi, e.Why)
}
