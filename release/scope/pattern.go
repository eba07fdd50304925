package scope

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Match reports whether pattern matches all of s. "*" stands for any text without
// a slash, "**" for any text, "?" for one character that is no slash, and
// everything else for itself; "docs/**" matches what is below docs, and "docs**"
// also what is below docs-of-others. It takes time proportional to the product of
// the lengths at the most.
func Match(pattern, s string) bool {
	matched, done := try(pattern, s, 16*(len(pattern)+len(s)))
	if !done {
		return slow(pattern, s)
	}
	return matched
}

// slow follows all ways to match at once. It is for what try goes through again
// and again.
func slow(pattern, s string) bool {
	// rows[j%5][i] says that the pattern before i matches s before j; the longest step
	// is a character of four bytes.
	var rows [5][]bool
	for k := range rows {
		rows[k] = make([]bool, len(pattern)+1)
	}
	rows[0][0] = true
	for j := 0; ; j++ {
		now := rows[j%len(rows)]
		n := 1
		if j < len(s) {
			_, n = utf8.DecodeRuneInString(s[j:])
		}
		for i := range len(pattern) {
			if !now[i] {
				continue
			}
			more := j < len(s) && s[j] != '/'
			switch {
			case strings.HasPrefix(pattern[i:], "**"):
				now[i+2] = true
				if j < len(s) {
					rows[(j+1)%len(rows)][i] = true
				}
			case pattern[i] == '*':
				now[i+1] = true
				if more {
					rows[(j+1)%len(rows)][i] = true
				}
			case pattern[i] == '?' && more:
				rows[(j+n)%len(rows)][i+1] = true
			case pattern[i] != '?' && j < len(s) && pattern[i] == s[j]:
				rows[(j+1)%len(rows)][i+1] = true
			}
		}
		if j == len(s) {
			return now[len(pattern)]
		}
		clear(now)
	}
}

// try goes one way after the other, and gives up after so many steps.
func try(pattern, s string, steps int) (matched, done bool) {
	// Where to go on when the text after a star does not match: star is after its
	// pattern, from is the next place in s that it may end before. Inner stars end at a
	// slash, and then the last "**" is tried again.
	var inner, outer struct{ pattern, from int }
	inner.pattern, outer.pattern = -1, -1
	i, j := 0, 0
	for ; ; steps-- {
		if steps == 0 {
			return false, false
		}
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
			return true, true
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
			return false, true
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
	case strings.ContainsFunc(p, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("pattern %q has characters that people do not see", p)
	case slices.ContainsFunc(strings.Split(p, "/"), func(part string) bool { return part == "." || part == ".." }):
		return fmt.Errorf("pattern %q has a part that is only dots: no path has", p)
	case strings.HasPrefix(p, "/"):
		return fmt.Errorf("pattern %q begins with a slash: paths are from the top of the repository", p)
	case strings.HasSuffix(p, "/"):
		return fmt.Errorf("pattern %q ends with a slash: %q is what is below", p, p+"**")
	case strings.Contains(p, "***"):
		return fmt.Errorf("pattern %q has three stars in a row", p)
	}
	return nil
}
