package metrics

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// The tests behind change points.
const (
	MethodSplitShares  = "binary segmentation, exact conditional test (Fisher 1935) at each split, Bonferroni over the splits"
	MethodSplitRates   = "binary segmentation, exact conditional test (Przyborowski and Wilenski 1940) at each split, Bonferroni over the splits"
	MethodSplitMedians = "binary segmentation, exact median test (Mood 1950) of the windows' medians at each split, Bonferroni over the splits"
)

// ChangeOptions say when [Changes] takes a change for real.
type ChangeOptions struct {
	// Alpha is the chance, at most, that a series without a change shows one; 0 means
	// 0.01. It must be below 1.
	Alpha float64
	// MinWindows is how many windows each side of a change has at least; 0 means 4.
	MinWindows int
}

// ChangePoint is where a series changed.
type ChangePoint struct {
	// Window is the first window after the change.
	Window Window `json:"window"`
	// Before and After are the levels on its two sides, up to the neighbouring changes:
	// the pooled rate or frequency, the median of the windows' medians. The unit is
	// the metric's.
	Before float64 `json:"before"`
	After  float64 `json:"after"`
	// P is at least the chance that windows without a change show as clear a split.
	P float64 `json:"p"`
	// Method is the test: one of the MethodSplit constants.
	Method string `json:"method"`
}

// Changes finds where a series of one metric and one group changed its level, by
// time, none if it did not. Partial windows and windows without data are left out: they
// are no zeros.
//
// Each split of the series is tested, exactly: given how many events there were in all
// for rates and frequencies, given the windows' medians for times. The best split's p value,
// times how many splits there were, is at most Alpha; then each side is searched in the
// same way. So a series without a change shows one with a chance of at most Alpha,
// whatever its rate and however few events; the chance of a further false one beside a
// true one is at most Alpha for each part. That takes the windows for independent: where
// failures cluster more than chance does it is more. Of times, each window counts the same.
// Of many services, take the smallest P of each to [FDR].
//
// It looks back at a whole series. Who looks each week again looks many times: for that there
// is [Watch].
func Changes(series []Result, opts ChangeOptions) ([]ChangePoint, error) {
	if opts.Alpha == 0 {
		opts.Alpha = 0.01
	}
	if opts.MinWindows == 0 {
		opts.MinWindows = 4
	}
	if !(opts.Alpha > 0) || !(opts.Alpha < 1) || opts.MinWindows < 1 {
		return nil, fmt.Errorf("metrics: an alpha of %v, at least %d windows", opts.Alpha, opts.MinWindows)
	}
	s, err := checkSeries(series)
	if err != nil {
		return nil, err
	}
	if err := s.shares(); err != nil {
		return nil, err
	}
	c := changeSearch{o: opts, metric: series[0].Metric}
	for i := range series {
		if s.out[i] == "" {
			c.rs = append(c.rs, &series[i])
		}
	}
	c.search(0, len(c.rs))
	slices.SortFunc(c.found, func(a, b changeSplit) int { return cmp.Compare(a.at, b.at) })
	out := make([]ChangePoint, len(c.found))
	for i, f := range c.found {
		from, to := 0, len(c.rs)
		if i > 0 {
			from = c.found[i-1].at
		}
		if i+1 < len(c.found) {
			to = c.found[i+1].at
		}
		out[i] = ChangePoint{Window: c.rs[f.at].Window, P: f.p, Before: c.level(from, f.at), After: c.level(f.at, to), Method: c.method()}
	}
	return out, nil
}

// changeSearch is the search of one series.
type changeSearch struct {
	o      ChangeOptions
	metric Metric
	rs     []*Result
	found  []changeSplit
}

// changeSplit is between the windows at-1 and at.
type changeSplit struct {
	at int
	p  float64
}

// search finds the best split of rs[from:to], and searches both of its sides. The
// smaller side goes by recursion, so that the depth stays small.
func (c *changeSearch) search(from, to int) {
	for {
		best, splits := changeSplit{p: math.Inf(1)}, 0
		for at, p := range c.tests(from, to) {
			splits++
			if p < best.p {
				best = changeSplit{at, p}
			}
		}
		best.p = min(1, best.p*float64(splits))
		if splits == 0 || !(best.p <= c.o.Alpha) {
			return
		}
		c.found = append(c.found, best)
		if best.at-from < to-best.at {
			c.search(from, best.at)
			from = best.at
		} else {
			c.search(best.at, to)
			to = best.at
		}
	}
}

// tests yields each split of rs[from:to] with its p value.
func (c *changeSearch) tests(from, to int) func(yield func(int, float64) bool) {
	return func(yield func(int, float64) bool) {
		all, left := changeSide{}, changeSide{}
		centre := math.NaN()
		if !isRate(c.metric) && c.metric != Frequency {
			centre = c.level(from, to)
		}
		for i := from; i < to; i++ {
			all.add(c.rs[i], centre)
		}
		for at := from + 1; at <= to-c.o.MinWindows; at++ {
			left.add(c.rs[at-1], centre)
			if at-from >= c.o.MinWindows && !yield(at, left.against(all, c.metric)) {
				return
			}
		}
	}
}

// changeSide is what the windows of one side come to.
type changeSide struct {
	events, of int
	weeks      float64
}

func (s *changeSide) add(r *Result, centre float64) {
	switch {
	case isRate(r.Metric):
		s.events += numerator(r)
		s.of += r.N
	case r.Metric == Frequency:
		c := countOf(r)
		s.events += c.Events
		s.weeks += c.Exposure
	default: // a window's median is above the centre or not
		s.of++
		if r.Value > centre {
			s.events++
		}
	}
}

// against is the p value that s and what is left of all are the same.
func (s changeSide) against(all changeSide, m Metric) float64 {
	if m == Frequency {
		_, p := stats.RateRatio(stats.Count{Events: s.events, Exposure: s.weeks},
			stats.Count{Events: all.events - s.events, Exposure: all.weeks - s.weeks}, 0.95)
		return p
	}
	return stats.Hypergeometric(s.events, s.of, all.events-s.events, all.of-s.of).Central()
}

// level is the level of rs[from:to].
func (c *changeSearch) level(from, to int) float64 {
	var s changeSide
	var values []float64
	for _, r := range c.rs[from:to] {
		s.add(r, 0)
		values = append(values, r.Value)
	}
	switch {
	case isRate(c.metric):
		return float64(s.events) / float64(s.of)
	case c.metric == Frequency:
		return float64(s.events) / s.weeks
	}
	slices.Sort(values)
	return stats.Quantile(values, 0.5)
}

func (c *changeSearch) method() string {
	switch {
	case isRate(c.metric):
		return MethodSplitShares
	case c.metric == Frequency:
		return MethodSplitRates
	}
	return MethodSplitMedians
}
