package risk_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
	"github.com/sallyport-dev/sallyport/risk"
)

const netPackage = "pkg:golang/golang.org/x/net"

// mend is a release that does nothing but mend an urgent flaw: go.mod and go.sum go from one version to the one that the
// advisory names, and with enough lines that its tier is moderate.
func mend() risk.Input {
	cs := release.ChangeSet{Base: base, Head: head,
		Files:        []release.FileChange{file("go.mod", 1, 1), file("go.sum", 14, 14)},
		Dependencies: []release.DependencyChange{{File: "go.mod", Op: release.OpUpgraded, Package: netPackage, Before: "v0.22.0", After: "v0.23.0", Relation: release.RelationDirect}},
		Advisories: []release.AdvisoryChange{{ID: "GO-2024-2687", Aliases: []string{"CVE-2023-45288"}, Effect: release.EffectFixed, Package: netPackage, File: "go.mod",
			Before: []string{"v0.22.0"}, FixedIn: []string{"0.23.0"}, Published: now.Add(-48 * time.Hour), Exploited: answerNo, Automatable: answerYes, TotalImpact: answerNo}},
		Sources:  []release.Source{{Path: "go.mod", Format: "go.mod"}, {Path: "go.sum", Format: "go.sum"}},
		Coverage: map[release.Kind]release.Coverage{release.KindCode: release.CoverageComplete, release.KindDependency: release.CoverageComplete, release.KindAdvisory: release.CoverageComplete}}
	return risk.Input{Changes: cs, Exposed: answerYes}
}

// second is another upgrade in the same files.
func second(in *risk.Input, change func(*release.DependencyChange)) {
	d := release.DependencyChange{File: "go.mod", Op: release.OpUpgraded, Package: "pkg:golang/example.com/left-pad", Before: "v1.0.0", After: "v1.0.1", Relation: release.RelationTransitive}
	change(&d)
	in.Changes.Dependencies = append(in.Changes.Dependencies, d)
}

func alsoFile(f release.FileChange) func(*risk.Input) {
	return func(in *risk.Input) { in.Changes.Files = append(in.Changes.Files, f) }
}

func alsoRead(path string) func(*risk.Input) {
	return func(in *risk.Input) {
		in.Changes.Files = append(in.Changes.Files, file(path, 1, 1))
		in.Changes.Sources = append(in.Changes.Sources, release.Source{Path: release.Path(path)})
	}
}

func theDependency(change func(*release.DependencyChange)) func(*risk.Input) {
	return func(in *risk.Input) { change(&in.Changes.Dependencies[0]) }
}

func theFlaw(change func(*release.AdvisoryChange)) func(*risk.Input) {
	return func(in *risk.Input) { change(&in.Changes.Advisories[0]) }
}

func alsoFlaw(a release.AdvisoryChange) func(*risk.Input) {
	return func(in *risk.Input) { in.Changes.Advisories = append(in.Changes.Advisories, a) }
}

// npm is the same release of a package that npm's lock file pins.
func npm(in *risk.Input) {
	in.Changes.Files = []release.FileChange{file("web/package-lock.json", 14, 14)}
	in.Changes.Sources = []release.Source{{Path: "web/package-lock.json", Format: "package-lock/3"}}
	d := &in.Changes.Dependencies[0]
	d.File, d.Package, d.Before, d.After = "web/package-lock.json", "pkg:npm/ws", "8.17.0", "8.17.1"
	a := &in.Changes.Advisories[0]
	a.File, a.Package, a.Before, a.FixedIn = d.File, d.Package, []string{d.Before}, []string{d.After, "7.5.10"}
}

