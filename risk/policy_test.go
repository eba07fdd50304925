package risk_test

import (
	"math"
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
		{"a cell is missing", func(p *risk.Policy) { p.Table.Tiers = p.Table.Tiers[1:] }, "table.tiers"},
		{"a cell is unknown", func(p *risk.Policy) { p.Table.Tiers[0] = release.TierUnknown }, "table.tiers[0]"},
		{"a cell is no tier", func(p *risk.Policy) { p.Table.Tiers[19] = 9 }, "table.tiers[19]"},
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

// Every change of one cell that makes the table fall somewhere is found, and
// nothing else is complained of.
func TestEveryFallIsFound(t *testing.T) {
	t.Parallel()
	want := risk.Default().Table
	rows, cols := len(want.Axes[0].Values), len(want.Axes[1].Values)
	for i := range want.Tiers {
		for tier := release.TierLow; tier <= release.TierCritical; tier++ {
			table := risk.Default().Table
			table.Tiers[i] = tier
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
	table := risk.Default().Table
	for _, at := range [][]int{{}, {0}, {0, 5}, {4, 0}, {-1, 0}, {0, 0, 0}} {
		require.Equal(t, release.TierCritical, table.At(at...), "%v", at)
	}
	require.Equal(t, release.TierCritical, risk.Table{}.At())
	require.NotEmpty(t, risk.Table{}.Lint())
	require.NotEmpty(t, risk.Table{Axes: []risk.Axis{{Name: "x"}}}.Lint())
	require.NotEmpty(t, risk.Table{Axes: []risk.Axis{{Name: "x", Values: []string{"a"}}, {Name: "y"}}}.Lint())
	vast := make([]string, 70_000)
	require.NotEmpty(t, risk.Table{Axes: []risk.Axis{{Name: "x", Values: vast[:300]}, {Name: "y", Values: vast[:300]}}}.Lint())
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
		"cell":     func(p *risk.Policy) { p.Table.Tiers[3] = release.TierModerate },
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
		require.Empty(t, r.Run(&cs), r.ID)
	}
}

// A host's rule is one among the others, and one that forgets its floor means critical.
func TestHostRule(t *testing.T) {
	t.Parallel()
	p := risk.Default()
	p.Rules = append(p.Rules, risk.Rule{ID: "friday", Doc: "x", Version: 3, Run: func(*release.ChangeSet) []risk.Finding {
		return []risk.Finding{{Subject: "today", Text: "it is Friday"}}
	}})
	a, err := risk.Assess(risk.Input{Changes: changes(), Policy: p}, now)
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
