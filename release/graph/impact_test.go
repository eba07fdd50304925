package graph_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/graph"
)

// build makes a graph of lines such as "web runtime api" (web needs api) and "web 0.5"
// (its criticality).
func build(t testing.TB, lines ...string) *graph.Graph {
	t.Helper()
	var b graph.Builder
	for _, l := range lines {
		f := strings.Fields(l)
		if len(f) == 2 {
			n := graph.Node{ID: f[0]}
			_, err := fmt.Sscan(f[1], &n.Criticality)
			require.NoError(t, err)
			b.AddNode(n)
			continue
		}
		kind, err := graph.ParseEdgeKind(f[1])
		require.NoError(t, err)
		b.AddEdge(graph.Edge{From: f[0], To: f[2], Kind: kind})
	}
	g, err := b.Build()
	require.NoError(t, err)
	return g
}

func reached(r graph.Result) (out []string) {
	for _, i := range r.Reached {
		out = append(out, i.String())
	}
	return out
}

func TestImpact(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		lines   []string
		sources string
		options graph.Options
		want    []string
		cut     graph.Cut
	}{
		{"nobody needs it", []string{"a runtime b"}, "a", graph.Options{}, nil, graph.Cut{}},
		{"one hop", []string{"a runtime b"}, "b", graph.Options{}, []string{"a 0.5: b <-runtime- a"}, graph.Cut{}},
		{"kinds", []string{"a runtime x", "b build x", "c test x", "d data x", "e unknown x", "f part x"}, "x", graph.Options{},
			[]string{"f 1: x <-part- f", "a 0.5: x <-runtime- a", "e 0.5: x <-unknown- e", "b 0.3: x <-build- b", "c 0.15: x <-test- c", "d 0.1: x <-data- d"}, graph.Cut{}},
		{"the strongest of parallel edges", []string{"a data x", "a runtime x", "a test x"}, "x", graph.Options{}, []string{"a 0.5: x <-runtime- a"}, graph.Cut{}},
		{"a longer way may be stronger", []string{"a data x", "a runtime b", "b runtime x"}, "x", graph.Options{}, []string{"b 0.5: x <-runtime- b", "a 0.25: x <-runtime- b <-runtime- a"}, graph.Cut{}},
		{"the strongest way is not the one that goes farthest", []string{"a data x", "a runtime b", "b runtime x", "z runtime a"}, "x", graph.Options{Hops: 2, Floor: 0.01},
			[]string{"b 0.5: x <-runtime- b", "a 0.25: x <-runtime- b <-runtime- a", "z 0.05: x <-data- a <-runtime- z"}, graph.Cut{}},
		{"a nearer way that is found after the strongest", []string{"p runtime x", "q runtime p", "a runtime q", "y data x", "a runtime y", "z runtime a"}, "x", graph.Options{Hops: 3, Floor: 0.01},
			[]string{"p 0.5: x <-runtime- p", "q 0.25: x <-runtime- p <-runtime- q", "a 0.125: x <-runtime- p <-runtime- q <-runtime- a", "y 0.1: x <-data- y", "z 0.025: x <-data- y <-runtime- a <-runtime- z"}, graph.Cut{}},
		{"circles", []string{"a runtime b", "b runtime a", "a runtime a", "c runtime a"}, "b", graph.Options{}, []string{"a 0.5: b <-runtime- a", "c 0.25: b <-runtime- a <-runtime- c"}, graph.Cut{}},
		{"circles of parts", []string{"a part b", "b part a", "c part c", "c part b"}, "a", graph.Options{Hops: graph.Unbounded, Floor: graph.Unbounded}, []string{"b 1: a <-part- b", "c 1: a <-part- b <-part- c"}, graph.Cut{}},
		{"several sources", []string{"a test x", "a runtime y", "b runtime a"}, "x y", graph.Options{}, []string{"a 0.5: y <-runtime- a", "b 0.25: y <-runtime- a <-runtime- b"}, graph.Cut{}},
		{"a source that another reaches", []string{"a runtime x", "b runtime a"}, "x a x", graph.Options{}, []string{"b 0.5: a <-runtime- b"}, graph.Cut{}},
		{"criticality decides the order", []string{"a runtime x", "b runtime x", "c runtime x", "a 0.1", "b 0.9"}, "x", graph.Options{}, []string{"c 0.5: x <-runtime- c", "b 0.45: x <-runtime- b", "a 0.05: x <-runtime- a"}, graph.Cut{}},
		{"cut at the last hop", []string{"a runtime x", "b runtime a", "c runtime b"}, "x", graph.Options{Hops: 2}, []string{"a 0.5: x <-runtime- a", "b 0.25: x <-runtime- a <-runtime- b"}, graph.Cut{Hops: 1}},
		{"cut by the floor", []string{"a runtime x", "b test a", "c test a"}, "x", graph.Options{Floor: 0.2}, []string{"a 0.5: x <-runtime- a"}, graph.Cut{Floor: 1}},
		{"a source cut by the floor", []string{"a data x"}, "x", graph.Options{Floor: 0.2}, nil, graph.Cut{Floor: 1}},
		{"not cut where another way leads there", []string{"a data x", "a runtime x"}, "x", graph.Options{Floor: 0.2}, []string{"a 0.5: x <-runtime- a"}, graph.Cut{}},
		{"the floor itself is not cut", []string{"a runtime x"}, "x", graph.Options{Floor: 0.5}, []string{"a 0.5: x <-runtime- a"}, graph.Cut{}},
		{"parts are no hops", []string{"a part x", "b part a", "c runtime b", "d part c"}, "x", graph.Options{Hops: 1}, []string{"a 1: x <-part- a", "b 1: x <-part- a <-part- b", "c 0.5: x <-part- a <-part- b <-runtime- c", "d 0.5: x <-part- a <-part- b <-runtime- c <-part- d"}, graph.Cut{}},
		{"the defaults end behind four calls", []string{"a runtime x", "b runtime a", "c runtime b", "d runtime c", "e runtime d"}, "x", graph.Options{},
			[]string{"a 0.5: x <-runtime- a", "b 0.25: x <-runtime- a <-runtime- b", "c 0.125: x <-runtime- a <-runtime- b <-runtime- c", "d 0.0625: x <-runtime- a <-runtime- b <-runtime- c <-runtime- d"}, graph.Cut{Hops: 1}},
		{"no decay", []string{"a runtime x", "b runtime a"}, "x", graph.Options{Decay: 1}, []string{"a 1: x <-runtime- a", "b 1: x <-runtime- a <-runtime- b"}, graph.Cut{}},
		{"of equal ways the one with fewer hops", []string{"a runtime b", "b runtime x", "a runtime x"}, "x", graph.Options{Decay: 1}, []string{"a 1: x <-runtime- a", "b 1: x <-runtime- b"}, graph.Cut{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, err := build(t, c.lines...).Impact(strings.Fields(c.sources), c.options)
			require.NoError(t, err)
			require.Equal(t, c.want, reached(r))
			require.Equal(t, c.cut, r.Cut)
			require.Equal(t, c.cut == graph.Cut{}, r.Complete())
		})
	}
}

