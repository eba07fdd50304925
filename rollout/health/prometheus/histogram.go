package prometheus

import (
	"fmt"
	"math"
	"slices"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// slow fills in what was slower than the edges. Edges that are no bounds of buckets
// are moved for both sides alike, and not beyond the last.
func (q query) slow(by [sides]tally, s *health.Sample) error {
	var all []health.Histogram
	for _, side := range by {
		if side[0].any {
			all = append(all, side[0].histogram)
		}
	}
	edges, err := health.AlignEdges(q.Edges, all...)
	if err != nil {
		return err
	}
	for i, e := range edges {
		if math.IsInf(e, 1) {
			return fmt.Errorf("no bucket of both sides ends at the edge %v or above", q.Edges[i])
		}
	}
	for side, into := range []struct {
		total *uint64
		slow  *[]uint64
	}{{&s.Canary.Total, &s.CanarySlow}, {&s.Control.Total, &s.ControlSlow}} {
		h := by[side][0]
		if !h.any {
			*into.slow = make([]uint64, len(edges))
			continue
		}
		*into.total = h.histogram.Total()
		if *into.slow, err = h.histogram.SlowCounts(edges); err != nil {
			return err
		}
	}
	return nil
}

// histograms are the series of a histogram as tracks.
func (g *reading) histograms(q query, all []series) ([]tracked, error) {
	if q.Native {
		return g.native(all)
	}
	return g.classic(all)
}

// base is the index of the first scrape that counts, if the times are those of a
// track: the last at or before the window's start.
func (b bounds) base(at []int64) int { return max((&track{at: at}).last(b.start), 0) }

func (g *reading) native(all []series) ([]tracked, error) {
	var tracks []tracked
	for _, s := range all {
		k, err := g.track(0, s)
		if err != nil {
			return nil, err
		}
		for _, p := range s.points {
			if p.hist == nil {
				return nil, fmt.Errorf("prometheus: series {%s} is no native histogram", allLabels(s.labels))
			}
			k.at = append(k.at, p.at)
		}
		k.histograms = make([]health.Histogram, len(k.at))
		for i := g.base(k.at); i < len(k.at); i++ {
			if k.histograms[i], err = s.points[i].hist.histogram(); err != nil {
				return nil, fmt.Errorf("prometheus: series {%s}: %w", allLabels(s.labels), err)
			}
		}
		tracks = append(tracks, k)
	}
	return tracks, nil
}

// histogram is what a native histogram counted.
func (h *histogram) histogram() (health.Histogram, error) {
	buckets := make([]health.NativeBucket, len(h.buckets))
	for i, b := range h.buckets {
		buckets[i] = health.NativeBucket{Lower: b.lower, Upper: b.upper, Count: b.num}
	}
	out, err := health.NativeHistogram(buckets)
	if err == nil && float64(out.Total()) != h.count {
		err = fmt.Errorf("a native histogram counts %v events, and its buckets %d: it has seen what is no number", h.count, out.Total())
	}
	return out, err
}

// classic puts the series of a histogram's buckets together, scrape by scrape.
func (g *reading) classic(all []series) ([]tracked, error) {
	type parts struct {
		tracked
		buckets map[int64][]health.CumulativeBucket // by time
	}
	histograms := map[string]*parts{}
	var order []string
	for _, s := range all {
		le, ok := parseNumber(s.labels["le"])
		if !ok {
			return nil, fmt.Errorf("prometheus: series {%s} is no bucket: its le is no number", allLabels(s.labels))
		}
		key := allLabels(s.labels, "le")
		h := histograms[key]
		if h == nil {
			k, err := g.track(0, s)
			if err != nil {
				return nil, err
			}
			h = &parts{k, map[int64][]health.CumulativeBucket{}}
			histograms[key] = h
			order = append(order, key)
		}
		for _, p := range s.points {
			if p.hist != nil {
				return nil, fmt.Errorf("prometheus: series {%s} is a native histogram", allLabels(s.labels))
			}
			h.buckets[p.at] = append(h.buckets[p.at], health.CumulativeBucket{LE: le, Count: p.value})
		}
	}
	var tracks []tracked
	for _, key := range order {
		h := histograms[key]
		for at := range h.buckets {
			h.at = append(h.at, at)
		}
		slices.Sort(h.at)
		h.track.histograms = make([]health.Histogram, len(h.at))
		for i := g.base(h.at); i < len(h.at); i++ {
			var err error
			if h.track.histograms[i], err = health.ClassicHistogram(h.buckets[h.at[i]]); err != nil {
				return nil, fmt.Errorf("prometheus: histogram {%s}: %w", key, err)
			}
		}
		tracks = append(tracks, h.tracked)
	}
	return tracks, nil
}
