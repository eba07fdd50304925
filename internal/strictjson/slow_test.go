package strictjson_test

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// slowScanner is the obviously right scanner: a recursive descent, one byte at a
// time, with the names of each object in a map. What it says is what
// [strictjson.Scanner] must say, the places of errors included.
type slowScanner struct {
	limits strictjson.Limits
	b      []byte
	i      int
	depth  int
	names  int // of all objects that are open
}

func newSlowScanner(b []byte, limits strictjson.Limits) (*slowScanner, error) {
	s := &slowScanner{limits: limits, b: b}
	if len(b) > limits.Bytes {
		s.i = limits.Bytes
		return nil, s.errorf("%d bytes are more than %d", len(b), limits.Bytes)
	}
	for s.i < len(b) {
		r, n := utf8.DecodeRune(b[s.i:])
		if r == utf8.RuneError && n == 1 {
			return nil, s.errorf("the text is not valid UTF-8")
		}
		s.i += n
	}
	s.i = 0
	return s, nil
}

func (s *slowScanner) errorf(format string, args ...any) error {
	at := min(s.i, len(s.b))
	lines := strings.Split(string(s.b[:at]), "\n")
	return &strictjson.SyntaxError{Package: s.limits.Package, Offset: s.i, Reason: fmt.Sprintf(format, args...),
		Line: len(lines), Column: len(lines[len(lines)-1]) + 1}
}

func (s *slowScanner) Offset() int { return s.i }

func (s *slowScanner) End() error {
	if s.space(); s.i < len(s.b) {
		return s.errorf("something follows the value")
	}
	return nil
}

func (s *slowScanner) space() {
	for s.i < len(s.b) && strings.IndexByte(" \t\n\r", s.b[s.i]) >= 0 {
		s.i++
	}
}

func (s *slowScanner) Peek() (strictjson.Kind, error) {
	if s.space(); s.i >= len(s.b) {
		return 0, s.errorf("the text ends where a value must stand")
	}
	switch c := s.b[s.i]; {
	case strings.IndexByte(`{["n`, c) >= 0:
		return strictjson.Kind(c), nil
	case c == 't' || c == 'f':
		return strictjson.Bool, nil
	case strings.IndexByte("-0123456789", c) >= 0:
		return strictjson.Number, nil
	default:
		return 0, s.errorf("%q begins no value", c)
	}
}

func (s *slowScanner) Value() (strictjson.Kind, error) {
	k, err := s.Peek()
	if err != nil {
		return 0, err
	}
	switch k {
	case strictjson.Object:
		err = s.Object(func([]byte) error { _, err := s.Value(); return err })
	case strictjson.Array:
		err = s.Array(func(int) error { _, err := s.Value(); return err })
	case strictjson.String:
		_, err = s.str()
	case strictjson.Number:
		err = s.number()
	default:
		want := map[byte]string{'n': "null", 't': "true", 'f': "false"}[s.b[s.i]]
		if !bytes.HasPrefix(s.b[s.i:], []byte(want)) {
			return k, s.errorf("%q must stand here", want)
		}
		s.i += len(want)
	}
	return k, err
}

func (s *slowScanner) Object(visit func(name []byte) error) error {
	if k, err := s.Peek(); err != nil || k != strictjson.Object {
		return cmp.Or(err, s.errorf("an object must stand here"))
	}
	if err := s.open(); err != nil {
		return err
	}
	seen, twice, place := map[string]bool{}, "", -1
	n := 0
	for s.space(); !s.at('}') || n > 0; s.space() {
		if !s.at('"') {
			return s.errorf("a name in quotes must stand here")
		}
		start := s.i + 1
		name, err := s.str()
		if err != nil {
			return err
		}
		if seen[name] && place < 0 {
			twice, place = name, start
		}
		seen[name] = true
		n++
		if s.names++; s.names > s.limits.Names {
			return s.errorf("more than %d names", s.limits.Names)
		}
		if s.space(); !s.at(':') {
			return s.errorf("a colon must stand here")
		}
		s.i++
		if err := visit([]byte(name)); err != nil {
			return err
		}
		if s.space(); !s.at(',') {
			break
		}
		s.i++
	}
	if !s.at('}') {
		return s.errorf("a comma or the end of the object must stand here")
	}
	if place >= 0 {
		s.i = place
		return s.errorf("the name %s stands twice in one object", strictjson.Quoted(twice))
	}
	s.i++
	s.depth--
	s.names -= n
	return nil
}

