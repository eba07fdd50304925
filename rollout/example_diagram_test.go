package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

// twoRegions is a plan that comes after a release of another service, and ends with
// what cannot be taken back.
func twoRegions() rollout.Plan {
	return rollout.Plan{
		Target:     rollout.Target{Service: "api", Environment: "production"},
		Release:    version("1.5.0"),
		Previous:   version("1.4.2"),
		After:      []rollout.Dependency{{Target: rollout.Target{Service: "ledger", Environment: "production"}, Release: version("7.1.0")}},
		Dependents: []rollout.Target{{Service: "web", Environment: "production"}},
		Stages: []rollout.Stage{
			{Name: "canary", Slices: []rollout.Slice{{Percent: 5}}, Gates: []string{"evidence"}, MinBake: time.Hour, MaxBake: 6 * time.Hour,
				OnUndecided: rollout.UndecidedRollback},
			{Name: "regions", Slices: []rollout.Slice{{Region: "eu-west", Percent: 100}, {Region: "us-east", Percent: 100}}, Percent: 60,
				MinBake: 2 * time.Hour, PerSlice: true, MaxWithdrawn: 1},
			{Name: "all", Slices: []rollout.Slice{{Percent: 100}}, Approvals: 2, Irreversible: true, MinBake: time.Hour, Health: rollout.HealthWatched},
		}}
}

// A plan, before it is started.
func ExampleDiagram() {
	fmt.Print(rollout.Diagram(twoRegions(), nil))
	// Output:
	// flowchart TB
	//     start(["api 1.5.0<br/>for api in production<br/>in place of 1.4.2"])
	//     stage0["canary<br/>5 percent of all traffic<br/>bakes 1h, health required<br/>after 6h undecided it goes back"]
	//     stage1["regions<br/>60 percent of all traffic<br/>2 slices in parallel<br/>region eu-west<br/>region us-east<br/>a verdict for each slice<br/>up to 1 slice taken back alone<br/>bakes 2h, health required"]
	//     stage2{{"all<br/>100 percent of all traffic<br/>irreversible, a regression holds it<br/>bakes 1h, health watched"}}
	//     deployed(["1.5.0 deployed"])
	//     rolledback(["1.4.2 restored"])
	//     stopped(["stopped, nothing was exposed"])
	//     halted(["halted where it stands"])
	//     after0[["ledger in production"]]
	//     dependent0[["web in production"]]
	//     start -->|"gates evidence"| stage0
	//     stage0 -.->|"regressed, undecided, denied or aborted"| rolledback
	//     stage0 -->|"gates evidence"| stage1
	//     stage1 -.->|"regressed, denied or aborted"| rolledback
	//     stage1 -->|"2 approvals<br/>gates evidence"| stage2
	//     stage2 -.->|"aborted"| halted
	//     stage2 --> deployed
	//     start -.->|"denied or aborted"| stopped
	//     after0 -->|"must have 7.1.0"| stage0
	//     dependent0 -.->|"taken back first"| rolledback
}

