package rollout_test

import (
	"context"
	"time"

	"github.com/sallyport-dev/sallyport/rollout"
)

// A stage that changes the database cannot be taken back. What would have rolled it
// back holds it, and another release takes over what is exposed.
func ExampleEngine_RollForward() {
	ctx := context.Background()
	host := simulate(version("1.4.2"))
	plan := rollout.Plan{Target: target("api"), Release: version("1.5.0"), Previous: version("1.4.2"),
		Stages: []rollout.Stage{share("migrated", 20), share("all", 100)}}
	plan.Stages[0].Irreversible, plan.Stages[0].Approvals = true, 1
	ok(host.engine.Start(ctx, plan, by("ada", "")))
	ok(host.engine.Approve(ctx, plan.Target, "migrated", by("grace", "the migration was rehearsed")))
	host.step(0, plan.Target)
	host.worse["api"] = "errors are twice the control's"
	host.step(10*time.Minute, plan.Target)

	fixed := plan
	fixed.Release = version("1.5.1")
	ok(host.engine.RollForward(ctx, fixed, by("ada", "1.5.1 mends it")))
	delete(host.worse, "api")
	host.step(10*time.Minute, plan.Target)
	ok(host.engine.Approve(ctx, plan.Target, "", by("grace", "read it")))
	for range 3 {
		host.step(time.Hour, plan.Target)
	}

	// Output:
	// 09:00 api@production: 1.5.0: baking migrated (20 %): it bakes until 2026-11-23T10:00:00Z
	// 09:10 api@production: 1.5.0: baking migrated (20 %): it cannot be taken back: errors are twice the control's; roll forward, abort it where it stands, or resume
	// 09:20 api@production: 1.5.1: starting: stage migrated has 0 of 1 approvals
	// 10:20 api@production: 1.5.1: baking migrated (20 %): it bakes until 2026-11-23T11:20:00Z
	// 11:20 api@production: 1.5.1: baking all (100 %): it bakes until 2026-11-23T12:20:00Z
	// 12:20 api@production: 1.5.1: deployed
}
