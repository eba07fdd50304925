package risk

import "time"

// LaneAfter is the assessment with something changed in it between the findings and the demands, where waivers are applied.
func LaneAfter(p *Policy, in Input, now time.Time, change func(*Assessment)) (Assessment, error) {
	a, err := New(p, nil)
	if err != nil {
		return Assessment{}, err
	}
	facts := a.facts(&in, a.labels.copyOf(&in.Changes), now)
	out := Assessment{At: now, Features: facts.Features, Impact: a.policy.impact(in.Impact), Likelihood: a.model.Estimate(facts.Features)}
	out.judge(a.policy)
	out.Findings = findings(a.policy.Rules, facts)
	change(&out)
	out.conclude(a.policy)
	out.demand(a.policy, &in, facts)
	return out, nil
}
