package risk

import (
	"fmt"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

var toPointer = strings.NewReplacer("[", "/", "]", "", ".", "/")

// lint adds what [Policy.Lint] finds, less what follows from values that could not be read.
func (r *policyReader) lint(p *Policy) {
	r.mend(p)
	for _, q := range p.Lint() {
		if at := "/" + toPointer.Replace(q.Path); !r.follows(at) {
			r.wrong(at, "%s", q.Text)
		}
	}
}

// follows reports whether a problem at a pointer may be there only because a value
// could not be read: that value, one that it is in, or, where a problem is about all
// that stands within, one in it.
func (r *policyReader) follows(at string) bool {
	switch {
	case strings.HasPrefix(at, "/demands/") || strings.HasPrefix(at, "/table/axes"):
		if r.around[at] {
			return true
		}
	case at == "/table/tiers":
		if r.doubtful("/table/axes") {
			return true
		}
	}
	for at != "" && !r.doubts[at] {
		at = at[:strings.LastIndexByte(at, '/')]
	}
	return r.doubts[at]
}

// doubtful reports whether something at or in a pointer could not be read.
func (r *policyReader) doubtful(at string) bool { return r.doubts[at] || r.around[at] }

// mend puts something harmless where a value could not be read, so that what it is
// compared with elsewhere is not blamed. A policy that was mended is never returned.
func (r *policyReader) mend(p *Policy) {
	if len(r.doubts) == 0 {
		return
	}
	for i := range p.Demands {
		r.mendDemand(fmt.Sprintf("/demands/%d/requirements", i), &p.Demands[i])
	}
	r.mendCells(&p.Table)
}

// mendDemand makes each bad requirement ask for what a good one asks for.
func (r *policyReader) mendDemand(at string, d *Demand) {
	bad := make([]bool, len(d.Requirements))
	good := -1
	for j := range bad {
		if bad[j] = r.doubtful(fmt.Sprintf("%s/%d", at, j)); !bad[j] && good < 0 {
			good = j
		}
	}
	if good < 0 {
		d.Requirements = nil
	}
	for j := range d.Requirements {
		if bad[j] {
			d.Requirements[j] = d.Requirements[good]
			d.Requirements[j].ID = fmt.Sprintf("\x00unread-%d", j)
		}
	}
}

// mendCells gives each bad cell the highest tier of those that it must not be below.
func (r *policyReader) mendCells(t *Table) {
	stride := len(t.Tiers)
	cells := 1
	for _, a := range t.Axes {
		cells *= len(a.Values)
	}
	if cells != stride || cells == 0 || !r.doubtful("/table/tiers") {
		return
	}
	for i := range t.Tiers {
		if !r.doubtful(fmt.Sprintf("/table/tiers/%d", i)) {
			continue
		}
		t.Tiers[i] = release.TierLow
		step := stride
		for _, a := range t.Axes {
			if step /= len(a.Values); i/step%len(a.Values) > 0 {
				t.Tiers[i] = t.Tiers[i].Raise(t.Tiers[i-step])
			}
		}
	}
}
