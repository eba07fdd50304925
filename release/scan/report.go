package scan

import (
	"time"

	"github.com/sallyport-dev/sallyport/release"
)

// Report is what one file says that a scanner found.
type Report struct {
	// Source is what was read; its Tool and Version are the scanner's, its At is when it
	// ran, where the file tells.
	Source release.Source `json:"source"`
	// Target is what was scanned as the scanner names it: a directory, an image.
	Target release.Text `json:"target,omitempty"`
	// Commit is the revision that was scanned and Artifacts the digests of the images,
	// where the file tells. They are the scanner's claims.
	Commit    release.Revision `json:"commit,omitempty"`
	Artifacts []release.Digest `json:"artifacts,omitempty"`
	// Database is when the scanner's knowledge was last brought up to date; zero where
	// the file does not tell.
	Database time.Time `json:"database,omitzero"`
	// Findings are all that the file has, suppressed and absent ones too, sorted by kind,
	// ID, package and place.
	Findings []Finding `json:"findings"`
	// Packages is how many packages the scanner looked at, and PackagesKnown whether the
	// file tells; without it, Packages is only how many are named in it.
	Packages      int  `json:"packages"`
	PackagesKnown bool `json:"packagesKnown"`
	// Succeeded says whether this is what a scan found that ran to its end, on what it
	// was meant for, and looked at something. Only yes gives a meaning to what is not
	// in Findings.
	Succeeded release.Answer `json:"succeeded"`
	// Coverage is complete where Succeeded is yes and all of the file was understood;
	// missing where the file could not be read; else partial.
	Coverage release.Coverage `json:"coverage"`
	// Gaps are what could not be read, and why Succeeded is not yes.
	Gaps []release.Gap `json:"gaps,omitempty"`
}

// The gaps of scans, besides those of package release.
const (
	// GapFailed is a scan that did not succeed.
	GapFailed release.GapKind = "scan-failed"
	// GapUnproven is a scan of which the file does not show that it ran to its end, or
	// what it looked at. A [Run] can fill it.
	GapUnproven release.GapKind = "scan-unproven"
	// GapTarget is a scan of something else.
	GapTarget release.GapKind = "scan-target"
)

// Clean says whether the scan found nothing: no if there is any finding that is not
// absent, be it suppressed or not; yes only if the scan succeeded and all of its
// report was read.
func (r Report) Clean() release.Answer {
	for i := range r.Findings {
		if r.Findings[i].State != StateAbsent {
			return release.AnswerNo
		}
	}
	if r.Succeeded == release.AnswerYes && r.Coverage == release.CoverageComplete && len(r.Gaps) == 0 {
		return release.AnswerYes
	}
	return release.AnswerUnknown
}

// Advisories are the vulnerabilities of the report as a change set has them, without
// those that are absent. A single scan says nothing of before, so their effect is
// unknown. Suppressions are among them only where the finding is [Finding.Suppressed].
func (r Report) Advisories() []release.AdvisoryChange {
	var out []release.AdvisoryChange
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Kind != KindVulnerability || f.State == StateAbsent {
			continue
		}
		a := release.AdvisoryChange{ID: f.ID, Aliases: f.Aliases, Package: f.Package.Package(), File: f.Path, Summary: f.Message, FixedIn: f.FixedIn,
			Severity: f.Score, Likelihood: f.Likelihood, Exploited: f.Exploited, Detail: "found by a scan of one side"}
		if v := f.Package.Version(); v != "" {
			a.After = []string{v}
		}
		if f.Package == "" && f.Named != "" {
			a.Detail += "; package " + f.Named.String()
		}
		if f.Suppressed() {
			for _, s := range f.Suppressions {
				a.Suppressions = append(a.Suppressions, release.Suppression{Document: r.Source.Digest, Author: s.By, Justification: s.Justification.String()})
			}
		}
		out = append(out, a)
	}
	return out
}
