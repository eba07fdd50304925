package predicate

import (
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/release"
)

// TypeReview is the predicate type of [Review].
const TypeReview = "https://sallyport.dev/review/v1"

// ReviewSchema is the JSON Schema (2020-12) of [Review]. review.md beside it is the
// specification.
//
//go:embed review.schema.json
var ReviewSchema string

// Review is what a witness read on a forge: who reviewed one change, and what they
// said. The signer vouches for having read it there, and is not a reviewer by that.
//
// It is specified in review.md.
type Review struct {
	// Forge says which forge's rules were applied: "github", "gitlab".
	Forge string `json:"forge"`
	// Change is the URL of the pull or merge request.
	Change string `json:"change"`
	// Head is the newest commit of the change, the one that counted approvals were given
	// to. Merged is the commit that it became in the target branch, empty if it was not
	// merged.
	Head   release.Revision `json:"head"`
	Merged release.Revision `json:"merged,omitempty"`
	// Contributors are all who wrote something of the change, as far as they are known,
	// and Complete says whether these are surely all.
	Contributors []release.Actor `json:"contributors"`
	Complete     bool            `json:"complete"`
	// Approvals are all approvals, those that do not count too; Objections are the
	// requests for changes that nobody took back.
	Approvals  []ReviewApproval  `json:"approvals"`
	Objections []ReviewObjection `json:"objections"`
	// Sources are the forge's answers that this was read from.
	Sources []release.Source `json:"sources"`
}

// ReviewApproval is one approval on a forge.
type ReviewApproval struct {
	// By is who approved, ID the review's name at the forge, Commit what was looked at
	// and At when, by the forge's clock.
	By     release.Actor    `json:"by"`
	ID     string           `json:"id,omitempty"`
	Commit release.Revision `json:"commit,omitempty"`
	At     time.Time        `json:"at,omitzero"`
	// Counts says that there was nothing against it, and Why is everything that there
	// was, in the words of package review.
	Counts bool     `json:"counts"`
	Why    []string `json:"why,omitempty"`
}

// ReviewObjection is one request for changes that stands.
type ReviewObjection struct {
	// By is who objects, ID the review's name at the forge, Commit what was looked at and
	// At when, by the forge's clock.
	By     release.Actor    `json:"by"`
	ID     string           `json:"id,omitempty"`
	Commit release.Revision `json:"commit,omitempty"`
	At     time.Time        `json:"at,omitzero"`
}

// PredicateType is [TypeReview].
func (Review) PredicateType() string { return TypeReview }

// closed: a field that is not understood might be an objection.
func (Review) closed() {}

// Validate demands what review.md does.
func (r Review) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	texts := []string{r.Forge, r.Change}
	if r.Forge == "" {
		bad("no forge")
	}
	if u, err := url.Parse(r.Change); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.Path == "" {
		bad("change is no URL of the web")
	}
	if !fullRevision(r.Head) || r.Merged != "" && !fullRevision(r.Merged) {
		bad("head is no full object id, or merged is none")
	}
	if r.Contributors == nil || r.Approvals == nil || r.Objections == nil {
		bad("contributors, approvals or objections are absent: if there are none, it must say so by an empty list")
	}
	if r.Complete && len(r.Contributors) == 0 {
		bad("contributors are complete, and there is none")
	}
	for _, a := range r.Contributors {
		texts = append(texts, a.ID, string(a.Name))
	}
	if len(r.Sources) == 0 {
		bad("no sources")
	}
	for i, s := range r.Sources {
		if s.Path == "" || s.Format == "" || s.Digest.IsZero() || s.Tool == "" || s.Version == "" || s.At.IsZero() {
			bad("sources[%d] has no path, format, digest, tool, version or time", i)
			break
		}
		texts = append(texts, string(s.Path), s.Format, string(s.Tool), string(s.Version))
	}
	wrote := map[string]bool{}
	for _, a := range r.Contributors {
		wrote[a.ID] = true
	}
	for i, a := range r.Approvals {
		if err := r.counts(a, wrote); err != nil {
			bad("approvals[%d]: %w", i, err)
			break
		}
		texts = append(append(texts, a.By.ID, string(a.By.Name), a.ID, string(a.Commit)), a.Why...)
	}
	for _, o := range r.Objections {
		texts = append(texts, o.By.ID, string(o.By.Name), o.ID, string(o.Commit))
	}
	if slices.ContainsFunc(texts, func(s string) bool { return utf8.RuneCountInString(s) > maxText }) {
		bad("a text is longer than %d characters", maxText)
	}
	return invalid(r, errs...)
}

// counts reports an approval that says that it counts and cannot. wrote has the IDs of
// the contributors.
func (r Review) counts(a ReviewApproval, wrote map[string]bool) error {
	switch {
	case a.Counts == (len(a.Why) > 0):
		return errors.New("it counts although there is something against it, or does not and nothing is")
	case slices.Contains(a.Why, ""):
		return errors.New("a reason is empty")
	case !a.Counts:
		return nil
	case a.By.ID == "" || a.By.Kind != release.ActorHuman:
		return errors.New("it counts and is by nobody who is known, or by no person")
	case a.Commit != r.Head:
		return errors.New("it counts and was given to another commit than head")
	case a.At.IsZero():
		return errors.New("it counts and has no time")
	case !r.Complete:
		return errors.New("it counts although the contributors are not complete")
	case wrote[a.By.ID]:
		return errors.New("it counts and is by a contributor")
	}
	return nil
}

// fullRevision reports whether a revision is a full object id.
func fullRevision(rev release.Revision) bool {
	parsed, err := release.ParseRevision(string(rev))
	return err == nil && parsed == rev
}
