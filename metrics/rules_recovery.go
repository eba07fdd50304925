package metrics

import "github.com/sallyport-dev/sallyport/internal/enum"

// RecoveryUnit says what has a recovery time.
type RecoveryUnit uint8

// The units of recovery.
const (
	RecoveryUnitUnknown  RecoveryUnit = iota
	RecoveryOfDeployment              // each failed deployment has one, however many incidents it caused
	RecoveryOfIncident                // each incident that is linked has one; all of them with [FailIncidents]
	RecoveryOfRun                     // failed deployments of a service in a row have one, from the first of them
)

var recoveryUnits = enum.Table[RecoveryUnit]{Type: "metrics.RecoveryUnit", Names: []string{"unknown", "deployment", "incident", "run"}}

// String is the value's name.
func (r RecoveryUnit) String() string { return recoveryUnits.Text(r) }

// ParseRecoveryUnit reads a value's name.
func ParseRecoveryUnit(s string) (RecoveryUnit, error) { return recoveryUnits.Parse(s) }

// MarshalText is the value's name.
func (r RecoveryUnit) MarshalText() ([]byte, error) { return recoveryUnits.Marshal(r) }

// UnmarshalText reads a value's name.
func (r *RecoveryUnit) UnmarshalText(b []byte) error { return recoveryUnits.Unmarshal(r, b) }

// OpenRule says what becomes of recoveries that are not over.
type OpenRule uint8

// The rules for open recoveries.
const (
	OpenRuleUnknown OpenRule = iota
	OpenCensored             // they lasted at least until now: the median is the Kaplan-Meier one
	OpenExcluded             // they are left out, so that what takes long is missing; it biases the median down
	OpenUntilNow             // they are taken to end now
)

var openRules = enum.Table[OpenRule]{Type: "metrics.OpenRule", Names: []string{"unknown", "censored", "excluded", "until-now"}}

// String is the value's name.
func (o OpenRule) String() string { return openRules.Text(o) }

// ParseOpenRule reads a value's name.
func ParseOpenRule(s string) (OpenRule, error) { return openRules.Parse(s) }

// MarshalText is the value's name.
func (o OpenRule) MarshalText() ([]byte, error) { return openRules.Marshal(o) }

// UnmarshalText reads a value's name.
func (o *OpenRule) UnmarshalText(b []byte) error { return openRules.Unmarshal(o, b) }
