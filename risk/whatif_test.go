package risk_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

var longWhatIf = flag.Bool("long-whatif", false, "compare 1,000 releases with every way to divide them, instead of 25")

// splittable are inputs of up to a number of pieces in which everything that floors come from occurs, and
// nothing else keeps the tier up too often.
func splittable(r *rand.Rand, pieces int) (risk.Input, *risk.Policy, *risk.Model) {
	one := func(list ...string) string { return list[r.IntN(len(list))] }
	chance := func(percent int) bool { return r.IntN(100) < percent }
	cs := changes()
	cs.Coverage[release.KindInfrastructure] = release.CoverageComplete
	size := int64(one("9", "99", "999", "9999", "12000")[0]-'0') * []int64{1, 10, 100, 1000}[r.IntN(4)]
	for i := range 1 + r.IntN(pieces) {
		f := file(fmt.Sprintf("%s%d.go", one("a/f", "b/f", "c/d/f", "auth/f", "docs/f", "x/f", "y/f", fmt.Sprintf("d%d/f", i)), i), r.Int64N(size+1), r.Int64N(size/2+1))
		switch {
		case chance(10):
			f.Path = release.Path(one("go.mod", "go.sum", "web/package.json", "deploy/main.tf", ".github/workflows/ci.yml", "CODEOWNERS", "db/migrations/1_drop.sql", "api.proto"))
		case chance(10):
			f.Path = release.Path(fmt.Sprintf("docs/g%d.md", i))
		case chance(5):
			f.Op = release.OpUnknown
		}
		if !slices.ContainsFunc(cs.Files, func(g release.FileChange) bool { return g.Path == f.Path }) {
			cs.Files = append(cs.Files, f)
		}
	}
	for range r.IntN(3) {
		p := release.PURL("pkg:golang/example.com/" + one("x", "y", "z"))
		cs.Dependencies = append(cs.Dependencies, release.DependencyChange{File: release.Path(one("go.mod", "go.mod", "sbom.json", "")), Op: release.Op(r.IntN(7)), Package: p})
		if chance(40) {
			cs.Advisories = append(cs.Advisories, release.AdvisoryChange{ID: "GO-" + one("1", "2", "3"), Package: p, Effect: release.Effect(r.IntN(4)),
				Before: []string{"v1"}[:r.IntN(2)], After: []string{"v2"}, Exploited: release.Answer(r.IntN(3)), FixedIn: []string{"v3"}[:r.IntN(2)]})
		}
		if chance(10) {
			cs.Outdated = append(cs.Outdated, release.Outdated{Component: p + "@v2", Retracted: release.Answer(r.IntN(3))})
		}
	}
	for range r.IntN(3) {
		kind := one("aws_iam_role", "aws_db_instance", "null_resource")
		cs.Resources = append(cs.Resources, release.ResourceChange{File: release.Path(one("deploy/main.tf", "plan.json", "")), Address: kind + ".x", Type: kind, Op: release.Op(1 + r.IntN(4))})
	}
	if chance(30) {
		cs.Settings = append(cs.Settings, release.SettingChange{File: release.Path(one("app.yaml", "a/f0.go")), Key: one("color", "password"), Op: release.OpModified})
	}
	if chance(10) {
		cs.Gaps = append(cs.Gaps, release.Gap{Kind: gaps[r.IntN(len(gaps))], Subject: one("go.sum", "x")})
	}
	if chance(5) {
		cs.Coverage[release.KindDependency] = release.Coverage(r.IntN(3))
	}
	if chance(10) {
		cs.Artifacts = []release.ArtifactChange{{Name: "shop", Op: release.OpModified}}
	}
	if chance(20) {
		cs.Sources = []release.Source{{Path: "go.mod"}}
	}
	in := risk.Input{Changes: cs, Digest: release.DigestOf([]byte("x")), Impact: risk.Impact(r.IntN(6)), Exposed: release.Answer(r.IntN(3))}
	for range r.IntN(3) {
		in.History.Recent = append(in.History.Recent, risk.Past{At: now.Add(-time.Duration(r.IntN(10*24)) * time.Hour), Features: risk.Features{LinesAdded: r.Int64N(size + 1), Files: r.Int64N(9)}})
	}
	for i := range r.IntN(4) {
		w := release.Waiver{ID: fmt.Sprint("w", i), Rule: one("sensitive", "opaque", "gap", "size", "pipeline", "table"), Subject: one("auth/f0.go", "auth/f1.go", "x", "go.sum", "", ".github/workflows/ci.yml"),
			Floor: release.TierLow, Reason: "known", Owner: release.EmailActor(release.ActorHuman, "Ada", "ada@example.com"), Second: release.EmailActor(release.ActorHuman, "Bo", "bo@example.com"),
			From: now.Add(-time.Hour), Expires: now.Add(time.Duration(1+r.IntN(200)) * time.Hour)}
		if chance(30) || w.Rule == "table" {
			w.Changes = in.Digest
		}
		in.Waivers = append(in.Waivers, w)
	}
	m := risk.Prior()
	if chance(50) {
		m.ID, m.Weights = "mine", nil
		for _, term := range []string{"lines-added", "lines-deleted", "files", "directories", "dependencies", "resources", "settings"} {
			if chance(60) {
				m.Weights = append(m.Weights, risk.Weight{Term: term, Weight: r.Float64()})
			}
		}
	}
	return in, risk.Default(), m
}

