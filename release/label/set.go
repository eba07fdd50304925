package label

import (
	"math/bits"
	"slices"
	"sync"

	"github.com/sallyport-dev/sallyport/release"
)

// Set is labelers made ready for many changes. It names the same labels as [File] and
// [Resource] do with the same labelers, and takes less time for it: of the labelers of this
// module only those are asked that may have an answer, and most files need none. A
// set is never changed, and may be used by many goroutines at once.
type Set struct {
	own  bool      // it has the labelers of this module
	more []Labeler // and these
}

// Compile makes a set of labelers; without any, of those of [Default]. Labelers that are
// given are all asked about every change, also those that Default made: their functions
// may have been replaced. To have those of this module and others, use [Set.With].
func Compile(ls ...Labeler) *Set { return &Set{own: len(ls) == 0, more: slices.Clone(ls)} }

// With is a set of the labelers of s and others; s stays as it is.
func (s *Set) With(ls ...Labeler) *Set { return &Set{own: s.own, more: slices.Concat(s.more, ls)} }

// File is [File] with the labelers of s. The result is new; nil if fc has no labels and gets none.
func (s *Set) File(fc release.FileChange) []release.Label {
	var own candidates
	if s.own {
		own = fileFilter().candidates(string(fc.Path))
	}
	return s.file(&fc, own)
}

// Files gives each of files the labels that [Set.File] names for it, in less time if
// files of one directory follow each other.
func (s *Set) Files(files []release.FileChange) {
	g := glance{}
	if s.own {
		g.filter = fileFilter()
	}
	for i := range files {
		var own candidates
		if s.own {
			own = g.candidates(string(files[i].Path))
		}
		files[i].Labels = s.file(&files[i], own)
	}
}

// file labels a file that the rules may match that are named.
func (s *Set) file(fc *release.FileChange, own candidates) []release.Label {
	if s.own && (own != 0 || fc.Submodule()) {
		own = matching(fc, own)
	}
	if len(s.more) == 0 {
		if own == 0 && len(fc.Labels) == 0 {
			return slices.Clone(fc.Labels)
		}
		return calm(set(withLabels(fc.Labels, own)))
	}
	out := withLabels(fc.Labels, own)
	for _, l := range s.more {
		if l.File != nil {
			out = append(out, l.File(*fc)...)
		}
	}
	return calm(set(out))
}

// Apply is [Apply] with the labelers of s.
func (s *Set) Apply(cs *release.ChangeSet) {
	s.Files(cs.Files)
	for i := range cs.Commits {
		s.Files(cs.Commits[i].Files)
	}
	for i := range cs.Resources {
		cs.Resources[i].Labels = s.Resource(cs.Resources[i])
	}
	for i := range cs.Drift {
		cs.Drift[i].Labels = s.Resource(cs.Drift[i])
	}
}

// Resource is [Resource] with the labelers of s.
func (s *Set) Resource(rc release.ResourceChange) []release.Label {
	var own candidates
	if s.own {
		if own = resourceFilter().candidates(rc.Type); own != 0 {
			own = matchingResource(rc.Type, own)
		}
	}
	out := withLabels(rc.Labels, own)
	for _, l := range s.more {
		if l.Resource != nil {
			out = append(out, l.Resource(rc)...)
		}
	}
	return set(out)
}

// names are taken apart in places that are used again.
var names = sync.Pool{New: func() any { return new(name) }}

// matching are the rules among some that match a file.
func matching(fc *release.FileChange, some candidates) candidates {
	if fc.Submodule() {
		some = fileFilter().all
	}
	n := names.Get().(*name)
	defer names.Put(n)
	n.take(fc.Path)
	var got candidates
	for ; some != 0; some &= some - 1 {
		i := bits.TrailingZeros32(uint32(some))
		if rules[i].file(*fc, n) {
			got |= 1 << i
		}
	}
	return got
}

// matchingResource are the rules among some that match a type of resources.
func matchingResource(kind string, some candidates) candidates {
	n := names.Get().(*name)
	defer names.Put(n)
	n.take(release.Path(kind))
	var got candidates
	for ; some != 0; some &= some - 1 {
		i := bits.TrailingZeros32(uint32(some))
		if rules[i].resource != nil && rules[i].resource(n) {
			got |= 1 << i
		}
	}
	return got
}

// withLabels is a copy of labels and those of rules behind it.
func withLabels(labels []release.Label, of candidates) []release.Label {
	if of == 0 {
		return slices.Clone(labels)
	}
	out := make([]release.Label, len(labels), len(labels)+bits.OnesCount32(uint32(of)))
	copy(out, labels)
	for ; of != 0; of &= of - 1 {
		out = append(out, rules[bits.TrailingZeros32(uint32(of))].label)
	}
	return out
}
