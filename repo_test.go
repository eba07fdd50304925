package sallyport_test

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/doc"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// module is the one place where the module's path stands as text in the code.
const module = "github.com/sallyport-dev/sallyport"

// goPackage is what `go list -json` says of a package.
type goPackage struct {
	ImportPath, Dir, Name string
	Imports, Deps         []string
	GoFiles               []string
	TestGoFiles           []string
	XTestGoFiles          []string
}

func (p goPackage) rel() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
}

// packages are the module's packages.
func packages(t *testing.T) []goPackage {
	t.Helper()
	// The go command takes a test's result from its cache unless a file or directory
	// changed that the test itself opened; what "go list" opens does not count.
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != "." && (d.Name()[0] == '.' || path == "out") {
			return fs.SkipDir
		}
		return err
	}))
	out := goTool(t, "list", "-json=ImportPath,Dir,Name,Imports,Deps,GoFiles,TestGoFiles,XTestGoFiles", "./...")
	var all []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p goPackage
		require.NoError(t, d.Decode(&p))
		all = append(all, p)
	}
	require.NotEmpty(t, all)
	return all
}

func goTool(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("go", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "go %s: %s", strings.Join(args, " "), stderr.String())
	return out
}

// rooms are the packages that never import each other: they meet in release.
var rooms = []string{"risk", "evidence", "rollout", "metrics"}

func room(rel string) string { return strings.SplitN(rel, "/", 2)[0] }

// mayImport says which of our packages from may import: the map of the README.
func mayImport(from, to string) bool {
	switch {
	case room(from) == "examples":
		return room(to) != "examples" || strings.HasPrefix(to, from+"/")
	case room(to) == "internal":
		return true
	case room(from) == "internal":
		switch to {
		case "release/journal": // what tests put around journals
			return slices.Contains([]string{"internal/faulty", "internal/linear", "internal/crashtest"}, from)
		case "release":
			return slices.Contains([]string{"internal/credit", "internal/linear", "internal/crashtest"}, from)
		}
		return false
	case from == "release":
		return false
	case room(from) == "release":
		return room(to) == "release"
	case slices.Contains(rooms, room(from)):
		if from == "rollout/health" || from == "rollout/calendar" {
			return false // they are pure and stand alone
		}
		if strings.HasPrefix(from, "rollout/health/") {
			return to == "rollout/health" // readers know nothing of rollouts
		}
		return room(to) == "release" || room(to) == room(from)
	}
	return false
}

func TestImportDirection(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, dep := range p.Imports {
			if to, ours := strings.CutPrefix(dep, module+"/"); ours {
				require.True(t, mayImport(p.rel(), to), "%s must not import %s", p.rel(), to)
			}
		}
	}
	// The rule itself can fail.
	for _, c := range [][2]string{{"risk", "evidence"}, {"rollout", "metrics"}, {"release", "risk"}, {"release/gitlog", "rollout"},
		{"rollout/health", "rollout"}, {"rollout/health/prometheus", "rollout"}, {"rollout/calendar", "rollout"}, {"release/report", "evidence"}, {"internal/stats", "metrics"}, {"risk", "examples/quickstart"}} {
		require.False(t, mayImport(c[0], c[1]), "%v", c)
	}
}

// heavy are modules that only the named leaves may link.
var heavy = map[string][]string{
	"github.com/sigstore/":           {"evidence/sigstore"},
	"github.com/in-toto/":            {"evidence/layout", "evidence/sigstore"},
	"google.golang.org/":             {"evidence/sigstore", "evidence/layout"},
	"github.com/secure-systems-lab":  {"evidence/sigstore", "evidence/layout"},
	"github.com/theupdateframework/": {"evidence/sigstore"},
	"github.com/CycloneDX/":          {"release/sbom", "release/compare", "examples/quickstart"},
	"github.com/pandatix/":           {"release/threat", "release/advisory"},
	"github.com/pelletier/go-toml":   {"internal/stricttoml", "release/lockfile", "release/config", "release/compare", "examples/quickstart"},
	"go.yaml.in/":                    {"internal/strictyaml", "release/manifest", "release/config", "release/graph", "release/compare", "risk/policyfile", "examples/quickstart", "evidence/sigstore"},
	"modernc.org/":                   {"release/journal/sqlite"},
	"github.com/jackc/":              {"release/journal/postgres", "internal/pgtest"},
	"github.com/anishathalye/":       {"internal/linear"},
	"github.com/stretchr/testify":    {},
	"pgregory.net/rapid":             {},
}