func (s *slowScanner) Array(visit func(index int) error) error {
	if k, err := s.Peek(); err != nil || k != strictjson.Array {
		return cmp.Or(err, s.errorf("an array must stand here"))
	}
	if err := s.open(); err != nil {
		return err
	}
	for n := 0; ; n++ {
		if s.space(); n == 0 && s.at(']') {
			break
		}
		if err := visit(n); err != nil {
			return err
		}
		if s.space(); !s.at(',') {
			break
		}
		s.i++
	}
	if !s.at(']') {
		return s.errorf("a comma or the end of the array must stand here")
	}
	s.i++
	s.depth--
	return nil
}

func (s *slowScanner) open() error {
	if s.depth++; s.depth > s.limits.Depth {
		return s.errorf("nested deeper than %d", s.limits.Depth)
	}
	s.i++
	return nil
}

func (s *slowScanner) at(c byte) bool { return s.i < len(s.b) && s.b[s.i] == c }

func (s *slowScanner) digits() bool {
	from := s.i
	for s.i < len(s.b) && s.b[s.i] >= '0' && s.b[s.i] <= '9' {
		s.i++
	}
	return s.i > from
}

func (s *slowScanner) number() error {
	if s.at('-') {
		s.i++
	}
	if s.at('0') {
		s.i++
	} else if !s.digits() {
		return s.errorf("a digit must stand here")
	}
	if s.at('.') {
		if s.i++; !s.digits() {
			return s.errorf("a digit must follow the decimal point")
		}
	}
	if s.at('e') || s.at('E') {
		s.i++
		if s.at('+') || s.at('-') {
			s.i++
		}
		if !s.digits() {
			return s.errorf("a digit must stand in the exponent")
		}
	}
	return nil
}

// Bytes reads a string where a value must stand.
func (s *slowScanner) Bytes() ([]byte, error) {
	if k, err := s.Peek(); err != nil || k != strictjson.String {
		return nil, cmp.Or(err, s.errorf("a string must stand here"))
	}
	text, err := s.str()
	return []byte(text), err
}

// str reads the string that begins here.
func (s *slowScanner) str() (string, error) {
	var out strings.Builder
	for s.i++; s.i < len(s.b); {
		switch c := s.b[s.i]; {
		case c == '"':
			s.i++
			return out.String(), nil
		case c == '\\':
			r, err := s.escape()
			if err != nil {
				return "", err
			}
			out.WriteRune(r)
		case c < 0x20:
			return "", s.errorf("a control character stands in a string")
		default:
			out.WriteByte(c)
			s.i++
		}
	}
	return "", s.errorf("the text ends within a string")
}

func (s *slowScanner) escape() (rune, error) {
	if s.i+1 >= len(s.b) {
		return 0, s.errorf("the text ends within an escape sequence")
	}
	c := s.b[s.i+1]
	if at := strings.IndexByte(`"\/bfnrt`, c); at >= 0 {
		s.i += 2
		return rune("\"\\/\b\f\n\r\t"[at]), nil
	}
	if c != 'u' {
		return 0, s.errorf("\\%c is no escape sequence", c)
	}
	r, ok := slowHex(s.b[s.i+2:])
	if !ok {
		return 0, s.errorf("\\u must be followed by four hexadecimal digits")
	}
	if !utf16.IsSurrogate(r) {
		s.i += 6
		return r, nil
	}
	if rest := s.b[s.i+6:]; bytes.HasPrefix(rest, []byte(`\u`)) {
		if r2, ok := slowHex(rest[2:]); ok && utf16.DecodeRune(r, r2) != utf8.RuneError {
			s.i += 12
			return utf16.DecodeRune(r, r2), nil
		}
	}
	return 0, s.errorf("a lone surrogate is no character")
}

func slowHex(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	r := 0
	for _, c := range b[:4] {
		at := strings.IndexByte("0123456789abcdefABCDEF", c)
		if at < 0 {
			return 0, false
		}
		if at >= 16 {
			at -= 6
		}
		r = r<<4 | at
	}
	return rune(r), true
}
