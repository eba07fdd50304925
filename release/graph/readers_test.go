package graph_test

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/graph"
)

// lines are a graph's edges and gaps in short.
func lines(t testing.TB, b *graph.Builder) (out []string) {
	t.Helper()
	g, err := b.Build()
	require.NoError(t, err)
	for n := range g.All() {
		down, ok := g.Dependencies(n.ID)
		require.True(t, ok)
		for _, e := range down {
			out = append(out, fmt.Sprint(strings.ReplaceAll(e.From, "pkg:golang/", ""), " ", e.Kind, " ", strings.ReplaceAll(e.To, "pkg:golang/", "")))
		}
		if up, _ := g.Dependents(n.ID); len(up)+len(down) == 0 {
			out = append(out, n.ID)
		}
		if n.Criticality != 0 {
			out = append(out, fmt.Sprint(n.ID, " ", n.Criticality))
		}
	}
	for _, gap := range g.Gaps() {
		out = append(out, "gap "+gap.String())
	}
	return out
}

func TestAddInventory(t *testing.T) {
	t.Parallel()
	part := func(purl release.PURL, r release.Relation, s release.Scope) release.Component {
		return release.Component{PURL: purl, Relation: r, Scope: s}
	}
	complete := func(c ...release.Component) release.Inventory {
		return release.Inventory{Source: release.Source{Path: "bom.json"}, Coverage: release.CoverageComplete, Components: c}
	}
	edges := func(inv release.Inventory, e ...release.Edge) release.Inventory {
		inv.Edges = e
		return inv
	}
	root := func(inv release.Inventory) release.Inventory {
		inv.Root = "pkg:npm/r@1"
		return inv
	}
	long := release.PURL("pkg:npm/" + strings.Repeat("x", graph.MaxID) + "@1")
	a, b := part("pkg:npm/a@1", release.RelationDirect, release.ScopeRuntime), part("pkg:npm/b@1", release.RelationTransitive, release.ScopeUnknown)
	for _, c := range []struct {
		name, service string
		inv           release.Inventory
		want          []string
	}{
		{"direct", "s", complete(a), []string{"s runtime pkg:npm/a"}},
		{"of unknown relation", "s", complete(part("pkg:npm/a@1", release.RelationUnknown, release.ScopeUnknown)), []string{"s unknown pkg:npm/a"}},
		{"transitive, and nobody says of whom", "s", complete(a, b), []string{"s runtime pkg:npm/a", "s unknown pkg:npm/b"}},
		{"transitive", "s", edges(complete(a, b), release.Edge{From: a.PURL, To: b.PURL}), []string{"pkg:npm/a unknown pkg:npm/b", "s runtime pkg:npm/a"}},
		{"an island", "s", edges(complete(part("pkg:npm/a@1", release.RelationTransitive, release.ScopeRuntime), b), release.Edge{From: a.PURL, To: b.PURL}, release.Edge{From: b.PURL, To: a.PURL}),
			[]string{"pkg:npm/a unknown pkg:npm/b", "pkg:npm/b runtime pkg:npm/a", "s runtime pkg:npm/a"}},
		{"for development", "s", complete(part("pkg:npm/a@1", release.RelationDirect, release.ScopeDevelopment), part("pkg:npm/b@1", release.RelationDirect, release.ScopeOptional)), []string{"s build pkg:npm/a", "s runtime pkg:npm/b"}},
		{"two versions, one for development", "s", complete(part("pkg:npm/a@1", release.RelationDirect, release.ScopeDevelopment), part("pkg:npm/a@2", release.RelationTransitive, release.ScopeRuntime)), []string{"s runtime pkg:npm/a"}},
		{"the root is the service", "", root(edges(complete(a), release.Edge{From: "pkg:npm/r@1", To: a.PURL})), []string{"pkg:npm/r runtime pkg:npm/a"}},
		{"the root by another name", "s", root(edges(complete(a), release.Edge{From: "pkg:npm/r@1", To: a.PURL}, release.Edge{From: a.PURL, To: "pkg:npm/r@1"})), []string{"pkg:npm/a unknown s", "pkg:npm/r part s", "s runtime pkg:npm/a", "s part pkg:npm/r"}},
		{"direct and needed by another", "s", edges(complete(a, part("pkg:npm/c@1", release.RelationDirect, release.ScopeRuntime)), release.Edge{From: a.PURL, To: "pkg:npm/c@1"}), []string{"pkg:npm/a runtime pkg:npm/c", "s runtime pkg:npm/a", "s runtime pkg:npm/c"}},
		{"a part of them", "s", release.Inventory{Source: release.Source{Path: "bom.json"}, Coverage: release.CoveragePartial, Components: []release.Component{a}},
			[]string{"s runtime pkg:npm/a", "gap incomplete bom.json: coverage of the components is partial: more may be needed than the graph says"}},
		{"a name that is too long", "s", complete(a, part(long, release.RelationDirect, release.ScopeRuntime)), []string{"s runtime pkg:npm/a", "gap unreadable bom.json: package URLs that name nothing or are longer than 4096 bytes are not in the graph"}},
		{"a root that is too long", "", release.Inventory{Root: long, Source: release.Source{Path: "bom.json"}, Coverage: release.CoverageComplete, Components: []release.Component{a}},
			[]string{"pkg:npm/a", "gap incomplete bom.json: it does not say what consists of its components", "gap unreadable bom.json: package URLs that name nothing or are longer than 4096 bytes are not in the graph"}},
		{"no package URL", "s", complete(a, part("", release.RelationDirect, release.ScopeRuntime), part("npm/b", release.RelationDirect, release.ScopeRuntime)), []string{"s runtime pkg:npm/a", "gap unreadable bom.json: package URLs that name nothing or are longer than 4096 bytes are not in the graph"}},
		{"nobody", "", edges(complete(a, b), release.Edge{From: a.PURL, To: b.PURL}), []string{"pkg:npm/a unknown pkg:npm/b", "gap incomplete bom.json: it does not say what consists of its components"}},
		{"missing", "s", release.Inventory{Source: release.Source{Path: "bom.json"}, Gaps: []release.Gap{{Kind: release.GapUnreadable, Subject: "bom.json", Detail: "x"}}},
			[]string{"s", "gap incomplete bom.json: coverage of the components is missing: more may be needed than the graph says", "gap unreadable bom.json: x"}},
		{"qualifiers are no other package", "s", complete(part("pkg:deb/debian/a@1?arch=amd64", release.RelationDirect, release.ScopeRuntime), part("pkg:deb/debian/a@1?arch=arm64", release.RelationDirect, release.ScopeRuntime)), []string{"s runtime pkg:deb/debian/a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var b graph.Builder
			b.AddInventory(c.service, c.inv)
			require.Equal(t, c.want, lines(t, &b))
		})
	}
}

