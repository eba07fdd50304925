package release

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Digest is a SHA-256. It identifies content: an artifact, a change set, a
// policy, a piece of evidence. The zero Digest means "none" and matches nothing.
type Digest [sha256.Size]byte

const digestPrefix = "sha256:"

// DigestOf is the digest of b.
func DigestOf(b []byte) Digest { return sha256.Sum256(b) }

// ParseDigest reads "sha256:" and 64 lower-case hexadecimal digits, not all of
// them 0: that would be "none", said by somebody who claims to name content.
func ParseDigest(s string) (Digest, error) {
	text, ok := strings.CutPrefix(s, digestPrefix)
	var d Digest
	if !ok || len(text) != 2*len(d) || text != strings.ToLower(text) {
		return Digest{}, fmt.Errorf("release: digest %q is not sha256: and 64 lower-case hexadecimal digits", s)
	}
	if _, err := hex.Decode(d[:], []byte(text)); err != nil {
		return Digest{}, fmt.Errorf("release: digest %q: %w", s, err)
	}
	if d.IsZero() {
		return Digest{}, fmt.Errorf("release: digest %q is of nothing", s)
	}
	return d, nil
}

// IsZero reports whether there is no digest.
func (d Digest) IsZero() bool { return d == Digest{} }

// Hex is the 64 hexadecimal digits alone, as in-toto statements write them.
func (d Digest) Hex() string { return hex.EncodeToString(d[:]) }

// Short is the first 12 hexadecimal digits, for people's eyes only.
func (d Digest) Short() string { return d.Hex()[:12] }

// String is what ParseDigest reads; of no digest it is "".
func (d Digest) String() string {
	if d.IsZero() {
		return ""
	}
	return digestPrefix + d.Hex()
}

// Compare orders digests by their bytes.
func (d Digest) Compare(e Digest) int { return bytes.Compare(d[:], e[:]) }

// MarshalText is String.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote: "" is no digest.
func (d *Digest) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Digest{}
		return nil
	}
	v, err := ParseDigest(string(b))
	if err != nil {
		return err
	}
	*d = v
	return nil
}
