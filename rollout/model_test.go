package rollout_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
)

var long = flag.Bool("long", false, "explore larger models; fail every call of every store in every way")

// modelCase is what is explored: who takes part, and what may happen how often.
type modelCase struct {
	plans   []rollout.Plan
	workers int
	crashes uint8
	errors  uint8
	moves   []move
	mutant  mutant
	// splits lets a worker look at production first and ask health and gates later.
	splits bool
	// slow is a deployer that takes an action's fence at once and lets it have its effect
	// later, unless it is overtaken before; until then it says that it is not settled.
	slow bool
}

func modelPlan(stages int) rollout.Plan {
	p := rollout.Plan{Target: production, Release: version("2"), Previous: version("1")}
	for i := range stages {
		percent := 100 / float64(stages) * float64(i+1)
		p.Stages = append(p.Stages, rollout.Stage{Name: fmt.Sprintf("s%d", i), Slices: []rollout.Slice{{Percent: percent}}, Gates: []string{"g"}})
	}
	p.Stages[stages-1].Name, p.Stages[stages-1].Slices[0].Percent = "all", 100
	return p
}

// everything is the whole of it: two workers, two crashes, three stages, a pause that is
// resumed, an abort, a regression, any number of errors that say nothing about what
// happened, effects in any order and any number of times.
func everything() modelCase {
	return modelCase{plans: []rollout.Plan{modelPlan(3)}, workers: 2, crashes: 2, errors: unlimited,
		moves: []move{mayAbort(1), mayPause(1), mayResume(), mayRegress()}}
}

// TestModel explores everything at once. A state is wrong if the log and production do
// not agree, now or after any later arrival of what is in flight; stuck if no end can be
// reached from it, or only by another crash or command, or, once it is aborted, only if
// an exposure arrives. What is left out of the exploration, TestModelReduction shows to
// change nothing.
func TestModel(t *testing.T) {
	t.Parallel()
	c := everything()
	if *long {
		c.workers, c.crashes, c.moves[1].left = 3, unlimited, unlimited
	}
	m := newModel(t, c)
	x, _ := m.prove(false)
	require.GreaterOrEqual(t, x.states, 40_000)
	require.Equal(t, map[rollout.Phase]bool{rollout.PhaseDeployed: true, rollout.PhaseRolledBack: true, rollout.PhaseStopped: true}, m.endings())
}

// prove explores everything and demands that nothing is wrong.
func (m *model) prove(quiet bool) (explored, *graph) {
	began := time.Now()
	x, g := m.explore(false)
	stuck := x.stuck + x.livelocked + x.waiting
	if !quiet {
		m.t.Logf("states=%d transitions=%d violations=%d stuck=%d", x.states, x.transitions, x.violations, stuck)
		m.t.Logf("%d states are ends; %d logs with %d contents; %v", x.ends, len(m.logs), m.classes, time.Since(began).Round(time.Millisecond))
	}
	require.Empty(m.t, x.first, "states=%d transitions=%d violations=%d stuck=%d%s", x.states, x.transitions, x.violations, stuck, x.report())
	require.Zero(m.t, x.violations+stuck)
	m.rests(g)
	m.recheck()
	m.replay()
	return x, g
}

// rests demands of every situation that was met that a worker which nobody disturbs comes
// to rest, or to something to send, after a few records: it must not fill the journal.
func (m *model) rests(g *graph) {
	const most = 4
	for n := range shared(g) {
		for t := range m.targets {
			w := worker{pc: loaded, target: uint8(t), view: n.logs[t]}
			for records := 0; m.logs[w.view].busy(); records++ {
				require.Less(m.t, records, most, "%v", m.logs[w.view].phase())
				q := m.questions(w.view)
				a := answer{observed: q.observe}
				if q.observe {
					a.prod = n.prods[t]
					a.prod.top = 0
				}
				d := m.decide(w.view, m.askRest(&n, w, a).answer)
				if d.stay || d.apply != 0 {
					break
				}
				w.view, n.logs[t] = d.after, d.after
			}
		}
	}
}

// endings are the ways in which rollouts ended. One that was replaced ends in the append
// that begins the other one, so no log ends with it.
func (m *model) endings() map[rollout.Phase]bool {
	ends := map[rollout.Phase]bool{}
	for i := range m.logs {
		l := &m.logs[i]
		if !l.state.Running() {
			ends[l.phase()] = true
		} else if n := len(l.records); n > 1 && l.records[n-2].Kind == rollout.RecordEnded && bytes.Contains(l.records[n-2].Data, []byte(`"phase":"replaced"`)) {
			ends[rollout.PhaseReplaced] = true
		}
	}
	return ends
}

// endsTogether are the ways in which the rollouts of two targets ended.
func (m *model) endsTogether(g *graph) map[[2]rollout.Phase]bool {
	ends := map[[2]rollout.Phase]bool{}
	for i := range g.nodes {
		if n := &g.nodes[i]; m.ended(n) {
			ends[[2]rollout.Phase{m.logs[n.logs[0]].phase(), m.logs[n.logs[1]].phase()}] = true
		}
	}
	return ends
}

// replay replays a log of each content (with -long every log), as far as no other log
// goes on from it, and counts its ending events.
func (m *model) replay() {
	var logs []*modelLog
	inner := map[release.Digest]bool{}
	for i := range m.logs {
		if l := &m.logs[i]; *long || l.class == i {
			logs = append(logs, l)
			for _, r := range l.records {
				inner[r.Prev] = true
			}
		}
	}
	for _, l := range logs {
		if inner[l.state.Head.Hash] {
			continue
		}
		s, err := rollout.Replay(l.state.Target, l.records)
		require.NoError(m.t, err)
		require.Equal(m.t, l.state.Head, s.Head)
		events, err := rollout.Events(l.state.Target, l.records)
		require.NoError(m.t, err)
		running := 0
		for _, e := range events {
			if e.Kind == release.EventStarted {
				running++
			}
			if e.Kind.Ends() {
				running--
			}
			require.True(m.t, running == 0 || running == 1, "rollouts begin and end in turns")
		}
		require.Equal(m.t, l.state.Running(), running == 1, "what ended has one ending event")
	}
}

// recheck decides again, on other logs, what was decided on the first of the same
// content: nothing may depend on what content leaves out.
func (m *model) recheck() {
	for key, d := range m.memo {
		class, a := key[0], m.answers[key[1]]
		require.False(m.t, a.applied != 0 && d.stay && d.apply != 0, "who has just sent sends again")
		for _, other := range m.others(class) {
			require.Equal(m.t, m.questions(class), m.questions(other))
			got := m.decideOn(other, a)
			if d.stay {
				got.after = uint32(m.logs[got.after].class)
			}
			require.Equal(m.t, d, got, "logs %d and %d", class, other)
		}
	}
	for key, v := range maps.Clone(m.builtIns) {
		for _, view := range m.others(key.view) {
			n := node{logs: key.logs}
			for t := range m.targets {
				n.logs[t] = m.others(key.logs[t])[0]
			}
			require.Equal(m.t, v, m.builtIn(&n, view, key.gate))
		}
	}
}

// others are two of the logs with the content of the class log, the last found among them.
func (m *model) others(log uint32) []uint32 {
	all := m.same[int(log)]
	return []uint32{uint32(all[len(all)/2]), uint32(all[len(all)-1])}
}
