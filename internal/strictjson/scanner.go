package strictjson

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"math/bits"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits are what a text may claim before it is refused. All must be set.
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
	keys   []scannedKey // the names of all objects that are open, innermost last
	seed   maphash.Seed
	text   string // a copy of b from from on, for strings to be part of; see share
	from   int
}

// scannedKey is a name in the text: b[from:to], without its quotes.
type scannedKey struct {
	hash     uint64
	from, to int
	escaped  bool
}

// NewScanner checks what holds for the text as a whole. b must not change while
// the scanner is used.
func NewScanner(b []byte, limits Limits) (*Scanner, error) {
	s := &Scanner{limits: limits, b: b, seed: maphash.MakeSeed()}
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
func (s *Scanner) Space() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return
		}
	}
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
	switch k {
	case Object:
		err = s.Object(nil)
	case Array:
		err = s.Array(nil)
	case String:
		_, _, err = s.rawString()
	case Number:
		err = s.number()
	case Null:
		err = s.literal("null")
	default:
		if s.b[s.i] == 't' {
			err = s.literal("true")
		} else {
			err = s.literal("false")
		}
	}
	return k, err
}

// Object passes over an object. visit is called with each name, and must pass
// over its value; nil passes over all.
func (s *Scanner) Object(visit func(name []byte) error) error {
	if k, err := s.Peek(); err != nil || k != Object {
		return cmp.Or(err, s.Errorf("an object must stand here"))
	}
	if err := s.open(); err != nil {
		return err
	}
	first := len(s.keys)
	for s.Space(); ; s.Space() {
		if s.at('}') && len(s.keys) == first {
			break // only an empty object ends without a member
		}
		if !s.at('"') {
			return s.Errorf("a name in quotes must stand here")
		}
		start := s.i + 1
		raw, escaped, err := s.rawString()
		if err != nil {
			return err
		}
		name := raw
		if escaped {
			name = unquote(raw)
		}
		s.keys = append(s.keys, scannedKey{hash: maphash.Bytes(s.seed, name), from: start, to: start + len(raw), escaped: escaped})
		if len(s.keys) > s.limits.Names {
			return s.Errorf("more than %d names", s.limits.Names)
		}
		if s.Space(); !s.at(':') {
			return s.Errorf("a colon must stand here")
		}
		s.i++
		if visit == nil {
			_, err = s.Value()
		} else {
			err = visit(name)
		}
		if err != nil {
			return err
		}
		if s.Space(); !s.at(',') {
			break
		}
		s.i++
	}
	if !s.at('}') {
		return s.Errorf("a comma or the end of the object must stand here")
	}
	if err := s.distinct(first); err != nil {
		return err
	}
	s.i++
	s.depth--
	s.keys = s.keys[:first]
	return nil
}

// distinct checks that no two of the names from index first on are the same.
// Equal hashes only select what is compared. Of several that stand twice, the one
// that does so first is told, since the hashes differ from run to run.
func (s *Scanner) distinct(first int) error {
	keys := s.keys[first:]
	slices.SortFunc(keys, func(a, b scannedKey) int { return cmp.Compare(a.hash, b.hash) })
	var twice *scannedKey
	for i := range keys {
		for j := i + 1; j < len(keys) && keys[j].hash == keys[i].hash; j++ {
			if !bytes.Equal(s.name(keys[i]), s.name(keys[j])) {
				continue
			}
			k := &keys[i]
			if keys[j].from > k.from {
				k = &keys[j]
			}
			if twice == nil || k.from < twice.from {
				twice = k
			}
		}
	}
	if twice == nil {
		return nil
	}
	return s.ErrorfAt(twice.from, "the name %s stands twice in one object", Quoted(s.name(*twice)))
}

func (s *Scanner) name(k scannedKey) []byte {
	raw := s.b[k.from:k.to]
	if k.escaped {
		return unquote(raw)
	}
	return raw
}

// Array passes over an array. visit is called before each element, and must pass
// over it; nil passes over all.
func (s *Scanner) Array(visit func(index int) error) error {
	if k, err := s.Peek(); err != nil || k != Array {
		return cmp.Or(err, s.Errorf("an array must stand here"))
	}
	if err := s.open(); err != nil {
		return err
	}
	for n := 0; ; n++ {
		s.Space()
		if n == 0 && s.at(']') {
			break
		}
		var err error
		if visit == nil {
			_, err = s.Value()
		} else {
			err = visit(n)
		}
		if err != nil {
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
	at, depth, keys := s.i, s.depth, len(s.keys)
	_, err := s.Value()
	if err != nil {
		return err
	}
	s.text, s.from = string(s.b[at:s.i]), at
	s.i, s.depth, s.keys = at, depth, s.keys[:keys]
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

// rawString passes over a string and returns what stands between its quotes.
func (s *Scanner) rawString() (raw []byte, escaped bool, err error) {
	s.i++
	from := s.i
	for {
		if s.plain(); s.i >= len(s.b) {
			return nil, false, s.Errorf("the text ends within a string")
		}
		switch c := s.b[s.i]; {
		case c == '"':
			s.i++
			return s.b[from : s.i-1], escaped, nil
		case c == '\\':
			escaped = true
			if err := s.escape(); err != nil {
				return nil, false, err
			}
		case c < 0x20:
			return nil, false, s.Errorf("a control character stands in a string")
		default:
			s.i++
		}
	}
}

// plain passes over characters that mean nothing within a string, eight at a
// time, and stops at a quote, a backslash, a control character, or short of the
// end. Subtracting n from a byte that is less borrows its highest bit; a byte
// above the lowest such one may be marked for nothing, which is not looked at.
func (s *Scanner) plain() {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for s.i+8 <= len(s.b) {
		x := binary.LittleEndian.Uint64(s.b[s.i:])
		quote, slash := x^ones*'"', x^ones*'\\'
		stop := ((x-ones*0x20)&^x | (quote-ones)&^quote | (slash-ones)&^slash) & high
		if stop != 0 {
			s.i += bits.TrailingZeros64(stop) / 8
			return
		}
		s.i += 8
	}
}

// escape passes over one escape sequence, or over the two of a surrogate pair.
func (s *Scanner) escape() error {
	if s.i+1 >= len(s.b) {
		return s.Errorf("the text ends within an escape sequence")
	}
	switch s.b[s.i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.i += 2
		return nil
	case 'u':
		r, ok := hex4(s.b[s.i+2:])
		if !ok {
			return s.Errorf("\\u must be followed by four hexadecimal digits")
		}
		if !utf16.IsSurrogate(r) {
			s.i += 6
			return nil
		}
		if rest := s.b[s.i+6:]; len(rest) >= 6 && rest[0] == '\\' && rest[1] == 'u' {
			if r2, ok := hex4(rest[2:]); ok && utf16.DecodeRune(r, r2) != utf8.RuneError {
				s.i += 12
				return nil
			}
		}
		return s.Errorf("a lone surrogate is no character")
	default:
		return s.Errorf("\\%c is no escape sequence", s.b[s.i+1])
	}
}

func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// unquote decodes the escape sequences of a string that rawString has checked.
func unquote(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		i++
		switch raw[i] {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, _ := hex4(raw[i+1:])
			i += 4
			if utf16.IsSurrogate(r) {
				r2, _ := hex4(raw[i+3:])
				r = utf16.DecodeRune(r, r2)
				i += 6
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, raw[i])
		}
	}
	return out
}

// Field is the index of name among the known names, or -1. A name that some
// other parser would take for a known one is an error: by another case
// (encoding/json), or by an alias (protobuf's original field names), given as
// "known|alias|…".
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
