package risk

import (
	"slices"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
)

// labelling puts labels on change sets.
type labelling struct {
	def   *label.Set // the default labelers
	extra *label.Set // the policy's; nil where it has none
}

func newLabelling(extra []label.Labeler) labelling {
	l := labelling{def: label.Compile()}
	if len(extra) > 0 {
		l.extra = label.Compile(extra...)
	}
	return l
}

// copyOf is cs with labels on copies of its files, resources and settings:
// drift too: those that are there, those of the default labelers, and those of the policy's.
// "docs", which makes a release less risky, is believed only from the default labelers.
func (l *labelling) copyOf(cs *release.ChangeSet) *release.ChangeSet {
	out := *cs
	out.Files = slices.Clone(cs.Files)
	for i := range out.Files {
		out.Files[i].Labels = withoutDocs(out.Files[i].Labels)
	}
	l.def.Files(out.Files)
	if l.extra != nil {
		for i := range out.Files {
			out.Files[i].Labels = l.more(&out.Files[i])
		}
	}
	out.Resources, out.Drift = l.resources(cs.Resources), l.resources(cs.Drift)
	out.Settings = slices.Clone(cs.Settings)
	for i := range out.Settings {
		s := &out.Settings[i]
		f := release.FileChange{Path: s.File, Op: s.Op, Labels: withoutDocs(slices.Concat(s.Labels, l.key(s.Key)))}
		if f.Labels = l.def.File(f); l.extra != nil {
			f.Labels = l.more(&f)
		}
		s.Labels = f.Labels
	}
	return &out
}

// resources are labelled copies.
func (l *labelling) resources(rs []release.ResourceChange) []release.ResourceChange {
	out := slices.Clone(rs)
	for i := range out {
		r := &out[i]
		if r.Labels = l.def.Resource(*r); l.extra != nil {
			r.Labels = l.extra.Resource(*r)
		}
	}
	return out
}

// key is the sensitive labels that the words of a setting's key give.
func (l *labelling) key(key string) []release.Label {
	return slices.DeleteFunc(l.def.File(release.FileChange{Path: release.Path(key)}), func(l release.Label) bool {
		return !slices.ContainsFunc(sensitive, func(s sensitivity) bool { return s.label == l })
	})
}

// more are the labels of a file that the default labelers have seen, and those of the policy's.
func (l *labelling) more(f *release.FileChange) []release.Label {
	ls := l.extra.File(*f)
	if !slices.Contains(f.Labels, release.LabelDocs) {
		ls = withoutDocs(ls)
	}
	return ls
}

func withoutDocs(ls []release.Label) []release.Label {
	if !slices.Contains(ls, release.LabelDocs) {
		return ls
	}
	return slices.DeleteFunc(slices.Clone(ls), func(l release.Label) bool { return l == release.LabelDocs })
}