// What the lane is for, and what it takes along.
func TestExpediteOpens(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*risk.Input){
		"a fix":                   func(*risk.Input) {},
		"a fix of an npm package": npm,
		"listed as exploited, and nothing else known": theFlaw(func(a *release.AdvisoryChange) {
			a.Exploited, a.Automatable, a.TotalImpact = answerYes, unknown, unknown
		}),
		"listed as exploited, of today": theFlaw(func(a *release.AdvisoryChange) { a.Exploited, a.Published = answerYes, now }),
		"total":                         theFlaw(func(a *release.AdvisoryChange) { a.Automatable, a.TotalImpact = unknown, answerYes }),
		"a day old":                     theFlaw(func(a *release.AdvisoryChange) { a.Published = now.Add(-24 * time.Hour) }),
		"with a page about it":          alsoFile(file("docs/changes.md", 3, 0)),
		"with a changelog":              alsoFile(file("CHANGELOG.md", 3, 0)),
		"with a new page and without an old one": func(in *risk.Input) {
			in.Changes.Files = append(in.Changes.Files, release.FileChange{Path: "docs/new.md", Op: release.OpAdded, NewMode: "100644", Added: 3},
				release.FileChange{Path: "docs/old.md", Op: release.OpRemoved, OldMode: "100644", Deleted: 3})
		},
		"with a new test of Go": alsoFile(release.FileChange{Path: "server/n_test.go", Op: release.OpAdded, NewMode: "100644", Added: 30}),
		"newer versions exist": func(in *risk.Input) {
			in.Changes.Outdated = []release.Outdated{{Component: netPackage + "@v0.23.0", ReleasesKnown: true, Releases: 3}}
		},
		"with a test of Go": alsoFile(file("server/h_test.go", 30, 0)),
		"two fixes at once": func(in *risk.Input) {
			second(in, func(*release.DependencyChange) {})
			in.Changes.Advisories = append(in.Changes.Advisories, release.AdvisoryChange{ID: "GO-2", Effect: release.EffectFixed, Package: "pkg:golang/example.com/left-pad",
				Before: []string{"v1.0.0"}, FixedIn: []string{"1.0.1"}})
		},
		"two flaws of one package, mended by the later version": alsoFlaw(release.AdvisoryChange{ID: "GO-2", Effect: release.EffectFixed, Package: netPackage, Before: []string{"v0.22.0"}, FixedIn: []string{"0.21.5"}}),
		"another flaw stays, and is not exploited": alsoFlaw(release.AdvisoryChange{ID: "GO-9", Effect: release.EffectCarried, Package: "pkg:golang/example.com/y",
			Before: []string{"v1.0.0"}, After: []string{"v1.0.0"}, Exploited: answerNo}),
		"a new build of the artifact": func(in *risk.Input) {
			in.Changes.Artifacts = []release.ArtifactChange{{Name: "shop", Op: release.OpModified}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := mend()
			change(&in)
			a, err := risk.Assess(in, now)
			require.NoError(t, err)
			require.Equal(t, release.LaneExpedite, a.Lane, "%s %v", a.Tier, a.Reasons)
			require.Equal(t, release.TierModerate, a.Tier, "the lane lowers no tier")
			want := risk.Default().Expedite.Demands[0]
			require.Equal(t, want.Rollout, a.Rollout)
			require.Len(t, a.Requirements, len(want.Requirements))
			require.Len(t, told(a, "risk/lane"), 1)
			require.Contains(t, told(a, "risk/lane")[0], "GO-2024-2687: the expedite lane is open: the release does nothing but mend published flaws, and this one is urgent (BOD 26-04: ")
		})
	}
}

