package github

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
)

// changePiece is a merged pull request as it was at one time, or a review of it.
type changePiece struct {
	created, updated, merged time.Time
	sha, revertOf            string

	review              string // its id
	submitted           time.Time
	approves, dismissed bool
}

func (p changePiece) compare(o changePiece) int {
	return cmp.Or(p.updated.Compare(o.updated), p.merged.Compare(o.merged), cmp.Compare(p.sha, o.sha),
		cmp.Compare(p.revertOf, o.revertOf), p.created.Compare(o.created))
}

// addPull takes a pull request or a review of one.
func (j *Joiner) addPull(d *delivery, seen time.Time) (Told, error) {
	p, v := d.pull, d.review
	if p.number == "" || p.created.IsZero() || p.updated.IsZero() {
		return Told{}, errors.New("github: the pull request has no number or no time")
	}
	if !p.merged.IsZero() && p.sha == "" {
		return Told{}, errors.New("github: the pull request is merged and has no commit")
	}
	id := d.repository + "#" + p.number
	if v.id != "" && !v.submitted.IsZero() && !v.bot && (v.author == "" || v.author != p.author) {
		piece := changePiece{review: v.id, submitted: v.submitted, approves: v.state == "approved", dismissed: v.state == "dismissed"}
		at := v.submitted
		if piece.dismissed {
			at = p.updated
		}
		if _, err := hold(j, j.changes, id, piece, at, seen); err != nil {
			return Told{}, err
		}
	}
	if !p.merged.IsZero() {
		piece := changePiece{created: p.created, updated: p.updated, merged: p.merged, sha: p.sha}
		repository, _, _ := strings.Cut(p.reverts, "#")
		if p.revert && strings.EqualFold(repository, d.repository) {
			piece.revertOf = d.repository + p.reverts[len(repository):]
		}
		if piece.revertOf == id {
			piece.revertOf = ""
		}
		if _, err := hold(j, j.changes, id, piece, p.updated, seen); err != nil {
			return Told{}, err
		}
	}
	return j.change(id), nil
}

// change is the fact that follows from what is held of a pull request.
func (j *Joiner) change(id string) Told {
	p := j.changes[id]
	var last changePiece
	dismissed := map[string]bool{}
	if p != nil {
		for piece := range p.All() {
			if piece.review == "" && piece.compare(last) > 0 {
				last = piece
			}
			dismissed[piece.review] = dismissed[piece.review] || piece.dismissed
		}
	}
	if last.merged.IsZero() {
		return Told{Skipped: "the pull request is not merged"}
	}
	f := metrics.Change{Meta: meta(j, id, p), Opened: last.created, Merged: last.merged, Commit: last.sha}
	f.At = last.merged
	if last.revertOf != "" {
		f.RevertOf = metrics.Ref{Source: j.options.Source, ID: last.revertOf}
	}
	for piece := range p.All() {
		if piece.review == "" {
			continue
		}
		if f.FirstReview.IsZero() || piece.submitted.Before(f.FirstReview) {
			f.FirstReview = piece.submitted
		}
		if piece.approves && !dismissed[piece.review] && piece.submitted.After(f.Approved) {
			f.Approved = piece.submitted
		}
	}
	return Told{Facts: []metrics.Fact{f}}
}

// push is a branch that went from one commit to another.
type push struct {
	before  string
	commits []string // what came in, sorted
}

// maxPushed is how many commits GitHub lists of a push; one that has as many may have more.
const maxPushed = 2048

// addPush takes the commits of a push. Each is a change of its own.
func (j *Joiner) addPush(d *delivery, seen time.Time) (Told, error) {
	switch {
	case !strings.HasPrefix(d.ref, "refs/heads/"):
		return Told{Skipped: "what was pushed is no branch"}, nil
	case d.deleted:
		return Told{Skipped: "the branch was deleted"}, nil
	case len(d.commits) == 0:
		return Told{Skipped: "the push brought no commit"}, nil
	}
	var told Told
	var ids []string
	for _, c := range d.commits {
		if c.id == "" || c.at.IsZero() {
			return Told{}, errors.New("github: a commit of the push has no id or no time")
		}
		ids = append(ids, c.id)
		told.Facts = append(told.Facts, metrics.Change{Commit: c.id,
			Meta: metrics.Meta{Source: j.options.Source, ID: d.repository + "@" + c.id, Rev: 1, At: c.at, Seen: seen}})
	}
	if d.forced || len(ids) >= maxPushed || strings.Trim(d.before, "0") == "" || strings.Trim(d.after, "0") == "" {
		return told, nil // it says what came in, and not from where
	}
	slices.Sort(ids)
	key := d.repository + "@" + d.after
	known := j.pushes[key]
	if slices.ContainsFunc(known, func(p push) bool { return p.before == d.before }) {
		return told, nil
	}
	if j.held+len(ids) > j.options.MaxPieces {
		return Told{}, ErrFull
	}
	j.held += len(ids)
	j.pushes[key] = append(slices.Clip(known), push{d.before, slices.Compact(ids)})
	return told, nil
}

// Pushed are the commits that came to a branch of a repository, "owner/name", as it went
// from the commit base to the commit head: what a deployment of head brings that
// follows one of base, for [metrics.Deployment.Changes]. The answer is false where the
// pushes that are held do not lead from one to the other: then nobody knows. It is
// for when all pushes until head are there, since no revision of a deployment's fact
// knows of it.
func (j *Joiner) Pushed(repository, base, head string) ([]metrics.Ref, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	came := map[string]push{} // the push that leads on from a commit towards head
	queue := []string{head}
	for len(queue) > 0 && queue[0] != base {
		at := queue[0]
		queue = queue[1:]
		steps := slices.Clone(j.pushes[repository+"@"+at])
		slices.SortFunc(steps, func(a, b push) int { return cmp.Compare(a.before, b.before) })
		for _, p := range steps {
			if _, been := came[p.before]; !been && p.before != head {
				came[p.before] = push{before: at, commits: p.commits}
				queue = append(queue, p.before)
			}
		}
	}
	if len(queue) == 0 {
		return nil, false
	}
	var refs []metrics.Ref
	for at := base; at != head; at = came[at].before {
		for _, id := range came[at].commits {
			refs = append(refs, metrics.Ref{Source: j.options.Source, ID: repository + "@" + id})
		}
	}
	slices.SortFunc(refs, metrics.Ref.Compare)
	return slices.Compact(refs), true
}
