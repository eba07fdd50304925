package prometheus

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// maxStrata bounds the strata of one metric.
const maxStrata = 1000

// Read is the window's samples: of each query one for each stratum in which either
// side has series, in the order of the queries and then of the strata. None means
// that there is no data; an error, that nothing is known. A window that may still
// grow is a [health.OpenError].
func (r *Reader) Read(ctx context.Context, w health.Window) ([]health.Sample, error) {
	exprs := slices.ContainsFunc(r.queries, func(q query) bool { return q.Expr })
	b, err := r.bounds(w, exprs)
	if err != nil {
		return nil, err
	}
	g := &reading{Reader: r, bounds: b, asked: map[string][]series{}, began: map[string]map[string]*track{}}
	var samples []health.Sample
	for _, q := range r.queries {
		some, err := g.query(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("%w (metric %q, window %s)", err, q.Metric, w.ID())
		}
		for i := range some {
			some[i].ID, some[i].Metric = w.ID(), q.Metric
		}
		samples = append(samples, some...)
	}
	return samples, nil
}

// reading is one call of Read. What is asked for twice is asked once.
type reading struct {
	*Reader
	bounds
	asked map[string][]series
	began map[string]map[string]*track // by the text of the question, by target
}

// tally is what one side counted in one stratum, by part of the query.
type tally [2]amount

// query reads one metric: all but the ID and the metric of its samples.
func (g *reading) query(ctx context.Context, q query) ([]health.Sample, error) {
	var counted [sides]map[string]*tally
	owner := map[string]int{}
	var strata []string
	for side, with := range g.sides {
		if len(with.match) == 0 || (side == twin && q.Bad == "") {
			continue
		}
		var err error
		counted[side], err = g.side(ctx, q, side, owner)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", sideNames[side], err)
		}
		for s := range counted[side] {
			strata = append(strata, s)
		}
	}
	slices.Sort(strata)
	strata = slices.Compact(strata)
	if len(strata) > maxStrata {
		return nil, fmt.Errorf("prometheus: there are %d strata, more than %d", len(strata), maxStrata)
	}
	var samples []health.Sample
	for _, stratum := range strata {
		var by [sides]tally
		for side := range by {
			if t := counted[side][stratum]; t != nil {
				by[side] = *t
			}
		}
		s, err := q.sample(by)
		if err != nil {
			return nil, fmt.Errorf("prometheus: stratum %q: %w", stratum, err)
		}
		s.Stratum = stratum
		samples = append(samples, s)
	}
	return samples, nil
}

// sample is what both sides counted in a stratum.
func (q query) sample(by [sides]tally) (health.Sample, error) {
	var s health.Sample
	counts := [sides]*health.Count{&s.Canary, &s.Control, &s.Twin}
	if q.Histogram != "" {
		return s, q.slow(by, &s)
	}
	for side, c := range counts {
		var err error
		if c.Total, err = whole(by[side][0].number); err == nil && q.Bad != "" {
			c.Bad, err = whole(by[side][1].number)
		}
		if err == nil && c.Bad > c.Total {
			err = fmt.Errorf("there are %d events of Bad, and only %d of Total", c.Bad, c.Total)
		}
		if err != nil {
			return s, fmt.Errorf("%s: %w", sideNames[side], err)
		}
	}
	if q.Sum != "" {
		for side, mean := range []*float64{&s.CanaryMean, &s.ControlMean} {
			if n := counts[side].Total; n > 0 {
				*mean = by[side][1].number / float64(n)
			}
		}
	}
	return s, nil
}

// whole is a number of events.
func whole(v float64) (uint64, error) {
	if v != math.Trunc(v) || v > maxValue || v < 0 {
		return 0, fmt.Errorf("%v is no whole number of events", v)
	}
	return uint64(v), nil
}

