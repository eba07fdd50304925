package risk

import (
	"slices"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
)

// slowLabels is [labelling.copyOf] by asking each labeler about each thing: cs with labels on copies of its files, resources and settings:
// drift too: those that are there, those of the default labelers, and those of the policy's.
// "docs", which makes a release less risky, is believed only from the default labelers.
func slowLabels(cs *release.ChangeSet, extra []label.Labeler) *release.ChangeSet {
	out, def := *cs, label.Default()
	out.Files = slices.Clone(cs.Files)
	for i := range out.Files {
		out.Files[i].Labels = slowFile(out.Files[i], def, extra)
	}
	out.Resources, out.Drift = slowResources(cs.Resources, def, extra), slowResources(cs.Drift, def, extra)
	out.Settings = slices.Clone(cs.Settings)
	for i := range out.Settings {
		s := &out.Settings[i]
		known := slices.Concat(s.Labels, slowKey(s.Key, def))
		s.Labels = slowFile(release.FileChange{Path: s.File, Op: s.Op, Labels: known}, def, extra)
	}
	return &out
}

// slowResources are labelled copies.
func slowResources(rs []release.ResourceChange, def, extra []label.Labeler) []release.ResourceChange {
	out := slices.Clone(rs)
	for i := range out {
		r := &out[i]
		r.Labels = label.Resource(*r, def)
		if len(extra) > 0 {
			r.Labels = label.Resource(*r, extra)
		}
	}
	return out
}

// slowKey are the sensitive labels that the words of a setting's key give.
func slowKey(key string, def []label.Labeler) []release.Label {
	return slices.DeleteFunc(label.File(release.FileChange{Path: release.Path(key)}, def), func(l release.Label) bool {
		return !slices.ContainsFunc(sensitive, func(s sensitivity) bool { return s.label == l })
	})
}

func slowFile(f release.FileChange, def, extra []label.Labeler) []release.Label {
	f.Labels = withoutDocs(f.Labels)
	f.Labels = label.File(f, def)
	if len(extra) == 0 {
		return f.Labels
	}
	ls := label.File(f, extra)
	if !slices.Contains(f.Labels, release.LabelDocs) {
		ls = withoutDocs(ls)
	}
	return ls
}
