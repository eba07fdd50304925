package risk

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/clip"
	"github.com/sallyport-dev/sallyport/release"
)

// neverPutOff are the rules whose findings above low keep the glass whole. They find that the release changes what
// releases are judged by, or that nobody knows what it changes. In the first case the debt would be judged by rules
// that nobody had looked at; in the second nobody could ever look at what went out, and the debt could not
// be paid. Who is on call can take the policy out of the release, name the revisions, or go back to the release
// before, which needs no leave.
//
// Other firm rules do not: that a floor is firm means that nobody lowers it, and breaking the glass lowers none. The
// tier stays, and all that it demands is owed.
var neverPutOff = []string{"policy", "revision"}

// breakGlass asks for less in an emergency, notes the debt, and shows those of earlier releases. What is
// owed is what would have been demanded without the emergency, code owners included, be it in the normal lane
// or in the one for fixes.
func (a *Assessment) breakGlass(p *Policy, in *Input, cs *release.ChangeSet) {
	all := slices.Clone(in.Debts)
	if b := in.BreakGlass; b != nil {
		debt, why := a.owe(p, in, cs, b)
		text := "refused: " + why
		if why == "" {
			a.Lane, a.Requirements, a.Rollout = release.LaneBreakGlass, cloneRequirements(p.BreakGlass.Requirements), p.BreakGlass.Rollout
			all = append(all, debt)
			text = fmt.Sprintf("%s and %s let it out as an emergency, until %s: %s; what %s demands besides is owed by %s",
				clip.Text(b.By.String(), 200), clip.Text(b.Second.String(), 200), stamp(b.Expires), printable(string(b.Reason)), a.Tier, stamp(debt.Due))
		}
		a.Reasons = append(a.Reasons, release.Reason{Code: "risk/break-glass", Subject: printable(b.ID), Text: text})
	}
	if len(all) == 0 {
		return
	}
	var problems []release.Reason
	a.Debts, problems = openDebts(all, a.At)
	a.Reasons = append(a.Reasons, problems...)
}

// owe is what the release owes if the glass is broken for it, or why it may not be.
func (a *Assessment) owe(p *Policy, in *Input, cs *release.ChangeSet, b *release.BreakGlass) (release.Debt, string) {
	none := func(why string) (release.Debt, string) { return release.Debt{}, why }
	if err := b.Validate(); err != nil {
		return none(problemsOf(err))
	}
	glass := &p.BreakGlass
	switch {
	case b.Changes != a.Changes:
		return none("it is for another change set")
	case a.At.Before(b.At):
		return none("it was said later than now, at " + stamp(b.At))
	case !a.At.Before(b.Expires):
		return none("it ended " + stamp(b.Expires))
	case b.Expires.Sub(b.At) > glass.MaxAge:
		return none("it lasts longer than the policy allows: " + glass.MaxAge.String())
	}
	for i := range a.Findings {
		if h := &a.Findings[i]; slices.Contains(neverPutOff, h.Rule) && h.Floor > release.TierLow {
			return none(fmt.Sprintf("what the rule %s finds is never put off", h.Rule))
		}
	}
	if why := newPeople(cs, in.Same).against(b.By, b.Second); why != "" {
		return none(why)
	}
	d := release.Debt{ID: b.ID, Changes: b.Changes, Release: b.Release, Tier: a.Tier, By: b.By, Second: b.Second, Reason: b.Reason,
		Opened: b.At.UTC(), Due: b.At.Add(glass.Due).UTC()}
	for _, r := range cloneRequirements(a.Requirements) {
		if !slices.ContainsFunc(glass.Requirements, func(q release.Requirement) bool { return atLeast(q, r) }) {
			d.Owed = append(d.Owed, r)
		}
	}
	if len(d.Owed) == 0 {
		return none("all that is demanded is demanded in an emergency too, so there is nothing to put off")
	}
	if err := d.Validate(); err != nil {
		return none("its debt cannot be written down: " + problemsOf(err))
	}
	told := []release.Debt{d}
	for _, e := range in.Debts {
		if e.ID == b.ID {
			told = append(told, e)
		}
	}
	switch all, err := release.MergeDebts(told); {
	case err != nil: // whoever could use an ID twice could hide a debt behind one that is paid
		return none("its id is that of an earlier emergency")
	case all[0].Status(a.At) == release.DebtPaid: // or let out another release of the change set, and owe nothing
		return none("its debt is paid, and what was put off can be asked for")
	}
	return d, ""
}

// openDebts are the debts that are not paid, each once, the earliest due first, and what is wrong
// with those that cannot be relied on: they count as overdue.
func openDebts(all []release.Debt, now time.Time) ([]release.Debt, []release.Reason) {
	var good, bad []release.Debt
	var reasons []release.Reason
	for _, d := range all {
		err := d.Validate()
		if err == nil {
			good = append(good, d)
			continue
		}
		tier := d.Tier.Effective()
		d = release.Debt{ID: printable(d.ID), Changes: d.Changes, Release: d.Release, Tier: tier, Reason: release.Text(clip.Text(string(d.Reason), 200))}
		bad = append(bad, d)
		reasons = append(reasons, release.Reason{Code: "risk/debt", Subject: d.ID, Text: "what it says cannot be relied on, so it is overdue: " + problemsOf(err)})
	}
	// Two emergencies with one ID are told apart by what they were for; neither hides the other.
	groups := map[string][]release.Debt{}
	var keys []string
	for _, d := range good {
		key := strings.Join([]string{d.ID, d.Changes.String(), d.Release.String(), d.By.String(), d.Second.String(), string(d.Reason), d.Opened.UTC().String()}, "\x00")
		if groups[key] == nil {
			keys = append(keys, key)
		}
		groups[key] = append(groups[key], d)
	}
	out := bad
	for _, key := range keys {
		merged, err := release.MergeDebts(groups[key])
		if err != nil {
			merged = groups[key] // not merged, so none is lost
		}
		for _, d := range merged {
			if d.Status(now) != release.DebtPaid {
				out = append(out, d)
			}
		}
	}
	order := func(a, b release.Debt) int {
		return cmp.Or(a.Due.Compare(b.Due), strings.Compare(a.ID, b.ID), a.Changes.Compare(b.Changes), a.Opened.Compare(b.Opened),
			strings.Compare(a.By.ID, b.By.ID), strings.Compare(a.Second.ID, b.Second.ID), strings.Compare(string(a.Reason), string(b.Reason)))
	}
	arrange(out, order)
	arrange(reasons, func(a, b release.Reason) int {
		return cmp.Or(strings.Compare(a.Subject, b.Subject), strings.Compare(a.Text, b.Text))
	})
	return out, reasons
}

// cloneDebts keeps an assessment from being changed through its record.
func cloneDebts(ds []release.Debt) []release.Debt {
	out := slices.Clone(ds)
	for i := range out {
		out[i].Owed, out[i].PaidBy = cloneRequirements(out[i].Owed), slices.Clone(out[i].PaidBy)
	}
	return out
}
