package risk_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/release"
	"github.com/sallyport-dev/sallyport/risk"
)

// On public projects, the newest 1,000 changes of each: a learner that is told of each change a week later foretells those to
// come better than their base rate does, and says how well. When the labels of these data became known in truth is not in them, so the week is simulated;
// the tiers are thirds by size.
func TestLearnerOnPublicData(t *testing.T) {
	t.Parallel()
	for _, p := range projects {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			all, _ := commits(t, p.name)
			l := risk.Learner{Horizon: 7 * day}
			for i, c := range all[len(all)-1_000:] {
				o := release.Outcome{Release: release.DigestOf([]byte(itoa(i))), Kind: release.OutcomeFine, Deployed: c.At, At: c.At.Add(7 * day)}
				if c.Failed {
					o.Kind = release.OutcomeFailed
				}
				tier := release.TierLow
				if c.Features.LinesAdded > 10 {
					tier = release.TierModerate
				}
				if c.Features.LinesAdded > 60 {
					tier = release.TierHigh
				}
				require.NoError(t, l.Observe(risk.Observed{Outcome: o, Features: c.Features, Tier: tier}))
			}
			start := time.Now()
			h := l.Health()
			t.Logf("%s; %d forecasts; ECE %.3f (%.3f to %.3f, by chance %.3f); Brier skill %.3f (%.3f to %.3f); PSI %.2f of %.2f; rates %.2f and %.2f, p %.4f; %v; %s",
				h.Counts, h.Forecasts, h.ECE.Value, h.ECE.Lo, h.ECE.Hi, h.ECEByChance, h.BrierSkill.Value, h.BrierSkill.Lo, h.BrierSkill.Hi,
				h.MixDrift.PSI, h.MixDrift.Limit, h.RateDrift.Older.Value, h.RateDrift.Newer.Value, h.RateDrift.P, h.Warnings(), time.Since(start))
			require.True(t, h.ECE.Known && h.BrierSkill.Known)
			require.Greater(t, h.Forecasts, 700)
			require.Equal(t, risk.SeparationYes, h.Separation, "lines added are known to tell")
			require.Less(t, h.ECE.Value, .10)
			require.Greater(t, h.BrierSkill.Value, 0.)
		})
	}
}
