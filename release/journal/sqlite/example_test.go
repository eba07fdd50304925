package sqlite_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/sallyport-dev/sallyport/release/journal"
	"github.com/sallyport-dev/sallyport/release/journal/sqlite"
)

// Two processes would each open the same path. One writes that a deployment is due; the
// other claims it, does it, and writes so.
func Example() {
	dir, err := os.MkdirTemp("", "journal")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	j, err := sqlite.Open(ctx, filepath.Join(dir, "journal.db"), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer j.Close()

	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	_, err = j.Append(ctx, journal.Append{Stream: "shop/production", Entries: []journal.Entry{
		{At: at, Actor: "ada@example.com", Kind: "planned", Reason: "version 42"},
	}})
	if err != nil {
		log.Fatal(err)
	}

	leases, err := j.Claim(ctx, journal.Claim{Worker: "worker 1", TTL: time.Minute, Max: 10})
	if err != nil {
		log.Fatal(err)
	}
	for _, l := range leases {
		_, err := j.Append(ctx, journal.Append{
			Stream: l.Stream, Expect: l.Seq, Token: l.Token, Wake: journal.Never,
			Entries: []journal.Entry{{At: at.Add(time.Minute), Actor: "worker 1", Kind: "deployed"}},
		})
		if err != nil {
			log.Fatal(err)
		}
	}

	for r, err := range j.Feed(ctx, "") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(r.Stream, r.Seq, r.Kind, r.Actor)
	}
	// Output:
	// shop/production 1 planned ada@example.com
	// shop/production 2 deployed worker 1
}
