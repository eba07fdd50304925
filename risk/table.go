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
// one outcome for each combination of values, no formula. It is data, so that a policy
// can be read, compared and linted.
type Table struct {
	// Axes are the inputs, in the order of the indexes of [Table.At].
	Axes []Axis `json:"axes"`
	// Outcomes are the answers that a cell may give, from the least to the most severe.
	Outcomes []string `json:"outcomes"`
	// Cells has one outcome per combination; the last axis varies fastest. Its length
	// must equal the product of the numbers of values.
	Cells []string `json:"cells"`
}

// At is the index of the outcome where each axis has the value with the given index,
// one index per axis. Where there is no such cell it is that of the last, most severe outcome.
func (t Table) At(index ...int) int {
	worst := max(0, len(t.Outcomes)-1)
	if len(index) != len(t.Axes) {
		return worst
	}
	at := 0
	for i := range t.Axes {
		n := len(t.Axes[i].Values)
		if index[i] < 0 || index[i] >= n {
			return worst
		}
		at = at*n + index[i]
	}
	if at >= len(t.Cells) {
		return worst
	}
	return t.severity(t.Cells[at])
}

// severity is the index of an outcome, and of the most severe for what is none.
func (t Table) severity(outcome string) int {
	if i := slices.Index(t.Outcomes, outcome); i >= 0 {
		return i
	}
	return max(0, len(t.Outcomes)-1)
}

