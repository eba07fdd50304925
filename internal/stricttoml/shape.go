package stricttoml

import "bytes"

// maxExpression is how many values one statement may have, which the parser keeps as
// nodes of some 200 bytes each, more than once.
const maxExpression = 1 << 15

// shape bounds nesting and the number of values in one pass that keeps nothing but the
// open brackets. It knows strings and comments, and leaves all other mistakes to the
// parser: what it takes for a string the parser takes for one too, or stops there.
func (t *text) shape() error {
	s := shaper{text: t, most: t.limits.Values}
	if s.most == 0 {
		s.most = 4 * t.limits.Lines
	}
	for i := 0; i < len(t.b); {
		switch c := t.b[i]; c {
		case '#':
			i = next(t.b, i, '\n')
			continue
		case '"', '\'':
			i = skipString(t.b, i)
			s.started = true
			continue
		default:
			s.take(c)
		}
		if depth := s.header + s.outer + s.dots + len(s.open); depth > t.limits.Depth {
			return t.tooLarge(i, "nested deeper than %d", t.limits.Depth)
		}
		if s.values > s.most {
			return t.tooLarge(i, "more than %d values", s.most)
		}
		if s.values-s.before > maxExpression {
			return t.tooLarge(i, "more than %d values in one statement", maxExpression)
		}
		i++
	}
	return nil
}

// shaper is where shape is.
type shaper struct {
	*text
	most, values int
	before       int       // values before the statement
	header       int       // parts of the table's name
	dots         int       // parts of the name that is being read, above the first
	outer        int       // of the names around it
	open         []bracket // that are not closed yet
	started      bool      // something stands in this line
	inHeader     bool
	inValue      bool // dots mean nothing
}

type bracket struct {
	kind byte
	dots int
}

func (s *shaper) take(c byte) {
	switch c {
	case ' ', '\t', '\r':
		return
	case '\n':
		if len(s.open) == 0 {
			if s.inHeader {
				s.header = s.dots + 1
			}
			s.dots, s.started, s.inHeader, s.inValue = 0, false, false, false
			s.before = s.values
		}
		return
	case '.':
		if !s.inValue {
			s.dots++
		}
	case '=':
		s.values++
		s.inValue = true
	case ',':
		s.values++
		if n := len(s.open); n > 0 {
			s.dots, s.inValue = 0, s.open[n-1].kind == '['
		}
	case '[', '{':
		s.values++
		switch {
		case !s.started && len(s.open) == 0:
			s.inHeader, s.header = true, 0
		case !s.inHeader:
			s.open = append(s.open, bracket{c, s.dots})
			s.outer += s.dots
			s.dots, s.inValue = 0, c == '['
		}
	case ']', '}':
		if n := len(s.open); n > 0 {
			s.dots = s.open[n-1].dots
			s.outer -= s.dots
			s.open, s.inValue = s.open[:n-1], true
		}
	}
	s.started = true
}

// next is the index of c from i on, or the text's length.
func next(b []byte, i int, c byte) int {
	if n := bytes.IndexByte(b[i:], c); n >= 0 {
		return i + n
	}
	return len(b)
}

// skipString is the index behind the string that begins at i. A string of one line ends
// with the line at the latest.
func skipString(b []byte, i int) int {
	q := b[i]
	if bytes.HasPrefix(b[i:], []byte{q, q, q}) {
		for i += 3; i < len(b); i++ {
			switch {
			case b[i] == '\\' && q == '"':
				i++
			case bytes.HasPrefix(b[i:], []byte{q, q, q}):
				i += 3
				for n := 0; n < 2 && i < len(b) && b[i] == q; n++ { // quotes before the end
					i++
				}
				return i
			}
		}
		return len(b)
	}
	for i++; i < len(b) && b[i] != '\n'; i++ {
		switch {
		case b[i] == '\\' && q == '"':
			i++
		case b[i] == q:
			return i + 1
		}
	}
	return min(i, len(b))
}
