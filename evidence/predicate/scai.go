package predicate

import (
	"encoding/json"
	"errors"
	"fmt"
)

// TypeSCAI is the predicate type of [SCAI].
const TypeSCAI = "https://in-toto.io/attestation/scai/v0.3"

// SCAI is an attribute report of Software Supply Chain Attribute Integrity v0.3
// (https://github.com/in-toto/attestation/blob/main/spec/predicates/scai.md).
type SCAI struct {
	// Attributes are what is asserted; at least one. Which words they use is between
	// producer and consumer.
	Attributes []AttributeAssertion `json:"attributes"`
	// Producer is what made the subjects, nil if that is not told.
	Producer *Resource `json:"producer,omitempty"`
}

// AttributeAssertion says that something has an attribute.
type AttributeAssertion struct {
	// Attribute is the attribute, such as "WITH_STACK_PROTECTION". Required.
	Attribute string `json:"attribute"`
	// Target is what has it, nil for the subjects or their producer.
	Target *Resource `json:"target,omitempty"`
	// Conditions are those under which it holds: an object in the producer's form.
	Conditions json.RawMessage `json:"conditions,omitempty"`
	// Evidence is what proves it, nil if there is only the signature.
	Evidence *Resource `json:"evidence,omitempty"`
}

// PredicateType is [TypeSCAI].
func (SCAI) PredicateType() string { return TypeSCAI }

// Validate demands attributes, and resources that are whole.
func (s SCAI) Validate() error {
	var errs []error
	if len(s.Attributes) == 0 {
		errs = append(errs, errors.New("no attributes"))
	}
	for i, a := range s.Attributes {
		if err := a.validate(); err != nil {
			errs = append(errs, fmt.Errorf("attributes[%d]: %w", i, err))
			break
		}
	}
	return invalid(s, append(errs, validateOptional("producer", s.Producer))...)
}

func (a AttributeAssertion) validate() error {
	if a.Attribute == "" {
		return errors.New("no attribute")
	}
	return errors.Join(validateOptional("target", a.Target), validateObject("conditions", a.Conditions), validateOptional("evidence", a.Evidence))
}
