package evidence

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/internal/canon"
	"github.com/sallyport-dev/sallyport/release"
)

// Question is what [Decide] is asked: may this release go out?
type Question struct {
	Release release.Release
	// Requirements are what must be shown. None is a mistake, not a permission:
	// the verdict is then hold.
	Requirements []release.Requirement
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
	Identities map[string]Principal
	// Same are groups of principals that the host knows to be one person.
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
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("evidence: decide: %w", err)
	}
	return nil
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
	v := struct {
		Requirements []requirement        `json:"requirements"`
		Environment  string               `json:"environment"`
		Identities   map[string]Principal `json:"identities"`
		Same         [][]Principal        `json:"same"`
	}{Environment: q.Environment, Identities: q.Identities, Same: q.Same}
	for _, r := range q.Requirements {
		v.Requirements = append(v.Requirements, requirement{r.ID, r.Evidence, r.Needed(), r.MaxAge.String(), r.Independent, r.Roles})
	}
	d, err := canon.Digest("sallyport.evidence.policy.v1", v)
	if err != nil {
		return release.Digest{}, fmt.Errorf("evidence: decide: %w", err)
	}
	return release.Digest(d), nil
}

// requires reports whether any requirement asks for approvals.
func (q *Question) requires(kind release.EvidenceKind) bool {
	return slices.ContainsFunc(q.Requirements, func(r release.Requirement) bool { return r.Evidence == kind })
}

// independent reports whether any requirement asks for independence.
func (q *Question) independent() bool {
	return slices.ContainsFunc(q.Requirements, func(r release.Requirement) bool { return r.Independent })
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
