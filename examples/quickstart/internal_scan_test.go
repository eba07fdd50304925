package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The fast search finds what the regular expression alone would find.
func TestFindSecretAgreesWithTheSlowWay(t *testing.T) {
	t.Parallel()
	atoms := []string{"AKIA", "ASIA", "ABCDEFGHIJKLMNOP", "A", "a", "_", "-", " ", "\n", "\r\n", "ghp_", "gho_", "ghx_", strings.Repeat("Z9", 18),
		"xoxb-", "0123456789", "-", "-----BEGIN ", "RSA ", "PRIVATE KEY-----", strings.Repeat("m", 40), "é", "\xff"}
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(strings.Join(rapid.SliceOfN(rapid.SampledFrom(atoms), 0, 8).Draw(t, "text"), ""))
		for _, p := range secretPatterns {
			want := -1
			start := ""
			if isWord(p.marks[0][0]) {
				start = `\b`
			}
			slow := regexp.MustCompile(start + strings.TrimPrefix(p.re.String(), "^"))
			if at := slow.FindIndex(text); at != nil {
				want = at[0]
				found++
			}
			require.Equal(t, want, findSecret(text, p.marks, p.re), "%s in %q", p.name, text)
		}
	})
	for _, secret := range []string{"AKIA" + "ABCDEFGHIJKLMNOP", "ghp_" + strings.Repeat("Z9", 18), "xoxb-" + "0123456789-" + strings.Repeat("m", 40),
		"-----BEGIN " + "PRIVATE KEY-----\n" + strings.Repeat("m", 40)} {
		n := 0
		for _, p := range secretPatterns {
			if findSecret([]byte("x = "+secret+"\n"), p.marks, p.re) == 4 {
				n++
			}
		}
		require.Equal(t, 1, n, secret[:4])
	}
}
