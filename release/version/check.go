package version

import (
	"cmp"
	"strings"
)

// maxDigits bounds numbers that are read into 64 bits.
const maxDigits = 18

func digit(c byte) bool { return '0' <= c && c <= '9' }

func letter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// number reports whether s is a number of at most 18 digits.
func number(s string) bool {
	for i := range len(s) {
		if !digit(s[i]) {
			return false
		}
	}
	return s != "" && len(s) <= maxDigits
}

// numbers reports whether s is numbers with dots between.
func numbers(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if !number(part) {
			return false
		}
	}
	return true
}

// of reports whether s has nothing but ASCII letters, digits and the characters of
// more.
func of(s, more string) bool {
	for i := range len(s) {
		if c := s[i]; !letter(c) && !digit(c) && strings.IndexByte(more, c) < 0 {
			return false
		}
	}
	return true
}

// trimV cuts one "v" off.
func trimV(s string) string { return strings.TrimPrefix(s, "v") }

// canonical reports whether a number is written without needless zeros.
func canonical(s string) bool { return number(s) && (s == "0" || s[0] != '0') }

// checkSemver refuses what is not a Semantic Version of at least one, at most three
// numbers (https://semver.org/spec/v2.0.0.html): tags, advisories and files leave
// trailing zeros out.
func checkSemver(s string) error {
	core, pre, build := cutSemver(s)
	n := 0
	for part := range strings.SplitSeq(core, ".") {
		if n++; n > 3 || !canonical(part) {
			return errSyntax
		}
	}
	return checkTags(pre, build)
}

// cutSemver splits "1.2.3-rc.1+5" into "1.2.3", "-rc.1" and "+5".
func cutSemver(s string) (core, pre, build string) {
	if i := strings.IndexByte(s, '+'); i >= 0 {
		s, build = s[:i], s[i:]
	}
	if i := strings.IndexByte(s, '-'); i >= 0 {
		s, pre = s[:i], s[i:]
	}
	return s, pre, build
}

// checkTags checks a pre-release and build metadata with their first characters.
// "-10" is a text to the specification and a number to deps.dev/util/semver, and so
// is no part of a pre-release here.
func checkTags(pre, build string) error {
	for i, tag := range []string{pre, build} {
		if tag == "" {
			continue
		}
		for id := range strings.SplitSeq(tag[1:], ".") {
			if id == "" || !of(id, "-") || i == 0 && digits(strings.TrimPrefix(id, "-")) && !canonical(id) {
				return errSyntax
			}
		}
	}
	return nil
}

// digits reports whether s is digits, however many.
func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// checkNuget is like checkSemver with up to four numbers and needless zeros, which
// NuGet drops.
func checkNuget(s string) error {
	core, pre, build := cutSemver(s)
	if !numbers(core) || strings.Count(core, ".") > 3 {
		return errSyntax
	}
	return checkTags(pre, build)
}

// countDigits is how many digits s begins with.
func countDigits(s string) int {
	i := 0
	for i < len(s) && digit(s[i]) {
		i++
	}
	return i
}

// countLetters is how many ASCII letters s begins with.
func countLetters(s string) int {
	i := 0
	for i < len(s) && letter(s[i]) {
		i++
	}
	return i
}

// firstNumber is the epoch and the first number of a version.
func firstNumber(s string) (string, bool) {
	epoch := ""
	if i := strings.IndexByte(s, ':'); i >= 0 {
		epoch, s = trimZeros(s[:i]), s[i+1:]
	}
	n := countDigits(s)
	return epoch + ":" + trimZeros(s[:n]), n > 0
}

// trimZeros cuts off the zeros in front; zero is "".
func trimZeros(s string) string {
	for s != "" && s[0] == '0' {
		s = s[1:]
	}
	return s
}

// compareNumbers compares numbers without zeros in front.
func compareNumbers(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// versionLike reports whether s begins with a digit or letter and has a digit: words
// such as "latest" are no versions.
func versionLike(s string) bool {
	return s != "" && (digit(s[0]) || letter(s[0])) && strings.ContainsAny(s, "0123456789")
}
