package predicate

import (
	"encoding/json"
	"errors"
	"fmt"
)

// TypeLink is the predicate type of [Link].
const TypeLink = "https://in-toto.io/attestation/link/v0.3"

// Link is in-toto's link v0.3: one step of a supply chain was carried out
// (https://github.com/in-toto/attestation/blob/main/spec/predicates/link.md).
// Its products are the statement's subjects, whose names must differ; that is for
// whoever has the statement to check.
type Link struct {
	// Name is the step's. Required.
	Name string `json:"name"`
	// Command is what was run, with its arguments.
	Command []string `json:"command,omitzero"`
	// Materials are what went into the step: each has a Name of its own and a Digest.
	Materials []Resource `json:"materials,omitzero"`
	// Byproducts and Environment are objects of the producer's own.
	Byproducts  json.RawMessage `json:"byproducts,omitempty"`
	Environment json.RawMessage `json:"environment,omitempty"`
}

// PredicateType is [TypeLink].
func (Link) PredicateType() string { return TypeLink }

// Validate demands a step, and materials that can be told apart.
func (l Link) Validate() error {
	var errs []error
	if l.Name == "" {
		errs = append(errs, errors.New("no name"))
	}
	seen := make(map[string]bool, len(l.Materials))
	for i, m := range l.Materials {
		if m.Name == "" || len(m.Digest) == 0 || seen[m.Name] {
			errs = append(errs, fmt.Errorf("materials[%d] has no name of its own or no digest", i))
			break
		}
		seen[m.Name] = true
	}
	return invalid(l, append(errs,
		validateAll("materials", l.Materials),
		validateObject("byproducts", l.Byproducts),
		validateObject("environment", l.Environment))...)
}
