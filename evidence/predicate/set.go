package predicate

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/sallyport-dev/sallyport/release"
)

// SetDigest identifies a set of evidence: the digest of its envelopes' digests,
// sorted and each once, as a canonical JSON list (RFC 8785) in the domain
// "sallyport.evidence.set.v1". The list, of hexadecimal texts, is simple enough to
// be written as it is.
func SetDigest(sorted []release.Digest) release.Digest {
	h := sha256.New()
	text := []byte("sallyport.evidence.set.v1\x00[")
	for i, d := range sorted {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, '"')
		text = append(text, d.String()...)
		h.Write(append(text, '"'))
		text = text[:0]
	}
	h.Write(append(text, ']'))
	return release.Digest(h.Sum(nil))
}

// ascending reports digests that are nil, empty, stand twice or are out of order.
func ascending(name string, ds []release.Digest) error {
	if ds == nil {
		return errors.New("no " + name + ": if there is none, it must say so by an empty list")
	}
	for i, d := range ds {
		if d.IsZero() || (i > 0 && ds[i-1].Compare(d) >= 0) {
			return fmt.Errorf("%s[%d] is empty, stands twice or is out of order", name, i)
		}
	}
	return nil
}
