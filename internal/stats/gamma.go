package stats

import "math"

const (
	halfLog2Pi = 0.91893853320467274178 // ln(2π)/2
	epsilon    = 0x1p-52
	tiny       = 1e-300
)

// stirlingError is ln Γ(n+1) minus Stirling's approximation of it:
// C. Loader, "Fast and Accurate Computation of Binomial Probabilities" (2000),
// section 2, with the series of Abramowitz and Stegun 6.1.41.
func stirlingError(n float64) float64 {
	if n == 0 {
		return math.Inf(1) // n ln n - n is 0, ln(2πn)/2 is -∞
	}
	if n < 16 {
		lg, _ := math.Lgamma(n + 1)
		return lg - float64((n+0.5)*math.Log(n)) + n - halfLog2Pi
	}
	nn := n * n
	s := 1.0 / 156
	for _, c := range [...]float64{-691.0 / 360360, 1.0 / 1188, -1.0 / 1680, 1.0 / 1260, -1.0 / 360, 1.0 / 12} {
		s = c + s/nn
	}
	return s / n
}

// deviance is x ln(x/m) + m - x without the cancellation near x = m: Loader's bd0.
func deviance(x, m float64) float64 {
	if x == 0 {
		return m
	}
	if d := x - m; math.Abs(d) < float64(0.1*(x+m)) {
		v := d / (x + m)
		s := d * v
		ej := 2 * x * v
		v *= v
		for j := 1.0; j < 1000; j++ {
			ej *= v
			next := s + ej/(2*j+1)
			if next == s {
				break
			}
			s = next
		}
		return s
	}
	return float64(x*math.Log(x/m)) + m - x
}

// poissonTerm is e^-x x^a / Γ(a+1) for a >= 0, x >= 0.
func poissonTerm(a, x float64) float64 {
	if a == 0 {
		return math.Exp(-x)
	}
	if x == 0 {
		return 0
	}
	return math.Exp(-stirlingError(a)-deviance(a, x)) / math.Sqrt(2*math.Pi*a)
}

// GammaP is the regularised lower incomplete gamma function P(a, x), a > 0, x >= 0:
// the series of Abramowitz and Stegun 6.5.29 below a+1, the continued fraction
// 6.5.31 of its complement above.
func GammaP(a, x float64) float64 {
	p, _ := gammaPQ(a, x)
	return p
}

// GammaQ is 1 - P(a, x), computed without cancellation.
func GammaQ(a, x float64) float64 {
	_, q := gammaPQ(a, x)
	return q
}

func gammaPQ(a, x float64) (p, q float64) {
	switch {
	case !(a > 0) || !(x >= 0) || math.IsInf(a, 1):
		return math.NaN(), math.NaN()
	case x == 0:
		return 0, 1
	case math.IsInf(x, 1):
		return 1, 0
	}
	front := poissonTerm(a, x)
	if x < a+1 {
		sum, term := 1.0, 1.0
		for k := a + 1; term > sum*epsilon/8; k++ {
			term *= x / k
			sum += term
		}
		p = min(float64(front*sum), 1)
		return p, 1 - p
	}
	// Modified Lentz; W. Press and others, Numerical Recipes, 3rd edition, 6.2.
	b := x + 1 - a
	c := 1 / tiny
	d := 1 / b
	h := d
	for i := 1.0; i < 1e7; i++ {
		an := i * (a - i)
		b += 2
		d = float64(an*d) + b
		if math.Abs(d) < tiny {
			d = tiny
		}
		c = b + an/c
		if math.Abs(c) < tiny {
			c = tiny
		}
		d = 1 / d
		step := d * c
		h *= step
		if math.Abs(step-1) < epsilon {
			break
		}
	}
	q = min(float64(front*a)*h, 1)
	return 1 - q, q
}

// GammaQuantile is the x with P(a, x) = p, for a > 0 and 0 <= p <= 1. It starts
// at Wilson and Hilferty's approximation (1931) and ends with Newton's steps
// inside a shrinking bracket.
func GammaQuantile(p, a float64) float64 {
	switch {
	case !(a > 0) || !(p >= 0) || !(p <= 1) || math.IsInf(a, 1):
		return math.NaN()
	case p == 0:
		return 0
	case p == 1:
		return math.Inf(1)
	}
	t := 1 / (9 * a)
	w := 1 - t + float64(NormalQuantile(p)*math.Sqrt(t))
	x := a * w * w * w
	if !(w > 0.1) || a < 0.5 { // small x: P(a, x) is nearly x^a / Γ(a+1)
		lg, _ := math.Lgamma(a + 1)
		x = math.Exp((math.Log(p) + lg) / a)
	}
	hi := max(2*x, 1)
	for GammaP(a, hi) < p {
		hi *= 2
	}
	return invert(bracket{x: x, lo: 0, hi: hi}, func(x float64) (excess, density float64) {
		density = poissonTerm(a, x) * a / x
		P, Q := gammaPQ(a, x)
		if p < 0.5 {
			return P - p, density
		}
		return (1 - p) - Q, density
	})
}

// ChiSquareQuantile is the p quantile of the chi-square distribution with k > 0
// degrees of freedom.
func ChiSquareQuantile(p, k float64) float64 { return 2 * GammaQuantile(p, k/2) }
