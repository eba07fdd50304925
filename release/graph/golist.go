package graph

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// What an output of "go list" may have.
const (
	MaxPackagesText = 48 << 20 // bytes
	MaxPackages     = 50_000
	MaxImports      = 400_000
)

var packageLimits = strictjson.Limits{Package: "graph", Bytes: MaxPackagesText, Depth: 32, Names: 1 << 12, Elements: MaxImports}

// AddPackages adds the output of "go list -json -deps" (or with -test, or without
// -deps): one JSON object for each package, with its imports. path names the output in
// gaps.
//
// Packages of the main modules are nodes of their own: the module's purl with the
// directory behind a #, "pkg:golang/example.com/shop#cart". All packages of another
// module are that module, "pkg:golang/golang.org/x/mod", and the standard library is
// "pkg:golang/stdlib": this is what changes of dependencies name. An import is
// [EdgeRuntime], one of tests [EdgeTest].
//
// Packages that the go command compiles for tests only are the ones that they test.
//
// A package that the go command could not load, or that imports one that is not in the
// output, is a gap; but for what only the tests of other modules import, which nobody
// builds here. An output that cannot be read is a gap and adds nothing.
func (b *Builder) AddPackages(path release.Path, text []byte) {
	packages, gap := readPackages(text)
	if gap != (release.Gap{}) {
		gap.Subject = path.String()
		b.AddGap(gap)
		return
	}
	id := make(map[string]string, len(packages)) // by import path
	own := map[string]bool{}                     // how paths begin that are not the standard library's
	for _, p := range packages {
		id[p.ImportPath] = p.id
		if !p.standard {
			own[first(p.ImportPath)] = true
		}
	}
	for _, p := range packages {
		if _, ok := b.node(p.id); !ok {
			continue
		}
		if p.failed {
			b.AddGap(release.Gap{Kind: release.GapIncomplete, Subject: path.String(), Detail: "the go command could not load " + strictjson.Quoted(p.ImportPath) + " or what it imports"})
		}
		kind := EdgeRuntime
		if p.ForTest != "" || p.tests { // compiled anew for a test; what runs is listed apart
			kind = EdgeTest
		}
		b.imports(path, p, p.Imports, kind, id, nil)
		b.imports(path, p, p.TestImports, EdgeTest, id, own)
		b.imports(path, p, p.XTestImports, EdgeTest, id, own)
	}
}

// first is the first element of an import path. That of the standard library's has no
// dot (https://go.dev/ref/mod#module-path).
func first(path string) string {
	name, _, _ := strings.Cut(path, "/")
	return name
}

// imports adds the edges of one list. own is given for what tests import.
func (b *Builder) imports(path release.Path, p goPackage, imports []string, kind EdgeKind, id map[string]string, own map[string]bool) {
	missing, example := 0, ""
	for _, name := range imports {
		if to := p.ImportMap[name]; to != "" {
			name = to
		}
		to, ok := id[name]
		switch {
		case name == "C" || ok && to == p.id:
			continue
		case ok:
			b.AddEdge(Edge{From: p.id, To: to, Kind: kind})
		case own != nil && p.id != stdlib && !own[first(name)] && !strings.Contains(first(name), "."):
			// "go list -deps" without -test leaves out what only tests import. The standard
			// library is known by its name all the same.
			b.AddEdge(Edge{From: p.id, To: stdlib, Kind: kind})
		case own != nil && (p.standard || p.module != "" && !p.main): // nobody builds those tests here
		default:
			if missing++; example == "" {
				example = name
			}
		}
	}
	if missing > 0 {
		b.AddGap(release.Gap{Kind: release.GapIncomplete, Subject: path.String(),
			Detail: fmt.Sprintf("%s imports %d packages that are not in the output, such as %s", strictjson.Quoted(p.ImportPath), missing, strictjson.Quoted(example))})
	}
}

// stdlib is the standard library, as package gomod names it.
const stdlib = "pkg:golang/stdlib"

// goPackage is the little that is read of a package.
type goPackage struct {
	ImportPath, ForTest                string
	Imports, TestImports, XTestImports []string
	ImportMap                          map[string]string
	standard, main, failed             bool
	tests                              bool // the program that runs tests, which the go command makes
	module                             string
	id                                 string
}

var packageNames = [][]string{{"ImportPath"}, {"Imports"}, {"TestImports"}, {"XTestImports"}, {"ImportMap"}, {"Standard"}, {"Module"}, {"Incomplete"}, {"Error"}, {"ForTest"}, {"DepsErrors"}}
var moduleNames = [][]string{{"Path"}, {"Main"}}

