package sbom

import (
	"cmp"
	"slices"

	"github.com/sallyport-dev/sallyport/release"
)

// maxSteps bounds the walks through components without a package URL.
const maxSteps = 4 << 20

// needs are pairs by their first node: those of node i are pairs[at[i]:at[i+1]].
func (b *builder) needs() (at []int32) {
	slices.SortFunc(b.pairs, func(x, y pair) int { return cmp.Or(cmp.Compare(x.from, y.from), cmp.Compare(x.to, y.to)) })
	at = make([]int32, len(b.nodes)+1)
	for _, p := range b.pairs {
		at[p.from+1]++
	}
	for i := range b.nodes {
		at[i+1] += at[i]
	}
	return at
}

// relations says of each component who asks for it. What has no package URL is a part
// of whoever needs or contains it.
func (b *builder) relations() {
	if len(b.root) == 0 {
		return
	}
	at := b.needs()
	seen := make([]bool, len(b.nodes))
	var direct, queue []int32
	queue = append(queue, b.root...)
	for _, n := range queue {
		seen[n] = true
	}
	for len(queue) > 0 { // the root and its nameless parts
		n := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, p := range b.pairs[at[n]:at[n+1]] {
			switch to := &b.nodes[p.to]; {
			case seen[p.to]:
			case to.c.PURL == "":
				seen[p.to] = true
				queue = append(queue, p.to)
			case !p.contains && to.c.Relation == release.RelationUnknown:
				to.c.Relation = release.RelationDirect
				direct = append(direct, p.to)
			}
		}
	}
	if b.vague {
		return
	}
	for queue = direct; len(queue) > 0; { // and what they need in turn
		n := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, p := range b.pairs[at[n]:at[n+1]] {
			to := &b.nodes[p.to]
			if p.contains || seen[p.to] || to.c.Relation == release.RelationDirect {
				continue
			}
			seen[p.to] = true
			to.c.Relation = release.RelationTransitive
			queue = append(queue, p.to)
		}
	}
}

// edges are the pairs of package URLs: through components without one.
func (b *builder) edges() []release.Edge {
	at := b.needs()
	seen := make([]int32, len(b.nodes)) // the node, from 1, that last walked through here
	out := make([]release.Edge, 0, len(b.pairs))
	var queue []int32
	steps := 0
	for from := range b.nodes {
		n := &b.nodes[from]
		if n.c.PURL == "" {
			continue
		}
		seen[from] = int32(from) + 1
		for queue = append(queue[:0], int32(from)); len(queue) > 0; {
			through := queue[len(queue)-1]
			queue = queue[:len(queue)-1]
			for _, p := range b.pairs[at[through]:at[through+1]] {
				ways := (1 + len(n.also)) * (1 + len(b.nodes[p.to].also))
				if steps++; steps > maxSteps || len(out)+ways > 2*MaxEdges {
					b.gap(release.GapTooLarge, "more dependencies through components without package URL, or with several, than are followed: no edges are given")
					return nil
				}
				if seen[p.to] == int32(from)+1 {
					continue
				}
				seen[p.to] = int32(from) + 1
				to := &b.nodes[p.to]
				if to.c.PURL == "" {
					queue = append(queue, p.to)
					continue
				}
				for _, x := range append([]release.PURL{n.c.PURL}, n.also...) {
					for _, y := range append([]release.PURL{to.c.PURL}, to.also...) {
						out = append(out, release.Edge{From: x, To: y})
					}
				}
			}
		}
	}
	slices.SortFunc(out, func(x, y release.Edge) int { return cmp.Or(cmp.Compare(x.From, y.From), cmp.Compare(x.To, y.To)) })
	return slices.Compact(out)
}
