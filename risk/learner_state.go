package risk

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// The schema of a learner's state. The first had a horizon always, and no tier and lane; it is still read.
const (
	learnerSchema  = "sallyport/risk/learner/v2"
	learnerSchema1 = "sallyport/risk/learner/v1"
)

// maxState bounds the JSON of a learner. 4,000 observations are about 2 MB; with causes as
// long as they may be, of characters that JSON writes as six, they are 27 MB.
const maxState = 32 << 20

func stateLimits(bytes, elements int) strictjson.Limits {
	return strictjson.Limits{Package: "risk", Bytes: bytes, Depth: 8, Names: 64, Elements: elements}
}

// writtenZero: a state writes its zeros, and they are what they say.
func writtenZero(reflect.Type, []byte) bool { return false }

type learnerState struct {
	Schema       string        `json:"schema"`
	Horizon      time.Duration `json:"horizon"`
	Observations []Observed    `json:"observations"`
}

// MarshalJSON writes the state: the horizon in nanoseconds and the newest that is known of each
// release. The base is the caller's and is not in it.
func (l Learner) MarshalJSON() ([]byte, error) { // not of a pointer, so that a copy is written too
	s := learnerState{learnerSchema, l.horizon(), make([]Observed, len(l.kept))}
	for i, o := range l.kept {
		s.Observations[i] = *o
	}
	return json.Marshal(s)
}

// UnmarshalJSON reads what MarshalJSON wrote, in this version or the one before, and takes the place of what the
// learner knew; its Base stays. It is strict: an unknown member, another schema, null, a name twice, or an observation
// that [Learner.Observe] would refuse is an error, and the learner is not changed.
func (l *Learner) UnmarshalJSON(b []byte) error {
	var s learnerState
	if err := strictjson.UnmarshalClosed(b, &s, stateLimits(maxState, maxKept), writtenZero); err != nil {
		return fmt.Errorf("risk: learner state: %w", err)
	}
	switch {
	case s.Schema != learnerSchema && s.Schema != learnerSchema1:
		return fmt.Errorf("risk: learner state has schema %s, not %q", strictjson.Quoted(s.Schema), learnerSchema)
	case s.Horizon < 0 || s.Horizon == 0 && s.Schema == learnerSchema1:
		return fmt.Errorf("risk: learner state has horizon %s", s.Horizon)
	case s.Observations == nil:
		return errors.New("risk: learner state without observations")
	}
	next := Learner{Horizon: s.Horizon, Base: l.Base}
	for i, o := range s.Observations {
		if s.Schema == learnerSchema1 && (o.Tier != release.TierUnknown || o.Lane != release.LaneNormal) {
			return fmt.Errorf("risk: learner state: observation %d has a treatment, which %s does not know", i, learnerSchema1)
		}
		if err := next.Observe(o); err != nil {
			return fmt.Errorf("risk: learner state: observation %d: %w", i, err)
		}
	}
	if len(next.kept) != len(s.Observations) {
		return errors.New("risk: learner state has a release twice")
	}
	*l = next
	return nil
}
