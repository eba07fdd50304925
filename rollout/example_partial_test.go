package rollout_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/rollout"
)

// Three regions at once, with a verdict on each. The release is worse in one of them and
// is taken back there alone; the others go on showing it.
func ExampleEngine_Resume() {
	ctx := context.Background()
	host := simulate(version("1.4.2"))
	region := func(name string) rollout.Slice { return rollout.Slice{Region: name, Percent: 100} }
	plan := rollout.Plan{Target: target("api"), Release: version("1.5.0"), Previous: version("1.4.2"), Stages: []rollout.Stage{
		{Name: "regions", Slices: []rollout.Slice{region("eu"), region("us"), region("ap")}, Percent: 80, MinBake: time.Hour,
			PerSlice: true, MaxWithdrawn: 1},
		share("all", 100),
	}}
	ok(host.engine.Start(ctx, plan, by("ada", "")))
	host.step(0, plan.Target)
	host.worse["us"] = "errors are twice the control's"
	host.step(10*time.Minute, plan.Target)
	for _, a := range host.deployer.Effects(plan.Target) {
		fmt.Println("     ", a.Kind, a.Slices)
	}

	delete(host.worse, "us")
	ok(host.engine.Resume(ctx, plan.Target, by("ada", "it was a broken switch")))
	host.step(10*time.Minute, plan.Target)

	// Output:
	// 09:00 api@production: 1.5.0: baking regions (80 %): it bakes until 2026-11-23T10:00:00Z
	// 09:10 api@production: 1.5.0: baking regions (80 %): 1 slice taken back; resume or abort: 100 % of region us: errors are twice the control's
	//       expose [100 % of region eu 100 % of region us 100 % of region ap]
	//       withdraw [100 % of region eu 100 % of region ap]
	// 09:20 api@production: 1.5.0: baking regions (80 %): it bakes until 2026-11-23T10:20:00Z
}
