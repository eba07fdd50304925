package inventory_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/package-url/packageurl-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/inventory"
	"github.com/sallyport-dev/sallyport/release/version"
)

// slowDiff pairs the entries of each package as the package comment says it: of all
// pairs that go with each other in a round, the one with the highest version before,
// and of those the one with the highest after, until there is none.
func slowDiff(before, after []release.Component) []string {
	out := []string{}
	packages := map[string]bool{}
	for _, c := range slices.Concat(before, after) {
		packages[slowIdentity(c)] = true
	}
	for id := range packages {
		b, a := slowEntries(before, id), slowEntries(after, id)
		for round := range 6 {
			for i := 0; i < len(b); {
				j := slices.IndexFunc(a, func(y release.Component) bool { return slowGoes(round, b[i], y) })
				if j < 0 {
					i++
					continue
				}
				out = append(out, slowOp(b[i], a[j]))
				b, a = slices.Delete(b, i, i+1), slices.Delete(a, j, j+1)
			}
		}
		for _, c := range b {
			out = append(out, "removed "+slowVersion(c))
		}
		for _, c := range a {
			out = append(out, "added "+slowVersion(c))
		}
	}
	out = slices.DeleteFunc(out, func(s string) bool { return s == "" })
	slices.Sort(out)
	return out
}

func slowIdentity(c release.Component) string {
	p, err := packageurl.FromString(c.PURL.String())
	if err != nil {
		panic(err)
	}
	return fmt.Sprint(p.Type, "|", p.Namespace, "|", p.Name, "|", p.Qualifiers.Map()["arch"])
}

func slowVersion(c release.Component) string {
	p, _ := packageurl.FromString(c.PURL.String())
	return p.Name + " " + p.Version
}

func slowOrder(c release.Component) (version.Version, bool) {
	p, _ := packageurl.FromString(c.PURL.String())
	o, _ := version.Of(p.Type)
	v, err := o.Parse(p.Version)
	return v, err == nil
}

// slowEntries are the package's entries, the highest version first.
func slowEntries(list []release.Component, id string) []release.Component {
	var out []release.Component
	for _, c := range list {
		if slowIdentity(c) == id {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b release.Component) int {
		x, xs := slowOrder(a)
		y, ys := slowOrder(b)
		switch {
		case xs && ys && x.Compare(y) != 0:
			return y.Compare(x)
		case xs != ys && xs:
			return -1
		case xs != ys:
			return 1
		}
		return cmp.Or(strings.Compare(slowVersion(b), slowVersion(a)), cmp.Compare(b.Origin, a.Origin), cmp.Compare(b.Integrity, a.Integrity))
	})
	return out
}

func slowGoes(round int, x, y release.Component) bool {
	v, known := slowOrder(x)
	w, known2 := slowOrder(y)
	switch round {
	case 0:
		return slowVersion(x) == slowVersion(y) && x.Origin == y.Origin && x.Integrity == y.Integrity
	case 1:
		return slowVersion(x) == slowVersion(y) && x.Origin == y.Origin
	case 2:
		return slowVersion(x) == slowVersion(y)
	case 3:
		return known && known2 && major(v.String()) == major(w.String())
	case 4:
		return known && known2
	}
	return true
}

// major is the first number of the versions that are drawn.
func major(s string) string {
	s, _, _ = strings.Cut(s, ".")
	return s
}

func slowOp(x, y release.Component) string {
	if slowVersion(x) == slowVersion(y) {
		switch {
		case x.Origin != y.Origin, x.Integrity != y.Integrity && x.Integrity != "":
			return "replaced " + slowVersion(x) + " " + slowVersion(y)
		case x.Relation != y.Relation && (x.Relation == release.RelationTransitive || y.Relation == release.RelationTransitive && x.Relation == release.RelationDirect):
			return "modified " + slowVersion(x) + " " + slowVersion(y)
		}
		return ""
	}
	v, known := slowOrder(x)
	w, known2 := slowOrder(y)
	op := "modified "
	if known && known2 && v.Compare(w) == 0 && (x.Origin != y.Origin || x.Integrity != y.Integrity && x.Integrity != "") {
		return "replaced " + slowVersion(x) + " " + slowVersion(y)
	}
	if known && known2 {
		op = map[int]string{-1: "upgraded ", 0: "modified ", 1: "downgraded "}[max(-1, min(1, v.Compare(w)))]
	}
	return op + slowVersion(x) + " " + slowVersion(y)
}

