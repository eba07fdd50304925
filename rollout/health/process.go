package health

import "math"

// process is the evidence of one metric, or of one edge of it.
type process struct {
	// Canary and Control are all that was counted, while instances warmed up too.
	Canary  Count `json:"canary"`
	Control Count `json:"control"`
	// Compared is the number of samples with requests on both sides.
	Compared uint64 `json:"compared"`
	// Worse is the evidence that the canary is worse than tolerated.
	Worse mixture `json:"worse"`
	// Certificate is the evidence that it is better than MDE.
	Certificate certificate `json:"certificate"`
	// Seen is what the interval of the ratio is computed from.
	Seen likelihood `json:"seen"`
}

func newProcess(warmUp bool) process {
	return process{Worse: newMixture(), Certificate: newCertificate(warmUp)}
}

// A limit is what a process must know of its metric in each window.
type limit struct {
	bets        *bets
	mde, logMDE float64
	// goal is the evidence that would be enough to find a regression; +Inf if stakes are
	// not bounded. most is the logarithm at which a certificate stops growing.
	goal, most float64
	dispersion Dispersion
	// warming says that instances are still warming up.
	warming bool
}

// add takes in one window. Counts are at most maxCount.
func (p *process) add(l *limit, canary, control Count) {
	had := float64(p.Canary.Bad) + float64(p.Control.Bad)
	p.Canary, p.Control = p.Canary.plus(canary), p.Control.plus(control)
	if canary.Total == 0 || control.Total == 0 {
		return // nothing to compare with: evidence 1
	}
	p.Compared++
	n, m := float64(canary.Total), float64(control.Total)
	x, s := float64(canary.Bad), float64(canary.Bad)+float64(control.Bad)
	w := bout{x: x, s: s, share: n / (n + m), sure: l.warming, most: math.Inf(1), phi: 1}
	if l.dispersion.Factor > 1 {
		// By the mean so far where that is more: a control that is low by chance has few
		// events, and much evidence. By the window's own s where that is more, since jitter
		// grows with it; the package comment says what that means for the proof.
		w.phi = l.dispersion.phi(max(s, had/float64(max(1, p.Compared-1))), w.share)
	}
	if s == 0 {
		return // no event: every ratio's evidence is 1
	}
	if !math.IsInf(l.goal, 1) {
		w.most = p.Worse.need(l.bets, w.share, l.goal)
	}
	p.Worse.add(l.bets, w)
	p.Certificate.add(l, w)
	if !l.warming {
		p.Seen.add(w)
	}
}

// rare reports whether less than one bad event is expected in a window, by those so
// far. Only then is it worth while to stake no more than what one of them must win.
func (p *process) rare(canary, control Count) bool {
	bad := float64(p.Canary.Bad) + float64(p.Control.Bad)
	return float64(bad*float64(canary.plus(control).Total)) < float64(p.Canary.Total)+float64(p.Control.Total)
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
