package scan

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// What a file may claim. What is larger is a gap and not read, or not read further.
const (
	// MaxBytes is the size of the largest file.
	MaxBytes = 16 << 20
	// MaxFindings is how many findings a report can have.
	MaxFindings = 20_000
	// MaxItem is the size of the largest single finding or rule in a file.
	MaxItem = 4 << 20

	maxItems    = 60_000 // objects that are looked into
	maxDepth    = 200
	maxNames    = 1 << 16
	maxElements = 10_000
	maxGaps     = 100
	maxText     = 300
	maxID       = 200
)

// Format names a format, as [release.Source] has it.
type Format string

// The formats.
const (
	FormatOSVScanner  Format = "osv-scanner"  // osv-scanner --format json, versions 1 and 2
	FormatGovulncheck Format = "govulncheck"  // govulncheck -format json, protocol v1
	FormatTrivy       Format = "trivy/2"      // trivy --format json, SchemaVersion 2
	FormatGrype       Format = "grype"        // grype -o json
	FormatSARIF       Format = "sarif/2.1.0"  // any tool's SARIF 2.1.0 (OASIS, Errata 01 included)
	formatUnknown     Format = "unknown-scan" // none of them
)

// Run is what the host knows of the run of the scanner. The zero Run knows nothing.
type Run struct {
	// Format is what the file is read as; "" finds out.
	Format Format
	// Completed says whether the scanner ran to its end, after its exit status. (An exit
	// status that only says that there are findings is a run that did.)
	Completed release.Answer
	// Packages is how many packages the scanner was given to look at; 0 is not known.
	Packages int
	// Root is the directory that was scanned, as the file writes it: paths below it are
	// told relative to it. Without it, the same finding in two work directories is two.
	Root string
	// Commit and Artifact are what it was meant to look at. A file that names something
	// else did not succeed; of one that names none nobody knows. Empty asks for nothing.
	Commit   release.Revision
	Artifact release.Digest
}

// Read finds out the format of a file and reads it, knowing nothing of the run.
func Read(path release.Path, b []byte) Report { return Run{}.Read(path, b) }

// OSVScanner reads the JSON of osv-scanner, versions 1 and 2.
func OSVScanner(path release.Path, b []byte) Report {
	return Run{Format: FormatOSVScanner}.Read(path, b)
}

// Govulncheck reads govulncheck's stream of JSON messages, protocol version 1.
func Govulncheck(path release.Path, b []byte) Report {
	return Run{Format: FormatGovulncheck}.Read(path, b)
}

// Trivy reads Trivy's JSON, SchemaVersion 2.
func Trivy(path release.Path, b []byte) Report { return Run{Format: FormatTrivy}.Read(path, b) }

// Grype reads Grype's JSON.
func Grype(path release.Path, b []byte) Report { return Run{Format: FormatGrype}.Read(path, b) }

// SARIF reads a SARIF 2.1.0 log.
func SARIF(path release.Path, b []byte) Report { return Run{Format: FormatSARIF}.Read(path, b) }

// Read reads a file with what the host knows of the run. It never fails: what cannot
// be read is a gap of the report.
func (run Run) Read(path release.Path, b []byte) Report {
	r := &reader{run: run, report: &Report{Source: release.Source{Path: path, Digest: release.DigestOf(b)}}}
	b = bytes.TrimPrefix(b, []byte("\ufeff")) // tools on Windows write a byte order mark
	format := run.Format
	var err error
	if format == "" {
		if format, err = detect(b); err != nil {
			r.report.Source.Format = string(formatUnknown)
			return r.refuse(err)
		}
	}
	r.report.Source.Format = string(format)
	if r.Scanner, err = strictjson.NewScanner(b, limits()); err != nil {
		return r.refuse(err)
	}
	switch format {
	case FormatOSVScanner:
		err = r.osvScanner()
	case FormatGovulncheck:
		err = r.govulncheck()
	case FormatTrivy:
		err = r.trivy()
	case FormatGrype:
		err = r.grype()
	case FormatSARIF:
		err = r.sarif()
	default:
		err = &refusal{release.GapUnsupported, "no reader for the format " + strictjson.Quoted(string(format))}
	}
	if err == nil && format != FormatGovulncheck {
		err = r.End()
	}
	if err != nil {
		return r.refuse(err)
	}
	return r.finish()
}

func limits() strictjson.Limits {
	return strictjson.Limits{Package: "scan", Bytes: MaxBytes, Depth: maxDepth, Names: maxNames, Elements: maxElements}
}

// reader reads one file into a report.
type reader struct {
	*strictjson.Scanner
	run    Run
	report *Report
	// ended says that the file shows that the scan ran to its end, looked that it shows
	// that it looked at something.
	ended, looked bool
	gaps          int // that there were, of which the report has the first
	failed, full  bool
	items         int
}

// refusal is a file that is not read at all.
type refusal struct {
	kind   release.GapKind
	detail string
}

func (e *refusal) Error() string { return e.detail }

// refuse is the report of a file that cannot be read: no findings, no coverage, one gap.
func (r *reader) refuse(err error) Report {
	g := release.Gap{Kind: release.GapUnreadable, Subject: r.report.Source.Path.String(), Detail: err.Error()}
	if e, ok := errors.AsType[*refusal](err); ok {
		g.Kind = e.kind
	} else if e, ok := errors.AsType[*strictjson.SyntaxError](err); ok && e.Offset == MaxBytes {
		g.Kind = release.GapTooLarge
	}
	s := r.report.Source
	return Report{Source: release.Source{Path: s.Path, Format: s.Format, Digest: s.Digest}, Gaps: []release.Gap{g}}
}

// gap tells of something that could not be read. After many, only their number is.
func (r *reader) gap(kind release.GapKind, format string, args ...any) {
	r.failed = r.failed || kind == GapFailed || kind == GapTarget
	if r.gaps++; r.gaps > maxGaps {
		return
	}
	g := release.Gap{Kind: kind, Subject: r.report.Source.Path.String(), Detail: fmt.Sprintf(format, args...)}
	if slices.Contains(r.report.Gaps, g) {
		r.gaps--
		return
	}
	r.report.Gaps = append(r.report.Gaps, g)
}

// add takes a finding into the report, where the caller may complete it. It is nil
// where there are too many.
func (r *reader) add(f Finding, marks ...string) *Finding {
	if len(r.report.Findings) >= MaxFindings {
		if !r.full {
			r.full = true
			r.gap(release.GapTooLarge, "more than %d findings; the rest was not read", MaxFindings)
		}
		return nil
	}
	f.Aliases = slices.DeleteFunc(f.Aliases, func(s string) bool { return s == "" || s == f.ID })
	slices.Sort(f.Aliases)
	f.Aliases = slices.Compact(f.Aliases)
	f.Severity = max(f.Severity, severityOfScore(f.Score))
	f.Fingerprint = fingerprint(&f, marks)
	r.report.Findings = append(r.report.Findings, f)
	return &r.report.Findings[len(r.report.Findings)-1]
}
