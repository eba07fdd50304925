package calendar

import (
	"fmt"
	"strings"
)

// Calendar says when a rollout may widen. The zero value has no zone and is refused.
// [Calendar.Validate] reports its mistakes.
type Calendar struct {
	// Zone is the IANA name of the time zone by whose clock the calendar goes, such as
	// "Europe/Berlin" or "UTC". "" and "Local" are refused.
	Zone string `json:"zone"`
	// Open are the weekly business hours; without any it is always open.
	Open []Hours `json:"open,omitempty"`
	// Freezes are the times in which nothing widens, whatever the hours are.
	Freezes []Freeze `json:"freezes,omitempty"`
}

// Hours are a part of some days of each week: [From, To) by the local clock. They
// do not pass midnight: a night is two entries, one to "24:00" and one from "00:00".
type Hours struct {
	// Days are the days of the week, in JSON "mon-fri" or "sat,sun".
	Days Days `json:"days"`
	// From is when they begin and To when they end, exclusively. To may be "24:00".
	From Clock `json:"from"`
	To   Clock `json:"to"`
}

// String is "mon-fri 09:00-17:00".
func (h Hours) String() string {
	return fmt.Sprintf("%s %s-%s", h.Days, string(h.From), string(h.To))
}

// Freeze is a time in which nothing widens: [From, To) by the local clock.
type Freeze struct {
	// Name is what people call it, such as "Christmas": printable text of 1 to 120
	// bytes. Several freezes may have the same.
	Name string `json:"name"`
	// From is when it begins and To when it ends, exclusively.
	From DateTime `json:"from"`
	To   DateTime `json:"to"`
}

// String is `freeze "Christmas" 2026-12-20T00:00 to 2027-01-04T00:00`.
func (f Freeze) String() string {
	return fmt.Sprintf("freeze %q %s to %s", f.Name, string(f.From), string(f.To))
}

// Bounds of a calendar.
const (
	MaxHours   = 100 // entries of Calendar.Open
	MaxFreezes = 500 // entries of Calendar.Freezes
)

// String is the calendar in one line, for people.
func (c Calendar) String() string {
	var b strings.Builder
	b.WriteString(c.Zone)
	b.WriteString(": ")
	if len(c.Open) == 0 {
		b.WriteString("always")
	}
	for i, h := range c.Open {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(h.String())
	}
	for _, f := range c.Freezes {
		b.WriteString("; ")
		b.WriteString(f.String())
	}
	return b.String()
}
