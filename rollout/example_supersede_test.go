package rollout_test

import (
	"context"
	"time"

	"github.com/sallyport-dev/sallyport/rollout"
)

// Another release takes the place of one that is not through yet: that one goes back
// first, and is not poisoned.
func ExampleEngine_Supersede() {
	ctx := context.Background()
	host := simulate(version("1.4.2"))
	plan := rollout.Plan{Target: target("api"), Release: version("1.5.0"), Previous: version("1.4.2"),
		Superseding: rollout.SupersedingTakeBack, Stages: []rollout.Stage{share("canary", 5), share("all", 100)}}
	ok(host.engine.Start(ctx, plan, by("ada", "")))
	host.step(0, plan.Target)

	urgent := plan
	urgent.Release = version("1.4.3")
	ok(host.engine.Supersede(ctx, urgent, by("grace", "a fix cannot wait")))
	host.step(10*time.Minute, plan.Target)
	for range 2 {
		host.step(time.Hour, plan.Target)
	}

	// Output:
	// 09:00 api@production: 1.5.0: baking canary (5 %): it bakes until 2026-11-23T10:00:00Z
	// 09:10 api@production: 1.4.3: baking canary (5 %): it bakes until 2026-11-23T10:10:00Z
	// 10:10 api@production: 1.4.3: baking all (100 %): it bakes until 2026-11-23T11:10:00Z
	// 11:10 api@production: 1.4.3: deployed
}
