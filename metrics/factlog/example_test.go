package factlog_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/metrics/factlog"
	"github.com/sallyport-dev/sallyport/release/journal"
)

// A deployment is told twice, and is there once after the program was started anew.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "factlog")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	at := time.Date(2026, time.June, 3, 15, 0, 0, 0, time.UTC)
	deployment := metrics.Deployment{
		Meta:    metrics.Meta{Source: "ci", ID: "7", Rev: 1, At: at, Seen: at, Service: "shop", Environment: "production"},
		Outcome: metrics.DeploymentSucceeded, Version: "1.4",
	}
	for range 2 { // two runs of the program
		j, err := journal.Open(filepath.Join(dir, "metrics.journal"), nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		log, err := factlog.Open(ctx, j, "metrics/facts", nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		tally, err := log.Add(ctx, deployment)
		fmt.Println(tally.Added, "added,", tally.Duplicate, "known;", log.Len(), "in the log, at record", log.Head().Seq, err)
		if err := j.Close(); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// 1 added, 0 known; 1 in the log, at record 1 <nil>
	// 0 added, 1 known; 1 in the log, at record 1 <nil>
}
