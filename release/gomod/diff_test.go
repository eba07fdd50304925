package gomod_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/gomod"
	"github.com/sallyport-dev/sallyport/release/inventory"
)

// file is a go.mod with hashes for all that it requires.
func file(lines ...string) gomod.File {
	f := gomod.File{Mod: []byte("module example.com/m\n" + strings.Join(lines, "\n") + "\n"), Sum: []byte{}}
	for _, line := range lines {
		if fields := strings.Fields(line); len(fields) > 2 && fields[0] == "require" {
			f.Sum = fmt.Appendf(f.Sum, "%s %s h1:%s=\n", fields[1], fields[2], fields[2])
		}
	}
	return f
}

// text is a change in one line.
func text(c release.DependencyChange) string {
	s := fmt.Sprintf("%s %s %s>%s", c.Op, c.Package, c.Before, c.After)
	if c.Relation == release.RelationDirect {
		s += " direct"
	}
	if c.Major {
		s += " major"
	}
	if c.Detail != "" {
		s += " (" + c.Detail + ")"
	}
	return s
}

func texts(cs release.ChangeSet) (changes, gaps []string) {
	for _, c := range cs.Dependencies {
		changes = append(changes, text(c))
	}
	for _, g := range cs.Gaps {
		gaps = append(gaps, g.String())
	}
	return changes, gaps
}