// Whoever would like to hurry something else through the lane is told why it is closed, and gets the demands of the normal one.
func TestExpediteStaysClosed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*risk.Input)
		want   string // in the reason
	}{
		// Dependencies that come along.
		{"a package of a similar name is added", func(in *risk.Input) {
			second(in, func(d *release.DependencyChange) { d.Op, d.Before = release.OpAdded, "" })
		}, "pkg:golang/example.com/left-pad: the expedite lane is closed: a dependency is added"},
		{"another package is upgraded along", func(in *risk.Input) { second(in, func(*release.DependencyChange) {}) }, "no advisory says that v1.0.1 mends a flaw of v1.0.0"},
		{"a package is removed along", func(in *risk.Input) {
			second(in, func(d *release.DependencyChange) { d.Op, d.After = release.OpRemoved, "" })
		}, "a dependency is removed"},
		{"another package is downgraded", func(in *risk.Input) { second(in, func(d *release.DependencyChange) { d.Op = release.OpDowngraded }) }, "a dependency is downgraded"},
		{"a replace directive", func(in *risk.Input) {
			second(in, func(d *release.DependencyChange) { d.Op, d.Detail = release.OpReplaced, "evil.example/x" })
		}, "a dependency is replaced"},
		{"an exclude or tool directive", func(in *risk.Input) {
			second(in, func(d *release.DependencyChange) { d.Op, d.Detail = release.OpModified, "tool evil.example/x" })
		}, "a dependency is modified"},
		{"what happened is not known", func(in *risk.Input) { second(in, func(d *release.DependencyChange) { d.Op = release.OpUnknown }) }, "a dependency is unknown"},
		{"the toolchain line", func(in *risk.Input) {
			second(in, func(d *release.DependencyChange) {
				d.Package, d.Before, d.After = "pkg:golang/toolchain", "1.26.0", "1.26.1"
			})
		}, "pkg:golang/toolchain: the expedite lane is closed: the version of Go changes"},
		{"the go line, with an advisory for it", func(in *risk.Input) {
			second(in, func(d *release.DependencyChange) {
				d.Package, d.Before, d.After = "pkg:golang/stdlib", "1.26.0", "1.26.1"
			})
			in.Changes.Advisories = append(in.Changes.Advisories, release.AdvisoryChange{ID: "GO-3", Effect: release.EffectFixed, Package: "pkg:golang/stdlib", Before: []string{"1.26.0"}, FixedIn: []string{"1.26.1"}})
		}, "the version of Go changes"},
		// The upgrade itself.
		{"it begins to run code when it is installed", theDependency(func(d *release.DependencyChange) { d.InstallScript = true }), "installing a dependency runs code"},
		{"another major version", theDependency(func(d *release.DependencyChange) { d.Major = true }), "another major version"},
		{"another licence", theDependency(func(d *release.DependencyChange) { d.LicenseBefore, d.LicenseAfter = "MIT", "BUSL-1.1" }), "the licence of a dependency changes"},
		{"a licence that is no longer known", theDependency(func(d *release.DependencyChange) { d.LicenseBefore = "MIT" }), "the licence of a dependency changes"},
		{"from another place", theDependency(func(d *release.DependencyChange) { d.Detail = "origin not named, now https://evil.example" }), "more to the upgrade than another version: origin not named, now https://evil.example"},
		{"past the version that mends it", theDependency(func(d *release.DependencyChange) { d.After = "v0.23.1" }), "no advisory says that v0.23.1 mends a flaw of v0.22.0"},
		{"to a pseudo-version of that version", theDependency(func(d *release.DependencyChange) { d.After = "v0.23.0-0.20240401000000-0123456789ab" }), "no advisory says"},
		{"back to the version that mends it", theDependency(func(d *release.DependencyChange) { d.Op = release.OpDowngraded }), "a dependency is downgraded"},
		{"a version that its makers took back", func(in *risk.Input) {
			in.Changes.Outdated = []release.Outdated{{Component: netPackage + "@v0.23.0", Retracted: answerYes}}
		}, "its makers took the new version back"},
		{"a version that its makers advise against", func(in *risk.Input) {
			in.Changes.Outdated = []release.Outdated{{Component: netPackage + "@v0.23.0", Deprecated: answerYes}}
		}, "its makers took the new version back, or gave it up"},
		{"a version that nobody maintains", func(in *risk.Input) {
			in.Changes.Outdated = []release.Outdated{{Component: netPackage + "@v0.23.0", EndOfLife: answerYes}}
		}, "its makers took the new version back, or gave it up"},
		{"from a version that is not affected", theDependency(func(d *release.DependencyChange) { d.Before = "v0.21.0" }), "no advisory says"},
		{"a package of a similar name", theDependency(func(d *release.DependencyChange) { d.Package = "pkg:golang/golang.org/x/nets" }), "no advisory says"},
		{"no dependency changes at all: the advisory was withdrawn", func(in *risk.Input) { in.Changes.Dependencies, in.Changes.Files = nil, nil }, "is mended by no upgrade"},
		{"no dependency changes, and files do", func(in *risk.Input) { in.Changes.Dependencies = nil }, "go.mod: the expedite lane is closed: a file changes that those upgrades do not explain"},
		{"the advisory names no version that mends it", theFlaw(func(a *release.AdvisoryChange) { a.FixedIn = nil }), "no advisory says"},
		// Flaws.
		{"not exposed", func(in *risk.Input) { in.Exposed = answerNo }, `none of the flaws that it mends is known to be urgent: "60 days" at most, and the lane opens from "14 days" on`},
		{"nobody says whether it is exposed", func(in *risk.Input) { in.Exposed = unknown }, "known to be urgent"},
		{"nothing is known of it", theFlaw(func(a *release.AdvisoryChange) { a.Exploited, a.Automatable, a.TotalImpact = unknown, unknown, unknown }), "known to be urgent"},
		{"an advisory of this morning", theFlaw(func(a *release.AdvisoryChange) { a.Published = now.Add(-24*time.Hour + 1) }), "published less than a day ago"},
		{"an advisory of tomorrow", theFlaw(func(a *release.AdvisoryChange) { a.Published = now.Add(24 * time.Hour) }), "published less than a day ago"},
		{"an advisory of no day", theFlaw(func(a *release.AdvisoryChange) { a.Published = time.Time{} }), "published less than a day ago"},
		{"somebody says that it does not matter here", theFlaw(func(a *release.AdvisoryChange) { a.Suppressions = []release.Suppression{{Author: "vendor"}} }), "does not matter here"},
		{"an advisory without a name", theFlaw(func(a *release.AdvisoryChange) { a.ID = "" }), "the expedite lane is closed"},
		{"it stays in another file", alsoFlaw(release.AdvisoryChange{ID: "GHSA-1", Aliases: []string{"CVE-2023-45288"}, Effect: release.EffectCarried, Package: netPackage, File: "tools/go.mod", Exploited: answerNo}), "stays elsewhere in the release"},
		{"it comes in with another flaw", alsoFlaw(release.AdvisoryChange{ID: "GO-3", Effect: release.EffectIntroduced, Package: netPackage, After: []string{"v0.23.0"}, Exploited: answerNo}), "GO-3: the expedite lane is closed: it brings in a flaw"},
		{"it may come in with another flaw", alsoFlaw(release.AdvisoryChange{ID: "GO-3", Package: netPackage, After: []string{"v0.23.0"}, Exploited: answerNo}), "it may bring in a flaw"},
		{"an effect beyond the scale", alsoFlaw(release.AdvisoryChange{ID: "GO-3", Effect: 9, Exploited: answerNo}), "it may bring in a flaw"},
		{"it goes on with one that is exploited", alsoFlaw(release.AdvisoryChange{ID: "GO-3", Effect: release.EffectCarried, Exploited: answerYes}), "goes on with a flaw that is listed as exploited"},
		// Files.
		{"a line of code", alsoFile(file("server/a.go", 1, 0)), "server/a.go: the expedite lane is closed: a file changes that those upgrades do not explain"},
		{"a vendored file", alsoFile(file("vendor/golang.org/x/net/http2/frame.go", 5, 2)), "vendor/golang.org/x/net/http2/frame.go: "},
		{"the list of vendored modules", alsoFile(file("vendor/modules.txt", 1, 1)), "vendor/modules.txt: "},
		{"a page among vendored files", alsoFile(file("vendor/README.md", 1, 1)), "vendor/README.md: "},
		{"a manifest that can hold scripts", func(in *risk.Input) { npm(in); alsoRead("web/package.json")(in) }, "web/package.json: "},
		{"a manifest that can hold plugins", alsoRead("pyproject.toml"), "pyproject.toml: "},
		{"a build script", alsoFile(file("build.rs", 1, 1)), "build.rs: "},
		{"npm's settings", alsoFile(file(".npmrc", 1, 1)), ".npmrc: "},
		{"a lock file that nothing explains", alsoRead("web/package-lock.json"), "web/package-lock.json: "},
		{"a lock file that nobody read", func(in *risk.Input) { npm(in); in.Changes.Sources = nil }, "web/package-lock.json: "},
		{"a go.sum in another place", alsoRead("tools/go.sum"), "tools/go.sum: "},
		{"a workspace", alsoRead("go.work"), "go.work: "},
		{"a lock file among tests' data", alsoRead("testdata/go.mod"), "testdata/go.mod: "},
		{"a name that looks alike", alsoRead("Go.mod"), "Go.mod: "},
		{"a pipeline", alsoFile(file(".github/workflows/ci.yml", 1, 1)), ".github/workflows/ci.yml: "},
		{"the policy", alsoFile(file(".sallyport/policy.yaml", 1, 1)), ".sallyport/policy.yaml: "},
		{"code owners", alsoFile(file("CODEOWNERS", 1, 1)), "CODEOWNERS: "},
		{"the sign-in's tests", alsoFile(file("auth/login_test.go", 9, 0)), "auth/login_test.go: "},
		{"a test that is removed", alsoFile(func() release.FileChange { f := file("a_test.go", 0, 9); f.Op = release.OpRemoved; return f }()), "a_test.go: "},
		{"a test that loses lines", alsoFile(file("a_test.go", 1, 9)), "a_test.go: "},
		{"a test that may be shipped", alsoFile(file("shop/test_cart.py", 9, 0)), "shop/test_cart.py: "},
		{"tests' data that may be embedded", alsoFile(file("testdata/x.txt", 9, 0)), "testdata/x.txt: "},
		{"a page that can be run", alsoFile(func() release.FileChange { f := file("docs/x.md", 1, 0); f.NewMode = "100755"; return f }()), "docs/x.md: "},
		{"a page that is a link", alsoFile(func() release.FileChange { f := file("docs/x.md", 1, 0); f.NewMode = "120000"; return f }()), "docs/x.md: "},
		{"a page that agents read", alsoFile(file("AGENTS.md", 1, 0)), "AGENTS.md: "},
		{"go.mod can be run", func(in *risk.Input) { in.Changes.Files[0].NewMode = "100755" }, "go.mod: the expedite lane is closed: a file changes that those upgrades do not explain"},
		{"go.mod is new", func(in *risk.Input) { in.Changes.Files[0].Op = release.OpAdded }, "go.mod: the expedite lane is closed: a file changes that those upgrades do not explain"},
		{"go.sum is binary", func(in *risk.Input) { in.Changes.Files[1].Binary = true }, "go.sum: the expedite lane is closed: a file changes that those upgrades do not explain"},
		{"go.sum was not counted", func(in *risk.Input) { in.Changes.Files[1].Uncounted = true }, "go.sum: the expedite lane is closed: a file changes that those upgrades do not explain"},
		{"go.mod of no mode", func(in *risk.Input) { in.Changes.Files[0].OldMode, in.Changes.Files[0].NewMode = "", "" }, "go.mod: the expedite lane is closed: a file changes that those upgrades do not explain"},
		{"a label of the host's", func(in *risk.Input) { in.Changes.Files[0].Labels = []release.Label{"ours"} }, "go.mod: "},
		{"a submodule", alsoFile(release.FileChange{Path: "third", Op: release.OpModified, OldMode: "160000", NewMode: "160000"}), "third: "},
		{"go.mod is not among the files", func(in *risk.Input) { in.Changes.Files = in.Changes.Files[1:] }, "the file that asks for it is not among the changed ones"},
		// Other changes, and what nobody read.
		{"infrastructure", func(in *risk.Input) {
			in.Changes.Resources = []release.ResourceChange{{Address: "t.x", Type: "t", Op: release.OpModified}}
		}, "it changes infrastructure"},
		{"drift", func(in *risk.Input) {
			in.Changes.Drift = []release.ResourceChange{{Address: "t.x", Type: "t", Op: release.OpModified}}
		}, "infrastructure drifted"},
		{"a setting", func(in *risk.Input) {
			in.Changes.Settings = []release.SettingChange{{File: "a.toml", Key: "k", Op: release.OpModified}}
		}, "it changes configuration"},
		{"it is not what was declared", func(in *risk.Input) { in.Changes.Deviations = []release.Deviation{{Kind: "own", Subject: "x"}} }, "it is not what was declared"},
		{"another artifact", func(in *risk.Input) {
			in.Changes.Artifacts = []release.ArtifactChange{{Name: "agent", Op: release.OpAdded}}
		}, "an artifact is added"},
		{"a gap", func(in *risk.Input) { in.Changes.Gaps = []release.Gap{{Kind: release.GapUnreadable, Subject: "x"}} }, "x: the expedite lane is closed: something could not be read"},
		{"no base", func(in *risk.Input) { in.Changes.Base = "" }, "what is compared with what is not known"},
		{"no head", func(in *risk.Input) { in.Changes.Head = "" }, "what is compared with what is not known"},
		{"from nothing", func(in *risk.Input) { in.Changes.FromNothing = true }, "what is compared with what is not known"},
		{"nothing differs", func(in *risk.Input) { in.Changes.Head = in.Changes.Base }, "what is compared with what is not known"},
		{"code in part", func(in *risk.Input) { in.Changes.Coverage[release.KindCode] = release.CoveragePartial }, "code: "},
		{"the version that it goes to is still affected", theFlaw(func(a *release.AdvisoryChange) { a.After = []string{"v0.23.0"} }), netPackage + ": the expedite lane is closed: no advisory says that v0.23.0"},
		{"the flaw that it comes from stays elsewhere", func(in *risk.Input) {
			in.Changes.Advisories[0].Upstream = []string{"DSA-1"}
			in.Changes.Advisories = append(in.Changes.Advisories, release.AdvisoryChange{ID: "DSA-1", Effect: release.EffectCarried, Package: "pkg:deb/debian/nghttp2", Exploited: answerNo, Automatable: answerYes})
		}, ": the expedite lane is closed: each flaw that is urgent"},
		{"a dependency without a name", func(in *risk.Input) { in.Changes.Dependencies[0].Package, in.Changes.Advisories[0].Package = "", "" }, "go.mod: the expedite lane is closed: which dependency changes is not known"},
		{"a dependency by a name that is none", func(in *risk.Input) {
			in.Changes.Dependencies[0].Package, in.Changes.Advisories[0].Package = "net", "net"
		}, "net: the expedite lane is closed: which dependency changes is not known"},
		{"advisories were not asked for", func(in *risk.Input) { delete(in.Changes.Coverage, release.KindAdvisory) }, "advisory: "},
		{"dependencies in part", func(in *risk.Input) { in.Changes.Coverage[release.KindDependency] = release.CoveragePartial }, "dependency: "},
		{"infrastructure in part", func(in *risk.Input) { in.Changes.Coverage[release.KindInfrastructure] = release.CoverageMissing }, "infrastructure: "},
		{"a kind that is not known here", func(in *risk.Input) { in.Changes.Coverage["models"] = release.CoveragePartial }, "models: "},
		// The tier, and what else was found.
		{"a debt is overdue", func(in *risk.Input) { in.Debts = []release.Debt{debt(func(d *release.Debt) { d.Due = now })} }, "the rule debt found something"},
		{"it is low already", func(in *risk.Input) { in.Changes.Files[1].Added = 1; in.Impact = risk.ImpactMinor }, "the policy has none for tier low"},
		{"it is high by its size", func(in *risk.Input) { in.Changes.Files[1].Added = 20_000 }, "the policy has none for tier high"},
		{"it is a slice", func(in *risk.Input) { in.History.Recent = past(time.Hour, 5, risk.Features{LinesAdded: 3_000}) }, "the policy has none for tier high"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := mend()
			in.Digest = release.DigestOf([]byte("x")) // some have values that no text has
			c.change(&in)
			a, err := risk.Assess(in, now)
			require.NoError(t, err)
			require.Equal(t, release.LaneNormal, a.Lane, "%v", a.Reasons)
			require.Len(t, told(a, "risk/lane"), 1)
			require.Contains(t, told(a, "risk/lane")[0], c.want)
			require.Contains(t, told(a, "risk/lane")[0], "the expedite lane is closed: ")
			want := normal(risk.Default(), a.Tier)
			require.Equal(t, want.Rollout, a.Rollout)
			require.Len(t, a.Requirements, len(want.Requirements))
		})
	}
}

