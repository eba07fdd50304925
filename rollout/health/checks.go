package health

import "math"

// What the ratio of the two sides' requests may be off by before the measurement is in
// doubt, and the factor that is bet on first. Requests of one session or one client come
// together: shareSession of them count as one, and a window as shareRequests at most.
const (
	shareTolerance = 1.5
	shareMDE       = 3
	shareSession   = 10
	shareRequests  = 100
)

// shareBets are those on the share of requests.
var shareBets = betsOf(shareTolerance, shareMDE)

// checks is the evidence, of one metric, that the measurement is broken: that the
// canary gets another share of the requests than it should (a sample ratio mismatch;
// Fabijan et al., KDD 2019), or that the control differs from itself. What compares
// two sides that are not alike says nothing about the release.
type checks struct {
	More mixture `json:"more"` // the canary gets more requests than its share
	Less mixture `json:"less"` // it gets fewer
	// TwinWorse and TwinBetter compare the control's twin with the control, by the
	// metric's own tolerance.
	TwinWorse  mixture `json:"twinWorse"`
	TwinBetter mixture `json:"twinBetter"`
}

func newChecks() checks {
	return checks{More: newMixture(), Less: newMixture(), TwinWorse: newMixture(), TwinBetter: newMixture()}
}

// catchUp has them begin as often as they should have by a window. What was not bet on
// meanwhile has not changed, so this is done only when there is something to bet on.
func (c *checks) catchUp(windows uint64) {
	for _, m := range [...]*mixture{&c.More, &c.Less, &c.TwinWorse, &c.TwinBetter} {
		for m.Starts < startsBy(windows) {
			m.start()
		}
	}
}

// add takes in a window. While instances warm up, so does the twin, of which only what
// is sure counts, and the traffic is still on its way to the share that it should have.
func (c *checks) add(b *bets, d Dispersion, s *Sample, warming bool) {
	n, m := float64(s.Canary.Total), float64(s.Control.Total)
	if s.Share > 0 && n+m > 0 && !warming {
		w := bout{x: n, s: n + m, share: s.Share, phi: max(shareSession, (n+m)/shareRequests), most: math.Inf(1)}
		c.More.add(&shareBets, w)
		w.x, w.share = m, 1-s.Share
		c.Less.add(&shareBets, w)
	}
	if s.Twin.Total > 0 && s.Control.Total > 0 {
		x, y := float64(s.Twin.Bad), float64(s.Control.Bad)
		w := bout{x: x, s: x + y, share: float64(s.Twin.Total) / float64(s.Twin.Total+s.Control.Total), phi: 1, sure: warming, most: math.Inf(1)}
		if d.Factor > 1 {
			w.phi = d.phi(w.s, w.share)
		}
		c.TwinWorse.add(b, w)
		w.x, w.share = y, 1-w.share
		c.TwinBetter.add(b, w)
	}
}

// evidence is the logarithm of the average of the four, and which of them has most:
// what it says of the measurement.
func (c *checks) evidence() (logE float64, what string) {
	terms := [...]float64{c.More.evidence(), c.Less.evidence(), c.TwinWorse.evidence(), c.TwinBetter.evidence()}
	top := 0
	for i, t := range terms {
		if t > terms[top] {
			top = i
		}
	}
	what = [...]string{
		"the canary gets more requests than its share",
		"the canary gets fewer requests than its share",
		"the control's twin is worse than the control",
		"the control is worse than its twin",
	}[top]
	return logSum(terms[:]) - math.Log(float64(len(terms))), what
}
