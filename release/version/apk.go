package version

import (
	"cmp"
	"slices"
	"strings"
)

// apkKey is a version of apk-package(5), as the tokens that apk compares
// (https://gitlab.alpinelinux.org/alpine/apk-tools, src/version.c). Behind the letter
// there may be a number, as in 1.8.28p1-r1: apk took that for a version before
// apk-tools 3, and ordered it by the same rules.
type apkKey []apkToken

type apkToken struct {
	kind  int8
	rank  int8   // of a suffix
	value string // without needless zeros where it is a number
}

// The kinds of tokens: of two versions that are alike up to here, the one whose
// next token has the lower kind is the later.
const (
	apkFirst int8 = iota
	apkNumber
	apkLetter
	apkLetterNumber
	apkSuffix
	apkSuffixNumber
	apkHash
	apkRevision
	apkEnd
)

// apkSuffixes are in rising order; those before none are before the release.
var apkSuffixes = []string{"alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p"}

const apkNone = 4

var apkSyntax = syntax{
	name:    "apk",
	parse:   func(s string) (any, error) { return parseAPK(s) },
	compare: func(a, b any) int { return compareAPK(a.(apkKey), b.(apkKey)) },
	major:   func(key any, _ string) (string, bool) { return key.(apkKey)[0].value, true },
}

func parseAPK(s string) (apkKey, error) {
	key := make(apkKey, 0, 8)
	kind := apkFirst
	for {
		i := countDigits(s)
		if i == 0 {
			return nil, errSyntax
		}
		key = append(key, apkToken{kind: kind, value: s[:i]})
		s = s[i:]
		if !strings.HasPrefix(s, ".") {
			break
		}
		kind, s = apkNumber, s[1:]
	}
	key[0].value = trimZeros(key[0].value)
	if s != "" && 'a' <= s[0] && s[0] <= 'z' {
		key = append(key, apkToken{kind: apkLetter, value: s[:1]})
		s = s[1:]
		if n := countDigits(s); n > 0 {
			key = append(key, apkToken{kind: apkLetterNumber, value: trimZeros(s[:n])})
			s = s[n:]
		}
	}
	for strings.HasPrefix(s, "_") {
		i := 1 + countLetters(s[1:])
		rank := slices.Index(apkSuffixes, s[1:i])
		if rank < 0 || rank == apkNone {
			return nil, errSyntax
		}
		key = append(key, apkToken{kind: apkSuffix, rank: int8(rank)})
		if n := countDigits(s[i:]); n > 0 {
			key = append(key, apkToken{kind: apkSuffixNumber, value: trimZeros(s[i : i+n])})
			i += n
		}
		s = s[i:]
	}
	if strings.HasPrefix(s, "~") {
		i := 1
		for i < len(s) && (digit(s[i]) || 'a' <= s[i] && s[i] <= 'f') {
			i++
		}
		if i == 1 {
			return nil, errSyntax
		}
		key = append(key, apkToken{kind: apkHash, value: s[1:i]})
		s = s[i:]
	}
	if after, ok := strings.CutPrefix(s, "-r"); ok {
		if !digits(after) {
			return nil, errSyntax
		}
		key = append(key, apkToken{kind: apkRevision, value: trimZeros(after)})
		s = ""
	}
	if s != "" {
		return nil, errSyntax
	}
	return append(key, apkToken{kind: apkEnd}), nil
}

func compareAPK(a, b apkKey) int {
	for i := range a { // both end with apkEnd, and differ before one is through
		x, y := a[i], b[i]
		if x.kind != y.kind {
			switch {
			case x.kind == apkSuffix && x.rank < apkNone:
				return -1
			case y.kind == apkSuffix && y.rank < apkNone:
				return 1
			}
			return cmp.Compare(y.kind, x.kind)
		}
		c := 0
		switch {
		case x.kind == apkSuffix:
			c = cmp.Compare(x.rank, y.rank)
		case x.kind == apkLetter, x.kind == apkHash, x.kind == apkNumber && (x.value[0] == '0' || y.value[0] == '0'):
			c = strings.Compare(x.value, y.value) // 1.09 is before 1.1, as a fraction is
		default:
			c = compareNumbers(x.value, y.value)
		}
		if c != 0 {
			return c
		}
	}
	return 0
}
