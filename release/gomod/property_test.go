package gomod_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/semver"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/gomod"
	"github.com/sallyport-dev/sallyport/release/inventory"
)

// required is a random list of requirements, by path.
type required map[string]struct {
	version string
	direct  bool
}

func drawRequired(t *rapid.T, name string) required {
	out := required{}
	for _, path := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a.io/a", "a.io/b", "a.io/c", "a.io/d", "gitlab.com/e/f"}), 0, 5, rapid.ID).Draw(t, name) {
		r := out[path]
		r.version = rapid.SampledFrom([]string{"v0.1.0", "v0.2.0", "v1.0.0-rc.1", "v1.0.0", "v1.10.0", "v1.9.0", "v1.0.1-0.20240102030405-abcdefabcdef"}).Draw(t, name+path)
		r.direct = rapid.Bool().Draw(t, name+path+"direct")
		out[path] = r
	}
	return out
}

// file writes the list, in any order and form.
func (r required) file(t *rapid.T, name string) gomod.File {
	var lines, sums []string
	for path, v := range r {
		comment := ""
		if !v.direct {
			comment = " // indirect"
		}
		lines = append(lines, path+" "+v.version+comment)
		sums = append(sums, path+" "+v.version+" h1:"+v.version+"=\n")
	}
	slices.Sort(lines)
	slices.Sort(sums)
	if len(lines) > 0 {
		lines, sums = rapid.Permutation(lines).Draw(t, name+"lines"), rapid.Permutation(sums).Draw(t, name+"sums")
	}
	mod := "module m.io\n"
	if rapid.Bool().Draw(t, name+"block") {
		mod += "require (\n\t" + strings.Join(lines, "\n\t") + "\n)\n"
	} else {
		for _, l := range lines {
			mod += "require " + l + "\n"
		}
	}
	return gomod.File{Mod: []byte(mod), Sum: []byte(strings.Join(sums, ""))}
}

// Diff says what a look at each pair of versions says.
func TestDiffIsTheSetDifference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b, a := drawRequired(t, "before"), drawRequired(t, "after")
		got := gomod.Diff(b.file(t, "fb"), a.file(t, "fa"))
		require.Empty(t, got.Gaps)
		var want []string
		for _, path := range []string{"a.io/a", "a.io/b", "a.io/c", "a.io/d", "gitlab.com/e/f"} {
			was, had := b[path]
			is, has := a[path]
			switch {
			case !had && !has || was == is:
			case !had:
				want = append(want, fmt.Sprint(path, release.OpAdded, "", is.version, relation(is.direct), false))
			case !has:
				want = append(want, fmt.Sprint(path, release.OpRemoved, was.version, "", relation(was.direct), false))
			default:
				op := []release.Op{release.OpDowngraded, release.OpModified, release.OpUpgraded}[1+semver.Compare(is.version, was.version)]
				want = append(want, fmt.Sprint(path, op, was.version, is.version, relation(is.direct), was.version[:2] != is.version[:2]))
			}
		}
		var have []string
		for _, c := range got.Dependencies {
			have = append(have, fmt.Sprint(c.Package.Name(), c.Op, c.Before, c.After, c.Relation, c.Major))
		}
		require.Equal(t, want, have)
	})
}

// Where Diff and package inventory look at the same, they say the same.
func TestDiffAgreesWithInventory(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) gomod.File {
			f := drawRequired(t, name).file(t, name+"file")
			f.Mod = append(f.Mod, "go "+rapid.SampledFrom([]string{"1.17", "1.21", "1.21rc2", "1.21.0", "1.22.3"}).Draw(t, name+"go")+"\n"...)
			if rapid.IntRange(0, 3).Draw(t, name+"tamper") == 0 {
				f.Sum = []byte(strings.ReplaceAll(string(f.Sum), "h1:v1.", "h1:other."))
			}
			return f
		}
		b, a := draw("before"), draw("after")
		before, after := gomod.Read(b), gomod.Read(a)
		one, other := gomod.Diff(b, a), inventory.Diff(&before, &after)
		key := func(c release.DependencyChange) string {
			return fmt.Sprint(c.File, c.Op, c.Package, c.Before, c.After, c.Relation, c.Major)
		}
		var want, got []string
		replaced := map[release.PURL]bool{}
		for _, c := range one.Dependencies {
			replaced[c.Package] = replaced[c.Package] || c.Op == release.OpReplaced
		}
		for _, c := range one.Dependencies {
			if c.Op == release.OpModified && replaced[c.Package] {
				continue // inventory says both in one change
			}
			want = append(want, key(c))
		}
		for _, c := range other.Dependencies {
			got = append(got, key(c))
		}
		slices.Sort(want)
		slices.Sort(got)
		require.Equal(t, want, got)
		require.Equal(t, len(one.Gaps) > 0, len(other.Gaps) > 0)
	})
}

func relation(direct bool) release.Relation {
	if direct {
		return release.RelationDirect
	}
	return release.RelationTransitive
}

