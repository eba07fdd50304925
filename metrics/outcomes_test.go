package metrics_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-dev/sallyport/metrics"
	"github.com/sallyport-dev/sallyport/release"
)

// withReleases gives the deployments of a history digests, tiers and probabilities.
func withReleases(r *rand.Rand, h []metrics.Fact) []metrics.Fact {
	for i, f := range h {
		if d, ok := f.(metrics.Deployment); ok {
			d.Release = release.Digest{byte(r.IntN(4))} // 0 is none
			d.Tier = release.Tier(r.IntN(5))
			d.Risk = float64(r.IntN(4)) / 8
			h[i] = d
		}
	}
	return h
}

// Each outcome is what the snapshot says of that release alone, and each release of
// the range has one; a review has the same, and predictions agree with the fail rate.
func TestOutcomesAreThoseOfEachRelease(t *testing.T) {
	t.Parallel()
	kinds := map[release.OutcomeKind]int{}
	for k := range uint64(3000) {
		r := rand.New(rand.NewPCG(17, k))
		h, def := withReleases(r, randomHistory(r)), randomDefinition(r)
		var log metrics.Log
		_, err := log.Add(h...)
		require.NoError(t, err)
		s := log.Snapshot(hours(24*7 + r.IntN(24*21)))
		q := metrics.Query{From: hours(r.IntN(24 * 7)), To: hours(24 * (8 + r.IntN(14))), Window: metrics.WindowWhole, FailuresObserved: r.IntN(2) == 0}
		if def.RegionBy == "environment" {
			q.By = []string{"service"}
		}
		report, err := metrics.Compute(s, def, q)
		require.NoError(t, err)
		outcomes, reviews := report.Outcomes(), report.Reviews(metrics.ReviewOptions{All: true})
		met := map[release.Digest]bool{}
		for i, o := range outcomes {
			want, err := s.Outcome(def, metrics.OutcomeQuery{Release: o.Release, FailuresObserved: q.FailuresObserved})
			require.NoError(t, err)
			require.Equal(t, want, o, "history %d", k)
			require.False(t, met[o.Release])
			met[o.Release] = true
			kinds[o.Kind]++
			require.Equal(t, o, reviews[i].Outcome)
		}
		for d := range s.Deployments() {
			at := d.At
			if def.DeployedAt == metrics.DeployedAtStart && !d.Started.IsZero() {
				at = d.Started
			}
			counts := len(def.Environments) == 0
			for _, e := range def.Environments {
				counts = counts || e == d.Environment
			}
			in := counts && !d.Release.IsZero() && !at.Before(q.From) && at.Before(q.To) && !at.After(s.AsOf()) && !d.At.After(s.AsOf())
			if in {
				require.True(t, met[d.Release], "history %d: release of %s", k, d.ID)
			}
		}
		for _, v := range reviews[len(outcomes):] {
			require.True(t, v.Release.IsZero())
			require.Len(t, v.Deployments, 1)
			require.True(t, v.Deployments[0].Failed)
			require.NotEmpty(t, v.Outcome.Cause)
		}
		failed := 0
		for _, p := range report.Predictions(0) {
			if p.Outcome == release.OutcomeFailed {
				failed++
			}
			require.Equal(t, p.Outcome == release.OutcomeUnknown, p.Why != "", "history %d", k)
		}
		if !def.AttemptsCount && def.FailCounts == metrics.FailDeployments && def.FailBase == metrics.FailOfAll {
			rates := 0
			q.By = []string{"service"}
			whole, err := metrics.Compute(s, def, q)
			require.NoError(t, err)
			for res := range whole.All() {
				if res.Metric != metrics.FailRate {
					continue
				}
				e, err := whole.Explain(res)
				require.NoError(t, err)
				for _, c := range e.Contributions {
					if c.Use == metrics.UseNumerator || c.Use == metrics.UseAlone {
						rates++
					}
				}
			}
			require.Equal(t, rates, failed, "history %d: the fail rate counts as many", k)
		}
	}
	require.Len(t, kinds, 3, "each kind was compared: %v", kinds)
}

// reviewed is a rollout that broke, its incident, and the one that took it back.
func reviewed(t *testing.T) *metrics.Report {
	t.Helper()
	bad, good := release.Digest{1}, release.Digest{2}
	first, second, third := deploy("1", 1, "v1"), deploy("2", 10, "v2"), deploy("3", 14, "v1")
	first.Release, second.Release, third.Release = good, bad, good
	second.Started, second.Tier, second.Risk = hours(9), release.TierLow, 0.04
	third.Started = hours(13)
	n := incident("77", 11, 20)
	n.NoticedBy, n.Mitigated, n.Severity = "alert latency", hours(15), "sev2"
	blocked := deploy("4", 16, "v3")
	blocked.Release, blocked.Outcome, blocked.Tier = release.Digest{3}, metrics.DeploymentNotExposed, release.TierCritical
	nameless := deploy("5", 30, "v4")
	nameless.Outcome = metrics.DeploymentFailed
	var log metrics.Log
	_, err := log.Add(first, second, third, blocked, n, nameless)
	require.NoError(t, err)
	report, err := metrics.Compute(log.Snapshot(hours(40)), metrics.DORA(), metrics.Query{From: epoch, To: hours(40), Window: metrics.WindowWhole})
	require.NoError(t, err)
	return report
}

