package risk_test

import (
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
	"github.com/sallyport-dev/sallyport/risk"
	"github.com/stretchr/testify/require"
)

func TestDefaultPolicyIsSound(t *testing.T) {
	t.Parallel()
	p := risk.Default()
	require.Empty(t, p.Lint())
	require.NoError(t, p.Validate())
	for i, d := range p.Demands {
		require.Equal(t, release.Tier(i+1), d.Tier)
		for _, r := range d.Requirements {
			require.NotEmpty(t, r.Why, r.ID)
		}
	}
	high := p.Demands[2]
	require.GreaterOrEqual(t, high.Requirements[1].Needed(), 2)
	require.True(t, high.Requirements[1].Independent)
	require.GreaterOrEqual(t, high.Rollout.MinStages, 3)
	require.Positive(t, high.Rollout.MinBake)
}

// Each defect of a policy is found, and where it is.
func TestLintFinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*risk.Policy)
		path   string
	}{
		{"no id", func(p *risk.Policy) { p.ID = "" }, "id"},
		{"rule without doc", func(p *risk.Policy) { p.Rules[2].Doc = "" }, "rules[2].doc"},
		{"rule twice", func(p *risk.Policy) { p.Rules[2].ID = p.Rules[1].ID }, "rules[2].id"},
		{"reserved id", func(p *risk.Policy) { p.Rules[2].ID = "table" }, "rules[2].id"},
		{"bad id", func(p *risk.Policy) { p.Rules[0].ID = "Not An ID" }, "rules[0].id"},
		{"no version", func(p *risk.Policy) { p.Rules[0].Version = 0 }, "rules[0].version"},
		{"nothing to run", func(p *risk.Policy) { p.Rules[0].Run = nil }, "rules[0].run"},
		{"labeler twice", func(p *risk.Policy) { p.Labelers = label.Default()[:1] }, "labelers[0]"},
		{"cuts fall", func(p *risk.Policy) { p.Cuts[1] = p.Cuts[0] }, "cuts[1]"},
		{"cut is no number", func(p *risk.Policy) { p.Cuts[0] = math.NaN() }, "cuts[0]"},
		{"cut above one", func(p *risk.Policy) { p.Cuts[2] = 1.5 }, "cuts[2]"},
		{"unknown counts as unknown", func(p *risk.Policy) { p.UnknownImpact = risk.ImpactUnknown }, "unknownImpact"},
		{"a cell is missing", func(p *risk.Policy) { p.Table.Cells = p.Table.Cells[1:] }, "table.cells"},
		{"a cell is unknown", func(p *risk.Policy) { p.Table.Cells[0] = "unknown" }, "table.cells[0]"},
		{"a cell is no tier", func(p *risk.Policy) { p.Table.Cells[19] = "fatal" }, "table.cells[19]"},
		{"another axis", func(p *risk.Policy) { p.Table.Axes[0].Name = "mood" }, "table.axes"},
		{"axes swapped", func(p *risk.Policy) { p.Table.Axes[0], p.Table.Axes[1] = p.Table.Axes[1], p.Table.Axes[0] }, "table.axes"},
		{"no critical", func(p *risk.Policy) { p.Demands = p.Demands[:3] }, "demands"},
		{"tiers swapped", func(p *risk.Policy) { p.Demands[0].Tier = release.TierHigh }, "demands[0]"},
		{"nothing required", func(p *risk.Policy) { p.Demands[3].Requirements = nil }, "demands[3]"},
		{"requirement twice", func(p *risk.Policy) { p.Demands[3].Requirements[1].ID = "test/passed" }, "demands[3].requirements[1]"},
		{"requirement without why", func(p *risk.Policy) { p.Demands[3].Requirements[1].Why = "" }, "demands[3].requirements[1]"},
		{"requirement for nothing", func(p *risk.Policy) { p.Demands[3].Requirements[1].Evidence = "" }, "demands[3].requirements[1]"},
		{"requirement of none", func(p *risk.Policy) { p.Demands[3].Requirements[1].Count = 0 }, "demands[3].requirements[1]"},
		{"critical needs fewer", func(p *risk.Policy) { p.Demands[3].Requirements[1].Count = 1 }, "demands[3]"},
		{"critical needs no independence", func(p *risk.Policy) { p.Demands[3].Requirements[1].Independent = false }, "demands[3]"},
		{"critical needs staler", func(p *risk.Policy) { p.Demands[3].Requirements[3].MaxAge = 48 * time.Hour }, "demands[3]"},
		{"critical needs no provenance", func(p *risk.Policy) { p.Demands[3].Requirements = p.Demands[3].Requirements[:4] }, "demands[3]"},
		{"high goes out faster", func(p *risk.Policy) { p.Demands[2].Rollout.MinBake = time.Minute }, "demands[2].rollout"},
		{"high goes out wider", func(p *risk.Policy) { p.Demands[2].Rollout.MaxFirstPercent = 0 }, "demands[2].rollout"},
		{"no stages", func(p *risk.Policy) { p.Demands[0].Rollout.MinStages = 0 }, "demands[0].rollout"},
		{"labeler without id", func(p *risk.Policy) { p.Labelers = []label.Labeler{{Doc: "x."}} }, "labelers[0]"},
		{"labeler without doc", func(p *risk.Policy) { p.Labelers = []label.Labeler{{ID: "mine"}} }, "labelers[0]"},
		{"own labeler twice", func(p *risk.Policy) { p.Labelers = []label.Labeler{{ID: "mine", Doc: "x."}, {ID: "mine", Doc: "x."}} }, "labelers[1]"},
		{"cut of nothing", func(p *risk.Policy) { p.Cuts[0] = 0 }, "cuts[0]"},
		{"cut of all", func(p *risk.Policy) { p.Cuts[2] = 1 }, "cuts[2]"},
		{"unknown counts as more than severe", func(p *risk.Policy) { p.UnknownImpact = risk.ImpactSevere + 1 }, "unknownImpact"},
		{"axis without a name", func(p *risk.Policy) { p.Table.Axes[0].Name = "" }, "table.axes[0]"},
		{"axis twice", func(p *risk.Policy) { p.Table.Axes[1].Name = "likelihood" }, "table.axes[1]"},
		{"axis without values", func(p *risk.Policy) { p.Table.Axes[1].Values, p.Table.Cells = nil, nil }, "table.axes[1]"},
		{"value without a name", func(p *risk.Policy) { p.Table.Axes[1].Values[0] = "" }, "table.axes[1]"},
		{"value twice", func(p *risk.Policy) { p.Table.Axes[1].Values[1] = "negligible" }, "table.axes[1]"},
		{"another value", func(p *risk.Policy) { p.Table.Axes[1].Values[1] = "other" }, "table.axes"},
		{"a cell beyond critical", func(p *risk.Policy) { p.Table.Cells[19] = "" }, "table.cells[19]"},
		{"low for what probably fails", func(p *risk.Policy) {
			for i := range 16 {
				p.Table.Cells[i] = "low"
			}
		}, "table.cells[15]"},
		{"requirement without id", func(p *risk.Policy) { p.Demands[3].Requirements[1].ID = "" }, "demands[3].requirements[1]"},
		{"requirement of an age below zero", func(p *risk.Policy) { p.Demands[3].Requirements[1].MaxAge = -1 }, "demands[3].requirements[1]"},
		{"role without a name", func(p *risk.Policy) { p.Demands[3].Requirements[2].Roles = []string{"security", ""} }, "demands[3].requirements[2]"},
		{"critical needs something else", func(p *risk.Policy) { p.Demands[3].Requirements[3].Evidence = release.EvidenceTest }, "demands[3]"},
		{"critical needs no freshness", func(p *risk.Policy) { p.Demands[3].Requirements[3].MaxAge = 0 }, "demands[3]"},
		{"critical is for anybody", func(p *risk.Policy) { p.Demands[2].Requirements[3].Roles = []string{"builder"} }, "demands[3]"},
		{"critical is for others", func(p *risk.Policy) {
			p.Demands[2].Requirements[3].Roles, p.Demands[3].Requirements[4].Roles = []string{"builder"}, []string{"builder", "other"}
		}, "demands[3]"},
		{"only high is for the author alone", func(p *risk.Policy) {
			p.Demands[1].Requirements[1].Independent, p.Demands[2].Requirements[1].Independent = false, false
		}, "demands[2]"},
		{"independent, but of no approval", func(p *risk.Policy) {
			p.Demands[1].Requirements[1].Independent = false
			p.Demands[2].Requirements[1].Independent, p.Demands[2].Requirements[2].Independent = false, true
		}, "demands[2]"},
		{"fewer stages", func(p *risk.Policy) { p.Demands[2].Rollout.MinStages = 1 }, "demands[2].rollout"},
		{"wider than below", func(p *risk.Policy) { p.Demands[2].Rollout.MaxFirstPercent = 26 }, "demands[2].rollout"},
		{"bake below zero", func(p *risk.Policy) { p.Demands[0].Rollout.MinBake = -1 }, "demands[0].rollout"},
		{"share below zero", func(p *risk.Policy) { p.Demands[0].Rollout.MaxFirstPercent = -1 }, "demands[0].rollout"},
		{"share above all", func(p *risk.Policy) { p.Demands[0].Rollout.MaxFirstPercent = 100.5 }, "demands[0].rollout"},
		{"critical is called high", func(p *risk.Policy) { p.Demands[3].Tier = release.TierHigh }, "demands[3]"},
		{"nothing required for low", func(p *risk.Policy) { p.Demands[0].Requirements = nil }, "demands[0]"},
		{"a row is missing", func(p *risk.Policy) { p.Table.Cells = p.Table.Cells[:15] }, "table.cells"},
		{"low needs more than moderate", func(p *risk.Policy) { p.Demands[0].Requirements[0].Count = 2 }, "demands[1]"},
		{"moderate goes out faster than low", func(p *risk.Policy) { p.Demands[0].Rollout.MinBake = 11 * time.Minute }, "demands[1].rollout"},
		{"share is no number", func(p *risk.Policy) { p.Demands[0].Rollout.MaxFirstPercent = math.NaN() }, "demands[0].rollout"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := policy(c.change)
			var paths []string
			for _, q := range p.Lint() {
				paths = append(paths, q.Path)
			}
			require.Contains(t, paths, c.path)
			require.Error(t, p.Validate())
		})
	}
}

