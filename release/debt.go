package release

import (
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/internal/enum"
)

// Debt is what a release owes that went out in an emergency: the evidence that its
// tier demands and that was not asked for at the time. It shows in every later assessment
// until it is paid. Debts are the host's to keep: one that it forgets, nobody can see.
// [MergeDebts] keeps the list.
type Debt struct {
	// ID is that of the [BreakGlass] that made it.
	ID string `json:"id"`
	// Changes is the digest of the change set that went out, Tier its tier.
	Changes Digest `json:"changes"`
	Tier    Tier   `json:"tier"`
	// Release is that of the BreakGlass: zero where it names none.
	Release Digest `json:"release,omitzero"`
	// Owed are the requirements that were left out.
	Owed []Requirement `json:"owed"`
	// By and Second are who broke the glass, Reason why.
	By     Actor `json:"by"`
	Second Actor `json:"second"`
	Reason Text  `json:"reason"`
	// Opened is when it was made, Due until when it must be paid.
	Opened time.Time `json:"opened"`
	Due    time.Time `json:"due"`
	// Paid is when it was, zero while it is not; PaidBy are the digests of the evidence.
	Paid   time.Time `json:"paid,omitzero"`
	PaidBy []Digest  `json:"paidBy,omitempty"`
}

// DebtStatus is how a debt stands. The zero value is unknown, and is no payment.
type DebtStatus uint8

// The statuses.
const (
	DebtUnknown DebtStatus = iota
	DebtOpen               // it must be paid, and there is time
	DebtOverdue            // it should have been paid, or what it says cannot be relied on
	DebtPaid
)

var debtStatuses = enum.Table[DebtStatus]{Type: "release.DebtStatus", Names: []string{"unknown", "open", "overdue", "paid"}}

// String is the status's name.
func (s DebtStatus) String() string { return debtStatuses.Text(s) }

// ParseDebtStatus reads a status's name.
func ParseDebtStatus(s string) (DebtStatus, error) { return debtStatuses.Parse(s) }

// MarshalText is the status's name.
func (s DebtStatus) MarshalText() ([]byte, error) { return debtStatuses.Marshal(s) }

// UnmarshalText reads a status's name.
func (s *DebtStatus) UnmarshalText(b []byte) error { return debtStatuses.Unmarshal(s, b) }

// Validate reports everything that keeps d from being relied on: an [*InvalidError].
func (d Debt) Validate() error {
	var p problems
	p.name("id", d.ID)
	if d.Changes.IsZero() {
		p.add("no change set")
	}
	if d.Tier < TierLow || d.Tier > TierCritical {
		p.add("the tier is %s, which is none", d.Tier)
	}
	if len(d.Owed) == 0 {
		p.add("nothing is owed")
	}
	for _, r := range d.Owed {
		p.requirement(r)
	}
	p.two("person who asked", d.By, d.Second)
	p.reason(d.Reason)
	p.time("was made", d.Opened)
	p.time("is due", d.Due)
	if !d.Opened.Before(d.Due) {
		p.add("it was due before it was made")
	}
	d.payment(&p)
	return p.err("debt", d.ID)
}

// maxCount is more people than anybody asks for.
const maxCount = 1 << 20

func (p *problems) requirement(r Requirement) {
	legal := r.ID != "" && r.Evidence != "" && r.Count >= 0 && r.Count <= maxCount && r.MaxAge >= 0 && !slices.Contains(r.Roles, "")
	for _, s := range append([]string{r.ID, string(r.Evidence), r.Why}, r.Roles...) {
		legal = legal && utf8.ValidString(s) && len(s) <= maxReasonBytes
	}
	if !legal {
		p.add("it owes a requirement that nothing can meet")
	}
}

// payment wants a time with evidence, or neither.
func (d Debt) payment(p *problems) {
	switch paid := !d.Paid.IsZero(); {
	case paid && len(d.PaidBy) == 0:
		p.add("it was paid, by nothing")
	case !paid && len(d.PaidBy) > 0:
		p.add("evidence paid it, at no time")
	case paid && !d.Paid.After(d.Opened):
		p.add("it was paid before it was made")
	case paid:
		p.time("was paid", d.Paid)
	}
	if slices.ContainsFunc(d.PaidBy, Digest.IsZero) {
		p.add("evidence without a digest paid it")
	}
}

// Status is how the debt stands at a moment. One that [Debt.Validate] refuses is overdue, and
// so are all where there is no moment.
func (d Debt) Status(now time.Time) DebtStatus {
	switch {
	case now.IsZero() || d.Validate() != nil:
		return DebtOverdue
	case !d.Paid.IsZero() && !d.Paid.After(now):
		return DebtPaid
	case now.Before(d.Due):
		return DebtOpen
	}
	return DebtOverdue
}

// Pay is the debt, paid at a moment by a decision that allows the release on all that is owed,
// which was taken on the same change set, and on the same release where the debt names one, after the debt was made and
// still holds. What the evidence is worth, package evidence has decided: the decision's record is the host's word that it
// did. Neither says for which environment: that the decision is for the one that the release went to, the host sees to. A
// debt may be paid late, and only once. An error says why the decision does not pay it; the debt is then zero.
func (d Debt) Pay(by DecisionRecord, at time.Time) (Debt, error) {
	var errs []error
	no := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("release: debt %s is not paid: %s", Text(d.ID), fmt.Sprintf(format, args...)))
	}
	if err := d.Validate(); err != nil {
		return Debt{}, err
	}
	if !d.Paid.IsZero() {
		no("it was paid before")
	}
	if !by.Verdict.Allowed() {
		no("the decision says %s", by.Verdict)
	}
	if by.Release.IsZero() || by.Changes != d.Changes || !d.Release.IsZero() && by.Release != d.Release {
		no("the decision is not on what went out")
	}
	if !by.At.After(d.Opened) {
		no("the decision was taken before the debt was made")
	}
	if at.IsZero() || by.At.After(at) || !by.Until.IsZero() && !at.Before(by.Until) {
		no("the decision does not hold at that time")
	}
	for _, r := range d.Owed {
		if !slices.ContainsFunc(by.Requirements, func(q Requirement) bool { return q.Covers(r) }) {
			no("the decision did not ask for %s", Text(r.ID))
		}
	}
	if len(by.Used) == 0 || slices.ContainsFunc(by.Used, Digest.IsZero) {
		no("the decision rests on no evidence")
	}
	if len(errs) > 0 {
		return Debt{}, errors.Join(errs...)
	}
	d.Owed = cloneRequirements(d.Owed)
	d.Paid, d.PaidBy = at.UTC(), slices.Clone(by.Used)
	slices.SortFunc(d.PaidBy, Digest.Compare)
	d.PaidBy = slices.Compact(d.PaidBy)
	return d, nil
}

func cloneRequirements(rs []Requirement) []Requirement {
	out := slices.Clone(rs)
	for i := range out {
		out[i].Roles = slices.Clone(out[i].Roles)
	}
	return out
}
