package sbom_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/sbom"
)

// More of what must be said of a document, a row for each condition that no other
// table has.
func TestExactly(t *testing.T) {
	t.Parallel()
	a, b, c := "pkg:npm/a@1", "pkg:npm/b@1", "pkg:npm/c@1"
	unnamed := func(s string) string { return strings.Replace(s, `"SPDXID":"SPDXRef-DOCUMENT",`, "", 1) }
	refs := func(list ...string) string {
		for i, r := range list {
			kind, locator, _ := strings.Cut(r, " ")
			list[i] = fmt.Sprintf(`{"referenceType":%q,"referenceLocator":%q}`, kind, locator)
		}
		return `"externalRefs":[` + strings.Join(list, ",") + `]`
	}
	for _, x := range []struct {
		name, text string
		want       []string
	}{
		{"SPDX: a document without an identifier", unnamed(spdx(packages(pkg("r", ""), pkg("a", a)), rel("SPDXRef-DOCUMENT DESCRIBES r", "r DEPENDS_ON a"))), []string{a + " direct unknown", "complete"}},
		{"SPDX: a document with another identifier", strings.Replace(spdx(packages(pkg("r", ""), pkg("a", a)), rel("doc DESCRIBES r", "r DEPENDS_ON a")), "SPDXRef-DOCUMENT", "doc", 1), []string{a + " direct unknown", "complete"}},
		{"SPDX: what another document describes", spdx(packages(pkg("r", "pkg:npm/r@1"), pkg("a", a)), rel("doc DESCRIBES r", "r DESCRIBED_BY doc", "r DEPENDS_ON a")), []string{a + " unknown unknown", "pkg:npm/r@1 unknown unknown", "pkg:npm/r@1 > " + a, "complete"}},
		{"SPDX: the document is no package", spdx(packages(pkg("a", a)), rel("a DEPENDS_ON SPDXRef-DOCUMENT", "SPDXRef-DOCUMENT DEPENDS_ON a")), []string{a + " unknown unknown", "complete"}},
		{"SPDX: nothing is described", spdx(packages(pkg("a", a)), rel("SPDXRef-DOCUMENT DESCRIBES NONE")), []string{a + " unknown unknown", "complete"}},
		{"SPDX: a described file", spdx(packages(pkg("a", a)), `"files":[{"SPDXID":"f"}]`, rel("SPDXRef-DOCUMENT DESCRIBES f")), []string{a + " unknown unknown", "complete"}},
		{"SPDX: described twice, with another between", spdx(packages(pkg("r", ""), pkg("a", a)), `"documentDescribes":["r"]`, rel("SPDXRef-DOCUMENT DESCRIBES r", "r DEPENDS_ON a")), []string{a + " direct unknown", "complete"}},
		{"SPDX: two described, one of them twice", spdx(packages(pkg("r", "pkg:npm/r@1"), pkg("a", a)), `"documentDescribes":["r","a","r"]`, rel("r DEPENDS_ON a")), []string{a + " unknown unknown", "pkg:npm/r@1 unknown unknown", "pkg:npm/r@1 > " + a, "complete"}},
		{"SPDX: a package URL by the long name of its kind", spdx(packages(pkg("a", "", refs("http://spdx.org/rdf/references/purl "+a)))), []string{a + " unknown unknown", "complete"}},
		{"SPDX: other references", spdx(packages(pkg("a", "", refs("cpe23Type "+b, "purl "+a, "PURL "+c)))), []string{a + " unknown unknown", "complete"}},
		{"SPDX: one package URL twice", spdx(packages(pkg("a", "", refs("purl "+a, "purl "+a)))), []string{a + " unknown unknown", "complete"}},
		{"SPDX: two package URLs, one of them twice", spdx(packages(pkg("x", "", refs("purl "+a, "purl "+b, "purl "+b, "purl "+a)))), []string{a + " unknown unknown", b + " unknown unknown", `gap ambiguous bom.json: sbom: line 1: package "x" has 2 package URLs, such as pkg:npm/a@1 and pkg:npm/b@1`, "complete"}},
		{"SPDX: no version", spdx(packages(pkg("a", "pkg:npm/a"), pkg("b", "pkg:npm/b@%5E1"), pkg("c", c, `"versionInfo":"NOASSERTION"`), pkg("d", "pkg:npm/d@1", `"versionInfo":"2"`))),
			[]string{"pkg:npm/a unknown unknown", "pkg:npm/b@%5E1 unknown unknown", c + " unknown unknown", "pkg:npm/d@1 unknown unknown", "gap unpinned bom.json: sbom: pkg:npm/a has no version", "gap unpinned bom.json: sbom: pkg:npm/b@%5E1 has no version", `gap ambiguous bom.json: sbom: line 1: package "d" 2: the package URL is pkg:npm/d@1`, "complete"}},
		{"SPDX: a query is left out", spdx(packages(pkg("a", "", refs("purl "+a+"?download_url=https%3A%2F%2Fx.example%2Fget%3Fid%3D1", "purl "+b)), pkg("c", c, `"downloadLocation":"https://x.example/c?id=1"`))),
			[]string{a + "?download_url=https:%2F%2Fx.example%2Fget unknown unknown", b + " unknown unknown", c + " unknown unknown https://x.example/c",
				`gap ambiguous bom.json: sbom: line 1: package "a" has 2 package URLs, such as pkg:npm/a@1?download_url=https:%2F%2Fx.example%2Fget and pkg:npm/b@1`,
				"gap incomplete bom.json: sbom: 2 components without a hash come from URLs with a query or a fragment, which may be secrets and are left out: a change there is not seen", "complete"}},
		{"SPDX: places", spdx("\n" + packages("\n"+pkg("a", a), "\n"+pkg("b", ""))), []string{a + " unknown unknown", `gap unreadable bom.json: sbom: line 4: package "b" has no package URL`, "partial"}},
		{"places of nested components", bom("\n" + components("\n"+lib("a", a, "\n"+components("\n"+lib("x", ""), "\n"+`{"type":"library","group":"g","name":"y"}`)), "\n"+lib("z", ""))),
			[]string{a + " unknown unknown", `gap unreadable bom.json: sbom: line 5: library "x" has no package URL`, `gap unreadable bom.json: sbom: line 6: library "g/y" has no package URL`, `gap unreadable bom.json: sbom: line 7: library "z" has no package URL`, "partial"}},
		{"a long way from the root", bom(root("r", ""), components(lib("a", a), lib("b", b), lib("c", c)), needs("r a", "a b", "b c")), []string{a + " direct unknown", b + " transitive unknown", c + " transitive unknown", a + " > " + b, b + " > " + c, "complete"}},
		{"metadata of nothing", bom(components(lib("a", a)), `"metadata":{"timestamp":null,"tools":null,"component":null}`), []string{a + " unknown unknown", "complete"}},
		{"nested components of nothing", bom(components(lib("a", a, `"components":null`, `"properties":[{"name":"x"}]`))), []string{a + " unknown unknown", "complete"}},
		{"what is provided is not needed", bom(root("r", ""), components(lib("a", a)), `"dependencies":[{"ref":"r","provides":["a","gone"]}]`), []string{a + " unknown unknown", "complete"}},
		{"assemblies are incomplete, and vulnerabilities", bom(components(lib("a", a)), `"compositions":[{"aggregate":"incomplete","assemblies":["a"],"vulnerabilities":["v"]}]`), []string{a + " unknown unknown", `gap incomplete bom.json: sbom: line 1: the composition of 1 components and the dependencies of 0 is "incomplete"`, "partial"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, x.want, list(read(x.text)))
		})
	}
}

