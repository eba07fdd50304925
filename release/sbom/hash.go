package sbom

import (
	"encoding/hex"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// checksum is a hash as a document has it.
type checksum struct{ algorithm, value string }

// strength is an algorithm with the number of its bytes.
type strength struct {
	name  string
	bytes int
}

// strengths are the algorithms that can be an Integrity, the strongest first.
var strengths = []strength{
	{"sha512", 64}, {"sha3512", 64}, {"blake2b512", 64}, {"sha384", 48}, {"sha3384", 48}, {"blake2b384", 48},
	{"sha3256", 32}, {"blake2b256", 32}, {"blake3", 32}, {"streebog512", 64}, {"streebog256", 32}, {"sha224", 28}, {"sha1", 20}, {"md5", 16}, {verificationCode, 20},
}

// verificationCode stands for SPDX's hash of a package's files, which is a SHA-1.
const verificationCode = "spdxcode"

// hashes makes the SHA-256 the component's digest, or the strongest other hash its
// integrity. Hashes that are none, and two of one algorithm, are gaps.
func (b *builder) hashes(n *node, all []checksum) {
	known := map[string]string{}
	for _, c := range all {
		name := strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(c.algorithm), "-", ""), "_", "")
		value := strings.ToLower(c.value)
		raw, err := hex.DecodeString(value)
		want := 32
		if name != "sha256" {
			i := slices.IndexFunc(strengths, func(s strength) bool { return s.name == name })
			if i < 0 {
				continue // an algorithm that nobody here compares: MD2, ADLER32
			}
			want = strengths[i].bytes
		}
		if err != nil || len(raw) != want {
			b.note(release.GapUnreadable, "%s: its hash %s of %s is none", n.c.PURL, strictjson.Quoted(c.value), strictjson.Quoted(c.algorithm))
			continue
		}
		if have, ok := known[name]; ok && have != value {
			b.note(release.GapAmbiguous, "%s has two different hashes of %s", n.c.PURL, name)
			value = ""
		}
		known[name] = value
	}
	if d, err := release.ParseDigest("sha256:" + known["sha256"]); err == nil {
		n.c.Digest = d
		return
	}
	for _, s := range strengths {
		if v := known[s.name]; v != "" {
			n.c.Integrity = s.name + "-" + v
			return
		}
	}
}