func TestDiff(t *testing.T) {
	t.Parallel()
	const commit = "v0.0.0-20240102030405-abcdefabcdef"
	for _, c := range []struct {
		name          string
		before, after gomod.File
		want, gaps    []string
	}{
		{"nothing on either side", gomod.File{}, gomod.File{}, nil, nil},
		{"the same", file("go 1.22", "require a.io/x v1.0.0"), file("go 1.22", "require a.io/x v1.0.0"), nil, nil},
		{"the same in another order and with comments", file("require a.io/x v1.0.0", "require a.io/y v1.0.0"), file("require a.io/y v1.0.0", "// hello", "require a.io/x v1.0.0"), nil, nil},
		{"new file", gomod.File{}, file("go 1.22", "require a.io/x v1.0.0"),
			[]string{"added pkg:golang/a.io/x >v1.0.0 direct", "added pkg:golang/stdlib >1.22 direct"}, nil},
		{"file gone", file("go 1.22", "require a.io/x v1.0.0 // indirect"), gomod.File{},
			[]string{"removed pkg:golang/a.io/x v1.0.0>", "removed pkg:golang/stdlib 1.22> direct"}, nil},
		{"added", file(), file("require a.io/x v1.0.0 // indirect"), []string{"added pkg:golang/a.io/x >v1.0.0"}, nil},
		{"upgraded", file("require a.io/x v1.9.0"), file("require a.io/x v1.10.0"), []string{"upgraded pkg:golang/a.io/x v1.9.0>v1.10.0 direct"}, nil},
		{"downgraded", file("require a.io/x v1.10.0"), file("require a.io/x v1.9.0"), []string{"downgraded pkg:golang/a.io/x v1.10.0>v1.9.0 direct"}, nil},
		{"to a pre-release of the same", file("require a.io/x v1.0.0"), file("require a.io/x v1.0.0-rc.1"), []string{"downgraded pkg:golang/a.io/x v1.0.0>v1.0.0-rc.1 direct"}, nil},
		{"to v1", file("require a.io/x v0.9.0"), file("require a.io/x v1.0.0"), []string{"upgraded pkg:golang/a.io/x v0.9.0>v1.0.0 direct major"}, nil},
		{"to an untagged commit", file("require a.io/x v0.0.0"), file("require a.io/x " + commit),
			[]string{"downgraded pkg:golang/a.io/x v0.0.0>" + commit + " direct (" + commit + " is untagged commit abcdefabcdef of 2024-01-02)"}, nil},
		{"incompatible", file("require a.io/x v1.0.0"), file("require a.io/x v2.0.0+incompatible"),
			[]string{"upgraded pkg:golang/a.io/x v1.0.0>v2.0.0+incompatible direct major (v2.0.0+incompatible is without a go.mod of its major version)"}, nil},
		{"major move", file("require a.io/x v1.5.0"), file("require a.io/x/v2 v2.0.0"),
			[]string{"removed pkg:golang/a.io/x v1.5.0> direct major (moved from a.io/x v1.5.0 to a.io/x/v2 v2.0.0)",
				"added pkg:golang/a.io/x/v2 >v2.0.0 direct major (moved from a.io/x v1.5.0 to a.io/x/v2 v2.0.0)"}, nil},
		{"major move at gopkg.in", file("require gopkg.in/yaml.v2 v2.4.0"), file("require gopkg.in/yaml.v3 v3.0.1"),
			[]string{"removed pkg:golang/gopkg.in/yaml.v2 v2.4.0> direct major (moved from gopkg.in/yaml.v2 v2.4.0 to gopkg.in/yaml.v3 v3.0.1)",
				"added pkg:golang/gopkg.in/yaml.v3 >v3.0.1 direct major (moved from gopkg.in/yaml.v2 v2.4.0 to gopkg.in/yaml.v3 v3.0.1)"}, nil},
		{"two majors side by side are no move", file("require a.io/x v1.5.0"), file("require a.io/x v1.5.0", "require a.io/x/v2 v2.0.0"),
			[]string{"added pkg:golang/a.io/x/v2 >v2.0.0 direct"}, nil},
		{"a module below is no major", file("require a.io/x v1.5.0"), file("require a.io/x/v2/y v1.0.0"),
			[]string{"removed pkg:golang/a.io/x v1.5.0> direct", "added pkg:golang/a.io/x/v2/y >v1.0.0 direct"}, nil},
		{"now direct", file("require a.io/x v1.0.0 // indirect"), file("require a.io/x v1.0.0"), []string{"modified pkg:golang/a.io/x v1.0.0>v1.0.0 direct (now direct)"}, nil},
		{"now indirect and higher", file("require a.io/x v1.0.0"), file("require a.io/x v1.1.0 // indirect"), []string{"upgraded pkg:golang/a.io/x v1.0.0>v1.1.0 (now indirect)"}, nil},
		{"twice in one file: the highest", file("require a.io/x v1.0.0"), file("require a.io/x v1.0.0", "require a.io/x v1.2.0 // indirect", "require a.io/x v1.1.0"),
			[]string{"upgraded pkg:golang/a.io/x v1.0.0>v1.2.0 direct"}, nil},
		{"capitals", file(), file("require github.com/BurntSushi/toml v1.0.0"),
			[]string{"added pkg:golang/github.com/burntsushi/toml >v1.0.0 direct (module path github.com/BurntSushi/toml)"}, nil},
		{"a second module that differs only in case", file("require github.com/sirupsen/logrus v1.0.0"), file("require github.com/sirupsen/logrus v1.0.0", "require github.com/Sirupsen/logrus v1.0.0"),
			[]string{"added pkg:golang/github.com/sirupsen/logrus >v1.0.0 direct (module path github.com/Sirupsen/logrus)"},
			[]string{"unsupported go.mod: github.com/Sirupsen/logrus, github.com/sirupsen/logrus differ only in case: pkg:golang/github.com/sirupsen/logrus names them all"}},
		{"only the case of the path differs", file("require github.com/Sirupsen/logrus v1.0.0"), file("require github.com/sirupsen/logrus v1.0.0"),
			[]string{"added pkg:golang/github.com/sirupsen/logrus >v1.0.0 direct", "removed pkg:golang/github.com/sirupsen/logrus v1.0.0> direct (module path github.com/Sirupsen/logrus)"}, nil},

		{"replaced by a fork", file("require a.io/x v1.0.0"), with(file("require a.io/x v1.0.0", "replace a.io/x => b.io/fork v1.0.1"), "b.io/fork v1.0.1 h1:x="),
			[]string{"replaced pkg:golang/a.io/x v1.0.0>v1.0.0 direct (replaced by b.io/fork v1.0.1)"}, nil},
		{"a fork that is not in go.sum", file("require a.io/x v1.0.0"), file("require a.io/x v1.0.0", "replace a.io/x => b.io/fork v1.0.1"),
			[]string{"replaced pkg:golang/a.io/x v1.0.0>v1.0.0 direct (replaced by b.io/fork v1.0.1)"}, []string{"dependency-origin go.sum: no hash for b.io/fork v1.0.1"}},
		{"replaced by a directory", file("require a.io/x v1.0.0"), file("require a.io/x v1.0.0", "replace a.io/x => ./x"),
			[]string{"replaced pkg:golang/a.io/x v1.0.0>v1.0.0 direct (replaced by ./x)"}, []string{"dependency-origin a.io/x: go.mod takes it from the directory ./x"}},
		{"a directory as before, inside", file("replace a.io/x => ./x"), file("replace a.io/x => ./x"), nil, nil},
		{"a directory as before, outside", file("replace a.io/x => ./y/../../x"), file("replace a.io/x => ./y/../../x"), nil, []string{"dependency-origin a.io/x: go.mod takes it from the directory ./y/../../x"}},
		{"an absolute directory as before", file("replace a.io/x => /tmp/x"), file("replace a.io/x => /tmp/x"), nil, []string{"dependency-origin a.io/x: go.mod takes it from the directory /tmp/x"}},
		{"no longer replaced", with(file("require a.io/x v1.0.0", "replace a.io/x v1.0.0 => b.io/fork v1.0.1"), "b.io/fork v1.0.1 h1:x="), file("require a.io/x v1.0.0"),
			[]string{"replaced pkg:golang/a.io/x v1.0.0>v1.0.0 direct (v1.0.0 no longer replaced by b.io/fork v1.0.1)"}, nil},
		{"replaced by something else", file("replace a.io/x => b.io/fork v1.0.1"), file("replace a.io/x => b.io/fork v1.0.2"),
			[]string{"replaced pkg:golang/a.io/x > (replaced by b.io/fork v1.0.2, before by b.io/fork v1.0.1)"}, nil},
		{"an upgrade without effect", with(file("require a.io/x v1.0.0", "replace a.io/x => b.io/fork v1.0.1"), "b.io/fork v1.0.1 h1:x="),
			with(file("require a.io/x v1.1.0", "replace a.io/x => b.io/fork v1.0.1"), "b.io/fork v1.0.1 h1:x="),
			[]string{"upgraded pkg:golang/a.io/x v1.0.0>v1.1.0 direct (replaced by b.io/fork v1.0.1)"}, nil},

		{"go and toolchain", file("go 1.9", "toolchain go1.22.1"), file("go 1.22.0", "toolchain go1.21.9"),
			[]string{"upgraded pkg:golang/stdlib 1.9>1.22.0 direct", "downgraded pkg:golang/toolchain 1.22.1>1.21.9 direct"}, nil},
		{"toolchain gone", file("go 1.22", "toolchain go1.22.1"), file("go 1.22"), []string{"removed pkg:golang/toolchain 1.22.1> direct"}, nil},
		{"godebug", file("go 1.22"), file("go 1.22", "godebug tlsrsakex=1"), []string{"modified pkg:golang/stdlib > (new: godebug tlsrsakex=1)"}, nil},
		{"exclude, retract, tool, ignore", file("exclude a.io/x v1.0.0"), file("retract [v1.0.0, v1.1.0]", "tool a.io/cmd/x", "ignore ./y"),
			[]string{"modified pkg:golang/a.io/x > (gone: exclude v1.0.0)", "modified pkg:golang/example.com/m > (new: ignore ./y)",
				"modified pkg:golang/example.com/m > (new: retract [v1.0.0, v1.1.0])", "modified pkg:golang/example.com/m > (new: tool a.io/cmd/x)"}, nil},
		{"another module path", file(), gomod.File{Mod: []byte("module example.com/n"), Sum: []byte{}}, []string{"moved pkg:golang/example.com/n > (the module's path was example.com/m)"}, nil},

		{"another directory, outside", file("replace a.io/x => ../x"), file("replace a.io/x => ../y"), []string{"replaced pkg:golang/a.io/x > (replaced by ../y, before by ../x)"},
			[]string{"dependency-origin a.io/x: go.mod takes it from the directory ../y"}},
		{"only the build metadata differs", file("require a.io/x v1.0.0"), file("require a.io/x v1.0.0+incompatible"),
			[]string{"modified pkg:golang/a.io/x v1.0.0>v1.0.0+incompatible direct (v1.0.0+incompatible is without a go.mod of its major version)"}, nil},
		{"a commit of no date", file(), file("require a.io/x v0.0.0-20241399999999-abcdefabcdef"),
			[]string{"added pkg:golang/a.io/x >v0.0.0-20241399999999-abcdefabcdef direct (pseudo-version)"}, nil},
		{"neither required nor replaced", with(file("require a.io/x v1.0.0", "replace a.io/x => b.io/fork v1.0.1"), "b.io/fork v1.0.1 h1:x="), file(),
			[]string{"removed pkg:golang/a.io/x v1.0.0> direct", "replaced pkg:golang/a.io/x v1.0.0> direct (no longer replaced by b.io/fork v1.0.1)"}, nil},
		{"file gone with what it said of itself", file("retract v1.0.0"), gomod.File{}, []string{"modified pkg:golang/example.com/m > (gone: retract [v1.0.0, v1.0.0])"}, nil},
		{"toolchain of another maker", file("toolchain go1.22.1"), file("toolchain go1.22.1-custom"), []string{"modified pkg:golang/toolchain 1.22.1>1.22.1-custom direct"}, nil},
		{"two hashes in another order", with(file(), "a.io/x v1.0.0 h1:a=", "a.io/x v1.0.0 h1:b="), with(file(), "a.io/x v1.0.0 h1:b=", "a.io/x v1.0.0 h1:a="), nil, nil},
		{"another hash for the same version", file("require a.io/x v1.0.0"), with(gomod.File{Mod: file("require a.io/x v1.0.0").Mod}, "a.io/x v1.0.0 h1:evil="),
			[]string{"replaced pkg:golang/a.io/x v1.0.0>v1.0.0 direct (go.sum has another hash for the same version)"},
			[]string{"dependency-origin a.io/x v1.0.0: go.sum has another hash for the same version: its content was changed after it was published, or the file was edited"}},
		{"a second hash for the same version", file("require a.io/x v1.0.0"), with(file("require a.io/x v1.0.0"), "a.io/x v1.0.0 h1:evil="),
			[]string{"replaced pkg:golang/a.io/x v1.0.0>v1.0.0 direct (go.sum has another hash for the same version)"},
			[]string{"dependency-origin a.io/x v1.0.0: go.sum has another hash for the same version: its content was changed after it was published, or the file was edited"}},
		{"another hash of a go.mod", with(file(), "a.io/y v1.0.0/go.mod h1:a="), with(file(), "a.io/y v1.0.0/go.mod h1:b="),
			[]string{"replaced pkg:golang/a.io/y v1.0.0>v1.0.0 (go.sum has another hash for the same version)"},
			[]string{"dependency-origin a.io/y v1.0.0: go.sum has another hash for the same version: its content was changed after it was published, or the file was edited"}},
		{"the same hash twice", file("require a.io/x v1.0.0"), with(file("require a.io/x v1.0.0"), "a.io/x v1.0.0 h1:v1.0.0="), nil, nil},
		{"no go.sum", file("require a.io/x v1.0.0"), gomod.File{Mod: file("require a.io/x v1.0.0").Mod}, nil, []string{"dependency-origin go.sum: no hash for a.io/x v1.0.0"}},
		{"no hash for many", file(), gomod.File{Mod: file("require (", "a.io/a v1.0.0", "a.io/b v1.0.0", "a.io/c v1.0.0", "a.io/d v1.0.0", "a.io/e v1.0.0", "a.io/f v1.0.0", ")").Mod},
			[]string{"added pkg:golang/a.io/a >v1.0.0 direct", "added pkg:golang/a.io/b >v1.0.0 direct", "added pkg:golang/a.io/c >v1.0.0 direct",
				"added pkg:golang/a.io/d >v1.0.0 direct", "added pkg:golang/a.io/e >v1.0.0 direct", "added pkg:golang/a.io/f >v1.0.0 direct"},
			[]string{"dependency-origin go.sum: no hash for a.io/a v1.0.0, a.io/b v1.0.0, a.io/c v1.0.0, a.io/d v1.0.0, a.io/e v1.0.0 and 1 more"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := gomod.Diff(c.before, c.after)
			changes, gaps := texts(got)
			require.Equal(t, c.want, changes)
			require.Equal(t, c.gaps, gaps)
			require.Equal(t, release.CoverageComplete, got.Coverage[release.KindDependency])
			for _, d := range got.Dependencies {
				require.Equal(t, release.Path("go.mod"), d.File)
			}
		})
	}
}

