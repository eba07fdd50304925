package risk_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// Whatever the budget, what is told is true: a search that ends early says less, and that it did.
func TestWhatIfNeverGuesses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in, p, m := splittable(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 3)), 8)
		a, err := risk.New(p, m)
		require.NoError(t, err)
		full, err := a.WhatIf(in, now)
		require.NoError(t, err)
		for _, w := range risk.WhatIfWithin(a, in, now, rapid.IntRange(1, 5000).Draw(t, "budget")) {
			switch {
			case w.Split != nil && w.Steps == nil:
				require.Equal(t, restOf(t, a, in, w.Split.Paths).Tier, w.Tier)
			case w.Split == nil && w.Steps == nil && !w.Unsearched:
				require.True(t, slices.ContainsFunc(full, func(f risk.Counterfactual) bool { return f.Split == nil && f.Steps == nil && f.Tier == w.Tier }), "%s, and there is: %v", w, full)
			}
		}
	})
}

// The order of slices does not matter, and the input stays as it was.
func TestWhatIfIsDeterministic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in, p, m := splittable(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 4)), 8)
		a, err := risk.New(p, m)
		require.NoError(t, err)
		before := asText(t, in.Changes)
		x, err := a.WhatIf(in, now)
		require.NoError(t, err)
		require.Equal(t, before, asText(t, in.Changes))
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 0))
		in.Changes.Files = shuffled(r, in.Changes.Files)
		in.Changes.Resources = shuffled(r, in.Changes.Resources)
		in.Changes.Settings = shuffled(r, in.Changes.Settings)
		in.Changes.Dependencies = shuffled(r, in.Changes.Dependencies)
		in.History.Recent = shuffled(r, in.History.Recent)
		y, err := a.WhatIf(in, now)
		require.NoError(t, err)
		require.Equal(t, asText(t, x), asText(t, y))
	})
}

func asText(t require.TestingT, v any) string {
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

// Whatever the input is, every split and its lane are what Assess says, and nothing panics.
func TestWhatIfOfAnything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := inputs.Draw(t, "input")
		in.History.Recent = []risk.Past{{Features: risk.Features{LinesAdded: lines.Draw(t, "earlier")}}, {At: time.Unix(rapid.Int64().Draw(t, "at"), 0)}}
		a, err := risk.New(in.Policy, in.Model)
		require.NoError(t, err)
		ways, err := a.WhatIf(in.Input, now)
		require.NoError(t, err)
		_ = asText(t, ways) // finite
		for _, w := range ways {
			require.False(t, strings.ContainsFunc(w.Text, func(r rune) bool { return r < ' ' }), w.Text)
			if w.Split != nil && w.Steps == nil {
				said := restOf(t, a, in.Input, w.Split.Paths)
				require.Equal(t, said.Tier, w.Tier)
				require.Equal(t, said.Lane, w.Lane)
			}
		}
	})
}

// Rules of the host may break every expectation; what is told holds even then.
func TestWhatIfWithUnrulyRules(t *testing.T) {
	t.Parallel()
	untested := risk.Rule{ID: "untested", Doc: "High for code that changes without a test.", Version: 1, Run: func(f *risk.Facts) []risk.Finding {
		code, test := false, false
		for _, c := range f.Changes.Files {
			test = test || slices.Contains(c.Labels, release.LabelTest)
			code = code || strings.HasPrefix(string(c.Path), "src/")
		}
		if code && !test {
			return []risk.Finding{{Floor: release.TierHigh, Text: "no test"}}
		}
		return nil
	}}
	odd := risk.Rule{ID: "odd", Doc: "Critical for an odd number of files.", Version: 1, Run: func(f *risk.Facts) []risk.Finding {
		if len(f.Changes.Files)%2 == 1 {
			return []risk.Finding{{Floor: release.TierCritical, Text: "odd"}}
		}
		return nil
	}}
	r := rand.New(rand.NewPCG(5, 5))
	found := 0
	for range 60 {
		p := risk.Default()
		p.Rules = append(p.Rules, []risk.Rule{untested, odd}[r.IntN(2)])
		a, err := risk.New(p, nil)
		require.NoError(t, err)
		var fs []release.FileChange
		for i := range 2 + r.IntN(6) {
			fs = append(fs, file(fmt.Sprintf("%s%d.go", []string{"src/a", "src/a", "auth/x", "src/t_test", "lib/b"}[r.IntN(5)], i), 1, 0))
		}
		in := risk.Input{Changes: changes(fs...), Impact: risk.ImpactModerate}
		ways, err := a.WhatIf(in, now)
		require.NoError(t, err)
		for _, w := range ways {
			if w.Split != nil {
				found++
				require.Equal(t, restOf(t, a, in, w.Split.Paths).Tier, w.Tier)
			}
		}
	}
	require.Greater(t, found, 10)
}

