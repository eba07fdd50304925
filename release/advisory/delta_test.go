package advisory_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/vex"
)

// inventory is a file that was read as a whole.
func inventory(purls ...string) *release.Inventory {
	in := &release.Inventory{Source: release.Source{Path: "package-lock.json"}, Coverage: release.CoverageComplete}
	for _, p := range purls {
		in.Components = append(in.Components, release.Component{PURL: release.PURL(p)})
	}
	return in
}

// A component that cannot be read may be the one that is looked for.
func TestDeltaOfWhatIsNoPURL(t *testing.T) {
	t.Parallel()
	db := file(t, osv(pkg("npm", "x", below2)))
	for _, c := range []struct{ name, before, after, want string }{
		{"after", "pkg:npm/x@1.0.0", "npm:x@1.0.0", "unknown"},
		{"before", "npm:x@1.0.0", "pkg:npm/x@1.0.0", "unknown"},
		{"neither", "pkg:npm/x@1.0.0", "pkg:npm/x@2.0.0", "fixed"},
		{"not canonical after", "pkg:npm/x@1.0.0", "PKG:npm/x@1.0.0", "carried"},
		{"not canonical before", "pkg://npm//x@1.0.0", "pkg:npm/x@1.0.0", "carried"},
		{"not canonical on both", "pkg://npm/x@1.0.0", "pkg:NPM/x@1.0.0", "carried"},
		{"not canonical alone", "pkg:npm/y@1.0.0", "pkg:/npm/x@1.0.0", "introduced"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cs := db.Delta(inventory(c.before), inventory(c.after), today)
			require.Len(t, cs.Advisories, 1)
			require.Equal(t, c.want, cs.Advisories[0].Effect.String(), cs.Advisories[0].Detail)
			require.Equal(t, release.PURL("pkg:npm/x"), cs.Advisories[0].Package)
			require.Equal(t, c.want == "unknown", cs.Coverage[release.KindAdvisory] == release.CoveragePartial)
		})
	}
}

// The file is the one that there will be, and what is unknown on both sides is said once.
func TestDeltaOfAFileThatMoves(t *testing.T) {
	t.Parallel()
	db := file(t, osv(pkg("npm", "x", below2)))
	before, after := inventory("pkg:npm/x@1.0.0", "npm:y"), inventory("pkg:npm/x@1.0.0", "npm:y")
	before.Source.Path = "old/package-lock.json"
	cs := db.Delta(before, after, today)
	require.Equal(t, release.Path("package-lock.json"), cs.Advisories[0].File)
	require.Len(t, cs.Gaps, 1)
	require.Equal(t, release.Path("old/package-lock.json"), db.Delta(before, nil, today).Advisories[0].File)
	other := inventory("pkg:npm/x@1.0.0", "npm:z")
	require.Len(t, db.Delta(before, other, today).Gaps, len(db.Match(append(before.Components, other.Components...), today).Gaps))
}

// Of several versions of one package, who needs it most counts, on whichever side there are
// any and in whichever order.
func TestDeltaOfSeveralVersions(t *testing.T) {
	t.Parallel()
	db := file(t, `{"id":"X-1","aliases":["CVE-1"],"affected":[`+pkg("npm", "x", below2)+`]}`)
	much := release.Component{PURL: "pkg:npm/x@1.0.0", Relation: release.RelationDirect, Scope: release.ScopeRuntime}
	little := release.Component{PURL: "pkg:npm/x@1.1.0", Relation: release.RelationTransitive, Scope: release.ScopeDevelopment}
	for range 2 {
		much.PURL, little.PURL = little.PURL, much.PURL
		in := inventory()
		in.Components = []release.Component{little, much}
		for _, cs := range []release.ChangeSet{db.Delta(nil, in, today), db.Delta(in, nil, today), db.Delta(in, in, today)} {
			require.Len(t, cs.Advisories, 1)
			require.Equal(t, release.RelationDirect, cs.Advisories[0].Relation)
			require.Equal(t, release.ScopeRuntime, cs.Advisories[0].Scope)
			require.Equal(t, []string{"CVE-1"}, cs.Advisories[0].Aliases)
			require.Equal(t, []string{"2.0.0"}, cs.Advisories[0].FixedIn)
			cs.Advisories[0].Aliases[0], cs.Advisories[0].FixedIn[0] = "overwritten", "overwritten"
		}
		in.Components = []release.Component{little}
		require.Equal(t, release.ScopeDevelopment, db.Delta(nil, in, today).Advisories[0].Scope)
		require.Equal(t, release.RelationTransitive, db.Delta(nil, in, today).Advisories[0].Relation)
	}
}

