package backtest

import (
	"fmt"
	"strconv"

	"github.com/sallyport-dev/sallyport/release/report"
)

// Sections are the report as tables for people; package release/report renders them.
func (r *Report) Sections() []report.Section {
	out := []report.Section{r.tierSection(), r.likelihoodSection(), r.ruleSection()}
	if len(r.Treatments) > 0 {
		out = append(out, r.treatmentSection())
	}
	if len(r.Refused) > 0 {
		out = append(out, r.refusedSection())
	}
	notes := report.Section{Title: "Notes"}
	block := report.Block{}
	for _, n := range r.Notes {
		block.List = append(block.List, report.Text(n))
	}
	if len(block.List) > 0 {
		notes.Blocks = append(notes.Blocks, block)
	}
	return append(out, notes)
}

func (r *Report) tierSection() report.Section {
	const day = "2006-01-02"
	o := r.Outcomes
	text := "In short: " + r.Lowest() + "."
	if r.Releases > 0 {
		text += fmt.Sprintf(" The releases are of %s to %s, and outcomes are as of %s: %d of %d count, of which %d failed. In brackets are %g %% intervals.",
			r.From.Format(day), r.To.Format(day), r.End.Format(day), o.Mature, r.Releases, o.Failed, 100*r.Level)
	}
	t := &report.Table{Header: []string{"tier", "releases", "of releases", "failed of mature", "failed", "of failures", "this or above: of releases", "of failures"}}
	for _, l := range r.Tiers {
		t.Rows = append(t.Rows, texts(l.Tier.String(), strconv.Itoa(l.Exactly.Releases), l.Exactly.Share.Percent(), ratio(&l.Exactly),
			l.Exactly.Rate.Percent(), l.Exactly.Caught.Percent(), l.AtLeast.Share.Percent(), l.AtLeast.Caught.Percent()))
	}
	return report.Section{Title: "Load and failures by tier", Blocks: []report.Block{{Paragraph: text}, {Table: t}}}
}

func (r *Report) likelihoodSection() report.Section {
	t := &report.Table{Header: []string{"measure", "value", "saying the same of all", "knowing the future"}}
	t.Rows = append(t.Rows, texts("AUC of the likelihood", r.AUC.String(), "0.50", "1.00"), texts("AUC of the tiers", r.TierAUC.String(), "0.50", "1.00"))
	for _, c := range r.Capture {
		best := ""
		if r.Outcomes.Failed > 0 {
			best = fmt.Sprintf("%.0f %%", 100*c.Best)
		}
		t.Rows = append(t.Rows, texts(fmt.Sprintf("failures in the top %g %%", 100*c.Top), c.Caught.Percent(), fmt.Sprintf("%g %%", 100*c.Constant), best))
	}
	c := r.Calibration
	perfect := ""
	if c.ECE.Bounded {
		perfect = fmt.Sprintf("%.3f if all percentages are right", c.Chance)
	}
	t.Rows = append(t.Rows, texts(fmt.Sprintf("calibration error (%d bins)", c.Bins), c.ECE.text("%.3f", 1), "", perfect),
		texts("Brier skill", c.BrierSkill.String(), "0.00", "1.00"))
	return report.Section{Title: "Likelihood", Blocks: []report.Block{{Table: t}}}
}

func (r *Report) ruleSection() report.Section {
	t := &report.Table{Header: []string{"rule", "found in", "blocked", "failed of mature", "failed", "of failures", "only this blocked", "failed of mature", "waived", "failed of mature"}}
	silent := false
	for i := range r.Rules {
		e := &r.Rules[i]
		if e.Found == 0 && e.Raised.Releases == 0 {
			silent = true
			continue
		}
		name := report.Code(e.Rule)
		if e.Hypothetical {
			name = report.Text(e.Rule + " (hypothetical)")
		}
		found := strconv.Itoa(e.Found)
		if e.Rule == tablePart {
			found = ""
		}
		t.Rows = append(t.Rows, append([]report.Cell{name}, texts(found, strconv.Itoa(e.Raised.Releases), ratio(&e.Raised), e.Raised.Rate.Percent(),
			e.Raised.Caught.Percent(), strconv.Itoa(e.Only.Releases), ratio(&e.Only), strconv.Itoa(e.Waived.Releases), ratio(&e.Waived))...))
	}
	s := report.Section{Title: fmt.Sprintf("What each rule would have blocked (%s or above)", r.Gate)}
	if len(t.Rows) > 0 {
		s.Blocks = append(s.Blocks, report.Block{Table: t})
	}
	if silent {
		s.Blocks = append(s.Blocks, report.Block{Paragraph: "The others found nothing."})
	}
	return s
}

func (r *Report) treatmentSection() report.Section {
	t := &report.Table{Header: []string{"shown then", "releases", "failed of mature", "failed", "lower by this policy", "failed of mature"}}
	for i := range r.Treatments {
		x := &r.Treatments[i]
		name := x.Shown.String()
		if x.Shown == 0 {
			name = "not recorded"
		}
		t.Rows = append(t.Rows, texts(name, strconv.Itoa(x.All.Releases), ratio(&x.All), x.All.Rate.Percent(), strconv.Itoa(x.Lowered.Releases), ratio(&x.Lowered)))
	}
	return report.Section{Title: "By the tier that people saw at the time", Blocks: []report.Block{{Table: t}}}
}

func (r *Report) refusedSection() report.Section {
	t := &report.Table{Header: []string{"why", "cases", "the first"}}
	for _, x := range r.Refused {
		first := report.Text("")
		if !x.First.IsZero() {
			first = report.Code(x.First.String())
		}
		t.Rows = append(t.Rows, []report.Cell{report.Text(string(x.Cause)), report.Text(strconv.Itoa(x.Releases)), first})
	}
	return report.Section{Title: "Refused", Blocks: []report.Block{{Table: t}}}
}

func ratio(l *Load) string { return fmt.Sprintf("%d of %d", l.Failed, l.Mature) }

func texts(list ...string) []report.Cell {
	out := make([]report.Cell, len(list))
	for i, s := range list {
		out[i] = report.Text(s)
	}
	return out
}
