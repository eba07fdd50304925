package counter

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// PartialError is what Read returns for a window of which the counters have only a
// part: the process began later, or the window is not kept any more.
type PartialError struct {
	// Window is the window that was asked for.
	Window health.Window
	// Since is from when on windows are whole.
	Since time.Time
}

// Error says which window, and from when on there are some. The text may change.
func (e *PartialError) Error() string {
	return fmt.Sprintf("counter: of window %s only a part is known: windows are whole from %s on", e.Window.ID(), e.Since.UTC().Format(time.RFC3339Nano))
}

// Counters count the events of all metrics and strata by windows. They are safe for
// use by several goroutines at once. Their memory does not grow.
type Counters struct {
	o     Options
	slots []slot // of each metric all strata, in their order

	mu     sync.Mutex
	seen   []uint64 // what the cells of all slots had at the last rotation
	closed []window // the oldest first, up to Keep
	since  time.Time
}

// slot is one metric in one stratum.
type slot struct {
	metric, stratum string
	edges           int
	events          Events
	durations       Durations
}

// window is what was counted between two rotations.
type window struct {
	start, end time.Time
	counts     []uint64 // by slot, then side, then cell
}

// New makes counters that have seen nothing. The error lists every mistake of the
// options.
func New(o Options) (*Counters, error) { return newCounters(o, shards()) }

func newCounters(o Options, n int) (*Counters, error) {
	if err := o.validate(n); err != nil {
		return nil, err
	}
	c := &Counters{o: o.clone(), since: o.Start.Round(0)}
	total := 0
	for _, m := range c.o.Metrics {
		edges := make([]time.Duration, len(m.Edges))
		for i, e := range m.Edges {
			edges[i] = nanoseconds(e)
		}
		for _, stratum := range c.o.Strata {
			s := slot{metric: m.Name, stratum: stratum, edges: len(edges)}
			if len(edges) == 0 {
				s.events = Events{&EventCounter{newCells(2, n)}, &EventCounter{newCells(2, n)}, &EventCounter{newCells(2, n)}}
			} else {
				s.durations = Durations{&DurationCounter{newCells(len(edges)+1, n), edges}, &DurationCounter{newCells(len(edges)+1, n), edges}}
			}
			c.slots = append(c.slots, s)
			total += m.cells()
		}
	}
	c.seen = make([]uint64, total)
	return c, nil
}

// slot finds a metric in a stratum.
func (c *Counters) slot(metric, stratum string) (*slot, error) {
	i := slices.IndexFunc(c.slots, func(s slot) bool { return s.metric == metric && s.stratum == stratum })
	if i < 0 {
		return nil, fmt.Errorf("counter: metric %q in stratum %q is not in the options", metric, stratum)
	}
	return &c.slots[i], nil
}

// Events are the counters of a metric without edges. Look them up once and keep
// them.
func (c *Counters) Events(metric, stratum string) (Events, error) {
	s, err := c.slot(metric, stratum)
	if err == nil && s.edges > 0 {
		err = fmt.Errorf("counter: metric %q has edges: it counts durations", metric)
	}
	if err != nil {
		return Events{}, err
	}
	return s.events, nil
}

// Durations are the counters of a metric with edges. Look them up once and keep
// them.
func (c *Counters) Durations(metric, stratum string) (Durations, error) {
	s, err := c.slot(metric, stratum)
	if err == nil && s.edges == 0 {
		err = fmt.Errorf("counter: metric %q has no edges: it counts events", metric)
	}
	if err != nil {
		return Durations{}, err
	}
	return s.durations, nil
}

// sides are the cells of a slot: canary, control and, if it has one, twin.
func (s *slot) sides() []*cells {
	if s.edges > 0 {
		return []*cells{&s.durations.Canary.cells, &s.durations.Control.cells}
	}
	return []*cells{&s.events.Canary.cells, &s.events.Control.cells, &s.events.Twin.cells}
}

// Rotate closes the window that began at the last rotation, or at Start, and begins
// the next. Now is the time, and must be later than the last.
func (c *Counters) Rotate(now time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := window{start: c.since, end: now.Round(0)}
	if n := len(c.closed); n > 0 {
		w.start = c.closed[n-1].end
	}
	if err := (health.Window{Start: w.start, End: w.end}).Validate(); err != nil {
		return fmt.Errorf("counter: rotate: %w", err)
	}
	if len(c.closed) == c.o.Keep { // its memory serves again
		w.counts = c.closed[0].counts
		c.since = c.closed[0].end
		c.closed = slices.Delete(c.closed, 0, 1)
		clear(w.counts)
	} else {
		w.counts = make([]uint64, len(c.seen))
	}
	at := 0
	for i := range c.slots {
		for _, side := range c.slots[i].sides() {
			side.load(w.counts[at : at+side.n])
			at += side.n
		}
	}
	for i, v := range w.counts {
		w.counts[i] -= c.seen[i]
		c.seen[i] = v
	}
	c.closed = append(c.closed, w)
	return nil
}

// Read is the window's samples, one for each metric and stratum, in the order of
// the options; one that has counted nothing is no data. The window must begin at a
// rotation or at Start and end at a later rotation. One that is not closed is a
// [health.OpenError], one of which only a part is known a [PartialError].
func (c *Counters) Read(ctx context.Context, w health.Window) ([]health.Sample, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("counter: %w", err)
	}
	if err := w.Validate(); err != nil {
		return nil, fmt.Errorf("counter: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if w.Start.Before(c.since) {
		return nil, &PartialError{Window: w, Since: c.since}
	}
	if n := len(c.closed); n == 0 || w.End.After(c.closed[n-1].end) {
		return nil, &health.OpenError{Window: w}
	}
	first := slices.IndexFunc(c.closed, func(v window) bool { return v.start.Equal(w.Start) })
	last := slices.IndexFunc(c.closed, func(v window) bool { return v.end.Equal(w.End) })
	if first < 0 || last < 0 {
		return nil, fmt.Errorf("counter: window %s does not begin and end with a rotation", w.ID())
	}
	counts := make([]uint64, len(c.seen))
	for _, v := range c.closed[first : last+1] {
		for i, n := range v.counts {
			counts[i] += n
		}
	}
	samples := make([]health.Sample, 0, len(c.slots))
	for _, s := range c.slots {
		sample := health.Sample{ID: w.ID(), Metric: s.metric, Stratum: s.stratum}
		if s.edges > 0 {
			n := s.edges + 1
			sample.Canary.Total, sample.CanarySlow = slow(counts[:n])
			sample.Control.Total, sample.ControlSlow = slow(counts[n : 2*n])
			counts = counts[2*n:]
		} else {
			for i, into := range []*health.Count{&sample.Canary, &sample.Control, &sample.Twin} {
				*into = health.Count{Bad: counts[2*i+1], Total: counts[2*i] + counts[2*i+1]}
			}
			counts = counts[3*2:]
		}
		samples = append(samples, sample)
	}
	return samples, nil
}

// slow is how many events there were, and how many were above each edge, of those
// between the edges.
func slow(between []uint64) (total uint64, slow []uint64) {
	slow = make([]uint64, len(between)-1)
	for i := len(between) - 1; i >= 0; i-- {
		total += between[i]
		if i > 0 {
			slow[i-1] = total
		}
	}
	return total, slow
}
