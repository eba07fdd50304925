package manifest

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/release"
)

// compareBuilds compares what two Dockerfiles use.
func compareBuilds(path release.Path, before, after build) []release.ResourceChange {
	was, is := byAddress(before.uses), byAddress(after.uses)
	var out []release.ResourceChange
	for _, k := range union(was, is) {
		b, had := was[k]
		a, has := is[k]
		u := a
		rc := release.ResourceChange{File: path, Op: release.OpModified}
		switch {
		case had && has && b.value == a.value && b.pinned == a.pinned:
			continue
		case !had:
			rc.Op = release.OpAdded
		case !has:
			rc.Op, u = release.OpRemoved, b
		}
		rc.Type, rc.Address = u.typ, u.address
		rc.Labels, rc.Detail = u.judge(b, had, has)
		if rc.Op == release.OpModified {
			rc.Attributes = []string{"image"}
			switch u.typ {
			case "dockerfile/USER":
				rc.Attributes = []string{"user"}
			case "dockerfile/ADD":
				rc.Attributes = []string{"url"}
			}
		}
		if u.typ == "dockerfile/USER" && rc.Op != release.OpModified && !(has && u.root) {
			continue // a file that comes or goes has a user, which is worth a word only if it is root
		}
		out = append(out, rc)
	}
	slices.SortStableFunc(out, func(a, b release.ResourceChange) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Address, b.Address))
	})
	return out
}

// judge is what to say of a use that came, went or changed from b.
func (u use) judge(b use, had, has bool) (labels []release.Label, detail string) {
	image := u.typ != "dockerfile/USER" && u.typ != "dockerfile/ADD"
	switch {
	case u.typ == "dockerfile/USER" && has:
		if u.root {
			labels = append(labels, release.LabelAccess)
			detail = "runs as root, or as the base image says"
		} else {
			detail = "runs as another user"
		}
	case image && had && has:
		detail = imageChange(b.value, u.value)
	case image && u.value == "scratch":
		detail = "scratch"
	case image:
		detail = describe(u.value)
	}
	if has && !u.pinned {
		labels = append(labels, release.LabelUnpinned)
	}
	return labels, detail
}

// byAddress tells uses of one address apart by their order.
func byAddress(uses []use) map[string]use {
	out := make(map[string]use, len(uses))
	times := map[string]int{}
	for _, u := range uses {
		k := u.typ + "\x00" + u.address
		if times[k]++; times[k] > 1 {
			u.address = fmt.Sprintf("%s (%d)", u.address, times[k])
			k = fmt.Sprintf("%s\x00%06d", k, times[k])
		}
		out[k] = u
	}
	return out
}
