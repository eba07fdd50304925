package label

import (
	"encoding/binary"
)

// windowLen is how many bytes of a path are looked at together: as many as a number has bits.
const windowLen = 64

// window is a part of a path that ends at a slash or at the end, in lower case. What
// stands behind it means nothing.
type window [windowLen + 8]byte

// marks say where in a window what stands: bit i is its byte i.
type marks struct {
	letters, capitals, digits uint64
	slashes, dots, lines      uint64 // lines are low lines: "_"
	len                       int
}

// Eight bytes are looked at as one number: the eighth bit and the first bit of each.
const (
	eighths = 0x8080808080808080
	ones    = 0x0101010101010101
)

// notBelow is what to add to bytes below 128 so that the eighth bit is set in those
// that are not below c.
func notBelow(c uint64) uint64 { return (0x80 - c) * ones }

// is sets the eighth bit where a byte below 128 is c.
func is(x, c uint64) uint64 { return ^((x ^ c*ones) + 0x7f*ones) }

// gather moves the eighth bits of eight bytes together.
func gather(x uint64) uint64 { return x & eighths >> 7 * 0x0102040810204080 >> 56 }

// show fills an empty window with 1 to [windowLen] bytes; plain is false if they need more care.
func (w *window) show(p string) (m marks, plain bool) {
	copy(w[:windowLen], p)
	var letters, capitals, digits, slashes, dots, lines, odd uint64
	for i := 0; i < len(p); i += 8 {
		x := binary.LittleEndian.Uint64(w[i&63:])
		if n := len(p) - i; n < 8 {
			x |= '/' * ones << (8 * n & 63) // nothing odd behind the end
		}
		low := x &^ eighths
		small := low | 0x20*ones
		letter := (small + notBelow('a')) &^ (small + notBelow('z'+1)) & eighths
		if capital := letter &^ (low << 2); capital != 0 {
			capitals |= gather(capital) << (i & 63)
			binary.LittleEndian.PutUint64(w[i&63:], x|capital>>2)
		}
		if line := is(low, '_') & eighths; line != 0 {
			lines |= gather(line) << (i & 63)
		}
		odd |= x | ^(low + notBelow('!')) | (low + notBelow(0x7f)) | is(low, '\\')
		letters |= gather(letter) << (i & 63)
		if digit := (low + notBelow('0')) &^ (low + notBelow('9'+1)) & eighths; digit != 0 {
			digits |= gather(digit) << (i & 63)
		}
		slashes |= gather(is(low, '/')) << (i & 63)
		if dot := is(low, '.') & eighths; dot != 0 {
			dots |= gather(dot) << (i & 63)
		}
	}
	slashes &= ^uint64(0) >> ((64 - len(p)) & 63)
	segmentEnds := slashes>>1 | 1<<((len(p)-1)&63)
	m = marks{letters: letters, capitals: capitals, digits: digits, slashes: slashes, dots: dots, lines: lines, len: len(p)}
	return m, odd&eighths == 0 && dots&segmentEnds == 0
}

// text is the head and the tail of what stands from a place to another behind it.
func (w *window) text(from, to int) (head, tail uint64) {
	head = binary.LittleEndian.Uint64(w[from&63:])
	if n := to - from; n < 8 {
		head &= 1<<(8*n&63) - 1
		return head, head << ((64 - 8*n) & 63)
	}
	return head, binary.LittleEndian.Uint64(w[(to-8)&63:])
}

// after has the bits behind a place.
func after(i int) uint64 { return ^uint64(0) << (i & 63) << 1 }
