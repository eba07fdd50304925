package evidence

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/release"
)

// Predicate is a predicate that this package knows: what its type is called,
// and what its specification demands of the content.
type Predicate interface {
	// PredicateType is the URI of the predicate's type, version included. It is the
	// same for every value of the Go type, the zero value too.
	PredicateType() string
	// Validate reports everything that its specification does not allow.
	Validate() error
}

// The predicate types that have Go types here.
const (
	TypeTestResult = "https://in-toto.io/attestation/test-result/v0.1"
	TypeProvenance = "https://slsa.dev/provenance/v1"
	TypeVulns      = "https://in-toto.io/attestation/vulns/v0.2"
	TypeVSA        = "https://slsa.dev/verification_summary/v1"
	TypeApproval   = "https://sallyport.dev/approval/v1"
	TypeDeployment = "https://sallyport.dev/deployment/v1"
)

// kinds says which predicate types show which kind of evidence. It is the only
// such table: a predicate type that is not here shows nothing. Types match
// exactly, because a prefix would let a future version in unread.
var kinds = map[string]release.EvidenceKind{
	TypeTestResult: release.EvidenceTest,
	TypeApproval:   release.EvidenceApproval,
	TypeProvenance: release.EvidenceProvenance,
	TypeVulns:      release.EvidenceScan,
}

// KindOf is the kind of evidence that statements of a predicate type are:
//
//	https://in-toto.io/attestation/test-result/v0.1  test-result
//	https://sallyport.dev/approval/v1                approval
//	https://slsa.dev/provenance/v1                   provenance
//	https://in-toto.io/attestation/vulns/v0.2        scan
//
// It is "" for every other type.
func KindOf(predicateType string) release.EvidenceKind { return kinds[predicateType] }

// As reads the predicate of a statement into a type of this package, strictly:
// the predicate type must be T's, names must match exactly, and the content
// must be valid. Unknown fields are ignored, as in-toto demands, but for the
// predicates of this module, where a field that is not understood might be a
// condition.
func As[T Predicate](st Statement) (T, error) {
	var p, zero T
	if st.predicateType != p.PredicateType() {
		return zero, fmt.Errorf("evidence: predicate is of type %q, not %q", st.predicateType, p.PredicateType())
	}
	_, closed := any(p).(interface{ closed() })
	if err := decode(st.predicate, &p, closed); err != nil {
		return zero, fmt.Errorf("evidence: predicate %s: %w", p.PredicateType(), err)
	}
	if err := p.Validate(); err != nil {
		return zero, err
	}
	return p, nil
}