// A canary that is worse, while the deployer does not do what it is told.
func ExampleDiagram_running() {
	p := twoRegions()
	p.After, p.Dependents, p.Stages = nil, nil, p.Stages[:2]
	p.Stages[1] = rollout.Stage{Name: "all", Slices: []rollout.Slice{{Percent: 100}}}
	clock := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	cloud := &stuckCloud{}
	cloud.Serve(p.Target, p.Previous)
	engine, err := rollout.New(rollout.Options{
		Journal:  new(journal.Memory),
		Deployer: cloud,
		Now:      func() time.Time { return clock },
		Gates: map[string]rollout.Gate{"evidence": rollout.GateFunc(func(context.Context, rollout.GateQuery) (rollout.GateResult, error) {
			return rollout.GateResult{Verdict: release.VerdictAllow}, nil
		})},
		Health: rollout.HealthFunc(func(context.Context, rollout.HealthQuery) (health.Verdict, error) {
			if cloud.stuck {
				return health.Verdict{Kind: health.KindRegressed, Why: "5 % of requests fail"}, nil
			}
			return health.Verdict{}, nil
		}),
	})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	_, err = engine.Start(ctx, p, rollout.By{Actor: release.Actor{Kind: release.ActorHuman, ID: "github:ada"}})
	if err != nil {
		panic(err)
	}
	for range 2 { // the canary, and then the regression
		if _, _, err = engine.Step(ctx, p.Target); err != nil {
			panic(err)
		}
		cloud.stuck = true
		clock = clock.Add(10 * time.Minute)
	}
	s, err := engine.State(ctx, p.Target)
	if err != nil {
		panic(err)
	}
	fmt.Print(rollout.Diagram(p, &s))
	// Output:
	// flowchart TB
	//     start(["api 1.5.0<br/>for api in production<br/>in place of 1.4.2"])
	//     stage0["canary<br/>5 percent of all traffic<br/>bakes 1h, health required<br/>after 6h undecided it goes back"]
	//     stage1["all<br/>100 percent of all traffic<br/>health required"]
	//     deployed(["1.5.0 deployed"])
	//     rolledback(["1.4.2 restored<br/>ordered, not yet observed<br/>1 attempt failed<br/>503#58; try again #45;#45;#62; later<br/>because 5 #37; of requests fail"])
	//     stopped(["stopped, nothing was exposed"])
	//     start -->|"gates evidence"| stage0
	//     stage0 ==>|"regressed, undecided, denied or aborted"| rolledback
	//     stage0 -->|"gates evidence"| stage1
	//     stage1 -.->|"regressed, denied or aborted"| rolledback
	//     stage1 --> deployed
	//     start -.->|"denied or aborted"| stopped
	//     classDef passed fill:#e2f0e5,color:#000
	//     class start passed
	//     classDef here stroke-width:4px
	//     class stage0 here
}

// The same plan for Graphviz.
func ExampleDiagramDOT() {
	fmt.Print(rollout.DiagramDOT(twoRegions(), nil))
	// Output:
	// digraph rollout {
	// 	node [shape=box]
	// 	start [label="api 1.5.0\nfor api in production\nin place of 1.4.2" shape=ellipse]
	// 	stage0 [label="canary\n5 percent of all traffic\nbakes 1h, health required\nafter 6h undecided it goes back"]
	// 	stage1 [label="regions\n60 percent of all traffic\n2 slices in parallel\nregion eu-west\nregion us-east\na verdict for each slice\nup to 1 slice taken back alone\nbakes 2h, health required"]
	// 	stage2 [label="all\n100 percent of all traffic\nirreversible, a regression holds it\nbakes 1h, health watched" shape=hexagon]
	// 	deployed [label="1.5.0 deployed" shape=ellipse]
	// 	rolledback [label="1.4.2 restored" shape=ellipse]
	// 	stopped [label="stopped, nothing was exposed" shape=ellipse]
	// 	halted [label="halted where it stands" shape=ellipse]
	// 	after0 [label="ledger in production" shape=component]
	// 	dependent0 [label="web in production" shape=component]
	// 	start -> stage0 [label="gates evidence"]
	// 	stage0 -> rolledback [label="regressed, undecided, denied or aborted" style=dashed]
	// 	stage0 -> stage1 [label="gates evidence"]
	// 	stage1 -> rolledback [label="regressed, denied or aborted" style=dashed]
	// 	stage1 -> stage2 [label="2 approvals\ngates evidence"]
	// 	stage2 -> halted [label="aborted" style=dashed]
	// 	stage2 -> deployed
	// 	start -> stopped [label="denied or aborted" style=dashed]
	// 	after0 -> stage0 [label="must have 7.1.0"]
	// 	dependent0 -> rolledback [label="taken back first" style=dashed]
	// }
}

// stuckCloud is a simulated deployer that can be stuck.
type stuckCloud struct {
	deploytest.Simulated
	stuck bool
}

func (d *stuckCloud) Apply(ctx context.Context, a rollout.Action) error {
	if d.stuck {
		return errors.New("503: try again --> later")
	}
	return d.Simulated.Apply(ctx, a)
}
