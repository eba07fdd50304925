package rollout_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// The model runs the real Ask, Decide and Reduce in every order of events that its
// bounds allow. Two workers do what Engine.Step does, one small step at a time:
// load, ask, decide and append, send, observe. What was sent may arrive at any
// later time, again and in any order. Workers crash, sends time out although they
// may have happened, somebody aborts, health sees a regression.
type model struct {
	t      *testing.T
	fenced bool // the deployer compares fences; otherwise it knows keys only
	logs   []modelLog
	byHash map[release.Digest]int
	memo   map[decideKey]decided
}

type modelLog struct {
	state   rollout.State
	records []journal.Record
	actions map[uint64]rollout.Action
}

type pc uint8

const (
	idle    pc = iota
	loaded     // has a view of the log, and asks
	asked      // has answers, and decides and appends
	sending    // has an action to apply
	sent       // has applied, and observes
)

// answer is Facts without what follows from the view.
type answer struct {
	observed  bool
	prod      prod
	regressed bool
	applied   uint64
	timeout   bool
}

type modelWorker struct {
	pc      pc
	view    int
	answer  answer
	fence   uint64
	timeout bool
}

// prod is production: the fence of the action in force, and what the deployer
// remembers: the highest fence, or the keys (by fence) that it has seen.
type prod struct{ force, high, seen uint64 }

type node struct {
	log                        int
	workers                    [2]modelWorker
	sent                       uint64 // fences of actions that were sent, as bits
	prod                       prod
	crashes, timeouts, abort   uint8 // what is left of each
	regress, regressed, paused uint8
}

type decideKey struct {
	view   int
	answer answer
}

type decided struct {
	after int // the log after the decision's entries
	apply uint64
	stay  bool
}

func newModel(t *testing.T, plan rollout.Plan, fenced bool) (*model, node) {
	m := &model{t: t, fenced: fenced, byHash: map[release.Digest]int{}, memo: map[decideKey]decided{}}
	j := new(journal.Memory)
	e, err := rollout.New(rollout.Options{Journal: j, Deployer: new(deploytest.Simulated), Now: func() time.Time { return nine }})
	require.NoError(t, err)
	_, err = e.Start(t.Context(), plan, ada)
	require.NoError(t, err)
	l := modelLog{state: rollout.NewState(plan.Target), actions: map[uint64]rollout.Action{}}
	for r, err := range j.Load(context.Background(), plan.Target.Stream(), 0) {
		require.NoError(t, err)
		l = m.extend(l, r.Entry)
	}
	return m, node{log: m.intern(l)}
}

// extend is l with one more entry.
func (m *model) extend(l modelLog, e journal.Entry) modelLog {
	rec := journal.Seal(l.state.Head, e)
	s, err := rollout.Reduce(l.state, rec)
	require.NoError(m.t, err)
	actions := map[uint64]rollout.Action{}
	for k, v := range l.actions {
		actions[k] = v
	}
	if s.Rollout != nil && s.Rollout.Pending != nil {
		actions[s.Rollout.Pending.Action.Fence] = s.Rollout.Pending.Action
	}
	return modelLog{state: s, records: append(l.records[:len(l.records):len(l.records)], rec), actions: actions}
}

func (m *model) intern(l modelLog) int {
	if id, ok := m.byHash[l.state.Head.Hash]; ok {
		return id
	}
	m.logs = append(m.logs, l)
	m.byHash[l.state.Head.Hash] = len(m.logs) - 1
	return len(m.logs) - 1
}

// now is a moment at which the pending action may be tried again.
func (m *model) now(s rollout.State) time.Time {
	if r := s.Rollout; r.Pending != nil && r.Pending.NotBefore.After(s.At) {
		return r.Pending.NotBefore
	}
	return s.At
}

func (m *model) decide(view int, a answer) decided {
	key := decideKey{view, a}
	if d, ok := m.memo[key]; ok {
		return d
	}
	l := m.logs[view]
	f := rollout.Facts{Now: m.now(l.state), Actor: "model"}
	if a.applied != 0 {
		f.Applied = &rollout.Applied{Fence: a.applied}
		if a.timeout {
			f.Applied.Error = "timeout"
		}
	} else {
		q := rollout.Ask(l.state, f.Now)
		if q.Health != nil {
			f.Health = &rollout.HealthAnswer{Verdict: health.Verdict{Kind: health.KindHealthy}}
			if a.regressed {
				f.Health.Verdict.Kind = health.KindRegressed
			}
		}
		for _, g := range q.Gates {
			f.Gates = append(f.Gates, rollout.GateAnswer{Gate: g.Gate, Result: rollout.GateResult{Verdict: release.VerdictAllow}})
		}
	}
	if a.observed {
		f.Observed = &rollout.Observation{Observed: m.observed(a.prod, l)}
	}
	d, err := rollout.Decide(l.state, f)
	require.NoError(m.t, err)
	out := decided{after: view, stay: len(d.Entries) == 0}
	for _, e := range d.Entries {
		l = m.extend(l, e)
	}
	out.after = m.intern(l)
	if d.Apply != nil {
		out.apply = d.Apply.Fence
	}
	m.memo[key] = out
	return out
}

