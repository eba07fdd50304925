package health

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// watchVersion is the version of what Watch.MarshalBinary writes.
const watchVersion = 1

// maxWatchState bounds what MarshalBinary writes and UnmarshalBinary reads.
const maxWatchState = 256 << 20

// watchState is a Watch at rest. Float64s survive JSON exactly.
type watchState struct {
	Version int             `json:"version"`
	Policy  WatchPolicy     `json:"policy"`
	Metrics []watchedAtRest `json:"metrics"`
	Now     int64           `json:"now"`
	Began   int64           `json:"began"`
	Started bool            `json:"started"`
	Total   uint64          `json:"total"`
	Alarms  []alarm         `json:"alarms"`
	Peak    float64         `json:"peak"`
	Broken  *breach         `json:"broken"`
}

// watchedAtRest is one metric. Kept has its windows in the order of time, four
// varints each: the time since the end of the one before (of the first: its start,
// zigzag), the length, bad and total.
type watchedAtRest struct {
	watchedState
	Kept []byte `json:"kept"`
}

// MarshalBinary writes everything that the Watch knows, its policy too, so that it
// goes on after a crash as if nothing had happened. The same Watch gives the same
// bytes. They are JSON; their shape is versioned and not a promise. It is an error if
// they are more than 256 MiB, as with a hundred metrics of three days of seconds.
func (w *Watch) MarshalBinary() ([]byte, error) {
	if len(w.metrics) == 0 {
		return nil, errors.New("health: watch: marshal: the watch has no policy")
	}
	s := watchState{Version: watchVersion, Policy: w.policy, Now: w.now, Began: w.began, Started: w.started,
		Total: w.total, Alarms: w.alarms, Peak: w.peak, Broken: w.broken}
	for i := range w.metrics {
		m := &w.metrics[i]
		s.Metrics = append(s.Metrics, watchedAtRest{watchedState: m.watchedState, Kept: m.trail.appendTo(nil)})
	}
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("health: watch: marshal: %w", err)
	}
	if len(b) > maxWatchState {
		return nil, fmt.Errorf("health: watch: marshal: %d bytes are more than %d, and could not be read again", len(b), maxWatchState)
	}
	return b, nil
}

// UnmarshalBinary reads what MarshalBinary wrote. It refuses bytes that it would write
// differently, and a state that contradicts itself; whether the evidence is true to
// windows that are no longer kept cannot be told. On error w is not changed.
func (w *Watch) UnmarshalBinary(b []byte) error {
	fresh, err := watchFrom(b)
	if err != nil {
		return fmt.Errorf("health: watch: unmarshal: %w", err)
	}
	*w = *fresh
	return nil
}

func watchFrom(b []byte) (*Watch, error) {
	if len(b) > maxWatchState {
		return nil, fmt.Errorf("%d bytes are more than %d", len(b), maxWatchState)
	}
	var s watchState
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, err
	}
	if s.Version != watchVersion {
		return nil, fmt.Errorf("version %d is not %d", s.Version, watchVersion)
	}
	w, err := NewWatch(s.Policy)
	if err != nil {
		return nil, err
	}
	if len(s.Metrics) != len(w.metrics) {
		return nil, fmt.Errorf("%d metrics are not the policy's %d", len(s.Metrics), len(w.metrics))
	}
	w.now, w.began, w.started, w.total = s.Now, s.Began, s.Started, s.Total
	w.alarms, w.peak, w.broken = s.Alarms, s.Peak, s.Broken
	for i := range s.Metrics {
		m := &w.metrics[i]
		m.watchedState = s.Metrics[i].watchedState
		if err := m.trail.readFrom(s.Metrics[i].Kept); err != nil {
			return nil, fmt.Errorf("metric %q: %w", m.name, err)
		}
		if err := w.checkMetric(m); err != nil {
			return nil, fmt.Errorf("metric %q: %w", m.name, err)
		}
	}
	if err := w.checkAll(); err != nil {
		return nil, err
	}
	// Whatever JSON reads in more than one way, a name in another case, a number
	// written differently, a field that is not known, is found here.
	if again, err := w.MarshalBinary(); err != nil || !bytes.Equal(again, b) {
		return nil, errors.New("these are not the bytes that a watch writes")
	}
	return w, nil
}