// divisions are all ways to divide a release but those that leave or take nothing.
func divisions(pieces [][]release.Path, yield func(out []int)) {
	for set := 1; set < 1<<len(pieces)-1; set++ {
		var out []int
		for k := range pieces {
			if set>>k&1 == 1 {
				out = append(out, k)
			}
		}
		yield(out)
	}
}

// pathsOf are the paths of some pieces, sorted.
func pathsOf(pieces [][]release.Path, some []int) []release.Path {
	var out []release.Path
	for _, k := range some {
		out = append(out, pieces[k]...)
	}
	slices.Sort(out)
	return out
}

// otherDigest stands for that of a part: it is not the release's.
var otherDigest = release.DigestOf([]byte("a part"))

// restOf is what Assess says of the rest of a release.
func restOf(t require.TestingT, a *risk.Assessor, in risk.Input, paths []release.Path) risk.Assessment {
	in.Changes, _ = (&risk.Split{Paths: paths}).Apply(&in.Changes)
	in.Digest = otherDigest
	out, err := a.Assess(in, now)
	require.NoError(t, err)
	return out
}

// piecesOf are the pieces of a split.
func piecesOf(pieces [][]release.Path, s *risk.Split) []int {
	var out []int
	for k, p := range pieces {
		if slices.Contains(s.Paths, p[0]) {
			out = append(out, k)
		}
	}
	return out
}

// divided is a release with all the ways to divide it.
type divided struct {
	in      risk.Input
	a       *risk.Assessor
	present risk.Assessment
	pieces  [][]release.Path
	least   map[release.Tier]leastTaken // by goal
}

// leastTaken is the least that must be taken out.
type leastTaken struct{ pieces, changes int }

func newDivided(t require.TestingT, in risk.Input, p *risk.Policy, m *risk.Model) divided {
	a, err := risk.New(p, m)
	require.NoError(t, err)
	w := divided{in: in, a: a, pieces: risk.Pieces(a, &in.Changes), least: map[release.Tier]leastTaken{}}
	w.present, err = a.Assess(in, now)
	require.NoError(t, err)
	if w.present.Tier == release.TierLow {
		return w
	}
	labelled, other := risk.Labelled(a, &in.Changes), in
	other.Digest = otherDigest
	divisions(w.pieces, func(out []int) {
		rest, _ := (&risk.Split{Paths: pathsOf(w.pieces, out)}).Apply(&labelled)
		b := leastTaken{len(out), sizeOf(in.Changes) - sizeOf(rest)}
		for goal := risk.Judge(a, other, &rest, now).Tier; goal < w.present.Tier; goal++ {
			if l, ok := w.least[goal]; !ok || b.pieces < l.pieces || b.pieces == l.pieces && b.changes < l.changes {
				w.least[goal] = b
			}
		}
	})
	return w
}

// comparison of a comparison with all ways to divide.
type comparison struct{ splits, smallest, sameChanges, proven, worst int }

