package stats

import "math"

// BetaI is the regularised incomplete beta function I_x(a, b) for a, b > 0 and
// 0 <= x <= 1: the continued fraction of DLMF 8.17.22, on the side where it
// converges fast.
func BetaI(x, a, b float64) float64 {
	p, _ := betaIC(x, a, b)
	return p
}

// betaIC is I_x(a, b) and its complement, neither by subtraction from a number
// close to 1 where that would cancel.
func betaIC(x, a, b float64) (p, q float64) {
	switch {
	case !(a > 0) || !(b > 0) || !(x >= 0) || !(x <= 1) || math.IsInf(a, 1) || math.IsInf(b, 1):
		return math.NaN(), math.NaN()
	case x == 0:
		return 0, 1
	case x == 1:
		return 1, 0
	}
	if x < (a+1)/(a+b+2) {
		p = min(float64(binomialTerm(x, a, b)*betaFraction(x, a, b))/a, 1)
		return p, 1 - p
	}
	q = min(float64(binomialTerm(1-x, b, a)*betaFraction(1-x, b, a))/b, 1)
	return 1 - q, q
}

// binomialTerm is x^a (1-x)^b / B(a, b), by Loader's saddle-point form:
// 1/B(a, b) = ab/(a+b) · Γ(a+b+1)/(Γ(a+1) Γ(b+1)).
func binomialTerm(x, a, b float64) float64 {
	n := a + b
	y := 1 - x
	e := stirlingError(n) - stirlingError(a) - stirlingError(b) - deviance(a, float64(n*x)) - deviance(b, float64(n*y))
	return math.Exp(e) * math.Sqrt(a/n*b/(2*math.Pi))
}

// betaFraction is the continued fraction, by the modified Lentz method.
func betaFraction(x, a, b float64) float64 {
	c := 1.0
	d := floor(1 - float64((a+b)*x)/(a+1))
	d = 1 / d
	h := d
	for m := 1.0; m < 1e7; m++ {
		m2 := 2 * m
		aa := m * (b - m) * x / ((a + m2 - 1) * (a + m2))
		d = 1 / floor(1+float64(aa*d))
		c = floor(1 + aa/c)
		h *= d * c
		aa = -(a + m) * (a + b + m) * x / ((a + m2) * (a + m2 + 1))
		d = 1 / floor(1+float64(aa*d))
		c = floor(1 + aa/c)
		step := d * c
		h *= step
		if math.Abs(step-1) < epsilon {
			break
		}
	}
	return h
}

func floor(v float64) float64 {
	if math.Abs(v) < tiny {
		return tiny
	}
	return v
}

// BetaQuantile is the x with I_x(a, b) = p, for a, b > 0 and 0 <= p <= 1.
func BetaQuantile(p, a, b float64) float64 {
	switch {
	case !(a > 0) || !(b > 0) || !(p >= 0) || !(p <= 1) || math.IsInf(a, 1) || math.IsInf(b, 1):
		return math.NaN()
	case p == 0:
		return 0
	case p == 1:
		return 1
	}
	mean := a / (a + b)
	sd := math.Sqrt(mean * (1 - mean) / (a + b + 1))
	start := min(max(mean+float64(NormalQuantile(p)*sd), mean/16), 1-(1-mean)/16)
	return invert(bracket{x: start, lo: 0, hi: 1}, func(x float64) (excess, density float64) {
		density = binomialTerm(x, a, b) / x / (1 - x)
		P, Q := betaIC(x, a, b)
		if p < 0.5 {
			return P - p, density
		}
		return (1 - p) - Q, density
	})
}
