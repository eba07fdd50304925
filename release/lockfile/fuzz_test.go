package lockfile_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/strictyaml"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/lockfile"
	"go.yaml.in/yaml/v3"
)

// fuzz checks what must hold of every inventory, whatever was read.
func fuzz(f *testing.F, read func(release.Path, []byte) release.Inventory, dirs ...string) {
	for _, dir := range dirs {
		files, err := filepath.Glob("testdata/" + dir + "/*")
		require.NoError(f, err)
		for _, file := range files {
			b, err := os.ReadFile(file)
			require.NoError(f, err)
			if !strings.HasSuffix(file, "want.txt") {
				f.Add(b)
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		inv := read("dir/file", b)
		require.Equal(t, inv, read("dir/file", b), "the same bytes, the same inventory")
		require.Equal(t, release.DigestOf(b), inv.Source.Digest)
		require.True(t, slices.IsSortedFunc(inv.Components, func(a, b release.Component) int { return strings.Compare(string(a.PURL), string(b.PURL)) }))
		require.NotNil(t, inv.Components)
		known := map[release.PURL]bool{inv.Root: true}
		for _, c := range inv.Components {
			p, err := release.ParsePURL(string(c.PURL))
			require.NoError(t, err)
			require.Equal(t, c.PURL, p)
			require.Equal(t, c.License, mustText(t, c.License))
			known[c.PURL] = true
		}
		for i, e := range inv.Edges {
			require.True(t, known[e.From] && known[e.To], "%v", e)
			require.True(t, i == 0 || inv.Edges[i-1] != e)
		}
		blind := 0
		for _, g := range inv.Gaps {
			require.Equal(t, g.String(), mustText(t, g.String()), "safe to print")
			if g.Kind != release.GapDependencyOrigin {
				blind++
			}
		}
		require.Equal(t, blind == 0, inv.Coverage == release.CoverageComplete)
		if inv.Coverage == release.CoverageMissing {
			require.Empty(t, inv.Components)
		}
	})
}

// mustText is s if it is safe to print as it stands.
func mustText(t *testing.T, s string) string {
	require.Equal(t, len(s), len(strings.ToValidUTF8(s, "")))
	require.False(t, strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x202e || r == 0x2028 }), "%q", s)
	return s
}

func FuzzPackageLock(f *testing.F)  { fuzz(f, lockfile.PackageLock, "npm1", "npm2", "npm3") }
func FuzzPnpmLock(f *testing.F)     { fuzz(f, lockfile.PnpmLock, "pnpm") }
func FuzzYarnLock(f *testing.F)     { fuzz(f, lockfile.YarnLock, "yarn1") }
func FuzzBerryLock(f *testing.F)    { fuzz(f, lockfile.BerryLock, "berry") }
func FuzzRequirements(f *testing.F) { fuzz(f, lockfile.Requirements, "pip", "pip-hashed") }
func FuzzPoetryLock(f *testing.F)   { fuzz(f, lockfile.PoetryLock, "poetry1", "poetry2") }
func FuzzUvLock(f *testing.F)       { fuzz(f, lockfile.UvLock, "uv") }
func FuzzCargoLock(f *testing.F)    { fuzz(f, lockfile.CargoLock, "cargo1", "cargo4") }

// What the line reader and the YAML library both take, they read alike: the same keys
// and values in the same places.
func FuzzYAML(f *testing.F) {
	for _, file := range []string{"testdata/pnpm/pnpm-lock.yaml", "testdata/berry/yarn.lock"} {
		b, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(string(b))
	}
	for _, s := range []string{"a: b", "a:\n  - b\n  - c: d\n    e: f\ng: {h: i, 'j': \"k\"}", "a: [b, 'c']\nd: |-\n  e\n  f\ng: >\n h", "a:\n- b\nc: d", "a:\n  -\n   b", "a:\n- -b\n- - c\n- ?d", "a: \"\\_\\x41\\U00000042\\e\"", "? \"a\"\n:\n  b: c", "a:\n    b: c\n  d: e", "'a''b': \"c\\u0041\"", "a: b # c\n#d\ne: #f\n  g: h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.Contains(s, "\x00") || !utf8.ValidString(s) { // refused before
			return
		}
		got, err := lockfile.YAMLItems(s)
		if err != nil {
			return
		}
		docs, err := strictyaml.Documents([]byte(s), strictyaml.Limits{Package: "test", Bytes: 1 << 20, Nodes: 1 << 20, Depth: 1000, Documents: 2})
		if err != nil { // what neither pnpm nor Yarn can read either
			return
		}
		var want []string
		for _, d := range docs {
			flatten(d, nil, &want)
		}
		require.Equal(t, want, got)
	})
}

// flatten lists a tree as YAMLItems lists it.
func flatten(n *yaml.Node, path []string, out *[]string) {
	at := strings.Join(path, "\x00")
	switch strictyaml.KindOf(n) {
	case strictyaml.Mapping:
		if len(path) > 0 {
			*out = append(*out, at+" +")
		}
		for k, v := range strictyaml.Pairs(n) {
			flatten(v, append(slices.Clone(path), k.Value), out)
		}
	case strictyaml.Sequence:
		*out = append(*out, at+" +")
		for _, v := range strictyaml.Items(n) {
			if k := strictyaml.KindOf(v); k == strictyaml.Mapping || k == strictyaml.Sequence || v.Value == "" && v.Style == 0 {
				*out = append(*out, at+" -")
			} else {
				*out = append(*out, at+" ="+v.Value)
			}
		}
	case strictyaml.Null:
		switch {
		case n.Value != "":
			*out = append(*out, at+" ="+n.Value)
		case len(path) > 0:
			*out = append(*out, at+" +")
		}
	default:
		text := strictyaml.Text(n)
		if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			text = "|"
		}
		*out = append(*out, at+" ="+text)
	}
}
