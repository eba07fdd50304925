package risk_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

func normal(p *risk.Policy, tier release.Tier) risk.Demand { return p.Demands[tier-1] }

// Each defect of advisories, lanes, firm rules and times is found, at its place.
func TestLintOfLanes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*risk.Policy)
		path   string
	}{
		{"no window", func(p *risk.Policy) { p.Window = 0 }, "window"},
		{"a window below zero", func(p *risk.Policy) { p.Window = -time.Hour }, "window"},
		{"no waiver", func(p *risk.Policy) { p.MaxWaiver = 0 }, "maxWaiver"},
		{"a debt that is never due", func(p *risk.Policy) { p.BreakGlass.Due = 0 }, "breakGlass.due"},
		{"an emergency that lasts", func(p *risk.Policy) { p.BreakGlass.MaxAge = 0 }, "breakGlass.maxAge"},

		{"an advisory's cell is missing", func(p *risk.Policy) { p.Advisories.Table.Cells = p.Advisories.Table.Cells[1:] }, "advisories.table.cells"},
		{"an advisory's cell falls", func(p *risk.Policy) { p.Advisories.Table.Cells[3] = "fix on system upgrade" }, "advisories.table.cells[3]"},
		{"an advisory's cell is none", func(p *risk.Policy) { p.Advisories.Table.Cells[3] = "never" }, "advisories.table.cells[3]"},
		{"another axis", func(p *risk.Policy) { p.Advisories.Table.Axes[0].Name = "mood" }, "advisories.table.axes"},
		{"axes in another order", func(p *risk.Policy) {
			a := p.Advisories.Table.Axes
			a[0], a[1] = a[1], a[0]
		}, "advisories.table.axes"},
		{"values in another order", func(p *risk.Policy) { slices.Reverse(p.Advisories.Table.Axes[0].Values) }, "advisories.table.axes"},
		{"no outcomes", func(p *risk.Policy) { p.Advisories.Table.Outcomes = nil }, "advisories.table.outcomes"},
		{"an outcome that no cell gives", func(p *risk.Policy) {
			for i, c := range p.Advisories.Table.Cells {
				if c == "60 days" {
					p.Advisories.Table.Cells[i] = "14 days"
				}
			}
		}, "advisories.table.outcomes[1]"},
		{"everything on the next upgrade", func(p *risk.Policy) {
			for i := range p.Advisories.Table.Cells {
				p.Advisories.Table.Cells[i] = "fix on system upgrade"
			}
		}, "advisories.table.outcomes[4]"},
		{"no floors", func(p *risk.Policy) { p.Advisories.Floors = nil }, "advisories.floors"},
		{"a floor too few", func(p *risk.Policy) { p.Advisories.Floors = p.Advisories.Floors[1:] }, "advisories.floors"},
		{"a floor too many", func(p *risk.Policy) { p.Advisories.Floors = append(p.Advisories.Floors, release.TierCritical) }, "advisories.floors"},
		{"floors fall", func(p *risk.Policy) { p.Advisories.Floors[3] = release.TierModerate }, "advisories.floors[3]"},
		{"a flaw is low", func(p *risk.Policy) { p.Advisories.Floors[0] = release.TierLow }, "advisories.floors[0]"},
		{"a floor that is unknown", func(p *risk.Policy) { p.Advisories.Floors[0] = release.TierUnknown }, "advisories.floors[0]"},
		{"a floor beyond critical", func(p *risk.Policy) { p.Advisories.Floors[4] = 5 }, "advisories.floors[4]"},
		{"all moderate", func(p *risk.Policy) {
			for i := range p.Advisories.Floors {
				p.Advisories.Floors[i] = release.TierModerate
			}
		}, "advisories.floors[4]"},

		{"a firm rule that there is not", func(p *risk.Policy) { p.Firm[1] = "nothing" }, "firm[1]"},
		{"a firm rule without a name", func(p *risk.Policy) { p.Firm = append(p.Firm, "") }, "firm[4]"},
		{"a firm rule twice", func(p *risk.Policy) { p.Firm = append(p.Firm, p.Firm[0]) }, "firm[4]"},
		{"no firm rules", func(p *risk.Policy) { p.Firm = nil }, "firm"},
		{"the exploited can be waived", func(p *risk.Policy) { p.Firm = []string{"policy", "revision"} }, "firm"},
		{"the policy can be waived", func(p *risk.Policy) { p.Firm = []string{"exploited", "revision"} }, "firm"},

		{"a lane from nowhere", func(p *risk.Policy) { p.Expedite.From = "" }, "expedite.from"},
		{"a lane from what there is not", func(p *risk.Policy) { p.Expedite.From = "tomorrow" }, "expedite.from"},
		{"a lane for everything", func(p *risk.Policy) { p.Expedite.From = "fix on system upgrade" }, "expedite.from"},
		{"a lane without requirements", func(p *risk.Policy) { p.Expedite.Demands[0].Requirements = nil }, "expedite.demands[0]"},
		{"a lane without tests", func(p *risk.Policy) { p.Expedite.Demands[0].Requirements = p.Expedite.Demands[0].Requirements[1:] }, "expedite.demands[0]"},
		{"a lane without a scan", func(p *risk.Policy) { p.Expedite.Demands[0].Requirements = p.Expedite.Demands[0].Requirements[:2] }, "expedite.demands[0]"},
		{"a lane for the author alone", func(p *risk.Policy) { p.Expedite.Demands[0].Requirements[1].Independent = false }, "expedite.demands[0]"},
		{"a lane's requirement of none", func(p *risk.Policy) { p.Expedite.Demands[0].Requirements[1].Count = 0 }, "expedite.demands[0].requirements[1]"},
		{"a lane's requirement without why", func(p *risk.Policy) { p.Expedite.Demands[0].Requirements[2].Why = "" }, "expedite.demands[0].requirements[2]"},
		{"a lane without stages", func(p *risk.Policy) { p.Expedite.Demands[0].Rollout.MinStages = 0 }, "expedite.demands[0].rollout"},
		{"a lane for critical", func(p *risk.Policy) { p.Expedite.Demands[0].Tier = release.TierCritical }, "expedite.demands[0]"},
		{"a lane for a tier that is unknown", func(p *risk.Policy) { p.Expedite.Demands[0].Tier = release.TierUnknown }, "expedite.demands[0]"},
		{"a lane beyond critical", func(p *risk.Policy) { p.Expedite.Demands[0].Tier = 200 }, "expedite.demands[0]"},
		{"a lane twice", func(p *risk.Policy) { p.Expedite.Demands = append(p.Expedite.Demands, p.Expedite.Demands[0]) }, "expedite.demands[1]"},
		{"a higher lane asks for less", func(p *risk.Policy) {
			d := p.Expedite.Demands[0]
			d.Tier, d.Requirements = release.TierHigh, slices.Clone(d.Requirements)
			d.Requirements[2].MaxAge *= 2
			p.Expedite.Demands = append(p.Expedite.Demands, d)
		}, "expedite.demands[1]"},
		{"a higher lane goes faster", func(p *risk.Policy) {
			d := p.Expedite.Demands[0]
			d.Tier, d.Rollout.MinBake = release.TierHigh, 0
			p.Expedite.Demands = append(p.Expedite.Demands, d)
		}, "expedite.demands[1].rollout"},

		{"an emergency without requirements", func(p *risk.Policy) { p.BreakGlass.Requirements = nil }, "breakGlass"},
		{"an emergency for the author alone", func(p *risk.Policy) { p.BreakGlass.Requirements[0].Independent = false }, "breakGlass"},
		{"an emergency with tests alone", func(p *risk.Policy) {
			p.BreakGlass.Requirements[0].Evidence = release.EvidenceTest
		}, "breakGlass"},
		{"an emergency's requirement without an id", func(p *risk.Policy) { p.BreakGlass.Requirements[0].ID = "" }, "breakGlass.requirements[0]"},
		{"an emergency without stages", func(p *risk.Policy) { p.BreakGlass.Rollout.MinStages = 0 }, "breakGlass.rollout"},

		{"a step below zero", func(p *risk.Policy) { p.Demands[1].Rollout.MaxStepPercent = -1 }, "demands[1].rollout"},
		{"a step above all", func(p *risk.Policy) { p.Demands[1].Rollout.MaxStepPercent = 100.5 }, "demands[1].rollout"},
		{"a step that is no number", func(p *risk.Policy) { p.Demands[1].Rollout.MaxStepPercent = math.NaN() }, "demands[1].rollout"},
		{"steps that lead nowhere", func(p *risk.Policy) { p.Demands[3].Rollout.MaxStepPercent = 0.99 }, "demands[3].rollout"},
		{"wider steps than below", func(p *risk.Policy) { p.Demands[2].Rollout.MaxStepPercent = 76 }, "demands[2].rollout"},
		{"any step, unlike below", func(p *risk.Policy) { p.Demands[2].Rollout.MaxStepPercent = 0 }, "demands[2].rollout"},
		{"a budget below zero", func(p *risk.Policy) { p.Demands[1].Rollout.MaxPercentHours = -1 }, "demands[1].rollout"},
		{"a budget that is no number", func(p *risk.Policy) { p.Demands[1].Rollout.MaxPercentHours = math.NaN() }, "demands[1].rollout"},
		{"a budget without an end", func(p *risk.Policy) { p.Demands[1].Rollout.MaxPercentHours = 1e6 + 1 }, "demands[1].rollout"},
		{"a budget that no rollout keeps", func(p *risk.Policy) { p.Demands[3].Rollout.MaxPercentHours = 49 }, "demands[3].rollout"},
		{"a wider budget than below", func(p *risk.Policy) { p.Demands[2].Rollout.MaxPercentHours = 501 }, "demands[2].rollout"},
		{"any exposure, unlike below", func(p *risk.Policy) { p.Demands[2].Rollout.MaxPercentHours = 0 }, "demands[2].rollout"},
		{"owners below alone", func(p *risk.Policy) { p.Demands[2].Owners = false }, "demands[2]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := policy(c.change)
			var paths []string
			for _, q := range p.Lint() {
				paths = append(paths, q.Path)
				require.NotEmpty(t, q.Text)
			}
			require.Contains(t, paths, c.path)
			require.Error(t, p.Validate())
			_, err := risk.New(p, nil)
			require.Error(t, err)
		})
	}
}

