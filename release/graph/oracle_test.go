package graph_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/hostile"
	"github.com/sallyport-dev/sallyport/release/graph"
)

// layers is the answer by hops: layers[h][n] is the greatest strength with which
// exactly h hops reach n, and -1 where they do not. Each layer is made of the one
// before, with no heap and no labels.
func layers(ids, sources []string, edges []graph.Edge, pass map[graph.EdgeKind]float64, floor float64, hops int) []map[string]float64 {
	parts := func(l map[string]float64) map[string]float64 {
		for changed := true; changed; {
			changed = false
			for _, e := range edges {
				if e.Kind == graph.EdgePart && l[e.To] > l[e.From] {
					l[e.From], changed = l[e.To], true
				}
			}
		}
		return l
	}
	empty := func() map[string]float64 {
		l := map[string]float64{}
		for _, id := range ids {
			l[id] = -1
		}
		return l
	}
	first := empty()
	for _, id := range sources {
		first[id] = 1
	}
	out := []map[string]float64{parts(first)}
	for range hops {
		next := empty()
		for _, e := range edges {
			if s := out[len(out)-1][e.To]; e.Kind != graph.EdgePart && s >= 0 && s*pass[e.Kind] >= floor {
				next[e.From] = max(next[e.From], s*pass[e.Kind])
			}
		}
		out = append(out, parts(next))
	}
	return out
}

// The search says what a table by hops says, on graphs with many ties, circles and
// parallel edges, whatever the order in which they were built; and a bound that is
// exactly what a node has lets it in, while the next smaller one does not.
func TestImpactByHops(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(7, 11))
	one := func(v ...float64) float64 { return v[rnd.IntN(len(v))] }
	for range 400 {
		n := 2 + rnd.IntN(30)
		var ids []string
		for i := range n {
			ids = append(ids, fmt.Sprintf("n%02d", i))
		}
		var edges []graph.Edge
		for range rnd.IntN(4 * n) {
			edges = append(edges, graph.Edge{From: ids[rnd.IntN(n)], To: ids[rnd.IntN(n)], Kind: graph.EdgeKind(rnd.IntN(6))})
		}
		f := graph.Factors{Runtime: one(1, 0.5, 0.9), Build: one(1, 0.5, 0.25), Test: one(1, 0.3, 0.25), Data: one(0.1, 0.125, 1)}
		o := graph.Options{Decay: one(1, 0.5, 0.7), Floor: one(graph.Unbounded, 0.05, 0.125, 0.25), Hops: int(one(graph.Unbounded, 1, 2, 3, 5))}
		pass := map[graph.EdgeKind]float64{graph.EdgeUnknown: o.Decay * max(f.Runtime, f.Build, f.Test, f.Data), graph.EdgeRuntime: o.Decay * f.Runtime, graph.EdgeBuild: o.Decay * f.Build, graph.EdgeTest: o.Decay * f.Test, graph.EdgeData: o.Decay * f.Data, graph.EdgePart: 1}
		sources := []string{ids[rnd.IntN(n)], ids[rnd.IntN(n)]}
		criticality := map[string]float64{}
		for _, id := range ids {
			criticality[id] = one(0, 0.25, 0.5, 1)
		}
		made := func() *graph.Graph {
			b := graph.Builder{Factors: &f}
			for _, i := range rnd.Perm(n) {
				b.AddNode(graph.Node{ID: ids[i], Criticality: criticality[ids[i]]})
			}
			for _, i := range rnd.Perm(len(edges)) {
				b.AddEdge(edges[i])
			}
			g, err := b.Build()
			require.NoError(t, err)
			return g
		}
		g := made()
		got, err := g.Impact(sources, o)
		require.NoError(t, err)

		floor, hops := max(o.Floor, 0), o.Hops
		if hops == graph.Unbounded {
			hops = n
		}
		table := layers(ids, sources, edges, pass, floor, hops)
		fewest, in, found := map[string]int{}, map[string]bool{}, 0
		for _, id := range ids {
			for h := len(table) - 1; h >= 0; h-- {
				if table[h][id] >= 0 {
					fewest[id], in[id] = h, true
				}
			}
			if in[id] && !slices.Contains(sources, id) {
				found++
			}
		}
		require.Len(t, got.Reached, found)
		for _, r := range got.Reached {
			best, at := -1.0, 0
			for h, l := range table {
				if l[r.Node.ID] > best {
					best, at = l[r.Node.ID], h
				}
			}
			require.Equal(t, best, r.Strength)
			require.Equal(t, at, r.Hops)
			weight := criticality[r.Node.ID]
			if weight == 0 {
				weight = 1
			}
			require.Equal(t, best*weight, r.Weight)
			path, strength := r.Path(), 1.0
			require.Contains(t, sources, path[0].ID)
			for i, step := range path[1:] {
				require.Contains(t, edges, graph.Edge{From: step.ID, To: path[i].ID, Kind: step.Kind})
				strength *= pass[step.Kind]
			}
			require.Equal(t, best, strength)
		}
		var cut graph.Cut
		for _, id := range ids {
			beyond := slices.ContainsFunc(edges, func(e graph.Edge) bool { return e.To == id && in[id] && !in[e.From] })
			switch {
			case beyond && fewest[id] == hops:
				cut.Hops++
			case beyond:
				cut.Floor++
			}
		}
		require.Equal(t, cut, got.Cut)

		again, err := made().Impact([]string{sources[1], sources[0]}, o)
		require.NoError(t, err)
		require.Equal(t, reached(got), reached(again), "with the same paths")

		if len(got.Reached) == 0 {
			continue
		}
		r := got.Reached[rnd.IntN(len(got.Reached))]
		has := func(o graph.Options) (bool, graph.Cut) {
			res, err := g.Impact(sources, o)
			require.NoError(t, err)
			return slices.ContainsFunc(res.Reached, func(i graph.Impacted) bool { return i.Node.ID == r.Node.ID }), res.Cut
		}
		ok, _ := has(graph.Options{Decay: o.Decay, Hops: o.Hops, Floor: r.Strength})
		require.True(t, ok, "the floor that it has")
		if r.Strength < 1 {
			ok, cut = has(graph.Options{Decay: o.Decay, Hops: o.Hops, Floor: math.Nextafter(r.Strength, 2)})
			require.False(t, ok, "a floor just above it")
			require.NotEqual(t, graph.Cut{}, cut)
		}
		if h := fewest[r.Node.ID]; h > 0 {
			ok, _ = has(graph.Options{Decay: o.Decay, Hops: h, Floor: o.Floor})
			require.True(t, ok, "as many hops as it takes")
			if h > 1 {
				ok, cut = has(graph.Options{Decay: o.Decay, Hops: h - 1, Floor: o.Floor})
				require.False(t, ok, "one hop less")
				require.NotEqual(t, graph.Cut{}, cut)
			}
		}
	}
}

