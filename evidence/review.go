package evidence

import (
	"slices"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// The codes of reviews, beside those of other statements.
const (
	CodeObjected   = "evidence/objected"    // somebody asked for changes on the forge, and that stands
	CodeWitness    = "evidence/witness"     // a person says what others said, and nobody asked for that person's word
	CodeNoReviewer = "evidence/no-reviewer" // none of the approvals in the review counts
)

// reviewed reports whether a review is of the release's commit: as it was looked at,
// or as it was merged.
func (j *judge) reviewed(r *predicate.Review) bool {
	commit := j.q.Release.Commit
	return commit != "" && (r.Head == commit || r.Merged == commit)
}

// reviewing finds the reviewers of each review.
func (j *judge) reviewing() {
	for _, it := range j.items {
		it.alone[0] = it.who
		if it.review != nil {
			it.reviewers = j.reviewers(it.review)
		}
	}
}

// reviewers are the people whose approvals count, as far as the review and the host's
// map of identities tell. Where a contributor is not in the map there are none: a
// reviewer could be the same person.
func (j *judge) reviewers(r *predicate.Review) []person {
	wrote := map[person]bool{}
	for _, a := range r.Contributors {
		p, ok := j.q.Identities[a.ID]
		if !ok {
			return nil
		}
		wrote[j.people.person(p)] = true
	}
	var out []person
	for _, a := range r.Approvals {
		p, ok := j.q.Identities[a.By.ID]
		if !ok || !a.Counts {
			continue
		}
		if who := j.people.person(p); !wrote[who] && !j.authors[who] && !slices.Contains(out, who) {
			out = append(out, who)
		}
	}
	return out
}

// counted are the people who count by an item for a demand: its signer, or of a
// review the reviewers.
func (j *judge) counted(it *item, d *demand) []person {
	if it.review == nil {
		return it.alone[:]
	}
	if !d.independent {
		return it.reviewers
	}
	return slices.DeleteFunc(slices.Clone(it.reviewers), func(who person) bool { return who == j.asker })
}

// name is whom an entry is about, for people.
func (e entry) name() string {
	if e.it.review != nil {
		return "somebody in the review by " + e.it.by.Principal.String()
	}
	return e.it.by.Principal.String()
}

// witness says why a review does not count for a demand by who signed it, or by
// whom it names. A person's word for what other people said is hearsay, unless the
// demand asks for that person.
func (j *judge) witness(it *item, d *demand) string {
	switch {
	case j.authors[it.who]:
		return CodeAuthor
	case it.by.Kind != release.ActorService && it.by.Kind != release.ActorBot && len(d.roles) == 0 && len(d.by) == 0:
		return CodeWitness
	case len(j.counted(it, d)) == 0:
		return CodeNoReviewer
	}
	return ""
}

// objections are those of reviews that stand.
func (j *judge) objections() against {
	out := against{verdict: release.VerdictAllow}
	for _, it := range j.items {
		if it.review == nil || len(it.review.Objections) == 0 || j.resolved(it) {
			continue
		}
		first := it.review.Objections[0].By
		out.add(release.VerdictHold, it.reason(CodeObjected, "%d objections to the change stand, the first by %s, says %s", len(it.review.Objections), release.Text(first.String()), it.by.Principal))
	}
	return out
}

// resolved reports whether the same principal has stated a review of the same change
// without objections since, by trusted times. As with rejections, a link between
// principals must not help anyone past an objection.
func (j *judge) resolved(objecting *item) bool {
	after := objecting.by.last()
	return !after.IsZero() && slices.ContainsFunc(j.items, func(it *item) bool {
		return it.review != nil && len(it.review.Objections) == 0 && it.review.Change == objecting.review.Change && it.by.Principal == objecting.by.Principal &&
			it.by.first().After(after) && it.positive && it.revoked == nil && it.notWhole == nil && j.current(it) == ""
	})
}
