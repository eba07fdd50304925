package risk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

const learnerSchema = "sallyport/risk/learner/v1"

// maxState bounds the JSON of a learner; 4,000 observations are about 1.6 MB.
const maxState = 16 << 20

type learnerState struct {
	Schema       string        `json:"schema"`
	Horizon      time.Duration `json:"horizon"`
	Observations observations  `json:"observations"`
}

// observations stops reading where there are too many, so that a short text cannot
// become a large state.
type observations []observation

func (os *observations) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields() // a decoder's strictness does not reach its types' own methods
	if open, err := d.Token(); err != nil || open != json.Delim('[') {
		return errors.New("the observations are no list")
	}
	*os = (*os)[:0]
	for d.More() {
		if len(*os) == maxKept {
			return fmt.Errorf("there are more than %d observations", maxKept)
		}
		var o observation
		if err := d.Decode(&o); err != nil {
			return err
		}
		*os = append(*os, o)
	}
	return nil
}

// MarshalJSON writes the state: the horizon and the newest that is known of each
// release. The base is the caller's and is not in it.
func (l *Learner) MarshalJSON() ([]byte, error) {
	return json.Marshal(learnerState{learnerSchema, l.horizon(), append(observations{}, l.kept...)})
}

// UnmarshalJSON reads what MarshalJSON wrote and takes the place of what the learner knew;
// its Base stays. It is strict: an unknown member, another schema, or an observation that
// [Learner.Observe] would refuse is an error, and the learner is not changed.
func (l *Learner) UnmarshalJSON(b []byte) error {
	if len(b) > maxState {
		return fmt.Errorf("risk: learner state of %d bytes is longer than %d", len(b), maxState)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var s learnerState
	if err := d.Decode(&s); err != nil {
		return fmt.Errorf("risk: learner state: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("risk: learner state: something follows it")
	}
	if s.Schema != learnerSchema {
		return fmt.Errorf("risk: learner state has schema %q, not %q", s.Schema, learnerSchema)
	}
	if s.Horizon <= 0 {
		return fmt.Errorf("risk: learner state has horizon %s", s.Horizon)
	}
	next := Learner{Horizon: s.Horizon, Base: l.Base}
	for i, o := range s.Observations {
		if err := next.Observe(o.Outcome, o.Features); err != nil {
			return fmt.Errorf("risk: learner state: observation %d: %w", i, err)
		}
	}
	if len(next.kept) != len(s.Observations) {
		return errors.New("risk: learner state has a release twice")
	}
	*l = next
	return nil
}
