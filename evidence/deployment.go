package evidence

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// NewDeployment makes a statement of a rollout's event about r.
func NewDeployment(r release.Release, ev release.Event, decisions ...release.Digest) (Statement, error) {
	ref, err := r.Ref()
	if err != nil {
		return Statement{}, fmt.Errorf("evidence: %w", err)
	}
	if ev.Release != ref {
		return Statement{}, fmt.Errorf("evidence: event %q is about %s, not %s", ev.ID, ev.Release, ref)
	}
	return For(r, predicate.Deployment{Event: ev, Decisions: decisions})
}
