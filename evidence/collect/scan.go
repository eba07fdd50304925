package collect

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/scan"
)

// The attributes of the SCAI predicate of a scan that found nothing.
const (
	// NoFindings says that a scanner looked for something other than vulnerabilities and
	// found none of it; its conditions name the kinds: {"kinds":["code"]}.
	NoFindings = "NO_FINDINGS"
	// ScanReport names the file that says so, as its evidence.
	ScanReport = "SCAN_REPORT"
)

// ScanRun is what the caller knows of the run of a scanner.
type ScanRun struct {
	// Run is the tool's: Tool, Version and At may be left out where the report has them;
	// vulns/v0.2 demands Started. An exit status that only says that there are findings
	// goes into Scan.Completed, which is Run.Succeeded where it is unknown.
	Run Run
	// Scan is what the report is compared with: the format, whether the scanner ran to
	// its end, how many packages it was given, which commit or artifact it was meant for.
	// Commit and Artifact must be given where the report names what was scanned.
	Scan scan.Run
	// Looked are the kinds of findings that the scanner was to look for. "Nothing was
	// found" is said of these alone. None is vulnerabilities for osv-scanner, govulncheck
	// and Grype, and nothing for Trivy and SARIF, which may be about anything.
	Looked []scan.Kind
	// URI identifies the scanner; for SARIF it must be given.
	URI string
	// Database is when the scanner's knowledge was last brought up to date, where the
	// report does not say. One of both must: a scan with old knowledge finds little.
	Database time.Time
	// Tolerated is up to which severity findings of other kinds than vulnerabilities only
	// warn. One of unknown severity never does. Zero tolerates none.
	Tolerated scan.Severity
	// AllowSuppressed lets those only warn that somebody suppressed ([scan.Finding.Suppressed]).
	AllowSuppressed bool
}

// Scanned is what is to be stated of a scan.
type Scanned struct {
	// Predicates are to be signed, all of them. There is at least one: a
	// [predicate.Vulns] of the vulnerabilities, and for other findings a
	// [predicate.TestResult], or a [predicate.SCAI] where there is none.
	Predicates []predicate.Predicate
	// Report is what was read.
	Report scan.Report
}

// Scan reads a scanner's report.
//
// Each vulnerability that is not absent is listed, suppressed or not: what it is worth
// is for VEX and policy to say. An empty list is left out where there are findings of
// other kinds that fail.
//
// Of a report that is not shown to be whole nothing is said but what denies: where it
// has findings that are no vulnerabilities and are not tolerated, a FAILED test
// result. Its vulnerabilities are not stated, since a list in which some are missing
// can be excused one by one. Otherwise the error is a [GapError].
func Scan(run ScanRun, f File) (Scanned, error) {
	in := run.Scan
	if in.Completed == release.AnswerUnknown {
		in.Completed = run.Run.Succeeded
	}
	s := &scanning{run: run, report: in.Read(f.Path, f.Bytes)}
	s.source.Source = s.report.Source
	if f.Path == "" {
		return Scanned{}, errors.New("collect: a file has no name")
	}
	looked := run.Looked
	if len(looked) == 0 {
		switch scan.Format(s.report.Source.Format) {
		case scan.FormatOSVScanner, scan.FormatGovulncheck, scan.FormatGrype:
			looked = []scan.Kind{scan.KindVulnerability}
		}
	}
	for _, k := range looked {
		if k == scan.KindUnknown || k > scan.KindDeprecated {
			return Scanned{}, errors.New("collect: the scanner looked for findings of an unknown kind")
		}
		if k != scan.KindVulnerability {
			s.kinds = append(s.kinds, k.String())
		}
	}
	slices.Sort(s.kinds)
	s.kinds = slices.Compact(s.kinds)
	s.sort()
	if annotated(run.Run.Configuration) {
		return Scanned{}, errAnnotated
	}
	s.compare()
	whole := s.report.Succeeded == release.AnswerYes && s.report.Coverage == release.CoverageComplete && len(s.report.Gaps) == 0
	if !whole && s.fails.all == nil {
		return Scanned{}, &GapError{s.gaps()}
	}
	if err := run.Run.name(&s.source.Source); err != nil {
		return Scanned{}, err
	}
	out := Scanned{Report: s.report}
	if whole && (slices.Contains(looked, scan.KindVulnerability) && !s.doubtful() || len(s.vulns) > 0) {
		p, err := s.vulnerabilities()
		if err != nil {
			return Scanned{}, err
		}
		out.Predicates = append(out.Predicates, p)
	}
	if len(s.kinds) > 0 || s.fails.all != nil || s.warned.all != nil {
		out.Predicates = append(out.Predicates, s.others())
	}
	if len(out.Predicates) == 0 {
		return Scanned{}, errors.New("collect: it has no findings, and nobody says what the scanner looked for (ScanRun.Looked)")
	}
	for _, p := range out.Predicates {
		if err := p.Validate(); err != nil {
			return Scanned{}, fmt.Errorf("collect: %w", err)
		}
	}
	return out, nil
}

