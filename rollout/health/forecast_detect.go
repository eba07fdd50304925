package health

import "math"

// horizon is the number of windows after which a forecast stops: ten weeks of minutes.
const horizon = 100_000

// A course is one process of a metric, with what is known of its traffic.
type course struct {
	bets            bets
	mde             float64
	canary, control float64 // requests of a window
	rate            float64
	dispersion      Dispersion
	alpha           float64
	parts           float64 // over which Alpha is spread, for one edge or metric
	edges           float64 // of the metric, at least 1
	certifies       bool    // whether its certificate is needed
	goal            float64 // logarithm of the evidence that a regression needs
	need            float64 // logarithm of the evidence that the certificate needs
	warmUp          float64 // windows
}

func (c *course) share() float64 { return c.canary / (c.canary + c.control) }

// sides are the bad events of a window when the canary's rate is a multiple of the control's.
func (c *course) sides(ratio float64) (canary, control counts) {
	return countsOf(c.canary, c.rate*ratio, c.dispersion), countsOf(c.control, c.rate, c.dispersion)
}

// phi is what evidence is divided by, in a window with as many bad events as are expected.
func (c *course) phi(canary, control counts) float64 {
	return c.dispersion.phi(canary.mean+control.mean, c.share())
}

// A front is where a mixture's evidence reaches its goal, by the bad events of the two
// sides: each ratio's evidence is log + gain x - loss y. Rest is evidence that stays as
// it is, not a logarithm.
type front struct {
	log, gain, loss [points]float64
	rest, goal      float64
}

func (c *course) front(phi, tolerance float64) front {
	f := front{rest: late, goal: c.goal}
	t := c.share()
	null := math.Log1p(t * (tolerance - 1))
	for i, r := range c.bets.ratio {
		f.log[i] = math.Log((1 - late) * weights[i])
		f.loss[i] = (math.Log1p(t*(r-1)) - null) / phi
		f.gain[i] = math.Log(r/tolerance)/phi - f.loss[i]
	}
	return f
}

// spare lowers the goal where less than one bad event is expected in a window and bets are
// bounded by what one must win ([mixture.need]): what an event would bring beyond the goal,
// by up to its own gain, is not staked, and comes to the goal instead.
func (c *course) spare(f *front, canary, control counts) {
	if canary.mean+control.mean >= 1 || c.dispersion.Factor > 1 {
		return
	}
	windows, _ := f.meets(canary, control)
	if windows < horizon {
		_, gain, _ := f.at(windows*canary.mean, windows*control.mean)
		f.goal += math.Log((1 - math.Exp(-gain)) / gain)
	}
}

// at is the logarithm of the evidence, and how it grows with the canary's and falls with
// the control's bad events.
func (f *front) at(x, y float64) (logE, gain, loss float64) {
	var terms [points]float64
	top := math.Inf(-1)
	for i := range terms {
		terms[i] = f.log[i] + f.gain[i]*x - f.loss[i]*y
		top = max(top, terms[i])
	}
	top = max(top, math.Log(f.rest))
	sum := f.rest * math.Exp(-top)
	for i := range terms {
		e := math.Exp(terms[i] - top)
		sum += e
		gain += e * f.gain[i]
		loss += e * f.loss[i]
	}
	return top + math.Log(sum), gain / sum, loss / sum
}

// reach is the number of the canary's bad events that reach the goal, given the control's:
// Newton's method from the right, which does not overshoot as the evidence is convex.
func (f *front) reach(y float64) float64 {
	x := math.Inf(1)
	for i := range f.log {
		if !math.IsInf(f.log[i], -1) {
			x = min(x, (f.goal-f.log[i]+f.loss[i]*y)/f.gain[i])
		}
	}
	for range 50 {
		logE, gain, _ := f.at(x, y)
		next := x - (logE-f.goal)/gain
		if !(next < x-1e-9*(1+x)) {
			break
		}
		x = next
	}
	return x
}

// meets is the number of windows after which the mean counts reach the goal, and the
// bad events of the control that weigh as much as one of the canary there.
func (f *front) meets(canary, control counts) (windows, slope float64) {
	lo, hi := 0.0, float64(horizon)
	for range 60 {
		mid := (lo + hi) / 2
		if lo > 0 {
			mid = math.Sqrt(lo * hi)
		}
		if logE, _, _ := f.at(mid*canary.mean, mid*control.mean); logE >= f.goal {
			hi = mid
		} else {
			lo = mid
		}
		if hi-lo < 1e-3*hi {
			break
		}
	}
	// Where the means never get there, chance does early or not at all.
	at := hi
	if hi == horizon {
		at = 0
	}
	_, gain, loss := f.at(at*canary.mean, at*control.mean)
	return hi, loss / gain
}

// found is when a regression is found.
type found struct {
	times
	// excess are the canary's bad events beyond those that the control's rate explains.
	excess []part
}