// drawList is a list of few packages in many versions, with an order and without.
func drawList(t *rapid.T, label string) []release.Component {
	list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) release.Component {
		kind := rapid.SampledFrom([]string{"npm", "pypi", "generic", "deb"}).Draw(t, "type")
		p, err := release.PURLParts{
			Type: kind, Name: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "name"),
			Version:    rapid.SampledFrom([]string{"", "1.0", "1.0.0", "1.1.0", "1.10.0", "2.0.0", "2.1.0", "x y", "~"}).Draw(t, "version"),
			Qualifiers: map[string]string{"arch": rapid.SampledFrom([]string{"", "", "arm64"}).Draw(t, "arch")},
		}.PURL()
		require.NoError(t, err)
		return release.Component{PURL: p, Origin: rapid.SampledFrom([]release.Text{"", "", "http://o"}).Draw(t, "origin"),
			Integrity: rapid.SampledFrom([]string{"", "h1:a", "h1:b"}).Draw(t, "integrity"),
			Relation:  rapid.SampledFrom([]release.Relation{release.RelationUnknown, release.RelationDirect, release.RelationTransitive}).Draw(t, "relation")}
	}), 0, 12).Draw(t, label)
	seen := map[release.Component]bool{}
	return slices.DeleteFunc(list, func(c release.Component) bool {
		c.Relation = 0
		was := seen[c]
		seen[c] = true
		return was
	})
}

func TestDiffIsTheMultisetDifference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before, after := drawList(t, "before"), drawList(t, "after")
		want := slowDiff(list(slices.Clone(before)...).Components, list(slices.Clone(after)...).Components)
		b, a := list(), list()
		b.Components, a.Components = before, after // in any order
		cs := inventory.Diff(b, a)
		got := []string{}
		for _, c := range cs.Dependencies {
			switch name := c.Package.Name(); c.Op {
			case release.OpAdded:
				got = append(got, "added "+name+" "+c.After)
			case release.OpRemoved:
				got = append(got, "removed "+name+" "+c.Before)
			default:
				got = append(got, fmt.Sprint(c.Op, " ", name, " ", c.Before, " ", name, " ", c.After))
			}
		}
		slices.Sort(got)
		require.Equal(t, want, got)

		// Whatever order the entries stand in, the result is the same, and they stay.
		if len(before) > 0 {
			b.Components = rapid.Permutation(before).Draw(t, "other order")
			kept := slices.Clone(b.Components)
			require.Equal(t, cs, inventory.Diff(b, a))
			require.Equal(t, kept, b.Components)
		}
		require.True(t, slices.IsSortedFunc(cs.Dependencies, func(x, y release.DependencyChange) int { return strings.Compare(string(x.Package), string(y.Package)) }))
		require.Empty(t, inventory.Diff(a, a).Dependencies, "nothing differs from itself")
	})
}

// Back is forth with the operations turned.
func TestDiffMirrors(t *testing.T) {
	t.Parallel()
	turned := map[release.Op]release.Op{release.OpAdded: release.OpRemoved, release.OpRemoved: release.OpAdded, release.OpUpgraded: release.OpDowngraded, release.OpDowngraded: release.OpUpgraded, release.OpModified: release.OpModified}
	rapid.Check(t, func(t *rapid.T) {
		var sides [2]*release.Inventory
		for i := range sides {
			components := drawList(t, "side")
			seen := map[release.PURL]bool{}
			for j := range components {
				components[j] = release.Component{PURL: components[j].PURL}
			}
			sides[i] = list(slices.DeleteFunc(components, func(c release.Component) bool { was := seen[c.PURL]; seen[c.PURL] = true; return was })...)
		}
		var forth, back []string
		for _, c := range inventory.Diff(sides[0], sides[1]).Dependencies {
			forth = append(forth, fmt.Sprint(c.Op, c.Package, c.Before, ">", c.After, c.Major))
		}
		for _, c := range inventory.Diff(sides[1], sides[0]).Dependencies {
			back = append(back, fmt.Sprint(turned[c.Op], c.Package, c.After, ">", c.Before, c.Major))
		}
		slices.Sort(forth)
		slices.Sort(back)
		require.Equal(t, forth, back)
	})
}