// Releases that mend nothing hear nothing of the lane, nor those of a policy that has none.
func TestExpediteIsNoNoise(t *testing.T) {
	t.Parallel()
	in := mend()
	in.Changes.Advisories = nil
	a, err := risk.Assess(in, now)
	require.NoError(t, err)
	require.Empty(t, told(a, "risk/lane"))
	require.Equal(t, release.LaneNormal, a.Lane)
	a, err = assessBy(policy(func(p *risk.Policy) { p.Expedite = risk.ExpeditePolicy{} }), nil, mend())
	require.NoError(t, err)
	require.Empty(t, told(a, "risk/lane"))
	require.Equal(t, release.LaneNormal, a.Lane)
}

// A host's own rule that finds something keeps the lane closed, and so do a waived finding and its labels.
func TestExpediteMindsAHostsRules(t *testing.T) {
	t.Parallel()
	freeze := risk.Rule{ID: "freeze", Doc: "Moderate while nothing may go out.", Version: 1, Run: func(*risk.Facts) []risk.Finding {
		return []risk.Finding{{Floor: release.TierModerate, Subject: "shop", Text: "nothing may go out"}}
	}}
	a, err := assessBy(policy(func(p *risk.Policy) { p.Rules = append(p.Rules, freeze) }), nil, mend())
	require.NoError(t, err)
	require.Equal(t, release.LaneNormal, a.Lane)
	require.Equal(t, []string{"shop: the expedite lane is closed: the rule freeze found something"}, told(a, "risk/lane"))
	mine := label.Labeler{ID: "mine", Doc: "x.", Version: 1, File: func(f release.FileChange) []release.Label { return []release.Label{"ours"} }}
	a, err = assessBy(policy(func(p *risk.Policy) { p.Labelers = []label.Labeler{mine} }), nil, mend())
	require.NoError(t, err)
	require.Equal(t, release.LaneNormal, a.Lane)
}

