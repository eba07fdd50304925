package predicate

import (
	"encoding/json"
	"errors"
	"time"
)

// TypeSVRV01 is the predicate type of [SVRV01].
const TypeSVRV01 = "https://in-toto.io/attestation/svr/v0.1"

// SVRV01 is in-toto's Simple Verification Result v0.1
// (https://github.com/in-toto/attestation/blob/v1.2.0/spec/predicates/svr.md): an
// [SVR] that need not say by which policies.
type SVRV01 struct {
	// Verifier is who verified.
	Verifier VerifierV01 `json:"verifier"`
	// TimeCreated is when the subjects were verified, by the verifier's own claim.
	// Required.
	TimeCreated time.Time `json:"timeCreated"`
	// Properties are what was verified. Required; what a name means is the verifier's
	// to say.
	Properties []string `json:"properties"`
}

// VerifierV01 is who verified, as SVR v0.1 has it.
type VerifierV01 struct {
	// ID is the verifier's URI; required. Readers pair it with who signed.
	ID string `json:"id"`
	// Policy is the extension field that the specification suggests for what was gone
	// by, in the verifier's form.
	Policy json.RawMessage `json:"policy,omitempty"`
}

// PredicateType is [TypeSVRV01].
func (SVRV01) PredicateType() string { return TypeSVRV01 }

// Validate demands what the specification does.
func (v SVRV01) Validate() error {
	var errs []error
	if v.Verifier.ID == "" {
		errs = append(errs, errors.New("no verifier.id"))
	}
	if v.TimeCreated.IsZero() {
		errs = append(errs, errors.New("no timeCreated"))
	}
	return invalid(v, append(errs, validateProperties(v.Properties))...)
}
