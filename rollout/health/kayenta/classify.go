package kayenta

import (
	"fmt"
	"math"
	"slices"
)

// The values that stand for zero fields of a [Judge]: those of Kayenta's.
const (
	DefaultTolerance  = 0.25
	DefaultConfidence = 0.98
)

// Result is what is said of one metric. It has no error control: see the package
// comment.
type Result struct {
	// Metric is the metric's name.
	Metric string
	// Class is what is said, Reason one sentence on it that may change from version to
	// version; empty for a metric that simply passes.
	Class  Class
	Reason string
	// Critical says that this result fails the whole canary.
	Critical bool
	// Muted says that it is left out of the score.
	Muted bool
	// Ratio is the canary's mean over the control's. 0 where one of them is 0, has no
	// values or is not finite.
	Ratio float64
	// Shift is by how much the canary lies above the control. It is 0 where the two
	// were not compared: without data, or with the same values.
	Shift Shift
}

// Classify says whether the canary's values lie above or below the control's, with
// defaults in place of the metric's zero fields and the judge's. It does not change its
// arguments, and says what [Metric] says: call [Judge.Validate] first, a metric that
// makes no sense is ClassError.
func (j Judge) Classify(m Metric, canary, control []float64) Result {
	j, m = j.defaults(), m.defaults()
	r := Result{Metric: m.Name, Muted: m.Muted}
	fail := func(err error) Result {
		r.Class, r.Critical, r.Reason = ClassError, m.Critical, fmt.Sprintf("%s cannot be classified: %v", m.Name, err)
		return r
	}
	if err := m.validate(); err != nil {
		return fail(err)
	}
	if err := j.levels(); err != nil {
		return fail(err)
	}
	x, y := m.clean(canary), m.clean(control)
	switch {
	case (len(x) == 0 || len(y) == 0) && m.ReplaceNaN:
		r.Class = ClassPass
		return r
	case len(x) == 0 || len(y) == 0:
		r.Class, r.Critical = ClassNodata, m.Critical
		if m.MustHaveData && !m.Critical {
			r.Class = ClassNodataFailMetric
		}
		r.Reason = fmt.Sprintf("%s has %d values of the canary and %d of the control", m.Name, len(x), len(y))
		return r
	}
	ratio := meanRatio(x, y)
	if !finite(ratio) {
		return fail(fmt.Errorf("the ratio of the means is %v", ratio))
	}
	r.Ratio = ratio
	if slices.Equal(x, y) {
		r.Class, r.Reason = ClassPass, fmt.Sprintf("%s has the same values on both sides", m.Name)
		return r
	}
	if constant(x) && constant(y) && x[0] == y[0] {
		r.Class = ClassPass
		return r
	}
	shift, err := shiftOf(x, y, j.Confidence)
	if err != nil {
		return fail(err)
	}
	r.Shift = shift
	effect := r.Ratio
	if m.Effect == EffectCLES {
		effect = cles(pair{x, y})
	} else if effect == 0 {
		effect = math.NaN()
	}
	j.compare(&r, m, effect)
	return r
}

// compare decides by the interval and the effect. An effect that is not known is
// large enough for anything.
func (j Judge) compare(r *Result, m Metric, effect float64) {
	bound := float64(j.Tolerance * math.Abs(r.Shift.Estimate))
	high := func(limit float64) bool { return math.IsNaN(effect) || effect >= limit }
	low := func(limit float64) bool { return math.IsNaN(effect) || effect <= limit }
	switch {
	case m.Direction != DirectionDecrease && r.Shift.Low > bound && high(m.AllowedIncrease):
		r.Class, r.Critical = ClassHigh, m.Critical && high(m.CriticalIncrease)
		r.Reason = fmt.Sprintf("%s is higher by %.4g to %.4g", m.Name, r.Shift.Low, r.Shift.High)
	case m.Direction != DirectionIncrease && r.Shift.High < -bound && low(m.AllowedDecrease):
		r.Class, r.Critical = ClassLow, m.Critical && low(m.CriticalDecrease)
		r.Reason = fmt.Sprintf("%s is lower by %.4g to %.4g", m.Name, -r.Shift.High, -r.Shift.Low)
	default:
		r.Class = ClassPass
	}
}

// shiftOf is [ShiftOf], but of two constants too. Kayenta adds noise to them, in
// proportion to the constant, and so gets an interval around their difference; it fails
// where the noise leaves nothing to rank: where each side is one value, or zeros.
func shiftOf(x, y []float64, confidence float64) (Shift, error) {
	if !constant(x) || !constant(y) {
		return ShiftOf(x, y, confidence)
	}
	d := x[0] - y[0]
	if tied := func(s []float64) bool { return len(s) == 1 || s[0] == 0 }; tied(x) && tied(y) {
		return Shift{}, fmt.Errorf("one value of %v against one of %v", x[0], y[0])
	}
	if !finite(d) {
		return Shift{}, fmt.Errorf("the values differ by %v", d)
	}
	return Shift{Low: d, High: d, Estimate: d}, nil
}

func constant(sorted []float64) bool { return sorted[0] == sorted[len(sorted)-1] }