// Of many things that changed at once, each is told once, in order.
func TestDiffOfMany(t *testing.T) {
	t.Parallel()
	side := func(to string) gomod.File {
		var lines, sums []string
		for i := range 9 {
			lines = append(lines, fmt.Sprintf("replace a.io/x%d => ./%s", i, to), fmt.Sprintf("exclude b.io/y%d v1.0.%s", i, to), fmt.Sprintf("exclude b.io/y%d v1.1.0", i))
			sums = append(sums, fmt.Sprintf("c.io/z%d v1.0.%d h1:%s=", i, 9-i, to), fmt.Sprintf("c.io/z%d v1.0.%d/go.mod h1:%s=", i, 9-i, to))
		}
		return with(file(lines...), sums...)
	}
	var want, wantGaps, sumGaps []string
	for i := range 9 {
		want = append(want, fmt.Sprintf("replaced pkg:golang/a.io/x%d > (replaced by ./2, before by ./1)", i))
		wantGaps = append(wantGaps, fmt.Sprintf("dependency-origin a.io/x%d: go.mod takes it from the directory ./2", i))
		sumGaps = append(sumGaps, fmt.Sprintf("dependency-origin c.io/z%d v1.0.%d: go.sum has another hash for the same version: its content was changed after it was published, or the file was edited", i, 9-i))
	}
	for i := range 9 {
		want = append(want, fmt.Sprintf("modified pkg:golang/b.io/y%d > (gone: exclude v1.0.1)", i), fmt.Sprintf("modified pkg:golang/b.io/y%d > (new: exclude v1.0.2)", i))
	}
	for i := range 9 {
		want = append(want, fmt.Sprintf("replaced pkg:golang/c.io/z%d v1.0.%d>v1.0.%d (go.sum has another hash for the same version)", i, 9-i, 9-i))
	}
	got, gaps := texts(gomod.Diff(side("1"), side("2")))
	require.Equal(t, want, got)
	require.Equal(t, append(wantGaps, sumGaps...), gaps)
}

