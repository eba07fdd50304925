package label

import (
	"path"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// Words are the words that are read from a path.
func Words(p release.Path) []string { return read(p).words }

// Has reports whether one of the words is found in a path.
func Has(p release.Path, words ...string) bool { return read(p).has(words...) }

// Fold is how the letters of a path are read.
func Fold(s string) string { return fold(s) }

// Disagreement is the first list of which looking its texts up in a path finds something
// else than comparing each, "" without.
func Disagreement(p release.Path) string {
	n := read(p)
	for l, texts := range wordLists {
		if n.means(l) != n.has(strings.Fields(texts)...) {
			return "words " + texts
		}
	}
	for l, texts := range dirLists {
		if n.within(l) != slices.ContainsFunc(n.segs[:max(len(n.segs)-1, 0)], func(s string) bool { return slices.Contains(strings.Fields(texts), s) }) {
			return "directories " + texts
		}
	}
	for l, texts := range nameLists {
		if n.called(l) != slices.Contains(strings.Fields(texts), n.base) {
			return "names " + texts
		}
	}
	for l, texts := range extLists {
		if n.ending(l) != slices.ContainsFunc(strings.Fields(texts), func(e string) bool { return strings.HasSuffix(n.base, e) }) {
			return "extensions " + texts
		}
	}
	return ""
}

// PlainButUnclean is true for a path that is taken for clean at a glance and is not.
func PlainButUnclean(p string) bool {
	return plain(p) && (release.Path(p).String() != p || strings.ContainsAny(p, "\\ ") || path.Clean(p) != p || path.IsAbs(p) || strings.HasPrefix(p, ".."))
}

// Listed are all texts of the lists.
func Listed() []string {
	var out []string
	for _, texts := range wordLists {
		out = append(out, strings.Fields(texts)...)
	}
	for _, texts := range dirLists {
		out = append(out, strings.Fields(texts)...)
	}
	for _, texts := range nameLists {
		out = append(out, strings.Fields(texts)...)
	}
	for _, texts := range extLists {
		out = append(out, strings.Fields(texts)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
