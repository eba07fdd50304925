package stricttoml_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/internal/stricttoml"
)

var limits = stricttoml.Limits{Package: "test", Bytes: 8 << 20, Lines: 200_000, Depth: 20}

type file struct {
	Name    string         `toml:"name"`
	Numbers map[string]int `toml:"numbers"`
	Package []pkg          `toml:"package"`
	Any     map[string]any `toml:"any"`
	Sub     struct {
		X *pkg `toml:"x"`
	} `toml:"sub"`
}

type pkg struct {
	Name string `toml:"name"`
	Deps []dep  `toml:"deps"`
}

type dep struct {
	Name string `toml:"name"`
}

func TestUnmarshal(t *testing.T) {
	t.Parallel()
	var f file
	require.NoError(t, stricttoml.Unmarshal([]byte(`
name = "a" # [[[[[[[[[[[[[[[[[[[[[[[[[
other = '''[[[[[[[[[[[[[[[[[[[[[[[['''
third = """[[[[[[[[[[[[[[[[[[[[[[[[\""" """
[numbers]
NAME = 1
name = 2
[[package]]
name = "p"
deps = [
  {name = "d", version = 1.5}, # not a table: [x]
  {name = "e"},
]
[[package]]
name = "q"
[package.extra]
Name = "not a field of ours"
[any]
Name = 1
name = 2
[sub.x]
name = "r"
`), &f, limits))
	require.Equal(t, file{Name: "a", Numbers: map[string]int{"NAME": 1, "name": 2},
		Package: []pkg{{Name: "p", Deps: []dep{{"d"}, {"e"}}}, {Name: "q"}}, Any: map[string]any{"Name": int64(1), "name": int64(2)},
		Sub: f.Sub}, f)
	require.Equal(t, "r", f.Sub.X.Name)

	var m map[string]any
	require.NoError(t, stricttoml.Unmarshal([]byte("a.b = [{c = 1}, {c = 'x'}]\n[[d]]\nA = 1.5\na = true\n"), &m, limits))
	require.Equal(t, map[string]any{
		"a": map[string]any{"b": []any{map[string]any{"c": int64(1)}, map[string]any{"c": "x"}}},
		"d": []any{map[string]any{"A": 1.5, "a": true}},
	}, m)
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"twice", "name='a'\nname='b'", "line 2, column 1: key name is already defined"},
		{"twice in an element", "[[package]]\nname='a'\nname='b'", "line 3, column 1: key name is already defined"},
		{"twice in an inline table", "x={a=1,a=2}", "already defined"},
		{"a table twice", "[a]\n[a]", "line 2, column 2: table a already exists"},
		{"case, top", "Name='a'", `line 1, column 1: "Name" differs from "name" by case alone`},
		{"case, beside the right one", "name='a'\nNAME='b'", `line 2, column 1: "NAME" differs`},
		{"case, array table", "[[package]]\nname='a'\n[[Package]]\nname='b'", `line 3, column 3: "Package" differs from "package"`},
		{"case, in an element", "[[package]]\nNAME='a'", `line 2, column 1: "NAME" differs`},
		{"case, inline", "[[package]]\ndeps=[{name='a'},{Name='a'}]", `line 2, column 19: "Name" differs`},
		{"case, dotted", "sub.X.name='a'", `line 1, column 5: "X" differs`},
		{"case, behind a pointer", "[sub]\nx={Name='a'}", `"Name" differs`},
		{"case, quoted and escaped", "\"\\u004eame\"='a'", `"Name" differs`},
		{"case, by another letter", "\"pac\u212aage\"=1", `differs from "package"`},
		{"UTF-8", "name='a'\n#\xff", "line 2, column 2: the text is not valid UTF-8"},
		{"a byte order mark", "\ufeffname='a'", "line 1, column 1: invalid character"},
		{"wrong kind", "\nname=1", "line 2, column 6: cannot decode TOML integer"},
		{"not a list", "package={name='a'}", "cannot decode"},
		{"brackets", "x=" + strings.Repeat("[", 30) + strings.Repeat("]", 30), "line 1, column 23: nested deeper than 20"},
		{"tables", "x=" + strings.Repeat("{a=", 30) + "1" + strings.Repeat("}", 30), "nested deeper than 20"},
		{"dots", strings.Repeat("a.", 30) + "a=1", "nested deeper than 20"},
		{"dots within tables", "x={" + strings.Repeat("a.", 15) + "a={" + strings.Repeat("a.", 15) + "a=1}}", "nested deeper than 20"},
		{"dots in a header", "[" + strings.Repeat("a.", 30) + "a]", "nested deeper than 20"},
		{"dots below a header", "[" + strings.Repeat("a.", 12) + "a]\n" + strings.Repeat("a.", 12) + "a=1", "nested deeper than 20"},
		{"behind a string", "x=['''\n''''', " + strings.Repeat("[", 30), "nested deeper than 20"},
		{"behind an escaped quote", `x=["\"", ` + strings.Repeat("[", 30), "nested deeper than 20"},
		{"behind a literal with a backslash", `x=['\', ` + strings.Repeat("[", 30), "nested deeper than 20"},
		{"values", "x=[" + strings.Repeat("0,", 1_000_000) + "]", "more than 32768 values in one statement"},
		{"values in many statements", strings.Repeat("[[a]]\n"+"x=["+strings.Repeat("0,", 30_000)+"]\n", 30), "more than 800000 values"},
		{"lines", strings.Repeat("\n", 300_000), "line 300001, column 1: 300001 lines are more than 200000"},
		{"bytes", strings.Repeat("#", 9<<20), "9437184 bytes are more than 8388608"},
		{"an unclosed table", "x={a=1", "line 1"},
		{"an unclosed string", "x='''\n", "line 1"},
		{"a conflict", "<<<<<<< HEAD\nname='a'", "line 1, column 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var f file
			err := stricttoml.Unmarshal([]byte(c.text), &f, limits)
			_, ok := errors.AsType[*stricttoml.SyntaxError](err)
			require.True(t, ok, "%v", err)
			require.ErrorContains(t, err, c.want)
			require.True(t, strings.HasPrefix(err.Error(), "test: line "), err.Error())
			require.Less(t, len(err.Error()), 500)
		})
	}
}

