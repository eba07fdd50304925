package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"time"
	_ "time/tzdata" // for a machine without zone files

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
	"github.com/sallyport-dev/sallyport/rollout/calendar"
)

// Everything needs the consent of two people, neither of whom started the rollout or
// wrote the change, and the team in Berlin to be at work.
func ExampleEngine_Approve() {
	ctx := context.Background()
	host := simulate(version("1.4.2"))
	plan := rollout.Plan{Target: target("api"), Release: version("1.5.0"), Previous: version("1.4.2"),
		Authors:  []release.Actor{by("linus", "").Actor},
		Calendar: &calendar.Calendar{Zone: "Europe/Berlin", Open: []calendar.Hours{{Days: calendar.Monday | calendar.Tuesday, From: "09:00", To: "17:00"}}},
		Stages:   []rollout.Stage{share("canary", 5), share("all", 100)}}
	plan.Stages[1].Approvals = 2
	ok(host.engine.Start(ctx, plan, by("ada", "")))
	host.step(0, plan.Target)
	host.step(time.Hour, plan.Target)

	for _, name := range []string{"ada", "linus", "grace", "barbara"} {
		_, err := host.engine.Approve(ctx, plan.Target, "all", by(name, "the canary looks good"))
		fmt.Println(name, errors.Is(err, rollout.ErrNotApprover))
	}
	host.step(6*time.Hour, plan.Target)
	host.step(16*time.Hour, plan.Target)

	// Output:
	// 09:00 api@production: 1.5.0: baking canary (5 %): it bakes until 2026-11-23T10:00:00Z
	// 10:00 api@production: 1.5.0: baking canary (5 %): stage all has 0 of 2 approvals
	// ada true
	// linus true
	// grace false
	// barbara false
	// 16:00 api@production: 1.5.0: baking canary (5 %): gate rollout/calendar holds: closed outside of business hours until Tue 2026-11-24 09:00 +01:00
	// 08:00 api@production: 1.5.0: baking all (100 %): it bakes until 2026-11-24T09:00:00Z
}