// What a file that is gone asked for is told of that file.
func TestGoneFileKeepsItsName(t *testing.T) {
	t.Parallel()
	f := file("require a.io/x v1.0.0")
	f.Path = "tools/go.mod"
	for _, got := range []release.ChangeSet{gomod.Diff(f, gomod.File{}), gomod.Diff(gomod.File{}, f)} {
		require.Len(t, got.Dependencies, 1)
		require.Equal(t, release.Path("tools/go.mod"), got.Dependencies[0].File)
	}
}

// with appends lines to the go.sum.
func with(f gomod.File, sum ...string) gomod.File {
	f.Sum = append(slices.Clone(f.Sum), strings.Join(sum, "\n")+"\n"...)
	return f
}

// Go 1.17 began to list the modules of dependencies. Only what the old go.sum had
// in this very version, and none above, was surely there before.
func TestPruning(t *testing.T) {
	t.Parallel()
	before := with(file("go 1.16", "require a.io/x v1.0.0"),
		"a.io/known v1.2.0 h1:a=", "a.io/known v1.2.0/go.mod h1:b=", "a.io/known v1.1.0/go.mod h1:c=",
		"a.io/higher v1.0.0 h1:a=", "a.io/higher v1.1.0/go.mod h1:d=",
		"a.io/lower v1.0.0/go.mod h1:e=", "a.io/direct v1.0.0 h1:f=")
	after := func(golang string) gomod.File {
		f := file(golang, "require a.io/x v1.0.0", "require a.io/known v1.2.0 // indirect", "require a.io/higher v1.0.0 // indirect",
			"require a.io/lower v1.1.0 // indirect", "require a.io/evil v1.0.0 // indirect", "require a.io/direct v1.0.0")
		f.Sum = with(before, "a.io/lower v1.1.0 h1:g=", "a.io/evil v1.0.0 h1:h=").Sum
		return f
	}
	got, gaps := texts(gomod.Diff(before, after("go 1.17")))
	require.Empty(t, gaps)
	require.Equal(t, []string{
		"added pkg:golang/a.io/direct >v1.0.0 direct",
		"added pkg:golang/a.io/evil >v1.0.0 (go 1.17 lists indirect modules, but go.sum did not know this one)",
		"added pkg:golang/a.io/higher >v1.0.0 (go 1.17 lists indirect modules, but go.sum knew this one up to v1.1.0)",
		"listed pkg:golang/a.io/known >v1.2.0 (listed since go 1.17, in go.sum before)",
		"added pkg:golang/a.io/lower >v1.1.0 (go 1.17 lists indirect modules, but go.sum knew this one up to v1.0.0)",
		"upgraded pkg:golang/stdlib 1.16>1.17 direct",
	}, got)

	back, _ := texts(gomod.Diff(after("go 1.17"), before))
	require.Contains(t, back, "unlisted pkg:golang/a.io/known v1.2.0> (listed since go 1.17, in go.sum before)")
	require.Contains(t, back, "removed pkg:golang/a.io/evil v1.0.0> (go 1.17 lists indirect modules, but go.sum did not know this one)")

	for _, c := range []struct {
		name          string
		before, after gomod.File
	}{
		{"the go directive stays below", before, after("go 1.16")},
		{"the go directive was above", gomod.File{Mod: []byte(strings.Replace(string(before.Mod), "go 1.16", "go 1.17", 1)), Sum: before.Sum}, after("go 1.22")},
		{"the file is new", gomod.File{Sum: before.Sum}, after("go 1.17")},
		{"there was no go.sum", gomod.File{Mod: before.Mod}, after("go 1.17")},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, d := range gomod.Diff(c.before, c.after).Dependencies {
				require.NotEqual(t, release.OpListed, d.Op, text(d))
			}
		})
	}
	// No go directive means go 1.16.
	got, _ = texts(gomod.Diff(gomod.File{Mod: []byte(strings.Replace(string(before.Mod), "go 1.16", "", 1)), Sum: before.Sum}, after("go 1.22.3")))
	require.Contains(t, got, "listed pkg:golang/a.io/known >v1.2.0 (listed since go 1.17, in go.sum before)")
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	good := file("go 1.22", "require a.io/x v1.0.0")
	for _, c := range []struct {
		name string
		mod  string
		want string
	}{
		{"empty", "", "unreadable tools/go.mod: go.mod:1: no module directive"},
		{"no module", "go 1.22\n", "unreadable tools/go.mod: go.mod:1: no module directive"},
		{"unknown directive", "module m.io\n\nsurprise x\n", "unreadable tools/go.mod: go.mod:3: unknown directive: surprise"},
		{"not canonical", "module m.io\nrequire a.io/x main\n", "unreadable tools/go.mod: go.mod:2: require a.io/x: version \"main\" invalid: must be of the form v1.2.3"},
		{"wrong major", "module m.io\nrequire a.io/x v2.0.0\n", "unreadable tools/go.mod: go.mod:2: "},
		{"cut", "module m.io\nrequire (\n", "unreadable tools/go.mod: go.mod:3: "},
		{"a path with a line feed", "module m.io\nreplace \"a\\nb\" => ../x\n", "go.mod:2: "},
		{"a path that leaves", "module m.io\nrequire ../x v1.0.0\n", "go.mod:2: "},
		{"two replacements", "module m.io\nreplace a.io/x => ../x\nreplace a.io/x => ../y\n", "go.mod:3: another replacement"},
		{"not text", "\x00\xff\x1b[31m", "unreadable tools/go.mod: "},
		{"a conflict", "<<<<<<< HEAD\nmodule m.io\n", "unreadable tools/go.mod: "},
		{"too many lines", strings.Repeat("x\n", gomod.MaxMod/2-1), "too-large tools/go.mod: "},
		{"too large", "module m.io\n//" + strings.Repeat("x", gomod.MaxMod), "too-large tools/go.mod: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			bad := gomod.File{Path: "tools/go.mod", Mod: []byte(c.mod)}
			good.Path = bad.Path
			for _, got := range []release.ChangeSet{gomod.Diff(good, bad), gomod.Diff(bad, good), gomod.Diff(bad, bad), gomod.Diff(gomod.File{}, bad)} {
				_, gaps := texts(got)
				require.Len(t, gaps, 1)
				require.Contains(t, gaps[0], c.want)
				require.Less(t, len(gaps[0]), 400)
				require.Equal(t, release.Text(gaps[0]), mustText(t, gaps[0]), "safe to print")
				require.Empty(t, got.Dependencies)
				require.Equal(t, release.CoverageMissing, got.Coverage[release.KindDependency])
			}
			inv := gomod.Read(bad)
			require.Nil(t, inv.Components)
			require.Len(t, inv.Gaps, 1)
			require.Equal(t, release.CoverageMissing, inv.Coverage)
		})
	}
}

