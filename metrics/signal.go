package metrics

import (
	"errors"
	"fmt"
	"math"
)

// WatchOptions say what a [Watch] looks for. The zero value looks for a doubled rate.
type WatchOptions struct {
	// Factor is how many times the baseline the rate is that is looked for: above 1 for
	// a rise, below 1 for a fall; 0 means 2. A greater change is found faster, one less
	// than about half as far from 1 hardly.
	Factor float64
	// Warmup is how many complete windows must be behind before watching begins; 0
	// means 52, at least 8. Fewer make the baseline uncertain, and false alarms more.
	Warmup int
	// Lag is how many windows up to the present one the baseline leaves out, so that
	// a change does not raise the baseline that it is measured by; 0 means 8.
	Lag int
	// Horizon is how many windows one p value speaks of; 0 means 52, a year of weeks.
	Horizon int
}

func (o WatchOptions) withDefaults() (WatchOptions, error) {
	if o.Factor == 0 {
		o.Factor = 2
	}
	if o.Warmup == 0 {
		o.Warmup = 52
	}
	if o.Lag == 0 {
		o.Lag = 8
	}
	if o.Horizon == 0 {
		o.Horizon = 52
	}
	var errs []error
	if !(o.Factor > 0) || o.Factor == 1 || math.IsInf(o.Factor, 1) {
		errs = append(errs, fmt.Errorf("metrics: the factor %v is none to look for", o.Factor))
	}
	if o.Warmup < 8 || o.Lag < 1 || o.Lag >= o.Warmup || o.Horizon < 1 || max(o.Warmup, o.Horizon) > maxSeries {
		errs = append(errs, fmt.Errorf("metrics: a warm-up of %d, a lag of %d, a horizon of %d", o.Warmup, o.Lag, o.Horizon))
	}
	return o, errors.Join(errs...)
}

// watchScale makes of the union bound over all beginnings a chance: see [Watch].
const watchScale = 0.4

// Signal is what a [Watch] thought after one window.
type Signal struct {
	// Window is the window, Value its value.
	Window Window  `json:"window"`
	Value  float64 `json:"value"`
	// Baseline is the rate that was expected, from the windows before.
	Baseline float64 `json:"baseline"`
	// Since is the window with which the change began, if there is one; zero where
	// nothing speaks for one.
	Since Window `json:"since,omitzero"`
	// Evidence is the logarithm of how much more likely the windows since then are at
	// Factor times the baseline than at it; at least 0. Factors multiply, so 1 more is
	// e times the evidence.
	Evidence float64 `json:"evidence"`
	// P is the chance, at most, that a series without a change shows that much evidence
	// at any time in Horizon windows: 0.4 Horizon / exp(Evidence), at most 1. An alarm at
	// P <= 0.01 is false in at most one of 100 series-years, as measured: see [Watch].
	P float64 `json:"p"`
}

// Watch follows a series of one rate or frequency, window by window, as somebody
// would who looks at it every week: its answer for a window depends on that window
// and those before it alone. Partial windows and windows without data are left out:
// they are no zeros, and change nothing. The answer has one Signal for each other
// window after the warm-up.
//
// It is E. Page's cumulative sum (Biometrika 41 (1954), 100-115) of log likelihood
// ratios, binomial for the rates and Poisson for the frequency. Without a change each
// sum from a fixed beginning is the logarithm of a martingale, so by Ville's
// inequality one of Horizon of them ever reaches ln(Horizon/p) with a chance of at
// most p, where the baseline is known. That bound takes the sums for unrelated and each
// for stopping on the spot, and is ten times too wide; an estimated baseline makes
// false alarms more. P has the factor 0.4 for both together. TestWatchHoldsItsLevel and
// BenchmarkSignal measure it: with the default warm-up, factors from 0.5 to 3, rates
// from 2 % to 30 % and 4 to 300 deployments a week, at most 1.0 of 100 series-years
// have an alarm at P <= 0.01, most of them fewer. A P far below that leans on the
// baseline more, and is the less certain the shorter the warm-up; so is every P where
// events cluster more than chance does.
//
// For many services, take the P of each after the same window to [FDR].
func Watch(series []Result, opts WatchOptions) ([]Signal, error) {
	o, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	s, err := checkSeries(series)
	if err != nil {
		return nil, err
	}
	if err := s.shares(); err != nil {
		return nil, err
	}
	m := series[0].Metric
	if !isRate(m) && m != Frequency {
		return nil, fmt.Errorf("metrics: a %s is no count: Changes looks at medians", m)
	}
	var used []int
	for i := range series {
		if s.out[i] == "" {
			used = append(used, i)
		}
	}
	var out []Signal
	var past signalBaseline
	sum, since := 0.0, -1
	for t, i := range used {
		if t >= o.Lag {
			past.add(&series[used[t-o.Lag]])
		}
		if t < o.Warmup {
			continue
		}
		r := &series[i]
		base := past.rate()
		if sum += past.evidence(r, base, o.Factor); sum > 0 {
			if since < 0 {
				since = i
			}
		} else {
			sum, since = 0, -1
		}
		now := Signal{Window: r.Window, Value: r.Value, Baseline: base, Evidence: sum, P: min(1, watchScale*float64(o.Horizon)*math.Exp(-sum))}
		if since >= 0 {
			now.Since = series[since].Window
		}
		out = append(out, now)
	}
	return out, nil
}

// signalBaseline is what was seen before: events of trials, or over weeks.
type signalBaseline struct {
	events int
	over   float64
	binary bool
}

func (b *signalBaseline) add(r *Result) {
	if isRate(r.Metric) {
		b.binary = true
		b.events += numerator(r)
		b.over += float64(r.N)
		return
	}
	c := countOf(r)
	b.events += c.Events
	b.over += c.Exposure
}

// rate is the mean of Jeffreys' posterior, so that it is never 0 and, for a share,
// never 1.
func (b *signalBaseline) rate() float64 {
	if b.binary {
		return (float64(b.events) + 0.5) / (b.over + 1)
	}
	return (float64(b.events) + 0.5) / b.over
}

// evidence is the log likelihood ratio of one window.
func (b *signalBaseline) evidence(r *Result, base, factor float64) float64 {
	if b.binary {
		other := base * factor
		if other > 0.9 { // no share is that high: then that many times the odds
			odds := base / (1 - base) * factor
			other = odds / (1 + odds)
		}
		k := float64(numerator(r))
		return float64(k*math.Log(other/base)) + float64((float64(r.N)-k)*(math.Log1p(-other)-math.Log1p(-base)))
	}
	c := countOf(r)
	return float64(float64(c.Events)*math.Log(factor)) - float64(base*c.Exposure*(factor-1))
}
