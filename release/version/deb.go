package version

import (
	"cmp"
	"strings"
)

// debKey is a version of deb-version(7): [epoch:]upstream[-revision].
type debKey struct{ epoch, upstream, revision string }

var debSyntax = syntax{
	name:  "deb",
	parse: func(s string) (any, error) { return parseDeb(s) },
	compare: func(a, b any) int {
		v, w := a.(*debKey), b.(*debKey)
		return cmp.Or(compareNumbers(v.epoch, w.epoch), compareDeb(v.upstream, w.upstream), compareDeb(v.revision, w.revision))
	},
	major: func(_ any, text string) (string, bool) { return firstNumber(text) },
}

func parseDeb(s string) (*debKey, error) {
	var v debKey
	if i := strings.IndexByte(s, ':'); i >= 0 {
		if !number(s[:i]) {
			return nil, errSyntax
		}
		v.epoch, s = trimZeros(s[:i]), s[i+1:]
	}
	if i := strings.LastIndexByte(s, '-'); i >= 0 {
		if i == len(s)-1 || !of(s[i+1:], "+.~") {
			return nil, errSyntax
		}
		s, v.revision = s[:i], s[i+1:]
	}
	if !versionLike(s) || !of(s, ".+-:~") {
		return nil, errSyntax
	}
	v.upstream = s
	return &v, nil
}

// compareDeb compares two parts as the manual describes it: what is no digit by
// character, the digits behind it by number, and so on in turn.
func compareDeb(a, b string) int {
	for a != "" || b != "" {
		i := 0
		for ; ; i++ {
			x, y := weighDeb(a, i), weighDeb(b, i)
			if x != y {
				return cmp.Compare(x, y)
			}
			if x == 0 { // both are at a digit or their end
				break
			}
		}
		a, b = a[i:], b[i:]
		n, m := countDigits(a), countDigits(b)
		if c := compareNumbers(trimZeros(a[:n]), trimZeros(b[:m])); c != 0 {
			return c
		}
		a, b = a[n:], b[m:]
	}
	return 0
}

// weighDeb orders characters: the tilde before the end, which is before letters,
// which are before all else.
func weighDeb(s string, i int) int {
	switch {
	case i >= len(s) || digit(s[i]):
		return 0
	case s[i] == '~':
		return -1
	case letter(s[i]):
		return int(s[i])
	}
	return int(s[i]) + 256
}