func TestHeavyDependenciesStayInTheirLeaves(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if strings.HasSuffix(p.rel(), "test") {
			continue // suites that others' tests import: journaltest, deploytest
		}
		for _, dep := range p.Deps {
			for prefix, leaves := range heavy {
				if strings.HasPrefix(dep, prefix) {
					require.Contains(t, leaves, p.rel(), "%s links %s", p.rel(), dep)
				}
			}
		}
	}
}

// budgets are what a program made of a package's main Example may weigh:
// stripped, and in modules that are not the standard library or this one.
var budgets = []struct {
	pkg     string
	mb      float64
	modules int
}{
	{"release", 4, 3}, {"risk", 4, 3}, {"rollout", 4, 3}, {"rollout/health", 4, 3}, {"rollout/analysis", 4.5, 3}, {"rollout/health/samplefile", 4, 3}, {"rollout/health/counter", 4, 3}, {"rollout/health/kayenta", 4, 3}, {"rollout/health/prometheus", 9, 3}, {"rollout/calendar", 4, 3},
	{"metrics", 4, 3}, {"metrics/chart", 4, 3}, {"metrics/cdevents", 4, 3}, {"metrics/github", 4, 3}, {"metrics/gitlab", 4, 3}, {"metrics/pagerduty", 4, 3}, {"metrics/table", 4, 3}, {"metrics/prom", 4, 3}, {"metrics/otel", 4, 3}, {"metrics/factlog", 4, 3},
	{"evidence", 6, 6}, {"evidence/predicate", 4, 3}, {"evidence/collect", 5, 3}, {"evidence/control", 6, 6},
	// What reads one kind of file stays light; what reads all of them need not.
	{"release/lockfile", 4, 3}, {"release/sbom", 4.5, 3}, {"release/plan", 4, 3}, {"release/manifest", 4, 3}, {"release/config", 4, 4}, {"release/graph", 4, 3},
	{"release/journal", 4, 3}, {"release/journal/sqlite", 11, 12}, {"release/journal/postgres", 11, 9},
	{"release/advisory", 6, 5}, {"release/scan", 4, 3}, {"release/review", 4, 3}, {"release/scope", 4, 3}, {"release/label", 4, 3},
}

func TestWeight(t *testing.T) {
	if testing.Short() {
		t.Skip("links a program for each package")
	}
	t.Parallel()
	for _, b := range budgets {
		size, modules := weigh(t, exampleProgram(t, b.pkg))
		t.Logf("%-15s %.2f MB of %g, %d modules of %d: %v", b.pkg, size, b.mb, len(modules), b.modules, modules)
		require.LessOrEqual(t, size, b.mb, "%s: MB", b.pkg)
		require.LessOrEqual(t, len(modules), b.modules, "%s: modules", b.pkg)
	}
}

// weigh builds a program, which need not exist as a file, and says how large it
// is in MB and which modules it links.
func weigh(t *testing.T, program []byte) (float64, []string) {
	t.Helper()
	tmp := t.TempDir()
	source, binary, overlay := filepath.Join(tmp, "main.go"), filepath.Join(tmp, "program"), filepath.Join(tmp, "overlay.json")
	require.NoError(t, os.WriteFile(source, program, 0o600))
	root, err := os.Getwd()
	require.NoError(t, err)
	dir := filepath.Join(root, "weighed") // exists in the overlay alone
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(dir, "main.go"): source}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(overlay, text, 0o600))
	goTool(t, "build", "-overlay", overlay, "-ldflags=-s -w", "-o", binary, "./weighed")
	stat, err := os.Stat(binary)
	require.NoError(t, err)
	info, err := buildinfo.ReadFile(binary)
	require.NoError(t, err)
	var modules []string
	for _, m := range info.Deps {
		modules = append(modules, m.Path)
	}
	return float64(stat.Size()) / 1e6, modules
}

