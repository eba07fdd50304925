package lifecycle

import (
	"slices"

	"github.com/sallyport-dev/sallyport/release"
)

// Join is what several tables know together. How far a component is behind, the first
// that has its package says. Whether it is deprecated, retracted or at its end of life
// is yes if one says so, each as of its own collection, no if one says no and none
// yes. Coverage is missing only if each is, and complete only if each is.
func Join(tables ...*Table) *Table {
	out := &Table{packages: map[release.PURL]*record{}}
	coverages := []release.Coverage{}
	for _, t := range tables {
		coverages = append(coverages, t.Coverage())
		if t == nil {
			continue
		}
		out.sources = append(out.sources, t.sources...)
		out.gaps = append(out.gaps, t.gaps...)
		for p, r := range t.packages {
			out.packages[p] = joined(out.packages[p], r)
		}
	}
	if len(coverages) > 0 {
		slices.Sort(coverages)
		out.coverage = coverages[0]
		if coverages[len(coverages)-1] > out.coverage {
			out.coverage = release.CoveragePartial
		}
	}
	return out
}

func joined(first, second *record) *record {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	r := *first
	r.also = append(append(slices.Clip(r.also), second), second.also...)
	return &r
}
