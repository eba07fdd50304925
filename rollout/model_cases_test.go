package rollout_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
)

// next is a plan for the release after p's.
func next(p rollout.Plan, previous string) rollout.Plan {
	p.Release, p.Previous = version("3"), version(previous)
	return p
}

// slicePlan has a stage of n regions that are judged each by itself.
func slicePlan(n int) rollout.Plan {
	p := modelPlan(2)
	s := &p.Stages[0]
	s.Slices, s.Percent, s.PerSlice, s.MaxWithdrawn = nil, 10, true, 1
	for i := range n {
		s.Slices = append(s.Slices, rollout.Slice{Region: string(rune('a' + i)), Percent: 10})
	}
	return p
}

func with(p rollout.Plan, change func(p *rollout.Plan)) rollout.Plan {
	change(&p)
	return p
}

// sure is c with sends that report no errors.
func sure(c modelCase) modelCase {
	c.errors = 0
	return c
}

// slowly is c with a slow deployer.
func slowly(c modelCase) modelCase {
	c.slow = true
	return c
}

var (
	provider = rollout.Target{Service: "db", Environment: "production"}
	consumer = production
)

// dependentPlans are of a provider and of a consumer that needs the provider's release
// at some stage of its rollout, "" at its end.
func dependentPlans(stages int, stage string) []rollout.Plan {
	up, down := modelPlan(stages), modelPlan(1)
	up.Target, up.Release.Service, up.Previous.Service = provider, provider.Service, provider.Service
	up.Dependents = []rollout.Target{consumer}
	down.After = []rollout.Dependency{{Target: provider, Release: up.Release, Stage: stage}}
	return []rollout.Plan{up, down}
}

// The same machine, in more situations than one configuration could hold.
func TestModelCases(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes long")
	}
	phases := func(p ...rollout.Phase) map[rollout.Phase]bool {
		m := map[rollout.Phase]bool{}
		for _, v := range p {
			m[v] = true
		}
		return m
	}
	const (
		deployed, back, stopped = rollout.PhaseDeployed, rollout.PhaseRolledBack, rollout.PhaseStopped
		halted, replaced        = rollout.PhaseHalted, rollout.PhaseReplaced
	)
	two := func(p rollout.Plan, moves ...move) modelCase {
		return modelCase{plans: []rollout.Plan{p}, workers: 2, crashes: unlimited, errors: unlimited, moves: moves}
	}
	for _, c := range []struct {
		name string
		modelCase
		ends map[rollout.Phase]bool
	}{
		{"any number of crashes, pauses and aborts", two(modelPlan(3), mayAbort(unlimited), mayPause(unlimited), mayResume(), mayRegress()),
			phases(deployed, back, stopped)},
		{"gates that hold and deny, health that cannot say", two(modelPlan(2), becomes("the gate holds", 1, gateHold, 0),
			becomes("the gate allows", 1, 0, gateHold).helpful(), becomes("the gate denies", 1, gateDeny, 0),
			becomes("health cannot say", 1, undecided, 0), becomes("health can say", 1, 0, undecided).helpful()),
			phases(deployed, back, stopped)},
		{"one rollout after another", two(modelPlan(2), mayAbort(1), mayRegress(), mayStart("3 after 1", next(modelPlan(1), "1")),
			mayStart("3 after 2", next(modelPlan(1), "2"))), phases(deployed, back, stopped)},
		{"two slices with a verdict each", sure(two(slicePlan(2), mayAbort(1).helpful(), mayResumeOnly(1), becomes("a is worse", 1, slice0Worse, 0),
			becomes("a is well", 1, 0, slice0Worse))), phases(deployed, back, stopped)},
		{"two slices that are worse", sure(two(slicePlan(2), mayAbort(1).helpful(), becomes("a is worse", 1, slice0Worse, 0),
			becomes("b is worse", 1, slice1Worse, 0))), phases(deployed, back, stopped)},
		{"superseded", two(with(modelPlan(2), func(p *rollout.Plan) { p.Superseding = rollout.SupersedingTakeBack }), mayAbort(1), mayRegress(),
			maySupersede(next(modelPlan(1), "1"))), phases(deployed, back, stopped)},
		{"rolled forward", sure(two(modelPlan(2), mayAbort(1), mayRegress(), mayRollForward(next(modelPlan(1), "1")), becomes("3 is worse", 1, nextWorse, 0))),
			phases(deployed, back, stopped, replaced)},
		{"an irreversible stage", two(with(modelPlan(2), func(p *rollout.Plan) { p.Stages[1].Irreversible = true }), mayAbort(1).helpful(),
			mayRegress(), mayResume(), mayRollForward(next(modelPlan(1), "1"))), phases(deployed, back, stopped, halted, replaced)},
		{"a rollback that a gate denies", sure(two(with(modelPlan(2), func(p *rollout.Plan) {
			p.RollbackGates, p.Overridable = []string{"back"}, []string{"back"}
		}), mayAbort(1).helpful(), mayRegress(), becomes("the way back is denied", 1, backDeny, 0), becomes("the way back is open", 1, 0, backDeny),
			mayOverride("back", 1))), phases(deployed, back, stopped)},
		{"long: two slices, everything", sure(two(slicePlan(2), mayAbort(1).helpful(), mayResumeOnly(1), becomes("a is worse", 1, slice0Worse, 0),
			becomes("a is well", 1, 0, slice0Worse), becomes("b is worse", 1, slice1Worse, 0))), phases(deployed, back, stopped)},
		{"long: skip and override, undecided", two(with(modelPlan(2), func(p *rollout.Plan) { p.Overridable = []string{"g", rollout.GateHealth} }),
			maySkip(1), mayOverride("g", 1), mayOverride(rollout.GateHealth, 1), becomes("the gate holds", 1, gateHold, 0),
			becomes("the gate allows", 1, 0, gateHold).helpful(), becomes("health can say", 1, 0, undecided).helpful()), phases(deployed)},
		{"skip, undecided", two(modelPlan(2), maySkip(1), becomes("the gate holds", 1, gateHold, 0),
			becomes("the gate allows", 1, 0, gateHold).helpful(), becomes("health can say", 1, 0, undecided).helpful()), phases(deployed)},
		{"override, undecided", two(with(modelPlan(2), func(p *rollout.Plan) { p.Overridable = []string{"g", rollout.GateHealth} }),
			mayOverride("g", 1), mayOverride(rollout.GateHealth, 1), becomes("the gate holds", 1, gateHold, 0),
			becomes("the gate allows", 1, 0, gateHold).helpful(), becomes("health can say", 1, 0, undecided).helpful()), phases(deployed)},
		{"approve and revoke", two(with(modelPlan(2), func(p *rollout.Plan) { p.Stages[1].Approvals = 1 }), mayApprove(2), mayRevoke(1),
			mayAbort(1)), phases(deployed, back, stopped)},
		{"a deployer that takes its time", slowly(two(modelPlan(2), mayAbort(1), mayPause(1), mayResume(), mayRegress())), phases(deployed, back, stopped)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if strings.HasPrefix(c.name, "long: ") && !*long {
				t.Skip("it takes long")
			}
			t.Parallel()
			c.splits = strings.HasPrefix(c.name, "gates")
			m := newModel(t, c.modelCase)
			if strings.HasSuffix(c.name, "undecided") {
				m.start.envs[0] = undecided
			}
			m.prove(false)
			require.Equal(t, c.ends, m.endings())
		})
	}
}

