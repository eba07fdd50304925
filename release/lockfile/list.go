package lockfile

import (
	"bytes"
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/internal/clip"
	"github.com/sallyport-dev/sallyport/release"
)

// list is an inventory that is being made.
type list struct {
	inv     release.Inventory
	kind    string // the purl type of components
	file    string // the path, as gaps name it
	dir     string // of the file in the repository
	at      map[place]int
	licence map[int]bool // components whose licence is told in two ways
	partial bool
	failed  bool
	gaps    map[release.Gap]bool
	more    int // gaps that are not listed

	mayLackHash bool           // what is added now: something else says so, or nothing is amiss
	hashless    int            // how many components should have a hash
	examples    []release.PURL // the first of them
}

// place is what makes two entries one component.
type place struct {
	purl      release.PURL
	origin    release.Text
	integrity string
}

// newList checks what holds for every format; if it does not, the list has failed.
func newList(file release.Path, kind string, b []byte) *list {
	l := &list{kind: kind, file: file.String(), dir: strings.TrimLeft(path.Dir(string(file)), "/"), at: map[place]int{}, gaps: map[release.Gap]bool{}, licence: map[int]bool{}}
	l.inv.Source = release.Source{Path: file}
	l.inv.Components = []release.Component{}
	if len(b) > MaxBytes {
		l.fail(release.GapTooLarge, "%d bytes are more than %d", len(b), MaxBytes)
		return l
	}
	l.inv.Source.Digest = release.DigestOf(b)
	switch lines := bytes.Count(b, []byte{'\n'}); {
	case lines > MaxLines:
		l.fail(release.GapTooLarge, "%d lines are more than %d", lines, MaxLines)
	case !utf8.Valid(b):
		l.fail(release.GapUnreadable, "the text is not valid UTF-8")
	case bytes.IndexByte(b, 0) >= 0:
		l.fail(release.GapUnreadable, "the text has zero bytes")
	}
	return l
}

// gap notes something that is not as it must be. Subject "" is the file.
func (l *list) gap(kind release.GapKind, subject, format string, args ...any) {
	if kind != release.GapDependencyOrigin {
		l.partial = true
	}
	detail := fmt.Sprintf(format, args...)
	if subject == "" {
		subject = l.file
	} else {
		subject = short(subject)
		detail = l.file + ": " + detail
	}
	g := release.Gap{Kind: kind, Subject: subject, Detail: short(detail)}
	switch {
	case l.gaps[g]:
	case len(l.inv.Gaps) >= MaxGaps:
		l.more++
	default:
		l.gaps[g] = true
		l.inv.Gaps = append(l.inv.Gaps, g)
	}
}

// fail says that the file as a whole cannot be used.
func (l *list) fail(kind release.GapKind, format string, args ...any) {
	if !l.failed {
		l.gap(kind, "", format, args...)
		l.failed = true
	}
}

// short is text of others that is safe to print and not too long.
func short(s string) string {
	return release.Text(clip.Text(s, 300)).String()
}

// purl names a package; where that cannot be, it leaves a gap.
func (l *list) purl(name, version string) (release.PURL, bool) {
	const most = 500
	if len(name) > most || len(version) > most {
		l.gap(release.GapUnreadable, name, "a name or version of more than %d bytes", most)
		return "", false
	}
	if name != strings.TrimSpace(name) || slices.ContainsFunc(strings.Split(name, "/"), func(s string) bool { return s == "" || s == "." || s == ".." || s == "@" }) {
		l.gap(release.GapUnreadable, name, "no package has this name")
		return "", false
	}
	p, err := release.NewPURL(l.kind, name, version)
	if err != nil {
		l.gap(release.GapUnreadable, name, "%v", err)
		return "", false
	}
	return p, true
}

// add puts a component in the list. Entries for the same content are one component, of
// the farthest reaching relation and scope.
func (l *list) add(c release.Component) {
	c.License = short(c.License)
	switch known, strong := hashes(c.Integrity); {
	case c.Integrity == "":
	case !known: // npm ignores those, and takes whatever content comes
		l.gap(release.GapUnreadable, string(c.PURL), "its hash is not one")
		c.Integrity = ""
	case !strong:
		l.gap(release.GapUnpinned, string(c.PURL), "it has no hash but MD5, for which other content can be made")
	}
	key := place{c.PURL, c.Origin, c.Integrity}
	i, ok := l.at[key]
	if !ok {
		if len(l.inv.Components) >= MaxComponents {
			l.fail(release.GapTooLarge, "more than %d components", MaxComponents)
			return
		}
		l.at[key] = len(l.inv.Components)
		l.inv.Components = append(l.inv.Components, c)
		if c.Integrity == "" && c.Origin == "" && !l.mayLackHash {
			l.noHash(c.PURL)
		}
		return
	}
	was := &l.inv.Components[i]
	was.Relation = nearest(was.Relation, c.Relation)
	was.Scope = min(was.Scope, c.Scope)
	was.InstallScript = was.InstallScript || c.InstallScript
	switch {
	case c.License == "" || was.License == c.License:
	case was.License == "":
		was.License = c.License
	case !l.licence[i]:
		l.licence[i] = true
		l.gap(release.GapAmbiguous, string(c.PURL), "two entries name the licences %q and %q", was.License, c.License)
		was.License = min(was.License, c.License)
	}
}

