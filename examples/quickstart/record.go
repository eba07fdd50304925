package main

import (
	"bytes"
	"context"
	"io"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/report"
)

// writeRecord writes the whole story: record.json, report.md, report.html, and the bundles.
func (s *story) writeRecord() error {
	all, err := s.evidence.verified(context.Background())
	if err != nil {
		return err
	}
	rec := release.Record{Schema: release.RecordSchema, At: now(), Release: s.release, Changes: s.changes,
		Description: "Quickstart's release of " + s.release.Service + " " + s.release.Version,
		Assessment:  s.assessment.Record(), FallBack: s.previous, Rollout: s.events, Outcome: s.outcome,
		Notes: []string{
			"The approvers' keys are demonstration keys that the program made; no person has looked at the release.",
			"The scan is a real search for committed secrets, in the place of a scan for known vulnerabilities, which takes a database.",
			"The deployment, its traffic and the time that passes during the rollout are simulated.",
			"The release that served before is a stand-in, named by its commit.",
		}}
	if len(s.links) > 0 {
		rec.Notes = append(rec.Notes, "Not as committed: "+s.linkNote()+".")
	}
	for _, v := range all {
		e := v.Record()
		e.Summary = s.evidence.what[v.Digest()]
		rec.Evidence = append(rec.Evidence, e)
	}
	for _, d := range s.decisions {
		rec.Decisions = append(rec.Decisions, d.Record())
	}
	if err := s.dir.save("record.json", rec); err != nil {
		return err
	}
	title, sections := s.release.Service+" "+s.release.Version, report.Of(rec)
	for name, write := range map[string]func(io.Writer, string, []report.Section) error{"report.md": report.Markdown, "report.html": report.HTML} {
		var page bytes.Buffer
		if err := write(&page, title, sections); err != nil {
			return err
		}
		if err := writeFile(s.dir.path(name), page.Bytes(), 0o644); err != nil {
			return err
		}
	}
	if err := s.evidence.export(s.dir.path("bundles")); err != nil {
		return err
	}
	if err := s.people.export(s.dir.path("bundles")); err != nil {
		return err
	}
	for _, name := range []string{"record.json", "report.md", "report.html", "bundles", "journal"} {
		s.item("written", "%s", release.Text(s.dir.path(name)))
	}
	return nil
}
