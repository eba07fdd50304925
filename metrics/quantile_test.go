package metrics_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
)

func ExampleQuery_quantiles() {
	var log metrics.Log
	for i := range 20 {
		d := deploy(fmt.Sprint(i), 24+i, fmt.Sprint("v", i))
		d.Follows = "v"
		d.Changes = []metrics.Ref{{Source: "git", ID: fmt.Sprint(i)}}
		c := metrics.Change{Meta: metrics.Meta{Source: "git", ID: fmt.Sprint(i), At: d.At.Add(-hours(1 + i*i).Sub(epoch)), Seen: d.At}}
		if _, err := log.Add(d, c); err != nil {
			fmt.Println(err)
		}
	}
	report, err := metrics.Compute(log.Snapshot(hours(200)), metrics.DORA(),
		metrics.Query{From: epoch, To: hours(168), Window: metrics.WindowWeek, Quantiles: []float64{0.75, 0.9}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for r := range report.All() {
		for _, q := range r.Quantiles {
			fmt.Printf("p%.0f %s (%s to %s)\n", 100*q.P, r.Metric.Format(q.Value), r.Metric.Format(q.Lo), r.Metric.Format(q.Hi))
		}
	}
	// Output:
	// p75 8.5 d (4.8 d to 13 d)
	// p90 12 d (-∞ to ∞)
}

func TestQuantilesAreChecked(t *testing.T) {
	t.Parallel()
	var log metrics.Log
	for _, test := range []struct {
		ps   []float64
		want string
	}{
		{nil, ""}, {[]float64{}, ""}, {[]float64{0.5}, ""}, {[]float64{1e-300, 1 - 1e-16}, ""},
		{[]float64{0}, "between 0 and 1"}, {[]float64{1}, "between 0 and 1"}, {[]float64{-0.5}, "between 0 and 1"},
		{[]float64{math.NaN()}, "between 0 and 1"}, {[]float64{math.Inf(1)}, "between 0 and 1"},
		{[]float64{0.5, 0.5}, "ascend"}, {[]float64{0.9, 0.5}, "ascend"},
		{[]float64{.1, .2, .3, .4, .5, .6, .7, .8, .9}, "more than 8"},
	} {
		for _, compute := range []func(*metrics.Snapshot, metrics.Definition, metrics.Query) (*metrics.Report, error){metrics.Compute, metrics.ComputeReference} {
			_, err := compute(log.Snapshot(hours(1)), metrics.DORA(), metrics.Query{From: epoch, To: hours(1), Window: metrics.WindowWeek, Quantiles: test.ps})
			if test.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, test.want)
			}
		}
	}
}

// TestQuantilesOfRecoveries has one of five failures open: the curve comes down
// past one half and never to the tenth.
func TestQuantilesOfRecoveries(t *testing.T) {
	t.Parallel()
	var log metrics.Log
	for i, end := range []int{11, 22, 34, 48, 0} {
		d := deploy(fmt.Sprint(i), 10*(i+1), fmt.Sprint("v", i))
		d.Outcome = metrics.DeploymentFailed
		if end > 0 {
			d.Recovered = hours(end)
		}
		_, err := log.Add(d)
		require.NoError(t, err)
	}
	report, err := metrics.Compute(log.Snapshot(hours(200)), metrics.DORA(),
		metrics.Query{From: epoch, To: hours(168), Window: metrics.WindowWeek, Quantiles: []float64{0.5, 0.7, 0.9}})
	require.NoError(t, err)
	for r := range report.All() {
		if r.Metric != metrics.RecoveryTime {
			require.Empty(t, r.Quantiles)
			continue
		}
		require.Equal(t, 1, r.Censored)
		require.Len(t, r.Quantiles, 3)
		require.Equal(t, r.Value, r.Quantiles[0].Value)
		require.Equal(t, 4*3600.0, r.Quantiles[0].Value)
		require.Equal(t, 8*3600.0, r.Quantiles[1].Value)
		require.True(t, math.IsNaN(r.Quantiles[2].Value), "nine in ten have not recovered yet")
		b, err := json.Marshal(r)
		require.NoError(t, err)
		require.Contains(t, string(b), `{"p":0.9,"value":null,`)
	}
}
