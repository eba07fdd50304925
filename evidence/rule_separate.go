package evidence

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// Duty is something that people do for a release, and that [Separate] keeps apart
// from other such things.
type Duty string

// The duties. Authors and the requester are those of the [Question]; of the others
// those do them whose statements count.
const (
	DutyAuthor    Duty = "author"
	DutyRequester Duty = "requester"
	DutyApprover  Duty = "approver" // who approved
	DutyBuilder   Duty = "builder"  // who signed provenance
	DutyTester    Duty = "tester"   // who signed results of tests
	DutyScanner   Duty = "scanner"  // who signed results of scans
	DutyReviewer  Duty = "reviewer" // who reviewed the change
)

// duties are those that statements show.
var duties = map[Duty]release.EvidenceKind{
	DutyApprover: release.EvidenceApproval,
	DutyBuilder:  release.EvidenceProvenance,
	DutyTester:   release.EvidenceTest,
	DutyScanner:  release.EvidenceScan,
	DutyReviewer: release.EvidenceReview,
}

// Separate demands that the duties are done by different people: that everybody can
// be given one of them, or none, so that the people of each duty are as many as the
// requirements and the other rules ask for by themselves, and at least one. Whether
// somebody does two duties besides does not matter, as long as there are enough
// others: ada may test what she approves, if bob tested it too.
//
// An author does none of the other duties, if authors are listed, and the requester
// none, if requesters are; the two are not kept apart from each other. If one of them
// has no identity, nobody knows whom to keep apart, and the answer is hold.
//
// People are persons, whatever their principals and keys: see [Principal].
type Separate struct {
	// Duties are at least two, of which statements show one or more, each once.
	Duties []Duty
}

// ID is "separate" and the duties.
func (r Separate) ID() string {
	names := make([]string, len(r.Duties))
	for i, d := range r.Duties {
		names[i] = string(d)
	}
	return "separate " + strings.Join(names, ", ")
}

func (r Separate) validate() error {
	var errs []error
	shown := false
	for i, d := range r.Duties {
		_, ok := duties[d]
		shown = shown || ok
		switch {
		case !ok && d != DutyAuthor && d != DutyRequester:
			errs = append(errs, fmt.Errorf("duty %s is none", strictjson.Quoted(string(d))))
		case slices.Contains(r.Duties[:i], d):
			errs = append(errs, fmt.Errorf("duty %s stands twice", d))
		}
	}
	if len(r.Duties) < 2 || !shown {
		errs = append(errs, errors.New("there is nothing to keep apart: name two duties, and one that statements show"))
	}
	return errors.Join(errs...)
}

// maxCells bounds what [Separate] must keep in mind: see [staff].
const maxCells = 1 << 16

// validateIn reports a question that asks for too much to be told apart.
func (r Separate) validateIn(q *Question) error {
	_, demands := q.asks()
	cells := 1
	for i := range demands {
		if !r.tells(demands, i) {
			continue
		}
		if cells *= demands[i].need + 1; cells > maxCells || demands[i].need >= maxCells {
			return fmt.Errorf("too many people are asked for: the product of what each requirement of the duties needs, plus one, exceeds %d", maxCells)
		}
	}
	return nil
}

func (r Separate) policy() any { return r }

// demands are somebody for each duty.
func (r Separate) demands() []demand {
	var out []demand
	for _, d := range r.Duties {
		if kind, ok := duties[d]; ok {
			out = append(out, demand{kind: kind, need: 1})
		}
	}
	return out
}

// duty is the place of the duty that a demand counts people for, -1 for none.
func (r Separate) duty(d *demand) int {
	kind := d.shows()
	return slices.IndexFunc(r.Duties, func(duty Duty) bool { return kind != "" && duties[duty] == kind })
}

// tells reports whether a demand is about one of the duties and not implied: who does
// what others ask for of the duty is somebody who does it.
func (r Separate) tells(demands []demand, i int) bool {
	duty := r.duty(&demands[i])
	if _, anybody := demands[i].rule.(Separate); duty < 0 || !anybody {
		return duty >= 0
	}
	for k := range demands {
		_, anybody := demands[k].rule.(Separate)
		if k != i && r.duty(&demands[k]) == duty && (!anybody || k < i) {
			return false
		}
	}
	return true
}

func (r Separate) met(o *outcome) (bool, time.Time) {
	id := r.ID()
	e, ok := o.separate[id]
	if !ok {
		e.ok, e.until = r.lasts(o)
		if o.separate == nil {
			o.separate = map[string]ending{}
		}
		o.separate[id] = e
	}
	return e.ok, e.until
}

