package metrics

import (
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/internal/enum"
)

// WindowKind is a kind of calendar window.
type WindowKind uint8

// The kinds of windows.
const (
	WindowUnknown WindowKind = iota
	WindowWeek               // ISO 8601 weeks, from Monday
	WindowMonth
	WindowWhole      // one window, the whole range of the query
	WindowSundayWeek // weeks from Sunday
	WindowQuarter    // of the calendar year
	WindowDay
	WindowRolling // [Query.Length] days, a new window each [Query.Step] days: they overlap where Step is less
	WindowSprint  // [Query.Sprint]
)

var windowKinds = enum.Table[WindowKind]{Type: "metrics.WindowKind", Names: []string{"unknown", "week", "month", "whole", "sunday-week", "quarter", "day", "rolling", "sprint"}}

// String is the value's name.
func (w WindowKind) String() string { return windowKinds.Text(w) }

// ParseWindowKind reads a value's name.
func ParseWindowKind(s string) (WindowKind, error) { return windowKinds.Parse(s) }

// MarshalText is the value's name.
func (w WindowKind) MarshalText() ([]byte, error) { return windowKinds.Marshal(w) }

// UnmarshalText reads a value's name.
func (w *WindowKind) UnmarshalText(b []byte) error { return windowKinds.Unmarshal(w, b) }

// Window is one span of time, From included and To not, in the query's location.
type Window struct {
	// Kind is what the query asked for; From and To bound it.
	Kind WindowKind `json:"kind"`
	From time.Time  `json:"from"`
	To   time.Time  `json:"to"`
}

// String is the window's name: "2026-W53", "2026-12", "2026-Q4", "2026-12-31", or
// the two dates, of which the second is not in it.
func (w Window) String() string {
	switch w.Kind {
	case WindowWeek:
		year, week := w.From.ISOWeek()
		return fmt.Sprintf("%04d-W%02d", year, week)
	case WindowMonth:
		return w.From.Format("2006-01")
	case WindowQuarter:
		return fmt.Sprintf("%04d-Q%d", w.From.Year(), (w.From.Month()+2)/3)
	case WindowDay:
		return w.From.Format(time.DateOnly)
	}
	return w.From.Format(time.DateOnly) + "/" + w.To.Format(time.DateOnly)
}

// date is a day of the calendar.
type date struct {
	year  int
	month time.Month
	day   int
}

func (d date) add(months, days int) date {
	return dateOf(time.Date(d.year, d.month+time.Month(months), d.day+days, 0, 0, 0, 0, time.UTC))
}

func (d date) utc() time.Time { return time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC) }

func dateOf(t time.Time) date {
	y, m, d := t.Date()
	return date{y, m, d}
}

// start is the first moment at which clocks in loc show d or a later day. It is
// midnight, except where a zone's change skips midnight, repeats it, or skips
// the whole day; time.Date promises nothing there.
func (d date) start(loc *time.Location) time.Time {
	midnight := time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC)
	t := midnight.Add(-26 * time.Hour).In(loc)
	for {
		_, offset := t.Zone()
		_, until := t.ZoneBounds()
		at := midnight.Add(-time.Duration(offset) * time.Second)
		if at.Before(t) {
			at = t
		}
		if until.IsZero() || at.Before(until) {
			return at.In(loc)
		}
		t = until
	}
}

// windows cuts the query's range: all calendar windows that touch it, whole.
func (q *Query) windows() ([]Window, error) {
	if q.Window == WindowWhole {
		return []Window{{Kind: WindowWhole, From: q.From.In(q.Location), To: q.To.In(q.Location)}}, nil
	}
	day := dateOf(q.From.In(q.Location))
	weekday := int(day.utc().Weekday())
	var months, days, length int
	switch q.Window {
	case WindowWeek:
		day, days = day.add(0, -(weekday+6)%7), 7
	case WindowSundayWeek:
		day, days = day.add(0, -weekday), 7
	case WindowMonth:
		day.day, months = 1, 1
	case WindowQuarter:
		day.day, day.month, months = 1, (day.month-1)/3*3+1, 3
	case WindowDay:
		days = 1
	case WindowSprint:
		days = q.Sprint.Days
		late := int(day.utc().Sub(dateOf(q.Sprint.Start.In(q.Location)).utc())/(24*time.Hour)) % days
		day = day.add(0, -(late+days)%days)
	case WindowRolling:
		days, length = q.Step, q.Length
	}
	var out []Window
	for {
		next := day.add(months, days)
		w := Window{Kind: q.Window, From: day.start(q.Location), To: next.start(q.Location)}
		if length > 0 {
			w.To = day.add(0, length).start(q.Location)
		}
		if !w.From.Before(q.To) || length > 0 && w.To.After(q.To) && len(out) > 0 {
			return out, nil
		}
		if !w.From.Before(w.To) || length > 0 && dateOf(w.From) != day { // a day that a zone left out: it begins no window
			day = next
			continue
		}
		if len(out) == maxWindows {
			return nil, fmt.Errorf("metrics: the range from %q to %q has more than %d windows", q.From, q.To, maxWindows)
		}
		if w.To.After(q.From) {
			out = append(out, w)
		}
		day = next
	}
}

// span is from a to b; empty unless a is before b.
type span struct{ from, to time.Time }

func (s span) empty() bool { return !s.from.Before(s.to) }

// meet is what s and o have in common.
func (s span) meet(o span) span {
	if o.from.After(s.from) {
		s.from = o.from
	}
	if o.to.Before(s.to) {
		s.to = o.to
	}
	return s
}

// weeks is the length of s in weeks of seven civil days: a week of 167 or 169
// hours is one week. Civil time is the clock's reading taken for UTC.
func (s span) weeks(loc *time.Location) float64 {
	civil := func(t time.Time) time.Time {
		t = t.In(loc)
		y, m, d := t.Date()
		return time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	}
	if s.empty() {
		return 0
	}
	return max(0, float64(civil(s.to).Sub(civil(s.from)))/float64(7*24*time.Hour))
}
