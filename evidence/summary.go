package evidence

import (
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// SummaryOptions say who summarises a decision, and for whom.
type SummaryOptions struct {
	// VerifierID is the URI of whoever decides. Readers pair it with the key that
	// signs the summary. Required.
	VerifierID string
	// VerifierVersion says which versions of what decided; it may be empty.
	VerifierVersion map[string]string
	// ResourceURI is what the release is, as readers will look for it: a purl, an
	// image reference. Required, because a reader must compare it.
	ResourceURI string
	// PolicyURI names the policy. If empty, only its digest is given.
	PolicyURI string
}

// VSA makes the verification summary of a decision: PASSED for allow, FAILED for
// deny. A hold has no summary, and asking for one is [ErrHold]: the decision is
// still open, and a signed FAILED would outlive it. The subjects are the
// release's artifacts, the inputs the envelopes that the verdict rests on, the
// time is the decision's. No SLSA level is claimed: none was evaluated.
//
// The format has no place for [Decision.Until]: readers must not rely on a summary
// for longer than their own policy allows after its time.
func VSA(d Decision, o SummaryOptions) (Statement, error) {
	s := predicate.VSA{
		Verifier:     predicate.Verifier{ID: o.VerifierID, Version: o.VerifierVersion},
		TimeVerified: d.At.UTC(),
		ResourceURI:  o.ResourceURI,
		Policy:       predicate.Resource{URI: o.PolicyURI, Digest: map[string]string{"sha256": d.Policy.Hex()}},
		SLSAVersion:  "1.1",
	}
	switch d.Verdict {
	case release.VerdictAllow:
		if len(d.Results) == 0 {
			return Statement{}, errors.New("evidence: summary: an allow without a result is none of Decide's")
		}
		for _, r := range d.Results {
			if r.Status != StatusMet {
				return Statement{}, fmt.Errorf("evidence: summary: an allow with requirement %q %s is none of Decide's", r.ID(), r.Status)
			}
		}
		s.VerificationResult, s.VerifiedLevels = predicate.ResultPassed, []string{predicate.LevelUnevaluated}
	case release.VerdictDeny:
		s.VerificationResult, s.VerifiedLevels = predicate.ResultFailed, []string{predicate.LevelFailed}
	case release.VerdictHold:
		return Statement{}, ErrHold
	default:
		return Statement{}, fmt.Errorf("evidence: summary: verdict %s is none", d.Verdict)
	}
	if d.At.IsZero() || d.Policy.IsZero() {
		return Statement{}, errors.New("evidence: summary: the decision has no time or no policy")
	}
	for _, u := range d.Used {
		s.InputAttestations = append(s.InputAttestations, predicate.Resource{Digest: map[string]string{"sha256": u.Hex()}})
	}
	return For(d.Release, s)
}

// ErrHold is returned by [VSA] for a decision that holds: decide again later.
var ErrHold = errors.New("evidence: a hold has no summary, it is still open")
