package predicate

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Resource is in-toto's ResourceDescriptor
// (https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md).
// It needs at least one of URI, Digest and Content.
type Resource struct {
	// Name tells the resources of one list apart.
	Name string `json:"name,omitempty"`
	// URI identifies the resource globally.
	URI string `json:"uri,omitempty"`
	// Digest has the digests of its content by algorithm, such as "sha256", in the
	// form that the algorithm's name in in-toto's DigestSet prescribes.
	Digest map[string]string `json:"digest,omitzero"`
	// Content is the resource itself; in JSON it is base64.
	Content []byte `json:"content,omitzero"`
	// DownloadLocation is where to get it, if that is not the URI. Nothing here
	// fetches it.
	DownloadLocation string `json:"downloadLocation,omitempty"`
	// MediaType is the content's, such as "application/json".
	MediaType string `json:"mediaType,omitempty"`
	// Annotations are the producer's own, kept as they were written.
	Annotations map[string]json.RawMessage `json:"annotations,omitzero"`
}

// validate is the specification's "one of uri, digest or content is required",
// and DigestSet's form.
func (r Resource) validate() error {
	if r.URI == "" && len(r.Digest) == 0 && len(r.Content) == 0 {
		return errors.New("a resource has none of uri, digest and content")
	}
	return validateDigest(r.Digest)
}

// validateSome is validateAll for a list that may have empty resources, which say
// nothing.
func validateSome(where string, rs []Resource) error {
	for i, r := range rs {
		if err := r.validate(); err != nil && !r.empty() {
			return fmt.Errorf("%s[%d]: %w", where, i, err)
		}
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

// validateOptional is validate for a resource that need not be there; {} is as
// good as absent.
func validateOptional(where string, r *Resource) error {
	if r == nil || r.empty() {
		return nil
	}
	return at(where, r.validate())
}

func (r *Resource) empty() bool {
	return r.Name == "" && r.URI == "" && r.Digest == nil && r.Content == nil && r.DownloadLocation == "" && r.MediaType == "" && r.Annotations == nil
}
