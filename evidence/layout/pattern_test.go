package layout_test

import (
	"io"
	"os"
	"testing"

	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/sallyport-dev/sallyport/evidence/layout"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// in-toto-golang prints a warning for a pattern that it cannot match, and goes
// on as if nothing matched. No pattern that we let through makes it print, and
// those that we refuse and it would take are few and odd. Not parallel: it
// watches the process's standard output.
func TestPatternsAgainstTheLibrary(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	stdout := os.Stdout
	os.Stdout = w
	defer func() { os.Stdout = stdout }()
	printed := make(chan []byte, 1)
	go func() { b, _ := io.ReadAll(r); printed <- b }()
	var accepted, refused int
	rapid.Check(t, func(rt *rapid.T) {
		pattern := rapid.StringOfN(rapid.SampledFrom([]rune(`[]!-\*?/.abé`)), 1, 12, -1).Draw(rt, "pattern")
		if layout.CheckPattern(pattern) != nil {
			refused++
			return
		}
		accepted++
		c := in_toto.NewSet("a", "b", "a/b", "ab", "é", "!", "-", "[", "]", "", `\`, "aaaaaaaa", rapid.String().Draw(rt, "name"))
		link := in_toto.Link{Type: "link", Name: "s", Products: map[string]in_toto.HashObj{}}
		for name := range c {
			link.Products[name] = hash("x")
		}
		step := in_toto.Step{SupplyChainItem: in_toto.SupplyChainItem{Name: "s", ExpectedProducts: [][]string{{"ALLOW", pattern}}}}
		require.NoError(t, in_toto.VerifyArtifacts([]any{step}, map[string]in_toto.Metadata{"s": &in_toto.Metablock{Signed: link}}))
	})
	os.Stdout = stdout
	require.NoError(t, w.Close())
	require.Empty(t, string(<-printed))
	require.NotZero(t, accepted)
	require.NotZero(t, refused)
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, p := range []string{"*", "a", "src/*", "?", "[a-z]", "[!a]", `[\]]`, `\*`, "[a-z0-9]*.go", "a]", "-", "é*", "[é-ü]"} {
		require.NoError(t, layout.CheckPattern(p), "%q", p)
	}
	for _, p := range []string{"", "[", "[]", "[]a]", "[a", "[a-", "[a-]", "[-a]", "[!]", `\`, `a\`, `[\`, "[a/../[]", "\xff", "[a]["} {
		require.Error(t, layout.CheckPattern(p), "%q", p)
	}
}
