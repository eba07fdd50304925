package evidence

import (
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// Limits of what is read. Signed bytes come from anywhere.
const (
	// MaxStatement is the size of the largest statement that is read, in bytes.
	MaxStatement = predicate.MaxBytes
	// MaxEnvelope is the size of the largest bundle or DSSE envelope that is
	// read: a statement of MaxStatement in base64, and what stands around it.
	MaxEnvelope = 24 << 20
	// MaxDepth is how deep JSON may be nested.
	MaxDepth = predicate.MaxDepth
	// MaxNames is how many names the objects that are open at one place may have
	// together. It bounds the memory that a text can claim before it is refused.
	MaxNames = predicate.MaxNames
	// MaxSubjects and MaxDigests bound the subjects of a statement and the digests
	// of one subject.
	MaxSubjects = 4096
	MaxDigests  = 32
)

// SyntaxError says where untrusted JSON is not what it must be. Its text may
// change from version to version.
type SyntaxError = strictjson.SyntaxError

// scanner reads signed JSON.
type scanner struct{ *strictjson.Scanner }

func limits(size int) strictjson.Limits {
	return strictjson.Limits{Package: "evidence", Bytes: size, Depth: MaxDepth, Names: MaxNames, Elements: predicate.MaxElements}
}

func newScanner(b []byte, limit int) (scanner, error) {
	s, err := strictjson.NewScanner(b, limits(limit))
	return scanner{s}, err
}
