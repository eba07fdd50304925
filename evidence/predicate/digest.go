package predicate

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// inHex are the algorithms whose digests in-toto's DigestSet
// (https://github.com/in-toto/attestation/blob/main/spec/v1/digest_set.md) writes
// as lower-case hexadecimal.
var inHex = map[string]bool{
	"sha224": true, "sha256": true, "sha384": true, "sha512": true, "sha512_224": true, "sha512_256": true,
	"sha3_224": true, "sha3_256": true, "sha3_384": true, "sha3_512": true, "shake128": true, "shake256": true,
	"blake2b": true, "blake2s": true, "ripemd160": true, "sm3": true, "gost": true, "sha1": true, "md5": true,
	"dirHash": true, "dirHash1": true, "gitCommit": true, "gitTree": true, "gitBlob": true, "gitTag": true,
}

// validateDigest demands what DigestSet does, and no more: every digest has a
// name and a value; the algorithms that it lists are written in lower-case
// hexadecimal; git's objects have 40 or 64 digits. It gives no length for the
// others, and producers differ (see [Provenance.Commits]): one of another length
// is read, and equals nothing. Algorithms that it does not list, and identifiers
// that are no hashes, may have any form.
func validateDigest(digest map[string]string) error {
	var first string // of the names with a fault, so that the error is always the same
	var err error
	for name, value := range digest {
		if e := digestFault(name, value); e != nil && (err == nil || name < first) {
			first, err = name, e
		}
	}
	return err
}

func digestFault(name, value string) error {
	switch {
	case name == "" || value == "":
		return errors.New("a digest has no algorithm or no value")
	case inHex[name] && !hexadecimal(value):
		return fmt.Errorf("digest %s %s is not lower-case hexadecimal", name, strictjson.Quoted(value))
	case strings.HasPrefix(name, "git") && inHex[name] && len(value) != 40 && len(value) != 64:
		return fmt.Errorf("digest %s %s has neither 40 nor 64 digits", name, strictjson.Quoted(value))
	}
	return nil
}

func hexadecimal(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
