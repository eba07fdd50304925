package health

import "math"

// certificate is the evidence that the canary is better than MDE: the likelihood
// ratio of r = 1 against r0 = MDE. Where instances warm up first, half of it begins
// only afterwards, so that a slow start, which says nothing against the release, does
// not have to be made up for.
type certificate struct {
	// Log is the logarithm of what has begun, Idle the rest, not a logarithm.
	Log  float64 `json:"log"`
	Idle float64 `json:"idle"`
}

func newCertificate(warmUp bool) certificate {
	if warmUp {
		return certificate{Log: math.Log(0.5), Idle: 0.5}
	}
	return certificate{}
}

// begin starts what was kept for after the warm-up.
func (c *certificate) begin() {
	if c.Idle > 0 {
		c.Log = logAdd(c.Log, math.Log(c.Idle))
		c.Idle = 0
	}
}

// add takes in a window. The certificate stops at l.most: it may not be so far ahead
// that an outage leaves it standing, and less evidence is always valid.
func (c *certificate) add(l *limit, w bout) {
	step := float64(w.s*math.Log1p(float64(w.share*(l.mde-1)))) - float64(w.x*l.logMDE)
	c.Log = min(c.Log+step/w.phi, l.most)
}

// evidence is the certificate's logarithm.
func (c *certificate) evidence() float64 {
	if c.Idle == 0 {
		return c.Log
	}
	return logAdd(c.Log, math.Log(c.Idle))
}
