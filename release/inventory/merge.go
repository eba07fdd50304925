package inventory

import (
	"cmp"
	"slices"

	"github.com/sallyport-dev/sallyport/release"
)

// Merge makes one inventory of several that describe the same thing, such as a lock
// file and a bill of materials of one program. Nil inventories are left out. A
// component that stands in several counts once, with what each of them knows: an
// entry without a hash or an origin is the same as one with the same PURL that has
// them. Entries that contradict each other stay apart.
//
// Coverage is the least of all: the whole is not known where a part is not. Source
// is what the caller says that the whole is. The parts stay as they are.
func Merge(source release.Source, parts ...*release.Inventory) release.Inventory {
	out := release.Inventory{Source: source, Coverage: release.CoverageMissing, Components: []release.Component{}}
	first := true
	for _, p := range parts {
		if p == nil {
			continue
		}
		if first {
			out.Coverage, out.Root, first = p.Coverage, p.Root, false
		}
		if out.Coverage = min(out.Coverage, p.Coverage); out.Root != p.Root {
			out.Root = ""
		}
		out.Components = append(out.Components, p.Components...)
		out.Edges = append(out.Edges, p.Edges...)
		for _, g := range p.Gaps {
			if !slices.Contains(out.Gaps, g) {
				out.Gaps = append(out.Gaps, g)
			}
		}
		if p.Coverage == release.CoverageMissing && len(p.Gaps) == 0 {
			out.Gaps = append(out.Gaps, release.Gap{Kind: release.GapUnreadable, Subject: p.Source.Path.String(), Detail: "its components are not known"})
		}
	}
	out.Components = join(distinct(out.Components))
	slices.SortFunc(out.Edges, func(a, b release.Edge) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	out.Edges = slices.Compact(out.Edges)
	return out
}

// join makes one entry of those with the same purl that do not contradict each
// other. Entries that say most of their content come first.
func join(list []release.Component) []release.Component {
	out := make([]release.Component, 0, len(list))
	start := 0 // of the entries of this purl
	for i, c := range list {
		if i == 0 || list[i-1].PURL != c.PURL {
			start = len(out)
		}
		at := slices.IndexFunc(out[start:], func(o release.Component) bool {
			return agree(o.Origin, c.Origin) && agree(o.Integrity, c.Integrity) && agree(o.Digest, c.Digest)
		})
		if at < 0 {
			out = append(out, c)
			continue
		}
		o := &out[start+at]
		origin, integrity, digest := cmp.Or(o.Origin, c.Origin), cmp.Or(o.Integrity, c.Integrity), o.Digest
		if digest.IsZero() {
			digest = c.Digest
		}
		*o = both(*o, c)
		o.Origin, o.Integrity, o.Digest = origin, integrity, digest
	}
	return distinct(out)
}

// agree reports whether two values do not contradict each other.
func agree[T comparable](a, b T) bool {
	var none T
	return a == b || a == none || b == none
}

// Find is the components of a package in all versions, whatever version and
// qualifiers p has. It looks at each component.
func Find(inv *release.Inventory, p release.PURL) []release.Component {
	var out []release.Component
	pkg := p.Package()
	for _, c := range inv.Components {
		if pkg != "" && c.PURL.Package() == pkg {
			out = append(out, c)
		}
	}
	return out
}
