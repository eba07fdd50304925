package metrics

import (
	"cmp"
	"math"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/release"
)

// forecast is a probability and whether it failed.
type forecast struct {
	p      float64
	failed bool
}

func probabilityReport(predictions []Prediction, o StratifyOptions) *ProbabilityReport {
	var out ProbabilityReport
	var all []forecast
	var failed, fine []float64
	for i := range predictions {
		p := &predictions[i]
		switch {
		case p.Outcome == release.OutcomeUnknown:
		case p.Risk == 0:
			out.Missing++
		case p.Outcome == release.OutcomeFailed:
			failed = append(failed, p.Risk)
			all = append(all, forecast{p.Risk, true})
		default:
			fine = append(fine, p.Risk)
			all = append(all, forecast{p.Risk, false})
		}
	}
	if len(all) == 0 {
		return nil
	}
	// Equal forecasts with equal outcomes are the same, so the sums do not depend on
	// the order of the predictions.
	slices.SortFunc(all, func(a, b forecast) int {
		if c := cmp.Compare(a.p, b.p); c != 0 || a.failed == b.failed {
			return c
		}
		if b.failed {
			return -1
		}
		return 1
	})
	out.Deployments, out.Failed = len(all), len(failed)
	out.AUC = tierAUC(failed, fine, o)
	whole := forecastBin(all)
	out.Expected = whole.Mean() * float64(len(all))
	if z := stats.Spiegelhalter(whole); !math.IsNaN(z) {
		out.Calibrated = &CalibrationTest{Z: z, P: 2 * stats.NormalCDF(-math.Abs(z))}
	}
	var bins []stats.ForecastBin
	for from, b := 0, 1; from < len(all); b++ {
		to := max(from, int(int64(b)*int64(len(all))/int64(o.Bins)))
		for to > from && to < len(all) && all[to].p == all[to-1].p {
			to++
		}
		if to == from {
			continue
		}
		bin := forecastBin(all[from:to])
		c := CalibrationBin{From: all[from].p, To: all[to-1].p, Mean: bin.Mean(), Deployments: to - from}
		for _, hit := range bin.Hit {
			if hit {
				c.Failed++
			}
		}
		c.Rate = float64(c.Failed) / float64(c.Deployments)
		in := stats.Wilson(c.Failed, c.Deployments, o.Level)
		c.Lo, c.Hi = in.Lo, in.Hi
		out.Bins, bins = append(out.Bins, c), append(bins, bin)
		from = to
	}
	parts := stats.Brier(bins)
	out.Brier, out.Reliability, out.Resolution = parts.Score, parts.Reliability, parts.Resolution
	out.Uncertainty, out.Within, out.Covariance = parts.Uncertainty, parts.Within, parts.Covariance
	return &out
}

func forecastBin(all []forecast) stats.ForecastBin {
	var b stats.ForecastBin
	for _, f := range all {
		b.P, b.Hit = append(b.P, f.p), append(b.Hit, f.failed)
	}
	return b
}
