package counter

import (
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"
)

// line is how many numbers keep two shards from sharing a cache line, or two that
// are fetched together.
const line = 16

// cells are numbers that only grow, spread over shards. Each event adds 1 to one of
// them, so whenever they are read, an event is in or not, and never in part.
type cells struct {
	n      int // how many numbers
	stride int
	mask   uint32 // the number of shards, less 1
	v      []atomic.Uint64
}

func newCells(n, shards int) cells {
	return cells{n: n, stride: stride(n), mask: uint32(shards - 1), v: make([]atomic.Uint64, stride(n)*shards)}
}

// stride is the room of a shard of n numbers.
func stride(n int) int { return (n + line - 1) / line * line }

// inc adds 1 to one number.
func (c *cells) inc(i int) {
	if c.mask != 0 {
		i += int(rand.Uint32()&c.mask) * c.stride
	}
	c.v[i].Add(1)
}

// load adds the numbers to sums.
func (c *cells) load(sums []uint64) {
	for from := 0; from < len(c.v); from += c.stride {
		for i := range c.n {
			sums[i] += c.v[from+i].Load()
		}
	}
}

// EventCounter counts the events of one side, good and bad. It is safe for use by
// several goroutines at once.
type EventCounter struct{ cells cells }

// Observe counts an event.
func (c *EventCounter) Observe(bad bool) {
	i := 0
	if bad {
		i = 1
	}
	c.cells.inc(i)
}

// DurationCounter counts the events of one side by how long they took. It is safe
// for use by several goroutines at once.
type DurationCounter struct {
	cells cells
	edges []time.Duration
}

// Observe counts an event that took d. It is slower than an edge if d is more than
// the edge.
func (c *DurationCounter) Observe(d time.Duration) {
	i, _ := slices.BinarySearch(c.edges, d)
	c.cells.inc(i)
}

// Events are the sides of a metric that counts bad events, in one stratum.
type Events struct {
	// Canary counts the new release's events, Control those of the one beside it.
	Canary, Control *EventCounter
	// Twin counts the events of a part of the old release that is handled as the canary
	// is, and not in Control. It need not be used.
	Twin *EventCounter
}

// Durations are the sides of a metric with edges, in one stratum.
type Durations struct {
	// Canary counts the new release's events, Control those of the one beside it.
	Canary, Control *DurationCounter
}
