package inventory_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/inventory"
)

// list is an inventory that was read as a whole.
func list(components ...release.Component) *release.Inventory {
	slices.SortFunc(components, func(a, b release.Component) int { return strings.Compare(string(a.PURL), string(b.PURL)) })
	return &release.Inventory{Source: release.Source{Path: "lock", Format: "test/1"}, Components: components, Coverage: release.CoverageComplete}
}

// purls is an inventory of bare components.
func purls(names ...string) *release.Inventory {
	var out []release.Component
	for _, p := range names {
		out = append(out, release.Component{PURL: release.PURL(p)})
	}
	return list(out...)
}

// text is a change in one line.
func text(c release.DependencyChange) string {
	s := fmt.Sprintf("%s %s %s>%s", c.Op, strings.TrimPrefix(string(c.Package), "pkg:"), c.Before, c.After)
	if c.Relation != release.RelationUnknown {
		s += " " + c.Relation.String()
	}
	if c.Scope != release.ScopeUnknown {
		s += " " + c.Scope.String()
	}
	if c.Major {
		s += " major"
	}
	if c.LicenseBefore != c.LicenseAfter {
		s += fmt.Sprintf(" licence %s>%s", c.LicenseBefore, c.LicenseAfter)
	}
	if c.InstallScript {
		s += " script"
	}
	if c.Detail != "" {
		s += " (" + c.Detail + ")"
	}
	return s
}

func texts(cs release.ChangeSet) []string {
	var out []string
	for _, c := range cs.Dependencies {
		out = append(out, text(c))
	}
	return out
}

