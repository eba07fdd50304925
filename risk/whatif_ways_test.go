package risk_test

import (
	"maps"
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

// What is said of typical releases.
func TestWaysInWords(t *testing.T) {
	t.Parallel()
	const lib = release.PURL("pkg:golang/example.com/lib")
	upgraded := release.DependencyChange{File: "go.mod", Op: release.OpUpgraded, Package: lib, Before: "v1.0.0", After: "v1.1.0", Relation: release.RelationDirect}
	flaw := func(effect release.Effect, exploited bool, fixed ...string) release.AdvisoryChange {
		a := release.AdvisoryChange{ID: "GO-1", Package: lib, File: "go.mod", Effect: effect, Exploited: release.AnswerOf(exploited), FixedIn: fixed}
		if effect != release.EffectIntroduced {
			a.Before = []string{"v1.0.0"}
		}
		if effect != release.EffectFixed {
			a.After = []string{"v1.1.0"}
		}
		return a
	}
	past := func(age time.Duration, lines int64) risk.History {
		return risk.History{Recent: []risk.Past{{At: now.Add(-age), Features: risk.Features{LinesAdded: lines}}}}
	}
	calm := func(cs release.ChangeSet) risk.Input { return risk.Input{Changes: cs, Impact: risk.ImpactModerate} }
	for _, c := range []struct {
		name string
		in   risk.Input
		want []string
	}{
		{"low", calm(changes(file("a.go", 1, 0))), nil},
		{"two files of three", calm(changes(file("auth/login.go", 1, 0), file("crypto/k.go", 1, 0), file("a.go", 1, 0))),
			[]string{"split auth/login.go and 1 other file out, and the rest is low; what is taken out is high"}},
		{"one file", calm(changes(file("auth/login.go", 1, 0))), []string{
			"no way to moderate was found: it is one change that cannot be split", "no way to low was found: it is one change that cannot be split"}},
		{"each by itself", calm(changes(file("auth/login.go", 1, 0), file("crypto/k.go", 1, 0))), []string{
			"no way to moderate was found: each change by itself calls for more", "no way to low was found: each change by itself calls for more"}},
		{"what was not read", calm(with(changes(file("a.go", 1, 0)), func(cs *release.ChangeSet) {
			cs.Gaps = []release.Gap{{Kind: release.GapUnreadable, Subject: "go.sum"}}
		})), []string{"read go.sum completely, and it is low if nothing else comes to light"}},
		{"what was begun and not finished", calm(with(changes(file("a.go", 1, 0)), func(cs *release.ChangeSet) {
			cs.Coverage = map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete, release.KindDependency: release.CoveragePartial}
		})), []string{"read all changes of the kind dependency, and it is low if nothing else comes to light"}},
		{"nobody knows what changes", calm(with(changes(file("a.go", 1, 0), file("b.go", 1, 0)), func(cs *release.ChangeSet) { cs.Base = "" })), []string{
			"no way to moderate was found: risk/revision base: the revision to compare with is not known, so at least high",
			"no way to low was found: risk/revision base: the revision to compare with is not known, so at least high"}},
		{"files may be missing", calm(with(changes(file("a.go", 1, 0), file("b.go", 1, 0)), func(cs *release.ChangeSet) {
			cs.Gaps = []release.Gap{{Kind: release.GapTooLarge, Subject: "x"}}
		})), []string{
			"no way to moderate was found: risk/gap x: not read: too-large x, so at least high",
			"no way to low was found: risk/gap x: not read: too-large x, so at least high"}},
		{"both", calm(with(changes(file("auth/login.go", 1, 0), file("a.go", 1, 0)), func(cs *release.ChangeSet) {
			cs.Gaps = []release.Gap{{Kind: release.GapShallow, Subject: "x"}}
		})), []string{
			"split auth/login.go out, and the rest is moderate; what is taken out is high",
			"read x completely and split auth/login.go out, and the rest is low if nothing else comes to light; what is taken out is high"}},
		{"a flaw comes in", calm(with(changes(file("go.mod", 1, 1), file("go.sum", 2, 2), file("a.go", 1, 0)), func(cs *release.ChangeSet) {
			cs.Coverage[release.KindAdvisory] = release.CoverageComplete
			cs.Dependencies = []release.DependencyChange{upgraded}
			cs.Advisories = []release.AdvisoryChange{flaw(release.EffectIntroduced, true, "v1.1.1", "v2.0.1\n")}
		})), []string{
			"split go.mod and 1 other file out, and the rest is low; what is taken out is critical",
			`upgrade pkg:golang/example.com/lib to v1.1.1 or "v2.0.1\n", and it is low if nothing else comes to light`}},
		{"a flaw stays", calm(with(changes(file("a.go", 1, 0), file("b.go", 1, 0)), func(cs *release.ChangeSet) {
			cs.Advisories = []release.AdvisoryChange{flaw(release.EffectCarried, true, "v1.1.1")}
		})), []string{"upgrade pkg:golang/example.com/lib to v1.1.1, and it is low if nothing else comes to light"}},
		{"earlier releases", risk.Input{Changes: changes(file("a.go", 1, 0), file("b.go", 1, 0)), Impact: risk.ImpactModerate, History: past(6*24*time.Hour, 800)},
			[]string{"wait until 2026-11-24 09:01 UTC, and it is low if nothing else comes to light"}},
		{"too much at once", calm(changes(file("a.go", 80, 0), file("b.go", 70, 0), file("c.go", 20, 0))),
			[]string{"split b.go out, and the rest is low; what is taken out is moderate"}},
		{"an impact that nobody declared", risk.Input{Changes: changes(file("a.go", 50, 0))}, []string{
			"no way to low was found: risk/table impact: how bad would a failure of this service be? Nobody declared it, so it counts as major; it is the same for every release"}},
		{"names of others", calm(changes(file("auth/\x1b[2J\nlogin.go", 1, 0), file("a.go", 1, 0))), []string{
			`split "auth/\x1b[2J\nlogin.go" out, and the rest is low; what is taken out is high`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, err := risk.New(nil, nil)
			require.NoError(t, err)
			ways, err := a.WhatIf(c.in, now)
			require.NoError(t, err)
			var got []string
			for _, w := range ways {
				got = append(got, w.String())
			}
			require.Equal(t, c.want, got)
		})
	}
}

