package analysis

import (
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// part is a part of the traffic that is judged: by a Monitor while there is a control,
// by a Watch afterwards.
type part struct {
	id     partID
	from   time.Time
	length time.Duration
	next   time.Time // where the next window begins
	policy health.Policy

	monitor *health.Monitor
	watch   *health.Watch
	feeds   []feed // of the watch
	// stage is the last one that it was part of, nil if that was not observed; due is
	// set to its beginning until the certificate has begun anew.
	stage *stageData
	due   time.Time
	// stale is set when it had regressed before the same stage was observed again: it was
	// taken back and is exposed anew, and what was found is not about that.
	stale bool
	// history is what the control did, by metric.
	history map[string][]seen
}

// seen is what was counted of the control in a window.
type seen struct {
	start int64
	health.Count
}

// window is the one that is to be read next.
func (p *part) window() health.Window {
	return health.Window{Start: p.next, End: p.next.Add(p.length)}
}

// enter is a stage that begins.
func (p *part) enter(d *stageData) {
	p.stage = d
	if p.monitor != nil && p.from.Before(d.Since) {
		p.due = d.Since
	}
}

// check reports why samples are none of the window's.
func (p *part) check(w health.Window, samples []health.Sample) error {
	id := w.ID()
	type place struct{ metric, stratum string }
	was := map[place]bool{}
	for i, s := range samples {
		at := place{s.Metric, s.Stratum}
		switch {
		case s.ID != id:
			return fmt.Errorf("sample %d of %q is of window %q, not %q", i, s.Metric, s.ID, id)
		case was[at]:
			return fmt.Errorf("metric %q, stratum %q stands twice in window %s", s.Metric, s.Stratum, id)
		case !slices.ContainsFunc(p.policy.Metrics, func(m health.Metric) bool { return m.Name == s.Metric }):
			return fmt.Errorf("sample %d of window %s: metric %q is not in the policy", i, id, s.Metric)
		}
		was[at] = true
	}
	return nil
}

// fill adds a sample of nothing for each metric that has none: a window in which
// nothing was counted is a window too.
func (p *part) fill(w health.Window, samples []health.Sample) []health.Sample {
	out := slices.Clone(samples)
	for _, m := range p.policy.Metrics {
		if slices.ContainsFunc(samples, func(s health.Sample) bool { return s.Metric == m.Name }) {
			continue
		}
		s := health.Sample{ID: w.ID(), Metric: m.Name}
		if n := len(m.Edges); n > 0 {
			s.CanarySlow, s.ControlSlow = make([]uint64, n), make([]uint64, n)
		}
		out = append(out, s)
	}
	return out
}

// count takes in a window that was checked.
func (p *part) count(w health.Window, samples []health.Sample) error {
	p.next = w.End
	if p.watch != nil {
		return p.look(w, samples)
	}
	if !p.due.IsZero() && !w.Start.Before(p.due) {
		p.monitor.Recertify()
		p.due = time.Time{}
	}
	p.remember(w, samples)
	return p.monitor.Add(samples...)
}

// regressed reports whether a regression was found.
func (p *part) regressed() bool {
	if p.watch != nil {
		return len(p.watch.Alarms()) > 0
	}
	return p.monitor.Kind() == health.KindRegressed
}

// verdict is what the windows so far say. Between the beginning of a stage and its first
// window nothing is certified.
func (p *part) verdict() health.Verdict {
	if p.watch != nil {
		return p.watch.Verdict()
	}
	v := p.monitor.Verdict()
	if !p.due.IsZero() && v.Kind == health.KindHealthy {
		v.Kind, v.LogCertificate = health.KindUndecided, 0
		v.Why = fmt.Sprintf("stage %s has begun and none of its windows is closed yet: the certificate begins anew", p.stage.Stage.Name)
	}
	return v
}
