package evidence

import (
	"errors"
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// NewDeployment makes a statement of a rollout's event about r, which went by the
// decision d; signed are the envelopes of d's statement ([Decision.Statement])
// or summary ([VSA]), and of those of earlier decisions about the same rollout.
// What d says is not looked at: a release that is rolled back may be one that is
// denied by now, and under break-glass one goes out that was never allowed.
func NewDeployment(r release.Release, ev release.Event, d Decision, signed ...release.Digest) (Statement, error) {
	ref, err := r.Ref()
	if err != nil {
		return Statement{}, fmt.Errorf("evidence: %w", err)
	}
	if ev.Release != ref {
		return Statement{}, fmt.Errorf("evidence: event %q is about %s, not %s", ev.ID, ev.Release, ref)
	}
	if digest, err := d.Release.Digest(); err != nil || digest != ref.Digest {
		return Statement{}, fmt.Errorf("evidence: the decision is not about %s", ref)
	}
	if d.Environment != "" && d.Environment != ev.Environment {
		return Statement{}, fmt.Errorf("evidence: the decision is for %q, and event %q is in %q", d.Environment, ev.ID, ev.Environment)
	}
	if d.Evidence.IsZero() {
		return Statement{}, errors.New("evidence: the decision is none of Decide's: it names no evidence")
	}
	signed = slices.Clone(signed)
	slices.SortFunc(signed, release.Digest.Compare)
	return For(r, predicate.Deployment{Event: ev, EvidenceSet: d.Evidence, Decisions: slices.Compact(signed)})
}
