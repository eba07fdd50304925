package label_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
)

func ExampleParseOwners() {
	owners, problems := label.ParseOwners([]byte(`
*             @org/all
/auth/        @org/security @ada   # sign-in
/auth/*.md
[docs]/*      @org/writers
`), label.ForgeGitHub)
	for _, path := range []release.Path{"main.go", "auth/login.go", "auth/README.md", "docs/x.md"} {
		fmt.Println(path, owners.Of(path))
	}
	fmt.Println(problems)
	// Output:
	// main.go [line 2: *: @org/all]
	// auth/login.go [line 3: /auth/: @org/security @ada]
	// auth/README.md [line 4: /auth/*.md: nobody]
	// docs/x.md [line 2: *: @org/all]
	// [line 5: character ranges are not known to GitHub: the line is passed over]
}

// owns reports whether a pattern of one line owns a path.
func owns(t require.TestingT, f label.Forge, pattern, path string) bool {
	owners, problems := label.ParseOwners([]byte(pattern+" @x\n"), f)
	require.Empty(t, problems, pattern)
	return len(owners.Of(release.Path(path))) == 1
}

// Patterns by the examples and rules of each forge's documentation.
func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		forge   label.Forge
		pattern string
		yes, no string // paths, separated by blanks
	}{
		{label.ForgeGitHub, "*", "a a/b .a a/.b/c", ""},
		{label.ForgeGitHub, "*.js", "a.js a/b.js .js a.js/b", "a.jsx js ajs"},
		{label.ForgeGitHub, "/build/logs/", "build/logs/a build/logs/a/b", "build/logs a/build/logs/b build/logsx/a"},
		{label.ForgeGitHub, "docs/*", "docs/a docs/.a", "docs/a/b a/docs/b docs docs/"},
		{label.ForgeGitHub, "apps/", "apps/a a/apps/b a/apps/b/c", "apps a/apps xapps/a"},
		{label.ForgeGitHub, "/docs/", "docs/a docs/a/b", "a/docs/b docs"},
		{label.ForgeGitHub, "/scripts/", "scripts/a", "a/scripts/b"},
		{label.ForgeGitHub, "**/logs", "logs a/logs a/b/logs a/logs/b logs/a", "xlogs logsx a/logsx/b"},
		{label.ForgeGitHub, "/apps/github", "apps/github apps/github/a", "apps/githubx apps a/apps/github"},
		{label.ForgeGitHub, "/docs", "docs docs/a", "a/docs docsx"},
		{label.ForgeGitHub, "docs", "docs docs/a a/docs a/docs/b", "docsx xdocs"},
		{label.ForgeGitHub, "a/b", "a/b a/b/c", "x/a/b a/bc"},
		{label.ForgeGitHub, "a/**/b", "a/b a/x/b a/x/y/b a/x/b/c", "a/xb ab x/a/b"},
		{label.ForgeGitHub, "a/**", "a/b a/b/c", "a x/a/b"},
		{label.ForgeGitHub, "**", "a a/b", ""},
		{label.ForgeGitHub, "/*", "a .a", "a/b"},
		{label.ForgeGitHub, "/*.md", "a.md a.md/b", "b/a.md"},
		{label.ForgeGitHub, "a?c", "abc a-c x/abc aäc", "ac a/c abbc"},
		{label.ForgeGitHub, "a*c", "ac abc abbc x/abc", "a/c ab"},
		{label.ForgeGitHub, `a\ b`, "a_b", "a_b"},
		{label.ForgeGitHub, `a\*b`, "a*b", "axb"},
		{label.ForgeGitHub, "A", "A", "a"},
		{label.ForgeGitHub, "***", "a b/c", ""},
		{label.ForgeGitHub, "a**b", "ab axb", "a/b"},
		{label.ForgeGitLab, "*", "a a/b .a", ""},
		{label.ForgeGitLab, "*.rb", "a.rb a/b.rb .rb", "a.rbx a.rb/b"},
		{label.ForgeGitLab, "/docs/", "docs/a docs/a/b docs/.a", "docs a/docs/b"},
		{label.ForgeGitLab, "/docs/*", "docs/a docs/.a", "docs/a/b a/docs/b"},
		{label.ForgeGitLab, "/docs/**", "docs/a", "docs/a/b"},
		{label.ForgeGitLab, "/docs/**/*.md", "docs/a.md docs/b/a.md docs/b/c/a.md", "docs/a a.md x/docs/a.md"},
		{label.ForgeGitLab, "/db/**/index.md", "db/index.md db/a/index.md", "db/xindex.md"},
		{label.ForgeGitLab, "lib/", "lib/a x/lib/a x/lib/a/b", "lib xlib/a"},
		{label.ForgeGitLab, "/docs", "docs", "docs/a"},
		{label.ForgeGitLab, "README.md", "README.md a/README.md", "README.mdx README.md/a"},
		{label.ForgeGitLab, "a?c", "abc", "a/c ac"},
		{label.ForgeGitLab, "a[b-d]e", "abe ade x/ace", "aae a/e aBe"},
		{label.ForgeGitLab, "a[^b]e", "ace", "abe a/e"},
		{label.ForgeGitLab, "a[!b]e", "ace", "abe"},
		{label.ForgeGitLab, `\#a`, "#a x/#a", "a"},
		{label.ForgeGitLab, "a**/b", "ax/b a/b", "a/x/b"},
		{label.ForgeGitLab, "**/a", "a x/a x/y/a", "xa"},
	} {
		for path := range strings.FieldsSeq(c.yes) {
			if strings.Contains(c.pattern, `\ `) {
				path = strings.ReplaceAll(path, "_", " ")
			}
			require.True(t, owns(t, c.forge, c.pattern, path), "%s: %s must own %q", c.forge, c.pattern, path)
		}
		for path := range strings.FieldsSeq(c.no) {
			require.False(t, owns(t, c.forge, c.pattern, path), "%s: %s must not own %q", c.forge, c.pattern, path)
		}
	}
	require.True(t, owns(t, label.ForgeGitLab, `path\ with\ spaces/`, "x/path with spaces/a"))
	require.True(t, owns(t, label.ForgeGitHub, "a?c", "a\xffc"), "a byte that is no character is one")
}

