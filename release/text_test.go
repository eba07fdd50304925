package release_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
)

func TestPathText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"plain", "a/b.go", "a/b.go"},
		{"empty", "", ""},
		{"blanks", "a b", "a b"},
		{"umlauts", "über/日本.md", "über/日本.md"},
		{"quotes within", `a"b\c`, `a"b\c`},
		{"a quote in front", `"a"`, `"\"a\""`},
		{"line feed", "a\nb", `"a\nb"`},
		{"escape sequence", "\x1b[31mred", `"\x1b[31mred"`},
		{"not UTF-8", "a\xff", `"a\xff"`},
		{"what JSON writes for it", "a\ufffd", `"a\ufffd"`},
		{"right to left override", "a\u202egpj.exe", `"a\u202egpj.exe"`},
		{"zero width", "a\u200bb", `"a\u200bb"`},
		{"line separator", "a\u2028b", `"a\u2028b"`},
		{"no-break space", "a\u00a0b", `"a\u00a0b"`},
		{"variation of nothing", "a\U000e0041", `"a\U000e0041"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, release.Path(c.in).String())
			p, err := release.ParsePath(c.want)
			require.NoError(t, err)
			require.Equal(t, release.Path(c.in), p)
			require.Equal(t, c.want, release.Text(c.in).String())
			x, err := release.ParseText(c.want)
			require.NoError(t, err)
			require.Equal(t, release.Text(c.in), x)
		})
	}
}

func TestPathTextRefuses(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"a\nb", "a\xff", "\u202e", `"`, `"a`, `"a"`, `"a\u000a"`, `"a\x0a"`, `"\ud800"`, `"a\nb" `, "\"a\nb\"", `"\'"`, `"a\nb"c`, "\"ü\n\"", `"\u00fc"`,
	} {
		_, err := release.ParsePath(bad)
		require.ErrorContains(t, err, "release: path ", "%q", bad)
		_, err = release.ParseText(bad)
		require.ErrorContains(t, err, "release: text ", "%q", bad)
		p := release.Path("was")
		require.Error(t, p.UnmarshalText([]byte(bad)))
		require.Equal(t, release.Path("was"), p)
		x := release.Text("was")
		require.Error(t, x.UnmarshalText([]byte(bad)))
		require.Equal(t, release.Text("was"), x)
		require.NotContains(t, err.Error(), "\n")
	}
}

// printable reports whether s can be shown on one line as it is.
func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// The text of any bytes is printable and says exactly these bytes, in JSON too;
// what reads as text is written as the same text.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"a/b", "\xff\n", `"a"`, "\u202e", "\ufffd", `"\xff"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text := release.Path(s).String()
		require.True(t, printable(text), "%q", text)
		back, err := release.ParsePath(text)
		require.NoError(t, err)
		require.Equal(t, release.Path(s), back, "so two paths never have one text")

		type value struct {
			P release.Path
			T []release.Text
		}
		v := value{release.Path(s), []release.Text{release.Text(s)}}
		b, err := json.Marshal(v)
		require.NoError(t, err)
		var again value
		require.NoError(t, json.Unmarshal(b, &again))
		require.Equal(t, v, again)

		if p, err := release.ParsePath(s); err == nil {
			require.Equal(t, s, p.String(), "one path never has two texts")
		} else {
			require.Empty(t, p)
		}
	})
}

func TestPathIsInjective(t *testing.T) {
	t.Parallel()
	bytes := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", `"`, `\`, "\n", "\xff", "\ufffd", "\u202e", "ü", "n", "x", "ff"}), 0, 6).Draw(t, "parts"), "")
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := bytes.Draw(t, "a"), bytes.Draw(t, "b")
		require.Equal(t, a == b, release.Path(a).String() == release.Path(b).String())
		require.True(t, printable(release.Path(a).String()))
	})
}
