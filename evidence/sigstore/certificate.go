package sigstore

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

// checkCertificate judges a statement that is signed with a certificate.
func (t *Trust) checkCertificate(s evidence.Signed) (evidence.Identity, error) {
	e, err := t.statementEntity(s)
	if err != nil {
		return evidence.Identity{}, err
	}
	return t.certified(e, verify.WithoutArtifactUnsafe()) // the statement's subjects are matched by package evidence
}

// certified verifies an entity with a certificate, and says who the certificate
// names.
func (t *Trust) certified(e *entity, artifact verify.ArtifactPolicyOption) (evidence.Identity, error) {
	if len(t.identities) == 0 {
		return evidence.Identity{}, errors.New("it is signed with a certificate, and no identity is accepted")
	}
	leaf := e.verification.Certificate()
	if leaf == nil {
		return evidence.Identity{}, errors.New("it has no certificate")
	}
	if err := oneName(leaf); err != nil {
		return evidence.Identity{}, err
	}
	key, err := evidence.KeyDigest(leaf.PublicKey)
	if err != nil {
		return evidence.Identity{}, err
	}
	v, err := t.verifier()
	if err != nil {
		return evidence.Identity{}, err
	}
	// Identities are matched below: sigstore-go leaves patterns unanchored, and does
	// not say which identity it was.
	got, err := v.Verify(e, verify.NewPolicy(artifact, verify.WithoutIdentitiesUnsafe()))
	if err != nil {
		return evidence.Identity{}, t.timeless(e, v, err)
	}
	if got.Signature == nil || got.Signature.Certificate == nil {
		return evidence.Identity{}, errors.New("sigstore-go names no certificate")
	}
	who := *got.Signature.Certificate
	if err := oneIssuer(leaf, who.Issuer); err != nil {
		return evidence.Identity{}, err
	}
	i := t.identity(who)
	if i < 0 {
		return evidence.Identity{}, fmt.Errorf("the certificate is of %q, vouched for by %q, which is no accepted identity", who.SubjectAlternativeName, who.Issuer)
	}
	times := make([]evidence.Time, 0, len(got.VerifiedTimestamps))
	for _, ts := range got.VerifiedTimestamps {
		source, ok := sources[ts.Type]
		if !ok {
			return evidence.Identity{}, fmt.Errorf("a time comes from %q", ts.Type)
		}
		times = append(times, evidence.Time{T: ts.Timestamp.UTC(), Source: source})
	}
	if !t.opts.WithoutLogs {
		if err := logged(e, t.root.material, cmp.Or(t.opts.Logs, 1), times); err != nil {
			return evidence.Identity{}, err
		}
	}
	return evidence.Identity{
		Principal: t.identities[i].principal(who),
		Kind:      t.identities[i].Kind,
		Roles:     slices.Clone(t.identities[i].Roles),
		Key:       key,
		Times:     times,
	}, nil
}

// sources are sigstore-go's names of what gives a time. The clock, which it
// calls CurrentTime, is not among them.
var sources = map[string]string{"TimestampAuthority": "tsa", "Tlog": "rekor"}

// verifier is made anew for each signature: it holds nothing but options.
func (t *Trust) verifier() (*verify.Verifier, error) {
	opts := []verify.VerifierOption{verify.WithObserverTimestamps(cmp.Or(t.opts.Times, 1))}
	if !t.opts.WithoutLogs {
		opts = append(opts, verify.WithTransparencyLog(cmp.Or(t.opts.Logs, 1)))
	}
	if !t.opts.WithoutSCTs {
		opts = append(opts, verify.WithSignedCertificateTimestamps(cmp.Or(t.opts.SCTs, 1)))
	}
	return verify.NewVerifier(root.TrustedMaterial(t.root.material), opts...)
}

// identity is the index of the first identity that a certificate names, or -1.
func (t *Trust) identity(who certificate.Summary) int {
	return slices.IndexFunc(t.identities, func(i identity) bool { return i.matches(who) })
}

// timeless tells a statement to which nothing is missing but a time, and which
// may become evidence, from one that is wrong: err is why it was refused.
func (t *Trust) timeless(e *entity, v *verify.Verifier, err error) error {
	if len(e.stamps) > 0 || e.promise {
		return err
	}
	if t.otherwiseGood(e, v) != nil {
		return err
	}
	return fmt.Errorf("%w: %s", evidence.ErrNoTrustedTime, line(err))
}

// otherwiseGood checks what can be checked without a time, the certificate as of
// when it begins. It accepts nothing: it chooses between two refusals.
func (t *Trust) otherwiseGood(e *entity, v *verify.Verifier) error {
	if _, err := v.VerifyTransparencyLogInclusion(e); err != nil {
		return err
	}
	if err := verify.VerifySignature(e.signature, e.verification, t.root.material); err != nil {
		return err
	}
	leaf := e.verification.Certificate()
	chains, err := verify.VerifyLeafCertificate(leaf.NotBefore, leaf, t.root.material)
	if err != nil {
		return err
	}
	if !t.opts.WithoutSCTs {
		if err := verify.VerifySignedCertificateTimestamp(chains, cmp.Or(t.opts.SCTs, 1), t.root.material); err != nil {
			return err
		}
	}
	who, err := certificate.SummarizeCertificate(leaf)
	if err == nil {
		err = oneIssuer(leaf, who.Issuer)
	}
	if err == nil && t.identity(who) < 0 {
		err = errors.New("it names no accepted identity")
	}
	return err
}
