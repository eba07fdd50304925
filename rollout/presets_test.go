package rollout_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
)

// Three waves of regions after one's own people and a canary.
func ExampleSafeDeployment() {
	customers := func(region string) rollout.Slice {
		return rollout.Slice{Cohort: "customers", Region: region, Percent: 100}
	}
	plan := rollout.Plan{Target: rollout.Target{Service: "api", Environment: "production"}, Release: version("1.5.0"), Previous: version("1.4.2")}
	plan.Stages, plan.Budget = rollout.SafeDeployment(rollout.SafeDeploymentOptions{
		Internal: rollout.Slice{Cohort: "employees"},
		Canary:   rollout.Slice{Cohort: "customers", Region: "nz", Percent: 10}, CanaryPercent: 0.5,
		Waves: []rollout.Wave{
			{Name: "first region", Slices: []rollout.Slice{customers("nz")}, Percent: 4},
			{Name: "small regions", Slices: []rollout.Slice{customers("br"), customers("jp"), customers("za")}, Percent: 30},
			{Name: "europe", Slices: []rollout.Slice{customers("de"), customers("fr")}, Percent: 60},
		},
		Gates: []string{"evidence"},
	})
	fmt.Println(plan.Validate())
	for _, s := range plan.Stages {
		fmt.Println(s.Name, s.Share(), s.MinBake, s.Health, len(s.Slices), "slices,", s.MaxWithdrawn, "withdrawn at most,", s.Approvals, "approvals")
	}
	fmt.Printf("%.1f percent-hours\n", plan.Budget.PercentHours)
	// Output:
	// <nil>
	// internal 0.1 24h0m0s watched 1 slices, 0 withdrawn at most, 0 approvals
	// canary 0.5 1h0m0s required 2 slices, 0 withdrawn at most, 0 approvals
	// first region 4 12h0m0s watched 2 slices, 1 withdrawn at most, 1 approvals
	// small regions 30 4h0m0s watched 5 slices, 1 withdrawn at most, 0 approvals
	// europe 60 4h0m0s watched 7 slices, 1 withdrawn at most, 0 approvals
	// everyone 100 4h0m0s watched 1 slices, 0 withdrawn at most, 0 approvals
	// 821.8 percent-hours
}

func stagesOf(t release.Tier, want release.RolloutRequirement, o rollout.RingOptions) rollout.Plan {
	p := rollout.Plan{Target: production, Release: version("2"), Previous: version("1")}
	p.Stages, p.Budget = rollout.TierRings(t, want, o)
	return p
}

