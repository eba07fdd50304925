package risk

import (
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/release"
)

// lintTimes wants times that are more than none.
func (p *Policy) lintTimes() []Problem {
	var out []Problem
	if p.Window <= 0 {
		out = append(out, Problem{"window", "it is not more than zero: a risky change could be sent in slices"})
	}
	if p.MaxWaiver <= 0 {
		out = append(out, Problem{"maxWaiver", "it is not more than zero"})
	}
	if p.BreakGlass.Due <= 0 {
		out = append(out, Problem{"breakGlass.due", "it is not more than zero: a debt would never be due"})
	}
	if p.BreakGlass.MaxAge <= 0 {
		out = append(out, Problem{"breakGlass.maxAge", "it is not more than zero: an emergency would last for ever"})
	}
	return out
}

// lintAdvisories wants a complete and monotone table on the axes that a briefing fills, whose outcomes are all
// given by some cell, and floors that rise with them.
func (p *Policy) lintAdvisories() []Problem {
	t := &p.Advisories.Table
	out := prefixed("advisories.table.", t.Lint())
	if !slices.EqualFunc(t.Axes, advisoryAxes(), func(a, b Axis) bool { return a.Name == b.Name && slices.Equal(a.Values, b.Values) }) {
		out = append(out, Problem{"advisories.table.axes", "they are not exploited, exposed, automatable and impact as Assess fills them"})
	}
	if len(out) == 0 {
		out = append(out, prefixed("advisories.table.", t.unreachable())...)
	}
	floors := p.Advisories.Floors
	if len(floors) != len(t.Outcomes) {
		return append(out, Problem{"advisories.floors", fmt.Sprintf("%d floors, and there are %d outcomes", len(floors), len(t.Outcomes))})
	}
	for i, f := range floors {
		at := fmt.Sprintf("advisories.floors[%d]", i)
		least := release.TierModerate
		if i == len(floors)-1 {
			least = release.TierHigh
		}
		switch {
		case f < least || f > release.TierCritical:
			out = append(out, Problem{at, fmt.Sprintf("%s for a release that brings in a flaw that is %q; the least is %s", f, t.Outcomes[i], least)})
		case i > 0 && f < floors[i-1]:
			out = append(out, Problem{at, fmt.Sprintf("%q gives %s, and %q only %s", t.Outcomes[i-1], floors[i-1], t.Outcomes[i], f)})
		}
	}
	return out
}

// lintFirm wants the names of rules that there are, each once, and those of FirmRules among them.
func (p *Policy) lintFirm() []Problem {
	var out []Problem
	for i, id := range p.Firm {
		at := fmt.Sprintf("firm[%d]", i)
		if !slices.ContainsFunc(p.Rules, func(r Rule) bool { return r.ID == id }) {
			out = append(out, Problem{at, fmt.Sprintf("there is no rule %q", id)})
		}
		if slices.Contains(p.Firm[:i], id) {
			out = append(out, Problem{at, fmt.Sprintf("%q stands twice", id)})
		}
	}
	for _, id := range FirmRules() {
		if !slices.Contains(p.Firm, id) {
			out = append(out, Problem{"firm", fmt.Sprintf("%q is missing: no policy lets a waiver lower its floor", id)})
		}
	}
	return out
}

// laneMinimum is what no expedite lane goes without.
var laneMinimum = []struct {
	what string
	is   func(release.Requirement) bool
}{
	{"tests", func(r release.Requirement) bool { return r.Evidence == release.EvidenceTest }},
	{"a scan", func(r release.Requirement) bool { return r.Evidence == release.EvidenceScan }},
	{"an independent approval", independentApproval},
}

func independentApproval(r release.Requirement) bool {
	return r.Evidence == release.EvidenceApproval && r.Independent
}

// lintExpedite wants a lane that opens for urgent flaws alone, asks for the minimum, and for more where the tier is
// higher. Without demands there is no lane.
func (p *Policy) lintExpedite() []Problem {
	var out []Problem
	e := &p.Expedite
	outcomes := p.Advisories.Table.Outcomes
	switch from := slices.Index(outcomes, e.From); {
	case e.From == "" && len(e.Demands) == 0:
		return nil
	case from < 0:
		out = append(out, Problem{"expedite.from", fmt.Sprintf("%q is none of the outcomes of the advisories' table", e.From)})
	case from == 0:
		out = append(out, Problem{"expedite.from", fmt.Sprintf("%q is the least urgent outcome: the lane would open for everything", e.From)})
	}
	for i, d := range e.Demands {
		path := fmt.Sprintf("expedite.demands[%d]", i)
		out = append(out, lintRequirements(path, d.Requirements)...)
		out = append(out, lintRollout(path, d.Rollout)...)
		for _, m := range laneMinimum {
			if !slices.ContainsFunc(d.Requirements, m.is) {
				out = append(out, Problem{path, fmt.Sprintf("it does not ask for %s, which no lane goes without", m.what)})
			}
		}
		switch {
		case d.Tier < release.TierLow || d.Tier > release.TierHigh:
			out = append(out, Problem{path, fmt.Sprintf("tier %s has no such lane; the highest that may is high", d.Tier)})
		case i > 0 && d.Tier <= e.Demands[i-1].Tier:
			out = append(out, Problem{path, fmt.Sprintf("tier %s does not stand above %s", d.Tier, e.Demands[i-1].Tier)})
		}
		if i > 0 {
			out = append(out, lintWeaker(path, e.Demands[i-1], d)...)
		}
	}
	return out
}

// lintBreakGlass wants that even in an emergency somebody else agrees.
func (p *Policy) lintBreakGlass() []Problem {
	b := &p.BreakGlass
	out := lintRequirements("breakGlass", b.Requirements)
	out = append(out, lintRollout("breakGlass", b.Rollout)...)
	if !slices.ContainsFunc(b.Requirements, independentApproval) {
		out = append(out, Problem{"breakGlass", "it asks for no independent approval: its author could let it out alone"})
	}
	return out
}

// prefixed are problems of a part, as the whole has them.
func prefixed(path string, ps []Problem) []Problem {
	for i := range ps {
		ps[i].Path = path + ps[i].Path
	}
	return ps
}
