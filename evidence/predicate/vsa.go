package predicate

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// VSA is SLSA's verification summary v1 (https://slsa.dev/spec/v1.2/verification_summary):
// somebody verified the subjects under a policy, with this result.
type VSA struct {
	// Verifier is who verified, and TimeVerified when, by its own claim; zero where it
	// is not told.
	Verifier     Verifier  `json:"verifier"`
	TimeVerified time.Time `json:"timeVerified,omitzero"`
	// ResourceURI is what the subjects are; a reader must compare it with what it
	// is about to use.
	ResourceURI string `json:"resourceUri"`
	// Policy is what the subjects were verified against, by a URI or a digest.
	Policy Resource `json:"policy"`
	// InputAttestations are the attestations that the result rests on.
	InputAttestations []Resource `json:"inputAttestations,omitempty"`
	// VerificationResult is [ResultPassed] or [ResultFailed].
	VerificationResult string `json:"verificationResult"`
	// VerifiedLevels has at most one level of each SLSA track, or FAILED.
	VerifiedLevels []string `json:"verifiedLevels"`
	// DependencyLevels counts the dependencies at each level.
	DependencyLevels map[string]uint64 `json:"dependencyLevels,omitempty"`
	// SLSAVersion is the version of SLSA that the verifier went by, such as "1.1"; ""
	// is some 1.x.
	SLSAVersion string `json:"slsaVersion,omitempty"`
}

// Verifier is who verified.
type Verifier struct {
	// ID is the verifier's URI; required. Version has the versions of its components
	// by their names.
	ID      string            `json:"id"`
	Version map[string]string `json:"version,omitempty"`
}

// The results and levels that this module writes.
const (
	ResultPassed = "PASSED"
	ResultFailed = "FAILED"
	// LevelUnevaluated says that nobody looked at the SLSA level of the build. It
	// is a level that provenance asserts of itself and nobody verified.
	LevelUnevaluated = "SLSA_BUILD_LEVEL_UNEVALUATED"
	LevelFailed      = "FAILED"
)

// PredicateType is [TypeVSA].
func (VSA) PredicateType() string { return TypeVSA }

// Validate demands what the specification does.
func (v VSA) Validate() error {
	var errs []error
	if v.Verifier.ID == "" {
		errs = append(errs, errors.New("no verifier.id"))
	}
	if v.ResourceURI == "" {
		errs = append(errs, errors.New("no resourceUri"))
	}
	if v.Policy.URI == "" && len(v.Policy.Digest) == 0 {
		errs = append(errs, errors.New("no policy"))
	}
	if v.VerificationResult != ResultPassed && v.VerificationResult != ResultFailed {
		errs = append(errs, fmt.Errorf("verificationResult %s is neither PASSED nor FAILED", strictjson.Quoted(v.VerificationResult)))
	}
	if len(v.VerifiedLevels) == 0 {
		errs = append(errs, errors.New("no verifiedLevels"))
	}
	tracks := map[string]bool{}
	for _, l := range v.VerifiedLevels {
		if l == LevelFailed && v.VerificationResult == ResultPassed {
			errs = append(errs, errors.New("it says PASSED at the level FAILED"))
		}
		track, _, ok := strings.Cut(strings.TrimPrefix(l, "SLSA_"), "_LEVEL_")
		if !ok || !strings.HasPrefix(l, "SLSA_") {
			continue
		}
		if tracks[track] {
			errs = append(errs, fmt.Errorf("verifiedLevels has two levels of the track %s", strictjson.Quoted(track)))
			break
		}
		tracks[track] = true
	}
	return invalid(v, append(errs, validateAll("inputAttestations", v.InputAttestations))...)
}
