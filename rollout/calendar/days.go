package calendar

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Days is a set of days of the week: Monday | Friday. As text, and so in JSON, it is
// a list of days and ranges, "mon-fri" or "mon,wed,sat,sun". One set has one text,
// with the days in their order and a range for three or more in a row, so that the
// same calendar has the same bytes; others are read as well. The zero value is no day
// and has no text.
type Days uint8

// The days, and the sets that are often needed.
const (
	Monday Days = 1 << iota
	Tuesday
	Wednesday
	Thursday
	Friday
	Saturday
	Sunday

	Weekdays = Monday | Tuesday | Wednesday | Thursday | Friday
	Weekend  = Saturday | Sunday
	EveryDay = Weekdays | Weekend
)

var dayNames = [7]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// Has reports whether the day is in the set.
func (d Days) Has(day time.Weekday) bool {
	return day >= time.Sunday && day <= time.Saturday && d.has((int(day)+6)%7)
}

// has is Has of a day counted from Monday, which is 0.
func (d Days) has(i int) bool { return d>>i&1 == 1 }

func (d Days) valid() bool { return d != 0 && d&^EveryDay == 0 }

// String is the set's text, such as "mon-fri".
func (d Days) String() string {
	if !d.valid() {
		return fmt.Sprintf("calendar.Days(%d)", uint8(d))
	}
	var parts []string
	for i := 0; i < 7; i++ {
		if !d.has(i) {
			continue
		}
		last := i
		for last < 6 && d.has(last+1) {
			last++
		}
		if last-i < 2 {
			parts = append(parts, dayNames[i])
			continue
		}
		parts = append(parts, dayNames[i]+"-"+dayNames[last])
		i = last
	}
	return strings.Join(parts, ",")
}

// ParseDays reads a set of days: names of three lower-case letters and ranges from an
// earlier to a later day of the week that begins on Monday, separated by commas, in any
// order. A day that is named twice is an error.
func ParseDays(s string) (Days, error) {
	var d Days
	for part := range strings.SplitSeq(s, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, to := dayIndex(first), dayIndex(last)
		if from < 0 || to < 0 {
			return 0, fmt.Errorf("calendar: days %.60q: %.60q is neither one of %q nor a range such as %q", s, part, dayNames, "mon-fri")
		}
		if isRange && to <= from {
			return 0, fmt.Errorf("calendar: days %.60q: %q does not go forward within the week from Monday to Sunday", s, part)
		}
		for i := from; i <= to; i++ {
			if d.has(i) {
				return 0, fmt.Errorf("calendar: days %.60q: %q stands twice", s, dayNames[i])
			}
			d |= 1 << i
		}
	}
	return d, nil
}

func dayIndex(name string) int { return slices.Index(dayNames[:], name) }

// MarshalText is the set's text. The empty set is an error: it could not be read back.
func (d Days) MarshalText() ([]byte, error) {
	if !d.valid() {
		return nil, fmt.Errorf("calendar: days %d are no set of days", uint8(d))
	}
	return []byte(d.String()), nil
}

// UnmarshalText is [ParseDays]; on error d is not changed.
func (d *Days) UnmarshalText(b []byte) error {
	v, err := ParseDays(string(b))
	if err != nil {
		return err
	}
	*d = v
	return nil
}