// mustText reads a printable text back.
func mustText(t *testing.T, s string) release.Text {
	v, err := release.ParseText(s)
	require.NoError(t, err)
	return v
}

func TestUnreadableSum(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, sum, want string }{
		{"two fields", "a.io/x v1.0.0 h1:v1.0.0=\na.io/y v1.0.0\n", "unreadable tools/go.sum: go.sum:2: not a module"},
		{"no version", "a.io/x latest h1:x=\n", "go.sum:1"},
		{"no hash", "\n\na.io/x v1.0.0 x\n", "go.sum:3"},
		{"a conflict", "<<<<<<< HEAD\n", "go.sum:1"},
		{"too large", strings.Repeat(" ", gomod.MaxSum+1), "too-large tools/go.sum: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := file("require a.io/x v1.0.0")
			f.Path = "tools/go.mod"
			bad := f
			bad.Sum = []byte(c.sum)
			got := gomod.Diff(f, bad)
			_, gaps := texts(got)
			require.Contains(t, gaps[0], c.want)
			require.Equal(t, release.CoveragePartial, got.Coverage[release.KindDependency])
			require.Contains(t, gaps[len(gaps)-1], "no hash for a.io/x v1.0.0", "nothing of the file is believed")
			require.Empty(t, gomod.Diff(bad, f).Dependencies)
		})
	}
}

