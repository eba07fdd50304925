package health

import "math"

// The detector of a Watch is a Shiryaev-Roberts e-detector (Shin, Ramdas and Rinaldo,
// E-detectors, New England Journal of Statistics in Data Science 2 (2024), section 2;
// arXiv 2203.03532). For a ratio r, a window with x bad of n requests, the known rate
// p0 and the tolerance r0, let q0 = r0 p0, q = r p0 and
//
//	log e = x log(q/q0) + (n-x) log((1-q)/(1-q0))
//	M_t   = (1 + M_(t-1)) e_t,  M_0 = 0
//
// so that M_t adds up the evidence since each window that a change could have begun
// with: a release that was fine for long does not hide one that goes wrong late.
// M is averaged with fixed weights over ratios, and over metrics; call the average A.
// The alarm goes off once A >= ARL.
//
// A baseline with a Dispersion has negative binomial counts instead. With the shape
// k = min(n p0, Events)/(Factor-1), the likelihood ratio is
//
//	log e = x log(q/q0) - (x+k) log((k+nq)/(k+nq0))
//
// The shape makes the variance of a window of p0 the one that Dispersion tells of: a
// rate that jitters by a share of itself has a factor-1 that grows with the events,
// so that k stays; bursts, of which each window has a random number, have a factor
// that stays. Windows larger than the history's are taken to jitter, smaller ones to
// burst, which is the worse of the two each time.
//
// Claim 1: the first e has mean at most 1 while each request of the window fails on
// its own, with chances whose mean is at most q0. One request that fails with chance
// p contributes f(p) = p q/q0 + (1-p)(1-q)/(1-q0) to E e, and f(q0) = q + (1-q) = 1.
// f is affine and rises with p, because q > q0. The mean over the window is the
// product of the f, and log f is concave, so it is at most f(mean p)^n <= f(q0)^n = 1.
// The same holds window by window given everything before, whatever the rates do
// below q0.
//
// Claim 2: the second e has mean at most 1 under the same conditions, and besides if
// each chance is multiplied with a gamma factor G of mean 1 and variance at most 1/k,
// drawn for the window. Write e = a^x c with a = (q/q0)(k+nq0)/(k+nq) and
// c = ((k+nq0)/(k+nq))^k; a > 1 as q > q0. Given G, 1+z <= exp(z) for each request
// gives E a^x <= exp(n p G (a-1)), p <= q0 the mean chance. This is convex in G and
// rises with p and with the variance of a gamma G (whose convex order that is); at
// p = q0 and variance 1/k it is (1 - n q0 (a-1)/k)^(-k) = 1/c. Without jitter, G = 1.
// A chance that would be above 1 is cut, which lowers a^x. A Poisson number of bursts
// of logarithmic sizes is such a count too. k may depend on n, which is known before
// x is.
//
// Claim 3: without a change the mean number of windows until the alarm is at least
// ARL. Given the windows before t, E M_t <= 1 + M_(t-1), so M_t - t is a
// supermartingale, and so is its average over ratios and metrics, A_t - t: averages
// need no independence. (A metric without requests in a window does not move, which
// is less than it may.) For the window T of the alarm, and any t, E A_min(T,t) <=
// E min(T,t) by optional stopping. A is at least 0, and at least ARL at T, so
// ARL P(T <= t) <= E min(T,t) <= E T; t to infinity gives E T >= ARL if T is ever
// reached for sure, and otherwise E T is infinite anyhow.
//
// Claim 4: the middle of that line with E min(T,t) <= t is P(T <= t) <= t/ARL: the
// chance of a false alarm within t windows.
//
// "Everything before" are the windows in the order in which they come. A late window
// is as good as another if what it holds is not the reason that it is late. Metrics
// of one window may depend on each other in any way, so the average is looked at
// when a window's samples are all in, not between them. For the same reason metrics
// should have the same windows, in step: what one metric has told of a time is not to
// foretell what another will tell of it.
//
// What the claims do not cover: jitter with a heavier tail than a gamma factor's, more
// of it than Dispersion says, and a rate that stays above q0 from window to window;
// that is what the detector is there to find.

// detectorPoints is the number of ratios of the mixture.
const detectorPoints = 7

// detectorWeights of the ratios, in order; they add up to 1. The smallest ratios have
// the most, because the alarm takes longest there and a weight lost costs most.
var detectorWeights = [detectorPoints]float64{0.40, 0.35, 0.10, 0.06, 0.04, 0.03, 0.02}