// What lies just inside the limits is no defect.
func TestLintOfLanesAllows(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*risk.Policy){
		"no lane":                     func(p *risk.Policy) { p.Expedite = risk.ExpeditePolicy{} },
		"no lane, from somewhere":     func(p *risk.Policy) { p.Expedite.Demands = nil },
		"a lane from the most urgent": func(p *risk.Policy) { p.Expedite.From = "3 days & forensic investigation" },
		"a lane for high alone":       func(p *risk.Policy) { p.Expedite.Demands[0].Tier = release.TierHigh },
		"a lane for high too": func(p *risk.Policy) {
			d := p.Expedite.Demands[0]
			d.Tier = release.TierHigh
			p.Expedite.Demands = append(p.Expedite.Demands, d)
		},
		"a lane that asks for more here and less there": func(p *risk.Policy) { p.Expedite.Demands[0].Requirements[1].Count = 5 },
		"a lane for low that takes any age": func(p *risk.Policy) {
			d := p.Expedite.Demands[0]
			d.Tier, p.Demands[0].Requirements = release.TierLow, append(p.Demands[0].Requirements, p.Demands[1].Requirements[2])
			p.Demands[0].Requirements[2].MaxAge = time.Hour
			p.Demands[1].Requirements[2].MaxAge, p.Demands[2].Requirements[2].MaxAge, p.Demands[3].Requirements[3].MaxAge = time.Hour, time.Hour, time.Hour
			p.Expedite.Demands = append([]risk.Demand{d}, p.Expedite.Demands...)
		},
		"all firm": func(p *risk.Policy) {
			p.Firm = nil
			for _, r := range p.Rules {
				p.Firm = append(p.Firm, r.ID)
			}
		},
		"each flaw is critical": func(p *risk.Policy) {
			for i := range p.Advisories.Floors {
				p.Advisories.Floors[i] = release.TierCritical
			}
		},
		"the least of floors": func(p *risk.Policy) { p.Advisories.Floors = []release.Tier{2, 2, 2, 2, 3} },
		"the shortest times":  func(p *risk.Policy) { p.Window, p.MaxWaiver, p.BreakGlass.Due, p.BreakGlass.MaxAge = 1, 1, 1, 1 },
		"the smallest budget": func(p *risk.Policy) { p.Demands[3].Rollout.MaxPercentHours = 50 },
		"the smallest steps": func(p *risk.Policy) {
			for i := range p.Demands {
				p.Demands[i].Rollout.MaxPercentHours = 0
			}
			p.Demands[3].Rollout.MaxStepPercent = 1
		},
		"the smallest budget, of fractions": func(p *risk.Policy) {
			for i := range p.Demands {
				p.Demands[i].Rollout.MaxPercentHours = 0
			}
			p.Demands[3].Rollout.MaxStepPercent, p.Demands[3].Rollout.MinBake = 1, 31*time.Minute
			p.Demands[3].Rollout.MaxPercentHours = 2557.5 // 4950 times 31 minutes, and not what floats make of it
		},
		"nobody asks for the owners": func(p *risk.Policy) {
			for i := range p.Demands {
				p.Demands[i].Owners = false
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, policy(change).Lint())
		})
	}
}

