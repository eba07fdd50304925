package graph

// The search is best-first over labels. A label is one way to reach a node: its
// strength and its hops. With a bound on hops the strongest path to a node need not
// be the one that reaches farthest, so a node may have several labels: each further
// one is weaker and has fewer hops. Labels leave the heap from the strongest to the
// weakest, and of equal ones those with the fewest hops first. No step makes a label
// stronger or shorter, so the first that leaves for a node is its answer, and a later
// one matters only if it has fewer hops than all before. Cycles come back weaker and
// longer, or the same, and end there. Where nothing bounds the hops, nobody asks for a
// weaker label, however short, and there is one for each node.
//
// Multiplying by a number in (0, 1] is monotone also in floating point, so the result
// is exactly the greatest of the products along all paths, each computed from the
// source on.

// label is one way to reach a node.
type label struct {
	strength float64
	node     int32
	parent   int32 // the label of the step before, -1 of a source
	hops     int32
	kind     EdgeKind
}

// state is what the search knows of a node; it holds only if epoch is the search's.
type state struct {
	best     float64 // the strongest label so far, and the hops of that
	bestHops int32
	settled  int32 // the fewest hops of the labels that have left the heap; -1: none has
	epoch    uint32
	stopped  bool // a bound kept some dependent from getting a label
}

// item is a label in the heap.
type item struct {
	strength float64
	hops     int32
	label    int32
}

func (a item) before(b item) bool {
	if a.strength != b.strength {
		return a.strength > b.strength
	}
	if a.hops != b.hops {
		return a.hops < b.hops
	}
	return a.label < b.label
}

// scratch is the memory of one search. Searches take one from the graph and give it
// back, so that nothing is cleared and nothing allocated for a node that is visited.
type scratch struct {
	epoch  uint32
	states []state
	labels []label
	heap   []item
	order  []int32 // the first label of each reached node, as they left the heap
	rank   []ranked
}

func (g *Graph) take() *scratch {
	s, _ := g.pool.Get().(*scratch)
	if s == nil {
		s = &scratch{states: make([]state, len(g.nodes))}
	}
	if s.epoch++; s.epoch == 0 { // after 2^32 searches the old marks would seem new
		clear(s.states)
		s.epoch = 1
	}
	s.labels, s.heap, s.order = s.labels[:0], s.heap[:0], s.order[:0]
	return s
}

// source starts at a node. Sources come in the order of nodes, each once.
func (s *scratch) source(node int32) {
	s.states[node] = state{best: 1, settled: -1, epoch: s.epoch}
	s.push(label{strength: 1, node: node, parent: -1})
}

// near is how much weaker than the strongest a label may be where nothing bounds the
// hops: the next steps may round away so small a difference, and then fewer hops count.
const near = 1 - 1e-9

func (s *scratch) run(g *Graph, o Options) {
	var pass [edgeKinds]float64
	var hop [edgeKinds]int32
	for k, f := range g.factors {
		pass[k], hop[k] = float64(o.Decay*f), 1
	}
	pass[EdgePart], hop[EdgePart] = 1, 0
	most := int32(o.Hops)
	least := 0.0 // of the strongest
	if o.Hops >= len(g.nodes) {
		least = near
	}
	for len(s.heap) > 0 {
		l := s.pop()
		at := s.labels[l]
		here := &s.states[at.node]
		switch {
		case here.settled < 0:
			s.order = append(s.order, l)
		case at.hops >= here.settled || at.strength < here.best*least:
			continue
		}
		here.settled = at.hops
		for e, end := g.up.at[at.node], g.up.at[at.node+1]; e < end; e++ {
			kind := g.up.kind[e]
			hops, strength := at.hops+hop[kind], float64(at.strength*pass[kind])
			if hops > most || strength < o.Floor {
				here.stopped = true
				continue
			}
			node := g.up.node[e]
			there := &s.states[node]
			if there.epoch != s.epoch {
				*there = state{best: strength, bestHops: hops, settled: -1, epoch: s.epoch}
			} else {
				if strength <= there.best && hops >= there.bestHops || there.settled >= 0 && hops >= there.settled || strength < there.best*least {
					continue
				}
				if strength >= there.best { // and, if equal, nearer
					there.best, there.bestHops = strength, hops
				}
			}
			s.push(label{strength, node, l, hops, kind})
		}
	}
}

// cut counts the nodes with dependents beyond the bounds.
func (s *scratch) cut(g *Graph, o Options) Cut {
	var c Cut
	for _, l := range s.order {
		node := s.labels[l].node
		at := &s.states[node]
		if !at.stopped {
			continue
		}
		for _, dependent := range g.up.node[g.up.at[node]:g.up.at[node+1]] {
			if s.states[dependent].epoch == s.epoch {
				continue
			}
			if int(at.settled) >= o.Hops {
				c.Hops++
			} else {
				c.Floor++
			}
			break
		}
	}
	return c
}

// push adds a label and puts it into the heap: a heap of four children each, which has
// half the levels of one with two.
func (s *scratch) push(l label) {
	x := item{l.strength, l.hops, int32(len(s.labels))}
	s.labels = append(s.labels, l)
	s.heap = append(s.heap, x)
	i := len(s.heap) - 1
	for i > 0 {
		parent := (i - 1) / 4
		if !x.before(s.heap[parent]) {
			break
		}
		s.heap[i] = s.heap[parent]
		i = parent
	}
	s.heap[i] = x
}

// pop takes the best label.
func (s *scratch) pop() int32 {
	top := s.heap[0].label
	n := len(s.heap) - 1
	x := s.heap[n]
	s.heap = s.heap[:n]
	i := 0
	for first := 1; first < n; first = 4*i + 1 {
		best := first
		for c := first + 1; c < min(first+4, n); c++ {
			if s.heap[c].before(s.heap[best]) {
				best = c
			}
		}
		if !s.heap[best].before(x) {
			break
		}
		s.heap[i] = s.heap[best]
		i = best
	}
	if n > 0 {
		s.heap[i] = x
	}
	return top
}