// A policy that opens it for high, from more urgent flaws on, is followed in both.
func TestExpediteByAPolicy(t *testing.T) {
	t.Parallel()
	p := policy(func(p *risk.Policy) {
		d := p.Expedite.Demands[0]
		d.Tier = release.TierHigh
		p.Expedite.Demands, p.Expedite.From = append(p.Expedite.Demands, d), "3 days"
	})
	in := mend()
	in.Changes.Files[1].Added = 20_000
	a, err := assessBy(p, nil, in)
	require.NoError(t, err)
	require.Equal(t, release.LaneNormal, a.Lane)
	require.Contains(t, told(a, "risk/lane")[0], `"14 days" at most, and the lane opens from "3 days" on`)
	in.Changes.Advisories[0].TotalImpact = answerYes
	a, err = assessBy(p, nil, in)
	require.NoError(t, err)
	require.Equal(t, release.TierHigh, a.Tier)
	require.Equal(t, release.LaneExpedite, a.Lane)
}

// In whatever order a reader lists things, the lane and the words are the same.
func TestExpediteKnowsNoOrder(t *testing.T) {
	t.Parallel()
	in := mend()
	for _, path := range []string{"b.go", "a.go", "c.go"} {
		alsoFile(file(path, 1, 0))(&in)
	}
	want, err := risk.Assess(in, now)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(told(want, "risk/lane")[0], "a.go: "), "the first in the alphabet")
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 0))
		other := in
		other.Changes.Files, other.Changes.Sources = shuffled(r, in.Changes.Files), slices.Clone(in.Changes.Sources)
		got, err := risk.Assess(other, now)
		require.NoError(t, err)
		require.Equal(t, told(want, "risk/lane"), told(got, "risk/lane"))
	}
}

