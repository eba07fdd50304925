package evidence

import (
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// world is one choice of the statements that count. There is one, unless
// [SameField] leaves a choice.
type world struct {
	*judge
	choice []string // by rule of [SameField]: the value, or anyValue
	others []*demand
	kept   []*item                  // filled when first asked for
	views  map[release.Digest]*view // by evidence set
}

// outcome is what comes of a world.
type outcome struct {
	*world
	tallies  []*tally          // by demand
	separate map[string]ending // what [Separate.met] has found, by ID
}

// ending says whether something holds, and until when.
type ending struct {
	ok    bool
	until time.Time
}

// entry is a statement that counts for a demand, if the world lets it.
type entry struct {
	it  *item
	who person // the signer, or a reviewer
	end time.Time
}

// vote answers every demand in the world of a choice: first those that approvers
// can have looked at, then approvals.
func (j *judge) vote(choice []string) *outcome {
	o := &outcome{world: &world{judge: j, choice: choice, views: map[release.Digest]*view{}}, tallies: make([]*tally, len(j.demands))}
	for i := range j.demands {
		switch d := &j.demands[i]; {
		case d.own != nil:
			o.tallies[i] = &tally{}
		case !d.approval():
			o.tallies[i] = o.count(i)
		}
	}
	for i := range j.demands {
		if d := &j.demands[i]; !d.approval() && d.own == nil && d.supporting() && o.tallies[i].met() {
			o.others = append(o.others, d)
		}
	}
	for i := range j.demands {
		if j.demands[i].approval() {
			o.tallies[i] = o.count(i)
		}
	}
	return o
}

// apart reports whether the item does not have a value that was chosen.
func (w *world) apart(it *item) bool {
	for i, v := range w.choice {
		if v != anyValue && it.values != nil && it.values[i] != anyValue && it.values[i] != v {
			return true
		}
	}
	return false
}

// count goes through the statements that count for a demand.
func (w *world) count(demand int) *tally {
	entries := w.entries[demand]
	t := &tally{need: w.demands[demand].need, ends: make(map[person]time.Time, len(entries)), used: make([]release.Digest, 0, len(entries))}
	t.open = w.demands[demand].asksFor(release.EvidenceScan) && slices.ContainsFunc(w.excused, func(it *item) bool { return !w.settles(it) })
	for _, e := range entries {
		end := e.end
		if w.apart(e.it) {
			continue
		}
		if e.it.approval != nil {
			v := w.look(e.it.approval)
			if !v.ok {
				continue
			}
			end = sooner(end, v.until)
		}
		if e.it.settled != nil {
			var code string
			if code, end = e.it.settled.in(w.inside(), end, t); code != "" {
				continue
			}
		}
		t.add(e.who, end)
		t.used = append(t.used, e.it.digest)
	}
	return t
}

// settles reports whether the findings of a scan are settled in the world.
func (w *world) settles(it *item) bool {
	code, _ := it.settled.in(w.inside(), time.Time{}, &tally{})
	return code == ""
}

// inside are the items of the world: all but those with values that were not chosen.
func (w *world) inside() []*item {
	if w.choice == nil {
		return w.items
	}
	if w.kept == nil {
		w.kept = slices.DeleteFunc(slices.Clone(w.items), w.apart)
	}
	return w.kept
}

// all reports whether enough counts for every requirement and rule, and until when.
// What speaks against one is the same in every world, and not looked at.
func (o *outcome) all() (ok bool, until time.Time) {
	for i, t := range o.tallies {
		if o.demands[i].own != nil {
			continue // the same in every world
		}
		if !t.met() {
			return false, time.Time{}
		}
		until = sooner(until, t.until())
	}
	for _, a := range o.asks {
		if r, ok := a.rule.(joint); ok {
			met, end := r.met(o)
			if !met {
				return false, time.Time{}
			}
			until = sooner(until, end)
		}
	}
	return true, until
}

// results are those of each requirement and rule.
func (o *outcome) results() []Result {
	out := make([]Result, len(o.asks))
	for i, a := range o.asks {
		if r, ok := a.rule.(joint); ok {
			out[i] = r.result(o, a.own)
		} else {
			out[i] = o.result(a.own[0])
		}
		if r, ok := a.rule.(opposed); ok {
			reasons, until := r.against(o.judge)
			out[i].oppose(reasons, until)
		}
		if r, ok := a.rule.(leveled); ok && out[i].Status == StatusMet {
			out[i].Levels = r.levels(o, a.own[0])
		}
	}
	return out
}

// oppose fails the result if there are reasons against it.
func (r *Result) oppose(reasons []release.Reason, until time.Time) {
	if len(reasons) == 0 {
		if r.Status == StatusMet {
			r.Until = sooner(r.Until, until)
		}
		return
	}
	id := r.ID()
	for i := range reasons {
		reasons[i].Subject = id
	}
	r.Status, r.Until = StatusFailed, time.Time{}
	r.Reasons[0].Code, r.Reasons[0].Text = CodeFailed, r.Reasons[0].Text+", and there is evidence against it"
	r.Reasons = append(r.Reasons, reasons...)
}

func (o *outcome) result(demand int) Result {
	d, t := &o.demands[demand], o.tallies[demand]
	if d.own != nil {
		return d.own(o.judge, d)
	}
	r := d.requirement
	r.Roles = slices.Clone(r.Roles)
	out := Result{Requirement: r, Rule: d.rule, Have: len(t.ends), Need: t.need, Used: sorted(slices.Clone(t.used))}
	what := fmt.Sprintf("%d of %d %s", out.Have, out.Need, d.what())
	reason := release.Reason{Subject: d.id, Refs: slices.Clone(out.Used)}
	failed, left, stale := o.failed(d), []release.Reason(nil), 0
	if failed || !t.met() {
		left, stale = o.left(demand)
	}
	switch {
	case failed:
		out.Status, reason.Code, reason.Text = StatusFailed, CodeFailed, what+", and there is evidence against it"
	case t.met():
		out.Status, reason.Code, reason.Text = StatusMet, CodeMet, what
		out.Until = t.until()
	case !t.open && out.Have+stale >= out.Need:
		out.Status, reason.Code, reason.Text = StatusStale, CodeStale, what+", and the rest no longer counts"
	case t.open:
		out.Status, reason.Code, reason.Text = StatusMissing, CodeMissing, what+", and a finding of a scan is settled by documents with another value alone"
	default:
		out.Status, reason.Code, reason.Text = StatusMissing, CodeMissing, what
	}
	out.Reasons = append([]release.Reason{reason}, left...)
	return out
}

// left is why statements do not count for a demand, and how many people more than
// those who count have one that time alone keeps from it.
func (o *outcome) left(demand int) (reasons []release.Reason, stale int) {
	d, people := &o.demands[demand], map[person]bool{}
	for _, it := range o.items {
		if !d.mayCount(it) {
			continue
		}
		code, _ := o.counts(it, d)
		switch {
		case code != "":
		case o.apart(it):
			code = CodeOtherValue
		case it.approval != nil && o.looked(it.approval).revoked:
			code = CodeRevoked
		case it.settled != nil && !o.settles(it):
			code = CodeFailed
		case it.approval != nil && !o.look(it.approval).ok:
			code = CodeOldEvidence
		default:
			continue
		}
		reason := it.reason(code, "%s", leftText(code, it))
		reason.Subject = d.id
		reasons = append(reasons, reason)
		for _, who := range o.counted(it, d) {
			if _, counted := o.tallies[demand].ends[who]; staleCodes[code] && !counted {
				people[who] = true
			}
		}
	}
	return reasons, len(people)
}
