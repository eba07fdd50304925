package version

import (
	"cmp"
	"slices"
	"strings"
)

// composerKey is a version as Composer compares it: four numbers, a stability, the
// numbers of the stability, "dev"
// (https://getcomposer.org/doc/articles/versions.md and
// https://github.com/composer/semver, VersionParser). Branches are no versions. PHP's
// own version_compare, without this form, takes 3.0 for earlier than 3.0.0-beta.
type composerKey []composerToken

type composerToken struct {
	rank   int8
	number string // without zeros in front
}

// The ranks of tokens: what may stand behind the numbers or a stability, and the
// place of the end.
const (
	composerDev int8 = iota
	composerAlpha
	composerBeta
	composerCandidate
	composerEnd
	composerPatch
	composerNumber
)

// composerStabilities are what stands for a stability, longest first where one
// begins another.
var composerStabilities = []struct {
	word string
	rank int8
}{{"stable", composerEnd}, {"alpha", composerAlpha}, {"beta", composerBeta}, {"rc", composerCandidate},
	{"patch", composerPatch}, {"pl", composerPatch}, {"a", composerAlpha}, {"b", composerBeta}, {"p", composerPatch}}

var composerSyntax = syntax{
	name:  "composer",
	parse: func(s string) (any, error) { return parseComposer(s) },
	compare: func(a, b any) int {
		return slices.CompareFunc(a.(composerKey), b.(composerKey), func(x, y composerToken) int {
			return cmp.Or(cmp.Compare(x.rank, y.rank), compareNumbers(x.number, y.number))
		})
	},
	major: func(key any, _ string) (string, bool) { return key.(composerKey)[0].number, true },
}

func parseComposer(s string) (composerKey, error) {
	s = trimV(strings.ToLower(strings.TrimSpace(s)))
	s, build, hasBuild := strings.Cut(s, "+")
	if hasBuild && (build == "" || !of(build, ".-")) {
		return nil, errSyntax
	}
	key := make(composerKey, 0, 8)
	for {
		n := countDigits(s)
		if n == 0 || n > maxDigits || len(key) == 4 {
			return nil, errSyntax
		}
		key = append(key, composerToken{composerNumber, trimZeros(s[:n])})
		if s = s[n:]; len(s) < 2 || s[0] != '.' || !digit(s[1]) {
			break
		}
		s = s[1:]
	}
	for len(key) < 4 {
		key = append(key, composerToken{rank: composerNumber})
	}
	rest := cutSeparator(s)
	for _, stability := range composerStabilities {
		after, ok := strings.CutPrefix(rest, stability.word)
		if !ok {
			continue
		}
		if s = after; stability.rank != composerEnd { // "stable1" is no stability
			key = append(key, composerToken{rank: stability.rank})
			key, s = composerNumbers(key, s)
		}
		break
	}
	if cutSeparator(s) == "dev" {
		key = append(key, composerToken{rank: composerDev})
		s = ""
	}
	if s != "" {
		return nil, errSyntax
	}
	return append(key, composerToken{rank: composerEnd}), nil
}

// composerNumbers reads the numbers of a stability, with dots or dashes between.
func composerNumbers(key composerKey, s string) (composerKey, string) {
	for {
		bare := s
		if s != "" && (s[0] == '.' || s[0] == '-') {
			bare = s[1:]
		}
		n := countDigits(bare)
		if n == 0 || n > maxDigits {
			return key, s
		}
		key, s = append(key, composerToken{composerNumber, trimZeros(bare[:n])}), bare[n:]
	}
}
