package predicate

import (
	"encoding/json"
	"errors"
)

// TypeCosignVuln is the predicate type of [CosignVuln].
const TypeCosignVuln = "https://cosign.sigstore.dev/attestation/vuln/v1"

// CosignVuln is cosign's vulnerability scan record v1, from which in-toto's vulns
// came
// (https://github.com/sigstore/cosign/blob/main/specs/COSIGN_VULN_ATTESTATION_SPEC.md).
// Its result is the scanner's report in the scanner's own form. What was found
// cannot be told without knowing that form, so it shows nothing to a decision.
type CosignVuln struct {
	// Invocation is what started the scan, Scanner what looked, Metadata when.
	Invocation ScanInvocation `json:"invocation"`
	Scanner    CosignScanner  `json:"scanner"`
	Metadata   ScanMetadata   `json:"metadata"`
}

// CosignScanner is the program that looked, and its report.
type CosignScanner struct {
	// URI identifies the scanner, Version is its version, DB what it knew; all may be
	// missing.
	URI     string       `json:"uri"`
	Version string       `json:"version"`
	DB      CosignScanDB `json:"db"`
	// Result is the scanner's report.
	Result json.RawMessage `json:"result"`
}

// CosignScanDB is what the scanner knew.
type CosignScanDB struct {
	// URI and Version identify the database, where the scanner tells.
	URI     string `json:"uri"`
	Version string `json:"version"`
}

// PredicateType is [TypeCosignVuln].
func (CosignVuln) PredicateType() string { return TypeCosignVuln }

// Validate demands a report, and both times.
func (v CosignVuln) Validate() error {
	var errs []error
	if isNull(v.Scanner.Result) {
		errs = append(errs, errors.New("no scanner.result"))
	}
	if v.Metadata.ScanStartedOn.IsZero() || v.Metadata.ScanFinishedOn.IsZero() {
		errs = append(errs, errors.New("no metadata.scanStartedOn or scanFinishedOn"))
	}
	return invalid(v, append(errs, validateObject("scanner.result", v.Scanner.Result))...)
}