// A service that is published as a package is found by those who need the package, and
// the other way round.
func TestServicesOfSeveralInventories(t *testing.T) {
	t.Parallel()
	var b graph.Builder
	for _, s := range []struct{ service, root, needs release.PURL }{{"component:default/cart", "pkg:npm/cart@1", "pkg:npm/left@1"}, {"component:default/web", "pkg:npm/web@3", "pkg:npm/cart@1"}} {
		b.AddInventory(string(s.service), release.Inventory{Coverage: release.CoverageComplete, Root: s.root,
			Components: []release.Component{{PURL: s.needs, Scope: release.ScopeRuntime}}, Edges: []release.Edge{{From: s.root, To: s.needs}}})
	}
	g, err := b.Build()
	require.NoError(t, err)
	for source, strength := range map[string]float64{"pkg:npm/left": 0.25, "component:default/cart": 0.5, "pkg:npm/cart": 0.5} {
		r, err := g.Impact([]string{source}, graph.Options{})
		require.NoError(t, err)
		i := slices.IndexFunc(r.Reached, func(i graph.Impacted) bool { return i.Node.ID == "component:default/web" })
		require.GreaterOrEqual(t, i, 0, "%s", source)
		require.Equal(t, strength, r.Reached[i].Strength)
		require.True(t, r.Complete())
	}
}