func TestTierRings(t *testing.T) {
	t.Parallel()
	eu := rollout.RingOptions{Region: "eu", RegionPercent: 30}
	names := func(p rollout.Plan) []string {
		var out []string
		for _, s := range p.Stages {
			out = append(out, s.Name)
		}
		return out
	}
	four := []string{"internal", "canary", "region", "all"}
	for _, c := range []struct {
		name  string
		tier  release.Tier
		want  release.RolloutRequirement
		o     rollout.RingOptions
		names []string
	}{
		{"low", release.TierLow, release.RolloutRequirement{MinStages: 1}, eu, four},
		{"moderate", release.TierModerate, release.RolloutRequirement{MinStages: 2, MinBake: 10 * time.Minute, MaxFirstPercent: 25, MaxStepPercent: 75, MaxPercentHours: 500}, eu, four},
		{"high", release.TierHigh, release.RolloutRequirement{MinStages: 3, MinBake: 30 * time.Minute, MaxFirstPercent: 10, MaxStepPercent: 60, MaxPercentHours: 300}, eu,
			[]string{"internal", "canary", "region", "wide 1 of 2", "all"}},
		{"critical", release.TierCritical, release.RolloutRequirement{MinStages: 4, MinBake: time.Hour, MaxFirstPercent: 5, MaxStepPercent: 50, MaxPercentHours: 150}, eu,
			[]string{"internal", "canary", "region", "wide 1 of 2", "all"}},
		{"without a region", release.TierCritical, release.RolloutRequirement{MinStages: 5, MaxStepPercent: 50}, rollout.RingOptions{},
			[]string{"internal", "canary", "wide 1 of 3", "wide 2 of 3", "all"}},
		{"a wide region", release.TierLow, release.RolloutRequirement{MaxStepPercent: 40}, rollout.RingOptions{Region: "eu", RegionPercent: 90},
			[]string{"internal", "canary", "region 1 of 2", "region", "all"}},
		{"a narrow start", release.TierLow, release.RolloutRequirement{MaxFirstPercent: 0.5}, eu, four},
		{"just as wide as a step", release.TierModerate, release.RolloutRequirement{MaxStepPercent: 11}, rollout.RingOptions{Region: "eu", RegionPercent: 16.1},
			[]string{"internal", "canary", "region", "wide 1 of 8", "wide 2 of 8", "wide 3 of 8", "wide 4 of 8", "wide 5 of 8", "wide 6 of 8", "wide 7 of 8", "all"}},
		{"longer than its watch", release.TierLow, release.RolloutRequirement{MinBake: 3 * time.Hour}, eu, four},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := stagesOf(c.tier, c.want, c.o)
			require.NoError(t, p.Validate())
			require.Empty(t, p.Meets(c.want))
			require.Equal(t, c.names, names(p))
			require.Equal(t, rollout.HealthWatched, p.Stages[0].Health)
			for _, s := range p.Stages[1 : len(p.Stages)-1] {
				require.Equal(t, rollout.HealthRequired, s.Health, "what goes on is certified")
			}
			require.GreaterOrEqual(t, p.Stages[len(p.Stages)-1].MinBake, p.Stages[0].MinBake, "everything is watched at least as long")
		})
	}
	require.Equal(t, stagesOf(release.TierCritical, release.RolloutRequirement{}, eu), stagesOf(release.TierUnknown, release.RolloutRequirement{}, eu))
	require.Equal(t, stagesOf(release.TierCritical, release.RolloutRequirement{}, eu), stagesOf(99, release.RolloutRequirement{}, eu))

	// Each tier is at least as careful as the one below.
	before := stagesOf(release.TierLow, release.RolloutRequirement{}, eu)
	for _, tier := range []release.Tier{release.TierModerate, release.TierHigh, release.TierCritical} {
		p := stagesOf(tier, release.RolloutRequirement{}, eu)
		require.Len(t, p.Stages, len(before.Stages))
		for i, s := range p.Stages {
			require.GreaterOrEqual(t, s.MinBake, before.Stages[i].MinBake)
			require.LessOrEqual(t, s.Share(), before.Stages[i].Share())
		}
		require.NotZero(t, p.Budget.PercentHours)
		require.True(t, before.Budget.PercentHours == 0 || p.Budget.PercentHours < before.Budget.PercentHours)
		before = p
	}

	// A bake that is longer than the most time to decide has no such time.
	for _, s := range stagesOf(release.TierCritical, release.RolloutRequirement{MinBake: 24 * time.Hour}, eu).Stages {
		require.Zero(t, s.MaxBake)
	}
	// Where there is no room for a canary there is none, and not one as wide as by default.
	for _, first := range []float64{0.1, 0.05} {
		p := stagesOf(release.TierCritical, release.RolloutRequirement{MaxFirstPercent: first}, rollout.RingOptions{CohortPercent: 0.1})
		require.ErrorContains(t, p.Validate(), "is not in (0, 100]")
		require.Less(t, p.Stages[1].Share(), 0.1)
	}
	// Nor are fractions that do not add up taken for more.
	for _, c := range [][2]float64{{0.3, 0.9}, {0.7, 2.9}, {0.7, 3.1}} {
		want := release.RolloutRequirement{MaxFirstPercent: c[1]}
		require.Empty(t, stagesOf(release.TierLow, want, rollout.RingOptions{CohortPercent: c[0]}).Meets(want))
	}

	asks := eu
	asks.LastApprovals = 2
	require.Equal(t, 2, stagesOf(release.TierLow, release.RolloutRequirement{}, asks).Stages[3].Approvals)

	// What leaves no room is not met, and never silently.
	for _, o := range []rollout.RingOptions{{Region: "eu", RegionPercent: 30, CohortPercent: 1}, {Region: "eu", RegionPercent: 30, CohortPercent: 2}} {
		require.NotEmpty(t, stagesOf(release.TierHigh, release.RolloutRequirement{MaxFirstPercent: 1}, o).Meets(release.RolloutRequirement{MaxFirstPercent: 1}))
	}
	require.ErrorContains(t, stagesOf(release.TierHigh, release.RolloutRequirement{MaxPercentHours: 10}, eu).Validate(), "even without waiting")
	require.ErrorContains(t, stagesOf(release.TierHigh, release.RolloutRequirement{}, rollout.RingOptions{Region: "eu"}).Validate(), "its share of all traffic")
}

