package vex

import (
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// components are the affected ones of a release, each once, numbered. Statements are
// looked through for these alone, so that a document that names very many others
// costs one pass over it.
type components struct {
	all     []identity
	numbers map[release.PURL]map[string]int
	named   map[string][]int // by name in small letters
}

// add numbers the affected versions of an advisory.
func (c *components) add(pkg release.PURL, versions []string) {
	if c.numbers[pkg] == nil {
		c.numbers[pkg] = map[string]int{}
	}
	for _, v := range versions {
		if _, ok := c.numbers[pkg][v]; ok {
			continue
		}
		n, id := len(c.all), componentIdentity(pkg, v)
		c.numbers[pkg][v] = n
		c.all = append(c.all, id)
		for _, p := range id.names {
			name := strings.ToLower(p.name)
			c.named[name] = append(c.named[name], n)
		}
	}
}

// view is what a statement says of one product of ours.
type view struct {
	ours     bool         // it surely names the product
	fits     map[int]fit  // how it names components below it
	whole    bool         // it may be about all that the product has
	doubtful map[int]bool // those that it may be about
}

// look is the one pass over a statement's products.
func (c *components) look(s *Statement, product *identity, anyVersion bool) *view {
	v := &view{whole: len(s.Products) == 0, fits: map[int]fit{}, doubtful: map[int]bool{}}
	for i := range s.Products {
		p := &s.Products[i]
		is, may := p.is(product, anyVersion), p.mayBe(product)
		v.ours = v.ours || is
		v.whole = v.whole || may && len(p.Components) == 0
		if !is && !may {
			continue
		}
		for j := range p.Components {
			below := &p.Components[j]
			v.whole = v.whole || may && len(below.PURLs) == 0
			for _, q := range below.PURLs {
				for _, n := range c.named[strings.ToLower(cut(q).name)] {
					if is {
						v.fits[n] = max(v.fits[n], below.fit(&c.all[n]))
					}
					if may && below.mayBe(&c.all[n]) {
						v.doubtful[n] = true
					}
				}
			}
		}
	}
	return v
}

// doubts reports whether a statement that says otherwise may be about a component of
// ours. Only what surely is something else is not.
func (v *view) doubts(component int) bool { return v.whole || v.doubtful[component] }