func TestAddModGraph(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"plain", "m.io/m a.io/x@v1.0.0\nm.io/m go@1.26\na.io/x@v1.0.0 b.io/y/v2@v2.1.0\ntoolchain@go1.26 go@1.26\n", []string{"a.io/x unknown b.io/y/v2", "m.io/m unknown a.io/x", "m.io/m unknown stdlib", "toolchain unknown stdlib"}},
		{"versions are one", "m.io/m a.io/x@v1.0.0\nm.io/m a.io/x@v1.1.0\na.io/x@v1.0.0 a.io/x@v1.1.0", []string{"m.io/m unknown a.io/x"}},
		{"T17 pseudo-versions and +incompatible", "m.io/m a.io/x@v0.0.0-20240102030405-abcdefabcdef\nm.io/m a.io/y@v2.0.0+incompatible\n", []string{"m.io/m unknown a.io/x", "m.io/m unknown a.io/y"}},
		{"empty", "", []string{"gap unreadable g.txt: graph: the output is empty: a module without requirements has none, and so has a command that failed"}},
		{"an error message", "go: errors parsing go.mod:\n", []string{"gap unreadable g.txt: graph: line 1: 4 words are not two modules"}},
		{"cut", "m.io/m a.io/x@v1.0.0\nm.io/m\n", []string{"gap unreadable g.txt: graph: line 2: 1 words are not two modules"}},
		{"no version behind the @", "m.io/m a.io/x@\n", []string{`gap unreadable g.txt: graph: line 1: "a.io/x@" has no version behind the @`}},
		{"no name", "m.io/m @v1\n", []string{"gap unreadable g.txt: graph: line 1: release: purl"}},
		{"not text", "m.io/m \xff@v1\n", []string{"gap unreadable g.txt: graph: the text is not valid UTF-8"}},
		{"control characters", "m.io/m a\x1b[31m@v1\n", []string{"gap unreadable g.txt: graph: line 1: release: purl"}},
		{"a name that is too long", "m.io/m " + strings.Repeat("a", 5000) + "@v1\n", []string{"gap unreadable g.txt: graph: line 1: "}},
		{"a name that is too long as a package URL", "m.io/m " + strings.Repeat("é", 1500) + "@v1\n", []string{"gap unreadable g.txt: graph: line 1: "}},
		{"too many lines", strings.Repeat("a b@v1\n", graph.MaxModEdges+1), []string{"gap too-large g.txt: graph: more than 100000 lines"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var b graph.Builder
			b.AddModGraph("g.txt", []byte(c.text))
			got := lines(t, &b)
			require.Len(t, got, len(c.want), "%v", got)
			for i := range got {
				require.True(t, strings.HasPrefix(got[i], c.want[i]), "%s", got[i])
			}
		})
	}
}

const list = `{"ImportPath":"fmt","Standard":true,"Imports":["io"],"DepOnly":true}
{"ImportPath":"io","Standard":true}
{"ImportPath":"a.io/x/sub","Module":{"Path":"a.io/x","Version":"v1.0.0"},"Imports":["fmt","C","b.io/y"]}
{"ImportPath":"b.io/y","Module":{"Path":"b.io/y"},"Imports":["fmt"]}
{"ImportPath":"m.io/m/cart","Module":{"Path":"m.io/m","Main":true},"Imports":["a.io/x/sub","old"],"ImportMap":{"old":"b.io/y"}}
{"ImportPath":"m.io/m","Module":{"Path":"m.io/m","Main":true},"Imports":["m.io/m/cart"],"TestImports":["testing","a.io/x/sub"],"XTestImports":["m.io/m/cart"]}
`