// Each type of relationship in one direction or the other, and with its scope.
func TestRelationships(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]string{
		"DEPENDS_ON": "r > a unknown", "DEPENDENCY_OF": "a > r unknown", "RUNTIME_DEPENDENCY_OF": "a > r runtime", "PROVIDED_DEPENDENCY_OF": "a > r runtime", "OPTIONAL_DEPENDENCY_OF": "a > r optional",
		"BUILD_DEPENDENCY_OF": "a > r development", "DEV_DEPENDENCY_OF": "a > r development", "TEST_DEPENDENCY_OF": "a > r development", "BUILD_TOOL_OF": "a > r development", "DEV_TOOL_OF": "a > r development",
		"TEST_TOOL_OF": "a > r development", "TEST_OF": "a > r development", "STATIC_LINK": "r > a runtime", "DYNAMIC_LINK": "r > a runtime", "HAS_PREREQUISITE": "r > a unknown", "PREREQUISITE_FOR": "a > r unknown",
		"CONTAINS": "r > a unknown", "CONTAINED_BY": "a > r unknown", "PACKAGE_OF": "a > r unknown", "OPTIONAL_COMPONENT_OF": "a > r optional",
		"GENERATED_FROM": "", "depends_on": "", "": "",
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			inv := read(spdx(packages(pkg("r", "pkg:npm/r@1"), pkg("a", "pkg:npm/a@1")), fmt.Sprintf(`"relationships":[{"spdxElementId":"r","relationshipType":%q,"relatedSpdxElement":"a"}]`, kind)))
			got := ""
			for _, e := range inv.Edges {
				got = e.From.Name() + " > " + e.To.Name()
				for _, c := range inv.Components {
					if c.PURL == e.To {
						got += " " + c.Scope.String()
					} else {
						require.Equal(t, release.ScopeUnknown, c.Scope)
					}
				}
			}
			require.Equal(t, want, got)
		})
	}
}

