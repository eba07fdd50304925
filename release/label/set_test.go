package label_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
)

// sameAsSlow requires that a set, the labelers of Default, and the keys answer as
// asking every rule about the whole name does.
func sameAsSlow(t interface {
	Helper()
	Errorf(string, ...any)
	FailNow()
}, s *label.Set, ls []label.Labeler, fc release.FileChange) {
	t.Helper()
	want := label.SlowFile(fc)
	require.Equal(t, want, s.File(fc), "%+q", fc.Path)
	one := []release.FileChange{{Path: fc.Path + "é"}, fc}
	s.Files(one)
	require.Equal(t, want, one[1].Labels, "%+q", fc.Path)
	require.Equal(t, want, label.File(fc, ls), "%+q", fc.Path)
	rc := release.ResourceChange{Type: string(fc.Path), Labels: fc.Labels}
	want = label.SlowResource(rc)
	require.Equal(t, want, s.Resource(rc), "%+q", rc.Type)
	require.Equal(t, want, label.Resource(rc, ls), "%+q", rc.Type)
	parts := strings.Split(string(fc.Path), "/")
	require.Equal(t, label.SlowKey(parts...), label.Key(parts...), "%+q", parts)
	require.Equal(t, label.SlowSecretKey(parts...), label.SecretKey(parts...), "%+q", parts)
}

// Every text that a rule asks for, in every place, in every letter case, and across every
// edge of what is looked at together.
func TestSetFindsEveryText(t *testing.T) {
	t.Parallel()
	s, ls, texts := label.Compile(), label.Default(), label.AskedTexts()
	require.Greater(t, len(texts), 1000)
	for i, x := range texts {
		capital, middle := strings.ToUpper(x[:1])+x[1:], len(x)/2
		for j, p := range []string{
			x, x + "s", x + "/x", "x/" + x, "x/" + x + "/y.go", "x/" + x + ".go", "x/" + x + "_test.go", "a." + x, "a" + x, "x_" + x + "-y/z.yaml", "x/" + x + "y.tf", "x/y" + x + "s.json",
			strings.ToUpper(x), "my" + capital + "Thing.java", "my" + capital, x[:middle] + "_" + x[middle:] + ".ts", x[:middle] + "2" + x[middle:], x[:middle] + strings.ToUpper(x[middle:middle+1]) + x[middle+1:] + "s.py",
			"docs/" + x + ".md", "docs/" + x + ".txt", "k8s/" + x + ".yaml", "src/test/" + x + ".sql", "testdata/" + x, "migrations/" + x, "charts/" + x + ".json", "scripts/" + x, ".github/" + x + ".md",
			strings.Repeat("x", (i+7)%70) + "/" + x + "/y", strings.Repeat("ab/", (i+3)%40) + x, strings.Repeat("ab/", (i+3)%40) + x + "/y.json", strings.Repeat("x", (i+7)%70) + "_" + x,
			x + ".", x + " ", x + "/", "/" + x, "x//" + x, "x\\" + x, x + "\u200b", strings.ReplaceAll(x, "a", "\u0430"), "é/" + x,
		} {
			if i%8 == j%8 || testing.Short() == false && j < 12 {
				sameAsSlow(t, s, ls, modified(p))
			}
		}
	}
}

// Every two texts that are only together enough for a rule.
func TestSetFindsEveryPair(t *testing.T) {
	t.Parallel()
	s, paths, labelled := label.Compile(), label.PairedPaths(), 0
	for _, p := range paths {
		for _, p := range []string{p, strings.TrimPrefix(p, "src/"), strings.ToUpper(p)} {
			want := label.SlowFile(modified(p))
			require.Equal(t, want, s.File(modified(p)), p)
			if len(want) > 0 {
				labelled++
			}
		}
	}
	require.Greater(t, labelled, 1000)
	t.Log(len(paths), labelled)
}

// hostilePaths are made of what rules ask for and what divides, hides or changes it.
func hostilePaths() *rapid.Generator[string] {
	texts := append(label.AskedTexts(), "x", "README", "modules.txt", "a", "V1__x", "Test", "src/test", "docs/", "__tests__", "K8s", "x509Util", "test_", "src", "migrate")
	piece := rapid.OneOf(rapid.SampledFrom(texts), rapid.SampledFrom(texts), rapid.StringMatching(`[a-zA-Z0-9._/-]{0,9}`), rapid.String())
	glue := rapid.SampledFrom([]string{"/", "/", "/", "", "", "_", "-", ".", "s", "s/", "7", "42.", " ", ". /", "\\", "//", "/./", "../", "\xff", "\u0430", "\u202e", "\uff0f", "@", "~", "\x7f", "\x00"})
	shape := rapid.SampledFrom([]func(string) string{func(s string) string { return s }, strings.ToUpper, strings.ToTitle,
		func(s string) string { return s[:len(s)/2] + strings.ToUpper(s[len(s)/2:]) }, func(s string) string { return s[len(s)/2:] }, func(s string) string { return s + s }})
	end := rapid.SampledFrom([]string{"", "", ".go", "_test.go", ".py", ".md", ".MD", ".txt", ".yaml", ".json", ".tf", ".sql", ".sh", ".rb", ".snap", ".test.ts", "_pb2.py", ".GO", "/", "."})
	return rapid.Custom(func(t *rapid.T) string {
		var b strings.Builder
		if rapid.IntRange(0, 30).Draw(t, "long") == 0 {
			b.WriteString(strings.Repeat("ab/c_d", rapid.IntRange(10, 1500).Draw(t, "much")))
		}
		for range rapid.IntRange(0, 6).Draw(t, "pieces") {
			b.WriteString(shape.Draw(t, "shape")(piece.Draw(t, "piece")))
			b.WriteString(glue.Draw(t, "glue"))
		}
		return b.String() + end.Draw(t, "end")
	})
}

