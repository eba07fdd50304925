package metrics_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/release"
)

// Unknown is never fine: where nobody would know of a failure, where the only sign does
// not count, and until it has been watched for as long as was asked.
func TestPredictionsWithoutOutcome(t *testing.T) {
	t.Parallel()
	incidentsOnly := metrics.DORA()
	incidentsOnly.OutcomeFails = false
	failed := deploy("1", 10, "v1")
	failed.Outcome = metrics.DeploymentFailed
	for _, c := range []struct {
		name     string
		d        metrics.Deployment
		def      metrics.Definition
		observed bool
		settle   time.Duration
		want     release.OutcomeKind
		why      string
	}{
		{"observed", deploy("1", 10, "v1"), metrics.DORA(), true, 0, release.OutcomeFine, ""},
		{"nobody vouches", deploy("1", 10, "v1"), metrics.DORA(), false, 0, release.OutcomeUnknown, "nobody vouches that a failure would have been recorded"},
		{"does not count", failed, incidentsOnly, true, 0, release.OutcomeUnknown, "it failed in a way that does not count by the definition"},
		{"just settled", deploy("1", 10, "v1"), metrics.DORA(), true, 10 * time.Hour, release.OutcomeFine, ""},
		{"not settled", deploy("1", 10, "v1"), metrics.DORA(), true, 10*time.Hour + 1, release.OutcomeUnknown, "it was not exposed for long enough"},
	} {
		var log metrics.Log
		_, err := log.Add(c.d)
		require.NoError(t, err)
		report, err := metrics.Compute(log.Snapshot(hours(20)), c.def,
			metrics.Query{From: epoch, To: hours(20), Window: metrics.WindowWhole, FailuresObserved: c.observed})
		require.NoError(t, err)
		ps := report.Predictions(c.settle)
		require.Len(t, ps, 1, c.name)
		require.Equal(t, c.want, ps[0].Outcome, c.name)
		require.Equal(t, c.why, ps[0].Why, c.name)
	}
}
