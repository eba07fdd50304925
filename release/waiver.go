package release

import (
	"time"

	"github.com/sallyport-dev/sallyport/internal/canon"
)

// Waiver says that what one rule finds about one subject counts for less, until a
// day, and who answers for that. It is a claim until the host has checked who says
// so: waivers belong into a file that is read at the base revision and reviewed like
// the policy, or into signed statements. Whether a waiver is followed, package risk says.
//
// One that names a change set holds for that release alone: an override.
type Waiver struct {
	// ID names it, uniquely among those that are used together.
	ID string `json:"id"`
	// Rule is the id of the rule; "table" is the answer of the decision table, which
	// only an override may lower.
	Rule string `json:"rule"`
	// Subject is the finding's, exactly as the finding has it: a path, a purl, an advisory. It may be
	// empty, as that of a finding about the whole release is.
	Subject string `json:"subject,omitempty"`
	// Floor is what the finding counts as instead, low or more.
	Floor Tier `json:"floor"`
	// UpTo is the most severe finding that they agreed to lower: one that has become more
	// severe since, as when a flaw is exploited by now, is not lowered. Unknown is high, so a critical
	// finding is lowered only by a waiver that says so.
	UpTo Tier `json:"upTo,omitzero"`
	// Changes is the digest of the only change set that it is for; zero is any.
	Changes Digest `json:"changes,omitzero"`
	// Owner asks for it and answers for it, Second is another person, who agreed and
	// wrote none of the change.
	Owner  Actor `json:"owner"`
	Second Actor `json:"second"`
	// Reason says why it is right.
	Reason Text `json:"reason"`
	// From is when it begins to count, Expires when it no longer does.
	From    time.Time `json:"from"`
	Expires time.Time `json:"expires"`
}

// Limit is UpTo, or high where it is unknown.
func (w Waiver) Limit() Tier {
	if w.UpTo == TierUnknown {
		return TierHigh
	}
	return w.UpTo
}

// Validate reports everything that keeps w from being followed whatever the release: an
// [*InvalidError]. Owner and Second must be humans with identities that differ in more
// than the case of letters.
func (w Waiver) Validate() error {
	var p problems
	p.name("id", w.ID)
	p.name("rule", w.Rule)
	if len(w.Subject) > maxSubjectBytes || !legible(w.Subject) {
		p.add("a subject that no finding has: it is too long or cannot be read")
	}
	if w.Floor < TierLow || w.Floor > TierCritical {
		p.add("the floor is %s, which is no tier", w.Floor)
	}
	switch {
	case w.UpTo > TierCritical:
		p.add("it is for findings up to %s, which is no tier", w.UpTo)
	case w.Limit() <= w.Floor && w.Floor <= TierCritical:
		p.add("it is for findings up to %s and lowers them to %s, which lowers nothing", w.Limit(), w.Floor)
	}
	if w.Rule == "table" && (w.Changes.IsZero() || w.Subject != "") {
		p.add("the table is lowered only for one change set that is named, and has no subject")
	}
	p.two("owner", w.Owner, w.Second)
	p.reason(w.Reason)
	p.time("begins", w.From)
	p.time("ends", w.Expires)
	if !w.From.Before(w.Expires) {
		p.add("it ends before it begins")
	}
	return p.err("waiver", w.ID)
}

// Digest identifies the waiver by its canonical bytes.
func (w Waiver) Digest() (Digest, error) {
	d, err := canon.Digest("sallyport.release.waiver.v1", w)
	return Digest(d), err
}
