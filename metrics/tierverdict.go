package metrics

import (
	"fmt"
	"math"

	"github.com/sallyport-dev/sallyport/internal/enum"
	"github.com/sallyport-dev/sallyport/internal/stats"
	"github.com/sallyport-dev/sallyport/release"
)

// TierVerdict says whether tiers foretell failures. Each but the last is shown by a
// test that errs with at most [StratifyOptions.Alpha].
type TierVerdict uint8

// The verdicts.
const (
	TierVerdictUnknown TierVerdict = iota
	TiersWork                      // the fail rate rises with the tier (the trend test), and the area may be as large as asked
	TiersWeak                      // it rises, but the area is shown to be below the one that is asked
	TiersUseless                   // no rise is shown, and the area is shown to be below the one that is asked
	TiersInverted                  // the fail rate falls with the tier
	TiersTooFew                    // none of these is shown: there are too few failures, or too few deployments
)

var tierVerdicts = enum.Table[TierVerdict]{Type: "metrics.TierVerdict",
	Names: []string{"unknown", "works", "weak", "useless", "inverted", "too-few"}}

// String is the verdict's name.
func (v TierVerdict) String() string { return tierVerdicts.Text(v) }

// ParseTierVerdict reads a verdict's name.
func ParseTierVerdict(s string) (TierVerdict, error) { return tierVerdicts.Parse(s) }

// MarshalText is the verdict's name.
func (v TierVerdict) MarshalText() ([]byte, error) { return tierVerdicts.Marshal(v) }

// UnmarshalText reads a verdict's name.
func (v *TierVerdict) UnmarshalText(b []byte) error { return tierVerdicts.Unmarshal(v, b) }

// test fills in the area, the p values and the verdict.
func (t *tierCounts) test(out *TierReport, failuresKnown bool) {
	var failed, fine []int
	n, k, tiers := 0, 0, 0
	for tier := release.TierLow; tier <= release.TierCritical; tier++ {
		failed, fine = append(failed, t.failed[tier]), append(fine, t.of[tier]-t.failed[tier])
		n += t.of[tier]
		k += t.failed[tier]
		if t.of[tier] > 0 {
			tiers++
		}
	}
	nan := math.NaN()
	out.AUC, out.AUCLo, out.AUCHi, out.Rising, out.Falling, out.Below = nan, nan, nan, nan, nan, nan
	out.Verdict = TiersTooFew
	switch {
	case n == 0:
		out.Reason = "no deployment has a tier"
		return
	case !failuresKnown:
		out.Reason = "nobody knows whether a failure would have been recorded"
		return
	case tiers == 1:
		out.Reason = "all deployments have the same tier, so there is nothing to compare"
		return
	case k == 0 || k == n:
		out.Reason = fmt.Sprintf("%d of %d deployments with a tier failed, so there is nothing to compare", k, n)
		return
	}
	var variance float64
	out.AUC, variance = stats.AUC(failed, fine)
	sd := math.Sqrt(variance)
	z := -stats.NormalQuantile(out.Alpha)
	out.AUCLo, out.AUCHi = max(0, out.AUC-float64(z*sd)), min(1, out.AUC+float64(z*sd))
	out.Below = 1 - stats.NormalTail((out.AUC-out.MinAUC)/sd)
	if !(sd > 0) {
		out.AUCLo, out.AUCHi, out.Below = 0, 1, nan
	}
	tails, exact := stats.Trend(failed, t.of[release.TierLow:])
	out.Rising, out.Falling, out.Exact = tails.Upper, tails.Lower, exact
	below := min(k, n-k) >= minTierSide && out.Below < out.Alpha
	switch {
	case out.Falling < out.Alpha:
		out.Verdict = TiersInverted
		out.Reason = fmt.Sprintf("deployments of higher tiers fail less (p = %.2g): the tiers point the wrong way", out.Falling)
	case out.Rising < out.Alpha && below:
		out.Verdict = TiersWeak
		out.Reason = fmt.Sprintf("deployments of higher tiers fail more (p = %.2g), but the area under the curve is %.2f, below %.2f (p = %.2g)", out.Rising, out.AUC, out.MinAUC, out.Below)
	case out.Rising < out.Alpha:
		out.Verdict = TiersWork
		out.Reason = fmt.Sprintf("deployments of higher tiers fail more (p = %.2g); the area under the curve is %.2f", out.Rising, out.AUC)
	case below:
		out.Verdict = TiersUseless
		out.Reason = fmt.Sprintf("deployments of higher tiers are not seen to fail more (p = %.2g), and the area under the curve is %.2f, below %.2f (p = %.2g)", out.Rising, out.AUC, out.MinAUC, out.Below)
	default:
		out.Reason = fmt.Sprintf("%d failures of %d deployments with a tier decide nothing: the area under the curve is %.2f, between %.2f and %.2f", k, n, out.AUC, out.AUCLo, out.AUCHi)
	}
}

// bias says what the numbers cannot show.
func (t *tierCounts) bias(out *TierReport) []string {
	var all []string
	blocked, attempts := out.Unknown.Blocked, out.Unknown.NotExposed
	for _, r := range out.Tiers {
		blocked += r.Blocked
		attempts += r.NotExposed
	}
	switch {
	case t.blocked == nil:
		all = append(all, "nobody said how many releases were not let out; what would have become of them is not in these numbers, so high tiers look safer than their releases are")
	case blocked > 0:
		all = append(all, fmt.Sprintf("%d releases were not let out; what would have become of them is not in these numbers, so their tiers look safer than they are", blocked))
	}
	if attempts > 0 {
		all = append(all, fmt.Sprintf("%d attempts ended before anybody was exposed and have no outcome", attempts))
	}
	if out.Unknown.Deployments > 0 {
		all = append(all, fmt.Sprintf("%d deployments have no tier and are in no test; %d of them failed", out.Unknown.Deployments, out.Unknown.Failed))
	}
	return append(all,
		"releases of high tiers are handled with more care, which lowers their failures, and watched more closely, which finds more of them")
}