func TestAddPackages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"plain", list, []string{"a.io/x runtime b.io/y", "a.io/x runtime stdlib", "b.io/y runtime stdlib", "m.io/m test a.io/x", "m.io/m runtime m.io/m#cart", "m.io/m test m.io/m#cart", "m.io/m test stdlib",
			"m.io/m#cart runtime a.io/x", "m.io/m#cart runtime b.io/y"}},
		{"compiled for a test", `{"ImportPath":"m.io/m [m.io/m.test]","ForTest":"m.io/m","Module":{"Path":"m.io/m","Main":true},"Imports":["a.io/x"]}{"ImportPath":"a.io/x","Module":{"Path":"a.io/x"}}`, []string{"m.io/m test a.io/x"}},
		{"an import that is not there", `{"ImportPath":"m.io/m","Module":{"Path":"m.io/m","Main":true},"Imports":["a.io/gone","a.io/gone2"]}`, []string{"pkg:golang/m.io/m", `gap incomplete l.json: "m.io/m" imports 2 packages that are not in the output, such as "a.io/gone"`}},
		{"a test's import that is not there", `{"ImportPath":"m.io/m","Module":{"Path":"m.io/m","Main":true},"TestImports":["a.io/gone"]}`, []string{"pkg:golang/m.io/m", `gap incomplete l.json: "m.io/m" imports 1 packages that are not in the output, such as "a.io/gone"`}},
		{"a test's import of a module without a dot", `{"ImportPath":"shop/m","Module":{"Path":"shop/m","Main":true},"TestImports":["shop/gone","testing"]}`, []string{"shop/m test stdlib", `gap incomplete l.json: "shop/m" imports 1 packages`}},
		{"the tests of other modules", `{"ImportPath":"a.io/x","Module":{"Path":"a.io/x"},"TestImports":["b.io/gone"],"XTestImports":["b.io/gone"]}{"ImportPath":"fmt","Standard":true,"TestImports":["internal/gone"]}`, []string{"pkg:golang/a.io/x", "pkg:golang/stdlib"}},
		{"the tests of a module that nobody names", `{"ImportPath":"a.io/x","TestImports":["b.io/gone"]}`, []string{"pkg:golang/a.io/x", `gap incomplete l.json: "a.io/x" imports 1 packages`}},
		{"what other modules import", `{"ImportPath":"a.io/x","Module":{"Path":"a.io/x"},"Imports":["b.io/gone"]}`, []string{"pkg:golang/a.io/x", `gap incomplete l.json: "a.io/x" imports 1 packages`}},
		{"another package compiled for a test", `{"ImportPath":"m.io/m/b [m.io/m/c.test]","ForTest":"m.io/m/c","Module":{"Path":"m.io/m","Main":true},"Imports":["a.io/x"]}{"ImportPath":"a.io/x","Module":{"Path":"a.io/x"}}`, []string{"m.io/m#b test a.io/x"}},
		{"what it imports was not loaded", `{"ImportPath":"a.io/x","Module":{"Path":"a.io/x"},"DepsErrors":[{"Err":"no"}]}`, []string{"pkg:golang/a.io/x", `gap incomplete l.json: the go command could not load "a.io/x"`}},
		{"the program that runs tests", `{"ImportPath":"m.io/m/c_test [m.io/m/c.test]","ForTest":"m.io/m/c","Module":{"Path":"m.io/m","Main":true},"Imports":["a.io/x"]}{"ImportPath":"a.io/x","Module":{"Path":"a.io/x"}}{"ImportPath":"testing/internal/testdeps","Standard":true}` +
			`{"ImportPath":"m.io/m/c.test","Module":{"Path":"m.io/m","Main":true},"Imports":["m.io/m/c_test [m.io/m/c.test]","testing/internal/testdeps"]}`, []string{"m.io/m#c test a.io/x", "m.io/m#c test stdlib"}},
		{"a directory that is called like one", `{"ImportPath":"m.io/m/c.test","Module":{"Path":"m.io/m","Main":true},"Imports":["a.io/x"]}{"ImportPath":"a.io/x","Module":{"Path":"a.io/x"}}`, []string{"m.io/m#c.test runtime a.io/x"}},
		{"a name that is too long as a package URL", `{"ImportPath":"` + strings.Repeat("é", 1500) + `"}`, []string{"gap unreadable l.json: "}},
		{"not loaded", `{"ImportPath":"m.io/m","Module":{"Path":"m.io/m","Main":true},"Incomplete":true,"Error":{"Err":"no"}}`, []string{"pkg:golang/m.io/m", `gap incomplete l.json: the go command could not load "m.io/m" or what it imports`}},
		{"empty", " \n", []string{"gap unreadable l.json: graph: at byte 2 (line 2, column 1): the output lists no packages"}},
		{"no ImportPath", `{}`, []string{"gap unreadable l.json: graph: at byte 2 (line 1, column 3): a package has no ImportPath"}},
		{"an array", `[]`, []string{"gap unreadable l.json: graph: at byte 0 (line 1, column 1): an object must stand here"}},
		{"cut", list[:200], []string{"gap unreadable l.json: graph: at byte 200"}},
		{"a name twice", `{"ImportPath":"a","ImportPath":"b"}`, []string{"gap unreadable l.json: graph: at byte 19 (line 1, column 20): the name"}},
		{"a name in another case", `{"ImportPath":"a","imports":["b"]}`, []string{"gap unreadable l.json: graph: at byte 28 (line 1, column 29): some parsers take"}},
		{"a wrong type", `{"ImportPath":"a","Imports":"b"}`, []string{"gap unreadable l.json: graph: at byte 28 (line 1, column 29): an array must stand here"}},
		{"no bool", `{"ImportPath":"a","Standard":1}`, []string{"gap unreadable l.json: graph: at byte 30 (line 1, column 31): true or false must stand here"}},
		{"a path of control characters", `{"ImportPath":"\u001b[31m"}`, []string{"gap unreadable l.json: "}},
		{"a path that is no module's", `{"ImportPath":"a","Module":{"Path":""}}{"ImportPath":""}`, []string{"gap unreadable l.json: "}},
		{"too many packages", strings.Repeat(`{"ImportPath":"a"}`, graph.MaxPackages+1), []string{"gap too-large l.json: "}},
		{"too many imports", `{"ImportPath":"a","Imports":[` + strings.Repeat(`"b",`, graph.MaxImports) + `"b"]}`, []string{"gap too-large l.json: "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var b graph.Builder
			b.AddPackages("l.json", []byte(c.text))
			got := lines(t, &b)
			require.Len(t, got, len(c.want), "%v", got)
			for i := range got {
				require.True(t, strings.HasPrefix(got[i], c.want[i]), "%s", got[i])
			}
		})
	}
}