// slowGitHub and slowGitLab are the patterns as regular expressions.
func slowGitHub(pattern string) *regexp.Regexp {
	p, below := strings.CutSuffix(pattern, "/")
	rooted := strings.Contains(p, "/")
	p = strings.TrimPrefix(p, "/")
	var b strings.Builder
	b.WriteString(`^`)
	if !rooted {
		b.WriteString(`(?s:.*/)?`)
	}
	segs := strings.Split(p, "/")
	for i, s := range segs {
		last := i == len(segs)-1
		switch {
		case s == "**" && last:
			b.WriteString(`(?s:.*)`)
		case s == "**":
			b.WriteString(`(?s:.*/)?`)
			continue
		case s == "*":
			b.WriteString(`[^/]+`)
		default:
			for _, r := range s {
				switch r {
				case '*':
					b.WriteString(`[^/]*`)
				case '?':
					b.WriteString(`[^/]`)
				default:
					b.WriteString(regexp.QuoteMeta(string(r)))
				}
			}
		}
		switch {
		case !last:
			b.WriteString("/")
		case below && s != "**":
			b.WriteString(`/(?s:.*)`)
		case s == "*" && rooted && (len(segs) == 1 || segs[i-1] != "**"), s == "**":
		default:
			b.WriteString(`(?:/(?s:.*))?`)
		}
	}
	return regexp.MustCompile(b.String() + `$`)
}

func slowGitLab(pattern string) *regexp.Regexp {
	p := pattern
	if p == "*" {
		p = "/**/*"
	}
	if !strings.HasPrefix(p, "/") {
		p = "/**/" + p
	}
	if strings.HasSuffix(p, "/") {
		p += "**/*"
	}
	var b strings.Builder
	for p != "" {
		switch {
		case strings.HasPrefix(p, "/**/"):
			b.WriteString(`/(?s:.*/)?`)
			p = p[len("/**"):]
			for strings.HasPrefix(p, "/**/") {
				p = p[len("/**"):]
			}
			p = p[1:]
			continue
		case p[0] == '*':
			b.WriteString(`[^/]*`)
		case p[0] == '?':
			b.WriteString(`[^/]`)
		default:
			b.WriteString(regexp.QuoteMeta(p[:1]))
		}
		p = p[1:]
	}
	return regexp.MustCompile(`^` + b.String() + `$`)
}