// What lies just inside the limits is no defect.
func TestLintAllows(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*risk.Policy){
		"unknown counts as the least": func(p *risk.Policy) { p.UnknownImpact = risk.ImpactNegligible },
		"unknown counts as the most":  func(p *risk.Policy) { p.UnknownImpact = risk.ImpactSevere },
		"cuts at the ends":            func(p *risk.Policy) { p.Cuts = [3]float64{1e-300, 0.5, 1 - 1e-9} },
		"an own labeler":              func(p *risk.Policy) { p.Labelers = []label.Labeler{{ID: "mine", Doc: "x."}} },
		"the same stages as below":    func(p *risk.Policy) { p.Demands[3].Rollout = p.Demands[2].Rollout },
		"all at once, written out":    func(p *risk.Policy) { p.Demands[0].Rollout.MaxFirstPercent = 100 },
		"the least at first":          func(p *risk.Policy) { p.Demands[3].Rollout.MaxFirstPercent = 1e-9 },
		"as fresh as below":           func(p *risk.Policy) { p.Demands[3].Requirements[1].MaxAge = p.Demands[2].Requirements[1].MaxAge },
		"as many as below":            func(p *risk.Policy) { p.Demands[3].Requirements[1].Count = 2 },
		"the same role as below": func(p *risk.Policy) {
			p.Demands[2].Requirements[3].Roles, p.Demands[3].Requirements[4].Roles = []string{"a", "b"}, []string{"b"}
		},
		"low may need an independent":   func(p *risk.Policy) { p.Demands[0].Requirements[1].Independent = true },
		"moderate for its author alone": func(p *risk.Policy) { p.Demands[1].Requirements[1].Independent = false },
		"high where below was moderate": func(p *risk.Policy) {
			p.Table.Cells[15] = "high"
			p.Table.Cells[16] = "high"
			p.Table.Cells[17] = "high"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, policy(change).Lint())
		})
	}
}

