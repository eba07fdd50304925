package risk_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var (
	paths = []string{"a.go", "b/c.go", "auth/login.go", "docs/guide.md", "README.md", ".github/workflows/ci.yml", "CODEOWNERS", "go.mod",
		"db/migrations/1_drop.sql", "x_test.go", "vendor/y/z.go", "crypto/k.go", "x.proto", "weird\n\x80.go", ""}
	labels = []release.Label{release.LabelDocs, release.LabelTest, release.LabelGenerated, release.LabelIdentity, release.LabelPolicy, release.LabelStateful, "mine"}
	kinds  = []release.Kind{release.KindCode, release.KindDependency, release.KindInfrastructure, release.KindConfiguration, "mine"}
	gaps   = []release.GapKind{release.GapBaseMissing, release.GapShallow, release.GapPartial, release.GapTooLarge, release.GapUnreadable, "mine"}
	ops    = rapid.Custom(func(t *rapid.T) release.Op { return release.Op(rapid.IntRange(0, 11).Draw(t, "op")) })
	lines  = rapid.OneOf(rapid.Int64Range(0, 40), rapid.Int64Range(0, 20_000), rapid.SampledFrom([]int64{-1, math.MinInt64, math.MaxInt64}))

	files = rapid.Custom(func(t *rapid.T) release.FileChange {
		return release.FileChange{Path: release.Path(rapid.SampledFrom(paths).Draw(t, "path")), Op: ops.Draw(t, "op"),
			NewMode: rapid.SampledFrom([]string{"100644", "100755", "120000", "160000", ""}).Draw(t, "mode"),
			Added:   lines.Draw(t, "added"), Deleted: lines.Draw(t, "deleted"), Binary: rapid.IntRange(0, 9).Draw(t, "binary") == 0,
			Labels: rapid.SliceOfN(rapid.SampledFrom(labels), 0, 2).Draw(t, "labels")}
	})
	dependencies = rapid.Custom(func(t *rapid.T) release.DependencyChange {
		return release.DependencyChange{File: "go.mod", Op: ops.Draw(t, "op"), Package: "pkg:golang/example.com/x",
			Relation: release.Relation(rapid.IntRange(0, 2).Draw(t, "relation")), Major: rapid.Bool().Draw(t, "major"), Before: rapid.StringN(0, 3, 3).Draw(t, "before")}
	})
	resources = rapid.Custom(func(t *rapid.T) release.ResourceChange {
		kind := rapid.SampledFrom([]string{"aws_iam_role", "aws_db_instance", "null_resource"}).Draw(t, "type")
		return release.ResourceChange{Address: kind + ".x", Type: kind, Op: ops.Draw(t, "op")}
	})
	settings = rapid.Custom(func(t *rapid.T) release.SettingChange {
		return release.SettingChange{File: release.Path(rapid.SampledFrom(paths).Draw(t, "file")), Key: "k", Op: ops.Draw(t, "op")}
	})
	gapsOf = rapid.Custom(func(t *rapid.T) release.Gap {
		return release.Gap{Kind: rapid.SampledFrom(gaps).Draw(t, "gap"), Subject: rapid.StringN(0, 3, 9).Draw(t, "subject")}
	})
	changeSets = rapid.Custom(func(t *rapid.T) release.ChangeSet {
		cs := release.ChangeSet{Base: base, Head: head, FromNothing: rapid.IntRange(0, 9).Draw(t, "nothing") == 0,
			Files:        rapid.SliceOfN(files, 0, 6).Draw(t, "files"),
			Dependencies: rapid.SliceOfN(dependencies, 0, 2).Draw(t, "dependencies"),
			Resources:    rapid.SliceOfN(resources, 0, 2).Draw(t, "resources"),
			Settings:     rapid.SliceOfN(settings, 0, 2).Draw(t, "settings"),
			Gaps:         rapid.SliceOfN(gapsOf, 0, 2).Draw(t, "gaps"),
			Coverage:     map[release.Kind]release.Coverage{}}
		for _, k := range kinds {
			if c := rapid.IntRange(-1, 3).Draw(t, "coverage"); c >= 0 {
				cs.Coverage[k] = release.Coverage(c)
			}
		}
		return cs
	})

	number = rapid.OneOf(rapid.Float64Range(-2, 2), rapid.Float64Range(0, 1), rapid.SampledFrom([]float64{0, 1e6, -1e6, math.NaN(), math.Inf(1), math.Inf(-1),
		math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64}))
	models = rapid.Custom(func(t *rapid.T) *risk.Model {
		m := &risk.Model{ID: "m", Bias: number.Draw(t, "bias")}
		for _, name := range append(risk.TermNames(), "lines-added", "made-up") {
			if rapid.IntRange(0, 2).Draw(t, "has") == 0 {
				m.Weights = append(m.Weights, risk.Weight{Term: name, Weight: number.Draw(t, "weight")})
			}
		}
		if rapid.Bool().Draw(t, "calibrated") {
			m.Outcomes = risk.Counts{Mature: rapid.IntRange(-1, 60).Draw(t, "mature"), Failed: rapid.IntRange(-1, 30).Draw(t, "failed")}
			m.Calibration = &risk.Calibration{Shift: number.Draw(t, "shift"), Slope: number.Draw(t, "slope"),
				Covariance: [3]float64{number.Draw(t, "v00"), number.Draw(t, "v01"), number.Draw(t, "v11")}}
		}
		return m
	})
	tiers    = rapid.SampledFrom([]release.Tier{release.TierLow, release.TierModerate, release.TierHigh, release.TierCritical})
	policies = rapid.Custom(func(t *rapid.T) *risk.Policy {
		p := risk.Default()
		p.UnknownImpact = risk.Impact(rapid.IntRange(1, 5).Draw(t, "unknown"))
		// A monotone table: start anywhere and never fall.
		for i := range p.Table.Cells {
			at := func(cell int) release.Tier {
				tier, _ := release.ParseTier(p.Table.Cells[cell])
				return tier
			}
			tier := tiers.Draw(t, "cell")
			if i%5 > 0 {
				tier = max(tier, at(i-1))
			}
			if i >= 5 {
				tier = max(tier, at(i-5))
			}
			if i >= 15 { // likelihood high, or not known
				tier = max(tier, release.TierModerate)
			}
			p.Table.Cells[i] = tier.String()
		}
		return p
	})
	inputs = rapid.Custom(func(t *rapid.T) judged {
		return judged{Input: risk.Input{Changes: changeSets.Draw(t, "changes"), Digest: release.DigestOf([]byte("x")),
			Impact: risk.Impact(rapid.IntRange(0, 7).Draw(t, "impact"))}, Policy: policies.Draw(t, "policy"),
			Model: models.Draw(t, "model")}
	})
)

