package label

import (
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/release"
)

// maxPath bounds how many bytes of a path are read; git and file systems stop at 4096.
const maxPath = 8 << 10

// name is a path, taken apart for matching. It is not changed after read made it.
type name struct {
	exact string   // as it came
	clean bool     // exact is what it seems: see isClean
	segs  []string // folded segments, without the empty ones
	base  string   // the last of segs, "" if there is none
	// words are all parts, neighbours of one segment joined, and whole runs of
	// letters and digits. Some stand twice.
	words  []string
	starts uint64              // a bit for how each of the words begins: see startBit
	stops  uint64              // a bit for how each of the words ends, alone and in the singular
	dirs   uint64              // a bit for how each of the segments but the last begins
	index  map[string]struct{} // the words again, where there are many
	// The lists in which some of it stands: see find.
	wordLists wordList
	dirLists  dirList
	nameLists nameList
	extLists  extList
	few       [24]string // where segs and words are, if they are few
}

// reader reads the path that it read last only once, so that the labelers of one
// [Default] share the work. It may be used by many goroutines at once.
type reader struct{ last atomic.Pointer[name] }

func (r *reader) read(p release.Path) *name {
	if n := r.last.Load(); n != nil && n.exact == string(p) {
		return n
	}
	n := read(p)
	r.last.Store(n)
	return n
}

// read takes a path apart.
func read(p release.Path) *name {
	n := &name{exact: string(p), clean: isClean(string(p))}
	text := n.exact
	if len(text) > maxPath { // the end says most: the file's name and its extension
		text = text[len(text)-maxPath:]
	}
	n.segs, n.words = n.few[:0:6], n.few[6:6]
	text = fold(text)
	low := strings.ToLower(text)
	if isASCII(text) {
		n.ascii(text, low)
	} else {
		n.unicode(text)
	}
	if len(n.segs) > 0 {
		n.base = n.segs[len(n.segs)-1]
	}
	for _, w := range n.words {
		n.starts |= startBit(w)
		n.stops |= stopBit(w) | stopBit(strings.TrimSuffix(w, "s"))
	}
	for _, s := range n.segs[:max(len(n.segs)-1, 0)] {
		n.dirs |= startBit(s)
	}
	n.find()
	if len(n.words) > 64 { // an odd path must not cost more than its length
		n.index = make(map[string]struct{}, len(n.words))
		for _, w := range n.words {
			n.index[w] = struct{}{}
		}
	}
	return n
}

// slash reports whether a character separates segments. A backslash does too: on
// Windows such a path lands in that directory.
func slash(r rune) bool { return r == '/' || r == '\\' }

// unicode takes any text apart.
func (n *name) unicode(text string) {
	for shown := range strings.FieldsFuncSeq(text, slash) {
		n.segment(strings.ToLower(shown))
		n.words = appendWords(n.words, shown)
	}
}

