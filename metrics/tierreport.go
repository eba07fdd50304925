package metrics

import (
	"encoding/json"
	"math"

	"github.com/sallyport-dev/sallyport/release"
)

// TierReport says whether the tiers, and the probabilities where there are any,
// foretold what failed.
type TierReport struct {
	// Tiers are the tiers that a prediction has, from low to critical, and Untiered
	// the predictions without a tier. Those are in nothing else here but Probability.
	Tiers    []TierRow `json:"tiers"`
	Untiered TierRow   `json:"untiered"`
	// Deployments have a tier and an outcome; Failed of them failed.
	Deployments int `json:"deployments"`
	Failed      int `json:"failed"`
	// Trend is nil where nothing can vary: all are in one tier, or all came out alike.
	Trend *TierTrend `json:"trend,omitempty"`
	// AUC is how well the tiers rank; nil unless some failed and some did not.
	AUC *TierAUC `json:"auc,omitempty"`
	// Probability is nil where no deployment with an outcome has a probability.
	Probability *ProbabilityReport `json:"probability,omitempty"`
	// Verdict is what it comes to, P the p value of the hypothesis that was rejected for it
	// (for too-few the least of those that were not; 1 where none was tested), and
	// Reason the sentence why.
	Verdict TierVerdict `json:"verdict"`
	P       float64     `json:"p"`
	Reason  string      `json:"reason"`
	// NoOutcome counts the predictions that nothing came of, by tier and reason. Caveats
	// say how the choice of what has an outcome may have bent the numbers.
	NoOutcome []NoOutcome `json:"noOutcome,omitempty"`
	Caveats   []string    `json:"caveats"`
	// Level is the confidence level of all intervals.
	Level float64 `json:"level"`
}

// TierRow is one tier.
type TierRow struct {
	// Tier is the one.
	Tier release.Tier `json:"tier"`
	// Deployments have an outcome, Failed of them failed; NoOutcome more have none.
	Deployments int `json:"deployments"`
	Failed      int `json:"failed"`
	NoOutcome   int `json:"noOutcome"`
	// Rate is Failed by Deployments, Lo and Hi are Wilson's interval; all are NaN, and null in
	// JSON, where there is no deployment.
	Rate float64 `json:"rate"`
	Lo   float64 `json:"lo"`
	Hi   float64 `json:"hi"`
	// Share is the share of all deployments that are in this tier or a higher one, Caught
	// the share of all failures that are. A classifier that works catches more than its
	// share. Share is NaN where there is no deployment, Caught where there is no
	// failure; both are NaN for those without a tier.
	Share  float64 `json:"share"`
	Caught float64 `json:"caught"`
}

// MarshalJSON writes numbers that are not finite as null.
func (r TierRow) MarshalJSON() ([]byte, error) {
	type plain TierRow
	known := func(v float64) *float64 {
		if math.IsNaN(v) {
			return nil
		}
		return &v
	}
	return json.Marshal(struct {
		plain
		Rate   *float64 `json:"rate"`
		Lo     *float64 `json:"lo"`
		Hi     *float64 `json:"hi"`
		Share  *float64 `json:"share"`
		Caught *float64 `json:"caught"`
	}{plain(r), known(r.Rate), known(r.Lo), known(r.Hi), known(r.Share), known(r.Caught)})
}

// TierTrend is the Cochran-Armitage test of the hypothesis that the tiers are
// shuffled: that, given how many deployments each tier has and how many failed,
// any of them are as likely to be the failed ones. Tiers have the scores 1 to 4.
type TierTrend struct {
	// Z is the statistic, above 0 where higher tiers fail more.
	Z float64 `json:"z"`
	// Rising is the p value against a rate that rises with the tier, Falling against
	// one that falls; each is one-sided.
	Rising  float64 `json:"rising"`
	Falling float64 `json:"falling"`
	// Exact says that all tables with these totals were counted, which is so where at
	// most 40 failed or at most 40 did not; otherwise Z is taken to be normal.
	Exact bool `json:"exact"`
}

// TierAUC is how well a score tells what failed from what did not.
type TierAUC struct {
	// Value is the chance that one that failed has a higher score than one that did
	// not, equal ones counted by half: 0.5 is drawing lots, 1 without a mistake, and
	// below 0.5 inverted. Lo and Hi are its interval by DeLong's variance on the
	// logit scale, or by Newcombe's method 5 where there is no variance.
	Value float64 `json:"value"`
	Lo    float64 `json:"lo"`
	Hi    float64 `json:"hi"`
	// Short is the one-sided p value of the hypothesis that the AUC is at least
	// [StratifyOptions.MinAUC], by Newcombe's method 5.
	Short float64 `json:"short"`
}

// NoOutcome counts predictions without an outcome.
type NoOutcome struct {
	// Tier and Why are what Count of them have in common.
	Tier  release.Tier `json:"tier"`
	Why   string       `json:"why"`
	Count int          `json:"count"`
}

// ProbabilityReport holds foretold probabilities against what came.
type ProbabilityReport struct {
	// Deployments have a probability and an outcome, Failed of them failed, and Expected
	// would have by the sum of the probabilities. Missing more have an outcome and no
	// probability: they are left out.
	Deployments int     `json:"deployments"`
	Failed      int     `json:"failed"`
	Expected    float64 `json:"expected"`
	Missing     int     `json:"missing"`
	// AUC is how well the probabilities rank; nil unless some failed and some did not.
	AUC *TierAUC `json:"auc,omitempty"`
	// Brier is the mean squared difference of probability and outcome, 0 the best; it is
	// Reliability - Resolution + Uncertainty + Within - 2*Covariance. Reliability is how
	// far the bins are from what came (0 the best), Resolution how far bins differ (more
	// is better), Uncertainty the variance of what came, Within and Covariance what is
	// left within the bins.
	Brier       float64 `json:"brier"`
	Reliability float64 `json:"reliability"`
	Resolution  float64 `json:"resolution"`
	Uncertainty float64 `json:"uncertainty"`
	Within      float64 `json:"within"`
	Covariance  float64 `json:"covariance"`
	// Calibrated is the test that the probabilities are the true ones; nil where each
	// is 1/2, which it cannot test.
	Calibrated *CalibrationTest `json:"calibrated,omitempty"`
	// Bins are the deployments by probability, equal ones together.
	Bins []CalibrationBin `json:"bins"`
}

// CalibrationTest is D. Spiegelhalter's test that outcomes have the probabilities
// that were foretold: Statistics in Medicine 5 (1986), 421-433.
type CalibrationTest struct {
	// Z is about normal if they have; below 1/2 it is above 0 where more failed than was
	// foretold. P is two-sided. A great P does not show that they are calibrated.
	Z float64 `json:"z"`
	P float64 `json:"p"`
}

// CalibrationBin is the deployments with probabilities from From to To, both included.
type CalibrationBin struct {
	// From and To are the least and the greatest probability, Mean is their mean.
	From float64 `json:"from"`
	To   float64 `json:"to"`
	Mean float64 `json:"mean"`
	// Deployments are in the bin, Failed of them failed: the share Rate, with Wilson's
	// interval from Lo to Hi.
	Deployments int     `json:"deployments"`
	Failed      int     `json:"failed"`
	Rate        float64 `json:"rate"`
	Lo          float64 `json:"lo"`
	Hi          float64 `json:"hi"`
}
