package payload

import "time"

// Pieces are what a service told of one thing: records that are only ever added. What
// follows from the set does not depend on the order of arrival, and hearing a piece
// again adds nothing. The zero Pieces is empty.
type Pieces[P comparable] struct {
	seen   map[P]time.Time
	latest time.Time
}

// Add takes a piece that the service dated at and that the host was told when it was
// seen. It reports whether it is new; of a known one the earlier seen counts.
func (p *Pieces[P]) Add(piece P, at, seen time.Time) bool {
	before, known := p.seen[piece]
	if known {
		if seen.Before(before) {
			p.seen[piece] = seen
		}
		return false
	}
	if p.seen == nil {
		p.seen = map[P]time.Time{}
	}
	p.seen[piece] = seen
	if len(p.seen) == 1 || at.After(p.latest) {
		p.latest = at
	}
	return true
}

// Len is how many pieces there are.
func (p *Pieces[P]) Len() int { return len(p.seen) }

// All are the pieces with when they were seen, in no order.
func (p *Pieces[P]) All() map[P]time.Time { return p.seen }

// revBits is how many bits of a revision count pieces.
const revBits = 24

// Rev is a revision that each new piece raises, whatever its date: the second of the
// latest piece, then their number. Somebody who heard of later pieces alone has a
// higher one than somebody who heard of earlier ones alone.
func (p *Pieces[P]) Rev() uint64 { return Rev(p.latest, len(p.seen)) }

// Rev makes a revision of the date of the latest of n pieces. Dates before 1970 count
// as 1970.
func Rev(latest time.Time, n int) uint64 {
	return uint64(min(max(latest.Unix(), 0), 1<<38))<<revBits | uint64(min(n, 1<<revBits-1))
}

// Seen is when the last of the pieces was first seen: when the host knew all of them.
func (p *Pieces[P]) Seen() time.Time {
	var last time.Time
	for _, t := range p.seen {
		if t.After(last) {
			last = t
		}
	}
	return last
}
