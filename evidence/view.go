package evidence

import (
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
)

// looked is a set of evidence that approvers looked at: what is here of it.
type looked struct {
	items   []*item         // sorted by digest
	signers map[person]bool // who signed those
	missing bool            // not all of it is here
	revoked bool            // some of it is revoked
}

// looked finds the evidence behind an approval. It is the same in every world.
func (j *judge) looked(a *predicate.Approval) *looked {
	if l, ok := j.looks[a.EvidenceSet]; ok {
		return l
	}
	l := &looked{signers: map[person]bool{}}
	j.looks[a.EvidenceSet] = l
	for _, d := range a.Evidence {
		its := j.byDigest[d]
		_, gone := j.revoked.envelopes[d]
		l.missing = l.missing || len(its) == 0
		l.revoked = l.revoked || gone || len(its) > 0 && !slices.ContainsFunc(its, func(it *item) bool { return it.revoked == nil })
		for _, it := range its {
			l.items = append(l.items, it)
			l.signers[it.who] = true
		}
	}
	return l
}

// view is what a set of evidence that approvers looked at is in a world: whether all
// of it is here and meets the other demands by itself, and until when.
type view ending

// look is the view behind an approval.
func (w *world) look(a *predicate.Approval) *view {
	if v, ok := w.views[a.EvidenceSet]; ok {
		return v
	}
	l := w.looked(a)
	v := &view{ok: !l.missing && !l.revoked}
	w.views[a.EvidenceSet] = v
	if !v.ok || len(w.others) == 0 {
		return v
	}
	items := l.items
	if w.choice != nil {
		items = slices.DeleteFunc(slices.Clone(items), w.apart)
	}
	for _, d := range w.others {
		t := w.countIn(d, items)
		if v.ok = t.met(); !v.ok {
			return v
		}
		v.until = sooner(v.until, t.until())
	}
	return v
}

// countIn counts for a demand among items that are sorted by digest.
func (w *world) countIn(d *demand, items []*item) *tally {
	t := &tally{need: d.need, ends: map[person]time.Time{}}
	for _, it := range items {
		if !d.mayCount(it) {
			continue
		}
		code, end := w.counts(it, d)
		if it.settled != nil {
			var unsettled string
			if unsettled, end = it.settled.in(items, end, t); unsettled != "" {
				t.open, code = true, unsettled
			}
		}
		if code != "" {
			continue
		}
		for _, who := range w.counted(it, d) {
			t.add(who, end)
		}
	}
	return t
}
