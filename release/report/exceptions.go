package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/clip"
	"github.com/sallyport-dev/sallyport/release"
)

// laneLine says by which way a release may go out, where it is not the normal one.
func laneLine(l release.Lane) string {
	switch l {
	case release.LaneNormal:
		return ""
	case release.LaneExpedite:
		return "Lane: expedite. It does nothing but mend published flaws, and waiting is a risk too."
	case release.LaneBreakGlass:
		return "Lane: break-glass. Two people let it out as an emergency with less than its tier demands; the rest is owed."
	}
	return fmt.Sprintf("Lane: %s.", l)
}

// waiverSection lists the waivers that were followed. Without any there is no such section.
func waiverSection(ws []release.Waiver) []Section {
	if len(ws) == 0 {
		return nil
	}
	s := Section{Title: "Waivers that were followed: " + fmt.Sprint(len(ws))}
	var rows [][]Cell
	for _, w := range ws[:min(len(ws), maxRows)] {
		scope := "any release"
		if !w.Changes.IsZero() {
			scope = "this release"
		}
		rows = append(rows, []Cell{Code(release.Text(w.ID).String()), Code(short(w.Rule)), Code(short(w.Subject)), Text(w.Floor.String()), Text(scope),
			Code(short(w.Owner.String())), Code(short(w.Second.String())), Text(stamp(w.Expires)), Text(short(string(w.Reason)))})
	}
	s.table([]string{"waiver", "rule", "subject", "counts as", "for", "asked for by", "and agreed by", "until", "why"}, rows, len(ws))
	return []Section{s}
}

// debtSection lists what earlier emergencies and this one owe as of a moment, the most pressing first. Without any there is
// no such section.
func debtSection(ds []release.Debt, at time.Time) []Section {
	if len(ds) == 0 {
		return nil
	}
	ds = slices.Clone(ds)
	rank := func(d release.Debt) int {
		return slices.Index([]release.DebtStatus{release.DebtOverdue, release.DebtOpen, release.DebtPaid}, d.Status(at))
	}
	slices.SortStableFunc(ds, func(a, b release.Debt) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Due.Compare(b.Due), strings.Compare(a.ID, b.ID))
	})
	counts := map[release.DebtStatus]int{}
	var rows [][]Cell
	for i, d := range ds {
		status := d.Status(at)
		counts[status]++
		if i < maxRows {
			rows = append(rows, debtRow(d, status))
		}
	}
	s := Section{Title: fmt.Sprintf("Debts: %d overdue, %d open, %d paid", counts[release.DebtOverdue], counts[release.DebtOpen], counts[release.DebtPaid])}
	s.table([]string{"debt", "status", "due", "owed", "let out by", "and agreed by", "why", "change set", "paid"}, rows, len(ds))
	return []Section{s}
}

func debtRow(d release.Debt, status release.DebtStatus) []Cell {
	var owed []string
	for _, r := range d.Owed {
		owed = append(owed, fmt.Sprintf("%d x %s", r.Needed(), release.Text(r.Evidence)))
	}
	due, paid := "not known", ""
	if !d.Due.IsZero() {
		due = stamp(d.Due)
	}
	if status == release.DebtPaid {
		paid = fmt.Sprintf("%s by %s", stamp(d.Paid), count(len(d.PaidBy), "piece"))
	}
	return []Cell{Code(short(d.ID)), Text(status.String()), Text(due), Text(short(strings.Join(owed, ", "))), Code(short(d.By.String())), Code(short(d.Second.String())),
		Text(short(string(d.Reason))), Code(d.Changes.String()), Text(paid)}
}

// short is text of others, printable and not too long for a cell.
func short(s string) string { return clip.Text(release.Text(clip.Text(s, 200)).String(), 300) }
