package config_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/config"
)

// drawTree is a random value of JSON. Elements of lists that are mappings never have
// the names that key a list, so a list goes by position.
func drawTree(t *rapid.T, depth int) any {
	kinds := []string{"null", "true", "false", "0", "1", "1.5", "text", "other", ""}
	if depth > 0 {
		kinds = append(kinds, "map", "list", "map", "map")
	}
	switch k := rapid.SampledFrom(kinds).Draw(t, "kind"); k {
	case "map":
		m := map[string]any{}
		for _, n := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "b", "c.d", "e", ""}), rapid.ID).Draw(t, "names") {
			m[n] = drawTree(t, depth-1)
		}
		return m
	case "list":
		out := []any{}
		for range rapid.IntRange(0, 3).Draw(t, "n") {
			out = append(out, drawTree(t, depth-1))
		}
		return out
	case "null":
		return nil
	case "true", "false":
		return k == "true"
	case "0", "1", "1.5":
		return json.Number(k)
	default:
		return k
	}
}

// flatten writes each leaf's path and what it is, by the package comment.
func flatten(out map[string]string, at string, v any) {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			out[at] = "{}"
		}
		for n, x := range v {
			switch plain := n != "" && n != "c.d"; {
			case !plain:
				flatten(out, at+fmt.Sprintf("[%q]", n), x)
			case at == "":
				flatten(out, n, x)
			default:
				flatten(out, at+"."+n, x)
			}
		}
	case []any:
		if len(v) == 0 {
			out[at] = "[]"
		}
		for i, x := range v {
			flatten(out, at+fmt.Sprintf("[%d]", i), x)
		}
	default:
		out[at] = fmt.Sprintf("%T %v", v, v)
	}
}

// slowDiff compares two flat maps. A mapping or list that is empty on one side only
// is what its elements tell, where it is one on both.
func slowDiff(b, a any) []string {
	was, is := map[string]string{}, map[string]string{}
	flatten(was, "", b)
	flatten(is, "", a)
	holds := func(m map[string]string, at, what string) bool {
		for p := range m {
			rest, ok := strings.CutPrefix(p, at)
			if !ok || rest == "" {
				continue
			}
			index := rest[0] == '[' && rest[1] != '"'
			if what == "[]" && index || what == "{}" && (rest[0] == '.' || rest[0] == '[' && rest[1] == '"' || at == "" && !index) {
				return true
			}
		}
		return false
	}
	leaf := func(v string) bool { return v == "{}" || v == "[]" }
	var out []string
	for p, v := range was {
		w, ok := is[p]
		switch {
		case ok && v == w || leaf(v) && holds(is, p, v):
		case ok && !leaf(v) && !leaf(w):
			out = append(out, "~ "+p)
		default:
			out = append(out, "- "+p)
		}
	}
	for p, w := range is {
		v, ok := was[p]
		if (!ok || v != w && (leaf(v) || leaf(w))) && !(leaf(w) && holds(was, p, w)) {
			out = append(out, "+ "+p)
		}
	}
	for i, line := range out {
		if strings.HasSuffix(line, " ") {
			out[i] = line + "."
		}
	}
	slices.Sort(out)
	return out
}

func keysOf(cs release.ChangeSet) []string {
	var out []string
	for _, line := range told(cs) {
		key, _, _ := strings.Cut(line, ": ")
		out = append(out, key)
	}
	slices.Sort(out)
	return out
}

func TestDiffIsTheDifferenceOfFlatMaps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := drawTree(t, 3)
		a := rapid.SampledFrom([]any{drawTree(t, 3), mutate(t, b)}).Draw(t, "after")
		x, err := json.Marshal(b)
		require.NoError(t, err)
		y, err := json.Marshal(a)
		require.NoError(t, err)
		want := slowDiff(b, a)
		for _, path := range []release.Path{"a.json", "a.yaml"} {
			cs := config.Diff(path, x, y, config.Options{})
			require.Empty(t, cs.Gaps)
			require.Equal(t, want, keysOf(cs), "%s %s -> %s", path, x, y)
			require.Empty(t, config.Diff(path, x, x, config.Options{}).Settings)
		}
		// The same tree, written otherwise.
		var node yaml.Node
		require.NoError(t, yaml.Unmarshal(x, &node))
		block(&node)
		z, err := yaml.Marshal(&node)
		require.NoError(t, err)
		require.Equal(t, want, keysOf(config.Diff("a.yaml", z, y, config.Options{})), "%s -> %s", z, y)
	})
}

