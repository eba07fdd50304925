package release

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/canon"
)

// Release is a service at a version: what is proposed to run.
type Release struct {
	// Service is the host's name of what is released.
	Service string `json:"service"`
	// Version is the version's name, for people; Commit and Artifacts say what it is.
	Version   string     `json:"version"`
	Commit    Revision   `json:"commit"`
	Artifacts []Artifact `json:"artifacts"`
	// Follows is the digest of the release that it takes the place of; zero is none.
	Follows Digest `json:"follows,omitzero"`
	// Changes is the digest of its change set.
	Changes Digest `json:"changes,omitzero"`
}

// Artifact is one thing that is deployed, identified by its content.
type Artifact struct {
	// Name is unique in the release, and the name that evidence calls it by.
	Name string `json:"name"`
	// PURL is its package URL, where it has one.
	PURL PURL `json:"purl,omitempty"`
	// Digest is the SHA-256 of its content. Required.
	Digest Digest `json:"digest"`
}

// Ref names a release where the whole of it is not needed.
type Ref struct {
	// Service and Version are the release's, for people. Digest is [Release.Digest]'s
	// and identifies it.
	Service string `json:"service"`
	Version string `json:"version"`
	Digest  Digest `json:"digest"`
}

// IsZero reports whether r names nothing.
func (r Ref) IsZero() bool { return r == Ref{} }

// String is "service version (digest)".
func (r Ref) String() string {
	if r.IsZero() {
		return "nothing"
	}
	return fmt.Sprintf("%s %s (%s)", r.Service, r.Version, r.Digest.Short())
}

// Validate reports everything that keeps r from being decided on.
func (r *Release) Validate() error {
	var errs []error
	if r.Service == "" {
		errs = append(errs, errors.New("release: no service"))
	}
	if r.Version == "" {
		errs = append(errs, errors.New("release: no version"))
	}
	if _, err := ParseRevision(string(r.Commit)); err != nil {
		errs = append(errs, err)
	}
	if len(r.Artifacts) == 0 {
		errs = append(errs, errors.New("release: no artifact: nothing would be deployed"))
	}
	seen := map[string]bool{}
	for i, a := range r.Artifacts {
		switch {
		case strings.TrimSpace(a.Name) == "":
			errs = append(errs, fmt.Errorf("release: artifact %d has no name", i))
		case seen[a.Name]:
			errs = append(errs, fmt.Errorf("release: artifact %q stands twice", a.Name))
		}
		seen[a.Name] = true
		if a.Digest.IsZero() {
			errs = append(errs, fmt.Errorf("release: artifact %q has no digest", a.Name))
		}
	}
	return errors.Join(errs...)
}

// Canonical is the release as canonical JSON (RFC 8785): one value has one text.
func (r *Release) Canonical() ([]byte, error) { return canon.Marshal(r) }

// Digest identifies the release by its canonical bytes.
func (r *Release) Digest() (Digest, error) {
	d, err := canon.Digest("sallyport.release.release.v1", r)
	return Digest(d), err
}

// Ref names the release.
func (r *Release) Ref() (Ref, error) {
	d, err := r.Digest()
	if err != nil {
		return Ref{}, err
	}
	return Ref{Service: r.Service, Version: r.Version, Digest: d}, nil
}
