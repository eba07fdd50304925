package control

import (
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// revoked is what the revocations among some evidence take away.
type revoked []predicate.Revocation

// revocations are those in a set. One that cannot be read might revoke anything, so
// that no finding can be made beside it.
func revocations(set []evidence.Verified) (revoked, error) {
	var out revoked
	for _, v := range set {
		if v.Statement().PredicateType() != predicate.TypeRevocation {
			continue
		}
		p, err := evidence.As[predicate.Revocation](v.Statement())
		if err != nil {
			return nil, fmt.Errorf("control: revocation %s cannot be read: %w", v.Digest().Short(), err)
		}
		out = append(out, p)
	}
	return out, nil
}

// has reports whether v does not count any more. Of a key or a principal that is revoked
// from a moment on, what a trusted time shows to be older still counts.
func (g revoked) has(v evidence.Verified, r release.Release) bool {
	by, at := v.By(), first(v)
	return slices.ContainsFunc(g, func(p predicate.Revocation) bool {
		older := !p.EffectiveFrom.IsZero() && !at.IsZero() && at.Before(p.EffectiveFrom)
		return slices.ContainsFunc(p.Targets, func(t predicate.RevocationTarget) bool {
			switch {
			case t.Envelope != nil:
				return t.Envelope.Digest == v.Digest() || t.Envelope.Key == by.Key && t.Envelope.Statement == release.DigestOf(v.Statement().Bytes())
			case t.Principal != nil:
				return t.Principal.Issuer == by.Principal.Issuer && t.Principal.Subject == by.Principal.Subject && !older
			case !t.Key.IsZero():
				return t.Key == by.Key && !older
			}
			return slices.ContainsFunc(r.Artifacts, func(a release.Artifact) bool { return a.Digest == t.Artifact })
		})
	})
}