// doSteps does what steps say, as a reader of them would.
func doSteps(in risk.Input, at time.Time, steps []risk.Step) (risk.Input, time.Time) {
	cs := &in.Changes
	for _, s := range steps {
		switch s.Kind {
		case risk.StepWait:
			at = s.At
		case risk.StepCover:
			cs.Coverage = maps.Clone(cs.Coverage)
			cs.Coverage[release.Kind(s.Subject)] = release.CoverageComplete
		case risk.StepRead:
			source := slices.ContainsFunc(cs.Files, func(f release.FileChange) bool { return string(f.Path) == s.Subject })
			cs.Gaps = slices.DeleteFunc(slices.Clone(cs.Gaps), func(g release.Gap) bool {
				source = source || g.Subject == s.Subject && (g.Kind == release.GapUnreadable || g.Kind == release.GapUnsupported)
				return g.Subject == s.Subject
			})
			if source {
				cs.Sources = append(slices.Clone(cs.Sources), release.Source{Path: release.Path(s.Subject)})
			}
		case risk.StepUpgrade:
			cs.Advisories = slices.Clone(cs.Advisories)
			for i := range cs.Advisories {
				if a := &cs.Advisories[i]; string(a.Package) == s.Subject && len(a.FixedIn) > 0 {
					a.Effect, a.After = release.EffectFixed, nil
				}
			}
		}
	}
	return in, at
}

