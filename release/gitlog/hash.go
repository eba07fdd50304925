package gitlog

import (
	"crypto/sha1" // #nosec: git's object ids are SHA-1 unless the repository says otherwise
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// hashFormat is how a repository names its objects.
type hashFormat struct {
	name      string // as git's configuration names it
	digits    int
	new       func() hash.Hash
	emptyTree release.Revision // the tree without entries, which git has built in
}

var (
	formatSHA1 = hashFormat{name: "sha1", digits: 40, new: sha1.New,
		emptyTree: "4b825dc642cb6eb9a060e54bf8d69288fbee4904"}
	formatSHA256 = hashFormat{name: "sha256", digits: 64, new: sha256.New,
		emptyTree: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"}
)

// parse reads an object id of this format.
func (f hashFormat) parse(s string) (release.Revision, error) {
	id, err := release.ParseRevision(s)
	if err != nil {
		return "", err
	}
	if len(id) != f.digits {
		return "", fmt.Errorf("gitlog: object id %q is not a %s of %d digits", s, f.name, f.digits)
	}
	return id, nil
}

// parseOrNone is parse, with the id of zeroes meaning none.
func (f hashFormat) parseOrNone(s string) (release.Revision, error) {
	id, err := f.parse(s)
	if err == nil && strings.Trim(s, "0") == "" {
		return "", nil
	}
	return id, err
}

// object starts the hash of an object of a kind and size.
func (f hashFormat) object(kind string, size int64) hash.Hash {
	h := f.new()
	fmt.Fprintf(h, "%s %d\x00", kind, size)
	return h
}

func sum(h hash.Hash) release.Revision { return release.Revision(hex.EncodeToString(h.Sum(nil))) }
