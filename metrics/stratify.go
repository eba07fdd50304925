package metrics

import (
	"fmt"
	"math"
	"time"

	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/release"
)

// What [StratifyOptions] are where they say nothing.
const (
	// DefaultMinAUC is the area below which a classifier is commonly called poor: D.
	// Hosmer, S. Lemeshow and R. Sturdivant, Applied Logistic Regression (2013), 5.2.4.
	DefaultMinAUC = 0.7
	// DefaultTierAlpha is the error that each of the tests behind a [TierVerdict] may
	// make.
	DefaultTierAlpha = 0.01
)

// minTierSide is how many failures, and how many others, it takes before a
// classifier is called useless or weak: those two rest on a normal approximation.
const minTierSide = 10

// StratifyOptions say how tiers are put to the test.
type StratifyOptions struct {
	// Tier is the tier of a deployment; nil takes [Deployment.Tier].
	Tier func(*Deployment) release.Tier
	// MinAUC is what the area under the curve of a classifier must reach to be of use,
	// above 0.5 and below 1; 0 is [DefaultMinAUC].
	MinAUC float64
	// Alpha is the error of each test, above 0 and at most 0.1; 0 is [DefaultTierAlpha].
	Alpha float64
	// Bins is how many bins foretold probabilities are sorted into, of about as many
	// deployments each, at most 100; 0 is 5.
	Bins int
	// Blocked counts the releases that were not let out, by tier, where the host knows.
	// What would have become of them nobody knows.
	Blocked map[release.Tier]int
}

func (o StratifyOptions) withDefaults() (StratifyOptions, error) {
	if o.Tier == nil {
		o.Tier = func(d *Deployment) release.Tier { return d.Tier }
	}
	if o.MinAUC == 0 {
		o.MinAUC = DefaultMinAUC
	}
	if o.Alpha == 0 {
		o.Alpha = DefaultTierAlpha
	}
	if o.Bins == 0 {
		o.Bins = 5
	}
	switch {
	case !(o.MinAUC > 0.5 && o.MinAUC < 1):
		return o, fmt.Errorf("metrics: MinAUC %v is not between 0.5 and 1", o.MinAUC)
	case !(o.Alpha > 0 && o.Alpha <= 0.1):
		return o, fmt.Errorf("metrics: Alpha %v is not above 0 and at most 0.1", o.Alpha)
	case o.Bins < 1 || o.Bins > 100:
		return o, fmt.Errorf("metrics: %d bins are not between 1 and 100", o.Bins)
	}
	for tier, n := range o.Blocked {
		if n < 0 || tier > release.TierCritical {
			return o, fmt.Errorf("metrics: %d releases of tier %d cannot have been blocked", n, tier)
		}
	}
	return o, nil
}

// TierReport says whether deployments of higher tiers fail more.
type TierReport struct {
	// From and To bound the deployments, which are those that count by the definition
	// with the digest Definition.
	From       time.Time      `json:"from"`
	To         time.Time      `json:"to"`
	Definition release.Digest `json:"definition"`
	// Tiers are the four tiers, in rising order, and Unknown the deployments without
	// one, which are in no test.
	Tiers   []TierRate `json:"tiers"`
	Unknown TierRate   `json:"unknown"`
	// AUC is the probability that a deployment that failed had a higher tier than one
	// that did not, ties counting half, with DeLong's interval at 1 - 2 Alpha, so that
	// each bound errs with Alpha. NaN where there is nothing to compare.
	AUC   float64 `json:"auc"`
	AUCLo float64 `json:"aucLo"`
	AUCHi float64 `json:"aucHi"`
	// Rising and Falling are the p values of the trend test (Cochran-Armitage, given
	// the counts): that the fail rate would rise, or fall, with the tier as it does if
	// the tiers said nothing. Exact says that they were enumerated. Below is that of an
	// area as small as this if the true one were MinAUC (Wald, DeLong's variance).
	Rising  float64 `json:"rising"`
	Falling float64 `json:"falling"`
	Exact   bool    `json:"exact"`
	Below   float64 `json:"below"`
	// MinAUC and Alpha are those of the options.
	MinAUC float64 `json:"minAUC"`
	Alpha  float64 `json:"alpha"`
	// Verdict is what follows, and Reason says it in a sentence.
	Verdict TierVerdict `json:"verdict"`
	Reason  string      `json:"reason"`
	// Foretold is how good the foretold probabilities are; nil where no deployment has
	// one.
	Foretold *Calibration `json:"foretold,omitempty"`
	// Bias says what these numbers cannot show.
	Bias []string `json:"bias"`
}

