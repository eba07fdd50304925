package sigstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/release"
)

// Options says what a [Trust] accepts. At least one identity or one key is
// required, and identities require a root.
type Options struct {
	// Root is whom to believe about certificates, times and logs.
	Root TrustedRoot
	// Identities are whose certificates are accepted. Where several match, the
	// first says kind and roles.
	Identities []Identity
	// Keys are the keys that are accepted, with their owners, as for
	// [evidence.NewKeyring].
	Keys []evidence.Key
	// Logs is how many distinct transparency logs must prove that they have the
	// signature. If zero, 1 for certificates and none for keys. A log that is over
	// counts for what was signed before, which takes a trusted time.
	Logs int
	// Times is how many trusted times there must be. If zero, 1 for certificates
	// and none for keys; a key with bounds needs one in any case.
	Times int
	// SCTs is how many certificate transparency logs must have the certificate. If
	// zero, 1.
	SCTs int
	// WithoutLogs accepts certificates' signatures that no log proves to have, and
	// WithoutSCTs certificates that no certificate transparency log has: for
	// deployments that have none. Whoever holds the authority's key can then sign
	// as anybody without anyone noticing. WithoutLogs leaves logs out altogether:
	// they give no times for certificates either.
	WithoutLogs bool
	WithoutSCTs bool
	// Intermediates lets a bundle v0.3 bring the certificates between the signer's
	// and one of the root's authorities, for private authorities that change them
	// often. Every authority below one in the root can then vouch for signers, and
	// not only those that the root names. The public instance's bundles have none.
	Intermediates bool
}

// Trust is an [evidence.Trust] that knows sigstore's certificates, timestamps
// and logs. It may be used by several goroutines at once.
type Trust struct {
	root       TrustedRoot
	identities []identity
	keyring    *evidence.Keyring
	unbounded  *evidence.Keyring // the same keys without bounds, to find whose it is
	owners     []owner
	opts       Options // for the numbers; its slices are the caller's
	digest     release.Digest
}

// owner is a key and whose it is.
type owner struct {
	evidence.Key
	digest release.Digest
}

// New checks opts and reports every mistake at once.
func New(opts Options) (*Trust, error) {
	t := &Trust{root: opts.Root, opts: opts}
	var errs []error
	if len(opts.Identities) == 0 && len(opts.Keys) == 0 {
		errs = append(errs, errors.New("sigstore: neither an identity nor a key is given: nothing could be accepted, or everything"))
	}
	if len(opts.Identities) > 0 && opts.Root.IsZero() {
		errs = append(errs, errors.New("sigstore: identities are given, and no root says who vouches for them"))
	}
	if opts.Logs < 0 || opts.Times < 0 || opts.SCTs < 0 {
		errs = append(errs, fmt.Errorf("sigstore: %d logs, %d times, %d SCTs: less than none", opts.Logs, opts.Times, opts.SCTs))
	}
	if opts.WithoutLogs && opts.Logs > 0 || opts.WithoutSCTs && opts.SCTs > 0 {
		errs = append(errs, errors.New("sigstore: logs or SCTs are demanded and done without at once"))
	}
	if opts.Root.IsZero() && (opts.Logs > 0 || opts.Times > 0) {
		errs = append(errs, errors.New("sigstore: logs or times are demanded, and no root says whose to believe"))
	}
	for i, id := range opts.Identities {
		c, err := id.compile()
		if err != nil {
			errs = append(errs, fmt.Errorf("sigstore: identity %d: %w", i+1, err))
		}
		t.identities = append(t.identities, c)
	}
	if err := t.addKeys(opts.Keys); err != nil {
		errs = append(errs, fmt.Errorf("sigstore: %w", err))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	t.digest = t.identify()
	return t, nil
}

func (t *Trust) addKeys(keys []evidence.Key) (err error) {
	if t.keyring, err = evidence.NewKeyring(keys...); err != nil {
		return err
	}
	free := make([]evidence.Key, len(keys))
	for i, k := range keys {
		d, err := evidence.KeyDigest(k.Public)
		if err != nil {
			return err
		}
		k.Roles = slices.Clone(k.Roles)
		t.owners = append(t.owners, owner{Key: k, digest: d})
		free[i] = evidence.Key{Public: k.Public}
	}
	t.unbounded, err = evidence.NewKeyring(free...)
	return err
}

// Check implements [evidence.Trust]. Its errors wrap [evidence.ErrUntrusted], or
// [evidence.ErrNoTrustedTime] where a good signature lacks a time.
func (t *Trust) Check(ctx context.Context, s evidence.Signed) (id evidence.Identity, err error) {
	if err := ctx.Err(); err != nil {
		return evidence.Identity{}, err
	}
	err = contain(func() (err error) {
		if s.Certificate {
			id, err = t.checkCertificate(s)
		} else {
			id, err = t.checkKey(ctx, s)
		}
		return err
	})
	if err != nil {
		return evidence.Identity{}, untrusted(err)
	}
	return id, nil
}

// untrusted makes a refusal of any error that is not one already. What
// sigstore-go says is for people, on one line; nobody branches on it.
func untrusted(err error) error {
	for _, known := range []error{evidence.ErrUntrusted, evidence.ErrNoTrustedTime, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return err
		}
	}
	return fmt.Errorf("%w: %s", evidence.ErrUntrusted, line(err))
}

// line is the text of an error of sigstore-go's, which may quote the bundle, as
// one short line that is safe to print.
func line(err error) string {
	s := strings.Join(strings.Fields(err.Error()), " ")
	if len(s) > 400 {
		s = strings.ToValidUTF8(s[:400], "") + "..."
	}
	return release.Text(s).String()
}