// What the go command says of this very package.
func TestGoCommand(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs the go command")
	}
	run := func(args ...string) []byte {
		out, err := exec.Command("go", args...).Output()
		require.NoError(t, err, "go %v", args)
		return out
	}
	var b graph.Builder
	b.AddPackages("list.json", run("list", "-deps", "-json", "."))
	b.AddModGraph("graph.txt", run("mod", "graph"))
	g, err := b.Build()
	require.NoError(t, err)
	r, err := g.Impact([]string{"pkg:golang/go.yaml.in/yaml/v3"}, graph.Options{})
	require.NoError(t, err)
	i := slices.IndexFunc(r.Reached, func(i graph.Impacted) bool {
		return i.Node.ID == "pkg:golang/github.com/sallyport-dev/sallyport#release/graph"
	})
	require.GreaterOrEqual(t, i, 0)
	require.Equal(t, 0.5, r.Reached[i].Strength)
	down, ok := g.Dependencies("pkg:golang/github.com/sallyport-dev/sallyport#release/graph")
	require.True(t, ok)
	require.Contains(t, down, graph.Edge{From: "pkg:golang/github.com/sallyport-dev/sallyport#release/graph", To: "pkg:golang/github.com/sallyport-dev/sallyport#release", Kind: graph.EdgeRuntime})
	for _, gap := range g.Gaps() { // only tests import what "go list -deps" does not list
		require.Equal(t, release.GapIncomplete, gap.Kind, "%s", gap)
	}
}

func entity(kind, metadata, spec string) string {
	return "---\napiVersion: backstage.io/v1alpha1\nkind: " + kind + "\nmetadata: {" + metadata + "}\nspec: {" + spec + "}\n"
}