// nearest is direct if any is, and unknown if any is else.
func nearest(a, b release.Relation) release.Relation {
	if a == release.RelationDirect || b == release.RelationDirect {
		return release.RelationDirect
	}
	return min(a, b)
}

// noHash notes a component whose content only its registry knows.
func (l *list) noHash(p release.PURL) {
	const most = 3
	if l.hashless++; l.hashless <= most {
		l.examples = append(l.examples, p)
	}
}

// hashes reports whether text is hashes: algorithms that are known, each with digits or
// base64 behind it, and spaces between. strong says whether one of them cannot be forged
// with ease.
func hashes(s string) (known, strong bool) {
	for h := range strings.FieldsSeq(s) {
		i := strings.IndexAny(h, "-:")
		if i < 0 {
			return false, false
		}
		switch h[:i] {
		case "sha512", "sha384", "sha256", "sha224", "sha1", "blake2b", "yarn":
			strong = true
		case "md5":
		default:
			return false, false
		}
		digits, _, _ := strings.Cut(h[i+1:], "?") // npm allows options
		if digits == "" || strings.Trim(digits, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-") != "" {
			return false, false
		}
		known = true
	}
	return known, strong
}

// edge says that from needs to.
func (l *list) edge(from, to release.PURL) {
	if from == "" || to == "" || from == to {
		return
	}
	if len(l.inv.Edges) >= MaxEdges {
		l.fail(release.GapTooLarge, "more than %d relations", MaxEdges)
		return
	}
	l.inv.Edges = append(l.inv.Edges, release.Edge{From: from, To: to})
}

// local tells of a package that is a directory: of this repository, or outside of it.
func (l *list) local(name, dir string) {
	if outside(l.dir, dir) {
		l.gap(release.GapDependencyOrigin, name, "it is taken from %s, which is outside the repository", short(cleanURL(dir)))
	}
}

// outside reports whether a path leads out of the repository from a directory of it. A
// path that cannot be judged does.
func outside(from, to string) bool {
	to = strings.TrimPrefix(to, "file:")
	if to == "" || strings.HasPrefix(to, "/") || strings.HasPrefix(to, "~") || strings.ContainsAny(to, `\$%:`) {
		return true
	}
	p := path.Join(from, to)
	return p == ".." || strings.HasPrefix(p, "../") || strings.HasPrefix(p, "/")
}

// done is the inventory.
func (l *list) done() release.Inventory {
	inv := &l.inv
	slices.SortFunc(inv.Components, func(a, b release.Component) int {
		return cmp.Or(cmp.Compare(a.PURL, b.PURL), cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Integrity, b.Integrity))
	})
	slices.SortFunc(inv.Edges, func(a, b release.Edge) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	inv.Edges = slices.Compact(inv.Edges)
	if l.failed {
		inv.Components, inv.Edges, inv.Root = []release.Component{}, nil, ""
		inv.Coverage = release.CoverageMissing
		return *inv
	}
	for i := 1; i < len(inv.Components); i++ {
		a, b := &inv.Components[i-1], &inv.Components[i]
		if a.PURL == b.PURL && a.Origin == b.Origin {
			l.gap(release.GapAmbiguous, string(a.PURL), "it is listed with two hashes")
		}
	}
	if l.hashless > 0 {
		names := fmt.Sprint(l.examples)
		l.gap(release.GapUnpinned, "", "%d without a hash, whose content only the registry knows: %s", l.hashless, names[1:len(names)-1])
	}
	if l.more > 0 {
		inv.Gaps = append(inv.Gaps, release.Gap{Kind: release.GapUnreadable, Subject: l.file, Detail: fmt.Sprintf("%d more gaps are not listed", l.more)})
	}
	inv.Coverage = release.CoverageComplete
	if l.partial {
		inv.Coverage = release.CoveragePartial
	}
	return *inv
}
