package risk

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/internal/canon"
	"github.com/sallyport-dev/sallyport/release"
)

// Model gives the log-odds that a release fails:
//
//	bias + sum of what each weight adds for log(1+count)
//
// and after recalibration shift + slope * that. It is additive, so each term's part
// is exactly what it says, and what a weight adds never falls when its count rises
// (experience aside), so more change is never less likely to fail. It is plain data:
// [Model.MarshalJSON] writes it and [ParseModel] reads it.
type Model struct {
	// ID names the model, for people.
	ID string `json:"id"`
	// Extractor is that of the features that it was fitted on (see [Features]); empty is
	// [Extractor]. It says nothing of others. A model with no more than a weight of lines added, straight and
	// not recalibrated, as [Prior] is, may be asked about any: that one means the same
	// everywhere, and no other feature kept its worth between extractors.
	Extractor string `json:"extractor,omitempty"`
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
	return &Model{ID: "sallyport/lines-added/1", Bias: priorBias, Weights: []Weight{{Term: termAdded, Weight: priorSlope}}}
}

// maxID is the length of the longest name of a model, in bytes.
const maxID = 200

// Validate reports everything that makes a model one that is not believed: a
// number that is not finite, a weight or a slope below zero, a curve that goes the wrong way, a term that is
// not known or stands twice, a calibration without the outcomes for it, a name that is no short text.
func (m *Model) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("risk: model %q: "+format, append([]any{m.ID}, args...)...))
	}
	if !finite(m.Bias) {
		bad("bias %v is not finite", m.Bias)
	}
	if len(m.ID) > maxID || !utf8.ValidString(m.ID) {
		bad("its name of %d bytes is not text of at most %d", len(m.ID), maxID)
	}
	if !soundName(m.Extractor) {
		bad("extractor's name of %d bytes is not text of at most %d", len(m.Extractor), maxName)
	}
	var seen [len(terms)]bool
	for j := range m.Weights {
		w := &m.Weights[j]
		i := slices.Index(termNames, w.Term)
		switch {
		case i < 0:
			bad("term %q is not one of %q", w.Term, termNames)
			continue
		case seen[i]:
			bad("term %q stands twice", w.Term)
		}
		seen[i] = true
		if err := w.check(&terms[i]); err != nil {
			bad("%v", err)
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
		Term   string      `json:"term"`
		Weight string      `json:"weight"`
		Curve  [][2]string `json:"curve,omitempty"`
	}
	data := struct {
		ID          string   `json:"id"`
		Extractor   string   `json:"extractor,omitempty"`
		Bias        string   `json:"bias"`
		Weights     []weight `json:"weights"`
		Outcomes    Counts   `json:"outcomes"`
		Calibration []string `json:"calibration,omitempty"`
	}{ID: m.ID, Extractor: m.Extractor, Bias: text(m.Bias), Outcomes: m.Outcomes}
	for _, w := range m.Weights {
		next := weight{Term: w.Term, Weight: text(w.Weight)}
		for _, p := range w.Curve {
			next.Curve = append(next.Curve, [2]string{text(p.At), text(p.LogOdds)})
		}
		data.Weights = append(data.Weights, next)
	}
	if c := m.Calibration; c != nil {
		for _, x := range []float64{c.Shift, c.Slope, c.Covariance[0], c.Covariance[1], c.Covariance[2]} {
			data.Calibration = append(data.Calibration, text(x))
		}
	}
	d, err := canon.Digest("sallyport.risk.model.v1", data)
	return release.Digest(d), err
}

// speaks reports whether the model may be asked about features of the extractor.
func (m *Model) speaks(extractor string) bool {
	return extractorOf(extractor) == extractorOf(m.Extractor) || m.anywhere()
}

// anywhere reports whether that is so of any extractor.
func (m *Model) anywhere() bool {
	return m.Calibration == nil && len(m.Weights) == 1 && m.Weights[0].Term == termAdded && m.Weights[0].Curve == nil
}

// each calls add for the bias and for each weight, in the order of the terms.
func (m *Model) each(f *Features, add func(c Contribution)) {
	add(Contribution{Term: "base", Value: 1, LogOdds: m.Bias})
	var weights [len(terms)]*Weight
	for j := range m.Weights {
		if i := slices.Index(termNames, m.Weights[j].Term); i >= 0 {
			weights[i] = &m.Weights[j]
		}
	}
	for i, w := range weights {
		if w == nil {
			continue
		}
		c := Contribution{Term: w.Term}
		if x, known := terms[i].value(f); known {
			c.Value, c.LogOdds = x, w.at(x)
		} else {
			c.Unknown, c.LogOdds = true, w.most()
		}
		add(c)
	}
}

// score is the log-odds before calibration, added up in a fixed order.
func (m *Model) score(f Features) float64 {
	s := 0.0
	m.each(&f, func(c Contribution) { s += c.LogOdds })
	return s
}

// clone shares nothing with m.
func (m *Model) clone() *Model {
	c := *m
	c.Weights = slices.Clone(m.Weights)
	for i := range c.Weights {
		c.Weights[i].Curve = slices.Clone(c.Weights[i].Curve)
	}
	if m.Calibration != nil {
		k := *m.Calibration
		c.Calibration = &k
	}
	return &c
}
