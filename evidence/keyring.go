package evidence

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// Key is a public key that the host trusts, and whom it belongs to.
type Key struct {
	// Public is the key: *ecdsa.PublicKey, ed25519.PublicKey or *rsa.PublicKey, of
	// the curves and sizes that [KeyDigest] accepts.
	Public crypto.PublicKey
	// Principal is the owner. Zero makes the key its own principal, see
	// [KeyPrincipal]; give the owner a name where one person has several keys.
	Principal Principal
	// Kind is what the owner is. Unknown, the zero value, can sign test results
	// and never approves.
	Kind release.ActorKind
	// Roles are what the owner may act as, for requirements that ask for a role.
	Roles []string
	// NotBefore and NotAfter bound when the key may have signed; zero sets no
	// bound. A key with a bound needs a trusted time: see [Keyring.CheckAt].
	NotBefore time.Time
	NotAfter  time.Time
}

// Keyring is the core's [Trust]: public keys with their owners. It may be used
// by several goroutines at once.
type Keyring struct {
	entries []keyEntry
	byHint  map[string]int
	digest  release.Digest
}

type keyEntry struct {
	Key
	digest release.Digest
}

// entry is k with a copy of its public key.
func (k Key) entry() (keyEntry, error) {
	der, err := publicDER(k.Public)
	if err != nil {
		return keyEntry{}, err
	}
	if k.Public, err = x509.ParsePKIXPublicKey(der); err != nil {
		return keyEntry{}, fmt.Errorf("evidence: public key: %w", err)
	}
	k.Roles = slices.Clone(k.Roles)
	return keyEntry{Key: k, digest: release.DigestOf(der)}, nil
}

// NewKeyring checks and copies keys. It reports every mistake: a key that
// cannot be used, and a key that stands twice, since it would have two owners.
func NewKeyring(keys ...Key) (*Keyring, error) {
	r := &Keyring{byHint: map[string]int{}}
	seen := map[release.Digest]bool{}
	var errs []error
	for i, k := range keys {
		e, err := k.entry()
		d := e.digest
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("evidence: key %d: %w", i, err))
			continue
		case seen[d]:
			errs = append(errs, fmt.Errorf("evidence: key %d (%s) stands twice", i, d))
			continue
		case k.Principal == Principal{}:
			e.Principal = KeyPrincipal(d)
		case k.Principal.IsZero():
			errs = append(errs, fmt.Errorf("evidence: key %d: principal needs an issuer and a subject", i))
		case k.Principal.Issuer == keyIssuer && k.Principal != KeyPrincipal(d):
			errs = append(errs, fmt.Errorf("evidence: key %d: principal %s is another key", i, k.Principal))
		}
		if !k.NotAfter.IsZero() && k.NotAfter.Before(k.NotBefore) {
			errs = append(errs, fmt.Errorf("evidence: key %d: its end is before its begin", i))
		}
		seen[d] = true
		// How others name a key: sigstore's clients in base64, in-toto's and DSSE's in
		// hexadecimal, this module with the algorithm in front.
		for _, hint := range []string{KeyHint(d), d.Hex(), d.String()} {
			r.byHint[hint] = len(r.entries)
		}
		r.entries = append(r.entries, e)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	r.digest = r.identify()
	return r, nil
}

// TrustDigest implements [CacheableTrust]: it identifies the keys, in their order,
// with all that the host says of them.
func (r *Keyring) TrustDigest(asked Trust) release.Digest {
	if r == nil || asked != Trust(r) {
		return release.Digest{}
	}
	return r.digest
}

func (r *Keyring) identify() release.Digest {
	parts := []string{"sallyport.evidence.keyring.v1"}
	for _, e := range r.entries {
		parts = append(parts, fmt.Sprintf("%s %q %q %d %q %d.%09d %d.%09d", e.digest, e.Principal.Issuer, e.Principal.Subject, e.Kind, e.Roles,
			e.NotBefore.Unix(), e.NotBefore.Nanosecond(), e.NotAfter.Unix(), e.NotAfter.Nanosecond()))
	}
	return release.DigestOf(fmt.Appendf(nil, "%q", parts))
}

// Check finds the key that made the signature. Without a trusted time it accepts
// only keys without bounds.
func (r *Keyring) Check(ctx context.Context, s Signed) (Identity, error) {
	return r.CheckAt(ctx, s, nil)
}

// CheckAt is Check for a caller who has verified trusted times of the very same
// signature: RFC 3161 timestamps, a log's. A key with bounds must have been
// within them at every one of the times.
func (r *Keyring) CheckAt(ctx context.Context, s Signed, times []Time) (Identity, error) {
	if s.Certificate {
		return Identity{}, fmt.Errorf("%w: it is signed with a certificate, and a keyring knows only keys", ErrUntrusted)
	}
	if r == nil || len(r.entries) == 0 {
		return Identity{}, fmt.Errorf("%w: the keyring is empty", ErrUntrusted)
	}
	entries := r.entries
	if i, ok := r.byHint[s.Hint]; ok {
		entries = entries[i : i+1]
	}
	head := paeHead(s.PayloadType, len(s.Payload))
	digests := map[crypto.Hash][]byte{} // of the message, by the hash that a key needs
	for i := range entries {
		if err := ctx.Err(); err != nil {
			return Identity{}, err
		}
		e := &entries[i]
		h := hashFor(e.Public)
		if digests[h] == nil {
			digests[h] = signedBytes(h, head, s.Payload)
		}
		if !verifies(e.Public, digests[h], s.Signature) {
			continue
		}
		if err := e.validAt(times); err != nil {
			return Identity{}, err
		}
		id := Identity{Principal: e.Principal, Kind: e.Kind, Roles: e.Roles, Key: e.digest, Times: times}
		return id.clone(), nil
	}
	return Identity{}, fmt.Errorf("%w: it is the signature of no key in the keyring", ErrUntrusted)
}

func (e *keyEntry) validAt(times []Time) error {
	if e.NotBefore.IsZero() && e.NotAfter.IsZero() {
		return nil
	}
	if len(times) == 0 {
		return fmt.Errorf("%w: the key %s of %s is valid only for a time", ErrNoTrustedTime, e.digest.Short(), e.Principal)
	}
	for _, t := range times {
		if t.T.IsZero() || t.T.Before(e.NotBefore) || (!e.NotAfter.IsZero() && t.T.After(e.NotAfter)) {
			return fmt.Errorf("%w: the key %s of %s was not valid at %s", ErrUntrusted, e.digest.Short(), e.Principal, t.T.UTC().Format(time.RFC3339))
		}
	}
	return nil
}
