package sigstore

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

// checkCertificate judges a statement that is signed with a certificate.
func (t *Trust) checkCertificate(s evidence.Signed) (evidence.Identity, error) {
	e, err := newEntity(s)
	if err != nil {
		return evidence.Identity{}, err
	}
	return t.certified(e, verify.WithoutArtifactUnsafe()) // the statement's subjects are matched by package evidence
}

// certified verifies an entity with a certificate, and says who the certificate
// names.
func (t *Trust) certified(e verify.SignedEntity, artifact verify.ArtifactPolicyOption) (evidence.Identity, error) {
	if len(t.identities) == 0 {
		return evidence.Identity{}, errors.New("it is signed with a certificate, and no identity is accepted")
	}
	content, err := e.VerificationContent()
	if err != nil {
		return evidence.Identity{}, err
	}
	leaf := content.Certificate()
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
		return evidence.Identity{}, timeless(e, err)
	}
	if got.Signature == nil || got.Signature.Certificate == nil {
		return evidence.Identity{}, errors.New("sigstore-go names no certificate")
	}
	who := *got.Signature.Certificate
	i := slices.IndexFunc(t.identities, func(i identity) bool { return i.matches(who) })
	if i < 0 || !isURL(who.Issuer) {
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
	return evidence.Identity{
		Principal: evidence.Principal{Issuer: who.Issuer, Subject: who.SubjectAlternativeName},
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

// timeless tells a signature that brings no time from one that is wrong: the
// first may become evidence.
func timeless(e verify.SignedEntity, err error) error {
	stamps, err1 := e.Timestamps()
	entries, err2 := e.TlogEntries()
	if err1 != nil || err2 != nil || len(stamps) > 0 {
		return err
	}
	for _, entry := range entries {
		if entry.HasInclusionPromise() {
			return err
		}
	}
	return fmt.Errorf("%w: %s", evidence.ErrNoTrustedTime, line(err))
}
