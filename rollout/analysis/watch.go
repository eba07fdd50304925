package analysis

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// Edge names what is slower than an edge of a metric with edges, as a metric of a
// [health.WatchPolicy]: "latency>0.5".
func Edge(metric string, edge float64) string {
	return metric + ">" + strconv.FormatFloat(edge, 'g', -1, 64)
}

// Learn makes what is watched once everybody has the release from what was counted
// of the control while there was one: of each metric of the policy the windows' counts, in
// the order of time, by the metric's name, or by that of [Edge] with CertifyAt. The rate
// is the one that the control's does not exceed at a confidence of 0.99
// ([health.BaselineOf]); tolerance, MDE and weight are the metric's, and so is the
// dispersion if the metric has one.
//
// Metrics of means, those with edges that certify none, and those for which BaselineOf
// finds the history too short (30 windows with requests, and bad events worth 10
// independent ones, are the least) are left out. It is an error if none is left. What
// was counted of the control in some hours is compared with later ones: a service whose
// rates depend on the hour needs a stated policy.
func Learn(p health.Policy, history map[string][]health.Count) (health.WatchPolicy, error) {
	var w health.WatchPolicy
	var errs []error
	p = p.Defaults()
	for _, m := range p.Metrics {
		name, ok := watchName(m)
		if !ok {
			errs = append(errs, fmt.Errorf("metric %q counts no bad events", m.Name))
			continue
		}
		b, err := health.BaselineOf(name, history[name])
		if err != nil {
			errs = append(errs, err)
			continue
		}
		b.Tolerance, b.MDE, b.Weight = m.Tolerance, m.MDE, m.Weight
		if m.Dispersion.Factor > 0 {
			b.Dispersion = m.Dispersion
		}
		if float64(b.Rate*b.Tolerance) >= 1 {
			errs = append(errs, fmt.Errorf("metric %q: nearly all events of the control are bad", name))
			continue
		}
		w.Metrics = append(w.Metrics, b)
	}
	if len(w.Metrics) == 0 {
		return health.WatchPolicy{}, fmt.Errorf("analysis: no rate is known to watch by: %w", errors.Join(errs...))
	}
	w.Silence = p.Silence
	return w.Defaults(), nil
}

// watchName is under which name a metric is watched, if it can be.
func watchName(m health.Metric) (string, bool) {
	switch {
	case m.Mean, len(m.Edges) > 0 && m.RegressionOnly:
		return "", false
	case len(m.Edges) > 0:
		return Edge(m.Name, m.CertifyAt), true
	}
	return m.Name, true
}

// A feed says where a metric of a watch is in the samples.
type feed struct {
	name, metric string
	edge         int // index of the edge, or -1
}

// feedsOf finds all metrics of a watch among the policy's.
func feedsOf(p health.Policy, w health.WatchPolicy) ([]feed, error) {
	known := map[string]feed{}
	for _, m := range p.Metrics {
		if len(m.Edges) == 0 && !m.Mean {
			known[m.Name] = feed{m.Name, m.Name, -1}
		}
		for i, e := range m.Edges {
			if name := Edge(m.Name, e); known[name].name == "" {
				known[name] = feed{name, m.Name, i}
			}
		}
	}
	var out []feed
	enter := func(name string) error {
		f, ok := known[name]
		if !ok {
			return fmt.Errorf("analysis: the watch's %q counts no events of the policy's metrics", name)
		}
		if !slices.Contains(out, f) {
			out = append(out, f)
		}
		return nil
	}
	for _, b := range w.Metrics {
		if err := enter(b.Name); err != nil {
			return nil, err
		}
	}
	for _, o := range w.Objectives {
		if err := enter(o.Metric); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// look has the watch take in a window.
func (p *part) look(w health.Window, samples []health.Sample) error {
	out := make([]health.WatchSample, 0, len(p.feeds))
	for _, f := range p.feeds {
		c := f.sum(samples, func(s *health.Sample) (health.Count, []uint64) { return s.Canary, s.CanarySlow })
		out = append(out, health.WatchSample{Metric: f.name, Window: w, Count: c})
	}
	if err := p.watch.Add(out...); err != nil {
		return err
	}
	return p.watch.Advance(w.End)
}

// sum is what was counted of one side in all strata. A count that is impossible stays so.
func (f feed) sum(samples []health.Sample, side func(*health.Sample) (health.Count, []uint64)) (out health.Count) {
	for i := range samples {
		if samples[i].Metric != f.metric {
			continue
		}
		c, slow := side(&samples[i])
		if f.edge >= 0 {
			if c.Bad = math.MaxUint64; f.edge < len(slow) {
				c.Bad = slow[f.edge]
			}
		}
		if c.Bad > c.Total || c.Total > math.MaxUint64-out.Total {
			return health.Count{Bad: math.MaxUint64}
		}
		out.Bad, out.Total = out.Bad+c.Bad, out.Total+c.Total
	}
	return out
}

// remember keeps what was counted of the control.
func (p *part) remember(w health.Window, samples []health.Sample) {
	for _, m := range p.policy.Metrics {
		name, ok := watchName(m)
		if !ok {
			continue
		}
		f := feed{name, m.Name, -1}
		if len(m.Edges) > 0 {
			f.edge = slices.Index(m.Edges, m.CertifyAt)
		}
		c := f.sum(samples, func(s *health.Sample) (health.Count, []uint64) { return s.Control, s.ControlSlow })
		if c.Total > 0 && c.Bad <= c.Total {
			p.history[name] = append(p.history[name], seen{w.Start.UnixNano(), c})
		}
	}
}

// control is what was counted of the control, by metric and window: in the part of the
// traffic that id is, if that was judged before, and else in all.
func (s *state) control(id partID) map[string][]health.Count {
	parts := s.parts
	id.watch = false
	for _, at := range []partID{{whole: true}, id} {
		if p := s.find(at); p != nil {
			parts = []*part{p}
		}
	}
	sums := map[string]map[int64]health.Count{}
	for _, p := range parts {
		for name, all := range p.history {
			if sums[name] == nil {
				sums[name] = map[int64]health.Count{}
			}
			for _, h := range all {
				c := sums[name][h.start]
				sums[name][h.start] = health.Count{Bad: c.Bad + h.Bad, Total: c.Total + h.Total}
			}
		}
	}
	out := map[string][]health.Count{}
	for name, by := range sums {
		for _, start := range slices.Sorted(maps.Keys(by)) {
			out[name] = append(out[name], by[start])
		}
	}
	return out
}
