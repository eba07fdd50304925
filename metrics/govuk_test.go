package metrics_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/internal/realdata"
	"github.com/sallyport-dev/sallyport/metrics"
)

// TestGOVUK measures four years of a real platform: shared data, not copied here.
func TestGOVUK(t *testing.T) {
	t.Parallel()
	rows := realdata.CSV(t, "deployments/govuk.csv.gz")
	facts := make([]metrics.Fact, 0, len(rows))
	var last time.Time
	for i, row := range rows {
		unix, err := strconv.ParseInt(row[0], 10, 64)
		require.NoError(t, err)
		last = time.Unix(unix, 0)
		facts = append(facts, metrics.Deployment{Outcome: metrics.DeploymentSucceeded, Version: row[3],
			Meta: metrics.Meta{Source: "govuk", ID: fmt.Sprint(i), At: last, Seen: last, Service: row[2], Environment: row[1]}})
	}
	begin := time.Now()
	var log metrics.Log
	tally, err := log.Add(facts...)
	require.NoError(t, err)
	require.Equal(t, 115405, tally.Added)
	added := time.Since(begin)
	begin = time.Now()
	s := log.Snapshot(last)
	taken := time.Since(begin)

	all := metrics.DORA()
	all.Repeats, all.Rollbacks = metrics.RepeatEach, metrics.RollbackCounts
	q := metrics.Query{From: time.Date(2022, 10, 1, 0, 0, 0, 0, time.UTC), To: last.Add(1), Window: metrics.WindowMonth}
	begin = time.Now()
	r, err := metrics.Compute(s, all, q)
	require.NoError(t, err)
	t.Logf("%d facts: add %s, snapshot %s, compute %s for %d results", len(facts), added, taken, time.Since(begin), r.Len())
	total, services := 0, map[string]bool{}
	for res := range r.All() {
		if res.Metric == metrics.FailRate {
			total += res.N
			services[res.Key[0]] = true
		}
	}
	require.Equal(t, 31862, total)
	require.Len(t, services, 71)

	// The ledger went back 196 times; the restores that followed are not counted.
	aside := all
	aside.Rollbacks = metrics.RollbackAside
	q.Window = metrics.WindowWhole
	r, err = metrics.Compute(s, aside, q)
	require.NoError(t, err)
	backs := 0
	for res := range r.All() {
		if res.Metric == metrics.FailRate {
			backs -= res.N
		}
	}
	require.Equal(t, 196, backs+31862)
}
