package counter

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"
)

// DefaultKeep is the number of windows that stands for a zero Keep: two hours of
// minutes.
const DefaultKeep = 120

// The largest numbers of what is counted: memory is reserved for all of it.
const (
	maxMetrics = 1000
	maxStrata  = 1000
	maxEdges   = 1000
	maxKeep    = 100_000
	maxNumbers = 1 << 23 // of 8 bytes: what counts, and all windows that are kept
)

// Options say what is counted.
type Options struct {
	// Start is the time from which on every request is observed. The first window that
	// is whole begins there or later.
	Start time.Time
	// Metrics are what is counted, at least one.
	Metrics []Metric
	// Strata are the parts of the traffic that are counted apart. Nil means one, whose
	// name is empty.
	Strata []string
	// Keep is how many closed windows are kept. 0 means [DefaultKeep].
	Keep int
}

// Metric is one of the policy's metrics.
type Metric struct {
	// Name is its name in the policy.
	Name string
	// Edges are its edges there, in seconds, above 0 and ascending, to the nanosecond.
	// None means that it counts bad events.
	Edges []float64
}

// validate checks the options, with so many shards, and puts defaults in place.
func (o *Options) validate(shards int) error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("counter: "+format, args...)) }
	if o.Start.IsZero() {
		bad("Start: it is missing")
	}
	if o.Keep == 0 {
		o.Keep = DefaultKeep
	}
	if o.Keep < 1 || o.Keep > maxKeep {
		bad("Keep: %d is not between 1 and %d", o.Keep, maxKeep)
	}
	if o.Strata == nil {
		o.Strata = []string{""}
	}
	if len(o.Metrics) == 0 || len(o.Metrics) > maxMetrics || len(o.Strata) == 0 || len(o.Strata) > maxStrata {
		bad("%d metrics and %d strata: 1 to %d are possible of each", len(o.Metrics), len(o.Strata), maxMetrics)
	}
	names := map[string]bool{}
	kept, live := 0, 0
	for i, m := range o.Metrics {
		if m.Name == "" || names[m.Name] {
			bad("Metrics[%d]: %q is no name, or comes twice", i, m.Name)
		}
		names[m.Name] = true
		if len(m.Edges) > maxEdges {
			bad("Metrics[%d] (%s): there are more than %d edges", i, m.Name, maxEdges)
		}
		for j, e := range m.Edges {
			if !(e > 0 && e < math.MaxInt64/1e9) || nanoseconds(e) < 1 || (j > 0 && nanoseconds(e) <= nanoseconds(m.Edges[j-1])) {
				bad("Metrics[%d] (%s): the edges must be above 0, finite and ascending, to the nanosecond", i, m.Name)
				break
			}
		}
		kept += m.cells()
		live += m.sides() * stride(m.cells()/m.sides()) * shards
	}
	seen := map[string]bool{}
	for i, s := range o.Strata {
		if seen[s] {
			bad("Strata[%d]: %q comes twice", i, s)
		}
		seen[s] = true
	}
	if n := (float64(kept)*float64(o.Keep) + float64(live)) * float64(len(o.Strata)); len(errs) == 0 && n > maxNumbers {
		bad("metrics, strata and windows need %.0f numbers, more than %d", n, maxNumbers)
	}
	return errors.Join(errs...)
}

// cells is how many numbers the metric counts: for each side good and bad ones, or
// those between the edges.
func (m Metric) cells() int {
	if len(m.Edges) > 0 {
		return m.sides() * (len(m.Edges) + 1)
	}
	return m.sides() * 2
}

func (m Metric) sides() int {
	if len(m.Edges) > 0 {
		return 2
	}
	return 3
}

func nanoseconds(seconds float64) time.Duration { return time.Duration(math.Round(seconds * 1e9)) }

// shards is over how many cache lines a counter is spread: a power of two. On two
// processors one is the quickest: see BenchmarkObserve.
func shards() int {
	n := 1
	if procs := runtime.GOMAXPROCS(0); procs > 2 {
		for n < 4*procs && n < 64 {
			n *= 2
		}
	}
	return n
}

// clone is a copy that the caller cannot change.
func (o Options) clone() Options {
	o.Metrics, o.Strata = slices.Clone(o.Metrics), slices.Clone(o.Strata)
	for i := range o.Metrics {
		o.Metrics[i].Edges = slices.Clone(o.Metrics[i].Edges)
	}
	return o
}
