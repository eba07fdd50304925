package risk_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// What cannot do without each other is one piece, and what only looks alike is not.
func TestPiecesAreNotTornApart(t *testing.T) {
	t.Parallel()
	a, err := risk.New(nil, nil)
	require.NoError(t, err)
	for _, c := range []struct {
		name     string
		together []string
		apart    []string
	}{
		{"a test and its code", []string{"auth/login.go", "auth/login_test.go"}, []string{"auth/logout.go", "web/login.go"}},
		{"a test in front", []string{"py/test_login.py", "py/login.py"}, []string{"py/test_logout.py"}},
		{"several endings", []string{"web/cart.ts", "web/cart.spec.ts", "web/cart.css"}, []string{"web/cartoon.ts", "web/car.ts"}},
		{"what is generated", []string{"api/v1.proto", "api/v1.pb.go", "api/v1_grpc.pb.go", "api/v1_pb2.py", "api/v1_pb2_grpc.py"}, []string{"api/v10.proto"}},
		{"both ways of a migration", []string{"db/migrations/1_a.up.sql", "db/migrations/1_a.down.sql"}, []string{"db/migrations/2_b.up.sql"}},
		{"a lock file of a tool nobody knows", []string{"pixi.toml", "pixi.lock"}, []string{"shard.lock"}},
		{"a catalogue of versions", []string{"gradle/libs.versions.toml", "app/build.gradle"}, []string{"app/main.kt"}},
		{"one below", []string{"jvm/gradle/libs.versions.toml", "jvm/app/build.gradle"}, []string{"go.mod"}},
		{"go.sum", []string{"go.mod", "go.sum", "sub/go.mod"}, []string{"web/package.json"}},
		{"hidden files", nil, []string{".a.yml", ".b.yml", ".a", "a.yml"}},
	} {
		var files []release.FileChange
		for _, p := range slices.Concat(c.together, c.apart) {
			files = append(files, file(p, 1, 1))
		}
		cs := changes(files...)
		for _, piece := range risk.Pieces(a, &cs) {
			if c.name == "hidden files" { // ".a.yml" and ".a" are of one name
				require.LessOrEqual(t, len(piece), 2, c.name)
				continue
			}
			got := 0
			for _, p := range piece {
				if slices.Contains(c.together, string(p)) {
					got++
				}
			}
			require.Contains(t, []int{0, len(c.together)}, got, "%s: %v", c.name, piece)
			require.Equal(t, max(got, 1), len(piece), "%s: %v", c.name, piece)
		}
	}
}

// A fix of a package that no dependency change names goes with the file that lists it, and where that is not
// known either no part is the one that mends the flaw: the lane for fixes is not for the rest.
func TestFixesThatNobodyCanPlace(t *testing.T) {
	t.Parallel()
	a, err := risk.New(nil, nil)
	require.NoError(t, err)
	for _, at := range []release.Path{"go.mod", "elsewhere/go.mod", ""} {
		in := risk.Input{Impact: risk.ImpactModerate, Changes: changes(file("go.mod", 1, 1), file("auth/login.go", 1, 1), file("a.go", 1, 1))}
		in.Changes.Advisories = []release.AdvisoryChange{{ID: "GO-1", Package: "pkg:golang/stdlib", File: at, Effect: release.EffectFixed, Before: []string{"v1"}, Exploited: release.AnswerOf(true)}}
		rest, out := (&risk.Split{Paths: []release.Path{"go.mod"}}).Apply(&in.Changes)
		require.Equal(t, release.EffectCarried, rest.Advisories[0].Effect, at)
		require.Equal(t, []string{"v1"}, rest.Advisories[0].After)
		want := release.EffectCarried
		if at == "go.mod" {
			want = release.EffectFixed
		}
		require.Equal(t, want, out.Advisories[0].Effect, at)
		require.Equal(t, release.EffectFixed, in.Changes.Advisories[0].Effect, "what was divided stays as it was")
		whole, _ := (&risk.Split{}).Apply(&in.Changes)
		require.Equal(t, release.EffectFixed, whole.Advisories[0].Effect, "nothing is taken out")

		ways, err := a.WhatIf(in, now)
		require.NoError(t, err)
		require.NotEmpty(t, ways)
		for _, w := range ways {
			if w.Split != nil && w.Steps == nil {
				said := restOf(t, a, in, w.Split.Paths)
				require.Equal(t, said.Tier, w.Tier)
				require.Equal(t, said.Lane, w.Lane)
			}
		}
	}
}

// What every part brings along counts for the budget: what is looked at in all is bounded, whatever
// of the input is large.
func TestWhatIfCountsWhatEveryPartCosts(t *testing.T) {
	t.Parallel()
	const n = 1_000
	for name, fill := range map[string]func(in *risk.Input, i int){
		"debts": func(in *risk.Input, i int) {
			in.Debts = append(in.Debts, release.Debt{ID: fmt.Sprint(i), Opened: now, Due: now})
		},
		"commits": func(in *risk.Input, i int) {
			in.Changes.Commits = append(in.Changes.Commits, release.Commit{ID: release.Revision(fmt.Sprint(i))})
		},
		"releases": func(in *risk.Input, i int) { in.History.Recent = append(in.History.Recent, risk.Past{At: now}) },
		"advisories that stay": func(in *risk.Input, i int) {
			p := release.PURL(fmt.Sprintf("pkg:golang/x.io/%d", i))
			in.Changes.Dependencies = append(in.Changes.Dependencies, release.DependencyChange{File: "go.mod", Op: release.OpUpgraded, Package: p})
			in.Changes.Advisories = append(in.Changes.Advisories, release.AdvisoryChange{ID: "GO-1", Package: p, Effect: release.EffectFixed, Before: []string{"v1"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			looked := 0
			p := risk.Default()
			p.Rules = append(p.Rules, risk.Rule{ID: "counting", Version: 1, Doc: "counts", Run: func(f *risk.Facts) []risk.Finding {
				looked += len(f.Debts) + len(f.Changes.Commits)/4 + len(f.Recent) + len(f.Changes.Advisories)
				return nil
			}})
			a, err := risk.New(p, nil)
			require.NoError(t, err)
			in := risk.Input{Impact: risk.ImpactModerate, Changes: changes(file("go.mod", 1, 1), file("auth/login.go", 1, 1))}
			for i := range n {
				in.Changes.Files = append(in.Changes.Files, file(fmt.Sprintf("d%d/f%d.go", i%30, i), int64(i%9), 1))
				fill(&in, i)
			}
			in.Digest = release.DigestOf([]byte("x"))
			ways, err := a.WhatIf(in, now)
			require.NoError(t, err)
			require.NotEmpty(t, ways)
			most := 500_000
			if name == "debts" { // each has its finding, with words
				most = 100_000
			}
			require.Less(t, looked, most)
		})
	}
}