func readPackages(text []byte) ([]goPackage, release.Gap) {
	kind := release.GapUnreadable
	if len(text) > MaxPackagesText {
		kind = release.GapTooLarge
	}
	failed := func(err error) ([]goPackage, release.Gap) {
		return nil, release.Gap{Kind: kind, Detail: printable(err)}
	}
	s, err := strictjson.NewScanner(text, packageLimits)
	if err != nil {
		return failed(err)
	}
	r := packageReader{Scanner: s, words: map[string]string{}}
	var out []goPackage
	for s.More() {
		if len(out) >= MaxPackages {
			kind = release.GapTooLarge
			return failed(s.Errorf("more than %d packages", MaxPackages))
		}
		p, err := r.read()
		if err == nil && p.ImportPath == "" {
			err = s.Errorf("a package has no ImportPath")
		}
		if err == nil {
			p.id, err = p.node()
		}
		if err != nil {
			if r.imports > MaxImports {
				kind = release.GapTooLarge
			}
			return failed(err)
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		return failed(s.Errorf("the output lists no packages"))
	}
	return out, release.Gap{}
}

type packageReader struct {
	*strictjson.Scanner
	imports int
	words   map[string]string // import paths stand in many lists
}

func (r *packageReader) read() (p goPackage, err error) {
	err = r.Object(func(name []byte) error {
		i, err := r.Field(name, packageNames)
		if err != nil {
			return err
		}
		switch i {
		case 0:
			p.ImportPath, err = r.word()
		case 1:
			p.Imports, err = r.list()
		case 2:
			p.TestImports, err = r.list()
		case 3:
			p.XTestImports, err = r.list()
		case 4:
			p.ImportMap = map[string]string{}
			err = r.Object(func(from []byte) error {
				r.imports++
				key := string(from)
				to, err := r.word()
				p.ImportMap[key] = to
				return err
			})
		case 5:
			p.standard, err = r.yes()
		case 6:
			err = r.Object(func(name []byte) error {
				i, err := r.Field(name, moduleNames)
				switch {
				case err != nil:
				case i == 0:
					p.module, err = r.word()
				case i == 1:
					p.main, err = r.yes()
				default:
					_, err = r.Value()
				}
				return err
			})
		case 7, 8, 10:
			from := r.Offset()
			_, err = r.Value()
			switch strings.Trim(string(r.Since(from)), " \t\r\n") {
			case "false", "null", "[]":
			default:
				p.failed = true
			}
		case 9:
			p.ForTest, err = r.word()
		default:
			_, err = r.Value()
		}
		return err
	})
	return p, err
}

func (r *packageReader) word() (string, error) {
	w, err := r.Str()
	if err != nil {
		return "", err
	}
	if have, ok := r.words[w]; ok {
		return have, nil
	}
	if len(w) > MaxID {
		return "", r.Errorf("an import path is longer than %d bytes", MaxID)
	}
	r.words[w] = w
	return w, nil
}

func (r *packageReader) list() (out []string, err error) {
	err = r.Array(func(int) error {
		if r.imports++; r.imports > MaxImports {
			return r.Errorf("more than %d imports", MaxImports)
		}
		w, err := r.word()
		out = append(out, w)
		return err
	})
	return out, err
}

func (r *packageReader) yes() (bool, error) {
	from := r.Offset()
	k, err := r.Value()
	if err == nil && k != strictjson.Bool {
		err = r.Errorf("true or false must stand here")
	}
	return err == nil && strings.HasSuffix(string(r.Since(from)), "true"), err
}

// node is the ID of the node that a package belongs to. What is compiled for a test is
// the tested package's: "a [a.test]", "a_test [a.test]", and the program "a.test".
func (p *goPackage) node() (string, error) {
	if p.standard {
		return stdlib, nil
	}
	path, _, _ := strings.Cut(p.ImportPath, " ")
	if p.ForTest != "" && path == p.ForTest+"_test" {
		path = p.ForTest
	} else if tested, ok := strings.CutSuffix(path, ".test"); ok && slices.Contains(p.Imports, "testing/internal/testdeps") {
		path, p.tests = tested, true // nothing else may import that
	}
	module := p.module
	if module == "" {
		module = path // a vendored or GOPATH build does not say
	}
	id, err := release.NewPURL("golang", module, "")
	dir, ok := strings.CutPrefix(path, module+"/")
	if err != nil || !p.main || !ok {
		return checked(id, err)
	}
	words := strings.Split(dir, "/")
	for i, w := range words {
		words[i] = url.PathEscape(w)
	}
	return checked(release.ParsePURL(string(id) + "#" + strings.Join(words, "/")))
}

// checked is an ID that is not too long for one.
func checked(id release.PURL, err error) (string, error) {
	if err == nil && len(id) > MaxID {
		err = fmt.Errorf("%s is longer than %d bytes", strictjson.Quoted(string(id)), MaxID)
	}
	return string(id), err
}