// anyFile is a random go.mod with everything that may stand in it.
func anyFile(t *rapid.T) gomod.File {
	if rapid.IntRange(0, 9).Draw(t, "none") == 0 {
		return gomod.File{}
	}
	f := drawRequired(t, "list").file(t, "file")
	for _, line := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{
		"go 1.22\n", "toolchain go1.21.3\n", "exclude a.io/a v1.0.0\n", "replace a.io/a => b.io/b v1.0.0\n", "replace a.io/b v1.0.0 => ./b\n", "replace a.io/c => ../c\n",
		"retract v1.0.0\n", "require a.io/a/v2 v2.0.0\n", "godebug x=y\n", "require github.com/A/B v1.0.0\n",
	}), rapid.ID).Draw(t, "lines") {
		f.Mod = append(f.Mod, line...)
	}
	if rapid.IntRange(0, 4).Draw(t, "tamper") == 0 {
		f.Sum = append(f.Sum, "a.io/a v1.0.0 h1:other=\na.io/d v1.0.0/go.mod h1:x=\n"...)
	}
	if rapid.IntRange(0, 9).Draw(t, "nosum") == 0 {
		f.Sum = nil
	}
	if rapid.IntRange(0, 9).Draw(t, "broken") == 0 {
		f.Mod = append(f.Mod, "broken\n"...)
	}
	return f
}

// A file does not differ from itself, and back is forth with the operations turned.
func TestDiffMirrors(t *testing.T) {
	t.Parallel()
	turned := map[release.Op]release.Op{release.OpAdded: release.OpRemoved, release.OpRemoved: release.OpAdded, release.OpUpgraded: release.OpDowngraded, release.OpDowngraded: release.OpUpgraded,
		release.OpModified: release.OpModified, release.OpReplaced: release.OpReplaced, release.OpMoved: release.OpMoved, release.OpListed: release.OpUnlisted, release.OpUnlisted: release.OpListed}
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyFile(t), anyFile(t)
		self := gomod.Diff(a, a)
		require.Empty(t, self.Dependencies)
		if !bytes.Contains(a.Mod, []byte("../c")) && a.Sum != nil && !bytes.Contains(a.Mod, []byte("broken")) &&
			!bytes.Contains(a.Mod, []byte("a.io/a/v2")) && !bytes.Contains(a.Mod, []byte("b.io/b")) && !bytes.Contains(a.Mod, []byte("github.com/A/B")) {
			require.Empty(t, self.Gaps)
		}
		forth, back := gomod.Diff(a, b), gomod.Diff(b, a)
		require.Equal(t, forth.Coverage, back.Coverage)
		key := func(c release.DependencyChange) string {
			return fmt.Sprint(c.Op, c.Package, c.Before, c.After, c.Major)
		}
		var f, g []string
		for _, c := range forth.Dependencies {
			f = append(f, key(c))
		}
		for _, c := range back.Dependencies {
			c.Op, c.Before, c.After = turned[c.Op], c.After, c.Before
			g = append(g, key(c))
		}
		slices.Sort(f)
		slices.Sort(g)
		require.Equal(t, f, g)
	})
}

// Whatever the bytes are: what could not be read is a gap, what is reported can be
// printed on one line, and the result is the same each time.
func FuzzDiff(f *testing.F) {
	ok := file("go 1.16", "require a.io/x v1.0.0", "replace a.io/x => ../x", "retract v1.0.0 // oh no")
	f.Add(ok.Mod, ok.Sum, file("go 1.22").Mod, []byte("a b c"))
	f.Add([]byte("module \"a\\nb\"\n"), []byte{}, []byte("module m\nrequire (\n"), []byte("\xff"))
	f.Add([]byte("module m\nreplace x => \"./\\x1b[31m\"\n"), []byte{}, []byte("module m\n"), []byte("x v1.0.0 h1:\x1b[2J\n"))
	f.Fuzz(func(t *testing.T, mod1, sum1, mod2, sum2 []byte) {
		a, b := gomod.File{Mod: mod1, Sum: sum1}, gomod.File{Mod: mod2, Sum: sum2}
		got := gomod.Diff(a, b)
		require.Equal(t, got, gomod.Diff(a, b))
		require.Empty(t, gomod.Diff(a, a).Dependencies)
		if got.Coverage[release.KindDependency] != release.CoverageComplete {
			require.NotEmpty(t, got.Gaps)
		}
		for _, c := range got.Dependencies {
			require.NotEmpty(t, c.Package)
			require.NotEqual(t, release.OpUnknown, c.Op)
			for _, s := range []string{string(c.Package), c.Before, c.After, c.Detail} {
				require.False(t, strings.ContainsAny(s, "\n\r\x1b\x00"), "%q", s)
			}
		}
		for _, g := range got.Gaps {
			require.False(t, strings.ContainsAny(g.String(), "\n\r\x1b\x00"), "%q", g)
		}
		_, err := got.Digest()
		require.NoError(t, err)

		inv := gomod.Read(a)
		require.Equal(t, inv, gomod.Read(a))
		require.Equal(t, inv.Coverage == release.CoverageComplete, len(inv.Gaps) == 0)
		require.True(t, slices.IsSortedFunc(inv.Components, func(x, y release.Component) int { return strings.Compare(string(x.PURL), string(y.PURL)) }))
		require.Empty(t, inventory.Diff(&inv, &inv).Dependencies)
	})
}
