package vex

import "github.com/sallyport-dev/sallyport/internal/enum"

// Status is what a statement says about a product. The zero value is unknown: it may
// well be affected.
type Status uint8

// The statuses.
const (
	StatusUnknown Status = iota // none, or one that the format does not have
	StatusNotAffected
	StatusAffected
	StatusFixed
	StatusUnderInvestigation
)

var statuses = enum.Table[Status]{Type: "vex.Status", Names: []string{"unknown", "not_affected", "affected", "fixed", "under_investigation"}}

// String is the status's name, as OpenVEX has it.
func (s Status) String() string { return statuses.Text(s) }

// ParseStatus reads a status's name.
func ParseStatus(t string) (Status, error) { return statuses.Parse(t) }

// MarshalText is the status's name.
func (s Status) MarshalText() ([]byte, error) { return statuses.Marshal(s) }

// UnmarshalText reads a status's name.
func (s *Status) UnmarshalText(b []byte) error { return statuses.Unmarshal(s, b) }

// openVEX are the statuses of OpenVEX 0.2.
var openVEX = map[string]Status{
	"not_affected":        StatusNotAffected,
	"affected":            StatusAffected,
	"fixed":               StatusFixed,
	"under_investigation": StatusUnderInvestigation,
}

// openVEXJustifications are those of OpenVEX 0.2.
var openVEXJustifications = map[string]bool{
	"component_not_present":                             true,
	"vulnerable_code_not_present":                       true,
	"vulnerable_code_not_in_execute_path":               true,
	"vulnerable_code_cannot_be_controlled_by_adversary": true,
	"inline_mitigations_already_exist":                  true,
}

// cycloneDX are the states of CycloneDX's analysis. A false positive is a claim about
// the advisory's data, which has no justification, and stays unknown.
var cycloneDX = map[string]Status{
	"not_affected":           StatusNotAffected,
	"exploitable":            StatusAffected,
	"resolved":               StatusFixed,
	"resolved_with_pedigree": StatusFixed,
	"in_triage":              StatusUnderInvestigation,
}

// cycloneDXJustifications are those of CycloneDX 1.4 to 1.7.
var cycloneDXJustifications = map[string]bool{
	"code_not_present":                true,
	"code_not_reachable":              true,
	"requires_configuration":          true,
	"requires_dependency":             true,
	"requires_environment":            true,
	"protected_by_compiler":           true,
	"protected_at_runtime":            true,
	"protected_at_perimeter":          true,
	"protected_by_mitigating_control": true,
}