// A go.sum may be as long as it may be.
func TestLongestSum(t *testing.T) {
	t.Parallel()
	f := file("require a.io/x v1.0.0")
	f.Sum = append(f.Sum, bytes.Repeat([]byte(" "), gomod.MaxSum-len(f.Sum))...)
	got := gomod.Diff(f, f)
	require.Empty(t, got.Gaps)
	require.Equal(t, release.CoverageComplete, got.Coverage[release.KindDependency])
}

func TestRead(t *testing.T) {
	t.Parallel()
	direct := release.RelationDirect
	f := file("go 1.22.0", "toolchain go1.22.3", "require a.io/z v1.0.0 // indirect", "require a.io/b v1.0.0", "require a.io/c v1.0.0",
		"require a.io/d v2.0.0+incompatible", "replace a.io/b => ../b", "replace a.io/c v1.0.0 => c.io/fork v1.2.0", "replace a.io/z v1.1.0 => ../z")
	f.Sum = append(f.Sum, "c.io/fork v1.2.0 h1:fork=\nc.io/fork v1.2.0/go.mod h1:mod=\na.io/z v1.0.0 h1:again=\n"...)
	f.Path = "svc/go.mod"
	got := gomod.Read(f)
	require.Equal(t, release.Inventory{
		Source: release.Source{Path: "svc/go.mod", Format: "go.mod+go.sum", Digest: release.DigestOf(fmt.Appendf(nil, "%x  go.mod\n%x  go.sum\n", sha256.Sum256(f.Mod), sha256.Sum256(f.Sum)))},
		Root:   "pkg:golang/example.com/m",
		Components: []release.Component{
			{PURL: "pkg:golang/a.io/b", Relation: direct, Origin: "../b"},
			{PURL: "pkg:golang/a.io/c@v1.0.0", Relation: direct, Origin: "replaced by c.io/fork v1.2.0"},
			{PURL: "pkg:golang/a.io/d@v2.0.0%2Bincompatible", Relation: direct, Integrity: "h1:v2.0.0+incompatible="},
			{PURL: "pkg:golang/a.io/z@v1.0.0", Relation: release.RelationTransitive, Integrity: "h1:again= h1:v1.0.0="},
			{PURL: "pkg:golang/c.io/fork@v1.2.0", Relation: direct, Integrity: "h1:fork=", Origin: "replace a.io/c v1.0.0 => c.io/fork v1.2.0"},
			{PURL: "pkg:golang/stdlib@1.22.3", Relation: direct, Scope: release.ScopeRuntime},
			{PURL: "pkg:golang/toolchain@1.22.3", Relation: direct, Scope: release.ScopeDevelopment},
		},
		Coverage: release.CoveragePartial,
		Gaps:     []release.Gap{{Kind: release.GapDependencyOrigin, Subject: "a.io/b", Detail: "svc/go.mod takes it from the directory ../b"}},
	}, got)

	got = gomod.Read(file("go 1.22.0", "require a.io/y v1.0.0"))
	require.Equal(t, release.CoverageComplete, got.Coverage)
	require.Empty(t, got.Gaps)

	// A purl cannot tell two paths that differ only in case: neither is dropped, and it is said.
	got = gomod.Read(file("go 1.17", "require github.com/A/x v1.0.0", "require github.com/a/x v1.0.0", "require github.com/a/X v1.1.0 // indirect", "require a.io/y v1.0.0"))
	require.Equal(t, []release.Component{{PURL: "pkg:golang/a.io/y@v1.0.0", Relation: direct, Integrity: "h1:v1.0.0="}, {PURL: "pkg:golang/github.com/a/x@v1.0.0", Relation: direct, Integrity: "h1:v1.0.0="},
		{PURL: "pkg:golang/github.com/a/x@v1.0.0", Relation: direct, Integrity: "h1:v1.0.0="}, {PURL: "pkg:golang/github.com/a/x@v1.1.0", Relation: release.RelationTransitive, Integrity: "h1:v1.1.0="},
		{PURL: "pkg:golang/stdlib@1.17", Relation: direct, Scope: release.ScopeRuntime}}, got.Components)
	require.Equal(t, []release.Gap{{Kind: release.GapUnsupported, Subject: "go.mod",
		Detail: "github.com/A/x, github.com/a/X, github.com/a/x differ only in case: pkg:golang/github.com/a/x names them all"}}, got.Gaps)
	// One fork in place of two modules is one component, and direct if either is.
	got = gomod.Read(file("go 1.17", "require a.io/x v1.0.0 // indirect", "require a.io/y v1.0.0", "replace a.io/x => b.io/f v1.0.0", "replace a.io/y => b.io/f v1.0.0"))
	require.Equal(t, []release.Component{
		{PURL: "pkg:golang/a.io/x@v1.0.0", Relation: release.RelationTransitive, Origin: "replaced by b.io/f v1.0.0"},
		{PURL: "pkg:golang/a.io/y@v1.0.0", Relation: direct, Origin: "replaced by b.io/f v1.0.0"},
		{PURL: "pkg:golang/b.io/f@v1.0.0", Relation: direct, Origin: "replace a.io/x v1.0.0 => b.io/f v1.0.0, replace a.io/y v1.0.0 => b.io/f v1.0.0"},
	}, got.Components[:3])
	require.Len(t, got.Components, 4)
	require.Equal(t, "dependency-origin go.sum: no hash for b.io/f v1.0.0, b.io/f v1.0.0", got.Gaps[0].String())
	// Another version of the same module, or of one whose path differs only in case, is no fork.
	got = gomod.Read(with(file("go 1.17", "require a.io/x v1.9.0", "require a.io/Y v1.0.0", "replace a.io/x => a.io/x v1.0.0", "replace a.io/Y => a.io/y v1.2.0"), "a.io/x v1.0.0 h1:x=", "a.io/y v1.2.0 h1:y="))
	require.Equal(t, []release.Component{
		{PURL: "pkg:golang/a.io/x@v1.0.0", Relation: direct, Integrity: "h1:x=", Origin: "replace a.io/x v1.9.0 => a.io/x v1.0.0"},
		{PURL: "pkg:golang/a.io/y@v1.2.0", Relation: direct, Integrity: "h1:y=", Origin: "replace a.io/Y v1.0.0 => a.io/y v1.2.0"},
	}, got.Components[:2])
	require.Len(t, got.Components, 3)
	require.Empty(t, got.Gaps)
	// A fork that is required by its own name, too, is one component; and so is a module that is replaced and put in place of another.
	got = gomod.Read(with(file("go 1.17", "require a.io/x v1.0.0", "require b.io/f v1.0.0", "require c.io/g v1.0.0", "replace a.io/x => b.io/f v1.0.0", "replace b.io/f => c.io/g v1.0.0")))
	require.Equal(t, []release.Component{
		{PURL: "pkg:golang/a.io/x@v1.0.0", Relation: direct, Origin: "replaced by b.io/f v1.0.0"},
		{PURL: "pkg:golang/b.io/f@v1.0.0", Relation: direct, Integrity: "h1:v1.0.0=", Origin: "replace a.io/x v1.0.0 => b.io/f v1.0.0, replaced by c.io/g v1.0.0"},
		{PURL: "pkg:golang/c.io/g@v1.0.0", Relation: direct, Integrity: "h1:v1.0.0=", Origin: "replace b.io/f v1.0.0 => c.io/g v1.0.0"},
	}, got.Components[:3])
	// A vendor's toolchain has the standard library of the Go that it is made of.
	got = gomod.Read(file("go 1.22.0", "toolchain go1.22.3-acme"))
	require.Equal(t, []release.PURL{"pkg:golang/stdlib@1.22.3", "pkg:golang/toolchain@go1.22.3-acme"}, []release.PURL{got.Components[0].PURL, got.Components[1].PURL})
	got = gomod.Read(file("go 1.22.0", "toolchain default"))
	require.Len(t, got.Components, 1)
}

