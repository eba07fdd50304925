package health

import (
	"fmt"
	"math"
)

// Dispersion says how much a service's bad events vary from window to window
// beyond what requests explain that fail independently of each other. Evidence is
// tempered by it: the logarithm of each window's evidence is divided by how much
// the comparison of that window varies more than it should. The zero value tempers
// nothing; [DispersionOf] measures one.
//
// Tempering is calibrated, not proven: with it the error rates are those of
// simulations, not those of a theorem. It covers noise that is new in each window.
// What stays for long on one side only, such as instances that differ, is the
// matter of [Metric] Tolerance.
type Dispersion struct {
	// Factor is the variance of a window's bad events divided by the variance that
	// independent requests would give it. At least 1; 0 means 1.
	Factor float64 `json:"factor"`
	// Events is the mean number of bad events of a window in which Factor was seen.
	// Above 0 unless Factor is 0 or 1.
	Events float64 `json:"events"`
}

// What a Dispersion may say, and what a history must have. The bounds keep phi
// finite for every count.
const (
	maxFactor = 1e12
	minEvents = 1e-9

	minPairs = 30
	minBad   = 30
	enough   = "two hours of minutes with some hundred bad events are a good history"
)

// Validate reports what is wrong with the dispersion.
func (d Dispersion) Validate() error {
	switch {
	case d == Dispersion{}:
		return nil
	case !(d.Factor == 0 || d.Factor >= 1 && d.Factor <= maxFactor):
		return fmt.Errorf("health: dispersion: factor %v is not between 1 and %v", d.Factor, maxFactor)
	case d.Factor <= 1 && d.Events == 0:
		return nil
	case !(d.Events >= minEvents && d.Events <= maxCount):
		return fmt.Errorf("health: dispersion: %v bad events in a window are not between %v and 2^53", d.Events, minEvents)
	}
	return nil
}

// DispersionOf measures the dispersion of a service from its own history: closed
// windows in order of time, each as long as those that will be judged, of one
// metric and stratum, of the whole service or of a part of it while nothing was
// rolled out. History of a part about as large as the canary is sharpest; that of
// the whole service is as safe, and finds a regression later (see phi).
//
// The longer, the better: what is not known counts as noise. Two hours of minutes of
// a service whose requests do fail independently give about 1.2 instead of 1.
//
// Windows are compared with their successors only, so that drift and the time of
// day are no noise, and their traffic may change. With the pooled rate p of a
// pair of windows of N and M requests, and d the difference of their rates, the
// factor is
//
//	sum d² NM/(N+M)  /  sum p(1-p)
//
// which is von Neumann's mean square successive difference (Annals of Mathematical
// Statistics 12, 1941) over the binomial variance; a ratio of sums, because each
// pair's own ratio cannot exceed its events. Too small a factor breaks Alpha and
// one too large only takes longer, so Factor is the estimate plus one standard
// error, but at least 1. The standard error is the larger of two: that of a ratio
// of sums from the residuals of the pairs themselves, with their covariance at lag
// 1 as pairs share a window (the formula for independent requests would be several
// times too small for bursts); and that of a negative binomial with this mean and
// factor, whose excess kurtosis is 6(factor-1)/events + 1/(factor events), since
// bursts that are rare enough to be missing from a history are missing from its
// residuals too.
//
// Events is the mean over the pairs, or their mean weighted by rate where that is
// less: jitter shows in the factor with the latter, which differs where windows with
// less traffic fail more, and less is the safe side.
//
// An incident within the history counts as noise where it begins and ends. That
// too is safe and slow; leave out what will not come again.
//
// A window without requests is a gap, and no pair crosses it. History is refused
// when it has fewer than 30 pairs or fewer than 30 bad events, when all events are
// bad, or when a count is impossible.
func DispersionOf(history []Count) (Dispersion, error) {
	var sum struct{ square, expected, rate, events, weighted, pairs float64 }
	var bad float64
	paired := false // this window and the one before
	for i, c := range history {
		if c.Bad > c.Total || c.Total > maxCount {
			return Dispersion{}, fmt.Errorf("health: dispersion: window %d counts %d bad of %d, which no window can have", i, c.Bad, c.Total)
		}
		p, ok := pairAt(history, i)
		if ok || paired {
			bad += float64(c.Bad)
		}
		if paired = ok; ok {
			sum.square += p.square
			sum.expected += p.expected
			sum.rate += p.rate
			sum.events += p.events
			sum.weighted += float64(p.rate * p.events)
			sum.pairs++
		}
	}
	switch {
	case sum.pairs < minPairs:
		return Dispersion{}, fmt.Errorf("health: dispersion: %d windows have %v pairs of neighbours with requests, fewer than %d: %s",
			len(history), sum.pairs, minPairs, enough)
	case bad < minBad:
		return Dispersion{}, fmt.Errorf("health: dispersion: %v bad events in the pairs of %d windows are fewer than %d: %s; take a longer one or longer windows",
			bad, len(history), minBad, enough)
	case !(sum.expected > 0):
		return Dispersion{}, fmt.Errorf("health: dispersion: every event of %d windows was bad: nothing varies", len(history))
	}
	factor, events := sum.square/sum.expected, min(sum.events/sum.pairs, sum.weighted/sum.rate)

	var own, lag, last float64
	for i := range history {
		p, ok := pairAt(history, i)
		if !ok {
			last = 0
			continue
		}
		residual := p.square - float64(factor*p.expected)
		own += float64(residual * residual)
		lag += float64(residual * last)
		last = residual
	}
	measured := math.Sqrt(max(own, own+2*lag)) / sum.expected
	over := max(factor, 1)
	kurtosis := 6*(over-1)/events + 1/float64(over*events)
	modelled := over * math.Sqrt((3+kurtosis)/sum.pairs)
	d := Dispersion{Factor: min(round(max(1, factor+max(measured, modelled))), maxFactor), Events: max(round(events), minEvents)}
	return d, d.Validate()
}

