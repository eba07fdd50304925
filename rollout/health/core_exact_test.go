package health_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// exactWindow is one sample of a path: sizes, and the rates that its requests have.
type exactWindow struct {
	id, stratum    string
	canary, contro int
	p0             float64
	recertify      bool // before it
}

// exactLeaf is where a path ends: the bad events of each window, and what they say.
type exactLeaf struct {
	bad  [][2]int
	e, c float64
}

// exactLeaves are all outcomes of a path of windows. One ends at the first verdict of
// a regression, or after the last window.
func exactLeaves(t *testing.T, p health.Policy, path []exactWindow, idle int) (leaves []exactLeaf) {
	var walk func(state []byte, bad [][2]int)
	walk = func(state []byte, bad [][2]int) {
		w := path[len(bad)]
		for x := range w.canary + 1 {
			for y := range w.contro + 1 {
				var m health.Monitor
				require.NoError(t, m.UnmarshalBinary(state))
				if w.recertify {
					m.Recertify()
				}
				require.NoError(t, m.Add(exactSample(p, w.id, w.stratum, count(uint64(x), uint64(w.canary)), count(uint64(y), uint64(w.contro)))))
				now := append(append([][2]int(nil), bad...), [2]int{x, y})
				if len(now) == len(path) || m.Kind() == health.KindRegressed {
					v := m.Verdict()
					leaves = append(leaves, exactLeaf{now, math.Exp(v.LogE), math.Exp(v.LogCertificate)})
					continue
				}
				next, err := m.MarshalBinary()
				require.NoError(t, err)
				walk(next, now)
			}
		}
	}
	m := errorsLike(t, p)
	for i := range idle { // so failures are rare, and the next beginning is near
		require.NoError(t, m.Add(exactSample(p, fmt.Sprint("idle", i), "", count(0, 60), count(0, 60))))
	}
	state, err := m.MarshalBinary()
	require.NoError(t, err)
	walk(state, nil)
	return leaves
}

// exactSample is a window. With edges, all that is slower than the first is slower
// than the second too: they depend on each other as much as can be.
func exactSample(p health.Policy, id, stratum string, canary, control health.Count) health.Sample {
	s := health.Sample{ID: id, Metric: "a", Stratum: stratum, Canary: canary, Control: control}
	if n := len(p.Metrics[0].Edges); n > 0 {
		for range n {
			s.CanarySlow, s.ControlSlow = append(s.CanarySlow, canary.Bad), append(s.ControlSlow, control.Bad)
		}
		s.Canary.Bad, s.Control.Bad = 0, 0
	}
	return s
}

// exactMeans are the means of the evidence and of the certificate over the leaves, at
// rates of a canary that fails worse times as often.
func exactMeans(leaves []exactLeaf, path []exactWindow, rate, worse float64) (e, c float64) {
	var px, py [][]float64
	for _, w := range path {
		p0 := min(1, w.p0*rate/worse)
		px, py = append(px, binomial(w.canary, min(1, p0*worse))), append(py, binomial(w.contro, p0))
	}
	for _, l := range leaves {
		chance := 1.0
		for i, b := range l.bad {
			chance *= px[i][b[0]] * py[i][b[1]]
		}
		e, c = e+chance*l.e, c+chance*l.c
	}
	return e, c
}

// The proof of the package comment, checked on whole paths: every outcome of two to
// four windows, with strata, a split that changes, late beginnings, bounded stakes,
// warm-up, a new stage, edges that depend on each other, rare failures and common ones.
// The mean of the evidence of a regression is at most 1 where the canary is as bad as
// tolerated, and that of the certificate where it is as bad as MDE.
func TestMeansOverPathsAreAtMostOne(t *testing.T) {
	t.Parallel()
	steady := []exactWindow{{id: "1", canary: 2, contro: 3, p0: 1}, {id: "2", canary: 2, contro: 3, p0: 1}, {id: "3", canary: 2, contro: 3, p0: 1}}
	moving := []exactWindow{{id: "1", canary: 1, contro: 5, p0: 1}, {id: "2", stratum: "eu", canary: 3, contro: 1, p0: .1},
		{id: "2", stratum: "us", canary: 1, contro: 1, p0: 1}, {id: "3", canary: 3, contro: 2, p0: .5}}
	stages := []exactWindow{{id: "1", canary: 2, contro: 2, p0: 1}, {id: "2", canary: 4, contro: 2, p0: .3, recertify: true}, {id: "3", canary: 2, contro: 3, p0: 1}}
	for _, metric := range []health.Metric{
		{Name: "a", Tolerance: 1, MDE: 1.5},
		{Name: "a", Tolerance: 1.2, MDE: 2},
		{Name: "a", Tolerance: 3, MDE: 10},
		{Name: "a", Tolerance: 1, MDE: 2, Edges: []float64{1, 2}, CertifyAt: 2},
	} {
		for _, p := range []struct {
			name   string
			path   []exactWindow
			idle   int
			warmUp int
			always bool // in every run, not only in long ones
		}{
			{"steady", steady, 0, -1, true}, {"steady, warm-up", steady, 0, 2, false},
			{"moving", moving, 0, -1, false}, {"moving, warm-up", moving, 0, 2, false},
			{"stages", stages, 0, -1, false}, {"stages, warm-up", stages, 0, 1, true},
			{"rare, and the evidence begins anew", steady, 18, -1, true}, {"moving, rare", moving, 9, -1, false},
			{"moving, rare, warm-up", moving, 9, 10, false},
		} {
			if !p.always && !*long {
				continue
			}
			t.Run(fmt.Sprintf("tolerance %v, %d edges, %s", metric.Tolerance, len(metric.Edges), p.name), func(t *testing.T) {
				t.Parallel()
				policy := health.Policy{Alpha: .2, Beta: .1, WarmUp: p.warmUp, Metrics: []health.Metric{metric}}
				leaves := exactLeaves(t, policy, p.path, p.idle)
				for _, rate := range []float64{1e-4, .01, .05, .3, .7, 1} {
					for _, better := range []float64{1, .5} {
						e, _ := exactMeans(leaves, p.path, rate, metric.Tolerance*better)
						require.LessOrEqual(t, e, 1+1e-8, "evidence at a rate of %v", rate)
					}
					_, c := exactMeans(leaves, p.path, rate, metric.MDE)
					require.LessOrEqual(t, c, 1+1e-8, "certificate at a rate of %v", rate)
				}
				e, _ := exactMeans(leaves, p.path, 1e-4, metric.Tolerance)
				_, c := exactMeans(leaves, p.path, 1e-4, metric.MDE)
				require.Greater(t, min(e, c), .99, "the bound is not slack where failures are rare")
			})
		}
	}
}
