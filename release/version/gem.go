package version

import (
	"strings"
)

// gemKey is a version of RubyGems as segments, runs of digits or of letters, without
// the zeros at the end and in front of the first letters (Gem::Version of
// https://github.com/ruby/rubygems).
type gemKey []string

var gemSyntax = syntax{
	name:    "gem",
	parse:   func(s string) (any, error) { return parseGem(s) },
	compare: func(a, b any) int { return compareGem(a.(gemKey), b.(gemKey)) },
	major:   func(_ any, text string) (string, bool) { return firstNumber(strings.TrimSpace(text)) },
}

func parseGem(s string) (gemKey, error) {
	s = strings.TrimSpace(s)
	main, pre, dash := strings.Cut(s, "-")
	for i, part := range strings.Split(main, ".") {
		if part == "" || !of(part, "") || i == 0 && !digits(part) {
			return nil, errSyntax
		}
	}
	if dash {
		for part := range strings.SplitSeq(pre, ".") {
			if part == "" || !of(part, "-") {
				return nil, errSyntax
			}
		}
		s = strings.ReplaceAll(s, "-", ".pre.") // so RubyGems reads a dash
	}
	key := make(gemKey, 0, 8)
	letters := false
	for s != "" {
		n := countDigits(s)
		switch {
		case n > 0:
			key = append(key, trimZeros(s[:n]))
		case letter(s[0]):
			n = countLetters(s)
			if !letters {
				key, letters = trimGem(key), true
			}
			key = append(key, s[:n])
		default:
			n = 1
		}
		s = s[n:]
	}
	return trimGem(key), nil
}

// trimGem cuts zeros off, which are empty.
func trimGem(key gemKey) gemKey {
	for len(key) > 0 && key[len(key)-1] == "" {
		key = key[:len(key)-1]
	}
	return key
}

// compareGem compares segment by segment, with zeros behind the shorter one. Letters
// are before all numbers.
func compareGem(a, b gemKey) int {
	at := func(key gemKey, i int) string {
		if i < len(key) {
			return key[i]
		}
		return ""
	}
	for i := range max(len(a), len(b)) {
		x, y := at(a, i), at(b, i)
		xs, ys := x != "" && letter(x[0]), y != "" && letter(y[0])
		c := 0
		switch {
		case xs && ys:
			c = strings.Compare(x, y)
		case xs:
			return -1
		case ys:
			return 1
		default:
			c = compareNumbers(x, y)
		}
		if c != 0 {
			return c
		}
	}
	return 0
}