// Who made a document, when, and as what, is what it says.
func TestSource(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	for _, x := range []struct {
		name, text string
		want       release.Source
	}{
		{"SPDX", spdx(packages(), `"creationInfo":{"x":1,"created":"2026-02-03T04:05:06Z","creators":["Organization: x","Tool: bom-smith-1.2"]}`), release.Source{Format: "spdx/2.3", Tool: "bom-smith", Version: "1.2", At: at}},
		{"SPDX: no version of the tool", spdx(packages(), `"creationInfo":{"creators":["Tool:bom-smith"]}`), release.Source{Format: "spdx/2.3", Tool: "bom-smith"}},
		{"SPDX: a version and no tool", spdx(packages(), `"creationInfo":{"creators":["Tool: -1"]}`), release.Source{Format: "spdx/2.3", Tool: "-1"}},
		{"SPDX: a time that is none", spdx(packages(), `"creationInfo":{"created":"yesterday"}`), release.Source{Format: "spdx/2.3"}},
		{"CycloneDX", bom(components(), `"metadata":{"timestamp":"2026-02-03T05:05:06+01:00","tools":[{"name":"bom-smith","version":"1.2"}]}`), release.Source{Format: "cyclonedx/1.6", Tool: "bom-smith", Version: "1.2", At: at}},
		{"CycloneDX: tools of 1.5", bom(components(), `"metadata":{"tools":{"components":[{"name":"a","version":"1"}],"services":[{"name":"b"}]}}`), release.Source{Format: "cyclonedx/1.6", Tool: "a 1, b"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			x.want.Path, x.want.Digest = "bom.json", release.DigestOf([]byte(x.text))
			require.Equal(t, x.want, read(x.text).Source)
		})
	}
}

