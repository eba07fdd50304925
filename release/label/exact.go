package label

import (
	"slices"
	"strings"
)

// What is asked here goes by the bytes of the path, not by what they look like: for
// what may calm. Only of clean paths is it known where the base begins.

// exactBase is what stands behind the last slash.
func (n *name) exactBase() string { return n.exact[strings.LastIndexByte(n.exact, '/')+1:] }

// endsExactly reports whether the base ends in one of the texts.
func (n *name) endsExactly(texts ...string) bool {
	if n.asked != nil {
		return n.asked.note(ofBaseEnd, texts)
	}
	base := n.exactBase()
	for _, t := range texts {
		if len(base) >= len(t) && base[len(base)-2] == t[len(t)-2] && strings.HasSuffix(base, t) { // the last but one differs most
			return true
		}
	}
	return false
}

// endsOtherwise reports whether the base ends in none of the texts.
func (n *name) endsOtherwise(texts ...string) bool {
	if n.asked != nil {
		return n.asked.note(ofNoBaseEnd, texts)
	}
	return !n.endsExactly(texts...)
}

// startsExactly reports whether the base begins with one of the texts.
func (n *name) startsExactly(texts ...string) bool {
	if n.asked != nil {
		return n.asked.note(ofBaseStart, texts)
	}
	base := n.exactBase()
	for _, t := range texts {
		if strings.HasPrefix(base, t) {
			return true
		}
	}
	return false
}

// isExactly reports whether the base is one of the texts.
func (n *name) isExactly(texts ...string) bool {
	if n.asked != nil {
		return n.asked.note(ofBase, texts)
	}
	return slices.Contains(texts, n.exactBase())
}

// endsInAnyCase reports whether the base ends in one of the texts, capitals or not.
func (n *name) endsInAnyCase(texts ...string) bool {
	if n.asked != nil {
		return n.asked.note(ofBaseEnd, texts)
	}
	base := strings.ToLower(n.exactBase())
	for _, t := range texts {
		if strings.HasSuffix(base, t) {
			return true
		}
	}
	return false
}

// titled reports whether the base is one of the texts, in any letters with ".txt" or a
// dot behind it, and alone if it has a capital.
func (n *name) titled(texts ...string) bool {
	if n.asked != nil {
		all := slices.Clone(texts)
		for _, t := range texts {
			all = append(all, t+".", t+".txt")
		}
		return n.asked.note(ofBase, all)
	}
	base := n.exactBase()
	low := strings.ToLower(base)
	stem, ext, _ := strings.Cut(low, ".")
	return (ext == "txt" || ext == "" && low != base) && slices.Contains(texts, stem)
}

// topExactly reports whether the path begins in that directory.
func (n *name) topExactly(dir string) bool {
	if n.asked != nil {
		return n.asked.andMore(n.inExactly(dir))
	}
	return n.inExactly(dir) && strings.HasPrefix(n.exact, dir) && n.exact[len(dir)] == '/'
}

// sourceTest reports whether the file is one of the tests of Maven and Gradle.
func (n *name) sourceTest() bool {
	if n.asked != nil {
		return n.asked.andMore(n.inExactly("test"))
	}
	return n.inExactly("test") && (strings.HasPrefix(n.exact, "src/test/") || strings.Contains(n.exact, "/src/test/"))
}

// oneDot reports whether the base has one dot.
func (n *name) oneDot() bool {
	if n.asked != nil {
		return n.asked.more()
	}
	return strings.Count(n.exactBase(), ".") == 1
}
