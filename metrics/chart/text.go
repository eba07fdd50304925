package chart

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxTitle and maxDescription bound texts of the caller, in runes.
const (
	maxTitle       = 200
	maxDescription = 2000
)

// escape is s as the content of an element or an attribute. Line breaks become
// spaces; what XML 1.0 forbids, control characters and those that turn the
// direction of writing become U+FFFD.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '"':
			b.WriteString("&#34;")
		case r == '\'':
			b.WriteString("&#39;")
		case r == '\n' || r == '\t' || r == '\r' || r == '\u2028' || r == '\u2029':
			b.WriteByte(' ')
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == 0xFFFE || r == 0xFFFF || r == utf8.RuneError || unicode.Is(unicode.Noncharacter_Code_Point, r):
			b.WriteRune(utf8.RuneError)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// shorten is s, or where it has more than most runes its beginning with "…".
func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	n := 0
	for i := range s {
		if n++; n == most {
			rest := s[i:]
			if _, size := utf8.DecodeRuneInString(rest); size == len(rest) {
				return s
			}
			return s[:i] + "…"
		}
	}
	return s
}

// fit shortens s to what a width has room for, in pixels of the small font.
func fit(s string, width float64) string {
	most := int(width / runeWidth)
	if most < 1 {
		return ""
	}
	for width < textWidth(shorten(s, most)) && most > 1 {
		most--
	}
	return shorten(s, most)
}

// runeWidth is how wide a letter is at most, taken over a text; wide scripts take
// twice that.
const runeWidth = 6.8

func textWidth(s string) float64 {
	n := 0.0
	for _, r := range s {
		n += runeWidth
		if r >= 0x1100 {
			n += runeWidth
		}
	}
	return n
}

// coordinate prints a place in the picture, to a tenth of a pixel.
func coordinate(v float64) string {
	s := strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
	if s == "-0" {
		return "0"
	}
	return s
}