// exampleProgram turns a package's Example, or where it has only those of its parts
// the first of them, into a program.
func exampleProgram(t *testing.T, pkg string) []byte {
	t.Helper()
	fset := token.NewFileSet()
	files, err := filepath.Glob(filepath.Join(pkg, "*_test.go"))
	require.NoError(t, err)
	var first *ast.File
	name := ""
	for _, file := range files {
		f, err := parser.ParseFile(fset, file, nil, 0)
		require.NoError(t, err)
		if f.Name.Name != filepath.Base(pkg)+"_test" {
			continue
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if ok && strings.HasPrefix(fn.Name.Name, "Example") && (name == "" || fn.Name.Name < name) {
				first, name = f, fn.Name.Name
			}
		}
	}
	if first != nil {
		return program(t, fset, first, name)
	}
	require.FailNow(t, "no Example", "package %s has no Example in its _test package", pkg)
	return nil
}

// program keeps of a file what the example needs and calls it main.
func program(t *testing.T, fset *token.FileSet, f *ast.File, example string) []byte {
	t.Helper()
	declares := map[string]ast.Decl{}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				declares[d.Name.Name] = d
			} else { // methods go with their type; keep all
				declares["method "+d.Name.Name+fmt.Sprint(d.Pos())] = d
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					declares[s.Name.Name] = d
				case *ast.ValueSpec:
					for _, n := range s.Names {
						declares[n.Name] = d
					}
				}
			}
		}
	}
	keep := map[ast.Decl]bool{}
	used := map[string]bool{}
	var visit func(d ast.Decl)
	visit = func(d ast.Decl) {
		if keep[d] {
			return
		}
		keep[d] = true
		ast.Inspect(d, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				used[id.Name] = true
				if next, ok := declares[id.Name]; ok {
					visit(next)
				}
			}
			return true
		})
	}
	visit(declares[example])
	for name, d := range declares { // methods of types that are kept
		if fd, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(name, "method ") {
			recv := fd.Recv.List[0].Type
			if star, ok := recv.(*ast.StarExpr); ok {
				recv = star.X
			}
			if id, ok := recv.(*ast.Ident); ok && keep[declares[id.Name]] {
				visit(d)
			}
		}
	}
	var out bytes.Buffer
	out.WriteString("package main\n\n")
	for _, i := range f.Imports {
		path := strings.Trim(i.Path.Value, `"`)
		name := filepath.Base(path)
		if regexp.MustCompile(`^v\d+$`).MatchString(name) {
			name = filepath.Base(filepath.Dir(path))
		}
		if i.Name != nil {
			name = i.Name.Name
		}
		if used[name] || used[strings.TrimSuffix(name, "-go")] {
			fmt.Fprintf(&out, "import ")
			if i.Name != nil {
				fmt.Fprintf(&out, "%s ", i.Name.Name)
			}
			fmt.Fprintln(&out, i.Path.Value)
		}
	}
	for _, d := range f.Decls {
		if !keep[d] {
			continue
		}
		if fd, ok := d.(*ast.FuncDecl); ok && fd.Name.Name == example {
			fd.Name.Name = "main"
		}
		out.WriteByte('\n')
		require.NoError(t, format.Node(&out, fset, d))
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// The five packages that a newcomer opens each have an Example with output.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, pkg := range append([]string{"release"}, rooms...) {
		files, err := filepath.Glob(filepath.Join(pkg, "*_test.go"))
		require.NoError(t, err)
		found := false
		for _, name := range files {
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
			require.NoError(t, err)
			for _, e := range doc.Examples(f) {
				found = found || e.Name == "" && e.Output != ""
			}
		}
		require.True(t, found, "package %s has no Example with output", pkg)
	}
}

