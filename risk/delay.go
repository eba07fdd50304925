package risk

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// delayCurve is how soon failures become known: the probability that the failure of a
// release that fails is known by an age.
//
// # The own curve
//
// Only failures that were reported so far are seen, and of young releases only those
// that failed soon: delays are right-truncated, and their plain distribution is too fast. The product-limit
// estimate in reversed time corrects that (S. Lagakos, L. Barraj and V. De Gruttola, Biometrika 75
// (1988), 515-523; J. Kalbfleisch and J. Lawless, JASA 84 (1989), 360-372):
//
//	F(x) = product over delays d > x of 1 - n(d)/R(d)
//
// with n(d) the failures of delay d, and R(d) those of a delay up to d among releases
// that are at least as old as d. It needs no shape, and says nothing of delays beyond the oldest release.
//
// It is shrunk to a [weibull], which starts as the default curve and is itself moved by the own failures: it
// enters as ownDelays failures more, spread as it says and seen without truncation, in n and in R. Where
// nothing is truncated that is exactly the mixture (count of own up to x + ownDelays*weibull(x)) / (n +
// ownDelays); beyond the oldest release only the Weibull curve speaks. Delays are taken to be independent of what the release was like.
//
// # How many own failures are enough
//
// From 10 on they count for more than the Weibull curve, which by then fits them in scale, and with 50 its share is
// a sixth. The plain count of n failures is off by .5/sqrt(n) at most (one standard error): .16 at 10, .07 at 50. TestBaseRateOfHalfMatureData
// measures what that does to the base rate.
type delayCurve struct {
	horizon float64      // in days, +Inf without one: F is of failures within it
	shape   weibull      // what it is shrunk to
	whole   float64      // that one's share of failures within the horizon
	pieces  []delayPiece // falling
	own     []delay      // failures that it was estimated from
	unsure  [2]weibull   // how sure the shape is; see fitWeibull
}

// delayPiece is the curve up to its end, from the end of the next on.
type delayPiece struct {
	end   float64 // in days, excluded
	left  float64 // F just before the end
	risk  float64 // own failures at risk inside
	prior float64 // the Weibull curve's failures up to the end
}

// ownDelays is what the Weibull curve counts for, in failures.
const ownDelays = 10

// delay is how long after its deployment the failure of a release was known, and how old
// the release is, in days: the delay could not have been seen if it were longer.
type delay struct{ known, age float64 }

// days is d in days.
func days(d time.Duration) float64 { return d.Hours() / 24 }

// newDelayCurve estimates the curve from failures, and from the ages in days up to which releases were fine. A horizon of 0 is
// none; otherwise the curve is of the failures within it.
func newDelayCurve(seen []delay, open []float64, horizon time.Duration) *delayCurve {
	c := &delayCurve{horizon: math.Inf(1)}
	if horizon > 0 {
		c.horizon = days(horizon)
	}
	for _, d := range seen {
		if d.known >= 0 && d.known <= c.horizon && d.age >= d.known {
			d.age = min(d.age, c.horizon)
			c.own = append(c.own, d)
		}
	}
	shape, unsure := fitWeibull(c.own, open, c.horizon)
	c.unsure = unsure
	return c.shaped(shape)
}

// shaped is the curve of the same failures, shrunk to another shape.
func (c *delayCurve) shaped(shape weibull) *delayCurve {
	out := &delayCurve{horizon: c.horizon, own: c.own, unsure: c.unsure, shape: shape, whole: shape.known(c.horizon)}
	// In falling order of time: a release becomes at risk at its age, and leaves at its delay.
	type event struct {
		at    float64
		enter bool
	}
	events := make([]event, 0, 2*len(c.own))
	for _, d := range c.own {
		events = append(events, event{at: d.age, enter: true}, event{at: d.known})
	}
	slices.SortFunc(events, func(a, b event) int { return cmp.Compare(b.at, a.at) })
	piece := delayPiece{end: c.horizon, left: 1, prior: ownDelays}
	out.pieces = append(out.pieces, piece)
	for i := 0; i < len(events); {
		at, leave := events[i].at, 0.0
		value, risk := out.in(piece, at), piece.risk
		for ; i < len(events) && events[i].at == at; i++ {
			if events[i].enter {
				risk++
			} else {
				leave++
			}
		}
		prior := out.prior(at)
		if weight := risk + prior; leave > 0 {
			value = float64(value * ((weight - leave) / weight))
		}
		piece = delayPiece{at, value, risk - leave, prior}
		out.pieces = append(out.pieces, piece)
	}
	return out
}

// prior is how many of the Weibull curve's failures are known at an age.
func (c *delayCurve) prior(age float64) float64 {
	if c.whole == 0 {
		return ownDelays // a horizon so short that nothing is told from it
	}
	return float64(ownDelays * min(1, c.shape.known(age)/c.whole))
}

// in is F at an age inside the piece, where only the Weibull curve's failures come in.
func (c *delayCurve) in(p delayPiece, age float64) float64 {
	if age >= p.end {
		return p.left
	}
	return float64(p.left * ((p.risk + c.prior(age)) / (p.risk + p.prior)))
}

// known is the probability that the failure of a release that fails is known when it is so old:
// 0 for no age, 1 from the horizon on.
func (c *delayCurve) known(age time.Duration) float64 {
	x := days(age)
	if x >= c.horizon {
		return 1
	}
	if !(x > 0) && len(c.own) == 0 || x < 0 {
		return 0
	}
	// The last piece that ends after x.
	i, _ := slices.BinarySearchFunc(c.pieces, x, func(p delayPiece, x float64) int {
		if p.end > x {
			return -1
		}
		return 1
	})
	return min(1, max(0, c.in(c.pieces[i-1], x)))
}
