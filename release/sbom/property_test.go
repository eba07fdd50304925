package sbom_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/sbom"
)

// model is components 0 to n-1 (0 is the root) and who needs whom.
type model struct {
	purls []string // "" of those without
	needs [][2]int
}

func drawModel(t *rapid.T) model {
	n := rapid.IntRange(2, 7).Draw(t, "n") // of no components the library writes null
	m := model{purls: make([]string, n)}
	for i := range m.purls {
		if rapid.IntRange(0, 3).Draw(t, "named") > 0 {
			m.purls[i] = fmt.Sprintf("pkg:npm/p%d@%d", rapid.IntRange(0, 2).Draw(t, "name"), i)
		}
	}
	for range rapid.IntRange(0, 12).Draw(t, "edges") {
		m.needs = append(m.needs, [2]int{rapid.IntRange(0, n-1).Draw(t, "from"), rapid.IntRange(0, n-1).Draw(t, "to")})
	}
	return m
}

// reach are those with a package URL that i needs, through those without.
func (m model) reach(i int, seen map[int]bool) (out []int) {
	for _, e := range m.needs {
		if e[0] != i || seen[e[1]] {
			continue
		}
		seen[e[1]] = true
		if m.purls[e[1]] != "" {
			out = append(out, e[1])
		} else {
			out = append(out, m.reach(e[1], seen)...)
		}
	}
	return out
}

// want is what a reader must say, found the slow way.
func (m model) want() (components, edges []string) {
	relation := make([]string, len(m.purls))
	var follow func(i int)
	follow = func(i int) {
		for _, j := range m.reach(i, map[int]bool{}) {
			if relation[j] == "" {
				relation[j] = "transitive"
				follow(j)
			}
		}
	}
	direct := m.reach(0, map[int]bool{0: true})
	for _, j := range direct {
		relation[j] = "direct"
	}
	for _, j := range direct {
		follow(j)
	}
	for i, p := range m.purls {
		if p != "" {
			for _, j := range m.reach(i, map[int]bool{i: true}) {
				edges = append(edges, p+" > "+m.purls[j])
			}
			if i > 0 {
				components = append(components, p+" "+strings.Replace(" "+relation[i], "  ", " unknown", 1)[1:])
			}
		}
	}
	for i, c := range components {
		if strings.HasSuffix(c, " ") {
			components[i] = c + "unknown"
		}
	}
	slices.Sort(components)
	slices.Sort(edges)
	return components, slices.Compact(edges)
}

// cyclonedx writes the model with CycloneDX's own library, in any order.
func (m model) cyclonedx(t *rapid.T) []byte {
	component := func(i int) cdx.Component {
		return cdx.Component{BOMRef: fmt.Sprint(i), Type: cdx.ComponentTypeLibrary, Name: fmt.Sprint("n", i), PackageURL: m.purls[i]}
	}
	root := component(0)
	var list []cdx.Component
	var needs []cdx.Dependency
	for i := range m.purls {
		var to []string
		for _, e := range m.needs {
			if e[0] == i {
				to = append(to, fmt.Sprint(e[1]))
			}
		}
		if i > 0 {
			list = append(list, component(i))
		}
		needs = append(needs, cdx.Dependency{Ref: fmt.Sprint(i), Dependencies: &to})
	}
	list = rapid.Permutation(list).Draw(t, "list")
	needs = rapid.Permutation(needs).Draw(t, "needs")
	b := cdx.NewBOM()
	b.Metadata = &cdx.Metadata{Component: &root}
	b.Components, b.Dependencies = &list, &needs
	var out bytes.Buffer
	version := rapid.SampledFrom([]cdx.SpecVersion{cdx.SpecVersion1_4, cdx.SpecVersion1_5, cdx.SpecVersion1_6, cdx.SpecVersion1_7}).Draw(t, "version")
	require.NoError(t, cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(rapid.Bool().Draw(t, "pretty")).EncodeVersion(b, version))
	return out.Bytes()
}

// spdx writes it as SPDX, with each dependency in either direction.
func (m model) spdx(t *rapid.T) []byte {
	var list []string
	for i, p := range m.purls {
		list = append(list, pkg(fmt.Sprint(i), p))
	}
	relations := []string{"SPDXRef-DOCUMENT DESCRIBES 0"}
	for _, e := range m.needs {
		if rapid.Bool().Draw(t, "turned") {
			relations = append(relations, fmt.Sprint(e[1], " DEPENDENCY_OF ", e[0]))
		} else {
			relations = append(relations, fmt.Sprint(e[0], " DEPENDS_ON ", e[1]))
		}
	}
	return []byte(spdx(packages(rapid.Permutation(list).Draw(t, "packages")...), rel(rapid.Permutation(relations).Draw(t, "relations")...)))
}