func TestAddCatalog(t *testing.T) {
	t.Parallel()
	tier := &graph.CatalogOptions{Annotation: "x/tier", Levels: map[string]float64{"Gold": 0.9, "tin": 0.1}, Lifecycles: map[string]float64{"experimental": 0.3}}
	a, b := entity("Component", "name: a", ""), entity("Component", "name: b", "")
	for _, c := range []struct {
		name, text string
		options    *graph.CatalogOptions
		want       []string
	}{
		{"dependsOn", entity("Component", "name: a", "dependsOn: ['component:b', 'Resource:default/DB']") + b + entity("Resource", "name: db", ""), nil,
			[]string{"component:default/a runtime component:default/b", "component:default/a runtime resource:default/db"}},
		{"dependencyOf", a + entity("Resource", "name: db", "dependencyOf: ['component:a']"), nil, []string{"component:default/a runtime resource:default/db"}},
		{"APIs", entity("Component", "name: a", "providesApis: [x]") + entity("Component", "name: b", "consumesApis: [x, other/y]") + entity("API", "name: x", "") + entity("API", "name: y, namespace: other", ""), nil,
			[]string{"api:default/x part component:default/a", "component:default/b runtime api:default/x", "component:default/b runtime api:other/y"}},
		{"parts", entity("Component", "name: a", "system: s, subcomponentOf: b") + b + entity("System", "name: s", "domain: d") + entity("Domain", "name: d", "subdomainOf: e") + entity("Domain", "name: e", ""), nil,
			[]string{"component:default/b part component:default/a", "domain:default/d part system:default/s", "domain:default/e part domain:default/d", "system:default/s part component:default/a"}},
		{"another namespace", entity("Component", "name: a, namespace: n", "dependsOn: ['component:b', 'component:default/b'], system: s") + b, nil,
			[]string{"component:n/a runtime component:default/b", "component:n/a runtime component:n/b", "system:n/s part component:n/a", "gap incomplete c.yaml: graph: it names what no catalog describes: component:n/b, system:n/s"}},
		{"no kind", entity("Component", "name: a", "dependsOn: [b]") + b, nil, []string{"component:default/a runtime component:default/b", `gap ambiguous c.yaml: graph: line 5: dependsOn of component:default/a names "b" without a kind: taken for a component`}},
		{"itself", entity("Component", "name: a", "dependsOn: ['component:A']"), nil, []string{"component:default/a"}},
		{"criticality", entity("Component", "name: a, annotations: {x/tier: gold}", "lifecycle: experimental") + entity("Component", "name: b", "lifecycle: Experimental") + entity("Component", "name: c, annotations: {x/tier: lead}", "lifecycle: experimental") + entity("Component", "name: d", "lifecycle: production"), tier,
			[]string{"component:default/a", "component:default/a 0.9", "component:default/b", "component:default/b 0.3", "component:default/c", "component:default/d", `gap unsupported c.yaml: graph: line 14: x/tier "lead" says nothing known of the criticality`}},
		{"criticality as a number", entity("Component", "name: a, annotations: {x/tier: '0.25'}", "") + entity("Component", "name: b, annotations: {x/tier: 'NaN'}", "") + entity("Component", "name: c, annotations: {x/tier: 0}", ""), &graph.CatalogOptions{Annotation: "x/tier"},
			[]string{"component:default/a", "component:default/a 0.25", "component:default/b", "component:default/c", `gap unsupported c.yaml: graph: line 14: x/tier "0" says`, `gap unsupported c.yaml: graph: line 9: x/tier "NaN" says`}},
		{"not asked for", entity("Component", "name: a, annotations: {x/tier: tin}", "lifecycle: experimental"), nil, []string{"component:default/a"}},
		{"described twice", entity("Component", "name: a, annotations: {x/tier: gold}", "") + entity("Component", "name: a, annotations: {x/tier: tin}", ""), tier, []string{"component:default/a", "component:default/a 0.9"}},
		{"people and templates", a + entity("User", "name: u", "") + entity("Group", "name: g", "") + entity("Template", "name: t", ""), nil, []string{"component:default/a"}},
		{"a template of another version", a + "---\napiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {name: t}\n", nil, []string{"component:default/a"}},
		{"a component of the scaffolder", "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Component\nmetadata: {name: t}\n", nil, []string{`gap unsupported c.yaml: graph: line 1: apiVersion "scaffolder.backstage.io/v1beta3" is not one of Backstage's`}},
		{"a spec in another file", entity("Component", "name: a", "$yaml: ./spec.yaml"), nil, []string{"component:default/a", "gap incomplete c.yaml: graph: line 5: the spec of component:default/a stands in another file, which was not read"}},
		{"no spec", "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: a}\n", nil, []string{"component:default/a", "gap unreadable c.yaml: graph: line 1: component:default/a has no spec that says what it needs"}},
		{"a spec that is a list", "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: a}\nspec: [dependsOn]\n", nil, []string{"component:default/a", "gap unreadable c.yaml: graph: line 1: component:default/a has no spec"}},
		{"a namespace that is no text", entity("Component", "name: a, namespace: [b]", ""), nil, []string{`gap unreadable c.yaml: graph: line 2: "" is no part of a reference to an entity`}},
		{"a namespace that is null", entity("Component", "name: a, namespace: null", ""), nil, []string{"component:default/a"}},
		{"a location", a + entity("Location", "name: l", "target: ./x.yaml"), nil, []string{"component:default/a", "gap incomplete c.yaml: graph: line 7: it refers to other files, which were not read"}},
		{"a kind that nobody knows", entity("Widget", "name: w", ""), nil, []string{`gap unsupported c.yaml: graph: line 2: kind "widget" is not known`}},
		{"another program's", "apiVersion: v1\nkind: Component\nmetadata: {name: a}\n", nil, []string{`gap unsupported c.yaml: graph: line 1: apiVersion "v1" is not one of Backstage's`}},
		{"no name", entity("Component", "", ""), nil, []string{`gap unreadable c.yaml: graph: line 2: "" is no part of a reference to an entity`}},
		{"a name with a slash", entity("Component", "name: a/b", ""), nil, []string{"gap unreadable"}},
		{"references that are none", entity("Component", "name: a", "dependsOn: ['', ':b', 'component:', 'component:n/', 'component:x/y/z', {a: b}, 'component:../b', \"component:\\e[31m\"]"), nil,
			[]string{"component:default/a", "gap unreadable", "gap unreadable", "gap unreadable", "gap unreadable", "gap unreadable"}}, // those for the same reason are one
		{"a mapping for a reference", entity("Component", "name: a", "dependsOn: {component: b}"), nil, []string{"component:default/a", "gap unreadable c.yaml: graph: line 5: dependsOn of component:default/a is no reference"}},
		{"one reference without a list", entity("Component", "name: a", "dependsOn: 'component:b'") + b, nil, []string{"component:default/a runtime component:default/b"}},
		{"a scalar", "hello\n", nil, []string{`gap unsupported c.yaml: graph: line 1: apiVersion "" is not`}},
		{"empty", "---\n---\n", nil, []string{"gap unreadable c.yaml: graph: it describes no entities"}},
		{"nothing", "", nil, []string{"gap unreadable c.yaml: graph: it describes no entities"}},
		{"a key twice", "apiVersion: backstage.io/v1alpha1\nkind: Component\nkind: User\n", nil, []string{"gap unreadable c.yaml: "}},
		{"not YAML", "a: [", nil, []string{"gap unreadable c.yaml: "}},
		{"too large", strings.Repeat("#", graph.MaxCatalog+1), nil, []string{"gap too-large c.yaml: "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var b graph.Builder
			b.AddCatalog("c.yaml", []byte(c.text), c.options)
			got := lines(t, &b)
			require.Len(t, got, len(c.want), "%s", strings.Join(got, "\n"))
			for i := range got {
				require.True(t, strings.HasPrefix(got[i], c.want[i]), "%s", got[i])
			}
		})
	}
}

