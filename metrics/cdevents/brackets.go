package cdevents

// brackets follows an event that comes in parts to where it may end, so that it is read
// again when all of it is there and not with each part: the time that an event takes is
// linear in its size, however small the parts are. Of an event that is no JSON it says
// too early that it ends, or as late as it is too large; [reader.read] decides.
type brackets struct {
	at      int // how many bytes were followed
	open    int // how many objects and arrays are open there
	within  bool
	escaped bool // within a string, behind a backslash
}

// pass follows the event as far as it has come, and reports whether it may be whole.
// b begins with the event.
func (k *brackets) pass(b []byte) bool {
	for k.at < len(b) {
		c := b[k.at]
		k.at++
		switch {
		case k.escaped:
			k.escaped = false
		case k.within:
			k.within, k.escaped = c != '"', c == '\\'
		case c == '"':
			k.within = true
		case c == '{' || c == '[':
			k.open++
		case c == '}' || c == ']':
			if k.open--; k.open <= 0 {
				k.at--
				k.open++
				return true
			}
		}
	}
	return false
}
