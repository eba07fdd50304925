package graph

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// What a builder accepts.
const (
	MaxID    = 4 << 10 // bytes of a node's ID
	MaxNodes = 4 << 20
	MaxEdges = 64 << 20
)

// maxErrors bounds how many mistakes are told one by one.
const maxErrors = 100

// Builder collects nodes and edges, in any order, and makes a [Graph] of them. The
// zero value is an empty builder. It is for one goroutine at a time.
type Builder struct {
	// Factors are what the kinds of edges pass on. If nil, they are [DefaultFactors].
	Factors *Factors

	nodes []Node
	at    map[string]int32
	edges []edge
	gaps  []release.Gap
	errs  []error
	more  int // errors that are not in errs

	packages map[release.PURL]release.PURL // Package of each PURL met so far
	named    map[string]string             // entities that catalogs name: the ID to the path of the first file that does
	told     map[string]bool               // entities that catalogs describe
}

type edge struct {
	from, to int32
	kind     EdgeKind
}

// AddNode adds a node, or tells more of one that is there: a name stays once it is
// set, and of two known criticalities the higher stays, so that a second description
// can make a component more important and never less.
func (b *Builder) AddNode(n Node) {
	if !(n.Criticality >= 0 && n.Criticality <= 1) { // NaN is neither
		b.fail(fmt.Errorf("graph: criticality %v of %s is neither in (0, 1] nor 0, unknown", n.Criticality, strictjson.Quoted(n.ID)))
		return
	}
	i, ok := b.node(n.ID)
	if !ok {
		return
	}
	have := &b.nodes[i]
	have.Name = cmp.Or(have.Name, n.Name)
	have.Criticality = max(have.Criticality, n.Criticality)
}

// AddEdge says that from needs to. Ends that are not there yet are added, with a
// criticality that nobody knows.
func (b *Builder) AddEdge(e Edge) {
	if int(e.Kind) >= edgeKinds {
		b.fail(fmt.Errorf("graph: edge from %s to %s is of kind %s", strictjson.Quoted(e.From), strictjson.Quoted(e.To), e.Kind))
		return
	}
	from, ok1 := b.node(e.From)
	to, ok2 := b.node(e.To)
	if !ok1 || !ok2 {
		return
	}
	if len(b.edges) >= MaxEdges {
		b.fail(fmt.Errorf("graph: more than %d edges", MaxEdges))
		return
	}
	b.edges = append(b.edges, edge{from, to, e.Kind})
}

// AddGap says that something could not be read that may hold nodes or edges.
func (b *Builder) AddGap(g release.Gap) { b.gaps = append(b.gaps, g) }

// node is the index of the node with an ID, which is added where it is missing.
func (b *Builder) node(id string) (int32, bool) {
	if i, ok := b.at[id]; ok {
		return i, true
	}
	switch {
	case id == "":
		b.fail(errors.New("graph: a node has no ID"))
	case len(id) > MaxID:
		b.fail(fmt.Errorf("graph: the ID %s is longer than %d bytes", strictjson.Quoted(id), MaxID))
	case release.Text(id).String() != id:
		b.fail(fmt.Errorf("graph: the ID %s is not printable", strictjson.Quoted(id)))
	case len(b.nodes) >= MaxNodes:
		b.fail(fmt.Errorf("graph: more than %d nodes", MaxNodes))
	default:
		if b.at == nil {
			b.at = map[string]int32{}
		}
		i := int32(len(b.nodes))
		id = strings.Clone(id) // it may be part of a large text
		b.at[id] = i
		b.nodes = append(b.nodes, Node{ID: id})
		return i, true
	}
	return 0, false
}

func (b *Builder) fail(err error) {
	if len(b.errs) >= maxErrors {
		b.more++
		return
	}
	b.errs = append(b.errs, err)
}

// Build makes the graph. It returns every mistake at once: factors, IDs,
// criticalities and kinds that nothing can be computed with. What the readers could
// not read is no mistake but a gap. The builder may be used further.
func (b *Builder) Build() (*Graph, error) {
	factors := DefaultFactors()
	if b.Factors != nil {
		factors = *b.Factors
	}
	errs := append([]error{factors.validate()}, b.errs...)
	if b.more > 0 {
		errs = append(errs, fmt.Errorf("graph: and %d mistakes more", b.more))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	order := make([]int32, len(b.nodes)) // old indexes by ID
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int { return strings.Compare(b.nodes[i].ID, b.nodes[j].ID) })
	g := &Graph{factors: factors.table(), nodes: make([]Node, len(order)), gaps: append(slices.Clone(b.gaps), b.undescribed()...)}
	rank := make([]int32, len(order)) // new indexes
	for i, old := range order {
		rank[old] = int32(i)
		g.nodes[i] = b.nodes[old]
	}
	edges := make([]edge, len(b.edges))
	for i, e := range b.edges {
		edges[i] = edge{rank[e.from], rank[e.to], e.kind}
	}
	spare := make([]edge, len(edges))
	counting(spare, edges, edgeKinds, func(e edge) int32 { return int32(e.kind) })
	counting(edges, spare, len(order), func(e edge) int32 { return e.to })
	counting(spare, edges, len(order), func(e edge) int32 { return e.from })
	unique := slices.Compact(spare)
	g.down = compress(unique, len(order), func(e edge) (row, node int32) { return e.from, e.to })
	edges = edges[:len(unique)]
	counting(edges, unique, len(order), func(e edge) int32 { return e.to })
	g.up = compress(edges, len(order), func(e edge) (row, node int32) { return e.to, e.from })
	slices.SortStableFunc(g.gaps, func(x, y release.Gap) int {
		return cmp.Or(cmp.Compare(x.Subject, y.Subject), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Detail, y.Detail))
	})
	g.gaps = slices.Compact(g.gaps)
	return g, nil
}

// counting sorts src into dst by a key in [0, n) and keeps the order of equal ones.
func counting(dst, src []edge, n int, key func(edge) int32) {
	at := make([]int32, n+1)
	for _, e := range src {
		at[key(e)+1]++
	}
	for i := range n {
		at[i+1] += at[i]
	}
	for _, e := range src {
		k := key(e)
		dst[at[k]] = e
		at[k]++
	}
}

// compress makes rows of edges that are sorted by row.
func compress(edges []edge, n int, ends func(edge) (row, node int32)) rows {
	r := rows{at: make([]int32, n+1), node: make([]int32, len(edges)), kind: make([]EdgeKind, len(edges))}
	for i, e := range edges {
		row, node := ends(e)
		r.at[row+1]++
		r.node[i], r.kind[i] = node, e.kind
	}
	for i := range n {
		r.at[i+1] += r.at[i]
	}
	return r
}
