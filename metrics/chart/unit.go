package chart

import (
	"math"
	"strconv"

	"github.com/sallyport-dev/sallyport/internal/enum"
)

// Unit is the unit of values: it decides where an axis has its marks and how they
// are written.
type Unit uint8

// The units.
const (
	UnitUnknown Unit = iota
	UnitNumber       // a plain number, such as a count
	UnitShare        // a share from 0 to 1, written in percent
	UnitSeconds      // a time in seconds, written in seconds, minutes, hours or days
	UnitPerWeek      // a frequency per week
)

var units = enum.Table[Unit]{Type: "chart.Unit", Names: []string{"unknown", "number", "share", "seconds", "per-week"}}

// String is the value's name.
func (u Unit) String() string { return units.Text(u) }

// ParseUnit reads a value's name.
func ParseUnit(s string) (Unit, error) { return units.Parse(s) }

// MarshalText is the value's name.
func (u Unit) MarshalText() ([]byte, error) { return units.Marshal(u) }

// UnmarshalText reads a value's name.
func (u *Unit) UnmarshalText(b []byte) error { return units.Unmarshal(u, b) }

// times are the steps of an axis of times, in seconds, with the unit they are
// written in.
var times = []struct {
	step, unit float64
	name       string
}{
	{1, 1, "s"}, {2, 1, "s"}, {5, 1, "s"}, {10, 1, "s"}, {15, 1, "s"}, {30, 1, "s"},
	{60, 60, "min"}, {120, 60, "min"}, {300, 60, "min"}, {600, 60, "min"}, {900, 60, "min"}, {1800, 60, "min"},
	{3600, 3600, "h"}, {7200, 3600, "h"}, {10800, 3600, "h"}, {21600, 3600, "h"}, {43200, 3600, "h"},
	{86400, 86400, "d"}, {172800, 86400, "d"}, {432000, 86400, "d"},
}

// scale is the marks of an axis: every step, each divided by per and written with
// digits decimals.
type scale struct {
	lo, hi, step, per float64
	digits            int
	name              string // of the unit
}

// scale covers lo to hi, lo <= hi, with marks at about n places.
func (u Unit) scale(lo, hi float64, n int) scale {
	s := scale{per: 1}
	switch u {
	case UnitShare:
		s.per, s.name = 0.01, "%"
	case UnitPerWeek:
		s.name = "per week"
	case UnitSeconds:
		s.name = "s"
	}
	span := hi - lo
	if !(span > 1e-290) {
		span = s.per
		if u == UnitSeconds {
			span = 60
		}
		hi = lo + span
	}
	want := span / float64(n)
	if s.step = nice(want / s.per); u == UnitSeconds && want > 0.5 {
		day := 86400.0
		s.per, s.name, s.step = day, "d", nice(want/day)
		for _, t := range times {
			if t.step >= want {
				s.per, s.name, s.step = t.unit, t.name, t.step/t.unit
				break
			}
		}
	}
	s.lo, s.hi = math.Floor(lo/s.per/s.step), math.Ceil(hi/s.per/s.step)
	if s.digits = -int(math.Floor(math.Log10(s.step) + 1e-9)); s.digits < 0 {
		s.digits = 0
	}
	return s
}

// nice is the least of 1, 2 and 5 times a power of ten that is at least want.
func nice(want float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(want)))
	for _, m := range []float64{1, 2, 5} {
		if v := float64(m * power); v >= want {
			return v
		}
	}
	return 10 * power
}

// bottom and top are the ends of the axis.
func (s scale) bottom() float64 { return s.at(s.lo) }
func (s scale) top() float64    { return s.at(s.hi) }
func (s scale) at(k float64) float64 {
	return float64(k*s.step) * s.per
}

// label is the text at mark k.
func (s scale) label(k float64) string { return s.text(float64(k * s.step)) }

func (s scale) text(v float64) string {
	digits := s.digits
	if digits > 6 {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	if math.Abs(v) >= 1e7 {
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	out := strconv.FormatFloat(v, 'f', digits, 64)
	if out == "-0" {
		return "0"
	}
	return out
}

// unit is the unit of the axis in brackets, "" where there is none.
func (s scale) unit() string {
	if s.name == "" {
		return ""
	}
	return " (" + s.name + ")"
}

// Format prints one value of the unit: "12 %", "3.5 h", "3.1 per week".
func (u Unit) Format(v float64) string {
	switch {
	case math.IsNaN(v):
		return "-"
	case math.IsInf(v, 1):
		return "∞"
	case math.IsInf(v, -1):
		return "-∞"
	}
	per, name := 1.0, ""
	switch u {
	case UnitShare:
		per, name = 0.01, " %"
	case UnitPerWeek:
		name = " per week"
	case UnitSeconds:
		per, name = 1, " s"
		for _, t := range times {
			if math.Abs(v) >= t.unit {
				per, name = t.unit, " "+t.name
			}
		}
	}
	return strconv.FormatFloat(v/per, 'g', 3, 64) + name
}
