package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout/calendar"
)

// Preview is how a rollout would go that began now: a simulation. Assumed says what it
// takes for granted. Times are not promises: a gate may take its answer back, health may
// need longer, and nobody may be there to approve.
type Preview struct {
	// Target, Release and Previous are the plan's, PlanDigest its digest.
	Target     Target
	Release    release.Ref
	Previous   release.Ref
	PlanDigest release.Digest
	// At is when it was asked, and when the rollout is simulated to begin.
	At time.Time
	// Stages are the plan's, in their order, those too that are not reached.
	Stages []StagePreview
	// After are the targets that the plan comes after, as they are now, in the plan's order.
	After []DependencyPreview
	// Back are the answers of the plan's rollback gates as they are now. A deny would keep
	// the release from being taken back.
	Back []GateAnswer
	// Openings are the next times in which the plan's calendar is open: at most 3, none
	// without a calendar.
	Openings []calendar.Window
	// Deployed is when everything would run the release and its watch would be over; zero
	// if the simulation does not come to that, and Stops says why.
	Deployed time.Time
	// PercentHours are the percent-hours of all traffic until the last stage is exposed,
	// or until the simulation ends. Budget is the plan's.
	PercentHours float64
	Budget       Budget
	// Stops are what keeps the rollout from beginning, or ends it, or keeps it waiting for
	// ever, as things are now. Holds are what makes it wait for somebody or something of
	// which nobody knows when it comes. In the simulation, what the hosts' gates, other
	// targets and people would have to do about it is assumed to be done.
	Stops, Holds []release.Reason
	// Assumed are the sentences that the simulation rests on.
	Assumed []string
}

// StagePreview is one stage of a [Preview].
type StagePreview struct {
	// Name and Share are the stage's: Share is in percent of all traffic.
	Name  string
	Share float64
	// Exposed is when it would be exposed, zero if it is not reached. Left is when its bake
	// would be over, so that only what stands in the next stage's Waits keeps it.
	Exposed, Left time.Time
	// PercentHours are what would have been spent when it is exposed.
	PercentHours float64
	// Waits are what the rollout waits for before it, when the stage before has baked.
	Waits []Wait
	// Deadline is when health must have certified the stage, and OnUndecided what happens
	// otherwise; OnNoData if health has no data. Zero if the stage has no MaxBake.
	Deadline              time.Time
	OnUndecided, OnNoData OnUndecided
	// Approvals is how many people must approve it, none of whom has yet.
	Approvals int
	// Gates are the answers of the host's gates about this stage, as they are now.
	Gates []GateAnswer
}

// Wait is a time in which a rollout waits.
type Wait struct {
	// From is when it begins, Until when it ends; Until is zero if it does not end in the
	// simulation.
	From, Until time.Time
	// Why is what it waits for.
	Why release.Reason
}

// DependencyPreview is a target that a plan comes after, as it is now.
type DependencyPreview struct {
	// Dependency is the plan's.
	Dependency Dependency
	// Answer is the state's answer, under the name [GateAfter].
	Answer GateAnswer
}

// Preview simulates a rollout of p that would begin now. It writes nothing and calls
// nothing of the deployer but Observe. The host's gates are asked as they are now, each
// about every stage before which it would be asked, with a [GateQuery.Rollout] of ""; a
// hold with a Retry is simulated to last until then.
//
// It is the engine itself that runs, with [Ask], [Decide] and [Reduce], by a simulated
// clock and over a simulated deployer and health source: the assumptions aside, what
// it says is what the engine would do. The same journal, answers and time give the same
// Preview.
//
// The error is what is wrong with the plan ([Plan.Validate]), or that the journal could
// not be read. What would keep the rollout from beginning, as another one that is under
// way, is in [Preview.Stops]; the rest is then simulated as if that were out of the way.
func (e *Engine) Preview(ctx context.Context, p Plan) (Preview, error) {
	if err := p.Validate(); err != nil {
		return Preview{}, err
	}
	digest, err := p.Digest()
	if err != nil {
		return Preview{}, err
	}
	s, err := e.State(ctx, p.Target)
	if err != nil {
		return Preview{}, err
	}
	v := &Preview{Target: p.Target, Release: p.Release, Previous: p.Previous, PlanDigest: digest,
		At: s.time(e.opts.Now()), Budget: p.Budget}
	for _, stage := range p.Stages {
		v.Stages = append(v.Stages, StagePreview{Name: stage.Name, Share: stage.Share(), Approvals: stage.Approvals})
	}
	if p.Calendar != nil {
		// Without the zone's rules there are none, and the simulation says so.
		v.Openings, _ = p.Calendar.Windows(v.At, 3)
	}
	s, err = v.begin(s, &p)
	if err != nil {
		return Preview{}, err
	}
	if err := e.survey(ctx, v, &p, s); err != nil {
		return Preview{}, err
	}
	if err := e.simulate(ctx, v, s); err != nil {
		return Preview{}, err
	}
	v.assume(&p)
	return *v, nil
}

// Codes of what keeps a rollout from beginning.
const (
	codeBusy     = "rollout/busy"
	codePrevious = "rollout/previous"
	codePoisoned = "rollout/poisoned"
)

// begin is the state in which the rollout has begun. What Reduce refuses is a stop, and
// is taken out of the way.
func (v *Preview) begin(s State, p *Plan) (State, error) {
	by := By{Actor: release.Actor{Kind: release.ActorService, ID: "preview"}, Reason: "preview"}
	for range len(s.Poisoned) + 4 { // each try takes something out of the way
		d := &startedData{V: recordVersion, Plan: *p, Digest: v.PlanDigest, By: by}
		begun, err := s.after(v.At, by, RecordStarted, d.sentence(), d)
		stop := func(code string) {
			v.Stops = append(v.Stops, release.Reason{Code: code, Subject: p.Target.String(), Text: clip(err.Error())})
		}
		switch {
		case err == nil:
			return begun, nil
		case errors.Is(err, ErrBusy):
			stop(codeBusy)
			s.Rollout, s.Next = nil, nil
		case errors.Is(err, ErrPrevious):
			stop(codePrevious)
			s.Known = false
		case errors.Is(err, ErrPoisoned):
			stop(codePoisoned)
			i := slices.IndexFunc(s.Poisoned, func(q Poison) bool {
				return q.Release.Digest == p.Release.Digest || q.Release.Digest == p.Previous.Digest
			})
			s.Poisoned = slices.Delete(slices.Clone(s.Poisoned), i, i+1)
		default:
			return State{}, err
		}
	}
	return State{}, fmt.Errorf("rollout: preview %v: it cannot begin", p.Target)
}

// after is the state after one more record, which is nowhere stored.
func (s State) after(at time.Time, by By, kind, reason string, d any) (State, error) {
	ent, err := entry(at, by.Actor.ID, kind, reason, d)
	if err != nil {
		return s, err
	}
	return Reduce(s, journal.Seal(s.Head, ent))
}