// Every change of one cell that makes the table fall somewhere is found, and
// nothing else is complained of.
func TestEveryFallIsFound(t *testing.T) {
	t.Parallel()
	want := risk.Default().Table
	rows, cols := len(want.Axes[0].Values), len(want.Axes[1].Values)
	for i := range want.Cells {
		for tier := release.TierLow; tier <= release.TierCritical; tier++ {
			table := risk.Default().Table
			table.Cells[i] = tier.String()
			falls := false
			for r := range rows {
				for c := range cols {
					falls = falls || r > 0 && table.At(r, c) < table.At(r-1, c) || c > 0 && table.At(r, c) < table.At(r, c-1)
				}
			}
			require.Equal(t, falls, len(table.Lint()) > 0, "cell %d = %s: %v", i, tier, table.Lint())
		}
	}
}

func TestTableOutsideIsCritical(t *testing.T) {
	t.Parallel()
	words := []string{"good", "bad"}
	table := risk.Default().Table
	for _, at := range [][]int{{}, {0}, {0, 5}, {4, 0}, {-1, 0}, {0, 0, 0}} {
		require.Equal(t, 3, table.At(at...), "%v", at)
	}
	require.Zero(t, risk.Table{}.At(), "there is no outcome")
	require.NotEmpty(t, risk.Table{}.Lint())
	require.NotEmpty(t, risk.Table{Outcomes: words, Cells: words[:1]}.Lint(), "a cell of no axes")
	require.NotEmpty(t, risk.Table{Axes: []risk.Axis{{Name: "x"}}, Outcomes: words}.Lint())
	require.NotEmpty(t, risk.Table{Axes: []risk.Axis{{Name: "x", Values: []string{"a"}}, {Name: "y"}}, Outcomes: words}.Lint())
	one := risk.Table{Axes: []risk.Axis{{Name: "x", Values: []string{"a"}}}, Outcomes: words, Cells: []string{"good"}}
	require.Empty(t, one.Lint())
	require.Zero(t, one.At(0))
	one.Cells[0] = "unknown"
	require.Equal(t, 1, one.At(0))
	one.Cells = nil
	require.Equal(t, 1, one.At(0), "a cell that is missing")
	names := make([]string, 257)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	for rows, fits := range map[int]bool{256: true, 257: false} { // 65,536 cells and 256 more
		wide := risk.Table{Axes: []risk.Axis{{Name: "x", Values: names[:rows]}, {Name: "y", Values: names[:256]}}, Outcomes: words, Cells: slices.Repeat(words[:1], rows*256)}
		require.Equal(t, fits, len(wide.Lint()) == 0, "%d rows", rows)
	}
	vast := make([]string, 70_000)
	require.NotEmpty(t, risk.Table{Axes: []risk.Axis{{Name: "x", Values: vast[:300]}, {Name: "y", Values: vast[:300]}}, Outcomes: words}.Lint())
}

