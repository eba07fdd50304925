package rollout_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/rollout"
)

// An abort takes the release back whatever else is going on: here it is paused. The
// release cannot be rolled out again by accident.
func ExampleEngine_Abort() {
	ctx := context.Background()
	host := simulate(version("1.4.2"))
	plan := rollout.Plan{Target: target("api"), Release: version("1.5.0"), Previous: version("1.4.2"),
		Stages: []rollout.Stage{share("canary", 5), share("all", 100)}}
	ok(host.engine.Start(ctx, plan, by("ada", "")))
	host.step(0, plan.Target)
	ok(host.engine.Pause(ctx, plan.Target, by("ada", "lunch")))
	host.step(20*time.Minute, plan.Target)

	ok(host.engine.Abort(ctx, plan.Target, by("grace", "support gets calls")))
	host.step(0, plan.Target)
	_, err := host.engine.Start(ctx, plan, by("ada", ""))
	fmt.Println(err)

	// Output:
	// 09:00 api@production: 1.5.0: baking canary (5 %): it bakes until 2026-11-23T10:00:00Z
	// 09:20 api@production: 1.5.0: baking canary (5 %), paused: paused by github:ada: lunch
	// 09:20 api@production: 1.5.0: rolled back: support gets calls
	// rollout: the release was rolled back before: api 1.5.0 (e264a50743fd), by rollout/api/production#1: support gets calls
}
