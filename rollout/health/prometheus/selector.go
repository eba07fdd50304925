package prometheus

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// matcher is one condition on a label.
type matcher struct {
	label, op, value string
	re               *regexp.Regexp // for =~ and !~
}

// selector is a metric's name and the conditions on its labels. It is parsed, and
// written again, so that nothing but a selector can stand where one is expected.
type selector struct {
	name  string
	match []matcher
}

// String is the selector in PromQL. A name that cannot be written bare is among the
// matchers.
func (s selector) String() string {
	if !isName(s.name) {
		return "{" + s.matchers() + "}"
	}
	return s.name + "{" + s.matchers() + "}"
}

func (s selector) matchers() string {
	var b strings.Builder
	for i, m := range s.match {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(m.label + m.op + strconv.Quote(m.value))
	}
	return b.String()
}

// with is the selector with the conditions of another added.
func (s selector) with(side selector) selector {
	return selector{name: s.name, match: append(append([]matcher(nil), s.match...), side.match...)}
}

// matches reports whether a series is one of those that the selector selects.
func (s selector) matches(labels map[string]string) bool {
	if s.name != "" && labels["__name__"] != s.name {
		return false
	}
	for _, m := range s.match {
		v, ok := labels[m.label], false
		switch m.op {
		case "=":
			ok = v == m.value
		case "!=":
			ok = v != m.value
		case "=~":
			ok = m.re.MatchString(v)
		case "!~":
			ok = !m.re.MatchString(v)
		}
		if !ok {
			return false
		}
	}
	return true
}

// parseMetric parses a selector of one metric.
func parseMetric(text string) (selector, error) {
	s, err := parseSelector(text)
	if err != nil {
		return s, err
	}
	for _, m := range s.match {
		if m.label != "__name__" {
			continue
		}
		if s.name != "" || m.op != "=" || m.value == "" {
			return selector{}, errors.New("a selector names one metric")
		}
		s.name = m.value
	}
	if s.name == "" {
		return selector{}, errors.New("a selector names one metric")
	}
	if !isName(s.name) {
		return s, nil // {__name__="a name that is not written bare"}
	}
	for i, m := range s.match {
		if m.label == "__name__" {
			s.match = append(s.match[:i:i], s.match[i+1:]...)
			break
		}
	}
	return s, nil
}

const maxSelector = 10_000 // bytes

// parseSelector parses an instant vector selector without modifiers.
func parseSelector(text string) (selector, error) {
	var s selector
	if len(text) > maxSelector || !utf8.ValidString(text) {
		return s, fmt.Errorf("a selector has at most %d bytes of UTF-8", maxSelector)
	}
	rest := space(text)
	s.name, rest = word(rest, true)
	rest = space(rest)
	if rest == "" && s.name != "" {
		return s, nil
	}
	wrong := func(what string) (selector, error) {
		return selector{}, fmt.Errorf("%s must stand at byte %d of %q", what, len(text)-len(rest), text)
	}
	if !strings.HasPrefix(rest, "{") {
		return wrong("a name or {")
	}
	for rest = space(rest[1:]); !strings.HasPrefix(rest, "}"); {
		var m matcher
		if m.label, rest = word(rest, false); m.label == "" {
			return wrong("the name of a label or }")
		}
		rest = space(rest)
		for _, op := range []string{"=~", "!~", "!=", "="} {
			if strings.HasPrefix(rest, op) {
				m.op = op
				break
			}
		}
		if m.op == "" {
			return wrong("=, !=, =~ or !~")
		}
		rest = space(rest[len(m.op):])
		quoted, err := quotedPrefix(rest)
		if err != nil {
			return wrong("a string in quotes")
		}
		if m.value, err = unquote(quoted); err != nil || !utf8.ValidString(m.value) {
			return wrong("a string in quotes")
		}
		if m.op == "=~" || m.op == "!~" {
			if _, err = regexp.Compile(m.value); err == nil { // by itself
				m.re, err = regexp.Compile("^(?s:" + m.value + ")$")
			}
			if err != nil {
				return wrong("a regular expression")
			}
		}
		s.match = append(s.match, m)
		if rest = space(rest[len(quoted):]); strings.HasPrefix(rest, ",") {
			rest = space(rest[1:])
		} else if !strings.HasPrefix(rest, "}") {
			return wrong(", or }")
		}
	}
	if rest = space(rest[1:]); rest != "" {
		return wrong("nothing more")
	}
	return s, nil
}

func space(s string) string { return strings.TrimLeft(s, " \t\r\n") }

// word cuts off the name of a metric, or of a label.
func word(s string, colons bool) (name, rest string) {
	i := 0
	for i < len(s) && (s[i] == '_' || s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z' || i > 0 && s[i] >= '0' && s[i] <= '9' || colons && s[i] == ':') {
		i++
	}
	return s[:i], s[i:]
}

func isLabel(s string) bool {
	_, rest := word(s, false)
	return s != "" && rest == ""
}

func isName(s string) bool {
	_, rest := word(s, true)
	return s != "" && rest == ""
}

// quotedPrefix is the string literal that s begins with, in one of the three kinds
// of quotes.
func quotedPrefix(s string) (string, error) {
	if s == "" || !strings.ContainsRune("\"'`", rune(s[0])) {
		return "", errors.New("no quote")
	}
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == s[0]:
			return s[:i+1], nil
		case s[i] == '\\' && s[0] != '`':
			i++
		case s[i] == '\n' && s[0] != '`':
			return "", errors.New("a line ends in quotes")
		}
	}
	return "", errors.New("the quotes do not end")
}

// unquote is the value of a literal. PromQL has Go's escapes in single quotes too,
// in which Go itself has characters.
func unquote(quoted string) (string, error) {
	quote, body := quoted[0], quoted[1:len(quoted)-1]
	if quote == '`' {
		return body, nil
	}
	var b strings.Builder
	for body != "" {
		r, multibyte, rest, err := strconv.UnquoteChar(body, quote)
		if err != nil {
			return "", err
		}
		if r < utf8.RuneSelf || !multibyte {
			b.WriteByte(byte(r))
		} else {
			b.WriteRune(r)
		}
		body = rest
	}
	return b.String(), nil
}
