package scan

import (
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/release"
)

// finish says whether the scan succeeded.
func (r *reader) finish() Report {
	p, run := r.report, r.run
	if run.Completed == release.AnswerNo {
		r.gap(GapFailed, "the host says that the scanner did not run to its end")
	}
	if !r.ended && run.Completed == release.AnswerUnknown {
		r.gap(GapUnproven, "the file does not show that the scan ran to its end")
	}
	if !r.looked && run.Packages <= 0 {
		r.gap(GapUnproven, "the file does not show that the scan looked at anything")
	}
	if p.PackagesKnown && p.Packages < run.Packages {
		r.gap(release.GapIncomplete, "it looked at %d packages of %d", p.Packages, run.Packages)
	}
	switch {
	case run.Commit == "" || run.Commit == p.Commit:
	case p.Commit == "":
		r.gap(GapUnproven, "the file does not say which commit was scanned")
	default:
		r.gap(GapTarget, "commit %s was scanned, not %s", p.Commit, run.Commit)
	}
	switch {
	case run.Artifact.IsZero() || slices.Contains(p.Artifacts, run.Artifact):
	case len(p.Artifacts) == 0:
		r.gap(GapUnproven, "the file does not say which artifact was scanned")
	default:
		r.gap(GapTarget, "%s was scanned, not %s", p.Artifacts[0], run.Artifact)
	}
	if r.gaps > maxGaps {
		p.Gaps = append(p.Gaps, release.Gap{Kind: release.GapTooLarge, Subject: p.Source.Path.String(), Detail: fmt.Sprintf("%d more gaps", r.gaps-maxGaps)})
	}
	p.Succeeded, p.Coverage = release.AnswerYes, release.CoverageComplete
	if len(p.Gaps) > 0 {
		p.Succeeded, p.Coverage = release.AnswerUnknown, release.CoveragePartial
	}
	if r.failed {
		p.Succeeded = release.AnswerNo
	}
	r.settle()
	slices.SortStableFunc(p.Findings, compare)
	return *p
}

// settle is for what can only be said when all was read.
func (r *reader) settle() {
	for i := range r.report.Findings {
		f := &r.report.Findings[i]
		if f.Reachable == release.AnswerNo && r.report.Succeeded != release.AnswerYes {
			f.Reachable = release.AnswerUnknown // what would have said yes may be missing
		}
	}
}
