package rollout_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout"
)

// What TestModel leaves out must not change what it finds. Three things are left out:
//
//   - Logs of the same content are one log: what [unread] lists has no influence.
//   - Messages that were overtaken are gone, and workers have no names.
//   - Local steps are taken at once: see model.settle.
//
// The first two are compared with an exploration in which every log is itself, every
// message stays and every worker has a name: from each of its nodes, exactly the
// same ways must lead on, so the one stands for the other (a bisimulation). The
// third is compared with one that takes local steps one by one: everything but what
// workers are in the middle of must come to the same.
func TestModelReduction(t *testing.T) {
	t.Parallel()
	small := modelCase{plans: []rollout.Plan{modelPlan(2)}, workers: 2}
	for _, c := range []struct {
		name string
		of   func(c *modelCase)
		long bool
	}{
		{"abort, error", func(c *modelCase) { c.errors, c.moves = 1, []move{mayAbort(1)} }, false},
		{"pause, crash", func(c *modelCase) { c.crashes, c.moves = 1, []move{mayPause(1), mayResume()} }, true},
		{"regression, crash", func(c *modelCase) { c.crashes, c.moves = 1, []move{mayRegress()} }, false},
		{"pause, abort", func(c *modelCase) { c.moves = []move{mayPause(1), mayResume(), mayAbort(1)} }, true},
		{"superseded", func(c *modelCase) {
			c.plans = []rollout.Plan{with(modelPlan(1), func(p *rollout.Plan) { p.Superseding = rollout.SupersedingTakeBack })}
			c.moves = []move{maySupersede(next(modelPlan(1), "1"))}
		}, false},
		{"two slices", func(c *modelCase) {
			c.plans, c.workers = []rollout.Plan{slicePlan(2)}, 1
			c.moves = []move{mayResumeOnly(1), becomes("a is worse", 1, slice0Worse, 0), becomes("a is well", 1, 0, slice0Worse).helpful()}
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.long && !*long || testing.Short() {
				t.Skip("it takes long")
			}
			t.Parallel()
			c2 := small
			c.of(&c2)
			m := newModel(t, c2)
			m.bisimulates()
		})
	}
	t.Run("local steps", func(t *testing.T) {
		t.Parallel()
		c := everything()
		c.crashes = unlimited
		if !*long {
			c.plans, c.errors, c.moves[1].left = []rollout.Plan{modelPlan(2)}, 0, 0
		}
		m := newModel(t, c)
		_, g := m.prove(true)
		quick := shared(g)
		m.patient = true
		x, g := m.prove(true)
		patient := shared(g)
		t.Logf("states=%d with every local step for itself; without what workers do there are %d and %d", x.states, len(patient), len(quick))
		require.Equal(t, patient, quick)
	})
}

// shared are the explored nodes without what the workers are in the middle of.
func shared(g *graph) map[node]bool {
	nodes := map[node]bool{}
	for _, n := range g.nodes {
		n.workers = [maxWorkers]uint32{}
		nodes[n] = true
	}
	return nodes
}

// bisimulates compares each exact node with the one that stands for it.
func (m *model) bisimulates() {
	reduced := m.start
	m.exact, m.patient = true, true
	m.tables, m.exactTables = m.exactTables, m.tables
	x, g := m.explore(false)
	m.tables, m.exactTables = m.exactTables, m.tables
	require.Zero(m.t, x.violations, x.report())

	images := map[node]bool{}
	for i := range g.nodes {
		n := m.image(g.nodes[i])
		images[n] = true
		want := map[node]bool{}
		for _, e := range g.edges[g.from[i]:g.from[i+1]] {
			if to := m.image(g.nodes[e&edgeNode]); to != n {
				want[to] = true
			}
		}
		m.exact = false
		got := map[node]bool{}
		for _, s := range m.successors(&n) {
			if s.node != n {
				got[s.node] = true
			}
		}
		m.exact = true
		if len(got) != len(want) {
			require.Equal(m.t, want, got)
		}
		for to := range want {
			require.True(m.t, got[to], "%+v: %+v is missing", n, to)
		}
	}
	m.exact, m.start = false, reduced
	y, _ := m.explore(false)
	m.t.Logf("states=%d transitions=%d logs=%d, reduced to states=%d contents=%d", x.states, x.transitions, len(m.logs), y.states, m.classes)
	require.Equal(m.t, y.states, len(images))
	require.Equal(m.t, []bool{x.stuck > 0, x.livelocked > 0, x.waiting > 0}, []bool{y.stuck > 0, y.livelocked > 0, y.waiting > 0})
}

// image is the reduced node that stands for an exact one.
func (m *model) image(n node) node {
	for t := range m.targets {
		n.logs[t] = uint32(m.logs[n.logs[t]].class)
	}
	for i, id := range n.workers {
		w := m.workers[id]
		w.view = uint32(m.logs[w.view].class)
		n.workers[i] = m.worker(w)
	}
	n.sent = m.alive(&n)
	n.sort()
	return n
}
