package health

import "math"

// points is the number of ratios that a mixture has.
const points = 5

// weights of the ratios of [ratios], in order; they add up to 1.
//
// They, the ratios and late come from a search by simulation: the least delay over
// the physical limit, at the worst of the ratios 1.5, 2, 3, 5 and 10, of alpha .05,
// .01 and .001 and of one control request for each of the canary's or nine
// (BenchmarkDetection). More ratios than these five cost more, by the smaller weight
// of each, than they bring by being nearer.
var weights = [points]float64{0.30, 0.20, 0.38, 0.06, 0.06}

var logWeights = func() (out [points]float64) {
	for i, w := range weights {
		out[i] = math.Log(w)
	}
	return out
}()

// ratios are those that a mixture bets on between what is tolerated and a total
// outage: two below the smallest one that matters, on the scale of logarithms, and
// multiples of it.
func ratios(tolerance, mde float64) [points]float64 {
	between := func(part float64) float64 { return float64(tolerance * math.Pow(mde/tolerance, part)) }
	return [points]float64{between(0.65), between(0.83), 2 * mde, 5.6 * mde, 20 * mde}
}

// Regressions that begin late. Of the evidence, the share late begins at 1 anew
// every startEvery windows: the j-th time a part 1/j of what is left for maxStarts
// of them.
const (
	late       = 0.05
	startEvery = 10
	maxStarts  = 1000 // a week of minutes
)

// startPart is the j-th beginning's part of late: 1/j, over the sum of 1/j to maxStarts.
func startPart(j uint64) float64 { return 1 / float64(float64(j)*harmonic) }

// harmonic is the sum of 1/j for j = 1 to maxStarts.
const harmonic = 7.485470860550345

// sureRatio is the least ratio that is bet on while instances warm up: what is slow
// to start does not fail ten times as often. sureTolerance is the ratio that is
// tolerated meanwhile: evidence against less would blame a slow start by chance.
const (
	sureRatio     = 10
	sureTolerance = 3
)

// bets are the ratios of a mixture with what does not change from window to window.
type bets struct {
	tolerance   float64
	ratio, gain [points]float64 // gain is log(ratio/tolerance)
}

func betsOf(tolerance, mde float64) bets {
	b := bets{tolerance: tolerance, ratio: ratios(tolerance, mde)}
	for i, r := range b.ratio {
		b.gain[i] = math.Log(r / tolerance)
	}
	return b
}

// mixture is evidence that is spread over ratios and beginnings: the wealth of
// somebody who started with 1 and bets a part of it on each ratio. Its zero value is
// not ready; see [newMixture].
type mixture struct {
	// Log has the logarithm of each ratio's evidence times its weight, over all
	// beginnings so far. Idle is what is kept for those to come, not a logarithm.
	Log  [points]float64 `json:"log"`
	Idle float64         `json:"idle"`
	// Starts counts the late beginnings.
	Starts uint64 `json:"starts,omitempty"`
}

func newMixture() mixture {
	m := mixture{Idle: late}
	for i, w := range weights {
		m.Log[i] = math.Log(float64((1 - late) * w))
	}
	return m
}

// start is a late beginning.
func (m *mixture) start() {
	if m.Starts >= maxStarts {
		return
	}
	m.Starts++
	part := float64(late * startPart(m.Starts))
	m.Idle = leave(m.Idle, m.Starts)
	begun := math.Log(part)
	for i := range m.Log {
		m.Log[i] = logAdd(m.Log[i], begun+logWeights[i])
	}
}

// leave is what the j-th late beginning leaves of idle evidence.
func leave(idle float64, j uint64) float64 {
	if j == maxStarts {
		return 0
	}
	return max(0, idle-float64(late*startPart(j)))
}

// startsBy is how many late beginnings there are in that many windows.
func startsBy(windows uint64) uint64 { return min(windows/startEvery, maxStarts) }

// idleAfter is what that many late beginnings leave.
func idleAfter(starts uint64) float64 {
	idle := float64(late)
	for j := range starts {
		idle = leave(idle, j+1)
	}
	return idle
}

// A bout is what a window brings to a mixture: x bad events of s at the side that
// is suspected, which had the share of all requests.
type bout struct {
	x, s, share float64
	// phi divides the evidence, at least 1. See [Dispersion].
	phi float64
	// sure leaves out ratios below sureRatio.
	sure bool
	// most bounds what one bad event may multiply the evidence by; see [mixture.need].
	// +Inf is no bound.
	most float64
}

// add takes in a window. Each ratio's part of log e is
// x log(r/r0) - s [log(1+t(r-1)) - log(1+t(r0-1))]; the package comment has the
// proof. The conversions keep a compiler from fusing multiplication and addition,
// which would round differently on different machines.
func (m *mixture) add(b *bets, w bout) {
	tolerance, less := b.tolerance, 0.0
	if w.sure && tolerance < sureTolerance {
		tolerance, less = sureTolerance, math.Log(sureTolerance/tolerance)
	}
	null := math.Log1p(float64(w.share * (tolerance - 1)))
	for i, r := range b.ratio {
		if w.sure && r < sureRatio {
			continue
		}
		gain := b.gain[i] - less
		if least := w.least(r, b.tolerance); least < r {
			r, gain = least, math.Log(least/b.tolerance)
		}
		m.Log[i] += (float64(w.x*gain) - float64(w.s*(math.Log1p(float64(w.share*(r-1)))-null))) / w.phi
	}
}

// least is r, or the ratio at which one bad event multiplies the evidence by most.
func (w bout) least(r, tolerance float64) float64 {
	if math.IsInf(w.most, 1) {
		return r
	}
	// The share of bad events that falls to the suspected side is t r/(1+t(r-1)); a
	// bad event there multiplies by its quotient.
	q := float64(w.most*w.share) * tolerance / (1 + float64(w.share*(tolerance-1)))
	if q >= 1 {
		return r
	}
	return max(tolerance, min(r, float64(q*(1-w.share))/float64(w.share*(1-q))))
}

// evidence is the logarithm of the mixture's e-value.
func (m *mixture) evidence() float64 {
	top := m.Log[0]
	for _, l := range m.Log {
		top = max(top, l)
	}
	sum := 0.0
	if m.Idle > 0 {
		top = max(top, 0)
		sum = float64(m.Idle * math.Exp(-top))
	}
	for _, l := range m.Log {
		if l > top-40 { // less is lost in rounding
			sum += math.Exp(l - top)
		}
	}
	return top + math.Log(sum)
}

// need is the factor to which a ratio's evidence must be bounded in one bad event
// so that the mixture's evidence comes to goal with it, and not further: what is
// won beyond the goal is of no use, and staking less for it loses less when the
// event falls to the other side. Bets may depend on everything before the window,
// so this costs nothing. It is +Inf where one event cannot reach the goal.
//
// It is the remedy for overshoot of Fischer and Ramdas, Improving the (approximate)
// sequential probability ratio test by avoiding overshoot (2024), for a mixture.
func (m *mixture) need(b *bets, share, goal float64) float64 {
	rest := 0.0
	var stake [points]float64
	for i, l := range m.Log {
		stake[i] = math.Exp(l)
		rest += stake[i]
	}
	won := m.Idle
	null := b.tolerance / (1 + float64(share*(b.tolerance-1)))
	for i, r := range b.ratio {
		f := r / (1 + float64(share*(r-1))) / null
		if won+float64(rest*f) >= goal {
			return (goal - won) / rest
		}
		won += float64(stake[i] * f)
		rest -= stake[i]
		if !(rest > 0) {
			break
		}
	}
	return math.Inf(1)
}
