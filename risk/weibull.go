package risk

import "math"

// weibull is a Weibull distribution of delays. It is kept as logarithms: of the scale in days, and of the shape.
type weibull struct{ scale, shape float64 }

// defaultDelays is the curve to start with, of shape 0.69 and scale 535 days. Of 20,061 changes of 17 Apache
// projects that brought in a defect (shared/facts/risk.md, section 2d), the report of
// 10 % was known after 21 days, 12.5 % after 30, 25 % after 90, 50 % after 309, 54 % after 365 and 75 % after 880; the
// curve is within .006 of each. Incidents show sooner than defects, and the curve errs to
// the side of waiting: what is too slow makes "fine" count for less.
func defaultDelays() weibull { return weibull{ln(535), ln(0.69)} }

// The standard deviations of the Gaussian prior about the default: a host's delays may well be a fifth or a
// twentieth of those, and their shape half or twice it. They are choices; a few dozen failures outweigh them.
const (
	scaleSpread = 1.5
	shapeSpread = 0.3
)

// leastDelay is the shortest delay that is told from none, in days: who notices within the hour, notices at once.
const leastDelay = 1.0 / 24

// A curve that is very slow makes of few failures a host in which everything fails. The base rate that a curve means has a Gaussian
// prior in log-odds too: about 12 %, as that of the default model, and from 1 to 70 % in 95 of 100 cases.
const (
	rateMean   = -1.99
	rateSpread = 1.5
)

// How many failures, and how many others, the fit looks at.
const (
	maxDelays = 200
	maxOpen   = 100
)

// some are at most so many of them, evenly from the first to the last.
func some[T any](all []T, most int) []T {
	n := len(all)
	if n <= most {
		return all
	}
	out := make([]T, most)
	for i := range out {
		out[i] = all[i*n/most]
	}
	return out
}

// known is the probability of a delay up to so many days.
func (w weibull) known(days float64) float64 {
	switch {
	case !(days > 0):
		return 0
	case math.IsInf(days, 1):
		return 1
	}
	return within(float64(power(w.shape) * (ln(days) - w.scale)))
}

// within is 1 - exp(-e^z), also where that is small.
func within(z float64) float64 {
	x := power(z)
	if x < 1e-4 {
		return x - float64(x*x)/2 + float64(float64(x*x)*x)/6
	}
	return 1 - exp(-x)
}

// power is e to the power of any x.
func power(x float64) float64 {
	if x > 0 {
		return 1 / exp(-x)
	}
	return exp(x)
}

// fitWeibull is the most probable curve given delays that could not have been seen if they were longer than their
// releases are old: the likelihood of each is its density over the probability up to the age. open are the ages up to which
// the others were watched; they tell of the base rate. With the curve come two distances from it
// that stand for how sure that is: the columns of the square root of the posterior's covariance, by Laplace's approximation.
func fitWeibull(seen []delay, open []float64, horizon float64) (weibull, [2]weibull) {
	at := defaultDelays()
	if len(seen) == 0 {
		return at, [2]weibull{{scaleSpread, 0}, {0, shapeSpread}}
	}
	group := ripening{failed: len(seen), times: float64(len(open)) / float64(max(1, min(len(open), maxOpen)))}
	seen, open = some(seen, maxDelays), some(open, maxOpen)
	type logs struct{ known, age float64 }
	data := make([]logs, len(seen))
	for i, d := range seen {
		data[i] = logs{ln(max(leastDelay, d.known)), ln(max(leastDelay, d.age))}
	}
	group.fine = make([]float64, len(open))
	loss := func(w weibull) float64 {
		whole := w.known(horizon)
		for i, age := range open {
			group.fine[i] = min(1, w.known(age)/whole)
		}
		a, b, k := (w.scale-at.scale)/scaleSpread, (w.shape-at.shape)/shapeSpread, power(w.shape)
		c := (logit(group.rate()) - rateMean) / rateSpread
		sum := (float64(a*a)+float64(b*b)+float64(c*c))/2 - float64(float64(len(data))*w.shape)
		for _, d := range data {
			z := float64(k * (d.known - w.scale))
			sum += power(z) - z + ln(max(math.SmallestNonzeroFloat64, within(float64(k*(d.age-w.scale)))))
		}
		return sum
	}
	// Compass search (R. Hooke and T. Jeeves, Journal of the ACM 8 (1961), 212-229).
	w := at
	best := loss(w)
	for step := 0.8; step > 0.005; {
		moved := false
		for _, d := range [...]weibull{{step, 0}, {-step, 0}, {0, step}, {0, -step}, {step, -step}, {-step, step}} {
			next := w.plus(d)
			if x := loss(next); x < best {
				w, best, moved = next, x, true
				break
			}
		}
		if !moved {
			step /= 2
		}
	}
	return w, spread(loss, w, best)
}

func (w weibull) plus(d weibull) weibull { return weibull{w.scale + d.scale, w.shape + d.shape} }

// spread is the square root of the inverse of the loss's curvature at its minimum, by differences; that of the prior where
// that is not one.
func spread(loss func(weibull) float64, w weibull, best float64) [2]weibull {
	const h = 0.05
	at := func(a, b float64) float64 { return loss(w.plus(weibull{a, b})) }
	aa := (at(h, 0) - 2*best + at(-h, 0)) / (h * h)
	bb := (at(0, h) - 2*best + at(0, -h)) / (h * h)
	ab := (at(h, h) - at(h, -h) - at(-h, h) + at(-h, -h)) / (4 * h * h)
	det := float64(aa*bb) - float64(ab*ab)
	if !(aa > 0) || !(det > 0) || !finite(det) {
		return [2]weibull{{scaleSpread, 0}, {0, shapeSpread}}
	}
	first := math.Sqrt(bb / det)
	second := -ab / det / first
	return [2]weibull{{first, second}, {0, math.Sqrt(max(0, aa/det-float64(second*second)))}}
}
