package risk

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

var toPointer = strings.NewReplacer("[", "/", "]", "", ".", "/")

// lint adds what [Policy.Lint] finds, less what follows from values that could not be read.
func (r *policyReader) lint(p *Policy) {
	r.strange("/table", &p.Table)
	r.strange("/advisories/table", &p.Advisories.Table)
	r.mend(p)
	for _, q := range p.Lint() {
		if at := "/" + toPointer.Replace(q.Path); !r.follows(at) {
			r.wrong(at, "%s", q.Text)
		}
	}
}

// comparisons are the problems that are about more than the value at their pointer: they
// may follow from whatever could not be read at or in another one. "" is the pointer itself.
var comparisons = []struct {
	at   string // how the pointer begins
	with []string
}{
	{"/demands/", []string{""}},
	{"/table/axes", []string{""}},
	{"/table/outcomes", []string{""}},
	{"/table/cells", []string{"/table/axes", "/table/outcomes"}},
	{"/advisories/table/axes", []string{""}},
	{"/advisories/table/outcomes", []string{"", "/advisories/table/cells"}}, // some cell must give each
	{"/advisories/table/cells", []string{"/advisories/table/axes", "/advisories/table/outcomes"}},
	{"/advisories/floors", []string{"/advisories/table/outcomes"}},
	{"/firm", []string{"", "/rules"}},
	{"/expedite/from", []string{"/advisories/table/outcomes"}},
	{"/expedite/demands", []string{""}},
	{"/breakGlass", []string{""}},
}

// follows reports whether a problem at a pointer may be there only because a value
// could not be read: that value, one that it is in, or one that it is compared with.
func (r *policyReader) follows(at string) bool {
	if r.lost(at) {
		return true
	}
	for _, c := range comparisons {
		if strings.HasPrefix(at, c.at) && slices.ContainsFunc(c.with, func(with string) bool { return r.doubtful(cmp.Or(with, at)) }) {
			return true
		}
	}
	return false
}

// mend puts something harmless where a value could not be read, so that what it is
// compared with elsewhere is not blamed. A policy that was mended is never returned.
func (r *policyReader) mend(p *Policy) {
	if len(r.doubts) == 0 {
		return
	}
	for i := range p.Demands {
		r.mendRequirements(fmt.Sprintf("/demands/%d/requirements", i), &p.Demands[i].Requirements)
	}
	for i := range p.Expedite.Demands {
		r.mendRequirements(fmt.Sprintf("/expedite/demands/%d/requirements", i), &p.Expedite.Demands[i].Requirements)
	}
	r.mendRequirements("/breakGlass/requirements", &p.BreakGlass.Requirements)
	r.mendCells("/table", &p.Table)
	r.mendCells("/advisories/table", &p.Advisories.Table)
	r.mendFloors(p.Advisories.Floors)
}

// mendRequirements makes each bad requirement ask for what a good one asks for.
func (r *policyReader) mendRequirements(at string, qs *[]release.Requirement) {
	bad := make([]bool, len(*qs))
	good := -1
	for j := range bad {
		if bad[j] = r.doubtful(fmt.Sprintf("%s/%d", at, j)); !bad[j] && good < 0 {
			good = j
		}
	}
	if good < 0 {
		*qs = nil
	}
	for j := range *qs {
		if bad[j] {
			(*qs)[j] = (*qs)[good]
			(*qs)[j].ID = fmt.Sprintf("\x00unread-%d", j)
		}
	}
}

// strange finds the cells that are no outcome, before something else stands there.
func (r *policyReader) strange(at string, t *Table) {
	if r.doubtful(at + "/outcomes") {
		return
	}
	for i, c := range t.Cells {
		if cell := fmt.Sprintf("%s/cells/%d", at, i); !r.doubtful(cell) && !slices.Contains(t.Outcomes, c) {
			_ = r.unread(cell, "%s is none of the outcomes", strictjson.Quoted(c))
		}
	}
}

// mendCells gives each bad cell the most severe outcome of those that it must not be below.
func (r *policyReader) mendCells(at string, t *Table) {
	stride := len(t.Cells)
	cells := 1
	for _, a := range t.Axes {
		cells *= len(a.Values)
	}
	if cells != stride || cells == 0 || len(t.Outcomes) == 0 || !r.doubtful(at+"/cells") {
		return
	}
	for i := range t.Cells {
		if !r.doubtful(fmt.Sprintf("%s/cells/%d", at, i)) {
			continue
		}
		least := 0
		step := stride
		for _, a := range t.Axes {
			if step /= len(a.Values); i/step%len(a.Values) > 0 {
				least = max(least, t.severity(t.Cells[i-step]))
			}
		}
		t.Cells[i] = t.Outcomes[least]
	}
}

// mendFloors gives each bad floor the one before it that could be read, or else low.
func (r *policyReader) mendFloors(floors []release.Tier) {
	last := release.TierLow
	for i, f := range floors {
		if r.doubtful(fmt.Sprintf("/advisories/floors/%d", i)) {
			floors[i] = last
			continue
		}
		last = f
	}
}
