package risk_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/sallyport-dev/sallyport/risk"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// cellIndexes are the values of each axis at a cell.
func cellIndexes(table risk.Table, cell int) []int {
	out := make([]int, len(table.Axes))
	for i := len(out) - 1; i >= 0; i-- {
		n := len(table.Axes[i].Values)
		out[i], cell = cell%n, cell/n
	}
	return out
}

// dominates reports whether no axis is less dangerous at b than at a.
func dominates(a, b []int) bool {
	for i := range a {
		if b[i] < a[i] {
			return false
		}
	}
	return true
}

// Of any number of ordered inputs, and whichever single cell is changed to
// whatever tier: Lint complains exactly if some combination that is at least as
// dangerous as another on every input gives less, compared pair by pair over the whole table.
func TestEveryMutationOfAnyTable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		table := risk.Table{Outcomes: []string{"d", "c", "b", "a"}} // their order is that of the list
		cells := 1
		for i := range rapid.IntRange(1, 4).Draw(t, "axes") {
			a := risk.Axis{Name: strconv.Itoa(i)}
			for j := range rapid.IntRange(1, 3).Draw(t, "values") {
				a.Values = append(a.Values, strconv.Itoa(j))
			}
			cells *= len(a.Values)
			table.Axes = append(table.Axes, a)
		}
		at := make([][]int, cells)
		for i := range cells {
			at[i] = cellIndexes(table, i)
			worst := rapid.SampledFrom([]int{0, 0, 1, 2, 3}).Draw(t, "cell")
			for k, below := range table.Cells {
				if dominates(at[k], at[i]) {
					worst = max(worst, slices.Index(table.Outcomes, below))
				}
			}
			table.Cells = append(table.Cells, table.Outcomes[worst])
			require.LessOrEqual(t, len(table.Cells), cells)
		}
		require.Empty(t, table.Lint())
		for i := range cells {
			require.Equal(t, table.Cells[i], table.Outcomes[table.At(at[i]...)])
			for _, word := range []string{"a", "b", "c", "d", "", "e"} {
				changed := risk.Table{Axes: table.Axes, Outcomes: table.Outcomes, Cells: slices.Clone(table.Cells)}
				changed.Cells[i] = word
				severity := func(k int) int { return slices.Index(table.Outcomes, changed.Cells[k]) }
				wrong := severity(i) < 0
				for k := range cells {
					wrong = wrong || dominates(at[i], at[k]) && severity(k) < severity(i) || dominates(at[k], at[i]) && severity(k) > severity(i)
				}
				require.Equal(t, wrong, len(changed.Lint()) > 0, "cell %v = %s: %v", at[i], word, changed.Lint())
			}
		}
		short := risk.Table{Axes: table.Axes, Outcomes: table.Outcomes, Cells: table.Cells[:cells-1]}
		require.NotEmpty(t, short.Lint(), "a cell that is missing")
	})
}

// A table that somebody made large is still looked through in time that grows with its size alone: word by word against all
// before, these take minutes.
func TestLintOfLargeTables(t *testing.T) {
	t.Parallel()
	words := make([]string, 1<<16)
	for i := range words {
		words[i] = strconv.Itoa(i)
	}
	large := risk.Table{Axes: []risk.Axis{{Name: "a", Values: words}}, Outcomes: words, Cells: slices.Clone(words)}
	require.Empty(t, large.Lint())
	require.Empty(t, large.Remarks())
	large.Cells[1<<15] = words[0]
	require.Len(t, large.Lint(), 1)
	large.Cells[1<<15] = ""
	require.Len(t, large.Lint(), 2, "no outcome, and as the most severe it makes the next one fall")
	many := risk.Table{Outcomes: []string{"d", "c"}, Cells: slices.Repeat([]string{"d"}, 1<<15)}
	many.Axes = []risk.Axis{{Name: "many", Values: words[:1<<15]}}
	for _, w := range words {
		many.Axes = append(many.Axes, risk.Axis{Name: w, Values: []string{"one"}})
	}
	require.Empty(t, many.Lint())
	many.Axes[7].Name = "9"
	require.Equal(t, []risk.Problem{{Path: "axes[10]", Text: `"9" stands twice`}}, many.Lint())
}
