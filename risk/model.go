package risk

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/sallyport-dev/sallyport/internal/canon"
	"github.com/sallyport-dev/sallyport/release"
)

// Model gives the log-odds that a release fails:
//
//	bias + sum of weight * log(1+feature)
//
// and after recalibration shift + slope * that. It is additive, so each term's part
// is exactly what it says, and no weight may be below zero, so more change is never
// less likely to fail.
type Model struct {
	// ID names the model, for people.
	ID string `json:"id"`
	// Bias is the log-odds, before calibration, of a release whose features are all 0.
	Bias float64 `json:"bias"`
	// Weights are of terms by name, each at most once; a term without one weighs nothing.
	Weights []Weight `json:"weights"`
	// Outcomes is what the model has learned from; zero for a prior.
	Outcomes Counts `json:"outcomes"`
	// Calibration is nil until enough outcomes are known, and then no
	// percentage is shown.
	Calibration *Calibration `json:"calibration,omitempty"`
}

// Weight is the log-odds that one unit of a term adds.
type Weight struct {
	// Term is one of [TermNames].
	Term string `json:"term"`
	// Weight is finite and not below zero.
	Weight float64 `json:"weight"`
}

// Calibration is the two numbers of Platt (1999), fitted on the log-odds of the
// prior: calibrated = Shift + Slope * prior.
type Calibration struct {
	// Shift and Slope are finite. Slope is not below zero, so that calibration never
	// turns the order of two releases round.
	Shift float64 `json:"shift"`
	Slope float64 `json:"slope"`
	// Covariance is the posterior's by Laplace's approximation: the variance of the shift, the
	// covariance, the variance of the slope.
	Covariance [3]float64 `json:"covariance"`
}

// The prior's numbers. The slope was fitted by logistic regression of "introduced a
// defect" on log(1+lines added), with one intercept per project and one slope for
// all, over the oldest 80 % of the commits of three public projects (gerrit,
// Eclipse JDT and Platform; Zeng et al., ISSTA 2021): 0.602. Apart they give 0.672, 0.448
// and 0.599. The bias is gerrit's -3.64: its 12 % of defective commits are the
// closest of the three to how often releases fail; the others have 49 % and 37 %.
// TestPriorIsWhatTheDataSay fits them again.
//
// Every other weight starts at zero: of the features of the literature only lines added kept its
// worth on projects that the fit had not seen; fourteen weights did worse than this one.
const (
	priorBias  = -3.64
	priorSlope = 0.602
)

// Prior is the model to start with. It ranks; its probabilities are not of your
// releases until a [Learner] has recalibrated it, so they are not shown.
func Prior() *Model {
	return &Model{ID: "sallyport/lines-added/1", Bias: priorBias, Weights: []Weight{{"lines-added", priorSlope}}}
}

// Validate reports everything that makes a model one that is not believed: a
// number that is not finite, a weight or a slope below zero, a term that is not known or stands twice,
// a calibration without the outcomes for it.
func (m *Model) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("risk: model %q: "+format, append([]any{m.ID}, args...)...))
	}
	if !finite(m.Bias) {
		bad("bias %v is not finite", m.Bias)
	}
	var seen [8]bool
	for _, w := range m.Weights {
		i := slices.Index(termNames, w.Term)
		switch {
		case i < 0:
			bad("term %q is not one of %q", w.Term, termNames)
		case seen[i]:
			bad("term %q stands twice", w.Term)
		case !finite(w.Weight) || w.Weight < 0:
			bad("weight %v of %q is not a number from 0 up", w.Weight, w.Term)
		}
		if i >= 0 {
			seen[i] = true
		}
	}
	if !m.Outcomes.sound() {
		bad("outcomes %+v do not add up", m.Outcomes)
	}
	if c := m.Calibration; c != nil {
		if !m.Outcomes.Enough() {
			bad("calibrated on %s", m.Outcomes)
		}
		if !finite(c.Shift) || !finite(c.Slope) || c.Slope < 0 {
			bad("calibration %v + %v x is not finite and rising", c.Shift, c.Slope)
		}
		a, b, d := c.Covariance[0], c.Covariance[1], c.Covariance[2]
		if det := float64(a*d) - float64(b*b); !(a > 0) || !(d >= 0) || !finite(a) || !finite(b) || !finite(d) || !(det >= 0) {
			bad("covariance %v is none", c.Covariance)
		}
	}
	return errors.Join(errs...)
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// Digest identifies the model by all its numbers. It is defined for any model,
// also one that Validate refuses: numbers are written as text of their shortest form.
func (m *Model) Digest() (release.Digest, error) {
	text := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	type weight struct {
		Term   string `json:"term"`
		Weight string `json:"weight"`
	}
	data := struct {
		ID          string   `json:"id"`
		Bias        string   `json:"bias"`
		Weights     []weight `json:"weights"`
		Outcomes    Counts   `json:"outcomes"`
		Calibration []string `json:"calibration,omitempty"`
	}{ID: m.ID, Bias: text(m.Bias), Outcomes: m.Outcomes}
	for _, w := range m.Weights {
		data.Weights = append(data.Weights, weight{w.Term, text(w.Weight)})
	}
	if c := m.Calibration; c != nil {
		for _, x := range []float64{c.Shift, c.Slope, c.Covariance[0], c.Covariance[1], c.Covariance[2]} {
			data.Calibration = append(data.Calibration, text(x))
		}
	}
	d, err := canon.Digest("sallyport.risk.model.v1", data)
	return release.Digest(d), err
}

// score is the log-odds before calibration, added up in a fixed order.
func (m *Model) score(f Features) float64 {
	x, s := f.terms(), m.Bias
	for i, name := range termNames {
		for _, w := range m.Weights {
			if w.Term == name {
				s += float64(w.Weight * x[i])
			}
		}
	}
	return s
}
