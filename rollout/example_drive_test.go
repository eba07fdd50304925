package rollout_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/rollout"
)

// Any number of hosts drive any number of targets: each target is driven by one of them
// at a time, and by another when that one dies. Here, one worker drives two, over a
// journal in memory; hosts share one in SQLite or PostgreSQL.
func ExampleEngine_Drive() {
	ctx, stop := context.WithCancel(context.Background())
	host := simulate(refOf("api", "1"), refOf("web", "7"))
	for _, r := range []release.Ref{refOf("api", "2"), refOf("web", "8")} {
		previous := map[string]release.Ref{"api": refOf("api", "1"), "web": refOf("web", "7")}[r.Service]
		ok(host.engine.Start(ctx, rollout.Plan{Target: target(r.Service), Release: r, Previous: previous, Stages: []rollout.Stage{
			{Name: "all", Slices: []rollout.Slice{{Percent: 100}}},
		}}, by("ada", "")))
	}
	var ended atomic.Int32 // Do is called at once for different targets
	worker := journal.Work{
		Leases: host.journal,
		Worker: "host-1",
		Prefix: rollout.StreamPrefix,
		Poll:   10 * time.Millisecond,
		Do: func(ctx context.Context, l journal.Lease) (journal.Next, error) {
			next, err := host.engine.Drive(ctx, l)
			if next.Wake == journal.Never {
				if ended.Add(1) == 2 {
					stop() // a host would go on
				}
			}
			return next, err
		},
		Failed: func(l journal.Lease, err error) { fmt.Println(l.Stream, err) },
	}
	fmt.Println(worker.Run(ctx))
	for _, service := range []string{"api", "web"} {
		fmt.Println(ok(host.engine.State(context.Background(), target(service))))
	}
	// Output:
	// <nil>
	// api@production: 2: deployed
	// web@production: 8: deployed
}
