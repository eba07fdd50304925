package journal

import (
	"container/heap"
	"fmt"
	"math"
	"time"
)

// schedule is who is due and who holds what, in memory: the leases of the stores of
// one process. Its zero value is empty. Its caller holds a lock.
//
// Streams that nobody holds are found by their names in pages, which know the earliest
// wake of theirs; those that are held wait in a heap for the end of their leases. So a
// claim costs the same whether the streams of other prefixes are due or not.
type schedule struct {
	turns map[string]*turn
	token uint64 // the last that was given; a store that is opened again begins above its old ones
	pages turnPages
	held  turnHeap // those whose lease was not seen to be over

	clock  turnClock
	latest moment // up to which ends of leases were seen
}

// turn is where one stream stands.
type turn struct {
	stream string
	seq    uint64
	token  uint64
	wake   moment
	until  moment // when the lease ends; released if there is none
	page   *turnPage
	slot   int // its place in the heap, from 1; 0: not in it
}

// moment is a time by the schedule's own clock, in nanoseconds.
type moment int64

const (
	neverDue moment = math.MaxInt64
	released moment = math.MinInt64
	farthest moment = 1 << 62 // either way; adding a duration that is allowed stays below neverDue
)

// turnClock turns times into moments. It counts from the first that it was asked for, so that
// times that carry a monotonic clock are compared by it.
type turnClock struct {
	begun bool
	start time.Time
}

func (c *turnClock) at(t time.Time) moment {
	if !c.begun {
		c.begun, c.start = true, t
	}
	return min(max(moment(t.Sub(c.start)), -farthest), farthest)
}

// after is when a wake that is given now comes.
func (m moment) after(wake time.Duration) moment {
	if wake == Never {
		return neverDue
	}
	return m + moment(wake)
}

// appended notes the version that an append led to, and its wake.
func (s *schedule) appended(stream string, seq uint64, wake time.Duration, now time.Time) {
	at := s.clock.at(now)
	due := at.after(wake)
	if t := s.turns[stream]; t != nil && wake == 0 && t.wake <= at && t.until <= at {
		due = t.wake
	}
	s.note(stream, seq, due)
}

// restored notes where a stream stands in a journal that is being opened, and when it
// is due; never if wake is the zero time.
func (s *schedule) restored(stream string, seq uint64, wake, now time.Time) {
	s.clock.at(now)
	at := neverDue
	if !wake.IsZero() {
		at = s.clock.at(wake)
	}
	s.note(stream, seq, at)
}

func (s *schedule) note(stream string, seq uint64, wake moment) {
	t := s.turns[stream]
	if t == nil {
		if s.turns == nil {
			s.turns = map[string]*turn{}
		}
		t = &turn{stream: stream, wake: neverDue, until: released}
		s.turns[stream] = t
		s.pages.insert(t)
	}
	t.seq = seq
	s.wakeAt(t, wake)
}

// wakeAt changes when a stream is due.
func (s *schedule) wakeAt(t *turn, wake moment) {
	t.wake = wake
	if t.slot == 0 {
		s.pages.set(t, wake)
	}
}

// fenced is an error if token is given and not the stream's.
func (s *schedule) fenced(stream string, token uint64) error {
	if token == 0 {
		return nil
	}
	if t := s.turns[stream]; t == nil || t.token != token {
		return fmt.Errorf("%w: stream %q, token %d", ErrFenced, stream, token)
	}
	return nil
}

func (s *schedule) claim(c Claim, now time.Time) []Lease {
	at := s.clock.at(now)
	s.see(at)
	span := s.pages.withPrefix(c.Prefix)
	leases := make([]Lease, 0, min(c.Max, 16))
	for len(leases) < c.Max {
		t := s.pages.earliest(span)
		if t == nil || t.wake > at {
			break
		}
		s.token++
		t.token = s.token
		s.hold(t, at+moment(c.TTL))
		leases = append(leases, Lease{Stream: t.stream, Token: t.token, Seq: t.seq})
	}
	return leases
}

// see frees the streams whose leases are over. If the clock was turned back, those that
// are not over any more are held again.
func (s *schedule) see(now moment) {
	if now < s.latest {
		for _, t := range s.turns {
			if t.slot == 0 && t.until > now {
				s.hold(t, t.until)
			}
		}
	}
	s.latest = now
	for len(s.held) > 0 && s.held[0].until <= now {
		s.free(s.held[0])
	}
}

// hold keeps a stream from being claimed until then.
func (s *schedule) hold(t *turn, until moment) {
	t.until = until
	if t.slot > 0 {
		heap.Fix(&s.held, t.slot-1)
		return
	}
	s.pages.set(t, neverDue)
	heap.Push(&s.held, t)
}

// free lets a stream be claimed again.
func (s *schedule) free(t *turn) {
	if t.slot > 0 {
		heap.Remove(&s.held, t.slot-1)
	}
	s.pages.set(t, t.wake)
}

func (s *schedule) renew(l Lease, ttl time.Duration, now time.Time) error {
	t, err := s.current(l)
	if err == nil {
		s.hold(t, s.clock.at(now)+moment(ttl))
	}
	return err
}

func (s *schedule) release(l Lease, wake time.Duration, now time.Time) error {
	t, err := s.current(l)
	if err != nil {
		return err
	}
	if t.seq == l.Seq {
		t.wake = s.clock.at(now).after(wake)
	}
	t.until = released
	s.free(t)
	return nil
}

// current is the turn that l is the last lease of, if it was not released.
func (s *schedule) current(l Lease) (*turn, error) {
	if err := s.fenced(l.Stream, l.Token); err != nil {
		return nil, err
	}
	if t := s.turns[l.Stream]; t.until != released {
		return t, nil
	}
	return nil, fmt.Errorf("%w: stream %q, token %d: it was released", ErrFenced, l.Stream, l.Token)
}

// turnHeap has the turn whose lease ends first at its top.
type turnHeap []*turn

func (h turnHeap) Len() int           { return len(h) }
func (h turnHeap) Less(i, j int) bool { return h[i].until < h[j].until }

func (h turnHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].slot, h[j].slot = i+1, j+1
}

// Push and Pop are for package heap.
func (h *turnHeap) Push(x any) {
	*h = append(*h, x.(*turn))
	(*h)[len(*h)-1].slot = len(*h)
}

func (h *turnHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last], *h = nil, (*h)[:last]
	t.slot = 0
	return t
}