// Both formats, in any order, say what a slow walk over the model says.
func TestReadsTheModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		components, edges := m.want()
		for _, b := range [][]byte{m.cyclonedx(t), m.spdx(t)} {
			inv := sbom.Read("x", b)
			var gotComponents, gotEdges []string
			for _, c := range inv.Components {
				gotComponents = append(gotComponents, fmt.Sprint(c.PURL, " ", c.Relation))
			}
			for _, e := range inv.Edges {
				gotEdges = append(gotEdges, fmt.Sprint(e.From, " > ", e.To))
			}
			slices.Sort(gotComponents)
			slices.Sort(gotEdges)
			require.Equal(t, components, gotComponents, "%s", b)
			require.Equal(t, edges, gotEdges, "%s", b)
			require.Equal(t, m.purls[0], string(inv.Root))
			require.Equal(t, slices.Contains(m.purls[1:], ""), inv.Coverage != release.CoverageComplete)
		}
	})
}

// Whatever the bytes are: what is not completely read has gaps, everything is sorted
// and printable, a second reading says the same, and white space changes nothing.
func FuzzRead(f *testing.F) {
	f.Add([]byte(bom(root("r", ""), components(lib("a", "pkg:npm/a@1", components(lib("b", "pkg:npm/b")))), needs("r a", "a x"), `"compositions":[{"aggregate":"unknown"}]`)))
	f.Add([]byte(bom(components(lib("a", "pkg:npm/a@1?vcs_url=git%2Bhttps%3A%2F%2Fu:p%40x.io", `"licenses":[{"license":{"name":"x y"}}]`, `"hashes":[{"alg":"SHA-256","content":"00"}]`)))))
	f.Add([]byte(spdx(packages(pkg("a", "pkg:deb/debian/a@1?arch=amd64", `"licenseDeclared":"MIT OR (X)"`), pkg("b", "")), rel("a CONTAINS b", "SPDXRef-DOCUMENT DESCRIBES b"))))
	f.Add([]byte(`{"@context":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		inv := sbom.Read("x", b)
		again := sbom.Read("x", slices.Clone(b))
		require.Equal(t, inv, again)
		if inv.Coverage != release.CoverageComplete {
			require.NotEmpty(t, inv.Gaps)
		}
		if inv.Coverage == release.CoverageMissing {
			require.Empty(t, inv.Components)
			require.Len(t, inv.Gaps, 1)
		}
		require.True(t, slices.IsSortedFunc(inv.Components, func(a, b release.Component) int { return strings.Compare(string(a.PURL), string(b.PURL)) }))
		there := map[release.PURL]bool{inv.Root: true}
		for _, c := range inv.Components {
			there[c.PURL] = true
			p, err := release.ParsePURL(string(c.PURL))
			require.NoError(t, err)
			require.Equal(t, c.PURL, p)
			for _, s := range []string{c.License, c.Integrity} {
				require.Equal(t, s, release.Text(s).String())
			}
		}
		for i, e := range inv.Edges {
			require.True(t, there[e.From] && there[e.To] && e.From != "" && e.To != "", "%v", e)
			require.True(t, i == 0 || inv.Edges[i-1].From < e.From || inv.Edges[i-1].From == e.From && inv.Edges[i-1].To < e.To)
		}
		for _, g := range inv.Gaps {
			require.Equal(t, g.String(), release.Text(g.String()).String())
		}
		text, err := json.Marshal(inv)
		require.NoError(t, err)
		require.NotEmpty(t, text)
		if inv.Coverage != release.CoverageMissing {
			spaced := sbom.Read("x", append(append([]byte("  "), b...), ' '))
			require.Equal(t, inv.Components, spaced.Components)
			require.Equal(t, inv.Edges, spaced.Edges)
		}
	})
}

// A bill of materials of 2,000 components and 6,000 dependencies.
func BenchmarkRead(b *testing.B) {
	var list, edges, spdxList, spdxEdges []string
	for i := range 2000 {
		purl := fmt.Sprintf("pkg:npm/%%40scope%d/package-%d@1.%d.0", i%50, i, i%7)
		hash := fmt.Sprintf("%064x", i+1)
		list = append(list, lib(fmt.Sprint("ref-", i), purl, fmt.Sprintf(`"version":"1.%d.0","description":"A package that does something or other.","licenses":[{"license":{"id":"MIT"}}],"hashes":[{"alg":"SHA-256","content":%q}],"properties":[{"name":"a","value":"b"}]`, i%7, hash)))
		spdxList = append(spdxList, pkg(fmt.Sprint("ref-", i), purl, fmt.Sprintf(`"versionInfo":"1.%d.0","licenseDeclared":"MIT","downloadLocation":"NOASSERTION","checksums":[{"algorithm":"SHA256","checksumValue":%q}]`, i%7, hash)))
		edges = append(edges, fmt.Sprintf("ref-%d ref-%d ref-%d ref-%d", i, (i*3+1)%2000, (i*7+2)%2000, (i*11+3)%2000))
		for _, j := range []int{(i*3 + 1) % 2000, (i*7 + 2) % 2000, (i*11 + 3) % 2000} {
			spdxEdges = append(spdxEdges, fmt.Sprintf("ref-%d DEPENDS_ON ref-%d", i, j))
		}
	}
	for name, text := range map[string]string{"cyclonedx": bom(components(list...), needs(edges...)), "spdx": spdx(packages(spdxList...), rel(spdxEdges...))} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				inv := sbom.Read("x", []byte(text))
				if len(inv.Components) != 2000 || len(inv.Edges) < 5900 {
					b.Fatal(len(inv.Components), len(inv.Edges), inv.Gaps)
				}
			}
		})
	}
}
