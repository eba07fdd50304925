package predicate

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// VSA is SLSA's verification summary v1 (https://slsa.dev/spec/v1.2/verification_summary):
// somebody verified the subjects under a policy, with this result. Versions 1.0 to
// 1.2 of SLSA have the same type, and all are read. The summary of a source
// revision is one whose subject has the revision as its digest, such as
// "gitCommit"; the subject's annotation "sourceRefs" is not in the predicate.
type VSA struct {
	// Verifier is who verified, and TimeVerified when, by its own claim; zero where it
	// is not told.
	Verifier     Verifier  `json:"verifier"`
	TimeVerified time.Time `json:"timeVerified,omitzero"`
	// ResourceURI is what the subjects are; a reader must compare it with what it
	// is about to use.
	ResourceURI string `json:"resourceUri"`
	// Policy is what the subjects were verified against. Its URI is required, and its
	// digest says which version of it.
	Policy Resource `json:"policy"`
	// InputAttestations are the attestations that the result rests on, each with its
	// digest: all of them, or none where the verifier does not tell.
	InputAttestations []Resource `json:"inputAttestations,omitempty"`
	// VerificationResult is [ResultPassed] or [ResultFailed].
	VerificationResult string `json:"verificationResult"`
	// VerifiedLevels has at most one level of each SLSA track, and any properties, or
	// FAILED.
	VerifiedLevels []string `json:"verifiedLevels"`
	// DependencyLevels counts the transitive dependencies at each level. Nil says
	// nothing of them; empty says that there are none.
	DependencyLevels map[string]uint64 `json:"dependencyLevels,omitzero"`
	// SLSAVersion is the version of SLSA that the verifier went by, such as "1.2"; ""
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

var slsaVersion = regexp.MustCompile(`^[0-9]+\.[0-9]+$`)

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
	if v.Policy.URI == "" {
		errs = append(errs, errors.New("no policy.uri"))
	}
	for i, in := range v.InputAttestations {
		if len(in.Digest) == 0 {
			errs = append(errs, fmt.Errorf("inputAttestations[%d] has no digest", i))
			break
		}
	}
	if v.SLSAVersion != "" && !slsaVersion.MatchString(v.SLSAVersion) {
		errs = append(errs, fmt.Errorf("slsaVersion %s is not like 1.2", strictjson.Quoted(v.SLSAVersion)))
	}
	if v.VerificationResult != ResultPassed && v.VerificationResult != ResultFailed {
		errs = append(errs, fmt.Errorf("verificationResult %s is neither PASSED nor FAILED", strictjson.Quoted(v.VerificationResult)))
	}
	if len(v.VerifiedLevels) == 0 {
		errs = append(errs, errors.New("no verifiedLevels"))
	}
	tracks := map[string]bool{}
	for _, l := range v.VerifiedLevels {
		if l == "" {
			errs = append(errs, errors.New("verifiedLevels has an empty one"))
			break
		}
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
	return invalid(v, errs...)
}
