package label

import (
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/release"
)

// maxPath bounds how many bytes of a path are read; git and file systems stop at 4096.
const maxPath = 8 << 10

// name is a path, taken apart for matching. One that read made is not changed any
// more; one that take made still changes when it is asked, so it has one user.
//
// Labelers ask a name through its methods only, and through clean: so that what they
// ask can be written down, see [questions].
type name struct {
	exact string     // as it came
	asked *questions // if not nil, nothing is found here, and what is asked is written down
	// What is only looked for when somebody asks: clean, and what part, spell, look and
	// list find.
	cleaned, parted, spelled, looked, listed bool

	clean bool     // exact is what it seems: see isClean
	text  string   // folded
	low   string   // text in lower case
	ascii bool     // text is plain ASCII
	segs  []string // folded segments, without the empty ones
	base  string   // the last of segs, "" if there is none
	dirs  uint64   // a bit for how each of the segments but the last begins
	// words are all parts, neighbours of one segment joined, and whole runs of
	// letters and digits. Some stand twice.
	words   []string
	starts  uint64              // a bit for how each of the words begins: see startBit
	stops   uint64              // a bit for how each of the words ends, alone and in the singular
	index   map[string]struct{} // the words again, where there are many
	letters string              // those of low, if words of it are needed
	before  int                 // how many letters stand before the part that is looked at
	// The lists in which some of it stands.
	wordLists wordList
	dirLists  dirList
	nameLists nameList
	extLists  extList
	fewSegs   [8]string  // where segs are, if they are few
	fewWords  [24]string // where words are, if they are few
}

// read takes a path apart, wholly.
func read(p release.Path) *name {
	n := &name{}
	n.take(p)
	n.isClean()
	n.look()
	n.list()
	return n
}

// take begins to take a path apart: what is asked of n from now on is asked of p.
func (n *name) take(p release.Path) {
	n.exact, n.asked = string(p), nil
	n.cleaned, n.parted, n.spelled, n.looked, n.listed = false, false, false, false, false
}

// isClean reports whether the path is what it seems.
func (n *name) isClean() bool {
	if !n.cleaned && n.asked == nil {
		n.cleaned, n.clean = true, isClean(n.exact)
	}
	return n.clean
}

// part finds the segments.
func (n *name) part() {
	if n.parted {
		return
	}
	n.parted, n.text = true, n.exact
	if len(n.text) > maxPath { // the end says most: the file's name and its extension
		n.text = n.text[len(n.text)-maxPath:]
	}
	if n.ascii = printable(n.text); !n.ascii {
		n.text = fold(n.text)
		n.ascii = isASCII(n.text)
	}
	n.low = strings.ToLower(n.text)
	n.segs, n.base, n.dirs = n.fewSegs[:0], "", 0
	if n.ascii {
		for from := 0; from <= len(n.low); {
			to := from
			for to < len(n.low) && n.low[to] != '/' && n.low[to] != '\\' {
				to++
			}
			n.segment(n.low[from:to])
			from = to + 1
		}
	} else {
		for shown := range strings.FieldsFuncSeq(n.text, slash) {
			n.segment(strings.ToLower(shown))
		}
	}
	if len(n.segs) > 0 {
		n.base = n.segs[len(n.segs)-1]
	}
	for _, s := range n.segs[:max(len(n.segs)-1, 0)] {
		n.dirs |= startBit(s)
	}
}

// spell finds the words.
func (n *name) spell() {
	if n.spelled {
		return
	}
	n.part()
	n.spelled = true
	if cap(n.words) < len(n.fewWords) || cap(n.words) > 1<<10 { // not kept for those that use n again
		n.words = n.fewWords[:]
	}
	n.words = n.words[:0]
	if n.ascii {
		n.asciiText()
	} else {
		n.unicode(n.text)
	}
	n.starts, n.stops, n.index = 0, 0, nil
	for _, w := range n.words {
		one, more := strings.CutSuffix(w, "s")
		n.starts |= startBit(w)
		n.stops |= stopBit(w)
		if more {
			n.stops |= stopBit(one)
		}
	}
	if len(n.words) > 64 { // an odd path must not cost more than its length
		n.index = make(map[string]struct{}, len(n.words))
		for _, w := range n.words {
			n.index[w] = struct{}{}
		}
	}
}

// slash reports whether a character separates segments. A backslash does too: on
// Windows such a path lands in that directory.
func slash(r rune) bool { return r == '/' || r == '\\' }

// unicode finds the words of any text.
func (n *name) unicode(text string) {
	for shown := range strings.FieldsFuncSeq(text, slash) {
		n.words = appendWords(n.words, shown)
	}
}