func TestPatternsAreTheirRegularExpressions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		seg := rapid.SampledFrom([]string{"a", "b", "ab", "*", "**", "a*", "*b", "?", "a?", "*.md", "x.md", "a**", "*a*b*"})
		pattern := strings.Join(rapid.SliceOfN(seg, 1, 5).Draw(t, "pattern"), "/")
		pattern = rapid.SampledFrom([]string{"", "/"}).Draw(t, "root") + pattern + rapid.SampledFrom([]string{"", "", "/"}).Draw(t, "end")
		name := rapid.SampledFrom([]string{"a", "b", "ab", "aab", "x.md", ".md", "", ".", "abab", "c"})
		path := strings.Join(rapid.SliceOfN(name, 1, 6).Draw(t, "path"), "/")
		require.Equal(t, slowGitHub(pattern).MatchString(path), owns(t, label.ForgeGitHub, pattern, path), "GitHub %s %q: %s", pattern, path, slowGitHub(pattern))
		if !strings.HasPrefix(path, "/") {
			require.Equal(t, slowGitLab(pattern).MatchString("/"+path), owns(t, label.ForgeGitLab, pattern, path), "GitLab %s %q: %s", pattern, path, slowGitLab(pattern))
		}
	})
}

// Trap T11: the last rule that matches counts, also where it says nobody.
// GitHub's patterns are those of gitignore but for "dir/*", so git itself says what
// they match.
func TestPatternsAreGits(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	patterns := strings.Fields("* *.go /docs docs/ /docs/ docs/*.md **/logs apps/ /apps/github foo/**/bar **/foo/bar foo/** /foo/** a?c foo* /foo/*.go **/*.go docs/**/*.md foo/bar foo/bar/ *oo f*o/bar a**b a/**b **foo foo/*/baz foo/*/ .github/ /.* a\\*b foo/**/**/bar ** foo? foo/b?r foo/**.go")
	paths := strings.Fields("foo bar a.go docs docs/x.md docs/a/x.md x/docs/y x/docs/a/y.md apps/github/x x/apps/y build/logs logs x/logs/z foo/bar foo/x/bar foo/x/y/bar foo/bar/baz foo/x/baz x/foo/bar abc ac x/abc foox x/foox foo/a.go foo/x/a.go foo/bar.go fxo/bar a/b ab a/xb axb a/x/b .github/x x/.github/y .x a*b food/y a foo/b.go xfoo x/xfoo/y")
	dir := t.TempDir()
	require.NoError(t, exec.Command("git", "init", "-q", dir).Run())
	for _, pattern := range patterns {
		require.NoError(t, os.WriteFile(filepath.Join(dir, ".gitignore"), []byte(pattern+"\n"), 0o600))
		cmd := exec.Command("git", "-C", dir, "check-ignore", "--no-index", "--stdin")
		cmd.Stdin = strings.NewReader(strings.Join(paths, "\n") + "\n")
		out, _ := cmd.Output() // it fails where nothing is ignored
		var got []string
		o, problems := label.ParseOwners([]byte(pattern+" @a\n"), label.ForgeGitHub)
		require.Empty(t, problems)
		for _, p := range paths {
			if len(o.Of(release.Path(p))) > 0 {
				got = append(got, p)
			}
		}
		require.Equal(t, strings.Fields(string(out)), append([]string{}, got...), pattern)
	}
}