// An entity that another file describes is no gap.
func TestCatalogsOfSeveralFiles(t *testing.T) {
	t.Parallel()
	var b graph.Builder
	b.AddCatalog("a.yaml", []byte(entity("Component", "name: a", "dependsOn: ['component:b', 'component:c']")), nil)
	b.AddCatalog("b.yaml", []byte(entity("Component", "name: b", "")), nil)
	require.Equal(t, []string{"component:default/a runtime component:default/b", "component:default/a runtime component:default/c", "gap incomplete a.yaml: graph: it names what no catalog describes: component:default/c"}, lines(t, &b))
}

// What could not be read stands in every answer.
func TestGapsReachTheResult(t *testing.T) {
	t.Parallel()
	var b graph.Builder
	b.AddEdge(graph.Edge{From: "a", To: "b"})
	b.AddModGraph("g.txt", nil)
	g, err := b.Build()
	require.NoError(t, err)
	r, err := g.Impact([]string{"b"}, graph.Options{})
	require.NoError(t, err)
	require.Len(t, r.Gaps, 1)
	require.False(t, r.Complete())
	r.Gaps[0].Subject = "changed by the caller"
	require.Equal(t, "g.txt", g.Gaps()[0].Subject)
}

func TestHostile(t *testing.T) {
	refused := func(add func(b *graph.Builder)) bool {
		var b graph.Builder
		add(&b)
		g, err := b.Build()
		return err != nil || len(g.Gaps()) > 0
	}
	for name, add := range map[string]func(*graph.Builder, []byte){
		"catalog":  func(b *graph.Builder, text []byte) { b.AddCatalog("x", text, nil) },
		"packages": func(b *graph.Builder, text []byte) { b.AddPackages("x", text) },
		"modgraph": func(b *graph.Builder, text []byte) { b.AddModGraph("x", text) },
	} {
		t.Run(name, func(t *testing.T) {
			inputs := append(hostile.Texts(),
				hostile.Input{Name: "many imports", Text: []byte(strings.Repeat(`{"ImportPath":"a","Imports":["`+strings.Repeat("b", 4000)+`"]}`, 10_000))},
				hostile.Input{Name: "many modules", Text: []byte(func() string {
					var b strings.Builder
					for i := range graph.MaxModEdges {
						fmt.Fprintf(&b, "m%d n%d@v1\n", i%24_000, i%25_000)
					}
					return b.String()
				}()), Fine: true},
				hostile.Input{Name: "many references", Text: []byte(entity("Component", "name: a", "dependsOn: ["+strings.Repeat("b,", 90_000)+"b]"))},
				hostile.Input{Name: "many entities", Text: []byte(strings.Repeat(entity("Widget", "name: a", ""), 9000))},
			)
			hostile.Check(t, inputs, func(text []byte) bool { return refused(func(b *graph.Builder) { add(b, text) }) })
		})
	}
}

