package layout

import (
	"errors"
	"fmt"
	"path"
	"unicode/utf8"
)

// checkPattern refuses patterns that in-toto-golang cannot match. It prints a
// warning for those and goes on as if they matched nothing, so that a DISALLOW
// with a typing error forbids nothing. The grammar is the one of its match.go:
// path.Match with '!' for a negated class, and '*' and '?' that match '/' too.
//
// The library cleans a pattern as a path before it matches, which can cut a
// class in two, so both forms are checked.
func checkPattern(pattern string) error {
	if pattern == "" {
		return errors.New("it is empty")
	}
	if len(pattern) > maxPattern {
		return fmt.Errorf("%d bytes are more than %d", len(pattern), maxPattern)
	}
	if !utf8.ValidString(pattern) {
		return errors.New("it is not valid UTF-8")
	}
	if err := checkGlob(pattern); err != nil {
		return err
	}
	return checkGlob(path.Clean(pattern))
}

func checkGlob(p string) error {
	for p != "" {
		c := p[0]
		p = p[1:]
		switch c {
		case '\\':
			if p == "" {
				return errors.New(`nothing follows the last \`)
			}
			p = p[1:]
		case '[':
			rest, err := checkClass(p)
			if err != nil {
				return err
			}
			p = rest
		}
	}
	return nil
}

// checkClass reads what follows a '[' up to and including its ']'.
func checkClass(p string) (rest string, err error) {
	if p != "" && p[0] == '!' {
		p = p[1:]
	}
	for n := 0; ; n++ {
		if p != "" && p[0] == ']' && n > 0 {
			return p[1:], nil
		}
		if p, err = checkClassChar(p); err != nil {
			return "", err
		}
		if p[0] == '-' {
			if p, err = checkClassChar(p[1:]); err != nil {
				return "", err
			}
		}
	}
}

// checkClassChar reads one character of a class, of which something must follow.
func checkClassChar(p string) (string, error) {
	if p == "" || p[0] == '-' || p[0] == ']' {
		return "", errors.New("a character class is not closed or is malformed")
	}
	if p[0] == '\\' {
		p = p[1:]
	}
	_, n := utf8.DecodeRuneInString(p)
	if p = p[n:]; p == "" {
		return "", errors.New("a character class is not closed")
	}
	return p, nil
}
