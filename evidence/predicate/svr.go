package predicate

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// TypeSVR is the predicate type of [SVR].
const TypeSVR = "https://in-toto.io/attestation/svr/v0.2"

// SVR is in-toto's Simple Verification Result v0.2
// (https://github.com/in-toto/attestation/blob/main/spec/predicates/svr.md):
// somebody looked at the subjects and found that they have these properties. It
// has no way to say that they have not; one without properties says nothing.
//
// Version 0.1 lacks the policies, and is another type: [SVRV01].
type SVR struct {
	// Verifier is who verified, by which policies.
	Verifier PolicyVerifier `json:"verifier"`
	// TimeCreated is when the subjects were verified, by the verifier's own claim.
	// Required.
	TimeCreated time.Time `json:"timeCreated"`
	// Properties are what was verified, such as "SLSA_BUILD_LEVEL_3". Required; what
	// a name means is the verifier's to say.
	Properties []string `json:"properties"`
}

// PolicyVerifier is who verified, by which policies.
type PolicyVerifier struct {
	// ID is the verifier's URI; required. Readers pair it with who signed.
	ID string `json:"id"`
	// Policies are those that were used. The list is required, and empty where none
	// can be referred to.
	Policies []Resource `json:"policies"`
}

// PredicateType is [TypeSVR].
func (SVR) PredicateType() string { return TypeSVR }

// Validate demands what the specification does.
func (v SVR) Validate() error {
	var errs []error
	if v.Verifier.ID == "" {
		errs = append(errs, errors.New("no verifier.id"))
	}
	if v.Verifier.Policies == nil {
		errs = append(errs, errors.New("no verifier.policies: where there is none to refer to, it must say so by an empty list"))
	}
	if v.TimeCreated.IsZero() {
		errs = append(errs, errors.New("no timeCreated"))
	}
	return invalid(v, append(errs, validateProperties(v.Properties), validateAll("verifier.policies", v.Verifier.Policies))...)
}

func validateProperties(properties []string) error {
	if properties == nil {
		return errors.New("no properties")
	}
	if i := slices.Index(properties, ""); i >= 0 {
		return fmt.Errorf("properties[%d] is empty", i)
	}
	return nil
}
