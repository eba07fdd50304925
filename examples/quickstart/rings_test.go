package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
	"github.com/sallyport-dev/sallyport/rollout"
)

// Whatever tier and lane the default policy may choose, the four rings meet what it demands of the rollout.
func TestRingsMeetEveryDefaultDemand(t *testing.T) {
	t.Parallel()
	p := risk.Default()
	demands := []release.RolloutRequirement{p.BreakGlass.Rollout}
	for _, d := range append(p.Demands, p.Expedite.Demands...) {
		demands = append(demands, d.Rollout)
	}
	for _, want := range demands {
		canary := 5.0
		if want.MaxFirstPercent > 0 {
			canary = min(canary, want.MaxFirstPercent-internalShare)
		}
		plan := rollout.Plan{Target: rollout.Target{Service: "shop", Environment: environment},
			Release: release.Ref{Service: "shop", Version: "1", Digest: release.DigestOf([]byte("1"))}, First: true,
			Stages: rollout.Rings(rollout.RingOptions{CohortPercent: internalShare, Canary: canary, Region: regionName,
				RegionPercent: internalShare + canary + regionShare, MinBake: max(want.MinBake, time.Minute)})}
		require.Empty(t, plan.Meets(want), "%+v", want)
		if want.MaxStepPercent > 0 {
			plan.Stages = rollout.Rings(rollout.RingOptions{CohortPercent: internalShare, Canary: canary, Region: regionName,
				RegionPercent: internalShare + canary + 10, MinBake: max(want.MinBake, time.Minute)})
			lacks := plan.Meets(want)
			require.Len(t, lacks, 1, "a small region leaves all the rest to the last ring: %+v", want)
			require.Equal(t, "rollout/step-too-wide all", lacks[0].Code+" "+lacks[0].Subject)
		}
	}
}
