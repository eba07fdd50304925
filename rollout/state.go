package rollout

import (
	"fmt"
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
	// Poisoned are the releases that were rolled back, from the oldest. They are
	// refused as a release and as a previous release.
	Poisoned []Poison
	// Rollout is the one that runs or the last one that ended; nil if there was none.
	Rollout *Rollout
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
	// Paused and Abort are the commands in force, or nil.
	Paused, Abort *By
	// Cause is why it is taken back or was stopped.
	Cause release.Reason
	// Facts are the last that were recorded, by record FactsSeq.
	Facts    Facts
	FactsSeq uint64
	// Health and Gates are the last answers that were recorded in this stage.
	Health *HealthAnswer
	Gates  []GateAnswer
	// Ended is when it ended, zero if it runs.
	Ended time.Time
}

// Pending is an action that is ordered and not yet observed.
type Pending struct {
	// Action is what the deployer was told, or is to be told.
	Action Action
	// Ordered is when.
	Ordered time.Time
	// Failures counts the attempts that failed, Error is the last one's, NotBefore
	// when the next may be made.
	Failures  int
	Error     string
	NotBefore time.Time
}

// Phase is what a rollout is doing.
type Phase uint8

// The phases. The last three are ends.
const (
	PhaseUnknown     Phase = iota
	PhaseStarting          // nothing was ever exposed
	PhaseExposing          // a stage is ordered and not yet observed
	PhaseBaking            // a stage is exposed and being watched
	PhaseRollingBack       // the rollback is ordered and not yet observed
	PhaseDeployed          // everything runs the release
	PhaseRolledBack        // everything runs the previous release again
	PhaseStopped           // it ended before anything was exposed
)

var phases = enum.Table[Phase]{Type: "rollout.Phase", Names: []string{"unknown", "starting", "exposing", "baking",
	"rolling back", "deployed", "rolled back", "stopped"}}

// String is the phase's name.
func (p Phase) String() string { return phases.Text(p) }

// ParsePhase reads a phase's name.
func ParsePhase(s string) (Phase, error) { return phases.Parse(s) }

// MarshalText is the phase's name.
func (p Phase) MarshalText() ([]byte, error) { return phases.Marshal(p) }

// UnmarshalText reads a phase's name.
func (p *Phase) UnmarshalText(b []byte) error { return phases.Unmarshal(p, b) }

// Ended reports whether the phase is an end.
func (p Phase) Ended() bool { return p >= PhaseDeployed && p <= PhaseStopped }

// stageSince is when the stage in question was observed, or ordered.
func (r *Rollout) stageSince() time.Time {
	if r.Pending != nil {
		return r.Pending.Ordered
	}
	return r.StageAt
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

// asLeft reports how production differs from the last action that was observed.
// Before the first exposure, the previous release must serve everything, and a
// fence that this stream has not given yet shows that something else acts on the
// target too.
func (r *Rollout) asLeft(o *Observation) error {
	if r.Done != nil {
		return o.check(*r.Done)
	}
	before := Action{Release: r.Plan.Release, Previous: r.Plan.Previous}
	if o != nil {
		before.Fence = min(o.Fence, r.StartSeq)
	}
	return o.check(before)
}

// expose is the action that exposes stage i, ordered by record seq.
func (r *Rollout) expose(stream string, i int, seq uint64) Action {
	s := r.Plan.Stages[i]
	return Action{Target: r.Plan.Target, Kind: ActionExpose, Release: r.Plan.Release, Previous: r.Plan.Previous,
		Stage: s.Name, Slices: s.Slices, Key: actionKey(stream, seq), Fence: seq}
}

// rollback is the action that takes everything back, ordered by record seq.
func (r *Rollout) rollback(stream string, seq uint64) Action {
	return Action{Target: r.Plan.Target, Kind: ActionRollback, Release: r.Plan.Release, Previous: r.Plan.Previous,
		Key: actionKey(stream, seq), Fence: seq}
}

// backoff is how long to wait after the n-th failure in a row: 1 s, 2 s, 4 s, …, to
// 5 minutes for an exposure, but to 15 seconds for a rollback.
func backoff(k ActionKind, n int) time.Duration {
	most := 5 * time.Minute
	if k == ActionRollback {
		most = 15 * time.Second
	}
	if n > 9 {
		return most
	}
	return min(time.Second<<max(n-1, 0), most)
}

func rolloutID(stream string, seq uint64) string { return fmt.Sprintf("%s#%d", stream, seq) }
