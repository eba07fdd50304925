package evidence

import (
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
)

// tally counts people for one demand.
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

// world is one choice of the statements that count, and what comes of it. There is
// one, unless rules leave a choice.
type world struct {
	*judge
	items []*item
	views map[release.Digest]*view // by evidence set
}

// results answers every demand: first those that approvers can have looked at,
// then approvals.
func (w *world) results(demands []demand) []Result {
	shown := make([]bool, len(demands))
	out := make([]Result, len(demands))
	for i := range demands {
		if d := &demands[i]; !d.approval() {
			t := w.count(d, w.items, nil)
			shown[i] = t.met()
			out[i] = w.result(d, t)
		}
	}
	var others []*demand
	for i := range demands {
		if shown[i] {
			others = append(others, &demands[i])
		}
	}
	for i := range demands {
		if d := &demands[i]; d.approval() {
			out[i] = w.result(d, w.count(d, w.items, others))
		}
	}
	return out
}

// count goes through items for one demand. others are the demands that the
// evidence behind an approval must meet.
func (w *world) count(d *demand, items []*item, others []*demand) *tally {
	t := &tally{need: d.need, ends: map[person]time.Time{}, stale: map[person]bool{}}
	for _, it := range items {
		if !d.about(it) || it.broken != nil || it.negative != "" || (it.approval != nil && it.approval.Decision != predicate.Approve) {
			continue
		}
		code, end := w.counts(it, d, others)
		if code != "" {
			t.left = append(t.left, it.reason(code, "%s", leftText(code, it)))
			t.left[len(t.left)-1].Subject = d.id
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

// counts says why an item does not count for a demand, or "" and when it will
// stop.
func (w *world) counts(it *item, d *demand, others []*demand) (code string, end time.Time) {
	if it.notWhole != nil {
		return CodeNotWhole, end
	}
	if it.approval != nil {
		if code := w.bound(it); code != "" {
			return code, end
		}
	} else if !it.positive {
		return it.note, end
	}
	if code := w.current(it); code != "" {
		return code, end
	}
	if it.barred != "" {
		return it.barred, end
	}
	if code := w.entitled(it, d, others); code != "" {
		return code, end
	}
	end = it.ends
	if it.approval != nil {
		if w.withdrawn(it) {
			return CodeWithdrawn, end
		}
		end = sooner(end, it.approval.Expires)
	}
	if d.maxAge > 0 {
		code, until := young(it, d.maxAge, w.now)
		if code != "" {
			return code, until
		}
		end = sooner(end, until)
	}
	if it.approval != nil {
		v := w.look(it.approval, others)
		if !v.ok {
			return CodeOldEvidence, end
		}
		end = sooner(end, v.until)
	}
	return "", end
}

// entitled says why the signer may not show what d asks for.
func (w *world) entitled(it *item, d *demand, others []*demand) string {
	person := it.approval != nil || d.independent
	switch {
	case person && it.by.Kind != release.ActorHuman:
		return CodeNotPerson
	case person && w.authors[it.who]:
		return CodeAuthor
	case d.independent && it.who == w.asker:
		return CodeNotIndependent
	case d.independent && it.approval != nil && w.look(it.approval, others).signers[it.who]:
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

// view is a set of evidence that approvers looked at.
type view struct {
	signers map[person]bool
	ok      bool      // all of it is here and meets the other demands by itself
	until   time.Time // until when
}

// look is the view behind an approval. others are the same at each call.
func (w *world) look(a *predicate.Approval, others []*demand) *view {
	if v, ok := w.views[a.EvidenceSet]; ok {
		return v
	}
	v := &view{ok: true, signers: map[person]bool{}}
	w.views[a.EvidenceSet] = v
	var items []*item
	for _, d := range a.Evidence {
		its := w.byDigest[d]
		v.ok = v.ok && len(its) > 0
		for _, it := range its {
			v.signers[it.who] = true
		}
		items = append(items, its...)
	}
	for _, d := range others {
		t := w.count(d, items, nil)
		if v.ok = v.ok && t.met(); !v.ok {
			break
		}
		v.until = sooner(v.until, t.until())
	}
	return v
}

func (w *world) result(d *demand, t *tally) Result {
	r := d.requirement
	r.Roles = slices.Clone(r.Roles)
	out := Result{Requirement: r, Rule: d.rule, Have: len(t.ends), Need: t.need, Used: slices.Compact(t.used)}
	what := fmt.Sprintf("%d of %d %s", out.Have, out.Need, d.what())
	reason := release.Reason{Subject: d.id, Refs: slices.Clone(out.Used)}
	switch {
	case w.failed(d):
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

// failed reports whether there is evidence against what is asked for.
func (w *world) failed(d *demand) bool {
	return slices.ContainsFunc(w.judge.items, func(it *item) bool {
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
	case CodeSigner:
		return who + " is none of those whose word is asked for"
	case CodeInconclusive:
		return "the result by " + who + " is a warning"
	}
	return "the statement by " + who + " does not count"
}
