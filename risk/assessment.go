package risk

import (
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// Assessment is how careful to be with a release, what that comes from, and what
// it demands. With the change set, policy and model that the digests name, [Assess]
// gives the same bytes again.
type Assessment struct {
	// Tier is the highest of Table and the floors of Findings.
	Tier release.Tier `json:"tier"`
	// Table is what the decision table gave for likelihood and impact.
	Table release.Tier `json:"table"`
	// Findings are what the rules found, the most severe first.
	Findings []Hit `json:"findings"`
	// Reasons are the table's and the findings', the most severe first. The first one
	// is why the tier is what it is.
	Reasons []release.Reason `json:"reasons"`

	// Features are what the model saw, Likelihood what it made of them.
	Features   Features `json:"features"`
	Likelihood Estimate `json:"likelihood"`
	// Impact is what was counted with, DeclaredImpact what the host said.
	Impact         Impact `json:"impact"`
	DeclaredImpact Impact `json:"declaredImpact"`

	// Requirements and Rollout are what the policy demands for the tier.
	Requirements []release.Requirement      `json:"requirements"`
	Rollout      release.RolloutRequirement `json:"rollout"`

	// Policy, Model and Changes are the digests of what it comes from: Changes is that
	// of the change set before it was labelled.
	Policy  release.Digest `json:"policy"`
	Model   release.Digest `json:"model"`
	Changes release.Digest `json:"changes"`
	// At is the time that [Assess] was given, in UTC.
	At time.Time `json:"at"`
}

// judge looks up likelihood and impact in the table.
func (a *Assessment) judge(p *Policy) {
	row := LevelHigh
	if a.Likelihood.Contributions != nil {
		a.Likelihood.Level = p.level(a.Likelihood.P)
		row = a.Likelihood.Level
	}
	a.Table = p.Table.At(int(row-LevelMinimal), int(a.Impact-ImpactNegligible))
}

// tableReason puts the table's answer into words.
func (a *Assessment) tableReason() release.Reason {
	text := fmt.Sprintf("likelihood %s", a.Likelihood.Level)
	if a.Likelihood.Level == LevelUnknown {
		text += " (counts as high)"
	}
	text += fmt.Sprintf(" and impact %s", a.DeclaredImpact)
	if a.DeclaredImpact != a.Impact {
		text += fmt.Sprintf(" (counts as %s)", a.Impact)
	}
	text += fmt.Sprintf(" give %s; %s", a.Table, a.Likelihood)
	return release.Reason{Code: "risk/table", Text: text}
}

// conclude takes the highest of all, and what it demands. Among equally severe
// reasons the findings stand before the table.
func (a *Assessment) conclude(p *Policy) {
	a.Tier = a.Table
	a.Reasons = make([]release.Reason, 0, len(a.Findings)+1)
	told := false
	for i := range a.Findings {
		h := &a.Findings[i]
		a.Tier = a.Tier.Raise(h.Floor)
		if !told && h.Floor < a.Table {
			a.Reasons, told = append(a.Reasons, a.tableReason()), true
		}
		r := release.Reason{Code: "risk/" + h.Rule, Subject: h.Subject, Text: h.Text}
		if h.Floor > release.TierLow {
			r.Text += ", so at least " + h.Floor.String()
		}
		a.Reasons = append(a.Reasons, r)
	}
	if !told {
		a.Reasons = append(a.Reasons, a.tableReason())
	}
	d := p.demand(a.Tier)
	a.Requirements, a.Rollout = cloneRequirements(d.Requirements), d.Rollout
}

// cloneRequirements keeps the policy from being changed through an assessment.
func cloneRequirements(rs []release.Requirement) []release.Requirement {
	out := make([]release.Requirement, len(rs))
	for i, r := range rs {
		r.Roles = append([]string(nil), r.Roles...)
		out[i] = r
	}
	return out
}

// Record is the assessment as a release record keeps it.
func (a *Assessment) Record() release.AssessmentRecord {
	return release.AssessmentRecord{Tier: a.Tier, Policy: a.Policy, Model: a.Model, Changes: a.Changes, At: a.At,
		Reasons: append([]release.Reason(nil), a.Reasons...), Requirements: cloneRequirements(a.Requirements), Rollout: a.Rollout}
}
