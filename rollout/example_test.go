package rollout_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

func version(v string) release.Ref {
	return release.Ref{Service: "api", Version: v, Digest: release.DigestOf([]byte("api " + v))}
}

// Four rings, with an approval before each. The release begins to fail in the
// region ring and is rolled back.
func Example() {
	ctx := context.Background()
	clock := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	ada := release.EmailActor(release.ActorHuman, "Ada", "ada@example.com")
	plan := rollout.Plan{
		Target:   rollout.Target{Service: "api", Environment: "production"},
		Release:  version("1.5.0"),
		Previous: version("1.4.2"),
		Stages:   rollout.Rings(rollout.RingOptions{Region: "eu", RegionPercent: 30, Gates: []string{"approved"}}),
	}
	deployer := new(deploytest.Simulated) // nothing is deployed here
	deployer.Serve(plan.Target, plan.Previous)
	engine, err := rollout.New(rollout.Options{
		Journal:  new(journal.Memory),
		Deployer: deployer,
		Now:      func() time.Time { return clock },
		Gates: map[string]rollout.Gate{"approved": rollout.GateFunc(func(context.Context, rollout.GateQuery) (rollout.GateResult, error) {
			return rollout.GateResult{Verdict: release.VerdictAllow}, nil
		})},
		Health: rollout.HealthFunc(func(_ context.Context, q rollout.HealthQuery) (health.Verdict, error) {
			if q.Stage.Name == "region" && q.Now.Sub(q.StageSince) >= 10*time.Minute {
				return health.Verdict{Kind: health.KindRegressed, Metric: "errors", Why: "errors are 3 times the control's"}, nil
			}
			return health.Verdict{Kind: health.KindHealthy, Why: "no metric is worse"}, nil
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := engine.Start(ctx, plan, rollout.By{Actor: ada}); err != nil {
		fmt.Println(err)
		return
	}
	shown := ""
	_, err = engine.Run(ctx, plan.Target, func(_ context.Context, s rollout.State, until time.Time) error {
		if line := s.String(); line != shown {
			fmt.Println(clock.Format("15:04"), line)
			shown = line
		}
		clock = until
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	s, _ := engine.State(ctx, plan.Target)
	fmt.Println(clock.Format("15:04"), s)
	_, err = engine.Start(ctx, plan, rollout.By{Actor: ada})
	fmt.Println(err)

	// Output:
	// 09:00 api@production: 1.5.0: baking internal (0.1 %): it bakes until 2026-11-23T10:00:00Z
	// 10:00 api@production: 1.5.0: baking canary (5.1 %): it bakes until 2026-11-23T11:00:00Z
	// 11:00 api@production: 1.5.0: baking region (30 %): it bakes until 2026-11-23T12:00:00Z
	// 11:10 api@production: 1.5.0: rolled back: errors are 3 times the control's
	// rollout: the release was rolled back before: api 1.5.0 (e264a50743fd), by rollout/api/production#1: errors are 3 times the control's
}

// A rollout needs no process of its own: here, cron calls Step every half hour.
func ExampleEngine_Step() {
	ctx := context.Background()
	clock := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	target := rollout.Target{Service: "api", Environment: "production"}
	store, deployer := new(journal.Memory), new(deploytest.Simulated)
	deployer.Serve(target, version("1.4.2"))
	cron := func() (*rollout.Engine, error) { // a new process each time
		return rollout.New(rollout.Options{Journal: store, Deployer: deployer, Now: func() time.Time { return clock }})
	}
	engine, err := cron()
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = engine.Start(ctx, rollout.Plan{Target: target, Release: version("1.5.0"), Previous: version("1.4.2"), Stages: []rollout.Stage{
		{Name: "tenth", Slices: []rollout.Slice{{Percent: 10}}, MinBake: time.Hour, Health: rollout.HealthIgnored},
		{Name: "all", Slices: []rollout.Slice{{Percent: 100}}, Health: rollout.HealthIgnored},
	}}, rollout.By{Actor: release.Actor{Kind: release.ActorHuman, ID: "github:ada"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 3 {
		engine, err := cron()
		if err != nil {
			fmt.Println(err)
			return
		}
		state, wake, err := engine.Step(ctx, target)
		fmt.Println(state.Rollout.Phase, !wake.IsZero(), err)
		clock = clock.Add(30 * time.Minute)
	}
	// Output:
	// baking true <nil>
	// baking true <nil>
	// deployed false <nil>
}

// Any number of hosts drive any number of targets: each target is driven by one of them
// at a time, and by another when that one dies. Here, one worker drives two, over a
// journal in memory; hosts share one in SQLite or PostgreSQL.
func ExampleTargetOf() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	store, deployer := new(journal.Memory), new(deploytest.Simulated)
	engine, err := rollout.New(rollout.Options{Journal: store, Deployer: deployer, Now: time.Now})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, environment := range []string{"staging", "production"} {
		target := rollout.Target{Service: "api", Environment: environment}
		deployer.Serve(target, version("1.4.2"))
		_, err = engine.Start(ctx, rollout.Plan{Target: target, Release: version("1.5.0"), Previous: version("1.4.2"), Stages: []rollout.Stage{
			{Name: "all", Slices: []rollout.Slice{{Percent: 100}}, Health: rollout.HealthIgnored},
		}}, rollout.By{Actor: release.Actor{Kind: release.ActorHuman, ID: "github:ada"}})
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	var ended atomic.Int64
	worker := journal.Work{
		Leases: store,
		Worker: "host-1",
		Prefix: rollout.StreamPrefix,
		Poll:   10 * time.Millisecond,
		Do: func(ctx context.Context, l journal.Lease) (journal.Next, error) {
			target, err := rollout.TargetOf(l.Stream)
			if err != nil {
				return journal.Next{Wake: journal.MaxWake}, err // it never gets better
			}
			state, wake, err := engine.Step(ctx, target)
			if err != nil {
				return journal.Next{}, err // it is tried again after Work.Retry
			}
			if !state.Running() && ended.Add(1) == 2 {
				stop() // a host would go on
			}
			// The step was decided on state.Head: a command that came since is not slept over.
			return journal.Next{Seq: state.Head.Seq, Wake: journal.WakeAt(wake, time.Now())}, nil
		},
		Failed: func(l journal.Lease, err error) { fmt.Println(l.Stream, err) },
	}
	fmt.Println(worker.Run(ctx))
	for _, environment := range []string{"staging", "production"} {
		state, err := engine.State(context.Background(), rollout.Target{Service: "api", Environment: environment})
		fmt.Println(state, err)
	}
	// Output:
	// <nil>
	// api@staging: 1.5.0: deployed <nil>
	// api@production: 1.5.0: deployed <nil>
}

// Mermaid draws this text.
func ExampleDiagram() {
	fmt.Print(rollout.Diagram(rollout.Plan{
		Target: rollout.Target{Service: "api", Environment: "production"}, Release: version("1.5.0"), Previous: version("1.4.2"),
		Stages: []rollout.Stage{
			{Name: "canary", Slices: []rollout.Slice{{Percent: 5}}, Gates: []string{"approved"}, MinBake: time.Hour},
			{Name: "all", Slices: []rollout.Slice{{Percent: 100}}, Gates: []string{"office hours"}},
		},
	}, nil))
	// Output:
	// stateDiagram-v2
	//     state "1.5.0 proposed" as start
	//     [*] --> start
	//     state "canary 5 percent, bake 1h0m0s" as stage0
	//     start --> stage0: gates approved
	//     stage0 --> rolledback: regressed, denied or aborted
	//     state "all 100 percent" as stage1
	//     stage0 --> stage1: gates approved, office hours
	//     stage1 --> rolledback: regressed, denied or aborted
	//     state "1.5.0 deployed" as deployed
	//     state "1.4.2 restored" as rolledback
	//     stage1 --> deployed
	//     start --> stopped: denied or aborted
	//     deployed --> [*]
	//     rolledback --> [*]
	//     stopped --> [*]
}
