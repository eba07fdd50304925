package predicate

import (
	"encoding/json"
	"time"
)

// Vulns is in-toto's vulns v0.2: what a scanner found
// (https://github.com/in-toto/attestation/blob/main/spec/predicates/vuln.md).
type Vulns struct {
	// Scanner is what looked, and what it found; Metadata says when.
	Scanner  Scanner      `json:"scanner"`
	Metadata ScanMetadata `json:"metadata"`
	// Sources are the reports that this was made of: an extension field of this module,
	// which package collect writes. Nothing is decided by it.
	Sources []Resource `json:"sallyportSources,omitempty"`
}

// Scanner is the program that looked, and its findings.
type Scanner struct {
	// URI identifies the scanner; required. Version is its version, DB what it knew.
	URI     string    `json:"uri"`
	Version string    `json:"version,omitempty"`
	DB      ScannerDB `json:"db"`
	// Result is everything that was found. To a decision each entry counts against the
	// release, whatever its severity. Empty says that nothing was found; nil says
	// nothing, and is refused.
	Result []VulnFound `json:"result"`
}

// ScannerDB is what the scanner knew.
type ScannerDB struct {
	// URI and Version identify the database, where the scanner tells.
	URI     string `json:"uri,omitempty"`
	Version string `json:"version,omitempty"`
	// LastUpdate is when it was last brought up to date, as the scanner claims.
	// Required.
	LastUpdate time.Time `json:"lastUpdate"`
}

// VulnFound is one finding.
type VulnFound struct {
	// ID is the vulnerability's, such as "CVE-2026-0001"; required.
	ID string `json:"id"`
	// Severity is how bad the scanner takes it to be, by one method or several.
	// Nothing is decided by it.
	Severity []VulnSeverity `json:"severity,omitzero"`
	// Annotations are the scanner's own, kept as they were written.
	Annotations []json.RawMessage `json:"annotations,omitzero"`
}

// VulnSeverity is a severity under some method, such as "CVSS_V3".
type VulnSeverity struct {
	// Method is how Score was come by, and Score the severity in that method's words:
	// a number or a name.
	Method string `json:"method"`
	Score  string `json:"score"`
}

// ScanMetadata is when the scan ran, as the scanner claims.
type ScanMetadata struct {
	// ScanStartedOn and ScanFinishedOn are required. They are claims: how old a scan
	// is, is told by trusted times only.
	ScanStartedOn  time.Time `json:"scanStartedOn"`
	ScanFinishedOn time.Time `json:"scanFinishedOn"`
}

// PredicateType is [TypeVulns].
func (Vulns) PredicateType() string { return TypeVulns }

// Validate demands the scanner, the age of its database, a result, which is an
// empty list if nothing was found, and both times. The severity of a finding is
// required too, but scanners that know none exist: a finding without one is still
// read as a finding.
func (v Vulns) Validate() error {
	s := v.Scanner
	return invalid(v, validateScan(s.URI, s.DB, v.Metadata), validateFound(s.Result == nil, s.Result), validateAll("sallyportSources", v.Sources))
}

// Found is every finding, in its order.
func (v Vulns) Found() []VulnFound { return v.Scanner.Result }
