package skill

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// Resampling says how to draw samples from the data. Its zero value is a sound
// choice: 1000 draws, 95 %, outcomes independent of each other.
type Resampling struct {
	// Seed chooses the draws: the same seed, the same interval on every machine.
	Seed uint64
	// Draws is how many samples are drawn. If zero, 1000.
	Draws int
	// Level is the confidence level. If zero, 0.95.
	Level float64
	// Block is how many neighbours are drawn together, in a circle (D. Politis and
	// J. Romano, in Exploring the Limits of Bootstrap, 1992), for data in order of time
	// in which a failure makes the next more likely. If zero, 1: each by itself.
	Block int
}

// Statistic is one number of a sample, and whether the sample can give it.
type Statistic func(*Sample) (float64, bool)

// Estimate is a number with its interval.
type Estimate struct {
	// Value is the number on the data as they are; it is known if Known says so.
	Value float64
	Known bool
	// Interval is where the number may be; it is known if Bounded says so.
	Interval stats.Interval
	Bounded  bool
}

// maxMissing is the share of draws that may lack the number. Where more do, there is
// so little of one kind that an interval from the rest would be too narrow.
const maxMissing = 0.1

// Bootstrap is the percentile interval of a number of n things (B. Efron and R.
// Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13): n of them are drawn
// with replacement, again and again, and the interval holds the middle of what the
// number then is. statistic gets the indexes drawn, from 0 to n-1, and must not keep
// the slice. Nothing corrects for bias (see [Sample.ECEEstimate]), nor for the fact that draws from few failures
// know of no others (see [Sample.AUCInterval]).
//
// The answer is false where n is below 2, r makes no sense (a level outside 0 to
// 1, so few draws that not one lies in each tail), more than a tenth of the draws
// do not have the number, or the draws all agree: two failures that rank above all
// else do so in every draw, and that proves nothing of the third.
func Bootstrap(n int, r Resampling, statistic func(index []int) (float64, bool)) (stats.Interval, bool) {
	e := BootstrapEach(n, r, 1, func(index []int, out []float64) {
		if v, ok := statistic(index); ok {
			out[0] = v
		}
	})[0]
	return e.Interval, e.Bounded
}

// BootstrapEach is [Bootstrap] of k numbers from the same draws. statistics writes
// them into out, whose k places hold NaN, which says that there is no such number. The
// results have intervals and no values.
func BootstrapEach(n int, r Resampling, k int, statistics func(index []int, out []float64)) []Estimate {
	result := make([]Estimate, k)
	r, ok := r.sound(n)
	if !ok {
		return result
	}
	index, out, found := make([]int, n), make([]float64, k), make([][]float64, k)
	source := rand.NewPCG(r.Seed, stream)
	for range r.Draws {
		r.draw(source, n, func(at, i int) { index[at] = i })
		for i := range out {
			out[i] = math.NaN()
		}
		statistics(index, out)
		for i, v := range out {
			found[i] = append(found[i], v)
		}
	}
	for i := range result {
		result[i].Interval, result[i].Bounded = r.interval(found[i])
	}
	return result
}

// Estimates are numbers of the sample with their percentile intervals, as [Bootstrap]
// gives them, all from the same draws. Nothing is sorted again: the cost is about n
// steps per draw. The interval of an ECE comes from [Sample.ECEEstimate].
func (s *Sample) Estimates(r Resampling, statistics ...Statistic) []Estimate {
	out := make([]Estimate, len(statistics))
	for i, statistic := range statistics {
		out[i].Value, out[i].Known = statistic(s)
	}
	r, ok := r.sound(s.n)
	if !ok {
		return out
	}
	found := s.resampled(r, statistics)
	for i := range out {
		if out[i].Known {
			out[i].Interval, out[i].Bounded = r.interval(found[i])
		}
	}
	return out
}

