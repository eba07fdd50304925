package strictjson

import (
	"encoding/binary"
	"math/bits"
)

// level is an array or an object that is open: the index of an object's first
// name, or array.
type level int

const array level = -1

// skip passes over the value that comes next. It checks what [Scanner.Object] and
// [Scanner.Array] check, in one loop: nothing is called for most values, and a level
// takes no more memory than its number.
func (s *Scanner) skip() error {
	b, i, outer := s.b, space(s.b, s.i), len(s.inside)
	for {
		// A value must stand at i.
		var c byte
		if i < len(b) {
			c = b[i]
		}
		switch c {
		case '"':
			if end := plain(b, i+1); end < len(b) && b[end] == '"' {
				i = end + 1
				break
			}
			s.i = i
			if _, _, err := s.rawString(); err != nil {
				return err
			}
			i = s.i
		case '{', '[':
			s.i = i
			if err := s.open(); err != nil {
				return err
			}
			i = space(b, i+1)
			if i < len(b) && b[i] == c+2 { // the bracket that closes: nothing is inside
				i++
				s.depth--
				break
			}
			if c == '[' {
				s.inside = append(s.inside, array)
				continue
			}
			s.inside = append(s.inside, level(len(s.names)))
			var err error
			if i, err = s.member(i); err != nil {
				return err
			}
			i = space(b, i)
			continue
		default:
			s.i = i
			if err := s.scalar(); err != nil {
				return err
			}
			i = s.i
		}
		// A value has ended at i, and with it perhaps those around it.
		for {
			if len(s.inside) == outer {
				s.i = i
				return nil
			}
			i = space(b, i)
			if c = 0; i < len(b) {
				c = b[i]
			}
			in := s.inside[len(s.inside)-1]
			if c == ',' {
				if i = space(b, i+1); in != array {
					var err error
					if i, err = s.member(i); err != nil {
						return err
					}
					i = space(b, i)
				}
				break
			}
			s.i = i
			if err := s.close(in, c); err != nil {
				return err
			}
			i++
		}
	}
}

// close ends what is open innermost, with the character c.
func (s *Scanner) close(in level, c byte) error {
	switch {
	case in == array && c != ']':
		return s.Errorf("a comma or the end of the array must stand here")
	case in == array:
	case c != '}':
		return s.Errorf("a comma or the end of the object must stand here")
	default:
		if err := s.distinct(int(in)); err != nil {
			return err
		}
	}
	s.depth--
	s.inside = s.inside[:len(s.inside)-1]
	return nil
}

// scalar passes over a value that is no array, no object and no string.
func (s *Scanner) scalar() error {
	k, err := s.Peek()
	switch {
	case err != nil:
		return err
	case k == Number:
		return s.number()
	case k == Null:
		return s.literal("null")
	case s.b[s.i] == 't':
		return s.literal("true")
	}
	return s.literal("false")
}

// member passes over the name that must stand at i and over its colon, and adds it
// to the names of the object. What it returns is the index of what follows.
func (s *Scanner) member(i int) (int, error) {
	b := s.b
	if i < len(b)-8 && b[i] == '"' {
		// Most names are shorter than a word: see mark.
		x := binary.LittleEndian.Uint64(b[i+1:])
		if stops := special(x); stops != 0 {
			length := bits.TrailingZeros64(stops) / 8
			end := i + 1 + length
			if b[end] == '"' && len(s.names) < s.limits.Names && end+1 < len(b) && b[end+1] == ':' {
				s.names = append(s.names, name{mark: x&(1<<(8*length)-1) | uint64(length)<<56, from: i + 1, to: end})
				return end + 2, nil
			}
		}
	}
	s.i = i
	if !s.at('"') {
		return 0, s.Errorf("a name in quotes must stand here")
	}
	raw, escaped, err := s.rawString()
	if err != nil {
		return 0, err
	}
	n := name{from: i + 1, to: i + 1 + len(raw), escaped: escaped}
	n.mark = s.mark(s.spelt(n))
	s.names = append(s.names, n)
	if len(s.names) > s.limits.Names {
		return 0, s.Errorf("more than %d names", s.limits.Names)
	}
	if s.Space(); !s.at(':') {
		return 0, s.Errorf("a colon must stand here")
	}
	return s.i + 1, nil
}
