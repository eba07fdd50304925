package rollout_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// The shapes of the records that came later, member by member.
type (
	forgedWithdrawal struct {
		V         int                 `json:"v"`
		Action    rollout.Action      `json:"action"`
		Cause     release.Reason      `json:"cause,omitzero"`
		Withdrawn []rollout.Withdrawn `json:"withdrawn,omitempty"`
	}
	forgedStageCommand struct {
		V     int        `json:"v"`
		By    rollout.By `json:"by"`
		Stage string     `json:"stage,omitempty"`
		Gate  string     `json:"gate,omitempty"`
	}
	forgedRetreat struct {
		V     int            `json:"v"`
		Cause release.Reason `json:"cause"`
	}
	forgedHold struct {
		V     int            `json:"v"`
		Cause release.Reason `json:"cause"`
		Why   release.Reason `json:"why"`
	}
	forgedSuccessor struct {
		V       int            `json:"v"`
		Plan    rollout.Plan   `json:"plan"`
		Digest  release.Digest `json:"digest"`
		By      rollout.By     `json:"by"`
		Forward bool           `json:"forward,omitempty"`
	}
	forgedOrderedStart struct {
		V        int            `json:"v"`
		Plan     rollout.Plan   `json:"plan"`
		Digest   release.Digest `json:"digest"`
		By       rollout.By     `json:"by"`
		Override bool           `json:"override,omitempty"`
		Ordered  uint64         `json:"ordered,omitempty"`
	}
)

var worse = release.Reason{Code: "rollout/regressed", Subject: "errors", Text: "worse"}

// forgedWorld is a plan, what happened to it, and the state before the forgery.
func forgedWorld(t *testing.T, p rollout.Plan, play func(w *world)) (*world, rollout.State) {
	w := newWorld(t)
	w.plan, w.verdict["back"], w.sick = p, release.VerdictAllow, map[string]bool{}
	w.start()
	if play != nil {
		play(w)
	}
	s, err := w.engine().State(t.Context(), production)
	require.NoError(t, err)
	return w, s
}

// baking plays until stage i bakes.
func baking(i int) func(*world) {
	return func(w *world) {
		require.Equal(w.t, 0, w.step().Rollout.Stage)
		for range i {
			w.later(time.Hour)
		}
	}
}

func (w *world) do(_ rollout.State, err error) { require.NoError(w.t, err) }

