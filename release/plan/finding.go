package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// findings are what the attributes of one resource say about its change.
type findings struct {
	added      bool // there was nothing before
	removed    bool // there is nothing after
	holdsData  bool // before, by its attributes
	outward    bool // the resource as a whole is a rule for what goes out
	attributes []string
	unknown    []string
	more       int // differing attributes beyond MaxAttributes
	about      facets
	words      lexicon
	labels     []release.Label
	says       []saying
	budget     *int // bytes of paths that the plan may still have
}

const revealedText = "no longer hidden"

// saying is a sentence and the places that it is about.
type saying struct {
	text  string
	paths []string
	more  int
}

func (f *findings) say(text, at string, label release.Label) {
	if label != "" && !slices.Contains(f.labels, label) {
		f.labels = append(f.labels, label)
	}
	i := slices.IndexFunc(f.says, func(s saying) bool { return s.text == text })
	if i < 0 {
		i = len(f.says)
		f.says = append(f.says, saying{text: text})
	}
	if s := &f.says[i]; len(s.paths) < 3 {
		s.paths = append(s.paths, at)
	} else {
		s.more++
	}
}

// visit takes in one attribute.
func (f *findings) visit(steps []step, a attribute) {
	f.list(steps, a)
	about := f.facets(steps, a)
	f.about |= about
	if a.sensitive && !slices.Contains(f.labels, release.LabelSecrets) {
		f.labels = append(f.labels, release.LabelSecrets)
	}
	if a.revealed {
		f.say(revealedText, path(steps), release.LabelSecrets)
	}
	if t, ok := find(steps); ok && t.turned(a, f.added) {
		f.say(t.say, path(steps), t.label)
	}
	if n := len(steps); n > 0 && writeOnly(steps[n-1].name) {
		f.labels = append(f.labels, release.LabelSecrets)
	}
	if !f.outward && f.words.opened(a.before, a.after, steps) {
		f.say("open to everyone", path(steps), release.LabelNetwork)
	}
	if names(a.after, anyone) && !names(a.before, anyone) {
		f.say("granted to everyone", path(steps), release.LabelAccess)
	}
	if about&access == 0 {
		return
	}
	was, is := grantsOf(a.before), grantsOf(a.after)
	if is.everyone && !was.everyone {
		f.say("granted to everyone", path(steps), release.LabelAccess)
	}
	if is.everything && !was.everything {
		f.say("every action granted", path(steps), release.LabelAccess)
	}
	if is.unclear {
		f.say("a policy that cannot be read", path(steps), release.LabelAccess)
	}
	if a.unknown {
		f.say("not known before it is applied", path(steps), release.LabelAccess)
	}
}

// writeOnly reports whether a name is that of a write-only argument, whose value no
// plan has, or of the number that is raised to write it again.
func writeOnly(name string) bool {
	return strings.HasSuffix(name, "_wo") || strings.HasSuffix(name, "_wo_version")
}

// facets are what the attribute is about. Of a resource that is added or removed,
// those count that say something: not false, 0 or empty; and of what is not known
// yet, access alone, because most providers compute addresses.
func (f *findings) facets(steps []step, a attribute) facets {
	about := f.words.inner(a.before) | f.words.inner(a.after)
	if n := len(steps); n > 0 {
		about |= steps[n-1].about
		if about&tagged != 0 {
			return 0
		}
	}
	switch {
	case f.added && a.unknown:
		return about & access
	case f.added && !a.sensitive && a.after.zero(), f.removed && !a.sensitive && a.before.zero():
		return 0
	}
	return about
}

// list keeps the path. Of what is added, only what is unknown is worth one.
func (f *findings) list(steps []step, a attribute) {
	if (f.added || f.removed || len(steps) == 0) && !a.unknown {
		return
	}
	to := &f.attributes
	if a.unknown {
		to = &f.unknown
	}
	if len(*to) >= MaxAttributes || *f.budget <= 0 {
		f.more++
		return
	}
	if p := path(steps); !slices.Contains(*to, p) {
		*f.budget -= len(p)
		*to = append(*to, p)
	}
}

// sentences are the sayings as text.
func (f *findings) sentences() []string {
	var out []string
	for _, s := range f.says {
		text := s.text + ": " + strings.Join(slices.Compact(s.paths), ", ")
		if s.more > 0 {
			text += fmt.Sprintf(" and %d more", s.more)
		}
		out = append(out, text)
	}
	slices.Sort(out)
	if f.more > 0 {
		out = append(out, fmt.Sprintf("%d more attributes", f.more))
	}
	return out
}
