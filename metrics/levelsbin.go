package metrics

import (
	"fmt"
	"math"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// Bin is one of the six answers that DORA's survey offers for a metric, from 1, the
// slowest or most failing, to 6. They are ordinal. Those of lead time, frequency and
// recovery time have been the same since 2018 (dora.dev, survey questions); those of
// the fail rate were asked until 2022, since 2023 it is a percentage.
type Bin uint8

// bins is how many there are.
const bins = 6

// The lengths that the bins of times are bounded by, in seconds. A month is a
// twelfth of a mean Gregorian year.
const (
	binHour  = 3600.0
	binDay   = 24 * binHour
	binWeek  = 7 * binDay
	binMonth = 365.2425 / 12 * binDay
)

// binEdges are the five bounds between the bins, from bin 1 on: falling values where
// descending, and a bound belongs to the bin before it there, to the one after it elsewhere.
func binEdges(m Metric) (edges [bins - 1]float64, descending, ok bool) {
	perWeek := func(seconds float64) float64 { return binWeek / seconds }
	switch m {
	case LeadTime, RecoveryTime:
		return [bins - 1]float64{6 * binMonth, binMonth, binWeek, binDay, binHour}, true, true
	case Frequency:
		return [bins - 1]float64{perWeek(6 * binMonth), perWeek(binMonth), 1, perWeek(binDay), 2 * perWeek(binDay)}, false, true
	case FailRate:
		return [bins - 1]float64{0.755, 0.605, 0.455, 0.305, 0.155}, true, true
	}
	return edges, false, false
}

// AnswerBin is the answer that a value is: lead and recovery times in seconds,
// frequencies per week, fail rates from 0 to 1. A time that is exactly a bound falls to
// the longer answer ("less than one hour" is less), a frequency that is one to the more
// frequent answer. "On demand (multiple deploys per day)" is read as two or more a
// day; the survey's next answer, between once per hour and once per day, overlaps with
// it. The bins of fail rates are of whole percents, so 15.4 % is in 0-15. The rework
// rate was never asked in bins, and is an error, as a value is that is not there.
func AnswerBin(m Metric, value float64) (Bin, error) {
	edges, descending, ok := binEdges(m)
	if !ok {
		return 0, fmt.Errorf("metrics: DORA's survey has no answer bins for the %s", m)
	}
	if math.IsNaN(value) || m == Frequency && value < 0 || m == FailRate && !(value >= 0 && value <= 1) {
		return 0, fmt.Errorf("metrics: %v is no %s", value, m)
	}
	for i, e := range edges {
		if descending && value >= e || !descending && value < e {
			return Bin(i + 1), nil
		}
	}
	return bins, nil
}

// Words are the survey's answer, as short as the report prints it; "" for a metric
// without bins.
func (b Bin) Words(m Metric) string {
	words := map[Metric][bins]string{
		Frequency: {"less than once per six months", "once per month to once per six months", "once per week to once per month",
			"once per day to once per week", "once per hour to once per day", "on demand (multiple deploys per day)"},
		FailRate: {"76-100 %", "61-75 %", "46-60 %", "31-45 %", "16-30 %", "0-15 %"},
	}
	times := [bins]string{"more than six months", "one to six months", "one week to one month", "one day to one week",
		"less than one day", "less than one hour"}
	words[LeadTime], words[RecoveryTime] = times, times
	w, ok := words[m]
	if !ok || b < 1 || b > bins {
		return ""
	}
	return w[b-1]
}

// binChances are the probabilities of the six bins for the true value behind a result,
// from bin 1; false where the result says too little.
func binChances(r *Result) (p [bins]float64, ok bool) {
	edges, descending, ok := binEdges(r.Metric)
	if !ok {
		return p, false
	}
	cdf, ok := beliefOf(r)
	if !ok {
		return p, false
	}
	// Between neighbouring bounds, from the lowest value up.
	last := 0.0
	for i := range bins {
		up, bin := 1.0, i
		if descending {
			bin = bins - 1 - i
		}
		if i < bins-1 {
			e := edges[i]
			if descending {
				e = edges[bins-2-i]
			}
			up = cdf(e)
		}
		p[bin] = max(0, up-last)
		last = max(last, up)
	}
	return p, true
}

// beliefOf is the distribution of the true value given a result: Jeffreys' posterior
// of a rate or a frequency; for medians a distribution with the median Value of which Lo
// and Hi are the quantiles of its level, normal on each side, of the logarithm
// where all three are above 0.
func beliefOf(r *Result) (cdf func(float64) float64, ok bool) {
	if math.IsNaN(r.Value) || r.Method == MethodIncidents || r.Status != StatusOK && r.Status != StatusTooFew || checkCount(r) != nil {
		return nil, false
	}
	switch {
	case isRate(r.Metric):
		k := float64(numerator(r))
		return func(x float64) float64 { return stats.BetaI(min(1, max(0, x)), k+0.5, float64(r.N)-k+0.5) }, true
	case r.Metric == Frequency:
		c := countOf(r)
		if !(c.Exposure > 0) {
			return nil, false
		}
		return func(x float64) float64 { return stats.GammaP(float64(c.Events)+0.5, max(0, x*c.Exposure)) }, true
	}
	if math.IsInf(r.Lo, -1) || math.IsInf(r.Hi, 1) || !(r.Lo <= r.Value) || !(r.Value <= r.Hi) || !(r.Level > 0) || !(r.Level < 1) {
		return nil, false
	}
	scale := func(x float64) float64 { return x }
	if r.Lo > 0 {
		scale = func(x float64) float64 { return math.Log(max(x, math.SmallestNonzeroFloat64)) }
	}
	lo, mid, hi := scale(r.Lo), scale(r.Value), scale(r.Hi)
	z := stats.NormalQuantile(0.5 + r.Level/2)
	return func(x float64) float64 {
		v, sd := scale(x), (hi-mid)/z
		if v < mid {
			sd = (mid - lo) / z
		}
		switch {
		case sd > 0:
			return math.Erfc(-(v-mid)/sd/math.Sqrt2) / 2
		case v < mid:
			return 0
		}
		return 1
	}, true
}
