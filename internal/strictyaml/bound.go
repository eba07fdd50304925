package strictyaml

// Bound is at least the number of nodes that a parser makes of a text, without
// parsing it: it adds up what each indicator character could begin, whether or not
// it stands within a string or a comment. Of ordinary files it is less than twice
// the true number; text with many commas, colons and brackets within scalars
// raises it.
func Bound(b []byte) int {
	n := 4 // the first document, its root, and the root's key and value
	for i, c := range b {
		switch c {
		case ':': // a mapping, a key, a value
			if !inWord(b, i) {
				n += 3
			}
		case '-': // a sequence and an item; or a marker between documents
			if startsToken(b, i) {
				n += 2
			}
		case '?': // as a colon
			if startsToken(b, i) || i > 0 && flow(b[i-1]) {
				n += 3
			}
		case '.':
			if i == 0 || lineBreak(b[i-1]) {
				n += 3
			}
		case ',', '[', '{', '*', '&', '!':
			if !inWord(b, i) {
				n += 3
			}
		}
	}
	return n
}

// startsToken reports whether white space or nothing stands on both sides of b[i],
// or b[i] begins a line.
func startsToken(b []byte, i int) bool {
	if i == 0 || lineBreak(b[i-1]) {
		return true
	}
	return (b[i-1] == ' ' || b[i-1] == '\t') && (i+1 == len(b) || b[i+1] == ' ' || b[i+1] == '\t' || lineBreak(b[i+1]))
}

func lineBreak(c byte) bool { return c == '\n' || c == '\r' }

func flow(c byte) bool { return c == ',' || c == '[' || c == ']' || c == '{' || c == '}' }

// inWord reports whether b[i] stands between two characters of one plain scalar,
// as the colon of a URL does.
func inWord(b []byte, i int) bool {
	switch b[i] {
	case ',', '[', '{':
		return false // in a flow sequence these end a scalar
	}
	return i > 0 && alnum(b[i-1]) && i+1 < len(b) && (alnum(b[i+1]) || b[i+1] == '/')
}

func alnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
