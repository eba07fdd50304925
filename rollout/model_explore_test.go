package rollout_test

import (
	"fmt"
	"math/bits"
	"strings"
)

// explored is what an exploration found.
type explored struct {
	states, transitions, ends int
	violations                int // states in which something is wrong
	stuck                     int // states from which no end can be reached
	// livelocked are states from which no end can be reached by what may be relied on:
	// by workers that work and messages that arrive, without another crash, error or
	// command. As no step is ever given up for good, a fair scheduler reaches an end.
	livelocked int
	// waiting are states with an abort from which no end can be reached unless somebody
	// does more, or an exposure arrives that may be lost.
	waiting int
	first   string   // the first violation, or what a stuck state is
	trace   []string // the shortest way to it
}

// set is a set of nodes, each with a number. Its slots hold numbers and no nodes, so
// that what is looked up lies close together.
type set struct {
	nodes []node
	slots []uint32 // a power of two of them; 0 is empty, otherwise a number plus one
}

func (n *node) hash() uint64 {
	h := n.sent ^ bits.RotateLeft64(n.seen, 29)
	mix := func(v uint64) {
		h = (h ^ v) * 0x9e3779b97f4a7c15
		h ^= h >> 32
	}
	mix(uint64(n.logs[0]) | uint64(n.logs[1])<<32)
	mix(uint64(n.workers[0]) | uint64(n.workers[1])<<32)
	mix(uint64(n.workers[2]) | uint64(n.envs[0])<<32 | uint64(n.envs[1])<<48)
	mix(uint64(n.prods[0].force) | uint64(n.prods[0].high)<<8 | uint64(n.prods[0].top)<<16 |
		uint64(n.prods[1].force)<<24 | uint64(n.prods[1].high)<<32 | uint64(n.prods[1].top)<<40 | uint64(n.crashes)<<48 | uint64(n.errors)<<56)
	left := uint64(n.flaw)
	for _, v := range n.left {
		left = left*251 + uint64(v)
	}
	mix(left)
	return h
}

// add is n's number, and whether it is new.
func (s *set) add(n *node) (uint32, bool) {
	if 2*len(s.nodes) >= len(s.slots) {
		s.slots = make([]uint32, max(1<<16, 4*len(s.slots)))
		for i := range s.nodes {
			*s.slot(&s.nodes[i]) = uint32(i + 1)
		}
	}
	at := s.slot(n)
	if *at != 0 {
		return *at - 1, false
	}
	s.nodes = append(s.nodes, *n)
	*at = uint32(len(s.nodes))
	return *at - 1, true
}

// slot is where n is or belongs.
func (s *set) slot(n *node) *uint32 {
	mask := uint64(len(s.slots) - 1)
	for i := n.hash() & mask; ; i = (i + 1) & mask {
		if at := &s.slots[i]; *at == 0 || s.nodes[*at-1] == *n {
			return at
		}
	}
}

// The highest bits of an edge say that it is unhelpful, that it delivers an exposure, or
// that it is neither work nor a delivery.
const (
	edgeUnhelpful = 1 << 31
	edgeExposes   = 1 << 30
	edgeMove      = 1 << 29
	edgeNode      = edgeMove - 1
)

// graph is what was explored: the nodes in breadth-first order, the edges of each,
// and from which node each was found first.
type graph struct {
	set
	edges []uint32
	from  []uint32 // edges[from[i]:from[i+1]] are node i's
	found []uint32
}

// explore walks through everything that can be reached. With stop it ends at the
// first violation.
func (m *model) explore(stop bool) (explored, *graph) {
	var x explored
	g := &graph{}
	g.add(&m.start)
	g.found = append(g.found, 0)
	for i := 0; i < len(g.nodes); i++ {
		g.from = append(g.from, uint32(len(g.edges)))
		n := g.nodes[i]
		if bad := m.wrong(&n); bad != "" {
			if x.violations == 0 {
				x.first, x.trace = bad, m.trace(g, i)
			}
			x.violations++
			if stop {
				x.states, x.transitions = len(g.nodes), len(g.edges)
				return x, g
			}
			continue // what follows from a violation is not of interest
		}
		for _, s := range m.successors(&n) {
			id, fresh := g.add(&s.node)
			if fresh {
				g.found = append(g.found, uint32(i))
			}
			if s.unhelpful {
				id |= edgeUnhelpful
			}
			if s.exposes {
				id |= edgeExposes
			}
			if s.kind == stepMove {
				id |= edgeMove
			}
			g.edges = append(g.edges, id)
		}
	}
	g.from = append(g.from, uint32(len(g.edges)))
	x.states, x.transitions = len(g.nodes), len(g.edges)
	m.liveness(g, &x)
	return x, g
}

