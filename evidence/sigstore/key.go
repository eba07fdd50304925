package sigstore

import (
	"context"
	"crypto"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"
)

// checkKey judges a statement that is signed with a key. The keyring verifies
// the signature and has the last word; sigstore-go finds the times at which the
// signature was seen, without which a key with bounds proves nothing.
// (sigstore-go's own check of a key without observers accepts one that has
// expired.)
func (t *Trust) checkKey(ctx context.Context, s evidence.Signed) (evidence.Identity, error) {
	whose, err := t.unbounded.Check(ctx, s)
	if err != nil {
		return evidence.Identity{}, err
	}
	var times []evidence.Time
	if !t.root.IsZero() {
		e, err := t.statementEntity(s)
		switch {
		case err == nil:
			i := slices.IndexFunc(t.owners, func(o owner) bool { return o.digest == whose.Key })
			if times, err = t.observed(e, t.owners[i].Public); err != nil {
				return evidence.Identity{}, err
			}
		case t.opts.Logs > 0:
			return evidence.Identity{}, fmt.Errorf("%w: %s", errNoBundle, line(err))
		}
	}
	if len(times) < t.opts.Times {
		return evidence.Identity{}, fmt.Errorf("%w: %d of %d", evidence.ErrNoTrustedTime, len(times), t.opts.Times)
	}
	return t.keyring.CheckAt(ctx, s, times)
}

// observed are the trusted times of an entity that pub has signed. Entries of
// logs and timestamps of authorities that are not trusted give none; an entry of
// a trusted log that does not hold is an error.
func (t *Trust) observed(e *entity, pub crypto.PublicKey) ([]evidence.Time, error) {
	m, err := materialOf(t.root.material, pub)
	if err != nil {
		return nil, err
	}
	entries, err := verify.VerifyTlogEntry(e, m, t.opts.Logs, true)
	if err != nil {
		return nil, err
	}
	stamped, _, err := verify.VerifySignedTimestamp(e, m)
	if err != nil {
		return nil, err
	}
	var out []evidence.Time
	for _, l := range entries {
		out = append(out, evidence.Time{T: l.Time.UTC(), Source: "rekor"})
	}
	for _, s := range stamped {
		out = append(out, evidence.Time{T: s.Time.UTC(), Source: "tsa"})
	}
	return out, logged(e, m, t.opts.Logs, out)
}

// material is a trusted root with one public key, whatever the bundle calls it:
// the hint in a bundle is not believed.
type material struct {
	root.TrustedMaterial
	key root.TimeConstrainedVerifier
}

func materialOf(m root.TrustedMaterial, pub crypto.PublicKey) (material, error) {
	v, err := signature.LoadDefaultVerifier(pub)
	if err != nil {
		return material{}, err
	}
	// Whether the key was valid at the times is the keyring's to say.
	return material{TrustedMaterial: m, key: root.NewExpiringKey(v, time.Time{}, time.Time{})}, nil
}

// PublicKeyVerifier gives the one key.
func (m material) PublicKeyVerifier(string) (root.TimeConstrainedVerifier, error) { return m.key, nil }
