package rollout

import (
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// Decision is what [Decide] wants done, in this order.
type Decision struct {
	// Entries are to be appended together, at the version of the state that was
	// decided on. If that fails, nothing else may be done: read and decide again.
	Entries []journal.Entry
	// Apply is the action to hand to the deployer once Entries are appended, or nil.
	// It is the state's pending action after Entries.
	Apply *Action
	// WakeAt is when to ask and decide again if nothing else happens; zero if the
	// rollout has ended.
	WakeAt time.Time
}

// Decide says how a rollout goes on, given what was answered to [Ask]'s
// questions. It is pure: the same state and facts give the same bytes. The error
// is of facts that cannot be recorded; it decides nothing.
func Decide(s State, f Facts) (Decision, error) {
	if !s.Running() {
		return Decision{}, nil
	}
	f = f.about(s)
	f.Now = s.time(f.Now)
	known, err := entry(f.Now, f.Actor, RecordFacts, f.summary(), factsData{recordVersion, f})
	if err != nil {
		return Decision{}, err
	}
	// Decide on the state in which the facts are recorded: what decides is what an
	// auditor will read.
	after, err := Reduce(s, journal.Seal(s.Head, known))
	if err != nil {
		return Decision{}, err
	}
	v := next(after, f.Now)
	if v.what == stay {
		d := Decision{WakeAt: v.wake, Apply: again(after, f)}
		if noteworthy(s.Rollout, after.Rollout) {
			d.Entries = []journal.Entry{known}
		}
		return d, nil
	}
	order, err := v.entry(after, f.Now, f.Actor)
	if err != nil {
		return Decision{}, err
	}
	d := Decision{Entries: []journal.Entry{known, order}}
	if v.what != end {
		a := v.action(after)
		d.Apply, d.WakeAt = &a, f.Now
	}
	return d, nil
}

type what uint8

const (
	stay what = iota
	expose
	rollback
	end
)

// verdict is what follows from a state: nothing until wake, an action, or the end.
type verdict struct {
	what  what
	stage int   // of expose
	phase Phase // of end
	cause release.Reason
	wake  time.Time // of stay
}

// action is the action that v orders by the record after s.
func (v verdict) action(s State) Action {
	if v.what == expose {
		return s.Rollout.expose(s.Head.Stream, v.stage, s.Head.Seq+1)
	}
	return s.Rollout.rollback(s.Head.Stream, s.Head.Seq+1)
}

// entry records v after s.
func (v verdict) entry(s State, now time.Time, actor string) (journal.Entry, error) {
	text := v.cause.Text
	switch v.what {
	case end:
		if text == "" {
			text = v.phase.String()
		}
		return entry(now, actor, RecordEnded, text, endedData{recordVersion, v.phase, v.cause})
	case expose:
		text = fmt.Sprintf("expose stage %s", s.Rollout.Plan.Stages[v.stage].Name)
	}
	return entry(now, actor, RecordAction, text, actionData{recordVersion, v.action(s), v.cause})
}

// next is the whole of the deciding. It looks at recorded facts only, and only at
// those of the last record: an answer is never used twice.
func next(s State, now time.Time) verdict {
	r := s.Rollout
	var f Facts
	if r.FactsSeq == s.Head.Seq {
		f = r.Facts
	}
	if r.Phase == PhaseRollingBack {
		if r.Pending == nil {
			return verdict{what: end, phase: PhaseRolledBack, cause: r.Cause}
		}
		return verdict{wake: r.retry(now)}
	}
	if cause, back := r.takeBack(f, now); back {
		if r.Widest < 0 {
			return verdict{what: end, phase: PhaseStopped, cause: cause}
		}
		return verdict{what: rollback, cause: cause}
	}
	switch {
	case r.Pending != nil:
		return verdict{wake: r.retry(now)}
	case r.StageSeq == s.Head.Seq:
		return verdict{wake: now} // what was answered was about the stage before
	case r.Paused != nil:
		return verdict{wake: now.Add(r.Plan.poll())}
	case r.Stage >= 0 && !r.mayLeave(f, now):
		return verdict{wake: r.bakeWake(now)}
	case r.Stage == len(r.Plan.Stages)-1:
		return verdict{what: end, phase: PhaseDeployed}
	case !allow(r.Plan.gates(r.Stage+1), f.Gates):
		return verdict{wake: r.gateWake(f, now)}
	case r.asLeft(f.Observed) != nil:
		return verdict{wake: now.Add(r.Plan.poll())}
	}
	return verdict{what: expose, stage: r.Stage + 1}
}

// takeBack says why the release must go, the surest cause first. Being undecided
// for too long does not count while somebody has paused.
func (r *Rollout) takeBack(f Facts, now time.Time) (release.Reason, bool) {
	if r.Abort != nil {
		return release.Reason{Code: "rollout/aborted", Subject: r.Abort.Actor.ID, Text: r.Abort.Reason}, true
	}
	if f.Health.regressed() {
		return release.Reason{Code: "rollout/regressed", Subject: f.Health.Verdict.Metric, Text: f.Health.Verdict.Why}, true
	}
	for _, g := range f.Gates {
		if g.Verdict() == release.VerdictDeny {
			return g.reason(), true
		}
	}
	deadline, ok := r.deadline()
	if !ok || r.Paused != nil || now.Before(deadline) {
		return release.Reason{}, false
	}
	if stage := r.watched(); stage.OnUndecided == UndecidedRollback && (r.Pending != nil || !f.Health.meets(stage.Health)) {
		text := fmt.Sprintf("still undecided after %v: %v", stage.MaxBake, f.Health)
		if r.Pending != nil {
			text = fmt.Sprintf("still not observed after %v", stage.MaxBake)
		}
		return release.Reason{Code: "rollout/undecided", Subject: stage.Name, Text: text}, true
	}
	return release.Reason{}, false
}

// watched is the stage that is exposed or being exposed.
func (r *Rollout) watched() Stage {
	if r.Pending != nil {
		return r.Plan.Stages[r.Stage+1]
	}
	return r.Plan.Stages[r.Stage]
}

// deadline is when the watched stage must be decided, if ever.
func (r *Rollout) deadline() (time.Time, bool) {
	if r.Widest < 0 || r.Phase == PhaseRollingBack || r.watched().MaxBake == 0 {
		return time.Time{}, false
	}
	return r.stageSince().Add(r.watched().MaxBake), true
}

// mayLeave reports whether the exposed stage has baked: the time is over, health
// says what the stage demands, and production is seen to be what the stage says.
func (r *Rollout) mayLeave(f Facts, now time.Time) bool {
	return !now.Before(r.baked()) && f.Health.meets(r.Plan.Stages[r.Stage].Health) && r.asLeft(f.Observed) == nil
}

// again is the pending action if it is to be applied again now. For one that
// widens, gates and health must say yes again: the order may be old.
func again(s State, f Facts) *Action {
	r := s.Rollout
	if r.Pending == nil || f.Applied != nil || f.Now.Before(r.Pending.NotBefore) {
		return nil
	}
	a := r.Pending.Action
	if a.Kind == ActionExpose && (r.Paused != nil || r.Abort != nil || !allow(r.Plan.gates(r.Stage+1), f.Gates)) {
		return nil
	}
	if a.Kind == ActionExpose && r.Stage >= 0 && !f.Health.meets(r.Plan.Stages[r.Stage].Health) {
		return nil
	}
	return &a
}

func (r *Rollout) retry(now time.Time) time.Time {
	wake := now.Add(r.Plan.poll())
	if r.Pending.NotBefore.After(now) {
		wake = r.Pending.NotBefore
	}
	return r.beforeDeadline(wake, now)
}

func (r *Rollout) bakeWake(now time.Time) time.Time {
	wake := now.Add(r.Plan.poll())
	if baked := r.baked(); now.Before(baked) && (r.Plan.Stages[r.Stage].Health == HealthIgnored || baked.Before(wake)) {
		wake = baked
	}
	return r.beforeDeadline(wake, now)
}

func (r *Rollout) gateWake(f Facts, now time.Time) time.Time {
	wake := time.Time{}
	for _, g := range f.Gates {
		if t := g.Result.Retry; t.After(now) && (wake.IsZero() || t.Before(wake)) && g.Verdict() == release.VerdictHold {
			wake = t
		}
	}
	poll := now.Add(r.Plan.poll())
	if wake.IsZero() || r.Stage >= 0 && r.Plan.Stages[r.Stage].Health != HealthIgnored && poll.Before(wake) {
		wake = poll // health is watched while a gate keeps the rollout waiting
	}
	return r.beforeDeadline(wake, now)
}

func (r *Rollout) beforeDeadline(wake, now time.Time) time.Time {
	if d, ok := r.deadline(); ok && d.After(now) && d.Before(wake) {
		return d
	}
	return wake
}

// noteworthy reports whether the facts that lead from a to b are worth a record
// although nothing was decided. The rest would only fill the journal.
func noteworthy(a, b *Rollout) bool {
	switch {
	case (a.Pending == nil) != (b.Pending == nil), a.Drift != b.Drift:
		return true
	case a.Phase == PhaseBaking && a.Facts.Now.Before(a.baked()) && !b.Facts.Now.Before(a.baked()):
		return true // the bake time is over: from here on it waits for something else
	case a.Pending != nil && b.Pending != nil && a.Pending.Failures != b.Pending.Failures:
		return true
	}
	hadHealth, hadGates := Facts{Health: a.Health, Gates: a.Gates}.gist()
	hasHealth, hasGates := Facts{Health: b.Health, Gates: b.Gates}.gist()
	return hadHealth != hasHealth || hadGates != hasGates
}
