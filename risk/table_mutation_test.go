package risk_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/sallyport-dev/sallyport/release"
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
		var table risk.Table
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
			tier := rapid.SampledFrom([]release.Tier{1, 1, 2, 3, 4}).Draw(t, "cell")
			for k, below := range table.Tiers {
				if dominates(at[k], at[i]) {
					tier = max(tier, below)
				}
			}
			table.Tiers = append(table.Tiers, tier)
			require.LessOrEqual(t, len(table.Tiers), cells)
		}
		require.Empty(t, table.Lint())
		for i := range cells {
			require.Equal(t, table.Tiers[i], table.At(at[i]...))
			for tier := release.TierUnknown; tier <= release.TierCritical+1; tier++ {
				changed := risk.Table{Axes: table.Axes, Tiers: slices.Clone(table.Tiers)}
				changed.Tiers[i] = tier
				wrong := tier == release.TierUnknown || tier > release.TierCritical
				for k := range cells {
					wrong = wrong || dominates(at[i], at[k]) && changed.Tiers[k] < tier || dominates(at[k], at[i]) && changed.Tiers[k] > tier
				}
				require.Equal(t, wrong, len(changed.Lint()) > 0, "cell %v = %s: %v", at[i], tier, changed.Lint())
			}
		}
		short := risk.Table{Axes: table.Axes, Tiers: table.Tiers[:cells-1]}
		require.NotEmpty(t, short.Lint(), "a cell that is missing")
	})
}
