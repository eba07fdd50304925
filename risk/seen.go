package risk

import (
	"slices"

	"github.com/sallyport-dev/sallyport/release"
)

// seen is what was seen of all of a change set's files at once, to spare rules that will find nothing a look at each of them.
type seen struct {
	of     *release.ChangeSet // nil: nobody looked
	files  count              // that are not prose
	lines  count              // added and deleted, of those
	labels [16]release.Label  // that some file has, each once
	n      int                // how many; more than there is room for: there may be any
}

// note takes note of a file's labels.
func (s *seen) note(labels []release.Label) {
	for _, l := range labels {
		if s.n > len(s.labels) || slices.Contains(s.labels[:s.n], l) {
			continue
		}
		if s.n < len(s.labels) {
			s.labels[s.n] = l
		}
		s.n++
	}
}

// mayHave is false where no file has the label.
func (s *seen) mayHave(l release.Label) bool {
	return s.of == nil || s.n > len(s.labels) || slices.Contains(s.labels[:s.n], l)
}

// looked is what was seen of the facts' changes; of others, which whoever copies facts may put in their place, it is nothing.
func (f *Facts) looked() *seen {
	if f.seen.of != f.Changes {
		return &seen{}
	}
	return &f.seen
}

// someFile reports whether a file may have the label.
func (f *Facts) someFile(l release.Label) bool { return f.looked().mayHave(l) }

// someSensitiveFile reports whether a file may have a sensitive label.
func (f *Facts) someSensitiveFile() bool {
	return slices.ContainsFunc(sensitive, func(s sensitivity) bool { return f.someFile(s.label) })
}
