package rollout

import (
	"fmt"
	"math"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// tierRings are what [TierRings] chooses for a tier, beside what is demanded.
type tierRings struct {
	canary       float64       // percent of everything
	minBake      time.Duration // of each ring but the last
	lastBake     time.Duration
	maxBake      time.Duration
	onUndecided  OnUndecided
	percentHours float64
	onSpent      OnUndecided
}

// choose is by tier. Whoever does not know the tier gets the most careful.
func choose(t release.Tier) tierRings {
	switch t {
	case release.TierLow:
		return tierRings{canary: 10, minBake: 10 * time.Minute, lastBake: 10 * time.Minute}
	case release.TierModerate:
		return tierRings{canary: 5, minBake: 30 * time.Minute, lastBake: time.Hour, percentHours: 500}
	case release.TierHigh:
		return tierRings{canary: 5, minBake: time.Hour, lastBake: 4 * time.Hour, percentHours: 300}
	}
	// What nobody can vouch for in a day and a night goes back: a budget that is spent, too.
	return tierRings{canary: 1, minBake: time.Hour, lastBake: 12 * time.Hour, maxBake: 24 * time.Hour, onUndecided: UndecidedRollback,
		percentHours: 150, onSpent: UndecidedRollback}
}

// TierRings are the stages and the budget of [Rings], as careful as the tier, and at
// least as careful as want, what the tier's policy demands: internal, canary, region, all.
//
//	plan.Stages, plan.Budget = rollout.TierRings(a.Tier, a.Rollout, rollout.RingOptions{Region: "eu", RegionPercent: 30})
//
// Where one step would be wider than want allows, or where there are fewer stages than it
// demands, a ring is reached in parts: of the region first, and then of everything. Without
// a Region the ring is left out. An unknown tier is as critical. The rings are:
//
//	tier      canary  bake    watch   budget, percent-hours
//	low         10 %  10 min  10 min  none
//	moderate     5 %  30 min     1 h  500
//	high         5 %     1 h     4 h  300
//	critical     1 %     1 h    12 h  150, and then it goes back
//
// A critical release that is undecided for 24 hours goes back too; the others are held.
// These are choices, as those of risk.Default are. What is set in o is taken instead, but
// where want demands more. The calendar is the host's: no zone is right for everybody. So
// are approvals: a policy asks for them as evidence, which a gate shows, and
// RingOptions.LastApprovals for people who saw how the release fared.
//
// What o leaves no room for is found by [Plan.Validate], as a cohort of one's own people
// that is as wide as the first public stage may be, or bakes that spend the budget, and the
// rest by [Plan.Meets].
func TierRings(t release.Tier, want release.RolloutRequirement, o RingOptions) ([]Stage, Budget) {
	c := choose(t)
	if o.CohortPercent == 0 {
		o.CohortPercent = defaultCohortPercent
	}
	if o.Canary == 0 {
		o.Canary = c.canary
	}
	if want.MaxFirstPercent > 0 {
		o.Canary = min(o.Canary, want.MaxFirstPercent-o.CohortPercent)
	}
	if want.MaxStepPercent > 0 {
		o.Canary = min(o.Canary, want.MaxStepPercent)
	}
	if o.Canary == 0 {
		o.Canary = -1 // there is no room for any: Plan.Validate says so, where Rings would take its 5 percent
	}
	if o.MinBake == 0 {
		o.MinBake = c.minBake
	}
	o.MinBake = max(o.MinBake, want.MinBake)
	if o.LastBake == 0 {
		o.LastBake = max(c.lastBake, o.MinBake)
	}
	if o.MaxBake == 0 && c.maxBake > o.MinBake {
		o.MaxBake, o.OnUndecided = c.maxBake, max(o.OnUndecided, c.onUndecided)
	}
	budget := Budget{PercentHours: c.percentHours, OnSpent: c.onSpent}
	if w := want.MaxPercentHours; w > 0 && (budget.PercentHours == 0 || w < budget.PercentHours) {
		budget.PercentHours = w
	}
	rings := Rings(o)
	if o.Region == "" {
		rings = append(rings[:2], rings[3])
		o.RegionPercent = rings[1].Share()
	}
	most := want.MaxStepPercent
	if !(most > 0) { // nor a number
		most = 100
	}
	return o.widen(rings, most, want.MinStages), budget
}

// widen reaches the region, and then everything, in parts, so that no step is wider than
// most and there are as many stages as least.
func (o RingOptions) widen(rings []Stage, most float64, least int) []Stage {
	last := len(rings) - 1
	canary := rings[1].Share()
	stages := rings[:2:2]
	if last == 3 {
		n := parts(o.RegionPercent-canary, most)
		for i := 1; i < n; i++ { // a part of the region
			part := rings[2]
			share := float64(i) / float64(n)
			part.Name = fmt.Sprintf("region %d of %d", i, n)
			part.Slices = append(part.Slices[:2:2], Slice{Region: o.Region, Percent: 100 * share})
			part.Percent = float64((o.RegionPercent-canary)*share) + canary
			stages = append(stages, part)
		}
		stages = append(stages, rings[2])
	}
	rest := 100 - o.RegionPercent
	n := max(parts(rest, most), min(least, maxStages)-len(stages))
	for i := 1; i < n; i++ { // a part of everything
		part := stages[len(stages)-1]
		share := float64(i) / float64(n)
		part.Name = fmt.Sprintf("wide %d of %d", i, n)
		// Of what no ring before has, the same share is in the wider slice of everything.
		wide := Slice{Percent: float64((100-o.Canary)*share) + o.Canary}
		part.Slices = append([]Slice{rings[0].Slices[0], wide}, rings[last-1].Slices[2:]...)
		part.Percent = float64(rest*share) + o.RegionPercent
		stages = append(stages, part)
	}
	return append(stages, rings[last])
}

// parts is in how many steps of at most this width one gets there.
func parts(width, most float64) int {
	if !(width > 0) {
		return 1
	}
	return int(min(math.Ceil((width-shareError)/most), maxStages))
}