// Two targets, the second of which rests on the first: it must never show its release
// where the first does not, and both must end.
//
// No time passes in the model but that of retries, so the first waits for the second
// for as long as it takes: Plan.DependentsWait is never over.
func TestModelDependency(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		plans  []rollout.Plan
		moves  []move
		splits bool // it takes much longer
		long   bool
	}{
		{"after its end", dependentPlans(1, ""), []move{mayRegress(), mayAbort(unlimited).helpful()}, true, false},
		{"after its first stage", dependentPlans(2, "s0"), []move{mayRegress(), mayAbort(unlimited).helpful()}, false, false},
		{"both may be worse", dependentPlans(2, "s0"), []move{mayRegress(), mayAbort(unlimited).helpful(), mayRegress().of(1)}, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.long && !*long || testing.Short() {
				t.Skip("it takes long")
			}
			t.Parallel()
			// Where the provider is stopped before it shows anything, the consumer waits until
			// somebody starts the provider once more or aborts the consumer.
			giveUp := mayAbort(unlimited).of(1).helpful()
			// Where the consumer has ended on an early stage of the provider, a provider that is
			// worse is held until somebody aborts it.
			m := newModel(t, modelCase{plans: c.plans, workers: 2, crashes: unlimited, splits: c.splits, moves: append(c.moves, giveUp)})
			_, g := m.prove(false)
			ends := m.endsTogether(g)
			if c.plans[1].After[0].Stage == "" {
				for pair := range ends {
					require.True(t, pair[1] != rollout.PhaseDeployed || pair[0] == rollout.PhaseDeployed, "%v", pair)
				}
			}
			require.True(t, ends[[2]rollout.Phase{rollout.PhaseDeployed, rollout.PhaseDeployed}])
			require.True(t, ends[[2]rollout.Phase{rollout.PhaseRolledBack, rollout.PhaseStopped}])
			require.Equal(t, len(c.plans[0].Stages) > 1, ends[[2]rollout.Phase{rollout.PhaseRolledBack, rollout.PhaseRolledBack}])
		})
	}
}

// What keeps two targets in order must be needed, or the model would not see it.
func TestModelDependencyMutants(t *testing.T) {
	t.Parallel()
	allow := func(gate string) func(*model, *modelLog, *rollout.Facts) {
		return func(_ *model, _ *modelLog, f *rollout.Facts) {
			for i := range f.Gates {
				if f.Gates[i].Gate == gate {
					f.Gates[i].Result.Verdict = release.VerdictAllow
				}
			}
		}
	}
	for _, c := range []struct {
		name   string
		mutant mutant
	}{
		{"the provider does not wait for the consumer to go back", mutant{facts: allow(rollout.GateDependents)}},
		{"the consumer does not ask how the provider is", mutant{facts: allow(rollout.GateAfter)}},
		{"the consumer does not ask again between the order and the exposure", mutant{asksOnce: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := newModel(t, modelCase{plans: dependentPlans(2, "s0"), workers: 2, mutant: c.mutant, moves: []move{mayRegress(), mayAbort(1)}})
			x, _ := m.explore(true)
			t.Logf("found after %d states: %s%s", x.states, x.first, x.report())
			require.Contains(t, x.first, "the consumer is exposed on a provider that does not serve")
		})
	}
}
