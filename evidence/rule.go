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
//	CommitMatches       provenance counts only if it names the commit, and the tag
//	SLSA                provenance counts only of builders and builds that are trusted
//	Summarized          a verifier that is relied on says PASSED
//	SameField           statements of several types count only if they agree
//	Separate            duties are done by different people
//	NotRevoked          a store says that no evidence is withheld
//	NoVulnerabilities   scans found nothing that counts and nobody has settled
//
// A rule that says which statements of a type count says so for everything: for
// the requirements, for the other rules, and for what approvals rest on. Such a
// rule is met by one statement that counts.
//
// Such rules add up: what counts has passed all of them. A pointer to a rule is none.
//
// Taking supporting evidence away never makes a rule hold that did not: each one
// asks that something be there, and none that something be absent. What a statement
// shows by its key beside what it says, that two principals are one person, is lost
// with it: see [Question.Same].
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

// joint is a rule about several demands together.
type joint interface {
	// demands are those of the rule itself.
	demands() []demand
	// met reports whether the rule's condition holds besides, if all demands are met,
	// and until when; zero is forever.
	met(o *outcome) (ok bool, until time.Time)
	// result is how the rule fared; own are its demands' places among those of o.
	result(o *outcome, own []int) Result
}

// leveled is a rule that shows SLSA levels.
type leveled interface {
	// levels are those that the statements show which count for a demand of o that is
	// met.
	levels(o *outcome, demand int) []string
}

// opposed is a rule that can have something against it.
type opposed interface {
	// against is what fails the rule, and, if nothing does, until when that was
	// overcome; zero is forever.
	against(j *judge) (reasons []release.Reason, until time.Time)
}

// Require demands a valid statement of a predicate type that is about the whole
// release and says success, where the type can say that: tests passed, a summary says
// PASSED, a decision for this release and environment is an allow that lasts still, a
// deployment of it ended as deployed, wherever.
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