func TestT11LastMatchWins(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules := rapid.SliceOfN(rapid.SampledFrom([]string{"* @a", "*.go @b", "/x/ @c", "/x/y", "x/*.go @d @e", "[z] @f", "!x @g", "*.md no-owner", "# c", "", "y @a # @b"}), 0, 8).Draw(t, "rules")
		owners, problems := label.ParseOwners([]byte(strings.Join(rules, "\n")), label.ForgeGitHub)
		bad := 0
		for _, r := range rules {
			if strings.HasPrefix(r, "[") || strings.HasPrefix(r, "!") || strings.HasSuffix(r, "no-owner") {
				bad++
			}
		}
		require.Len(t, problems, bad)
		for _, path := range []release.Path{"a.go", "x/y/a.go", "x/a.go", "a.md", "y"} {
			var want []label.Owned
			for i, r := range rules {
				f := strings.Fields(strings.Split(r, " #")[0])
				if len(f) == 0 || r[0] == '#' || r[0] == '[' || r[0] == '!' || f[len(f)-1] == "no-owner" || !slowGitHub(f[0]).MatchString(string(path)) {
					continue
				}
				o := label.Owned{Owners: append([]string(nil), f[1:]...), Pattern: release.Text(f[0]), Line: i + 1, Approvals: 1}
				if len(o.Owners) == 0 {
					o.Approvals = 0
				}
				want = []label.Owned{o}
			}
			require.Equal(t, want, owners.Of(path), "%s of %q", path, rules)
		}
	})
}

func TestGitLabSections(t *testing.T) {
	t.Parallel()
	owners, problems := label.ParseOwners([]byte(`
* @all
/unowned/
[Docs][2] @writers @org/docs
docs/
*.md @ada grace@example.com @@maintainers
docs/later.md
^[Data Base] @dba
db/
[DOCS]
docs/special.md @special
[Strict][3]
!/gen/
* @strict
/gen/x.go @nobody-gets-this
^[mixed]
m @a
[mixed]
n @b
[none]
k
[Dup] @d
k @one
z @two
k @three
`), label.ForgeGitLab)
	by := func(path release.Path) string {
		var out []string
		for _, o := range owners.Of(path) {
			text := o.String()
			if o.Optional {
				text += " (optional)"
			}
			out = append(out, fmt.Sprintf("%s x%d", text, o.Approvals))
		}
		return strings.Join(out, "\n")
	}
	require.Equal(t, "line 2: *: @all x1\nline 14: [Strict] *: @strict x3", by("x.go"))
	require.Equal(t, "line 3: /unowned/: nobody x0\nline 14: [Strict] *: @strict x3", by("unowned/a"))
	require.Equal(t, "line 2: *: @all x1\nline 5: [Docs] docs/: @writers @org/docs x2\nline 14: [Strict] *: @strict x3", by("docs/a"))
	require.Equal(t, "line 2: *: @all x1\nline 6: [Docs] *.md: @ada grace@example.com @@maintainers x2\nline 14: [Strict] *: @strict x3", by("docs/a.md"))
	require.Equal(t, "line 2: *: @all x1\nline 7: [Docs] docs/later.md: @writers @org/docs x2\nline 14: [Strict] *: @strict x3", by("docs/later.md"))
	require.Equal(t, "line 2: *: @all x1\nline 11: [Docs] docs/special.md: @special x1\nline 14: [Strict] *: @strict x3", by("docs/special.md"), "headings of one name add up, whatever their case")
	require.Equal(t, "line 2: *: @all x1\nline 9: [Data Base] db/: @dba (optional) x0\nline 14: [Strict] *: @strict x3", by("db/a"))
	require.Equal(t, "line 2: *: @all x1", by("gen/x.go"), "what is excluded stays out of its section")
	require.Contains(t, by("m"), "[mixed] m: @a x1", "a section that is required once is required")
	require.Contains(t, by("k"), "[none] k: nobody x0")
	require.Contains(t, by("k"), "[Dup] k: @three x1", "of one pattern twice, the later owners")
	require.Contains(t, by("z"), "[Dup] z: @two")
	require.Equal(t, []string{"line 3: nobody is named who could own it: GitLab asks for no approval", "line 21: nobody is named who could own it: GitLab asks for no approval"}, problemTexts(problems))
}

func problemTexts(ps []label.OwnersProblem) []string {
	var out []string
	for _, p := range ps {
		out = append(out, p.String())
	}
	return out
}

