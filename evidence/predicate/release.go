package predicate

import (
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/internal/clip"
	"github.com/sallyport-dev/sallyport/release"
)

// The predicate types of [Release].
const (
	TypeRelease    = "https://in-toto.io/attestation/release/v0.2"
	TypeReleaseV01 = "https://in-toto.io/attestation/release/v0.1"
)

// Release is in-toto's release v0.1 and v0.2: a registry says which artifacts, the
// subjects, are a version of a package
// (https://github.com/in-toto/attestation/blob/main/spec/predicates/release.md).
// GitHub's for immutable releases is one, with fields of its own.
//
// Where several releases of one package URL are attested, the last one says all
// that the release has now.
type Release struct {
	// Type is the URI that it was read under; "" is [TypeRelease].
	Type string `json:"-"`
	// PURL is the package URL, with a version, as it was written. Required.
	PURL string `json:"purl"`
	// PackageID is the registry's lasting identifier of the package, whatever its name
	// and version. Before v0.2 it was ReleaseID; the specification's own examples use
	// either name under either type. [Release.Package] is whichever is there.
	PackageID string `json:"packageId,omitempty"`
	ReleaseID string `json:"releaseId,omitempty"`
	// Repository, Tag, RepositoryID and OwnerID are GitHub's: "owner/name", the git
	// tag, and the lasting identifiers of the repository and its owner.
	Repository   string `json:"repository,omitempty"`
	Tag          string `json:"tag,omitempty"`
	RepositoryID string `json:"repositoryId,omitempty"`
	OwnerID      string `json:"ownerId,omitempty"`
}

// PredicateType is Type, or [TypeRelease].
func (r Release) PredicateType() string { return orElse(r.Type, TypeRelease) }

func (Release) reads(predicateType string) bool {
	return predicateType == TypeRelease || predicateType == TypeReleaseV01
}

func (r *Release) decode(predicateType string, raw []byte) error {
	err := decodeObject(raw, r)
	r.Type = predicateType
	return err
}

// Package is the registry's lasting identifier of the package, "" if it is not
// told.
func (r Release) Package() string { return orElse(r.PackageID, r.ReleaseID) }

// Validate demands a package URL with a version, and one identifier at most.
func (r Release) Validate() error {
	errs := []error{validateType(r)}
	if p, err := release.NormalizePURL(r.PURL); err != nil {
		errs = append(errs, fmt.Errorf("purl: %s", clip.Text(err.Error(), 300)))
	} else if p.Version() == "" {
		errs = append(errs, errors.New("purl has no version"))
	}
	if r.PackageID != "" && r.ReleaseID != "" && r.PackageID != r.ReleaseID {
		errs = append(errs, errors.New("packageId and releaseId differ"))
	}
	return invalid(r, errs...)
}
