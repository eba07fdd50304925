package rollout

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/release"
)

// stamp is a time as a preview's texts show it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// assume says what the simulation of p rests on.
func (v *Preview) assume(p *Plan) {
	say := func(format string, args ...any) { v.Assumed = append(v.Assumed, fmt.Sprintf(format, args...)) }
	say("the deployer does at once what it is told, and serves what the plan says until then")
	say("health says healthy whenever it is asked")
	say("it is stepped whenever it is due; nobody pauses, skips, overrides, supersedes or aborts")
	if len(p.hostGates(p.last())) > 0 {
		say("gates allow when they are asked, whatever they say now, or from the time on that they named")
	}
	if len(p.After) > 0 {
		say("the targets that it comes after have what is demanded of them, and keep it")
	}
	if p.asks(GateApprovals, p.last()) {
		say("people approve before it is needed")
	}
	if p.Budget.Served > 0 {
		say("the deployer counts, and the release serves fewer than the budget of %d", p.Budget.Served)
	}
	if slices.ContainsFunc(v.Stops, func(r release.Reason) bool {
		return r.Code == codeBusy || r.Code == codePrevious || r.Code == codePoisoned
	}) {
		say("what keeps it from beginning is out of the way")
	}
}

// String is a table for people, and what stands below it: how it ends, what it waits for,
// what would stop or hold it, and what is assumed. Times are UTC. Its text may change.
func (v Preview) String() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	previous := "nothing"
	if !v.Previous.IsZero() {
		previous = v.Previous.Version
	}
	line("%v: %s in place of %s, if it began at %s", v.Target, v.Release.Version, previous, stamp(v.At))
	stops := len(v.Stops)
	if v.Deployed.IsZero() {
		stops-- // the last one is how the simulation ends
	}
	switch {
	case stops > 0:
		line("as things are now it would be stopped, as told below; without that:")
	case len(v.Holds) > 0:
		line("as things are now it would be held, as told below; without that:")
	}
	rows := [][]string{{"stage", "share", "exposed", "baked", "percent-hours", "if undecided"}}
	for _, s := range v.Stages {
		row := []string{s.Name, fmt.Sprintf("%.4g %%", s.Share), "not reached", "", "", ""}
		if !s.Exposed.IsZero() {
			row[2], row[3], row[4] = stamp(s.Exposed), stamp(s.Left), fmt.Sprintf("%.4g", s.PercentHours)
		}
		if !s.Deadline.IsZero() {
			row[5] = fmt.Sprintf("%v at %s", s.OnUndecided, stamp(s.Deadline))
			if s.OnNoData != s.OnUndecided {
				row[5] += fmt.Sprintf(" (without data %v)", s.OnNoData)
			}
		}
		rows = append(rows, row)
	}
	b.WriteString(table(rows))
	spent := fmt.Sprintf("%.4g percent-hours before everything is exposed", v.PercentHours)
	if v.Budget.PercentHours > 0 {
		spent += fmt.Sprintf(", of a budget of %g: %.4g are left for delays", v.Budget.PercentHours, max(0, v.Budget.PercentHours-v.PercentHours))
	}
	if v.Deployed.IsZero() {
		line("not deployed; %s", spent)
	} else {
		line("deployed at %s, after %v; %s", stamp(v.Deployed), v.Deployed.Sub(v.At).Round(time.Second), spent)
	}
	for _, s := range v.Stages {
		for _, w := range s.Waits {
			until := "without an end"
			if !w.Until.IsZero() {
				until = "until " + stamp(w.Until)
			}
			line("waits before %s from %s %s: %s", s.Name, stamp(w.From), until, w.Why.Text)
		}
	}
	for _, w := range v.Openings {
		to := "for good"
		if !w.To.IsZero() {
			to = "to " + stamp(w.To)
		}
		line("calendar open from %s %s", stamp(w.From), to)
	}
	for _, r := range v.Stops {
		line("would stop it: %s", r.Text)
	}
	for _, r := range v.Holds {
		line("would hold it: %s", r.Text)
	}
	for _, d := range v.After {
		if a := d.Answer; a.Verdict().Allowed() {
			line("comes after: %s", a.reason().Text)
		}
	}
	for _, a := range v.Back {
		if !a.Verdict().Allowed() {
			line("the way back: gate %s: %v: %s", a.Gate, a.Verdict(), a.reason().Text)
		}
	}
	for _, a := range v.Assumed {
		line("assumed: %s", a)
	}
	return b.String()
}

// table lines up columns, two spaces apart, with no space at the end of a line.
func table(rows [][]string) string {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		text := ""
		for i, cell := range row {
			text += cell + strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell)+2)
		}
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	return b.String()
}
