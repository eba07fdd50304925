package strictyaml_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/internal/strictyaml"
)

var limits = strictyaml.Limits{Package: "test", Bytes: 8 << 20, Nodes: 1 << 17, Depth: 50, Documents: 100}

func ExampleDocuments() {
	docs, err := strictyaml.Documents([]byte("base: &b {image: a, replicas: 1}\nweb:\n  <<: *b\n  replicas: 3\n---\nmode: 0755\n"), limits)
	if err != nil {
		panic(err)
	}
	for k, v := range strictyaml.Pairs(strictyaml.Get(docs[0], "web")) {
		fmt.Println(k.Value, v.Value, strictyaml.KindOf(v))
	}
	mode := strictyaml.Get(docs[1], "mode")
	fmt.Println(mode.Value, strictyaml.KindOf(mode))
	_, err = strictyaml.Documents([]byte("a: 1\nb: 2\n\"a\": 3\n"), limits)
	fmt.Println(err)
	// Output:
	// replicas 3 int
	// image a string
	// 0755 string
	// test: line 3, column 1: the key a stands twice in one mapping
}

func TestRefused(t *testing.T) {
	t.Parallel()
	laughs := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 12; i++ {
		laughs += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	mergeLaughs := "a0: &a0 {k: v}\n"
	for i := 1; i < 40; i++ {
		mergeLaughs += fmt.Sprintf("a%d: &a%d\n  x: *a%d\n  y: *a%d\n", i, i, i-1, i-1)
	}
	for _, c := range []struct{ name, text, want string }{
		{"twice", "a: 1\na: 2", "line 2, column 1: the key a stands twice"},
		{"twice, quoted", "a: 1\n'a': 2", "stands twice"},
		{"twice, escaped", "a: 1\n\"\\x61\": 2", "stands twice"},
		{"twice, tagged", "a: 1\n!!str a: 2", "stands twice"},
		{"twice, own tag", "a: 1\n!mine a: 2", "stands twice"},
		{"twice in flow", "x: {a: 1, b: 2, a: 3}", "column 17: the key a"},
		{"twice, JSON", `{"a":1,"a":2}`, "stands twice"},
		{"twice, number and text", "1: a\n'1': b", "stands twice"},
		{"twice, hexadecimal", "16: a\n0x10: b", "stands twice"},
		{"twice, octal", "8: a\n010: b", "stands twice"},
		{"twice, float", "1: a\n1.0: b", "stands twice"},
		{"twice, null", "~: a\nnull: b", "stands twice"},
		{"twice, no key", "? \n: a\n? \n: b", "stands twice"},
		{"twice, boolean", "true: a\n\"true\": b", "stands twice"},
		{"twice, boolean in another case", "true: a\nTrue: b", "stands twice"},
		{"twice, a long key", strings.Repeat("a", 99) + "é: 1\n" + strings.Repeat("a", 99) + "é: 2", "the key " + strings.Repeat("a", 99) + "... stands twice"},
		{"twice, a key that must be quoted", "\"a\\e[2J\": 1\n\"a\\e[2J\": 2", `the key "a\x1b[2J" stands twice`},
		{"twice, taken over and tagged", "a: &a {1: x}\nb: {<<: *a, 1: y, !!str 1: z}", "stands twice"},
		{"twice, alias", "? &a b\n: 1\n*a : 2", "stands twice"},
		{"twice, binary", "a: 1\n!!binary YQ==: 2", "stands twice"},
		{"twice, merge", "a: &a {x: 1}\nb: {<<: *a, <<: *a}", "stands twice"},
		{"second document", "a: 1\n---\nb: 1\nb: 2\n", "line 4"},
		{"a mapping as key", "{a: b}: c", "must be a scalar"},
		{"a sequence as key", "? [a]\n: c", "must be a scalar"},
		{"an alias of a mapping as key", "x: &a {b: c}\n*a : d", "must be a scalar"},
		{"its own anchor", "a: &a [*a]", "names no anchor"},
		{"its own anchor as merge", "a: &a {<<: *a}", "names no anchor"},
		{"no anchor", "a: *b", "names no anchor"},
		{"a password that looks like an alias", "password: *hunter2", "names no anchor"},
		{"a password that looks like an alias, later", "a: b\npassword: *hunter2", "names no anchor"},
		{"a password that looks like a tag", "password: !hunter2! x", ""},
		{"a password that looks like an anchor", "password: &hunter2%", ""},
		{"a password that cannot begin so", "password: @hunter2", ""},
		{"a password that opens", "password: {hunter2", ""},
		{"a password with a percent sign", "%hunter2", ""},
		{"a password in quotes", "password: 'hunter2' hunter2", ""},
		{"a password with an escape", "password: \"\\hunter2\"", ""},
		{"later anchor", "a: *b\nb: &b 1", "names no anchor"},
		{"an anchor of another document", "a: &a 1\n---\nb: *a", "names no anchor"},
		{"billion laughs", laughs, "more than 131072 nodes"},
		{"a billion laughs by doubling", mergeLaughs, "more than"},
		{"merge of a scalar", "a: {<<: b}", "must name a mapping"},
		{"merge of a list of scalars", "a: {<<: [b]}", "must name a mapping"},
		{"deep", strings.Repeat("[", 51) + strings.Repeat("]", 51), "nested deeper than 50"},
		{"deep in block", strings.Repeat("- ", 51) + "a", "nested deeper than 50"},
		{"deep by alias", "a: &a " + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "\nb: " + strings.Repeat("[", 10) + "*a" + strings.Repeat("]", 10), "nested deeper"},
		{"many documents", strings.Repeat("--- a\n", 101), "more than 100 documents"},
		{"many nodes over documents", strings.Repeat("--- ["+strings.Repeat("a,", 1400)+"]\n", 99), "nodes are more than"},
		{"many nodes over documents by aliases", strings.Repeat("---\na: &a ["+strings.Repeat("x,", 1000)+"]\nb: ["+strings.Repeat("*a,", 60)+"]\n", 3), "more than 131072 nodes"},
		{"large", strings.Repeat(" ", limits.Bytes+1), "bytes are more than"},
		{"bad UTF-8", "a: b\nc: \xff", "line 2, column 4: the text is not valid UTF-8"},
		{"UTF-16", "\xff\xfea\x00:\x00", "not valid UTF-8"},
		{"zero", "a: \x00", "control character"},
		{"escape", "a: \x1b[31m", "control character"},
		{"C1", "a: \u009b", "control character"},
		{"delete", "a: \x7f", "control character"},
		{"no character", "a: \ufffe", "control character"},
		{"no character either", "a: \uffff", "control character"},
		{"next line", "a: b\u0085c: d", "line break for some"},
		{"line separator", "a: b\u2028c: d", "line break for some"},
		{"byte order mark within", "a: \ufeffb", "byte order mark"},
		{"unclosed", "b: c\na: \"", "line 2"},
		{"unclosed flow", "a: [b", ""},
		{"tab", "a:\n\t- b", ""},
		{"bad indentation", "a: b\n  c: d", ""},
		{"reserved", "a: @b", ""},
		{"two values", "a: b: c", ""},
		{"another version", "%YAML 3.0\n---\na: b", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			docs, err := strictyaml.Documents([]byte(c.text), limits)
			require.Nil(t, docs)
			var e *strictyaml.SyntaxError
			require.ErrorAs(t, err, &e)
			require.ErrorContains(t, err, "test: ")
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       []any
	}{
		{"nothing", "", nil},
		{"spaces and comments", "  \n# a: b\n\n", nil},
		{"byte order mark", "\ufeffa: b", []any{map[string]any{"a": "b"}}},
		{"CRLF", "a: b\r\nc:\r\n- d\r\n", []any{map[string]any{"a": "b", "c": []any{"d"}}}},
		{"JSON", `{"a": [1, "b", null, {"c": true}]}`, []any{map[string]any{"a": []any{1, "b", nil, map[string]any{"c": true}}}}},
		{"empty documents", "---\n---\na: b\n---\n", []any{nil, map[string]any{"a": "b"}, nil}},
		{"case", "a: 1\nA: 2", []any{map[string]any{"a": 1, "A": 2}}},
		{"the same key elsewhere", "a: {b: 1}\nc: {b: 1}", []any{map[string]any{"a": map[string]any{"b": 1}, "c": map[string]any{"b": 1}}}},
		{"alias", "a: &a [1]\nb: *a\nc: [*a, *a]", []any{map[string]any{"a": []any{1}, "b": []any{1}, "c": []any{[]any{1}, []any{1}}}}},
		{"an anchor given again", "a: &a 1\nb: &a 2\nc: *a", []any{map[string]any{"a": 1, "b": 2, "c": 2}}},
		{"merge", "a: &a {x: 1, y: 1}\nb: {y: 2, <<: *a, z: 2}", []any{map[string]any{"a": map[string]any{"x": 1, "y": 1}, "b": map[string]any{"x": 1, "y": 2, "z": 2}}}},
		{"merge of two", "a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b]}", []any{map[string]any{
			"a": map[string]any{"x": 1}, "b": map[string]any{"x": 2, "y": 2}, "c": map[string]any{"x": 1, "y": 2}}}},
		{"merge of a merge", "a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b}", []any{map[string]any{
			"a": map[string]any{"x": 1}, "b": map[string]any{"x": 1, "y": 2}, "c": map[string]any{"x": 1, "y": 2}}}},
		{"merge of other spellings", "a: &a {1: x, 2: x}\nb: {<<: *a, '1': y}", []any{map[string]any{"a": map[any]any{1: "x", 2: "x"}, "b": map[any]any{"1": "y", 2: "x"}}}},
		{"merge of two with other spellings", "a: &a {16: x}\nb: &b {0x10: y}\nc: {<<: [*a, *b]}", []any{map[string]any{"a": map[any]any{16: "x"}, "b": map[any]any{16: "y"}, "c": map[any]any{16: "x"}}}},
		{"numbers and booleans as keys", "1: a\n2: b\n1.5: c\ntrue: d", []any{map[any]any{1: "a", 2: "b", 1.5: "c", true: "d"}}},
		{"merge key beside a quoted one", "a: &a {x: 1}\nb: {<<: *a, '<<': 2}", []any{map[string]any{"a": map[string]any{"x": 1}, "b": map[string]any{"<<": 2, "x": 1}}}},
		{"quoted merge key", `"<<": a`, []any{map[string]any{"<<": "a"}}},
		{"block scalars", "a: |\n  {{ x }}\n  - y\nb: >-\n  c\n  d\n", []any{map[string]any{"a": "{{ x }}\n- y\n", "b": "c d"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			docs, err := strictyaml.Documents([]byte(c.text), limits)
			require.NoError(t, err)
			require.Len(t, docs, len(c.want))
			for i, d := range docs {
				var v any
				require.NoError(t, d.Decode(&v))
				require.Equal(t, c.want[i], v)
			}
		})
	}
}

func TestCustomTagsAreOpaque(t *testing.T) {
	t.Parallel()
	docs, err := strictyaml.Documents([]byte("a: !Ref b\nc: !vault |\n  x\nd: !Sub [1, 2]\n"), limits)
	require.NoError(t, err)
	require.Equal(t, "!Ref", strictyaml.Get(docs[0], "a").Tag)
	require.Equal(t, "x\n", strictyaml.Text(strictyaml.Get(docs[0], "c")))
	require.Len(t, strictyaml.Items(strictyaml.Get(docs[0], "d")), 2)
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	for kind, texts := range map[strictyaml.Kind][]string{
		strictyaml.Null:   {"", "~", "null", "Null", "NULL"},
		strictyaml.Bool:   {"true", "True", "FALSE"},
		strictyaml.Int:    {"0", "7", "-12", "+3", "0x1F", "9007199254740993", strings.Repeat("1", 64)},
		strictyaml.Float:  {"1.5", "-0.1", "1.", "1.0e+3", ".inf", "-.INF", ".nan"},
		strictyaml.String: {"no", "on", "yes", "Off", "y", "0755", "0o17", "1_000", "12:30", "1e3", "2001-01-01", "a", `"1"`, "'true'", "!!str 1", "-0x1F", "1.2.3", "nULL", "|-\n  1", strings.Repeat("1", 65)},
	} {
		for _, text := range texts {
			docs, err := strictyaml.Documents([]byte("a: "+text+"\n"), limits)
			require.NoError(t, err, text)
			require.Equal(t, kind.String(), strictyaml.KindOf(strictyaml.Get(docs[0], "a")).String(), "%q", text)
		}
	}
	require.Equal(t, strictyaml.Missing, strictyaml.KindOf(strictyaml.Get(nil, "a", "b")))
	require.Equal(t, "unknown", strictyaml.Kind(99).String())
}

// What the library is slow at, or builds much of, is refused before it or is no
// trouble within the limits.
func TestHostile(t *testing.T) {
	inputs := hostile.Texts()
	for _, s := range []string{"? ", ": ", "a: ", "&a ", "!x ", "*a ", "{a,", "[a,", "[", "{", "'", "\"", "|\n", "a\n", "# c\n", "#\n", "- #\n", "a: b # c\n\n", "\"a\" ", "%TAG ! x\n", "---\n",
		"... ", "a:\n", "-\n", " a:\n", "\t", "\r", "\r\n", "x: |\n", " x\n", ">\n", "[]", "{}", ",", "a,", "a: &a\n", "- - ", "? - ", "\\", "\"\\\n", "''", "- [", "- {a: ", "é", "k: {\n"} {
		for _, size := range []int{100 << 10, limits.Bytes} {
			inputs = append(inputs, hostile.Input{Name: fmt.Sprintf("%d kB of %q", size>>10, s), Text: bytes.Repeat([]byte(s), size/len(s)), Fine: true})
		}
	}
	indented, anchors, long := &bytes.Buffer{}, &bytes.Buffer{}, &bytes.Buffer{}
	for i := range 2000 {
		fmt.Fprintf(indented, "%*sa:\n", i, "")
		fmt.Fprintf(anchors, "a%d: &a%d [*a%d, *a%d]\n", i+1, i+1, i, i)
		fmt.Fprintf(long, "a%d: \"%s\"\n", i, strings.Repeat("x", 2000))
	}
	inputs = append(inputs,
		hostile.Input{Name: "2000 levels of indentation", Text: indented.Bytes()},
		hostile.Input{Name: "2000 doublings", Text: append([]byte("a0: &a0 x\n"), anchors.Bytes()...)})
	inputs = append(inputs, hostile.Input{Name: "4 MB of strings", Text: long.Bytes(), Fine: true})
	hostile.Check(t, inputs, func(b []byte) bool {
		_, err := strictyaml.Documents(b, limits)
		return err != nil
	})
}

func size(n *yaml.Node) int {
	s := 1
	for _, c := range n.Content {
		s += size(c)
	}
	return s
}

// plain writes every key as text: which type the library takes for a map depends on
// the keys that it sees before it merges.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
		return v
	case map[any]any:
		out := map[string]any{}
		for k := range v {
			out[fmt.Sprint(k)] = plain(v[k])
		}
		return out
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	}
	return v
}

func FuzzDocuments(f *testing.F) {
	for _, s := range []string{"a: b", "- a\n- {b: c, d: [e, f]}", "a: &a {b: 1}\nc: {<<: *a}\n---\n...\n--- x", "? a\n: b\n", "{a, b: c, ? d, *x : e}", "[a: b, ? c : d, \"e\":f]",
		"{&x:b, !y:c}", "x: |2\n   a\n", "- - - a\n  -\n", "'a':\n- b\n-\n  c: d", "!!binary aGk=: {}\n", "1: a\n010: b", "%TAG !e! tag:x,2000:\n---\n!e!a b\n", "<<: {a: b}", "<<: [{a: b}, {a: c}]", "a: 2001-01-01"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		small := strictyaml.Limits{Package: "test", Bytes: 1 << 12, Nodes: 1 << 10, Depth: 30, Documents: 10}
		docs, err := strictyaml.Documents(b, small)
		if err != nil {
			var e *strictyaml.SyntaxError
			require.ErrorAs(t, err, &e)
			require.Nil(t, docs)
			return
		}
		d := yaml.NewDecoder(bytes.NewReader(b))
		for i := range docs {
			var theirs, ours any
			var raw yaml.Node
			require.NoError(t, d.Decode(&raw))
			err := raw.Content[0].Decode(&theirs)
			errOurs := docs[i].Decode(&ours)
			if err != nil {
				require.NotContains(t, err.Error(), "already defined")
			}
			if err != nil { // a tag that its value does not fit, or aliases that it counts in another way
				continue
			}
			require.NoError(t, errOurs)
			require.Equal(t, fmt.Sprintf("%#v", plain(theirs)), fmt.Sprintf("%#v", plain(ours)))
		}
		total, d2 := 0, yaml.NewDecoder(bytes.NewReader(b))
		for {
			var raw yaml.Node
			if err := d2.Decode(&raw); err != nil {
				break
			}
			total += size(&raw)
		}
		require.LessOrEqual(t, total, strictyaml.Bound(b), "the bound is one")
		again, err := strictyaml.Documents(b, small)
		require.NoError(t, err)
		require.Len(t, again, len(docs))
	})
}

func TestErrorsAreSyntaxErrors(t *testing.T) {
	t.Parallel()
	_, err := strictyaml.Documents([]byte("a: [\n"), limits)
	e, ok := errors.AsType[*strictyaml.SyntaxError](err)
	require.True(t, ok)
	require.False(t, e.TooLarge)
	_, err = strictyaml.Documents(bytes.Repeat([]byte("a"), limits.Bytes+1), limits)
	e, ok = errors.AsType[*strictyaml.SyntaxError](err)
	require.True(t, ok && e.TooLarge)
}