func TestDiffVersions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		before, after *release.Inventory
		want          []string
	}{
		{"nothing", purls("pkg:npm/a@1.0.0"), purls("pkg:npm/a@1.0.0"), nil},
		{"added and removed", purls("pkg:npm/a@1.0.0"), purls("pkg:npm/b@1.0.0"), []string{"removed npm/a 1.0.0>", "added npm/b >1.0.0"}},
		{"T9: an upgrade is an upgrade", purls("pkg:npm/a@1.9.0"), purls("pkg:npm/a@1.10.0"), []string{"upgraded npm/a 1.9.0>1.10.0"}},
		{"downgraded", purls("pkg:npm/a@1.10.0"), purls("pkg:npm/a@1.9.0"), []string{"downgraded npm/a 1.10.0>1.9.0"}},
		{"major", purls("pkg:npm/a@1.10.0"), purls("pkg:npm/a@2.0.0"), []string{"upgraded npm/a 1.10.0>2.0.0 major"}},
		{"to a pre-release of the same is back", purls("pkg:npm/a@1.0.0"), purls("pkg:npm/a@1.0.0-rc.1"), []string{"downgraded npm/a 1.0.0>1.0.0-rc.1"}},
		{"the order of the ecosystem", purls("pkg:pypi/a@1.0"), purls("pkg:pypi/a@1.0-1"), []string{"upgraded pypi/a 1.0>1.0-1"}},
		{"written differently", purls("pkg:pypi/a@1.0"), purls("pkg:pypi/a@1.0.0"), []string{"modified pypi/a 1.0>1.0.0 (the same version, written differently)"}},
		{"T17: pseudo-versions", purls("pkg:golang/a.io/b@v0.0.0-20240102030405-abcdefabcdef"), purls("pkg:golang/a.io/b@v0.0.0-20230102030405-abcdefabcdef"),
			[]string{"downgraded golang/a.io/b v0.0.0-20240102030405-abcdefabcdef>v0.0.0-20230102030405-abcdefabcdef"}},
		{"T17: the standard library", purls("pkg:golang/stdlib@1.22rc1"), purls("pkg:golang/stdlib@1.22.0"), []string{"upgraded golang/stdlib 1.22rc1>1.22.0"}},
		{"T6: an ecosystem without an order", purls("pkg:generic/a@1.0"), purls("pkg:generic/a@2.0"), []string{"modified generic/a 1.0>2.0 (versions of type generic have no order that is known)"}},
		{"T6: a version without a place", purls("pkg:pypi/pytz@2004d"), purls("pkg:pypi/pytz@2005b"), []string{"modified pypi/pytz 2004d>2005b (one of the versions has no place in the order of pypi)"}},
		{"an epoch in a qualifier", purls("pkg:rpm/fedora/a@2.0-1"), purls("pkg:rpm/fedora/a@1.0-1?epoch=1"), []string{"upgraded rpm/fedora/a 2.0-1>1:1.0-1 major"}},
		{"no version", purls("pkg:golang/a.io/b"), purls("pkg:golang/a.io/b@v1.0.0"), []string{"modified golang/a.io/b >v1.0.0 (one of the versions has no place in the order of golang)"}},
		{"T17: two versions, one goes up", purls("pkg:npm/a@1.0.0", "pkg:npm/a@2.0.0"), purls("pkg:npm/a@1.0.0", "pkg:npm/a@2.1.0"), []string{"upgraded npm/a 2.0.0>2.1.0"}},
		{"T17: two versions, one goes", purls("pkg:npm/a@1.0.0", "pkg:npm/a@2.0.0"), purls("pkg:npm/a@2.0.0"), []string{"removed npm/a 1.0.0>"}},
		{"T17: another version beside the first", purls("pkg:npm/a@2.0.0"), purls("pkg:npm/a@1.0.0", "pkg:npm/a@2.0.0"), []string{"added npm/a >1.0.0"}},
		{"the same major version goes first", purls("pkg:npm/a@1.0.0", "pkg:npm/a@2.0.0"), purls("pkg:npm/a@2.1.0"), []string{"removed npm/a 1.0.0>", "upgraded npm/a 2.0.0>2.1.0"}},
		{"both major versions go up", purls("pkg:npm/a@1.0.0", "pkg:npm/a@2.0.0"), purls("pkg:npm/a@2.0.1", "pkg:npm/a@1.0.1"), []string{"upgraded npm/a 1.0.0>1.0.1", "upgraded npm/a 2.0.0>2.0.1"}},
		{"the highest goes first", purls("pkg:npm/a@2.0.1", "pkg:npm/a@2.0.5"), purls("pkg:npm/a@2.0.3"), []string{"removed npm/a 2.0.1>", "downgraded npm/a 2.0.5>2.0.3"}},
		{"an order without one of two", purls("pkg:npm/a@1.0.0", "pkg:npm/a@x"), purls("pkg:npm/a@y", "pkg:npm/a@2.0.0"),
			[]string{"modified npm/a x>y (one of the versions has no place in the order of npm)", "upgraded npm/a 1.0.0>2.0.0 major"}},
		{"twice is once", purls("pkg:npm/a@1.0.0", "pkg:npm/a@1.0.0"), purls("pkg:npm/a@1.0.0"), nil},
		{"a namespace is part of the name", purls("pkg:npm/%40a/b@1.0.0"), purls("pkg:npm/b@1.0.0"), []string{"removed npm/%40a/b 1.0.0>", "added npm/b >1.0.0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := inventory.Diff(c.before, c.after)
			require.Equal(t, c.want, texts(got))
			require.Empty(t, got.Gaps)
			require.Equal(t, release.CoverageComplete, got.Coverage[release.KindDependency])
		})
	}
}

