package cdevents

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// fault says what is wrong with a text at one place of it.
type fault uint8

const (
	fine     fault = iota
	short          // the text ends too early: with more of it, it may be well
	grammar        // it is not what RFC 8259 allows there
	control        // a control character stands in a string
	escape         // what follows a backslash is no escape sequence
	alone          // a surrogate without its other half
	encoding       // no valid UTF-8
	deep           // nested deeper than maxDepth
)

var faults = [...]string{"", "the text ends within an event", "this is not JSON", "a control character stands in a string",
	"this is no escape sequence", "a lone surrogate is no character", "a string is not valid UTF-8", "values are nested deeper than 64"}

// maxDepth is how many objects and arrays may be open at one place, the event itself
// counted. The bits of a word remember which of them are objects.
const maxDepth = 64

const ones, high = 0x0101010101010101, 0x8080808080808080

// stops has the highest bit set of the first byte of x that means something within a
// string: a quote, a backslash or a control character. What it says of bytes behind
// that one may be wrong. A byte less than n borrows when n is subtracted; with the bit
// of 2 turned around, the quote and the control characters are what is less than 0x21.
func stops(x uint64) uint64 {
	quotes, backslashes := (x^ones*0x02)-ones*0x21, (x^ones*'\\')-ones
	return (quotes | backslashes) &^ x & high
}

// text is the outcome of passing over a string.
type text struct {
	to      int   // the index of the closing quote, or of the fault
	escaped bool  // it has escape sequences
	fault   fault // fine where it was passed over
}

// passString passes over the string whose first byte stands at i, behind the quote.
func passString(b []byte, i int) text {
	from, wide, escaped := i, uint64(0), false
	for {
		for i+8 <= len(b) {
			x := binary.LittleEndian.Uint64(b[i:])
			s := stops(x)
			if s == 0 {
				wide |= x
				i += 8
				continue
			}
			n := bits.TrailingZeros64(s) &^ 7
			wide |= x & (1<<n - 1)
			i += n >> 3
			break
		}
		for i < len(b) && b[i] >= 0x20 && b[i] != '"' && b[i] != '\\' {
			wide |= uint64(b[i])
			i++
		}
		if i >= len(b) {
			return text{to: i, fault: short}
		}
		if b[i] == '"' {
			if wide&high != 0 && !utf8.Valid(b[from:i]) {
				return text{to: from, fault: encoding}
			}
			return text{to: i, escaped: escaped}
		}
		if b[i] != '\\' {
			return text{to: i, fault: control}
		}
		n, f := passEscape(b[i:])
		if f == short {
			i = len(b)
		}
		if f != fine {
			return text{to: i, fault: f}
		}
		escaped = true
		i += n
	}
}

// passEscape is the length of the escape sequence that b begins with; a surrogate
// pair is one.
func passEscape(b []byte) (int, fault) {
	if len(b) < 2 {
		return 0, short
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2, fine
	case 'u':
	default:
		return 0, escape
	}
	r, f := hex4(b[2:])
	if f != fine || !utf16.IsSurrogate(r) {
		return 6, f
	}
	if r >= 0xdc00 {
		return 0, alone
	}
	for i, c := range []byte(`\u`) {
		if len(b) <= 6+i {
			return 0, short
		}
		if b[6+i] != c {
			return 0, alone
		}
	}
	low, f := hex4(b[8:])
	if f != fine {
		return 0, f
	}
	if low < 0xdc00 || low > 0xdfff {
		return 0, alone
	}
	return 12, fine
}

func hex4(b []byte) (rune, fault) {
	var r rune
	for i := range 4 {
		if i >= len(b) {
			return 0, short
		}
		c := b[i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, escape
		}
		r = r<<4 | rune(c)
	}
	return r, fine
}

// unescape appends the text of a string that passString found well.
func unescape(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		c := raw[i]
		if c != '\\' {
			dst = append(dst, c)
			i++
			continue
		}
		c = raw[i+1]
		i += 2
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r, _ := hex4(raw[i:])
			i += 4
			if utf16.IsSurrogate(r) {
				low, _ := hex4(raw[i+2:])
				r = utf16.DecodeRune(r, low)
				i += 6
			}
			dst = utf8.AppendRune(dst, r)
			continue
		}
		dst = append(dst, c)
	}
	return dst
}

