package rollout_test

import (
	"context"
	"time"

	"github.com/sallyport-dev/sallyport/rollout"
)

// Environments are targets of their own. Production waits until staging has deployed the
// release, watch included. Staging must keep it until production has it, too: that it goes
// on to the next release holds production, which may be overridden here.
func ExampleDependency() {
	ctx := context.Background()
	host := simulate(refOf("api", "1"))
	staging := rollout.Target{Service: "api", Environment: "staging"}
	host.deployer.Serve(staging, refOf("api", "1"))
	first := rollout.Plan{Target: staging, Release: refOf("api", "2"), Previous: refOf("api", "1"),
		Dependents: []rollout.Target{target("api")},
		Stages:     []rollout.Stage{share("all", 100)}}
	then := rollout.Plan{Target: target("api"), Release: refOf("api", "2"), Previous: refOf("api", "1"),
		After:       []rollout.Dependency{{Target: staging, Release: first.Release}},
		Overridable: []string{rollout.GateAfter},
		Stages:      []rollout.Stage{share("canary", 10), share("all", 100)}}

	ok(host.engine.Start(ctx, then, by("ada", "")))
	host.step(0, then.Target)
	ok(host.engine.Start(ctx, first, by("ada", "")))
	host.step(0, first.Target, then.Target)
	host.step(time.Hour, first.Target, then.Target)

	next := first
	next.Release, next.Previous = refOf("api", "3"), refOf("api", "2")
	ok(host.engine.Start(ctx, next, by("ada", "")))
	host.step(0, next.Target)
	host.step(time.Hour, then.Target)
	ok(host.engine.Override(ctx, then.Target, rollout.GateAfter, by("ada", "staging had 2 for an hour, and was well")))
	host.step(0, then.Target)
	// Output:
	// 09:00 api@production: 2: starting: gate rollout/after holds: api@staging does not have 2
	// 09:00 api@staging: 2: baking all (100 %): it bakes until 2026-11-23T10:00:00Z
	// 10:00 api@staging: 2: deployed
	// 10:00 api@production: 2: baking canary (10 %): it bakes until 2026-11-23T11:00:00Z
	// 10:00 api@staging: 3: baking all (100 %): it bakes until 2026-11-23T11:00:00Z
	// 11:00 api@production: 2: baking canary (10 %): gate rollout/after holds: api@staging is replacing 2 with 3
	// 11:00 api@production: 2: baking all (100 %): it bakes until 2026-11-23T12:00:00Z
}
