package rollout_test

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// goldenScenarios are the stories whose streams are golden, by file name.
var goldenScenarios = map[string]func(p *goldenPlay){
	"deployed-through-four-rings": func(p *goldenPlay) {
		p.health = func(q rollout.HealthQuery) (health.Verdict, error) {
			if q.Stage.Name == "internal" || q.Stage.Name == "all" {
				return goldenUnsure, nil // watched: time decides
			}
			return goldenHealthy, nil
		}
		p.start()
		p.ends(rollout.PhaseDeployed)
	},
	"regressed-in-the-third-ring": func(p *goldenPlay) {
		p.start()
		p.bakes(2)
		p.health = goldenStage("region", goldenWorse)
		p.later(17 * time.Minute)
		p.ends(rollout.PhaseRolledBack)
	},
	"aborted-while-exposing": func(p *goldenPlay) {
		p.start()
		p.bakes(0)
		p.applyErrs, p.lost = []error{context.DeadlineExceeded, context.DeadlineExceeded}, false
		p.until(func(s rollout.State) bool { return s.Rollout.Phase == rollout.PhaseExposing })
		p.ok(p.engine().Abort(p.t.Context(), p.plan.Target, goldenBy("the deployer hangs")))
		p.ends(rollout.PhaseRolledBack)
	},
	"aborted-before-anything": func(p *goldenPlay) {
		p.gate = func(q rollout.GateQuery) (rollout.GateResult, error) {
			return goldenHold("nobody has approved", time.Time{}), nil
		}
		p.start()
		p.later(time.Minute)
		p.ok(p.engine().Abort(p.t.Context(), p.plan.Target, goldenBy("not today")))
		p.ends(rollout.PhaseStopped)
	},
	"denied-before-anything": func(p *goldenPlay) {
		p.gate = func(rollout.GateQuery) (rollout.GateResult, error) {
			return goldenDeny("the artifact is not the built one"), nil
		}
		p.start()
		p.ends(rollout.PhaseStopped)
	},
	"allowed-and-then-revoked": func(p *goldenPlay) {
		p.gate = func(q rollout.GateQuery) (rollout.GateResult, error) {
			if q.Stage.Name == "region" {
				return goldenDeny("the signer's key was revoked"), nil
			}
			return goldenAllow("signed"), nil
		}
		p.start()
		p.ends(rollout.PhaseRolledBack)
	},
	"paused-and-resumed": func(p *goldenPlay) {
		p.start()
		p.bakes(1)
		p.clock = p.clock.Add(10 * time.Minute)
		p.ok(p.engine().Pause(p.t.Context(), p.plan.Target, goldenBy("lunch")))
		p.later(7 * time.Hour) // past MaxBake, which does not count while paused
		p.later(time.Minute)
		p.ok(p.engine().Resume(p.t.Context(), p.plan.Target, goldenBy("lunch is over")))
		p.ends(rollout.PhaseDeployed)
	},
	"paused-and-regressed": func(p *goldenPlay) {
		p.start()
		p.bakes(1)
		p.ok(p.engine().Pause(p.t.Context(), p.plan.Target, goldenBy("this looks odd")))
		p.health = goldenStage("canary", goldenWorse)
		p.later(time.Minute)
		p.ends(rollout.PhaseRolledBack)
	},
	"poisoned-and-started-again": func(p *goldenPlay) {
		p.plan = goldenPair()
		p.start()
		p.bakes(0)
		p.health = goldenStage("canary", goldenWorse)
		p.ends(rollout.PhaseRolledBack)
		p.health, p.clock = nil, p.clock.Add(time.Hour)
		_, err := p.engine().Start(p.t.Context(), p.plan, goldenBy("again"))
		require.ErrorIs(p.t, err, rollout.ErrPoisoned)
		p.ok(p.engine().StartPoisoned(p.t.Context(), p.plan, goldenBy("the database was at fault, not the release")))
		p.ends(rollout.PhaseDeployed)
	},
	"adopted": func(p *goldenPlay) {
		p.plan = goldenPair()
		p.ok(p.engine().Adopt(p.t.Context(), p.plan.Target, p.plan.Previous, goldenBy("it ran before")))
		p.clock = p.clock.Add(time.Hour)
		p.start()
		p.ends(rollout.PhaseDeployed)
		// By hand to another one, which no rollout of this stream brought.
		p.see = func(o rollout.Observed) (rollout.Observed, error) {
			o.Shares = []rollout.Share{{Release: goldenRef("2.0.1").Digest, Slice: rollout.Slice{Percent: 100}}}
			return o, nil
		}
		p.clock = p.clock.Add(time.Hour)
		p.ok(p.engine().Adopt(p.t.Context(), p.plan.Target, goldenRef("2.0.1"), goldenBy("repaired by hand")))
	},
	"first-deployment": func(p *goldenPlay) {
		p.first()
		p.start()
		p.ends(rollout.PhaseDeployed)
	},
	"first-deployment-rolled-back": func(p *goldenPlay) {
		p.first()
		p.start()
		p.bakes(1)
		p.health = goldenStage("canary", goldenWorse)
		p.ends(rollout.PhaseRolledBack)
	},
	"deployer-fails-and-then-works": func(p *goldenPlay) {
		p.plan = goldenPair()
		p.applyErrs = []error{errors.New("503 from the load balancer"), context.DeadlineExceeded, errors.New("")}
		p.start()
		p.bakes(0)
		p.applyErrs = []error{errors.New("quota"), errors.New("quota")}
		p.ends(rollout.PhaseDeployed)
	},
	"rollback-fails-and-then-works": func(p *goldenPlay) {
		p.plan = goldenPair()
		p.start()
		p.bakes(0)
		p.health = goldenStage("canary", goldenWorse)
		p.applyErrs = []error{errors.New("a"), errors.New("b"), errors.New("c"), errors.New("d"), errors.New("e"), errors.New("f")}
		p.ends(rollout.PhaseRolledBack)
	},
	"done-although-the-deployer-timed-out": func(p *goldenPlay) {
		p.plan = goldenPair()
		p.applyErrs, p.lost = []error{context.DeadlineExceeded}, true
		seen := 0
		p.see = func(o rollout.Observed) (rollout.Observed, error) {
			if seen++; seen == 2 {
				return o, errors.New("the console does not answer")
			}
			o.Settled = seen != 3
			return o, nil
		}
		p.start()
		p.ends(rollout.PhaseDeployed)
	},
	"drift-seen-and-healed": func(p *goldenPlay) {
		p.plan = goldenPair()
		p.see = func(o rollout.Observed) (rollout.Observed, error) {
			o.Shares = []rollout.Share{{Release: goldenRef("0.1").Digest, Slice: rollout.Slice{Percent: 100}}}
			return o, nil
		}
		p.start()
		p.later(time.Minute)
		p.see = nil
		p.bakes(0)
		p.see = func(o rollout.Observed) (rollout.Observed, error) {
			o.Shares[0].Slice.Percent = 40 // somebody has turned a knob
			return o, nil
		}
		p.later(time.Hour)
		p.later(time.Minute)
		p.see = func(o rollout.Observed) (rollout.Observed, error) { return o, errors.New("no access") }
		p.later(time.Minute)
		p.see = nil
		p.ends(rollout.PhaseDeployed)
	},
	"undecided-and-rolled-back": func(p *goldenPlay) {
		p.start()
		p.bakes(0)
		p.health = goldenStage("canary", goldenUnsure)
		p.ends(rollout.PhaseRolledBack)
	},
	"undecided-and-held": func(p *goldenPlay) {
		p.health = func(q rollout.HealthQuery) (health.Verdict, error) {
			waited := q.Now.Sub(q.StageSince)
			switch {
			case q.Stage.Name != "region" || waited > 8*time.Hour:
				return goldenHealthy, nil
			case waited > 7*time.Hour:
				return goldenBlind, nil
			case waited > 5*time.Hour:
				return goldenUnsure, errors.New("the metrics' database is down")
			case waited > 4*time.Hour:
				return health.Verdict{Kind: health.KindInvalid, Why: "the canary gets other requests"}, nil
			}
			return goldenUnsure, nil
		}
		p.start()
		p.ends(rollout.PhaseDeployed)
	},
	"never-observed-and-rolled-back": func(p *goldenPlay) {
		p.start()
		p.bakes(0)
		const internal = 3 // the fence of the first ring, which is settled
		p.see = func(o rollout.Observed) (rollout.Observed, error) { o.Settled = o.Fence == internal; return o, nil }
		p.until(func(s rollout.State) bool { return s.Rollout.Phase == rollout.PhaseRollingBack })
		p.see = nil
		p.ends(rollout.PhaseRolledBack)
	},
	"gates-fail-hold-and-allow": func(p *goldenPlay) {
		p.plan = goldenPair()
		p.plan.Stages[0].Gates = []string{"evidence", "approval"}
		p.plan.Stages[1].Gates = []string{"nobody-has-it"}
		p.gate = func(q rollout.GateQuery) (rollout.GateResult, error) {
			switch waited := q.Now.Sub(goldenTime); {
			case q.Gate != "approval" || waited > 4*time.Hour:
				return goldenAllow("yes"), nil
			case waited < 10*time.Minute:
				return goldenAllow("not to be read"), errors.New("connection refused")
			case waited < 3*time.Hour:
				return goldenHold("no review", goldenTime.Add(3*time.Hour)), nil
			case waited < 3*time.Hour+10*time.Minute:
				return rollout.GateResult{Verdict: 99}, nil
			}
			return rollout.GateResult{}, nil
		}
		p.start()
		p.bakes(0)
		p.later(time.Hour)
		p.ok(p.engine().Abort(p.t.Context(), p.plan.Target, goldenBy("nobody has that gate")))
		p.ends(rollout.PhaseRolledBack)
	},
	"one-after-another": func(p *goldenPlay) {
		p.plan = goldenPair()
		for i, next := range []string{"2.0.0", "2.1.0", "2.1.1"} {
			p.plan.Release = goldenRef(next)
			p.health = nil
			p.start()
			if i == 1 {
				p.health = goldenStage("all", goldenWorse)
				p.ends(rollout.PhaseRolledBack)
			} else {
				p.ends(rollout.PhaseDeployed)
				p.plan.Previous = p.plan.Release
			}
			p.clock = p.clock.Add(24 * time.Hour)
		}
	},
	"odd-characters": func(p *goldenPlay) {
		odd := "\"quoted\" \\ <b>&amp;</b> --> \u202eright to left\u2028 \t\r\n \x00\x1b[31m \xff\xfe 日本 😀 \u00e9 e\u0301"
		p.plan = goldenPair()
		p.plan.Target = rollout.Target{Service: `sh/o%2Fp "ü" <&> 日本`, Environment: "%/\\--> 😀"}
		for _, r := range []*release.Ref{&p.plan.Release, &p.plan.Previous} {
			r.Service = p.plan.Target.Service
		}
		p.plan.Stages[0].Name = `"canary" %d <script> --> ;`
		p.plan.Stages[0].Slices = []rollout.Slice{{Cohort: "für \"alle\" & <jeden>", Percent: 100}, {Region: "%/", Cell: "😀", Percent: 33.333333333333336}}
		p.plan.Stages[0].Percent = 1e-7
		p.serve()
		p.clock = time.Date(2026, 11, 23, 23, 59, 59, 123456789, time.FixedZone("", -(3*3600+1800)))
		p.gate = func(rollout.GateQuery) (rollout.GateResult, error) { return goldenAllow(odd), nil }
		p.applyErrs = []error{errors.New(odd), errors.New(strings.Repeat("long \xc3", 1000))}
		verdict := goldenUnsure
		verdict.Why, verdict.Metric = odd, odd
		p.ok(p.engine().Start(p.t.Context(), p.plan, goldenBy(odd)))
		p.bakes(0)
		p.health = goldenStage(p.plan.Stages[0].Name, verdict)
		p.later(time.Hour)
		p.ok(p.engine().Pause(p.t.Context(), p.plan.Target, rollout.By{Actor: release.Actor{Kind: release.ActorHuman, ID: odd}, Reason: odd}))
		p.ok(p.engine().Abort(p.t.Context(), p.plan.Target, goldenBy(strings.Repeat("ü", 1000))))
		p.ends(rollout.PhaseRolledBack)
	},
	"smallest-plan": func(p *goldenPlay) { // all that can be left out is
		p.plan = rollout.Plan{Target: p.plan.Target, Release: p.plan.Release, Stages: []rollout.Stage{
			{Name: "some", Slices: []rollout.Slice{{Percent: 50}}},
			{Name: "all", Slices: []rollout.Slice{{Percent: 100}}, Health: rollout.HealthIgnored}}}
		p.first()
		p.health = func(q rollout.HealthQuery) (health.Verdict, error) {
			return health.Verdict{Kind: health.KindHealthy}, nil
		}
		p.ok(p.engine().Start(p.t.Context(), p.plan, rollout.By{Actor: release.Actor{ID: "x"}}))
		p.ends(rollout.PhaseDeployed)
	},
	"running-with-an-order-pending": func(p *goldenPlay) {
		p.start()
		p.bakes(0)
		p.applyErrs = []error{errors.New("busy"), errors.New("busy"), errors.New("busy")}
		p.until(func(s rollout.State) bool { return s.Rollout.Pending != nil && s.Rollout.Pending.Failures == 2 })
	},
	"running-and-paused": func(p *goldenPlay) {
		p.start()
		p.bakes(0)
		p.ok(p.engine().Pause(p.t.Context(), p.plan.Target, goldenBy("over night")))
	},
}

// first makes it the first deployment.
func (p *goldenPlay) first() {
	p.plan.Previous, p.plan.First = release.Ref{}, true
	p.serve()
}
