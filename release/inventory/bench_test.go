package inventory_test

import (
	"fmt"
	"testing"

	"github.com/package-url/packageurl-go"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/inventory"
	"github.com/sallyport-dev/sallyport/release/version"
)

// big is a list of n packages of which every k-th has another version.
func big(n, k, minor int) *release.Inventory {
	var out []release.Component
	for i := range n {
		p := release.PURL(fmt.Sprintf("pkg:npm/%%40scope%d/package-%04d", i%7, i))
		v := "1.2.3"
		if i%k == 0 {
			v = fmt.Sprintf("1.%d.0", minor)
		}
		out = append(out, release.Component{PURL: p.At(v), Relation: release.RelationTransitive, Integrity: fmt.Sprintf("sha512-%032d%s", i, v)})
	}
	return list(out...)
}

// naive is what one writes first: a map by name of parsed purls.
func naive(before, after *release.Inventory) (changes int) {
	type pkg struct{ kind, name string }
	read := func(inv *release.Inventory) map[pkg]map[string]release.Component {
		out := map[pkg]map[string]release.Component{}
		for _, c := range inv.Components {
			p, _ := packageurl.FromString(c.PURL.String())
			k := pkg{p.Type, p.Namespace + "/" + p.Name}
			if out[k] == nil {
				out[k] = map[string]release.Component{}
			}
			out[k][p.Version] = c
		}
		return out
	}
	b, a := read(before), read(after)
	for k, vs := range b {
		for v, c := range vs {
			if is, ok := a[k][v]; ok {
				if is != c {
					changes++
				}
				continue
			}
			for w := range a[k] {
				if o, ok := version.Of(k.kind); ok {
					if n, err := o.Compare(v, w); err == nil && n != 0 {
						changes++
					}
				}
			}
		}
	}
	return changes
}

// BenchmarkDiff compares 2,000 components with 2,000, of which one in ten and all
// have another version.
func BenchmarkDiff(b *testing.B) {
	for _, every := range []int{10, 1} {
		before, after := big(2000, every, 3), big(2000, every, 4)
		b.Run(fmt.Sprintf("one in %d", every), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				require.Len(b, inventory.Diff(before, after).Dependencies, 2000/every)
			}
		})
		b.Run(fmt.Sprintf("one in %d, naive", every), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				require.Equal(b, 2000/every, naive(before, after))
			}
		})
	}
}
