package sigstore

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/release"
)

// TrustDigest implements [evidence.CacheableTrust]: it identifies the root, the
// identities and keys in their order, and the numbers. The trust asks no clock, so
// what it accepted once it accepts for ever.
func (t *Trust) TrustDigest(asked evidence.Trust) release.Digest {
	if t == nil || asked != evidence.Trust(t) {
		return release.Digest{}
	}
	return t.digest
}

// identify must know every field of Options, Identity and evidence.Key: a test
// changes each.
func (t *Trust) identify() release.Digest {
	if !t.root.IsZero() && t.root.digest.IsZero() {
		return release.Digest{} // a root that cannot be told from others
	}
	o := t.opts
	parts := []string{"sallyport.evidence.sigstore.v1", t.root.digest.String(), t.keyring.TrustDigest(t.keyring).String(),
		fmt.Sprintf("%d %d %d %t %t %t", o.Logs, o.Times, o.SCTs, o.WithoutLogs, o.WithoutSCTs, o.Intermediates)}
	for _, i := range t.identities {
		parts = append(parts, fmt.Sprintf("%q %q %t %q %q %d %q", i.Issuer, i.IssuerPattern, i.WithoutIssuer, i.Subject, i.SubjectPattern, i.Kind, i.Roles))
	}
	return release.DigestOf(fmt.Appendf(nil, "%q", parts))
}
