package health

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Add takes closed windows in. Give all metrics of a window in one call, one after
// the other: the detector is looked at after the last of those in a row that have the
// same window. Its bound over several metrics holds for looks between windows, not
// between metrics, and so for metrics with the same windows, in step.
// How windows are shared out among calls makes no other difference.
//
// A window may come late and out of order, at a cost that grows with the number of
// windows after it. The detector takes it in when it comes;
// burn rates count it where it belongs, and are looked at as of the newest window. A
// window that was added before counts once. An error means that nothing was added:
// a metric that is not in the policy, an invalid window, one that came before with
// another count, one that shares time with a different one, one that ended longer
// before the metric's newest than windows are kept, or one that is shorter than
// 1/262144 of that time. Counts that are impossible, more bad events than events or
// more than 2^45, are no error; they make the verdict invalid, and do not count.
func (w *Watch) Add(samples ...WatchSample) error {
	if len(w.metrics) == 0 {
		return errors.New("health: the watch has no policy")
	}
	if err := w.check(samples); err != nil {
		return err
	}
	for i := range samples {
		s := &samples[i]
		w.take(s)
		if i+1 == len(samples) || !samples[i+1].Window.Equal(s.Window) {
			w.look()
		}
	}
	return nil
}

// Advance tells the Watch that it is t now, the time up to which windows were asked
// for. A metric store that answers nothing, or fails, adds no windows: only this
// lets the verdict say that there is no data any more. An earlier time than one that
// is known changes nothing. It is an error if t is not between the years 1678 and
// 2261.
func (w *Watch) Advance(t time.Time) error {
	if len(w.metrics) == 0 {
		return errors.New("health: the watch has no policy")
	}
	if t.IsZero() || !inRange(t) {
		return fmt.Errorf("health: watch: advance: %v is not between the years 1678 and 2261", t)
	}
	now := t.UnixNano()
	if !w.started {
		w.began, w.now, w.started = now, now, true
	}
	w.now = max(w.now, now)
	return nil
}

// reach notes a window from start to end.
func (w *Watch) reach(start, end int64) {
	if !w.started {
		w.began, w.now, w.started = start, end, true
	}
	w.began, w.now = min(w.began, start), max(w.now, end)
}

// elapsed is the time from one instant to a later one; the longest that there is
// if it is longer.
func elapsed(from, to int64) time.Duration {
	return time.Unix(0, to).Sub(time.Unix(0, from))
}

// check reports why the samples cannot be added, before any is.
func (w *Watch) check(samples []WatchSample) error {
	for i := range w.metrics {
		m := &w.metrics[i]
		m.last, m.lastKnown = m.trail.newest()
	}
	shortest := int64(w.policy.memory()) / watchMaxWindows
	var came []trail // this call's windows, by metric; nil until one is out of order
	for i := range samples {
		s := &samples[i]
		at, ok := w.index[s.Metric]
		if !ok {
			return fmt.Errorf("health: watch: sample %d: metric %q is not in the policy", i, s.Metric)
		}
		if err := s.Window.Validate(); err != nil {
			return fmt.Errorf("health: watch: sample %d of metric %q: %w", i, s.Metric, err)
		}
		v, m := s.Window.kept(s.Count), &w.metrics[at]
		if v.end-v.start < shortest {
			return fmt.Errorf("health: watch: sample %d of metric %q: window %s is shorter than %v, so that more than %d would be kept",
				i, s.Metric, s.Window.ID(), time.Duration(shortest), watchMaxWindows)
		}
		if watchFault(s.Count) != "" {
			continue
		}
		if !m.lastKnown || v.start >= m.last {
			m.last, m.lastKnown = v.end, true // after all that is there and came in this call
			if came != nil {
				came[at].insert(v)
			}
			continue
		}
		found := m.trail.find(v)
		if found == keptFree {
			if came == nil {
				came = w.arrivals(samples[:i])
			}
			found = came[at].find(v)
		}
		switch found {
		case keptOther:
			return fmt.Errorf("health: watch: sample %d of metric %q: window %s came before with another count: a window must be closed before it is added", i, s.Metric, s.Window.ID())
		case keptOverlap:
			return fmt.Errorf("health: watch: sample %d of metric %q: window %s shares time with another one: its events would count twice", i, s.Metric, s.Window.ID())
		case keptLate:
			return fmt.Errorf("health: watch: sample %d of metric %q: window %s ended more than %v before the newest: nobody knows any more whether it was counted", i, s.Metric, s.Window.ID(), w.policy.memory())
		case keptFree:
			came[at].insert(v)
		case keptKnown:
		}
		m.last = max(m.last, v.end)
	}
	return nil
}

