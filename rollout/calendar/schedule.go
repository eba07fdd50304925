package calendar

import (
	"errors"
	"fmt"
	"time"
)

// ErrUnknownZone says that this machine has no rules for the calendar's zone: the name
// is misspelt, or the machine has no zone files or older ones and the program does not
// import time/tzdata. There is no verdict, so the caller holds, and asks again later.
var ErrUnknownZone = errors.New("calendar: the zone is not known on this machine")

// Schedule is a valid [Calendar] with the rules of its zone. It answers many questions
// for one reading of the zone's file, and never changes: whoever keeps one for long
// does not see when the machine gets new rules. It may be used by several goroutines
// at once.
type Schedule struct {
	zone *time.Location
	// hours are merged, in seconds since Monday, 00:00; always means the whole week.
	hours  []span
	always bool
	// frozen are the freezes of the calendar in Unix seconds, in its order, and closed
	// what they come to, merged.
	frozen []frozen
	closed []span
}

// Load reads the rules of the calendar's zone with [time.LoadLocation]. The error is
// that of [Calendar.Validate], or [ErrUnknownZone].
func (c Calendar) Load() (*Schedule, error) {
	r, errs := c.compile()
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return nil, fmt.Errorf("%w: %q: %v", ErrUnknownZone, c.Zone, err)
	}
	return r.in(zone), nil
}

// In is Load with rules that the caller has. It reads nothing: the same arguments
// make the same schedule. A zone of another name than the calendar's is an error.
func (c Calendar) In(zone *time.Location) (*Schedule, error) {
	r, errs := c.compile()
	if zone == nil || zone.String() != c.Zone {
		errs = append(errs, fmt.Errorf("calendar: zone %q is not that of the calendar, %q", zone, c.Zone))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return r.in(zone), nil
}

// in puts valid rules into a zone.
func (r rules) in(zone *time.Location) *Schedule {
	s := &Schedule{zone: zone, hours: merge(r.hours), frozen: r.freezes}
	s.always = len(s.hours) == 0 || s.hours[0] == span{0, week}
	s.closed = make([]span, len(r.freezes))
	for i := range s.frozen {
		f := &s.frozen[i]
		f.span = span{s.begins(f.from), s.ends(f.to)}
		s.closed[i] = f.span
	}
	s.closed = merge(s.closed)
	return s
}

// segment is the offset from UTC at a moment, in seconds, and until when it certainly
// stays; far for ever.
func (s *Schedule) segment(t int64) (offset, until int64) {
	at := time.Unix(t, 0).In(s.zone)
	_, seconds := at.Zone()
	_, end := at.ZoneBounds()
	if end.IsZero() {
		return int64(seconds), far
	}
	until = end.Unix()
	if until <= t {
		// Where a zone's rules are a formula, ZoneBounds takes each year to have 365
		// days, and on the last day of a leap year gives an end that has passed (Go 1.26).
		// The formula is taken anew for each year of UTC.
		until = t - t%day + day
	}
	return int64(seconds), until
}

// far is later than any moment that is asked about.
const far = int64(1) << 60

// begins is the first moment at which the local clock shows a date and time or a later
// one. Clocks have never been a day or more away from UTC.
func (s *Schedule) begins(local int64) int64 {
	for t := local - day; ; {
		offset, until := s.segment(t)
		if first := max(t, local-offset); first < until {
			return first
		}
		t = until
	}
}

// ends is the end of the last moment at which the local clock shows anything before a
// date and time.
func (s *Schedule) ends(local int64) int64 {
	end := local - day
	for t := end; t < local+day; {
		offset, until := s.segment(t)
		if last := min(until, local-offset); last > t {
			end = last
		}
		t = until
	}
	return end
}
