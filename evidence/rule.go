package evidence

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/release"
)

// Rule is a condition that the host lays down for its releases, beside the
// requirements that an assessment calls for: see [Question.Rules]. Rules are plain
// values of this package, and part of the policy that a [Decision] names.
//
//	Require, Threshold  a statement of a type is there, by so many people
//	Fresh               statements of a type count only while they are young
//
// A rule that says which statements of a type count says so for everything: for
// the requirements, for the other rules, and for what approvals rest on. Such a
// rule is met by one statement that counts.
//
// Taking supporting evidence away never makes a rule hold that did not: each one
// asks that something be there, and none that something be absent.
type Rule interface {
	// ID is the rule's name with what it is about, as results and reasons have it.
	ID() string
	// validate reports what makes the rule unanswerable.
	validate() error
	// policy is what identifies the rule, without durations, times and other values
	// that JSON could write in two ways.
	policy() any
}

// counted is a rule that so many people must meet.
type counted interface{ demand() demand }

// admitting is a rule that says which statements count.
type admitting interface {
	// admits gives the code of why a statement does not count, "" if the rule has
	// nothing against it, and until when it has not; zero is forever.
	admits(j *judge, it *item) (code string, until time.Time)
}

// Require demands a valid statement of a predicate type that is about the whole
// release and says success, where the type can say that.
type Require struct {
	// Type is the predicate type, exactly.
	Type string
	// By are the principals of whom one must have signed; none is anybody whom the
	// trust knows.
	By []Principal
	// Roles, when there are any, are the roles of which the signer must hold one.
	Roles []string
}

// ID is "require" and the type.
func (r Require) ID() string { return "require " + r.Type }

func (r Require) validate() error { return Threshold{1, r.Type, r.By, r.Roles}.validate() }

func (r Require) policy() any { return r }

func (r Require) demand() demand {
	return demand{typ: r.Type, need: 1, by: r.By, roles: r.Roles}
}

// Threshold is [Require] by several people: distinct principals across bundles,
// of whom two that are one person count once (see [Principal]).
type Threshold struct {
	// Count is how many people there must be, at least 1.
	Count int
	// Type is the predicate type, exactly.
	Type string
	// By are the principals that count; none is anybody whom the trust knows.
	By []Principal
	// Roles, when there are any, are the roles of which each must hold one.
	Roles []string
}

// ID is "threshold" and the type.
func (r Threshold) ID() string { return "threshold " + r.Type }

func (r Threshold) validate() error {
	errs := []error{texts(append([]string{r.Type}, r.Roles...), r.By...)}
	if r.Type == "" {
		errs = append(errs, errors.New("no predicate type"))
	}
	if r.Count < 1 {
		errs = append(errs, fmt.Errorf("count %d is less than 1", r.Count))
	}
	for i, p := range r.By {
		if p.IsZero() {
			errs = append(errs, fmt.Errorf("by[%d] is nobody", i))
		}
	}
	return errors.Join(errs...)
}

func (r Threshold) policy() any { return r }

func (r Threshold) demand() demand {
	return demand{typ: r.Type, need: r.Count, by: r.By, roles: r.Roles}
}

// Fresh lets statements of a predicate type count only while they are not older
// than MaxAge by the first trusted time. One without a trusted time does not
// count. What a signer says of the time is not looked at.
type Fresh struct {
	// Type is the predicate type, exactly.
	Type string
	// MaxAge is more than zero.
	MaxAge time.Duration
}

// ID is "fresh" and the type.
func (r Fresh) ID() string { return "fresh " + r.Type }

func (r Fresh) validate() error {
	if r.Type == "" {
		return errors.New("no predicate type")
	}
	if r.MaxAge <= 0 {
		return fmt.Errorf("maximal age %s is not positive", r.MaxAge)
	}
	return texts([]string{r.Type})
}

// texts reports texts and principals of a rule that are not valid UTF-8: in JSON,
// two of them that are not may look the same.
func texts(all []string, by ...Principal) error {
	for _, p := range by {
		all = append(all, p.Issuer, p.Subject)
	}
	for _, t := range all {
		if !utf8.ValidString(t) {
			return fmt.Errorf("%q is not valid UTF-8", t)
		}
	}
	return nil
}

func (r Fresh) policy() any { return []string{r.Type, r.MaxAge.String()} }

func (r Fresh) demand() demand { return demand{typ: r.Type, need: 1} }

func (r Fresh) admits(j *judge, it *item) (code string, until time.Time) {
	if it.typ != r.Type {
		return "", until
	}
	return young(it, r.MaxAge, j.now)
}

// young is the code of why a statement is too old, "" if it is not, and until when
// it is not.
func young(it *item, most time.Duration, now time.Time) (code string, until time.Time) {
	at := it.by.first()
	if at.IsZero() {
		return CodeNoTrustedTime, until
	}
	if until = at.Add(most); !now.Before(until) {
		return CodeStale, until
	}
	return "", until
}

// demand is what a requirement or a rule asks to be counted: so many people with a
// statement of a kind or of a type.
type demand struct {
	id          string
	requirement release.Requirement // zero of a rule
	rule        Rule                // nil of a requirement
	kind        release.EvidenceKind
	typ         string // where the kind is ""
	need        int
	maxAge      time.Duration
	independent bool
	roles       []string
	by          []Principal
}

func demandOf(r release.Requirement) demand {
	return demand{id: r.ID, requirement: r, kind: r.Evidence, need: r.Needed(), maxAge: r.MaxAge, independent: r.Independent, roles: r.Roles}
}

// about reports whether the demand counts statements such as it.
func (d *demand) about(it *item) bool {
	if d.typ != "" {
		return it.typ == d.typ
	}
	return d.kind != "" && it.kind == d.kind
}

// approval reports whether it is approvals that are counted.
func (d *demand) approval() bool {
	return d.kind == release.EvidenceApproval || KindOf(d.typ) == release.EvidenceApproval
}

// what names that which is counted.
func (d *demand) what() string {
	if d.typ != "" {
		return d.typ
	}
	return string(d.kind)
}

// demands are those of the requirements, then those of the rules that count.
func (q *Question) demands() []demand {
	var out []demand
	for _, r := range q.Requirements {
		out = append(out, demandOf(r))
	}
	for _, r := range q.Rules {
		if c, ok := r.(counted); ok {
			d := c.demand()
			d.id, d.rule = r.ID(), r
			out = append(out, d)
		}
	}
	return out
}
