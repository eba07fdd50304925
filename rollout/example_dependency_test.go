package rollout_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/rollout"
)

// A change in two services: web needs what api brings. Web waits until api has it on
// half of its traffic and is well, and goes back before api does.
func ExampleOrder() {
	ctx := context.Background()
	host := simulate(refOf("api", "1"), refOf("web", "7"))
	api := rollout.Plan{Target: target("api"), Release: refOf("api", "2"), Previous: refOf("api", "1"),
		Dependents: []rollout.Target{target("web")},
		Stages:     []rollout.Stage{share("half", 50), share("all", 100)}}
	web := rollout.Plan{Target: target("web"), Release: refOf("web", "8"), Previous: refOf("web", "7"),
		After:  []rollout.Dependency{{Target: api.Target, Release: api.Release, Stage: "half"}},
		Stages: []rollout.Stage{share("canary", 10), share("all", 100)}}

	plans, err := rollout.Order(web, api)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range plans {
		fmt.Println("start", p.Target)
		ok(host.engine.Start(ctx, p, by("ada", "")))
	}
	host.step(0, web.Target, api.Target)
	host.step(15*time.Second, web.Target)
	host.step(15*time.Minute, web.Target, api.Target)
	host.worse["api"] = "errors are twice the control's"
	for range 3 {
		host.step(15*time.Second, api.Target, web.Target)
	}
	// Output:
	// start api@production
	// start web@production
	// 09:00 web@production: 8: starting: gate rollout/after holds: api@production does not have 2 yet: it is starting
	// 09:00 api@production: 2: baking half (50 %): it bakes until 2026-11-23T10:00:00Z
	// 09:00 web@production: 8: baking canary (10 %): it bakes until 2026-11-23T10:00:15Z
	// 09:15 api@production: 2: retreating: it is to be taken back (errors are twice the control's); web@production is not back yet: it is baking
	// 09:15 web@production: 8: rolled back: api@production takes 2 back: errors are twice the control's
	// 09:15 api@production: 2: rolled back: errors are twice the control's
}
