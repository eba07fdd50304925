package rollout_test

import (
	"context"
	"fmt"
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
