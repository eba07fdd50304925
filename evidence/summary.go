package evidence

import (
	"encoding/base64"
	"errors"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// SummaryOptions say who summarises a decision, and for whom.
type SummaryOptions struct {
	// VerifierID is the URI of whoever decides. Readers pair it with the key that
	// signs the summary. Required.
	VerifierID string
	// VerifierVersion says which versions of what decided; it may be empty. Only a
	// [VSA] has a place for it.
	VerifierVersion map[string]string
	// ResourceURI is what the release is, as readers will look for it: a purl, an
	// image reference. A [VSA] requires it, because its reader must compare it; an
	// [SVR] has no place for it.
	ResourceURI string
	// PolicyURI names the policy. If empty, the name is made of the policy's digest,
	// as an ni URI (RFC 6920). The digest that goes out beside it is
	// [Decision.Policy], not that of a document at the URI.
	PolicyURI string
	// Properties says what a requirement or rule shows when it is met, by its ID, in
	// the words of those who read the summary: {"approval/two": "ACME_TWO_APPROVALS"}.
	// A property is claimed if the decision has that requirement or rule, and not
	// otherwise, so one map serves policies of which each asks for other things. An ID
	// does not tell all that is asked for, though: that of a [Threshold] no count, that of
	// a [Summarized] no level. A map is for policies in which an ID means one thing.
	// Letters, digits and "_", "-", ".", ":", "/" may stand in a property; "SLSA_…",
	// "FAILED" and "PASSED" are refused, because SLSA says what they mean.
	Properties map[string]string
	// InputURI gives where an envelope can be fetched, by its digest; "" is nowhere.
	// If nil, no input has a URI.
	InputURI func(envelope release.Digest) string
}

// VSA makes the verification summary of a decision: PASSED for allow, FAILED for
// deny. A hold has no summary, and asking for one is [ErrHold]: the decision is
// still open, and a signed FAILED would outlive it. The subjects are the
// release's artifacts, the inputs the envelopes that the verdict rests on, the
// time is the decision's.
//
// Of SLSA, only levels are claimed that the decision verified ([Result.Levels]),
// the highest of each track, and besides them the host's own
// [SummaryOptions.Properties]. Where there is neither, the level is
// [predicate.LevelUnevaluated], as SLSA has it; slsa-verifier v2.7.1 cannot read
// that level, and refuses such a summary.
//
// Verifiers of VSAs read DSSE envelopes: sign it with [SignDSSE].
//
// A Decision is a plain value, which whoever holds it can change. One whose parts
// contradict each other, such as an allow with a requirement that is not met, is
// refused; that a verdict was written over is not seen. Whoever signs decides, and
// signs what [Decide] gave it; others compare with [Decision.Statement] and decide
// again. It is to be done at once: no time is passed in, and an allow that has
// ended is summarised like one that has not.
//
// The format has no place for [Decision.Until]: readers must not rely on a summary
// for longer than their own policy allows after its time. [Decision.Statement]
// has one.
func VSA(d Decision, o SummaryOptions) (Statement, error) {
	if err := d.summarisable(); err != nil {
		return Statement{}, err
	}
	s := predicate.VSA{
		Verifier:     predicate.Verifier{ID: o.VerifierID, Version: o.VerifierVersion},
		TimeVerified: moment(d.At),
		ResourceURI:  o.ResourceURI,
		Policy:       o.policy(d.Policy),
		SLSAVersion:  "1.2",
	}
	levels, err := verifiedLevels(d, o.Properties)
	if err != nil {
		return Statement{}, err
	}
	switch {
	case !d.Verdict.Allowed():
		s.VerificationResult, s.VerifiedLevels = predicate.ResultFailed, []string{predicate.LevelFailed}
	case len(levels) == 0:
		s.VerificationResult, s.VerifiedLevels = predicate.ResultPassed, []string{predicate.LevelUnevaluated}
	default:
		s.VerificationResult, s.VerifiedLevels = predicate.ResultPassed, levels
	}
	for _, u := range d.Used {
		in := predicate.Resource{Digest: map[string]string{"sha256": u.Hex()}}
		if o.InputURI != nil {
			in.URI = o.InputURI(u)
		}
		s.InputAttestations = append(s.InputAttestations, in)
	}
	return For(d.Release, s)
}

// SVR makes the simple verification result of an allow: the SLSA levels that the
// decision verified and the host's own [SummaryOptions.Properties], as in a
// [VSA]; without either it has no properties, and says nothing. The form cannot
// say that something failed, and a reader looks for single properties, so a deny
// has none ([ErrDenied]), however many of its requirements were met, and a hold
// has none either ([ErrHold]).
//
// The policy is always in it. The form has no place for [Decision.Until].
func SVR(d Decision, o SummaryOptions) (Statement, error) {
	if err := d.summarisable(); err != nil {
		return Statement{}, err
	}
	if !d.Verdict.Allowed() {
		return Statement{}, ErrDenied
	}
	properties, err := verifiedLevels(d, o.Properties)
	if err != nil {
		return Statement{}, err
	}
	return For(d.Release, predicate.SVR{
		Verifier:    predicate.PolicyVerifier{ID: o.VerifierID, Policies: []predicate.Resource{o.policy(d.Policy)}},
		TimeCreated: moment(d.At),
		Properties:  properties,
	})
}

func (o *SummaryOptions) policy(digest release.Digest) predicate.Resource {
	uri := o.PolicyURI
	if uri == "" {
		uri = "ni:///sha-256;" + base64.RawURLEncoding.EncodeToString(digest[:])
	}
	return predicate.Resource{URI: uri, Digest: map[string]string{"sha256": digest.Hex()}}
}

// summarisable reports why d is no decision of [Decide] that has a summary, as far as
// its parts tell.
func (d *Decision) summarisable() error {
	if d.Verdict == release.VerdictHold {
		return ErrHold
	}
	p, err := d.predicate()
	if err != nil {
		return err
	}
	return p.Validate()
}

// ErrHold is returned by [VSA] and [SVR] for a decision that holds: decide again
// later.
var ErrHold = errors.New("evidence: a hold has no summary, it is still open")

// ErrDenied is returned by [SVR] for a decision that denies. [VSA] has a way to
// say it.
var ErrDenied = errors.New("evidence: a deny has no verified properties to tell of")
