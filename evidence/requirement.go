package evidence

import (
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// tally counts people for one demand.
type tally struct {
	need int
	ends map[person]time.Time // when the last of their statements stops counting
	used []release.Digest
	open bool // a scan has findings that nothing settles which counts here
}

// staleCodes are the reasons that time, and nothing else, brought about or could
// heal with fresh evidence of the same person.
var staleCodes = map[string]bool{CodeStale: true, CodeExpired: true, CodeNoTrustedTime: true, CodeOldEvidence: true}

func (t *tally) add(who person, end time.Time) {
	if was, ok := t.ends[who]; ok {
		end = later(was, end)
	}
	t.ends[who] = end
}

func (t *tally) met() bool { return len(t.ends) >= t.need && !t.open }

// until is when fewer people than needed are left.
func (t *tally) until() time.Time {
	ends := make([]time.Time, 0, len(t.ends))
	for _, e := range t.ends {
		ends = append(ends, e)
	}
	slices.SortFunc(ends, latest)
	return ends[t.need-1]
}

// latest orders ends: the latest first, never before all.
func latest(a, b time.Time) int {
	switch {
	case a.IsZero() && b.IsZero():
		return 0
	case a.IsZero():
		return -1
	case b.IsZero():
		return 1
	}
	return b.Compare(a)
}

// counts says why an item does not count for a demand, in every world, or "" and
// when it will stop. Whether an approval's evidence is enough is for a world to say.
func (j *judge) counts(it *item, d *demand) (code string, end time.Time) {
	if it.revoked != nil {
		return CodeRevoked, end
	}
	if it.notWhole != nil {
		return CodeNotWhole, end
	}
	if it.approval != nil {
		if code := j.bound(it); code != "" {
			return code, end
		}
	} else if !it.positive {
		return it.note, end
	}
	if code := j.current(it); code != "" {
		return code, end
	}
	if it.barred != "" {
		return it.barred, end
	}
	if code := j.entitled(it, d); code != "" {
		return code, end
	}
	end = it.ends
	if it.approval != nil {
		if j.withdrawn(it) {
			return CodeWithdrawn, end
		}
		end = sooner(end, it.approval.Expires)
	}
	if d.maxAge > 0 {
		code, until := young(it, d.maxAge, j.now)
		if code != "" {
			return code, until
		}
		end = sooner(end, until)
	}
	if d.fits != nil {
		code, until := d.fits(j, it)
		if code != "" {
			return code, until
		}
		end = sooner(end, until)
	}
	return "", end
}

// mayCount reports whether an item is of those of which counts is asked.
func (d *demand) mayCount(it *item) bool {
	return d.about(it) && it.broken == nil && it.negative == "" && (it.approval == nil || it.approval.Decision == predicate.Approve)
}

// entitled says why the signer may not show what d asks for.
func (j *judge) entitled(it *item, d *demand) string {
	person := it.approval != nil || d.independent && it.review == nil // a reviewer's kind is in the review
	switch {
	case it.review != nil && j.witness(it, d) != "":
		return j.witness(it, d)
	case person && it.by.Kind != release.ActorHuman:
		return CodeNotPerson
	case person && j.authors[it.who]:
		return CodeAuthor
	case d.independent && it.who == j.asker:
		return CodeNotIndependent
	case d.independent && it.approval != nil && j.looked(it.approval).signers[it.who]:
		return CodeNotIndependent
	case it.approval != nil && it.approval.Role != "" && !slices.Contains(it.by.Roles, it.approval.Role):
		return CodeRole
	case len(d.roles) > 0 && !holds(it, d.roles):
		return CodeRole
	case len(d.by) > 0 && !slices.Contains(d.by, it.by.Principal):
		return CodeSigner
	}
	return ""
}

// holds reports whether the signer has one of the roles. An approval that names
// a role uses that one and no other.
func holds(it *item, roles []string) bool {
	return slices.ContainsFunc(roles, func(role string) bool {
		return role != "" && slices.Contains(it.by.Roles, role) &&
			(it.approval == nil || it.approval.Role == "" || it.approval.Role == role)
	})
}

// failed reports whether there is evidence against what is asked for.
func (j *judge) failed(d *demand) bool {
	return slices.ContainsFunc(j.items, func(it *item) bool {
		return d.about(it) && (it.negative != "" || it.rejects())
	})
}

// leftText is the sentence for a statement that does not count.
func leftText(code string, it *item) string {
	who := it.by.Principal.String()
	switch code {
	case CodeNotWhole:
		return "the statement by " + who + " is not about the whole release: " + it.notWhole.Error()
	case CodeOtherRelease:
		return "the statement by " + who + " is for another release or change set"
	case CodeOtherPlace:
		return "the statement by " + who + " is for another environment"
	case CodeOtherCommit:
		if it.review != nil {
			return "the review by " + who + " is of another commit than the release's"
		}
		return "the provenance by " + who + " names other commits than the release's"
	case CodeOldEvidence:
		return "the approval by " + who + " rests on evidence that is not here, or that does not show enough"
	case CodeFailed:
		return "the scan by " + who + " found something that only documents with another value settle"
	case CodeExpired:
		return "the statement by " + who + " has expired"
	case CodeStale:
		return "the statement by " + who + " is too old"
	case CodeNoTrustedTime:
		return "nobody trusted says when the statement by " + who + " was signed"
	case CodeFuture:
		return "the statement by " + who + " is from after the moment of the decision"
	case CodeNotPerson:
		return who + " is not known to be a person"
	case CodeAuthor:
		return who + " wrote some of the change"
	case CodeNotIndependent:
		return who + " requested the release or signed the evidence that was looked at"
	case CodeRole:
		return who + " does not hold the role that is asked for, or that the approval names"
	case CodeRevoked:
		if it.revoked == nil {
			return "the approval by " + who + " rests on evidence that is revoked"
		}
		return "the statement by " + who + " is revoked by " + it.revoked.by.String() + ": " + it.revoked.Reason.String()
	case CodeWithdrawn:
		return who + " abstained since"
	case CodeSigner:
		return who + " is none of those whose word is asked for"
	case CodeOtherValue:
		return "the statement by " + who + " has another value in a field in which statements must agree"
	case CodeNoValue:
		return "the statement by " + who + " has no value in a field in which statements must agree"
	case CodeNoCommit:
		return "the statement by " + who + " does not name the release's commit"
	case CodeOtherRef:
		return "the provenance by " + who + " does not say that it was built from the tag"
	case CodeBuilder:
		return "the provenance by " + who + " names no builder whose word " + who + " may give"
	case CodeLevel:
		return "the builder in the provenance by " + who + " is not trusted with the level"
	case CodeBuildType:
		return "the provenance by " + who + " is of another build type"
	case CodeSource:
		return "the provenance by " + who + " names another source repository or none"
	case CodeParameters:
		return "the provenance by " + who + " has other parameters than are expected: " + it.fault
	case CodeVerifier:
		return "the summary by " + who + " is not of a verifier whose word " + who + " may give"
	case CodeResource:
		return "the summary by " + who + " is about another resource"
	case CodePolicy:
		return "the summary by " + who + " is for another policy"
	case CodeNotPassed:
		return "the statement by " + who + " does not say that it passed"
	case CodeWitness:
		return who + " is no service, and nobody asks for the word of " + who + " on what others said"
	case CodeNoReviewer:
		return "the review by " + who + " names nobody whose approval counts"
	case CodeInconclusive:
		return "the result by " + who + " is a warning"
	}
	return "the statement by " + who + " does not count"
}

// holds reports whether an envelope is in the set.
func (j *judge) holds(envelope release.Digest) bool {
	_, ok := slices.BinarySearchFunc(j.set, envelope, func(v Verified, d release.Digest) int { return v.Digest().Compare(d) })
	return ok
}
