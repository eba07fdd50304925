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
// Allow lets the rollout go on. Hold makes it wait. Deny ends it: with a rollback
// if anything is exposed. An error means that no verdict was reached, and holds.
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
	// Rollout names the rollout.
	Rollout string
	// Target is where Release is to be exposed, and Previous what serves there beside
	// it; Previous is zero if nothing does. PlanDigest is the plan's.
	Target     Target
	Release    release.Ref
	Previous   release.Ref
	PlanDigest release.Digest
	// Stage is the stage that is about to be exposed.
	Stage Stage
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
	// Health asks the health source, unless nil.
	Health *HealthQuery
	// Gates asks these gates, in this order.
	Gates []GateQuery
}

// Ask says what must be known at now to decide on how s goes on. It is pure.
func Ask(s State, now time.Time) Questions {
	r := s.Rollout
	if r == nil || r.Phase.Ended() {
		return Questions{}
	}
	now = s.time(now)
	if r.Phase == PhaseRollingBack {
		return Questions{Observe: true}
	}
	if r.Abort != nil {
		return Questions{}
	}
	var q Questions
	stage, watched := r.Stage, r.Stage >= 0 && r.Plan.Stages[r.Stage].Health != HealthIgnored
	if r.Pending != nil {
		stage = r.Stage + 1
		watched = watched || r.Plan.Stages[stage].Health != HealthIgnored
	}
	if watched {
		q.Health = &HealthQuery{Rollout: r.ID, Target: s.Target, Release: r.Plan.Release, Previous: r.Plan.Previous,
			Stage: r.Plan.Stages[stage], Since: r.Since, StageSince: r.stageSince(), Now: now}
	}
	if r.Pending == nil && r.Stage >= 0 && now.Before(r.baked()) {
		return q
	}
	// While it is paused too: a gate may deny.
	q.Observe = true
	next := r.Stage + 1
	if next < len(r.Plan.Stages) {
		for _, name := range r.Plan.gates(next) {
			q.Gates = append(q.Gates, GateQuery{Gate: name, Rollout: r.ID, Target: s.Target, Release: r.Plan.Release,
				Previous: r.Plan.Previous, PlanDigest: r.PlanDigest, Stage: r.Plan.Stages[next], Now: now})
		}
	}
	return q
}
