package health

import (
	"errors"
	"fmt"
	"math"
)

// What the evidence of means rests on.
const (
	// Before so many windows means say nothing: the central limit theorem is not to be
	// trusted earlier. Windows that depend on each other must be worth minWorth
	// independent ones besides.
	minMeans = 30
	minWorth = 15
	// The number of windows for which the evidence is made to be strongest.
	meanHorizon = 60
	// A series whose standard deviation is below flat times its values counts as
	// constant, as does one whose sum of squares is below leastSpread: what is left is
	// rounding.
	flat        = 1e-9
	leastSpread = 1e-180
	// Short series show too little of their skewness. Simulated: with 1, a control of
	// lognormal windows beside a constant canary has 1.6 % false alarms at alpha 1 %.
	moreSkew = 1.5
	// Window means are at most maxMean, so that cubes do not overflow.
	maxMean = 1e90
)

// means is the evidence of one metric that has a mean for each window and side,
// such as CPU seconds or cost per request. Its size does not grow.
//
// It is asymptotic: the error rates hold in the limit of many windows, not for
// each number of them as they do for counts. Let d be canary - r control of a
// window, of mean at most 0 where the ratio of the means is at most r, and S the
// sum of n of them over their standard deviation. Then the mixture over effects of
// a half-normal distribution of scale rho,
//
//	e = 2 / sqrt(n rho² + 1) exp(x²/2) Phi(x),  x = rho S / sqrt(n rho² + 1)
//
// reaches 1/alpha with a chance of about alpha at most, whatever the distribution
// of d: I. Waudby-Smith, D. Arbour, R. Sinha, E. Kennedy and A. Ramdas,
// Time-uniform central limit theory and asymptotic confidence sequences, Annals of
// Statistics 52 (2024), the one-sided version. Windows count the same, however many
// requests they had; the ratio is that of the averages over windows.
//
// The limit is far for thirty windows, so three things are made up for, each in
// the direction of less evidence. Simulations say by how much it matters.
//   - The standard deviation is an estimate: S/sqrt(n) = t becomes
//     sqrt(n log(1+t²/n)), as likelihood ratios of a normal sample have it.
//   - Windows that are like their neighbours make a sum vary by (1+a)/(1-a) times as
//     much, where a is the correlation of neighbours, if it falls off geometrically.
//     They are worth the fewer windows. Noise that lasts longer than the series is
//     not to be told from a difference, with any method.
//   - With a long tail on the side of less, t is too large too often: P. Hall, On the
//     removal of skewness by transformation, JRSS B 54 (1992), equation 1.
//
// A difference that is there from the beginning is found soonest; one that begins
// late is first diluted by the windows before.
type means struct {
	// Windows is the number of windows, Canary and Control are the averages over them.
	Windows uint64  `json:"windows"`
	Canary  float64 `json:"canary"`
	Control float64 `json:"control"`
	// Spread has the sums of products of deviations from the averages: canary with
	// canary, canary with control, control with control.
	Spread [3]float64 `json:"spread"`
	// Skew has the sums of products of three deviations: of the canary's three times,
	// twice, once and not at all, the others being the control's.
	Skew [4]float64 `json:"skew"`
	// Steps has the sums of products, as Spread, of the differences between neighbouring
	// windows.
	Steps [3]float64 `json:"steps"`
	// Last are the last window's means, the canary's first.
	Last [2]float64 `json:"last"`
}

// meanFault says what is impossible about a window's means, or "".
func meanFault(canary, control float64) string {
	for _, side := range [...]struct {
		name string
		v    float64
	}{{"canary", canary}, {"control", control}} {
		if !(side.v >= 0 && side.v <= maxMean) {
			return fmt.Sprintf("%s has the mean %v, which is not between 0 and %v", side.name, side.v, maxMean)
		}
	}
	return ""
}

// add takes in one window's means, unless they have a fault.
func (p *means) add(canary, control float64) {
	if !(canary >= 0 && canary <= maxMean && control >= 0 && control <= maxMean) {
		return
	}
	p.Windows++
	n := float64(p.Windows)
	if p.Windows > 1 {
		x, y := canary-p.Last[0], control-p.Last[1]
		p.Steps[0] += float64(x * x)
		p.Steps[1] += float64(x * y)
		p.Steps[2] += float64(y * y)
	}
	p.Last = [2]float64{canary, control}
	// B. Welford, Technometrics 4 (1962), and the same for products of three.
	x, y := canary-p.Canary, control-p.Control
	grow := (n - 1) * (n - 2) / (n * n)
	p.Skew[0] += float64(x*x*x*grow) - float64(3*x*p.Spread[0])/n
	p.Skew[1] += float64(x*x*y*grow) - (float64(2*x*p.Spread[1])+float64(y*p.Spread[0]))/n
	p.Skew[2] += float64(x*y*y*grow) - (float64(2*y*p.Spread[1])+float64(x*p.Spread[2]))/n
	p.Skew[3] += float64(y*y*y*grow) - float64(3*y*p.Spread[2])/n
	p.Canary += x / n
	p.Control += y / n
	p.Spread[0] += float64(x * (canary - p.Canary))
	p.Spread[1] += float64(x * (control - p.Control))
	p.Spread[2] += float64(y * (control - p.Control))
}

