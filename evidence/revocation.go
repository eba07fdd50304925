package evidence

import (
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/internal/canon"
	"github.com/sallyport-dev/sallyport/release"
)

// NewRevocation makes a statement that revokes. Its subjects are the targets, so
// that stores find it by the digest of each: that of a principal is the canonical
// digest of its issuer and subject. It is [For] of what is about no release.
func NewRevocation(r predicate.Revocation) (Statement, error) {
	if err := r.Validate(); err != nil {
		return Statement{}, err
	}
	subjects := make([]Subject, len(r.Targets))
	for i, t := range r.Targets {
		var kind string
		var digest release.Digest
		switch {
		case t.Envelope != nil:
			kind, digest = "envelope", t.Envelope.Digest
		case !t.Artifact.IsZero():
			kind, digest = "artifact", t.Artifact
		case !t.Key.IsZero():
			kind, digest = "key", t.Key
		default:
			d, err := canon.Digest("sallyport.evidence.principal.v1", t.Principal)
			if err != nil {
				return Statement{}, fmt.Errorf("evidence: revocation: %w", err)
			}
			kind, digest = "principal", release.Digest(d)
		}
		subjects[i] = Subject{Name: kind + ":" + digest.String(), Digests: []SubjectDigest{{Algorithm: "sha256", Value: digest.Hex()}}}
	}
	return NewStatement(predicate.TypeRevocation, subjects, r)
}

// TargetOf is v as a target of a revocation: this envelope, and any copy of it that
// is written in another way.
func TargetOf(v Verified) (predicate.RevocationTarget, error) {
	if v.IsZero() {
		return predicate.RevocationTarget{}, errors.New("evidence: what is to be revoked was never verified")
	}
	return predicate.RevocationTarget{Envelope: &predicate.RevokedEnvelope{Digest: v.Digest(),
		Statement: v.v.statementDigest(), Key: v.v.by.Key}}, nil
}

// revocations are those of a set, by what they revoke.
type revocations struct {
	signed               map[release.Digest]map[release.Digest]*revocation // by key and statement
	envelopes, artifacts map[release.Digest]*revocation
	signers              map[Principal]*revocation // a key as its KeyPrincipal
}

// revocation is one that was read.
type revocation struct {
	predicate.Revocation
	digest release.Digest
	by     Principal
}

// newRevocations reads those of an ordered set, whoever signed them, when and about
// what: a revocation is never passed over.
func newRevocations(ordered []Verified) *revocations {
	out := &revocations{signed: map[release.Digest]map[release.Digest]*revocation{}, envelopes: map[release.Digest]*revocation{}, artifacts: map[release.Digest]*revocation{}, signers: map[Principal]*revocation{}}
	for _, v := range ordered {
		if v.v.statement.predicateType != predicate.TypeRevocation {
			continue
		}
		pred, err := v.v.predicate()
		if err != nil {
			continue // it holds: see judge.read
		}
		r := &revocation{pred.(predicate.Revocation), v.Digest(), v.v.by.Principal}
		for _, t := range r.Targets {
			switch {
			case t.Envelope != nil:
				first(out.envelopes, t.Envelope.Digest, r)
				if out.signed[t.Envelope.Key] == nil {
					out.signed[t.Envelope.Key] = map[release.Digest]*revocation{}
				}
				first(out.signed[t.Envelope.Key], t.Envelope.Statement, r)
			case !t.Artifact.IsZero():
				first(out.artifacts, t.Artifact, r)
			case !t.Key.IsZero():
				out.signer(KeyPrincipal(t.Key), r)
			default:
				out.signer(Principal{Issuer: t.Principal.Issuer, Subject: t.Principal.Subject}, r)
			}
		}
	}
	return out
}

// signer keeps the revocation that reaches furthest back, of several the first.
func (r *revocations) signer(p Principal, one *revocation) {
	if was, ok := r.signers[p]; !ok || one.EffectiveFrom.Before(was.EffectiveFrom) { // the zero time is before all
		r.signers[p] = one
	}
}

// first keeps the revocation that came first.
func first(m map[release.Digest]*revocation, d release.Digest, r *revocation) {
	if _, ok := m[d]; !ok {
		m[d] = r
	}
}

// of is the revocation because of which an envelope does not count, nil if there is
// none.
func (r *revocations) of(v *verified) *revocation {
	if out, ok := r.envelopes[v.digest()]; ok {
		return out
	}
	if byKey := r.signed[v.by.Key]; len(byKey) > 0 {
		if out, ok := byKey[v.statementDigest()]; ok {
			return out
		}
	}
	if len(r.signers) == 0 {
		return nil
	}
	at := v.by.first()
	for _, p := range []Principal{v.by.Principal, KeyPrincipal(v.by.Key)} {
		out, ok := r.signers[p]
		if ok && (out.EffectiveFrom.IsZero() || at.IsZero() || !at.Before(out.EffectiveFrom)) {
			return out
		}
	}
	return nil
}

// revokedArtifacts are those of the release, which deny.
func (j *judge) revokedArtifacts() against {
	out := against{verdict: release.VerdictAllow}
	for _, a := range j.q.Release.Artifacts {
		if r, ok := j.revoked.artifacts[a.Digest]; ok {
			out.add(release.VerdictDeny, release.Reason{Code: CodeRevoked, Subject: a.Digest.String(), Refs: []release.Digest{r.digest},
				Text: fmt.Sprintf("the artifact %s is revoked by %s: %s", release.Text(a.Name), r.by, r.Reason)})
		}
	}
	return out
}