// Whatever is demanded within reason, the rings meet it.
func TestTierRingsMeetDemands(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		want := release.RolloutRequirement{
			MinStages:       rapid.IntRange(0, 12).Draw(rt, "stages"),
			MinBake:         time.Duration(rapid.IntRange(0, 120).Draw(rt, "bake")) * time.Minute,
			MaxFirstPercent: rapid.SampledFrom([]float64{0, 0.5, 1, 5, 33, 100}).Draw(rt, "first"),
			MaxStepPercent:  rapid.OneOf(rapid.Just(0.), rapid.Float64Range(3, 100)).Draw(rt, "step"),
			MaxPercentHours: rapid.SampledFrom([]float64{0, 5000, 10000}).Draw(rt, "budget"),
		}
		o := rollout.RingOptions{}
		if rapid.Bool().Draw(rt, "region") {
			o.Region, o.RegionPercent = "eu", rapid.Float64Range(12, 99.9).Draw(rt, "share")
		}
		p := stagesOf(rapid.SampledFrom([]release.Tier{0, 1, 2, 3, 4}).Draw(rt, "tier"), want, o)
		if err := p.Validate(); err != nil {
			require.ErrorContains(rt, err, "even without waiting", "it cannot fit the budget")
			return
		}
		require.Empty(rt, p.Meets(want), "%+v\n%+v", want, p.Stages)
		share := 0.0
		for _, s := range p.Stages {
			require.Greater(rt, s.Share(), share)
			share = s.Share()
		}
	})
}

func safe() rollout.SafeDeploymentOptions {
	cell := func(names ...string) (out []rollout.Slice) {
		for _, name := range names {
			out = append(out, rollout.Slice{Cell: name, Percent: 100})
		}
		return out
	}
	return rollout.SafeDeploymentOptions{Internal: rollout.Slice{Cell: "own"}, Canary: rollout.Slice{Cell: "a", Percent: 5}, CanaryPercent: 0.5,
		Waves: []rollout.Wave{{Name: "one", Slices: cell("a"), Percent: 5}, {Name: "two", Slices: cell("b", "c"), Percent: 40}}}
}