// liveness finds the states from which no end can be reached.
func (m *model) liveness(g *graph, x *explored) {
	// The edges, backwards.
	start := make([]uint32, len(g.nodes)+1)
	for _, e := range g.edges {
		start[e&edgeNode+1]++
	}
	for i := range g.nodes {
		start[i+1] += start[i]
	}
	back := make([]uint32, len(g.edges))
	at := append([]uint32(nil), start...)
	for i := range g.nodes {
		for _, e := range g.edges[g.from[i]:g.from[i+1]] {
			to := e & edgeNode
			back[at[to]] = uint32(i) | e&^edgeNode
			at[to]++
		}
	}
	without := func(not uint32) []bool {
		reach := make([]bool, len(g.nodes))
		var todo []uint32
		for i := range g.nodes {
			if m.ended(&g.nodes[i]) {
				reach[i] = true
				todo = append(todo, uint32(i))
			}
		}
		for len(todo) > 0 {
			i := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			for _, e := range back[start[i]:start[i+1]] {
				if from := e & edgeNode; e&not == 0 && !reach[from] {
					reach[from] = true
					todo = append(todo, from)
				}
			}
		}
		return reach
	}
	count := func(reach []bool, what string, of func(*node) bool) int {
		missing := 0
		for i, ok := range reach {
			if !ok && of(&g.nodes[i]) {
				if missing == 0 && x.first == "" {
					x.first, x.trace = what, m.trace(g, i)
				}
				missing++
			}
		}
		return missing
	}
	all := func(n *node) bool { return n.flaw == noFlaw }
	anyway := without(0)
	for i := range g.nodes {
		if m.ended(&g.nodes[i]) {
			x.ends++
		}
	}
	x.stuck = count(anyway, "no end can be reached", all)
	x.livelocked = count(without(edgeUnhelpful), "no end can be reached by work alone", all)
	x.waiting = count(without(edgeUnhelpful|edgeExposes|edgeMove), "an abort waits for an exposure that may be lost, or for somebody", m.leaving)
}

// ended reports whether nothing is under way.
func (m *model) ended(n *node) bool {
	for t := range m.targets {
		if m.logs[n.logs[t]].busy() {
			return false
		}
	}
	return n.flaw == noFlaw
}

// leaving reports whether each rollout that is under way is on its way back.
func (m *model) leaving(n *node) bool {
	for t := range m.targets {
		if l := &m.logs[n.logs[t]]; l.busy() && (l.state.Rollout.Abort == nil || l.state.Next != nil) {
			return false
		}
	}
	return n.flaw == noFlaw
}

// trace is the way on which node i was found. The workers keep their names on it.
func (m *model) trace(g *graph, i int) []string {
	var way []uint32
	for ; i != 0; i = int(g.found[i]) {
		way = append(way, uint32(i))
	}
	var text []string
	m.named = true
	defer func() { m.named = false }()
	at := m.start
	for k := len(way) - 1; k >= 0; k-- {
		want := g.nodes[way[k]]
		found := false
		for _, s := range m.successors(&at) {
			sorted := s.node
			if !m.exact {
				sorted.sort()
			}
			if sorted == want {
				text = append(text, m.text(&at, &s))
				at, found = s.node, true
				break
			}
		}
		if !found {
			return append(text, "(lost)")
		}
	}
	return text
}

// report is the trace as text.
func (x *explored) report() string {
	var b strings.Builder
	for i, s := range x.trace {
		fmt.Fprintf(&b, "\n%3d. %s", i+1, s)
	}
	return b.String()
}
