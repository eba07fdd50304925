package sigstore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

// CheckArtifact says who signed a file, by the file's SHA-256: raw is a
// sigstore bundle with a message signature, as clients write when they sign a
// file and not a statement. Such a signature says that somebody had the file and
// nothing about it, so it is no evidence for a decision. A bundle with a
// statement is refused here: see [evidence.Verify].
//
// Keys that sign the file itself and not its SHA-256 (Ed25519, ECDSA on P-384
// and P-521) cannot be checked by digest and are refused. So are signatures with
// keys on P-384 over a SHA-256, as sigstore-python made them before its version 2:
// sigstore-go accepts them as an exception and says so on standard error.
func (t *Trust) CheckArtifact(ctx context.Context, raw []byte, artifact release.Digest) (id evidence.Identity, err error) {
	if err := ctx.Err(); err != nil {
		return evidence.Identity{}, err
	}
	if artifact.IsZero() {
		return evidence.Identity{}, errors.New("sigstore: no digest of the artifact is given")
	}
	err = contain(func() error {
		e, err := t.fileEntity(raw)
		if err != nil {
			return err
		}
		policy := verify.WithArtifactDigest("sha256", artifact[:])
		if e.verification.PublicKey() == nil {
			id, err = t.certified(e, policy)
		} else {
			id, err = t.keyed(e, policy)
		}
		return err
	})
	if err != nil {
		return evidence.Identity{}, fmt.Errorf("sigstore: check artifact: %w", untrusted(err))
	}
	return id, nil
}

// fileEntity is an entity with the signature of a file.
func (t *Trust) fileEntity(raw []byte) (*entity, error) {
	p, err := parseBundle(raw, maxMaterial)
	if err != nil {
		return nil, err
	}
	if p.GetMessageSignature() == nil {
		return nil, errors.New("the bundle signs a statement and not a file")
	}
	e, err := t.entity(p)
	if err != nil {
		return nil, err
	}
	e.signature, err = (&bundle.Bundle{Bundle: p}).SignatureContent()
	return e, err
}

// keyed finds the key that made a message signature. The bundle's hint only
// says which to try, so all are tried.
func (t *Trust) keyed(e *entity, artifact verify.ArtifactPolicyOption) (evidence.Identity, error) {
	var base root.TrustedMaterial = &root.BaseTrustedMaterial{}
	if !t.root.IsZero() {
		base = t.root.material
	}
	for _, o := range t.owners {
		m, err := materialOf(base, o.Public)
		if err != nil {
			return evidence.Identity{}, err
		}
		v, err := verify.NewVerifier(m, verify.WithNoObserverTimestamps())
		if err != nil {
			return evidence.Identity{}, err
		}
		if _, err := v.Verify(e, verify.NewPolicy(artifact, verify.WithKey())); err != nil {
			continue
		}
		var times []evidence.Time
		if !t.root.IsZero() {
			if times, err = t.observed(e, o.Public); err != nil {
				return evidence.Identity{}, err
			}
		}
		if len(times) < t.opts.Times {
			return evidence.Identity{}, fmt.Errorf("%w: %d of %d", evidence.ErrNoTrustedTime, len(times), t.opts.Times)
		}
		return o.at(times)
	}
	return evidence.Identity{}, fmt.Errorf("%w: it is the signature of no accepted key", evidence.ErrUntrusted)
}

// at is who holds the key, if it was valid at all of times. It is what
// [evidence.Keyring.CheckAt] says of statements.
func (o owner) at(times []evidence.Time) (evidence.Identity, error) {
	if len(times) == 0 && (!o.NotBefore.IsZero() || !o.NotAfter.IsZero()) {
		return evidence.Identity{}, fmt.Errorf("%w: the key %s is valid only for a time", evidence.ErrNoTrustedTime, o.digest.Short())
	}
	for _, at := range times {
		if at.T.Before(o.NotBefore) || !o.NotAfter.IsZero() && at.T.After(o.NotAfter) {
			return evidence.Identity{}, fmt.Errorf("%w: the key %s was not valid at %s", evidence.ErrUntrusted, o.digest.Short(), at.T)
		}
	}
	who := o.Principal
	if who.IsZero() {
		who = evidence.KeyPrincipal(o.digest)
	}
	return evidence.Identity{Principal: who, Kind: o.Kind, Roles: slices.Clone(o.Roles), Key: o.digest, Times: times}, nil
}
