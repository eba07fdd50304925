package rollout

import (
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/internal/enum"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// State is where a target stands. It is made by [Reduce] from the target's
// records and from nothing else. It is a value: what it points to is never
// changed, and callers must not change it either.
type State struct {
	// Target is the one that the stream is of.
	Target Target
	// Head is where the stream stands, At the time of its last record.
	Head journal.Head
	At   time.Time
	// Current is what serves everything as the last rollout that ended, or a host's
	// [Engine.Adopt], left it. Known is false when no record says so; then Current
	// is zero.
	Current release.Ref
	Known   bool
	// LastKnownGood is the release that came through the watch last: its rollout's last
	// stage baked for some time, health was looked at in it, and nobody skipped it or
	// overrode health. Zero if none did or it was poisoned since, and not what
	// [Engine.Adopt] says. GoodSince is when.
	LastKnownGood release.Ref
	GoodSince     time.Time
	// Poisoned are the releases that were rolled back, from the oldest. They are
	// refused as a release and as a previous release.
	Poisoned []Poison
	// Rollout is the one that runs or the last one that ended; nil if there was none.
	Rollout *Rollout
	// Next begins as soon as Rollout has ended, which it takes the place of; nil if none
	// waits.
	Next *Next

	// rests is what Current rests on, by the plan that it was deployed by; where a rollout
	// was halted, what anything rests on that may serve.
	rests []Dependency
	// takenBack are the releases that were taken back so that another could take their
	// place, and not deployed since: they are gone, and not poisoned.
	takenBack []release.Digest
}

// Next is a rollout that was ordered to take the place of the one that runs.
type Next struct {
	// Plan is what begins, Digest its digest, By who ordered it, by record Seq.
	Plan   Plan
	Digest release.Digest
	By     By
	Seq    uint64
	// Forward says that the release takes over what the one before shows. Otherwise that
	// is taken back first.
	Forward bool
}

// Poison is a release that was rolled back.
type Poison struct {
	// Release is the one that was rolled back.
	Release release.Ref
	// Rollout names the rollout, At is when it ended, Cause why.
	Rollout string
	At      time.Time
	Cause   release.Reason
}

// NewState is the state of a target without records.
func NewState(t Target) State { return State{Target: t, Head: journal.Head{Stream: t.Stream()}} }

// Running reports whether a rollout is under way.
func (s State) Running() bool { return s.Rollout != nil && !s.Rollout.Phase.Ended() }

// idle reports whether there is nothing to do.
func (s State) idle() bool { return !s.Running() && s.Next == nil }

// PoisonOf is why the release with digest d is poisoned, if it is.
func (s State) PoisonOf(d release.Digest) (Poison, bool) {
	for _, p := range s.Poisoned {
		if p.Release.Digest == d {
			return p, true
		}
	}
	return Poison{}, false
}

// time is now as the stream sees it: recorded time never goes back, so a driver
// whose clock is behind waits longer and never shorter.
func (s State) time(now time.Time) time.Time {
	now = time.Unix(now.Unix(), int64(now.Nanosecond())).UTC() // as records keep it
	if now.Before(s.At) {
		return s.At
	}
	return now
}

// Rollout is one rollout.
type Rollout struct {
	// ID names it: the stream and the number of the record that started it.
	ID string
	// Plan is as it was started, PlanDigest its digest.
	Plan       Plan
	PlanDigest release.Digest
	// Started is when it began, by record StartSeq; By who started it. Override is set
	// if a poisoned release was let through.
	Started  time.Time
	StartSeq uint64
	By       By
	Override bool

	// Base is what another release showed when this one was to take its place without
	// going back first; nil otherwise.
	Base *Base

	// Phase is what it is doing now, or how it ended.
	Phase Phase
	// Stage is the index of the widest stage that was observed, -1 if none was;
	// StageAt is when, by record StageSeq.
	Stage    int
	StageAt  time.Time
	StageSeq uint64
	// Widest is the index of the widest stage that was ordered, whether observed or
	// not: the most that may be exposed. While it is -1, no one can have seen the
	// release. Since is when the first exposure was ordered.
	Widest int
	Since  time.Time
	// Pending is the one action that is ordered and not yet observed, or nil.
	Pending *Pending
	// Done is the last action that was observed, or nil.
	Done *Action
	// Drift says how production differs from Done, or before the first exposure from
	// what the plan says serves, as last observed; empty if it does not.
	Drift string
	// Withdrawn are the slices of the exposed stage that were taken back by themselves,
	// or are about to be. Restore is set when somebody has resumed since: they are exposed
	// again when all gates allow.
	Withdrawn []Withdrawn
	Restore   bool
	// Held is why the engine keeps the release from widening, and what calls for taking it
	// back without being able to; nil if nothing does.
	Held *Held
	// Paused, Abort and Superseded are the commands in force, or nil. Skipped is set when
	// somebody has skipped what is left of the exposed stage's bake.
	Paused, Abort, Superseded, Skipped *By
	// Approvals are the approvals in force, in their order. Overrides are the gates whose
	// word was overridden.
	Approvals []Approval
	Overrides []Override
	// Cause is why it is taken back or was stopped. RetreatAt is when that was decided,
	// where the rollback had to wait for gates or dependents.
	Cause     release.Reason
	RetreatAt time.Time
	// Facts are the last that were recorded, by record FactsSeq.
	Facts    Facts
	FactsSeq uint64
	// Health, SliceHealth and Gates are the last answers that were recorded in this stage.
	Health      *HealthAnswer
	SliceHealth []HealthAnswer
	Gates       []GateAnswer
	// Ended is when it ended, zero if it runs.
	Ended time.Time

	// doneSeq is the record by which the last action was observed.
	doneSeq uint64
	// exposed are the percent-hours until exposedSince, when the share changed.
	exposed      float64
	exposedSince time.Time
}

// Base is what another release shows.
type Base struct {
	// Release is that release, Rollout the rollout that ended with it there.
	Release release.Ref
	Rollout string
	// Slices are the most that it was ordered to get, Share their part of all traffic in
	// percent.
	Slices []Slice
	Share  float64
	// Irreversible says that it cannot be taken back.
	Irreversible bool

	// after is what it rests on; before are the releases that it took over from, of which
	// the last unseen may still serve: it was never observed in their place.
	after  []Dependency
	before []release.Digest
	unseen int
}

// serving are the releases that may serve beside the previous one.
func (b *Base) serving() []release.Digest {
	return append(slices.Clone(b.before[len(b.before)-b.unseen:]), b.Release.Digest)
}

// Withdrawn is a slice that was taken back by itself.
type Withdrawn struct {
	// Slice is the one, Cause why.
	Slice Slice          `json:"slice"`
	Cause release.Reason `json:"cause"`
}

// Held is why the engine keeps a rollout where it is.
type Held struct {
	// Cause is what calls for taking the release back.
	Cause release.Reason `json:"cause"`
	// Why is what keeps that from being done.
	Why release.Reason `json:"why"`
}

// Override is a gate whose hold somebody has lifted.
type Override struct {
	// Gate is its name, Stage the index of the only stage that it is lifted for.
	Gate  string
	Stage int
	// By is who did it and why.
	By By
}

// Pending is an action that is ordered and not yet observed.
type Pending struct {
	// Action is what the deployer was told, or is to be told. Stage is the index of the
	// stage that it exposes or withdraws from, -1 for a rollback.
	Action Action
	Stage  int
	// Ordered is when.
	Ordered time.Time
	// Failures counts the attempts that failed, Error is the last one's, NotBefore
	// when the next may be made.
	Failures  int
	Error     string
	NotBefore time.Time
	// Seen is since when production shows what the action says, where the deployer cannot
	// fence and it must be seen to last; zero if it does not.
	Seen time.Time
}

// Phase is what a rollout is doing.
type Phase uint8

// The phases. The last five are ends.
const (
	PhaseUnknown     Phase = iota
	PhaseStarting          // nothing was ever exposed
	PhaseExposing          // a stage is ordered and not yet observed
	PhaseBaking            // a stage is exposed and being watched
	PhaseWithdrawing       // slices of the exposed stage are being taken back
	PhaseRetreating        // it is to be taken back, and gates or dependents are asked first
	PhaseRollingBack       // the rollback is ordered and not yet observed
	PhaseDeployed          // everything runs the release
	PhaseRolledBack        // everything runs the previous release again
	PhaseStopped           // it ended before anything was exposed
	PhaseHalted            // it ended where it stood: what is exposed cannot be taken back
	PhaseReplaced          // another release took its place where it stood
)

var phases = enum.Table[Phase]{Type: "rollout.Phase", Names: []string{"unknown", "starting", "exposing", "baking",
	"withdrawing", "retreating", "rolling back", "deployed", "rolled back", "stopped", "halted", "replaced"}}

// String is the phase's name.
func (p Phase) String() string { return phases.Text(p) }

// ParsePhase reads a phase's name.
func ParsePhase(s string) (Phase, error) { return phases.Parse(s) }

// MarshalText is the phase's name.
func (p Phase) MarshalText() ([]byte, error) { return phases.Marshal(p) }

// UnmarshalText reads a phase's name.
func (p *Phase) UnmarshalText(b []byte) error { return phases.Unmarshal(p, b) }

// Ended reports whether the phase is an end.
func (p Phase) Ended() bool { return p >= PhaseDeployed && p <= PhaseReplaced }

// stageSince is when the stage in question was observed, or ordered.
func (r *Rollout) stageSince() time.Time {
	if r.Phase == PhaseExposing {
		return r.Pending.Ordered
	}
	return r.StageAt
}

// watched is the index of the stage that is exposed or being exposed.
func (r *Rollout) watched() int {
	if r.Phase == PhaseExposing {
		return r.Pending.Stage
	}
	return r.Stage
}

// next is the index of the stage to expose next, or that is being exposed: the exposed
// one once more if slices of it were taken back and are to be restored.
func (r *Rollout) next() int {
	if r.Restore {
		return r.Stage
	}
	return r.Stage + 1
}

// baked is when the least bake time of the exposed stage is over.
func (r *Rollout) baked() time.Time { return r.StageAt.Add(r.Plan.Stages[r.Stage].MinBake) }

// share is the most that may be exposed, in percent of all traffic.
func (r *Rollout) share() float64 {
	if r.Widest < 0 || r.Phase == PhaseRolledBack {
		return 0
	}
	return r.Plan.Stages[r.Widest].Share()
}

// out reports whether anything may be exposed that an end must not leave there.
func (r *Rollout) out() bool { return r.Widest >= 0 || r.Base != nil }

// irreversible reports whether what may be exposed cannot be taken back.
func (r *Rollout) irreversible() bool {
	return r.Base != nil && r.Base.Irreversible || r.Widest >= 0 && r.Plan.irreversible(r.Widest)
}

// asLeft reports how production differs from the last action that was observed.
// Before the first exposure, the previous release must serve everything, or the base
// besides it, and a fence that this stream has not given yet shows that something else
// acts on the target too.
func (r *Rollout) asLeft(o *Observation) error {
	if r.Done != nil {
		return o.check(*r.Done)
	}
	before := Action{Release: r.Plan.Release, Previous: r.Plan.Previous}
	if o != nil {
		before.Fence = min(o.Fence, r.StartSeq)
	}
	if r.Base != nil {
		return o.checkBase(before, r.Base.serving())
	}
	return o.check(before)
}

// expose is the action that exposes stage i, ordered by record seq.
func (r *Rollout) expose(stream string, i int, seq uint64) Action {
	s := r.Plan.Stages[i]
	return Action{Target: r.Plan.Target, Kind: ActionExpose, Release: r.Plan.Release, Previous: r.Plan.Previous,
		Stage: s.Name, Slices: s.Slices, Whole: i == r.Plan.last() && len(s.Slices) > 1, Key: actionKey(stream, seq), Fence: seq}
}

// withdraw is the action that leaves the exposed stage without the slices, ordered by
// record seq.
func (r *Rollout) withdraw(stream string, without []Withdrawn, seq uint64) Action {
	a := r.expose(stream, r.Stage, seq)
	a.Kind, a.Whole = ActionWithdraw, false
	a.Slices = slices.DeleteFunc(slices.Clone(a.Slices), func(s Slice) bool { return isWithdrawn(without, s) })
	return a
}

func isWithdrawn(list []Withdrawn, s Slice) bool {
	return slices.ContainsFunc(list, func(w Withdrawn) bool { return w.Slice == s })
}

// rollback is the action that takes everything back, ordered by record seq.
func (r *Rollout) rollback(stream string, seq uint64) Action {
	return Action{Target: r.Plan.Target, Kind: ActionRollback, Release: r.Plan.Release, Previous: r.Plan.Previous,
		Key: actionKey(stream, seq), Fence: seq}
}

// backoff is how long to wait after the n-th failure in a row: 1 s, 2 s, 4 s, …, to
// 5 minutes for an exposure, but to 15 seconds for what takes the release away.
func backoff(k ActionKind, n int) time.Duration {
	most := 5 * time.Minute
	if k != ActionExpose {
		most = 15 * time.Second
	}
	if n > 9 {
		return most
	}
	return min(time.Second<<max(n-1, 0), most)
}

func rolloutID(stream string, seq uint64) string { return fmt.Sprintf("%s#%d", stream, seq) }
