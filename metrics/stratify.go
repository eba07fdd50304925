package metrics

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/release"
)

// StratifyOptions say what a classifier is held to. The zero value is the default.
type StratifyOptions struct {
	// Level is the confidence level of the intervals, above 0 and below 1; 0 means 0.95.
	Level float64
	// Alpha is the error that each verdict may have, above 0 and at most 0.5; 0 means 0.01.
	Alpha float64
	// MinAUC is what a working classifier must have at least, above 0.5 and below 1; 0
	// means 0.7, from where on D. Hosmer, S. Lemeshow and R. Sturdivant call it
	// acceptable (Applied Logistic Regression, 3rd edition, 2013, section 5.2.4).
	MinAUC float64
	// MinEach is how many failures, and how many deployments that did not fail, there
	// must be for a verdict; at least 1; 0 means 5.
	MinEach int
	// Bins is into how many parts of equal size probabilities are cut, 1 to 1,000; 0
	// means 10. Equal probabilities are not cut, so there may be fewer.
	Bins int
}

func (o StratifyOptions) withDefaults() (StratifyOptions, error) {
	o.Level, o.Alpha, o.MinAUC = cmp.Or(o.Level, 0.95), cmp.Or(o.Alpha, 0.01), cmp.Or(o.MinAUC, 0.7)
	o.MinEach, o.Bins = cmp.Or(o.MinEach, 5), cmp.Or(o.Bins, 10)
	var errs []error
	if !(o.Level > 0 && o.Level < 1) {
		errs = append(errs, fmt.Errorf("metrics: the level %v is not between 0 and 1", o.Level))
	}
	if !(o.Alpha > 0 && o.Alpha <= 0.5) {
		errs = append(errs, fmt.Errorf("metrics: the error %v is not above 0 and at most 0.5", o.Alpha))
	}
	if !(o.MinAUC > 0.5 && o.MinAUC < 1) {
		errs = append(errs, fmt.Errorf("metrics: the least AUC %v is not between 0.5 and 1", o.MinAUC))
	}
	if o.MinEach < 1 || o.Bins < 1 || o.Bins > 1000 {
		errs = append(errs, fmt.Errorf("metrics: at least %d of each outcome, %d bins", o.MinEach, o.Bins))
	}
	return o, errors.Join(errs...)
}

// Stratify holds predictions against what came of them: does the classifier work?
// The order of the predictions does not matter.
//
// Two hypotheses are tested of the tiers, and the verdict follows from them:
//
//   - that the tiers are shuffled, given their sizes and the number of failures, by
//     the one-sided Cochran-Armitage test: see [TierTrend]. Rejected below
//     [StratifyOptions.Alpha] against a rate that falls with the tier, with an AUC below
//     1/2, they are inverted. Rejected against a rate that rises, they work if the
//     estimate of the AUC is at least [StratifyOptions.MinAUC], and are weak otherwise;
//   - that the AUC is at least MinAUC: see [TierAUC]. No test can show that tiers are
//     shuffled, as a little better than shuffled looks the same. What can be shown is
//     that they are not as good as they must be. Where that is so, and that they are
//     shuffled is not rejected, they are useless.
//
// Where nothing is rejected, or there are too few outcomes of either kind, the
// verdict is too-few. What is tested holds for deployments that fail or not
// independently of each other.
//
// A prediction without a tier is in no test of the tiers and in no tier; it is
// counted. It is an error if none has a tier, or if a probability is none.
func Stratify(predictions []Prediction, opts StratifyOptions) (TierReport, error) {
	o, err := opts.withDefaults()
	if err != nil {
		return TierReport{}, err
	}
	if err := checkPredictions(predictions); err != nil {
		return TierReport{}, err
	}
	rows := make([]TierRow, release.TierCritical+1)
	var failed, fine []float64
	missing := map[NoOutcome]int{}
	for i := range predictions {
		p := &predictions[i]
		row := &rows[p.Tier]
		switch p.Outcome {
		case release.OutcomeUnknown:
			row.NoOutcome++
			missing[NoOutcome{Tier: p.Tier, Why: p.Why}]++
			continue
		case release.OutcomeFailed:
			row.Failed++
		}
		row.Deployments++
		if p.Tier == release.TierUnknown {
			continue
		}
		if p.Outcome == release.OutcomeFailed {
			failed = append(failed, float64(p.Tier))
		} else {
			fine = append(fine, float64(p.Tier))
		}
	}
	out := TierReport{Deployments: len(failed) + len(fine), Failed: len(failed), Level: o.Level}
	out.rows(rows)
	out.Trend = tierTrend(rows[1:])
	out.AUC = tierAUC(failed, fine, o)
	out.Probability = probabilityReport(predictions, o)
	for k, n := range missing {
		k.Count = n
		out.NoOutcome = append(out.NoOutcome, k)
	}
	slices.SortFunc(out.NoOutcome, func(a, b NoOutcome) int { return cmp.Or(cmp.Compare(a.Tier, b.Tier), cmp.Compare(a.Why, b.Why)) })
	out.judge(o)
	out.Caveats = out.caveats()
	return out, nil
}