// detectorBets are a baseline's ratios with what does not change from window to
// window.
type detectorBets struct {
	baseline Baseline // with defaults
	// bad and good are what a bad and a good request add to log e.
	bad, good [detectorPoints]float64
	// excess is q-q0 of each ratio, and null is q0.
	excess [detectorPoints]float64
	null   float64
	// certBad, certGood, certExcess and certNull are the same of the certificate, r = 1
	// against MDE; 0 if there is none.
	certBad, certGood, certExcess, certNull float64
}

func detectorBetsOf(b Baseline, certify bool) *detectorBets {
	out := &detectorBets{baseline: b}
	null := float64(b.Rate * b.Tolerance)
	out.null = null
	for i, r := range [detectorPoints]float64{
		math.Sqrt(float64(b.Tolerance * b.MDE)), b.MDE, 1.5 * b.MDE, 2.5 * b.MDE, 5 * b.MDE, 15 * b.MDE, 50 * b.MDE,
	} {
		// No rate is above 1, and one close to it is refuted by a single success: beyond
		// half way from the null to 1, bet on that.
		q := min(float64(r*b.Rate), (1+null)/2)
		out.excess[i] = q - null
		out.bad[i] = math.Log(q / null)
		out.good[i] = math.Log1p(-q) - math.Log1p(-null)
	}
	if worst := float64(b.Rate * b.MDE); certify && worst < 1 {
		out.certBad = -math.Log(b.MDE)
		out.certGood = math.Log1p(-b.Rate) - math.Log1p(-worst)
		out.certExcess, out.certNull = b.Rate-worst, worst
	}
	return out
}

// detector is the statistic of one metric.
type detector struct {
	// LogM has log(1+M) for each ratio: 0 at the beginning, never below.
	LogM [detectorPoints]float64 `json:"logM"`
	// LogC is the evidence of the certificate.
	LogC float64 `json:"logC"`
	// Windows are those with requests, the warm-up's too.
	Windows uint64 `json:"windows"`
}

// add takes in one window; the certificate stops at most.
func (d *detector) add(b *detectorBets, c Count, most float64) {
	for i := range d.LogM {
		d.LogM[i] = softplus(d.LogM[i] + b.logE(c, b.bad[i], b.good[i], b.excess[i], b.null))
	}
	// Claims 1 and 2 hold the other way round, for rates of at least the null's, where q
	// is below q0: f falls and a is below 1. (But for jitter that would take a chance
	// above 1.) By Ville's inequality the certificate ever reaches 1/Beta with a chance
	// of at most Beta; stopping its growth only lowers it.
	if b.certNull > 0 {
		d.LogC = min(d.LogC+b.logE(c, b.certBad, b.certGood, b.certExcess, b.certNull), most)
	}
}

// logE is the evidence of a window. The conversions keep a compiler from fusing
// multiplication and addition.
func (b *detectorBets) logE(c Count, bad, good, excess, null float64) float64 {
	x, n := float64(c.Bad), float64(c.Total)
	d := b.baseline.Dispersion
	if d.Factor <= 1 {
		return float64(x*bad) + float64((n-x)*good)
	}
	k := min(float64(n*b.baseline.Rate), d.Events) / (d.Factor - 1)
	return float64(x*bad) - float64((x+k)*math.Log1p(float64(n*excess)/(k+float64(n*null))))
}

// top is the largest log(1+M): the average is not above it.
func (d *detector) top() float64 {
	out := 0.0
	for _, l := range d.LogM {
		out = max(out, l)
	}
	return out
}

// logM is log of the average of M over the ratios; -Inf at the beginning.
func (d *detector) logM() float64 {
	var terms [detectorPoints]float64
	for i, l := range d.LogM {
		terms[i] = math.Log(detectorWeights[i]) + l + math.Log(-math.Expm1(-l))
	}
	return logSum(terms[:])
}

// softplus is log(1 + exp(v)), without overflow. Where exp(-|v|) is below a float64's
// precision, less is worked out: most ratios of a healthy service are there.
func softplus(v float64) float64 {
	switch {
	case v > 38:
		return v
	case v > 0:
		return v + math.Log1p(math.Exp(-v))
	case v < -38:
		return math.Exp(v)
	}
	return math.Log1p(math.Exp(v))
}