// Qualifiers are identity for some, facts for others.
func TestT17Qualifiers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		before, after *release.Inventory
		want          []string
		gaps          int
	}{
		{"an architecture is another thing", purls("pkg:deb/debian/curl@1?arch=amd64", "pkg:deb/debian/curl@1?arch=arm64"), purls("pkg:deb/debian/curl@2?arch=amd64", "pkg:deb/debian/curl@1?arch=arm64"),
			[]string{"upgraded deb/debian/curl 1>2 major (arch amd64)"}, 0},
		{"for another architecture", purls("pkg:deb/debian/curl@1?arch=amd64"), purls("pkg:deb/debian/curl@1?arch=arm64"),
			[]string{"added deb/debian/curl >1 (arch arm64)", "removed deb/debian/curl 1> (arch amd64)"}, 0},
		{"a distribution moves on", purls("pkg:deb/debian/curl@1?arch=amd64&distro=debian-11"), purls("pkg:deb/debian/curl@1?arch=amd64&distro=debian-12"),
			[]string{"modified deb/debian/curl 1>1 (arch amd64; distro debian-11, now debian-12)"}, 0},
		{"a distribution moves on with versions", purls("pkg:rpm/fedora/a@1-1.fc25?distro=fedora-25"), purls("pkg:rpm/fedora/a@1-1.fc26?distro=fedora-26"),
			[]string{"upgraded rpm/fedora/a 1-1.fc25>1-1.fc26 (distro fedora-25, now fedora-26)"}, 0},
		{"a classifier is another thing", purls("pkg:maven/g/a@1?classifier=sources"), purls("pkg:maven/g/a@1"),
			[]string{"added maven/g/a >1", "removed maven/g/a 1> (classifier sources)"}, 0},
		{"another repository", purls("pkg:maven/g/a@1"), purls("pkg:maven/g/a@1?repository_url=evil.example"),
			[]string{"replaced maven/g/a 1>1 (repository_url not named, now evil.example)"}, 1},
		{"another checksum", purls("pkg:generic/a@1?checksum=sha256:aa"), purls("pkg:generic/a@1?checksum=sha256:bb"),
			[]string{"replaced generic/a 1>1 (checksum sha256:aa, now sha256:bb)"}, 1},
		{"T17: another maker of a recipe", purls("pkg:conan/a@1.0?channel=stable&user=good"), purls("pkg:conan/a@1.0?channel=stable&user=evil"),
			[]string{"replaced conan/a 1.0>1.0 (user good, now evil)"}, 1},
		{"another maker with another version", purls("pkg:conan/a@1.0?channel=stable&user=good"), purls("pkg:conan/a@1.1?channel=stable&user=evil"),
			[]string{"upgraded conan/a 1.0>1.1 (user good, now evil)"}, 1},
		{"another revision of a recipe", purls("pkg:conan/a@1.0?rrev=1"), purls("pkg:conan/a@1.0?rrev=2"), []string{"replaced conan/a 1.0>1.0 (rrev 1, now 2)"}, 1},
		{"another revision with another version", purls("pkg:conan/a@1.0?rrev=1"), purls("pkg:conan/a@1.1?rrev=2"), []string{"upgraded conan/a 1.0>1.1"}, 0},
		{"a qualifier that nobody knows", purls("pkg:npm/a@1.0.0?x=1"), purls("pkg:npm/a@1.0.0?x=2&y=3"), []string{"modified npm/a 1.0.0>1.0.0 (x 1, now 2; y not named, now 3)"}, 0},
		{"a qualifier is gone", purls("pkg:npm/a@1.0.0?x=1"), purls("pkg:npm/a@1.1.0"), []string{"upgraded npm/a 1.0.0>1.1.0 (x 1, now not named)"}, 0},
		{"an epoch that hides a way back", purls("pkg:deb/debian/a@1.0?epoch=2"), purls("pkg:deb/debian/a@3.0?epoch=1"), []string{"downgraded deb/debian/a 2:1.0>1:3.0 major"}, 0},
		{"long architectures are not cut", purls("pkg:deb/debian/a@1?arch=" + strings.Repeat("a", 400) + "x"), purls("pkg:deb/debian/a@1?arch=" + strings.Repeat("a", 400) + "y"),
			[]string{"added deb/debian/a >1 (arch " + strings.Repeat("a", 295) + "…)", "removed deb/debian/a 1> (arch " + strings.Repeat("a", 295) + "…)"}, 0},
		{"qualifiers do not run into each other", purls("pkg:deb/debian/a@1?arch=b&os=c"), purls("pkg:deb/debian/a@1?arch=b%2C%20os%20c"),
			[]string{"added deb/debian/a >1 (arch b, os c)", "removed deb/debian/a 1> (arch b, os c)"}, 0},
		{"another repository with another version", purls("pkg:maven/g/a@1.0"), purls("pkg:maven/g/a@1.1?repository_url=https:%2F%2Fevil.example%2Fm2"),
			[]string{"upgraded maven/g/a 1.0>1.1 (origin not named, now https://evil.example/m2)"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := inventory.Diff(c.before, c.after)
			require.Equal(t, c.want, texts(got))
			require.Len(t, got.Gaps, c.gaps)
		})
	}
}