// A source that nobody knows is a gap, and never "affects nobody".
func TestUnknownSource(t *testing.T) {
	t.Parallel()
	g := build(t, "a runtime b")
	r, err := g.Impact([]string{"gone", "b", "\x1b[2J", ""}, graph.Options{})
	require.NoError(t, err)
	require.False(t, r.Complete())
	require.Equal(t, []string{"a 0.5: b <-runtime- a"}, reached(r))
	require.Len(t, r.Gaps, 3)
	for i, subject := range []string{"", `"\x1b[2J"`, "gone"} {
		require.Equal(t, graph.GapNotInGraph, r.Gaps[i].Kind)
		require.Equal(t, subject, r.Gaps[i].Subject)
	}
	r, err = (&graph.Graph{}).Impact([]string{"x"}, graph.Options{})
	require.NoError(t, err)
	require.Len(t, r.Gaps, 1)
	_, ok := g.Dependents("gone")
	require.False(t, ok)
	_, ok = g.Dependencies("gone")
	require.False(t, ok)
	_, ok = g.Node("gone")
	require.False(t, ok)
}

func TestNeighbours(t *testing.T) {
	t.Parallel()
	g := build(t, "a runtime b", "c test b", "a build b", "a runtime b", "b data d", "b runtime b", "a 0.5")
	up, ok := g.Dependents("b")
	require.True(t, ok)
	require.Equal(t, []graph.Edge{{From: "a", To: "b", Kind: graph.EdgeRuntime}, {From: "a", To: "b", Kind: graph.EdgeBuild}, {From: "b", To: "b", Kind: graph.EdgeRuntime}, {From: "c", To: "b", Kind: graph.EdgeTest}}, up)
	down, ok := g.Dependencies("b")
	require.True(t, ok)
	require.Equal(t, []graph.Edge{{From: "b", To: "b", Kind: graph.EdgeRuntime}, {From: "b", To: "d", Kind: graph.EdgeData}}, down)
	require.Equal(t, 4, g.Len())
	require.Equal(t, 5, g.Edges())
	n, ok := g.Node("a")
	require.True(t, ok)
	require.Equal(t, graph.Node{ID: "a", Criticality: 0.5}, n)
}

