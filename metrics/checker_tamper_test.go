package metrics_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
)

// TestCheckerSeesTampering: a checker that lets everything pass shows nothing. Each
// result whose numbers, counts or status are another one's is refused, and so is each
// explanation that lacks a fact that counts.
func TestCheckerSeesTampering(t *testing.T) {
	t.Parallel()
	seen := map[metrics.Status]int{}
	metric := map[metrics.Metric]int{}
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(11, seed))
		var log metrics.Log
		_, err := log.Add(fastHistory(r)...)
		require.NoError(t, err)
		q := metrics.Query{From: epoch, To: hours(24 * 21), Window: metrics.WindowWhole, By: []string{metrics.DimService}, Quantiles: []float64{0.5, 0.9}}
		report, err := metrics.Compute(log.Snapshot(hours(24*20)), anyDefinition(r), q)
		require.NoError(t, err)
		for res := range report.All() {
			e, err := report.Explain(res)
			require.NoError(t, err)
			require.NoError(t, check(e))
			seen[res.Status]++
			metric[res.Metric]++
			for name, tamper := range map[string]func(r *metrics.Result){
				"value":    func(r *metrics.Result) { r.Value = another(r.Value) },
				"lo":       func(r *metrics.Result) { r.Lo = another(r.Lo) },
				"hi":       func(r *metrics.Result) { r.Hi = another(r.Hi) },
				"mean":     func(r *metrics.Result) { r.RestrictedMean = another(r.RestrictedMean) },
				"horizon":  func(r *metrics.Result) { r.Horizon = another(r.Horizon) },
				"n":        func(r *metrics.Result) { r.N++ },
				"censored": func(r *metrics.Result) { r.Censored++ },
				"negative": func(r *metrics.Result) { r.Negative++ },
				"assumed":  func(r *metrics.Result) { r.Assumed++ },
				"metric":   func(r *metrics.Result) { r.Metric = 0 },
				"status":   func(r *metrics.Result) { r.Status, r.Reason = metrics.StatusUnknown, "so" },
				"reason":   func(r *metrics.Result) { r.Status, r.Reason = metrics.StatusOK, "so" },
				"quantiles": func(r *metrics.Result) {
					r.Quantiles = append(slices.Clone(r.Quantiles), metrics.QuantileValue{P: 0.99})
				},
			} {
				bad := e
				tamper(&bad.Result)
				require.Error(t, check(bad), "%s of %s", name, res)
			}
			for k := range res.Quantiles {
				bad := e
				bad.Result.Quantiles = slices.Clone(res.Quantiles)
				bad.Result.Quantiles[k].Hi = another(bad.Result.Quantiles[k].Hi)
				require.Error(t, check(bad))
			}
			for k, c := range e.Contributions {
				if c.Use != metrics.UseExcluded && c.Use != metrics.UseEvidence && c.Use != metrics.UseAlone {
					bad := e
					bad.Contributions = slices.Delete(slices.Clone(e.Contributions), k, k+1)
					require.Error(t, check(bad), "%s without %s", res, c.Ref)
				}
			}
		}
	}
	require.Len(t, seen, 4, "%v", seen)
	require.Len(t, metric, 5)
}

// another is another number.
func another(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 1
	}
	return math.Nextafter(v, math.Inf(1))
}
