package rollout

import (
	"context"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// Gate is a condition that must hold whenever a release is exposed to more: an
// approval, the verdict on its evidence, a calendar. A gate is asked before
// every widening and may say no after it said yes.
//
// Allow lets the rollout go on. Hold makes it wait. Deny takes the release back, or
// stops the rollout if nothing is exposed, or holds it where it cannot be taken back. An
// error means that no verdict was reached, and holds.
//
// A gate of [Plan.RollbackGates] is asked before the release is taken back, and only its
// deny keeps it from that.
type Gate interface {
	// Check is the gate's answer at q.Now. An allow is used at once or asked for again:
	// it is not kept for later.
	Check(ctx context.Context, q GateQuery) (GateResult, error)
}

// GateFunc is a function as a [Gate].
type GateFunc func(ctx context.Context, q GateQuery) (GateResult, error)

// Check calls f.
func (f GateFunc) Check(ctx context.Context, q GateQuery) (GateResult, error) { return f(ctx, q) }

// GateQuery is what a gate is asked about.
type GateQuery struct {
	// Gate is the name under which the plan calls it.
	Gate string
	// Rollout names the rollout; "" in a preview of one.
	Rollout string
	// Target is where Release is to be exposed, and Previous what serves there beside
	// it; Previous is zero if nothing does. PlanDigest is the plan's.
	Target     Target
	Release    release.Ref
	Previous   release.Ref
	PlanDigest release.Digest
	// Stage is the stage that is about to be exposed; of Back, the widest that may be.
	Stage Stage
	// Back is set when the question is whether Release may be taken back, so that
	// Previous serves everything again: a gate of [Plan.RollbackGates].
	Back bool
	// Now is the time at which it is asked, and that expiry is to be judged by.
	Now time.Time
}

// GateResult is what a gate answers. The zero value holds.
type GateResult struct {
	// Verdict is allow, deny or hold; anything else counts as hold.
	Verdict release.Verdict `json:"verdict"`
	// Reason is why. Its Refs are the digests of the evidence that it rests on.
	Reason release.Reason `json:"reason,omitzero"`
	// Retry is when to ask again after a hold. If zero, the plan's Poll decides.
	Retry time.Time `json:"retry,omitzero"`
}

// HealthSource says how the release fares. The host implements it, usually with
// a [health.Monitor] that it feeds with counts. An error means that no verdict was
// reached: it holds, it never promotes.
type HealthSource interface {
	// Health is what is known at q.Now of q.Release beside q.Previous.
	Health(ctx context.Context, q HealthQuery) (health.Verdict, error)
}

// HealthFunc is a function as a [HealthSource].
type HealthFunc func(ctx context.Context, q HealthQuery) (health.Verdict, error)

// Health calls f.
func (f HealthFunc) Health(ctx context.Context, q HealthQuery) (health.Verdict, error) {
	return f(ctx, q)
}

// HealthQuery is what health is asked about.
type HealthQuery struct {
	// Rollout names the rollout. Target is where Release is exposed beside Previous,
	// which is zero if nothing served before.
	Rollout  string
	Target   Target
	Release  release.Ref
	Previous release.Ref
	// Stage is the stage that is exposed, or being exposed.
	Stage Stage
	// Exposing is set while Stage is ordered and was not observed yet. Last is set when
	// it is the plan's last: once it is observed, no control is left beside the release.
	Exposing, Last bool
	// Slice is the slice of the stage that is asked about; nil for the whole stage.
	Slice *Slice
	// Parts is how many questions about health the stages before the last can lead to
	// that differ in more than the stage: one about all of a stage, and one about each
	// part of the traffic that slices are of. A bound on errors that is to hold for the
	// rollout is shared among them.
	Parts int
	// Policy is the plan's Health; nil leaves the policy to the source.
	Policy *health.Policy
	// Since is when the first exposure of the rollout was ordered: from then on
	// counts are about the release. StageSince is when this stage was observed, or
	// ordered if it was not observed yet.
	Since, StageSince time.Time
	// Now is the time at which it is asked.
	Now time.Time
}

// Questions are what must be known before the next decision.
type Questions struct {
	// Observe asks the deployer what serves.
	Observe bool
	// Health asks the health source about the stage, unless nil; Slices about each of its
	// slices.
	Health *HealthQuery
	Slices []HealthQuery
	// Gates asks these gates, in this order. The engine answers [GateCalendar],
	// [GateAfter] and [GateDependents], the host the others.
	Gates []GateQuery
}

// Ask says what must be known at now to decide on how s goes on. It is pure.
func Ask(s State, now time.Time) Questions {
	r := s.Rollout
	if !s.Running() {
		return Questions{}
	}
	now = s.time(now)
	switch {
	case r.Phase == PhaseRollingBack:
		return Questions{Observe: true}
	case s.Next != nil && s.Next.Forward:
		return Questions{}
	case r.Phase == PhaseRetreating:
		return Questions{Gates: r.gateQueries(r.Plan.backGates(), max(r.Widest, 0), true, now)}
	case r.Abort != nil || r.Superseded != nil:
		return Questions{}
	}
	q := r.askHealth(now)
	next := r.next()
	if r.Phase == PhaseExposing {
		next = r.Pending.Stage
	}
	baking := r.Pending == nil && r.Stage >= 0 && !r.Restore && r.Skipped == nil && now.Before(r.baked())
	switch {
	case baking || r.Phase == PhaseWithdrawing || next == len(r.Plan.Stages):
		if len(r.Plan.After) > 0 {
			q.Gates = r.gateQueries([]string{GateAfter}, r.Stage, false, now)
		}
	default: // while it is paused too: a gate may deny
		q.Gates = r.gateQueries(r.Plan.gates(next), next, false, now)
	}
	q.Observe = !baking || r.Plan.Budget.Served > 0
	return q
}

// askHealth asks about the stage that is exposed or being exposed, if its rule, or
// that of the one before, wants health to be watched.
func (r *Rollout) askHealth(now time.Time) Questions {
	i := r.watched()
	if i < 0 || r.Plan.Stages[i].Health == HealthIgnored && (r.Stage < 0 || r.Plan.Stages[r.Stage].Health == HealthIgnored) {
		return Questions{}
	}
	stage := r.Plan.Stages[i]
	q := HealthQuery{Rollout: r.ID, Target: r.Plan.Target, Release: r.Plan.Release, Previous: r.Plan.Previous,
		Stage: stage, Exposing: r.Phase == PhaseExposing, Last: i == r.Plan.last(), Parts: r.Plan.healthParts(),
		Policy: r.Plan.Health, Since: r.Since, StageSince: r.stageSince(), Now: now}
	if !stage.PerSlice {
		return Questions{Health: &q}
	}
	var each []HealthQuery
	for _, s := range r.served(i) {
		part := q
		part.Slice = &s
		each = append(each, part)
	}
	return Questions{Slices: each}
}

// healthParts is [HealthQuery].Parts.
func (p *Plan) healthParts() int {
	whole, parts := 0, map[Slice]bool{}
	for _, s := range p.Stages[:p.last()] {
		if !s.PerSlice {
			whole = 1
			continue
		}
		for _, l := range s.Slices {
			parts[l.scope()] = true
		}
	}
	return whole + len(parts)
}

func (r *Rollout) gateQueries(names []string, stage int, back bool, now time.Time) []GateQuery {
	var out []GateQuery
	for _, name := range names {
		out = append(out, GateQuery{Gate: name, Rollout: r.ID, Target: r.Plan.Target, Release: r.Plan.Release,
			Previous: r.Plan.Previous, PlanDigest: r.PlanDigest, Stage: r.Plan.Stages[stage], Back: back, Now: now})
	}
	return out
}