// arrivals are the windows of samples that were checked, by metric.
func (w *Watch) arrivals(samples []WatchSample) []trail {
	came := make([]trail, len(w.metrics))
	for i := range came {
		came[i].memory = w.metrics[i].trail.memory
	}
	for i := range samples {
		s := &samples[i]
		t, v := &came[w.index[s.Metric]], s.Window.kept(s.Count)
		if watchFault(s.Count) == "" && t.find(v) == keptFree {
			t.insert(v)
		}
	}
	return came
}

// take takes in one sample that was checked.
func (w *Watch) take(s *WatchSample) {
	m := &w.metrics[w.index[s.Metric]]
	v := s.Window.kept(s.Count)
	w.reach(v.start, v.end)
	if watchFault(s.Count) != "" {
		if w.broken == nil {
			w.broken = &breach{Metric: w.index[s.Metric], Start: v.start, End: v.end, Count: s.Count}
		}
		return
	}
	if m.trail.find(v) != keptFree {
		return // it was counted, and may have been forgotten since
	}
	m.trail.insert(v)
	if !m.Any {
		m.First, m.Any = v.start, true
	}
	m.First = min(m.First, v.start)
	if s.Count.Total > 0 {
		w.feed(m, v)
	}
	w.burn(m)
}

// feed counts a window with requests.
func (w *Watch) feed(m *watched, v kept) {
	m.Sum = m.Sum.plus(v.Count)
	if !m.Data {
		m.Fed, m.Data = v.end, true
	}
	m.Fed = max(m.Fed, v.end)
	w.total = Count{Total: w.total}.plus(v.Count).Total
	m.Heard = w.total
	if m.bets == nil {
		return
	}
	if m.Detector.Windows < math.MaxUint64 {
		m.Detector.Windows++
	}
	if w.policy.WarmUp > 0 && m.Detector.Windows <= uint64(w.policy.WarmUp) {
		return
	}
	m.Detector.add(m.bets, v.Count, 2*w.certificateNeed())
}

// certificateNeed is what a certificate must reach; 0 if none is asked for.
func (w *Watch) certificateNeed() float64 {
	if w.policy.Beta == 0 {
		return 0
	}
	return round(-math.Log(w.policy.Beta))
}

// burn notes the rules of a metric that fire for the first time.
func (w *Watch) burn(m *watched) {
	if m.objective == nil {
		return
	}
	end, _ := m.trail.newest()
	for i, r := range m.objective.Rules {
		long, short := m.trail.spans[2*i].Count, m.trail.spans[2*i+1].Count
		if elapsed(m.First, end) < r.Short || !r.fires(m.limits[i], long, short) {
			continue
		}
		if at := w.index[m.name]; !w.alarmed(at, i) {
			w.alarms = append(w.alarms, alarm{Metric: at, At: end, Rule: i, Sum: m.Sum, Long: long, Short: short})
		}
	}
}

// alarmed reports whether a rule of a metric fired before.
func (w *Watch) alarmed(metric, rule int) bool {
	for _, a := range w.alarms {
		if a.Metric == metric && a.Rule == rule {
			return true
		}
	}
	return false
}

// look notes an alarm of the detector.
func (w *Watch) look() {
	// The average is not above the largest: nothing else needs to be worked out while
	// that is small. The margin covers what is rounded.
	top := 0.0
	for i := range w.metrics {
		top = max(top, w.metrics[i].Detector.top())
	}
	need := w.policy.need()
	if top < need-1e-3 {
		return
	}
	logE, guilty := w.evidence()
	if logE < need {
		return
	}
	w.peak = max(w.peak, logE)
	for _, a := range w.alarms {
		if a.Rule == ruleDetector {
			return
		}
	}
	m := &w.metrics[guilty]
	end, _ := m.trail.newest()
	w.alarms = append(w.alarms, alarm{Metric: guilty, At: end, Rule: ruleDetector, LogE: logE, Sum: m.Sum})
}

// ruleDetector stands for the detector among the rules.
const ruleDetector = -1

// evidence is the logarithm of the average of the statistics, rounded, 0 if it is
// below, and the metric that brings the most.
func (w *Watch) evidence() (logE float64, most int) {
	top, sum := math.Inf(-1), math.Inf(-1)
	for i := range w.metrics {
		if w.metrics[i].bets == nil {
			continue
		}
		term := w.metrics[i].Detector.logM() + w.share[i]
		if term > top {
			top, most = term, i
		}
		sum = logAdd(sum, term)
	}
	return max(round(max(sum, 0)), 0), most
}