func TestNewRecordsAreRefusedWhereTheyAreImpossible(t *testing.T) {
	t.Parallel()
	withPlan := func(change func(p *rollout.Plan)) rollout.Plan {
		p := plan3()
		p.Superseding = rollout.SupersedingTakeBack
		change(&p)
		return p
	}
	simple := withPlan(func(*rollout.Plan) {})
	refusing := plan3()
	irreversible := withPlan(func(p *rollout.Plan) {
		p.Stages[1].Irreversible, p.Stages[1].Gates = true, []string{"first"}
		p.Overridable = []string{rollout.GateHealth}
	})
	gated := withPlan(func(p *rollout.Plan) { p.RollbackGates, p.Overridable = []string{"back"}, []string{"back", "last"} })
	approved := withPlan(func(p *rollout.Plan) { p.Stages[1].Approvals, p.Authors = 1, []release.Actor{heidi} })
	twoRegions := regions()
	twoRegions.Stages[1].MaxWithdrawn = 2

	then := func(plays ...func(*world)) func(*world) {
		return func(w *world) {
			for _, play := range plays {
				play(w)
			}
		}
	}
	pause := func(w *world) { w.do(w.engine().Pause(w.t.Context(), production, ada)) }
	abort := func(w *world) { w.abort() }
	held := then(baking(1), func(w *world) {
		w.health.Kind = health.KindRegressed
		require.NotNil(w.t, w.later(time.Minute).Rollout.Held)
	})
	retreating := then(baking(0), func(w *world) {
		w.verdict["back"], w.health.Kind = release.VerdictDeny, health.KindRegressed
		require.Equal(w.t, rollout.PhaseRetreating, w.later(time.Minute).Rollout.Phase)
	})
	pendingBack := then(baking(0), func(w *world) {
		w.deploy, w.health.Kind = &hurdle{Deployer: w.real, before: errBoom}, health.KindRegressed
		require.Equal(w.t, rollout.PhaseRollingBack, w.later(time.Minute).Rollout.Phase)
	})
	exposing := func(w *world) {
		w.deploy = &hurdle{Deployer: w.real, before: errBoom}
		require.Equal(w.t, rollout.PhaseExposing, w.step().Rollout.Phase)
	}
	oneSick := then(baking(1), func(w *world) {
		w.sick["100 % of region us"] = true
		require.Len(w.t, w.later(time.Minute).Rollout.Withdrawn, 1)
	})
	supersede := func(w *world) {
		p := simple
		p.Release = version("3")
		w.do(w.engine().Supersede(w.t.Context(), p, linus))
	}
	forward := func(w *world) {
		p := w.plan
		p.Release = version("3")
		p.Stages = p.Stages[1:]
		w.do(w.engine().RollForward(w.t.Context(), p, linus))
	}

	us, ap := rollout.Slice{Region: "us", Percent: 100}, rollout.Slice{Region: "ap", Percent: 100}
	out := func(slices ...rollout.Slice) (list []rollout.Withdrawn) {
		for _, s := range slices {
			list = append(list, rollout.Withdrawn{Slice: s, Cause: worse})
		}
		return list
	}
	// withdrawal leaves out the slices of stage i.
	withdrawal := func(stage int, left []rollout.Slice, list []rollout.Withdrawn) func(*testing.T, rollout.State) (string, any) {
		return func(t *testing.T, s rollout.State) (string, any) {
			a := order(t, s, stage)
			a.Kind, a.Slices = rollout.ActionWithdraw, left
			return rollout.RecordAction, forgedWithdrawal{1, a, worse, list}
		}
	}
	eu := rollout.Slice{Region: "eu", Percent: 100}
	command := func(kind string, who rollout.By, stage, gate string) func(*testing.T, rollout.State) (string, any) {
		return func(*testing.T, rollout.State) (string, any) { return kind, forgedStageCommand{1, who, stage, gate} }
	}
	retreat := func(cause release.Reason) func(*testing.T, rollout.State) (string, any) {
		return func(*testing.T, rollout.State) (string, any) {
			return rollout.RecordRetreating, forgedRetreat{1, cause}
		}
	}
	hold := func(cause release.Reason) func(*testing.T, rollout.State) (string, any) {
		return func(*testing.T, rollout.State) (string, any) { return rollout.RecordHeld, forgedHold{1, cause, worse} }
	}
	end := func(p rollout.Phase) func(*testing.T, rollout.State) (string, any) {
		return func(*testing.T, rollout.State) (string, any) {
			return rollout.RecordEnded, forgedEnd{V: 1, Phase: p, Cause: worse}
		}
	}
	back := func(t *testing.T, s rollout.State) (string, any) {
		return rollout.RecordAction, forgedAction{V: 1, Action: order(t, s, -1), Cause: worse}
	}
	expose := func(i int) func(*testing.T, rollout.State) (string, any) {
		return func(t *testing.T, s rollout.State) (string, any) {
			return rollout.RecordAction, forgedAction{V: 1, Action: order(t, s, i)}
		}
	}
	successor := func(change func(p *rollout.Plan), forward bool) func(*testing.T, rollout.State) (string, any) {
		return func(t *testing.T, s rollout.State) (string, any) {
			p := s.Rollout.Plan
			p.Release = version("3")
			if change != nil {
				change(&p)
			}
			d, err := p.Digest()
			require.NoError(t, err)
			return rollout.RecordSuperseded, forgedSuccessor{1, p, d, ada, forward}
		}
	}
	begin := func(change func(d *forgedOrderedStart)) func(*testing.T, rollout.State) (string, any) {
		return func(t *testing.T, s rollout.State) (string, any) {
			d := forgedOrderedStart{V: 1, Plan: simple, By: ada}
			d.Plan.Release = version("9")
			if n := s.Next; n != nil {
				d.Plan, d.By, d.Ordered = n.Plan, n.By, n.Seq
			}
			change(&d)
			d.Digest, _ = d.Plan.Digest()
			return rollout.RecordStarted, d
		}
	}
	halted := then(held, abort, func(w *world) { require.Equal(w.t, rollout.PhaseHalted, w.step().Rollout.Phase) })
	// waits has a rollout ended and the next one ordered, and not begun.
	waits := then(halted, func(w *world) { w.health.Kind = health.KindHealthy; forward(w) })
	nobody, robotic := rollout.By{Reason: "r"}, rollout.By{Actor: robot, Reason: "r"}
	author := rollout.By{Actor: heidi, Reason: "r"}
	approve := func(w *world) { w.do(w.engine().Approve(w.t.Context(), production, "half", grace)) }
	skip := func(w *world) { w.do(w.engine().Skip(w.t.Context(), production, ada)) }

	for _, c := range []struct {
		name  string
		plan  rollout.Plan
		play  func(*world)
		forge func(*testing.T, rollout.State) (string, any)
		want  string // "" for what is possible, to see that only the forgery is at fault
	}{
		{"withdraw", regions(), baking(1), withdrawal(1, []rollout.Slice{eu, ap}, out(us)), ""},
		{"withdraw while paused: health is still asked", regions(), then(baking(1), pause), withdrawal(1, []rollout.Slice{eu, ap}, out(us)), ""},
		{"withdraw nothing", regions(), baking(1), withdrawal(1, []rollout.Slice{eu, us, ap}, nil), "these slices cannot be taken back"},
		{"withdraw more than may be", regions(), baking(1), withdrawal(1, []rollout.Slice{eu}, out(us, ap)), "these slices cannot be taken back"},
		{"withdraw where none may be", regions(), baking(0), withdrawal(0, nil, out(rollout.Slice{Region: "eu", Percent: 10})), "these slices cannot be taken back"},
		{"withdraw a slice twice", twoRegions, baking(1), withdrawal(1, []rollout.Slice{eu, ap}, out(us, us)), "it does not leave what the plan says"},
		{"withdraw a slice that the stage does not have", regions(), baking(1), withdrawal(1, []rollout.Slice{eu, us, ap}, out(rollout.Slice{Region: "moon", Percent: 100})), "it does not leave what the plan says"},
		{"withdraw another slice than it says", regions(), baking(1), withdrawal(1, []rollout.Slice{eu, us}, out(us)), "it does not leave what the plan says"},
		{"withdraw and widen", regions(), baking(1), withdrawal(1, []rollout.Slice{eu, ap, {Region: "af", Percent: 100}}, out(us)), "it does not leave what the plan says"},
		{"withdraw before anything is exposed", regions(), nil, withdrawal(0, nil, out(us)), "no slice is taken back while starting"},
		{"withdraw while exposing", regions(), exposing, withdrawal(0, nil, out(us)), "no slice is taken back while exposing"},
		{"withdraw one more", twoRegions, oneSick, withdrawal(1, []rollout.Slice{eu}, nil), "these slices cannot be taken back"},
		{"withdraw others than before", twoRegions, oneSick, withdrawal(1, []rollout.Slice{eu}, out(ap, us)), "these slices cannot be taken back"},
		{"withdraw from what is irreversible", irreversible, baking(1), withdrawal(1, nil, out(rollout.Slice{Percent: 50})), "no slice is taken back while baking"},
		{"withdraw while rolling back", simple, pendingBack, withdrawal(0, nil, out(us)), "no slice is taken back while rolling back"},

		{"roll back what is irreversible", irreversible, baking(1), back, "cannot be taken back"},
		{"roll back what is irreversible, aborted", irreversible, then(baking(1), abort), back, "cannot be taken back"},
		{"roll back past the gates on the way back", gated, baking(0), back, "does not say that it may go back"},
		{"roll back past a gate that denied", gated, retreating, back, "does not say that it may go back"},
		{"roll back by an answer from before an abort", gated, then(retreating, abort), back, "does not say that it may go back"},

		{"retreat", gated, baking(0), retreat(worse), ""},
		{"retreat without gates", simple, baking(0), retreat(worse), "it does not go back this way"},
		{"retreat twice", gated, retreating, retreat(worse), "it does not go back this way while retreating"},
		{"retreat from nothing", gated, nil, retreat(worse), "it does not go back this way while starting"},
		{"retreat from what is irreversible", withPlan(func(p *rollout.Plan) { *p = irreversible; p.RollbackGates = []string{"back"} }), baking(1), retreat(worse), "it does not go back this way"},

		{"hold", irreversible, baking(1), hold(worse), ""},
		{"hold without a cause", irreversible, baking(1), hold(release.Reason{}), "it is not held"},
		{"hold what is held", irreversible, held, hold(worse), "it is not held"},
		{"hold while rolling back", simple, pendingBack, hold(worse), "it is not held while rolling back"},
		{"hold what nobody sees", simple, nil, hold(worse), "it is not held while starting"},

		{"approve", approved, nil, command(rollout.RecordApproved, grace, "half", ""), ""},
		{"approve by who started", approved, nil, command(rollout.RecordApproved, ada, "half", ""), "started the rollout"},
		{"approve by an author", approved, nil, command(rollout.RecordApproved, author, "half", ""), "is an author"},
		{"approve by a program", approved, nil, command(rollout.RecordApproved, robotic, "half", ""), "is no person"},
		{"approve by nobody", approved, nil, command(rollout.RecordApproved, nobody, "half", ""), "needs an actor"},
		{"approve without a reason", approved, nil, command(rollout.RecordApproved, rollout.By{Actor: grace.Actor}, "half", ""), "needs a reason"},
		{"approve twice", approved, approve, command(rollout.RecordApproved, grace, "half", ""), "has approved already"},
		{"approve a stage that is not", approved, nil, command(rollout.RecordApproved, grace, "moon", ""), `no stage "moon"`},
		{"approve a gate", approved, nil, command(rollout.RecordApproved, grace, "half", "last"), "names a stage or a gate"},
		{"revoke", approved, approve, command(rollout.RecordRevoked, grace, "half", ""), ""},
		{"revoke what was not given", approved, nil, command(rollout.RecordRevoked, grace, "half", ""), "has not approved"},
		{"revoke another's", approved, approve, command(rollout.RecordRevoked, linus, "half", ""), "has not approved"},
		{"revoke for another stage", approved, approve, command(rollout.RecordRevoked, grace, "all", ""), "has not approved"},

		{"skip", simple, baking(0), command(rollout.RecordSkipped, ada, "", ""), ""},
		{"skip when nothing bakes", simple, nil, command(rollout.RecordSkipped, ada, "", ""), "nothing bakes"},
		{"skip while exposing", simple, exposing, command(rollout.RecordSkipped, ada, "", ""), "nothing bakes"},
		{"skip twice", simple, then(baking(0), skip), command(rollout.RecordSkipped, ada, "", ""), "nothing bakes"},
		{"skip a named stage", simple, baking(0), command(rollout.RecordSkipped, ada, "half", ""), "names a stage or a gate"},
		{"skip while rolling back", simple, pendingBack, command(rollout.RecordSkipped, ada, "", ""), "nothing bakes"},

		{"override", gated, baking(1), command(rollout.RecordOverridden, ada, "", "last"), ""},
		{"override what may not be", gated, baking(0), command(rollout.RecordOverridden, ada, "", "first"), "does not let anybody override"},
		{"override nothing", gated, baking(0), command(rollout.RecordOverridden, ada, "", ""), "does not let anybody override"},
		{"override health of nothing", irreversible, nil, command(rollout.RecordOverridden, ada, "", rollout.GateHealth), "nothing is exposed"},
		{"override while going back", gated, retreating, command(rollout.RecordOverridden, ada, "", "last"), "override: it is retreating"},
		{"override twice", gated, then(baking(1), func(w *world) { w.do(w.engine().Override(w.t.Context(), production, "last", ada)) }),
			command(rollout.RecordOverridden, ada, "", "last"), "overridden already"},
		{"resume what is not paused", simple, baking(0), command(rollout.RecordResumed, ada, "", ""), "it is not paused"},
		{"resume what is going back", gated, retreating, command(rollout.RecordResumed, ada, "", ""), "it is not paused"},

		{"supersede", simple, baking(0), successor(nil, false), ""},
		{"supersede by itself", simple, baking(0), successor(func(p *rollout.Plan) { p.Release = version("2") }, false), "its own place"},
		{"supersede without permission", refusing, baking(0), successor(nil, false), "does not let another release take its place"},
		{"supersede what is irreversible", irreversible, baking(1), successor(nil, false), "cannot be taken back"},
		{"supersede to go back elsewhere", simple, baking(0), successor(func(p *rollout.Plan) { p.Previous = version("0") }, false), "is what"},
		{"supersede with a plan for another target", simple, baking(0), successor(func(p *rollout.Plan) { p.Target.Environment = "staging" }, false), "its plan is for"},
		{"supersede with a plan with mistakes", simple, baking(0), successor(func(p *rollout.Plan) { p.Stages = nil }, false), "no stages"},
		{"supersede what has ended", irreversible, halted, successor(nil, false), "no rollout of the target is under way"},
		{"roll forward to what was halted", irreversible, halted, successor(func(p *rollout.Plan) { p.Release = version("2") }, true), "was rolled back before"},
		{"supersede with what is poisoned", simple, then(baking(0), abort, func(w *world) {
			require.Equal(w.t, rollout.PhaseRolledBack, w.step().Rollout.Phase)
			w.plan.Release = version("4")
			w.start()
		}), successor(func(p *rollout.Plan) { p.Release = version("2") }, false), "was rolled back before"},
		{"roll forward to what is poisoned", simple, then(baking(0), abort, func(w *world) {
			require.Equal(w.t, rollout.PhaseRolledBack, w.step().Rollout.Phase)
			w.plan.Release = version("4")
			w.start()
		}), successor(func(p *rollout.Plan) { p.Release = version("2") }, true), "was rolled back before"},
		{"roll forward to less", simple, baking(1), successor(nil, true), "must cover"},
		{"roll forward while rolling back", simple, pendingBack, successor(nil, true), "is being taken back"},

		{"begin what was ordered", irreversible, waits, begin(func(*forgedOrderedStart) {}), ""},
		{"begin another plan than was ordered", irreversible, waits, begin(func(d *forgedOrderedStart) { d.Plan.Release = version("8") }), "it is not what record"},
		{"begin by another than who ordered", irreversible, waits, begin(func(d *forgedOrderedStart) { d.By = grace }), "it is not what record"},
		{"begin by another record", irreversible, waits, begin(func(d *forgedOrderedStart) { d.Ordered-- }), "it is not what record"},
		{"begin with an override that nobody gave", irreversible, waits, begin(func(d *forgedOrderedStart) { d.Override = true }), "it is not what record"},
		{"begin before what was ordered", irreversible, waits, begin(func(d *forgedOrderedStart) { d.Ordered = 0 }), "begins first"},
		{"begin what nobody ordered", irreversible, halted, begin(func(d *forgedOrderedStart) { d.Ordered = 7 }), "no record 7 orders it"},
		{"begin while another runs", simple, baking(0), begin(func(*forgedOrderedStart) {}), "under way"},
		{"adopt while one waits", irreversible, waits, func(*testing.T, rollout.State) (string, any) {
			return rollout.RecordAdopted, forgedAdoption{1, version("1"), ada}
		}, "under way"},

		{"halted", irreversible, then(baking(1), abort), end(rollout.PhaseHalted), ""},
		{"halted when it can go back", irreversible, then(baking(0), abort), end(rollout.PhaseHalted), "it cannot be halted"},
		{"halted and nobody aborted", irreversible, baking(1), end(rollout.PhaseHalted), "it cannot be halted"},
		{"replaced", simple, then(baking(1), forward), end(rollout.PhaseReplaced), ""},
		{"replaced by nothing", simple, baking(1), end(rollout.PhaseReplaced), "it cannot be replaced"},
		{"replaced by what takes it back first", simple, then(baking(0), supersede), end(rollout.PhaseReplaced), "it cannot be replaced"},
		{"replaced before it showed anything", simple, forward, end(rollout.PhaseReplaced), "it cannot be replaced"},
		{"deployed while a slice is withdrawn", func() rollout.Plan {
			p := regions()
			p.Stages[2].PerSlice, p.Stages[2].MaxWithdrawn = true, 1
			return p
		}(), then(baking(2), func(w *world) {
			w.sick["100 % of region us"] = true
			require.Len(w.t, w.later(time.Minute).Rollout.Withdrawn, 1)
		}), end(rollout.PhaseDeployed), "it cannot be deployed"},
		{"deployed while held", irreversible, then(baking(2), func(w *world) {
			w.health.Kind = health.KindRegressed
			require.NotNil(w.t, w.later(time.Minute).Rollout.Held)
		}), end(rollout.PhaseDeployed), "it cannot be deployed"},
		{"deployed while superseded", simple, then(baking(2), supersede), end(rollout.PhaseDeployed), "it cannot be deployed"},
		{"rolled back while retreating", gated, retreating, end(rollout.PhaseRolledBack), "it cannot be rolled back"},
		{"stopped while irreversible", irreversible, then(baking(1), abort), end(rollout.PhaseStopped), "it cannot be stopped"},

		{"expose while retreating", gated, retreating, expose(1), "nothing is exposed while retreating"},
		{"expose while held", irreversible, held, expose(2), "while paused, held, superseded or aborted"},
		{"expose while superseded", simple, then(baking(0), supersede), expose(1), "while paused, held, superseded or aborted"},
		{"expose while it gives way", simple, then(baking(0), forward), expose(1), "while paused, held, superseded or aborted"},
		{"expose while a slice is withdrawn", regions(), oneSick, expose(2), "while paused, held, superseded or aborted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, s := forgedWorld(t, c.plan, c.play)
			kind, data := c.forge(t, s)
			by := ada
			switch d := data.(type) { // the envelope says what the data says
			case forgedStageCommand:
				by = d.By
			case forgedOrderedStart:
				by = d.By
			}
			after, err := forgeBy(t, s, kind, by, data)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
			require.Equal(t, s, after)
		})
	}
}
