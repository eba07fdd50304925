package evidence

import (
	"errors"
	"reflect"
	"time"

	"encoding/json"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// Limits of what is read. Signed bytes come from anywhere.
const (
	// MaxStatement is the size of the largest statement that is read, in bytes.
	MaxStatement = 16 << 20
	// MaxEnvelope is the size of the largest bundle or DSSE envelope that is
	// read: a statement of MaxStatement in base64, and what stands around it.
	MaxEnvelope = 24 << 20
	// MaxDepth is how deep JSON may be nested.
	MaxDepth = 100
	// MaxNames is how many names the objects that are open at one place may have
	// together. It bounds the memory that a text can claim before it is refused.
	MaxNames = 1 << 18
	// MaxElements is how many elements a list may have that is read into a predicate's
	// type. It bounds the memory that an element costs above its text.
	MaxElements = 1 << 17
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
	return strictjson.Limits{Package: "evidence", Bytes: size, Depth: MaxDepth, Names: MaxNames, Elements: MaxElements}
}

func newScanner(b []byte, limit int) (scanner, error) {
	s, err := strictjson.NewScanner(b, limits(limit))
	return scanner{s}, err
}

// decode reads a predicate, an object, into *v; closed refuses names that no field
// has.
func decode(raw []byte, v any, closed bool) error {
	switch {
	case len(raw) == 0:
		return errors.New("it is absent")
	case raw[0] != '{':
		return errors.New("it is not an object")
	case closed:
		return strictjson.UnmarshalClosed(raw, v, limits(MaxStatement), looksAbsent)
	}
	return strictjson.Unmarshal(raw, v, limits(MaxStatement))
}

// looksAbsent reports whether raw is written but would decode to the zero value,
// which means that the field is not there: a limit in the year 1 is not "no limit".
func looksAbsent(t reflect.Type, raw []byte) bool {
	switch t {
	case reflect.TypeFor[time.Time]():
		var v time.Time
		return json.Unmarshal(raw, &v) == nil && v.IsZero()
	case reflect.TypeFor[release.Digest]():
		return string(raw) == `""`
	}
	return false
}
