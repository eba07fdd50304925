package evidence

import (
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// tally counts people for one requirement.
type tally struct {
	need  int
	ends  map[person]time.Time // when the last of their statements stops counting
	used  []release.Digest
	left  []release.Reason // what did not count, and why
	stale map[person]bool
}

// staleCodes are the reasons that time, and nothing else, brought about or could
// heal with fresh evidence of the same person.
var staleCodes = map[string]bool{CodeStale: true, CodeExpired: true, CodeNoTrustedTime: true, CodeOldEvidence: true}

func (t *tally) met() bool { return len(t.ends) >= t.need }

// until is when fewer people than needed are left.
func (t *tally) until() time.Time {
	ends := make([]time.Time, 0, len(t.ends))
	for _, e := range t.ends {
		ends = append(ends, e)
	}
	slices.SortFunc(ends, func(a, b time.Time) int { // the latest first, never before all
		switch {
		case a.IsZero() && b.IsZero():
			return 0
		case a.IsZero():
			return -1
		case b.IsZero():
			return 1
		}
		return b.Compare(a)
	})
	return ends[t.need-1]
}

// results answers every requirement: first those that approvers can have looked
// at, then approvals.
func (j *judge) results() []Result {
	shown := make([]bool, len(j.q.Requirements))
	out := make([]Result, len(j.q.Requirements))
	for i, r := range j.q.Requirements {
		if r.Evidence != release.EvidenceApproval {
			t := j.count(r, j.items, nil)
			shown[i] = t.met()
			out[i] = j.result(r, t)
		}
	}
	var others []release.Requirement
	for i, r := range j.q.Requirements {
		if shown[i] {
			others = append(others, r)
		}
	}
	for i, r := range j.q.Requirements {
		if r.Evidence == release.EvidenceApproval {
			out[i] = j.result(r, j.count(r, j.items, others))
		}
	}
	return out
}

// count goes through items for one requirement. others are the requirements that
// the evidence behind an approval must meet.
func (j *judge) count(r release.Requirement, items []*item, others []release.Requirement) *tally {
	t := &tally{need: r.Needed(), ends: map[person]time.Time{}, stale: map[person]bool{}}
	for _, it := range items {
		if it.kind != r.Evidence || it.kind == "" || it.broken != nil || it.negative != "" ||
			(it.approval != nil && it.approval.Decision != Approve) {
			continue
		}
		code, end := j.counts(it, r, others)
		if code != "" {
			t.left = append(t.left, it.reason(code, "%s", leftText(code, it)))
			t.left[len(t.left)-1].Subject = r.ID
			if staleCodes[code] {
				t.stale[it.who] = true
			}
			continue
		}
		if was, ok := t.ends[it.who]; ok {
			end = later(was, end)
		}
		t.ends[it.who] = end
		t.used = append(t.used, it.digest)
	}
	return t
}

// counts says why an item does not count for a requirement, or "" and when it
// will stop.
func (j *judge) counts(it *item, r release.Requirement, others []release.Requirement) (code string, end time.Time) {
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
	if code := j.entitled(it, r, others); code != "" {
		return code, end
	}
	if it.approval != nil {
		if j.withdrawn(it) {
			return CodeWithdrawn, end
		}
		end = it.approval.Expires
	}
	if r.MaxAge > 0 {
		at := it.by.first()
		if at.IsZero() {
			return CodeNoTrustedTime, end
		}
		if end = sooner(end, at.Add(r.MaxAge)); !j.now.Before(at.Add(r.MaxAge)) {
			return CodeStale, end
		}
	}
	if it.approval != nil {
		v := j.look(it.approval, others)
		if !v.ok {
			return CodeOldEvidence, end
		}
		end = sooner(end, v.until)
	}
	return "", end
}

// entitled says why the signer may not show what r asks for.
func (j *judge) entitled(it *item, r release.Requirement, others []release.Requirement) string {
	person := it.approval != nil || r.Independent
	switch {
	case person && it.by.Kind != release.ActorHuman:
		return CodeNotPerson
	case person && j.authors[it.who]:
		return CodeAuthor
	case r.Independent && it.who == j.asker:
		return CodeNotIndependent
	case r.Independent && it.approval != nil && j.look(it.approval, others).signers[it.who]:
		return CodeNotIndependent
	case it.approval != nil && it.approval.Role != "" && !slices.Contains(it.by.Roles, it.approval.Role):
		return CodeRole
	case len(r.Roles) > 0 && !holds(it, r.Roles):
		return CodeRole
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

// view is a set of evidence that approvers looked at.
type view struct {
	signers map[person]bool
	ok      bool      // all of it is here and meets the other requirements by itself
	until   time.Time // until when
}

// look is the view behind an approval. others are the same at each call.
func (j *judge) look(a *Approval, others []release.Requirement) *view {
	if v, ok := j.views[a.EvidenceSet]; ok {
		return v
	}
	v := &view{ok: true, signers: map[person]bool{}}
	j.views[a.EvidenceSet] = v
	var items []*item
	for _, d := range a.Evidence {
		its := j.byDigest[d]
		v.ok = v.ok && len(its) > 0
		for _, it := range its {
			v.signers[it.who] = true
		}
		items = append(items, its...)
	}
	for _, r := range others {
		t := j.count(r, items, nil)
		if v.ok = v.ok && t.met(); !v.ok {
			break
		}
		v.until = sooner(v.until, t.until())
	}
	return v
}

func (j *judge) result(r release.Requirement, t *tally) Result {
	r.Roles = slices.Clone(r.Roles)
	out := Result{Requirement: r, Have: len(t.ends), Need: t.need, Used: slices.Compact(t.used)}
	what := fmt.Sprintf("%d of %d %s", out.Have, out.Need, r.Evidence)
	reason := release.Reason{Subject: r.ID, Refs: slices.Clone(out.Used)}
	switch {
	case j.failed(r.Evidence):
		out.Status, reason.Code, reason.Text = StatusFailed, CodeFailed, what+", and there is evidence against it"
	case t.met():
		out.Status, reason.Code, reason.Text = StatusMet, CodeMet, what
		out.Until = t.until()
	default:
		for p := range t.ends {
			delete(t.stale, p)
		}
		out.Status, reason.Code, reason.Text = StatusMissing, CodeMissing, what
		if out.Have+len(t.stale) >= out.Need {
			out.Status, reason.Code, reason.Text = StatusStale, CodeStale, what+", and the rest no longer counts"
		}
	}
	out.Reasons = []release.Reason{reason}
	if out.Status != StatusMet {
		out.Reasons = append(out.Reasons, t.left...)
	}
	return out
}

// failed reports whether there is evidence against this kind.
func (j *judge) failed(kind release.EvidenceKind) bool {
	return slices.ContainsFunc(j.items, func(it *item) bool {
		return it.kind == kind && (it.negative != "" || it.rejects())
	})
}

// leftText is the sentence for a statement that does not count.
func leftText(code string, it *item) string {
	who := it.by.Principal.String()
	switch code {
	case CodeNotWhole:
		return "the statement by " + who + " is not about the whole release: " + it.notWhole.Error()
	case CodeOtherRelease:
		return "the approval by " + who + " is for another release or change set"
	case CodeOtherPlace:
		return "the approval by " + who + " is for another environment"
	case CodeOtherCommit:
		return "the provenance by " + who + " names other commits than the release's"
	case CodeOldEvidence:
		return "the approval by " + who + " rests on evidence that is not here, or that does not show enough"
	case CodeExpired:
		return "the approval by " + who + " has expired"
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
	case CodeWithdrawn:
		return who + " abstained since"
	case CodeInconclusive:
		return "the result by " + who + " is a warning"
	}
	return "the statement by " + who + " does not count"
}
