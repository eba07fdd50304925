package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/vex"
)

// Trust says who made a signature. [Keyring] is the core's; package sigstore
// has one for certificates. An implementation must verify Signature over
// [Signed.PAE] itself, or, if it hands Raw to another verifier, make sure that
// what was verified there are the very bytes of Payload and PayloadType: two
// parsers of one envelope may differ. It must not trust Hint.
//
// Every error means that the evidence does not count.
type Trust interface {
	// Check is who signed s. An identity that it returns has a principal and a key,
	// and none of its times is zero. For a signature that it does not vouch for, its
	// error wraps [ErrUntrusted] or [ErrNoTrustedTime].
	Check(ctx context.Context, s Signed) (Identity, error)
}

// ErrUntrusted is returned when a signature is not one that the trust vouches
// for: an unknown key, or content that was altered.
var ErrUntrusted = errors.New("evidence: the signature is not trusted")

// ErrNoTrustedTime is returned when a signature is good and its key is valid
// only for a time, but nobody trusted says when it was made. With a timestamp it
// may become evidence.
var ErrNoTrustedTime = errors.New("evidence: no trusted time says when it was signed")

// Verified is a statement whose signature a [Trust] vouched for. Only [Verify]
// makes one. The zero Verified is none, and whatever takes one refuses it. It is
// immutable, cheap to copy, and safe for several goroutines.
type Verified struct{ v *verified }

type verified struct {
	statement Statement
	by        Identity
	raw       []byte

	// What follows is worked out when it is first asked for, however often is decided
	// on it.
	sum          lazy[release.Digest] // of raw
	statementSum lazy[release.Digest] // of the statement's bytes
	read         lazy[content]
	build        lazy[*build]        // of provenance, nil for other statements
	vex          lazy[*vex.Document] // of OpenVEX
}

// content is a predicate, or why it could not be read.
type content struct {
	pred   predicate.Predicate
	broken error
}

// lazy is a value that is made once.
type lazy[T any] struct {
	once  sync.Once
	value T
}

func (l *lazy[T]) get(make func() T) T {
	l.once.Do(func() { l.value = make() })
	return l.value
}

// buildOf is what provenance says of a build, nil for other statements.
func (v *verified) buildOf() *build {
	return v.build.get(func() *build {
		pred, err := v.predicate()
		if err != nil {
			return nil
		}
		return buildOf(pred)
	})
}

// predicate is nil without an error for a type that package predicate does not know.
func (v *verified) predicate() (predicate.Predicate, error) {
	c := v.read.get(func() (c content) {
		if predicate.Known(v.statement.predicateType) {
			c.pred, c.broken = predicate.Parse(v.statement.predicateType, v.statement.predicate)
		}
		return c
	})
	return c.pred, c.broken
}

// Verify reads a sigstore bundle (v0.1 to v0.3) or a DSSE envelope, asks trust
// who signed it, and reads the statement from the very bytes that are signed.
// The signature is checked before anything of the statement is believed or
// even parsed. raw is copied.
func Verify(ctx context.Context, trust Trust, raw []byte) (Verified, error) {
	if trust == nil {
		return Verified{}, errors.New("evidence: no trust to verify with")
	}
	if len(raw) > MaxEnvelope {
		_, err := newScanner(raw, MaxEnvelope) // before the copy
		return Verified{}, err
	}
	s, err := parseEnvelope(bytes.Clone(raw))
	if err != nil {
		return Verified{}, err
	}
	by, err := trust.Check(ctx, s)
	if err != nil {
		return Verified{}, fmt.Errorf("evidence: verify: %w", err)
	}
	if by.Principal.IsZero() || by.Key.IsZero() {
		return Verified{}, errors.New("evidence: verify: the trust names no principal or no key")
	}
	if by.Principal.Issuer == keyIssuer && by.Principal != KeyPrincipal(by.Key) {
		return Verified{}, fmt.Errorf("evidence: verify: the trust names the principal %s, which is another key", by.Principal)
	}
	for _, t := range by.Times {
		if t.T.IsZero() {
			return Verified{}, errors.New("evidence: verify: the trust gives a zero time")
		}
	}
	st, err := parseStatement(s.Payload)
	if err != nil {
		return Verified{}, fmt.Errorf("evidence: signed by %s: %w", by.Principal, err)
	}
	v := &verified{statement: st, by: by.clone(), raw: s.Raw}
	return Verified{v}, nil
}

// IsZero reports whether v is none. The methods below panic on a zero Verified
// as on a nil pointer; every function of this package refuses it with an error.
func (v Verified) IsZero() bool { return v.v == nil }

// Statement is what was signed.
func (v Verified) Statement() Statement { return v.v.statement }

// By is who signed it, and when.
func (v Verified) By() Identity { return v.v.by.clone() }

// Digest identifies the envelope: the SHA-256 of Raw. The same statement in
// another envelope has another digest. It is computed when it is first asked for,
// which takes about as long as hashing the payload did for the signature.
func (v Verified) Digest() release.Digest { return v.v.digest() }

func (v *verified) digest() release.Digest {
	return v.sum.get(func() release.Digest { return release.DigestOf(v.raw) })
}

// statementDigest is the SHA-256 of the signed bytes, hashed once.
func (v *verified) statementDigest() release.Digest {
	return v.statementSum.get(func() release.Digest { return release.DigestOf(v.statement.raw) })
}

// Raw is a copy of the envelope, to store and to verify again.
func (v Verified) Raw() []byte { return bytes.Clone(v.v.raw) }