func TestReviews(t *testing.T) {
	t.Parallel()
	report := reviewed(t)
	reviews := report.Reviews(metrics.ReviewOptions{
		Reasons: func(d release.Digest) []string { return []string{fmt.Sprintf("reason of %x", d[0])} },
		Caught: func(v metrics.Review) []metrics.Catch {
			if v.Release.IsZero() {
				return nil
			}
			require.Equal(t, "alert latency", v.Deployments[0].Noticed.By, "the host sees what happened")
			return []metrics.Catch{{By: "gate.latency", Why: "p99 rose before the first hour was over"}}
		},
	})
	require.Len(t, reviews, 2)
	v := reviews[0]
	require.Equal(t, release.Digest{1}, v.Release)
	require.Equal(t, release.OutcomeFailed, v.Outcome.Kind)
	require.Equal(t, release.TierLow, v.Tier)
	require.Equal(t, 0.04, v.Risk)
	require.Equal(t, []string{"reason of 1"}, v.Reasons)
	require.True(t, v.CaughtKnown)
	require.Equal(t, "gate.latency", v.Caught[0].By)
	require.Len(t, v.Deployments, 1)
	d := v.Deployments[0]
	require.True(t, d.Failed)
	require.Equal(t, hours(9), d.Exposed)
	require.Equal(t, metrics.Ref{Source: "ci", ID: "3"}, d.TakenBackBy)
	require.Equal(t, &metrics.Notice{At: hours(11), After: (2 * time.Hour).Seconds(), By: "alert latency", Sign: "incident pager/77"}, d.Noticed)
	require.Equal(t, hours(14), d.Over, "taken back before it was mitigated")
	require.Equal(t, (5 * time.Hour).Seconds(), d.Felt)
	require.False(t, d.Ongoing)
	require.Len(t, d.Incidents, 1)
	n := d.Incidents[0]
	require.Equal(t, []time.Time{hours(11), hours(15), hours(20)}, []time.Time{n.At, n.Mitigated, n.Resolved})
	require.Equal(t, "sev2", n.Severity)
	require.Equal(t, metrics.LinkRollback, n.Link.Rule)
	require.Equal(t, metrics.ConfidenceLikely, n.Link.Confidence)
	require.NotEmpty(t, n.Link.Reason)

	nameless := reviews[1]
	require.True(t, nameless.Release.IsZero())
	require.True(t, nameless.CaughtKnown)
	require.Empty(t, nameless.Caught)
	require.Equal(t, release.TierUnknown, nameless.Tier)
	require.Nil(t, nameless.Reasons)
	require.True(t, nameless.Deployments[0].Ongoing)
	require.Equal(t, (10 * time.Hour).Seconds(), nameless.Deployments[0].Felt)
	require.Equal(t, "deployment ci/5 failed", nameless.Deployments[0].Noticed.Sign)

	all := report.Reviews(metrics.ReviewOptions{All: true})
	require.Len(t, all, 4)
	require.Equal(t, []release.Digest{{2}, {1}, {3}, {}}, []release.Digest{all[0].Release, all[1].Release, all[2].Release, all[3].Release})
	require.False(t, all[1].CaughtKnown, "nobody looked")
	require.Len(t, all[0].Deployments, 2)
	require.Nil(t, all[0].Deployments[0].Noticed)
	require.Zero(t, all[0].Deployments[0].Felt)
	require.Equal(t, release.OutcomeUnknown, all[2].Outcome.Kind)
	require.True(t, all[2].Deployments[0].Exposed.IsZero(), "nobody met it")
}

func TestPredictions(t *testing.T) {
	t.Parallel()
	report := reviewed(t)
	why := func(settle time.Duration) map[string]string {
		out := map[string]string{}
		for _, p := range report.Predictions(settle) {
			out[p.Deployment.ID] = p.Outcome.String() + " " + p.Why
		}
		return out
	}
	require.Equal(t, map[string]string{"1": "fine ", "2": "failed ", "4": "unknown it exposed nobody", "5": "failed "}, why(0),
		"the rollback stands for nothing itself")
	require.Equal(t, map[string]string{"1": "fine ", "2": "failed ", "4": "unknown it exposed nobody", "5": "unknown it was not exposed for long enough"}, why(24*time.Hour),
		"failed or not")
	p := report.Predictions(0)[1]
	require.Equal(t, release.TierLow, p.Tier)
	require.Equal(t, 0.04, p.Risk)
	require.Equal(t, release.Digest{1}, p.Release)
}

// An incident that is only mitigated later than the snapshot goes on.
func TestReviewKnowsNoFuture(t *testing.T) {
	t.Parallel()
	d := deploy("1", 1, "v1")
	d.Release = release.Digest{1}
	n := incident("7", 2, 30)
	n.Mitigated = hours(20)
	var log metrics.Log
	_, err := log.Add(d, n)
	require.NoError(t, err)
	for _, c := range []struct {
		asOf    int
		over    time.Time
		ongoing bool
		felt    float64
	}{{10, time.Time{}, true, 9 * 3600}, {25, hours(20), false, 19 * 3600}, {40, hours(20), false, 19 * 3600}} {
		report, err := metrics.Compute(log.Snapshot(hours(c.asOf)), metrics.DORA(), metrics.Query{From: epoch, To: hours(48), Window: metrics.WindowWhole})
		require.NoError(t, err)
		got := report.Reviews(metrics.ReviewOptions{})[0].Deployments[0]
		require.Equal(t, c.over, got.Over, c.asOf)
		require.Equal(t, c.ongoing, got.Ongoing, c.asOf)
		require.Equal(t, c.felt, got.Felt, c.asOf)
		require.Equal(t, c.asOf >= 30, !got.Incidents[0].Resolved.IsZero(), c.asOf)
	}
}
