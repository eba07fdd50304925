package metrics

import (
	"cmp"
	"math"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/stats"
)

// Calibration says how good foretold probabilities are.
type Calibration struct {
	// N counts the deployments with a foretold probability, Failed those that failed,
	// and Expected is the sum of the probabilities.
	N        int     `json:"n"`
	Failed   int     `json:"failed"`
	Expected float64 `json:"expected"`
	// AUC is the area under the curve with DeLong's interval at 95 %; NaN where none or
	// all failed.
	AUC   float64 `json:"auc"`
	AUCLo float64 `json:"aucLo"`
	AUCHi float64 `json:"aucHi"`
	// Brier is the mean squared error, 0 at best. Skill is how much of the error of
	// foretelling everybody's own fail rate it saves: 1 at best, at most 0 where that
	// constant is as good; NaN where none or all failed.
	Brier float64 `json:"brier"`
	Skill float64 `json:"skill"`
	// Z is Spiegelhalter's statistic, standard normal if the probabilities are right,
	// and P its two-sided p value; NaN where all foretold a half.
	Z float64 `json:"z"`
	P float64 `json:"p"`
	// Bins are the deployments by rising probability; equal probabilities are in one bin.
	Bins []CalibrationBin `json:"bins"`
}

// CalibrationBin compares what was foretold with what came.
type CalibrationBin struct {
	// From and To are the smallest and the largest probability, Foretold the mean.
	From     float64 `json:"from"`
	To       float64 `json:"to"`
	Foretold float64 `json:"foretold"`
	// N counts the deployments, Failed those that failed; Lo and Hi are Wilson's
	// interval of the fail rate at 95 %.
	N      int     `json:"n"`
	Failed int     `json:"failed"`
	Lo     float64 `json:"lo"`
	Hi     float64 `json:"hi"`
}

// foretold is a probability and what came.
type foretold struct {
	p      float64
	failed bool
}

// calibrate compares probabilities with outcomes, or is nil without any. Its sums
// are in the order of the probabilities, so that they do not depend on that of the
// facts.
func calibrate(all []foretold, bins int) *Calibration {
	if len(all) == 0 {
		return nil
	}
	slices.SortFunc(all, func(a, b foretold) int {
		if c := cmp.Compare(a.p, b.p); c != 0 || a.failed == b.failed {
			return c
		}
		if a.failed {
			return 1
		}
		return -1
	})
	c := Calibration{N: len(all)}
	p, failures := make([]float64, len(all)), make([]bool, len(all))
	var failed, fine []int // by distinct probability
	for i, f := range all {
		if i == 0 || f.p != all[i-1].p {
			failed, fine = append(failed, 0), append(fine, 0)
		}
		o := 0.0
		if f.failed {
			o = 1
			c.Failed++
			failed[len(failed)-1]++
		} else {
			fine[len(fine)-1]++
		}
		p[i], failures[i] = f.p, f.failed
		c.Expected += f.p
		c.Brier += float64((f.p - o) * (f.p - o))
	}
	c.Brier /= float64(c.N)
	base := float64(c.Failed) / float64(c.N)
	c.Skill = 1 - c.Brier/float64(base*(1-base))
	if c.Failed == 0 || c.Failed == c.N {
		c.Skill = math.NaN()
	}
	var variance float64
	c.AUC, variance = stats.AUC(failed, fine)
	half := -stats.NormalQuantile(0.025) * math.Sqrt(variance)
	c.AUCLo, c.AUCHi = max(0, c.AUC-half), min(1, c.AUC+half)
	c.Z = stats.Spiegelhalter(p, failures)
	c.P = 2 * stats.NormalTail(math.Abs(c.Z))
	c.Bins = calibrationBins(all, bins)
	return &c
}

// calibrationBins cuts the sorted deployments into bins of about as many each. A
// bin ends only where the probability changes.
func calibrationBins(all []foretold, bins int) []CalibrationBin {
	var out []CalibrationBin
	for from, b := 0, 1; from < len(all); {
		for len(all)*b/bins <= from { // equal probabilities filled it already
			b++
		}
		to := len(all) * b / bins
		for to < len(all) && all[to].p == all[to-1].p {
			to++
		}
		bin := CalibrationBin{From: all[from].p, To: all[to-1].p, N: to - from}
		for _, f := range all[from:to] {
			bin.Foretold += f.p
			if f.failed {
				bin.Failed++
			}
		}
		bin.Foretold /= float64(bin.N)
		in := stats.Wilson(bin.Failed, bin.N, 0.95)
		bin.Lo, bin.Hi = in.Lo, in.Hi
		out = append(out, bin)
		from = to
	}
	return out
}
