package metrics_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/release"
)

// Each rollout of package rollout's golden streams that has ended is one deployment, of
// the right outcome, and one that runs is none yet.
func TestEveryRolloutThatEndsIsOneDeployment(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../rollout/testdata/streams/v*/*.events.json")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 40)
	outcomes := map[release.EventKind]metrics.DeploymentOutcome{
		release.EventDeployed: metrics.DeploymentSucceeded, release.EventRolledBack: metrics.DeploymentFailed, release.EventStopped: metrics.DeploymentNotExposed,
		release.EventHalted: metrics.DeploymentFailed, release.EventReplaced: metrics.DeploymentFailed,
	}
	met := map[release.EventKind]int{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var events []release.Event
		require.NoError(t, json.Unmarshal(text, &events))
		twice := append(slices.Clone(events), events...)
		deployments := metrics.FromEvents(twice)
		require.Equal(t, metrics.FromEvents(events), deployments, "%s: told twice", file)
		var log metrics.Log
		i := 0
		for _, e := range events {
			d, ok := metrics.FromEvent(e)
			require.Equal(t, e.Kind.Ends(), ok, "%s: %s", file, e.Kind)
			if !ok {
				continue
			}
			met[e.Kind]++
			require.Less(t, i, len(deployments), file)
			got := deployments[i]
			require.Equal(t, outcomes[e.Kind], got.Outcome, "%s: %s", file, e.Kind)
			require.Equal(t, d.ID, got.ID)
			require.False(t, got.Started.Before(e.Started), "it is exposed when it has begun")
			require.False(t, got.Started.After(e.At))
			if !got.Detected.IsZero() {
				require.False(t, got.Detected.Before(got.Started), file)
				require.False(t, got.Detected.After(e.At), file)
			}
			tally, err := log.Add(got)
			require.NoError(t, err, file)
			require.Equal(t, 1, tally.Added, file)
			i++
		}
		require.Len(t, deployments, i, file)
	}
	for kind := range outcomes {
		require.NotZero(t, met[kind], kind)
	}
	t.Log(met)
}
