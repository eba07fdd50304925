package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/evidence"
	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
)

// The rollout takes about this long, however many simulated minutes it has.
const rolloutTakes = 6 * time.Second

// errStuck says that the rollout waits for something that does not come.
var errStuck = errors.New("it waits")

// rollOut exposes the release stage by stage, and returns the exit code: that of
// a hold if it waits for what does not come, in which case it is not over.
func (s *story) rollOut(ctx context.Context) (int, error) {
	ref, err := s.release.Ref()
	if err != nil {
		return 0, err
	}
	plan := s.plan(ref)
	if lacks := plan.Meets(s.assessment.Rollout); len(lacks) > 0 {
		return 0, fmt.Errorf("the plan does not meet what the tier demands: %s", lacks[0])
	}
	clock := &clock{now: now()}
	begun, err := s.rolloutBegun(ctx)
	if err != nil {
		return 0, err
	}
	world, err := openWorld(s.dir, clock, s.previous, begun)
	if err != nil {
		return 0, err
	}
	if s.regress {
		world.bad = ref.Digest
	}
	engine, err := rollout.New(rollout.Options{Journal: s.journal, Deployer: world, Health: world, Now: clock.Now,
		Actor: "service:quickstart", Gates: map[string]rollout.Gate{"evidence": rollout.GateFunc(s.evidenceGate)}})
	if err != nil {
		return 0, err
	}
	state, err := s.start(ctx, engine, plan)
	if err != nil {
		return 0, err
	}
	// An action's fence is the number of its record, and it is recorded before it is
	// carried out: production is never ahead of the journal.
	if world.state.Fence > state.Head.Seq {
		return 0, fmt.Errorf("the journal in %s has lost records: production is at record %d and the journal ends at %d; choose another -out",
			s.out, world.state.Fence, state.Head.Seq)
	}
	// An interrupted run may have been ahead of the present.
	if state.At.After(clock.now) {
		clock.now = state.At
	}
	told := 0
	pace := rolloutTakes / time.Duration(max(planned(plan).Minutes(), 1))
	// Twice the planned time is enough for everything but what never comes.
	patience := clock.now.Add(2*planned(plan) + time.Hour)
	state, err = engine.Run(ctx, plan.Target, func(ctx context.Context, state rollout.State, until time.Time) error {
		if err := s.tellEvents(ctx, plan.Target, &told); err != nil {
			return err
		}
		if clock.now.After(patience) {
			return fmt.Errorf("%w: %s", errStuck, state.Rollout)
		}
		if s.terminal {
			s.progress("%s  %s", clock.now.Format("15:04"), state.Rollout)
		}
		return clock.pass(ctx, until, pace)
	})
	if errors.Is(err, errStuck) {
		s.item("waits", "%s", release.Text(err.Error()))
		s.item("", "for %s of simulated time now: the same command goes on with it, and another -out begins anew", clock.now.Sub(patience.Add(-2*planned(plan)-time.Hour)).Round(time.Minute))
		return exitHold, nil
	}
	if err != nil {
		return 0, err
	}
	if err := s.tellEvents(ctx, plan.Target, &told); err != nil {
		return 0, err
	}
	if err := s.signEvents(ctx); err != nil {
		return 0, err
	}
	s.item("ended", "%s", release.Text(state.String()))
	if state.Rollout.Phase == rollout.PhaseDeployed {
		return exitRolledOut, nil
	}
	return exitDenied, nil
}

// rolloutBegun reports whether the journal has a rollout that is not over.
func (s *story) rolloutBegun(ctx context.Context) (bool, error) {
	t := rollout.Target{Service: s.release.Service, Environment: environment}
	for _, err := range s.journal.Load(ctx, t.Stream(), 0) {
		return true, err
	}
	return false, nil
}

// plan is internal, canary, region, all, as slow as the tier demands.
func (s *story) plan(ref release.Ref) rollout.Plan {
	need := s.assessment.Rollout
	canary := 5.0
	if need.MaxFirstPercent > 0 {
		canary = min(canary, need.MaxFirstPercent-internalShare)
	}
	return rollout.Plan{
		Target:  rollout.Target{Service: s.release.Service, Environment: environment},
		Release: ref, Previous: s.previous, Poll: time.Minute,
		Budget: rollout.Budget{PercentHours: need.MaxPercentHours},
		Stages: rollout.Rings(rollout.RingOptions{CohortPercent: internalShare, Canary: canary, Region: regionName,
			RegionPercent: internalShare + canary + regionShare, Gates: []string{"evidence"}, MinBake: max(need.MinBake, 10*time.Minute)}),
	}
}

// planned is how long the plan takes when nothing goes wrong.
func planned(p rollout.Plan) time.Duration {
	var total time.Duration
	for _, st := range p.Stages {
		total += st.MinBake
	}
	return total
}

// start begins the rollout, unless an interrupted run has.
func (s *story) start(ctx context.Context, engine *rollout.Engine, plan rollout.Plan) (rollout.State, error) {
	state, err := engine.State(ctx, plan.Target)
	if err != nil || state.Rollout != nil {
		return state, err
	}
	return engine.Start(ctx, plan, rollout.By{Actor: requester, Reason: "go run ./examples/quickstart"})
}

// evidenceGate verifies all evidence and decides again, before every widening.
func (s *story) evidenceGate(ctx context.Context, q rollout.GateQuery) (rollout.GateResult, error) {
	all, err := s.evidence.verified(ctx)
	if err != nil {
		return rollout.GateResult{}, err
	}
	d, err := evidence.Decide(s.question(), all, q.Now)
	if err != nil {
		return rollout.GateResult{}, err
	}
	why := release.Reason{Code: "evidence/decision", Subject: q.Stage.Name, Text: "decided again on the evidence: " + d.Verdict.String(), Refs: d.Used}
	if !d.Verdict.Allowed() && len(d.Reasons) > 0 {
		why = d.Reasons[0]
	}
	return rollout.GateResult{Verdict: d.Verdict, Reason: why}, nil
}

// tellEvents prints the events that were not told yet.
func (s *story) tellEvents(ctx context.Context, t rollout.Target, told *int) error {
	var records []journal.Record
	for rec, err := range s.journal.Load(ctx, t.Stream(), 0) {
		if err != nil {
			return err
		}
		records = append(records, rec)
	}
	var err error
	if s.events, err = rollout.Events(t, records); err != nil {
		return err
	}
	for _, e := range s.events[*told:] {
		s.item(e.At.Format("15:04"), "%-12s %-9s %5.3g %% of traffic  %s", e.Kind, e.Stage, e.Percent, release.Text(e.Reason.Text))
	}
	*told = len(s.events)
	return nil
}

// signEvents makes a signed deployment statement of each event.
func (s *story) signEvents(ctx context.Context) error {
	all, err := s.evidence.verified(ctx)
	if err != nil {
		return err
	}
	signed := map[string]bool{}
	var decisions []release.Digest
	for _, v := range all {
		if d, err := evidence.As[predicate.Deployment](v.Statement()); err == nil {
			signed[d.Event.ID] = true
		} else if v.Statement().PredicateType() == predicate.TypeDecision {
			decisions = append(decisions, v.Digest())
		}
	}
	for _, e := range s.events {
		if signed[e.ID] {
			continue
		}
		st, err := evidence.NewDeployment(s.release, e, s.decisions[len(s.decisions)-1], decisions...)
		if err != nil {
			return err
		}
		if _, err := s.evidence.add(ctx, s.people, runner, st, "deployment: "+string(e.Kind)+" "+e.Stage); err != nil {
			return err
		}
	}
	return nil
}
