package journal_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
)

// canary is as much of an engine as an example needs: its Step drives one stream as far
// as it goes now, and returns where the stream stands and when to call it again.
type canary struct {
	journal journal.Journal
	bake    time.Duration
}

func (c canary) Step(ctx context.Context, l journal.Lease) (journal.Head, time.Time, error) {
	head, err := journal.Verify(journal.Head{Stream: l.Stream}, c.journal.Load(ctx, l.Stream, 0))
	if err != nil {
		return head, time.Time{}, err
	}
	now, kinds := time.Now(), []string{"planned", "widened", "finished"}
	next := now.Add(c.bake)
	if head.Seq == 2 {
		next = time.Time{} // there is nothing to come
	}
	records, err := c.journal.Append(ctx, journal.Append{
		Stream: l.Stream, Expect: head.Seq, Token: l.Token, Wake: journal.WakeAt(next, now),
		Entries: []journal.Entry{{At: now, Actor: "host-1", Kind: kinds[head.Seq]}},
	})
	if err != nil {
		return head, time.Time{}, err
	}
	fmt.Println(l.Stream, records[0].Kind)
	return records[0].Head(), next, nil
}

// Any number of hosts run the same worker: each stream is worked on by one of them, and
// by another when that one dies. Nothing waits in memory while a stage bakes.
func ExampleWork() {
	j := new(journal.Memory)
	defer j.Close()
	engine := canary{journal: j, bake: 20 * time.Millisecond}

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	_, err := j.Append(ctx, journal.Append{
		Stream:  "rollout/shop/production",
		Entries: []journal.Entry{{At: time.Now(), Actor: "email:ada@example.com", Kind: "planned"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	worker := journal.Work{
		Leases: j,
		Worker: "host-1",
		Prefix: "rollout/",
		Poll:   10 * time.Millisecond,
		Do: func(ctx context.Context, l journal.Lease) (journal.Next, error) {
			head, wake, err := engine.Step(ctx, l)
			if wake.IsZero() && err == nil {
				stop() // a host would go on
			}
			return journal.Next{Seq: head.Seq, Wake: journal.WakeAt(wake, time.Now())}, err
		},
		Failed: func(l journal.Lease, err error) { fmt.Println(l.Stream, err) },
	}
	fmt.Println(worker.Run(ctx))
	// Output:
	// rollout/shop/production widened
	// rollout/shop/production finished
	// <nil>
}
