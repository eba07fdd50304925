package predicate

import (
	"encoding/json"
	"errors"
	"fmt"
)

// TypeVulnsV01 is the predicate type of [VulnsV01].
const TypeVulnsV01 = "https://in-toto.io/attestation/vulns/v0.1"

// VulnsV01 is in-toto's vulns v0.1: what a scanner found
// (https://github.com/in-toto/attestation/blob/main/spec/predicates/vuln.md).
type VulnsV01 struct {
	// Invocation is what started the scan. The specification has it in its example
	// only.
	Invocation ScanInvocation `json:"invocation,omitzero"`
	// Scanner is what looked, and what it found; Metadata says when.
	Scanner  ScannerV01   `json:"scanner"`
	Metadata ScanMetadata `json:"metadata"`
}

// ScanInvocation is what started a scan, as the producer tells.
type ScanInvocation struct {
	// Parameters are those of the scanner, in any form.
	Parameters json.RawMessage `json:"parameters,omitempty"`
	// URI, EventID and BuilderID name the run, the event and the platform.
	URI       string `json:"uri,omitempty"`
	EventID   string `json:"event_id,omitempty"`
	BuilderID string `json:"builder.id,omitempty"`
}

// ScannerV01 is [Scanner] as v0.1 writes it.
type ScannerV01 struct {
	// URI identifies the scanner; required. Version is its version, DB what it knew.
	URI     string    `json:"uri"`
	Version string    `json:"version,omitempty"`
	DB      ScannerDB `json:"db"`
	// Result is everything that was found. Empty says that nothing was found; nil says
	// nothing, and is refused.
	Result []VulnFoundV01 `json:"result"`
}

// VulnFoundV01 is one finding, in one of two forms: the specification's text has
// it in Vulnerability, its example has the fields of that here. One of them must
// be there, with an ID.
type VulnFoundV01 struct {
	// Vulnerability is the finding as the text has it, nil if it stands here.
	Vulnerability *VulnFound `json:"vulnerability,omitempty"`
	// ID, Severity and Annotations are those of [VulnFound].
	ID          string            `json:"id,omitempty"`
	Severity    []VulnSeverity    `json:"severity,omitzero"`
	Annotations []json.RawMessage `json:"annotations,omitzero"`
}

// PredicateType is [TypeVulnsV01].
func (VulnsV01) PredicateType() string { return TypeVulnsV01 }

// Validate demands what [Vulns.Validate] does.
func (v VulnsV01) Validate() error {
	var errs []error
	for i, f := range v.Scanner.Result {
		if f.Vulnerability != nil && (f.ID != "" || f.Severity != nil) {
			errs = append(errs, fmt.Errorf("scanner.result[%d] has two findings", i))
			break
		}
	}
	s := v.Scanner
	return invalid(v, append(errs, validateScan(s.URI, s.DB, v.Metadata), validateFound(s.Result == nil, v.Found()))...)
}

// Found is every finding, in its order.
func (v VulnsV01) Found() []VulnFound {
	out := make([]VulnFound, len(v.Scanner.Result))
	for i, f := range v.Scanner.Result {
		if out[i] = (VulnFound{ID: f.ID, Severity: f.Severity, Annotations: f.Annotations}); f.Vulnerability != nil {
			out[i] = *f.Vulnerability
		}
	}
	return out
}

// validateScan demands the scanner, the age of its database, and both times.
func validateScan(uri string, db ScannerDB, m ScanMetadata) error {
	var errs []error
	if uri == "" {
		errs = append(errs, errors.New("no scanner.uri"))
	}
	if db.LastUpdate.IsZero() {
		errs = append(errs, errors.New("no scanner.db.lastUpdate"))
	}
	if m.ScanStartedOn.IsZero() || m.ScanFinishedOn.IsZero() {
		errs = append(errs, errors.New("no metadata.scanStartedOn or scanFinishedOn"))
	}
	return errors.Join(errs...)
}

// validateFound demands a result whose findings have IDs, and severities that say
// something. The first fault of a hundred thousand is enough.
func validateFound(absent bool, found []VulnFound) error {
	if absent {
		return errors.New("no scanner.result")
	}
	for i, f := range found {
		if f.ID == "" {
			return fmt.Errorf("scanner.result[%d] has no id", i)
		}
		for _, s := range f.Severity {
			if s.Method == "" || s.Score == "" {
				return fmt.Errorf("scanner.result[%d] has a severity without method or score", i)
			}
		}
	}
	return nil
}