// Steps lead where WhatIf says, and none of them can be spared.
func TestStepsLeadThere(t *testing.T) {
	t.Parallel()
	kinds := map[risk.StepKind]int{}
	rapid.Check(t, func(t *rapid.T) {
		in, p, m := splittable(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2)), 4)
		a, err := risk.New(p, m)
		require.NoError(t, err)
		ways, err := a.WhatIf(in, now)
		require.NoError(t, err)
		tier := func(paths []release.Path, steps []risk.Step) release.Tier {
			in := in
			if len(paths) > 0 {
				in.Changes, _ = (&risk.Split{Paths: paths}).Apply(&in.Changes)
			}
			in, at := doSteps(in, now, steps)
			if slices.ContainsFunc(steps, func(s risk.Step) bool { return s.Kind != risk.StepWait }) || len(paths) > 0 {
				in.Digest = otherDigest
			}
			out, err := a.Assess(in, at)
			require.NoError(t, err)
			return out.Tier
		}
		pieces := risk.Pieces(a, &in.Changes)
		for _, w := range ways {
			if w.Steps == nil {
				continue
			}
			var paths []release.Path
			if w.Split != nil {
				paths = w.Split.Paths
				taken := piecesOf(pieces, w.Split)
				require.Equal(t, paths, pathsOf(pieces, taken))
				for i := range taken {
					require.Greater(t, tier(pathsOf(pieces, slices.Delete(slices.Clone(taken), i, i+1)), w.Steps), w.Tier, w)
				}
			}
			require.Equal(t, w.Tier, tier(paths, w.Steps), w)
			for i, s := range w.Steps {
				kinds[s.Kind]++
				require.Greater(t, tier(paths, slices.Delete(slices.Clone(w.Steps), i, i+1)), w.Tier, "%s is not needed in %s", s, w)
				if s.Kind == risk.StepWait {
					sooner := slices.Clone(w.Steps)
					sooner[i].At = s.At.Add(-time.Minute)
					require.Greater(t, tier(paths, sooner), w.Tier, "%s could be sooner", w)
				}
			}
		}
	})
	t.Log(kinds)
}

// What earlier releases owe may be what keeps the tier up.
func TestPayingIsAStep(t *testing.T) {
	t.Parallel()
	a, err := risk.New(nil, nil)
	require.NoError(t, err)
	owed := func(id string, due time.Duration) release.Debt {
		return debt(func(d *release.Debt) { d.ID, d.Opened, d.Due = id, now.Add(-30*24*time.Hour), now.Add(due) })
	}
	in := risk.Input{Changes: changes(file("a.go", 1, 0), file("b.go", 1, 0)), Impact: risk.ImpactModerate,
		Debts: []release.Debt{owed("later", time.Hour), owed("glass-2", -time.Hour), owed("glass-1", -time.Hour)}}
	in.Debts[0].Paid, in.Debts[0].PaidBy = now.Add(-time.Hour), []release.Digest{otherDigest}
	ways, err := a.WhatIf(in, now)
	require.NoError(t, err)
	require.Len(t, ways, 1)
	require.Equal(t, "show what is owed for glass-1 and show what is owed for glass-2, and it is low if nothing else comes to light", ways[0].Text)
	require.Equal(t, []risk.Step{{Kind: risk.StepPay, Subject: "glass-1"}, {Kind: risk.StepPay, Subject: "glass-2"}}, ways[0].Steps)
	require.True(t, in.Debts[1].Paid.IsZero(), "the input stays as it was")
}

// Without the fix the flaw stays, so taking the fix out is no way down.
func TestFixIsNotSplitOut(t *testing.T) {
	t.Parallel()
	cs := changes(file("go.mod", 1, 1), file("a.go", 1, 0))
	cs.Dependencies = []release.DependencyChange{{File: "go.mod", Op: release.OpUpgraded, Package: "pkg:golang/example.com/lib", Major: true}}
	cs.Advisories = []release.AdvisoryChange{{ID: "GO-1", Package: "pkg:golang/example.com/lib", Effect: release.EffectFixed, Before: []string{"v1.0.0"}, Exploited: release.AnswerYes}}
	a, err := risk.New(nil, nil)
	require.NoError(t, err)
	in := risk.Input{Changes: cs, Impact: risk.ImpactModerate}
	ways, err := a.WhatIf(in, now)
	require.NoError(t, err)
	for _, w := range ways {
		require.False(t, w.Split != nil && slices.Contains(w.Split.Paths, "go.mod"), w)
	}

	rest, out := (&risk.Split{Paths: []release.Path{"go.mod"}}).Apply(&cs)
	require.Equal(t, release.EffectCarried, rest.Advisories[0].Effect)
	require.Equal(t, cs.Advisories, out.Advisories)
	rest, out = (&risk.Split{Paths: []release.Path{"a.go"}}).Apply(&cs)
	require.Equal(t, cs.Advisories, rest.Advisories)
	require.Empty(t, out.Advisories, "it is mended by then")
	require.Equal(t, release.EffectFixed, cs.Advisories[0].Effect)
}

