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
			Budget: rollout.Budget{PercentHours: want.MaxPercentHours},
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

// So do the rings by tier, whatever the region's share is, in every lane.
func TestTierRingsMeetEveryDefaultDemand(t *testing.T) {
	t.Parallel()
	p := risk.Default()
	type lane struct {
		tier release.Tier
		want release.RolloutRequirement
	}
	var lanes []lane
	for _, d := range append(p.Demands, p.Expedite.Demands...) {
		lanes = append(lanes, lane{d.Tier, d.Rollout})
	}
	for tier := release.TierUnknown; tier <= release.TierCritical; tier++ {
		lanes = append(lanes, lane{tier, p.BreakGlass.Rollout})
	}
	lanes = append(lanes, lane{release.TierUnknown, p.Demands[len(p.Demands)-1].Rollout})
	for _, l := range lanes {
		for _, region := range []float64{0, 12, 30, 55, 90} {
			o := rollout.RingOptions{CohortPercent: internalShare}
			if region > 0 {
				o.Region, o.RegionPercent = regionName, region
			}
			plan := rollout.Plan{Target: rollout.Target{Service: "shop", Environment: environment},
				Release: release.Ref{Service: "shop", Version: "1", Digest: release.DigestOf([]byte("1"))}, First: true}
			plan.Stages, plan.Budget = rollout.TierRings(l.tier, l.want, o)
			require.Empty(t, plan.Meets(l.want), "tier %v, region %v: %+v", l.tier, region, plan.Stages)
			plan.Budget = rollout.Budget{}
			if l.want.MaxPercentHours > 0 {
				require.Equal(t, "rollout/budget-too-large", plan.Meets(l.want)[0].Code)
			}
			o.CohortPercent = 11
			plan.Stages, plan.Budget = rollout.TierRings(l.tier, l.want, o)
			if most := l.want.MaxFirstPercent; most > 0 && most < 11 {
				require.NotEmpty(t, plan.Meets(l.want), "a cohort that is too wide for the first stage is seen")
			}
		}
	}
}