func TestDiffContent(t *testing.T) {
	t.Parallel()
	const npm = "https://registry.npmjs.org/a/-/a-"
	one := func(c release.Component) *release.Inventory {
		if c.PURL == "" {
			c.PURL = "pkg:npm/a@1.0.0"
		}
		return list(c)
	}
	for _, c := range []struct {
		name          string
		before, after release.Component
		want          string // "" for no change
		origin        bool   // that a gap says so
	}{
		{"the same", release.Component{Integrity: "sha512-a", Origin: npm + "1.0.0.tgz"}, release.Component{Integrity: "sha512-a", Origin: npm + "1.0.0.tgz"}, "", false},
		{"lock-file injection: hash and origin", release.Component{Integrity: "sha512-a", Origin: npm + "1.0.0.tgz"}, release.Component{Integrity: "sha512-b", Origin: "https://evil.example/a-1.0.0.tgz"},
			"replaced npm/a 1.0.0>1.0.0 (origin https://registry.npmjs.org/a/-/a-1.0.0.tgz, now https://evil.example/a-1.0.0.tgz; another hash)", true},
		{"lock-file injection: origin only", release.Component{}, release.Component{Origin: "https://evil.example/a.tgz"}, "replaced npm/a 1.0.0>1.0.0 (origin not named, now https://evil.example/a.tgz)", true},
		{"another hash", release.Component{Integrity: "sha512-a"}, release.Component{Integrity: "sha512-b"}, "replaced npm/a 1.0.0>1.0.0 (another hash)", true},
		{"one more hash is accepted", release.Component{Integrity: "sha512-a"}, release.Component{Integrity: "sha512-a sha512-b"}, "replaced npm/a 1.0.0>1.0.0 (another hash)", true},
		{"one hash less is accepted", release.Component{Integrity: "sha512-a sha512-b"}, release.Component{Integrity: "sha512-a"}, "", false},
		{"only a weak hash is left", release.Component{Integrity: "sha1-a sha512-b"}, release.Component{Integrity: "sha1-a"}, "replaced npm/a 1.0.0>1.0.0 (only a weak hash is left)", true},
		{"only the weaker of weak hashes is left", release.Component{Integrity: "md5:a sha1:b"}, release.Component{Integrity: "md5:a"}, "", false},
		{"an upgrade to another package of the registry", release.Component{Origin: npm + "1.0.0.tgz"}, release.Component{PURL: "pkg:npm/a@1.1.0", Origin: "https://registry.npmjs.org/evil/-/evil-1.1.0.tgz"},
			"upgraded npm/a 1.0.0>1.1.0 (origin https://registry.npmjs.org/a/-/a-1.0.0.tgz, now https://registry.npmjs.org/evil/-/evil-1.1.0.tgz)", true},
		{"a weak hash beside the old one", release.Component{Integrity: "sha512-b"}, release.Component{Integrity: "sha512-b sha1-a"}, "", false},
		{"a better hash beside the old one", release.Component{Integrity: "sha1-a"}, release.Component{Integrity: "sha1-a sha512-b"}, "", false},
		{"a better hash in place of the old one", release.Component{Integrity: "sha1-a"}, release.Component{Integrity: "sha512-b"}, "replaced npm/a 1.0.0>1.0.0 (no hash of an algorithm that it had before)", true},
		{"the hash is gone", release.Component{Integrity: "sha512-a"}, release.Component{}, "replaced npm/a 1.0.0>1.0.0 (its hash is gone)", true},
		{"the hash became known", release.Component{}, release.Component{Integrity: "sha512-a"}, "", false},
		{"another digest", release.Component{Digest: release.Digest{1}}, release.Component{Digest: release.Digest{2}}, "replaced npm/a 1.0.0>1.0.0 (another digest)", true},
		{"the digest is gone", release.Component{Digest: release.Digest{1}}, release.Component{}, "replaced npm/a 1.0.0>1.0.0 (its digest is gone)", true},
		{"the digest became known", release.Component{}, release.Component{Digest: release.Digest{1}}, "", false},
		{"an upgrade from the same registry", release.Component{Origin: npm + "1.0.0.tgz", Integrity: "sha512-a"}, release.Component{PURL: "pkg:npm/a@1.1.0", Origin: npm + "1.1.0.tgz", Integrity: "sha512-b"}, "upgraded npm/a 1.0.0>1.1.0", false},
		{"an upgrade from elsewhere", release.Component{Origin: npm + "1.0.0.tgz"}, release.Component{PURL: "pkg:npm/a@1.1.0", Origin: "https://evil.example/a.tgz"},
			"upgraded npm/a 1.0.0>1.1.0 (origin https://registry.npmjs.org/a/-/a-1.0.0.tgz, now https://evil.example/a.tgz)", true},
		{"an upgrade from somebody else's repository", release.Component{Origin: "git+https://github.com/good/a.git#1"}, release.Component{PURL: "pkg:npm/a@1.1.0", Origin: "git+https://github.com/evil/a.git#2"},
			"upgraded npm/a 1.0.0>1.1.0 (origin git+https://github.com/good/a.git#1, now git+https://github.com/evil/a.git#2)", true},
		{"an upgrade from somebody else's archive", release.Component{Origin: "https://codeload.github.com/good/a/tar.gz/1"}, release.Component{PURL: "pkg:npm/a@1.1.0", Origin: "https://codeload.github.com/evil/a/tar.gz/2"},
			"upgraded npm/a 1.0.0>1.1.0 (origin https://codeload.github.com/good/a/tar.gz/1, now https://codeload.github.com/evil/a/tar.gz/2)", true},
		{"an upgrade over an open connection", release.Component{Origin: npm + "1.0.0.tgz"}, release.Component{PURL: "pkg:npm/a@1.1.0", Origin: "http://registry.npmjs.org/a/-/a-1.1.0.tgz"},
			"upgraded npm/a 1.0.0>1.1.0 (origin https://registry.npmjs.org/a/-/a-1.0.0.tgz, now http://registry.npmjs.org/a/-/a-1.1.0.tgz)", true},
		{"an upgrade from a host behind a name", release.Component{Origin: npm + "1.0.0.tgz"}, release.Component{PURL: "pkg:npm/a@1.1.0", Origin: "https://registry.npmjs.org@evil.example/a.tgz"},
			"upgraded npm/a 1.0.0>1.1.0 (origin https://registry.npmjs.org/a/-/a-1.0.0.tgz, now https://registry.npmjs.org@evil.example/a.tgz)", true},
		{"an upgrade from a host behind a backslash", release.Component{Origin: npm + "1.0.0.tgz"}, release.Component{PURL: "pkg:npm/a@1.1.0", Origin: "https://evil.example\\@registry.npmjs.org/a.tgz"},
			"upgraded npm/a 1.0.0>1.1.0 (origin https://registry.npmjs.org/a/-/a-1.0.0.tgz, now https://evil.example\\@registry.npmjs.org/a.tgz)", true},
		{"the same version, written differently, with other content", release.Component{PURL: "pkg:pypi/a@1.0", Integrity: "sha256:a"}, release.Component{PURL: "pkg:pypi/a@1.0.0", Integrity: "sha256:b"},
			"replaced pypi/a 1.0>1.0.0 (the same version, written differently; another hash)", true},
		{"the same version with other build metadata", release.Component{Integrity: "sha512-a"}, release.Component{PURL: "pkg:npm/a@1.0.0%2Bevil", Integrity: "sha512-b"},
			"replaced npm/a 1.0.0>1.0.0+evil (the same version, written differently; another hash)", true},
		{"an upgrade from the same repository", release.Component{Origin: "git+ssh://git@github.com/good/a.git#1"}, release.Component{PURL: "pkg:npm/a@1.1.0", Origin: "git+https://github.com/good/a.git#2"}, "upgraded npm/a 1.0.0>1.1.0", false},
		{"an upgrade without a hash", release.Component{Integrity: "sha512-a"}, release.Component{PURL: "pkg:npm/a@1.1.0"}, "upgraded npm/a 1.0.0>1.1.0 (its hash is gone)", true},
		{"now direct", release.Component{Relation: release.RelationTransitive}, release.Component{Relation: release.RelationDirect}, "modified npm/a 1.0.0>1.0.0 direct (was transitive, now direct)", false},
		{"now transitive", release.Component{Relation: release.RelationDirect}, release.Component{Relation: release.RelationTransitive}, "modified npm/a 1.0.0>1.0.0 transitive (was direct, now transitive)", false},
		{"unknown counts as direct", release.Component{Relation: release.RelationTransitive}, release.Component{}, "modified npm/a 1.0.0>1.0.0 (was transitive, now unknown)", false},
		{"a relation became known", release.Component{}, release.Component{Relation: release.RelationTransitive}, "", false},
		{"T9: scope widened", release.Component{Scope: release.ScopeDevelopment}, release.Component{Scope: release.ScopeRuntime}, "modified npm/a 1.0.0>1.0.0 runtime (scope wider: was development, now runtime)", false},
		{"scope narrowed", release.Component{Scope: release.ScopeRuntime}, release.Component{Scope: release.ScopeOptional}, "modified npm/a 1.0.0>1.0.0 optional (scope narrower: was runtime, now optional)", false},
		{"unknown counts as runtime", release.Component{Scope: release.ScopeDevelopment}, release.Component{}, "modified npm/a 1.0.0>1.0.0 (scope wider: was development, now unknown)", false},
		{"a scope became known", release.Component{}, release.Component{Scope: release.ScopeDevelopment}, "", false},
		{"T9: another licence", release.Component{License: "MIT"}, release.Component{PURL: "pkg:npm/a@1.1.0", License: "BUSL-1.1"}, "upgraded npm/a 1.0.0>1.1.0 licence MIT>BUSL-1.1 (another licence)", false},
		{"a licence is gone", release.Component{License: "MIT"}, release.Component{}, "modified npm/a 1.0.0>1.0.0 licence MIT> (its licence is no longer declared)", false},
		{"a licence became known", release.Component{}, release.Component{License: "MIT"}, "", false},
		{"T9: an install script appears", release.Component{}, release.Component{PURL: "pkg:npm/a@1.0.1", InstallScript: true}, "upgraded npm/a 1.0.0>1.0.1 script (now runs code when it is installed)", false},
		{"an install script in the same version", release.Component{}, release.Component{InstallScript: true}, "modified npm/a 1.0.0>1.0.0 script (now runs code when it is installed)", false},
		{"an install script stays", release.Component{InstallScript: true}, release.Component{PURL: "pkg:npm/a@1.0.1", InstallScript: true}, "upgraded npm/a 1.0.0>1.0.1", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := inventory.Diff(one(c.before), one(c.after))
			var want []string
			if c.want != "" {
				want = []string{c.want}
			}
			require.Equal(t, want, texts(got))
			if !c.origin {
				require.Empty(t, got.Gaps)
				return
			}
			require.Len(t, got.Gaps, 1)
			require.Equal(t, release.GapDependencyOrigin, got.Gaps[0].Kind)
			require.Contains(t, got.Gaps[0].Subject, "/a@1")
			require.False(t, (&release.ChangeSet{Gaps: got.Gaps}).Empty())
		})
	}
	added := inventory.Diff(nil, one(release.Component{InstallScript: true, License: "MIT", Origin: "../a", Scope: release.ScopeOptional}))
	require.Equal(t, []string{"added npm/a >1.0.0 optional licence >MIT script (from ../a)"}, texts(added))
	removed := inventory.Diff(one(release.Component{InstallScript: true, License: "MIT", Origin: "../a"}), nil)
	require.Equal(t, []string{"removed npm/a 1.0.0> (from ../a)"}, texts(removed))
}