// observed is what the deployer reports. l knows every action that l's viewer may
// have to recognise; others only show by their fence.
func (m *model) observed(p prod, l modelLog) rollout.Observed {
	o := rollout.Observed{Settled: true, Fence: p.high}
	if a, ok := l.actions[p.force]; ok && len(a.Slices) == 1 {
		o.Shares = append(o.Shares, rollout.Share{Release: a.Release.Digest, Slice: a.Slices[0]})
		if a.Slices[0].Percent < 100 {
			o.Shares = append(o.Shares, rollout.Share{Release: a.Previous.Digest, Slice: rollout.Slice{Percent: 100 - a.Slices[0].Percent}})
		}
		return o
	}
	o.Shares = []rollout.Share{{Release: l.state.Rollout.Plan.Previous.Digest, Slice: rollout.Slice{Percent: 100}}}
	return o
}

func (m *model) deliver(p prod, fence uint64) prod {
	if m.fenced {
		if fence > p.high {
			return prod{force: fence, high: fence}
		}
		return p
	}
	if p.seen&(1<<fence) != 0 {
		return p // the key is known
	}
	return prod{force: fence, high: max(p.high, fence), seen: p.seen | 1<<fence}
}

// command is a log with one more command, or -1 if it is refused.
func (m *model) command(log int, kind string) int {
	l := m.logs[log]
	data, err := json.Marshal(struct {
		V  int        `json:"v"`
		By rollout.By `json:"by"`
	}{1, ada})
	require.NoError(m.t, err)
	e := journal.Entry{At: l.state.At, Actor: ada.Actor.ID, Kind: kind, Reason: ada.Reason, Data: data}
	if _, err := rollout.Reduce(l.state, journal.Seal(l.state.Head, e)); err != nil {
		return -1
	}
	return m.intern(m.extend(l, e))
}

func (m *model) successors(n node) []node {
	var out []node
	running := m.logs[n.log].state.Running()
	for fence := uint64(1); fence < 64; fence++ {
		if n.sent&(1<<fence) != 0 {
			if p := m.deliver(n.prod, fence); p != n.prod {
				next := n
				next.prod = p
				out = append(out, next)
			}
		}
	}
	for i := range n.workers {
		out = append(out, m.work(n, i)...)
		if w := n.workers[i]; w.pc != idle && n.crashes > 0 {
			next := n
			next.workers[i] = modelWorker{}
			next.crashes--
			out = append(out, next)
		}
	}
	if !running {
		return out
	}
	if n.abort > 0 {
		next := n
		next.abort--
		next.log = m.command(n.log, rollout.RecordAborted)
		out = append(out, next)
	}
	if n.regress > 0 && n.regressed == 0 {
		next := n
		next.regress, next.regressed = n.regress-1, 1
		out = append(out, next)
	}
	paused := m.logs[n.log].state.Rollout.Paused != nil
	if paused || n.paused > 0 {
		next, kind := n, rollout.RecordResumed
		if !paused {
			next.paused--
			kind = rollout.RecordPaused
		}
		next.log = m.command(n.log, kind)
		out = append(out, next)
	}
	return out
}

// work is what worker i may do next.
func (m *model) work(n node, i int) []node {
	w := n.workers[i]
	put := func(v modelWorker, change func(*node)) node {
		next := n
		next.workers[i] = v
		if change != nil {
			change(&next)
		}
		return next
	}
	switch w.pc {
	case idle:
		if m.logs[n.log].state.Running() {
			return []node{put(modelWorker{pc: loaded, view: n.log}, nil)}
		}
	case loaded:
		q := rollout.Ask(m.logs[w.view].state, m.now(m.logs[w.view].state))
		a := answer{observed: q.Observe, regressed: q.Health != nil && n.regressed != 0}
		if q.Observe {
			a.prod = n.prod
		}
		return []node{put(modelWorker{pc: asked, view: w.view, answer: a}, nil)}
	case asked:
		d := m.decide(w.view, w.answer)
		switch {
		case !d.stay && n.log != w.view: // ErrConflict
			return []node{put(modelWorker{pc: loaded, view: n.log}, nil)}
		case d.apply != 0:
			return []node{put(modelWorker{pc: sending, view: d.after, fence: d.apply}, func(n *node) {
				if !d.stay {
					n.log = d.after
				}
			})}
		case d.stay:
			return []node{put(modelWorker{}, nil)}
		}
		return []node{put(modelWorker{pc: loaded, view: d.after}, func(n *node) { n.log = d.after })}
	case sending:
		ok := put(modelWorker{pc: sent, view: w.view, fence: w.fence}, func(n *node) { n.sent |= 1 << w.fence })
		if n.timeouts == 0 {
			return []node{ok}
		}
		return []node{ok, put(modelWorker{pc: sent, view: w.view, fence: w.fence, timeout: true}, func(n *node) {
			n.sent |= 1 << w.fence
			n.timeouts--
		})}
	case sent:
		a := answer{observed: true, prod: n.prod, applied: w.fence, timeout: w.timeout}
		return []node{put(modelWorker{pc: asked, view: w.view, answer: a}, nil)}
	}
	return nil
}

