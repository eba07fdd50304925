package gitlog_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/gitlog"
	"github.com/sallyport-dev/sallyport/release/graph"
	"github.com/sallyport-dev/sallyport/release/inventory"
)

// BenchmarkRelease is what a large release costs once its files are in memory: the
// log of 500 commits as git wrote it is parsed, two bills of materials of 2,000
// components are compared, and the impact on a graph of 100,000 nodes and a million
// edges is found within bounds.
func BenchmarkRelease(b *testing.B) {
	dir := generated(b, 500)
	git := func(input string, args ...string) []byte {
		cmd := exec.Command("git", append([]string{"--git-dir=" + dir}, args...)...)
		cmd.Stdin = strings.NewReader(input)
		out, err := cmd.Output()
		require.NoError(b, err)
		return out
	}
	list := string(git("", "rev-list", "--reverse", "main"))
	var ids []release.Revision
	var asks strings.Builder
	for i, id := range strings.Fields(list) {
		ids = append(ids, release.Revision(id))
		if asks.WriteString(id); i > 0 {
			asks.WriteString(" " + string(ids[i-1]))
		}
		asks.WriteByte('\n')
	}
	objects := git(list, "cat-file", "--batch", "--buffer")
	diffs := git(asks.String(), "diff-tree", "--stdin", "-r", "--root", "--always", "-z", "--raw", "--numstat", "--no-abbrev", "--no-renames")
	require.NotEmpty(b, bytes.TrimSpace(diffs))

	random := rand.New(rand.NewPCG(5, 6))
	bill := func(changed int) release.Inventory {
		inv := release.Inventory{Source: release.Source{Path: "bom.json"}, Coverage: release.CoverageComplete}
		for i := range 2000 {
			version := fmt.Sprintf("%d.%d.%d", i%5, i%17, i%9)
			if random.IntN(2000) < changed {
				version = fmt.Sprintf("%d.%d.%d", i%5, i%17+1, 0)
			}
			p, err := release.NewPURL([]string{"npm", "pypi", "maven"}[i%3], fmt.Sprintf("group%d/name-%d", i%40, i), version)
			require.NoError(b, err)
			inv.Components = append(inv.Components, release.Component{PURL: p, Relation: release.RelationTransitive, License: "MIT"})
		}
		return inv
	}
	before, after := bill(0), bill(200)

	var build graph.Builder
	name := func(i int) string { return fmt.Sprintf("service-%06d", i) }
	for i := range 100_000 {
		build.AddNode(graph.Node{ID: name(i), Criticality: .5})
	}
	for range 1_000_000 {
		build.AddEdge(graph.Edge{From: name(random.IntN(100_000)), To: name(random.IntN(100_000)), Kind: graph.EdgeRuntime + graph.EdgeKind(random.IntN(4))})
	}
	g, err := build.Build()
	require.NoError(b, err)
	sources := make([]string, 10)
	for i := range sources {
		sources[i] = name(random.IntN(100_000))
	}

	var log, diff, impact time.Duration
	reached := 0
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		commits, err := gitlog.Log(objects, diffs, ids)
		require.NoError(b, err)
		require.Len(b, commits, 500)
		log += time.Since(start)

		start = time.Now()
		cs := inventory.Diff(&before, &after)
		require.Greater(b, len(cs.Dependencies), 100)
		diff += time.Since(start)

		start = time.Now()
		r, err := g.Impact(sources, graph.Options{})
		require.NoError(b, err)
		reached = len(r.Reached)
		impact += time.Since(start)
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 / float64(b.N) }
	b.ReportMetric(ms(log+diff+impact), "ms/release")
	b.ReportMetric(ms(log), "log-ms")
	b.ReportMetric(ms(diff), "sbom-ms")
	b.ReportMetric(ms(impact), "impact-ms")
	b.ReportMetric(float64(reached), "reached")
}