// Every mistake is told, all at once.
func TestBuildRefuses(t *testing.T) {
	t.Parallel()
	for _, bad := range []float64{0, -0.1, 1.1, math.NaN(), math.Inf(1), math.Inf(-1)} {
		b := graph.Builder{Factors: &graph.Factors{Runtime: bad, Build: bad, Test: bad, Data: bad}}
		g, err := b.Build()
		require.Nil(t, g)
		require.Equal(t, 4, strings.Count(err.Error(), "is not in (0, 1]"), "%v", err)
	}
	b := graph.Builder{Factors: &graph.Factors{Runtime: 1, Build: math.NaN(), Test: 1, Data: 1}}
	b.AddNode(graph.Node{ID: "a", Criticality: math.NaN()})
	b.AddNode(graph.Node{ID: "b", Criticality: 1.5})
	b.AddNode(graph.Node{ID: "c", Criticality: -1})
	b.AddNode(graph.Node{})
	b.AddNode(graph.Node{ID: "x\ny"})
	b.AddNode(graph.Node{ID: "\xff"})
	b.AddNode(graph.Node{ID: strings.Repeat("x", graph.MaxID+1)})
	b.AddEdge(graph.Edge{From: "a", To: "b", Kind: graph.EdgePart + 1})
	b.AddEdge(graph.Edge{From: "a"})
	b.AddCatalog("x", nil, &graph.CatalogOptions{Levels: map[string]float64{"gold": 0, "tin": 2}})
	_, err := b.Build()
	for _, want := range []string{`factor NaN of kind "build"`, "criticality NaN of \"a\"", "criticality 1.5 of \"b\"", "criticality -1 of \"c\"", "a node has no ID", `"x\ny" is not printable`, `"\xff" is not printable`,
		"longer than 4096 bytes", "is of kind graph.EdgeKind(6)", `criticality 0 of "gold"`, `criticality 2 of "tin"`} {
		require.ErrorContains(t, err, want)
	}
	require.Less(t, len(err.Error()), 2000)
	var many graph.Builder
	for range 1000 {
		many.AddNode(graph.Node{})
	}
	_, err = many.Build()
	require.ErrorContains(t, err, "and 900 mistakes more")
}

func TestOptionsRefuse(t *testing.T) {
	t.Parallel()
	g := build(t, "a runtime b")
	for _, o := range []graph.Options{{Decay: -1}, {Decay: 1.1}, {Decay: math.NaN()}, {Floor: -0.5}, {Floor: 2}, {Floor: math.NaN()}, {Floor: math.Inf(1)}, {Hops: -2}} {
		r, err := g.Impact([]string{"b"}, o)
		require.Error(t, err, "%v", o)
		require.Equal(t, graph.Result{}, r)
	}
	_, err := g.Impact(nil, graph.Options{Decay: 2, Floor: 2, Hops: -2})
	require.Equal(t, 3, strings.Count(err.Error(), "graph:"))
}

// A second description raises a criticality and never lowers it.
func TestCriticalityOnlyRises(t *testing.T) {
	t.Parallel()
	var b graph.Builder
	for _, c := range []float64{0, 0.3, 0.8, 0.2, 0} {
		b.AddNode(graph.Node{ID: "a", Name: release.Text(fmt.Sprint(c)), Criticality: c})
	}
	g, err := b.Build()
	require.NoError(t, err)
	n, _ := g.Node("a")
	require.Equal(t, graph.Node{ID: "a", Name: "0", Criticality: 0.8}, n)
	b.AddNode(graph.Node{ID: "a", Criticality: 1})
	n, _ = g.Node("a")
	require.Equal(t, 0.8, n.Criticality, "a graph does not change when its builder goes on")
}

// slow is all ways from the sources, one after the other.
type slow struct {
	edges   []graph.Edge
	factors map[graph.EdgeKind]float64
	options graph.Options // with Hops and Floor as they count
	best    map[string]float64
	hops    map[string]int // of the best
}

func (s *slow) walk(path []string, strength float64, hops int) {
	at := path[len(path)-1]
	if have, ok := s.best[at]; !ok || strength > have || strength == have && hops < s.hops[at] {
		s.best[at], s.hops[at] = strength, hops
	}
	for _, e := range s.edges {
		if e.To != at || slices.Contains(path, e.From) {
			continue // a way that comes back is no better than the one without the circle
		}
		pass, hop := s.options.Decay*s.factors[e.Kind], 1
		if e.Kind == graph.EdgePart {
			pass, hop = 1, 0
		}
		if hops+hop <= s.options.Hops && strength*pass >= s.options.Floor {
			s.walk(append(slices.Clone(path), e.From), strength*pass, hops+hop)
		}
	}
}

