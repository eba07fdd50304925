package evidence

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// StatementType is the _type of an in-toto Statement v1
// (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md), which
// is what [NewStatement] makes.
const StatementType = "https://in-toto.io/Statement/v1"

// StatementTypeV01 is the _type of an in-toto Statement v0.1
// (https://github.com/in-toto/attestation/blob/main/spec/v0.1.0/README.md), which
// npm and builders of SLSA provenance v0.2 still write.
const StatementTypeV01 = "https://in-toto.io/Statement/v0.1"

// Statement is an in-toto Statement v1 or v0.1: a predicate about subjects. It
// keeps the exact bytes that it was read from; nothing here ever encodes them
// again, so what a signature covers is what is judged. The zero Statement says
// nothing and cannot be signed.
//
// A Statement says nothing about who made it: see [Verify].
type Statement struct {
	raw           []byte
	typ           string
	predicateType string
	subjects      []Subject
	predicate     []byte // part of raw; nil if absent
}

var (
	statementFields = [][]string{{"_type", "type"}, {"subject"}, {"predicateType", "predicate_type"}, {"predicate"}}
	subjectFields   = [][]string{{"digest"}, {"name"}, {"uri"}, {"content"}, {"downloadLocation", "download_location"},
		{"mediaType", "media_type"}, {"annotations"}}
)

// ParseStatement reads a statement in one strict pass over its bytes, which it
// copies. Fields that the specification does not know are ignored, as it
// demands; whatever two parsers could read in two ways is an error: a name that
// stands twice in one object at any depth, a name that differs from a known one
// by case alone, invalid UTF-8, lone surrogates, anything after the value. The
// predicate may be absent, null, an object, or a string (as cosign writes SPDX).
// A digest may have any algorithm and any text: which of them count is decided
// when a subject is matched.
//
// A statement v0.1 is read as one of v1 is, and each of its subjects must have a
// name that no other has, as its specification demands. In v1 a subject needs no
// name, and two may have the same.
func ParseStatement(b []byte) (Statement, error) {
	if len(b) > MaxStatement {
		_, err := newScanner(b, MaxStatement) // before the copy
		return Statement{}, err
	}
	return parseStatement(bytes.Clone(b))
}

// parseStatement takes ownership of b.
func parseStatement(b []byte) (Statement, error) {
	s, err := newScanner(b, MaxStatement)
	if err != nil {
		return Statement{}, err
	}
	st := Statement{raw: b}
	err = s.Object(func(name []byte) (err error) {
		i, err := s.Field(name, statementFields)
		if err != nil {
			return err
		}
		switch i {
		case 0:
			st.typ, err = s.Str()
		case 1:
			st.subjects, err = s.subjects()
		case 2:
			st.predicateType, err = s.Str()
		case 3:
			st.predicate, err = s.predicate()
		default:
			_, err = s.Value()
		}
		return err
	})
	if err == nil {
		err = s.End()
	}
	switch {
	case err != nil:
	case st.typ != StatementType && st.typ != StatementTypeV01:
		err = fmt.Errorf("evidence: statement of type %s is neither %q nor %q", strictjson.Quoted(st.typ), StatementType, StatementTypeV01)
	case st.predicateType == "":
		err = fmt.Errorf("evidence: statement has no predicateType")
	case len(st.subjects) == 0:
		err = fmt.Errorf("evidence: statement has no subject")
	case st.typ == StatementTypeV01:
		err = namesOfV01(st.subjects)
	}
	if err != nil {
		return Statement{}, err
	}
	return st, nil
}

// namesOfV01 checks what v0.1 demands of names: that each subject has one, and no
// two the same.
func namesOfV01(subjects []Subject) error {
	seen := make(map[string]bool, len(subjects))
	for i, sub := range subjects {
		if sub.Name == "" {
			return fmt.Errorf("evidence: subject %d of a statement v0.1 has no name", i)
		}
		if seen[sub.Name] {
			return fmt.Errorf("evidence: two subjects of a statement v0.1 have the name %s", strictjson.Quoted(sub.Name))
		}
		seen[sub.Name] = true
	}
	return nil
}

func (s scanner) subjects() ([]Subject, error) {
	if err := s.Share(); err != nil {
		return nil, err
	}
	var out []Subject
	var digests []SubjectDigest // of all subjects
	err := s.Array(func(n int) error {
		if n >= MaxSubjects {
			return s.Errorf("more than %d subjects", MaxSubjects)
		}
		var sub Subject
		first := len(digests)
		err := s.Object(func(name []byte) error {
			i, err := s.Field(name, subjectFields)
			if err != nil {
				return err
			}
			switch i {
			case 0:
				digests, err = s.digests(digests)
			case 1:
				sub.Name, err = s.Str()
			case 2:
				sub.URI, err = s.Str()
			default:
				_, err = s.Value()
			}
			return err
		})
		if sub.Digests = digests[first:len(digests):len(digests)]; err == nil && len(sub.Digests) == 0 {
			err = s.Errorf("subject %d has no digest", n)
		}
		out = append(out, sub)
		return err
	})
	return out, err
}

// digests appends those of one subject.
func (s scanner) digests(out []SubjectDigest) ([]SubjectDigest, error) {
	first := len(out)
	err := s.Object(func(name []byte) error {
		if len(out)-first >= MaxDigests {
			return s.Errorf("more than %d digests of one subject", MaxDigests)
		}
		d := SubjectDigest{Algorithm: algorithmName(name)}
		var err error
		if d.Value, err = s.Str(); err == nil && (d.Algorithm == "" || d.Value == "") {
			err = s.Errorf("a digest has no algorithm or no value")
		}
		out = append(out, d)
		return err
	})
	return out, err
}

// algorithmName is the name as text, which is shared for the usual one.
func algorithmName(name []byte) string {
	if string(name) == "sha256" {
		return "sha256"
	}
	return string(name)
}

func (s scanner) predicate() ([]byte, error) {
	s.Space()
	from := s.Offset()
	k, err := s.Value()
	switch {
	case err != nil:
		return nil, err
	case k == strictjson.Null:
		return nil, nil
	case k != strictjson.Object && k != strictjson.String:
		return nil, s.ErrorfAt(from, "a predicate must be an object or a string")
	}
	return s.Since(from), nil
}

// IsZero reports whether s is no statement.
func (s Statement) IsZero() bool { return s.raw == nil }

// Bytes is a copy of the exact bytes that s was read from.
func (s Statement) Bytes() []byte { return bytes.Clone(s.raw) }

// Type is the version of the statement: [StatementType] or [StatementTypeV01].
func (s Statement) Type() string { return s.typ }

// PredicateType is the URI that says what the predicate means.
func (s Statement) PredicateType() string { return s.predicateType }

// Predicate is a copy of the predicate's bytes, nil if it is absent or null.
// [As] reads them into a type.
func (s Statement) Predicate() json.RawMessage { return bytes.Clone(s.predicate) }

// Subjects is a copy of what the statement is about, in its order.
func (s Statement) Subjects() []Subject {
	out := make([]Subject, len(s.subjects))
	for i, sub := range s.subjects {
		sub.Digests = append([]SubjectDigest(nil), sub.Digests...)
		out[i] = sub
	}
	return out
}