// detect follows a canary whose rate is a multiple of the control's until it is found.
// The evidence of a ratio is linear in the two sides' bad events, that of the mixture
// nearly so where it matters: so the sum of the canary's events minus slope times the
// control's is followed, and the bound is where the mixture is at its goal when the
// control has as many events as are expected.
//
// What the windows of the warm-up bring to ratios below sureRatio does not count, and to
// the others it counts against sureTolerance. Where
// such a ratio decides, the sum begins anew with the first window after it, and the
// larger ratios have what they had on average. bake and after are windows, as of [Bake].
func (c *course) detect(ratio, bake, after float64) found {
	return c.follow(ratio, bake, after, horizon)
}

// detectUntil is detect for the first windows only.
func (c *course) detectUntil(ratio, windows float64) times {
	return c.follow(ratio, windows, 0, windows).times
}

func (c *course) follow(ratio, bake, after, until float64) found {
	canary, control := c.sides(ratio)
	full := c.front(c.phi(canary, control), c.bets.tolerance)
	c.spare(&full, canary, control)
	warm := c.front(c.phi(canary, control), max(c.bets.tolerance, sureTolerance))
	for i, r := range c.bets.ratio {
		if r < sureRatio {
			warm.rest += math.Exp(full.log[i])
			warm.log[i] = math.Inf(-1)
		}
	}
	var out found
	k := &chase{canary: canary, control: control, base: c.canary * c.rate, after: after, bake: bake, out: &out}
	expected, slope := full.meets(canary, control)
	if c.warmUp == 0 {
		k.begin(slope, expected)
		k.follow(&full, until, 0, 0)
		return out
	}
	early, sureSlope := warm.meets(canary, control)
	k.begin(sureSlope, 1)
	k.follow(&warm, min(until, c.warmUp), 0, 0)
	if until <= c.warmUp {
		return out
	}
	left := k.walk.state.total()
	if left.p == 0 {
		return out
	}
	x, y := k.events(left.mean, c.warmUp)
	if early < expected+c.warmUp/2 {
		// A large ratio decides, with all it has seen: the sum goes on, and the smaller
		// ratios have missed its beginning.
		for i, r := range c.bets.ratio {
			full.log[i] -= full.gain[i]*x - full.loss[i]*y
			if r >= sureRatio {
				full.log[i] += warm.gain[i]*x - warm.loss[i]*y
			}
		}
		k.follow(&full, until, 0, 0)
		return out
	}
	for i, r := range c.bets.ratio {
		if r >= sureRatio {
			full.log[i] += warm.gain[i]*x - warm.loss[i]*y
		}
	}
	k.begin(slope, expected)
	k.walk.state.mass[0] = left.p
	k.follow(&full, until-c.warmUp, c.warmUp, x-c.warmUp*canary.mean)
	return out
}

// A chase follows a walk and notes what it finds.
type chase struct {
	canary, control   counts
	base, after, bake float64
	walk              *passage
	out               *found
}

func (k *chase) begin(slope, expected float64) {
	k.walk = newPassage(k.canary, k.control, 1, -slope, expected)
}

// events are the bad events of the two sides that are expected given the sum.
func (k *chase) events(sum, windows float64) (x, y float64) {
	w := k.walk
	off := (sum - windows*w.drift()) / w.variance()
	x = windows*k.canary.mean + off*k.canary.variance
	y = windows*k.control.mean + off*w.controlUnit*k.control.variance
	return max(0, x), max(0, y)
}

// follow goes on until some windows are over. Before the walk began there were windows of
// warm-up, with some bad events of the canary more than expected.
func (k *chase) follow(f *front, until, before, more float64) {
	w := k.walk
	bound := func(windows float64) float64 {
		y := windows * k.control.mean
		return f.reach(y) + w.controlUnit*y
	}
	note := func(p part, windows float64) {
		x, _ := k.events(p.mean, windows)
		total := windows + before
		// How much the canary's events vary: with the sum, and given the sum.
		with := k.canary.variance / w.variance()
		given := k.canary.variance * (1 - with)
		k.out.excess = append(k.out.excess, part{
			p:        p.p,
			mean:     x + more + before*k.canary.mean - total*k.base + k.after*(k.canary.mean-k.base),
			variance: with*with*p.variance + windows*given + (before+k.after)*k.canary.variance,
		})
	}
	passed := func(p passing) {
		p.windows += before
		k.out.add(p)
		if p.p > 0 && p.windows <= k.bake {
			note(p.part, p.windows-before-(p.block-1)/2)
		}
	}
	if bake := k.bake - before; w.at < bake && bake <= until {
		w.run(bake, bound, passed)
		if left := w.state.total(); left.p > 0 {
			note(left, bake)
		}
	}
	w.run(until, bound, passed)
}