// segment adds one, as file systems know it that drop trailing dots and spaces.
func (n *name) segment(low string) {
	if low = strings.TrimRight(low, ". "); low != "" {
		n.segs = append(n.segs, low)
	}
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// ascii is unicode for texts of ASCII, which most paths are; low is the text in lower
// case. All words but those that a mark divides are parts of low.
func (n *name) ascii(text, low string) {
	for from := 0; from <= len(text); {
		to := from
		for to < len(text) && !slash(rune(text[to])) {
			to++
		}
		if to > from {
			n.segment(low[from:to])
			n.asciiWords(text[:to], low, from)
		}
		from = to + 1
	}
}

// asciiWords is [appendWords] for the rest of text from a place on.
func (n *name) asciiWords(text, low string, i int) {
	was, end := "", -1 // the part before and where it ends
	for i < len(text) {
		if !letter(text[i]) && !digit(text[i]) {
			i++
			continue
		}
		run := i
		for i < len(text) && (letter(text[i]) || digit(text[i])) {
			i++
		}
		n.words = append(n.words, low[run:i])
		for from, at := run, run+1; at <= i; at++ {
			if at < i && !asciiTurns(text[:i], at) {
				continue
			}
			if !digit(text[from]) {
				part := low[from:at]
				n.words = append(n.words, part)
				switch {
				case was == "":
				case end == from:
					n.words = append(n.words, low[from-len(was):at])
				default:
					n.words = append(n.words, was+part)
				}
				was, end = part, at
			}
			from = at
		}
	}
}

// asciiTurns is [turns] at a place in a run.
func asciiTurns(run string, at int) bool {
	was, is := run[at-1], run[at]
	switch {
	case digit(was) != digit(is):
		return true
	case is < 'A' || is > 'Z':
		return false
	case was >= 'a' && was <= 'z':
		return true
	}
	return was >= 'A' && was <= 'Z' && at+1 < len(run) && run[at+1] >= 'a' && run[at+1] <= 'z'
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func digit(c byte) bool { return c >= '0' && c <= '9' }

// isClean reports whether a path is what it seems: printable, relative, without
// empty, "." and ".." segments and without backslashes.
func isClean(p string) bool {
	if plain(p) {
		return true
	}
	return p != "" && release.Path(p).String() == p && !strings.ContainsRune(p, '\\') && !strings.HasPrefix(p, "/") && path.Clean(p) == p && !strings.HasPrefix(p, "..")
}

// plain is true for paths of letters, digits and a few marks, of which no segment
// begins with a dot or is empty: most are, and all of them are clean.
func plain(p string) bool {
	was := byte('/')
	for i := range len(p) {
		c := p[i]
		if !letter(c) && !digit(c) && c != '_' && c != '-' && (c != '.' && c != '/' || was == '/') {
			return false
		}
		was = c
	}
	return was != '/'
}

// appendWords splits one segment.
func appendWords(words []string, seg string) []string {
	before := ""
	part := func(p string) {
		words = append(words, p)
		if before != "" {
			words = append(words, before+p)
		}
		before = p
	}
	for run := range strings.FieldsFuncSeq(seg, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		words = append(words, strings.ToLower(run))
		camel(run, part)
	}
	return words
}

// camel splits a run of letters and digits where digits begin or end, before a
// capital that follows a small letter, and before the last capital of several
// that a small letter follows. The parts are in lower case, digits left out.
func camel(run string, part func(string)) {
	start, was := 0, rune(0)
	for i, is := range run {
		if i > 0 && turns(was, is, run[i+utf8.RuneLen(is):]) {
			cutAt(run[start:i], part)
			start = i
		}
		was = is
	}
	cutAt(run[start:], part)
}

// turns reports whether a part begins at is, which follows was, and is followed by rest.
func turns(was, is rune, rest string) bool {
	if unicode.IsDigit(was) != unicode.IsDigit(is) {
		return true
	}
	if !unicode.IsUpper(is) {
		return false
	}
	if unicode.IsLower(was) {
		return true
	}
	next, _ := utf8.DecodeRuneInString(rest)
	return unicode.IsUpper(was) && unicode.IsLower(next)
}

func cutAt(p string, part func(string)) {
	if first, _ := utf8.DecodeRuneInString(p); p != "" && !unicode.IsDigit(first) {
		part(strings.ToLower(p))
	}
}

// startBit is one bit for how a word begins. A word and its plural begin alike.
func startBit(w string) uint64 {
	if len(w) < 2 {
		return 0
	}
	return 1 << ((w[0]*5 + w[1]) & 63)
}

// stopBit is one bit for how a word ends.
func stopBit(w string) uint64 {
	if len(w) < 2 {
		return 0
	}
	return 1 << ((w[len(w)-1]*5 + w[len(w)-2]) & 63)
}

// has reports whether one of the words, of two letters at least, is there, alone or in the plural.
func (n *name) has(words ...string) bool {
	for _, w := range words {
		if n.starts&startBit(w) != 0 && n.says(w) {
			return true
		}
	}
	return false
}

func (n *name) says(w string) bool {
	if n.index != nil {
		_, one := n.index[w]
		_, more := n.index[w+"s"]
		return one || more
	}
	for _, x := range n.words {
		if len(x) >= len(w) && x[:len(w)] == w && (len(x) == len(w) || len(x) == len(w)+1 && x[len(w)] == 's') {
			return true
		}
	}
	return false
}

// begins and ends report whether one of the words begins or ends with one of the
// texts: for what is written together, such as authserver and accesstoken.
func (n *name) begins(texts ...string) bool {
	for _, t := range texts {
		if n.starts&startBit(t) != 0 && slices.ContainsFunc(n.words, func(w string) bool { return strings.HasPrefix(w, t) }) {
			return true
		}
	}
	return false
}

func (n *name) ends(texts ...string) bool {
	for _, t := range texts {
		if n.stops&stopBit(t) == 0 {
			continue
		}
		if slices.ContainsFunc(n.words, func(w string) bool {
			return strings.HasSuffix(w, t) || strings.HasSuffix(strings.TrimSuffix(w, "s"), t)
		}) {
			return true
		}
	}
	return false
}

// ext reports whether the base ends in one of the extensions, given with the dot.
func (n *name) ext(exts ...string) bool {
	b := n.base
	for _, e := range exts {
		if len(b) >= len(e) && b[len(b)-1] == e[len(e)-1] && strings.HasSuffix(b, e) {
			return true
		}
	}
	return false
}

// in reports whether the file lies in a directory of one of the names.
func (n *name) in(dirs ...string) bool {
	for _, d := range dirs {
		if n.dirs&startBit(d) != 0 && slices.Contains(n.segs[:len(n.segs)-1], d) {
			return true
		}
	}
	return false
}

// inExactly is in by the bytes of the path: for what may calm.
func (n *name) inExactly(dirs ...string) bool {
	rest := n.exact
	for {
		dir, more, found := strings.Cut(rest, "/")
		if !found {
			return false
		}
		if slices.Contains(dirs, dir) {
			return true
		}
		rest = more
	}
}

// top reports whether the file lies in a directory of one of the names at the root.
func (n *name) top(dirs ...string) bool { return len(n.segs) > 1 && slices.Contains(dirs, n.segs[0]) }

// is reports whether the base is one of the names.
func (n *name) is(bases ...string) bool {
	for _, b := range bases {
		if len(b) == len(n.base) && b == n.base {
			return true
		}
	}
	return false
}

// named reports whether the base is one of the names, alone or with a dot or a dash
// and more behind it.
func (n *name) named(bases ...string) bool {
	for _, b := range bases {
		if len(n.base) >= len(b) && n.base[0] == b[0] {
			if rest, ok := strings.CutPrefix(n.base, b); ok && (rest == "" || rest[0] == '.' || rest[0] == '-') {
				return true
			}
		}
	}
	return false
}

// prefixed reports whether the base begins with one of the texts.
func (n *name) prefixed(texts ...string) bool {
	for _, t := range texts {
		if len(n.base) >= len(t) && n.base[1] == t[1] && strings.HasPrefix(n.base, t) { // the second letter differs most
			return true
		}
	}
	return false
}
