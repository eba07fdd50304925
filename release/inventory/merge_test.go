package inventory_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/inventory"
)

func TestMerge(t *testing.T) {
	t.Parallel()
	lock := list(
		release.Component{PURL: "pkg:npm/a@1.0.0", Integrity: "sha512-a", Relation: release.RelationTransitive, Scope: release.ScopeDevelopment},
		release.Component{PURL: "pkg:npm/b@1.0.0", Integrity: "sha512-b", Origin: "https://o/b"},
		release.Component{PURL: "pkg:npm/c@1.0.0", Integrity: "sha512-c"},
	)
	lock.Edges = []release.Edge{{From: "pkg:npm/a@1.0.0", To: "pkg:npm/b@1.0.0"}}
	lock.Gaps = []release.Gap{{Kind: release.GapUnpinned, Subject: "x"}}
	sbom := list(
		release.Component{PURL: "pkg:npm/a@1.0.0", License: "MIT", Relation: release.RelationDirect, Scope: release.ScopeRuntime},
		release.Component{PURL: "pkg:npm/b@1.0.0", License: "MIT", Digest: release.Digest{7}, InstallScript: true},
		release.Component{PURL: "pkg:npm/c@1.0.0", Integrity: "sha512-other"},
		release.Component{PURL: "pkg:npm/d@1.0.0"},
	)
	sbom.Source.Path, sbom.Root, sbom.Coverage = "sbom.json", "pkg:npm/root@1", release.CoveragePartial
	sbom.Edges = []release.Edge{{From: "pkg:npm/a@1.0.0", To: "pkg:npm/b@1.0.0"}, {From: "pkg:npm/a@1.0.0", To: "pkg:npm/a@1.0.0"}}
	sbom.Gaps = lock.Gaps
	source := release.Source{Path: "release"}
	want := release.Inventory{
		Source: source, Coverage: release.CoveragePartial, Gaps: lock.Gaps,
		Components: []release.Component{
			{PURL: "pkg:npm/a@1.0.0", Integrity: "sha512-a", License: "MIT", Relation: release.RelationDirect, Scope: release.ScopeRuntime},
			{PURL: "pkg:npm/b@1.0.0", Integrity: "sha512-b", Origin: "https://o/b", License: "MIT", Digest: release.Digest{7}, InstallScript: true},
			{PURL: "pkg:npm/c@1.0.0", Integrity: "sha512-other"},
			{PURL: "pkg:npm/c@1.0.0", Integrity: "sha512-c"},
			{PURL: "pkg:npm/d@1.0.0"},
		},
		Edges: []release.Edge{{From: "pkg:npm/a@1.0.0", To: "pkg:npm/a@1.0.0"}, {From: "pkg:npm/a@1.0.0", To: "pkg:npm/b@1.0.0"}},
	}
	require.Equal(t, want, inventory.Merge(source, lock, nil, sbom))
	require.Equal(t, want, inventory.Merge(source, sbom, lock), "in any order")

	// What is the same in both files is no change, and one new component is one.
	more := *sbom
	more.Components = append(more.Components[:len(more.Components):len(more.Components)], release.Component{PURL: "pkg:npm/e@1.0.0"})
	lockMore := *lock
	lockMore.Components = append(lockMore.Components[:len(lockMore.Components):len(lockMore.Components)], release.Component{PURL: "pkg:npm/e@1.0.0", Integrity: "sha512-e"})
	before, after := inventory.Merge(source, lock, sbom), inventory.Merge(source, &lockMore, &more)
	require.Equal(t, []string{"added npm/e >1.0.0"}, texts(inventory.Diff(&before, &after)))

	// The whole is not known where a part is not.
	missing := inventory.Merge(source, lock, &release.Inventory{Source: release.Source{Path: "other"}})
	require.Equal(t, release.CoverageMissing, missing.Coverage)
	require.Contains(t, missing.Gaps, release.Gap{Kind: release.GapUnreadable, Subject: "other", Detail: "its components are not known"})
	require.Empty(t, inventory.Diff(&missing, lock).Dependencies)
	require.Equal(t, release.CoverageMissing, inventory.Merge(source).Coverage, "nothing was read")

	require.Len(t, inventory.Find(&want, "pkg:npm/c@9"), 2)
	require.Empty(t, inventory.Find(&want, "pkg:npm/x"))
	require.Empty(t, inventory.Find(&want, ""))
}