// segment adds one, as file systems know it that drop trailing dots and spaces.
func (n *name) segment(low string) {
	for low != "" && (low[len(low)-1] == '.' || low[len(low)-1] == ' ') {
		low = low[:len(low)-1]
	}
	if low != "" {
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

// asciiText is unicode for texts of ASCII, which most paths are. All words but those
// that a mark divides are parts of low.
func (n *name) asciiText() {
	text, low := n.text, n.low
	n.letters, n.before = "", 0
	for from := 0; from <= len(text); {
		to := from
		for to < len(text) && text[to] != '/' && text[to] != '\\' {
			to++
		}
		n.asciiWords(text[:to], low, from)
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
				if len(part) < i-run { // else it is the whole run, and there already
					n.words = append(n.words, part)
				}
				switch {
				case was == "":
				case end == from:
					n.words = append(n.words, low[from-len(was):at])
				default:
					if n.letters == "" {
						n.letters = onlyLetters(low)
					}
					n.words = append(n.words, n.letters[n.before-len(was):n.before+len(part)])
				}
				was, end = part, at
				n.before += len(part)
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

// onlyLetters is low without what is no letter.
func onlyLetters(low string) string {
	buf := make([]byte, 0, 256)
	for i := range len(low) {
		if letter(low[i]) {
			buf = append(buf, low[i])
		}
	}
	return string(buf)
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
	whole := ""
	part := func(p string) {
		if p != whole {
			words = append(words, p)
		}
		if before != "" {
			words = append(words, before+p)
		}
		before = p
	}
	for run := range strings.FieldsFuncSeq(seg, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		whole = strings.ToLower(run)
		words = append(words, whole)
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
	if n.asked != nil {
		return n.asked.note(ofWord, words)
	}
	n.spell()
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
	if n.asked != nil {
		return n.asked.note(ofStart, texts)
	}
	n.spell()
	for _, t := range texts {
		if n.starts&startBit(t) != 0 && slices.ContainsFunc(n.words, func(w string) bool { return strings.HasPrefix(w, t) }) {
			return true
		}
	}
	return false
}

func (n *name) ends(texts ...string) bool {
	if n.asked != nil {
		return n.asked.note(ofStop, texts)
	}
	n.spell()
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

// beginsBut reports whether a word begins with text and with none of except:
// authserver, not author.
func (n *name) beginsBut(text string, except ...string) bool {
	if n.asked != nil {
		return n.asked.andMore(n.begins(text))
	}
	return n.begins(text) && slices.ContainsFunc(n.words, func(w string) bool {
		return strings.HasPrefix(w, text) && !slices.ContainsFunc(except, func(e string) bool { return strings.HasPrefix(w, e) })
	})
}

// ext reports whether the base ends in one of the extensions, given with the dot.
func (n *name) ext(exts ...string) bool {
	if n.asked != nil {
		return n.asked.note(ofBaseEnd, exts)
	}
	n.part()
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
	if n.asked != nil {
		return n.asked.note(ofDir, dirs)
	}
	n.part()
	for _, d := range dirs {
		if n.dirs&startBit(d) != 0 && slices.Contains(n.segs[:len(n.segs)-1], d) {
			return true
		}
	}
	return false
}

// inExactly is in by the bytes of the path: for what may calm.
func (n *name) inExactly(dirs ...string) bool {
	if n.asked != nil {
		return n.asked.note(ofDir, dirs)
	}
	for _, d := range dirs {
		for from := 0; ; {
			i := strings.Index(n.exact[from:], d)
			if i < 0 {
				break
			}
			i += from
			if end := i + len(d); (i == 0 || n.exact[i-1] == '/') && end < len(n.exact) && n.exact[end] == '/' {
				return true
			}
			from = i + 1
		}
	}
	return false
}

// top reports whether the file lies in a directory of one of the names at the root.
func (n *name) top(dirs ...string) bool {
	if n.asked != nil {
		return n.asked.note(ofDir, dirs)
	}
	n.part()
	return len(n.segs) > 1 && slices.Contains(dirs, n.segs[0])
}

// parent reports whether the last directory has that name.
func (n *name) parent(dir string) bool {
	if n.asked != nil {
		return n.asked.andMore(n.in(dir))
	}
	return n.in(dir) && n.segs[len(n.segs)-2] == dir
}

// alone reports whether the file lies in no directory.
func (n *name) alone() bool {
	if n.asked != nil {
		return n.asked.more()
	}
	n.part()
	return len(n.segs) == 1
}

// dotless reports whether the base has no extension.
func (n *name) dotless() bool {
	if n.asked != nil {
		return n.asked.note(ofNoDot, nil)
	}
	n.part()
	return !strings.Contains(n.base, ".")
}

// is reports whether the base is one of the names.
func (n *name) is(bases ...string) bool {
	if n.asked != nil {
		return n.asked.note(ofBase, bases)
	}
	n.part()
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
	if n.asked != nil {
		return n.asked.note(ofBaseStart, bases)
	}
	n.part()
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
	if n.asked != nil {
		return n.asked.note(ofBaseStart, texts)
	}
	n.part()
	for _, t := range texts {
		if len(n.base) >= len(t) && n.base[1] == t[1] && strings.HasPrefix(n.base, t) { // the second letter differs most
			return true
		}
	}
	return false
}
