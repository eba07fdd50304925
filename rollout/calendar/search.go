package calendar

import "time"

// Horizon is how far the next change is looked for after the moment that is asked about
// and after the end of each freeze that is met, while hours are closed: two years.
const Horizon = 2 * 366 * 24 * time.Hour

// open reports whether the second is open.
func (s *Schedule) open(t int64) bool {
	if within(s.closed, t) {
		return false
	}
	if s.always {
		return true
	}
	offset, _ := s.segment(t)
	return within(s.hours, sinceMonday(t+offset))
}

// sinceMonday is the second of the week; Unix time begins on a Thursday.
func sinceMonday(local int64) int64 {
	at := (local + 3*day) % week
	if at < 0 {
		at += week
	}
	return at
}

// change is the first second after t at which open differs from what it is at t, or
// false if there is none.
func (s *Schedule) change(t int64) (int64, bool) {
	was := s.open(t)
	limit := t + int64(Horizon/time.Second)
	for t < limit {
		i := after(s.closed, t)
		switch next := i < len(s.closed); {
		case next && s.closed[i].from <= t: // frozen
			t = s.closed[i].to
			limit = t + int64(Horizon/time.Second)
		case s.always && !next:
			return 0, false
		case s.always:
			t = s.closed[i].from
		default:
			edge := s.edge(t)
			if next {
				edge = min(edge, s.closed[i].from)
			}
			t = edge
		}
		if s.open(t) != was {
			return t, true
		}
	}
	return 0, false
}

// edge is the next second at which hours may begin or end: by the clock, or because
// the clock is changed. It may be neither.
func (s *Schedule) edge(t int64) int64 {
	offset, until := s.segment(t)
	at := sinceMonday(t + offset)
	next := int64(week)
	if i := after(s.hours, at); i < len(s.hours) {
		next = s.hours[i].to
		if s.hours[i].from > at {
			next = s.hours[i].from
		}
	}
	return min(t+next-at, until)
}
