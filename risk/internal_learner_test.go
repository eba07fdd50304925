package risk

import (
	"math"

	"github.com/sallyport-dev/sallyport/release"
)

// The parts of Health by themselves, for simulations that need thousands of them.

func (l *Learner) BaseRateAlone() Measure      { return l.knowledge().rateOf(nil) }
func (l *Learner) SeparationAlone() Separation { return l.knowledge().separation() }
func (l *Learner) DriftsAlone() (MixDrift, RateDrift) {
	k := l.knowledge()
	return k.mixDrift(l.base()), k.rateDrift()
}
func (l *Learner) Passes(n int) (*Model, bool) { return l.knowledge().passes(l.base(), n) }

// Foretold is what each release was foretold before it was deployed.
func (l *Learner) Foretold() map[release.Digest]float64 {
	k, out := l.knowledge(), map[release.Digest]float64{}
	for _, f := range l.replay(k) {
		out[k.seen[f.of].Outcome.Release] = f.p
	}
	return out
}

// Judged is Health's verdict on forecasts of which everything is known.
func Judged(p []float64, failed []bool) Health {
	var h Health
	fs := make([]forecast, len(p))
	for i := range p {
		fs[i] = forecast{i, p[i], 1, 1, failed[i]}
	}
	h.judge(fs)
	return h
}

// Shape is what the delay curve is shrunk to: its scale in days, and its shape.
func (l *Learner) Shape() (scale, shape float64) {
	w := l.knowledge().curve.shape
	return math.Exp(w.scale), math.Exp(w.shape)
}
