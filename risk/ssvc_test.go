package risk_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/risk"
)

// ssvcRows are how many rows each published table has.
var ssvcRows = map[string]int{
	"cisa:DT_BOD2604": 16, "cisa:DT_CO": 36,
	"cvss:DT_CVSS_QSR": 324, "cvss:DT_CVSS4_EQ1": 36, "cvss:DT_CVSS4_EQ2": 4, "cvss:DT_CVSS4_EQ3": 27, "cvss:DT_CVSS4_EQ4": 48, "cvss:DT_CVSS_EQ5": 3, "cvss:DT_CVSS4_EQ6": 729,
	"ssvc:DT_COORD_PUBLISH": 27, "ssvc:DT_COORD_TRIAGE": 192, "ssvc:DT_DP": 72, "ssvc:DT_HI": 16, "ssvc:DT_PSI": 4, "ssvc:DT_SP": 36, "ssvc:DT_U": 4,
}

// ssvcTables reads the published tables as testdata/ssvc.txt restates them.
func ssvcTables(t *testing.T) (names []string, tables map[string]risk.Table) {
	t.Helper()
	b, err := os.ReadFile("testdata/ssvc.txt")
	require.NoError(t, err)
	tables = map[string]risk.Table{}
	name := ""
	for line := range strings.Lines(string(b)) {
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		table := tables[name]
		switch kind {
		case "", "#":
			continue
		case "table":
			name, _, _ = strings.Cut(rest, " ")
			names, table = append(names, name), risk.Table{}
		case "axis":
			axis, values, ok := strings.Cut(rest, ": ")
			require.True(t, ok, line)
			table.Axes = append(table.Axes, risk.Axis{Name: axis, Values: strings.Split(values, " | ")})
		case "outcomes":
			table.Outcomes = strings.Split(rest, " | ")
		case "cells":
			for _, c := range rest {
				require.Less(t, int(c-'0'), len(table.Outcomes), line)
				table.Cells = append(table.Cells, table.Outcomes[c-'0'])
			}
		default:
			require.Fail(t, "a line of no kind", line)
		}
		tables[name] = table
	}
	return names, tables
}

// All published tables are complete and monotone, by Lint and by a comparison of all pairs of rows.
func TestPublishedTablesPassLint(t *testing.T) {
	t.Parallel()
	names, tables := ssvcTables(t)
	require.Len(t, names, 16)
	require.Len(t, tables, 16)
	for _, name := range names {
		table := tables[name]
		require.Len(t, table.Cells, ssvcRows[name], name)
		require.Empty(t, table.Lint(), name)
		violations := 0
		for i := range table.Cells {
			at := cellIndexes(table, i)
			require.Equal(t, table.Cells[i], table.Outcomes[table.At(at...)], name)
			for k := range table.Cells {
				if dominates(at, cellIndexes(table, k)) && slices.Index(table.Outcomes, table.Cells[k]) < slices.Index(table.Outcomes, table.Cells[i]) {
					violations++
				}
			}
		}
		require.Zero(t, violations, name)
	}
	require.Equal(t, tables["cisa:DT_BOD2604"].Cells, bodInTheirOrder(risk.Default().Advisories.Table), "what the default policy has")
}

// bodInTheirOrder are the cells of the policy's table with its axes in the order of the published one, which is the same.
func bodInTheirOrder(t risk.Table) []string {
	var out []string
	for _, exploited := range []int{0, 1} {
		for _, exposed := range []int{0, 1} {
			for _, automatable := range []int{0, 1} {
				for _, total := range []int{0, 1} {
					out = append(out, t.Outcomes[t.At(exploited, exposed, automatable, total)])
				}
			}
		}
	}
	return out
}

// Whichever cell of whichever published table is changed to whichever other outcome: Lint complains exactly if some row that is at
// least as dangerous as another in everything then gives less, compared with all other rows and not with neighbours alone.
func TestEveryMutationOfPublishedTables(t *testing.T) {
	t.Parallel()
	names, tables := ssvcTables(t)
	mutations, broken := 0, 0
	for _, name := range names {
		table := tables[name]
		at := make([][]int, len(table.Cells))
		severity := make([]int, len(table.Cells))
		for i := range at {
			at[i], severity[i] = cellIndexes(table, i), slices.Index(table.Outcomes, table.Cells[i])
		}
		changed := risk.Table{Axes: table.Axes, Outcomes: table.Outcomes, Cells: slices.Clone(table.Cells)}
		for i := range changed.Cells {
			// The least and the most that the cell may give, by the rows below and above it.
			least, most := 0, len(table.Outcomes)-1
			for k := range at {
				if k != i && dominates(at[k], at[i]) {
					least = max(least, severity[k])
				}
				if k != i && dominates(at[i], at[k]) {
					most = min(most, severity[k])
				}
			}
			for s, word := range table.Outcomes {
				if s == severity[i] {
					continue
				}
				changed.Cells[i] = word
				mutations++
				wrong := s < least || s > most
				if wrong {
					broken++
				}
				require.Equal(t, wrong, len(changed.Lint()) > 0, "%s: cell %d = %s", name, i, word)
			}
			changed.Cells[i] = "none of them"
			require.NotEmpty(t, changed.Lint())
			changed.Cells[i] = table.Cells[i]
		}
		require.Empty(t, changed.Lint())
		for cut := range table.Cells {
			short := risk.Table{Axes: table.Axes, Outcomes: table.Outcomes, Cells: table.Cells[:cut]}
			require.Equal(t, "cells", short.Lint()[0].Path, "not complete")
		}
	}
	t.Logf("%d mutations, %d of them break monotonicity, all of those are found", mutations, broken)
	require.Greater(t, broken, 1000)
}

// Published tables have answers that change nothing, and outcomes of a scale that they share with others: worth telling, and not wrong.
func TestRemarksOnTables(t *testing.T) {
	t.Parallel()
	_, tables := ssvcTables(t)
	texts := func(ps []risk.Problem) (out []string) {
		for _, p := range ps {
			out = append(out, p.String())
		}
		return out
	}
	require.Empty(t, tables["ssvc:DT_U"].Remarks())
	require.Equal(t, []string{`outcomes[0]: no cell gives "none"`}, texts(tables["cvss:DT_CVSS_QSR"].Remarks()))
	require.Contains(t, texts(tables["cvss:DT_CVSS4_EQ6"].Remarks()), `axes[0]: confidentiality requirement (without not defined) makes no difference between "low" and "medium"`)
	odd := []string{`table.axes[1]: impact makes no difference between "negligible" and "minor"`}
	require.Equal(t, odd, texts(risk.Default().Remarks()), "unknown likelihood is never low, whatever the impact")

	broken := tables["cvss:DT_CVSS_QSR"]
	broken.Cells = broken.Cells[1:]
	require.Empty(t, broken.Remarks(), "of what is wrong nothing is odd")
	strict := policy(func(p *risk.Policy) {
		for i, c := range p.Table.Cells {
			if c == "low" {
				p.Table.Cells[i] = "moderate"
			}
		}
	})
	require.Empty(t, strict.Lint(), "stricter is not wrong")
	require.Contains(t, texts(strict.Remarks()), `table.outcomes[0]: no cell gives "low"`)
	require.Contains(t, texts(strict.Remarks()), `table.axes[0]: likelihood makes no difference between "minimal" and "low"`)
	severe := policy(func(p *risk.Policy) { p.Table.Cells[19] = "high" })
	require.Empty(t, severe.Lint())
	require.Equal(t, odd, texts(severe.Remarks()), "critical is what floors give")
}