// TierRate is one tier.
type TierRate struct {
	// Tier is the one that it is about.
	Tier release.Tier `json:"tier"`
	// Deployments counts those that count, Failed those of them that failed.
	Deployments int `json:"deployments"`
	Failed      int `json:"failed"`
	// Rate is Failed by Deployments with its Wilson interval at 95 %; NaN without
	// deployments.
	Rate float64 `json:"rate"`
	Lo   float64 `json:"lo"`
	Hi   float64 `json:"hi"`
	// NotExposed counts attempts that ended before anybody was exposed, Blocked the
	// releases that were not let out: what would have become of them is not known.
	NotExposed int `json:"notExposed"`
	Blocked    int `json:"blocked"`
	// Share is the part of the deployments with a tier that has this one or a higher
	// one, Caught the part of the failures; NaN without any.
	Share  float64 `json:"share"`
	Caught float64 `json:"caught"`
}

// Stratify puts the tiers of the report's deployments to the test: do those of
// higher tiers fail more? Each deployment that counts is one observation, whatever
// its group; the services differ in how often they fail, so a trend may stand for
// the services and not for the releases. Ask a report of one service for that.
//
// An error means that the options are not valid.
func (r *Report) Stratify(o StratifyOptions) (TierReport, error) {
	o, err := o.withDefaults()
	if err != nil {
		return TierReport{}, err
	}
	a := r.analysis()
	t := tierCounts{blocked: o.Blocked}
	for _, i := range a.measured() {
		t.count(&a.deps[i], &a.s.deployments[i], o.Tier)
	}
	out := TierReport{From: a.q.From, To: a.q.To, Definition: a.digest, MinAUC: o.MinAUC, Alpha: o.Alpha,
		Tiers: t.rates(), Unknown: t.rate(release.TierUnknown)}
	out.Unknown.Share, out.Unknown.Caught = math.NaN(), math.NaN()
	t.test(&out, a.failuresKnown)
	out.Foretold = calibrate(t.foretold, o.Bins)
	out.Bias = t.bias(&out)
	return out, nil
}

// measured are the deployments that stand in a window of a group that is reported,
// each once, also where windows overlap.
func (a *analysis) measured() []int {
	in := make([]bool, len(a.deps))
	for c := range a.cells {
		if a.groups[a.cells[c].group].reported {
			for _, i := range a.cells[c].deps {
				in[i] = true
			}
		}
	}
	var out []int
	for i := range in {
		if in[i] {
			out = append(out, i)
		}
	}
	return out
}

// tierCounts is what is counted, by tier.
type tierCounts struct {
	of, failed, notExposed [release.TierCritical + 1]int
	blocked                map[release.Tier]int
	foretold               []foretold
}

func (t *tierCounts) count(x *dep, d *Deployment, tierOf func(*Deployment) release.Tier) {
	tier := tierOf(d)
	if tier > release.TierCritical {
		tier = release.TierUnknown
	}
	switch {
	case x.why == whyNotExposed:
		t.notExposed[tier]++
	case x.why != "":
	default:
		t.of[tier]++
		if x.failed {
			t.failed[tier]++
		}
		if d.Risk > 0 && d.Risk < 1 {
			t.foretold = append(t.foretold, foretold{d.Risk, x.failed})
		}
	}
}

func (t *tierCounts) rate(tier release.Tier) TierRate {
	out := TierRate{Tier: tier, Deployments: t.of[tier], Failed: t.failed[tier], NotExposed: t.notExposed[tier], Blocked: t.blocked[tier],
		Rate: math.NaN(), Lo: math.NaN(), Hi: math.NaN()}
	if out.Deployments > 0 {
		in := stats.Wilson(out.Failed, out.Deployments, 0.95)
		out.Rate, out.Lo, out.Hi = float64(out.Failed)/float64(out.Deployments), in.Lo, in.Hi
	}
	return out
}

func (t *tierCounts) rates() []TierRate {
	var out []TierRate
	n, k := 0, 0
	for tier := release.TierCritical; tier >= release.TierLow; tier-- {
		n += t.of[tier]
		k += t.failed[tier]
		out = append(out, t.rate(tier))
		out[len(out)-1].Share, out[len(out)-1].Caught = float64(n), float64(k)
	}
	for i := range out {
		out[i].Share /= float64(n) // 0 of 0 is NaN, which is what is meant
		out[i].Caught /= float64(k)
	}
	for i := range len(out) / 2 {
		out[i], out[len(out)-1-i] = out[len(out)-1-i], out[i]
	}
	return out
}