// Whatever the model says, the tier is the highest of the table and every floor, the output holds only
// finite numbers, and what it says adds up.
func TestFloorsHold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := inputs.Draw(t, "input")
		a, err := in.assess()
		require.NoError(t, err)
		b, err := json.Marshal(a)
		require.NoError(t, err, "NaN or Inf in the output")

		want := a.Table
		for _, f := range a.Findings {
			want = max(want, f.Floor)
		}
		require.Equal(t, want, a.Tier)
		require.True(t, a.Tier >= release.TierLow && a.Tier <= release.TierCritical)

		// The floors are those that the rules set with no model at all.
		plain, err := risk.Assess(risk.Input{Changes: in.Changes, Digest: in.Digest}, now)
		require.NoError(t, err)
		require.Equal(t, plain.Findings, a.Findings)

		e, sum := a.Likelihood, 0.0
		for _, c := range e.Contributions {
			sum += c.LogOdds
		}
		require.Equal(t, sum, e.LogOdds)
		require.True(t, 0 <= e.Lo && e.Lo <= e.P && e.P <= e.Hi && e.Hi <= 1, "%+v", e)
		if in.Model.Validate() != nil {
			require.Equal(t, risk.LevelUnknown, e.Level)
			require.False(t, e.Shown)
		}
		if len(in.Changes.Gaps) > 0 || in.Changes.FromNothing || in.Changes.Coverage[release.KindCode] != release.CoverageComplete {
			require.Greater(t, a.Tier, release.TierLow)
		}
		again, err := in.assess()
		require.NoError(t, err)
		c, err := json.Marshal(again)
		require.NoError(t, err)
		require.Equal(t, string(b), string(c))
	})
}

// More change, more that is not known, more impact: never a lower tier.
func TestMoreIsNeverLess(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := inputs.Draw(t, "input")
		before, err := in.assess()
		require.NoError(t, err)
		cs := &in.Changes
		switch rapid.IntRange(0, 8).Draw(t, "more") {
		case 0:
			cs.Files = append(slices.Clone(cs.Files), files.Draw(t, "more file"))
		case 1:
			cs.Gaps = append(slices.Clone(cs.Gaps), gapsOf.Draw(t, "more gap"))
		case 2:
			cs.Dependencies = append(slices.Clone(cs.Dependencies), dependencies.Draw(t, "more dependency"))
		case 3:
			cs.Resources = append(slices.Clone(cs.Resources), resources.Draw(t, "more resource"))
		case 4:
			cs.Settings = append(slices.Clone(cs.Settings), settings.Draw(t, "more setting"))
		case 5:
			cs.Coverage = nil
		case 6:
			cs.Base, cs.FromNothing = "", false
		case 7:
			in.History.Recent = []risk.Past{{Features: risk.Features{LinesAdded: lines.Draw(t, "earlier")}}}
		case 8:
			if len(cs.Files) > 0 {
				cs.Files = slices.Clone(cs.Files)
				f := &cs.Files[0]
				f.Labels = append(slices.Clone(f.Labels), rapid.SampledFrom(labels).Draw(t, "label"))
			}
		}
		after, err := in.assess()
		require.NoError(t, err)
		require.GreaterOrEqual(t, after.Tier, before.Tier, "%v\n%v", before.Reasons, after.Reasons)
		if in.Model.Validate() == nil && after.Likelihood.Level != risk.LevelUnknown {
			require.GreaterOrEqual(t, after.Likelihood.P, before.Likelihood.P)
		}
	})
}

// The order of slices and maps does not matter.
func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := inputs.Draw(t, "input")
		a, err := in.assess()
		require.NoError(t, err)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		in.Changes.Files = shuffled(r, in.Changes.Files)
		in.Changes.Gaps = shuffled(r, in.Changes.Gaps)
		in.Changes.Dependencies = shuffled(r, in.Changes.Dependencies)
		in.Changes.Resources = shuffled(r, in.Changes.Resources)
		in.Changes.Settings = shuffled(r, in.Changes.Settings)
		p := *in.Policy
		p.Rules = shuffled(r, p.Rules)
		in.Policy = &p
		b, err := in.assess()
		require.NoError(t, err)
		b.Policy = a.Policy // the order of rules is part of the policy's digest
		x, err := json.Marshal(a)
		require.NoError(t, err)
		y, err := json.Marshal(b)
		require.NoError(t, err)
		require.Equal(t, string(x), string(y))
	})
}

func shuffled[T any](r *rand.Rand, s []T) []T {
	s = slices.Clone(s)
	r.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
	return s
}
