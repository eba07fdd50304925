package risk

import (
	"math"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// ripening is a group of releases of one base rate: the failures that are known, and of
// each that is fine so far the probability that its failure would be known.
type ripening struct {
	failed int
	fine   []float64
	times  float64 // how many releases each of fine stands for; 0 is one
}

// group are the releases with the given indexes in seen; nil is all.
func (k *knowledge) group(which []int) ripening {
	var r ripening
	add := func(i int) {
		if k.failed(i) {
			r.failed++
		} else {
			r.fine = append(r.fine, k.mature[i])
		}
	}
	if which == nil {
		for i := range k.seen {
			add(i)
		}
	}
	for _, i := range which {
		add(i)
	}
	return r
}

// rate is the most probable base rate of all.
func (k *knowledge) rate() float64 {
	if k.base == 0 {
		k.base = k.group(nil).rate()
	}
	return k.base
}

// rateOf is the base rate of a group with its interval; nil is of all. The interval allows for the delay curve, which is not sure
// either.
func (k *knowledge) rateOf(which []int) Measure {
	return k.rateOfGroup(k.group(which))
}

func (k *knowledge) rateOfGroup(r ripening) Measure {
	if r.failed+len(r.fine) == 0 {
		return Measure{}
	}
	rate, in := r.rate(), r.interval()
	return measured(rate, in.widened(rate, float64(z95*k.curveError())), true)
}

// curveError is by how much, in log-odds, the base rate would change if the delay curve's shape were one standard deviation
// off: the root of the sum of squares over the two directions.
func (k *knowledge) curveError() float64 {
	if k.rate() == 0 || k.unsure > 0 {
		return k.unsure
	}
	at := func(shape weibull) float64 {
		c, r := k.curve.shaped(shape), ripening{}
		for i := range k.seen {
			if o := &k.seen[i].Outcome; k.failed(i) {
				r.failed++
			} else {
				r.fine = append(r.fine, c.known(o.At.Sub(o.Deployed)))
			}
		}
		return logit(r.rate())
	}
	sum := 0.0
	for _, d := range k.curve.unsure {
		half := (at(k.curve.shape.plus(d)) - at(k.curve.shape.plus(weibull{-d.scale, -d.shape}))) / 2
		sum += float64(half * half)
	}
	k.unsure = math.Sqrt(sum)
	return k.unsure
}

// logit is the log-odds of a probability, which is kept away from 0 and 1 by a part in a million.
func logit(p float64) float64 {
	p = min(max(p, 1e-6), 1-1e-6)
	return ln(p / (1 - p))
}

// odds is an interval of a probability.
type odds struct{ lo, hi float64 }

// widened allows for another error of the estimate, in log-odds, that is independent of the interval's own.
func (in odds) widened(estimate, by float64) stats.Interval {
	at := logit(estimate)
	lo, hi := at-logit(in.lo), logit(in.hi)-at
	out := stats.Interval{Lo: 0, Hi: 1}
	if in.lo > 0 {
		out.Lo = sigmoid(at - math.Sqrt(float64(lo*lo)+float64(by*by)))
	}
	if in.hi < 1 {
		out.Hi = sigmoid(at + math.Sqrt(float64(hi*hi)+float64(by*by)))
	}
	return out
}

// logLikelihood is that of the base rate p: a release is seen to fail with probability p*F.
func (r ripening) logLikelihood(p float64) float64 {
	sum := 0.0
	if r.failed > 0 {
		sum = float64(float64(r.failed) * ln(p))
	}
	for _, f := range r.fine {
		sum += log1p(-float64(p * f))
	}
	return sum
}

// rate maximises the likelihood, which is concave. It is 0 where nothing failed.
func (r ripening) rate() float64 {
	if r.failed == 0 {
		return 0
	}
	times := max(1, r.times)
	return bisect(0, 1, func(p float64) bool { // whether the slope, times p, is still above 0
		slope := 0.0
		for _, f := range r.fine {
			x := float64(p * f)
			slope += x / (1 - x)
		}
		return float64(times*slope) < float64(r.failed)
	})
}

// interval holds the rates whose likelihood ratio to the best is within the 95 % quantile of the chi-square
// distribution (S. Wilks, Annals of Mathematical Statistics 9 (1938), 60-62).
func (r ripening) interval() odds {
	best := r.rate()
	least := r.logLikelihood(best) - stats.ChiSquareQuantile(0.95, 1)/2
	in := odds{0, 1}
	if best > 0 {
		in.lo = bisect(0, best, func(p float64) bool { return r.logLikelihood(p) < least })
	}
	if best < 1 && r.logLikelihood(1) < least {
		in.hi = bisect(best, 1, func(p float64) bool { return r.logLikelihood(p) >= least })
	}
	return in
}

// bisect is where below turns from true to false between lo and hi.
func bisect(lo, hi float64, below func(float64) bool) float64 {
	for range 50 {
		if mid := (lo + hi) / 2; below(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2
}
