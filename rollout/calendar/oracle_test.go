package calendar_test

import (
	"time"

	"github.com/sallyport-dev/sallyport/rollout/calendar"
)

// minute is what the clock on the wall shows at a moment.
type minute struct {
	at      time.Time
	reading string // "2026-03-29T03:00"
	day     time.Weekday
}

// minutes are all from from to to, exclusively.
func minutes(loc *time.Location, from, to time.Time) []minute {
	var all []minute
	for t := from; t.Before(to); t = t.Add(time.Minute) {
		local := t.In(loc)
		all = append(all, minute{t, local.Format("2006-01-02T15:04"), local.Weekday()})
	}
	return all
}

// oracle says of each minute whether it is open, by what the documentation says and
// nothing more clever: hours look at what the clock shows; a freeze is in force at a
// minute if the clock has shown From or later by then, and will show anything before
// To then or afterwards. Freezes must not begin or end near a change of the clock
// outside of all.
func oracle(c calendar.Calendar, all []minute) []bool {
	open := make([]bool, len(all))
	for i, m := range all {
		open[i] = len(c.Open) == 0
		for _, h := range c.Open {
			if clock := calendar.Clock(m.reading[11:]); h.Days.Has(m.day) && h.From <= clock && clock < h.To {
				open[i] = true
			}
		}
	}
	for _, f := range c.Freezes {
		begun, more := make([]bool, len(all)), make([]bool, len(all))
		for i, m := range all {
			begun[i] = calendar.DateTime(m.reading) >= f.From || i > 0 && begun[i-1]
		}
		for i := len(all) - 1; i >= 0; i-- {
			more[i] = calendar.DateTime(all[i].reading) < f.To || i < len(all)-1 && more[i+1]
		}
		for i := range all {
			if begun[i] && more[i] {
				open[i] = false
			}
		}
	}
	return open
}

// windows are the stretches that are open.
func windows(all []minute, open []bool) []calendar.Window {
	var ws []calendar.Window
	for i, m := range all {
		switch before := i > 0 && open[i-1]; {
		case open[i] && !before:
			ws = append(ws, calendar.Window{From: m.at})
		case !open[i] && before:
			ws[len(ws)-1].To = m.at
		}
	}
	return ws
}