func TestSetIsTheSlowReading(t *testing.T) {
	t.Parallel()
	s, ls, paths := label.Compile(), label.Default(), hostilePaths()
	modes := rapid.SampledFrom([]string{"100644", "100644", "100644", "100755", "", "120000", "160000", "40000", "100664"})
	rapid.Check(t, func(t *rapid.T) {
		fc := release.FileChange{Path: release.Path(paths.Draw(t, "path")), Op: release.Op(rapid.IntRange(0, 6).Draw(t, "op")), OldMode: modes.Draw(t, "old"), NewMode: modes.Draw(t, "new"),
			Binary: rapid.IntRange(0, 8).Draw(t, "binary") == 0}
		if rapid.IntRange(0, 4).Draw(t, "labelled") == 0 {
			fc.Labels = rapid.SliceOfN(rapid.SampledFrom([]release.Label{"z", release.LabelDocs, "", release.LabelTest}), 0, 4).Draw(t, "labels")
		}
		was := slices.Clone(fc.Labels)
		sameAsSlow(t, s, ls, fc)
		require.Equal(t, was, fc.Labels)
	})
}

// Files that follow each other share what was seen of their directory, and nothing else.
func TestFilesOneByOne(t *testing.T) {
	t.Parallel()
	s := label.Compile()
	dirs := rapid.SampledFrom([]string{"", "a/", "auth/", "auth/b/", "auth", "au/th/", "docs/", "é/", "x./", "/", strings.Repeat("q", 70) + "/", strings.Repeat("ab/", 30), "src/test/"})
	bases := rapid.SampledFrom([]string{"x.go", "login.go", "x.md", "Makefile", "", "x_test.go", "a b", "ü.go", strings.Repeat("w", 80), "db.yaml", "x.java"})
	rapid.Check(t, func(t *rapid.T) {
		var files []release.FileChange
		for range rapid.IntRange(0, 12).Draw(t, "n") {
			files = append(files, modified(dirs.Draw(t, "dir")+bases.Draw(t, "base")))
		}
		var want [][]release.Label
		for _, f := range files {
			want = append(want, label.SlowFile(f))
		}
		s.Files(files)
		for i := range files {
			require.Equal(t, want[i], files[i].Labels, files[i].Path)
		}
	})
}

func FuzzSet(f *testing.F) {
	s, ls := label.Compile(), label.Default()
	for _, p := range []string{"", "/", "internal/auth/x.go", "docs/x.md", "a/testdata/x.json", "\xff/auth", "OAuth2Client_test.go", strings.Repeat("a/", 40) + "authServer.tf", "x/V1__a.sql", ".github/x.md", "a\\b", "s_e_s_s_i_o_n"} {
		f.Add(p, "100644", false)
	}
	f.Fuzz(func(t *testing.T, p, mode string, binary bool) {
		sameAsSlow(t, s, ls, release.FileChange{Path: release.Path(p), Op: release.OpModified, OldMode: mode, NewMode: mode, Binary: binary})
	})
}

// The filters know something of every rule, or they save nothing, and plain names need no rule.
func TestFilterKnowsAllRules(t *testing.T) {
	t.Parallel()
	files, resources, keys := label.Unfiltered()
	require.Zero(t, files)
	require.Zero(t, resources)
	require.Zero(t, keys)
	for p, want := range map[release.Path]int{
		"internal/pkg07/handler123.go": 0, "src/main/java/org/example/shop/StockLevelRepositoryImpl.java": 0, "deploy/base/part07/service123.yaml": 1,
		"testdata/x.go": 0, "test/e2e/run.go": 0, "web/src/components/OrderView.tsx": 0, "web/src/components/View.Tsx": 1, "manifests/base/web.yaml": 0, "internal/release/plan.go": 0, "internal/auth/x.go": 1, "a/author.go": 1, "a/logger.go": 0,
		"ü": 16, "a\\b": 16, "a/b.": 16, "a b": 16, "": 16, "a/": 16, release.Path(strings.Repeat("x", 65)): 16,
	} {
		require.Equal(t, want, label.Candidates(p), p)
	}
}

