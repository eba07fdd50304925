package metrics

import "github.com/sallyport-dev/sallyport/internal/enum"

// LeadSpan says how the lead time of one change is reckoned.
type LeadSpan uint8

// The reckonings of a lead time.
const (
	LeadSpanUnknown LeadSpan = iota
	LeadWhole                // one span: from the start that [Definition.LeadFrom] says to the deployment
	LeadByStages             // the sum of three spans: first commit to opened, opened to merged, merged to deployed; what is not known adds nothing, a change that was not merged has none
)

var leadSpans = enum.Table[LeadSpan]{Type: "metrics.LeadSpan", Names: []string{"unknown", "whole", "stages"}}

// String is the value's name.
func (l LeadSpan) String() string { return leadSpans.Text(l) }

// ParseLeadSpan reads a value's name.
func ParseLeadSpan(s string) (LeadSpan, error) { return leadSpans.Parse(s) }

// MarshalText is the value's name.
func (l LeadSpan) MarshalText() ([]byte, error) { return leadSpans.Marshal(l) }

// UnmarshalText reads a value's name.
func (l *LeadSpan) UnmarshalText(b []byte) error { return leadSpans.Unmarshal(l, b) }

// NegativeRule says what becomes of times below zero: clocks disagree, and a
// change can be dated after its deployment.
type NegativeRule uint8

// The rules for times below zero.
const (
	NegativeRuleUnknown NegativeRule = iota
	NegativeKept                     // they are values like any other, and [Result.Negative] counts them
	NegativeDropped                  // they are left out; of a sum of stages only the stage is
)

var negativeRules = enum.Table[NegativeRule]{Type: "metrics.NegativeRule", Names: []string{"unknown", "kept", "dropped"}}

// String is the value's name.
func (n NegativeRule) String() string { return negativeRules.Text(n) }

// ParseNegativeRule reads a value's name.
func ParseNegativeRule(s string) (NegativeRule, error) { return negativeRules.Parse(s) }

// MarshalText is the value's name.
func (n NegativeRule) MarshalText() ([]byte, error) { return negativeRules.Marshal(n) }

// UnmarshalText reads a value's name.
func (n *NegativeRule) UnmarshalText(b []byte) error { return negativeRules.Unmarshal(n, b) }

// Rounding says how each time, or each stage of a sum, is rounded before it is used.
type Rounding uint8

// The roundings.
const (
	RoundingUnknown     Rounding = iota
	RoundingNone                 // to nothing: times are what they are
	RoundingMinutesUp            // up to whole minutes: one second is a minute
	RoundingMinutesDown          // towards zero to whole minutes: 59 seconds are nothing
)

var roundings = enum.Table[Rounding]{Type: "metrics.Rounding", Names: []string{"unknown", "none", "minutes-up", "minutes-down"}}

// String is the value's name.
func (r Rounding) String() string { return roundings.Text(r) }

// ParseRounding reads a value's name.
func ParseRounding(s string) (Rounding, error) { return roundings.Parse(s) }

// MarshalText is the value's name.
func (r Rounding) MarshalText() ([]byte, error) { return roundings.Marshal(r) }

// UnmarshalText reads a value's name.
func (r *Rounding) UnmarshalText(b []byte) error { return roundings.Unmarshal(r, b) }

// Summary says which one number stands for many times.
type Summary uint8

// The summaries.
const (
	SummaryUnknown Summary = iota
	SummaryMedian          // half of the times are shorter
	SummaryMean            // the arithmetic mean, which a single long time moves
)

var summarys = enum.Table[Summary]{Type: "metrics.Summary", Names: []string{"unknown", "median", "mean"}}

// String is the value's name.
func (s Summary) String() string { return summarys.Text(s) }

// ParseSummary reads a value's name.
func ParseSummary(s string) (Summary, error) { return summarys.Parse(s) }

// MarshalText is the value's name.
func (s Summary) MarshalText() ([]byte, error) { return summarys.Marshal(s) }

// UnmarshalText reads a value's name.
func (s *Summary) UnmarshalText(b []byte) error { return summarys.Unmarshal(s, b) }
