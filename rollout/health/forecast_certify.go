package health

import "math"

// certify is when a release that is as good as the control has its certificate. Its
// evidence is linear in the bad events: y loss - x gain.
func (c *course) certify() times { return c.certifyUntil(horizon) }

// certifyUntil is certify for the first windows only.
func (c *course) certifyUntil(windows float64) times {
	canary, control := c.sides(1)
	phi := c.phi(canary, control)
	loss := math.Log1p(c.share()*(c.mde-1)) / phi
	gain := math.Log(c.mde)/phi - loss
	// In units of the canary's events.
	w := newPassage(canary, control, -1, loss/gain, c.need/(gain*max(1e-300, control.mean*loss/gain-canary.mean)))
	var out times
	if c.warmUp > 0 {
		// Half begins only afterwards.
		blocks := w.block
		w.block = 1
		w.state = lattice{step: w.step(), mass: []float64{1}}
		bound := math.Log(2*math.Exp(c.need)-1) / gain
		w.run(min(windows, c.warmUp), func(float64) float64 { return bound }, out.add)
		if windows <= c.warmUp || len(w.state.mass) == 0 {
			return out
		}
		w.block, w.steps = blocks, 0
		w.state = w.state.mapped(w.step(), func(z float64) float64 { return (logAdd(gain*z, 0) - math.Ln2) / gain })
	}
	w.run(windows, func(float64) float64 { return c.need / gain }, out.add)
	return out
}
