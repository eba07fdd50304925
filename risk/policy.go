package risk

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/internal/canon"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/label"
)

// Policy is how change sets become tiers, and what tiers demand. It is the policy
// of the base revision that applies to a release: whoever changes the policy must not be judged by the change.
type Policy struct {
	// ID names the policy, for people.
	ID string
	// Rules set floors. To add one: append(risk.Rules(), mine). Most of those of
	// this module cannot be taken away: see [Rules].
	Rules []Rule
	// Labelers are used beside the default ones of package label, which cannot be
	// taken away.
	Labelers []label.Labeler
	// Cuts are the probabilities at which likelihood goes up a level, rising:
	// minimal below the first, high from the third on.
	Cuts [3]float64
	// UnknownImpact is what an impact that nobody declared counts as.
	UnknownImpact Impact
	// Table gives the tier for likelihood and impact; its axes are those of the default policy's.
	Table Table
	// Demands has one entry per tier, from low to critical.
	Demands []Demand
	// Window is how far back the earlier releases of a component count together with this one, so
	// that one risky change cannot be sent in ten small releases; more than zero.
	Window time.Duration
	// Advisories says how urgent a published flaw is, and what it calls for where a release brings it in.
	Advisories AdvisoryPolicy
	// Firm are the ids of the rules whose floors no waiver lowers. Those of [FirmRules] must be among them.
	Firm []string
	// MaxWaiver is the longest that a waiver may last; more than zero.
	MaxWaiver time.Duration
	// Expedite is what is demanded of a release that only mends flaws.
	Expedite ExpeditePolicy
	// BreakGlass is what is demanded in an emergency.
	BreakGlass BreakGlassPolicy
}

// BreakGlassPolicy is the lane for emergencies.
type BreakGlassPolicy struct {
	// Requirements are the evidence that must be shown even then, Rollout how slowly the release must be exposed.
	Requirements []release.Requirement      `json:"requirements"`
	Rollout      release.RolloutRequirement `json:"rollout"`
	// Due is how long after the emergency the debt must be paid; more than zero.
	Due time.Duration `json:"-"`
	// MaxAge is how long the word of those who broke the glass counts; more than zero.
	MaxAge time.Duration `json:"-"`
}

// Default is the policy that needs no configuration. The caller owns it.
//
// With nothing learned and no impact declared, a release is low below 10 added
// lines, moderate below about 830, and high from there on, unless a rule raises it; with a
// declared impact of moderate it is low below about 100. The cuts (10, 30 and 60 %)
// and the impact are choices.
func Default() *Policy {
	return &Policy{ID: "sallyport/default/1", Rules: Rules(), Cuts: [3]float64{0.10, 0.30, 0.60},
		UnknownImpact: ImpactMajor, Table: defaultTable(), Demands: defaultDemands(),
		Window: 7 * day, Advisories: defaultAdvisories(), Firm: FirmRules(), MaxWaiver: 90 * day,
		Expedite: defaultExpedite(), BreakGlass: defaultBreakGlass()}
}

// Lint lists everything that keeps the policy from being used: rules without documentation or twice,
// floors of this module that are missing, a table that is not complete and monotone or that takes an
// unknown likelihood for low, a tier without requirements or with weaker ones than the tier below, a
// high tier that authors could pass by themselves; a table of advisories that is not complete and
// monotone, has an outcome that no cell gives, or floors that fall or are too low; lanes that ask
// for too little (see [ExpeditePolicy], [BreakGlassPolicy]); firm rules that there are not, or that
// are missing; times of zero.
//
// What is odd and does no harm, [Policy.Remarks] has.
func (p *Policy) Lint() []Problem {
	var out []Problem
	if p.ID == "" {
		out = append(out, Problem{"id", "there is none"})
	}
	out = append(out, lintRules(p.Rules)...)
	seen := map[string]bool{}
	for _, l := range label.Default() {
		seen[l.ID] = true
	}
	for i, l := range p.Labelers {
		if l.ID == "" || l.Doc == "" || seen[l.ID] {
			out = append(out, Problem{fmt.Sprintf("labelers[%d]", i), fmt.Sprintf("%q has no id or no doc, or stands twice", l.ID)})
		}
		seen[l.ID] = true
	}
	for i, c := range p.Cuts {
		if !(c > 0 && c < 1) || i > 0 && c <= p.Cuts[i-1] {
			out = append(out, Problem{fmt.Sprintf("cuts[%d]", i), fmt.Sprintf("%v is not between 0 and 1 and above the one before", c)})
		}
	}
	if p.UnknownImpact < ImpactNegligible || p.UnknownImpact > ImpactSevere {
		out = append(out, Problem{"unknownImpact", fmt.Sprintf("%s is no impact to count with", p.UnknownImpact)})
	}
	out = append(out, p.lintTable()...)
	out = append(out, lintDemands(p.Demands)...)
	return slices.Concat(out, p.lintTimes(), p.lintAdvisories(), p.lintFirm(), p.lintExpedite(), p.lintBreakGlass())
}