// checkMetric reports what cannot be so of a metric.
func (w *Watch) checkMetric(m *watched) error {
	end, any := m.trail.newest()
	var sum Count
	fed, data := int64(0), false
	for _, v := range m.trail.live() {
		sum = sum.plus(v.Count)
		if v.Total > 0 {
			fed, data = v.end, true
		}
	}
	d := &m.Detector
	switch {
	case any != m.Any || !m.Any && (m.First != 0 || m.Data) || m.Data != (m.Sum.Total > 0) || !m.Data && m.Fed != 0:
		return errors.New("whether there were windows is not clear")
	case any && (!w.started || m.First > m.trail.live()[0].start || m.First < w.began || end > w.now):
		return errors.New("windows lie outside the time of the watch")
	case data && m.Fed != fed || !data && m.Data && m.Fed > end-m.trail.memory:
		return errors.New("its last requests are not those of the windows")
	case m.Sum.Bad > m.Sum.Total || sum.Bad > m.Sum.Bad || sum.Total > m.Sum.Total || sum.Total-sum.Bad > m.Sum.Total-m.Sum.Bad:
		return errors.New("its sums are not those of the windows")
	case m.Heard > w.total || m.Heard < m.Sum.Total:
		return errors.New("requests do not add up")
	case m.bets == nil && *d != detector{}:
		return errors.New("there is evidence and no baseline")
	case m.bets != nil && (d.Windows > 0) != m.Data:
		return errors.New("evidence and requests do not go together")
	case d.LogC > 2*w.certificateNeed() || w.policy.Beta == 0 && d.LogC != 0 || math.IsInf(d.LogC, 0):
		return fmt.Errorf("certificate %v", d.LogC)
	}
	for _, l := range d.LogM {
		if !(l >= 0) || math.Signbit(l) {
			return fmt.Errorf("statistic %v is below 0", l)
		}
		if l > 0 && w.policy.WarmUp > 0 && d.Windows <= uint64(w.policy.WarmUp) {
			return fmt.Errorf("statistic %v during the warm-up", l)
		}
	}
	return nil
}

// checkAll reports what cannot be so of the alarms and the rest.
func (w *Watch) checkAll() error {
	if !w.started && (w.now != 0 || w.began != 0 || w.total != 0) || w.began > w.now {
		return errors.New("the time is not clear")
	}
	total := Count{}
	for i := range w.metrics {
		total = total.plus(w.metrics[i].Sum)
	}
	if total.Total != w.total {
		return fmt.Errorf("%d requests in all are not the metrics' %d", w.total, total.Total)
	}
	detected := false
	for i, a := range w.alarms {
		if a.Metric < 0 || a.Metric >= len(w.metrics) {
			return fmt.Errorf("alarm %d is of metric %d", i, a.Metric)
		}
		m := &w.metrics[a.Metric]
		end, any := m.trail.newest()
		if !any || a.At < m.First || a.At > end || a.Sum.Bad > a.Sum.Total || a.Sum.Bad > m.Sum.Bad || a.Sum.Total > m.Sum.Total {
			return fmt.Errorf("alarm %d is of what the watch has not seen", i)
		}
		for _, before := range w.alarms[:i] {
			if before.Metric == a.Metric && before.Rule == a.Rule || before.Rule == ruleDetector && a.Rule == ruleDetector {
				return fmt.Errorf("alarm %d stands twice", i)
			}
		}
		switch {
		case a.Rule == ruleDetector:
			detected = true
			if m.bets == nil || !(a.LogE >= w.policy.need()) || a.LogE > w.peak || a.Long != (Count{}) || a.Short != (Count{}) {
				return fmt.Errorf("alarm %d has not the evidence", i)
			}
		case m.objective == nil || a.Rule < 0 || a.Rule >= len(m.limits):
			return fmt.Errorf("alarm %d is of rule %d", i, a.Rule)
		default:
			r := m.objective.Rules[a.Rule]
			if a.LogE != 0 || !r.fires(m.limits[a.Rule], a.Long, a.Short) || elapsed(m.First, a.At) < r.Short ||
				a.Short.Bad > a.Long.Bad || a.Short.Total > a.Long.Total || a.Long.Bad > a.Sum.Bad || a.Long.Total > a.Sum.Total {
				return fmt.Errorf("alarm %d is not one of its rule", i)
			}
		}
	}
	if detected != (w.peak > 0) {
		return fmt.Errorf("peak %v without the detector's alarm, or the reverse", w.peak)
	}
	if logE, _ := w.evidence(); !(logE <= w.peak) && logE >= w.policy.need() {
		return errors.New("the evidence of an alarm is there and the alarm is not")
	}
	for i := range w.metrics {
		before := len(w.alarms)
		if w.burn(&w.metrics[i]); len(w.alarms) != before {
			return errors.New("what a rule fires at is there and the alarm is not")
		}
	}
	if b := w.broken; b != nil {
		if b.Metric < 0 || b.Metric >= len(w.metrics) || b.Start >= b.End || !w.started || b.Start < w.began || b.End > w.now || watchFault(b.Count) == "" {
			return errors.New("what is called impossible is not")
		}
	}
	return nil
}

