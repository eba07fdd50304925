package stats

import "math"

// ForecastBin is forecasts that are looked at together, and what came of them.
type ForecastBin struct {
	// P are the probabilities that were foretold, Hit is whether it happened.
	P   []float64
	Hit []bool
}

// BrierParts is the Brier score and the five parts that it is made of: Score = Reliability
// - Resolution + Uncertainty + Within - 2*Covariance.
type BrierParts struct {
	// Score is the mean squared difference of forecast and outcome.
	Score float64
	// Reliability is how far the bins' mean forecasts are from what came, Resolution
	// how far what came differs between bins, Uncertainty the variance of what came.
	Reliability, Resolution, Uncertainty float64
	// Within is the variance of the forecasts within the bins, Covariance their
	// covariance with what came; both are 0 where each bin has one forecast only.
	Within, Covariance float64
}

// Brier takes the Brier score apart: A. Murphy, Journal of Applied Meteorology 12 (1973),
// 595-600, with the two parts within bins of D. Stephenson, C. Coelho and I. Jolliffe,
// Weather and Forecasting 23 (2008), 752-757. All is NaN without forecasts, with one
// outside of 0 to 1, or with as many outcomes as not forecasts.
func Brier(bins []ForecastBin) BrierParts {
	nan := math.NaN()
	bad := BrierParts{nan, nan, nan, nan, nan, nan}
	n, hits := 0, 0
	for _, b := range bins {
		if !b.sound() {
			return bad
		}
		n += len(b.P)
		hits += b.hits()
	}
	if n == 0 {
		return bad
	}
	base := float64(hits) / float64(n)
	out := BrierParts{Uncertainty: float64(base * (1 - base))}
	for _, b := range bins {
		if len(b.P) == 0 {
			continue
		}
		mean := b.Mean()
		size := float64(len(b.P))
		rate := float64(b.hits()) / size
		out.Reliability += float64(size * (mean - rate) * (mean - rate))
		out.Resolution += float64(size * (rate - base) * (rate - base))
		for i, p := range b.P {
			y := 0.0
			if b.Hit[i] {
				y = 1
			}
			out.Score += float64((p - y) * (p - y))
			out.Within += float64((p - mean) * (p - mean))
			out.Covariance += float64((p - mean) * (y - rate))
		}
	}
	for _, v := range []*float64{&out.Score, &out.Reliability, &out.Resolution, &out.Within, &out.Covariance} {
		*v /= float64(n)
	}
	return out
}

func (b ForecastBin) sound() bool {
	for _, p := range b.P {
		if !(p >= 0 && p <= 1) {
			return false
		}
	}
	return len(b.P) == len(b.Hit)
}

func (b ForecastBin) hits() int {
	k := 0
	for _, hit := range b.Hit {
		if hit {
			k++
		}
	}
	return k
}

// Mean is the mean forecast, NaN where there is none.
func (b ForecastBin) Mean() float64 {
	sum := 0.0
	for _, p := range b.P {
		sum += p
	}
	return sum / float64(len(b.P))
}

// Spiegelhalter is the statistic of the test that what came has the probabilities that
// were foretold, about normal with mean 0 and variance 1 if it has: D. Spiegelhalter,
// Statistics in Medicine 5 (1986), 421-433, equation 8. It is above 0 where, below 1/2,
// more came than was foretold. A forecast of 1/2 has no weight in it. It is NaN where a forecast is outside of 0 to 1, or nothing can vary.
func Spiegelhalter(b ForecastBin) float64 {
	if !b.sound() {
		return math.NaN()
	}
	top, v := 0.0, 0.0
	for i, p := range b.P {
		y := 0.0
		if b.Hit[i] {
			y = 1
		}
		w := 1 - 2*p
		top += float64((y - p) * w)
		v += float64(w * w * p * (1 - p))
	}
	if !(v > 0) {
		return math.NaN()
	}
	return top / math.Sqrt(v)
}
