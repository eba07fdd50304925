package predicate

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// Limits of what is read. Signed bytes come from anywhere.
const (
	// MaxBytes is the size of the largest predicate, in bytes.
	MaxBytes = 16 << 20
	// MaxDepth is how deep JSON may be nested.
	MaxDepth = 100
	// MaxNames is how many names the objects that are open at one place may have
	// together. It bounds the memory that a text can claim before it is refused.
	MaxNames = 1 << 18
	// MaxElements is how many elements a list may have that is read into a type.
	// It bounds the memory that an element costs above its text.
	MaxElements = 1 << 17
)

var limits = strictjson.Limits{Package: "evidence", Bytes: MaxBytes, Depth: MaxDepth, Names: MaxNames, Elements: MaxElements}

// ErrUnknownType is returned by [Parse] for a predicate type that no type here
// reads.
var ErrUnknownType = errors.New("evidence: no type is known for the predicate")

// Read reads a predicate into T, strictly: T must read the predicate type, names
// must match exactly, and the content must be valid. raw is nil if the statement
// has no predicate.
func Read[T Predicate](predicateType string, raw json.RawMessage) (T, error) {
	var p, zero T
	if !reads(p, predicateType) {
		return zero, fmt.Errorf("evidence: predicate is of type %s, not %q", strictjson.Quoted(predicateType), p.PredicateType())
	}
	if err := decode(predicateType, raw, &p); err != nil {
		return zero, fmt.Errorf("evidence: predicate %s: %w", p.PredicateType(), err)
	}
	if err := p.Validate(); err != nil {
		return zero, err
	}
	return p, nil
}

// readers has each type here. A URI is read by at most one of them.
var readers = []struct {
	zero Predicate
	read func(predicateType string, raw json.RawMessage) (Predicate, error)
}{
	{Approval{}, as[Approval]},
	{Deployment{}, as[Deployment]},
	{Provenance{}, as[Provenance]},
	{TestResult{}, as[TestResult]},
	{VSA{}, as[VSA]},
	{Vulns{}, as[Vulns]},
}

func as[T Predicate](predicateType string, raw json.RawMessage) (Predicate, error) {
	p, err := Read[T](predicateType, raw)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Parse reads a predicate into the type that reads its URI: the result is a
// [Provenance], a [TestResult] and so on, never a pointer. For a URI that no type
// reads the error wraps [ErrUnknownType].
func Parse(predicateType string, raw json.RawMessage) (Predicate, error) {
	for _, r := range readers {
		if reads(r.zero, predicateType) {
			return r.read(predicateType, raw)
		}
	}
	return nil, fmt.Errorf("%w type %s", ErrUnknownType, strictjson.Quoted(predicateType))
}

// Known reports whether a type here reads the predicate type.
func Known(predicateType string) bool {
	for _, r := range readers {
		if reads(r.zero, predicateType) {
			return true
		}
	}
	return false
}

func reads(p Predicate, predicateType string) bool {
	if f, ok := p.(family); ok {
		return f.reads(predicateType)
	}
	return predicateType == p.PredicateType()
}

// decode reads raw into *p, a pointer to a predicate.
func decode(predicateType string, raw []byte, p any) error {
	if d, ok := p.(decoder); ok {
		return d.decode(predicateType, raw)
	}
	return decodeObject(raw, p)
}

// decodeObject reads an object into *p.
func decodeObject(raw []byte, p any) error {
	_, strict := p.(closed)
	switch {
	case len(raw) == 0:
		return errors.New("it is absent")
	case raw[0] != '{':
		return errors.New("it is not an object")
	case strict:
		return strictjson.UnmarshalClosed(raw, p, limits, looksAbsent)
	}
	return strictjson.Unmarshal(raw, p, limits)
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