// appendTo writes the windows that are kept.
func (t *trail) appendTo(b []byte) []byte {
	before := int64(0)
	for i, v := range t.live() {
		if i == 0 {
			b = binary.AppendVarint(b, v.start)
		} else {
			b = binary.AppendUvarint(b, uint64(v.start-before))
		}
		b = binary.AppendUvarint(b, uint64(v.end-v.start))
		b = binary.AppendUvarint(b, v.Bad)
		b = binary.AppendUvarint(b, v.Total)
		before = v.end
	}
	return b
}

// readFrom reads what appendTo wrote into an empty trail.
func (t *trail) readFrom(b []byte) error {
	cut := errors.New("the list of windows is cut or too long")
	lo, hi := firstInstant().UnixNano(), lastInstant().UnixNano()
	before := int64(0)
	for i := 0; len(b) > 0; i++ {
		var v kept
		var gap, length uint64
		n := 0
		if i == 0 {
			v.start, n = binary.Varint(b)
		} else {
			gap, n = binary.Uvarint(b)
		}
		for _, u := range []*uint64{&length, &v.Bad, &v.Total} {
			if n <= 0 || n > len(b) {
				return cut
			}
			b = b[n:]
			*u, n = binary.Uvarint(b)
		}
		if n <= 0 || i > watchMaxWindows {
			return cut
		}
		b = b[n:]
		if i > 0 {
			if gap > uint64(hi-before) {
				return fmt.Errorf("window %d begins out of time", i)
			}
			v.start = before + int64(gap)
		}
		if v.start < lo || v.start >= hi || length == 0 || length >= math.MaxInt64 || length > uint64(hi-v.start) || int64(length) < t.memory/watchMaxWindows {
			return fmt.Errorf("window %d is none", i)
		}
		v.end = v.start + int64(length)
		if fault := watchFault(v.Count); fault != "" {
			return fmt.Errorf("window %d has %s", i, fault)
		}
		t.insert(v)
		if t.head > 0 {
			return fmt.Errorf("window %d is long forgotten", i)
		}
		before = v.end
	}
	return nil
}

// MarshalJSON is MarshalBinary, so that a Watch may be part of a JSON value.
func (w *Watch) MarshalJSON() ([]byte, error) { return w.MarshalBinary() }

// UnmarshalJSON is UnmarshalBinary, but for white space.
func (w *Watch) UnmarshalJSON(b []byte) error {
	var compact bytes.Buffer
	if err := json.Compact(&compact, b); err != nil {
		return fmt.Errorf("health: watch: unmarshal: %w", err)
	}
	return w.UnmarshalBinary(compact.Bytes())
}