// Whatever a waiver or an override lowered keeps the lane closed, though the tier is one that has it: what was accepted in the normal
// lane was not accepted for this one.
func TestExpediteMindsWaivers(t *testing.T) {
	t.Parallel()
	major := mend()
	major.Changes.Files[1].Added = 20_000 // by its size it is high, and so by the table
	for _, c := range []struct {
		name   string
		in     risk.Input
		change func(*risk.Assessment)
		want   release.Lane
		told   string
	}{
		{"nothing", mend(), func(*risk.Assessment) {}, release.LaneExpedite, "the expedite lane is open"},
		{"a finding on size", major, func(a *risk.Assessment) {
			a.Table = release.TierModerate
			for i := range a.Findings {
				if h := &a.Findings[i]; h.Rule == "size" {
					h.Floor, h.From, h.Waived = release.TierModerate, h.Floor, "w1"
				}
			}
		}, release.LaneNormal, "somebody lowered what the decision table gave"},
		{"a finding that is low now", mend(), func(a *risk.Assessment) { a.Findings[0].Waived, a.Findings[0].From = "w1", release.TierHigh }, release.LaneNormal, "was waived"},
		{"the table", mend(), func(a *risk.Assessment) { a.Table = release.TierLow }, release.LaneNormal, "somebody lowered what the decision table gave"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, err := risk.LaneAfter(nil, c.in, now, c.change)
			require.NoError(t, err)
			require.Equal(t, c.want, a.Lane)
			require.Len(t, told(a, "risk/lane"), 1)
			require.Contains(t, told(a, "risk/lane")[0], c.told)
		})
	}
}

