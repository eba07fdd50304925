package stats

import "math"

// SurvivalQuantile is the time by which the share p has ended: where the curve
// comes down to 1-p, in the middle of the step where it lies at exactly that, as
// R's quantile.survfit gives it. It is NaN where the curve never comes down so
// far. At p = 0.5 it is [Median].
func SurvivalQuantile(steps []Step, p float64) float64 {
	left := 1 - p
	for i, s := range steps {
		switch {
		case s.Survival > left+half:
		case s.Survival >= left-half && i+1 < len(steps):
			return s.Time + (steps[i+1].Time-s.Time)/2
		default:
			return s.Time
		}
	}
	return math.NaN()
}

// SurvivalQuantileInterval are the p quantiles for which the log-log band
// contains 1-p: R. Brookmeyer and J. Crowley, Biometrics 38 (1982), 29-41, for
// any quantile. Lo is NaN if even the lower band never comes down so far, Hi is
// +Inf if the upper band does not. At p = 0.5 it is [MedianInterval].
func SurvivalQuantileInterval(steps []Step, p, level float64) Interval {
	left := 1 - p
	out := Interval{Lo: math.NaN(), Hi: math.Inf(1)}
	for _, s := range steps {
		b := s.Band(level)
		if math.IsNaN(out.Lo) && b.Lo <= left {
			out.Lo = s.Time
		}
		if b.Hi <= left {
			out.Hi = s.Time
			break
		}
	}
	return out
}