// What could not be read, or not as a whole, is never said to be complete.
func TestReadCoverage(t *testing.T) {
	t.Parallel()
	old := gomod.Read(file("go 1.16", "require a.io/y v1.0.0"))
	require.Equal(t, release.CoveragePartial, old.Coverage, "files from before Go 1.17 do not list all")
	require.Equal(t, release.GapIncomplete, old.Gaps[0].Kind)
	require.Len(t, old.Components, 2)

	bad := gomod.Read(gomod.File{Mod: []byte("module x\nrequire (\n")})
	require.Equal(t, release.CoverageMissing, bad.Coverage)
	require.Equal(t, release.GapUnreadable, bad.Gaps[0].Kind)
	require.Nil(t, bad.Components)
	require.False(t, bad.Source.Digest.IsZero())
	require.Empty(t, inventory.Diff(&bad, &old).Dependencies)

	large := gomod.Read(gomod.File{Mod: bytes.Repeat([]byte("x"), gomod.MaxMod+1)})
	require.Equal(t, release.CoverageMissing, large.Coverage)
	require.Equal(t, release.GapTooLarge, large.Gaps[0].Kind)

	noSum := gomod.Read(gomod.File{Mod: file("go 1.22", "require a.io/y v1.0.0").Mod})
	require.Equal(t, release.CoveragePartial, noSum.Coverage)
	require.Equal(t, "dependency-origin go.sum: no hash for a.io/y v1.0.0", noSum.Gaps[0].String())

	require.Equal(t, release.Source{Path: "go.mod", Format: "go.mod", Digest: release.DigestOf(file("go 1.22", "require a.io/y v1.0.0").Mod)}, noSum.Source)

	none := gomod.Read(gomod.File{})
	require.Equal(t, release.Inventory{Source: release.Source{Path: "go.mod", Format: "go.mod"}, Coverage: release.CoverageComplete}, none)
}