// Whatever comes along with a fix: the lane is open only if all that came is what a short list says, written here once more.
func TestExpediteTakesNothingElse(t *testing.T) {
	t.Parallel()
	opened := 0
	rapid.Check(t, func(t *rapid.T) {
		in := mend()
		in.Digest = release.DigestOf([]byte("x"))
		cs := &in.Changes
		for range rapid.IntRange(0, 3).Draw(t, "more") {
			switch rapid.IntRange(0, 5).Draw(t, "kind") {
			case 0, 1:
				f := files.Draw(t, "file")
				f.OldMode = rapid.SampledFrom([]string{"100644", ""}).Draw(t, "old mode")
				if rapid.Bool().Draw(t, "plain") {
					f = file(rapid.SampledFrom(paths).Draw(t, "plain file"), 3, 0)
				}
				cs.Files = append(cs.Files, f)
			case 2:
				d := dependencies.Draw(t, "dependency")
				if rapid.Bool().Draw(t, "the same") {
					d = cs.Dependencies[0]
				}
				cs.Dependencies = append(cs.Dependencies, d)
			case 3:
				cs.Gaps = append(cs.Gaps, gapsOf.Draw(t, "gap"))
			case 4:
				cs.Settings = append(cs.Settings, settings.Draw(t, "setting"))
			case 5:
				cs.Advisories = append(cs.Advisories, release.AdvisoryChange{ID: "GO-1", Effect: release.Effect(rapid.IntRange(0, 4).Draw(t, "effect")),
					Exploited: rapid.SampledFrom(allAnswers).Draw(t, "exploited"), Package: "pkg:golang/example.com/x"})
			}
		}
		a, err := risk.Assess(in, now)
		require.NoError(t, err)
		if a.Lane != release.LaneExpedite {
			return
		}
		opened++
		require.Equal(t, release.TierModerate, a.Tier)
		require.Empty(t, cs.Gaps)
		require.Empty(t, cs.Settings)
		for _, d := range cs.Dependencies {
			require.Equal(t, mend().Changes.Dependencies[0], d)
		}
		for _, v := range cs.Advisories {
			require.True(t, v.Effect == release.EffectFixed || v.Effect == release.EffectCarried && v.Exploited != answerYes, "%+v", v)
		}
		for _, f := range cs.Files {
			require.Contains(t, []release.Path{"go.mod", "go.sum", "docs/guide.md", "README.md", "x_test.go"}, f.Path)
			require.True(t, f.NewMode == "100644" || f.Op == release.OpRemoved, "%+v", f)
			require.False(t, f.Binary)
		}
	})
	require.Positive(t, opened, "it was open at least once")
}

