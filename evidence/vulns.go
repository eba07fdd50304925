package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Vulns is in-toto's vulns v0.2: what a scanner found
// (https://github.com/in-toto/attestation/blob/main/spec/predicates/vuln.md).
type Vulns struct {
	Scanner  Scanner      `json:"scanner"`
	Metadata ScanMetadata `json:"metadata"`
}

// Scanner is the program that looked, and its findings.
type Scanner struct {
	URI     string      `json:"uri"`
	Version string      `json:"version,omitempty"`
	DB      ScannerDB   `json:"db"`
	Result  []VulnFound `json:"result"`
}

// ScannerDB is what the scanner knew.
type ScannerDB struct {
	URI        string    `json:"uri,omitempty"`
	Version    string    `json:"version,omitempty"`
	LastUpdate time.Time `json:"lastUpdate"`
}

// VulnFound is one finding.
type VulnFound struct {
	ID          string            `json:"id"`
	Severity    []VulnSeverity    `json:"severity,omitempty"`
	Annotations []json.RawMessage `json:"annotations,omitempty"`
}

// VulnSeverity is a severity under some method, such as "CVSS_V3".
type VulnSeverity struct {
	Method string `json:"method"`
	Score  string `json:"score"`
}

// ScanMetadata is when the scan ran, as the scanner claims.
type ScanMetadata struct {
	ScanStartedOn  time.Time `json:"scanStartedOn"`
	ScanFinishedOn time.Time `json:"scanFinishedOn"`
}

// PredicateType is [TypeVulns].
func (Vulns) PredicateType() string { return TypeVulns }

// Validate demands the scanner, the age of its database, a result, which is an
// empty list if nothing was found, and both times.
func (v Vulns) Validate() error {
	var errs []error
	if v.Scanner.URI == "" {
		errs = append(errs, errors.New("no scanner.uri"))
	}
	if v.Scanner.DB.LastUpdate.IsZero() {
		errs = append(errs, errors.New("no scanner.db.lastUpdate"))
	}
	if v.Scanner.Result == nil {
		errs = append(errs, errors.New("no scanner.result"))
	}
	for i, f := range v.Scanner.Result {
		if f.ID == "" {
			errs = append(errs, fmt.Errorf("scanner.result[%d] has no id", i))
			break // one of a hundred thousand is enough
		}
	}
	if v.Metadata.ScanStartedOn.IsZero() || v.Metadata.ScanFinishedOn.IsZero() {
		errs = append(errs, errors.New("no metadata.scanStartedOn or scanFinishedOn"))
	}
	return invalid(v, errs...)
}
