package health

// Phi is phi, for tests.
func (d Dispersion) Phi(s, share float64) float64 { return d.phi(s, share) }

// Means is means, for tests.
type Means = means

func (p *means) Add(canary, control float64) { p.add(canary, control) }
func (p *means) LogE(r, sign, alpha float64) float64 {
	return p.logE(r, sign, rhoOf(alpha, meanHorizon))
}
func (p *means) Interval(alpha float64) (low, high float64) {
	return p.interval(alpha)
}
func (p *means) Against(r float64) (t, skewness, worth float64) { return p.against(r) }
func (p *means) Check() error                                   { return p.check() }

// MeanFault is meanFault.
var MeanFault = meanFault