// What was read can be read again: each file with its digest, once.
func TestDiffSources(t *testing.T) {
	t.Parallel()
	source := func(path release.Path, format string, b []byte) release.Source {
		return release.Source{Path: path, Format: format, Digest: release.DigestOf(b)}
	}
	b, a := file("require a.io/x v1.0.0"), file("require a.io/x v1.0.0", "// more")
	b.Path, a.Path = "svc/go.mod", "svc/go.mod"
	require.Equal(t, []release.Source{source("svc/go.mod", "go.mod", b.Mod), source("svc/go.sum", "go.sum", b.Sum), source("svc/go.mod", "go.mod", a.Mod)}, gomod.Diff(b, a).Sources)
	require.Len(t, gomod.Diff(a, a).Sources, 2)
	require.Equal(t, []release.Source{source("svc/go.mod", "go.mod", a.Mod), source("svc/go.sum", "go.sum", a.Sum)}, gomod.Diff(gomod.File{}, a).Sources)
	require.Empty(t, gomod.Diff(gomod.File{}, gomod.File{}).Sources)
	bad := gomod.File{Mod: []byte("broken")}
	require.Equal(t, []release.Source{source("go.mod", "go.mod", bad.Mod)}, gomod.Diff(bad, gomod.File{}).Sources, "what cannot be understood was read")
	// Two files that divide the same bytes in another way are not the same to Read.
	x := gomod.Read(gomod.File{Mod: []byte("module a.io/m\n"), Sum: []byte("// v1.0.0 h1:x\n")})
	y := gomod.Read(gomod.File{Mod: []byte("module a.io/m\n// v1.0.0 h1:x\n"), Sum: []byte{}})
	require.NotEqual(t, x.Source, y.Source)
}

// Files that are made to take long do not.
func TestHostileSizes(t *testing.T) {
	t.Parallel()
	many := func(n int, line func(i int) string) []byte {
		var b []byte
		for i := range n {
			b = append(b, line(i)...)
		}
		return b
	}
	n := 10_000
	majors := func(from int) []byte {
		return append([]byte("module m.io\n"), many(n, func(i int) string { return fmt.Sprintf("require a.io/x/v%d v%d.0.0\n", from+i, from+i) })...)
	}
	hashes := many(20*n, func(i int) string { return fmt.Sprintf("a.io/x v1.0.0 h1:%d=\n", 20*n-i) })
	locals := append([]byte("module m.io\n"), many(n, func(i int) string { return fmt.Sprintf("replace a.io/x%d => ../x\n", i) })...)
	cases := append([]byte("module m.io\n"), many(n, func(i int) string {
		name := []byte("abcdefghijklmnop")
		for b := range 16 {
			if i>>b&1 == 1 {
				name[b] -= 'a' - 'A'
			}
		}
		return "require a.io/" + string(name) + " v1.0.0\n"
	})...)
	for _, c := range []struct {
		name          string
		before, after gomod.File
		changes       int
	}{
		{"many major versions", gomod.File{Mod: majors(2), Sum: []byte{}}, gomod.File{Mod: majors(2 + n), Sum: []byte{}}, 2 * n},
		{"many hashes of one version", gomod.File{Mod: []byte("module m.io\n"), Sum: hashes}, gomod.File{Mod: []byte("module m.io\n"), Sum: hashes[:len(hashes)/2]}, 1},
		{"many directories", gomod.File{Mod: []byte("module m.io\n"), Sum: []byte{}}, gomod.File{Mod: locals, Sum: []byte{}}, n},
		{"many directories as before", gomod.File{Mod: locals, Sum: []byte{}}, gomod.File{Mod: locals, Sum: []byte{}}, 0},
		{"many paths that differ in case", gomod.File{Mod: cases, Sum: []byte{}}, gomod.File{Mod: cases, Sum: []byte{}}, 0},
		{"deep blocks", gomod.File{}, gomod.File{Mod: append([]byte("module m.io\n"), bytes.Repeat([]byte("require (\n"), n)...), Sum: []byte{}}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			got := gomod.Diff(c.before, c.after)
			require.Len(t, got.Dependencies, c.changes)
			require.Less(t, time.Since(start), 30*time.Second)
		})
	}
}
