// Package jsonvalue finds single values in signed JSON and compares them exactly.
//
// A Pointer is a JSON pointer (RFC 6901). Exact is a text that two values have in
// common if and only if they are the same JSON value: white space, the order of an
// object's members and how a string is escaped make no difference, and numbers are
// compared as the decimal numbers that they are, of whatever size: 1.0 is 1, and
// 9007199254740993 is not 9007199254740992. A string is never a number.
package jsonvalue

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// Pointer is a JSON pointer as its tokens. The empty one is the whole value.
type Pointer []string

// ParsePointer reads a JSON pointer in the form of RFC 6901, section 3: "" or tokens
// that "/" begins, in which "~1" is "/" and "~0" is "~".
func ParsePointer(text string) (Pointer, error) {
	switch {
	case text == "":
		return Pointer{}, nil
	case text[0] != '/':
		return nil, errors.New("a JSON pointer begins with a slash")
	case !utf8.ValidString(text):
		return nil, errors.New("a JSON pointer is UTF-8")
	}
	out := strings.Split(text[1:], "/")
	for i, t := range out {
		plain := strings.NewReplacer("~0", "", "~1", "").Replace(t)
		if strings.Contains(plain, "~") {
			return nil, fmt.Errorf("%s is no token of a JSON pointer: ~ is written ~0", strictjson.Quoted(t))
		}
		out[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(t)
	}
	return out, nil
}

// String is the pointer's text.
func (p Pointer) String() string {
	var b strings.Builder
	for _, t := range p {
		b.WriteByte('/')
		b.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(t))
	}
	return b.String()
}

// Find is the part of text that p points at, nil if there is none. An element of
// an array is named by its index without leading zeros; "-" is none.
func (p Pointer) Find(text []byte, limits strictjson.Limits) ([]byte, error) {
	s, err := strictjson.NewScanner(text, limits)
	if err != nil {
		return nil, err
	}
	out, err := p.find(s)
	if err == nil {
		err = s.End()
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// find passes over the next value.
func (p Pointer) find(s *strictjson.Scanner) (out []byte, err error) {
	s.Space()
	from := s.Offset()
	kind, err := s.Peek()
	switch {
	case err != nil:
		return nil, err
	case len(p) > 0 && kind == strictjson.Object:
		err = s.Object(func(name []byte) (err error) {
			if string(name) == p[0] {
				out, err = p[1:].find(s)
				return err
			}
			_, err = s.Value()
			return err
		})
		return out, err
	case len(p) > 0 && kind == strictjson.Array:
		index, bad := strconv.Atoi(p[0])
		if bad != nil || strconv.Itoa(index) != p[0] {
			index = -1
		}
		err = s.Array(func(i int) (err error) {
			if i == index {
				out, err = p[1:].find(s)
				return err
			}
			_, err = s.Value()
			return err
		})
		return out, err
	}
	if _, err = s.Value(); err != nil || len(p) > 0 {
		return nil, err
	}
	return s.Since(from), nil
}
