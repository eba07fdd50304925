package health

import "math"

// WatchEvidence is log(1+e) of one window of a baseline, for each ratio, and log e of
// the certificate.
func WatchEvidence(b Baseline, c Count) (ratios []float64, certificate float64) {
	var d detector
	d.add(detectorBetsOf(b.defaults(), true), c, math.Inf(1))
	return d.LogM[:], d.LogC
}

// WatchWeights are the weights of the ratios.
func WatchWeights() []float64 { return detectorWeights[:] }