// Of several urgent flaws the reason names the most urgent, and of those equally urgent the first by name.
func TestExpediteNamesTheMostUrgent(t *testing.T) {
	t.Parallel()
	also := func(id string, total release.Answer) func(*risk.Input) {
		return alsoFlaw(release.AdvisoryChange{ID: id, Effect: release.EffectFixed, Package: netPackage, Before: []string{"v0.22.0"}, FixedIn: []string{"0.23.0"},
			Published: now.Add(-48 * time.Hour), Exploited: answerNo, Automatable: answerYes, TotalImpact: total})
	}
	for _, c := range []struct {
		name   string
		change func(*risk.Input)
		want   string
	}{
		{"a more urgent one", also("GO-9", answerYes), "GO-9: the expedite lane is open: the release does nothing but mend published flaws, and this one is urgent (BOD 26-04: 3 days)"},
		{"a less urgent one, first by name", func(in *risk.Input) { also("A-1", answerNo)(in); in.Changes.Advisories[0].TotalImpact = answerYes }, "GO-2024-2687: "},
		{"equally urgent, first by name", also("A-1", answerNo), "A-1: "},
		{"equally urgent, last by name", also("Z-1", answerNo), "GO-2024-2687: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := mend()
			c.change(&in)
			a, err := risk.Assess(in, now)
			require.NoError(t, err)
			require.Len(t, told(a, "risk/lane"), 1)
			require.True(t, strings.HasPrefix(told(a, "risk/lane")[0], c.want), told(a, "risk/lane")[0])
		})
	}
}
