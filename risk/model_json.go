package risk

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// ModelSchema is the name of the shape that a model has as text.
const ModelSchema = "https://sallyport.dev/schema/risk-model/v1"

// MaxModelBytes is the size of the largest text of a model.
const MaxModelBytes = 256 << 10

var modelLimits = strictjson.Limits{Package: "risk", Bytes: MaxModelBytes, Depth: 6, Names: 64, Elements: maxPoints}

// modelText is a model as text. Pointers tell what is not there from what is 0.
type modelText struct {
	Schema      string           `json:"schema"`
	ID          *string          `json:"id"`
	Extractor   string           `json:"extractor,omitempty"`
	Bias        *float64         `json:"bias"`
	Weights     *[]weightText    `json:"weights"`
	Outcomes    *countsText      `json:"outcomes"`
	Calibration *calibrationText `json:"calibration,omitempty"`
}

type weightText struct {
	Term   *string     `json:"term"`
	Weight *float64    `json:"weight"`
	Curve  []pointText `json:"curve,omitempty"`
}

type pointText struct {
	At      *float64 `json:"at"`
	LogOdds *float64 `json:"logOdds"`
}

type countsText struct {
	Mature   *int `json:"mature"`
	Failed   *int `json:"failed"`
	Censored *int `json:"censored"`
}

type calibrationText struct {
	Shift      *float64  `json:"shift"`
	Slope      *float64  `json:"slope"`
	Covariance []float64 `json:"covariance"`
}

// textOf is m as text. It shares numbers with m.
func textOf(m *Model) modelText {
	ws := make([]weightText, len(m.Weights))
	for i := range m.Weights {
		w := &m.Weights[i]
		ws[i] = weightText{Term: &w.Term, Weight: &w.Weight}
		for j := range w.Curve {
			ws[i].Curve = append(ws[i].Curve, pointText{&w.Curve[j].At, &w.Curve[j].LogOdds})
		}
	}
	t := modelText{Schema: ModelSchema, ID: &m.ID, Extractor: m.Extractor, Bias: &m.Bias, Weights: &ws,
		Outcomes: &countsText{&m.Outcomes.Mature, &m.Outcomes.Failed, &m.Outcomes.Censored}}
	if c := m.Calibration; c != nil {
		t.Calibration = &calibrationText{&c.Shift, &c.Slope, c.Covariance[:]}
	}
	return t
}

// presence notes whether everything was there.
type presence struct{ missing bool }

func there[T any](p *presence, v *T) (out T) {
	if v == nil {
		p.missing = true
		return out
	}
	return *v
}

// model is t as a model, and whether everything was there.
func (t *modelText) model() (*Model, bool) {
	var p presence
	outcomes := there(&p, t.Outcomes)
	m := &Model{ID: there(&p, t.ID), Extractor: t.Extractor, Bias: there(&p, t.Bias), Weights: []Weight{},
		Outcomes: Counts{Mature: there(&p, outcomes.Mature), Failed: there(&p, outcomes.Failed), Censored: there(&p, outcomes.Censored)}}
	for _, w := range there(&p, t.Weights) {
		next := Weight{Term: there(&p, w.Term), Weight: there(&p, w.Weight)}
		for _, q := range w.Curve {
			next.Curve = append(next.Curve, Point{there(&p, q.At), there(&p, q.LogOdds)})
		}
		p.missing = p.missing || w.Curve != nil && next.Curve == nil // an empty curve
		m.Weights = append(m.Weights, next)
	}
	if c := t.Calibration; c != nil {
		p.missing = p.missing || len(c.Covariance) != 3
		m.Calibration = &Calibration{Shift: there(&p, c.Shift), Slope: there(&p, c.Slope)}
		copy(m.Calibration.Covariance[:], c.Covariance)
	}
	return m, !p.missing
}

// MarshalJSON writes the model in the shape of [ModelSchema]. A model that
// [Model.Validate] refuses is an error, since nobody could read it back.
func (m Model) MarshalJSON() ([]byte, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	b, err := json.Marshal(textOf(&m))
	if err == nil && len(b) > MaxModelBytes {
		return nil, fmt.Errorf("risk: model of %d bytes is longer than %d", len(b), MaxModelBytes)
	}
	return b, err
}

// ParseModel reads a model in the shape of [ModelSchema]. The result is valid, has the
// digest of the model that was written, and is the caller's.
//
// It is strict: a member that is missing or that there is not, one in another case or
// twice, null, another schema, and everything that [Model.Validate] refuses is an error.
// Only extractor, curve and calibration may be missing.
func ParseModel(b []byte) (*Model, error) {
	var t modelText
	if err := strictjson.UnmarshalClosed(b, &t, modelLimits, nil); err != nil {
		return nil, fmt.Errorf("risk: model: %w", err)
	}
	if t.Schema != ModelSchema {
		return nil, fmt.Errorf("risk: model: schema is not %q", ModelSchema)
	}
	m, complete := t.model()
	if !complete {
		return nil, errors.New("risk: model: something is missing, or there are not three numbers of covariance")
	}
	if err := m.Validate(); err != nil {
		return nil, err
	}
	return m, nil
}

// UnmarshalJSON is [ParseModel] into m, which does not change on an error.
func (m *Model) UnmarshalJSON(b []byte) error {
	next, err := ParseModel(b)
	if err != nil {
		return err
	}
	*m = *next
	return nil
}