// canonical orders the workers, who are alike.
func canonical(n node) node {
	if n.workers[1].less(n.workers[0]) {
		n.workers[0], n.workers[1] = n.workers[1], n.workers[0]
	}
	return n
}

// less orders workers somehow.
func (w modelWorker) less(v modelWorker) bool {
	bit := func(b bool) uint64 {
		if b {
			return 1
		}
		return 0
	}
	numbers := func(w modelWorker) []uint64 {
		return []uint64{uint64(w.pc), uint64(w.view), w.fence, bit(w.timeout), bit(w.answer.observed), w.answer.prod.force,
			w.answer.prod.high, w.answer.prod.seen, bit(w.answer.regressed), w.answer.applied, bit(w.answer.timeout)}
	}
	return slices.Compare(numbers(w), numbers(v)) < 0
}

// wrong says what must never be.
func (m *model) wrong(n node) string {
	l := m.logs[n.log]
	force, any := l.actions[n.prod.force]
	switch l.state.Rollout.Phase {
	case rollout.PhaseRolledBack:
		if any && force.Kind != rollout.ActionRollback {
			return "the log says rolled back, production serves " + force.Stage
		}
	case rollout.PhaseDeployed:
		if force.Stage != "all" {
			return "the log says deployed, production has " + force.Stage
		}
	case rollout.PhaseStopped:
		if n.sent != 0 {
			return "the log says that nothing was exposed, and something was sent"
		}
	}
	if n.prod.force != 0 && !any {
		return "production has what nobody ordered"
	}
	return ""
}

type explored struct {
	states, transitions, ends, stuck int
	violation                        string
}

func (m *model) explore(start node) explored {
	var x explored
	ids := map[node]int{start: 0}
	queue := []node{start}
	var back [][]int32
	back = append(back, nil)
	for i := 0; i < len(queue); i++ {
		n := queue[i]
		if bad := m.wrong(n); bad != "" && x.violation == "" {
			x.violation = bad
		}
		for _, next := range m.successors(n) {
			next = canonical(next)
			x.transitions++
			id, ok := ids[next]
			if !ok {
				id = len(queue)
				ids[next] = id
				queue = append(queue, next)
				back = append(back, nil)
			}
			back[id] = append(back[id], int32(i))
		}
	}
	x.states = len(queue)
	// From every state, an end must be reachable.
	reach := make([]bool, len(queue))
	var todo []int32
	for i, n := range queue {
		if !m.logs[n.log].state.Running() {
			x.ends++
			reach[i] = true
			todo = append(todo, int32(i))
		}
	}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, j := range back[i] {
			if !reach[j] {
				reach[j] = true
				todo = append(todo, j)
			}
		}
	}
	for _, r := range reach {
		if !r {
			x.stuck++
		}
	}
	return x
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

var long = flag.Bool("long", false, "explore the model with a timeout and a regression too: 1.6 million states; fail every call of every store in every way")

func TestModel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		stages int
		start  node // what may happen how often
		skip   bool
	}{
		{"two stages, abort", 2, node{abort: 1}, false},
		{"two stages, crash, abort", 2, node{crashes: 1, abort: 1}, testing.Short()},
		{"two stages, timeout, regression", 2, node{crashes: 1, abort: 1, timeouts: 1, regress: 1}, !*long},
		{"three stages, two crashes", 3, node{crashes: 2}, testing.Short()},
		{"three stages, crash, abort", 3, node{crashes: 1, abort: 1}, testing.Short()},
		{"three stages, pause", 3, node{paused: 1}, testing.Short()},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.skip {
				t.Skip("it takes long")
			}
			t.Parallel()
			m, start := newModel(t, modelPlan(c.stages), true)
			c.start.log = start.log
			began := time.Now()
			x := m.explore(c.start)
			violations := min(len(x.violation), 1)
			t.Logf("states=%d transitions=%d violations=%d stuck=%d ends=%d logs=%d in %v", x.states, x.transitions, violations, x.stuck, x.ends, len(m.logs), time.Since(began))
			require.Empty(t, x.violation)
			require.Zero(t, x.stuck)
			require.Greater(t, x.states, 3000)
			ends := map[rollout.Phase]int{}
			for _, l := range m.logs {
				if l.state.Running() {
					continue
				}
				ends[l.state.Rollout.Phase]++
				_, err := rollout.Replay(production, l.records)
				require.NoError(t, err)
			}
			want := 1 // deployed; rolled back and stopped are for who aborts
			if c.start.abort > 0 {
				want = 3
			}
			require.Len(t, ends, want, "all ends are reached: %v", ends)
		})
	}
}

// Without the fence, the model must find the canary that comes back after the
// rollback, or it would not find anything.
func TestModelFindsTheZombieWithoutTheFence(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes long")
	}
	m, start := newModel(t, modelPlan(2), false)
	start.abort = 1
	x := m.explore(start)
	t.Logf("states=%d transitions=%d violation=%q", x.states, x.transitions, x.violation)
	require.Contains(t, x.violation, "the log says rolled back, production serves s")
}
