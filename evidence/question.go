package evidence

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/internal/canon"
	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// Question is what [Decide] is asked: may this release go out?
type Question struct {
	// Release is the one that is to go out. [release.Release.Validate] must accept it.
	Release release.Release
	// Requirements are what must be shown. None is a mistake, not a permission:
	// the verdict is then hold.
	Requirements []release.Requirement
	// Rules are what the host demands of its releases besides.
	Rules []Rule
	// Environment is where the release is to go. An approval that is limited to an
	// environment counts there only.
	Environment string
	// Authors are all who wrote the change: [release.ChangeSet.Authors].
	Authors []release.Actor
	// Requester is who asked for the release. It is looked at only where a
	// requirement demands independence.
	Requester release.Actor
	// Identities says which principal each actor is, by Actor.ID. What a commit says
	// of its author, his kind included, is a claim that anyone can write; this map
	// is the host's word. Every author must be in it, bots too, as soon as an
	// approval is required: otherwise a person could write under a bot's name and
	// approve the change.
	//
	// Committers are authors. GitHub commits what is merged or edited on its site
	// itself, as "email:noreply@github.com", and GitLab and others do alike. Such an
	// actor is mapped to a principal that no [Trust] gives to anybody, for instance
	// {"https://github.com", "web-flow"}: it then holds nothing, and keeps nobody
	// from approving. That is safe only where the host knows that the name was not
	// written by hand, because the branch takes merges alone or the site's signature
	// of the commits was checked. Private addresses such as
	// "email:1234+ada@users.noreply.github.com" are people, and mapped like others.
	Identities map[string]Principal
	// Same are groups of principals that the host knows to be one person. [Decide] finds
	// out by itself which principals share a key, but only from statements that it is
	// given: who can leave one out can hide such a link, unless it stands here. A
	// [Keyring] gives no key to two; several trusts may.
	Same [][]Principal
}

// validate reports what makes the question unanswerable.
func (q *Question) validate() error {
	errs := []error{q.Release.Validate()}
	for _, r := range q.Requirements {
		if r.MaxAge < 0 {
			errs = append(errs, fmt.Errorf("requirement %q: negative maximal age %s", r.ID, r.MaxAge))
		}
	}
	for i, r := range q.Rules {
		if r == nil {
			errs = append(errs, fmt.Errorf("rule %d is nil", i))
		} else if t := reflect.TypeOf(r); t.Kind() != reflect.Struct || t.PkgPath() != reflect.TypeFor[Question]().PkgPath() {
			errs = append(errs, fmt.Errorf("rule %d is a %s, and none of the rules of this package by value", i, t)) // it would be overlooked
		} else if err := r.validate(); err != nil {
			errs = append(errs, fmt.Errorf("rule %d, %s: %w", i, strictjson.Quoted(r.ID()), err))
		}
	}
	if errors.Join(errs...) == nil { // what rules ask for is only known of good ones
		for i, r := range q.Rules {
			if s, ok := r.(Separate); ok {
				if err := s.validateIn(q); err != nil {
					errs = append(errs, fmt.Errorf("rule %d, %s: %w", i, strictjson.Quoted(r.ID()), err))
				}
			}
		}
	}
	ids := make([]string, 0, len(q.Identities))
	for id := range q.Identities {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if id == "" || q.Identities[id].IsZero() {
			errs = append(errs, fmt.Errorf("identity of actor %q is nobody", id))
		}
	}
	for _, group := range q.Same {
		if slices.ContainsFunc(group, Principal.IsZero) {
			errs = append(errs, errors.New("somebody who is said to be the same as others is nobody"))
		}
	}
	if !q.text() {
		errs = append(errs, errors.New("the policy has text that is not valid UTF-8, and so no digest of its own"))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("evidence: decide: %w", err)
	}
	return nil
}

// text reports whether all that [Question.policy] looks at is valid UTF-8: in
// JSON, two texts that are not may look the same.
func (q *Question) text() bool {
	ok := utf8.ValidString(q.Environment)
	valid := func(p Principal) bool { return utf8.ValidString(p.Issuer) && utf8.ValidString(p.Subject) }
	for _, r := range q.Requirements {
		ok = ok && utf8.ValidString(r.ID) && utf8.ValidString(string(r.Evidence))
		for _, role := range r.Roles {
			ok = ok && utf8.ValidString(role)
		}
	}
	for id, p := range q.Identities {
		ok = ok && utf8.ValidString(id) && valid(p)
	}
	for _, group := range q.Same {
		for _, p := range group {
			ok = ok && valid(p)
		}
	}
	return ok
}

// policy identifies the rules of the question, apart from the release: what was
// required, where, and who counts as whom.
func (q *Question) policy() (release.Digest, error) {
	type requirement struct {
		ID          string               `json:"id"`
		Evidence    release.EvidenceKind `json:"evidence"`
		Count       int                  `json:"count"`
		MaxAge      string               `json:"maxAge"` // text: nanoseconds may not fit a float64
		Independent bool                 `json:"independent"`
		Roles       []string             `json:"roles"`
	}
	type rule struct {
		ID    string `json:"id"`
		Value any    `json:"value"`
	}
	v := struct {
		Requirements []requirement        `json:"requirements"`
		Rules        []rule               `json:"rules,omitempty"`
		Environment  string               `json:"environment"`
		Identities   map[string]Principal `json:"identities"`
		Same         [][]Principal        `json:"same"`
	}{Environment: q.Environment, Identities: q.Identities, Same: q.Same}
	for _, r := range q.Requirements {
		v.Requirements = append(v.Requirements, requirement{r.ID, r.Evidence, r.Needed(), r.MaxAge.String(), r.Independent, r.Roles})
	}
	for _, r := range q.Rules {
		v.Rules = append(v.Rules, rule{r.ID(), r.policy()})
	}
	d, err := canon.Digest("sallyport.evidence.policy.v1", v)
	if err != nil {
		return release.Digest{}, fmt.Errorf("evidence: decide: %w", err)
	}
	return release.Digest(d), nil
}

// independent reports whether any requirement asks for independence.
func (q *Question) independent() bool {
	return slices.ContainsFunc(q.Requirements, func(r release.Requirement) bool { return r.Independent })
}

// separates reports whether any rule keeps a duty apart from others.
func (q *Question) separates(d Duty) bool {
	return slices.ContainsFunc(q.Rules, func(r Rule) bool {
		s, ok := r.(Separate)
		return ok && slices.Contains(s.Duties, d)
	})
}

// sooner and later compare ends, where the zero time is "never ends".
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if a.IsZero() || b.IsZero() {
		return time.Time{}
	}
	if b.After(a) {
		return b
	}
	return a
}
