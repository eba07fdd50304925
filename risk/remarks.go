package risk

import "fmt"

// Remarks lists what is odd about a policy and does no harm: an answer of an advisory that changes
// nothing, an expedite lane by which nobody gains, and a tier that nothing gives. Above low there is
// none of those, because rules that no policy takes away set floors of moderate, high and critical. A
// policy whose table never gives low is stricter than it needs to be, and its demands of tier low are
// never made.
func (p *Policy) Remarks() []Problem {
	var out []Problem
	for _, q := range p.Table.Remarks() {
		if q.Path == "outcomes[0]" || q.Path[0] == 'a' {
			out = append(out, Problem{"table." + q.Path, q.Text})
		}
	}
	out = append(out, prefixed("advisories.table.", p.Advisories.Table.Remarks())...)
	for i, d := range p.Expedite.Demands {
		if d.Tier >= 1 && int(d.Tier) <= len(p.Demands) && !gains(d, p.Demands[d.Tier-1]) {
			out = append(out, Problem{fmt.Sprintf("expedite.demands[%d]", i), fmt.Sprintf("it asks for no less than the normal lane of tier %s", d.Tier)})
		}
	}
	return out
}
