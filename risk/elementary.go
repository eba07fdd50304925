package risk

import "math"

// The elementary functions of this package. They are its own because those of the
// standard library are assembly on some architectures and contracted to fused
// multiply-adds on others, and differ in the last bit; a replayed assessment must not.

// ln2 as a sum: the first part has so few bits that its products with exponents are exact.
const (
	ln2Hi = 0x1.62e42feep-1
	ln2Lo = 0x1.a39ef35793c76p-33
)

// Coefficients of the two series, the last first.
var (
	oddReciprocals = [...]float64{1. / 23, 1. / 21, 1. / 19, 1. / 17, 1. / 15, 1. / 13, 1. / 11, 1. / 9, 1. / 7, 1. / 5, 1. / 3}

	factorialReciprocals = [...]float64{1. / 87178291200, 1. / 6227020800, 1. / 479001600, 1. / 39916800, 1. / 3628800, 1. / 362880, 1. / 40320,
		1. / 5040, 1. / 720, 1. / 120, 1. / 24, 1. / 6, 1. / 2, 1, 1}
)

// ln is the natural logarithm of a finite x above 0, to within an ulp or two: with
// x = 2^e m and s = (m-1)/(m+1), ln m = 2 (s + s^3/3 + s^5/5 + …), |s| < 0.1716.
func ln(x float64) float64 {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, e = m*2, e-1
	}
	s := (m - 1) / (m + 1)
	z, sum := float64(s*s), 0.0
	for _, c := range oddReciprocals {
		sum = float64(z * (c + sum))
	}
	tail := float64(2*s*sum) + float64(float64(e)*ln2Lo)
	return float64(float64(e)*ln2Hi) + (2*s + tail)
}

// exp is e to the power of a finite x up to 0, to within an ulp or two: x = k ln2 + r,
// |r| <= ln2/2, and the power series of e^r.
func exp(x float64) float64 {
	if x < -745 {
		return 0
	}
	k := math.Round(x / math.Ln2)
	r := (x - float64(k*ln2Hi)) - float64(k*ln2Lo)
	sum := 0.0
	for _, c := range factorialReciprocals {
		sum = c + float64(r*sum)
	}
	return math.Ldexp(sum, int(k))
}

// exactBits is how many leading bits of a count its logarithm looks at. Two counts that
// differ in them have logarithms further apart than the error of ln, so that no count
// has a smaller logarithm than a smaller one.
const exactBits = 40

// logOf is the logarithm of 1+n, what a term makes of a count: 0 for none, and for
// counts from 2^40 on it is short by at most 2^-39.
func logOf(n int64) float64 {
	if n <= 0 {
		return 0
	}
	n++
	if n >= 1<<exactBits {
		drop := bitsOf(n) - exactBits
		n = n >> drop << drop
	}
	return ln(float64(n))
}

// sigmoid is 1/(1+e^-x) without overflow.
func sigmoid(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + exp(-x))
	}
	t := exp(x)
	return t / (1 + t)
}

// softplus is ln(1+e^x) without overflow.
func softplus(x float64) float64 { return max(x, 0) + log1p(exp(-math.Abs(x))) }

// log1p is ln(1+x) for x from -1 to 1. What rounding 1+x loses is given back
// (W. Kahan's correction, in D. Goldberg, ACM Computing Surveys 23 (1991), theorem 4).
func log1p(x float64) float64 {
	u := 1 + x
	switch u {
	case 0:
		return math.Inf(-1)
	case 1:
		return x
	}
	return float64(ln(u)*x) / (u - 1)
}
