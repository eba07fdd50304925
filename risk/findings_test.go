package risk_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
	"github.com/stretchr/testify/require"
)

// found is what one rule says of a change set by itself, with no other to stand in for it.
func found(t *testing.T, rule string, cs release.ChangeSet) []string {
	rules := risk.Rules()
	i := slices.IndexFunc(rules, func(r risk.Rule) bool { return r.ID == rule })
	require.GreaterOrEqual(t, i, 0, rule)
	var out []string
	for _, f := range rules[i].Run(&risk.Facts{Changes: &cs}) {
		out = append(out, fmt.Sprintf("%s %s: %s", f.Floor, f.Subject, f.Text))
	}
	return out
}

// Each rule says these words, about this subject, with this floor, and nothing else.
func TestFindings(t *testing.T) {
	t.Parallel()
	mode := func(before, after string, op release.Op) release.ChangeSet {
		return changes(release.FileChange{Path: "x", Op: op, OldMode: before, NewMode: after})
	}
	labels := func(path string, op release.Op, ls ...release.Label) release.FileChange {
		return release.FileChange{Path: release.Path(path), Op: op, OldMode: "100644", NewMode: "100644", Labels: ls}
	}
	labelled := func(ls ...release.Label) release.ChangeSet {
		return with(resource("t", release.OpModified, ls...), func(cs *release.ChangeSet) {
			cs.Files = []release.FileChange{labels("a.go", release.OpModified, ls...)}
			cs.Settings = []release.SettingChange{{File: "app.toml", Key: "k", Op: release.OpModified, Labels: ls}}
		})
	}
	added := func(f release.FileChange, n int64) release.FileChange { f.Added = n; return f }
	covered := func(code, dependency, infrastructure release.Coverage) release.ChangeSet {
		return release.ChangeSet{Base: base, Head: head, Coverage: map[release.Kind]release.Coverage{
			release.KindCode: code, release.KindDependency: dependency, release.KindInfrastructure: infrastructure}}
	}
	for _, c := range []struct {
		name string
		rule string
		cs   release.ChangeSet
		want []string
	}{
		{"neither revision", "revision", release.ChangeSet{},
			[]string{"high head: the revision to release is not known", "high base: the revision to compare with is not known"}},
		{"no head", "revision", release.ChangeSet{Base: base},
			[]string{"high head: the revision to release is not known"}},
		{"no base", "revision", release.ChangeSet{Head: head},
			[]string{"high base: the revision to compare with is not known"}},
		{"from nothing", "revision", release.ChangeSet{Head: head, FromNothing: true},
			[]string{"moderate base: nothing was there before: all of it is new"}},
		{"a mild gap", "gap", gap(release.GapShallow),
			[]string{"moderate x: not read: shallow-clone x"}},
		{"a gap", "gap", gap(release.GapDiverged),
			[]string{"high x: not read: diverged x"}},
		{"code missing", "coverage", covered(release.CoverageMissing, release.CoverageComplete, release.CoverageComplete),
			[]string{"high code: changes of code were not read"}},
		{"code in part", "coverage", covered(release.CoveragePartial, release.CoverageComplete, release.CoverageComplete),
			[]string{"moderate code: coverage of this kind of change is partial"}},
		{"code beyond the scale", "coverage", covered(9, release.CoverageComplete, release.CoverageComplete),
			[]string{"high code: changes of code were not read"}},
		{"the others in part or missing", "coverage", covered(release.CoverageComplete, release.CoveragePartial, release.CoverageMissing),
			[]string{"moderate dependency: coverage of this kind of change is partial", "moderate infrastructure: coverage of this kind of change is missing"}},
		{"all complete", "coverage", covered(release.CoverageComplete, release.CoverageComplete, release.CoverageComplete), nil},
		{"dependencies unread", "unread", with(covered(release.CoverageComplete, release.CoveragePartial, release.CoverageComplete), func(cs *release.ChangeSet) {
			cs.Files = []release.FileChange{labels("go.mod", release.OpModified, release.LabelDeps), labels("main.tf", release.OpModified), labels("a.go", release.OpModified)}
		}),
			[]string{"moderate go.mod: it declares dependencies, and which of them changed was not read"}},
		{"infrastructure unread", "unread", with(covered(release.CoverageComplete, release.CoverageComplete, release.CoveragePartial), func(cs *release.ChangeSet) {
			cs.Files = []release.FileChange{labels("go.mod", release.OpModified, release.LabelDeps), labels("MAIN.TF", release.OpModified), labels("a.go", release.OpModified)}
		}),
			[]string{"moderate MAIN.TF: it declares infrastructure, and what of that changed was not read"}},
		{"both read", "unread", with(covered(release.CoverageComplete, release.CoverageComplete, release.CoverageComplete), func(cs *release.ChangeSet) {
			cs.Files = []release.FileChange{labels("go.mod", release.OpModified, release.LabelDeps), labels("main.tf", release.OpModified)}
		}), nil},
		{"read, in part", "unread", with(covered(release.CoverageComplete, release.CoveragePartial, release.CoverageComplete), func(cs *release.ChangeSet) {
			cs.Sources = []release.Source{{Path: "go.mod"}}
			cs.Files = []release.FileChange{labels("go.mod", release.OpModified, release.LabelDeps), labels("web/yarn.lock", release.OpModified, release.LabelDeps)}
		}),
			[]string{"moderate web/yarn.lock: it declares dependencies, and which of them changed was not read"}},
		{"one of two files read", "unread", with(covered(release.CoverageComplete, release.CoverageComplete, release.CoverageComplete), func(cs *release.ChangeSet) {
			cs.Sources = []release.Source{{Path: "go.mod"}, {Path: "go.sum"}}
			cs.Files = []release.FileChange{labels("go.mod", release.OpModified, release.LabelDeps), labels("web/yarn.lock", release.OpModified, release.LabelDeps)}
		}),
			[]string{"moderate web/yarn.lock: it declares dependencies, and which of them changed was not read"}},
		{"added", "dependency", dependency(release.OpAdded),
			[]string{"moderate pkg:golang/example.com/x: a direct dependency is new, v1.1.0"}},
		{"added, not direct", "dependency", dependency(release.OpAdded, func(d *release.DependencyChange) { d.Relation = release.RelationTransitive }),
			[]string{"moderate pkg:golang/example.com/x: an indirect dependency is new, v1.1.0"}},
		{"removed", "dependency", dependency(release.OpRemoved),
			[]string{"low pkg:golang/example.com/x: a direct dependency is gone, was v1.0.0"}},
		{"upgraded", "dependency", dependency(release.OpUpgraded),
			[]string{"low pkg:golang/example.com/x: a direct dependency goes from v1.0.0 up to v1.1.0"}},
		{"upgraded to another major version", "dependency", dependency(release.OpUpgraded, func(d *release.DependencyChange) { d.Major, d.Detail = true, "a\nb" }),
			[]string{"moderate pkg:golang/example.com/x: a direct dependency goes from v1.0.0 up to v1.1.0, another major version (\"a\\nb\")"}},
		{"added in another major version", "dependency", dependency(release.OpAdded, func(d *release.DependencyChange) { d.Major = true }),
			[]string{"moderate pkg:golang/example.com/x: a direct dependency is new, v1.1.0"}},
		{"downgraded", "dependency", dependency(release.OpDowngraded),
			[]string{"high pkg:golang/example.com/x: a direct dependency goes from v1.0.0 back to v1.1.0: what was fixed may come back"}},
		{"replaced", "dependency", dependency(release.OpReplaced),
			[]string{"high pkg:golang/example.com/x: the content of a direct dependency comes from elsewhere now"}},
		{"listed", "dependency", dependency(release.OpListed),
			[]string{"low pkg:golang/example.com/x: only its mention in the file changed"}},
		{"unlisted", "dependency", dependency(release.OpUnlisted),
			[]string{"low pkg:golang/example.com/x: only its mention in the file changed"}},
		{"modified", "dependency", dependency(release.OpModified),
			[]string{"moderate pkg:golang/example.com/x: a direct dependency is modified"}},
		{"moved", "dependency", dependency(release.OpMoved),
			[]string{"moderate pkg:golang/example.com/x: a direct dependency is moved"}},
		{"unknown", "dependency", dependency(release.OpUnknown),
			[]string{"high pkg:golang/example.com/x: what happens to a direct dependency is not known"}},
		{"beyond the scale", "dependency", dependency(99),
			[]string{"high pkg:golang/example.com/x: what happens to a direct dependency is not known"}},
		{"without a name", "dependency", dependency(release.OpAdded, func(d *release.DependencyChange) { d.Package = "" }),
			[]string{"moderate go.mod: a direct dependency is new, v1.1.0"}},
		{"every sensitive label", "sensitive", labelled(release.LabelIdentity, release.LabelAccess, release.LabelCrypto, release.LabelSecrets, release.LabelPayment, release.LabelNetwork),
			[]string{"high a.go: it is about who somebody is: identity, authentication or sessions", "high a.go: it is about what somebody may do: authorisation or roles", "high a.go: it is about cryptography, keys or certificates", "high a.go: it is about where secrets are kept or read", "high a.go: it is about money", "high a.go: it is about who can reach what", "high app.toml k: it is about who somebody is: identity, authentication or sessions", "high app.toml k: it is about what somebody may do: authorisation or roles", "high app.toml k: it is about cryptography, keys or certificates", "high app.toml k: it is about where secrets are kept or read", "high app.toml k: it is about money", "high app.toml k: it is about who can reach what"}},
		{"labels that are not sensitive", "sensitive", labelled(release.LabelPipeline, release.LabelPolicy, release.LabelMigration, release.LabelAPI, release.LabelStateful, release.LabelDeps), nil},
		{"pipeline", "pipeline", labelled(release.LabelPipeline),
			[]string{"high a.go: it builds, tests, signs or deploys, so it can forge evidence", "high app.toml k: it builds, tests, signs or deploys, so it can forge evidence", "high t.x: it builds, tests, signs or deploys, so it can forge evidence"}},
		{"not pipeline", "pipeline", labelled(release.LabelPolicy), nil},
		{"policy", "policy", labelled(release.LabelPolicy),
			[]string{"critical a.go: releases are judged by it", "critical app.toml k: releases are judged by it", "critical t.x: releases are judged by it"}},
		{"interface", "interface", labelled(release.LabelAPI),
			[]string{"moderate a.go: it defines an interface that others depend on", "moderate app.toml k: it defines an interface that others depend on", "moderate t.x: it defines an interface that others depend on"}},
		{"a new migration", "migration", changes(labels("a.go", release.OpAdded), labels("db/1_add.sql", release.OpAdded, release.LabelMigration)),
			[]string{"moderate db/1_add.sql: it changes stored data or its schema"}},
		{"a destructive migration", "migration", changes(labels("db/1_drop.sql", release.OpAdded, release.LabelMigration)),
			[]string{"high db/1_drop.sql: a migration whose name says \"drop\": data may be lost"}},
		{"a migration that does not look as it reads", "migration", changes(labels("db/1_dr\u043ep.sql", release.OpAdded, release.LabelMigration)),
			[]string{"high db/1_drоp.sql: a migration whose name has letters that may look like others: it may be destructive"}},
		{"a migration with a blank and a tilde", "migration", changes(labels("db/1 ~.sql", release.OpAdded, release.LabelMigration)),
			[]string{"moderate db/1 ~.sql: it changes stored data or its schema"}},
		{"a migration that was there", "migration", changes(labels("db/1_add.sql", release.OpModified, release.LabelMigration)),
			[]string{"high db/1_add.sql: a migration that was there before is modified: it may have run already"}},
		{"a sensitive resource", "resource", resource("t", release.OpModified, release.LabelAccess),
			[]string{"high t.x: it is about what somebody may do: authorisation or roles"}},
		{"a resource without a type", "resource", resource("", release.OpAdded),
			[]string{"high .x: what it is is not known"}},
		{"a listed resource", "resource", resource("t", release.OpListed, release.LabelStateful),
			[]string{"moderate t.x: infrastructure that is listed"}},
		{"a resource in an unknown way", "resource", resource("t", release.OpUnknown, release.LabelStateful),
			[]string{"high t.x: what happens to it is not known"}},
		{"a stateful resource beyond the scale", "resource", resource("t", release.OpImported+1, release.LabelStateful),
			[]string{"high t.x: what happens to it is not known", "high t.x: it holds data and is release.Op(12)"}},
		{"a stateful resource added", "resource", resource("t", release.OpAdded, release.LabelStateful), []string{"moderate t.x: infrastructure that is added"}},
		{"a stateful resource modified", "resource", resource("t", release.OpModified, release.LabelStateful), []string{"moderate t.x: infrastructure that is modified"}},
		{"a stateful resource unlisted", "resource", resource("t", release.OpUnlisted, release.LabelStateful), []string{"moderate t.x: infrastructure that is unlisted"}},
		{"a stateful resource removed", "resource", resource("t", release.OpRemoved, release.LabelStateful),
			[]string{"high t.x: it holds data and is removed"}},
		{"a stateful resource moved", "resource", resource("t", release.OpMoved, release.LabelStateful),
			[]string{"high t.x: it holds data and is moved"}},
		{"a stateless resource removed", "resource", resource("t", release.OpRemoved),
			[]string{"moderate t.x: infrastructure that is removed"}},
		{"a setting", "setting", with(changes(), func(cs *release.ChangeSet) {
			cs.Settings = []release.SettingChange{{File: "app.toml", Key: "k", Op: release.OpUnlisted}}
		}),
			[]string{"moderate app.toml k: a setting that is unlisted"}},
		{"a setting in an unknown way", "setting", with(changes(), func(cs *release.ChangeSet) { cs.Settings = []release.SettingChange{{File: "app.toml", Key: "k"}} }),
			[]string{"high app.toml k: what happened to this setting is not known"}},
		{"a setting beyond the scale", "setting", with(changes(), func(cs *release.ChangeSet) {
			cs.Settings = []release.SettingChange{{File: "app.toml", Key: "k", Op: release.OpImported + 1}}
		}),
			[]string{"high app.toml k: what happened to this setting is not known"}},
		{"999 lines", "size", changes(file("a.go", 500, 499)), nil},
		{"1,000 lines", "size", changes(file("a.go", 500, 500)),
			[]string{"moderate : 1000 lines changed, 1000 or more"}},
		{"9,999 lines", "size", changes(file("a.go", 5_000, 0), file("b.go", 0, 4_999)),
			[]string{"moderate : 9999 lines changed, 1000 or more"}},
		{"10,000 lines", "size", changes(file("a.go", 5_000, 0), file("b.go", 0, 5_000)),
			[]string{"high : 10000 lines changed, 10000 or more"}},
		{"lines beyond counting", "size", changes(file("a.go", 1<<53-1, 0), file("b.go", 1, 0)),
			[]string{"high : 9007199254740991 lines changed, 10000 or more"}},
		{"lines up to the last that is counted", "size", changes(file("a.go", 1<<53-2, 0), file("b.go", 1, 0)),
			[]string{"high : 9007199254740991 lines changed, 10000 or more"}},
		{"lines below zero", "size", changes(file("a.go", -1, 0)),
			[]string{"high : 9007199254740991 lines changed, 10000 or more"}},
		{"generated prose", "size", changes(added(labels("a.md", release.OpModified, release.LabelDocs, release.LabelGenerated, release.LabelVendored), 20_000)), nil},
		{"prose that is more", "size", changes(added(labels("a.md", release.OpModified, release.LabelDocs, release.LabelTest), 20_000)),
			[]string{"high : 20000 lines changed, 10000 or more"}},
		{"generated code", "size", changes(added(labels("a.go", release.OpModified, release.LabelGenerated), 20_000)),
			[]string{"high : 20000 lines changed, 10000 or more"}},
		{"19 directories", "spread", many(19, 1, "d%d/x.go"), nil},
		{"20 directories", "spread", many(20, 1, "d%d/x.go"),
			[]string{"moderate : 20 directories with changed files, 20 or more"}},
		{"20 directories, files out of order", "spread", with(many(20, 1, "d%d/x.go"), func(cs *release.ChangeSet) { cs.Files = append(cs.Files, cs.Files...) }),
			[]string{"moderate : 20 directories with changed files, 20 or more"}},
		{"19 directories of code and one of prose", "spread", with(many(19, 1, "d%d/x.go"), func(cs *release.ChangeSet) {
			cs.Files = append(cs.Files, labels("docs/x.md", release.OpModified, release.LabelDocs))
		}), nil},
		{"19 directories and the root", "spread", with(many(19, 1, "d%d/x.go"), func(cs *release.ChangeSet) { cs.Files = append([]release.FileChange{file("a.go", 1, 0)}, cs.Files...) }),
			[]string{"moderate : 20 directories with changed files, 20 or more"}},
		{"a file in an unknown way", "opaque", mode("100644", "100644", release.OpUnknown),
			[]string{"high x: what happened to it is not known"}},
		{"a file at the end of the scale", "opaque", mode("100644", "100644", release.OpImported), nil},
		{"a file beyond the scale", "opaque", mode("100644", "100644", release.OpImported+1),
			[]string{"high x: what happened to it is not known"}},
		{"a submodule", "opaque", mode("160000", "160000", release.OpModified),
			[]string{"high x: a submodule moved; its content was not read"}},
		{"another type", "opaque", mode("120000", "100644", release.OpReplaced),
			[]string{"moderate x: it is of another type now"}},
		{"flaws that nobody looked for", "unread", dependency(release.OpUpgraded), []string{"moderate advisory: versions of dependencies come in, and nobody looked for their published flaws"}},
		{"flaws that somebody looked for", "unread", withAdvisories(dependency(release.OpUpgraded), release.CoverageComplete), nil},
		{"a dependency that goes brings none", "unread", dependency(release.OpRemoved), nil},
		{"one that the file merely lists brings none", "unread", dependency(release.OpListed), nil},
		{"contents that were not there", "opaque", changes(release.FileChange{Path: "x", Op: release.OpModified, OldMode: "100644", NewMode: "100644", Uncounted: true}),
			[]string{"moderate x: its contents were not there: how much of it changed is not known"}},
		{"a link", "opaque", mode("", "120000", release.OpAdded),
			[]string{"moderate x: a symbolic link: what it stands for is elsewhere"}},
		{"a link that is gone", "opaque", mode("120000", "", release.OpRemoved),
			[]string{"moderate x: a symbolic link: what it stands for is elsewhere"}},
		{"a strange mode", "opaque", mode("100644", "100664", release.OpModified),
			[]string{"moderate x: what kind of file it is is not known"}},
		{"a strange mode before", "opaque", mode("100664", "100644", release.OpModified),
			[]string{"moderate x: what kind of file it is is not known"}},
		{"now a program", "opaque", mode("100644", "100755", release.OpModified),
			[]string{"moderate x: it can be run now, and could not before"}},
		{"no longer a program", "opaque", mode("100755", "100644", release.OpModified), nil},
		{"a program as before", "opaque", mode("100755", "100755", release.OpModified), nil},
		{"a new program", "opaque", mode("", "100755", release.OpAdded), nil},
		{"a binary", "opaque", changes(release.FileChange{Path: "x", Op: release.OpModified, NewMode: "100644", Binary: true}),
			[]string{"moderate x: a binary file: its change cannot be read"}},
		{"a binary that is gone", "opaque", changes(release.FileChange{Path: "x", Op: release.OpRemoved, OldMode: "100644", Binary: true}), nil},
		{"a test removed", "test-removed", changes(labels("a_test.go", release.OpRemoved, release.LabelTest), labels("a.go", release.OpRemoved)),
			[]string{"moderate a_test.go: a test is removed"}},
		{"a test that shrinks", "test-removed", changes(release.FileChange{Path: "a_test.go", Op: release.OpModified, Added: 1, Deleted: 2, Labels: []release.Label{release.LabelTest}}, file("a.go", 1, 2)),
			[]string{"moderate a_test.go: a test loses 2 lines and gains 1"}},
		{"a test that stays as long", "test-removed", changes(release.FileChange{Path: "a_test.go", Op: release.OpModified, Added: 2, Deleted: 2, Labels: []release.Label{release.LabelTest}}), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, found(t, c.rule, c.cs))
		})
	}
}