// Difference is what the statistic is of b more than of a, where both are of the same
// outcomes in the same order: the draws are the same, so what they have in common does
// not widen the interval. It is not known where one of the two is not, or the
// outcomes differ.
func Difference(a, b *Sample, r Resampling, statistic Statistic) Estimate {
	va, okA := statistic(a)
	vb, okB := statistic(b)
	if !okA || !okB || len(a.cells) != len(b.cells) {
		return Estimate{}
	}
	for i := range a.cells {
		if a.cells[i]%2 != b.cells[i]%2 {
			return Estimate{}
		}
	}
	out := Estimate{Value: vb - va, Known: true}
	r, ok := r.sound(a.n)
	if !ok {
		return out
	}
	// A statistic may lack a number in different draws of a and b; NaN keeps them in step.
	paired := func(s *Sample) (float64, bool) {
		if v, ok := statistic(s); ok {
			return v, true
		}
		return math.NaN(), true
	}
	x, y := a.resampled(r, []Statistic{paired})[0], b.resampled(r, []Statistic{paired})[0]
	for i := range x {
		x[i] = y[i] - x[i]
	}
	out.Interval, out.Bounded = r.interval(x)
	return out
}

// resampled are the statistics' values over all draws, each as far as known.
func (s *Sample) resampled(r Resampling, statistics []Statistic) [][]float64 {
	found := make([][]float64, len(statistics))
	drawn := &Sample{groups: slices.Clone(s.groups), n: s.n}
	source := rand.NewPCG(r.Seed, stream)
	for range r.Draws {
		drawn.clear()
		r.draw(source, s.n, func(_, i int) {
			cell := int(s.cells[i])
			g := &drawn.groups[cell/2]
			g.n++
			g.failed += cell % 2
			drawn.failed += cell % 2
		})
		for i, statistic := range statistics {
			if v, ok := statistic(drawn); ok {
				found[i] = append(found[i], v)
			}
		}
	}
	return found
}

func (s *Sample) clear() {
	s.failed = 0
	for i := range s.groups {
		s.groups[i].n, s.groups[i].failed = 0, 0
	}
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// stream tells these draws from others with the same seed.
const stream = 0x5361_6c6c_7970_6f72

// sound is r with its defaults, and whether it makes sense for n things.
func (r Resampling) sound(n int) (Resampling, bool) {
	if r.Draws == 0 {
		r.Draws = 1000
	}
	if r.Level == 0 {
		r.Level = 0.95
	}
	if r.Block == 0 {
		r.Block = 1
	}
	ok := n >= 2 && r.Level > 0 && r.Level < 1 && r.Block > 0 && (r.Block == 1 || r.Block <= n/2)
	return r, ok && float64(float64(r.Draws)*(1-r.Level)/2) >= 1-1e-9
}

// draw calls f with places 0 to n-1 and what is drawn for each.
func (r Resampling) draw(source *rand.PCG, n int, f func(at, i int)) {
	for at := 0; at < n; {
		// The high word of a product spreads 64 bits evenly enough over n (the bias is
		// below n/2^64), and does so the same on machines of 32 bits.
		hi, _ := bits.Mul64(source.Uint64(), uint64(n))
		for i, end := int(hi), min(at+r.Block, n); at < end; at++ {
			f(at, i)
			if i++; i == n {
				i = 0
			}
		}
	}
}

// interval is the middle of what was found.
func (r Resampling) interval(found []float64) (stats.Interval, bool) {
	found = slices.DeleteFunc(found, func(v float64) bool { return !finite(v) })
	if float64(r.Draws-len(found)) > float64(maxMissing*float64(r.Draws)) {
		return stats.Interval{}, false
	}
	slices.Sort(found)
	tail := (1 - r.Level) / 2
	out := stats.Interval{Lo: stats.Quantile(found, tail), Hi: stats.Quantile(found, 1-tail)}
	if out.Lo == out.Hi {
		return stats.Interval{}, false
	}
	return out, true
}
