package rollout_test

import (
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
)

// flaw is what a single step did wrong. A step without one leaves noFlaw.
type flaw uint8

const (
	noFlaw flaw = iota
	flawTwice
	flawOrder
	flawFence
	flawWidens
	flawDecide
	flawReduce
	flawUnordered
	flawIrreversible
)

var flaws = map[flaw]string{
	flawTwice:        "an action took effect twice",
	flawOrder:        "an action took effect after a later one",
	flawFence:        "two actions share a key or a fence, or fences fall",
	flawWidens:       "more is exposed while paused, aborted, or after a regression",
	flawDecide:       "Decide fails",
	flawReduce:       "Reduce refuses what Decide wants",
	flawIrreversible: "what cannot be taken back is taken back",
	flawUnordered:    "something is sent that the log does not have",
}

// wrong says what must never be, now. That it is not so after a message that is still
// in flight has arrived is the same question in another node: messages are delivered
// after the end too.
func (m *model) wrong(n *node) string {
	if n.flaw != noFlaw {
		return flaws[n.flaw]
	}
	for t := range m.targets {
		if bad := m.wrongTarget(uint8(t), &m.logs[n.logs[t]], n.prods[t], n.sent); bad != "" {
			return bad
		}
	}
	if len(m.targets) == 2 {
		return m.wrongTogether(n)
	}
	return ""
}

func (m *model) wrongTarget(t uint8, l *modelLog, p prod, sent uint64) string {
	r := l.state.Rollout
	force := &m.acts[p.force]
	if p.force != 0 && !slices.Contains(l.acts, p.force) {
		return "production has what nobody ordered"
	}
	if p.high > uint8(len(l.acts)) {
		return "the deployer has seen a fence that nobody gave"
	}
	shown := p.force != 0 && serves(force, r.Plan.Release)
	switch r.Phase {
	case rollout.PhaseRolledBack:
		if shown {
			return "the log says rolled back, production serves " + force.Stage
		}
	case rollout.PhaseDeployed:
		if !shown || len(force.shares) != len(force.Slices) {
			return "the log says deployed, production has " + force.String()
		}
	case rollout.PhaseStopped:
		if shown {
			return "the log says that nothing was exposed, production serves " + force.Stage
		}
		for id := actID(1); int(id) < len(m.acts); id++ {
			if sent&(1<<id) != 0 && m.acts[id].target == t && serves(&m.acts[id], r.Plan.Release) {
				return "the log says that nothing was exposed, and something was sent"
			}
		}
	}
	if shown && m.stage(r, force) > r.Widest {
		return fmt.Sprintf("stage %d was ordered, production serves %s", r.Widest, force.Stage)
	}
	// What was observed as done, with nothing ordered since, is what serves. Where
	// slices were taken back by themselves, this says that they are.
	if last := l.last(); r.Done != nil && r.Pending == nil && last != 0 && l.fences[len(l.fences)-1] == r.Done.Fence && p.force != last {
		return "the log says that " + m.acts[last].String() + " is done, production has " + force.String()
	}
	if p.force != 0 && (r.Phase == rollout.PhaseDeployed || r.Phase == rollout.PhaseRolledBack || r.Base == nil && r.Phase != rollout.PhaseReplaced && r.Phase != rollout.PhaseStopped) {
		for _, s := range force.shares {
			if s.Release != r.Plan.Release.Digest && s.Release != r.Plan.Previous.Digest {
				return "production serves a release of another rollout"
			}
		}
	}
	return ""
}

// wrongTogether says what must not be of two targets, the second of which rests on the
// first: it must not be exposed on what was taken back. It can be in one way only, by
// somebody's order: when the second has ended on an early stage of the first, and the
// first is aborted, which no dependent that has ended keeps it from ([Engine.Abort]).
func (m *model) wrongTogether(n *node) string {
	provider, consumer := &m.logs[n.logs[0]], &m.logs[n.logs[1]]
	up, down := &m.acts[n.prods[0].force], &m.acts[n.prods[1].force]
	if consumer.phase() == rollout.PhaseDeployed && provider.state.Rollout.Abort != nil {
		return ""
	}
	rests := n.prods[1].force != 0 && serves(down, consumer.state.Rollout.Plan.Release)
	if rests && (n.prods[0].force == 0 || !serves(up, provider.state.Rollout.Plan.Release)) {
		return "the consumer is exposed on a provider that does not serve what it needs"
	}
	return ""
}

// serves reports whether a shows r to anyone.
func serves(a *act, r release.Ref) bool {
	return slices.ContainsFunc(a.shares, func(s rollout.Share) bool { return s.Release == r.Digest })
}

// stage is the index of the stage that a exposes.
func (m *model) stage(r *rollout.Rollout, a *act) int {
	return slices.IndexFunc(r.Plan.Stages, func(s rollout.Stage) bool { return s.Name == a.Stage })
}