// What a set saves is time and memory: a file without labels costs no allocation, one
// with labels its result and at most one word.
func TestSetAllocates(t *testing.T) {
	s := label.Compile()
	for p, most := range map[string]float64{"internal/pkg07/handler123.go": 0, "src/main/java/org/example/shop/StockLevelRepositoryImpl.java": 0, "internal/pkg07/handler123_test.go": 1, "go.mod": 1, "internal/auth/login.go": 2} {
		fc := modified(p)
		require.LessOrEqual(t, testing.AllocsPerRun(100, func() { s.File(fc) }), most, p)
	}
}

// The result is the caller's own: changing it changes no later answer.
func TestSetResultsAreNew(t *testing.T) {
	t.Parallel()
	s := label.Compile()
	fc := modified("package.json")
	first := s.File(fc)
	want := slices.Clone(first)
	clear(append(first, "more"))
	clear(first)
	require.Equal(t, want, s.File(fc))
	fc.Labels = []release.Label{"b", "a"}
	got := s.File(fc)
	clear(got)
	require.Equal(t, []release.Label{"b", "a"}, fc.Labels)
}

// Labelers of the host are asked about everything, whatever the filter says.
func TestSetAsksTheHost(t *testing.T) {
	t.Parallel()
	asked := 0
	mine := label.Labeler{ID: "mine", Doc: "Mine.", Version: 1,
		File:     func(release.FileChange) []release.Label { asked++; return []release.Label{"mine", ""} },
		Resource: func(release.ResourceChange) []release.Label { asked++; return []release.Label{"mine"} }}
	none := label.Labeler{ID: "none", Doc: "None.", Version: 1}
	base := label.Compile()
	s := base.With(mine, none)
	require.Equal(t, []release.Label{"mine"}, s.File(modified("x.go")))
	require.Equal(t, []release.Label{"identity", "mine"}, s.File(modified("auth/x.go")))
	require.Equal(t, []release.Label{"mine"}, s.File(modified("README.md")), "docs beside another label is no docs")
	require.Equal(t, []release.Label{"mine"}, s.Resource(release.ResourceChange{Type: "x"}))
	require.Equal(t, 4, asked)
	require.Nil(t, base.File(modified("x.go")), "the first set stays as it is")
	require.Equal(t, []release.Label{"mine"}, label.Compile(mine).File(modified("auth/x.go")), "only what is given")

	wrapped := label.Default()
	wrapped[0].File = func(release.FileChange) []release.Label { return []release.Label{"other"} }
	require.Equal(t, []release.Label{"other"}, label.Compile(wrapped...).File(modified("auth/x.go")), "a replaced function is the one that is asked")
	require.Nil(t, label.Compile(label.Labeler{}).File(modified("auth/x.go")))

	ls := []label.Labeler{mine}
	kept := label.Compile(ls...)
	ls[0] = none
	require.Equal(t, []release.Label{"mine"}, kept.File(modified("x.go")), "a set keeps no slice of others")
}

func TestSetByManyGoroutines(t *testing.T) {
	t.Parallel()
	var files []release.FileChange
	var want [][]release.Label
	for i := range 300 {
		files = append(files, modified(fmt.Sprintf([]string{"auth/%d.go", "docs/%d.md", "a/payment_%d.js", "x/%d.go", ".github/workflows/%d.yml", "é/%d_login.go"}[i%6], i)))
		want = append(want, label.SlowFile(files[i]))
	}
	s := label.Compile()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range files {
				j := (i*7 + g*13) % len(files)
				if got := s.File(files[j]); !slices.Equal(want[j], got) {
					t.Errorf("%q: %v, not %v", files[j].Path, got, want[j])
				}
			}
		})
	}
	wg.Wait()
}

// The filter is right because rules look at a name through its methods only. In the
// files where the rules are written, no function that is not such a method reads a field.
func TestRulesAskByMethods(t *testing.T) {
	t.Parallel()
	set := token.NewFileSet()
	fields := map[string]bool{}
	words, err := parser.ParseFile(set, "words.go", nil, 0)
	require.NoError(t, err)
	ast.Inspect(words, func(n ast.Node) bool {
		if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.Name == "name" {
			for _, f := range spec.Type.(*ast.StructType).Fields.List {
				for _, id := range f.Names {
					fields[id.Name] = true
				}
			}
		}
		return true
	})
	require.Greater(t, len(fields), 15)
	for _, file := range []string{"area.go", "calm.go", "default.go", "key.go", "pipeline.go", "resource.go"} {
		parsed, err := parser.ParseFile(set, file, nil, 0)
		require.NoError(t, err)
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil {
				continue
			}
			ast.Inspect(d, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok && fields[sel.Sel.Name] {
					if x, ok := sel.X.(*ast.Ident); ok && x.Name == "n" {
						t.Errorf("%s: reads n.%s", set.Position(sel.Pos()), sel.Sel.Name)
					}
				}
				return true
			})
		}
	}
}