// One flaw in two records, of which each is about other versions: what both say counts.
func TestDeltaOfOneFlawInTwoRecords(t *testing.T) {
	t.Parallel()
	line := func(id, alias, published, upstream, score, events string) string {
		severity := ""
		if score != "" {
			severity = `"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/` + score + `"}],`
		}
		return fmt.Sprintf(`{"id":%q,"aliases":[%q],"published":%q,"upstream":[%q],%s"affected":[%s]}`, id, alias, published, upstream, severity, pkg("npm", "x", events))
	}
	const above3 = `{"introduced":"3.0.0"},{"fixed":"4.0.0"}`
	for _, c := range []struct {
		name, first, second string
		base                float64
	}{
		{"the second is worse", "C:N/I:N/A:L", "C:H/I:H/A:H", 9.8},
		{"the first is worse", "C:H/I:H/A:H", "C:N/I:N/A:L", 9.8},
		{"only the second has a score", "", "C:N/I:N/A:L", 5.3},
		{"only the first has a score", "C:N/I:N/A:L", "", 5.3},
	} {
		for _, dates := range [][2]string{{"2024-02-01T00:00:00Z", "2024-01-01T00:00:00Z"}, {"2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"}} {
			db := file(t, line("X-1", "X-2", dates[0], "U-2", c.first, below2), line("X-2", "X-1", dates[1], "U-1", c.second, above3))
			in := inventory("pkg:npm/x@1.0.0", "pkg:npm/x@3.0.0")
			for _, cs := range []release.ChangeSet{db.Delta(nil, in, today), db.Delta(in, nil, today), db.Delta(in, in, today)} {
				require.Len(t, cs.Advisories, 1, c.name)
				a := cs.Advisories[0]
				require.Equal(t, []string{"1.0.0", "3.0.0"}, append(a.Before, a.After...)[:2], c.name)
				require.ElementsMatch(t, []string{"2.0.0", "4.0.0"}, a.FixedIn, c.name)
				require.Equal(t, []string{"U-1", "U-2"}, a.Upstream, c.name)
				require.True(t, a.Severity.Known, c.name)
				require.InDelta(t, c.base, a.Severity.Value, 0.01, c.name)
				require.Equal(t, "2024-01-01", a.Published.Format("2006-01-02"), c.name)
				a.FixedIn[0], a.Upstream[0] = "overwritten", "overwritten"
			}
		}
	}
}

// What cannot be told of either side is said of both.
func TestDeltaTellsTheGapsOfBothSides(t *testing.T) {
	t.Parallel()
	db := file(t, osv(pkg("Debian", "openssl", below2)+","+pkg("Alpine", "openssl", below2)))
	cs := db.Delta(inventory("pkg:deb/debian/libssl3@1.0?distro=debian-12"), inventory("pkg:apk/alpine/libssl3@1.0-r0"), today)
	var subjects []string
	for _, g := range cs.Gaps {
		subjects = append(subjects, g.Subject)
	}
	require.Equal(t, []string{"pkg:deb/debian", "pkg:apk/alpine"}, subjects)
}

