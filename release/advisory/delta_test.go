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