// against is what the windows say of canary - r control: its average over the
// standard error that independent windows would give it (t), its skewness, and how
// many independent windows these are worth, which is 0 when nothing varies.
//
// The correlation of neighbours is 1 - steps/(2 spread), by von Neumann's ratio.
// Short series show too little of it, by about (1+4a)/n, as they are compared with
// their own average; where there is any, that is added, and one standard error.
func (p *means) against(r float64) (t, skewness, worth float64) {
	n := float64(p.Windows)
	spread := p.Spread[0] - float64(2*r*p.Spread[1]) + float64(r*r*p.Spread[2])
	steps := p.Steps[0] - float64(2*r*p.Steps[1]) + float64(r*r*p.Steps[2])
	skew := p.Skew[0] - float64(3*r*p.Skew[1]) + float64(3*r*r*p.Skew[2]) - float64(r*r*r*p.Skew[3])
	scale := flat * max(p.Canary, r*p.Control)
	if n < minMeans || !(spread > n*scale*scale) || spread < leastSpread || !(steps > 0) {
		return 0, 0, 0
	}
	a := 1 - steps/(2*spread)
	if a > 0 {
		a = min(a+(1+4*a)/n+math.Sqrt((1-float64(a*a))/n), 1)
	} else {
		a = 0
	}
	t = (p.Canary - float64(r*p.Control)) * math.Sqrt(n*(n-1)/spread)
	return t, skew / n / math.Pow(spread/n, 1.5), n * (1 - a) / (1 + a)
}

// logE is the logarithm of the evidence that the canary's mean is above r times the
// control's, if sign is 1, or below it, if sign is -1. It is 0 before there are
// enough windows, and when nothing varies: there is no yardstick then.
func (p *means) logE(r, sign, rho float64) float64 {
	t, skewness, worth := p.against(r)
	if worth < minWorth {
		return 0
	}
	n := float64(p.Windows)
	t *= sign * math.Sqrt(worth/n) // dependence
	if g := sign * skewness * moreSkew; g < 0 {
		a := g / math.Sqrt(worth) // Hall's transformation
		t += float64(a*t*t)/3 + float64(a*a*t*t*t)/27 + a/6
	}
	z := math.Copysign(math.Sqrt(worth*math.Log1p(t*t/worth)), t) // Student's tail
	v := float64(n*rho*rho) + 1
	return math.Ln2 - math.Log(v)/2 + logHalf(rho*z*math.Sqrt(n/v))
}

// logHalf is log(exp(x²/2) Phi(x)).
func logHalf(x float64) float64 {
	if x < -25 { // where Phi vanishes: Abramowitz and Stegun 26.2.12
		return -math.Log(-x) - math.Log(2*math.Pi)/2
	}
	return float64(x*x/2) + math.Log(math.Erfc(-x/math.Sqrt2)/2)
}

// interval has the ratios of the two means that the evidence does not rule out, at
// alpha/2 on each side: from 0 to infinity where it rules out nothing.
func (p *means) interval(alpha float64) (low, high float64) {
	high = math.Inf(1)
	need, rho := -math.Log(alpha/2), rhoOf(alpha/2, meanHorizon)
	if !(p.Control > 0) {
		return 0, high
	}
	point := p.Canary / p.Control
	// The end lies between a ratio that is ruled out and one that is not.
	end := func(out, in, sign float64) float64 {
		for range 60 {
			if mid := (out + in) / 2; p.logE(mid, sign, rho) >= need {
				out = mid
			} else {
				in = mid
			}
		}
		return out
	}
	if p.logE(0, 1, rho) >= need {
		low = end(0, point, 1)
	}
	for in, out := point, max(2*point, 1e-6); out < 1e9*max(point, 1); in, out = out, 2*out {
		if p.logE(out, -1, rho) >= need {
			high = end(out, in, -1)
			break
		}
	}
	return low, high
}

// rhoOf is the scale of the mixture that is about the best one for n windows at
// that level: the paper's equation for its two-sided boundary, at 2 alpha.
func rhoOf(alpha, n float64) float64 {
	l := -2 * math.Log(2*alpha)
	return math.Sqrt((l + math.Log(l+1)) / n)
}

// check reports what no windows could have left.
func (p *means) check() error {
	finite := true
	for _, v := range [...]float64{p.Canary, p.Control, p.Spread[0], p.Spread[1], p.Spread[2], p.Skew[0], p.Skew[1], p.Skew[2], p.Skew[3],
		p.Steps[0], p.Steps[1], p.Steps[2], p.Last[0], p.Last[1]} {
		finite = finite && !math.IsNaN(v) && !math.IsInf(v, 0)
	}
	switch {
	case !finite:
		return errors.New("means: a sum is not a number")
	case p.Windows == 0 && *p != means{}:
		return errors.New("means: sums of no window")
	case p.Spread[0] < 0 || p.Spread[2] < 0 || p.Steps[0] < 0 || p.Steps[2] < 0:
		return errors.New("means: a sum of squares is below 0")
	case meanFault(p.Canary, p.Control) != "":
		return errors.New("means: average: " + meanFault(p.Canary, p.Control))
	case meanFault(p.Last[0], p.Last[1]) != "":
		return errors.New("means: last window: " + meanFault(p.Last[0], p.Last[1]))
	}
	return nil
}
