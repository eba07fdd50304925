package metrics

import "github.com/sallyport-dev/sallyport/internal/enum"

// Status says what the value of a [Result] is worth.
type Status uint8

// The statuses.
const (
	StatusUnknown   Status = iota
	StatusOK               // value and interval are there
	StatusNoData           // what is needed was not recorded: nobody knows
	StatusTooFew           // there are data, and too few of them for an interval or for [Definition.MinSample]
	StatusUndefined        // all was observed, and the metric has no value: no deployment, no failure, a median not reached
)

var statuses = enum.Table[Status]{Type: "metrics.Status", Names: []string{"unknown", "ok", "no-data", "too-few", "undefined"}}

// String is the value's name.
func (s Status) String() string { return statuses.Text(s) }

// ParseStatus reads a value's name.
func ParseStatus(s string) (Status, error) { return statuses.Parse(s) }

// MarshalText is the value's name.
func (s Status) MarshalText() ([]byte, error) { return statuses.Marshal(s) }

// UnmarshalText reads a value's name.
func (s *Status) UnmarshalText(b []byte) error { return statuses.Unmarshal(s, b) }
