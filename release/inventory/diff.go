package inventory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// Diff compares the components of a file before and after. Nil says that there is
// no such file in that revision. The result has dependencies, gaps, sources and the
// coverage of [release.KindDependency], ready for [release.ChangeSet.Add]; changes
// are sorted by package. Both inventories stay as they are.
func Diff(before, after *release.Inventory) release.ChangeSet {
	d := differ{file: file(before, after), coverage: release.CoverageComplete}
	var sides [2][]release.Component
	for i, side := range []*release.Inventory{before, after} {
		if side != nil {
			sides[i] = d.read(side)
		}
	}
	if d.coverage != release.CoverageMissing {
		d.compare(sides[0], sides[1])
		if before != nil && after != nil {
			d.root(before.Root.Package(), after.Root.Package())
		}
	}
	slices.SortStableFunc(d.changes, func(a, b release.DependencyChange) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Op, b.Op), cmp.Compare(a.Before, b.Before),
			cmp.Compare(a.After, b.After), cmp.Compare(a.Detail, b.Detail))
	})
	return release.ChangeSet{
		Dependencies: d.changes,
		Sources:      d.sources,
		Coverage:     map[release.Kind]release.Coverage{release.KindDependency: d.coverage},
		Gaps:         d.gaps,
	}
}

type differ struct {
	file     release.Path
	coverage release.Coverage
	changes  []release.DependencyChange
	sources  []release.Source
	gaps     []release.Gap
	known    map[release.Gap]bool
	origins  int // how many gaps there are about origins
}

// file is where the changes stand.
func file(before, after *release.Inventory) release.Path {
	switch {
	case after != nil:
		return after.Source.Path
	case before != nil:
		return before.Source.Path
	}
	return ""
}

// gap adds a gap once: the same file has the same gaps on both sides.
func (d *differ) gap(g release.Gap) {
	if d.known == nil {
		d.known = map[release.Gap]bool{}
	}
	if !d.known[g] {
		d.known[g] = true
		d.gaps = append(d.gaps, g)
	}
}

// read takes coverage, gaps and source of a side, and returns its components, each
// once and sorted.
func (d *differ) read(side *release.Inventory) []release.Component {
	d.coverage = min(d.coverage, side.Coverage)
	for _, g := range side.Gaps {
		d.gap(g)
	}
	if side.Source != (release.Source{}) && !slices.Contains(d.sources, side.Source) {
		d.sources = append(d.sources, side.Source)
	}
	if side.Coverage == release.CoverageMissing {
		if len(side.Gaps) == 0 {
			d.gap(release.Gap{Kind: release.GapUnreadable, Subject: side.Source.Path.String(), Detail: "its components are not known"})
		}
		return nil
	}
	components := side.Components
	if nameless := slices.ContainsFunc(components, func(c release.Component) bool { return !named(c.PURL) }); nameless {
		components = slices.DeleteFunc(slices.Clone(components), func(c release.Component) bool { return !named(c.PURL) })
		d.coverage = min(d.coverage, release.CoveragePartial)
		d.gap(release.Gap{Kind: release.GapUnreadable, Subject: side.Source.Path.String(), Detail: fmt.Sprintf("%d components without a package URL", len(side.Components)-len(components))})
	}
	return distinct(components)
}

// named reports whether a purl names a package.
func named(p release.PURL) bool {
	i := strings.IndexByte(string(p), '/')
	return strings.HasPrefix(string(p), "pkg:") && i > len("pkg:") && i+1 < len(p)
}

// root reports that the file is of something else now.
func (d *differ) root(was, is release.PURL) {
	c := release.DependencyChange{File: d.file, Op: release.OpMoved, Package: is}
	switch {
	case was == "" || was == is:
		return
	case is == "":
		c.Package, c.Detail = was, "the file no longer names what consists of the components"
	default:
		c.Detail = "what consists of the components was " + was.String()
	}
	d.changes = append(d.changes, c)
}

// compare finds the changes between two sorted lists.
func (d *differ) compare(before, after []release.Component) {
	// What is the same on both sides goes first; little is left.
	var rest [2][]*release.Component
	for i, j := 0, 0; i < len(before) || j < len(after); {
		c := 0
		switch {
		case i == len(before):
			c = 1
		case j == len(after):
			c = -1
		default:
			c = compareComponents(&before[i], &after[j])
		}
		if c <= 0 {
			if c < 0 {
				rest[0] = append(rest[0], &before[i])
			}
			i++
		}
		if c >= 0 {
			if c > 0 {
				rest[1] = append(rest[1], &after[j])
			}
			j++
		}
	}
	d.changes = slices.Grow(d.changes, max(len(rest[0]), len(rest[1])))
	for id, p := range grouped(rest) {
		p.pair(id, func(was, is *release.Component) { d.change(id, was, is) })
	}
	d.moreOrigins()
}

// compareComponents sorts by purl and then by all else, the entries that say most
// of their content first.
func compareComponents(a, b *release.Component) int {
	if c := strings.Compare(string(a.PURL), string(b.PURL)); c != 0 {
		return c
	}
	return cmp.Or(
		-strings.Compare(string(a.Origin), string(b.Origin)), -strings.Compare(a.Integrity, b.Integrity), -a.Digest.Compare(b.Digest),
		cmp.Compare(a.Relation, b.Relation), cmp.Compare(a.Scope, b.Scope), strings.Compare(a.License, b.License), compareBool(a.InstallScript, b.InstallScript))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
