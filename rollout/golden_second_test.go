package rollout_test

import (
	"context"
	"maps"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/calendar"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// goldenSecond are the stories of what streams can hold since version 2.
var goldenSecond = map[string]func(p *goldenPlay){
	"slice-withdrawn-and-restored": func(p *goldenPlay) {
		p.plan = goldenWaves()
		p.health = sliceIs("us-east", goldenWorse)
		p.start()
		p.until(func(s rollout.State) bool { return len(s.Rollout.Withdrawn) > 0 && s.Rollout.Pending == nil })
		p.later(time.Hour)
		p.health = nil
		p.order(p.engine().Resume, "the cable is repaired")
		p.ends(rollout.PhaseDeployed)
	},
	"slice-withdrawn-while-the-deployer-fails": func(p *goldenPlay) {
		p.plan = goldenWaves()
		p.start()
		p.bakes(1)
		p.health = sliceIs("us-east", goldenWorse)
		p.applyErrs = []error{context.DeadlineExceeded}
		p.later(time.Minute)
	},
	"one-slice-too-many": func(p *goldenPlay) {
		p.plan = goldenWaves()
		p.start()
		p.bakes(1)
		p.health = sliceIs("us-east", goldenWorse)
		p.later(time.Minute)
		p.health = func(q rollout.HealthQuery) (health.Verdict, error) {
			if q.Slice != nil {
				return goldenWorse, nil
			}
			return goldenHealthy, nil
		}
		p.ends(rollout.PhaseRolledBack)
	},
	"slice-without-data": func(p *goldenPlay) {
		p.plan = goldenWaves()
		p.plan.Stages[1].MaxBake, p.plan.Stages[1].OnNoData = 3*time.Hour, rollout.UndecidedRollback
		p.health = sliceIs("ap-south", goldenBlind)
		p.start()
		p.ends(rollout.PhaseRolledBack)
	},
	"irreversible-held-and-halted": func(p *goldenPlay) {
		p.plan = goldenFinal()
		p.start()
		p.bakes(1)
		p.health = goldenStage("phones", goldenWorse)
		p.until(func(s rollout.State) bool { return s.Rollout.Held != nil })
		p.later(time.Hour)
		p.order(p.engine().Abort, "it stays where it is")
		p.ends(rollout.PhaseHalted)
	},
	"halted-and-rolled-forward": func(p *goldenPlay) {
		p.plan = goldenFinal()
		p.start()
		p.bakes(1)
		p.order(p.engine().Abort, "it is bad")
		p.ends(rollout.PhaseHalted)
		p.forward()
	},
	"held-and-rolled-forward": func(p *goldenPlay) {
		p.plan = goldenFinal()
		p.start()
		p.bakes(1)
		p.health = goldenStage("phones", goldenWorse)
		p.until(func(s rollout.State) bool { return s.Rollout.Held != nil })
		p.health = nil
		p.forward()
	},
	"superseded": func(p *goldenPlay) {
		p.plan = goldenPair()
		p.plan.Superseding = rollout.SupersedingTakeBack
		p.start()
		p.bakes(0)
		next := p.plan
		next.Release = goldenRef("2.0.1")
		p.ok(p.engine().Supersede(p.t.Context(), next, goldenBy("2.0.1 has the fix")))
		p.plan = next
		p.ends(rollout.PhaseDeployed)
	},
	"approved-revoked-and-approved": func(p *goldenPlay) {
		p.plan = goldenPair()
		p.plan.Authors = []release.Actor{{Kind: release.ActorHuman, ID: "email:alan@example.com"}}
		p.plan.Stages[1].Approvals = 2
		p.start()
		p.bakes(0)
		approve := func(id, stage string) error {
			_, err := p.engine().Approve(p.t.Context(), p.plan.Target, stage, goldenPerson(id))
			return err
		}
		require.NoError(p.t, approve("barbara", ""))
		require.ErrorIs(p.t, approve("alan", "all"), rollout.ErrNotApprover)
		require.NoError(p.t, approve("edsger", "all"))
		p.ok(p.engine().Revoke(p.t.Context(), p.plan.Target, "", goldenPerson("barbara")))
		p.later(2 * time.Hour)
		require.NoError(p.t, approve("tony", "all"))
		p.ends(rollout.PhaseDeployed)
	},
	"skipped-and-overridden": func(p *goldenPlay) {
		p.plan = goldenPair()
		p.plan.Calendar = &calendar.Calendar{Zone: "Europe/Berlin",
			Open:    []calendar.Hours{{Days: calendar.Weekdays, From: "09:00", To: "11:00"}},
			Freezes: []calendar.Freeze{{Name: "Christmas", From: "2026-12-20T00:00", To: "2027-01-04T00:00"}}}
		p.plan.Overridable = []string{rollout.GateCalendar, "evidence"}
		p.start()
		p.bakes(0)
		p.clock = p.clock.Add(10 * time.Minute)
		p.order(p.engine().Skip, "seen enough")
		p.clock = p.clock.Add(3 * time.Hour)
		p.step() // closed
		p.ok(p.engine().Override(p.t.Context(), p.plan.Target, rollout.GateCalendar, goldenBy("it cannot wait for tomorrow")))
		p.ends(rollout.PhaseDeployed)
	},
	"calendar-closed-over-night": func(p *goldenPlay) {
		p.plan = goldenPair()
		p.plan.Calendar = &calendar.Calendar{Zone: "America/New_York", Open: []calendar.Hours{{Days: calendar.Weekdays, From: "04:00", To: "04:30"}}}
		p.start()
		p.ends(rollout.PhaseDeployed)
	},
	"rollback-denied-and-aborted": func(p *goldenPlay) {
		p.plan = goldenPair()
		p.plan.RollbackGates = []string{"vulnerabilities"}
		p.gate = func(q rollout.GateQuery) (rollout.GateResult, error) {
			if q.Gate == "vulnerabilities" {
				return goldenDeny("1.9.3 has a hole that is being used"), nil
			}
			return goldenAllow("fine"), nil
		}
		p.start()
		p.bakes(0)
		p.health = goldenStage("canary", goldenWorse)
		p.until(func(s rollout.State) bool { return s.Rollout.Held != nil })
		p.later(time.Hour)
		p.order(p.engine().Abort, "the hole is the smaller harm")
		p.ends(rollout.PhaseRolledBack)
	},
	"rollback-denied-and-overridden": func(p *goldenPlay) {
		p.plan = goldenPair()
		p.plan.RollbackGates, p.plan.Overridable = []string{"vulnerabilities"}, []string{"vulnerabilities"}
		p.gate = func(q rollout.GateQuery) (rollout.GateResult, error) {
			if q.Gate == "vulnerabilities" {
				return goldenDeny("1.9.3 has a hole"), nil
			}
			return goldenAllow("fine"), nil
		}
		p.start()
		p.bakes(0)
		p.health = goldenStage("canary", goldenWorse)
		p.until(func(s rollout.State) bool { return s.Rollout.Held != nil })
		p.ok(p.engine().Override(p.t.Context(), p.plan.Target, "vulnerabilities", goldenBy("it cannot be reached from outside")))
		p.ends(rollout.PhaseRolledBack)
	},
	"over-budget-and-rolled-back": func(p *goldenPlay) {
		p.plan = goldenPair()
		p.plan.Budget = rollout.Budget{PercentHours: 25, OnSpent: rollout.UndecidedRollback}
		p.health = goldenStage("canary", goldenUnsure)
		p.start()
		p.ends(rollout.PhaseRolledBack)
	},
	"served-is-counted": func(p *goldenPlay) {
		p.plan = goldenPair()
		p.plan.Budget = rollout.Budget{Served: 1000}
		p.see = func(o rollout.Observed) (rollout.Observed, error) {
			served := uint64(p.clock.Sub(goldenTime) / time.Minute)
			o.Served = &served
			return o, nil
		}
		p.start()
		p.ends(rollout.PhaseDeployed)
	},
	"after-another-target": func(p *goldenPlay) {
		web := p.dependent()
		p.plan = web
		p.start()
		p.later(time.Minute) // the other one has nothing yet
		p.rollLedger(func() { p.ends(rollout.PhaseDeployed) })
		p.ends(rollout.PhaseDeployed)
	},
	"taken-back-with-what-it-rests-on": func(p *goldenPlay) {
		web := p.dependent()
		web.After[0].Stage = "canary"
		p.rollLedger(func() { p.bakes(0); p.later(time.Hour) })
		p.plan = web
		p.start()
		p.bakes(0)
		p.rollLedger(func() { p.order(p.engine().Abort, "the ledger is wrong"); p.later(time.Minute) })
		p.ends(rollout.PhaseRolledBack)
		p.rollLedger(func() { p.ends(rollout.PhaseRolledBack) })
	},
	"what-rests-on-it-goes-first": func(p *goldenPlay) { // the other side of the story before
		web := p.dependent()
		web.After[0].Stage = "canary"
		ledger := p.ledger()
		p.rollLedger(func() { p.bakes(0); p.later(time.Hour) })
		p.plan = web
		p.start()
		p.bakes(0)
		p.plan = ledger
		p.order(p.engine().Abort, "the ledger is wrong")
		p.later(time.Minute)
		p.plan = web
		p.ends(rollout.PhaseRolledBack)
		p.plan = ledger
		p.ends(rollout.PhaseRolledBack)
	},
	"deployer-without-fences": func(p *goldenPlay) {
		p.plan, p.late = goldenPair(), 5*time.Minute
		p.see = func(o rollout.Observed) (rollout.Observed, error) { o.Fence = 0; return o, nil }
		p.start()
		p.bakes(0)
		p.health = goldenStage("canary", goldenWorse)
		p.ends(rollout.PhaseRolledBack)
	},
	"environments-to-the-last": func(p *goldenPlay) {
		p.plan = goldenPair()
		env := func(name string) rollout.Slice { return rollout.Slice{Environment: name, Percent: 100} }
		p.plan.Stages[0].Slices, p.plan.Stages[0].Percent = []rollout.Slice{env("staging")}, 10
		p.plan.Stages[1].Slices, p.plan.Stages[1].Percent = []rollout.Slice{env("staging"), env("live")}, 100
		p.start()
		p.ends(rollout.PhaseDeployed)
	},
}

// allGolden are the stories of all versions.
func allGolden() map[string]func(p *goldenPlay) {
	all := maps.Clone(goldenScenarios)
	maps.Copy(all, goldenSecond)
	return all
}

// goldenWaves has three regions side by side, of which one may be taken back alone.
func goldenWaves() rollout.Plan {
	p := goldenPair()
	region := func(name string) rollout.Slice { return rollout.Slice{Region: name, Percent: 100} }
	wave := rollout.Stage{Name: "wave", Slices: []rollout.Slice{region("eu-west"), region("us-east"), region("ap-south")}, Percent: 60,
		MinBake: time.Hour, PerSlice: true, MaxWithdrawn: 1}
	p.Stages[0].Slices, p.Stages[0].Percent = []rollout.Slice{{Region: "eu-west", Percent: 10}}, 3
	p.Stages = []rollout.Stage{p.Stages[0], wave, p.Stages[1]}
	return p
}

// goldenFinal has a stage that cannot be taken back.
func goldenFinal() rollout.Plan {
	p := goldenPair()
	phones := rollout.Stage{Name: "phones", Slices: []rollout.Slice{{Percent: 40}}, Gates: []string{"approval"}, MinBake: time.Hour, Irreversible: true}
	p.Stages = []rollout.Stage{p.Stages[0], phones, p.Stages[1]}
	return p
}

// forward rolls forward from what goldenFinal has exposed, to the end.
func (p *goldenPlay) forward() {
	next := goldenFinal()
	next.Release = goldenRef("2.0.1")
	next.Stages = next.Stages[1:]
	next.Stages[0].Irreversible = false
	p.ok(p.engine().RollForward(p.t.Context(), next, goldenBy("2.0.1 repairs it")))
	p.plan = next
	p.ends(rollout.PhaseDeployed)
}

// ledger is the plan of another target, on which dependent's rests.
func (p *goldenPlay) ledger() rollout.Plan {
	plan := goldenPair()
	plan.Target.Service = "ledger"
	for _, r := range []*release.Ref{&plan.Release, &plan.Previous} {
		*r = release.Ref{Service: "ledger", Version: r.Version, Digest: release.DigestOf([]byte("ledger " + r.Version))}
	}
	plan.Dependents = []rollout.Target{{Service: "shop", Environment: "production"}}
	return plan
}

// dependent is a plan that comes after ledger's.
func (p *goldenPlay) dependent() rollout.Plan {
	ledger, plan := p.ledger(), goldenPair()
	p.real.Serve(ledger.Target, ledger.Previous)
	plan.After = []rollout.Dependency{{Target: ledger.Target, Release: ledger.Release}}
	return plan
}

// rollLedger does something with ledger's rollout, which it starts if it must.
func (p *goldenPlay) rollLedger(do func()) {
	mine := p.plan
	p.plan = p.ledger()
	if s, err := p.engine().State(p.t.Context(), p.plan.Target); err == nil && s.Rollout == nil {
		p.start()
	}
	do()
	p.plan = mine
}

// sliceIs answers with v about the slices of a region.
func sliceIs(region string, v health.Verdict) func(rollout.HealthQuery) (health.Verdict, error) {
	return func(q rollout.HealthQuery) (health.Verdict, error) {
		if q.Slice != nil && q.Slice.Region == region {
			return v, nil
		}
		return goldenHealthy, nil
	}
}

func goldenPerson(name string) rollout.By {
	return rollout.By{Actor: release.Actor{Kind: release.ActorHuman, ID: "email:" + name + "@example.com"}, Reason: "read by " + name}
}
