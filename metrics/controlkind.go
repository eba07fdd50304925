package metrics

import "github.com/sallyport-dev/sallyport/internal/enum"

// ChartKind is a kind of control chart.
type ChartKind uint8

// The kinds of control charts.
const (
	ChartUnknown ChartKind = iota
	ChartXmR               // individual values and their moving ranges, for any metric (Wheeler 1993)
	ChartP                 // Laney's p', for rates (Laney 2002)
	ChartU                 // counts over weeks, for frequencies
	ChartT                 // times between rare events (Nelson 1994): see [TimesBetween]
)

var chartKinds = enum.Table[ChartKind]{Type: "metrics.ChartKind", Names: []string{"unknown", "xmr", "p-prime", "u", "t"}}

// String is the value's name.
func (k ChartKind) String() string { return chartKinds.Text(k) }

// ParseChartKind reads a value's name.
func ParseChartKind(s string) (ChartKind, error) { return chartKinds.Parse(s) }

// MarshalText is the value's name.
func (k ChartKind) MarshalText() ([]byte, error) { return chartKinds.Marshal(k) }

// UnmarshalText reads a value's name.
func (k *ChartKind) UnmarshalText(b []byte) error { return chartKinds.Unmarshal(k, b) }
