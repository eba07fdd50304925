package health

import (
	"math"
	"time"
)

// Watch looks after a release that every instance has. It compares each metric with a
// rate that is known from before ([Baseline]), by a detector whose mean time to a
// false alarm is stated, and with what the service has promised ([Objective]), by
// multi-window burn rates. An alarm stays.
//
// It says regressed or undecided, the latter for as long as nothing is found: time
// decides when a release is the last known good one. It says invalid of a broken
// measurement. It says healthy only if WatchPolicy.Beta asks for it: the certificate
// is sound for what it states, that the rate has not been at least MDE times the
// known one in every window so far, but it is an easy one. It may be had minutes
// after the rollout, and says nothing of what begins later, of a rate that was not
// known well, or of a release that is twice as bad while the rest of the world
// happens to be twice as good. So it should be asked for on top of a least time, not
// in its place.
//
// There is no control to cancel what hits everybody: an incident elsewhere alarms a
// Watch too.
//
// A Watch has no clock and does no I/O; the same calls in the same order give the
// same verdicts. It keeps the windows of three days, or of the longest rule if that
// is longer, in about 40 bytes each. It is not safe for use by several goroutines at once.
// The zero Watch has no policy and only [Watch.UnmarshalBinary] makes it useful.
type Watch struct {
	policy  WatchPolicy // with defaults
	index   map[string]int
	metrics []watched
	share   []float64 // log of the metric's share of the weight; -Inf without baseline
	now     int64     // the latest time known of, nanoseconds since 1970
	began   int64     // the earliest start of a window
	started bool      // now and began mean something
	total   uint64    // requests of all metrics
	alarms  []alarm
	peak    float64 // the highest evidence at or after the detector's alarm
	broken  *breach // the first sample whose count was impossible; it stays
}

// watched is one metric of a Watch.
type watched struct {
	name      string
	bets      *detectorBets // nil without a baseline
	objective *Objective    // nil without one
	limits    []burnLimit   // by objective.Rules; their spans are trail.spans[2i], the long one, and [2i+1]
	trail     trail
	watchedState
	// last is the batch's newest end, while it is checked.
	last      int64
	lastKnown bool
}

// watchedState is what cannot be told from the windows that are kept.
type watchedState struct {
	// Sum is all that was counted.
	Sum      Count    `json:"sum"`
	Detector detector `json:"detector"`
	// First is the start of the earliest window, Fed the end of the latest one with
	// requests, both in nanoseconds since 1970; they mean something once Any and Data
	// are set.
	First int64 `json:"first"`
	Fed   int64 `json:"fed"`
	Any   bool  `json:"any"`
	Data  bool  `json:"data"`
	// Heard is Watch.total when the metric last had requests.
	Heard uint64 `json:"heard"`
}

// alarm is what was found.
type alarm struct {
	Metric int     `json:"metric"`
	At     int64   `json:"at"`   // end of the metric's newest window then
	Rule   int     `json:"rule"` // of the metric's objective; -1 is the detector
	LogE   float64 `json:"logE"` // the detector's evidence then
	Sum    Count   `json:"sum"`  // the metric's counts then
	Long   Count   `json:"long"`
	Short  Count   `json:"short"`
}

// breach is a sample whose count is impossible.
type breach struct {
	Metric int   `json:"metric"`
	Start  int64 `json:"start"`
	End    int64 `json:"end"`
	Count  Count `json:"count"`
}

// Alarm is one thing that a Watch has found. It is a plain value, made to be
// recorded.
type Alarm struct {
	// Metric is the metric that it is about: for the detector, the one that brought
	// the most evidence.
	Metric string `json:"metric"`
	// At is the end of the newest window of the metric when it was found, in UTC.
	At time.Time `json:"at"`
	// Rule is the burn rule that fired; nil is the detector.
	Rule *BurnRule `json:"rule,omitempty"`
	// Severity is the rule's, and page for the detector.
	Severity Severity `json:"severity"`
	// LogE is the detector's evidence then, the natural logarithm, rounded to 1e-9; 0
	// for a rule.
	LogE float64 `json:"logE,omitempty"`
	// Count is what the alarm rests on: all that was counted of the metric for the
	// detector, the rule's long span for a rule.
	Count Count `json:"count"`
	// Why is one sentence for people; it may change from version to version.
	Why string `json:"why"`
}

// WatchSample is one closed window of one metric of the release. It is final: a
// window that may still grow must not be added yet.
type WatchSample struct {
	// Metric is the name of one of the policy's metrics.
	Metric string `json:"metric"`
	// Window is the time in which Count was counted. A metric's windows may have any
	// lengths, and gaps between them, but must not overlap. The window is the sample's
	// identity: read twice, after a crash, it counts once.
	Window Window `json:"window"`
	// Count are the release's events. No events mean that there was nothing to count:
	// that is no data, not health.
	Count Count `json:"count"`
}

// NewWatch makes a Watch that has seen nothing. The error lists every mistake of the
// policy.
func NewWatch(p WatchPolicy) (*Watch, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	w := &Watch{policy: p.Defaults(), index: map[string]int{}}
	memory, weight := int64(w.policy.memory()), 0.0
	for _, b := range w.policy.Metrics {
		weight += b.Weight
	}
	enter := func(name string, share float64) *watched {
		i, ok := w.index[name]
		if !ok {
			i = len(w.metrics)
			w.index[name] = i
			w.metrics = append(w.metrics, watched{name: name, trail: trail{memory: memory}})
			w.share = append(w.share, share)
		}
		return &w.metrics[i]
	}
	for _, b := range w.policy.Metrics {
		enter(b.Name, math.Log(b.Weight/weight)).bets = detectorBetsOf(b, w.policy.Beta > 0)
	}
	for i := range w.policy.Objectives {
		o := &w.policy.Objectives[i]
		m := enter(o.Metric, math.Inf(-1))
		m.objective = o
		for _, r := range o.Rules {
			m.limits = append(m.limits, burnLimitOf(*o, r))
			m.trail.spans = append(m.trail.spans, keptSpan{length: int64(r.Long)}, keptSpan{length: int64(r.Short)})
		}
	}
	return w, nil
}

// Policy is the policy, with its defaults in place. The caller owns it.
func (w *Watch) Policy() WatchPolicy { return w.policy.Defaults() }
