package rollout_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/rollout"
)

// mutant is a contract that is broken, or an engine that breaks it, in the model. The
// zero value breaks nothing.
type mutant struct {
	// deliver is the deployer.
	deliver func(m *model, n *node, id actID)
	// forget lets the deployer forget its highest fence, at any time.
	forget bool
	// facts changes what the engine takes for answers.
	facts func(m *model, l *modelLog, f *rollout.Facts)
	// blind changes what the engine sees of the rollout.
	blind func(r *rollout.Rollout)
	// appliesFirst applies before it appends, appendsAnyway does not compare versions.
	appliesFirst, appendsAnyway bool
	// asksOnce sends an exposure as soon as it is ordered, though it rests on another
	// target.
	asksOnce bool
}

// The model must find what is wrong with each of these, or it would find nothing.
func TestModelMutants(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		mutant mutant
		want   string
	}{
		{"no fence: the deployer knows keys only", mutant{deliver: func(m *model, n *node, id actID) {
			if n.seen&(1<<id) == 0 {
				n.prods[0].high = max(n.prods[0].high, m.acts[id].ordinal)
				m.effect(n, id)
			}
		}}, "took effect after a later one"},
		{"neither fence nor key", mutant{deliver: func(m *model, n *node, id actID) {
			n.prods[0].high = max(n.prods[0].high, m.acts[id].ordinal)
			m.effect(n, id)
		}}, "took effect twice"},
		{"keys ignored: the highest fence counts as new", mutant{deliver: func(m *model, n *node, id actID) {
			if p := &n.prods[0]; m.acts[id].ordinal >= p.high {
				p.high = m.acts[id].ordinal
				m.effect(n, id)
			}
		}}, "took effect twice"},
		{"fences compared with the wrong sign", mutant{deliver: func(m *model, n *node, id actID) {
			if p := &n.prods[0]; p.high == 0 || m.acts[id].ordinal < p.high {
				p.high = m.acts[id].ordinal
				m.effect(n, id)
			}
		}}, "took effect after a later one"},
		{"the deployer refuses every second action", mutant{deliver: func(m *model, n *node, id actID) {
			if p := &n.prods[0]; m.acts[id].ordinal > p.high && m.acts[id].ordinal%2 == 1 {
				p.high = m.acts[id].ordinal
				m.effect(n, id)
			}
		}}, "no end can be reached"},
		{"the deployer compares, and acts later", mutant{deliver: func(m *model, n *node, id actID) {
			switch p := &n.prods[0]; {
			case n.seen&(1<<id) != 0:
				m.effect(n, id)
				n.seen &^= 1 << id
			case m.acts[id].ordinal > p.high:
				p.high = m.acts[id].ordinal
				n.seen |= 1 << id
			}
		}}, "the log says that action 2 (rollback) is done"},
		{"the deployer forgets its fence in a crash", mutant{forget: true}, "took effect"},
		{"the engine applies before it appends", mutant{appliesFirst: true}, "nobody"},
		{"the engine appends whatever was appended before", mutant{appendsAnyway: true}, "Reduce refuses"},
		{"an apply that succeeds counts as done", mutant{facts: func(_ *model, l *modelLog, f *rollout.Facts) {
			if p := l.state.Rollout.Pending; f.Applied != nil && f.Applied.Error == "" && p != nil {
				o := rollout.Observed{Fence: p.Action.Fence, Settled: true}
				for _, s := range p.Action.Slices {
					o.Shares = append(o.Shares, rollout.Share{Release: p.Action.Release.Digest, Slice: s})
				}
				if len(p.Action.Slices) == 0 || p.Action.Slices[0].Percent < 100 {
					o.Shares = append(o.Shares, rollout.Share{Release: p.Action.Previous.Digest, Slice: rollout.Slice{Percent: 100}})
				}
				f.Observed = &rollout.Observation{Observed: o}
			}
		}}, "the log says"},
		{"an apply that fails counts as not done", mutant{facts: func(_ *model, _ *modelLog, f *rollout.Facts) {
			if f.Applied == nil && f.Observed != nil {
				f.Observed = &rollout.Observation{Error: "only who applied looks"}
			}
		}}, "no end can be reached"},
		{"an abort waits for the pending exposure", mutant{blind: func(r *rollout.Rollout) {
			if r.Pending != nil && r.Pending.Action.Kind == rollout.ActionExpose {
				r.Abort = nil
			}
		}}, "an abort waits for an exposure"},
		{"a pause is not seen", mutant{blind: func(r *rollout.Rollout) { r.Paused = nil }}, "Reduce refuses"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			small := everything()
			small.plans = []rollout.Plan{modelPlan(2)}
			small.mutant = c.mutant
			m := newModel(t, small)
			x, _ := m.explore(true)
			t.Logf("found after %d states: %s%s", x.states, x.first, x.report())
			require.Contains(t, x.first, c.want)
		})
	}
}

// Without the fence, what the log and production say must come apart in the end: the
// canary comes back after the rollback.
func TestModelFindsTheZombieWithoutTheFence(t *testing.T) {
	t.Parallel()
	c := everything()
	c.mutant.deliver = func(m *model, n *node, id actID) {
		if n.seen&(1<<id) == 0 {
			n.prods[0].high = max(n.prods[0].high, m.acts[id].ordinal)
			n.prods[0].force = id
			n.seen |= 1 << id
		}
	}
	m := newModel(t, c)
	x, _ := m.explore(true)
	t.Logf("found after %d states: %s%s", x.states, x.first, x.report())
	require.Contains(t, x.first, "the log says rolled back, production serves s")
}