// Whoever covers all of After has covered all that the release may be affected by.
func TestDeltaTellsAllThatMayBe(t *testing.T) {
	t.Parallel()
	db := file(t, osv(pkg("npm", "x", below2)))
	for _, c := range []struct{ name, before, after, want, detail string }{
		{"two that are", "x@1.0.0", "x@1.0.0 x@1.1.0", `carried ["1.0.0"] ["1.0.0" "1.1.0"]`, ""},
		{"one that is not", "x@1.0.0", "x@1.0.0 x@3.0.0", `carried ["1.0.0"] ["1.0.0"]`, ""},
		{"one that may be, after", "x@1.0.0", "x@1.0.0 x@latest", `carried ["1.0.0"] ["1.0.0" "latest"]`, `of "latest" it is not known: "latest" is no version that can be ordered`},
		{"two that may be", "x@1.0.0", "x@1.0.0 x@next x@latest", `carried ["1.0.0"] ["1.0.0" "latest" "next"]`, `of "latest", "next" it is not known: "latest" is no version that can be ordered`},
		{"one that may be, before", "x@1.0.0 x@latest", "x@1.0.0", `carried ["1.0.0" "latest"] ["1.0.0"]`, ""},
		{"one that may be, of a new one", "", "x@1.0.0 x@latest", `introduced [] ["1.0.0" "latest"]`, `of "latest" it is not known: "latest" is no version that can be ordered`},
		{"all may be", "", "x@next x@latest", `unknown [] ["latest" "next"]`, `"latest" is no version that can be ordered`},
		{"one without a version", "x@1.0.0", "x@1.0.0 x", `carried ["1.0.0"] ["" "1.0.0"]`, `of "" it is not known: the component has no version`},
		{"one without a version beside one that may be", "", "x@latest x", `unknown [] ["" "latest"]`, "the component has no version"},
		{"one that may be, before and gone", "x@latest", "", `unknown ["latest"] []`, `before: "latest" is no version that can be ordered`},
		{"one that may be, before, and another that is", "x@latest", "x@1.0.0", `unknown ["latest"] ["1.0.0"]`, `before: "latest" is no version that can be ordered`},
		{"one that stands twice", "", "x@1.0.0 x@1.0.0", `introduced [] ["1.0.0"]`, ""},
		{"many that may be", "", "x@1.0.0 x@ta x@tb x@tc x@td x@te x@tf", `introduced [] ["1.0.0" "ta" "tb" "tc" "td" "te" "tf"]`, `of "ta", "tb", "tc", "td", "te", … it is not known: "ta" is no version that can be ordered`},
		{"one without a version, before and gone", "x@1.0.0 x", "", `fixed ["" "1.0.0"] []`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			side := func(s string) *release.Inventory {
				var purls []string
				for _, p := range strings.Fields(s) {
					purls = append(purls, "pkg:npm/"+p)
				}
				return inventory(purls...)
			}
			cs := db.Delta(side(c.before), side(c.after), today)
			require.Len(t, cs.Advisories, 1)
			a := cs.Advisories[0]
			require.Equal(t, c.want, fmt.Sprintf("%s %q %q", a.Effect, a.Before, a.After))
			require.Equal(t, c.detail, a.Detail)

			// So a statement about the versions that surely are affected is not enough.
			b := vexOf("pkg:npm/x@1.0.0", "pkg:npm/x@1.1.0")
			vex.Apply(&cs, []vex.Document{vex.Parse("vex.json", b)}, vex.Options{Products: []vex.Product{{PURLs: []release.PURL{"pkg:oci/shop@1"}}},
				Verified: map[release.Digest]string{release.DigestOf(b): "a"}, Trusted: []string{"a"}}, today)
			surely := strings.Count(c.after, "@1") > 0 && !strings.Contains(c.after, "t") && !strings.HasSuffix(c.after, "x")
			require.Equal(t, surely, len(cs.Advisories[0].Suppressions) > 0)
		})
	}
}

// vexOf says that some versions are not affected by X-1 in a product.
func vexOf(purls ...string) []byte {
	var components []string
	for _, p := range purls {
		components = append(components, fmt.Sprintf(`{"@id":%q}`, p))
	}
	return fmt.Appendf(nil, `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.com/vex/1","author":"a","timestamp":"2026-11-01T00:00:00Z","version":1,
		"statements":[{"vulnerability":{"name":"X-1"},"products":[{"@id":"pkg:oci/shop@1","subcomponents":[%s]}],"status":"not_affected","justification":"vulnerable_code_not_present"}]}`, strings.Join(components, ","))
}

// A distribution's advisory tells the flaws that it comes from, of all its records.
func TestDeltaUpstream(t *testing.T) {
	t.Parallel()
	line := func(id, upstream string) string {
		return fmt.Sprintf(`{"id":%q,"aliases":["DSA-1-1"],"upstream":[%s],"affected":[%s]}`, id, upstream, pkg("Debian:12", "x", below2))
	}
	db := file(t, line("DSA-1-1", `"CVE-2024-9","CVE-2024-1"`), line("DLA-2-1", `"CVE-2024-1","CVE-2024-5"`))
	cs := db.Delta(nil, inventory("pkg:deb/debian/x@1.0?distro=debian-12"), today)
	require.Len(t, cs.Advisories, 1)
	require.Equal(t, []string{"CVE-2024-1", "CVE-2024-5", "CVE-2024-9"}, cs.Advisories[0].Upstream)
	cs.Advisories[0].Upstream[0] = "overwritten"
	require.Equal(t, "CVE-2024-1", db.Delta(nil, inventory("pkg:deb/debian/x@1.0?distro=debian-12"), today).Advisories[0].Upstream[0], "the snapshot does not change")
}