// A probability that is exactly a cut is above it.
func TestCutsAreLowerBounds(t *testing.T) {
	t.Parallel()
	half := &risk.Model{ID: "half"} // log-odds 0
	for _, c := range []struct {
		cuts [3]float64
		want risk.Level
	}{
		{[3]float64{0.6, 0.7, 0.8}, risk.LevelMinimal},
		{[3]float64{0.5, 0.7, 0.8}, risk.LevelLow},
		{[3]float64{0.4, 0.5, 0.8}, risk.LevelMedium},
		{[3]float64{0.3, 0.4, 0.5}, risk.LevelHigh},
	} {
		a, err := assessBy(policy(func(p *risk.Policy) { p.Cuts = c.cuts }), half, risk.Input{Changes: changes()})
		require.NoError(t, err)
		require.Equal(t, 0.5, a.Likelihood.P)
		require.Equal(t, c.want, a.Likelihood.Level, "%v", c.cuts)
	}
}

// The digest follows the data of the policy.
func TestPolicyDigest(t *testing.T) {
	t.Parallel()
	seen := map[release.Digest]string{}
	for name, change := range map[string]func(*risk.Policy){
		"default":  func(*risk.Policy) {},
		"id":       func(p *risk.Policy) { p.ID = "x" },
		"version":  func(p *risk.Policy) { p.Rules[0].Version++ },
		"rule":     func(p *risk.Policy) { p.Rules = p.Rules[1:] },
		"labeler":  func(p *risk.Policy) { p.Labelers = []label.Labeler{{ID: "x", Doc: "x"}} },
		"cut":      func(p *risk.Policy) { p.Cuts[0] /= 2 },
		"impact":   func(p *risk.Policy) { p.UnknownImpact = risk.ImpactSevere },
		"cell":     func(p *risk.Policy) { p.Table.Cells[3] = "moderate" },
		"count":    func(p *risk.Policy) { p.Demands[3].Requirements[1].Count++ },
		"bake":     func(p *risk.Policy) { p.Demands[3].Rollout.MinBake++ },
		"roles":    func(p *risk.Policy) { p.Demands[3].Requirements[2].Roles[0] = "x" },
		"freshest": func(p *risk.Policy) { p.Demands[3].Requirements[1].MaxAge-- },
	} {
		d, err := policy(change).Digest()
		require.NoError(t, err)
		require.Empty(t, seen[d], name)
		seen[d] = name
		again, err := policy(change).Digest()
		require.NoError(t, err)
		require.Equal(t, d, again)
	}
}