// side reads one side of one metric. owner says of each series whose it is.
func (g *reading) side(ctx context.Context, q query, side int, owner map[string]int) (map[string]*tally, error) {
	targets := map[string]*target{}
	var order []string
	for part, source := range q.parts {
		all, err := g.ask(ctx, source, side, q.Expr)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", source.what, err)
		}
		for _, s := range all {
			key := fmt.Sprint(part, allLabels(s.labels))
			if of, ok := owner[key]; ok && of != side {
				return nil, fmt.Errorf("prometheus: series {%s} is both %s and %s", allLabels(s.labels), sideNames[of], sideNames[side])
			}
			owner[key] = side
		}
		tracks, err := g.tracks(q, part, all)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", source.what, err)
		}
		for _, k := range tracks {
			if targets[k.target] == nil {
				targets[k.target] = &target{}
				order = append(order, k.target)
			}
			targets[k.target].tracks = append(targets[k.target].tracks, k.track)
		}
	}
	if len(order) > 0 && g.starts != nil && !q.Expr {
		began, err := g.begins(ctx, side)
		if err != nil {
			return nil, fmt.Errorf("its Start: %w", err)
		}
		for name, t := range targets {
			t.started = began[name]
		}
	}
	for _, name := range order {
		var has [2]bool
		for _, k := range targets[name].tracks {
			has[k.part] = true
		}
		switch {
		case q.Initialised && !has[1]:
			return nil, fmt.Errorf("prometheus: target {%s} has no series of Bad, not even one of 0", name)
		case q.Sum != "" && !has[1]: // it is not 0, but not known
			return nil, fmt.Errorf("prometheus: target {%s} has series of Total and none of Sum", name)
		case q.Sum != "" && !has[0]:
			return nil, fmt.Errorf("prometheus: target {%s} has series of Sum and none of Total", name)
		}
	}
	slices.Sort(order) // sums of numbers that are not whole depend on it
	if err := g.interval(targets, order, q.Expr); err != nil {
		return nil, err
	}
	counted := map[string]*tally{}
	for _, name := range order {
		err := targets[name].increments(g.bounds, func(k *track, n amount) error {
			t := counted[k.stratum]
			if t == nil {
				t = &tally{}
				counted[k.stratum] = t
			}
			return t[k.part].add(n)
		})
		if err != nil {
			return nil, fmt.Errorf("prometheus: target {%s}: %w", name, err)
		}
	}
	return counted, nil
}

// interval checks that the targets are scraped at least once in a window's time, and
// in the time before it.
func (g *reading) interval(targets map[string]*target, order []string, exprs bool) error {
	gap := int64(math.MaxInt64)
	for _, name := range order {
		gap = min(gap, targets[name].gap())
	}
	if exprs || gap == math.MaxInt64 {
		return nil
	}
	if window := g.end - g.start; gap > window {
		return fmt.Errorf("prometheus: scrapes are %d ms apart, and the window has only %d ms", gap, window)
	}
	if gap > g.start-g.from { // the last one before the window would often not be seen
		return fmt.Errorf("prometheus: scrapes are %d ms apart, and Lookback is only %v", gap, g.o.Lookback)
	}
	return nil
}

// ask gets what one source has of one side, and checks that it is what was asked for.
func (g *reading) ask(ctx context.Context, s source, side int, expr bool) ([]series, error) {
	text := s.text(g.sides[side])
	question := fmt.Sprint(expr, text)
	if all, ok := g.asked[question]; ok {
		return all, nil
	}
	var all []series
	var err error
	if expr {
		all, err = g.ranged(ctx, text, g.bounds)
	} else {
		all, err = g.instant(ctx, text, g.bounds)
	}
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, one := range all {
		key := allLabels(one.labels)
		if seen[key] {
			return nil, fmt.Errorf("prometheus: series {%s} comes twice", key)
		}
		seen[key] = true
		if !expr && !s.selector.with(g.sides[side]).matches(one.labels) {
			return nil, fmt.Errorf("prometheus: series {%s} was not asked for: the question was %s", key, text)
		}
	}
	g.asked[question] = all
	return all, nil
}

// begins are the tracks of the times at which the targets of one side started, in
// milliseconds.
func (g *reading) begins(ctx context.Context, side int) (map[string]*track, error) {
	text := g.starts.text(g.sides[side])
	if t, ok := g.began[text]; ok {
		return t, nil
	}
	all, err := g.ask(ctx, *g.starts, side, false)
	if err != nil {
		return nil, err
	}
	began := map[string]*track{}
	for _, s := range all {
		name, err := g.targetOf(s.labels)
		if err != nil {
			return nil, err
		}
		if began[name] != nil {
			return nil, fmt.Errorf("prometheus: target {%s} has two times of its start", name)
		}
		k := &track{}
		for _, p := range s.points {
			if p.hist != nil {
				return nil, fmt.Errorf("prometheus: series {%s} is a histogram", allLabels(s.labels))
			}
			k.at = append(k.at, p.at)
			k.numbers = append(k.numbers, math.Round(p.value*1000))
		}
		began[name] = k
	}
	g.began[text] = began
	return began, nil
}

// tracked is a track and whose it is.
type tracked struct {
	*track
	target string
}

// tracks are the series of one part of a query.
func (g *reading) tracks(q query, part int, all []series) ([]tracked, error) {
	if q.Histogram != "" {
		return g.histograms(q, all)
	}
	var tracks []tracked
	for _, s := range all {
		k, err := g.track(part, s)
		if err != nil {
			return nil, err
		}
		if q.Sum != "" {
			k.stratum = ""
		}
		for _, p := range s.points {
			if p.hist != nil {
				return nil, fmt.Errorf("prometheus: series {%s} is a histogram and no counter", allLabels(s.labels))
			}
			k.at = append(k.at, p.at)
			k.numbers = append(k.numbers, p.value)
		}
		tracks = append(tracks, k)
	}
	return tracks, nil
}

// track is one without values for a series.
func (g *reading) track(part int, s series) (tracked, error) {
	name, err := g.targetOf(s.labels)
	return tracked{&track{part: part, stratum: labelsOf(s.labels, g.o.Strata)}, name}, err
}