// compare holds WhatIf against Assess of every way to divide the release.
func (n *comparison) compare(t require.TestingT, divided divided, ways []risk.Counterfactual) {
	in, a, present, pieces, least := divided.in, divided.a, divided.present, divided.pieces, divided.least
	if present.Tier == release.TierLow {
		require.Empty(t, ways)
		return
	}
	above := present.Tier
	for _, w := range ways {
		require.False(t, w.Unsearched)
		require.Less(t, w.Tier, present.Tier)
		if w.Split == nil || w.Steps != nil {
			continue
		}
		rest, out := w.Split.Apply(&in.Changes)
		require.Equal(t, w.Split.Changes, sizeOf(out), w)
		require.Equal(t, sizeOf(in.Changes), sizeOf(rest)+sizeOf(out))
		said := restOf(t, a, in, w.Split.Paths)
		require.Equal(t, said.Tier, w.Tier, w)
		require.Equal(t, said.Lane, w.Lane)
		require.Equal(t, said.Requirements, w.Requirements)

		later := in
		later.Changes, later.Digest = out, otherDigest
		later.History.Recent = append(slices.Clone(in.History.Recent), risk.Past{At: now, Features: said.Features})
		then, err := a.Assess(later, now)
		require.NoError(t, err)
		require.Equal(t, then.Tier, w.Split.Tier, w)

		taken := piecesOf(pieces, w.Split)
		require.Equal(t, w.Split.Paths, pathsOf(pieces, taken), "a piece is torn apart")
		for i := range taken { // nothing can be put back
			back := restOf(t, a, in, pathsOf(pieces, slices.Delete(slices.Clone(taken), i, i+1)))
			if len(taken) > 1 {
				require.Greater(t, back.Tier, w.Tier, "%s: %v may stay", w, pieces[taken[i]])
			}
		}
		// It is told for the highest goal below the last split's tier that it reaches, and is the smallest for it.
		goal := above - 1
		for least[goal].pieces == 0 {
			goal--
		}
		above = w.Tier
		n.splits++
		if w.Split.Smallest {
			n.proven++
			require.Equal(t, least[goal].pieces, len(taken), "%s: not the smallest", w)
		}
		if least[goal].pieces == len(taken) {
			n.smallest++
			if least[goal].changes == w.Split.Changes {
				n.sameChanges++
			}
		}
		n.worst = max(n.worst, len(taken)-least[goal].pieces)
	}
	for goal := release.TierLow; goal < present.Tier; goal++ {
		_, possible := least[goal]
		told := slices.ContainsFunc(ways, func(w risk.Counterfactual) bool { return w.Split != nil && w.Steps == nil && w.Tier <= goal })
		require.Equal(t, possible, told, "a split to %s: %v", goal, ways)
		none := slices.ContainsFunc(ways, func(w risk.Counterfactual) bool { return w.Split == nil && w.Steps == nil && w.Tier == goal })
		way := slices.ContainsFunc(ways, func(w risk.Counterfactual) bool { return (w.Split != nil || w.Steps != nil) && w.Tier <= goal })
		require.NotEqual(t, none, way, "%s: %v", goal, ways)
	}
}

// sizeOf counts what changes.
func sizeOf(cs release.ChangeSet) int {
	return len(cs.Files) + len(cs.Dependencies) + len(cs.Resources) + len(cs.Settings)
}

// WhatIf says of each split what Assess says of the rest, and no smaller one does.
func TestWhatIfAgreesWithAssess(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var n comparison
		in, p, m := splittable(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)), 5)
		divided := newDivided(t, in, p, m)
		ways, err := divided.a.WhatIf(in, now)
		require.NoError(t, err)
		n.compare(t, divided, ways)
	})
}

// How often the answer is the smallest of all, with every way to divide them
// tried. The numbers of the long run stand in the documentation of Split.Smallest.
func TestWhatIfIsMostlyTheSmallest(t *testing.T) {
	t.Parallel()
	releases, pieces, n, greedy := 40, 8, comparison{}, comparison{}
	if *longWhatIf {
		releases, pieces = 1_000, 11
	}
	r := rand.New(rand.NewPCG(2026, 11))
	for range releases {
		in, p, m := splittable(r, pieces)
		divided := newDivided(t, in, p, m)
		ways, err := divided.a.WhatIf(in, now)
		require.NoError(t, err)
		n.compare(t, divided, ways)
		greedy.compare(t, divided, risk.WhatIfGreedy(divided.a, in, now))
	}
	for name, n := range map[string]comparison{"all": n, "greedy": greedy} {
		t.Logf("%s: %d releases, %d splits: %d with the fewest pieces (%d with the fewest changes then), %d proven, at most %d pieces more",
			name, releases, n.splits, n.smallest, n.sameChanges, n.proven, n.worst)
	}
	require.Equal(t, n.splits, n.smallest)
	require.GreaterOrEqual(t, float64(greedy.smallest), 0.95*float64(greedy.splits))
	require.LessOrEqual(t, greedy.worst, 2)
}
