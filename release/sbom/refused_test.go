package sbom_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/sbom"
)

// What cannot be read is one gap and no component.
func TestRefused(t *testing.T) {
	t.Parallel()
	a := lib("a", "pkg:npm/a@1")
	for _, x := range []struct {
		name, text, want string
	}{
		{"empty", "", "unreadable"},
		{"no object", "[]", "unreadable"},
		{"something follows", bom(components()) + "{}", "unreadable"},
		{"cut", bom(components(a))[:40], "unreadable"},
		{"a byte order mark", "\ufeff" + bom(components()), "unreadable"},
		{"a name twice", bom(components(), components(a)), `the name "components" stands twice in one object`},
		{"a name twice in what is not read", bom(components(), `"x":{"y":1,"y":2}`), `the name "y" stands twice in one object`},
		{"a name twice in a component", bom(components(lib("a", "pkg:npm/a@1", `"purl":"pkg:npm/b@1"`))), `the name "purl" stands twice in one object`},
		{"a name in two spellings of JSON", bom(components(lib("a", "pkg:npm/a@1", `"\u0070url":"pkg:npm/b@1"`))), `the name "purl" stands twice in one object`},
		{"a name in another case", bom(components(), `"Components":[]`), `some parsers take the name "Components" for "components"`},
		{"a component's name in another case", bom(components(lib("a", "", `"PURL":"pkg:npm/a@1"`))), `some parsers take the name "PURL" for "purl"`},
		{"nested components in another case", bom(components(lib("a", "", `"Components":[]`))), `some parsers take the name "Components" for "components"`},
		{"a member's name in another case", bom(components(lib("a", "", `"hashes":[{"ALG":"SHA-256"}]`))), `some parsers take the name "ALG" for "alg"`},
		{"a dependency's name in another case", bom(components(), `"dependencies":[{"ref":"a","dependson":[]}]`), `some parsers take the name "dependson" for "dependsOn"`},
		{"a name with a letter that folds", bom(components(lib("a", "", `"ha\u017fhes":[]`))), `for "hashes"`},
		{"a component that is no object", bom(components("1")), "an object must stand here"},
		{"components that are no list", bom(`"components":{}`), "an array must stand here"},
		{"nested components that are no list", bom(components(lib("a", "", `"components":{}`))), "an array must stand here"},
		{"a package URL that is no text", bom(components(`{"type":"library","name":"x","purl":1}`)), "cannot unmarshal number"},
		{"dependencies that are no list", bom(components(), `"dependencies":{}`), "an array must stand here"},
		{"a dependency without ref", bom(components(), `"dependencies":[{"dependsOn":[]}]`), "line 1: a dependency has no ref"},
		{"a time that is no text", bom(components(), `"metadata":{"timestamp":1}`), "a string must stand here"},
		{"tools that are no list", bom(components(), `"metadata":{"tools":1}`), "in metadata.tools"},
		{"a composition that is no text", bom(components(), `"compositions":[{"aggregate":1}]`), "a string must stand here"},
		{"an old version", strings.Replace(bom(components(a)), "1.6", "1.3", 1), `unsupported bom.json: sbom: bomFormat "CycloneDX", specVersion "1.3" is not read`},
		{"a version to come", strings.Replace(bom(components(a)), "1.6", "1.8", 1), "unsupported"},
		{"a version that is no text", strings.Replace(bom(components(a)), `"1.6"`, "1.6", 1), "a string must stand here"},
		{"no version", `{"bomFormat":"CycloneDX",` + components(a) + `}`, "unsupported"},
		{"another format's name", strings.Replace(bom(components(a)), "CycloneDX", "cyclonedx", 1), "unsupported"},
		{"both formats", strings.Replace(bom(components(a)), `{`, `{"spdxVersion":"SPDX-2.3",`, 1), "ambiguous bom.json: sbom: it says of itself that it is of several formats"},
		{"neither format", `{"components":[]}`, "unsupported"},
		{"an envelope of nothing", `{"sbom":[]}`, "an object must stand here"},
		{"an envelope in an envelope", `{"sbom":{"sbom":` + spdx(packages()) + `}}`, "unsupported"},
		{"an envelope beside a document", strings.Replace(bom(components()), "{", `{"sbom":`+spdx(packages())+`,`, 1) + " x", "unreadable"},
		{"a name twice in an envelope", `{"sbom":{"spdxVersion":"SPDX-2.3","spdxVersion":"SPDX-2.2"}}`, "stands twice"},
		{"a name in another case in an envelope", `{"sbom":{"spdxversion":"SPDX-2.3"}}`, "some parsers take"},
		{"XML", `<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>`, "unsupported bom.json: sbom: XML is not read"},
		{"tag-value", "SPDXVersion: SPDX-2.3\n", "unsupported bom.json: sbom: SPDX tag-value is not read"},
		{"SPDX 3", `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[]}`, "unsupported bom.json: sbom: JSON-LD, as SPDX 3 is written in, is not read"},
		{"SPDX 3 by its version", strings.Replace(spdx(packages()), "SPDX-2.3", "SPDX-3.0", 1), `unsupported bom.json: sbom: spdxVersion "SPDX-3.0" is not read`},
		{"SPDX of no version", strings.Replace(spdx(packages()), "SPDX-2.3", "", 1), "unsupported"},
		{"SPDX: a package's name in another case", spdx(packages(`{"spdxid":"a"}`)), `some parsers take the name "spdxid" for "SPDXID"`},
		{"SPDX: a package URL that is no text", spdx(packages(`{"externalRefs":[{"referenceType":"purl","referenceLocator":{}}]}`)), "cannot unmarshal object"},
		{"SPDX: a relationship twice in one", spdx(packages(), `"relationships":[{"relationshipType":"CONTAINS","relationshipType":"DEPENDS_ON"}]`), "stands twice"},
		{"SPDX: more package URLs than a package has", spdx(packages(`{"externalRefs":[` + strings.Repeat(`{"referenceType":"purl","referenceLocator":"x"},`, 100) + `{"referenceType":"purl","referenceLocator":"x"}]}`)), "too-large bom.json: sbom: line 1: a package with more than 100 package URLs"},
		{"SPDX: files that are no list", spdx(packages(), `"files":1`), "an array must stand here"},
		{"too deep", bom(components(), `"x":`+strings.Repeat("[", 70)+strings.Repeat("]", 70)), "nested deeper than 64"},
		{"too deep of components", bom(components(strings.Repeat(`{"components":[`, 40) + strings.Repeat(`]}`, 40))), "nested deeper than 64"},
		{"too many components", bom(components(strings.Repeat("{},", sbom.MaxComponents) + "{}")), "too-large bom.json: sbom: more than 50000 components: too large"},
		{"too many nested components", bom(components(`{"components":[` + strings.Repeat("{},", sbom.MaxComponents) + `{}]}`)), "too-large"},
		{"too many packages", spdx(packages(strings.Repeat("{},", sbom.MaxComponents) + "{}")), "too-large"},
		{"too many dependencies", bom(components(), `"dependencies":[{"ref":"a","dependsOn":[`+strings.Repeat(`"b",`, sbom.MaxEdges)+`"b"]}]`), "too-large"},
		{"too many nested in one and needed by those of one reference", bom(components(strings.TrimSuffix(strings.Repeat(lib("x", "")+",", 500), ",")), needs("x x")), "too-large"},
		{"too many relationships", spdx(packages(), `"relationships":[`+strings.Repeat("{},", sbom.MaxEdges)+`{}]`), "too-large"},
		{"a component that is too large", bom(components(lib("a", "", `"licenses":[{"license":{"id":"`+strings.Repeat("x", sbom.MaxElement)+`"}}]`))), "too-large"},
		{"too many hashes", bom(components(lib("a", "", `"hashes":[`+strings.Repeat("{},", 10_000)+`{}]`))), "more than 10000 elements"},
		{"tools that are too large", bom(components(), `"metadata":{"tools":["`+strings.Repeat("x", sbom.MaxElement)+`"]}`), "too-large"},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			inv := read(x.text)
			require.Equal(t, release.CoverageMissing, inv.Coverage)
			require.Empty(t, inv.Components)
			require.Empty(t, inv.Edges)
			require.Len(t, inv.Gaps, 1)
			require.Contains(t, inv.Gaps[0].String(), x.want)
			require.Less(t, len(inv.Gaps[0].String()), 500)
			require.Equal(t, release.DigestOf([]byte(x.text)), inv.Source.Digest)
		})
	}
}

