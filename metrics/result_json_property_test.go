package metrics_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
)

// TestPublicationOfHistories: whatever is computed of random histories by random
// definitions can be written, and reads back bit by bit.
func TestPublicationOfHistories(t *testing.T) {
	t.Parallel()
	histories := uint64(300)
	if *long {
		histories = 100_000
	}
	for k := range histories {
		r := rand.New(rand.NewPCG(91, k))
		h, def := randomHistory(r), anyDefinition(r)
		if k%2 == 0 {
			def = randomDefinition(r)
		}
		var log metrics.Log
		_, err := log.Add(h...)
		require.NoError(t, err)
		q := metrics.Query{From: epoch, To: hours(24 * 21), Window: metrics.WindowWeek, Quantiles: []float64{.25, .9}}
		if def.RegionBy == "environment" {
			q.By = []string{"service"}
		}
		report, err := metrics.Compute(log.Snapshot(hours(24*7+r.IntN(24*21))), def, q)
		if err != nil {
			continue // a definition that does not fit the query
		}
		p := report.Publish(q)
		b, err := metrics.AppendPublication(nil, p)
		require.NoError(t, err, "history %d", k)
		got, err := metrics.ParsePublication(b)
		require.NoError(t, err, "history %d", k)
		require.Len(t, got.Results, len(p.Results))
		for i := range p.Results {
			requireSame(t, p.Results[i], got.Results[i])
		}
		again, err := metrics.AppendPublication(nil, got)
		require.NoError(t, err)
		require.Equal(t, string(b), string(again))
	}
}
