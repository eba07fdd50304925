package stats

import (
	"cmp"
	"math"
	"slices"
)

// Duration is one observed time until an event. Censored says that it had not
// happened yet when the observation ended, so the true time is longer.
type Duration struct {
	// Time is in the caller's unit. If Censored, it is how long was observed.
	Time     float64
	Censored bool
}

// Step is the survival curve from a time on, until the next step.
type Step struct {
	// Time is when the step is, in the unit of the durations. AtRisk are those that
	// last until Time or longer, Events those that end at it: at least one.
	Time   float64
	AtRisk int
	Events int
	// Survival is the Kaplan-Meier estimate at Time and after.
	Survival float64
	// Variance is Greenwood's sum, Σ d/(n(n-d)): the variance of ln S. It is
	// infinite once Survival is 0.
	Variance float64
}

// KaplanMeier is the product-limit estimate: E. Kaplan and P. Meier, JASA 53
// (1958), 457-481. There is one step for each distinct time of an event;
// durations that are censored at such a time count as at risk at it. The
// argument is not changed; a NaN time makes the result nil.
func KaplanMeier(ds []Duration) []Step {
	ds = slices.Clone(ds)
	for _, d := range ds {
		if math.IsNaN(d.Time) {
			return nil
		}
	}
	slices.SortFunc(ds, func(a, b Duration) int { return cmp.Compare(a.Time, b.Time) })
	var out []Step
	s, v := 1.0, 0.0
	for i := 0; i < len(ds); {
		at, risk, events := ds[i].Time, len(ds)-i, 0
		for ; i < len(ds) && ds[i].Time == at; i++ {
			if !ds[i].Censored {
				events++
			}
		}
		if events == 0 {
			continue
		}
		n, d := float64(risk), float64(events)
		s *= (n - d) / n
		v += d / (n * (n - d))
		out = append(out, Step{Time: at, AtRisk: risk, Events: events, Survival: s, Variance: v})
	}
	return out
}

// Band is the pointwise confidence band of the curve at a step, on the log-log
// scale: J. Kalbfleisch and R. Prentice, The Statistical Analysis of Failure
// Time Data (1980), 1.4; Greenwood's variance. It stays inside [0, 1]. Where the
// survival is 0 the variance is not known, and so is the band.
func (s Step) Band(level float64) Interval {
	if !valid(level) || !(s.Survival > 0) || !(s.Survival < 1) {
		return none
	}
	ls := math.Log(s.Survival)
	w := math.Exp(NormalQuantile(0.5+level/2) * math.Sqrt(s.Variance) / -ls)
	return Interval{Lo: math.Exp(ls * w), Hi: math.Exp(ls / w)}
}

// half is the tolerance within which a survival counts as exactly one half:
// products of fractions miss it by rounding.
const half = 1e-10

// Median is the time at which the curve comes down to one half: the middle of
// the step where it lies at exactly one half, as R's survfit gives it (so that
// without censoring it is the sample median), NaN where it never comes down.
func Median(steps []Step) float64 {
	for i, s := range steps {
		switch {
		case s.Survival > 0.5+half:
		case s.Survival >= 0.5-half && i+1 < len(steps):
			return s.Time + (steps[i+1].Time-s.Time)/2
		default:
			return s.Time
		}
	}
	return math.NaN()
}

// MedianInterval are the medians for which the band contains one half: R.
// Brookmeyer and J. Crowley, Biometrics 38 (1982), 29-41, on the log-log scale.
// Lo is NaN if even the lower band never comes down to one half, Hi is +Inf if
// the upper band does not.
func MedianInterval(steps []Step, level float64) Interval {
	out := Interval{Lo: math.NaN(), Hi: math.Inf(1)}
	for _, s := range steps {
		b := s.Band(level)
		if math.IsNaN(out.Lo) && b.Lo <= 0.5 {
			out.Lo = s.Time
		}
		if b.Hi <= 0.5 {
			out.Hi = s.Time
			break
		}
	}
	return out
}

// RestrictedMean is the area under the curve from 0 to horizon: the mean of the
// lesser of the time and the horizon. It is NaN unless 0 <= horizon and no
// step is before 0.
func RestrictedMean(steps []Step, horizon float64) float64 {
	if !(horizon >= 0) || len(steps) > 0 && steps[0].Time < 0 {
		return math.NaN()
	}
	area, at, s := 0.0, 0.0, 1.0
	for _, step := range steps {
		if step.Time >= horizon {
			break
		}
		area += float64(s * (step.Time - at))
		at, s = step.Time, step.Survival
	}
	return area + float64(s*(horizon-at))
}