// severities are the indexes of the outcomes, of one that stands twice the first: what [Table.severity]
// finds one by one.
func (t Table) severities() map[string]int {
	out := make(map[string]int, len(t.Outcomes))
	for i, o := range slices.Backward(t.Outcomes) {
		out[o] = i
	}
	return out
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

// Lint lists what is wrong, and nothing where the table is complete and monotone: an axis without a
// name or values, a value or an outcome that stands twice, a missing or surplus cell, a cell that is
// no outcome, and each pair of neighbouring cells in which more danger gives a less severe outcome.
func (t Table) Lint() []Problem {
	var out []Problem
	if len(t.Axes) == 0 {
		out = append(out, Problem{"axes", "there is none"})
	}
	cells := 1
	named := make(map[string]bool, len(t.Axes))
	for i, a := range t.Axes {
		path := fmt.Sprintf("axes[%d]", i)
		if a.Name == "" {
			out = append(out, Problem{path, "no name"})
		}
		if named[a.Name] {
			out = append(out, Problem{path, fmt.Sprintf("%q stands twice", a.Name)})
		}
		named[a.Name] = true
		out = append(out, lintWords(path, "value", a.Values)...)
		if cells *= len(a.Values); cells > maxCells {
			return append(out, Problem{path, fmt.Sprintf("more than %d cells", maxCells)})
		}
	}
	out = append(out, lintWords("outcomes", "outcome", t.Outcomes)...)
	if len(t.Cells) != cells {
		return append(out, Problem{"cells", fmt.Sprintf("%d cells, and the axes make %d", len(t.Cells), cells)})
	}
	if cells == 0 || len(t.Outcomes) == 0 {
		return out
	}
	severities := make([]int, len(t.Cells))
	of := t.severities()
	for i, c := range t.Cells {
		s, ok := of[c]
		if !ok {
			s = len(t.Outcomes) - 1
			out = append(out, Problem{fmt.Sprintf("cells[%d]", i), fmt.Sprintf("%q is none of the outcomes", c)})
		}
		severities[i] = s
	}
	return append(out, t.falls(severities)...)
}

// Remarks lists what is odd about a table that [Table.Lint] finds nothing wrong with: an outcome
// that no cell gives, and two neighbouring values of an axis between which nothing ever changes.
// Neither is wrong: published tables have both, because an outcome belongs to a scale that several
// tables share, and because an answer that changes nothing is an answer. Of a table that Lint
// complains of there are none.
func (t Table) Remarks() []Problem {
	if len(t.Lint()) > 0 {
		return nil
	}
	out := t.unreachable()
	stride := len(t.Cells)
	for i, a := range t.Axes {
		n := len(a.Values)
		stride /= n
		if n == 1 {
			continue
		}
		differs := make([]bool, n) // between a value and the next
		for k, c := range t.Cells {
			if j := k / stride % n; j < n-1 && t.Cells[k+stride] != c {
				differs[j] = true
			}
		}
		for j := range n - 1 {
			if !differs[j] {
				out = append(out, Problem{fmt.Sprintf("axes[%d]", i), fmt.Sprintf("%s makes no difference between %q and %q", a.Name, a.Values[j], a.Values[j+1])})
			}
		}
	}
	return out
}

// unreachable are the outcomes that no cell gives.
func (t Table) unreachable() []Problem {
	var out []Problem
	given := make(map[string]bool, len(t.Outcomes))
	for _, c := range t.Cells {
		given[c] = true
	}
	for i, o := range t.Outcomes {
		if !given[o] {
			out = append(out, Problem{fmt.Sprintf("outcomes[%d]", i), fmt.Sprintf("no cell gives %q", o)})
		}
	}
	return out
}

// lintWords wants at least one word, none empty and none twice.
func lintWords(path, kind string, words []string) []Problem {
	var out []Problem
	if len(words) == 0 {
		out = append(out, Problem{path, fmt.Sprintf("no %ss", kind)})
	}
	seen := make(map[string]bool, len(words))
	for _, w := range words {
		if w == "" || seen[w] {
			out = append(out, Problem{path, fmt.Sprintf("%s %q is empty or stands twice", kind, w)})
		}
		seen[w] = true
	}
	return out
}

// maxCells bounds a table. The largest published SSVC table has 729 rows.
const maxCells = 1 << 16

// falls finds the neighbours along one axis where the outcome falls, by the severities of the cells.
func (t Table) falls(severities []int) []Problem {
	var out []Problem
	stride := len(t.Cells)
	for _, a := range t.Axes {
		n := len(a.Values)
		stride /= n
		if n == 1 {
			continue // it has no neighbours
		}
		for i, c := range t.Cells {
			k := i / stride % n
			if k == n-1 {
				continue
			}
			if severities[i+stride] < severities[i] {
				out = append(out, Problem{fmt.Sprintf("cells[%d]", i+stride),
					fmt.Sprintf("%s %q gives %s, and %q gives only %s", a.Name, a.Values[k], c, a.Values[k+1], t.Cells[i+stride])})
			}
		}
	}
	return out
}

// The axes that Assess fills, and the outcomes that it understands.
func axes() []Axis {
	return []Axis{
		{Name: "likelihood", Values: []string{"minimal", "low", "medium", "high"}},
		{Name: "impact", Values: []string{"negligible", "minor", "moderate", "major", "severe"}},
	}
}

func tierNames() []string { return []string{"low", "moderate", "high", "critical"} }

// tier is the tier of a table whose outcomes are the tiers.
func (t Table) tier(index ...int) release.Tier {
	return release.TierLow + release.Tier(min(t.At(index...), int(release.TierCritical-release.TierLow)))
}

// defaultTable is a choice, not a measurement. Its corners: what hardly can fail
// and hurts nobody is low; what probably fails and would do lasting harm is critical.
func defaultTable() Table {
	const l, m, h, c = "low", "moderate", "high", "critical"
	return Table{Axes: axes(), Outcomes: tierNames(), Cells: []string{
		// negligible, minor, moderate, major, severe
		l, l, l, l, m, // minimal
		l, l, l, m, m, // low
		l, l, m, m, h, // medium
		m, m, m, h, c, // high
	}}
}

// clone shares nothing with t.
func (t Table) clone() Table {
	c := Table{slices.Clone(t.Axes), slices.Clone(t.Outcomes), slices.Clone(t.Cells)}
	for i := range c.Axes {
		c.Axes[i].Values = slices.Clone(c.Axes[i].Values)
	}
	return c
}
