package metrics

import "github.com/sallyport-dev/sallyport/internal/enum"

// FrequencyUnit says what a deployment frequency counts.
type FrequencyUnit uint8

// The units of a frequency.
const (
	FrequencyUnitUnknown   FrequencyUnit = iota
	FrequencyPerDeployment               // deployments
	FrequencyPerDay                      // days with at least one deployment, in the query's location: never above 7 a week
)

var frequencyUnits = enum.Table[FrequencyUnit]{Type: "metrics.FrequencyUnit", Names: []string{"unknown", "deployment", "day"}}

// String is the value's name.
func (f FrequencyUnit) String() string { return frequencyUnits.Text(f) }

// ParseFrequencyUnit reads a value's name.
func ParseFrequencyUnit(s string) (FrequencyUnit, error) { return frequencyUnits.Parse(s) }

// MarshalText is the value's name.
func (f FrequencyUnit) MarshalText() ([]byte, error) { return frequencyUnits.Marshal(f) }

// UnmarshalText reads a value's name.
func (f *FrequencyUnit) UnmarshalText(b []byte) error { return frequencyUnits.Unmarshal(f, b) }

// FailBase says which deployments are the denominator of the fail rate.
type FailBase uint8

// The denominators of a fail rate.
const (
	FailBaseUnknown FailBase = iota
	FailOfAll                // all that count, failed attempts with them where they count
	FailOfSuccesses          // those that ended with everything running the version; what failed at once is in no part of the rate
)

var failBases = enum.Table[FailBase]{Type: "metrics.FailBase", Names: []string{"unknown", "all", "successes"}}

// String is the value's name.
func (f FailBase) String() string { return failBases.Text(f) }

// ParseFailBase reads a value's name.
func ParseFailBase(s string) (FailBase, error) { return failBases.Parse(s) }

// MarshalText is the value's name.
func (f FailBase) MarshalText() ([]byte, error) { return failBases.Marshal(f) }

// UnmarshalText reads a value's name.
func (f *FailBase) UnmarshalText(b []byte) error { return failBases.Unmarshal(f, b) }

// FailCount says what the numerator of the fail rate counts.
type FailCount uint8

// The numerators of a fail rate.
const (
	FailCountUnknown FailCount = iota
	FailDeployments            // the deployments of the denominator that failed: the rate is a share
	FailIncidents              // the incidents that began in the window, of environments that count or of none, with a link or without: three incidents of one deployment are 300 %
)

var failCounts = enum.Table[FailCount]{Type: "metrics.FailCount", Names: []string{"unknown", "deployments", "incidents"}}

// String is the value's name.
func (f FailCount) String() string { return failCounts.Text(f) }

// ParseFailCount reads a value's name.
func ParseFailCount(s string) (FailCount, error) { return failCounts.Parse(s) }

// MarshalText is the value's name.
func (f FailCount) MarshalText() ([]byte, error) { return failCounts.Marshal(f) }

// UnmarshalText reads a value's name.
func (f *FailCount) UnmarshalText(b []byte) error { return failCounts.Unmarshal(f, b) }

// ReworkRule says whether the deployment rework rate is measured: DORA added it in
// 2024, and tools older than that have none.
type ReworkRule uint8

// The rules for the rework rate.
const (
	ReworkRuleUnknown ReworkRule = iota
	ReworkUnplanned              // unplanned deployments, and those made to end an incident, by all that count
	ReworkNone                   // the definition has no such metric: its status is [StatusNoData]
)

var reworkRules = enum.Table[ReworkRule]{Type: "metrics.ReworkRule", Names: []string{"unknown", "unplanned", "none"}}

// String is the value's name.
func (r ReworkRule) String() string { return reworkRules.Text(r) }

// ParseReworkRule reads a value's name.
func ParseReworkRule(s string) (ReworkRule, error) { return reworkRules.Parse(s) }

// MarshalText is the value's name.
func (r ReworkRule) MarshalText() ([]byte, error) { return reworkRules.Marshal(r) }

// UnmarshalText reads a value's name.
func (r *ReworkRule) UnmarshalText(b []byte) error { return reworkRules.Unmarshal(r, b) }