func TestHostile(t *testing.T) {
	lines := func(head, format string, n int) []byte {
		b := []byte(head)
		for i := range n {
			b = fmt.Appendf(b, format, i)
		}
		return b
	}
	inputs := append(hostile.Texts(),
		hostile.Input{Name: "100,000 names in one table", Text: lines("", "k%d = 0\n", 100_000)},
		hostile.Input{Name: "100,000 names in one inline table", Text: lines("x = {", "k%d = 0,", 100_000)},
		hostile.Input{Name: "100,000 elements that look at 20,000 names", Text: append(lines("", "k%d = 0\n", 20_000), strings.Repeat("[[a]]\n", 100_000)...)},
		hostile.Input{Name: "100,000 tables", Text: lines("", "[t%d]\n", 100_000)},
		hostile.Input{Name: "100,000 tables in one element", Text: lines("[[package]]\n", "[package.t%d]\n", 100_000)},
		hostile.Input{Name: "elements within one element", Text: append(lines("[[a]]\n", "[[a.b]]\nk%d = 0\n", 50_000), '=')},
		hostile.Input{Name: "200,000 empty tables in an array", Text: []byte("x = [" + strings.Repeat("{},", 200_000) + "]")},
		hostile.Input{Name: "a long name", Text: []byte("name = 1\n" + strings.Repeat("x", 4<<20) + " = 1\nname = 1")},
		hostile.Input{Name: "a long string", Text: []byte("name = '" + strings.Repeat("x", 4<<20) + "'"), Fine: true},
		hostile.Input{Name: "49,000 elements", Text: bytesOf("[[package]]\nname = 'a'\n", 49_000), Fine: true},
	)
	for _, target := range []struct {
		name string
		make func() any
	}{{"structure", func() any { return new(file) }}, {"map", func() any { return new(map[string]any) }}} {
		t.Run(target.name, func(t *testing.T) {
			hostile.Check(t, inputs, func(b []byte) bool {
				return stricttoml.Unmarshal(b, target.make(), limits) != nil
			})
		})
	}
}

func bytesOf(s string, n int) []byte { return []byte(strings.Repeat(s, n)) }
