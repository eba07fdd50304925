package evidence

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// statementJSON is how statements are written. Digests go out sorted by algorithm.
type statementJSON struct {
	Type          string        `json:"_type"`
	Subject       []subjectJSON `json:"subject"`
	PredicateType string        `json:"predicateType"`
	Predicate     any           `json:"predicate,omitempty"`
}

type subjectJSON struct {
	Name   string            `json:"name,omitempty"`
	URI    string            `json:"uri,omitempty"`
	Digest map[string]string `json:"digest"`
}

// NewStatement makes a statement to be signed. The content, its predicate, is encoded with
// encoding/json; nil leaves it out; one of a type of package predicate is
// validated and must be of predicateType. Text must be valid UTF-8. What comes out
// has been read back by [ParseStatement].
func NewStatement(predicateType string, subjects []Subject, content any) (Statement, error) {
	if p, ok := content.(predicate.Predicate); ok {
		if p.PredicateType() != predicateType {
			return Statement{}, fmt.Errorf("evidence: predicate of type %q in a statement of type %q", p.PredicateType(), predicateType)
		}
		if err := p.Validate(); err != nil {
			return Statement{}, err
		}
	}
	out := statementJSON{Type: StatementType, Subject: []subjectJSON{}, PredicateType: predicateType, Predicate: content}
	for i, s := range subjects {
		sub := subjectJSON{Name: s.Name, URI: s.URI, Digest: map[string]string{}}
		for _, d := range s.Digests {
			if _, ok := sub.Digest[d.Algorithm]; ok {
				return Statement{}, fmt.Errorf("evidence: subject %d has two digests %q", i, d.Algorithm)
			}
			sub.Digest[d.Algorithm] = d.Value
		}
		out.Subject = append(out.Subject, sub)
	}
	b, err := compact(out)
	if err != nil {
		return Statement{}, err
	}
	if err := unchanged(reflect.ValueOf(out)); err != nil {
		return Statement{}, err
	}
	return parseStatement(b)
}

// For makes a statement that says p of the whole release: its subjects are
// [SubjectsOf] r.
func For(r release.Release, p predicate.Predicate) (Statement, error) {
	if p == nil {
		return Statement{}, errors.New("evidence: no predicate")
	}
	if err := r.Validate(); err != nil {
		return Statement{}, fmt.Errorf("evidence: %w", err)
	}
	return NewStatement(p.PredicateType(), SubjectsOf(r), p)
}