// Whatever the bytes are: a text adds edges or leaves a gap, all names can be printed,
// and the same text makes the same graph.
func FuzzReaders(f *testing.F) {
	f.Add([]byte(list))
	f.Add([]byte("m.io/m a.io/x@v1.0.0\nm.io/m go@1.26\n"))
	f.Add([]byte(entity("Component", "name: a", "dependsOn: ['component:b', c], system: s")))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, add := range []func(*graph.Builder){
			func(b *graph.Builder) { b.AddCatalog("x", text, nil) },
			func(b *graph.Builder) { b.AddPackages("x", text) },
			func(b *graph.Builder) { b.AddModGraph("x", text) },
		} {
			var one, two graph.Builder
			add(&one)
			add(&two)
			add(&two) // a second time adds nothing
			got := lines(t, &one)
			require.Equal(t, got, lines(t, &two))
			people := strings.Contains(string(text), "User") || strings.Contains(string(text), "Group") || strings.Contains(string(text), "Template") ||
				strings.Contains(strings.ToLower(string(text)), "user") || strings.Contains(strings.ToLower(string(text)), "group") || strings.Contains(strings.ToLower(string(text)), "template")
			require.True(t, len(got) > 0 || people, "neither a node nor a gap")
			for _, l := range got {
				require.Equal(t, l, release.Text(l).String())
			}
		}
	})
}