// A place in an error is the one in the file.
func TestErrorsSayWhere(t *testing.T) {
	t.Parallel()
	inv := read("{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\n\"components\":[\n  {},\n  7\n]}")
	require.Contains(t, inv.Gaps[0].Detail, "(line 4, column 3)")
	inv = read("{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\n\"components\":[\n  {},\n  {\"name\":7}\n]}")
	require.Contains(t, inv.Gaps[0].Detail, "in the elements that begin in lines 3 to 4")
}

// A reader of one format does not take the other.
func TestOnly(t *testing.T) {
	t.Parallel()
	cdx, sp := []byte(bom(components(lib("a", "pkg:npm/a@1")))), []byte(spdx(packages(pkg("a", "pkg:npm/a@1"))))
	require.Len(t, sbom.CycloneDX("x", cdx).Components, 1)
	require.Len(t, sbom.SPDX("x", sp).Components, 1)
	for _, inv := range []release.Inventory{sbom.CycloneDX("x", sp), sbom.SPDX("x", cdx)} {
		require.Equal(t, release.CoverageMissing, inv.Coverage)
		require.Len(t, inv.Gaps, 1)
		require.Empty(t, inv.Components)
	}
}

// Passwords do not come through, wherever a URL stands.
func TestSecretsStayOut(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for _, url := range []string{
		"https://user:hunter2@host.example/x.tgz", "https://hunter2@host.example", "https://host.example/x.tgz?token=hunter2", "https://host.example/x?a=b#access_token=hunter2",
		"git+https://hunter2:x@host.example/x.git@v1#src", "git+ssh://git:hunter2@host.example:22/x", "hunter2@host.example:x/y.git", "https://a@b:hunter2@host.example/", "ftp://a:hunter2@h?x",
		"https://user:hunter2@registry.npmjs.org/x", "https:/user:hunter2@host.example/x", "//user:hunter2@host.example/x", "user:hunter2@host.example/x", "hunter2:x@host.example", `https:\\user:hunter2@host.example\x`,
		"jar:https://user:hunter2@host.example!/x", "https://mirror.example/https://user:hunter2@host.example/x", "hunter2@host.example", "https://user:hunter2@host.example/%zz",
		"https://digit.example/x#access_token=hunter2", "git+https://host.example/x#token=hunter2", "https://host.example/x;token=hunter2", "git+https://host.example/x#https://user:hunter2@host.example",
	} {
		for _, text := range []string{
			bom(components(lib("a", "pkg:npm/a@1", fmt.Sprintf(`"externalReferences":[{"type":"distribution","url":%q},{"type":"vcs","url":%q}]`, url, url)))),
			bom(components(lib("a", "pkg:npm/a@1?download_url="+strings.NewReplacer("?", "%3F", "&", "%26", "#", "%23", ":", "%3A", "+", "%2B").Replace(url)))),
			bom(components(lib("a", "pkg:npm/a@1?download_url="+url))),
			bom(components(lib("a", url), lib("b", "pkg:"+url), lib("c", "pkg:npm/a@1?x=%zz&download_url="+url))),
			spdx(packages(pkg("a", "pkg:npm/a@1", fmt.Sprintf(`"downloadLocation":%q`, url)))),
		} {
			inv := read(text)
			require.NotContains(t, strings.Join(list(inv), "\n"), secret, "%s", text)
		}
	}
	escape := strings.NewReplacer(":", "%3A", "/", "%2F", "@", "%40", "?", "%3F", "+", "%2B")
	for _, plain := range []string{"https://user:hunter2@host.example/x", "git+https://hunter2@host.example/x", "https://host.example/x?token=hunter2"} {
		once := escape.Replace(plain)
		for _, url := range []string{plain, once, strings.ToLower(once), strings.ReplaceAll(once, "%", "%25")} {
			for _, text := range []string{
				bom(components(lib("a", "pkg:npm/a", fmt.Sprintf(`"version":%q`, url)), lib("b", "pkg:npm/b@1", fmt.Sprintf(`"version":%q`, url)), lib("c", "", fmt.Sprintf(`"version":%q`, url)))),
				bom(components(lib("a", "pkg:npm/a@"+url), lib("b", "pkg:npm/b@1#"+url), lib("c", "pkg:generic/"+url+"@1"), lib("d", "pkg:npm/d@1?x="+url))),
				bom(components(lib(url, "")), needs("pkg:npm/a@1?vcs_url="+url+" "+url)),
				bom(components(lib("a", "pkg:npm/a@1"), lib("a", "pkg:npm/a@1?download_url="+url))),
				spdx(packages(pkg("a", "pkg:npm/a", fmt.Sprintf(`"versionInfo":%q`, url)), pkg("b", "", fmt.Sprintf(`"versionInfo":%q`, url)), pkg(url, "")), rel("a DEPENDS_ON "+url+"x", url+" DEPENDS_ON NOASSERTION")),
				bom(fmt.Sprintf(`"metadata":{"tools":[{"name":%q,"version":%q}]}`, url, url), components()),
			} {
				inv := read(text)
				require.NotContains(t, strings.Join(list(inv), "\n")+inv.Source.Tool.String()+inv.Source.Version.String(), secret, "%s", text)
			}
		}
	}
	require.NotContains(t, strings.Join(list(read(bom(components(), needs("pkg:npm/a@1?token=hunter2 x")))), "\n"), secret)
	require.NotContains(t, list(read(bom(components(lib("a", "pkg:npm/a@1", `"licenses":[{"license":{"name":"https://user:hunter2@host.example/LICENSE"}}]`)))))[0], secret)
	require.Equal(t, []string{"pkg:npm/a@1 unknown unknown https://registry.npmjs.org.evil.example/a.tgz", "complete"},
		list(read(spdx(packages(pkg("a", "pkg:npm/a@1", `"downloadLocation":"https://registry.npmjs.org.evil.example/a.tgz"`))))))
	require.Equal(t, []string{"pkg:npm/a@1 unknown unknown http://registry.npmjs.org/a.tgz", "complete"},
		list(read(spdx(packages(pkg("a", "pkg:npm/a@1", `"downloadLocation":"http://registry.npmjs.org/a.tgz"`))))))
}