func checkPredictions(predictions []Prediction) error {
	var errs []error
	tiered := false
	for i := range predictions {
		p := &predictions[i]
		bad := func(format string, args ...any) {
			if len(errs) < 10 {
				errs = append(errs, fmt.Errorf("metrics: prediction %d (deployment %q): %s", i, p.Deployment, fmt.Sprintf(format, args...)))
			}
		}
		if p.Tier > release.TierCritical {
			bad("its tier %d is none", p.Tier)
		}
		if p.Risk != 0 && !(p.Risk > 0 && p.Risk < 1) {
			bad("risk %v is no probability between 0 and 1", p.Risk)
		}
		switch {
		case p.Outcome > release.OutcomeFailed:
			bad("its outcome %d is none", p.Outcome)
		case p.Outcome == release.OutcomeUnknown && p.Why == "":
			bad("it has no outcome and no reason why")
		case p.Outcome != release.OutcomeUnknown && p.Why != "":
			bad("it has an outcome, and a reason why it has none: %q", p.Why)
		}
		tiered = tiered || p.Tier != release.TierUnknown
	}
	if !tiered && len(errs) == 0 {
		return fmt.Errorf("metrics: none of %d predictions has a tier", len(predictions))
	}
	return errors.Join(errs...)
}

// rows finishes what was counted of each tier.
func (r *TierReport) rows(rows []TierRow) {
	deployments, failed := 0, 0
	for t := len(rows) - 1; t >= 0; t-- {
		row := &rows[t]
		row.Tier, row.Rate, row.Share, row.Caught = release.Tier(t), math.NaN(), math.NaN(), math.NaN()
		if row.Deployments > 0 {
			row.Rate = float64(row.Failed) / float64(row.Deployments)
		}
		in := stats.Wilson(row.Failed, row.Deployments, r.Level)
		row.Lo, row.Hi = in.Lo, in.Hi
		if t == 0 {
			r.Untiered = *row
			break
		}
		deployments += row.Deployments
		failed += row.Failed
		if r.Deployments > 0 {
			row.Share = float64(deployments) / float64(r.Deployments)
		}
		if r.Failed > 0 {
			row.Caught = float64(failed) / float64(r.Failed)
		}
		if row.Deployments+row.NoOutcome > 0 {
			r.Tiers = append(r.Tiers, *row)
		}
	}
	slices.Reverse(r.Tiers)
}

// exactTrend is up to how many failures, or others, all tables are counted.
const exactTrend = 40

func tierTrend(rows []TierRow) *TierTrend {
	k, n := make([]int, len(rows)), make([]int, len(rows))
	failed, fine := 0, 0
	for i := range rows {
		k[i], n[i] = rows[i].Failed, rows[i].Deployments
		failed += k[i]
		fine += n[i] - k[i]
	}
	z := stats.CochranArmitage(k, n)
	if math.IsNaN(z) {
		return nil
	}
	if min(failed, fine) <= exactTrend {
		tails := stats.TrendExact(k, n)
		return &TierTrend{Z: z, Rising: tails.Upper, Falling: tails.Lower, Exact: true}
	}
	return &TierTrend{Z: z, Rising: stats.NormalCDF(-z), Falling: stats.NormalCDF(z)}
}

func tierAUC(failed, fine []float64, o StratifyOptions) *TierAUC {
	if len(failed) == 0 || len(fine) == 0 {
		return nil
	}
	r := stats.DeLong(failed, fine)
	in := r.Interval(o.Level)
	return &TierAUC{Value: r.AUC, Lo: in.Lo, Hi: in.Hi, Short: r.Against(o.MinAUC).Lower}
}
