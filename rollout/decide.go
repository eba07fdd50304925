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
		return begin(s, f)
	}
	f = f.about(s)
	clock := f.Now
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
	if latest := clock.Add(after.Rollout.Plan.poll()); v.what == stay && clock.Before(s.At) && latest.Before(v.wake) {
		v.wake = latest // the stream is ahead of this clock, and nobody else may look
	}
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
	switch {
	case v.what == end && after.Next == nil:
		return d, nil
	case v.what == end: // nobody sees a target that neither of the two has
		if after, err = Reduce(after, journal.Seal(after.Head, order)); err != nil {
			return Decision{}, err
		}
		follows, err := begin(after, f)
		d.Entries = append(d.Entries, follows.Entries...)
		return d, err
	case v.what == rollback, v.what == withdraw, v.what == expose && len(after.Rollout.Plan.After) == 0:
		a := v.action(after)
		d.Apply = &a
	}
	// What others must see before it happens is appended first and done after they were
	// asked once more: an exposure on top of others, and a retreat from under them.
	d.WakeAt = f.Now
	return d, nil
}

// begin starts the rollout that was to follow, if any.
func begin(s State, f Facts) (Decision, error) {
	n := s.Next
	if n == nil {
		return Decision{}, nil
	}
	now := s.time(f.Now)
	d := &startedData{V: recordVersion, Plan: n.Plan, Digest: n.Digest, By: n.By, Ordered: n.Seq}
	started, err := entry(now, n.By.Actor.ID, RecordStarted, d.sentence(), d)
	if err != nil {
		return Decision{}, err
	}
	if _, err := Reduce(s, journal.Seal(s.Head, started)); err != nil {
		return Decision{}, err
	}
	return Decision{Entries: []journal.Entry{started}, WakeAt: now}, nil
}

type what uint8

const (
	stay what = iota
	expose
	withdraw
	hold
	retreat
	rollback
	end
)

// verdict is what follows from a state: nothing until wake, an action, or the end.
type verdict struct {
	what  what
	phase Phase          // of end
	cause release.Reason // of all but stay and expose
	why   release.Reason // of hold
	out   []Withdrawn    // of withdraw
	wake  time.Time      // of stay
}

// action is the action that v orders by the record after s.
func (v verdict) action(s State) Action {
	r, stream, seq := s.Rollout, s.Head.Stream, s.Head.Seq+1
	switch v.what {
	case expose:
		return r.expose(stream, r.next(), seq)
	case withdraw:
		return r.withdraw(stream, v.out, seq)
	}
	return r.rollback(stream, seq)
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
	case hold:
		return entry(now, actor, RecordHeld, v.why.Text, heldData{recordVersion, Held{v.cause, v.why}})
	case retreat:
		return entry(now, actor, RecordRetreating, text, retreatData{recordVersion, v.cause})
	case expose:
		text = fmt.Sprintf("expose stage %s", s.Rollout.Plan.Stages[s.Rollout.next()].Name)
	}
	return entry(now, actor, RecordAction, text, actionData{recordVersion, v.action(s), v.cause, v.out})
}

// next is the whole of the deciding. It looks at recorded facts only, and only at
// those of the last record: an answer is never used twice.
func next(s State, now time.Time) verdict {
	r := s.Rollout
	f := Facts{Now: now}
	if r.FactsSeq == s.Head.Seq {
		f = r.Facts
	}
	switch {
	case r.Phase == PhaseRollingBack && r.Pending == nil:
		return verdict{what: end, phase: PhaseRolledBack, cause: r.Cause}
	case r.Phase == PhaseRollingBack:
		return verdict{wake: r.retry(now)}
	case s.Next != nil && s.Next.Forward:
		return r.giveWay(s.Next)
	case r.Phase == PhaseRetreating:
		return r.retreat(f)
	}
	if cause, back := r.takeBack(f); back {
		if v := r.back(cause); v.what != stay {
			return v
		}
	} else if out := r.withdrawals(f); len(out) > len(r.Withdrawn) {
		return verdict{what: withdraw, cause: out[len(r.Withdrawn)].Cause, out: out}
	}
	switch {
	case r.Pending != nil:
		return verdict{wake: r.retry(now)}
	case r.doneSeq == s.Head.Seq:
		return verdict{wake: now} // what was answered was about the stage before
	case r.kept():
		return verdict{wake: r.beforeDeadline(now.Add(r.Plan.poll()), now)}
	case !r.Restore && r.Stage >= 0 && !r.mayLeave(f):
		return verdict{wake: r.bakeWake(now)}
	case !r.Restore && r.Stage == r.Plan.last():
		return verdict{what: end, phase: PhaseDeployed}
	case f.regressed():
		return verdict{wake: r.bakeWake(now)} // overridden: it stays where it is, but it does not widen
	case r.closed(r.next(), f).Code != "":
		return verdict{wake: r.gateWake(f, now)}
	case r.asLeft(f.Observed) != nil:
		return verdict{wake: now.Add(r.Plan.poll())}
	}
	return verdict{what: expose}
}

