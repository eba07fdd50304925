package inventory

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/version"
)

// grouped are the packages of entries before and after with their entries, each in
// the order in which they came.
func grouped(sides [2][]*release.Component) iter.Seq2[identity, pairing] {
	most := max(len(sides[0]), len(sides[1]))
	ids, numbers := make([]identity, 0, most), make(map[identity]int, most)
	var lists [2][][]*release.Component
	var places [2][]int // of an entry's package among ids
	for side, entries := range sides {
		places[side] = make([]int, len(entries))
		last := -1
		for i, c := range entries {
			id := identify(c.PURL)
			if last < 0 || ids[last] != id { // entries of one package mostly follow each other
				n, known := numbers[id]
				if !known {
					n = len(ids)
					numbers[id], ids = n, append(ids, id)
				}
				last = n
			}
			places[side][i] = last
		}
	}
	for side, entries := range sides {
		lists[side] = bucket(entries, places[side], len(ids))
	}
	return func(yield func(identity, pairing) bool) {
		for n, id := range ids {
			if !yield(id, pairing{[2][]*release.Component{lists[0][n], lists[1][n]}}) {
				return
			}
		}
	}
}

// bucket are the entries of each of n packages, in their order.
func bucket(entries []*release.Component, places []int, n int) [][]*release.Component {
	ends := make([]int, n+1)
	for _, at := range places {
		ends[at+1]++
	}
	for i := range n {
		ends[i+1] += ends[i]
	}
	all, out := make([]*release.Component, len(entries)), make([][]*release.Component, n)
	for i := range n {
		out[i] = all[ends[i]:ends[i]:ends[i+1]]
	}
	for i, at := range places {
		out[at] = append(out[at], entries[i])
	}
	return out
}

// pairing is one package's entries before and after.
type pairing struct{ sides [2][]*release.Component }

// entry is an entry that has no counterpart yet.
type entry struct {
	*release.Component
	text   string
	parsed version.Version // zero where the ecosystem has no order or takes it for no version
}

// pair calls change with the entries that go with each other, and with nil for
// those that have no counterpart.
func (p pairing) pair(id identity, change func(was, is *release.Component)) {
	before, after := p.sides[0], p.sides[1]
	if len(before) == 1 && len(after) == 1 {
		change(before[0], after[0])
		return
	}
	if len(before) > 0 && len(after) > 0 {
		order, _ := version.Of(id.pkg.Type())
		b, a := entries(before, order), entries(after, order)
		// Each round takes what goes together closer than what is left to the next.
		b, a = match(b, a, func(e *entry) (key, bool) {
			return key{e.text, string(e.Origin), e.Integrity, e.Digest}, true
		}, change)
		b, a = match(b, a, func(e *entry) (key, bool) { return key{text: e.text, origin: string(e.Origin)}, true }, change)
		b, a = match(b, a, func(e *entry) (key, bool) { return key{text: e.text}, true }, change)
		b, a = match(b, a, func(e *entry) (key, bool) {
			major, ok := e.parsed.Major()
			return key{text: major}, ok
		}, change)
		b, a = match(b, a, func(e *entry) (key, bool) { return key{}, !e.parsed.IsZero() }, change)
		b, a = match(b, a, func(*entry) (key, bool) { return key{}, true }, change)
		before, after = components(b), components(a)
	}
	for _, c := range before {
		change(c, nil)
	}
	for _, c := range after {
		change(nil, c)
	}
}

// entries are the components with their versions, the highest first, and those
// whose version has no place in the order behind them.
func entries(list []*release.Component, order version.Order) []*entry {
	out := make([]*entry, len(list))
	for i, c := range list {
		out[i] = &entry{Component: c, text: version.Text(c.PURL)}
		if v, err := order.Parse(out[i].text); err == nil {
			out[i].parsed = v
		}
	}
	slices.SortStableFunc(out, func(x, y *entry) int {
		xs, ys := !x.parsed.IsZero(), !y.parsed.IsZero()
		c := -compareBool(xs, ys)
		if xs && ys {
			c = -x.parsed.Compare(y.parsed)
		}
		return cmp.Or(c, -strings.Compare(x.text, y.text))
	})
	return out
}

// key is what two entries must have in common to go with each other.
type key struct {
	text, origin, integrity string
	digest                  release.Digest
}

// match takes, for each entry before in turn, the first entry after with the same
// key, and returns those of both that are left. Entries without a key are left.
func match(before, after []*entry, keyOf func(*entry) (key, bool), change func(was, is *release.Component)) (b, a []*entry) {
	if len(before) == 0 || len(after) == 0 {
		return before, after
	}
	places := map[key][]int{}
	for i, y := range after {
		if k, ok := keyOf(y); ok {
			places[k] = append(places[k], i)
		}
	}
	taken := make([]bool, len(after))
	for _, x := range before {
		k, ok := keyOf(x)
		if at := places[k]; ok && len(at) > 0 {
			places[k], taken[at[0]] = at[1:], true
			change(x.Component, after[at[0]].Component)
		} else {
			b = append(b, x)
		}
	}
	for i, y := range after {
		if !taken[i] {
			a = append(a, y)
		}
	}
	return b, a
}

func components(list []*entry) []*release.Component {
	out := make([]*release.Component, len(list))
	for i, e := range list {
		out[i] = e.Component
	}
	return out
}
