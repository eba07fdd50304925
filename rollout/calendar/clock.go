package calendar

import "time"

// Clock is a time of the day as a wall clock shows it, "00:00" to "23:59", and "24:00"
// for the end of the day. There is no other spelling, so that clocks compare as text.
type Clock string

// seconds is the time since midnight by the clock, and whether c is a clock.
func (c Clock) seconds() (int64, bool) {
	if len(c) != 5 || c[2] != ':' {
		return 0, false
	}
	for _, i := range []int{0, 1, 3, 4} {
		if c[i] < '0' || c[i] > '9' {
			return 0, false
		}
	}
	hour, minute := int64(c[0]-'0')*10+int64(c[1]-'0'), int64(c[3]-'0')*10+int64(c[4]-'0')
	if minute > 59 || hour > 23 && c != "24:00" {
		return 0, false
	}
	return hour*3600 + minute*60, true
}

// DateTime is a date and time as a wall clock and a calendar on the wall show it,
// "2026-12-20T00:00", in the years 1970 to 2999. There is no other spelling, so that
// date-times compare as text. The end of a day is "00:00" of the next.
type DateTime string

const dateTime = "2006-01-02T15:04"

// The years that a calendar knows.
const (
	firstYear = 1970
	lastYear  = 2999
)

// seconds is the date and time as Unix seconds in a zone where it is what UTC shows,
// and whether d is a date and time.
func (d DateTime) seconds() (int64, bool) {
	if len(d) != len(dateTime) {
		return 0, false
	}
	t, err := time.Parse(dateTime, string(d))
	if err != nil || t.Year() < firstYear || t.Year() > lastYear {
		return 0, false
	}
	return t.Unix(), true
}