// pair is what two successive windows say: the squared difference of their rates
// in units in which its mean is the factor times expected, their pooled rate, and
// the mean bad events of a window of their size. Of two sizes it is the harmonic
// mean at which jitter is seen.
type pair struct{ square, expected, rate, events float64 }

// pairAt is the pair of windows i and i+1, if both have requests.
func pairAt(history []Count, i int) (pair, bool) {
	if i+1 >= len(history) || history[i].Total == 0 || history[i+1].Total == 0 {
		return pair{}, false
	}
	n, m := float64(history[i].Total), float64(history[i+1].Total)
	x, y := float64(history[i].Bad), float64(history[i+1].Bad)
	size := n * (m / (n + m))
	p, d := (x+y)/(n+m), x/n-y/m
	return pair{square: d * d * size, expected: p * (1 - p), rate: p, events: 2 * p * size}, true
}

// phi is how much more the logarithm of the ratio of the two rates varies than
// independent requests explain, in a window with s bad events of both sides, of
// which the canary's expected part is share. Log evidence is divided by it.
//
// What a factor that was seen at Events per window says of a side that has fewer
// or more depends on what the noise is. Bursts, of which each window has a random
// number, give the same factor at every size. A rate that jitters with a
// coefficient of variation c gives 1 + c² events, which grows with the size. So a
// smaller side has at most the factor that was seen (bursts), and a larger one at
// most 1 + (Factor-1) events/Events (jitter), and mixtures of the two lie between:
//
//	side(events) = 1 + (Factor-1) max(1, events/Events)
//
// With canary events x and control events y expected, the variance of the
// logarithm of the ratio is side(x)/x + side(y)/y, instead of 1/x + 1/y. As
// x : y = share : 1-share, their quotient is (1-share) side(x) + share side(y).
//
// The bound is exact when history is of the canary's size and the noise is jitter,
// or for bursts when both sides are no larger than history's. It takes s as what
// was to be expected. A caller does better to give the mean of s so far than the
// window's own: where the control has few events by chance, s is small, phi would
// be too, and just there the evidence against the canary is large.
func (d Dispersion) phi(s, share float64) float64 {
	if d.Factor <= 1 {
		return 1
	}
	canary, control := max(1, s*share/d.Events), max(1, s*(1-share)/d.Events)
	return 1 + float64((d.Factor-1)*(float64((1-share)*canary)+float64(share*control)))
}
