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
	index  map[string]struct{} // the words again, where there are many
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
	n.segs, n.words = make([]string, 0, 6), make([]string, 0, 20)
	// A backslash separates too: on Windows such a path lands in that directory.
	for shown := range strings.FieldsFuncSeq(fold(text), func(r rune) bool { return r == '/' || r == '\\' }) {
		// File systems that drop trailing dots and spaces make these the same file.
		if low := strings.TrimRight(strings.ToLower(shown), ". "); low != "" {
			n.segs = append(n.segs, low)
		}
		n.words = appendWords(n.words, shown)
	}
	if len(n.segs) > 0 {
		n.base = n.segs[len(n.segs)-1]
	}
	for _, w := range n.words {
		n.starts |= startBit(w)
	}
	if len(n.words) > 64 { // an odd path must not cost more than its length
		n.index = make(map[string]struct{}, len(n.words))
		for _, w := range n.words {
			n.index[w] = struct{}{}
		}
	}
	return n
}

// isClean reports whether a path is what it seems: printable, relative, without
// empty, "." and ".." segments and without backslashes.
func isClean(p string) bool {
	return p != "" && release.Path(p).String() == p && !strings.ContainsRune(p, '\\') && !strings.HasPrefix(p, "/") && path.Clean(p) == p && !strings.HasPrefix(p, "..")
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
	return slices.ContainsFunc(texts, func(t string) bool {
		return n.starts&startBit(t) != 0 && slices.ContainsFunc(n.words, func(w string) bool { return strings.HasPrefix(w, t) })
	})
}

func (n *name) ends(texts ...string) bool {
	return slices.ContainsFunc(n.words, func(w string) bool {
		one := strings.TrimSuffix(w, "s")
		return slices.ContainsFunc(texts, func(t string) bool { return strings.HasSuffix(w, t) || strings.HasSuffix(one, t) })
	})
}

// ext reports whether the base ends in one of the extensions, given with the dot.
func (n *name) ext(exts ...string) bool {
	return slices.ContainsFunc(exts, func(e string) bool { return strings.HasSuffix(n.base, e) })
}

// in reports whether the file lies in a directory of one of the names.
func (n *name) in(dirs ...string) bool {
	return len(n.segs) > 1 && slices.ContainsFunc(n.segs[:len(n.segs)-1], func(s string) bool { return slices.Contains(dirs, s) })
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
func (n *name) is(bases ...string) bool { return slices.Contains(bases, n.base) }

// named reports whether the base is one of the names, alone or with a dot or a dash
// and more behind it.
func (n *name) named(bases ...string) bool {
	return slices.ContainsFunc(bases, func(b string) bool {
		rest, ok := strings.CutPrefix(n.base, b)
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '-')
	})
}

// prefixed reports whether the base begins with one of the texts.
func (n *name) prefixed(texts ...string) bool {
	return slices.ContainsFunc(texts, func(t string) bool { return strings.HasPrefix(n.base, t) })
}
