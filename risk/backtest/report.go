package backtest

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// Report is what a policy would have done with a history, and what it would have been
// worth. It is plain data, and belongs to the caller.
type Report struct {
	// Policy is the digest of the policy, Model what told the likelihood.
	Policy release.Digest `json:"policy"`
	Model  ModelUse       `json:"model"`
	// Gate is the tier from which on a release counts as blocked in Rules.
	Gate release.Tier `json:"gate"`
	// From and To are the times of the first and the last release; End is as of when outcomes
	// are known. All are zero where there is no release.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	End  time.Time `json:"end,omitzero"`
	// Horizon is how long a release must have been watched, as text: "720h0m0s".
	Horizon string `json:"horizon"`
	// Level is the confidence level of all intervals, Seed, Draws and Block are of those from
	// the bootstrap.
	Level float64 `json:"level"`
	Seed  uint64  `json:"seed"`
	Draws int     `json:"draws"`
	Block int     `json:"block"`

	// Releases is how many were assessed, Refused which were not, and why.
	Releases int       `json:"releases"`
	Refused  []Refusal `json:"refused,omitempty"`
	// Outcomes says of how many it is known what became of them.
	Outcomes Outcomes `json:"outcomes"`

	// Tiers are the loads of the tiers, from low to critical.
	Tiers []TierLoad `json:"tiers"`
	// AUC is the probability that the model holds a release that failed for more likely to
	// fail than one that did not, TierAUC the same of the policy's tiers: 0.5 says nothing. The
	// likelihoods are those that people would have seen, of whichever model there was then. Where fewer than 50 failed,
	// or fewer than 50 did not, the intervals allow for that too.
	AUC     Measure `json:"auc"`
	TierAUC Measure `json:"tierAUC"`
	// Capture is for the top 5, 10 and 50 % of the releases.
	Capture []Capture `json:"capture"`
	// Calibration is of the percentages that would have been shown.
	Calibration Calibration `json:"calibration"`
	// Rules are the effects of the decision table and of each rule: the table, the
	// policy's rules in their order, the hypothetical ones.
	Rules []Effect `json:"rules"`
	// Treatments are the tiers that people were shown at the time, from unknown on.
	Treatments []Treatment `json:"treatments"`
	// Notes say what the numbers do not.
	Notes []string `json:"notes"`
}

// ModelUse says what told the likelihood.
type ModelUse struct {
	// Learned says that the model learned as the history went, from outcomes that were
	// known at each release; otherwise it was held fixed.
	Learned bool `json:"learned"`
	// ID is the model's name, First and Last the digests of those that were used first and last.
	ID    string         `json:"id"`
	First release.Digest `json:"first"`
	Last  release.Digest `json:"last"`
	// Models is how many different ones were used one after the other.
	Models int `json:"models"`
	// Untaught is how many outcomes the learner did not take.
	Untaught int `json:"untaught,omitempty"`

	fitted  bool // it was, or its base was, fitted on outcomes before
	unsound bool // one that is not believed
}

func (u *ModelUse) use(m *risk.Model, digest release.Digest, l *risk.Learner) {
	if u.Models == 0 {
		u.First = digest
	}
	u.Learned, u.ID, u.Last, u.Models = l != nil, release.Text(m.ID).String(), digest, u.Models+1
	u.unsound = u.unsound || m.Validate() != nil
	before := m
	if l != nil {
		before = l.Base
	}
	u.fitted = before != nil && (before.Outcomes.Mature > 0 || before.Calibration != nil)
}

// Refusal is why some cases were not assessed.
type Refusal struct {
	// Cause is why, Releases how many, and First the first of them; zero where that
	// one has no name.
	Cause    Cause          `json:"cause"`
	Releases int            `json:"releases"`
	First    release.Digest `json:"first,omitzero"`
}

// report counts up.
func (t *trial) report() Report {
	out := Report{Policy: t.policy, Model: t.model, Gate: t.o.Gate, Horizon: t.o.Horizon.String(), Level: t.o.Level,
		Seed: t.o.Seed, Draws: t.o.Draws, Block: t.o.Block, Releases: len(t.rows)}
	end := t.end()
	if n := len(t.rows); n > 0 {
		out.From, out.To, out.End = t.rows[0].at.UTC(), t.rows[n-1].at.UTC(), end.UTC()
	}
	if t.teacher != nil {
		t.teacher.tell(end)
		out.Model.Untaught = t.teacher.refused
	}
	for _, r := range t.refused {
		out.Refused = append(out.Refused, *r)
	}
	slices.SortFunc(out.Refused, func(a, b Refusal) int { return cmp.Compare(a.Cause, b.Cause) })
	for i := range t.rows {
		t.rows[i].state = out.Outcomes.settle(t.rows[i].outcome, end, t.o.Horizon)
	}
	out.Tiers = t.loads(out.Outcomes)
	t.ranking(&out)
	out.Calibration = t.calibration()
	out.Rules = t.effects(out.Outcomes)
	out.Treatments = t.treatments(out.Outcomes)
	out.Notes = out.notes()
	return out
}

// notes are what a reader must know beside the numbers.
func (r *Report) notes() []string {
	notes := []string{
		"Whatever was chosen by looking at these releases (a rule, a cut, a model) looks better on them than it will be.",
		"Releases that were shown a high tier got more care, which may be why they were fine. A failure rate under a tier is one with the care that it brought, and says nothing of the rate without.",
	}
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	o := r.Outcomes
	if n := o.Censored(); n > 0 {
		note("%d of %d releases count in no rate, because it is not known what became of them: %d younger than the horizon (%d of these failed already), %d said to be fine and not watched for the horizon, %d of which nobody said anything.",
			n, r.Releases, o.Young, o.YoungFailed, o.Unwatched, o.Unknown)
	}
	if o.Unwatched > 0 {
		note("Failures count however long the release was watched, so with %d unwatched ones left out, failure rates are too high rather than too low.", o.Unwatched)
	}
	if o.Late > 0 {
		note("%d of %d failures were known only after the horizon: about that share is still missing among the newest releases that count.", o.Late, o.Failed)
	}
	refused := 0
	for _, x := range r.Refused {
		refused += x.Releases
	}
	if refused > 0 {
		note("Cases that were refused and are in no number: %d.", refused)
	}
	if r.Model.Learned {
		note("The model learned as the history went: at each release it knew only outcomes that were known then.")
	} else {
		note("The model was held fixed.")
	}
	if r.Model.fitted {
		note("The model was fitted on outcomes before. If these releases were among them, it foretells them too well.")
	}
	if r.Model.unsound {
		note("The model is not sound and was not believed: every release counts as the most likely to fail.")
	}
	if r.Model.Untaught > 0 {
		note("%d outcomes were not such as a learner takes.", r.Model.Untaught)
	}
	if o.Mature > 0 {
		note("AUC, capture and calibration have bootstrap intervals; those of shares are exact and take the releases as independent.")
	}
	return notes
}

// Lowest says how much the policy lets through with the least care, and at what price.
func (r *Report) Lowest() string {
	if len(r.Tiers) == 0 || r.Releases == 0 {
		return "no release was assessed"
	}
	l := r.Tiers[0].Exactly
	text := fmt.Sprintf("%s of %d releases are %s, with %s of %d failures among them", l.Share.Percent(), r.Releases, r.Tiers[0].Tier, l.Caught.Percent(), r.Outcomes.Failed)
	if r.Outcomes.Failed > 0 {
		text += fmt.Sprintf(", where chance would put %.0f %%", 100*float64(l.Mature)/float64(r.Outcomes.Mature))
	}
	return text
}
