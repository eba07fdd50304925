package metrics

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/internal/enum"
)

// TierVerdict says whether tiers tell what fails from what does not. Each but the
// first two rests on a hypothesis that was rejected: see [Stratify].
type TierVerdict uint8

// The verdicts.
const (
	TierVerdictUnknown TierVerdict = iota
	TierTooFew                     // the data decide nothing
	TierInverted                   // lower tiers fail more
	TierUseless                    // it is shown that they tell less than is required, and not that they tell anything
	TierWeak                       // they tell something, and by the estimate less than is required
	TierWorks                      // they tell something, and by the estimate as much as is required
)

var tierVerdicts = enum.Table[TierVerdict]{Type: "metrics.TierVerdict", Names: []string{"unknown", "too-few", "inverted", "useless", "weak", "works"}}

// String is the value's name.
func (v TierVerdict) String() string { return tierVerdicts.Text(v) }

// ParseTierVerdict reads a value's name.
func ParseTierVerdict(s string) (TierVerdict, error) { return tierVerdicts.Parse(s) }

// MarshalText is the value's name.
func (v TierVerdict) MarshalText() ([]byte, error) { return tierVerdicts.Marshal(v) }

// UnmarshalText reads a value's name.
func (v *TierVerdict) UnmarshalText(b []byte) error { return tierVerdicts.Unmarshal(v, b) }

// judge says what the numbers come to.
func (r *TierReport) judge(o StratifyOptions) {
	fine := r.Deployments - r.Failed
	if r.AUC == nil || r.Failed < o.MinEach || fine < o.MinEach {
		r.Verdict, r.P = TierTooFew, 1
		r.Reason = fmt.Sprintf("%d deployments with a tier failed and %d did not: at least %d of each are needed", r.Failed, fine, o.MinEach)
		return
	}
	rising, falling := 1.0, 1.0 // all in one tier: no trend can be shown
	if r.Trend != nil {
		rising, falling = r.Trend.Rising, r.Trend.Falling
	}
	auc := fmt.Sprintf("the AUC is %.2f (%.2f to %.2f)", r.AUC.Value, r.AUC.Lo, r.AUC.Hi)
	switch {
	case falling < o.Alpha && r.AUC.Value < 0.5:
		r.Verdict, r.P = TierInverted, falling
		r.Reason = fmt.Sprintf("lower tiers fail more: that the tiers are shuffled is rejected at p = %.2g against a rate that falls; %s", falling, auc)
	case rising < o.Alpha && r.AUC.Value >= o.MinAUC:
		r.Verdict, r.P = TierWorks, rising
		r.Reason = fmt.Sprintf("higher tiers fail more: that the tiers are shuffled is rejected at p = %.2g against a rate that rises; %s, and %.2f is required", rising, auc, o.MinAUC)
	case rising < o.Alpha:
		r.Verdict, r.P = TierWeak, rising
		r.Reason = fmt.Sprintf("higher tiers fail more, but not by much: that the tiers are shuffled is rejected at p = %.2g; %s, below the %.2f that is required", rising, auc, o.MinAUC)
	case r.AUC.Short < o.Alpha:
		r.Verdict, r.P = TierUseless, r.AUC.Short
		r.Reason = fmt.Sprintf("the tiers cannot be told from shuffled ones: that the AUC is %.2f or more is rejected at p = %.2g, that the tiers are shuffled is not (p = %.2g against a rate that rises); %s",
			o.MinAUC, r.AUC.Short, rising, auc)
	default:
		r.Verdict, r.P = TierTooFew, min(rising, falling, r.AUC.Short)
		r.Reason = fmt.Sprintf("neither that the tiers are shuffled (p = %.2g) nor that the AUC is %.2f or more (p = %.2g) is rejected; %s",
			min(rising, falling), o.MinAUC, r.AUC.Short, auc)
	}
}