// scanning is a report on its way.
type scanning struct {
	run           ScanRun
	report        scan.Report
	source        source
	kinds         []string // that were looked for, without vulnerabilities
	vulns         []*scan.Finding
	fails, warned names
}

// compare finds a report of another run, and one of which nobody says that it is of
// the right thing.
func (s *scanning) compare() {
	gap := func(kind release.GapKind, detail string) {
		s.report.Gaps = append(s.report.Gaps, release.Gap{Kind: kind, Subject: s.report.Source.Path.String(), Detail: detail})
	}
	s.source.from = s.source.At
	if s.run.Run.stale(s.source) {
		gap(release.GapAmbiguous, staleDetail)
	}
	if s.report.Commit != "" && s.run.Scan.Commit == "" {
		gap(scan.GapTarget, "it names the commit that was scanned, and nobody says which was meant (ScanRun.Scan.Commit)")
	}
	if len(s.report.Artifacts) > 0 && s.run.Scan.Artifact.IsZero() {
		gap(scan.GapTarget, "it names the artifact that was scanned, and nobody says which was meant (ScanRun.Scan.Artifact)")
	}
}

// sort says of each finding what becomes of it.
func (s *scanning) sort() {
	for i := range s.report.Findings {
		switch f := &s.report.Findings[i]; {
		case f.State == scan.StateAbsent:
		case f.Kind == scan.KindVulnerability:
			s.vulns = append(s.vulns, f)
		case f.Severity != scan.SeverityUnknown && f.Severity <= s.run.Tolerated, s.run.AllowSuppressed && f.Suppressed():
			s.warned.add(nameOf(f))
		default:
			s.fails.add(nameOf(f))
		}
	}
}

// doubtful reports whether an empty list of vulnerabilities would say too much: a
// finding that counts is left to the failed test, which denies by itself; and in
// SARIF nothing tells for sure that what is called a finding about code is none of a
// package.
func (s *scanning) doubtful() bool {
	return s.fails.all != nil || s.warned.all != nil && scan.Format(s.report.Source.Format) == scan.FormatSARIF
}

func nameOf(f *scan.Finding) string {
	name := f.Kind.String() + " " + f.ID
	if f.Path != "" {
		name += " " + f.Path.String()
	}
	return label(name)
}

// gaps are why the report is not whole, at least one.
func (s *scanning) gaps() []release.Gap {
	if len(s.report.Gaps) > 0 {
		return s.report.Gaps
	}
	return []release.Gap{{Kind: scan.GapUnproven, Subject: s.report.Source.Path.String(), Detail: "nothing shows that the scan succeeded"}}
}

// others are the findings that are no vulnerabilities.
func (s *scanning) others() predicate.Predicate {
	r := resource(s.source)
	if s.fails.all == nil && s.warned.all == nil {
		b, err := json.Marshal(map[string][]string{"kinds": s.kinds})
		if err != nil {
			panic("collect: names of kinds cannot be encoded: " + err.Error())
		}
		return predicate.SCAI{Attributes: []predicate.AttributeAssertion{{Attribute: NoFindings, Conditions: b}, {Attribute: ScanReport, Evidence: &r}}}
	}
	result := predicate.TestWarned
	if s.fails.all != nil {
		result = predicate.TestFailed
	}
	return predicate.TestResult{Result: result, URL: s.run.Run.URL, Configuration: append(slices.Clone(s.run.Run.Configuration), r),
		WarnedTests: s.warned.sorted(), FailedTests: s.fails.sorted()}
}
