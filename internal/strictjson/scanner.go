package strictjson

import (
	"bytes"
	"cmp"
	"fmt"
	"hash/maphash"
	"strconv"
	"unicode/utf8"
)

// Limits are what a text may claim before it is refused. All but Entries must be set.
type Limits struct {
	// Package begins every message: "evidence".
	Package string
	// Bytes is the size of the largest text.
	Bytes int
	// Depth is how deep values may be nested.
	Depth int
	// Names is how many names the objects that are open at one place may have
	// together. It bounds the memory that a text can claim before it is refused.
	Names int
	// Elements is how many elements an array may have, and how many names an object,
	// that [Unmarshal] reads into a slice or a map. It bounds the memory that an
	// element costs above its text.
	Elements int
	// Entries is how many elements and names all of those may have together. Zero is
	// no bound.
	Entries int
}

// SyntaxError says where untrusted JSON is not what it must be. The text may
// change from version to version.
type SyntaxError struct {
	// Package is whose input it is, Offset the number of bytes before the place.
	Package string
	Offset  int
	// Line and Column count from 1, the column in bytes.
	Line, Column int
	// Reason says what is wrong there, for people.
	Reason string
}

// Error is the reason with the place.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s: at byte %d (line %d, column %d): %s", e.Package, e.Offset, e.Line, e.Column, e.Reason)
}

// Kind is the kind of a JSON value, by its first character.
type Kind byte

// The kinds.
const (
	Object Kind = '{'
	Array  Kind = '['
	String Kind = '"'
	Number Kind = '0'
	Bool   Kind = 't'
	Null   Kind = 'n'
)

// Scanner walks over JSON text once and checks it against RFC 8259, plus what
// must hold before two programs can agree on what was signed: valid UTF-8, no
// lone surrogates, and no name twice in one object, at any depth. It keeps no
// values, so that its cost does not depend on what a predicate holds.
type Scanner struct {
	limits Limits
	b      []byte
	i      int
	depth  int
	names  []name  // of all objects that are open, innermost last
	inside []level // what is open of the value that skip passes over, innermost last
	seed   maphash.Seed
	text   string // a copy of b from from on, for strings to be part of; see Share
	from   int
}

// NewScanner checks what holds for the text as a whole. b must not change while
// the scanner is used.
func NewScanner(b []byte, limits Limits) (*Scanner, error) {
	s := &Scanner{limits: limits, b: b, seed: maphash.MakeSeed()}
	if len(b) > 512 { // small texts come by the million, and have few names
		s.names, s.inside = make([]name, 0, 16), make([]level, 0, 16)
	}
	if len(b) > limits.Bytes {
		s.i = limits.Bytes
		return nil, s.Errorf("%d bytes are more than %d", len(b), limits.Bytes)
	}
	if !utf8.Valid(b) {
		for s.i < len(b) {
			r, n := utf8.DecodeRune(b[s.i:])
			if r == utf8.RuneError && n == 1 {
				break
			}
			s.i += n
		}
		return nil, s.Errorf("the text is not valid UTF-8")
	}
	return s, nil
}

// Quoted is text of others in an error: in quotes, and cut where it is long.
func Quoted[T string | []byte](text T) string {
	const most = 100
	if len(text) > most {
		return fmt.Sprintf("%q... (%d bytes)", string(text[:most]), len(text))
	}
	return strconv.Quote(string(text))
}

// Errorf is an error about the present place.
func (s *Scanner) Errorf(format string, args ...any) error {
	at := min(s.i, len(s.b))
	before := s.b[:at]
	return &SyntaxError{
		Package: s.limits.Package, Offset: s.i, Reason: fmt.Sprintf(format, args...),
		Line: bytes.Count(before, []byte{'\n'}) + 1, Column: at - bytes.LastIndexByte(before, '\n'),
	}
}

// ErrorfAt is Errorf about an earlier place.
func (s *Scanner) ErrorfAt(at int, format string, args ...any) error {
	s.i = at
	return s.Errorf(format, args...)
}

// Offset is how many bytes have been passed over.
func (s *Scanner) Offset() int { return s.i }

// Since is the text from an offset to where the scanner is. It is part of the text
// that the scanner was given.
func (s *Scanner) Since(offset int) []byte { return s.b[offset:s.i:s.i] }

// More reports whether anything but white space follows, as in a stream of values.
func (s *Scanner) More() bool {
	s.Space()
	return s.i < len(s.b)
}

// End checks that nothing follows but white space.
func (s *Scanner) End() error {
	s.Space()
	if s.i < len(s.b) {
		return s.Errorf("something follows the value")
	}
	return nil
}

// Space passes over white space.
func (s *Scanner) Space() { s.i = space(s.b, s.i) }