// Graphs that are made to take long: each within a second, and little more memory than
// the graph. The ladder has for every node as many ways as it has steps, each weaker and
// shorter than another.
func TestAdversarialGraphs(t *testing.T) {
	const n = 100_000
	id := func(i int) string { return fmt.Sprintf("n%06d", i) }
	for _, c := range []struct {
		name    string
		n       int
		edges   func(i int) []graph.Edge
		options graph.Options
		reached int
	}{
		{"a star", n, func(i int) []graph.Edge { return []graph.Edge{{From: id(i), To: "n000000", Kind: graph.EdgeRuntime}} }, graph.Options{}, n - 1},
		{"a star turned over", n, func(i int) []graph.Edge { return []graph.Edge{{From: "z", To: id(i)}, {From: id(i), To: "n000000"}} }, graph.Options{}, n},
		{"a chain to the end", n, func(i int) []graph.Edge { return []graph.Edge{{From: id(i + 1), To: id(i), Kind: graph.EdgeRuntime}} }, graph.Options{Hops: graph.Unbounded, Floor: graph.Unbounded}, n},
		{"parallel edges", 1_000_000, func(i int) []graph.Edge { return []graph.Edge{{From: "z", To: "n000000", Kind: graph.EdgeKind(i % 6)}} }, graph.Options{}, 1},
		{"a ladder", 20_000, func(i int) []graph.Edge {
			return []graph.Edge{{From: id(2*i + 1), To: id(2 * i), Kind: graph.EdgeRuntime}, {From: id(2*i + 2), To: id(2*i + 1), Kind: graph.EdgeRuntime}, {From: id(2*i + 2), To: id(2 * i), Kind: graph.EdgeTest}}
		}, graph.Options{Hops: graph.Unbounded, Floor: graph.Unbounded, Decay: 1}, 40_000},
		{"a ladder with a bound", 20_000, func(i int) []graph.Edge {
			return []graph.Edge{{From: id(2*i + 1), To: id(2 * i), Kind: graph.EdgeRuntime}, {From: id(2*i + 2), To: id(2*i + 1), Kind: graph.EdgeRuntime}, {From: id(2*i + 2), To: id(2 * i), Kind: graph.EdgeTest}}
		}, graph.Options{Hops: 20, Floor: graph.Unbounded, Decay: 1}, 40},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := graph.Builder{Factors: &graph.Factors{Runtime: 1, Build: 1, Test: 0.9999, Data: 1}}
			for i := range c.n {
				for _, e := range c.edges(i) {
					b.AddEdge(e)
				}
			}
			g, err := b.Build()
			require.NoError(t, err)
			hostile.Within(t, func() {
				r, err := g.Impact([]string{"n000000"}, c.options)
				require.NoError(t, err)
				require.Len(t, r.Reached, c.reached)
			})
		})
	}
}
