package version

import (
	"cmp"
	"slices"
	"strings"
)

// mavenKey is a version as a row of tokens, each a number or a qualifier
// (https://maven.apache.org/pom.html#version-order-specification). The
// specification pads the shorter of two rows with what the other's tokens take for
// nothing. With zeros and empty qualifiers trimmed at the end and before each dash,
// this is the same as an order of tokens in which the end of a row has its place:
// what is before it makes a version earlier than none, what is after it later.
//
// A qualifier of a pre-release behind a dot is read as one behind a dash, as Maven
// does since 3.9; before, 1 < 1-bar < 1.0.alpha < 1.
type mavenKey []mavenToken

type mavenToken struct {
	rank  int8
	value string // a number without zeros in front, or an unknown qualifier
}

// The ranks of tokens.
const (
	mavenAlpha int8 = iota
	mavenBeta
	mavenMilestone
	mavenCandidate
	mavenSnapshot
	mavenEnd
	mavenEmpty // "ga", "final", "release" with numbers behind
	mavenServicePack
	mavenDotQualifier
	mavenDashQualifier
	mavenDashNumber
	mavenDotNumber
)

var mavenQualifiers = map[string]int8{"alpha": mavenAlpha, "beta": mavenBeta, "milestone": mavenMilestone,
	"rc": mavenCandidate, "cr": mavenCandidate, "snapshot": mavenSnapshot, "sp": mavenServicePack,
	"": mavenEmpty, "ga": mavenEmpty, "final": mavenEmpty, "release": mavenEmpty}

// mavenShort are what stands for a qualifier right in front of a number.
var mavenShort = map[string]int8{"a": mavenAlpha, "b": mavenBeta, "m": mavenMilestone}

var mavenSyntax = syntax{
	name:  "maven",
	parse: func(s string) (any, error) { return parseMaven(s) },
	compare: func(a, b any) int {
		return slices.CompareFunc(a.(mavenKey), b.(mavenKey), func(x, y mavenToken) int {
			if x.rank >= mavenDashNumber && x.rank == y.rank {
				return compareNumbers(x.value, y.value)
			}
			return cmp.Or(cmp.Compare(x.rank, y.rank), strings.Compare(x.value, y.value))
		})
	},
	major: func(key any, _ string) (string, bool) {
		first := key.(mavenKey)[0]
		return first.value, first.rank == mavenDotNumber
	},
}

// parseMaven refuses what is no version of a file in a repository: ranges,
// properties that were not put in, "LATEST". All else is a version to Maven.
func parseMaven(s string) (mavenKey, error) {
	if !versionLike(s) || !of(s, ".-_+") {
		return nil, errSyntax
	}
	s = strings.ToLower(s)
	key := make(mavenKey, 0, 8)
	prefix := byte('.')
	for {
		n := countDigits(s)
		token := mavenToken{rank: mavenDotNumber, value: trimZeros(s[:n])}
		if prefix == '-' {
			token.rank = mavenDashNumber
		}
		if n == 0 {
			for n < len(s) && !digit(s[n]) && s[n] != '.' && s[n] != '-' {
				n++
			}
			if n > 0 {
				token = mavenWord(s[:n], n < len(s) && digit(s[n]), prefix)
			}
		}
		if prefix == '-' || token.rank < mavenEnd {
			key = trimMaven(key)
		}
		key = append(key, token)
		if s = s[n:]; s == "" {
			break
		}
		prefix = '-'
		if s[0] == '.' || s[0] == '-' {
			prefix, s = s[0], s[1:]
		}
	}
	return append(trimMaven(key), mavenToken{rank: mavenEnd}), nil
}

// mavenWord is the token of a qualifier.
func mavenWord(s string, beforeNumber bool, prefix byte) mavenToken {
	if rank, ok := mavenShort[s]; ok && beforeNumber {
		return mavenToken{rank: rank}
	}
	if rank, ok := mavenQualifiers[s]; ok {
		return mavenToken{rank: rank}
	}
	if prefix == '.' {
		return mavenToken{rank: mavenDotQualifier, value: s}
	}
	return mavenToken{rank: mavenDashQualifier, value: s}
}

// trimMaven cuts off what stands for nothing, but for the first token.
func trimMaven(key mavenKey) mavenKey {
	for len(key) > 1 {
		if last := key[len(key)-1]; last.rank != mavenEmpty && (last.rank < mavenDashNumber || last.value != "") {
			break
		}
		key = key[:len(key)-1]
	}
	return key
}
