package sigstore

import (
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sigstore/sigstore-go/pkg/root"
)

// maxRoot bounds a trusted root, in bytes; the public one has about 7 KB.
const maxRoot = 4 << 20

// TrustedRoot is whom to trust: certificate authorities, timestamp authorities,
// transparency logs and certificate transparency logs, each with the time in
// which it is to be trusted. The zero TrustedRoot trusts nobody.
type TrustedRoot struct {
	material *root.TrustedRoot
	digest   release.Digest
}

// ParseTrustedRoot reads a trusted_root.json
// (application/vnd.dev.sigstore.trustedroot+json;version=0.1). Whoever can write
// that file decides what is trusted: ship it with the host, or fetch it with
// [FetchTrustedRoot]. Nothing is fetched here.
func ParseTrustedRoot(b []byte) (TrustedRoot, error) {
	if len(b) > maxRoot {
		return TrustedRoot{}, fmt.Errorf("sigstore: trusted root: %d bytes are more than %d", len(b), maxRoot)
	}
	var m *root.TrustedRoot
	err := contain(func() (err error) {
		m, err = root.NewTrustedRootFromJSON(b)
		return err
	})
	if err != nil {
		return TrustedRoot{}, fmt.Errorf("sigstore: trusted root: %w", err)
	}
	if len(m.FulcioCertificateAuthorities())+len(m.TimestampingAuthorities())+len(m.RekorLogs()) == 0 {
		return TrustedRoot{}, errors.New("sigstore: trusted root: it trusts nobody")
	}
	return TrustedRoot{material: m, digest: release.DigestOf(b)}, nil
}

// IsZero reports whether r trusts nobody.
func (r TrustedRoot) IsZero() bool { return r.material == nil }

// Digest is the SHA-256 of the file that r was read from. A verdict that is kept
// for later belongs to it.
func (r TrustedRoot) Digest() release.Digest { return r.digest }
