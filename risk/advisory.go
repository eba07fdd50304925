package risk

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/sallyport-dev/sallyport/release"
)

// AdvisoryPolicy says how urgent a published flaw is. Its table's axes are those of CISA's BOD 26-04,
// in this order: exploited, exposed, automatable, impact.
//
// # What is not known
//
// A flaw that comes in is judged by the most dangerous of the answers that are possible, with one
// limit: where nobody knows whether it is exploited, its floor is that of one that is not, and beyond
// that high at most. A missing feed must not read as "not exploited", so leaving it out never pays; but
// the list of exploited flaws has about 1,500 of 330,000 entries, so one that nobody looked up is most
// probably not on it, and a host without the feed would see all flaws as critical, and none of them as
// urgent.
//
// For the lane of [ExpeditePolicy] it is the other way round: what is not known counts as the least
// dangerous there, since nobody may get through a faster door by leaving facts out.
type AdvisoryPolicy struct {
	// Table gives the outcome; from the least to the most urgent.
	Table Table `json:"table"`
	// Floors has the floor for a release that brings in, or may bring in, a flaw of each outcome, moderate or
	// more, and for the most urgent high or more. One that is listed as exploited is critical whatever stands here.
	Floors []release.Tier `json:"floors"`
}

// defaultAdvisories is the table of CISA's Binding Operational Directive 26-04 (CERTCC/SSVC,
// cisa:DT_BOD2604 1.0.0). The tiers for its outcomes are a choice: critical is for what is exploited
// now, since the last outcome is the one that only exploited flaws have. Of a host that declares
// nothing, each flaw that comes in and is not listed is high, and one that is known to do little may be
// moderate.
func defaultAdvisories() AdvisoryPolicy {
	const up, d60, d14, d3, d3f = "fix on system upgrade", "60 days", "14 days", "3 days", "3 days & forensic investigation"
	return AdvisoryPolicy{Table: Table{
		Axes:     advisoryAxes(),
		Outcomes: []string{up, d60, d14, d3, d3f},
		Cells: []string{
			up, up, d60, d60, // not exploited, not exposed
			d60, d14, d14, d3, // not exploited, exposed
			d14, d14, d14, d3f, // exploited, not exposed
			d14, d3f, d3, d3f, // exploited, exposed
		},
	}, Floors: []release.Tier{release.TierModerate, release.TierModerate, release.TierHigh, release.TierHigh, release.TierCritical}}
}

// advisoryAxes are those that a briefing fills.
func advisoryAxes() []Axis {
	return []Axis{
		{Name: "exploited", Values: []string{"no", "yes"}},
		{Name: "exposed", Values: []string{"no", "yes"}},
		{Name: "automatable", Values: []string{"no", "yes"}},
		{Name: "impact", Values: []string{"partial", "total"}},
	}
}

// outcome is the index of the outcome for four answers. One that is not known is taken for unknown.
func (p *AdvisoryPolicy) outcome(unknown, exploited, exposed, automatable, total release.Answer) int {
	index := func(a release.Answer) int {
		if a != release.AnswerYes && a != release.AnswerNo {
			a = unknown
		}
		if a == release.AnswerYes {
			return 1
		}
		return 0
	}
	return p.Table.At(index(exploited), index(exposed), index(automatable), index(total))
}

// floor is the floor for an outcome, critical where there is none.
func (p *AdvisoryPolicy) floor(outcome int) release.Tier {
	if outcome >= len(p.Floors) {
		return release.TierCritical
	}
	return p.Floors[outcome].Effective()
}

// word is an outcome's name.
func (p *AdvisoryPolicy) word(outcome int) string {
	if outcome >= len(p.Table.Outcomes) {
		return "the most urgent"
	}
	return release.Text(p.Table.Outcomes[outcome]).String()
}

// briefing is what an advisory is judged by.
type briefing struct {
	facts    *Facts
	policy   *AdvisoryPolicy
	name     string // whose table it is
	advisory *release.AdvisoryChange
	// downgrades are the dependencies that go back, by package; nil until somebody asks.
	downgrades map[release.PURL][]*release.DependencyChange
}

// briefing is by the policy's table, or where a rule is run by itself by that of the default policy.
func (f *Facts) briefing() *briefing {
	def := defaultAdvisories()
	if f.policy == nil || reflect.DeepEqual(f.policy.Advisories.Table, def.Table) {
		b := &briefing{facts: f, policy: &def, name: "BOD 26-04"}
		if f.policy != nil {
			b.policy = &f.policy.Advisories
		}
		return b
	}
	return &briefing{facts: f, policy: &f.policy.Advisories, name: "the policy's table"}
}

// outcome is the outcome with unknown exploitation, and everything else that is not known, taken for an answer.
func (b *briefing) outcome(exploited, unknown release.Answer) int {
	a := b.advisory
	if a.Exploited == release.AnswerYes || a.Exploited == release.AnswerNo {
		exploited = a.Exploited
	}
	return b.policy.outcome(unknown, exploited, b.facts.Exposed, a.Automatable, a.TotalImpact)
}

// floor is the floor for one that comes in, or may.
func (b *briefing) floor() release.Tier {
	calm, worst := b.policy.floor(b.outcome(release.AnswerNo, release.AnswerYes)), b.policy.floor(b.outcome(release.AnswerYes, release.AnswerYes))
	return max(calm, min(worst, release.TierHigh))
}

// urgency is what the table says, and of what.
func (b *briefing) urgency() string {
	a := b.advisory
	calm, worst := b.outcome(release.AnswerNo, release.AnswerYes), b.outcome(release.AnswerYes, release.AnswerYes)
	text := fmt.Sprintf("%s: %s", b.name, b.policy.word(worst))
	if calm != worst {
		text = fmt.Sprintf("%s: %s if it is not exploited, %s if it is", b.name, b.policy.word(calm), b.policy.word(worst))
	}
	return fmt.Sprintf("%s (exploited %s, exposed %s, automatable %s, total impact %s)", text, a.Exploited, b.facts.Exposed, a.Automatable, a.TotalImpact)
}

// downgrade is the dependency whose way back brings the advisory in, nil if there is none.
func (b *briefing) downgrade() *release.DependencyChange {
	if b.downgrades == nil {
		b.downgrades = map[release.PURL][]*release.DependencyChange{}
		for i := range b.facts.Changes.Dependencies {
			if d := &b.facts.Changes.Dependencies[i]; d.Op == release.OpDowngraded {
				b.downgrades[canonical(d.Package)] = append(b.downgrades[canonical(d.Package)], d)
			}
		}
	}
	for _, d := range b.downgrades[canonical(b.advisory.Package)] {
		if brings(d, b.advisory) {
			return d
		}
	}
	return nil
}

// brings reports whether an advisory of a dependency's package that comes in, or may, is in the version that the
// dependency has afterwards.
func brings(d *release.DependencyChange, a *release.AdvisoryChange) bool {
	return a.Effect != release.EffectFixed && a.Effect != release.EffectCarried &&
		(len(a.After) == 0 || slices.Contains(a.After, d.After) || slices.Contains(a.After, ""))
}

// canonical is a package in the one way of writing it, without a version; what is no package URL stays as it is.
func canonical(p release.PURL) release.PURL {
	if q, err := release.ParsePURL(string(p)); err == nil {
		return q.Package()
	}
	return p
}
