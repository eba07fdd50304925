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
	MaxElements = 1 << 16
	// MaxEntries is how many elements all such lists, and names all maps, may have
	// together.
	MaxEntries = 1 << 17
)

var limits = strictjson.Limits{Package: "evidence", Bytes: MaxBytes, Depth: MaxDepth, Names: MaxNames, Elements: MaxElements, Entries: MaxEntries}

// ErrUnknownType is returned by [Parse] for a predicate type that no type here
// reads.
var ErrUnknownType = errors.New("evidence: no type is known for the predicate")

// Read reads a predicate into T, strictly: T must read the predicate type, names
// must match exactly, and the content must be valid. raw is nil if the statement
// has no predicate. T is a type itself, such as [Link], not a pointer to it, for
// which the answer is an error.
func Read[T Predicate](predicateType string, raw json.RawMessage) (T, error) {
	var p, zero T
	if k := reflect.TypeFor[T]().Kind(); k == reflect.Pointer || k == reflect.Interface {
		return zero, fmt.Errorf("evidence: %s is not the type of a predicate: they are read as values", reflect.TypeFor[T]())
	}
	if !reads(p, predicateType) {
		return zero, fmt.Errorf("evidence: predicate is of type %s, not %q", strictjson.Quoted(predicateType), p.PredicateType())
	}
	if err := decode(predicateType, raw, &p); err != nil {
		return zero, fmt.Errorf("evidence: predicate %s: %w", p.PredicateType(), err)
	}
	validate := p.Validate
	if d, ok := any(p).(document); ok {
		validate = d.validateRead
	}
	if err := validate(); err != nil {
		return zero, err
	}
	if err := complete(p, raw); err != nil {
		return zero, fmt.Errorf("evidence: predicate %s: %w", p.PredicateType(), err)
	}
	return p, nil
}

// readers has each type here. A URI is read by at most one of them.
var readers = []struct {
	zero Predicate
	read func(predicateType string, raw json.RawMessage) (Predicate, error)
}{
	{Approval{}, as[Approval]},
	{Checkpoint{}, as[Checkpoint]},
	{CosignVuln{}, as[CosignVuln]},
	{CycloneDX{}, as[CycloneDX]},
	{Decision{}, as[Decision]},
	{Deployment{}, as[Deployment]},
	{LegacyLink{}, as[LegacyLink]},
	{Link{}, as[Link]},
	{NPMPublish{}, as[NPMPublish]},
	{OpenVEX{}, as[OpenVEX]},
	{Provenance{}, as[Provenance]},
	{ProvenanceV01{}, as[ProvenanceV01]},
	{ProvenanceV02{}, as[ProvenanceV02]},
	{PyPIPublish{}, as[PyPIPublish]},
	{Reference{}, as[Reference]},
	{Release{}, as[Release]},
	{Review{}, as[Review]},
	{Revocation{}, as[Revocation]},
	{RuntimeTrace{}, as[RuntimeTrace]},
	{SCAI{}, as[SCAI]},
	{SPDX{}, as[SPDX]},
	{SVR{}, as[SVR]},
	{SVRV01{}, as[SVRV01]},
	{TestResult{}, as[TestResult]},
	{VSA{}, as[VSA]},
	{Vulns{}, as[Vulns]},
	{VulnsV01{}, as[VulnsV01]},
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
func decodeObject(raw []byte, p any) error { return decodeWithin(limits, raw, p) }

func decodeWithin(limits strictjson.Limits, raw []byte, p any) error {
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
	case reflect.TypeFor[release.Digest](), reflect.TypeFor[release.Revision]():
		return string(raw) == `""`
	}
	return false
}
