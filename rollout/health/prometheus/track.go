package prometheus

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/rollout/health"
)

// track is what one counter said, or several that are scraped and reset together,
// as those of a histogram are, by scrape: at the time at[i] it said numbers[i] or
// histograms[i].
type track struct {
	part       int // of its query
	stratum    string
	at         []int64
	numbers    []float64
	histograms []health.Histogram // for a histogram; those before the base are empty
}

// amount is what counters counted in a window.
type amount struct {
	number    float64
	histogram health.Histogram
	any       bool // the histogram is one
}

// add adds another amount.
func (a *amount) add(b amount) error {
	a.number += b.number
	switch {
	case !b.any:
		return nil
	case !a.any:
		a.histogram, a.any = b.histogram, true
		return nil
	}
	var err error
	a.histogram, err = a.histogram.Add(b.histogram)
	return err
}

// since is what the track counted from one scrape to another, from 0 if before is -1.
// What fell began again from 0.
func (k *track) since(before, now int) (amount, error) {
	if k.histograms == nil {
		v := k.numbers[now]
		if before >= 0 && v >= k.numbers[before] {
			v -= k.numbers[before]
		}
		return amount{number: v}, nil
	}
	h := k.histograms[now]
	if before >= 0 {
		d, err := h.Sub(k.histograms[before])
		if err == nil {
			h = d
		} else if !errors.Is(err, health.ErrReset) {
			return amount{}, err
		}
	}
	return amount{histogram: h, any: true}, nil
}

// fell reports whether the track was lower at a scrape than at the one before.
func (k *track) fell(i int) bool {
	if k.histograms != nil {
		return k.histograms[i].Total() < k.histograms[i-1].Total()
	}
	return k.numbers[i] < k.numbers[i-1]
}

// last is the index of the last scrape at or before t, or -1.
func (k *track) last(t int64) int {
	return sort.Search(len(k.at), func(i int) bool { return k.at[i] > t }) - 1
}

// target is one scraped process: all tracks of a query that come from it.
type target struct {
	tracks []*track
	// started are the times at which its process started, by scrape, in milliseconds;
	// nil where nobody says.
	started *track

	times    []int64 // of its scrapes
	restarts []int64 // those at which another process answers than before
	falls    []int64 // those at which a track was lower than before
}

// restart is by how much a process must have started later for it to be another
// one: what a kernel says of its own start moves a little with its clock.
const restart = 2000 // milliseconds

// gap is the shortest time between two scrapes of one track, or the largest number
// where no track has two.
func (g *target) gap() int64 {
	shortest := int64(math.MaxInt64)
	for _, k := range g.all() {
		for i := 1; i < len(k.at); i++ {
			shortest = min(shortest, k.at[i]-k.at[i-1])
		}
	}
	return shortest
}

func (g *target) all() []*track {
	if g.started == nil {
		return g.tracks
	}
	return append(slices.Clip(g.tracks), g.started)
}

// scrapes are the times of all tracks, or nil where the tracks were not scraped
// together: then some times are closer to each other than any one track has them.
func (g *target) scrapes() []int64 {
	var times []int64
	for _, k := range g.all() {
		times = append(times, k.at...)
	}
	slices.Sort(times)
	times = slices.Compact(times)
	if len(times) < 2 {
		return times
	}
	gap := g.gap()
	if gap == math.MaxInt64 {
		return nil
	}
	for i := 1; i < len(times); i++ {
		if times[i]-times[i-1] < gap-gap/10 {
			return nil
		}
	}
	return times
}

// increments calls add with what each track counted in the window.
func (g *target) increments(b bounds, add func(*track, amount) error) error {
	if g.times = g.scrapes(); g.times == nil {
		for _, k := range g.tracks {
			if err := k.walk(max(b.start, k.at[0]), b, nil, add); err != nil {
				return err
			}
		}
		return nil
	}
	g.breaks(b)
	start := b.start
	if first := g.times[0]; first > start && !g.young(first, b) {
		start = first // nobody knows what it counted before
	}
	for _, k := range g.tracks {
		if err := k.walk(start, b, g, add); err != nil {
			return err
		}
	}
	return nil
}

