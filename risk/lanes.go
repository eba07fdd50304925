package risk

import (
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

func defaultBreakGlass() BreakGlassPolicy {
	return BreakGlassPolicy{Due: 3 * day, MaxAge: 4 * time.Hour, Requirements: []release.Requirement{
		independent(1, day, "Somebody who neither wrote nor built it agrees that it must go out now."),
	}, Rollout: release.RolloutRequirement{MinStages: 1, Why: "It may go out at once: this is an emergency."}}
}

// demand is what the tier demands in the lane that the release may take.
func (a *Assessment) demand(p *Policy, in *Input, facts *Facts) {
	d := p.demand(a.Tier)
	if reason, open := a.expedite(p, facts); reason.Code != "" {
		a.Reasons = append(a.Reasons, reason)
		if open {
			a.Lane = release.LaneExpedite
			d, _ = p.Expedite.demand(a.Tier)
		}
	}
	a.Requirements, a.Rollout = cloneRequirements(d.Requirements), d.Rollout
	if d.Owners {
		a.owners(in.Owners, &d, facts)
	}
}
