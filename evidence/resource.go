package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Resource is in-toto's ResourceDescriptor
// (https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md).
type Resource struct {
	Name             string                     `json:"name,omitempty"`
	URI              string                     `json:"uri,omitempty"`
	Digest           map[string]string          `json:"digest,omitempty"`
	Content          []byte                     `json:"content,omitempty"`
	DownloadLocation string                     `json:"downloadLocation,omitempty"`
	MediaType        string                     `json:"mediaType,omitempty"`
	Annotations      map[string]json.RawMessage `json:"annotations,omitempty"`
}

// validate is the specification's "one of uri, digest or content is required".
func (r Resource) validate() error {
	if r.URI == "" && len(r.Digest) == 0 && len(r.Content) == 0 {
		return errors.New("a resource has none of uri, digest and content")
	}
	return nil
}

func validateAll(where string, rs []Resource) error {
	for i, r := range rs {
		if err := r.validate(); err != nil {
			return fmt.Errorf("%s[%d]: %w", where, i, err)
		}
	}
	return nil
}

// invalid is the error of a predicate's Validate, nil if there is none.
func invalid(p Predicate, errs ...error) error {
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("evidence: predicate %s: %w", p.PredicateType(), err)
	}
	return nil
}