// In one list, too, the farthest reach of an entry counts, and unknown may be any.
func TestTwiceIsOnceWithTheFarthestReach(t *testing.T) {
	t.Parallel()
	const p = release.PURL("pkg:npm/a@1.0.0")
	for _, c := range []struct{ a, b, want release.Component }{
		{release.Component{Relation: release.RelationTransitive}, release.Component{Relation: release.RelationDirect}, release.Component{Relation: release.RelationDirect}},
		{release.Component{Relation: release.RelationTransitive}, release.Component{}, release.Component{}},
		{release.Component{Scope: release.ScopeDevelopment}, release.Component{Scope: release.ScopeOptional}, release.Component{Scope: release.ScopeOptional}},
		{release.Component{Scope: release.ScopeDevelopment}, release.Component{}, release.Component{}},
		{release.Component{Scope: release.ScopeRuntime}, release.Component{}, release.Component{Scope: release.ScopeRuntime}},
		{release.Component{License: "MIT"}, release.Component{License: "GPL-2.0-only"}, release.Component{License: "GPL-2.0-only AND MIT"}},
		{release.Component{License: "MIT OR GPL-2.0-only"}, release.Component{License: "MIT"}, release.Component{License: "(MIT OR GPL-2.0-only) AND MIT"}},
		{release.Component{License: "GPL-2.0-only AND MIT"}, release.Component{License: "MIT"}, release.Component{License: "GPL-2.0-only AND MIT"}},
		{release.Component{InstallScript: true}, release.Component{}, release.Component{InstallScript: true}},
	} {
		c.a.PURL, c.b.PURL, c.want.PURL = p, p, p
		for _, parts := range [][2]release.Component{{c.a, c.b}, {c.b, c.a}} {
			got := inventory.Merge(release.Source{}, list(parts[0], parts[1]))
			require.Equal(t, []release.Component{c.want}, got.Components)
			require.Equal(t, got.Components, inventory.Merge(release.Source{}, list(parts[0]), list(parts[1])).Components)
		}
	}
}

// Merging what was merged, or the same twice, changes nothing; and each purl of a
// part is in the whole.
func TestMergeLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := list(drawList(t, "a")...), list(drawList(t, "b")...)
		whole := inventory.Merge(release.Source{}, a, b)
		require.Equal(t, whole, inventory.Merge(release.Source{}, b, a))
		require.Equal(t, whole, inventory.Merge(release.Source{}, &whole, &whole))
		require.Empty(t, inventory.Diff(&whole, &whole).Dependencies)
		in := map[release.PURL]bool{}
		for _, c := range whole.Components {
			in[c.PURL] = true
		}
		for _, c := range append(a.Components, b.Components...) {
			require.True(t, in[c.PURL], "%s", c.PURL)
			delete(in, "")
		}
		require.LessOrEqual(t, len(whole.Components), len(a.Components)+len(b.Components))
	})
}

// One package in very many versions does not take time for each pair.
func TestDiffManyVersions(t *testing.T) {
	const n = 20_000
	before, after := make([]release.Component, n), make([]release.Component, n)
	for i := range n {
		before[i].PURL = release.PURL(fmt.Sprintf("pkg:npm/a@%d.0.%d", i%3, i))
		after[i].PURL = release.PURL(fmt.Sprintf("pkg:npm/a@%d.1.%d", i%5, i))
	}
	var got release.ChangeSet
	hostile.Within(t, func() { got = inventory.Diff(list(before...), list(after...)) })
	require.Len(t, got.Dependencies, n)
}

// Nor do packages with very many qualifiers take time for each pair of those.
func TestDiffManyQualifiers(t *testing.T) {
	keys := make([]string, 4000)
	for i := range keys {
		keys[i] = fmt.Sprintf("k%d", i)
	}
	slices.Sort(keys)
	of := func(value string) *release.Inventory {
		var out []release.Component
		query := strings.Join(keys, "="+value+"&") + "=" + value
		for i := range 20 {
			out = append(out, release.Component{PURL: release.PURL(fmt.Sprintf("pkg:npm/a%d@1.0.0?%s", i, query))})
		}
		return list(out...)
	}
	a, b := of("1"), of("2")
	var got release.ChangeSet
	hostile.Within(t, func() { got = inventory.Diff(a, b) })
	require.Len(t, got.Dependencies, 20)
	require.True(t, strings.HasPrefix(got.Dependencies[0].Detail, "k0 1, now 2; k1 1, now 2; "), got.Dependencies[0].Detail)
}
