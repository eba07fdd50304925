package predicate

import (
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// Deployment says what a rollout did: that a release was exposed, deployed, or
// rolled back, where and when, and under which decisions. Its subjects are the
// release's artifacts.
type Deployment struct {
	// Event is what happened. Its Release is the one whose artifacts are the subjects.
	Event release.Event `json:"event"`
	// Decisions are the envelopes of the verification summaries that allowed it.
	Decisions []release.Digest `json:"decisions,omitempty"`
}

// PredicateType is [TypeDeployment].
func (Deployment) PredicateType() string { return TypeDeployment }

func (Deployment) closed() {}

// Validate demands an event that says what happened to which release, where and
// when.
func (d Deployment) Validate() error {
	var errs []error
	e := d.Event
	if e.ID == "" {
		errs = append(errs, errors.New("no event.id"))
	}
	switch e.Kind {
	case release.EventStarted, release.EventExposed, release.EventRegressed, release.EventDeployed, release.EventRolledBack, release.EventStopped:
	default:
		errs = append(errs, fmt.Errorf("event.kind %s is unknown", strictjson.Quoted(string(e.Kind))))
	}
	if e.At.IsZero() {
		errs = append(errs, errors.New("no event.at"))
	}
	if e.Release.Service == "" || e.Release.Digest.IsZero() {
		errs = append(errs, errors.New("no event.release"))
	}
	if e.Environment == "" {
		errs = append(errs, errors.New("no event.environment"))
	}
	if !(e.Percent >= 0 && e.Percent <= 100) {
		errs = append(errs, fmt.Errorf("event.percent %v is not from 0 to 100", e.Percent))
	}
	for i, r := range d.Decisions {
		if r.IsZero() {
			errs = append(errs, fmt.Errorf("decisions[%d] is empty", i))
			break
		}
	}
	return invalid(d, errs...)
}