// Trap #699 of dependency review: without the list of before, everything seemed new.
func TestT6WhatCouldNotBeReadIsNotNew(t *testing.T) {
	t.Parallel()
	fine := purls("pkg:npm/a@1.0.0", "pkg:npm/b@1.0.0")
	for _, bad := range []*release.Inventory{
		{},
		{Source: release.Source{Path: "lock"}},
		{Source: release.Source{Path: "lock"}, Gaps: []release.Gap{{Kind: release.GapTooLarge, Subject: "lock"}}},
		// A reader that stops half-way and says that it has nothing is believed in that.
		{Source: release.Source{Path: "lock"}, Components: []release.Component{{PURL: "pkg:npm/a@1.0.0"}}},
	} {
		for _, sides := range [][2]*release.Inventory{{bad, fine}, {fine, bad}, {bad, bad}, {bad, nil}, {nil, bad}} {
			got := inventory.Diff(sides[0], sides[1])
			require.Empty(t, got.Dependencies)
			require.Equal(t, release.CoverageMissing, got.Coverage[release.KindDependency])
			require.NotEmpty(t, got.Gaps)
			require.False(t, got.Empty())
		}
	}
	partial := purls("pkg:npm/a@1.0.0")
	partial.Coverage, partial.Gaps = release.CoveragePartial, []release.Gap{{Kind: release.GapUnpinned, Subject: "lock", Detail: "b"}}
	got := inventory.Diff(partial, fine)
	require.Equal(t, []string{"added npm/b >1.0.0"}, texts(got), "what was read in part is compared, and coverage says it")
	require.Equal(t, release.CoveragePartial, got.Coverage[release.KindDependency])
	require.Equal(t, partial.Gaps, got.Gaps)
	require.Equal(t, partial.Gaps, inventory.Diff(partial, partial).Gaps, "each gap once")

	nameless := list(release.Component{}, release.Component{PURL: "x"}, release.Component{PURL: "pkg:npm/a@1.0.0"})
	got = inventory.Diff(nameless, purls("pkg:npm/a@1.0.0"))
	require.Empty(t, got.Dependencies)
	require.Equal(t, release.CoveragePartial, got.Coverage[release.KindDependency])
	require.Equal(t, "unreadable lock: 2 components without a package URL", got.Gaps[0].String())
}

