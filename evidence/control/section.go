package control

import (
	"fmt"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/release/report"
)

// Summary is the coverage in one line.
func (c Coverage) Summary() string {
	applicable := len(c.Findings) - c.Count(StatusOutside)
	return fmt.Sprintf("Evidence supporting %d of %d controls; %d stale, %d missing, %d waived. %d more are outside release evidence.",
		c.Count(StatusEvidenced), applicable, c.Count(StatusStale), c.Count(StatusMissing), c.Count(StatusWaived), c.Count(StatusOutside))
}

// Sections are the coverage for package report.
func (c Coverage) Sections() []report.Section {
	t := &report.Table{Header: []string{"control", "asks for", "status", "fit", "why", "evidence"}}
	for _, f := range c.Findings {
		id := f.Control.ID
		if f.Control.Draft {
			id += " (draft)"
		}
		t.Rows = append(t.Rows, []report.Cell{report.Code(id), report.Text(f.Control.Title), report.Text(f.Status.String()), report.Text(f.Control.Fit.String()),
			report.Text(f.Why), report.Text(f.pointers(3))})
	}
	return []report.Section{{Title: c.Title, Blocks: []report.Block{
		{Paragraph: fmt.Sprintf("%v, as of %s. %s", c.Release, c.At.Format(time.RFC3339), c.Summary())},
		{Paragraph: disclaimer},
		{Table: t},
	}}}
}

// disclaimer stands in each rendering.
const disclaimer = "This lists evidence supporting controls. It does not say that a control is fulfilled: that is for people to judge."

// pointers are the first pieces of evidence, as text.
func (f Finding) pointers(most int) string {
	var out []string
	for i, s := range f.Support {
		if i == most {
			out = append(out, fmt.Sprintf("and %d more", len(f.Support)-most))
			break
		}
		out = append(out, s.String())
	}
	return strings.Join(out, "; ")
}

// String is the kind, the envelope, who signed, and when.
func (s Support) String() string {
	when := "no trusted time"
	if !s.At.IsZero() {
		when = s.At.Format(time.DateOnly)
	}
	return fmt.Sprintf("%s %s by %s, %s", s.Kind, s.Digest.Short(), s.By, when)
}

// Sections are the sample for package report.
func (s Sample) Sections() []report.Section {
	t := &report.Table{Header: []string{"control", "asks for", "evidenced", "stale", "missing", "waived", "worst", "first seen at"}}
	for _, r := range s.Rows {
		n := func(st Status) report.Cell {
			if r.Worst == StatusOutside {
				return report.Text("outside")
			}
			return report.Text(fmt.Sprintf("%d of %d", r.Counts[st], len(s.Releases)))
		}
		t.Rows = append(t.Rows, []report.Cell{report.Code(r.Control.ID), report.Text(r.Control.Title), n(StatusEvidenced), n(StatusStale), n(StatusMissing),
			n(StatusWaived), report.Text(r.Worst.String()), report.Code(r.First.String())})
	}
	return []report.Section{{Title: s.Title, Blocks: []report.Block{{Paragraph: fmt.Sprintf("A sample of %d releases.", len(s.Releases))}, {Paragraph: disclaimer}, {Table: t}}}}
}