// Lines that are not what they seem. None of them gives anybody anything that the forge
// would not give.
func TestOwnersProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		forge      label.Forge
		line, want string
	}{
		{label.ForgeGitHub, "!a @x", "negation"},
		{label.ForgeGitHub, `\#a @x`, "escaped #"},
		{label.ForgeGitHub, "a[bc] @x", "character ranges"},
		{label.ForgeGitHub, "[Section] @x", "character ranges"},
		{label.ForgeGitHub, "a x", "no owner"},
		{label.ForgeGitHub, "a @x y", "no owner"},
		{label.ForgeGitHub, "a @", "no owner"},
		{label.ForgeGitHub, "a @@maintainers", "no owner"},
		{label.ForgeGitHub, "a @x/y/z", "no owner"},
		{label.ForgeGitHub, "a me@host", "no owner"},
		{label.ForgeGitHub, "a\x1b @x", "not printable"},
		{label.ForgeGitHub, "a\xff @x", "not printable"},
		{label.ForgeGitHub, "/ @x", "matches nothing"},
		{label.ForgeGitHub, "a//b @x", "matches nothing"},
		{label.ForgeGitHub, strings.Repeat("a", label.MaxOwnersLine) + " @x", "a line of"},
		{label.ForgeGitLab, "a x", "no owner"},
		{label.ForgeGitLab, "[a @x", "not finished"},
		{label.ForgeGitLab, "[] @x", "without a name"},
		{label.ForgeGitLab, "[a][0] @x", "number of approvals"},
		{label.ForgeGitLab, "[a][-1] @x", "number of approvals"},
		{label.ForgeGitLab, "a[b @x", "not understood"},
		{label.ForgeGitLab, "a @x # @y", "no owner"},
		{label.ForgeGitLab, "! @x", "exclusion of nothing"},
		{label.ForgeUnknown, "* @x", "not known"},
	} {
		owners, problems := label.ParseOwners([]byte("# c\n"+c.line+"\n"), c.forge)
		require.NotEmpty(t, problems, c.line)
		require.Contains(t, problems[0].Text, c.want)
		if c.forge == label.ForgeGitHub {
			require.Equal(t, 2, problems[0].Line)
			require.Empty(t, owners.Of("a"), c.line)
			wide, _ := label.ParseOwners([]byte("* @all\n"+c.line+"\n"), c.forge)
			require.Equal(t, []string{"@all"}, wide.Of("a")[0].Owners, "the rule before it goes on to count, as it does there")
		}
	}
	for _, b := range [][]byte{make([]byte, label.MaxOwners+1), []byte("* @x\n\x00"), []byte(strings.Repeat("a @x\n", label.MaxOwnersRules+1))} {
		for _, f := range []label.Forge{label.ForgeGitHub, label.ForgeGitLab} {
			owners, problems := label.ParseOwners(b, f)
			require.NotEmpty(t, problems)
			require.Empty(t, owners.Of("a"), "a file that is not read has no owners")
		}
	}
	owners, _ := label.ParseOwners([]byte("a @x # @y\n"), label.ForgeGitLab)
	require.Equal(t, []string{"@x", "@y"}, owners.Of("a")[0].Owners, "GitLab has no comments behind a rule")
	owners, problems := label.ParseOwners([]byte("a @x # @y\nb #@z\n"), label.ForgeGitHub)
	require.Empty(t, problems)
	require.Equal(t, []string{"@x"}, owners.Of("a")[0].Owners)
	require.Empty(t, owners.Of("b")[0].Owners)
}