// Every exported identifier says what it is.
func TestExportedIsDocumented(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if p.Name == "main" || len(p.GoFiles) == 0 {
			continue
		}
		fset := token.NewFileSet()
		var files []*ast.File
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.ParseComments)
			require.NoError(t, err)
			files = append(files, f)
			for _, missing := range undocumentedMembers(fset, f) {
				t.Errorf("%s/%s: %s has no comment", p.rel(), name, missing)
			}
		}
		d, err := doc.NewFromFiles(fset, files, p.ImportPath)
		require.NoError(t, err)
		require.NotEmpty(t, d.Doc, "package %s has no comment", p.rel())
		for _, missing := range undocumented(d) {
			t.Errorf("%s: %s has no comment", p.rel(), missing)
		}
	}
}

func undocumented(d *doc.Package) []string {
	var out []string
	values := func(vs []*doc.Value) {
		for _, v := range vs {
			for _, s := range v.Decl.Specs {
				s := s.(*ast.ValueSpec)
				for _, name := range s.Names {
					if v.Doc == "" && s.Doc.Text() == "" && s.Comment.Text() == "" && name.IsExported() {
						out = append(out, name.Name)
					}
				}
			}
		}
	}
	funcs := func(prefix string, fs []*doc.Func) {
		for _, f := range fs {
			if f.Doc == "" {
				out = append(out, prefix+f.Name)
			}
		}
	}
	values(d.Consts)
	values(d.Vars)
	funcs("", d.Funcs)
	for _, typ := range d.Types {
		if typ.Doc == "" {
			out = append(out, typ.Name)
		}
		values(typ.Consts)
		values(typ.Vars)
		funcs("", typ.Funcs)
		funcs(typ.Name+".", typ.Methods)
	}
	return out
}

// undocumentedMembers are the exported fields and interface methods of f's exported
// types that have no comment: neither one of their own, nor a place in that of the
// nearest commented neighbour above, which must name them and stand in the same block
// of lines. Embedded fields say what they are by their type.
func undocumentedMembers(fset *token.FileSet, f *ast.File) []string {
	var out []string
	line := func(p token.Pos) int { return fset.Position(p).Line }
	members := func(prefix string, list *ast.FieldList) {
		comment, end := "", 0
		for _, m := range list.List {
			own := m.Doc.Text() + m.Comment.Text()
			if own != "" || line(m.Pos()) > end+1 {
				comment = own
			}
			end = line(m.End())
			for _, name := range m.Names {
				named := regexp.MustCompile(`\b` + name.Name + `\b`).MatchString(comment)
				if name.IsExported() && own == "" && !named {
					out = append(out, prefix+name.Name)
				}
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || !spec.Name.IsExported() {
			_, body := n.(*ast.BlockStmt)
			return !body
		}
		ast.Inspect(spec.Type, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.StructType:
				members(spec.Name.Name+".", n.Fields)
			case *ast.InterfaceType:
				members(spec.Name.Name+".", n.Methods)
			}
			return true
		})
		return false
	})
	return out
}

// The check of members itself can fail, and knows a shared comment from a stray one.
func TestExportedMembersNeedComments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, decl string
		want       []string
	}{
		{"bare", "type T struct { A int }", []string{"T.A"}},
		{"doc", "type T struct {\n// Why.\nA int\n}", nil},
		{"line", "type T struct {\nA, B int // why\n}", nil},
		{"named by the neighbour", "type T struct {\n// A and B are the ends.\nA int\nB int\n}", nil},
		{"named by the one before", "type T struct {\nA int // A, B and C\nB int\nC int\n}", nil},
		{"not as a word", "type T struct {\n// A is ABC.\nA int\nB int\n}", []string{"T.B"}},
		{"behind a blank line", "type T struct {\n// A and B are the ends.\nA int\n\nB int\n}", []string{"T.B"}},
		{"behind a nearer comment", "type T struct {\n// A and C.\nA int\nB int // b\nC int\n}", []string{"T.C"}},
		{"named only below", "type T struct {\nA int\n// A and B.\nB int\n}", []string{"T.A"}},
		{"embedded and unexported", "type T struct {\nerror\nfmt.Stringer\na int\n}", nil},
		{"unexported type", "type t struct { A int }", nil},
		{"local type", "func f() { type T struct { A int } }", nil},
		{"inner struct", "type T struct {\n// In is it.\nIn struct { A int }\n}", []string{"T.A"}},
		{"empty comment", "type T struct {\n//\nA int\n}", []string{"T.A"}},
		{"interface", "type I interface {\n// Do does.\nDo()\nUndo()\nerror\n}", []string{"I.Undo"}},
		{"in a group", "type (\nT struct { A int }\nI interface { Do() }\n)", []string{"T.A", "I.Do"}},
	} {
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, "p.go", "package p\n"+c.decl, parser.ParseComments)
		require.NoError(t, err, c.name)
		require.Equal(t, c.want, undocumentedMembers(fset, f), c.name)
	}
}

