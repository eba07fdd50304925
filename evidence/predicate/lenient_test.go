package predicate_test

import (
	"fmt"
	"strings"
)

// lenient reads JSON as specifications print it, and writes it as JSON is. What it
// puts right is mechanical, and it says what it was: comments, ellipses, commas too
// many or too few, a colon that is a comma, digests that are cut short, members
// without the object around them.
type lenient struct {
	in  string
	at  int
	did map[string]bool
}

// lenientJSON is text as JSON, and what had to be put right.
func lenientJSON(text string) (out string, did map[string]bool, err error) {
	l := &lenient{in: text, did: map[string]bool{}}
	l.skip()
	if l.next() == '{' {
		out, err = l.value("")
	} else {
		l.did["no object around the members"] = true
		out, _, err = l.members(0)
		out = "{" + out + "}"
	}
	if l.skip(); err == nil && l.at < len(l.in) {
		err = fmt.Errorf("%.20q is left over", l.in[l.at:])
	}
	return out, l.did, err
}

func (l *lenient) next() byte {
	if l.at < len(l.in) {
		return l.in[l.at]
	}
	return 0
}

// skip passes over white space, comments and ellipses, and reports whether there
// was an ellipsis.
func (l *lenient) skip() (elided bool) {
	for {
		rest := l.in[l.at:]
		n := 0
		switch {
		case rest == "":
			return elided
		case strings.ContainsRune(" \t\r\n", rune(rest[0])):
			n = 1
		case strings.HasPrefix(rest, "//"):
			if n = strings.IndexByte(rest, '\n'); n < 0 {
				n = len(rest)
			}
			l.did["comment"] = true
		case strings.HasPrefix(rest, "/*") && strings.Contains(rest, "*/"):
			n = strings.Index(rest, "*/") + 2
			l.did["comment"] = true
		case strings.HasPrefix(rest, "..."):
			n, elided = 3, true
			l.did["ellipsis"] = true
		default:
			return elided
		}
		l.at += n
	}
}

// between passes over what separates members or elements.
func (l *lenient) between(first bool, end byte) (elided bool) {
	elided = l.skip()
	commas := 0
	for ; l.next() == ','; commas++ {
		l.at++
		elided = l.skip() || elided
	}
	last := l.next() == end || l.next() == 0
	if want := !first && !last; (commas > 0) != want && !elided {
		l.did["comma"] = true
	}
	return elided
}

func (l *lenient) members(end byte) (out string, elided bool, err error) {
	var list []string
	for {
		elided = l.between(len(list) == 0, end) || elided
		if l.next() == end {
			return strings.Join(list, ","), elided, nil
		}
		name, err := l.text()
		if err != nil {
			return "", false, err
		}
		switch l.skip(); l.next() {
		case ':':
		case ',':
			l.did["comma for colon"] = true
		default:
			return "", false, fmt.Errorf("no colon at %.20q", l.in[l.at:])
		}
		l.at++
		v, err := l.value(name)
		if err != nil {
			return "", false, err
		}
		list = append(list, name+":"+v)
	}
}

// value is "" for an element that is elided.
func (l *lenient) value(name string) (string, error) {
	l.skip()
	switch c := l.next(); {
	case c == '{':
		l.at++
		out, elided, err := l.members('}')
		l.at++
		if err == nil && elided && out == "" && name == "" {
			return "", nil
		}
		return "{" + out + "}", err
	case c == '[':
		l.at++
		var list []string
		for {
			l.between(len(list) == 0, ']')
			if l.next() == ']' {
				l.at++
				break
			}
			v, err := l.value("")
			if err != nil {
				return "", err
			}
			if v != "" {
				list = append(list, v)
			}
		}
		if len(list) == 0 && name == `"subject"` {
			l.did["subject filled in"] = true
			list = []string{`{"name":"elided","digest":{"sha256":"` + strings.Repeat("0", 64) + `"}}`}
		}
		return "[" + strings.Join(list, ",") + "]", nil
	case c == '"':
		return l.text()
	default:
		n := 0
		for n < len(l.in)-l.at && strings.IndexByte("+-.0123456789truefalsn", l.in[l.at+n]) >= 0 {
			n++
		}
		if n == 0 {
			return "", fmt.Errorf("no value at %.20q", l.in[l.at:])
		}
		l.at += n
		return l.in[l.at-n : l.at], nil
	}
}

// text reads a string with its quotes. Digests are printed cut short.
func (l *lenient) text() (string, error) {
	if l.next() != '"' {
		return "", fmt.Errorf("no text at %.20q", l.in[l.at:])
	}
	from := l.at
	for l.at++; l.at < len(l.in); l.at++ {
		switch l.in[l.at] {
		case '\\':
			l.at++
		case '"':
			l.at++
			s := l.in[from:l.at]
			if hex, ok := strings.CutSuffix(s, `..."`); ok && strings.Trim(hex[1:], "0123456789abcdef") == "" {
				l.did["digest cut short"] = true
				return hex + `"`, nil
			}
			return s, nil
		}
	}
	return "", fmt.Errorf("a text has no end")
}
