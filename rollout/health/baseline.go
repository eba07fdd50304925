package health

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// Baseline is one kind of bad event whose rate is known from before: from an SLO, or
// from a long history. A [Watch] compares with it once every instance has the
// release and no control is left.
//
// A known rate is weaker than a control. An incident that has nothing to do with
// the release, a change in who sends requests, and a rate that was not known well
// all look like a regression; and a release that doubles the rate of an evening
// that happens to be twice as good as the history looks like none. The verdict is
// about the rate, not about whose fault it is.
type Baseline struct {
	// Name identifies the metric within the policy.
	Name string `json:"name"`
	// Rate is the known share of bad events among all, above 0; Rate times Tolerance
	// is below 1. Rates up to that product are no fault. [BaselineOf] takes it from a
	// history; an SLO of 0.999 gives 0.001.
	Rate float64 `json:"rate"`
	// Tolerance is the ratio to Rate up to which nothing is wrong. At least 1; 0 means
	// [DefaultTolerance].
	Tolerance float64 `json:"tolerance"`
	// MDE is the smallest ratio to Rate that matters: evidence is gathered fastest
	// there. Above Tolerance, at most 1000; 0 means [DefaultMDE].
	MDE float64 `json:"mde"`
	// Weight is the metric's share of the evidence, relative to the others'. Above 0,
	// at most 1e6; 0 means 1.
	Weight float64 `json:"weight"`
	// Dispersion is how much more the bad events vary from window to window than
	// independent requests explain. Unlike the evidence of a [Monitor], which is
	// tempered by it, that of a Watch is made for counts that vary so: the bounds hold
	// for jitter of the rate, and for bursts, up to that size. The zero value is not at
	// all.
	Dispersion Dispersion `json:"dispersion,omitzero"`
}

const (
	// baselineWindows and baselineEvents are the least that a history must have: with
	// ten events the upper bound is about twice the rate that was seen, as far away
	// as the default MDE.
	baselineWindows, baselineEvents = 30, 10
	// baselineLevel is the confidence of the upper bound.
	baselineLevel = 0.99
)

// BaselineOf makes a Baseline from the windows of a history, in the order of time and
// each as long as those that will be watched. Rate is what the true one does not
// exceed at a confidence of 0.99: Clopper and Pearson's one-sided bound (Biometrika 26
// (1934), 404-413) for the history's events divided by its dispersion, which is
// [DispersionOf]'s and becomes the Baseline's. What the bound leaves, 1 in 100, comes
// on top of the Watch's own false alarms.
//
// The assumption is that the history is like the time to come: the same mix of
// requests, and whole days or weeks. A service whose rate depends on the hour has no
// one rate; take the history of its worst hours, or a Tolerance that covers them.
//
// Windows without requests say nothing and are skipped. It is an error if fewer than
// 30 windows have requests, if the bad events are worth fewer than 10 independent
// ones, if DispersionOf refuses the history, or if a count is impossible: no failures
// in a history mean that the rate is small, not what it is.
func BaselineOf(name string, history []Count) (Baseline, error) {
	fail := func(format string, args ...any) (Baseline, error) {
		return Baseline{}, fmt.Errorf("health: baseline %q: "+format, append([]any{name}, args...)...)
	}
	var sum Count
	windows := 0
	for i, c := range history {
		if fault := watchFault(c); fault != "" {
			return fail("window %d of the history has %s", i, fault)
		}
		if c.Total > 0 {
			windows++
			sum = sum.plus(c)
		}
	}
	switch {
	case windows < baselineWindows:
		return fail("%d windows with requests are too short a history; %d are the least", windows, baselineWindows)
	case sum.Bad == 0:
		return fail("no bad event of %d in %d windows: the rate is small, and not known; take one from an SLO", sum.Total, windows)
	}
	d, err := DispersionOf(history)
	if err != nil {
		return fail("%w", err)
	}
	phi := 1.
	if d.Factor > 1 {
		phi += float64((d.Factor - 1) * max(1, float64(sum.Bad)/float64(windows)/d.Events))
	}
	bad, total := float64(sum.Bad)/phi, float64(sum.Total)/phi
	if bad < baselineEvents {
		return fail("%d bad of %d events in %d windows vary so much that they are worth %.1f independent bad ones, too few to know a rate; %d are the least",
			sum.Bad, sum.Total, windows, bad, baselineEvents)
	}
	b := Baseline{Name: name, Rate: stats.BetaQuantile(baselineLevel, bad+1, total-bad), Dispersion: d}
	if err := errors.Join(b.check()...); err != nil {
		return Baseline{}, fmt.Errorf("health: %w", err)
	}
	return b, nil
}

// defaults is the baseline with every zero field replaced.
func (b Baseline) defaults() Baseline {
	for _, f := range [...]struct {
		v *float64
		d float64
	}{{&b.Tolerance, DefaultTolerance}, {&b.MDE, DefaultMDE}, {&b.Weight, 1}} {
		if *f.v == 0 {
			*f.v = f.d
		}
	}
	return b
}

// check lists the mistakes, with defaults in place. Written as "not inside" so that
// NaN is a mistake too.
func (b Baseline) check() (errs []error) {
	b = b.defaults()
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("baseline %q: "+format, append([]any{b.Name}, args...)...))
	}
	if b.Name == "" || !utf8.ValidString(b.Name) {
		bad("the name is empty or not UTF-8")
	}
	if !(b.Tolerance >= 1 && b.Tolerance < 1000) {
		bad("tolerance %v is not a ratio of at least 1", b.Tolerance)
	}
	if !(b.MDE > b.Tolerance && b.MDE <= 1000) {
		bad("mde %v is not above the tolerance %v and at most 1000", b.MDE, b.Tolerance)
	}
	if !(b.Rate > 0 && float64(b.Rate*b.Tolerance) < 1) {
		bad("rate %v is not above 0 and, times the tolerance %v, below 1", b.Rate, b.Tolerance)
	} else if b.Rate < 1e-12 {
		bad("rate %v is below 1e-12: no traffic shows it", b.Rate)
	}
	if !(b.Weight > 0 && b.Weight <= 1e6) {
		bad("weight %v is not between 0 and 1e6", b.Weight)
	}
	if err := b.Dispersion.Validate(); err != nil {
		bad("%w", err)
	}
	return errs
}

// watchMaxCount bounds the events of one window of a Watch, so that sums over all
// the windows that it keeps are exact.
const watchMaxCount = math.MaxInt64 / watchMaxWindows

// watchFault says what is impossible about a count, or "".
func watchFault(c Count) string {
	switch {
	case c.Bad > c.Total:
		return fmt.Sprintf("%d bad of %d events", c.Bad, c.Total)
	case c.Total > watchMaxCount:
		return fmt.Sprintf("%d events, more than %d", c.Total, uint64(watchMaxCount))
	}
	return ""
}