// space is the index of the first byte at or after i that is no white space.
func space(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' {
		if c := b[i]; c == ' ' {
			// Indentation comes in runs.
			for i+8 <= len(b) && binary.LittleEndian.Uint64(b[i:]) == ones*' ' {
				i += 8
			}
			if i >= len(b) || b[i] != ' ' {
				continue
			}
		} else if c != '\n' && c != '\r' && c != '\t' {
			return i
		}
		i++
	}
	return i
}

// passNumber passes over the number that begins at i: RFC 8259, section 6. The value
// is not computed: a number of any size is well formed. A number is never the last of
// a text, so that one which reaches the end is short.
func passNumber(b []byte, i int) (int, fault) {
	if b[i] == '-' {
		i++
	}
	var f fault
	if i < len(b) && b[i] == '0' {
		i++
	} else if i, f = digits(b, i); f != fine {
		return i, f
	}
	if i < len(b) && b[i] == '.' {
		if i, f = digits(b, i+1); f != fine {
			return i, f
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if i, f = digits(b, i); f != fine {
			return i, f
		}
	}
	return i, fine
}

func digits(b []byte, i int) (int, fault) {
	from := i
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	switch {
	case i > from:
		return i, fine
	case i >= len(b):
		return i, short
	}
	return i, grammar
}

// passWord passes over true, false or null.
func passWord(b []byte, i int) (int, fault) {
	var word string
	switch b[i] {
	case 't':
		word = "true"
	case 'f':
		word = "false"
	case 'n':
		word = "null"
	default:
		return i, grammar
	}
	for k := range len(word) {
		if i+k >= len(b) {
			return len(b), short
		}
		if b[i+k] != word[k] {
			return i + k, grammar
		}
	}
	return i + len(word), fine
}

// passScalar passes over the number or the word that begins at i.
func passScalar(b []byte, i int) (int, fault) {
	if c := b[i]; c == '-' || c-'0' <= 9 {
		return passNumber(b, i)
	}
	return passWord(b, i)
}

// pass passes over the value that begins at i, where depth others are open around it.
// What it returns is the index behind it.
func pass(b []byte, i, depth int) (int, fault) {
	var objects uint64 // which of the open ones are objects, the innermost lowest
	open := 0
	for {
		// A value must stand at i.
		if i = space(b, i); i >= len(b) {
			return i, short
		}
		switch c := b[i]; c {
		case '"':
			t := passString(b, i+1)
			if t.fault != fine {
				return t.to, t.fault
			}
			i = t.to + 1
		case '{', '[':
			if depth+open >= maxDepth {
				return i, deep
			}
			if i = space(b, i+1); i >= len(b) {
				return i, short
			}
			if b[i] == c+2 { // the bracket that closes it
				i++
				break
			}
			open++
			objects <<= 1
			if c == '{' {
				objects |= 1
				var f fault
				if i, f = passName(b, i); f != fine {
					return i, f
				}
			}
			continue
		default:
			var f fault
			if i, f = passScalar(b, i); f != fine {
				return i, f
			}
		}
		// A value has ended at i, and with it perhaps those around it.
		for {
			if open == 0 {
				return i, fine
			}
			if i = space(b, i); i >= len(b) {
				return i, short
			}
			if c := b[i]; c == ',' {
				if objects&1 != 0 {
					var f fault
					if i, f = passName(b, space(b, i+1)); f != fine {
						return i, f
					}
				} else {
					i++
				}
				break
			} else if c != ']'+byte(objects&1)*('}'-']') {
				return i, grammar
			}
			i++
			open--
			objects >>= 1
		}
	}
}

// passName passes over a name, which must stand at i, and over its colon.
func passName(b []byte, i int) (int, fault) {
	if i >= len(b) {
		return i, short
	}
	if b[i] != '"' {
		return i, grammar
	}
	t := passString(b, i+1)
	if t.fault != fine {
		return t.to, t.fault
	}
	return colon(b, t.to+1)
}

// colon passes over the colon behind a name.
func colon(b []byte, i int) (int, fault) {
	if i = space(b, i); i >= len(b) {
		return i, short
	}
	if b[i] != ':' {
		return i, grammar
	}
	return i + 1, fine
}
