package evidence

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// NewApproval is a decision about r and the evidence about it in set. The caller
// may then set Role, Environment, Comment and Expires.
func NewApproval(d predicate.ApprovalDecision, r release.Release, set []Verified) (predicate.Approval, error) {
	if err := r.Validate(); err != nil {
		return predicate.Approval{}, fmt.Errorf("evidence: %w", err)
	}
	digest, err := r.Digest()
	if err != nil {
		return predicate.Approval{}, fmt.Errorf("evidence: %w", err)
	}
	looked, err := Supporting(r, set)
	if err != nil {
		return predicate.Approval{}, err
	}
	a := predicate.Approval{Decision: d, Release: digest, Changes: r.Changes, Evidence: digestsOf(looked)}
	a.EvidenceSet = predicate.SetDigest(a.Evidence)
	return a, a.Validate()
}