// breaks finds where the target began again.
func (g *target) breaks(b bounds) {
	for i := 1; i < len(g.times); i++ {
		if g.restarted(g.times[i-1], g.times[i], b.skew) {
			g.restarts = append(g.restarts, g.times[i])
		}
	}
	for _, k := range g.tracks {
		for i := 1; i < len(k.at); i++ {
			if k.fell(i) {
				g.falls = append(g.falls, k.at[i])
			}
		}
	}
	slices.Sort(g.falls)
}

// anew reports whether what a track said at the later of two of its scrapes was
// counted from 0 though it may not be lower: by another process, or after the series
// was gone for a while in which another one of the target fell. One that is only
// missing may be lost on its way.
func (g *target) anew(before, now int64) bool {
	if within(g.restarts, before, now) {
		return true
	}
	next := sort.Search(len(g.times), func(i int) bool { return g.times[i] > before })
	return g.times[next] < now && within(g.falls, before, now)
}

// within reports whether one of the times is after the first and up to the last.
func within(times []int64, first, last int64) bool {
	i := sort.Search(len(times), func(i int) bool { return times[i] > first })
	return i < len(times) && times[i] <= last
}

// walk calls add once with what the track counted after the start up to the end of
// the window; before its first scrape it stood at 0. The target is nil where its
// tracks were not scraped together.
func (k *track) walk(start int64, b bounds, g *target, add func(*track, amount) error) error {
	before, end := k.last(start), k.last(b.end)
	var sum amount
	if before >= 0 { // nothing so far
		var err error
		if sum, err = k.since(before, before); err != nil {
			return err
		}
	}
	for now := before + 1; now <= end; now++ {
		if before >= 0 && g != nil && g.anew(k.at[before], k.at[now]) {
			before = -1
		}
		gain, err := k.since(before, now)
		if err == nil {
			err = sum.add(gain)
		}
		if err != nil {
			return err
		}
		before = now
	}
	return add(k, sum)
}

// value is what a track of numbers said at a scrape.
func (k *track) value(at int64) (float64, bool) {
	i, ok := slices.BinarySearch(k.at, at)
	if !ok {
		return 0, false
	}
	return k.numbers[i], true
}

// young reports whether the target is known to have started since the beginning of
// what was asked for.
func (g *target) young(first int64, b bounds) bool {
	if g.started == nil {
		return false
	}
	v, ok := g.started.value(first)
	return ok && v >= float64(b.from) && v <= float64(first+b.skew)
}

// restarted reports whether another process answers the later scrape: it started
// after the earlier one. A start that moves and lies before that is the same process
// under a clock that was set.
func (g *target) restarted(before, now, skew int64) bool {
	if g.started == nil {
		return false
	}
	a, known := g.started.value(before)
	b, ok := g.started.value(now)
	return known && ok && b-a > restart && b >= float64(before-skew)
}

// labelsOf is the text of some labels of a series, `job="shop",instance="a:80"`.
func labelsOf(labels map[string]string, names []string) string {
	var b strings.Builder
	for i, name := range names {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(name + "=" + strconv.Quote(labels[name]))
	}
	return b.String()
}

// allLabels is the text of all labels of a series but some.
func allLabels(labels map[string]string, but ...string) string {
	names := make([]string, 0, len(labels))
	for name := range labels {
		if !slices.Contains(but, name) {
			names = append(names, strconv.Quote(name)+"="+strconv.Quote(labels[name]))
		}
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}

// targetOf is the text that names the target of a series.
func (r *Reader) targetOf(labels map[string]string) (string, error) {
	for _, name := range r.o.Target {
		if labels[name] == "" {
			return "", fmt.Errorf("prometheus: series {%s} has no %s: of a sum over targets nobody can tell what was counted", allLabels(labels), name)
		}
	}
	return labelsOf(labels, r.o.Target), nil
}
