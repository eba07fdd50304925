package calendar

import (
	"fmt"
	"time"
)

// Status is what a calendar says of one moment.
type Status struct {
	// Open reports whether a rollout may widen.
	Open bool `json:"open"`
	// Until is when Open next changes, in UTC: the first moment at which it is
	// different. Zero if it never does: it is open, and has neither hours nor freezes to
	// come.
	Until time.Time `json:"until,omitzero"`
	// Freeze is the name of the freeze in force, of several the one that ends last; ""
	// if there is none.
	Freeze string `json:"freeze,omitempty"`
	// Why is one sentence for people, with Until by the calendar's clock. Its text may
	// change.
	Why string `json:"why"`
}

// String is Why.
func (s Status) String() string { return s.Why }

// At says whether the calendar is open. It depends on the moment alone, not on now's
// location. An error is no verdict: the calendar is not valid, its zone is
// [ErrUnknownZone], or now is not in the years 1970 to 2999, so that the clock is wrong.
func (c Calendar) At(now time.Time) (Status, error) {
	s, err := c.Load()
	if err != nil {
		return Status{}, err
	}
	return s.At(now)
}

// At is [Calendar.At]. The error is of now alone.
func (s *Schedule) At(now time.Time) (Status, error) {
	if err := checkNow(now); err != nil {
		return Status{}, err
	}
	t := now.Unix()
	st := Status{Open: s.open(t), Freeze: s.freeze(t)}
	until, ok := s.change(t)
	if ok {
		st.Until = moment(until)
	}
	st.Why = s.why(st, t)
	return st, nil
}

func checkNow(now time.Time) error {
	if y := now.UTC().Year(); y < firstYear || y > lastYear {
		return fmt.Errorf("calendar: %v is not in the years %d to %d: the clock is wrong", now.UTC(), firstYear, lastYear)
	}
	return nil
}

// moment has no reading of the monotonic clock, which stands still while a laptop
// sleeps.
func moment(unix int64) time.Time { return time.Unix(unix, 0).UTC() }

// freeze is the name of the freeze that is in force and ends last.
func (s *Schedule) freeze(t int64) string {
	name, end := "", t
	for _, f := range s.frozen {
		if f.from <= t && f.to > end {
			name, end = f.name, f.to
		}
	}
	return name
}

func (s *Schedule) why(st Status, t int64) string {
	text, until := "open", far
	if !st.Until.IsZero() {
		until = st.Until.Unix()
	}
	if !st.Open {
		text = "closed outside of business hours"
		if st.Freeze != "" {
			text = fmt.Sprintf("closed by freeze %q", st.Freeze)
		} else if i := after(s.closed, t); i < len(s.closed) && s.closed[i].from < until {
			text += fmt.Sprintf(" and then by freeze %q", s.freeze(s.closed[i].from))
		}
	}
	if st.Until.IsZero() {
		return text + " for ever"
	}
	text += " until " + s.Format(st.Until)
	if name := s.freeze(until); name != "" {
		text += fmt.Sprintf(", when freeze %q begins", name)
	}
	return text
}

// Format is a moment by the schedule's clock: "Mon 2027-01-04 09:00 +01:00".
func (s *Schedule) Format(t time.Time) string {
	t = t.In(s.zone)
	if t.Second() != 0 {
		return t.Format("Mon 2006-01-02 15:04:05 -07:00")
	}
	return t.Format("Mon 2006-01-02 15:04 -07:00")
}
