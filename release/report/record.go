package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// Of makes the sections of a release record.
func Of(r release.Record) []Section {
	sections := []Section{releaseSection(r), changeSection(&r.Changes), assessmentSection(r.Assessment)}
	at := r.At
	if at.IsZero() {
		at = r.Assessment.At
	}
	sections = append(sections, waiverSection(r.Assessment.Waivers)...)
	sections = append(sections, debtSection(r.Assessment.Debts, at)...)
	sections = append(sections, evidenceSection(r.Evidence))
	for i, d := range r.Decisions {
		sections = append(sections, decisionSection(i+1, d))
	}
	sections = append(sections, rolloutSection(r.Rollout), outcomeSection(r))
	if len(r.Notes) > 0 {
		notes := Section{Title: "What a reader must know"}
		var items []Cell
		for _, n := range r.Notes {
			items = append(items, Text(n))
		}
		notes.Blocks = []Block{{List: items}}
		sections = append(sections, notes)
	}
	return sections
}

func releaseSection(r release.Record) Section {
	rows := [][]Cell{
		{Text("Service"), Code(r.Release.Service)},
		{Text("Version"), Code(r.Release.Version)},
		{Text("Commit"), Code(r.Release.Commit.String())},
	}
	for _, a := range r.Release.Artifacts {
		rows = append(rows, []Cell{Text("Artifact " + a.Name), Code(a.Digest.String())})
	}
	if !r.FallBack.IsZero() {
		rows = append(rows, []Cell{Text("Fall-back"), Code(r.FallBack.String())})
	}
	s := Section{Title: "Release", Blocks: []Block{{Table: &Table{Header: []string{"what", "value"}, Rows: rows}}}}
	if r.Description != "" {
		s.Blocks = append([]Block{{Paragraph: r.Description}}, s.Blocks...)
	}
	return s
}

// maxRows bounds the longest tables; what is left out is counted in a line below.
const maxRows = 40

func changeSection(c *release.ChangeSet) Section {
	var added, deleted int64
	for _, f := range c.Files {
		added, deleted = added+f.Added, deleted+f.Deleted
	}
	from := c.Base.Short()
	switch {
	case c.FromNothing:
		from = "nothing"
	case from == "":
		from = "an unknown base"
	}
	s := Section{Title: "What changes", Blocks: []Block{{Paragraph: fmt.Sprintf(
		"From %s to %s: %s by %s, %s (+%d -%d lines), %s.", from, c.Head.Short(),
		count(len(c.Commits), "commit"), count(len(c.Authors()), "author"), count(len(c.Files), "file"), added, deleted,
		count(len(c.Dependencies), "dependency change"))}}}

	if len(c.Gaps) > 0 {
		var gaps []Cell
		for _, g := range c.Gaps {
			gaps = append(gaps, Text("Not read: "+g.String()))
		}
		s.Blocks = append(s.Blocks, Block{List: gaps})
	}
	files := slices.Clone(c.Files)
	slices.SortStableFunc(files, func(a, b release.FileChange) int {
		return cmp.Compare(b.Added+b.Deleted, a.Added+a.Deleted)
	})
	var rows [][]Cell
	for _, f := range files[:min(len(files), maxRows)] {
		lines := fmt.Sprintf("+%d -%d", f.Added, f.Deleted)
		if f.Binary {
			lines = "binary"
		}
		labels := make([]string, len(f.Labels))
		for i, l := range f.Labels {
			labels[i] = string(l)
		}
		rows = append(rows, []Cell{Code(f.Path.String()), Text(f.Op.String()), Text(lines), Text(strings.Join(labels, ", "))})
	}
	s.table([]string{"largest files", "change", "lines", "labels"}, rows, len(files))

	rows = nil
	for _, d := range c.Dependencies[:min(len(c.Dependencies), maxRows)] {
		direct := "indirect"
		if !d.Relation.Transitive() {
			direct = "direct"
		}
		rows = append(rows, []Cell{Code(d.Package.String()), Text(d.Op.String()), Code(d.Before), Code(d.After), Text(direct), Text(d.Detail)})
	}
	s.table([]string{"dependency", "change", "before", "after", "", "detail"}, rows, len(c.Dependencies))
	return s
}