// Of many gaps of one kind the first are told, and how many more there are.
func TestManyGaps(t *testing.T) {
	t.Parallel()
	inv := read(bom(components(strings.TrimSuffix(strings.Repeat("{\"type\":\"library\",\"name\":\"x\"},\n", 1000), ",\n"))))
	require.Len(t, inv.Gaps, sbom.MaxGaps+1)
	require.Contains(t, inv.Gaps[99].Detail, "line 100:")
	require.Equal(t, "sbom: and 900 more of this kind", inv.Gaps[sbom.MaxGaps].Detail)
	require.Equal(t, release.CoveragePartial, inv.Coverage)
}

// Ways through components without package URL multiply; that is bounded and told.
func TestTooManyWays(t *testing.T) {
	t.Parallel()
	var list, edges []string
	for i := range 1500 {
		list = append(list, lib(fmt.Sprint("f", i), fmt.Sprintf("pkg:npm/f%d@1", i)), lib(fmt.Sprint("t", i), fmt.Sprintf("pkg:npm/t%d@1", i)))
		edges = append(edges, fmt.Sprintf("f%d hub", i), fmt.Sprintf("hub t%d", i))
	}
	inv := read(bom(components(append(list, `{"type":"file","name":"hub","bom-ref":"hub"}`)...), needs(edges...)))
	require.Empty(t, inv.Edges)
	require.Len(t, inv.Components, 3000)
	require.Equal(t, release.CoveragePartial, inv.Coverage)
	require.Equal(t, release.GapTooLarge, inv.Gaps[len(inv.Gaps)-1].Kind)
}

