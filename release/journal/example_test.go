package journal_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
)

func Example() {
	ctx := context.Background()
	j := new(journal.Memory) // or journal.Open("releases.journal", nil)
	defer j.Close()

	// Two drivers read the stream at version 0, and both decide.
	decide := func(who, what string) error {
		_, err := j.Append(ctx, journal.Append{
			Stream: "shop/production",
			Expect: 0,
			Entries: []journal.Entry{{
				At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Actor: who, Kind: what, Reason: "error rate",
			}},
		})
		return err
	}
	fmt.Println(decide("driver-1", "widen"))
	if err := decide("driver-2", "abort"); errors.Is(err, journal.ErrConflict) {
		fmt.Println(err)
	}

	for r, err := range j.Load(ctx, "shop/production", 0) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(r.Seq, r.Actor, r.Kind)
	}
	head, err := journal.Verify(journal.Head{Stream: "shop/production"}, j.Load(ctx, "shop/production", 0))
	fmt.Println(head.Seq, head.Hash.Short(), err)
	// Output:
	// <nil>
	// journal: the stream is at another version: stream "shop/production" is at 1, expected 0
	// 1 driver-1 widen
	// 1 abb510528705 <nil>
}
