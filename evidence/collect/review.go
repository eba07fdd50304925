package collect

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/review"
)

// Review makes a statement of who reviewed a change on a forge, of what package
// review read. The change is its URL, which must be of the pull or merge request
// that was read. Run's At is when the forge was asked and its Version that of the
// forge's API, such as "2022-11-28" or "v4"; both must be given. Its Tool may be left
// out: it is then the forge's name.
//
// Approvals that do not count are among them, with the reason; names for display
// are left out. Reviews of which the head is not known, or that could not be read,
// fail with a [GapError].
func Review(run Run, change string, r review.Reviews) (predicate.Review, error) {
	if r.Coverage == release.CoverageMissing || r.Head == "" {
		gaps := r.Gaps
		if len(gaps) == 0 {
			gaps = []release.Gap{{Kind: release.GapHeadMissing, Subject: r.Change.String(), Detail: "nobody knows the reviews or the head of the change"}}
		}
		return predicate.Review{}, &GapError{gaps}
	}
	if len(r.Sources) == 0 {
		return predicate.Review{}, errors.New("collect: the reviews name no file that they were read from")
	}
	p := predicate.Review{Forge: r.Sources[0].Tool.String(), Change: change, Head: r.Head, Merged: r.Merged, Complete: r.Complete == release.AnswerYes,
		Contributors: []release.Actor{}, Approvals: []predicate.ReviewApproval{}, Objections: []predicate.ReviewObjection{}}
	if err := ofChange(p.Forge, change, string(r.Change)); err != nil {
		return predicate.Review{}, err
	}
	run.Tool = cmp.Or(run.Tool, p.Forge)
	for _, s := range r.Sources {
		if err := run.name(&s); err != nil {
			return predicate.Review{}, err
		}
		p.Sources = append(p.Sources, s)
	}
	for _, a := range r.Contributors {
		p.Contributors = append(p.Contributors, nameless(a))
	}
	for _, a := range r.Approvals {
		out := predicate.ReviewApproval{By: nameless(a.By), ID: a.ID, Commit: a.Commit, At: a.At, Counts: a.Counts}
		for _, w := range a.Why {
			out.Why = append(out.Why, string(w))
		}
		p.Approvals = append(p.Approvals, out)
	}
	for _, o := range r.Objections {
		p.Objections = append(p.Objections, predicate.ReviewObjection{By: nameless(o.By), ID: o.ID, Commit: o.Commit, At: o.At})
	}
	if err := p.Validate(); err != nil {
		return predicate.Review{}, fmt.Errorf("collect: %w", err)
	}
	return p, nil
}

func nameless(a release.Actor) release.Actor { return release.Actor{Kind: a.Kind, ID: a.ID} }

// ofChange reports a URL that is not that of the change which was read, such as
// "group/project!12".
func ofChange(forge, change, read string) error {
	place := map[string]string{"github": "/pull/", "gitlab": "/-/merge_requests/"}[forge]
	project, number, ok := cutLast(read, map[string]string{"github": "#", "gitlab": "!"}[forge])
	u, err := url.Parse(change)
	if err != nil || place == "" || !ok || project == "" || u.RawQuery != "" || u.Fragment != "" ||
		!strings.HasSuffix(strings.ToLower(u.Path), strings.ToLower("/"+project+place+number)) {
		return fmt.Errorf("collect: the URL is not that of %s", release.Text(read))
	}
	return nil
}
