package metrics

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/release"
)

// caveats say how the choice of what has an outcome may have bent the numbers.
func (r *TierReport) caveats() []string {
	var out []string
	none, high, all, allHigh := 0, 0, r.Deployments, 0
	for _, row := range r.Tiers {
		none += row.NoOutcome
		all += row.NoOutcome
		if row.Tier >= release.TierHigh {
			high += row.NoOutcome
			allHigh += row.NoOutcome + row.Deployments
		}
	}
	out = append(out, fmt.Sprintf("%d of %d releases with a tier have no outcome, among them %d of the %d that are high or critical: "+
		"what was blocked, stopped or mended before anybody was exposed cannot fail, so where the classifier was right and acted on, its success is missing here", none, all, high, allHigh))
	out = append(out, "releases that were blocked and never deployed are counted only where the caller listed them")
	out = append(out, "higher tiers are watched more and tested more: more of their failures are noticed, which makes the classifier look better, "+
		"and more are prevented, which makes it look worse; these numbers cannot tell by how much")
	if n := r.Untiered.Deployments + r.Untiered.NoOutcome; n > 0 {
		out = append(out, fmt.Sprintf("%d releases have no tier and are in no test of the tiers; %d of the %d with an outcome failed", n, r.Untiered.Failed, r.Untiered.Deployments))
	}
	if p := r.Probability; p != nil && p.Missing > 0 {
		out = append(out, fmt.Sprintf("%d deployments with an outcome have no probability and are not in its calibration", p.Missing))
	}
	return out
}