func (p *Policy) lintTable() []Problem {
	out := prefixed("table.", p.Table.Lint())
	if !slices.EqualFunc(p.Table.Axes, axes(), func(a, b Axis) bool { return a.Name == b.Name && slices.Equal(a.Values, b.Values) }) {
		return append(out, Problem{"table.axes", "they are not likelihood and impact as Assess fills them"})
	}
	if !slices.Equal(p.Table.Outcomes, tierNames()) {
		return append(out, Problem{"table.outcomes", "they are not the tiers from low to critical"})
	}
	// A likelihood that is not known counts as high, and unknown is never low. The
	// row never falls, so its first cell says it for all.
	first := int(LevelHigh-LevelMinimal) * len(p.Table.Axes[1].Values)
	if first < len(p.Table.Cells) && p.Table.Cells[first] == tierNames()[0] {
		out = append(out, Problem{fmt.Sprintf("table.cells[%d]", first), "low for a likelihood that is high or not known"})
	}
	return out
}

// Validate is Lint as one error.
func (p *Policy) Validate() error {
	var errs []error
	for _, q := range p.Lint() {
		errs = append(errs, fmt.Errorf("risk: policy %q: %s", p.ID, q))
	}
	return errors.Join(errs...)
}

// Digest identifies the policy by its data: all that its text has, and the ids and
// versions of the default labelers. What a rule's function does is told by its version alone.
func (p *Policy) Digest() (release.Digest, error) {
	d, err := canon.Digest("sallyport.risk.policy.v2", p.text(p.labelers()))
	return release.Digest(d), err
}

func (p *Policy) labelers() []label.Labeler { return slices.Concat(label.Default(), p.Labelers) }

// level is the step that a probability is on; one that is no number is high.
func (p *Policy) level(prob float64) Level {
	for i, cut := range p.Cuts {
		if prob < cut {
			return LevelMinimal + Level(i)
		}
	}
	return LevelHigh
}

// impact is the declared impact or what the unknown one counts as. A value outside
// the scale is severe.
func (p *Policy) impact(declared Impact) Impact {
	switch {
	case declared == ImpactUnknown:
		return p.UnknownImpact
	case declared > ImpactSevere:
		return ImpactSevere
	}
	return declared
}

// clone is a copy that shares nothing that the caller could change.
func (p *Policy) clone() *Policy {
	q := *p
	q.Rules, q.Labelers, q.Firm = slices.Clone(p.Rules), slices.Clone(p.Labelers), slices.Clone(p.Firm)
	q.Table, q.Demands = p.Table.clone(), cloneDemands(p.Demands)
	q.Advisories = AdvisoryPolicy{p.Advisories.Table.clone(), slices.Clone(p.Advisories.Floors)}
	q.Expedite.Demands = cloneDemands(p.Expedite.Demands)
	q.BreakGlass.Requirements = cloneRequirements(p.BreakGlass.Requirements)
	return &q
}

func cloneDemands(ds []Demand) []Demand {
	out := slices.Clone(ds)
	for i := range out {
		out[i].Requirements = cloneRequirements(out[i].Requirements)
	}
	return out
}

// demand is what the tier demands. Lint has seen to it that there is one.
func (p *Policy) demand(t release.Tier) Demand { return p.Demands[t.Effective()-1] }
