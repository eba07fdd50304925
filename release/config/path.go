package config

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// part is one step of a key path.
type part struct {
	name  string // a name; of an element that is keyed, what it is keyed by
	value string // of an element that is keyed, its name
	index int    // of an element that is not; of a document, its number from 1
	kind  partKind
}

type partKind uint8

const (
	partName partKind = iota
	partIndex
	partKeyed
	partDocument
)

// masks gives numbers to the names that look like secrets. The names themselves are
// kept only while a file is compared.
type masks struct {
	numbers map[string]int
	asked   map[string]bool // what secretName said of a name
	forced  map[string]bool
}

// force masks names whatever they look like.
func (m *masks) force(names []string) {
	for _, n := range names {
		if m.forced == nil {
			m.forced = map[string]bool{}
		}
		m.forced[n] = true
	}
}

func (m *masks) secret(name string) bool {
	if m.forced[name] {
		return true
	}
	if len(name) < shortestSecret {
		return false
	}
	is, ok := m.asked[name]
	if !ok {
		if m.asked == nil {
			m.asked = map[string]bool{}
		}
		is = secretName(name)
		m.asked[name] = is
	}
	return is
}

func (m *masks) mask(name string) string {
	if !m.secret(name) {
		return ""
	}
	if m.numbers == nil {
		m.numbers = map[string]int{}
	}
	if _, ok := m.numbers[name]; !ok {
		m.numbers[name] = len(m.numbers) + 1
	}
	return fmt.Sprintf("<masked %d>", m.numbers[name])
}

// render writes a path: see the package comment.
func (m *masks) render(parts []part) string {
	var b strings.Builder
	for _, p := range parts {
		switch p.kind {
		case partDocument:
			fmt.Fprintf(&b, "#%d", p.index)
		case partIndex:
			fmt.Fprintf(&b, "[%d]", p.index)
		case partKeyed:
			b.WriteString("[" + p.name + "=" + m.name(p.value) + "]")
		default:
			n := m.name(p.name)
			switch {
			case strings.HasPrefix(n, "<") || strings.HasPrefix(n, `"`):
				b.WriteString("[" + n + "]")
			case b.Len() > 0:
				b.WriteString("." + n)
			default:
				b.WriteString(n)
			}
		}
	}
	if b.Len() == 0 {
		return "."
	}
	return b.String()
}

func (m *masks) name(n string) string {
	if masked := m.mask(n); masked != "" {
		return masked
	}
	if n == "" || strings.ContainsFunc(n, func(r rune) bool {
		return !(unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '-' || r == '/') || r == unicode.ReplacementChar
	}) {
		return strconv.QuoteToASCII(n)
	}
	return n
}

// words are the names of a path, for what they mean.
func words(parts []part) []string {
	out := make([]string, 0, len(parts))
	for _, p := range parts {
		switch p.kind {
		case partName:
			out = append(out, p.name)
		case partKeyed:
			out = append(out, p.value)
		}
	}
	return out
}
