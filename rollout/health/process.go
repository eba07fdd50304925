package health

import "math"

// points is the number of ratios that a mixture has.
const points = 7

// weights of the ratios of [ratios], in order; they add up to 1. The second is
// the smallest ratio that matters and has the most: there, detection takes
// longest, so that a weight lost there costs most.
var weights = [points]float64{0.15, 0.45, 0.15, 0.10, 0.07, 0.05, 0.03}

// ratios are those that the mixture bets on: half way to the smallest one that
// matters, that one itself, and multiples of it up to a total outage.
func ratios(m Metric) [points]float64 {
	return [points]float64{
		math.Sqrt(float64(m.Tolerance * m.MDE)), m.MDE, 1.5 * m.MDE, 2.5 * m.MDE, 5 * m.MDE, 15 * m.MDE, 50 * m.MDE,
	}
}

// process is the evidence of one metric.
type process struct {
	Canary  Count `json:"canary"`
	Control Count `json:"control"`
	// LogE has the evidence for each of the ratios, LogC that of the certificate.
	LogE [points]float64 `json:"logE"`
	LogC float64         `json:"logC"`
	// Silent are the control's requests since the canary's last one.
	Silent uint64 `json:"silent"`
}

// add takes in one window. Counts are at most maxCount.
func (p *process) add(m Metric, s Sample) {
	p.Canary = p.Canary.plus(s.Canary)
	p.Control = p.Control.plus(s.Control)
	if s.Canary.Total == 0 || s.Control.Total == 0 {
		return // nothing to compare with: evidence 1
	}
	for i, r := range ratios(m) {
		p.LogE[i] += increment(s, r, m.Tolerance)
	}
	p.LogC += increment(s, 1, m.MDE)
}

// plus adds counts; they stop at the largest number instead of starting over.
func (c Count) plus(d Count) Count {
	add := func(a, b uint64) uint64 {
		if a+b < a {
			return math.MaxUint64
		}
		return a + b
	}
	return Count{Bad: add(c.Bad, d.Bad), Total: add(c.Total, d.Total)}
}

// increment is the logarithm of one window's e-value for ratio r against r0; the
// package comment has the formula and the proof. The conversions keep a compiler
// from fusing multiplication and addition, which would round differently on
// different machines.
func increment(s Sample, r, r0 float64) float64 {
	n, m := float64(s.Canary.Total), float64(s.Control.Total)
	x, y := float64(s.Canary.Bad), float64(s.Control.Bad)
	t := n / (n + m)
	gain := math.Log(r / r0)
	cost := math.Log1p(float64(t*(r-1))) - math.Log1p(float64(t*(r0-1)))
	return float64(x*gain) - float64((x+y)*cost)
}

// evidence is the logarithm of the mixture's e-value.
func (p *process) evidence() float64 {
	var terms [points]float64
	for i := range terms {
		terms[i] = p.LogE[i] + math.Log(weights[i])
	}
	return logSum(terms[:])
}

// noData reports whether one side has not been seen at all.
func (p *process) noData() bool { return p.Canary.Total == 0 || p.Control.Total == 0 }

// logSum is log(sum(exp(terms))), in the order given.
func logSum(terms []float64) float64 {
	top := math.Inf(-1)
	for _, t := range terms {
		top = max(top, t)
	}
	sum := 0.0
	for _, t := range terms {
		sum += math.Exp(t - top)
	}
	return top + math.Log(sum)
}

// round keeps nine decimals: what machines may differ in is far below.
func round(v float64) float64 {
	const scale = 1e9
	if math.Abs(v) > 1e6 {
		return v // a float64 of that size has no tenth decimal to lose
	}
	if v = math.Round(float64(v*scale)) / scale; v == 0 {
		return 0 // never -0
	}
	return v
}