// Nil says that there is no such file, which is known.
func TestDiffNoFile(t *testing.T) {
	t.Parallel()
	fine := purls("pkg:npm/a@1.0.0")
	none := inventory.Diff(nil, nil)
	require.Equal(t, release.ChangeSet{Coverage: map[release.Kind]release.Coverage{release.KindDependency: release.CoverageComplete}}, none)
	got := inventory.Diff(nil, fine)
	require.Equal(t, []string{"added npm/a >1.0.0"}, texts(got))
	require.Equal(t, release.Path("lock"), got.Dependencies[0].File)
	require.Equal(t, []release.Source{fine.Source}, got.Sources)
	got = inventory.Diff(fine, nil)
	require.Equal(t, []string{"removed npm/a 1.0.0>"}, texts(got))
	require.Equal(t, release.Path("lock"), got.Dependencies[0].File)
	require.Len(t, inventory.Diff(fine, fine).Sources, 1)
}

// A file that is of another program now is compared, and said to be.
func TestDiffRoot(t *testing.T) {
	t.Parallel()
	of := func(root release.PURL) *release.Inventory {
		inv := purls("pkg:npm/a@1.0.0")
		inv.Root = root
		return inv
	}
	for _, c := range []struct {
		before, after release.PURL
		want          []string
	}{
		{"pkg:npm/app@1.0.0", "pkg:npm/app@2.0.0", nil},
		{"", "pkg:npm/app@2.0.0", nil},
		{"pkg:npm/app@1.0.0", "pkg:npm/other@1.0.0", []string{"moved npm/other > (what consists of the components was pkg:npm/app)"}},
		{"pkg:npm/app@1.0.0", "", []string{"moved npm/app > (the file no longer names what consists of the components)"}},
	} {
		got := inventory.Diff(of(c.before), of(c.after))
		require.Equal(t, c.want, texts(got))
		require.Empty(t, got.Gaps)
	}
	require.Equal(t, []string{"added npm/a >1.0.0"}, texts(inventory.Diff(nil, of("pkg:npm/app@1.0.0"))))
}

// A registry that moves is one finding, not ten thousand.
func TestDiffManyOrigins(t *testing.T) {
	t.Parallel()
	var before, after []release.Component
	for i := range 50 {
		p := release.PURL(fmt.Sprintf("pkg:npm/p%02d@1.0.0", i))
		before = append(before, release.Component{PURL: p, Integrity: "sha512-a"})
		after = append(after, release.Component{PURL: p, Integrity: "sha512-b"})
	}
	got := inventory.Diff(list(before...), list(after...))
	require.Len(t, got.Dependencies, 50)
	require.Len(t, got.Gaps, 21)
	require.Equal(t, "dependency-origin lock: 30 more components have other content or another origin", got.Gaps[20].String())
}