// giveWay ends the rollout for the one that rolls forward.
func (r *Rollout) giveWay(n *Next) verdict {
	cause := release.Reason{Code: "rollout/rolled-forward", Subject: n.By.Actor.ID, Text: n.By.Reason}
	if !r.out() {
		return verdict{what: end, phase: PhaseStopped, cause: cause}
	}
	return verdict{what: end, phase: PhaseReplaced, cause: cause}
}

// mayLeave reports whether the exposed stage has baked, or what is left of that is
// skipped: the time is over, health says what the stage demands, and production is seen
// to be what the stage says.
func (r *Rollout) mayLeave(f Facts) bool {
	baked := r.Skipped != nil || !f.Now.Before(r.baked()) && r.healthy(r.Stage, f.Health, f.Slices)
	return baked && r.asLeft(f.Observed) == nil
}

// healthy reports whether answers about stage i are all that its rule demands.
func (r *Rollout) healthy(i int, whole *HealthAnswer, parts []HealthAnswer) bool {
	s := r.Plan.Stages[i]
	switch {
	case s.Health == HealthIgnored || r.lifted(GateHealth, i):
		return true
	case !s.PerSlice:
		return whole.meets(s.Health)
	}
	want := r.served(i)
	if len(parts) != len(want) {
		return false
	}
	for k := range parts {
		if parts[k].Slice == nil || *parts[k].Slice != want[k] || !parts[k].meets(s.Health) {
			return false
		}
	}
	return true
}

// served are the slices of stage i without those that were taken back.
func (r *Rollout) served(i int) []Slice {
	all := r.Plan.Stages[i].Slices
	if i != r.Stage || len(r.Withdrawn) == 0 {
		return all
	}
	var out []Slice
	for _, s := range all {
		if !isWithdrawn(r.Withdrawn, s) {
			out = append(out, s)
		}
	}
	return out
}

// again is the pending action if it is to be applied again now. For one that
// widens, gates and health must say yes again: the order may be old.
func again(s State, f Facts) *Action {
	r := s.Rollout
	if r.Pending == nil || f.Applied != nil || f.Now.Before(r.Pending.NotBefore) || !r.Pending.Seen.IsZero() {
		return nil
	}
	a := r.Pending.Action
	if a.Kind == ActionExpose && !r.exposeAgain(f) {
		return nil
	}
	return &a
}

func (r *Rollout) exposeAgain(f Facts) bool {
	if r.kept() || r.closed(r.Pending.Stage, f).Code != "" {
		return false
	}
	if o := f.Observed; o != nil && o.Unfenced > 0 && r.asLeft(o) != nil {
		return false // somebody else has acted, and nothing would refuse this one
	}
	// What let the stage be left lets it be left when the order is old, too.
	if r.Stage < 0 || r.Skipped != nil || r.lifted(GateHealth, r.Stage) || r.lifted(GateHealth, r.Pending.Stage) {
		return true
	}
	rule := r.Plan.Stages[r.Stage].Health
	for i := range f.Slices {
		if !f.Slices[i].meets(rule) {
			return false
		}
	}
	return len(f.Slices) > 0 || f.Health.meets(rule)
}

// noteworthy reports whether the facts that lead from a to b are worth a record
// although nothing was decided. The rest would only fill the journal.
func noteworthy(a, b *Rollout) bool {
	switch {
	case (a.Pending == nil) != (b.Pending == nil), a.Drift != b.Drift:
		return true
	case a.Phase == PhaseBaking && a.Facts.Now.Before(a.baked()) && !b.Facts.Now.Before(a.baked()):
		return true // the bake time is over: from here on it waits for something else
	case a.Pending != nil && b.Pending != nil && (a.Pending.Failures != b.Pending.Failures || !a.Pending.Seen.Equal(b.Pending.Seen)):
		return true
	case !b.Phase.Ended() && a.within(a.Facts) != b.within(b.Facts):
		return true
	}
	hadHealth, hadGates := Facts{Health: a.Health, Slices: a.SliceHealth, Gates: a.Gates}.gist()
	hasHealth, hasGates := Facts{Health: b.Health, Slices: b.SliceHealth, Gates: b.Gates}.gist()
	return hadHealth != hasHealth || hadGates != hasGates
}
