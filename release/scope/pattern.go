package scope

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Match reports whether pattern matches all of s. "*" stands for any text without
// a slash, "**" for any text, "?" for one character that is no slash, and
// everything else for itself; "docs/**" matches what is below docs. It takes time
// proportional to the product of the lengths at the most.
func Match(pattern, s string) bool {
	// Where to go on when the text after a star does not match: star is after its
	// pattern, from is the next place in s that it may end before. Inner stars end at a
	// slash, and then the last "**" is tried again.
	var inner, outer struct{ pattern, from int }
	inner.pattern, outer.pattern = -1, -1
	i, j := 0, 0
	for {
		switch {
		case strings.HasPrefix(pattern[i:], "**"):
			i += 2
			outer.pattern, outer.from = i, j
			inner.pattern = -1
			continue
		case i < len(pattern) && pattern[i] == '*':
			i++
			inner.pattern, inner.from = i, j
			continue
		case i == len(pattern) && j == len(s):
			return true
		case i < len(pattern) && j < len(s):
			if pattern[i] == '?' && s[j] != '/' {
				_, n := utf8.DecodeRuneInString(s[j:])
				i, j = i+1, j+n
				continue
			}
			if pattern[i] != '?' && pattern[i] == s[j] {
				i, j = i+1, j+1
				continue
			}
		}
		switch {
		case inner.pattern >= 0 && inner.from < len(s) && s[inner.from] != '/':
			inner.from++
			i, j = inner.pattern, inner.from
		case outer.pattern >= 0 && outer.from < len(s):
			outer.from++
			i, j = outer.pattern, outer.from
			inner.pattern = -1
		default:
			return false
		}
	}
}

// checkPattern refuses what would match nothing or everything by mistake.
func checkPattern(p string) error {
	switch {
	case p == "":
		return errors.New("an empty pattern matches nothing")
	case len(p) > MaxPattern:
		return fmt.Errorf("a pattern of %d bytes is longer than %d", len(p), MaxPattern)
	case !utf8.ValidString(p):
		return fmt.Errorf("pattern %q is not valid UTF-8", p)
	case strings.HasPrefix(p, "/"), strings.HasPrefix(p, "./"):
		return fmt.Errorf("pattern %q begins with a slash or a dot: paths are from the top of the repository", p)
	case strings.HasSuffix(p, "/"):
		return fmt.Errorf("pattern %q ends with a slash: %q is what is below", p, p+"**")
	case strings.Contains(p, "***"):
		return fmt.Errorf("pattern %q has three stars in a row", p)
	}
	return nil
}
