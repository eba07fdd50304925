package strictjson

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// plain is the index of the first byte at or after i that means something within a
// string: a quote, a backslash, or a control character; len(b) if there is none.
func plain(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		if stops := special(binary.LittleEndian.Uint64(b[i:])); stops != 0 {
			return i + bits.TrailingZeros64(stops)/8
		}
	}
	for i < len(b) && b[i] >= 0x20 && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

// special has the highest bit of the lowest byte set that plain looks for; what it
// says of bytes above that one may be wrong. Subtracting n from a byte borrows its
// highest bit if it is less, and with the bit of 2 turned around control characters
// and the quote are all that is less than 0x21.
func special(x uint64) uint64 {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	less, slash := (x^ones*0x02)-ones*0x21, (x^ones*'\\')-ones
	return (less | slash) &^ x & high
}

// rawString passes over a string and returns what stands between its quotes.
func (s *Scanner) rawString() (raw []byte, escaped bool, err error) {
	s.i++
	from := s.i
	for {
		if s.i = plain(s.b, s.i); s.i >= len(s.b) {
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
		default:
			return nil, false, s.Errorf("a control character stands in a string")
		}
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