// Each rule is documented, and says nothing of a change set that has nothing in it
// but is known in full.
func TestRulesAreQuiet(t *testing.T) {
	t.Parallel()
	cs := changes()
	for _, r := range risk.Rules() {
		require.NotEmpty(t, r.Doc, r.ID)
		require.Empty(t, r.Run(&risk.Facts{Changes: &cs}), r.ID)
	}
}

// A host's rule is one among the others, and one that forgets its floor means critical.
func TestHostRule(t *testing.T) {
	t.Parallel()
	p := risk.Default()
	p.Rules = append(p.Rules, risk.Rule{ID: "friday", Doc: "x", Version: 3, Run: func(*risk.Facts) []risk.Finding {
		return []risk.Finding{{Subject: "today", Text: "it is Friday"}}
	}})
	a, err := assessBy(p, nil, risk.Input{Changes: changes()})
	require.NoError(t, err)
	require.Equal(t, release.TierCritical, a.Tier)
	require.Equal(t, risk.Hit{Rule: "friday", Version: 3, Finding: risk.Finding{Floor: release.TierCritical, Subject: "today", Text: "it is Friday"}}, a.Findings[0])

	a.Requirements[2].Roles[0] = "anybody"
	require.Equal(t, risk.RoleSecurity, p.Demands[3].Requirements[2].Roles[0])
}

func TestWords(t *testing.T) {
	t.Parallel()
	for i := risk.ImpactUnknown; i <= risk.ImpactSevere; i++ {
		back, err := risk.ParseImpact(i.String())
		require.NoError(t, err)
		require.Equal(t, i, back)
	}
	for l := risk.LevelUnknown; l <= risk.LevelHigh; l++ {
		back, err := risk.ParseLevel(l.String())
		require.NoError(t, err)
		require.Equal(t, l, back)
	}
	_, err := risk.ParseImpact("Severe")
	require.Error(t, err)
	_, err = risk.ParseLevel("level")
	require.Error(t, err)
}
