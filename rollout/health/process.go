package health

import "math"

// points is the number of ratios that a mixture has.
const points = 7

// weights of the ratios of [ratios], in order; they add up to 1. The second is
// the smallest ratio that matters and has the most: there, detection takes
// longest, so that a weight lost there costs most.
var weights = [points]float64{0.15, 0.45, 0.15, 0.10, 0.07, 0.05, 0.03}

var (
	logWeights = func() (out [points]float64) {
		for i, w := range weights {
			out[i] = math.Log(w)
		}
		return out
	}()
	logNow, logLate = math.Log(1 - late), math.Log(late)
)

// ratios are those that the mixture bets on: half way to the smallest one that
// matters, that one itself, and multiples of it up to a total outage.
func ratios(m Metric) [points]float64 {
	return [points]float64{
		math.Sqrt(float64(m.Tolerance * m.MDE)), m.MDE, 1.5 * m.MDE, 2.5 * m.MDE, 5 * m.MDE, 15 * m.MDE, 50 * m.MDE,
	}
}

// late is the share of the evidence that is kept for a regression which begins
// later. The package comment says how.
const late = 0.2

// bets are a metric's ratios with what does not change from window to window.
type bets struct {
	tolerance, mde float64
	ratio, gain    [points]float64 // gain is log(ratio/tolerance)
	certGain       float64         // log(1/mde)
}

func betsOf(m Metric) bets {
	b := bets{tolerance: m.Tolerance, mde: m.MDE, ratio: ratios(m), certGain: math.Log(1 / m.MDE)}
	for i, r := range b.ratio {
		b.gain[i] = math.Log(r / m.Tolerance)
	}
	return b
}

// process is the evidence of one metric.
type process struct {
	Canary  Count `json:"canary"`
	Control Count `json:"control"`
	// LogE has the evidence for each of the ratios, LogC that of the certificate.
	LogE [points]float64 `json:"logE"`
	LogC float64         `json:"logC"`
	// LogS has the same as LogE, summed over beginnings at each of the Starts samples
	// so far, the k-th with the weight 1/(k(k+1)). It means nothing before the first.
	LogS   [points]float64 `json:"logS"`
	Starts uint64          `json:"starts,omitempty"`
	// Silent are the control's requests since the canary's last one.
	Silent uint64 `json:"silent"`
}

// add takes in one window; the certificate stops at most. Counts are at most
// maxCount.
//
// Each window's part of log e is x log(r/r0) - (x+y) [log(1+t(r-1)) - log(1+t(r0-1))];
// the package comment has the proof. The conversions keep a compiler from fusing
// multiplication and addition, which would round differently on different machines.
func (p *process) add(b *bets, s Sample, most float64) {
	p.Canary = p.Canary.plus(s.Canary)
	p.Control = p.Control.plus(s.Control)
	if s.Canary.Total == 0 || s.Control.Total == 0 {
		return // nothing to compare with: evidence 1
	}
	n, m := float64(s.Canary.Total), float64(s.Control.Total)
	x, y := float64(s.Canary.Bad), float64(s.Control.Bad)
	t := n / (n + m)
	part := func(r float64) float64 { return math.Log1p(float64(t * (r - 1))) }
	p.Starts++
	k := float64(p.Starts)
	begin := -math.Log(k) - math.Log(k+1)
	null := part(b.tolerance)
	for i, r := range b.ratio {
		step := float64(x*b.gain[i]) - float64((x+y)*(part(r)-null))
		p.LogE[i] += step
		if p.Starts == 1 {
			p.LogS[i] = begin + step
		} else {
			p.LogS[i] = logAdd(p.LogS[i], begin) + step
		}
	}
	p.LogC = min(p.LogC+float64(x*b.certGain)+float64((x+y)*part(b.mde)), most)
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

// evidence is the logarithm of the mixture's e-value, over ratios and beginnings.
// Beginnings that have not come yet count as 1 each.
func (p *process) evidence() float64 {
	var terms [2*points + 1]float64
	for i := range points {
		terms[2*i], terms[2*i+1] = p.LogE[i]+logWeights[i]+logNow, p.LogS[i]+logWeights[i]+logLate
		if p.Starts == 0 {
			terms[2*i+1] = math.Inf(-1)
		}
	}
	terms[2*points] = logLate - math.Log(float64(p.Starts)+1)
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

// logAdd is log(exp(a) + exp(b)).
func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	return a + math.Log1p(math.Exp(b-a))
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
