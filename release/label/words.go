package label

import (
	"slices"
	"strings"
	"unicode"

	"github.com/sallyport-dev/sallyport/release"
)

// maxPath bounds how many bytes of a path are read; git and file systems stop at 4096.
const maxPath = 8 << 10

// name is a path, taken apart for matching.
type name struct {
	exact string   // as it came
	segs  []string // folded segments, without the empty ones
	base  string   // the last of segs, "" if there is none
	// words are all parts, neighbours of one segment joined, and whole runs of
	// letters and digits.
	words map[string]bool
}

// read takes a path apart.
func read(p release.Path) name {
	n := name{exact: string(p), words: map[string]bool{}}
	text := n.exact
	if len(text) > maxPath { // the end says most: the file's name and its extension
		text = text[len(text)-maxPath:]
	}
	// A backslash separates too: on Windows such a path lands in that directory.
	for shown := range strings.FieldsFuncSeq(fold(text), func(r rune) bool { return r == '/' || r == '\\' }) {
		// File systems that drop trailing dots and spaces make these the same file.
		if low := strings.TrimRight(strings.ToLower(shown), ". "); low != "" {
			n.segs = append(n.segs, low)
		}
		addWords(n.words, shown)
	}
	if len(n.segs) > 0 {
		n.base = n.segs[len(n.segs)-1]
	}
	return n
}

// addWords splits one segment.
func addWords(words map[string]bool, seg string) {
	var parts []string
	for run := range strings.FieldsFuncSeq(seg, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		words[strings.ToLower(run)] = true
		parts = append(parts, camel(run)...)
	}
	for i, p := range parts {
		words[p] = true
		if i > 0 {
			words[parts[i-1]+p] = true
		}
	}
}

// camel splits a run of letters and digits where digits begin or end, before a
// capital that follows a small letter, and before the last capital of several
// that a small letter follows. The parts are in lower case, digits left out.
func camel(run string) []string {
	var parts []string
	rs := []rune(run)
	start := 0
	cut := func(end int) {
		if end > start && !unicode.IsDigit(rs[start]) {
			parts = append(parts, strings.ToLower(string(rs[start:end])))
		}
		start = end
	}
	for i := 1; i < len(rs); i++ {
		was, is := rs[i-1], rs[i]
		switch {
		case unicode.IsDigit(was) != unicode.IsDigit(is),
			unicode.IsLower(was) && unicode.IsUpper(is),
			i+1 < len(rs) && unicode.IsUpper(was) && unicode.IsUpper(is) && unicode.IsLower(rs[i+1]):
			cut(i)
		}
	}
	cut(len(rs))
	return parts
}

// has reports whether one of the words is there, alone or in the plural.
func (n name) has(words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return n.words[w] || n.words[w+"s"] })
}

// ext reports whether the base ends in one of the extensions, given with the dot.
func (n name) ext(exts ...string) bool {
	return slices.ContainsFunc(exts, func(e string) bool { return strings.HasSuffix(n.base, e) })
}

// in reports whether the file lies in a directory of one of the names.
func (n name) in(dirs ...string) bool {
	return len(n.segs) > 1 && slices.ContainsFunc(n.segs[:len(n.segs)-1], func(s string) bool { return slices.Contains(dirs, s) })
}

// top reports whether the file lies in a directory of one of the names at the root.
func (n name) top(dirs ...string) bool { return len(n.segs) > 1 && slices.Contains(dirs, n.segs[0]) }

// is reports whether the base is one of the names.
func (n name) is(bases ...string) bool { return slices.Contains(bases, n.base) }

// named reports whether the base is one of the names, alone or with a dot or a dash
// and more behind it.
func (n name) named(bases ...string) bool {
	return slices.ContainsFunc(bases, func(b string) bool {
		rest, ok := strings.CutPrefix(n.base, b)
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '-')
	})
}

// starts reports whether the base begins with one of the texts.
func (n name) starts(texts ...string) bool {
	return slices.ContainsFunc(texts, func(t string) bool { return strings.HasPrefix(n.base, t) })
}
