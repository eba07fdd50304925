package graph

import (
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/sallyport-dev/sallyport/release"
)

// Node is one component.
type Node struct {
	// ID identifies it: printable text, at most [MaxID] bytes.
	ID string `json:"id"`
	// Name is for people; "" where it has none but its ID.
	Name release.Text `json:"name,omitempty"`
	// Criticality is what it is worth, in (0, 1]. 0 is unknown, and weighs as much as 1.
	Criticality float64 `json:"criticality,omitempty"`
}

// weight is the criticality that counts.
func (n *Node) weight() float64 {
	if n.Criticality == 0 {
		return 1
	}
	return n.Criticality
}

// Edge says that From needs To.
type Edge struct {
	// From and To are the IDs of nodes.
	From string `json:"from"`
	To   string `json:"to"`
	// Kind is how.
	Kind EdgeKind `json:"kind"`
}

// Graph is components and what depends on what. A [Builder] makes it. It does not
// change, and may be used by many goroutines at once.
type Graph struct {
	nodes   []Node // by ID
	factors [edgeKinds]float64
	up      rows // of each node, who needs it
	down    rows // of each node, whom it needs
	gaps    []release.Gap
	pool    sync.Pool // of *scratch
}

// rows are neighbours in compressed rows: those of node i are at[i] up to at[i+1], sorted
// by node and kind.
type rows struct {
	at   []int32
	node []int32
	kind []EdgeKind
}

// Len is the number of nodes.
func (g *Graph) Len() int { return len(g.nodes) }

// Edges is the number of edges: each once, edges of different kinds apart.
func (g *Graph) Edges() int { return len(g.down.node) }

// Gaps are what could not be read while the graph was built. The caller owns the
// result.
func (g *Graph) Gaps() []release.Gap { return slices.Clone(g.gaps) }

// All are the nodes by ID.
func (g *Graph) All() iter.Seq[Node] { return slices.Values(g.nodes) }

// Node is the node with an ID; false if there is none.
func (g *Graph) Node(id string) (Node, bool) {
	i, ok := g.find(id)
	if !ok {
		return Node{}, false
	}
	return g.nodes[i], true
}

func (g *Graph) find(id string) (int32, bool) {
	i, ok := slices.BinarySearchFunc(g.nodes, id, func(n Node, id string) int { return strings.Compare(n.ID, id) })
	return int32(i), ok
}

// Dependents are the edges from those that need the node directly, sorted by From and
// Kind. false says that the node is not in the graph, so that nobody knows.
func (g *Graph) Dependents(id string) ([]Edge, bool) {
	i, ok := g.find(id)
	if !ok {
		return nil, false
	}
	var out []Edge
	for e := g.up.at[i]; e < g.up.at[i+1]; e++ {
		out = append(out, Edge{From: g.nodes[g.up.node[e]].ID, To: id, Kind: g.up.kind[e]})
	}
	return out, true
}

// Dependencies are the edges to those that the node needs directly, sorted by To and
// Kind. false says that the node is not in the graph, so that nobody knows.
func (g *Graph) Dependencies(id string) ([]Edge, bool) {
	i, ok := g.find(id)
	if !ok {
		return nil, false
	}
	var out []Edge
	for e := g.down.at[i]; e < g.down.at[i+1]; e++ {
		out = append(out, Edge{From: id, To: g.nodes[g.down.node[e]].ID, Kind: g.down.kind[e]})
	}
	return out, true
}