func block(n *yaml.Node) {
	n.Style &^= yaml.FlowStyle
	for _, c := range n.Content {
		block(c)
	}
}

// mutate changes one leaf of a tree.
func mutate(t *rapid.T, v any) any {
	switch v := v.(type) {
	case map[string]any:
		if len(v) > 0 {
			out := maps.Clone(v)
			n := rapid.SampledFrom(slices.Sorted(maps.Keys(v))).Draw(t, "name")
			out[n] = mutate(t, v[n])
			return out
		}
	case []any:
		if len(v) > 0 {
			out := slices.Clone(v)
			i := rapid.IntRange(0, len(v)-1).Draw(t, "index")
			out[i] = mutate(t, v[i])
			return out
		}
	}
	return drawTree(t, 1)
}

// Elements that are keyed may stand anywhere, and what differs is what differs of
// those with the same name.
func TestKeyedListsIgnoreTheirOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(side string) map[string]int {
			return rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "e f"}), rapid.IntRange(0, 2), 1, 5).Draw(t, side)
		}
		write := func(m map[string]int, side string) []byte {
			names := rapid.Permutation(slices.Sorted(maps.Keys(m))).Draw(t, side+"order")
			var out []map[string]any
			for _, n := range names {
				out = append(out, map[string]any{"name": n, "v": m[n]})
			}
			b, err := json.Marshal(map[string]any{"l": out})
			require.NoError(t, err)
			return b
		}
		b, a := draw("before"), draw("after")
		var want []string
		for _, n := range []string{"a", "b", "c", "d", "e f"} {
			was, had := b[n]
			is, has := a[n]
			at := "l[name=" + n + "]"
			if n == "e f" {
				at = `l[name="e f"]`
			}
			switch {
			case had && has && was != is:
				want = append(want, "~ "+at+".v")
			case had && !has:
				want = append(want, "- "+at+".name", "- "+at+".v")
			case has && !had:
				want = append(want, "+ "+at+".name", "+ "+at+".v")
			}
		}
		slices.Sort(want)
		got := slices.DeleteFunc(keysOf(config.Diff("a.json", write(b, "b"), write(a, "a"), config.Options{})), func(s string) bool { return s == "^ l" })
		require.True(t, slices.Equal(want, got), "want %q, got %q", want, got)
	})
}

// A .env file of single-quoted values is the map that it was written from.
func TestDotenvIsAMap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(side string) map[string]string {
			return rapid.MapOfN(rapid.StringMatching(`[A-C]{1,2}`), rapid.StringMatching(`[ -&(-~\n]{0,6}`), 0, 4).Draw(t, side)
		}
		write := func(m map[string]string) []byte {
			b := []byte{}
			for _, k := range slices.Sorted(maps.Keys(m)) {
				b = fmt.Appendf(b, "# it's\nexport %s='%s' # \"\n", k, m[k])
			}
			return b
		}
		b, a := draw("before"), draw("after")
		var want []string
		for k, v := range b {
			if w, ok := a[k]; !ok {
				want = append(want, "- "+k)
			} else if v != w {
				want = append(want, "~ "+k)
			}
		}
		for k := range a {
			if _, ok := b[k]; !ok {
				want = append(want, "+ "+k)
			}
		}
		slices.Sort(want)
		cs := config.Diff(".env", write(b), write(a), config.Options{})
		require.Empty(t, cs.Gaps)
		require.Equal(t, want, keysOf(cs))
	})
}

