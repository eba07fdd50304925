package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// Table is what is known of packages and their versions. It never changes, and can be
// used by several goroutines. A nil *Table knows nothing.
type Table struct {
	sources  []release.Source // with the time of collection in At
	coverage release.Coverage
	gaps     []release.Gap
	packages map[release.PURL]*record // nil for one that nothing is known of
}

// record is what is known of one package.
type record struct {
	collected  time.Time // when this was true
	complete   bool      // all versions that there were are listed
	latest     bool      // the newest is listed, even if those in between are not
	deprecated *flag
	versions   []listed // sorted by text
	lines      []line
	linesKnown bool
	also       []*record // what further tables know of it
}

// listed is one version of a package.
type listed struct {
	text       string
	published  time.Time // zero if not known
	retracted  *flag
	deprecated *flag
}

// flag is something that the makers did, and since when; nil if nobody says.
type flag struct {
	set   bool
	since time.Time // zero if not known
	note  string
}

// unset is what the makers did not do.
var unset = &flag{}

// line is a line of versions, and when its support ends.
type line struct {
	prefix string
	from   time.Time // zero if no end is announced
}

// Sources are the files that were read, with the time of collection in At. The caller
// owns the slice.
func (t *Table) Sources() []release.Source {
	if t == nil {
		return nil
	}
	return slices.Clone(t.sources)
}

// Coverage is missing if the file could not be read, partial if some of its packages
// could not.
func (t *Table) Coverage() release.Coverage {
	if t == nil {
		return release.CoverageMissing
	}
	return t.coverage
}

// Gaps say what could not be read. The caller owns the slice.
func (t *Table) Gaps() []release.Gap {
	if t == nil {
		return nil
	}
	return slices.Clone(t.gaps)
}

// Len is how many packages are known.
func (t *Table) Len() int {
	if t == nil {
		return 0
	}
	n := 0
	for _, r := range t.packages {
		if r != nil {
			n++
		}
	}
	return n
}

func (t *Table) gap(kind release.GapKind, where, format string, args ...any) {
	subject := t.sources[0].Path.String()
	if where != "" {
		subject += "#" + where
	}
	t.gaps = append(t.gaps, release.Gap{Kind: kind, Subject: subject, Detail: fmt.Sprintf(format, args...)})
}

// add takes a package in. Of two entries about one package, neither counts.
func (t *Table) add(p release.PURL, r *record) {
	if _, twice := t.packages[p]; twice {
		r = nil
	}
	t.packages[p] = r
}

// find is what is known of a component's package: as it is named, or else without
// its qualifiers.
func (t *Table) find(component release.PURL) *record {
	if r, ok := t.packages[component.At("")]; ok {
		return r
	}
	return t.packages[component.Package()]
}

// at is whether the flag is set at a moment. What is not set when the dates are
// collected was not before either.
func (f *flag) at(asOf, collected time.Time, young bool) release.Answer {
	switch {
	case f == nil:
		return release.AnswerUnknown
	case f.set && !f.since.IsZero():
		if f.since.After(asOf) {
			return release.AnswerNo
		}
		return release.AnswerYes
	case f.set:
		if asOf.Before(collected) {
			return release.AnswerUnknown
		}
		return release.AnswerYes
	case young:
		return release.AnswerNo
	}
	return release.AnswerUnknown
}

// endOfLife is whether the line of a version has ended, and when.
func (r *record) endOfLife(text string, asOf time.Time, young bool) (release.Answer, time.Time) {
	var best *line
	for i := range r.lines {
		if l := &r.lines[i]; l.has(text) && (best == nil || len(l.prefix) > len(best.prefix)) {
			best = l
		}
	}
	switch {
	case best != nil && !best.from.IsZero() && !best.from.After(asOf):
		return release.AnswerYes, best.from
	case (best != nil || r.linesKnown && len(r.lines) == 0) && young:
		return release.AnswerNo, time.Time{}
	}
	return release.AnswerUnknown, time.Time{}
}

// has reports whether the numbers of a version begin with the line's: "1.2" has
// "v1.2", "1.2.9" and "1.2-rc1", and not "1.20".
func (l *line) has(text string) bool {
	trim := func(s string) string { return strings.TrimPrefix(strings.TrimPrefix(s, "go"), "v") }
	rest, ok := strings.CutPrefix(trim(text), trim(l.prefix))
	return ok && (rest == "" || rest[0] < '0' || rest[0] > '9')
}