// A lane by which nobody gains is odd, and is not taken.
func TestLaneThatNobodyGainsBy(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*risk.Policy){
		"the same": func(p *risk.Policy) { p.Expedite.Demands[0] = normal(p, release.TierModerate) },
		"a lighter normal lane": func(p *risk.Policy) {
			p.Demands[0].Requirements = p.Demands[0].Requirements[:1]
			p.Demands[1] = risk.Demand{Tier: release.TierModerate, Requirements: p.Demands[0].Requirements, Rollout: release.RolloutRequirement{MinStages: 1}}
		},
	} {
		p := policy(change)
		require.Empty(t, p.Lint(), name)
		remarks := p.Remarks()
		require.Equal(t, "expedite.demands[0]: it asks for no less than the normal lane of tier moderate", remarks[len(remarks)-1].String(), name)
		a, err := assessBy(p, nil, mend())
		require.NoError(t, err)
		require.Equal(t, release.LaneNormal, a.Lane, name)
		require.Equal(t, []string{": the expedite lane is closed: for tier moderate it asks for no less than the normal one"}, told(a, "risk/lane"), name)
		require.Equal(t, normal(p, release.TierModerate).Rollout, a.Rollout)
	}
}

// Of the policies that others may write, no rule is missing from those that stay firm, and the firm ones are rules that stay.
func TestFirmRulesCannotBeTakenAway(t *testing.T) {
	t.Parallel()
	for _, id := range risk.FirmRules() {
		p := policy(func(p *risk.Policy) {
			p.Rules = slices.DeleteFunc(p.Rules, func(r risk.Rule) bool { return r.ID == id })
		})
		require.Error(t, p.Validate(), id)
	}
	got := risk.FirmRules()
	got[0] = "changed"
	require.NotEqual(t, got, risk.FirmRules(), "the caller owns the slice")
}
