package version

import (
	"cmp"
	"strings"
)

// rpmKey is a version of rpm-version(7): [epoch:]version[-release]. None is before all
// releases.
type rpmKey struct{ epoch, version, release string }

var rpmSyntax = syntax{
	name:  "rpm",
	parse: func(s string) (any, error) { return parseRPM(s) },
	compare: func(a, b any) int {
		v, w := a.(*rpmKey), b.(*rpmKey)
		return cmp.Or(compareNumbers(v.epoch, w.epoch), compareRPM(v.version, w.version), compareRPM(v.release, w.release))
	},
	major: func(_ any, text string) (string, bool) { return firstNumber(text) },
}

func parseRPM(s string) (*rpmKey, error) {
	var v rpmKey
	if i := strings.IndexByte(s, ':'); i >= 0 {
		if !number(s[:i]) {
			return nil, errSyntax
		}
		v.epoch, s = trimZeros(s[:i]), s[i+1:]
	}
	var hasRelease bool
	v.version, v.release, hasRelease = strings.Cut(s, "-")
	if !versionLike(v.version) || !rpmPart(v.version) || hasRelease && !rpmPart(v.release) {
		return nil, errSyntax
	}
	return &v, nil
}

func rpmPart(s string) bool {
	return s != "" && (digit(s[0]) || letter(s[0])) && of(s, "._+~^")
}

// compareRPM compares two parts run by run of digits or of letters, as rpmvercmp
// does (https://github.com/rpm-software-management/rpm, rpmio/rpmvercmp.cc): where
// they differ first, the tilde is before the end, which is before the caret, which
// is before letters, which are before numbers. What else stands between runs only
// divides them.
func compareRPM(a, b string) int {
	for {
		a, b = strings.TrimLeft(a, "._+"), strings.TrimLeft(b, "._+")
		x, y := weighRPM(a), weighRPM(b)
		switch {
		case x != y:
			return cmp.Compare(x, y)
		case x == rpmEnd:
			return 0
		case x == rpmTilde, x == rpmCaret:
			a, b = a[1:], b[1:]
			continue
		}
		run, compare := countLetters, strings.Compare
		if x == rpmDigit {
			run, compare = countDigits, func(a, b string) int { return compareNumbers(trimZeros(a), trimZeros(b)) }
		}
		n, m := run(a), run(b)
		if c := compare(a[:n], b[:m]); c != 0 {
			return c
		}
		a, b = a[n:], b[m:]
	}
}

// What a part may go on with, in rising order.
const (
	rpmTilde = iota
	rpmEnd
	rpmCaret
	rpmLetter
	rpmDigit
)

func weighRPM(s string) int {
	switch {
	case s == "":
		return rpmEnd
	case s[0] == '~':
		return rpmTilde
	case s[0] == '^':
		return rpmCaret
	case digit(s[0]):
		return rpmDigit
	}
	return rpmLetter
}
