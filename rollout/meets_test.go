package rollout_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/rollout"
)

func TestMeetsABudget(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		budget, most float64
		want         string // "" if it is met
	}{
		{"no bound", 0, 0, ""},
		{"no bound, a budget", 1000, 0, ""},
		{"as large", 100, 100, ""},
		{"smaller", 60, 100, ""},
		{"none", 0, 100, "the plan has no budget of percent-hours; the tier allows 100"},
		{"larger", 100.5, 100, "the budget is 100.5 percent-hours; the tier allows 100"},
		{"a demand that is no number", 100, math.NaN(), "the budget is 100 percent-hours; the tier allows NaN"},
		{"a demand below zero", 100, -1, "the budget is 100 percent-hours; the tier allows -1"},
		{"a demand without a bound", 100, math.Inf(-1), "the budget is 100 percent-hours; the tier allows -Inf"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := plan3()
			p.Budget.PercentHours = c.budget
			got := p.Meets(release.RolloutRequirement{MaxPercentHours: c.most})
			if c.want == "" {
				require.Empty(t, got)
				return
			}
			require.Equal(t, []release.Reason{{Code: "rollout/budget-too-large", Subject: "api@production", Text: c.want}}, got)
		})
	}
	p := plan3()
	p.Budget = rollout.Budget{Served: 1}
	require.Len(t, p.Meets(release.RolloutRequirement{MaxPercentHours: 100}), 1, "a count of requests is no bound on traffic")
}

// Stages are there to find a flaw while it can be taken back.
func TestMeetsIrreversible(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		edit func(p *rollout.Plan)
		want []string
	}{
		{"none", func(*rollout.Plan) {}, nil},
		{"the first", func(p *rollout.Plan) { p.Stages[0].Irreversible = true }, []string{"rollout/irreversible-at-first"}},
		{"the first, and approved", func(p *rollout.Plan) { p.Stages[0].Irreversible, p.Stages[0].Approvals = true, 2 }, []string{"rollout/irreversible-at-first"}},
		{"the last, after a certificate", func(p *rollout.Plan) { p.Stages[2].Irreversible = true }, nil},
		{"the last, after a while", func(p *rollout.Plan) {
			p.Stages[2].Irreversible, p.Stages[1].Health = true, rollout.HealthWatched
		}, []string{"rollout/irreversible-unproven"}},
		{"the last, after a while, approved", func(p *rollout.Plan) {
			p.Stages[2].Irreversible, p.Stages[2].Approvals, p.Stages[1].Health = true, 1, rollout.HealthWatched
		}, nil},
		{"the last, after an approval of another", func(p *rollout.Plan) {
			p.Stages[2].Irreversible, p.Stages[1].Approvals, p.Stages[1].Health = true, 1, rollout.HealthWatched
		}, []string{"rollout/irreversible-unproven"}},
		{"the last, after nobody looked", func(p *rollout.Plan) {
			p.Stages[2].Irreversible, p.Stages[1].Health = true, rollout.HealthIgnored
		}, []string{"rollout/health-ignored", "rollout/irreversible-unproven"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := plan3()
			c.edit(&p)
			require.Equal(t, c.want, lacks(p.Meets(release.RolloutRequirement{MinStages: 2, MinBake: time.Hour})))
			require.Empty(t, p.Meets(release.RolloutRequirement{MinStages: 1, MinBake: time.Hour}), "a tier that demands no stages does not ask")
		})
	}
	p := plan3()
	p.Stages[2].Approvals = 5
	require.Equal(t, []string{"rollout/too-few-stages"}, lacks(p.Meets(release.RolloutRequirement{MinStages: 4})), "approvals are no stages")
}
