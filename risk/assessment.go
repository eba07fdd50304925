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
	// Lane is the way by which it may go out, and whose demands Requirements and Rollout are.
	Lane release.Lane `json:"lane"`
	// Table is what the decision table gave for likelihood and impact. TableWaived is the id of
	// the override that lowered it, and TableFrom what it was lowered from.
	Table       release.Tier `json:"table"`
	TableWaived string       `json:"tableWaived,omitempty"`
	TableFrom   release.Tier `json:"tableFrom,omitzero"`
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

	// Waivers are what became of each that was given. Debts are those that are open, this release's among them.
	Waivers []WaiverUse    `json:"waivers,omitempty"`
	Debts   []release.Debt `json:"debts,omitempty"`

	// Policy, Model and Changes are the digests of what it comes from: Changes is that
	// of the change set before it was labelled.
	Policy  release.Digest `json:"policy"`
	Model   release.Digest `json:"model"`
	Changes release.Digest `json:"changes"`
	// Circumstances is the digest of the rest of the [Input] (impact, exposure, history, owners,
	// waivers, broken glass, debts; their order does not matter) and of At.
	Circumstances release.Digest `json:"circumstances"`
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
	a.Table = p.Table.tier(int(row-LevelMinimal), int(a.Impact-ImpactNegligible))
}

// tableReason puts the table's answer into words.
func (a *Assessment) tableReason(lowered followed) release.Reason {
	text := fmt.Sprintf("likelihood %s", a.Likelihood.Level)
	if a.Likelihood.Level == LevelUnknown {
		text += " (counts as high)"
	}
	text += fmt.Sprintf(" and impact %s", a.DeclaredImpact)
	if a.DeclaredImpact != a.Impact {
		text += fmt.Sprintf(" (counts as %s)", a.Impact)
	}
	text += fmt.Sprintf(" give %s; %s", max(a.Table, a.TableFrom), a.Likelihood)
	return lowered.tell(release.Reason{Code: "risk/table", Text: text}, a.TableWaived, a.TableFrom)
}

// conclude takes the highest of all. Among equally severe
// reasons the findings stand before the table.
func (a *Assessment) conclude(p *Policy) {
	a.Tier = a.Table
	a.Reasons = make([]release.Reason, 0, len(a.Findings)+1)
	told, lowered := false, a.followed()
	for i := range a.Findings {
		h := &a.Findings[i]
		a.Tier = a.Tier.Raise(h.Floor)
		if !told && h.Floor < a.Table {
			a.Reasons, told = append(a.Reasons, a.tableReason(lowered)), true
		}
		r := release.Reason{Code: "risk/" + h.Rule, Version: h.Version, Subject: h.Subject, Text: h.Text}
		if h.Floor > release.TierLow {
			r.Text += ", so at least " + h.Floor.String()
		}
		a.Reasons = append(a.Reasons, lowered.tell(r, h.Waived, h.From))
	}
	if !told {
		a.Reasons = append(a.Reasons, a.tableReason(lowered))
	}
	a.Reasons = append(a.Reasons, a.waiverReasons()...)
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
	return release.AssessmentRecord{Tier: a.Tier, Policy: a.Policy, Model: a.Model, Changes: a.Changes, Circumstances: a.Circumstances, At: a.At,
		Reasons: append([]release.Reason(nil), a.Reasons...), Requirements: cloneRequirements(a.Requirements), Rollout: a.Rollout,
		Lane: a.Lane, Waivers: a.waivers(), Debts: cloneDebts(a.Debts)}
}
