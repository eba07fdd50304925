package predicate

import (
	"errors"
	"fmt"
)

// TypeReference is the predicate type of [Reference].
const TypeReference = "https://in-toto.io/attestation/reference/v0.1"

// Reference is in-toto's reference v0.1: documents about the subjects that are
// kept elsewhere, such as a large SBOM
// (https://github.com/in-toto/attestation/blob/main/spec/predicates/reference.md).
type Reference struct {
	// Attester is what provides the documents.
	Attester Attester `json:"attester"`
	// References are the documents, at least one, each with a DownloadLocation and a
	// MediaType. Nothing here fetches them.
	References []Resource `json:"references"`
}

// Attester is what provides documents.
type Attester struct {
	// ID is its URI. Required.
	ID string `json:"id"`
}

// PredicateType is [TypeReference].
func (Reference) PredicateType() string { return TypeReference }

// Validate demands an attester, and documents that can be fetched.
func (r Reference) Validate() error {
	var errs []error
	if r.Attester.ID == "" {
		errs = append(errs, errors.New("no attester.id"))
	}
	if len(r.References) == 0 {
		errs = append(errs, errors.New("no references"))
	}
	for i, d := range r.References {
		if d.DownloadLocation == "" || d.MediaType == "" {
			errs = append(errs, fmt.Errorf("references[%d] has no downloadLocation or no mediaType", i))
			break
		}
	}
	return invalid(r, append(errs, validateAll("references", r.References))...)
}