// Trap T13: where the file is looked for, and who owns what changed by the base's rules.
func TestT13OwnersOfTheBase(t *testing.T) {
	t.Parallel()
	require.Equal(t, []release.Path{".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"}, label.OwnersPaths(label.ForgeGitHub))
	require.Equal(t, []release.Path{"CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"}, label.OwnersPaths(label.ForgeGitLab))
	require.Nil(t, label.OwnersPaths(label.ForgeUnknown))
	for _, f := range []label.Forge{label.ForgeGitHub, label.ForgeGitLab} {
		for _, p := range label.OwnersPaths(f) {
			require.Contains(t, labelsOf(modified(string(p))), release.LabelPolicy, "who changes the owners changes the rules")
		}
	}
	base, _ := label.ParseOwners([]byte("* @all\n/auth/ @security\n"), label.ForgeGitHub)
	cs := release.ChangeSet{Files: []release.FileChange{modified("z"), modified("auth/x.go"), modified(".github/CODEOWNERS")}}
	got := base.Touched(&cs)
	require.Equal(t, []release.Path{".github/CODEOWNERS", "auth/x.go", "z"}, []release.Path{got[0].Path, got[1].Path, got[2].Path})
	require.Equal(t, []string{"@security"}, got[1].Owned[0].Owners)
	none, _ := label.ParseOwners(nil, label.ForgeGitHub)
	require.Equal(t, []label.Touched{{Path: ".github/CODEOWNERS"}, {Path: "auth/x.go"}, {Path: "z"}}, none.Touched(&cs))
}

func TestHostileOwners(t *testing.T) {
	for _, f := range []label.Forge{label.ForgeGitHub, label.ForgeGitLab} {
		inputs := hostile.Texts()
		for i := range inputs {
			switch inputs[i].Name {
			case "an unclosed string", "100 kB of {\"a\":", "invalid UTF-8": // patterns with nobody behind them
				inputs[i].Fine = true
			}
		}
		inputs = append(inputs, hostile.Input{Name: "stars", Text: []byte(strings.Repeat(strings.Repeat("*a", 4000)+" @x\n", 300)), Fine: true},
			hostile.Input{Name: "directories", Text: []byte(strings.Repeat(strings.Repeat("**/a*/", 1300)+" @x\n", 300)), Fine: true},
			hostile.Input{Name: "sections", Text: []byte(strings.Repeat("[a][1] @x\nb\n", 14_000)), Fine: true},
			hostile.Input{Name: "sections of many names", Text: manySections(), Fine: true})
		hostile.Check(t, inputs, func(b []byte) bool {
			owners, problems := label.ParseOwners(b, f)
			if len(b) < 1<<20 {
				owners.Of("a/b")
			}
			return len(problems) > 0
		})
	}
	owners, _ := label.ParseOwners([]byte(strings.Repeat("*a", 7000)+"b @x\n"+strings.Repeat("**/a*/", 2000)+" @y\n"), label.ForgeGitHub)
	require.Empty(t, owners.Of(release.Path(strings.Repeat("a", 4000))))
}

func manySections() []byte {
	var b strings.Builder
	for i := range 14_000 {
		fmt.Fprintf(&b, "[s%d] @x\na\n", i)
	}
	return []byte(b.String())
}

// Whatever the file, what is owned was written in it, and the answer is the same each time.
func FuzzOwners(f *testing.F) {
	f.Add([]byte("* @a\n/x/** @b c@d.e # z\n[S][2] @x\n!y\n"), "x/y")
	f.Add([]byte("^[S]\n\\#a\\ b[c-d] @@owners\n"), "#a bc")
	f.Fuzz(func(t *testing.T, text []byte, path string) {
		for _, forge := range []label.Forge{label.ForgeGitHub, label.ForgeGitLab} {
			owners, problems := label.ParseOwners(text, forge)
			again, problems2 := label.ParseOwners(text, forge)
			require.Equal(t, problems, problems2)
			got := owners.Of(release.Path(path))
			require.Equal(t, got, again.Of(release.Path(path)))
			lines := strings.Split(string(text), "\n")
			for _, o := range got {
				require.Contains(t, lines[o.Line-1], string(o.Pattern))
				for _, who := range o.Owners {
					require.Contains(t, string(text), who)
				}
				require.Equal(t, len(o.Owners) == 0 || o.Optional, o.Approvals == 0)
			}
			for _, p := range problems {
				require.Equal(t, p.String(), release.Text(p.String()).String())
			}
			if forge == label.ForgeGitHub {
				require.LessOrEqual(t, len(got), 1)
			}
			require.True(t, slices.IsSortedFunc(problems, func(a, b label.OwnersProblem) int { return a.Line - b.Line }))
		}
	})
}