// check follows a path and computes its strength.
func (s *slow) check(t require.TestingT, r graph.Impacted) {
	strength, hops := 1.0, 0
	for i, step := range r.Path()[1:] {
		require.Contains(t, s.edges, graph.Edge{From: step.ID, To: r.Path()[i].ID, Kind: step.Kind})
		if step.Kind != graph.EdgePart {
			strength *= s.options.Decay * s.factors[step.Kind]
			hops++
		}
		require.GreaterOrEqual(t, strength, s.options.Floor)
	}
	require.LessOrEqual(t, hops, s.options.Hops)
	require.Equal(t, strength, r.Strength)
	require.Equal(t, hops, r.Hops)
	require.Equal(t, r.Node.ID, r.Path()[len(r.Path())-1].ID)
}

// The search agrees with a look at all simple ways, on graphs with circles, self loops
// and parallel edges of different kinds; the order in which a graph was built makes no
// difference; and what is cut off is what a walk without bounds finds besides.
func TestImpactIsTheBestOfAllWays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 7).Draw(t, "n")
		id := func(label string) string { return string(rune('a' + rapid.IntRange(0, n-1).Draw(t, label))) }
		value := rapid.SampledFrom([]float64{1, 0.7, 0.5, 0.3, 0.1, 0.9})
		f := graph.Factors{Runtime: value.Draw(t, "runtime"), Build: value.Draw(t, "build"), Test: value.Draw(t, "test"), Data: value.Draw(t, "data")}
		var nodes []graph.Node
		for i := range n {
			nodes = append(nodes, graph.Node{ID: string(rune('a' + i)), Criticality: rapid.SampledFrom([]float64{0, 0.2, 0.5, 1}).Draw(t, "criticality")})
		}
		s := slow{factors: map[graph.EdgeKind]float64{graph.EdgeUnknown: max(f.Runtime, f.Build, f.Test, f.Data), graph.EdgeRuntime: f.Runtime, graph.EdgeBuild: f.Build, graph.EdgeTest: f.Test, graph.EdgeData: f.Data}}
		for range rapid.IntRange(0, 14).Draw(t, "edges") {
			s.edges = append(s.edges, graph.Edge{From: id("from"), To: id("to"), Kind: graph.EdgeKind(rapid.IntRange(0, int(graph.EdgePart)).Draw(t, "kind"))})
		}
		var sources []string
		for range rapid.IntRange(1, 3).Draw(t, "sources") {
			sources = append(sources, id("source"))
		}
		o := graph.Options{Decay: value.Draw(t, "decay"), Floor: rapid.SampledFrom([]float64{0.01, 0.05, 0.2, 0.5, graph.Unbounded}).Draw(t, "floor"), Hops: rapid.SampledFrom([]int{1, 2, 3, 4, graph.Unbounded}).Draw(t, "hops")}
		make := func(nodes []graph.Node, edges []graph.Edge) *graph.Graph {
			b := graph.Builder{Factors: &f}
			for _, e := range edges {
				b.AddEdge(e)
			}
			for _, n := range nodes {
				b.AddNode(n)
			}
			g, err := b.Build()
			require.NoError(t, err)
			return g
		}
		g := make(nodes, s.edges)
		got, err := g.Impact(sources, o)
		require.NoError(t, err)

		s.options = o
		if o.Floor == graph.Unbounded {
			s.options.Floor = 0
		}
		if o.Hops == graph.Unbounded {
			s.options.Hops = n
		}
		s.best, s.hops = map[string]float64{}, map[string]int{}
		for _, id := range sources {
			s.walk([]string{id}, 1, 0)
		}
		for _, id := range sources {
			delete(s.best, id)
		}
		have := map[string]float64{}
		for i, r := range got.Reached {
			have[r.Node.ID] = r.Strength
			s.check(t, r)
			require.Equal(t, s.hops[r.Node.ID], r.Hops, "of the strongest ways the shortest")
			require.Contains(t, sources, r.Path()[0].ID)
			weight := r.Node.Criticality
			if weight == 0 {
				weight = 1
			}
			require.Equal(t, r.Strength*weight, r.Weight)
			if i > 0 {
				p := got.Reached[i-1]
				require.True(t, p.Weight > r.Weight || p.Weight == r.Weight && (p.Strength > r.Strength || p.Strength == r.Strength && (p.Hops < r.Hops || p.Hops == r.Hops && p.Node.ID < r.Node.ID)))
			}
		}
		require.Equal(t, s.best, have)

		again, err := g.Impact(append(slices.Clone(sources), sources...), o)
		require.NoError(t, err)
		require.Equal(t, reached(got), reached(again), "a second search with the same memory")
		if len(s.edges) > 0 {
			other, err := make(rapid.Permutation(nodes).Draw(t, "nodes again"), rapid.Permutation(s.edges).Draw(t, "edges again")).Impact(rapid.Permutation(sources).Draw(t, "sources again"), o)
			require.NoError(t, err)
			require.Equal(t, reached(got), reached(other), "the order of building")
			require.Equal(t, got.Cut, other.Cut)
		}

		all, err := g.Impact(sources, graph.Options{Decay: o.Decay, Floor: graph.Unbounded, Hops: graph.Unbounded})
		require.NoError(t, err)
		require.Equal(t, graph.Cut{}, all.Cut)
		require.Equal(t, len(all.Reached) > len(got.Reached), got.Cut != graph.Cut{}, "%v", got.Cut)
		in := map[string]bool{}
		for _, n := range got.Sources {
			in[n.ID] = true
		}
		for _, r := range got.Reached {
			in[r.Node.ID] = true
		}
		beyond := map[string]bool{}
		for _, e := range s.edges {
			if in[e.To] && !in[e.From] {
				beyond[e.To] = true
			}
		}
		require.Equal(t, len(beyond), got.Cut.Hops+got.Cut.Floor)
	})
}

