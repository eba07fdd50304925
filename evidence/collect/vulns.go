package collect

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/sallyport-dev/sallyport/evidence/predicate"
	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/release/scan"
)

// scannerURIs identify the scanners whose formats are their own.
var scannerURIs = map[scan.Format]string{
	scan.FormatOSVScanner:  "https://github.com/google/osv-scanner",
	scan.FormatGovulncheck: "https://pkg.go.dev/golang.org/x/vuln/cmd/govulncheck",
	scan.FormatTrivy:       "https://github.com/aquasecurity/trivy",
	scan.FormatGrype:       "https://github.com/anchore/grype",
}

// vulnerabilities are all that a whole report has.
func (s *scanning) vulnerabilities() (predicate.Vulns, error) {
	p := predicate.Vulns{Sources: []predicate.Resource{resource(s.source)}}
	p.Scanner = predicate.Scanner{URI: s.run.URI, Version: s.source.Version.String(), Result: []predicate.VulnFound{}}
	if p.Scanner.URI == "" {
		p.Scanner.URI = scannerURIs[scan.Format(s.report.Source.Format)]
	}
	p.Scanner.DB.LastUpdate = s.report.Database.UTC()
	if s.report.Database.IsZero() {
		p.Scanner.DB.LastUpdate = s.run.Database.UTC()
	}
	p.Metadata = predicate.ScanMetadata{ScanStartedOn: s.run.Run.Started.UTC(), ScanFinishedOn: s.source.At}
	switch {
	case p.Scanner.URI == "":
		return p, errors.New("collect: nobody says which scanner it was (ScanRun.URI)")
	case p.Scanner.DB.LastUpdate.IsZero():
		return p, errors.New("collect: neither the report nor the caller says how old the scanner's database is (ScanRun.Database)")
	case p.Scanner.DB.LastUpdate.After(s.source.At.Add(maxSkew)):
		return p, errors.New("collect: the scanner's database is newer than the scan")
	case s.run.Run.Started.IsZero():
		return p, errors.New("collect: nobody says when the scan began (Run.Started)")
	case s.run.Run.Started.Truncate(time.Second).After(s.source.At):
		return p, errors.New("collect: the scan began after it had ended")
	}
	for _, f := range s.vulns {
		v, err := found(f, s.source.Tool.String())
		if err != nil {
			return p, err
		}
		p.Scanner.Result = append(p.Scanner.Result, v)
	}
	return p, nil
}

// found is a vulnerability as vulns/v0.2 has it.
func found(f *scan.Finding, tool string) (predicate.VulnFound, error) {
	word := f.Word.String()
	if word == "" {
		word = f.Severity.String()
	}
	v := predicate.VulnFound{ID: label(f.ID), Severity: []predicate.VulnSeverity{{Method: tool, Score: word}}}
	if f.Score.Known {
		v.Severity = append(v.Severity, predicate.VulnSeverity{Method: "cvss_score", Score: strconv.FormatFloat(f.Score.Value, 'g', -1, 64)})
	}
	b, err := json.Marshal(struct {
		Package    release.PURL   `json:"package,omitempty"`
		Path       release.Path   `json:"path,omitempty"`
		Aliases    []string       `json:"aliases,omitempty"`
		FixedIn    []string       `json:"fixedIn,omitempty"`
		Reachable  release.Answer `json:"reachable,omitzero"`
		Suppressed bool           `json:"suppressed,omitempty"`
	}{f.Package, f.Path, f.Aliases, f.FixedIn, f.Reachable, f.Suppressed()})
	if err != nil {
		return v, fmt.Errorf("collect: %w", err)
	}
	v.Annotations = []json.RawMessage{b}
	return v, nil
}
