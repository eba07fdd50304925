package metrics

import (
	"encoding/hex"
	"strconv"
)

// logNames are texts that stand once and are referred to by number.
type logNames struct {
	texts []string
	at    map[string]uint32
	last  uint32 // what was looked for last
}

func (n *logNames) add(s string) uint32 {
	if int(n.last) < len(n.texts) && n.texts[n.last] == s {
		return n.last
	}
	if i, ok := n.at[s]; ok {
		n.last = i
		return i
	}
	if n.at == nil {
		n.at = map[string]uint32{}
	}
	i := uint32(len(n.texts))
	s = string(append([]byte(nil), s...)) // of its own: s may be part of a large text
	n.texts, n.at[s] = append(n.texts, s), i
	return i
}

// try is add where there is room: texts that are all different, taken for names by
// mistake, must not stand in memory twice.
func (n *logNames) try(s string, room, long int) (uint32, bool) {
	if i, ok := n.at[s]; ok {
		return i, true
	}
	if len(n.texts) >= room || len(s) > long {
		return 0, false
	}
	return n.add(s), true
}

// logNumber reads a text that is the decimal form of a number below 10^18.
func logNumber(s string) (uint64, bool) {
	if len(s) == 0 || len(s) > 18 || s[0] == '0' && len(s) > 1 {
		return 0, false
	}
	n := uint64(0)
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = 10*n + uint64(d)
	}
	return n, true
}

func logDigits(n uint64) string { return strconv.FormatUint(n, 10) }

// logEnding is where the number at the end of a text begins: "v1.2.10" ends in 10,
// "v007" in 7. It is len(s) where there is none.
func logEnding(s string) int {
	i := len(s)
	for i > 0 && len(s)-i < 18 && s[i-1]-'0' <= 9 {
		i--
	}
	for i < len(s)-1 && s[i] == '0' {
		i++
	}
	return i
}

// logHex is the bytes that a text of lower case hexadecimal digits stands for.
func logHex(dst []byte, s string) ([]byte, bool) {
	if len(s)%2 != 0 {
		return dst, false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return dst, false
		}
	}
	out, err := hex.AppendDecode(dst, []byte(s))
	return out, err == nil
}

// The ways in which a text is written, in its lowest bits.
const (
	wordNumber uint64 = iota // a number
	wordName                 // one of the names
	wordEnding               // one of the beginnings, and a number
	wordHex                  // hexadecimal digits, two a byte
	wordBytes                // as it is
)

// What names and beginnings have room for.
const (
	maxNames, maxNameLen   = 1 << 16, 64
	maxBegins, maxBeginLen = 1 << 10, 32
)

// word writes a text, or reads one. One of which there are few is put among the names.
func (c *logCoder) word(s string, few bool) string {
	if c.reading {
		return c.readWord()
	}
	if n, ok := logNumber(s); ok {
		c.uvarint(n << 3) // wordNumber, which is 0; below 10^18, so that nothing is shifted out
		return s
	}
	if few {
		if i, ok := c.s.names.try(s, maxNames, maxNameLen); ok {
			c.uvarint(uint64(i)<<3 | wordName)
			return s
		}
	}
	if len(s) >= 16 {
		from := len(c.b)
		c.uvarint(uint64(len(s)/2)<<3 | wordHex)
		if b, ok := logHex(c.b, s); ok {
			c.b = b
			return s
		}
		c.b = c.b[:from]
	}
	if i := logEnding(s); i < len(s) {
		if n, ok := logNumber(s[i:]); ok {
			if at, ok := c.s.begins.try(s[:i], maxBegins, maxBeginLen); ok {
				c.uvarint(uint64(at)<<3 | wordEnding)
				c.uvarint(n)
				return s
			}
		}
	}
	c.uvarint(uint64(len(s))<<3 | wordBytes)
	c.b = append(c.b, s...)
	return s
}

func (c *logCoder) readWord() string {
	x := c.uvarint(0)
	switch n := x >> 3; x & 7 {
	case wordNumber:
		return logDigits(n)
	case wordName:
		return c.s.names.texts[n]
	case wordEnding:
		var digits [20]byte
		return c.s.begins.texts[n] + string(strconv.AppendUint(digits[:0], c.uvarint(0), 10))
	case wordHex:
		return hex.EncodeToString(c.take(int(n)))
	default:
		return string(c.take(int(n)))
	}
}

// isWord reports whether the text that comes next is s, whose number is given where
// it is one.
func (c *logCoder) isWord(s string, number uint64, isNumber bool) bool {
	x, b := c.uvarint(0), c.b
	n := x >> 3
	switch x & 7 {
	case wordNumber:
		return isNumber && n == number
	case wordBytes:
		return !isNumber && string(b[:n]) == s
	case wordName:
		return c.s.names.texts[n] == s
	case wordEnding:
		begin := c.s.begins.texts[n]
		if len(s) <= len(begin) || s[:len(begin)] != begin {
			return false
		}
		end, ok := logNumber(s[len(begin):])
		return ok && end == c.uvarint(0)
	}
	const digits = "0123456789abcdef"
	if uint64(len(s)) != 2*n {
		return false
	}
	for i, v := range b[:n] {
		if s[2*i] != digits[v>>4] || s[2*i+1] != digits[v&15] {
			return false
		}
	}
	return true
}