// So do ways between packages that have several package URLs each.
func TestTooManyPackageURLs(t *testing.T) {
	t.Parallel()
	urls := func(id int) string {
		var refs []string
		for i := range 100 {
			refs = append(refs, fmt.Sprintf(`{"referenceType":"purl","referenceLocator":"pkg:npm/p%d-%d@1"}`, id, i))
		}
		return fmt.Sprintf(`{"SPDXID":"p%d","name":"x","externalRefs":[%s]}`, id, strings.Join(refs, ","))
	}
	var list, edges []string
	for i := range 60 {
		list = append(list, urls(i))
		edges = append(edges, fmt.Sprintf("p%d DEPENDS_ON p%d", i, (i+1)%60))
	}
	inv := read(spdx(packages(list...), rel(edges...)))
	require.Empty(t, inv.Edges)
	require.Len(t, inv.Components, 6000)
	require.Equal(t, release.CoveragePartial, inv.Coverage)
	require.Equal(t, release.GapTooLarge, inv.Gaps[len(inv.Gaps)-1].Kind)
	for i := range 50 {
		list = append(list, urls(60+i))
	}
	inv = read(spdx(packages(list...)))
	require.Equal(t, release.CoverageMissing, inv.Coverage)
	require.Contains(t, inv.Gaps[0].String(), "too-large bom.json: sbom: more than 10000 package URLs besides the first")
}

// many is n elements.
func many(n int, f func(i int) string) []byte {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(f(i))
	}
	return []byte(b.String())
}

// text is a list between other text.
func text(head string, list []byte, tail string) []byte {
	return append(append([]byte(head), list...), tail...)
}

const head = `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[`