// lasts says until when there are different people: the first end at which too few
// are left.
func (r Separate) lasts(o *outcome) (bool, time.Time) {
	s := r.staff(o)
	if !s.enough(time.Time{}, nil) {
		return false, time.Time{}
	}
	var ends []time.Time
	for _, k := range s.skills {
		if !k.until.IsZero() {
			ends = append(ends, k.until)
		}
	}
	slices.SortFunc(ends, time.Time.Compare)
	ends = slices.CompactFunc(ends, time.Time.Equal)
	i, _ := slices.BinarySearchFunc(ends, false, func(end time.Time, _ bool) int {
		if s.enough(end, nil) {
			return -1
		}
		return 1
	})
	if i < len(ends) {
		return true, ends[i]
	}
	return true, time.Time{}
}

// staff is who can do what, of those who count.
func (r Separate) staff(o *outcome) *staff {
	s := staff{jobs: make([]uint32, len(o.people.parent))}
	for i, t := range o.tallies {
		if !r.tells(o.demands, i) {
			continue
		}
		s.skills = slices.Grow(s.skills, len(t.ends))
		job := s.job(r.duty(&o.demands[i]), t.need)
		for who, end := range t.ends {
			if !r.bars(o.judge, who) {
				s.can(who, job, end)
			}
		}
	}
	return &s
}

// bars reports whether a person does none of the duties that statements show.
func (r Separate) bars(j *judge, who person) bool {
	return slices.Contains(r.Duties, DutyAuthor) && j.authors[who] || slices.Contains(r.Duties, DutyRequester) && who == j.asker
}

func (r Separate) result(o *outcome, own []int) Result {
	out := Result{Rule: r, Need: len(own)}
	var failed, missing bool
	var left []release.Reason
	for i := range o.demands {
		if d := &o.demands[i]; r.duty(d) >= 0 {
			out.Used = append(out.Used, o.tallies[i].used...)
			failed, missing = failed || o.failed(d), missing || !o.tallies[i].met()
		}
	}
	out.Used = sorted(out.Used)
	ok, until := r.met(o)
	reason := release.Reason{Subject: r.ID(), Refs: slices.Clone(out.Used)}
	switch {
	case failed:
		out.Status, reason.Code = StatusFailed, CodeFailed
	case ok:
		out.Status, reason.Code, out.Until = StatusMet, CodeMet, until
	case missing:
		out.Status, reason.Code = StatusMissing, CodeMissing
	default:
		out.Status, reason.Code = StatusMissing, CodeNotSeparate
	}
	out.Have = out.Need
	if !ok {
		out.Have = r.most(o)
	}
	reason.Text = fmt.Sprintf("%d of %d duties can be done by different people", out.Have, out.Need)
	if !ok {
		left = r.collisions(o)
	}
	out.Reasons = append([]release.Reason{reason}, left...)
	return out
}

// most is how many of the duties can be done at once.
func (r Separate) most(o *outcome) int {
	most, s := 0, r.staff(o)
	var choose func(among []bool, n int)
	choose = func(among []bool, n int) {
		if len(among) == len(r.Duties) {
			if n > most && s.enough(time.Time{}, among) {
				most = n
			}
			return
		}
		if _, shown := duties[r.Duties[len(among)]]; shown {
			choose(append(slices.Clone(among), true), n+1)
		}
		choose(append(slices.Clone(among), false), n)
	}
	choose(nil, 0)
	return most
}

// maxCollisions is how many people are named who do several duties.
const maxCollisions = 20

// collisions are the people who do several of the duties.
func (r Separate) collisions(o *outcome) []release.Reason {
	type collision struct {
		name   string
		duties []bool
		refs   []release.Digest
	}
	found := map[person]*collision{}
	for i := range o.demands {
		duty := r.duty(&o.demands[i])
		if duty < 0 {
			continue
		}
		for _, e := range o.entries[i] {
			if _, counts := o.tallies[i].ends[e.who]; !counts {
				continue
			}
			c := found[e.who]
			if c == nil {
				c = &collision{name: e.name(), duties: make([]bool, len(r.Duties))}
				found[e.who] = c
			}
			c.name = min(c.name, e.name())
			c.duties[duty], c.refs = true, append(c.refs, e.it.digest)
		}
	}
	var out []release.Reason
	for who, c := range found {
		var names []string
		for i, d := range r.Duties {
			if c.duties[i] || d == DutyAuthor && o.authors[who] || d == DutyRequester && who == o.asker {
				names = append(names, string(d))
			}
		}
		if len(names) > 1 {
			out = append(out, release.Reason{Code: CodeNotSeparate, Subject: r.ID(), Text: c.name + " is " + strings.Join(names, " and "), Refs: sorted(c.refs)})
		}
	}
	slices.SortFunc(out, func(a, b release.Reason) int {
		return cmp.Or(cmp.Compare(a.Text, b.Text), slices.CompareFunc(a.Refs, b.Refs, release.Digest.Compare))
	})
	if more := len(out) - maxCollisions; more > 0 {
		out = append(out[:maxCollisions], release.Reason{Code: CodeNotSeparate, Subject: r.ID(), Text: fmt.Sprintf("so are %d more", more)})
	}
	return out
}