func fuzz(f *testing.F, path release.Path, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s), []byte(seeds[0]))
	}
	f.Fuzz(func(t *testing.T, before, after []byte) {
		got := config.Diff(path, before, after, config.Options{})
		require.Equal(t, got, config.Diff(path, before, after, config.Options{}), "the same each time")
		require.Empty(t, config.Diff(path, before, before, config.Options{}).Settings)
		require.True(t, slices.IsSortedFunc(got.Settings, func(a, b release.SettingChange) int { return strings.Compare(a.Key, b.Key) }))
		back := config.Diff(path, after, before, config.Options{})
		require.Equal(t, got.Coverage, back.Coverage)
		switch got.Coverage[release.KindConfiguration] {
		case release.CoverageComplete:
			require.Len(t, back.Settings, len(got.Settings))
		case release.CoverageMissing:
			require.Empty(t, got.Settings)
			require.NotEmpty(t, got.Gaps)
		default:
			require.NotEmpty(t, got.Gaps)
		}
		for _, s := range got.Settings {
			require.NotEqual(t, release.OpUnknown, s.Op)
			require.NotEmpty(t, s.Key)
			for _, text := range []string{s.Key, s.Detail} {
				require.Equal(t, text, release.Text("x" + text).String()[1:], "printable")
			}
			require.True(t, slices.IsSorted(s.Labels))
		}
		for _, g := range got.Gaps {
			require.Equal(t, g.String(), release.Text(g.String()).String(), "printable")
		}
		_, err := got.Digest()
		require.NoError(t, err)
	})
}

func FuzzYAML(f *testing.F) {
	fuzz(f, "a.yaml", "a: 1\nb: [x, {name: y}]\n", "---\na: &x {b: c}\nd: *x\n---\n!t e\n", "a: yes\nA: 0o7\n? x\n", "flags: {a: {state: x, variants: {}}}\n")
}

func FuzzJSON(f *testing.F) {
	fuzz(f, "a.json", `{"a":[1,1.0,null,"\u0000"],"b":{"":{}}}`, `{"flags":{"a":{"state":1,"variants":2,"targeting":{"$ref":"e"}}},"$evaluators":{"e":{"$ref":"e"}}}`, `{"l":[{"name":"\ud83d\ude00"},{"name":"b"}]}`)
}

func FuzzTOML(f *testing.F) {
	fuzz(f, "a.toml", "a = 1\n[b.c]\nd = [1.5, \"x\"]\n[[e]]\nf = 1979-05-27\n", "a.b = 07:32:00\n'' = 1\n")
}

func FuzzDotenv(f *testing.F) {
	fuzz(f, ".env", "A=1\nexport B='x\ny' # z\nC\n", "A=\"\\\"\"\nA=`x`\n", "A = b #c\r\n")
}

func FuzzProperties(f *testing.F) {
	fuzz(f, "a.properties", "a=1\nb:2\\\n 3\nc\\ d \\u0041\n", "=\n\\=1\n\\u00e9\n", "a\\\n")
}

func FuzzINI(f *testing.F) {
	fuzz(f, "a.ini", "a=1\n[s]\nb: 2\n  c\n[s]\nb=1\n", "[]\na\n[x] ; y\n")
}

func FuzzFlags(f *testing.F) {
	f.Add([]byte(`{"features":[{"name":"a","enabled":true,"rules":[]}]}`), []byte(`{"a":1}`))
	f.Add([]byte(`[{"key":"a","on":true},{"key":"b"}]`), []byte(`[{"key":"a","on":false}]`))
	f.Fuzz(func(t *testing.T, before, after []byte) {
		for _, format := range []config.Format{config.FormatFlagd, config.FormatFlags} {
			as, plain := config.Diff("a.json", before, after, config.Options{Format: format}), config.Diff("a.json", before, after, config.Options{Format: config.FormatJSON})
			require.Equal(t, as.Coverage, plain.Coverage)
			if as.Coverage[release.KindConfiguration] == release.CoverageComplete {
				require.Equal(t, len(as.Settings) == 0, len(plain.Settings) == 0, "flags hide nothing that settings tell")
			}
		}
	})
}