// Releases that are made to be slow to split. Nothing here is timed: without the
// budget the test would not end.
func TestWhatIfIsBounded(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("seconds")
	}
	const n = 4_000
	many := func(f func(i int, cs *release.ChangeSet)) release.ChangeSet {
		cs := changes()
		for i := range n {
			f(i, &cs)
		}
		return cs
	}
	for name, cs := range map[string]release.ChangeSet{
		"files": many(func(i int, cs *release.ChangeSet) {
			cs.Files = append(cs.Files, file(fmt.Sprintf("d%d/f%d.go", i%30, i), int64(i%9), 1))
		}),
		"gaps": many(func(i int, cs *release.ChangeSet) {
			cs.Files = append(cs.Files, file(fmt.Sprintf("f%d.go", i), 0, 0))
			cs.Gaps = append(cs.Gaps, release.Gap{Kind: release.GapShallow, Subject: fmt.Sprint(i)})
		}),
		"advisories": many(func(i int, cs *release.ChangeSet) {
			p := release.PURL(fmt.Sprintf("pkg:golang/x.io/%d", i))
			f := release.Path(fmt.Sprintf("m%d/go.mod", i))
			cs.Files = append(cs.Files, file(string(f), 0, 0))
			cs.Dependencies = append(cs.Dependencies, release.DependencyChange{File: f, Op: release.OpUpgraded, Package: p})
			cs.Advisories = append(cs.Advisories, release.AdvisoryChange{ID: "GO-1", Package: p, Effect: release.EffectIntroduced + release.Effect(i%2), Before: []string{"v1"}, FixedIn: []string{"v2"}})
		}),
		"deep manifests": many(func(i int, cs *release.ChangeSet) {
			cs.Files = append(cs.Files, file(strings.Repeat(fmt.Sprintf("%d/", i%7), i%60)+fmt.Sprint(i)+"/go.mod", 0, 0))
		}),
		"one manifest for all": many(func(i int, cs *release.ChangeSet) {
			cs.Files = append(cs.Files, file(fmt.Sprintf("vendor/%d.go", i), math.MaxInt64, -1))
			cs.Dependencies = append(cs.Dependencies, release.DependencyChange{File: release.Path(fmt.Sprint(i)), Op: release.OpUpgraded, Package: "pkg:golang/x.io/x"})
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := risk.New(nil, nil)
			require.NoError(t, err)
			in := risk.Input{Changes: cs, Digest: release.DigestOf([]byte("x")), Impact: risk.ImpactModerate}
			ways, err := a.WhatIf(in, now)
			require.NoError(t, err)
			require.NotEmpty(t, ways)
			for _, w := range ways {
				require.Less(t, len(w.Text), 2000)
				if w.Split != nil && w.Steps == nil {
					require.Equal(t, restOf(t, a, in, w.Split.Paths).Tier, w.Tier)
				}
			}
		})
	}
}

func TestWhatIfWithoutTime(t *testing.T) {
	t.Parallel()
	a, err := risk.New(nil, nil)
	require.NoError(t, err)
	_, err = a.WhatIf(risk.Input{Changes: changes(file("auth/a.go", 1, 0))}, time.Time{})
	require.ErrorContains(t, err, "no time")
	_, err = a.WhatIf(risk.Input{Changes: with(changes(), func(cs *release.ChangeSet) { cs.Base = "\xff" })}, now)
	require.Error(t, err, "no digest")
}