// Many searches at once on one graph say what one says.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	var b graph.Builder
	for i := range 2000 {
		b.AddEdge(graph.Edge{From: fmt.Sprint(i % 300), To: fmt.Sprint(i * 7 % 311), Kind: graph.EdgeKind(i % 6)})
	}
	g, err := b.Build()
	require.NoError(t, err)
	want := make([]graph.Result, 8)
	for i := range want {
		want[i], err = g.Impact([]string{fmt.Sprint(i)}, graph.Options{})
		require.NoError(t, err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 80 {
				r, err := g.Impact([]string{fmt.Sprint(i % 8)}, graph.Options{})
				if err != nil || !slices.Equal(reached(want[i%8]), reached(r)) {
					t.Error("another result")
				}
				g.Dependents("1")
			}
		})
	}
	wg.Wait()
}

// A search allocates for its result and not for what it visits.
func TestImpactAllocatesLittle(t *testing.T) {
	var b graph.Builder
	for i := range 20_000 {
		b.AddEdge(graph.Edge{From: fmt.Sprint(i / 2), To: fmt.Sprint(i * 13 % 10_007), Kind: graph.EdgeRuntime})
	}
	g, err := b.Build()
	require.NoError(t, err)
	for _, o := range []graph.Options{{Hops: 1}, {}, {Hops: graph.Unbounded, Floor: 1e-6}} {
		n := testing.AllocsPerRun(20, func() {
			if _, err := g.Impact([]string{"1", "2", "3"}, o); err != nil {
				t.Fatal(err)
			}
		})
		// A pool forgets now and then, and under the race detector often; thousands of nodes
		// are visited.
		require.LessOrEqual(t, n, 250.0, "%v", o)
	}
}

// Parts are free, so that hops do not bound a chain of them; its paths are made only
// when they are asked for.
func TestLongChain(t *testing.T) {
	t.Parallel()
	const n = 50_000
	var b graph.Builder
	for i := range n {
		b.AddEdge(graph.Edge{From: fmt.Sprint(i + 1), To: fmt.Sprint(i), Kind: graph.EdgePart})
	}
	g, err := b.Build()
	require.NoError(t, err)
	r, err := g.Impact([]string{"0"}, graph.Options{})
	require.NoError(t, err)
	require.Len(t, r.Reached, n)
	i := slices.IndexFunc(r.Reached, func(i graph.Impacted) bool { return i.Node.ID == fmt.Sprint(n) })
	require.Len(t, r.Reached[i].Path(), n+1)
	require.Nil(t, graph.Impacted{}.Path())
}

func TestKindsAsText(t *testing.T) {
	t.Parallel()
	for k := range graph.EdgePart + 1 {
		b, err := k.MarshalText()
		require.NoError(t, err)
		var back graph.EdgeKind
		require.NoError(t, back.UnmarshalText(b))
		require.Equal(t, k, back)
	}
	_, err := graph.ParseEdgeKind("Runtime")
	require.Error(t, err)
	_, err = (graph.EdgePart + 1).MarshalText()
	require.Error(t, err)
}
