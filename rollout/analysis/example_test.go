package analysis_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/analysis"
	"github.com/sallyport-dev/sallyport/rollout/deploytest"
	"github.com/sallyport-dev/sallyport/rollout/health"
)

func version(v string) release.Ref {
	return release.Ref{Service: "api", Version: v, Digest: release.DigestOf([]byte("api " + v))}
}

// A release that fails four times as often from 9:12 on, when everybody has it. The counts are made up here; a
// host has them read from where they are counted.
func Example() {
	ctx := context.Background()
	clock := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	plan := rollout.Plan{
		Target:   rollout.Target{Service: "api", Environment: "production"},
		Release:  version("1.5.0"),
		Previous: version("1.4.2"),
		Health:   &health.Policy{Metrics: []health.Metric{{Name: "errors"}}},
		Poll:     time.Minute,
		Stages: []rollout.Stage{
			{Name: "canary", Slices: []rollout.Slice{{Percent: 10}}, MinBake: 5 * time.Minute, Health: rollout.HealthRequired},
			{Name: "half", Slices: []rollout.Slice{{Percent: 50}}, MinBake: 5 * time.Minute, Health: rollout.HealthRequired},
			{Name: "all", Slices: []rollout.Slice{{Percent: 100}}, MinBake: time.Hour, Health: rollout.HealthWatched},
		},
	}
	bad := clock.Add(12 * time.Minute)
	store := new(journal.Memory)
	source, err := analysis.New(analysis.Options{
		Store: store,
		Watch: &health.WatchPolicy{Metrics: []health.Baseline{{Name: "errors", Rate: 0.01}}},
		Readers: func(q rollout.HealthQuery) (analysis.Reader, error) {
			return analysis.ReaderFunc(func(_ context.Context, w health.Window) ([]health.Sample, error) {
				canary := uint64(100 * q.Stage.Share()) // of 10,000 requests in a minute
				s := health.Sample{ID: w.ID(), Metric: "errors",
					Canary: health.Count{Bad: canary / 100, Total: canary}, Control: health.Count{Bad: 100 - canary/100, Total: 10_000 - canary}}
				if !w.Start.Before(bad) {
					s.Canary.Bad *= 4
				}
				return []health.Sample{s}, nil
			}), nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	deployer := new(deploytest.Simulated) // nothing is deployed here
	deployer.Serve(plan.Target, plan.Previous)
	engine, err := rollout.New(rollout.Options{Journal: store, Deployer: deployer, Health: source, Now: func() time.Time { return clock }})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := engine.Start(ctx, plan, rollout.By{Actor: release.EmailActor(release.ActorHuman, "Ada", "ada@example.com")}); err != nil {
		fmt.Println(err)
		return
	}
	shown := ""
	_, err = engine.Run(ctx, plan.Target, func(_ context.Context, s rollout.State, until time.Time) error {
		if line := s.String(); line != shown {
			fmt.Println(clock.Format("15:04"), line)
			shown = line
		}
		if clock = until; clock.Hour() > 11 {
			return fmt.Errorf("%v: %v", s, s.Rollout.Health)
		}
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := engine.State(ctx, plan.Target)
	why, _, _ := strings.Cut(s.String(), "; evidence")
	fmt.Println(clock.Format("15:04"), why, err)

	windows := 0 // that the verdicts rest on
	for j, err := range analysis.Replay(ctx, store, analysis.Stream(s.Rollout.ID)) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if !j.Window.Start.IsZero() {
			windows++
		}
	}
	fmt.Println(windows, "windows")
	// Output:
	// 09:00 api@production: 1.5.0: baking canary (10 %): it bakes until 2026-11-23T09:05:00Z
	// 09:05 api@production: 1.5.0: baking half (50 %): it bakes until 2026-11-23T09:10:00Z
	// 09:10 api@production: 1.5.0: baking all (100 %): it bakes until 2026-11-23T10:10:00Z
	// 09:15 api@production: 1.5.0: rolled back: errors is worse than known: 1000 bad of 40000, 2.50 times the known rate 0.01 since the watch began <nil>
	// 14 windows
}
