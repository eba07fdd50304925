package health

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
)

// state is the Monitor at rest. Float64s survive JSON exactly.
type state struct {
	Version int     `json:"version"`
	Policy  Policy  `json:"policy"`
	Tracks  []track `json:"tracks"`
	Window  string  `json:"window,omitempty"`
	Windows uint64  `json:"windows,omitempty"`
	// Seen has a key and a mark for each sample, sorted by key.
	Seen   []byte  `json:"seen"`
	Found  finding `json:"found,omitzero"`
	Broken string  `json:"broken,omitempty"`
}

// maxLog bounds logarithms of evidence: a window adds less than 1e18, and there are
// fewer than 1e12 of them.
const maxLog = 1e30

// within reports whether each of some sums is one that windows can have left.
func within(sums ...float64) bool {
	for _, v := range sums {
		if !(math.Abs(v) <= maxLog) {
			return false
		}
	}
	return true
}

// check reports what no Monitor could have written. fresh is one of the same policy.
func (s *state) check(fresh *Monitor) error {
	if len(s.Tracks) != len(fresh.track) {
		return fmt.Errorf("%d tracks for %d metrics", len(s.Tracks), len(fresh.track))
	}
	if err := s.Found.check(fresh); err != nil {
		return err
	}
	if (s.Windows == 0) != (s.Window == "") {
		return fmt.Errorf("the last of %d windows is %q", s.Windows, s.Window)
	}
	for i := range s.Tracks {
		t := &s.Tracks[i]
		if t.Windows > s.Windows || t.Compared > s.Windows {
			return fmt.Errorf("metric %d: %d windows, compared in the last of %d, are more than %d", i, t.Windows, t.Compared, s.Windows)
		}
		if err := t.check(fresh, i); err != nil {
			return fmt.Errorf("metric %d: %w", i, err)
		}
	}
	const entry = len(key{}) + len(mark{})
	if len(s.Seen)%entry != 0 {
		return fmt.Errorf("the list of samples is cut")
	}
	for i := entry; i < len(s.Seen); i += entry {
		if bytes.Compare(s.Seen[i-entry:i-entry+len(key{})], s.Seen[i:i+len(key{})]) >= 0 {
			return fmt.Errorf("the list of samples is not sorted at %d", i/entry)
		}
	}
	return nil
}

func (f *finding) check(fresh *Monitor) error {
	switch {
	case f.Metric < 0 || f.Metric > len(fresh.track):
		return fmt.Errorf("regressed metric %d of %d", f.Metric, len(fresh.track))
	case (f.Metric > 0) != (f.Peak >= fresh.need()) || !within(f.Peak):
		return fmt.Errorf("peak %v does not go with regressed %d", f.Peak, f.Metric)
	case f.Metric == 0 && (len(f.Guilty) > 0 || f.Asymptotic || f.Peak != 0):
		return errors.New("metrics are guilty of no regression")
	}
	for i, g := range f.Guilty {
		if g < 0 || g >= len(fresh.track) || slices.Contains(f.Guilty[:i], g) {
			return fmt.Errorf("guilty metric %d of %d, or twice", g, len(fresh.track))
		}
	}
	return nil
}

// check reports what no Monitor could have written of metric i.
func (t *track) check(fresh *Monitor, i int) error {
	like := &fresh.track[i]
	switch {
	case len(t.Processes) != len(like.Processes):
		return fmt.Errorf("%d processes, not %d", len(t.Processes), len(like.Processes))
	case (t.Means == nil) != (like.Means == nil) || (t.StageMeans == nil) != (like.Means == nil):
		return errors.New("means of a metric that has none, or none of one that has")
	case t.Canary.Bad > t.Canary.Total || t.Control.Bad > t.Control.Total:
		return errors.New("more bad events than events")
	case t.Stage > t.Windows || (t.Windows == 0) != (t.Window == ""):
		return fmt.Errorf("%d windows of the stage of %d, the last of which is %q", t.Stage, t.Windows, t.Window)
	case t.Heard && t.Silent > 0:
		return fmt.Errorf("the canary was heard and is silent for %d requests", t.Silent)
	case t.Compared > 0 && (t.Canary.Total == 0 || t.Control.Total == 0):
		return errors.New("sides were compared that have no request")
	}
	for _, m := range [...]*mixture{&t.Checks.More, &t.Checks.Less, &t.Checks.TwinWorse, &t.Checks.TwinBetter} {
		if err := m.check(t.Windows); err != nil {
			return fmt.Errorf("checks: %w", err)
		}
	}
	if t.Means != nil {
		if err := errors.Join(t.Means.check(), t.StageMeans.check()); err != nil {
			return err
		}
		if t.Means.Windows > t.Windows || t.StageMeans.Windows > t.Means.Windows {
			return fmt.Errorf("means of %d and %d windows of %d", t.Means.Windows, t.StageMeans.Windows, t.Windows)
		}
	}
	for j := range t.Processes {
		if err := t.Processes[j].check(fresh, t); err != nil {
			return fmt.Errorf("process %d: %w", j, err)
		}
	}
	return nil
}

// check reports what no Monitor could have written of a process of t.
func (p *process) check(fresh *Monitor, t *track) error {
	if p.Canary.Bad > p.Canary.Total || p.Control.Bad > p.Control.Total || p.Canary.Total != t.Canary.Total || p.Control.Total != t.Control.Total {
		return errors.New("more bad events than events, or other events than the metric's")
	}
	if err := p.Worse.check(t.Windows); err != nil {
		return err
	}
	if p.Worse.Starts != startsBy(t.Windows) {
		return fmt.Errorf("%d beginnings in %d windows", p.Worse.Starts, t.Windows)
	}
	idle := 0.0
	if w := fresh.warmUp(); w > 0 && t.Stage <= w {
		idle = 0.5
	}
	// What was kept for after the warm-up may begin when the rest stands at its most.
	if c := p.Certificate; c.Idle != idle || !within(c.Log) || c.Log > fresh.most+1 {
		return fmt.Errorf("a certificate of %v, and %v to begin, in window %d of the stage", c.Log, c.Idle, t.Stage)
	}
	if !(p.Seen.Bad >= 0) || !within(p.Seen.Bad) || !within(p.Seen.Other[:]...) {
		return errors.New("a likelihood of no windows")
	}
	return nil
}

// check reports evidence that windows cannot have left.
func (m *mixture) check(windows uint64) error {
	if m.Starts > startsBy(windows) || m.Idle != idleAfter(m.Starts) {
		return fmt.Errorf("%d beginnings in %d windows leave %v of the evidence", m.Starts, windows, m.Idle)
	}
	if !within(m.Log[:]...) {
		return fmt.Errorf("evidence of %v", m.Log)
	}
	return nil
}
