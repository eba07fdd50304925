package predicate

import (
	"errors"
	"fmt"
)

// TypeNPMPublish is the predicate type of [NPMPublish].
const TypeNPMPublish = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1"

// NPMPublish is npm's publish attestation v0.1: the registry, which signs it, has
// accepted a version of a package
// (https://github.com/npm/attestation/tree/main/specs/publish/v0.1). The subject is
// the package's purl with the tarball's sha512.
type NPMPublish struct {
	// Name and Version are the package's, Registry the URL of where it is. All are
	// required.
	Name     string `json:"name"`
	Version  string `json:"version"`
	Registry string `json:"registry"`
}

// PredicateType is [TypeNPMPublish].
func (NPMPublish) PredicateType() string { return TypeNPMPublish }

// Validate demands every field.
func (p NPMPublish) Validate() error {
	var errs []error
	for _, f := range []struct{ name, value string }{{"name", p.Name}, {"version", p.Version}, {"registry", p.Registry}} {
		if f.value == "" {
			errs = append(errs, fmt.Errorf("no %s", f.name))
		}
	}
	return invalid(p, errors.Join(errs...))
}
