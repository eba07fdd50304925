package graph

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/release"
)

// GapNotInGraph is the gap of a source that the graph does not know: what depends on
// it is unknown, which is not "nothing".
const GapNotInGraph release.GapKind = "not-in-graph"

// Result is what a change affects.
type Result struct {
	// Sources are the changed nodes that the graph knows, by ID.
	Sources []Node
	// Reached are all others that are affected within the bounds: the heaviest first, then
	// the strongest, then the nearest, then by ID.
	Reached []Impacted
	// Cut says what lies beyond the bounds.
	Cut Cut
	// Gaps are the sources that are not in the graph, and what could not be read when
	// the graph was built. With any, more may be affected than Reached says.
	Gaps []release.Gap
}

// Complete reports whether Reached is surely all that is affected: no gaps, and
// nothing cut off.
func (r *Result) Complete() bool { return len(r.Gaps) == 0 && r.Cut == Cut{} }

// Impacted is one node that a change reaches. A search makes it.
type Impacted struct {
	// Node is the node.
	Node Node
	// Strength is what is left of the impact, in (0, 1]. It is the product along Path.
	// (It may round to 0 on endless paths where there is no floor.)
	Strength float64
	// Weight is Strength times the node's criticality, and Strength where that is unknown.
	Weight float64
	// Hops is the number of steps of Path but for those of kind part.
	Hops int

	graph *Graph
	trail []label // of the whole search
	label int32
}

// Path is why: the best path, from the changed node to this one, both included. It is
// made anew by each call, because the paths of a long chain together take the square
// of its length.
func (i Impacted) Path() Path {
	if i.graph == nil {
		return nil
	}
	length := 0
	for l := i.label; l >= 0; l = i.trail[l].parent {
		length++
	}
	path := make(Path, length)
	for l := i.label; l >= 0; l = i.trail[l].parent {
		length--
		path[length] = Step{i.graph.nodes[i.trail[l].node].ID, i.trail[l].kind}
	}
	return path
}

// Path is how an impact reaches a node: each step needs the one before.
type Path []Step

// Step is one node of a path.
type Step struct {
	// ID is the node's.
	ID string `json:"id"`
	// Kind is how the node needs the one before it. Of the first step it means nothing.
	Kind EdgeKind `json:"kind"`
}

// String is "lib <-runtime- cart <-part- shop": the arrows point to what is needed.
func (p Path) String() string {
	var b strings.Builder
	for i, s := range p {
		if i > 0 {
			b.WriteString(" <-" + s.Kind.String() + "- ")
		}
		b.WriteString(s.ID)
	}
	return b.String()
}

// Cut counts the reached nodes and sources with dependents that were not reached,
// by the bound that kept them out.
type Cut struct {
	// Hops is how many of them are reached at the last hop only, Floor how many passed on
	// too little.
	Hops  int
	Floor int
}

// Impact is what depends on the sources, directly and not, within the bounds. The
// order of the sources and repetitions make no difference. An error says that the
// options make no sense; it means that no answer was reached.
func (g *Graph) Impact(sources []string, o Options) (Result, error) {
	o, err := o.resolved()
	if err != nil {
		return Result{}, err
	}
	s := g.take()
	defer g.pool.Put(s)
	r := Result{Gaps: g.Gaps()}
	sources = slices.Clone(sources)
	slices.Sort(sources)
	for _, id := range slices.Compact(sources) {
		i, ok := g.find(id)
		if !ok {
			r.Gaps = append(r.Gaps, release.Gap{Kind: GapNotInGraph, Subject: release.Text(id).String(), Detail: "the graph does not have it, so nobody knows what depends on it"})
			continue
		}
		r.Sources = append(r.Sources, g.nodes[i])
		s.source(i)
	}
	s.run(g, o)
	r.Cut = s.cut(g, o)
	r.Reached = s.result(g, len(r.Sources))
	return r, nil
}

// result makes the reached nodes of what the search has settled. The first n are the
// sources.
func (s *scratch) result(g *Graph, n int) []Impacted {
	s.rank = s.rank[:0]
	for _, l := range s.order[n:] {
		at := &s.labels[l]
		s.rank = append(s.rank, ranked{float64(at.strength * g.nodes[at.node].weight()), at.strength, at.hops, at.node, l})
	}
	if len(s.rank) == 0 {
		return nil
	}
	slices.SortFunc(s.rank, ranked.compare)
	out := make([]Impacted, len(s.rank))
	trail := slices.Clone(s.labels)
	for i, k := range s.rank {
		out[i] = Impacted{Node: g.nodes[k.node], Strength: k.strength, Weight: k.weight, Hops: int(k.hops), graph: g, trail: trail, label: k.label}
	}
	return out
}

// ranked is a reached node with what it is ordered by.
type ranked struct {
	weight, strength  float64
	hops, node, label int32
}

func (a ranked) compare(b ranked) int {
	switch {
	case a.weight != b.weight:
		return cmp.Compare(b.weight, a.weight)
	case a.strength != b.strength:
		return cmp.Compare(b.strength, a.strength)
	case a.hops != b.hops:
		return cmp.Compare(a.hops, b.hops)
	}
	return cmp.Compare(a.node, b.node) // nodes are ordered by ID
}

// String is the node with its weight and path.
func (i Impacted) String() string {
	return fmt.Sprintf("%s %.3g: %s", i.Node.ID, i.Weight, i.Path())
}
