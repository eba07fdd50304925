package metrics

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// maxQuantiles bounds [Query.Quantiles].
const maxQuantiles = 8

// QuantileValue is one quantile of a lead time or a recovery time: a time, in
// seconds, that the share P of the values does not exceed.
type QuantileValue struct {
	// P is the share, above 0 and below 1, as the query asks for it.
	P float64 `json:"p"`
	// Value is the quantile, from Lo to Hi at the result's confidence level. An
	// interval without a bound ends at an infinity. A quantile of recovery times
	// that is not reached yet, because too many failures are not over, is NaN. In
	// JSON all of these are null.
	Value float64 `json:"value"`
	Lo    float64 `json:"lo"`
	Hi    float64 `json:"hi"`
}

// MarshalJSON writes numbers that are not finite as null.
func (q QuantileValue) MarshalJSON() ([]byte, error) {
	finite := func(v float64) *float64 {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return &v
	}
	return json.Marshal(struct {
		P     float64  `json:"p"`
		Value *float64 `json:"value"`
		Lo    *float64 `json:"lo"`
		Hi    *float64 `json:"hi"`
	}{q.P, finite(q.Value), finite(q.Lo), finite(q.Hi)})
}

// checkQuantiles reports what is wrong with the quantiles of a query.
func checkQuantiles(ps []float64) error {
	if len(ps) > maxQuantiles {
		return fmt.Errorf("metrics: %d quantiles are more than %d", len(ps), maxQuantiles)
	}
	for i, p := range ps {
		if !(p > 0) || !(p < 1) {
			return fmt.Errorf("metrics: the quantile %v is not between 0 and 1", p)
		}
		if i > 0 && p <= ps[i-1] {
			return fmt.Errorf("metrics: the quantile %v does not ascend", p)
		}
	}
	return nil
}

// orderQuantiles are the quantiles of sorted values, with their intervals.
func (t QuantileType) orderQuantiles(sorted, ps []float64, level float64) []QuantileValue {
	var out []QuantileValue
	for _, p := range ps {
		lo, hi, _ := orderInterval(sorted, p, level)
		out = append(out, QuantileValue{P: p, Value: t.of(sorted, p), Lo: lo, Hi: hi})
	}
	return out
}

// of is the p quantile of sorted values, of which there is one.
func (t QuantileType) of(sorted []float64, p float64) float64 {
	if t == QuantileLower {
		return sorted[min(int(float64(len(sorted)-1)*p), len(sorted)-1)]
	}
	return stats.Quantile(sorted, p)
}

// orderInterval is the interval of the p quantile of sorted values; false, and without
// bounds, where they are too few for one.
func orderInterval(sorted []float64, p, level float64) (lo, hi float64, ok bool) {
	l, u, ok := stats.InterpolatedOrder(len(sorted), p, level)
	if !ok {
		return math.Inf(-1), math.Inf(1), false
	}
	return l.At(sorted), u.At(sorted), true
}

// survivalQuantiles are the quantiles of a survival curve, with their intervals.
func survivalQuantiles(steps []stats.Step, ps []float64, level float64) []QuantileValue {
	var out []QuantileValue
	for _, p := range ps {
		in := stats.SurvivalQuantileInterval(steps, p, level)
		if math.IsNaN(in.Lo) {
			in.Lo = math.Inf(-1)
		}
		out = append(out, QuantileValue{P: p, Value: stats.SurvivalQuantile(steps, p), Lo: in.Lo, Hi: in.Hi})
	}
	return out
}
