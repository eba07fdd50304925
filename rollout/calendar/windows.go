package calendar

import (
	"iter"
	"time"
)

// Window is a time in which a calendar is open without a break: [From, To).
type Window struct {
	// From is when it opens and To when it closes, in UTC. To is zero if it never does.
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero"`
}

// NextOpen is the first moment at or after now at which the calendar is open, in UTC:
// now itself if it is open, zero if it never is. Errors are those of [Calendar.At].
func (c Calendar) NextOpen(now time.Time) (time.Time, error) {
	s, err := c.Load()
	if err != nil {
		return time.Time{}, err
	}
	return s.NextOpen(now)
}

// NextOpen is [Calendar.NextOpen]. The error is of now alone.
func (s *Schedule) NextOpen(now time.Time) (time.Time, error) {
	if err := checkNow(now); err != nil {
		return time.Time{}, err
	}
	if s.open(now.Unix()) {
		return now.UTC(), nil
	}
	if t, ok := s.change(now.Unix()); ok {
		return moment(t), nil
	}
	return time.Time{}, nil
}

// Windows are the next n times in which the calendar is open, in order; fewer if there
// are no more. If it is open at from, the first is the rest of that time. Errors are
// those of [Calendar.At].
func (c Calendar) Windows(from time.Time, n int) ([]Window, error) {
	s, err := c.Load()
	if err == nil {
		err = checkNow(from)
	}
	if err != nil {
		return nil, err
	}
	if n <= 0 {
		return nil, nil
	}
	var all []Window
	for w := range s.Windows(from) {
		if all = append(all, w); len(all) == n {
			break
		}
	}
	return all, nil
}

// Windows are the times in which the calendar is open, in order, up to those that begin
// in the year 2999. If it is open at from, the first is the rest of that time. There are
// none where from is not in the years 1970 to 2999.
func (s *Schedule) Windows(from time.Time) iter.Seq[Window] {
	return func(yield func(Window) bool) {
		for {
			opens, err := s.NextOpen(from)
			if err != nil || opens.IsZero() || checkNow(opens) != nil {
				return
			}
			closes, ok := s.change(opens.Unix())
			if !ok {
				yield(Window{From: opens})
				return
			}
			if !yield(Window{From: opens, To: moment(closes)}) {
				return
			}
			from = moment(closes)
		}
	}
}
