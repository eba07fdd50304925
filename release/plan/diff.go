package plan

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
)

// attribute is one place at which a resource differs.
type attribute struct {
	before, after *value // what stands there; nil where it is sensitive
	unknown       bool   // what will stand there, or in it, is not known
	sensitive     bool   // it is on either side, or something in it is
	revealed      bool   // it was sensitive and will not be
}

// sides are the same place of the before, the after, and the masks: of what is
// unknown after, and of what is sensitive before and after.
type sides struct{ before, after, unknown, hidBefore, hidAfter *value }

func (s sides) get(name string) sides {
	return sides{s.before.get(name), s.after.get(name), s.unknown.get(name), s.hidBefore.get(name), s.hidAfter.get(name)}
}

func (s sides) at(i int) sides {
	return sides{s.before.at(i), s.after.at(i), s.unknown.at(i), s.hidBefore.at(i), s.hidAfter.at(i)}
}

// step is one part of the way to a place: a name, or an index where name is "".
type step struct {
	name  string
	index int
	about facets // of this name and all before it
}

// walker finds what differs, in the order of names and indexes, and hands it out.
type walker struct {
	steps []step
	visit func(attribute)
	words lexicon
	found int
}

func (w *walker) push(s step) {
	if n := len(w.steps); n > 0 {
		s.about |= w.steps[n-1].about
	}
	w.steps = append(w.steps, s)
}

func (w *walker) pop() { w.steps = w.steps[:len(w.steps)-1] }

func (w *walker) report(a attribute) {
	w.found++
	w.visit(a)
}

// diff goes down where both sides are of one shape. A place that is unknown is
// reported whatever stands before it; one that is sensitive is not gone into, so
// that not even its shape is told.
func (w *walker) diff(s sides) {
	a := attribute{before: s.before, after: s.after, unknown: s.unknown.anyTrue(),
		sensitive: s.hidBefore.anyTrue() || s.hidAfter.anyTrue()}
	switch {
	case s.hidBefore.is("true") || s.hidAfter.is("true"):
		a.revealed = s.hidBefore.is("true") && !s.hidAfter.anyTrue() && (a.unknown || !s.after.null())
		if a.unknown || a.revealed || !equal(s.before, s.after) {
			a.before, a.after = nil, nil
			w.report(a)
		}
	case s.unknown.is("true"):
		w.report(a)
	case isOf(strictjson.Object, s.before, s.after):
		w.members(s, a)
	case isOf(strictjson.Array, s.before, s.after) && len(s.before.list()) == len(s.after.list()):
		for i := range max(len(s.after.list()), len(s.unknown.list())) {
			w.push(step{index: i})
			w.diff(s.at(i))
			w.pop()
		}
	case a.unknown || !equal(s.before, s.after):
		w.report(a)
	}
}

// members compares objects, of which one may be missing.
func (w *walker) members(s sides, a attribute) {
	found := w.found
	for _, name := range memberNames(s.before, s.after, s.unknown) {
		w.push(step{name: name, about: w.words.of(name)})
		w.diff(s.get(name))
		w.pop()
	}
	if found == w.found && s.before.null() != s.after.null() && len(w.steps) > 0 {
		w.report(a)
	}
}

// isOf reports whether both are of a kind; one may be missing.
func isOf(k strictjson.Kind, a, b *value) bool {
	of := func(v *value) bool { return v != nil && v.kind == k }
	return of(a) && (of(b) || b.null()) || of(b) && a.null()
}

func (v *value) list() []value {
	if v == nil {
		return nil
	}
	return v.items
}

func memberNames(vs ...*value) []string {
	var names []string
	for _, v := range vs {
		if v != nil {
			for _, m := range v.members {
				names = append(names, m.name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// nameLike are the keys that paths show; keys that somebody made of something else
// than names may be anything. identifier are those that need no quotes.
func nameLike(s string) bool   { return made(s, "_./:-") }
func identifier(s string) bool { return made(s, "_-") }

// made reports whether s is short, begins with a letter or underscore, and is made of
// letters, digits and marks.
func made(s, marks string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		if !letter && (i == 0 || !(c >= '0' && c <= '9') && strings.IndexByte(marks, c) < 0) {
			return false
		}
	}
	return s != "" && len(s) <= 63
}

const maxPath = 300 // bytes of a path; what lies deeper is told by where it lies

// path is the way to a place; "*" is the resource as a whole.
func path(steps []step) string {
	if len(steps) == 0 {
		return "*"
	}
	var b strings.Builder
	for _, s := range steps {
		if b.Len() > maxPath {
			b.WriteString("...")
			break
		}
		switch {
		case s.name == "":
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		case !nameLike(s.name):
			b.WriteString("[*]")
		case !identifier(s.name):
			b.WriteString(`["` + s.name + `"]`)
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(s.name)
		}
	}
	return b.String()
}