// One more than may be is too large, and as many as may be are not.
func TestLimits(t *testing.T) {
	t.Parallel()
	urls := func(n int) string {
		return spdx(packages(`{"externalRefs":[` + string(many(n, func(i int) string { return fmt.Sprintf(`{"referenceType":"purl","referenceLocator":"pkg:a/b%d@1"}`, i) })) + `]}`))
	}
	require.Len(t, read(urls(100)).Components, 100)
	require.Contains(t, read(urls(101)).Gaps[0].Detail, "more than 100 package URLs")
	described := func(n int) string {
		return spdx(packages(), `"documentDescribes":[`+strings.TrimSuffix(strings.Repeat(`"NONE",`, n), ",")+`]`)
	}
	require.Equal(t, release.CoverageComplete, read(described(sbom.MaxEdges)).Coverage)
	require.Equal(t, release.GapTooLarge, read(described(sbom.MaxEdges + 1)).Gaps[0].Kind)
	services := func(n int) string {
		return bom(components(), `"services":[`+string(many(n, func(i int) string { return fmt.Sprintf(`{"bom-ref":"%d"}`, i) }))+`]`)
	}
	require.Equal(t, release.CoverageComplete, read(services(sbom.MaxComponents)).Coverage)
	require.Equal(t, release.GapTooLarge, read(services(sbom.MaxComponents + 1)).Gaps[0].Kind)
	compositions := func(n int) string {
		return bom(components(), `"compositions":[`+strings.TrimSuffix(strings.Repeat(`{"aggregate":"complete"},`, n), ",")+`]`)
	}
	require.Equal(t, release.CoverageComplete, read(compositions(sbom.MaxComponents)).Coverage)
	require.Equal(t, release.GapTooLarge, read(compositions(sbom.MaxComponents + 1)).Gaps[0].Kind)
}

// The strongest hash that is known is told, whatever stands before it.
func TestHashes(t *testing.T) {
	t.Parallel()
	strongest := []struct {
		name  string
		bytes int
	}{{"SHA-512", 64}, {"SHA3-512", 64}, {"BLAKE2b-512", 64}, {"SHA-384", 48}, {"SHA3_384", 48}, {"BLAKE2b-384", 48}, {"SHA3-256", 32}, {"BLAKE2b-256", 32}, {"BLAKE3", 32}, {"Streebog-512", 64}, {"Streebog-256", 32}, {"SHA-224", 28}, {"SHA-1", 20}, {"MD5", 16}}
	hashes := `{"alg":"ADLER32","content":"00000000"}`
	for i := len(strongest) - 1; i >= 0; i-- {
		s := strongest[i]
		hashes += fmt.Sprintf(`,{"alg":%q,"content":"%s"}`, s.name, strings.Repeat("ab", s.bytes))
		got := list(read(bom(components(lib("a", "pkg:npm/a@1", `"hashes":[`+hashes+`]`)))))
		require.Equal(t, []string{"pkg:npm/a@1 unknown unknown " + strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(s.name)) + "-" + strings.Repeat("ab", s.bytes), "complete"}, got)
	}
	for _, content := range []string{strings.Repeat("zz", 20), strings.Repeat("ab", 19), strings.Repeat("ab", 21), "", "ab c"} {
		got := list(read(bom(components(lib("a", "pkg:npm/a@1", `"hashes":[{"alg":"SHA-1","content":"`+content+`"}]`)))))
		require.Equal(t, []string{"pkg:npm/a@1 unknown unknown", fmt.Sprintf(`gap unreadable bom.json: sbom: pkg:npm/a@1: its hash %q of "SHA-1" is none`, content), "complete"}, got)
	}
	same := `{"alg":"SHA-1","content":"` + strings.Repeat("ab", 20) + `"}`
	require.Len(t, list(read(bom(components(lib("a", "pkg:npm/a@1", `"hashes":[`+same+`,`+same+`]`))))), 2, "one hash twice is no gap")
}

