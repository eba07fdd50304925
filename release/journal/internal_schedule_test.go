package journal

import "time"

// Schedule is who is due and who holds what, as the stores of one process keep it.
type Schedule struct{ s schedule }

func (s *Schedule) Appended(stream string, seq uint64, wake time.Duration, now time.Time) {
	s.s.appended(stream, seq, wake, now)
}

func (s *Schedule) Restored(stream string, seq uint64, wake, now time.Time) {
	s.s.restored(stream, seq, wake, now)
}
func (s *Schedule) Fenced(stream string, token uint64) error { return s.s.fenced(stream, token) }
func (s *Schedule) Claim(c Claim, now time.Time) []Lease     { return s.s.claim(c, now) }
func (s *Schedule) Renew(l Lease, ttl time.Duration, now time.Time) error {
	return s.s.renew(l, ttl, now)
}

func (s *Schedule) Release(l Lease, wake time.Duration, now time.Time) error {
	return s.s.release(l, wake, now)
}

// MaxPage bounds the streams that a schedule keeps together.
const MaxPage = maxPage
