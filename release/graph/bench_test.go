package graph_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release/graph"
)

// random is a graph of n nodes and m edges between any two, of the four kinds in equal
// parts, with criticalities of which a fifth is unknown.
func random(t testing.TB, n, m int, rnd *rand.Rand) *graph.Graph {
	t.Helper()
	var b graph.Builder
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("component:default/c%06d", i)
		b.AddNode(graph.Node{ID: ids[i], Criticality: float64(rnd.IntN(5)) / 4})
	}
	for range m {
		b.AddEdge(graph.Edge{From: ids[rnd.IntN(n)], To: ids[rnd.IntN(n)], Kind: graph.EdgeRuntime + graph.EdgeKind(rnd.IntN(4))})
	}
	g, err := b.Build()
	require.NoError(t, err)
	return g
}

// Ten sources in a graph of 100,000 nodes and a million edges. reached is how many
// nodes are within the bounds; x-unbounded is how much longer the walk to the end
// takes, in the same run.
func BenchmarkImpact(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 2))
	g := random(b, 100_000, 1_000_000, rnd)
	var ids []string
	for n := range g.All() {
		ids = append(ids, n.ID)
	}
	sources := make([][]string, 64)
	for i := range sources {
		for range 10 {
			sources[i] = append(sources[i], ids[rnd.IntN(len(ids))])
		}
	}
	impact := func(i int, o graph.Options) int {
		r, err := g.Impact(sources[i%len(sources)], o)
		if err != nil {
			b.Fatal(err)
		}
		return len(r.Reached)
	}
	sweep := graph.Options{Floor: graph.Unbounded, Hops: graph.Unbounded}
	impact(0, sweep)
	start := time.Now()
	const sweeps = 4
	all := 0
	for i := range sweeps {
		all += impact(i, sweep)
	}
	full := time.Since(start) / sweeps
	b.ReportAllocs()
	reached, runs := 0, 0
	for b.Loop() {
		reached += impact(runs, graph.Options{Decay: 0.5, Floor: 0.05, Hops: 4})
		runs++
	}
	each := b.Elapsed() / time.Duration(runs)
	b.ReportMetric(each.Seconds()*1000, "ms/op")
	b.ReportMetric(float64(reached)/float64(runs), "reached")
	b.ReportMetric(float64(all)/sweeps, "reached-unbounded")
	b.ReportMetric(full.Seconds()/each.Seconds(), "x-unbounded")
}