// It has a test of its own, so that the other inputs are not in memory.
func TestHostilePackageURLs(t *testing.T) {
	inputs := []hostile.Input{
		{Name: "SPDX packages with as many package URLs as fit", Text: text(`{"spdxVersion":"SPDX-2.3","packages":[`, many(100, func(i int) string {
			return `{"externalRefs":[` + string(many(3500, func(j int) string { return fmt.Sprintf(`{"referenceType":"purl","referenceLocator":"pkg:a/b%d"}`, j) })) + `]}`
		}), `]}`)},
		{Name: "SPDX packages with as many package URLs as may be", Text: text(`{"spdxVersion":"SPDX-2.3","packages":[`, many(101, func(i int) string {
			return fmt.Sprintf(`{"SPDXID":"p%d","externalRefs":[`, i) + string(many(100, func(j int) string {
				return fmt.Sprintf(`{"referenceType":"purl","referenceLocator":"pkg:a/b%d-%d"}`, i, j)
			})) + `]}`
		}), `],"relationships":[`+string(many(101, func(i int) string {
			return fmt.Sprintf(`{"spdxElementId":"p%d","relationshipType":"DEPENDS_ON","relatedSpdxElement":"p%d"}`, i, (i+1)%101)
		}))+`]}`)},
		{Name: "package URLs that are escaped over and over", Text: text(head, many(2000, func(i int) string {
			return `{"purl":"pkg:npm/a@1?x=` + strings.Repeat("%2525", 1300) + `2F%2F"}`
		}), `]}`), Fine: true},
	}
	hostile.Check(t, inputs, refused)
}

// refused is for [hostile.Check].
func refused(b []byte) bool {
	inv := sbom.Read("x", b)
	return inv.Coverage != release.CoverageComplete && len(inv.Gaps) > 0
}

func TestHostile(t *testing.T) {
	bad := many(sbom.MaxComponents, func(i int) string { return fmt.Sprintf(`{"type":"library","name":"%d","bom-ref":"x"}`, i) })
	good := many(sbom.MaxComponents-1, func(i int) string { return fmt.Sprintf(`{"bom-ref":"r%d","purl":"pkg:npm/p%d@1"}`, i, i) })
	chain := many(sbom.MaxComponents-1, func(i int) string {
		return fmt.Sprintf(`{"ref":"r%d","dependsOn":["r%d","r%d","r%d"]}`, i, (i+1)%40000, (i*7)%40000, (i*31)%40000)
	})
	inputs := append(hostile.Texts(),
		hostile.Input{Name: "30 MB of empty components", Text: text(head, []byte(strings.Repeat("{},", 10_000_000)+"{}"), `]}`)},
		hostile.Input{Name: "as many components as may be, all without package URL and of one reference", Text: text(head, bad, `]}`)},
		hostile.Input{Name: "as many components and dependencies as may be", Text: text(head, good, `],"dependencies":[`+string(chain)+`]}`), Fine: true},
		hostile.Input{Name: "licences in a component", Text: text(head+`{"licenses":[`, many(60_000, func(int) string { return "{}" }), `]}]}`)},
		hostile.Input{Name: "30 MB of dependencies", Text: text(`{"bomFormat":"CycloneDX","specVersion":"1.6","dependencies":[{"ref":"a","dependsOn":[`, []byte(strings.Repeat(`"b",`, 7_000_000)+`"b"`), `]}]}`)},
		hostile.Input{Name: "SPDX packages without anything", Text: text(`{"spdxVersion":"SPDX-2.3","packages":[`, many(sbom.MaxComponents, func(int) string { return "{}" }), `]}`)},
		hostile.Input{Name: "SPDX relationships to what is not there", Text: text(`{"spdxVersion":"SPDX-2.3","packages":[],"relationships":[`, many(sbom.MaxEdges, func(i int) string {
			return fmt.Sprintf(`{"spdxElementId":"%d","relationshipType":"DEPENDS_ON","relatedSpdxElement":"x%d"}`, i, i)
		}), `]}`)},
		hostile.Input{Name: "compositions", Text: text(`{"bomFormat":"CycloneDX","specVersion":"1.6","compositions":[`, []byte(strings.Repeat("{},", 5_000_000)+"{}"), `]}`)},
		hostile.Input{Name: "services", Text: text(`{"bomFormat":"CycloneDX","specVersion":"1.6","services":[`, many(300_000, func(i int) string { return fmt.Sprintf(`{"bom-ref":"%d"}`, i) }), `]}`)},
	)
	hostile.Check(t, inputs, refused)
}
