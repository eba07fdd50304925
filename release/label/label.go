package label

import (
	"slices"

	"github.com/sallyport-dev/sallyport/release"
)

// Labeler names labels for changes. File, Resource and Content are
// pure functions of their argument and may be called at once from many goroutines;
// each may be nil.
type Labeler struct {
	// ID is stable and unique among the labelers used together, such as "path/identity".
	ID string
	// Doc says in a sentence what it labels and how it knows.
	Doc string
	// Version rises whenever the same change may get other labels than before.
	Version int
	// File names labels for one file, in any order.
	File func(release.FileChange) []release.Label
	// Resource names labels for one resource, in any order.
	Resource func(release.ResourceChange) []release.Label
	// Content names labels for one file by what stands in it; [ApplyContents] calls it.
	Content func(Contents) []Mark
}

// Apply labels all files (also those of the commits) and resources of cs, those that
// drifted too. Without labelers it uses [Default]. Labels that are there stay. Who labels
// change by change, or with [Default] and more, saves time with a [Set].
func Apply(cs *release.ChangeSet, ls ...Labeler) { Compile(ls...).Apply(cs) }

// File is the labels that fc has and those that ls name for it: sorted, each
// once. The result is new; fc is not changed. [release.LabelDocs] never stands
// beside a label that says more than prose, generated or vendored.
func File(fc release.FileChange, ls []Labeler) []release.Label {
	out := slices.Clone(fc.Labels)
	for _, l := range ls {
		if l.File != nil {
			out = append(out, l.File(fc)...)
		}
	}
	return calm(set(out))
}

// Resource is the labels that rc has and those that ls name for it: sorted, each
// once. The result is new; rc is not changed.
func Resource(rc release.ResourceChange, ls []Labeler) []release.Label {
	out := slices.Clone(rc.Labels)
	for _, l := range ls {
		if l.Resource != nil {
			out = append(out, l.Resource(rc)...)
		}
	}
	return set(out)
}

// set sorts and removes what stands twice or says nothing.
func set(ls []release.Label) []release.Label {
	ls = slices.DeleteFunc(ls, func(l release.Label) bool { return l == "" })
	slices.Sort(ls)
	return slices.Compact(ls)
}

// calm takes "docs" away from a file that another label says more of. This is the
// one label that is ever removed: to leave it would make a release less careful.
func calm(ls []release.Label) []release.Label {
	if !slices.ContainsFunc(ls, moreThanProse) {
		return ls
	}
	return slices.DeleteFunc(ls, func(l release.Label) bool { return l == release.LabelDocs })
}

func moreThanProse(l release.Label) bool {
	return l != release.LabelDocs && l != release.LabelGenerated && l != release.LabelVendored
}
