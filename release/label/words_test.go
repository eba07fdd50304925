package label_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
)

// slowWords are the words of a path by the plain reading of the package comment.
func slowWords(p string) map[string]bool {
	words := map[string]bool{}
	if len(p) > 8<<10 {
		p = p[len(p)-8<<10:]
	}
	for _, seg := range strings.FieldsFunc(label.Fold(p), func(r rune) bool { return r == '/' || r == '\\' }) {
		var parts []string
		for _, run := range strings.FieldsFunc(seg, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			words[strings.ToLower(run)] = true
			parts = append(parts, slowCamel([]rune(run))...)
		}
		for i, part := range parts {
			words[part] = true
			if i > 0 {
				words[parts[i-1]+part] = true
			}
		}
	}
	return words
}

func slowCamel(rs []rune) []string {
	var parts []string
	start := 0
	cut := func(end int) {
		if end > start && !unicode.IsDigit(rs[start]) {
			parts = append(parts, strings.ToLower(string(rs[start:end])))
		}
		start = end
	}
	for i := 1; i < len(rs); i++ {
		was, is := rs[i-1], rs[i]
		switch {
		case unicode.IsDigit(was) != unicode.IsDigit(is),
			unicode.IsLower(was) && unicode.IsUpper(is),
			i+1 < len(rs) && unicode.IsUpper(was) && unicode.IsUpper(is) && unicode.IsLower(rs[i+1]):
			cut(i)
		}
	}
	cut(len(rs))
	return parts
}

// The fast reading of names finds what the slow one finds, and nothing else.
func TestWordsAreThoseOfTheSlowReading(t *testing.T) {
	t.Parallel()
	pieces := rapid.SampledFrom([]string{"auth", "Auth", "OAuth2", "S", "s", "K8s", "x509", "a", "é", "ß", "İ", "ǅ", "аuth", "日本", "٣", "𝐚𝐮", "\xff", "\u200b", "login", "Logins", "HTTPServer"})
	seps := rapid.SampledFrom([]string{"", "", "", "_", "-", ".", "/", "\\", " ", "[", "…"})
	paths := rapid.OneOf(rapid.Custom(func(t *rapid.T) string {
		var b strings.Builder
		for range rapid.IntRange(0, 60).Draw(t, "n") {
			b.WriteString(pieces.Draw(t, "piece"))
			b.WriteString(seps.Draw(t, "sep"))
		}
		return b.String()
	}), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		p := paths.Draw(t, "path")
		want := slowWords(p)
		got := map[string]bool{}
		for _, w := range label.Words(release.Path(p)) {
			got[w] = true
		}
		require.Equal(t, want, got)
		ask := []string{"auth", "login", "server", "httpserver", "xauth", "authlogin", "logins", "k8", "oauth"}
		for w := range want {
			ask = append(ask, w, strings.TrimSuffix(w, "s"))
		}
		for _, w := range ask {
			if len(w) > 1 {
				require.Equal(t, want[w] || want[w+"s"], label.Has(release.Path(p), w), "%q", w)
			}
		}
	})
}

// Labelers share what they read; what they say must not depend on what was read
// before, by them or by another goroutine.
func TestSharedReadingDoesNotMix(t *testing.T) {
	t.Parallel()
	var fs []release.FileChange
	var want [][]release.Label
	for i := range 200 {
		fs = append(fs, modified([]string{"auth/%d.go", "docs/%d.md", "payments/%d.js", "x/%d.go", ".github/workflows/%d.yml"}[i%5]))
		fs[i].Path = release.Path(fmt.Sprintf(string(fs[i].Path), i))
		want = append(want, labelsOf(fs[i]))
	}
	ls := label.Default()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range fs {
				j := (i*7 + g*13) % len(fs)
				if got := label.File(fs[j], ls); !slices.Equal(want[j], got) {
					t.Errorf("%q: %v, not %v", fs[j].Path, got, want[j])
				}
			}
		})
	}
	wg.Wait()
}

// A host may put a function of its own into a default labeler.
func TestReplacedFunctionIsUsed(t *testing.T) {
	t.Parallel()
	ls := label.Default()
	ls[0].File = func(release.FileChange) []release.Label { return []release.Label{"mine"} }
	require.Equal(t, []release.Label{"mine"}, label.File(modified("auth/x.go"), ls))
}

// Each way of writing a letter, at both ends of its range, and what lies beside it.
func TestFoldAtTheEnds(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"az AZ ~k":                   "az AZ ~k",
		"az AZ ~ki\u00e4":            "az AZ ~kia",
		"a\x7fb":                     "ab",
		"a\x1fb":                     "ab",
		"\u00e4\x7f\x1f":             "a",
		"a\ufffdb":                   "ab",
		"a\xffb":                     "ab",
		"\uff01\uff21\uff5a\uff5e":   "!Az~",
		"\uff5f":                     "\uff5f",
		"\U0001d400\U0001d419":       "AZ",
		"\U0001d41a\U0001d433":       "az",
		"\U0001d670\U0001d6a3":       "Az",
		"\U0001d6a4":                 "\U0001d6a4",
		"\u24b6\u24cf\u24d0\u24e9":   "AZaz",
		"\u24b5\u24ea":               "\u24b5\u24ea",
		"a\u2024b\u2044\u2215\u29f8": "a.b///",
		"\u212a\u0130\u212b":         "KIA", // Kelvin, dotted I, Angstrom
		"\u0430\u0410":               "aA",
		"\u043a\u041a":               "kK",
		"p\u00e5ss":                  "pass", // a small letter stays small, or it would begin a new word
		"\u4e16":                     "\u4e16",
	} {
		require.Equal(t, want, label.Fold(s), "%+q", s)
	}
}

// What is found by looking up is what comparing with each text of a list finds.
func TestListsAreWhatComparingFinds(t *testing.T) {
	t.Parallel()
	texts := label.Listed()
	for _, x := range texts {
		for _, p := range []string{x, x + "s", x + "/x", "x/" + x, "x" + x, "a." + x, strings.ToUpper(x), x + ".go", ".." + x, x + "-" + x} {
			require.Empty(t, label.Disagreement(release.Path(p)), p)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.OneOf(rapid.SampledFrom(texts), rapid.StringMatching(`[a-zA-Z0-9._ é/\\-]{0,6}`))
		p := strings.Join(rapid.SliceOfN(some, 0, 6).Draw(t, "parts"), rapid.SampledFrom([]string{"", "/", ".", "_"}).Draw(t, "between"))
		require.Empty(t, label.Disagreement(release.Path(p)))
		require.False(t, label.PlainButUnclean(p))
		one := release.Path(p)
		require.Equal(t, label.Words(one), label.Words(one + "/é")[:len(label.Words(one))], "read letter by letter or as bytes")
	})
}
