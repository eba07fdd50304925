package risk_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
	"github.com/stretchr/testify/require"
)

// The reasons are told from the most severe down, the findings before the table where they weigh the
// same, and the table always, once.
func TestReasonsStandInOrder(t *testing.T) {
	t.Parallel()
	unsound := &risk.Model{ID: "x", Bias: math.NaN()}
	for _, c := range []struct {
		name string
		in   judged
		want []string
	}{
		{"the table alone, impact not declared", judged{Input: risk.Input{Changes: changes(file("server/handler.go", 9, 0))}}, []string{
			"risk/table: likelihood minimal and impact unknown (counts as major) give low; 0 of 25 mature outcomes, no percentage yet",
		}},
		{"the table alone, impact declared", judged{Input: risk.Input{Changes: changes(file("server/handler.go", 9, 0)), Impact: risk.ImpactMinor}}, []string{
			"risk/table: likelihood minimal and impact minor give low; 0 of 25 mature outcomes, no percentage yet",
		}},
		{"an impact outside the scale", judged{Input: risk.Input{Changes: changes(), Impact: risk.ImpactSevere + 1}}, []string{
			"risk/table: likelihood minimal and impact unknown (counts as severe) give moderate; 0 of 25 mature outcomes, no percentage yet",
		}},
		{"a finding above the table", judged{Input: risk.Input{Changes: changes(file("auth/login.go", 9, 0))}}, []string{
			"risk/sensitive auth/login.go: it is about who somebody is: identity, authentication or sessions, so at least high",
			"risk/table: likelihood minimal and impact unknown (counts as major) give low; 0 of 25 mature outcomes, no percentage yet",
		}},
		{"findings above, beside and below the table", judged{Model: unsound, Input: risk.Input{Impact: risk.ImpactNegligible,
			Changes: with(changes(file("auth/login.go", 1, 1), file("x.proto", 1, 1)), func(cs *release.ChangeSet) {
				cs.Dependencies = dependency(release.OpListed).Dependencies
			})}}, []string{
			"risk/sensitive auth/login.go: it is about who somebody is: identity, authentication or sessions, so at least high",
			"risk/interface x.proto: it defines an interface that others depend on, so at least moderate",
			"risk/table: likelihood unknown (counts as high) and impact negligible give moderate; the model is not sound, so its likelihood counts as the worst",
			"risk/dependency pkg:golang/example.com/x: only its mention in the file changed",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, err := c.in.assess()
			require.NoError(t, err)
			var got []string
			for _, r := range a.Reasons {
				got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s", r.Code, r.Subject))+": "+r.Text)
			}
			require.Equal(t, c.want, got)
		})
	}
}

// The impact that was declared is kept beside the one that was counted with.
func TestDeclaredImpact(t *testing.T) {
	t.Parallel()
	for declared := risk.ImpactUnknown; declared <= risk.ImpactSevere+1; declared++ {
		a, err := risk.Assess(risk.Input{Changes: changes(), Impact: declared}, now)
		require.NoError(t, err)
		kept, counted := declared, declared
		switch {
		case declared == risk.ImpactUnknown:
			counted = risk.ImpactMajor
		case declared > risk.ImpactSevere:
			kept, counted = risk.ImpactUnknown, risk.ImpactSevere
		}
		require.Equal(t, kept, a.DeclaredImpact, "%d", declared)
		require.Equal(t, counted, a.Impact, "%d", declared)
	}
}

// What the default policy demands, and where it draws its lines: choices, so a change of one is seen here.
func TestDefaultPolicyInFull(t *testing.T) {
	t.Parallel()
	p := risk.Default()
	var demands []string
	for _, d := range p.Demands {
		for _, r := range d.Requirements {
			s := fmt.Sprintf("%s: %d %s as %s", d.Tier, r.Count, r.Evidence, r.ID)
			if r.Independent {
				s += ", independent"
			}
			if r.MaxAge != 0 {
				s += ", of the last " + r.MaxAge.String()
			}
			if len(r.Roles) > 0 {
				s += ", by " + strings.Join(r.Roles, " or ")
			}
			demands = append(demands, s)
		}
		demands = append(demands, fmt.Sprintf("%s: %d stages, %s, first %v %%", d.Tier, d.Rollout.MinStages, d.Rollout.MinBake, d.Rollout.MaxFirstPercent))
	}
	require.Equal(t, []string{
		"low: 1 test-result as test/passed",
		"low: 1 approval as approval/any",
		"low: 1 stages, 0s, first 0 %",
		"moderate: 1 test-result as test/passed",
		"moderate: 1 approval as approval/independent, independent",
		"moderate: 1 scan as scan/clean, of the last 168h0m0s",
		"moderate: 2 stages, 10m0s, first 25 %",
		"high: 1 test-result as test/passed",
		"high: 2 approval as approval/independent, independent, of the last 168h0m0s",
		"high: 1 scan as scan/clean, of the last 24h0m0s",
		"high: 1 provenance as provenance/builder",
		"high: 3 stages, 30m0s, first 10 %",
		"critical: 1 test-result as test/passed",
		"critical: 3 approval as approval/independent, independent, of the last 72h0m0s",
		"critical: 1 approval as approval/security, independent, of the last 72h0m0s, by security",
		"critical: 1 scan as scan/clean, of the last 24h0m0s",
		"critical: 1 provenance as provenance/builder",
		"critical: 4 stages, 1h0m0s, first 5 %",
	}, demands)
	var rows []string
	for r := range p.Table.Axes[0].Values {
		var row []string
		for c := range p.Table.Axes[1].Values {
			row = append(row, p.Table.Outcomes[p.Table.At(r, c)])
		}
		rows = append(rows, strings.Join(row, " "))
	}
	require.Equal(t, []string{
		"low low low low moderate",
		"low low low moderate moderate",
		"low low moderate moderate high",
		"moderate moderate moderate high critical",
	}, rows)
	require.Equal(t, [3]float64{0.10, 0.30, 0.60}, p.Cuts)
	require.Equal(t, risk.ImpactMajor, p.UnknownImpact)
}