func TestSafeDeployment(t *testing.T) {
	t.Parallel()
	plan := func(o rollout.SafeDeploymentOptions) rollout.Plan {
		p := rollout.Plan{Target: production, Release: version("2"), Previous: version("1")}
		p.Stages, p.Budget = rollout.SafeDeployment(o)
		return p
	}
	p := plan(safe())
	require.NoError(t, p.Validate())
	require.Equal(t, []string{"internal", "canary", "one", "two", "everyone"}, []string{p.Stages[0].Name, p.Stages[1].Name, p.Stages[2].Name, p.Stages[3].Name, p.Stages[4].Name})
	require.True(t, p.Stages[0].Internal)
	for _, s := range p.Stages {
		require.Equal(t, rollout.UndecidedUnset, s.OnUndecided, "whatever is undecided is held")
	}
	require.Equal(t, rollout.HealthRequired, p.Stages[1].Health)
	require.True(t, p.Stages[3].PerSlice)
	require.Equal(t, 1, p.Stages[3].MaxWithdrawn)
	require.Equal(t, 1, p.Stages[2].Approvals)

	want := release.RolloutRequirement{MinStages: 4, MinBake: 13 * time.Hour, MaxFirstPercent: 1, MaxStepPercent: 60, MaxPercentHours: 800}
	o := safe()
	o.Demand = want
	require.Empty(t, plan(o).Meets(want))
	require.Equal(t, []string{"rollout/bake-too-short", "rollout/bake-too-short", "rollout/bake-too-short", "rollout/budget-too-large"}, lacks(p.Meets(release.RolloutRequirement{
		MinStages: 4, MinBake: 13 * time.Hour, MaxPercentHours: 400})))

	o = safe()
	o.Approvals, o.MaxWithdrawn, o.WaveHealth = -1, -1, rollout.HealthRequired
	p = plan(o)
	require.NoError(t, p.Validate())
	require.Zero(t, p.Stages[2].Approvals)
	require.Zero(t, p.Stages[3].MaxWithdrawn)
	require.Equal(t, rollout.HealthRequired, p.Stages[3].Health)

	o = safe()
	o.Waves = nil
	p = plan(o)
	require.NoError(t, p.Validate())
	require.Len(t, p.Stages, 3)
	require.Equal(t, 1, p.Stages[2].Approvals, "somebody approves what comes after the canary, be it everything")

	for _, c := range []struct {
		name string
		edit func(o *rollout.SafeDeploymentOptions)
		want string
	}{
		{"internal is everybody", func(o *rollout.SafeDeploymentOptions) { o.Internal = rollout.Slice{} }, "cannot be internal"},
		{"internal overlaps the waves", func(o *rollout.SafeDeploymentOptions) { o.Internal = rollout.Slice{Cohort: "employees"} }, "overlap"},
		{"no canary", func(o *rollout.SafeDeploymentOptions) { o.Canary = rollout.Slice{} }, "not in (0, 100]"},
		{"no canary's share", func(o *rollout.SafeDeploymentOptions) { o.CanaryPercent = 0 }, "its share of all traffic"},
		{"a canary elsewhere", func(o *rollout.SafeDeploymentOptions) { o.Canary.Cell = "z" }, "takes back slice"},
		{"a wave twice", func(o *rollout.SafeDeploymentOptions) { o.Waves[1].Slices = o.Waves[0].Slices }, "stands twice"},
		{"waves that shrink", func(o *rollout.SafeDeploymentOptions) { o.Waves[1].Percent = 4 }, "not more than"},
		{"a wave of everything", func(o *rollout.SafeDeploymentOptions) { o.Waves[1].Percent = 100 }, "not more than"},
		{"a budget that its bakes spend", func(o *rollout.SafeDeploymentOptions) { o.Demand.MaxPercentHours = 10 }, "even without waiting"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := safe()
			c.edit(&o)
			require.ErrorContains(t, plan(o).Validate(), c.want)
		})
	}
}

// The caller's slices are not written to.
func TestSafeDeploymentSharesNothing(t *testing.T) {
	t.Parallel()
	o := safe()
	room := append(make([]rollout.Slice, 0, 10), o.Waves[0].Slices...)
	o.Waves[0].Slices = room
	a, _ := rollout.SafeDeployment(o)
	b, _ := rollout.SafeDeployment(o)
	require.Equal(t, a, b)
	a[2].Slices[0].Cell = "changed"
	require.Equal(t, "own", a[3].Slices[0].Cell)
	require.Equal(t, "own", b[2].Slices[0].Cell)
	require.Equal(t, "a", room[0].Cell)
}

func lacks(reasons []release.Reason) []string {
	var out []string
	for _, r := range reasons {
		out = append(out, r.Code)
	}
	slices.Sort(out)
	return out
}
