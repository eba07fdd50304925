package predicate

import (
	"errors"
	"fmt"
)

// Predicate is what a statement says: what its type is called, and what its
// specification demands of the content.
type Predicate interface {
	// PredicateType is the URI of the predicate's type, version included: of a value
	// that was read, the one that it was read under; of another, the one that new
	// statements carry.
	PredicateType() string
	// Validate reports everything that its specification does not allow.
	Validate() error
}

// The predicate types that new statements of the types here carry.
const (
	TypeTestResult = "https://in-toto.io/attestation/test-result/v0.1"
	TypeProvenance = "https://slsa.dev/provenance/v1"
	TypeVulns      = "https://in-toto.io/attestation/vulns/v0.2"
	TypeVSA        = "https://slsa.dev/verification_summary/v1"
	TypeApproval   = "https://sallyport.dev/approval/v1"
	TypeDeployment = "https://sallyport.dev/deployment/v1"
)

// family is implemented by types that read more than one URI.
type family interface {
	reads(predicateType string) bool
}

// closed is implemented by the predicates that refuse a field which they do not
// know.
type closed interface{ closed() }

// decoder is implemented by pointers to the types whose predicate is not simply
// an object with the type's fields, or that keep the URI which they were read
// under.
type decoder interface {
	decode(predicateType string, raw []byte) error
}

// document is implemented by the types that keep what they were read from. What
// was just read agrees with it, and need not be read again to see that.
type document interface {
	validateRead() error
}

// invalid is the error of a predicate's Validate, nil if there is none.
func invalid(p Predicate, errs ...error) error {
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("evidence: predicate %s: %w", p.PredicateType(), err)
	}
	return nil
}
