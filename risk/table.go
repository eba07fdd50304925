package risk

import (
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/release"
)

// Axis is one input of a decision table.
type Axis struct {
	// Name is unique in the table.
	Name string `json:"name"`
	// Values are the answers, from the least to the most dangerous.
	Values []string `json:"values"`
}

// Table is a decision table in the manner of SSVC (https://certcc.github.io/SSVC):
// one cell for each combination of values, no formula. It is data, so that a policy
// can be read, compared and linted.
type Table struct {
	// Axes are the inputs, in the order of the indexes of [Table.At].
	Axes []Axis `json:"axes"`
	// Tiers has one cell per combination; the last axis varies fastest. Its length
	// must equal the product of the numbers of values.
	Tiers []release.Tier `json:"tiers"`
}

// At is the cell where each axis has the value with the given index, one index per
// axis. Where there is no such cell it is critical.
func (t Table) At(index ...int) release.Tier {
	if len(index) != len(t.Axes) {
		return release.TierCritical
	}
	at := 0
	for i, a := range t.Axes {
		if index[i] < 0 || index[i] >= len(a.Values) {
			return release.TierCritical
		}
		at = at*len(a.Values) + index[i]
	}
	if at >= len(t.Tiers) {
		return release.TierCritical
	}
	return t.Tiers[at].Effective()
}

// Problem is something wrong with a policy, and where.
type Problem struct {
	// Path is where, such as "rules[3].doc".
	Path string `json:"path"`
	// Text says what is wrong, for people.
	Text string `json:"text"`
}

// String is "path: text".
func (p Problem) String() string { return p.Path + ": " + p.Text }

// Lint lists what is wrong: an axis without a name or values, a value that stands
// twice, a missing or surplus cell, a cell that is no tier, and each pair of
// neighbouring cells in which more danger gives a lower tier.
func (t Table) Lint() []Problem {
	var out []Problem
	if len(t.Axes) == 0 {
		out = append(out, Problem{"axes", "there is none"})
	}
	cells := 1
	for i, a := range t.Axes {
		path := fmt.Sprintf("axes[%d]", i)
		if a.Name == "" {
			out = append(out, Problem{path, "no name"})
		}
		if slices.ContainsFunc(t.Axes[:i], func(b Axis) bool { return b.Name == a.Name }) {
			out = append(out, Problem{path, fmt.Sprintf("%q stands twice", a.Name)})
		}
		if len(a.Values) == 0 {
			out = append(out, Problem{path, "no values"})
		}
		for j, v := range a.Values {
			if v == "" || slices.Contains(a.Values[:j], v) {
				out = append(out, Problem{path, fmt.Sprintf("value %q is empty or stands twice", v)})
			}
		}
		if cells *= len(a.Values); cells > maxCells {
			return append(out, Problem{path, fmt.Sprintf("more than %d cells", maxCells)})
		}
	}
	if len(t.Tiers) != cells {
		return append(out, Problem{"tiers", fmt.Sprintf("%d cells, and the axes make %d", len(t.Tiers), cells)})
	}
	if cells == 0 {
		return out
	}
	for i, tier := range t.Tiers {
		if tier == release.TierUnknown || tier > release.TierCritical {
			out = append(out, Problem{fmt.Sprintf("tiers[%d]", i), fmt.Sprintf("%s is not a tier to decide on", tier)})
		}
	}
	return append(out, t.falls()...)
}

// maxCells bounds a table. The largest published SSVC table has 192 rows.
const maxCells = 1 << 16

// falls finds the neighbours along one axis where the tier falls.
func (t Table) falls() []Problem {
	var out []Problem
	stride := len(t.Tiers)
	for _, a := range t.Axes {
		n := len(a.Values)
		stride /= n
		for i, tier := range t.Tiers {
			k := i / stride % n
			if k == n-1 {
				continue
			}
			if next := t.Tiers[i+stride]; next.Effective() < tier.Effective() {
				out = append(out, Problem{fmt.Sprintf("tiers[%d]", i+stride),
					fmt.Sprintf("%s %q gives %s, and %q gives only %s", a.Name, a.Values[k], tier, a.Values[k+1], next)})
			}
		}
	}
	return out
}

// The axes that Assess fills.
func axes() []Axis {
	return []Axis{
		{Name: "likelihood", Values: []string{"minimal", "low", "medium", "high"}},
		{Name: "impact", Values: []string{"negligible", "minor", "moderate", "major", "severe"}},
	}
}

// defaultTable is a choice, not a measurement. Its corners: what hardly can fail
// and hurts nobody is low; what probably fails and would do lasting harm is critical.
func defaultTable() Table {
	const l, m, h, c = release.TierLow, release.TierModerate, release.TierHigh, release.TierCritical
	return Table{Axes: axes(), Tiers: []release.Tier{
		// negligible, minor, moderate, major, severe
		l, l, l, l, m, // minimal
		l, l, l, m, m, // low
		l, l, m, m, h, // medium
		m, m, m, h, c, // high
	}}
}
