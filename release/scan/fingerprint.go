package scan

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/sallyport-dev/sallyport/release"
)

// fingerprint tells findings apart across scans: by kind, rule, package without a
// version, file, and the marks that the scanner itself gave it.
func fingerprint(f *Finding, marks []string) release.Digest {
	who := string(f.Package.Package())
	if who == "" {
		who = string(f.Named)
	}
	h := sha256.New()
	for _, part := range slices.Concat([]string{"sallyport/scan/finding/1", f.Kind.String(), f.ID, who, string(f.Path)}, marks) {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write([]byte(part))
	}
	return release.Digest(h.Sum(nil))
}