// space is the index of what is no white space at or after i.
func space(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// Peek is the kind of the value that comes next.
func (s *Scanner) Peek() (Kind, error) {
	s.Space()
	if s.i >= len(s.b) {
		return 0, s.Errorf("the text ends where a value must stand")
	}
	switch c := s.b[s.i]; {
	case c == '{' || c == '[' || c == '"' || c == 'n':
		return Kind(c), nil
	case c == 't' || c == 'f':
		return Bool, nil
	case c == '-' || (c >= '0' && c <= '9'):
		return Number, nil
	default:
		return 0, s.Errorf("%q begins no value", c)
	}
}

// Value passes over one value of any kind.
func (s *Scanner) Value() (Kind, error) {
	k, err := s.Peek()
	if err != nil {
		return 0, err
	}
	return k, s.skip()
}

// Object passes over an object. visit is called with each name, and must pass
// over its value; nil passes over all.
func (s *Scanner) Object(visit func(name []byte) error) error {
	if k, err := s.Peek(); err != nil || k != Object {
		return cmp.Or(err, s.Errorf("an object must stand here"))
	}
	if visit == nil {
		return s.skip()
	}
	if err := s.open(); err != nil {
		return err
	}
	first := len(s.names)
	if s.Space(); !s.at('}') {
		for {
			after, err := s.member(s.i)
			if err != nil {
				return err
			}
			s.i = after
			if err := visit(s.spelt(s.names[len(s.names)-1])); err != nil {
				return err
			}
			if s.Space(); !s.at(',') {
				break
			}
			s.i++
			s.Space()
		}
	}
	if !s.at('}') {
		return s.Errorf("a comma or the end of the object must stand here")
	}
	if err := s.distinct(first); err != nil {
		return err
	}
	s.i++
	s.depth--
	return nil
}

// Array passes over an array. visit is called before each element, and must pass
// over it; nil passes over all.
func (s *Scanner) Array(visit func(index int) error) error {
	if k, err := s.Peek(); err != nil || k != Array {
		return cmp.Or(err, s.Errorf("an array must stand here"))
	}
	if visit == nil {
		return s.skip()
	}
	if err := s.open(); err != nil {
		return err
	}
	for n := 0; ; n++ {
		s.Space()
		if n == 0 && s.at(']') {
			break
		}
		if err := visit(n); err != nil {
			return err
		}
		if s.Space(); !s.at(',') {
			break
		}
		s.i++
	}
	if !s.at(']') {
		return s.Errorf("a comma or the end of the array must stand here")
	}
	s.i++
	s.depth--
	return nil
}

func (s *Scanner) open() error {
	if s.depth++; s.depth > s.limits.Depth {
		return s.Errorf("nested deeper than %d", s.limits.Depth)
	}
	s.i++
	return nil
}

func (s *Scanner) at(c byte) bool { return s.i < len(s.b) && s.b[s.i] == c }

func (s *Scanner) literal(text string) error {
	if !bytes.HasPrefix(s.b[s.i:], []byte(text)) {
		return s.Errorf("%q must stand here", text)
	}
	s.i += len(text)
	return nil
}

func (s *Scanner) digits() bool {
	from := s.i
	for s.i < len(s.b) && s.b[s.i] >= '0' && s.b[s.i] <= '9' {
		s.i++
	}
	return s.i > from
}

// number follows the grammar of RFC 8259, section 6. The value is not computed:
// a number of any size is well formed.
func (s *Scanner) number() error {
	if s.at('-') {
		s.i++
	}
	if s.at('0') {
		s.i++
	} else if !s.digits() {
		return s.Errorf("a digit must stand here")
	}
	if s.at('.') {
		if s.i++; !s.digits() {
			return s.Errorf("a digit must follow the decimal point")
		}
	}
	if s.at('e') || s.at('E') {
		s.i++
		if s.at('+') || s.at('-') {
			s.i++
		}
		if !s.digits() {
			return s.Errorf("a digit must stand in the exponent")
		}
	}
	return nil
}

// Str reads a string that is part of what we read ourselves: a type, a name, a
// digest. Control characters have no business in those.
func (s *Scanner) Str() (string, error) {
	raw, escaped, err := s.Bytes()
	if err != nil {
		return "", err
	}
	for _, c := range raw {
		if c < 0x20 || c == 0x7f {
			return "", s.Errorf("a control character stands in %s", Quoted(raw))
		}
	}
	if end := s.i - 1; !escaped && end <= s.from+len(s.text) && end-len(raw) >= s.from {
		return s.text[end-len(raw)-s.from : end-s.from], nil
	}
	return string(raw), nil
}

// Share copies the next value as text, so that the strings in it need no memory
// of their own, and does not move on. What it does not like is for the second
// reading to report.
func (s *Scanner) Share() error {
	at := s.i
	_, err := s.Value()
	if err != nil {
		return err
	}
	s.text, s.from = string(s.b[at:s.i]), at
	s.i = at
	return nil
}

// Bytes reads a string; the result is part of the text unless it was escaped.
func (s *Scanner) Bytes() (raw []byte, escaped bool, err error) {
	if k, err := s.Peek(); err != nil || k != String {
		return nil, false, cmp.Or(err, s.Errorf("a string must stand here"))
	}
	raw, escaped, err = s.rawString()
	if err == nil && escaped {
		raw = unquote(raw)
	}
	return raw, escaped, err
}

// Field is the index of name among the known names, or -1. A name that some
// other parser would take for a known one is an error: by another case
// (encoding/json), or by an alias (protobuf's original field names). Each of known
// is a name with its aliases behind it.
func (s *Scanner) Field(name []byte, known [][]string) (int, error) {
	for i, names := range known {
		if string(name) == names[0] {
			return i, nil
		}
	}
	for _, names := range known {
		for _, n := range names {
			if len(name) >= len(n) && bytes.EqualFold(name, []byte(n)) {
				return -1, s.Errorf("some parsers take the name %s for %q", Quoted(name), names[0])
			}
		}
	}
	return -1, nil
}