// Licences that differ stay different, and none can be taken for an identifier.
func TestLicences(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 65)
	for text, want := range map[string]string{
		"MIT": "MIT", "Zlib": "Zlib", "AGPL-3.0+": "AGPL-3.0+", "0BSD": "0BSD", "Az-9.Za": "Az-9.Za", "NOASSERTION": "", " ": "", "+": "LicenseRef--a318c24a", "a_b": "LicenseRef-a-b-2bd806c9", "a__b": "LicenseRef-a-b-f97c5d29",
		long[:64]: long[:64], long: "LicenseRef-" + long[:40] + "-", "A@B": "LicenseRef-A-B-", "A[B": "LicenseRef-A-B-", "a`b": "LicenseRef-a-b-", "a{b": "LicenseRef-a-b-", "a/b": "LicenseRef-a-b-", "a:b": "LicenseRef-a-b-",
	} {
		c := read(bom(components(lib("a", "pkg:npm/a@1", fmt.Sprintf(`"licenses":[{"license":{"name":%q}}]`, text))))).Components[0]
		if strings.HasSuffix(want, "-") {
			require.True(t, strings.HasPrefix(c.License, want) && len(c.License) == len(want)+8, "%s", c.License)
		} else if strings.HasPrefix(want, "LicenseRef") {
			require.Equal(t, want[:len(want)-8], c.License[:len(c.License)-8])
		} else {
			require.Equal(t, want, c.License)
		}
	}
	for text, want := range map[string]string{
		"MIT OR  (A.b-1+ WITH x:y/Z9)": "MIT OR (A.b-1+ WITH x:y/Z9)", "NOASSERTION": "", " ": "", "zZaA09": "zZaA09", strings.Repeat("x", 1000): strings.Repeat("x", 1000),
		strings.Repeat("x", 1001): "LicenseRef-", "MIT @": "LicenseRef-", "MIT [": "LicenseRef-", "MIT `": "LicenseRef-", "MIT {": "LicenseRef-", "MIT;": "LicenseRef-", "MIT é": "LicenseRef-",
	} {
		c := read(bom(components(lib("a", "pkg:npm/a@1", fmt.Sprintf(`"licenses":[{"expression":%q}]`, text))))).Components[0]
		if want == "LicenseRef-" {
			require.True(t, strings.HasPrefix(c.License, want) && len(c.License) < 64, "%s", c.License)
		} else {
			require.Equal(t, want, c.License)
		}
	}
	all := func(list ...string) string {
		for i, s := range list {
			list[i] = fmt.Sprintf(`{"license":{"name":%q}}`, s)
		}
		return read(bom(components(lib("a", "pkg:npm/a@1", `"licenses":[`+strings.Join(list, ",")+`]`)))).Components[0].License
	}
	require.Equal(t, "ISC AND MIT", all("MIT", "NOASSERTION", "ISC", "MIT"))
	var many []string
	for i := range 40 {
		many = append(many, fmt.Sprint(strings.Repeat("x", 60), i))
	}
	require.Regexp(t, "^LicenseRef-x{40}-[0-9a-f]{8}$", all(many...))
}

// What says of itself that it is of two formats is of none.
func TestFormats(t *testing.T) {
	t.Parallel()
	const cdx, sp, ld, envelope = `"bomFormat":"CycloneDX","specVersion":"1.6","components":[]`, `"spdxVersion":"SPDX-2.3","packages":[]`, `"@context":"x"`, `"sbom":{"spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"a","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:npm/a@1"}]}]}`
	for _, text := range []string{cdx + "," + sp, cdx + "," + ld, sp + "," + ld, cdx + "," + sp + "," + ld} {
		require.Equal(t, release.GapAmbiguous, read("{" + text + "}").Gaps[0].Kind)
	}
	require.Len(t, read("{"+envelope+"}").Components, 1)
	for text, format := range map[string]string{cdx: "cyclonedx/1.6", sp: "spdx/2.3", ld: "spdx/3"} {
		inv := read("{" + text + "," + envelope + "}")
		require.Equal(t, format, inv.Source.Format)
		require.Empty(t, inv.Components, "the envelope is not opened beside a document")
	}
	require.Equal(t, "xml", read(" \ufeff\r\n\t<bom/>").Source.Format)
	require.Equal(t, "sbom: it has no bomFormat", sbom.CycloneDX("x", []byte("{"+sp+"}")).Gaps[0].Detail)
	require.Equal(t, "sbom: it has no spdxVersion", sbom.SPDX("x", []byte("{"+cdx+"}")).Gaps[0].Detail)
	require.Equal(t, release.GapUnreadable, sbom.SPDX("x", []byte("{")).Gaps[0].Kind)
	for _, bad := range []string{`{"spdxVersion":1}`, `{"spdxVersion":"SPDX-2.3","SPDXID":1}`} {
		require.Equal(t, release.GapUnreadable, read(bad).Gaps[0].Kind)
	}
}
