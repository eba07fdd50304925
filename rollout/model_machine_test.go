package rollout_test

import (
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
// bounds allow. Workers do what Engine.Step does, one small step at a time: load,
// ask, decide and append, send, observe. What was sent may arrive at any later time,
// again and in any order, or never. Workers crash, sends report an error although
// they may have happened, people command, health and gates change their minds.
//
// An append whose outcome is unknown needs no step of its own: it is a worker that
// crashed just before, or just after it.
type model struct {
	t       *testing.T
	plans   []rollout.Plan
	targets []rollout.Target
	moves   []move
	mutant  mutant
	splits  bool // asking takes two steps: see modelCase
	slow    bool
	exact   bool // no two logs are the same, nothing is left out: see TestModelReduction
	named   bool // workers are not sorted, for a trace

	acts   []act
	actIDs map[string]actID

	logs      []modelLog
	byHash    map[release.Digest]int
	byContent map[string]int
	same      map[int][]int // the logs of a class
	classes   int

	answers   []answer
	answerIDs map[answer]uint32
	workers   []worker
	workerIDs map[worker]uint32
	tables
	exactTables tables
	patient     bool // local steps are not taken at once: see TestModelReduction

	start node
	out   []step // what successors returns, used again
}

// tables keep what was computed. An exact exploration has its own.
type tables struct {
	memo     map[[2]uint32]decided
	commands map[[2]uint32]commanded
	builtIns map[builtInKey]said
}

func newTables() tables {
	return tables{map[[2]uint32]decided{}, map[[2]uint32]commanded{}, map[builtInKey]said{}}
}

// move is what people or the world do, at most left times ([unlimited] is any number).
type move struct {
	name string
	left uint8
	// command is given to a real engine, or else turn changes the world.
	command func(*rollout.Engine, rollout.Target) error
	turn    func(e env) (env, bool)
	// late is set if it may happen after the rollout has ended.
	late bool
	// helps is set if the rollout may rely on its happening in the end, like a resume.
	helps bool
	// target is the target that it is about, an index of model.targets.
	target int
}

const unlimited = 255

// env is what health and gates say of one target.
type env uint16

const (
	regresses env = 1 << iota // health calls everything worse
	undecided                 // health cannot say
	gateHold                  // the host's gate before a stage
	gateDeny
	backDeny    // the host's gate on the way back
	slice0Worse // health calls the first slice of a stage worse
	slice1Worse
	slice2Worse
	nextWorse // health calls everything worse, of any but the first release
)

// maxMoves bounds the moves of a model, and maxWorkers the workers.
const (
	maxMoves   = 10
	maxWorkers = 3
)

// node is one state of everything.
type node struct {
	sent    uint64    // the actions that were sent and may still have an effect
	seen    uint64    // those that had one, for deployers that know keys
	logs    [2]uint32 // of each target
	workers [maxWorkers]uint32
	prods   [2]prod
	envs    [2]env
	left    [maxMoves]uint8 // of the moves
	crashes uint8           // that are left
	errors  uint8           // sends that may still report an error
	flaw    flaw            // what the last step did wrong
}

// prod is production: the action in force, the highest ordinal that the deployer
// remembers, and the highest that ever took effect.
type prod struct {
	force     actID
	high, top uint8
}

type pc uint8

const (
	absent  pc = iota
	idle       // not at work
	loaded     // has a view of the log, and asks
	looked     // has seen production, and asks the rest, where that is a step of its own
	asked      // has answers, and decides and appends
	sending    // has an action to apply
	sent       // has applied, and observes
	early      // of a mutant: has an action to apply before it appends
)

// worker is a program that drives rollouts. What it is in the middle of is of one target.
type worker struct {
	pc     pc
	target uint8
	stale  bool // the log has gone on since it was loaded
	failed bool // the send reported an error
	act    actID
	view   uint32
	answer uint32
}

// answer is Facts without what follows from the view.
type answer struct {
	observed bool
	prod     prod
	env      env
	applied  actID
	failed   bool
	// after and dependents are what the engine's own gates say, from other streams.
	after, dependents said
}

type decided struct {
	after uint32 // the log after the decision's entries
	apply actID
	stay  bool
	flaw  flaw
}

// step is a way on from a node.
type step struct {
	node
	// unhelpful steps are those that nobody may rely on: crashes, errors, commands.
	unhelpful bool
	exposes   bool // a delivery of an exposure
	kind      stepKind
	who       uint8 // worker, action or move
}

type stepKind uint8

const (
	stepDeliver stepKind = iota
	stepWork
	stepError
	stepCrash
	stepMove
	stepForget
)

func newModel(t *testing.T, c modelCase) *model {
	m := &model{t: t, plans: c.plans, moves: c.moves, mutant: c.mutant, splits: c.splits, slow: c.slow, acts: make([]act, 1), actIDs: map[string]actID{},
		byHash: map[release.Digest]int{}, byContent: map[string]int{}, same: map[int][]int{},
		answerIDs: map[answer]uint32{}, workerIDs: map[worker]uint32{}}
	m.tables = newTables()
	m.exactTables = newTables()
	require.LessOrEqual(t, len(c.moves), maxMoves)
	m.start = node{crashes: c.crashes, errors: c.errors}
	for i, v := range c.moves {
		m.start.left[i] = v.left
	}
	m.worker(worker{})
	for i := range c.workers {
		m.start.workers[maxWorkers-1-i] = m.worker(worker{pc: idle})
	}
	for i, p := range c.plans {
		m.targets = append(m.targets, p.Target)
		j := new(journal.Memory)
		e, err := rollout.New(rollout.Options{Journal: j, Deployer: new(deploytest.Simulated), Now: func() time.Time { return nine }})
		require.NoError(t, err)
		_, err = e.Start(t.Context(), p, ada)
		require.NoError(t, err)
		l := modelLog{state: rollout.NewState(p.Target)}
		for r, err := range j.Load(t.Context(), p.Target.Stream(), 0) {
			require.NoError(t, err)
			l, err = m.extend(l, r)
			require.NoError(t, err)
		}
		m.start.logs[i] = m.intern(l)
	}
	return m
}

func (m *model) worker(w worker) uint32 {
	id, ok := m.workerIDs[w]
	if !ok {
		id = uint32(len(m.workers))
		m.workers = append(m.workers, w)
		m.workerIDs[w] = id
	}
	return id
}

func (m *model) answer(a answer) uint32 {
	id, ok := m.answerIDs[a]
	if !ok {
		id = uint32(len(m.answers))
		m.answers = append(m.answers, a)
		m.answerIDs[a] = id
	}
	return id
}

// questions is what of the world a worker with some view asks about.
type questions struct {
	observe           bool
	env               env // the bits that it will learn
	after, dependents bool
}

func (m *model) questions(view uint32) questions {
	l := &m.logs[view]
	if !l.asked {
		q := rollout.Ask(m.seen(l), l.now())
		l.asks.observe = q.Observe
		if q.Health != nil {
			l.asks.env |= m.worse(l) | undecided
		}
		for i := range q.Slices {
			l.asks.env |= slice0Worse<<m.slice(q.Slices[i]) | undecided
		}
		for _, g := range q.Gates {
			switch {
			case g.Gate == rollout.GateAfter:
				l.asks.after = true
			case g.Gate == rollout.GateDependents:
				l.asks.dependents = true
			case g.Back:
				l.asks.env |= backDeny
			default:
				l.asks.env |= gateHold | gateDeny
			}
		}
		l.asked = true
	}
	return l.asks
}

// facts are a's, as a worker with view l has them.
func (m *model) facts(l *modelLog, a answer) rollout.Facts {
	f := rollout.Facts{Now: l.now(), Actor: "service:model"}
	if a.applied != 0 {
		f.Applied = &rollout.Applied{Fence: l.fence(m.acts[a.applied].ordinal)}
		if a.failed {
			f.Applied.Error = "timeout"
		}
	} else {
		q := rollout.Ask(m.seen(l), f.Now)
		if q.Health != nil {
			f.Health = &rollout.HealthAnswer{Verdict: a.env.health(m.worse(l))}
		}
		for _, h := range q.Slices {
			f.Slices = append(f.Slices, rollout.HealthAnswer{Slice: h.Slice, Verdict: a.env.health(slice0Worse << m.slice(h))})
		}
		for _, g := range q.Gates {
			f.Gates = append(f.Gates, a.gate(g))
		}
	}
	if a.observed {
		f.Observed = &rollout.Observation{Observed: m.observed(l, a.prod)}
	}
	return f
}

// worse is the bit that says that the release that l rolls out is worse.
func (m *model) worse(l *modelLog) env {
	if t := slices.Index(m.targets, l.state.Target); l.state.Rollout.Plan.Release != m.plans[t].Release {
		return nextWorse
	}
	return regresses
}

// slice is the index of the slice that health is asked about.
func (m *model) slice(q rollout.HealthQuery) int {
	i := slices.Index(q.Stage.Slices, *q.Slice)
	require.True(m.t, 0 <= i && i < 3, "%v has no bit", q.Slice)
	return i
}

// health is what health says, where worse is the bit that says regressed.
func (e env) health(worse env) health.Verdict {
	switch {
	case e&worse != 0:
		return health.Verdict{Kind: health.KindRegressed}
	case e&undecided != 0:
		return health.Verdict{Kind: health.KindUndecided}
	}
	return health.Verdict{Kind: health.KindHealthy}
}

// said is a gate's verdict with the code of its reason: all of it that may decide, or be
// worth a record. Texts and references are for people.
type said struct {
	verdict release.Verdict
	code    string
}

func (v said) result() rollout.GateResult {
	return rollout.GateResult{Verdict: v.verdict, Reason: release.Reason{Code: v.code}}
}

// gate is what a gate says.
func (a answer) gate(q rollout.GateQuery) rollout.GateAnswer {
	g := rollout.GateAnswer{Gate: q.Gate, Result: rollout.GateResult{Verdict: release.VerdictAllow}}
	switch {
	case q.Gate == rollout.GateAfter:
		g.Result = a.after.result()
	case q.Gate == rollout.GateDependents:
		g.Result = a.dependents.result()
	case q.Back && a.env&backDeny != 0, !q.Back && a.env&gateDeny != 0:
		g.Result.Verdict = release.VerdictDeny
	case !q.Back && a.env&gateHold != 0:
		g.Result.Verdict = release.VerdictHold
	}
	return g
}

// builtIn is what the engine's own gate says to a worker with this view, while the
// targets' logs are as in n.
func (m *model) builtIn(n *node, view uint32, gate string) said {
	key := builtInKey{view, n.logs, gate}
	if v, ok := m.builtIns[key]; ok {
		return v
	}
	j := new(journal.Memory)
	for t := range m.targets {
		m.fill(j, &m.logs[n.logs[t]])
	}
	l := &m.logs[view]
	a := rollout.AnswerBuiltIn(m.t.Context(), j, l.state, rollout.GateQuery{Gate: gate})
	require.Empty(m.t, a.Error)
	v := said{a.Verdict(), a.Result.Reason.Code}
	m.builtIns[key] = v
	return v
}

type builtInKey struct {
	view uint32
	logs [2]uint32
	gate string
}

// observed is what the deployer reports, with the fences of l's stream.
func (m *model) observed(l *modelLog, p prod) rollout.Observed {
	o := rollout.Observed{Settled: !m.slow || m.acts[p.force].ordinal == p.high, Fence: l.fence(p.high), Shares: m.acts[p.force].shares}
	if p.force == 0 {
		o.Shares = []rollout.Share{{Release: l.state.Rollout.Plan.Previous.Digest, Slice: rollout.Slice{Percent: 100}}}
	}
	return o
}

// decide is what a worker with this view does with these answers.
func (m *model) decide(view, answer uint32) decided {
	key := [2]uint32{view, answer}
	d, ok := m.memo[key]
	if !ok {
		d = m.decideOn(view, m.answers[answer])
		m.memo[key] = d
	}
	return d
}

func (m *model) decideOn(log uint32, a answer) decided {
	l := m.logs[log]
	f := m.facts(&l, a)
	if m.mutant.facts != nil {
		m.mutant.facts(m, &l, &f)
	}
	d, err := rollout.Decide(m.seen(&l), f)
	if err != nil {
		return decided{after: log, stay: true, flaw: flawDecide}
	}
	out := decided{stay: len(d.Entries) == 0}
	after := l
	for _, e := range d.Entries {
		next, err := m.extend(after, journal.Seal(after.state.Head, e))
		if err != nil {
			return decided{after: log, stay: true, flaw: flawReduce}
		}
		out.flaw = max(out.flaw, m.order(&after, &next))
		after = next
	}
	if out.after = log; !out.stay {
		out.after = m.intern(after)
	}
	if d.Apply != nil {
		out.apply = m.ordered(&after, *d.Apply)
		if out.apply == 0 {
			out.flaw = max(out.flaw, flawUnordered)
		}
	}
	return out
}

// seen is l's state as the engine sees it: as it is, unless a mutant is blind.
func (m *model) seen(l *modelLog) rollout.State {
	s := l.state
	if m.mutant.blind != nil {
		r := *s.Rollout
		m.mutant.blind(&r)
		s.Rollout = &r
	}
	return s
}

// ordered is the action a of l's stream, 0 if the stream does not have it.
func (m *model) ordered(l *modelLog, a rollout.Action) actID {
	for i, id := range l.acts {
		if l.fences[i] == a.Fence {
			return id
		}
	}
	return 0
}

// order says what is wrong with a record that leads from a to b.
func (m *model) order(a, b *modelLog) flaw {
	if len(a.acts) == len(b.acts) {
		return noFlaw
	}
	last := b.acts[len(b.acts)-1]
	n := len(b.fences)
	r := a.state.Rollout
	switch {
	case n > 1 && b.fences[n-1] <= b.fences[n-2], slices.Contains(a.keys, b.keys[n-1]):
		return flawFence
	case m.acts[last].Kind == rollout.ActionExpose && (r.Paused != nil || r.Abort != nil || r.Superseded != nil || r.Held != nil || a.regressed):
		return flawWidens
	case m.acts[last].Kind != rollout.ActionExpose && r.Widest >= 0 &&
		slices.ContainsFunc(r.Plan.Stages[:r.Widest+1], func(s rollout.Stage) bool { return s.Irreversible }):
		return flawIrreversible
	}
	return noFlaw
}

// successors are all ways on from n. They are overwritten by the next call.
func (m *model) successors(n *node) []step {
	m.out = m.out[:0]
	m.deliveries(n)
	for i := range n.workers {
		w := m.workers[n.workers[i]]
		if w.pc == absent || i > 0 && n.workers[i] == n.workers[i-1] && !m.exact {
			continue // the same as the worker before: it would do the same
		}
		m.work(n, i, w)
		if w.pc != idle && n.crashes > 0 {
			next := *n
			next.workers[i] = m.worker(worker{pc: idle})
			spend(&next.crashes)
			m.add(step{node: next, unhelpful: true, kind: stepCrash, who: uint8(i)})
		}
	}
	for i := range m.moves {
		m.move(n, i)
	}
	return m.out
}

// spend takes one of what is left.
func spend(left *uint8) {
	if *left != unlimited {
		*left--
	}
}

// add is one more way on. What can have no effect any more is left out of it, and
// the workers are sorted: they are alike.
func (m *model) add(s step) {
	if !m.exact {
		s.sent = m.alive(&s.node)
		m.settle(&s.node)
		if !m.named {
			s.sort()
		}
	}
	m.out = append(m.out, s)
}

// settle takes the local steps of workers at once: those that neither read nor write
// anything shared. Nobody can see whether they were taken, and they take nothing from
// anyone, so they need no interleaving. And a worker of which nothing can come but
// that it loads again counts as idle, from where it loads too.
func (m *model) settle(n *node) {
	if m.patient || m.mutant.appliesFirst {
		return
	}
	for i, id := range n.workers {
		w := m.workers[id]
		switch {
		case w.pc == asked && (!w.stale || !m.mutant.appendsAnyway):
			d := m.decide(w.view, w.answer)
			switch {
			case d.flaw != noFlaw, !d.stay && !w.stale:
				continue
			case !d.stay || d.apply == 0: // it cannot append, or rests
				w = worker{pc: idle}
			default:
				w = worker{pc: sending, target: w.target, view: w.view, stale: w.stale, act: d.apply}
			}
		case w.stale && !m.mutant.appendsAnyway && ((w.pc == loaded || w.pc == looked) && !m.resends(w.view) || w.pc == sent):
			w = worker{pc: idle}
		default:
			continue
		}
		n.workers[i] = m.worker(w)
	}
}

// resends reports whether a worker with this view may send something without an
// append that shows it that the view is old. It must ask for nothing then that the
// view does not have pending. (Who has just sent never sends again before it has
// recorded what became of it: Decide says so of every answer that is met, and
// model.append of a flaw if not.)
func (m *model) resends(view uint32) bool {
	r := m.logs[view].state.Rollout
	return r.Pending != nil
}

// sort sorts the workers.
func (n *node) sort() {
	w := &n.workers
	for i := 1; i < len(w); i++ {
		for j := i; j > 0 && w[j] < w[j-1]; j-- {
			w[j], w[j-1] = w[j-1], w[j]
		}
	}
}

// alive are the messages that may still change something. Under the contract one
// that was overtaken never will: the highest fence only rises.
func (m *model) alive(n *node) uint64 {
	if m.mutant.deliver != nil || m.mutant.forget || m.slow {
		return n.sent
	}
	left := n.sent
	for id := actID(1); int(id) < len(m.acts); id++ {
		if a := &m.acts[id]; left&(1<<id) != 0 && a.ordinal <= n.prods[a.target].high {
			left &^= 1 << id
		}
	}
	return left
}

func (m *model) deliveries(n *node) {
	for id := actID(1); int(id) < len(m.acts); id++ {
		if n.sent&(1<<id) == 0 {
			continue
		}
		next := *n
		m.deliver(&next, id)
		if next != *n {
			m.add(step{node: next, exposes: m.acts[id].Kind == rollout.ActionExpose, kind: stepDeliver, who: uint8(id)})
		}
	}
	if m.mutant.forget {
		for i := range m.targets {
			if next := *n; next.prods[i].high > 0 {
				next.prods[i].high = 0
				m.add(step{node: next, unhelpful: true, kind: stepForget})
			}
		}
	}
}

// deliver lets a message arrive. Under the contract it has an effect if its fence is
// higher than all before.
func (m *model) deliver(n *node, id actID) {
	a := &m.acts[id]
	p := &n.prods[a.target]
	if m.mutant.deliver != nil {
		m.mutant.deliver(m, n, id)
		return
	}
	switch {
	case a.ordinal > p.high:
		p.high = a.ordinal
		if !m.slow {
			m.effect(n, id)
		}
	case a.ordinal == p.high && p.top < p.high: // a slow deployer has got that far
		m.effect(n, id)
	}
}

// effect makes an action be in force.
func (m *model) effect(n *node, id actID) {
	a := &m.acts[id]
	p := &n.prods[a.target]
	switch {
	case p.top == a.ordinal:
		n.flaw = flawTwice
	case p.top > a.ordinal:
		n.flaw = flawOrder
	}
	p.force, p.top = id, max(p.top, a.ordinal)
	n.seen |= 1 << id
	if m.mutant.deliver == nil {
		n.seen = 0 // who knows fences need not know keys
	}
}

func (m *model) move(n *node, i int) {
	v := &m.moves[i]
	if n.left[i] == 0 || m.logs[n.logs[v.target]].busy() == v.late {
		return
	}
	next := *n
	spend(&next.left[i])
	switch {
	case v.command != nil:
		to, ok := m.command(n.logs[v.target], i)
		if !ok {
			return
		}
		m.goOn(&next, -1, v.target, to)
	default:
		e, ok := v.turn(n.envs[v.target])
		if !ok {
			return
		}
		next.envs[v.target] = e
	}
	m.add(step{node: next, unhelpful: !v.helps, kind: stepMove, who: uint8(i)})
}

// goOn makes to the log of a target. All workers but i have an old view then.
func (m *model) goOn(n *node, i, target int, to uint32) {
	n.logs[target] = to
	for j := range n.workers {
		w := m.workers[n.workers[j]]
		if j != i && w.pc > idle && int(w.target) == target && !w.stale {
			w.stale = true
			n.workers[j] = m.worker(w)
		}
	}
}

// work is what worker i does next.
func (m *model) work(n *node, i int, w worker) {
	put := func(v worker) step {
		next := step{node: *n, kind: stepWork, who: uint8(i)}
		next.workers[i] = m.worker(v)
		return next
	}
	switch w.pc {
	case idle:
		for t := range m.targets {
			if m.logs[n.logs[t]].busy() {
				m.add(put(worker{pc: loaded, target: uint8(t), view: n.logs[t]}))
			}
		}
	case loaded:
		q := m.questions(w.view)
		a := answer{observed: q.observe}
		if q.observe {
			a.prod = n.prods[w.target]
			a.prod.top = 0
		}
		if m.splits && (q.env != 0 || q.after || q.dependents) {
			m.add(put(worker{pc: looked, target: w.target, view: w.view, stale: w.stale, answer: m.answer(a)}))
			return
		}
		m.add(put(m.askRest(n, w, a)))
	case looked:
		m.add(put(m.askRest(n, w, m.answers[w.answer])))
	case asked:
		m.append(n, i, w, put)
	case early:
		s := put(worker{pc: asked, target: w.target, view: w.view, stale: w.stale, answer: w.answer, act: w.act})
		s.sent |= 1 << w.act
		m.add(s)
	case sending:
		w.pc = sent
		s := put(w)
		s.sent |= 1 << w.act
		m.add(s)
		if n.errors > 0 {
			w.failed = true
			s := put(w)
			s.sent |= 1 << w.act
			s.kind, s.unhelpful = stepError, true
			spend(&s.errors)
			m.add(s)
		}
	case sent:
		a := answer{observed: true, prod: n.prods[w.target], applied: w.act, failed: w.failed}
		a.prod.top = 0
		m.add(put(worker{pc: asked, target: w.target, view: w.view, stale: w.stale, answer: m.answer(a)}))
	}
}

// askRest asks health and gates.
func (m *model) askRest(n *node, w worker, a answer) worker {
	q := m.questions(w.view)
	a.env = n.envs[w.target] & q.env
	if q.after {
		a.after = m.builtIn(n, w.view, rollout.GateAfter)
	}
	if q.dependents {
		a.dependents = m.builtIn(n, w.view, rollout.GateDependents)
	}
	return worker{pc: asked, target: w.target, view: w.view, stale: w.stale, answer: m.answer(a)}
}

// append lets worker i decide and append.
func (m *model) append(n *node, i int, w worker, put func(worker) step) {
	d := m.decide(w.view, w.answer)
	if m.mutant.appliesFirst && !d.stay && d.apply != 0 && w.act == 0 {
		m.add(put(worker{pc: early, target: w.target, view: w.view, stale: w.stale, answer: w.answer, act: d.apply}))
		return
	}
	if m.mutant.appendsAnyway && w.stale && !d.stay {
		s := put(worker{pc: idle})
		s.flaw = m.appendAnyway(w, n.logs[w.target])
		m.add(s)
		return
	}
	switch {
	case !d.stay && w.stale: // ErrConflict: read and decide again
		v := worker{pc: idle}
		if m.logs[n.logs[w.target]].busy() {
			v = worker{pc: loaded, target: w.target, view: n.logs[w.target]}
		}
		m.add(put(v))
	case d.stay && d.apply == 0:
		s := put(worker{pc: idle})
		s.flaw = d.flaw
		m.add(s)
	default:
		v := worker{pc: loaded, target: w.target, view: d.after, stale: w.stale}
		switch {
		case d.apply != 0 && w.act == 0:
			v.pc, v.act = sending, d.apply
		case d.apply != 0:
			v.pc, v.act = sent, d.apply
		case m.mutant.asksOnce && len(m.logs[d.after].acts) > len(m.logs[w.view].acts):
			v.pc, v.act = sending, m.logs[d.after].last()
		case !m.logs[d.after].busy():
			v = worker{pc: idle}
		}
		s := put(v)
		s.flaw = d.flaw
		if !d.stay {
			m.goOn(&s.node, i, int(w.target), d.after)
		}
		m.add(s)
	}
}

// appendAnyway is what Reduce says to the entries of an old view after the log.
func (m *model) appendAnyway(w worker, log uint32) flaw {
	old, l := m.logs[w.view], m.logs[log]
	f := m.facts(&old, m.answers[w.answer])
	d, err := rollout.Decide(old.state, f)
	require.NoError(m.t, err)
	for _, e := range d.Entries {
		if l, err = m.extend(l, journal.Seal(l.state.Head, e)); err != nil {
			return flawReduce
		}
	}
	return noFlaw
}

// text says what s is, in the words of a trace.
func (m *model) text(from *node, s *step) string {
	switch s.kind {
	case stepDeliver:
		return fmt.Sprintf("%v arrives", m.acts[s.who])
	case stepCrash:
		return fmt.Sprintf("worker %d crashes", s.who)
	case stepError:
		return fmt.Sprintf("worker %d sends %v and is told an error", s.who, m.acts[m.workers[from.workers[s.who]].act])
	case stepMove:
		return m.moves[s.who].name
	case stepForget:
		return "the deployer crashes and forgets its fence"
	}
	w := m.workers[from.workers[s.who]]
	switch w.pc {
	case idle:
		return fmt.Sprintf("worker %d loads", s.who)
	case loaded, looked:
		return fmt.Sprintf("worker %d asks", s.who)
	case sending, early:
		return fmt.Sprintf("worker %d sends %v", s.who, m.acts[w.act])
	case sent:
		return fmt.Sprintf("worker %d observes", s.who)
	}
	d := m.decide(w.view, w.answer)
	switch {
	case d.stay && d.apply != 0:
		return fmt.Sprintf("worker %d decides to send %v again", s.who, m.acts[d.apply])
	case d.stay:
		return fmt.Sprintf("worker %d rests", s.who)
	case w.stale:
		return fmt.Sprintf("worker %d cannot append and loads", s.who)
	case d.apply != 0 && m.workers[s.workers[s.who]].pc == early:
		return fmt.Sprintf("worker %d decides on %v, which it sends before it appends", s.who, m.acts[d.apply])
	case d.apply != 0:
		return fmt.Sprintf("worker %d orders %v", s.who, m.acts[d.apply])
	}
	return fmt.Sprintf("worker %d records: %v", s.who, m.logs[d.after].phase())
}