// table adds a table and, if it shows fewer rows than there are, a line that says so.
func (s *Section) table(header []string, rows [][]Cell, all int) {
	if len(rows) == 0 {
		return
	}
	s.Blocks = append(s.Blocks, Block{Table: &Table{Header: header, Rows: rows}})
	if all > len(rows) {
		s.Blocks = append(s.Blocks, Block{Paragraph: fmt.Sprintf("And %d more; record.json has them all.", all-len(rows))})
	}
}

func assessmentSection(a release.AssessmentRecord) Section {
	s := Section{Title: "Why this tier: " + a.Tier.String()}
	if line := laneLine(a.Lane); line != "" {
		s.Blocks = []Block{{Paragraph: line}}
	}
	var rows [][]Cell
	for _, r := range a.Reasons[:min(len(a.Reasons), maxRows)] {
		rows = append(rows, reasonRow(r))
	}
	s.table([]string{"reason", "subject", "why"}, rows, len(a.Reasons))
	rows = nil
	for _, q := range a.Requirements {
		rows = append(rows, []Cell{Code(q.ID), Text(fmt.Sprint(q.Needed())), Text(q.Why)})
	}
	s.table([]string{"requirement", "how many", "why"}, rows, len(a.Requirements))
	if a.Rollout.Why != "" {
		s.Blocks = append(s.Blocks, Block{Paragraph: fmt.Sprintf("Rollout: at least %d stages, %s of bake each. %s", a.Rollout.MinStages, a.Rollout.MinBake, a.Rollout.Why)})
	}
	return s
}

func reasonRow(r release.Reason) []Cell {
	return []Cell{Code(r.Code), Code(r.Subject), Text(r.Text)}
}

func evidenceSection(evidence []release.EvidenceRecord) Section {
	s := Section{Title: "Evidence"}
	var rows [][]Cell
	for _, e := range evidence {
		when := "no trusted time"
		if !e.At.IsZero() {
			when = stamp(e.At)
		}
		rows = append(rows, []Cell{Text(e.Summary), Code(e.PredicateType), Code(e.By), Text(when), Code(e.Digest.Short())})
	}
	s.table([]string{"what", "predicate", "signed by", "when", "digest"}, rows, len(evidence))
	if len(rows) == 0 {
		s.Blocks = []Block{{Paragraph: "None."}}
	}
	return s
}

func decisionSection(n int, d release.DecisionRecord) Section {
	s := Section{Title: fmt.Sprintf("Decision %d: %s", n, d.Verdict)}
	line := fmt.Sprintf("Taken %s on %s of evidence, under policy %s.", stamp(d.At), count(len(d.Used), "piece"), d.Policy.Short())
	if !d.Until.IsZero() {
		line += fmt.Sprintf(" It ends %s.", stamp(d.Until))
	}
	s.Blocks = []Block{{Paragraph: line}}
	var rows [][]Cell
	for _, r := range d.Reasons {
		rows = append(rows, reasonRow(r))
	}
	s.table([]string{"reason", "subject", "text"}, rows, len(rows))
	return s
}

func rolloutSection(events []release.Event) Section {
	s := Section{Title: "Rollout"}
	if steps := exposure(events); len(steps.At) > 1 {
		s.Blocks = append(s.Blocks, Block{Steps: &steps})
	}
	var rows [][]Cell
	for _, e := range events {
		rows = append(rows, []Cell{Text(stamp(e.At)), Text(string(e.Kind)), Code(e.Stage), Text(fmt.Sprintf("%g %%", e.Percent)), Text(e.Reason.Text)})
	}
	s.table([]string{"when", "what", "stage", "exposed", "why"}, rows, len(events))
	if len(rows) == 0 {
		s.Blocks = append(s.Blocks, Block{Paragraph: "Nothing was exposed."})
	}
	return s
}

func outcomeSection(r release.Record) Section {
	line := "Not known yet: no news is not success."
	if o := r.Outcome; o.Kind != release.OutcomeUnknown {
		line = fmt.Sprintf("%s, as known %s (first exposed %s).", o.Kind, stamp(o.At), stamp(o.Deployed))
		if o.Cause != "" {
			line += " Cause: " + o.Cause + "."
		}
	}
	return Section{Title: "Outcome", Blocks: []Block{{Paragraph: line}}}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