// Tests stand outside their package, but for the rare look inside.
func TestTestsStandOutside(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, name := range p.TestGoFiles {
			require.True(t, name == "export_test.go" || p.Name == "main" || strings.HasPrefix(name, "internal_"),
				"%s/%s: tests belong into package %s_test; name a look inside export_test.go or internal_…_test.go", p.rel(), name, p.Name)
		}
	}
}

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

// The README's example is a program, and it compiles.
func TestReadmeExampleCompiles(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	blocks := goBlock.FindAllSubmatch(readme, -1)
	require.Len(t, blocks, 2)
	size, modules := weigh(t, blocks[0][1])
	t.Logf("README's example: %.2f MB, %v", size, modules)
	formatted, err := format.Source(blocks[0][1])
	require.NoError(t, err)
	require.Equal(t, string(formatted), string(blocks[0][1]), "README's example is not gofmt-ed")
	part := fmt.Sprintf(aroundRollouts, blocks[1][1])
	weigh(t, []byte(part))
	formatted, err = format.Source(blocks[1][1])
	require.NoError(t, err)
	require.Equal(t, string(formatted), string(blocks[1][1]), "README's part about rollouts is not gofmt-ed")
}

// aroundRollouts makes a program of the README's part about rollouts.
const aroundRollouts = `package main

import (
	"context"
	"fmt"
	"log"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/risk"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/calendar"
)

func main() {
	log.Fatal(deploy(context.Background(), risk.Assessment{}, release.Ref{}, release.Ref{}, nil, rollout.By{}, rollout.Options{}))
}

func deploy(ctx context.Context, care risk.Assessment, current, next release.Ref, authors []release.Actor, ada rollout.By, options rollout.Options) error {
%s}
`

// The README names every rule of package evidence, and its comment does.
func TestReadmeRules(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	comment, err := os.ReadFile("evidence/rule.go")
	require.NoError(t, err)
	files, err := filepath.Glob("evidence/*.go")
	require.NoError(t, err)
	rules := 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`(?m)^func \(\w+ (\w+)\) policy\(\) any`).FindAllStringSubmatch(string(text), -1) {
			require.Regexp(t, "(?m)^\\| [^|]*`"+m[1]+"`", string(readme))
			require.Regexp(t, `(?m)^//\s[^\n]*\b`+m[1]+`\b`, string(comment))
			rules++
		}
	}
	require.GreaterOrEqual(t, rules, 10)
}

// The README's map names every package, and nothing that is not there.
func TestReadmeMap(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	var there, named []string
	for _, p := range packages(t) {
		if rel := p.rel(); rel != "" && !slices.Contains(strings.Split(rel, "/"), "internal") {
			there = append(there, rel)
		}
	}
	_, section, _ := strings.Cut(string(readme), "\n## The map\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(section, -1) {
		named = append(named, m[1])
	}
	require.ElementsMatch(t, there, named, "the packages (A) and those of README's map (B)")
	for _, command := range []string{"go run ./examples/quickstart", "go test ./..."} {
		require.Contains(t, string(readme), command)
	}
}
