package label

import (
	"math/bits"
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

// Candidates are how many rules the filter names for a path.
func Candidates(p release.Path) int {
	return bits.OnesCount32(uint32(fileFilter().candidates(string(p))))
}

// AskedTexts are all texts that the rules of files, resources and keys ask for, also those
// that they ask for only when something else was found.
func AskedTexts() []string {
	var out []string
	collect := func(ask func(*name) bool) {
		var asked questions
		ask(&name{asked: &asked})
		for i, q := range asked.list {
			next := asked.behind(i)
			ask(&name{asked: &next})
			for _, o := range append(next.list, q) {
				out = append(out, o.texts...)
			}
		}
	}
	for i := range rules {
		for _, ask := range append(fileWays(i), resourceWays(i)...) {
			collect(ask)
		}
	}
	for _, r := range keyRules {
		collect(r.match)
	}
	out = append(out, Listed()...) // some are only asked for when more is found
	slices.Sort(out)
	return slices.Compact(out)
}

// PairedPaths are paths that hold a text of one question of a rule, and one of a question
// that the rule asks next if that is all it found.
func PairedPaths() []string {
	var out []string
	for i := range rules {
		for _, ask := range fileWays(i) {
			var asked questions
			ask(&name{asked: &asked})
			for i, q := range asked.list {
				next := asked.behind(i)
				ask(&name{asked: &next})
				for _, o := range next.list {
					for k := range max(len(q.texts), len(o.texts), 1) {
						out = append(out, pathWith(q, o, k))
					}
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// pathWith is a path with the k-th text of each question where it is looked for.
func pathWith(a, b question, k int) string {
	dirs, start, stem, end := "src/", "", "zz", ""
	for _, q := range []question{a, b} {
		text := ""
		if len(q.texts) > 0 {
			text = q.texts[k%len(q.texts)]
		}
		switch q.place {
		case ofWord:
			dirs += "x_" + text + "/"
		case ofStart:
			dirs += text + "zz/"
		case ofStop:
			dirs += "zz" + text + "/"
		case ofDir:
			dirs += text + "/"
		case ofBase:
			stem = text
		case ofBaseStart:
			start = text
		case ofBaseEnd:
			end = text
		case ofNoBaseEnd:
			end = ".zz"
		}
	}
	return dirs + start + stem + end
}

// Unfiltered are the rules of which the filters know nothing, a bit for each.
func Unfiltered() (files, resources, keys uint32) {
	of := func(f *filter) uint32 { return uint32(f.always.rules(0)) }
	return of(fileFilter()), of(resourceFilter()), of(keyFilter()) | of(secretKeyFilter())
}

// SlowResource is [Resource] with [Default], by reading the whole type and asking every rule.
func SlowResource(rc release.ResourceChange) []release.Label {
	n, out := read(release.Path(rc.Type)), slices.Clone(rc.Labels)
	for _, r := range rules {
		if r.resource != nil && r.resource(n) {
			out = append(out, r.label)
		}
	}
	return set(out)
}

// SlowKey is [Key] in the same way, and SlowSecretKey [SecretKey].
func SlowKey(parts ...string) []release.Label {
	n, out := read(release.Path(strings.Join(parts, "/"))), []release.Label(nil)
	for _, r := range keyRules {
		if r.match(n) {
			out = append(out, r.label)
		}
	}
	return set(out)
}

func SlowSecretKey(parts ...string) bool {
	return secretKey(read(release.Path(strings.Join(parts, "/"))))
}

// SlowFile is [File] with [Default], by reading the whole name and asking every rule.
func SlowFile(fc release.FileChange) []release.Label {
	n, out := read(fc.Path), slices.Clone(fc.Labels)
	for _, r := range rules {
		if r.file(fc, n) {
			out = append(out, r.label)
		}
	}
	return calm(set(out))
}