// What only moves together.
func TestPieces(t *testing.T) {
	t.Parallel()
	type change = func(*release.ChangeSet)
	dep := func(file release.Path, p release.PURL) change {
		return func(cs *release.ChangeSet) {
			cs.Dependencies = append(cs.Dependencies, release.DependencyChange{File: file, Op: release.OpUpgraded, Package: p})
		}
	}
	res := func(file release.Path) change {
		return func(cs *release.ChangeSet) {
			cs.Resources = append(cs.Resources, release.ResourceChange{File: file, Address: "a.b", Type: "a", Op: release.OpModified})
		}
	}
	deep := strings.Repeat("d/", 80)
	for _, c := range []struct {
		name   string
		files  string
		change []change
		want   string // pieces by "|"
	}{
		{"files", "a.go b.go", nil, "a.go|b.go"},
		{"manifest and lock file", "go.mod go.sum a.go", nil, "a.go|go.mod go.sum"},
		{"a workspace", "package-lock.json web/package.json api/package.json", nil, "api/package.json package-lock.json web/package.json"},
		{"two ecosystems", "go.mod web/package.json web/yarn.lock", nil, "go.mod|web/package.json web/yarn.lock"},
		{"two modules side by side", "a/go.mod a/go.sum b/go.mod", nil, "a/go.mod a/go.sum|b/go.mod"},
		{"vendored code", "go.mod vendor/x/y.go vendor/modules.txt", nil, "go.mod vendor/modules.txt vendor/x/y.go"},
		{"an ecosystem that is not known", "flake.lock web/package.json", nil, "flake.lock web/package.json"},
		{"deep down", deep + "go.mod " + "web/package.json a.go", nil, "a.go|" + deep + "go.mod web/package.json"},
		{"roots and doubled slashes", "/go.mod //go.sum a//go.mod", nil, "//go.sum /go.mod|a//go.mod"},
		{"a bill of materials", "go.mod web/package.json a.go", []change{dep("sbom.json", "pkg:golang/x")}, "a.go|go.mod sbom.json web/package.json"},
		{"changes without a file", "a.go", []change{dep("", "pkg:golang/x"), res("")}, "|a.go"},
		{"a plan", "a.tf m/b.tf a.go", []change{res("plan.json")}, "a.go|a.tf m/b.tf plan.json"},
		{"a file's own resource", "a.tf m/b.tf", []change{res("a.tf")}, "a.tf|m/b.tf"},
		{"one package in two files", "a/go.mod b/go.mod", []change{dep("a/go.mod", "pkg:golang/x"), dep("b/go.mod", "pkg:golang/x")}, "a/go.mod|b/go.mod"},
		{"with an advisory", "a/go.mod b/go.mod", []change{dep("a/go.mod", "pkg:golang/x"), dep("b/go.mod", "pkg:golang/x"),
			func(cs *release.ChangeSet) {
				cs.Advisories = []release.AdvisoryChange{{ID: "1", Package: "pkg:golang/x"}}
			}}, "a/go.mod b/go.mod"},
		{"a rename", "old.go new.go", []change{func(cs *release.ChangeSet) {
			cs.Files[0].Op, cs.Files[0].Old, cs.Files[1].Op, cs.Files[1].New = release.OpRemoved, base, release.OpAdded, base
		}}, "new.go old.go"},
		{"a path twice", "a.go a.go", nil, "a.go"},
		{"a submodule", ".gitmodules third/x", []change{func(cs *release.ChangeSet) { cs.Files[1].NewMode = "160000" }}, ".gitmodules third/x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cs := changes()
			for _, f := range strings.Fields(c.files) {
				cs.Files = append(cs.Files, file(f, 1, 0))
			}
			for _, f := range c.change {
				f(&cs)
			}
			a, err := risk.New(nil, nil)
			require.NoError(t, err)
			var got []string
			for _, p := range risk.Pieces(a, &cs) {
				var names []string
				for _, path := range p {
					names = append(names, string(path))
				}
				got = append(got, strings.Join(names, " "))
			}
			require.Equal(t, c.want, strings.Join(got, "|"))
		})
	}
}
